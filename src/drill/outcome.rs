//! What came of a script.

use super::syntax::{Micros, Place};

/// The three results.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Pass,
    Fail,
    /// It needs something that is not here: never a pass.
    Skip,
}

impl Verdict {
    /// Its word in reports.
    pub const fn word(self) -> &'static str {
        match self {
            Verdict::Pass => "pass",
            Verdict::Fail => "fail",
            Verdict::Skip => "skip",
        }
    }
}

/// Why a script failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    pub kind: ReasonKind,
    pub at: Place,
    pub expected: String,
    pub actual: String,
    /// In words.
    pub text: String,
}

impl Reason {
    /// A reason with nothing to set side by side.
    pub fn plain(kind: ReasonKind, at: Place, text: impl Into<String>) -> Reason {
        Reason {
            kind,
            at,
            expected: String::new(),
            actual: String::new(),
            text: text.into(),
        }
    }
}

/// What kind of thing was wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReasonKind {
    Parse,
    Script,
    Packet,
    NoPacket,
    Timing,
    Call,
    Command,
    Code,
    Panic,
    Guard(&'static str),
}

impl ReasonKind {
    /// Its word in reports; guards have `guard:NAME`.
    pub fn word(self) -> String {
        match self {
            ReasonKind::Parse => "parse".into(),
            ReasonKind::Script => "script".into(),
            ReasonKind::Packet => "packet".into(),
            ReasonKind::NoPacket => "no-packet".into(),
            ReasonKind::Timing => "timing".into(),
            ReasonKind::Call => "call".into(),
            ReasonKind::Command => "command".into(),
            ReasonKind::Code => "code".into(),
            ReasonKind::Panic => "panic".into(),
            ReasonKind::Guard(name) => format!("guard:{name}"),
        }
    }
}

/// Why a run stops before its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stop {
    Fail(Box<Reason>),
    /// The construct that is missing.
    Skip(String),
}

impl From<Reason> for Stop {
    fn from(reason: Reason) -> Stop {
        Stop::Fail(Box::new(reason))
    }
}

/// What came of one run of a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    pub verdict: Verdict,
    /// It passed under packetdrill's own rules: guards do not count.
    pub reference: bool,
    /// And no guard was violated, nor anything forgiven.
    pub clean: bool,
    pub reason: Option<Reason>,
    /// What is missing, if it was skipped.
    pub skip: Vec<String>,
    /// Mismatches that the script forgives.
    pub nonfatal: u32,
    /// Settings of the profile that the stack has no switch for.
    pub lacks: Vec<String>,
    /// What is worth knowing and fails nothing.
    pub advice: Vec<String>,
    /// Packets after the last event that nobody listed.
    pub tail: Vec<String>,
    /// What happened, a line each, up to the end.
    pub ladder: Vec<String>,
    /// Why the stack sent the packet that was wrong.
    pub why: Option<String>,
    pub events: usize,
    pub virtual_micros: Micros,
}
