//! What goes wrong, in three lines: what, why, what now; and the exit code that says it to
//! scripts.

use std::fmt;
use std::io::{self, Write as _};

use crate::namespace::Refusal;
use crate::report::text::plain;
use crate::runs::RecordError;

/// An error as people should see it. Carried by `anyhow` like any other.
#[derive(Debug)]
pub struct Trouble {
    /// What did not work.
    pub what: String,
    /// Why not.
    pub why: String,
    /// What to do now.
    pub now: String,
    /// How the program ends.
    pub code: Code,
}

/// How the program ends; signals end it with 128 and their number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// It did what it was asked to do.
    Done,
    /// It did not, or a check failed.
    Failed,
    /// What was asked makes no sense.
    Usage,
    /// The machine lacks what was demanded.
    Lacking,
    /// A promise of the stack was broken: a bug.
    Broken,
    /// What a command that was run ended with.
    Of(u8),
}

impl Code {
    /// The number for the system.
    pub const fn number(self) -> u8 {
        match self {
            Code::Done => 0,
            Code::Failed => 1,
            Code::Usage => 2,
            Code::Lacking => 3,
            Code::Broken => 4,
            Code::Of(number) => number,
        }
    }
}

impl Trouble {
    /// Something that failed while running.
    pub fn failed(
        what: impl Into<String>,
        why: impl Into<String>,
        now: impl Into<String>,
    ) -> Trouble {
        Trouble {
            what: what.into(),
            why: why.into(),
            now: now.into(),
            code: Code::Failed,
        }
    }

    /// A value that makes no sense: which, and what would.
    pub fn usage(
        what: impl Into<String>,
        why: impl Into<String>,
        now: impl Into<String>,
    ) -> Trouble {
        Trouble {
            code: Code::Usage,
            ..Trouble::failed(what, why, now)
        }
    }

    /// What an error of whatever kind means to people.
    pub fn of(error: anyhow::Error) -> Trouble {
        let error = match error.downcast::<Trouble>() {
            Ok(trouble) => return trouble,
            Err(error) => error,
        };
        if let Some(refusal) = error.downcast_ref::<Refusal>() {
            return Trouble {
                what: refusal.what.clone(),
                why: refusal.why.clone(),
                now: refusal.now.clone(),
                code: Code::Lacking,
            };
        }
        if let Some(record) = error.downcast_ref::<RecordError>() {
            return Trouble::failed(record.what(), record.why(), record.remedy());
        }
        let mut causes = error.chain().skip(1).map(ToString::to_string);
        Trouble::failed(
            error.to_string(),
            causes
                .next()
                .unwrap_or_else(|| "nothing more is known".into()),
            "-vv shows what happened before; `pellucid doctor` tells what this machine allows",
        )
    }
}

/// Nobody reads our output any more, as in `pellucid ... | head`: no trouble at all.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("nobody reads the output")]
pub struct Unread;

/// What became of writing to standard output.
pub fn said(written: io::Result<()>) -> anyhow::Result<()> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(Unread.into()),
        Err(error) => Err(Trouble::failed(
            "cannot write to standard output",
            error.to_string(),
            "send it somewhere else",
        )
        .into()),
        Ok(()) => Ok(()),
    }
}

/// Writes to standard output.
pub fn say(text: &str) -> anyhow::Result<()> {
    said(io::stdout().write_all(text.as_bytes()))
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Trouble { what, why, now, .. } = self;
        let [what, why, now] = [what, why, now].map(|text| plain(text));
        write!(f, "pellucid: {what}\n  why:  {why}\n  now:  {now}")
    }
}

impl std::error::Error for Trouble {}
