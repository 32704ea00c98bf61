//! The terminal, if there is one.

use std::io::{IsTerminal, Write, stderr, stdout};

/// Whether styles are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Color {
    /// On a terminal, unless NO_COLOR is set.
    #[default]
    Auto,
    Always,
    Never,
}

impl Color {
    /// Whether standard output gets styles.
    pub fn on_stdout(self) -> bool {
        self.wanted(stdout().is_terminal())
    }

    /// Whether standard error gets styles.
    pub fn on_stderr(self) -> bool {
        self.wanted(stderr().is_terminal())
    }

    fn wanted(self, is_terminal: bool) -> bool {
        match self {
            Color::Auto => {
                is_terminal && std::env::var_os("NO_COLOR").is_none_or(|set| set.is_empty())
            }
            Color::Always => true,
            Color::Never => false,
        }
    }
}

/// A line to standard error. If nobody can read it, there is nobody to tell.
pub fn note(line: &str) {
    let _ = writeln!(stderr().lock(), "{line}");
}
