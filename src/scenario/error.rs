//! What is wrong with a scenario: where, what, and what would be right.

use std::path::PathBuf;

/// A scenario that cannot be played.
#[derive(Debug, thiserror::Error)]
pub enum Invalid {
    /// The file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Io {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    /// What is recorded cannot be written.
    #[error("cannot begin to record: {0}")]
    Record(#[from] std::io::Error),
    /// It is no TOML, or a key or a value is not one that stands there.
    #[error("{what}")]
    Text {
        /// In one line.
        what: String,
        /// Where it stands, counted from 1: line and column.
        at: Option<(usize, usize)>,
        /// What may have been meant.
        meant: Option<String>,
    },
    /// A value does not fit the others.
    #[error("{at}: {what}")]
    Value {
        /// The key: `link.up.rate`.
        at: String,
        what: String,
    },
}

impl Invalid {
    /// A value that does not fit.
    pub fn value(at: impl Into<String>, what: impl ToString) -> Invalid {
        Invalid::Value {
            at: at.into(),
            what: what.to_string(),
        }
    }
}
