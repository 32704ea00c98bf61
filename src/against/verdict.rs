//! What is said of two runs of one script, ours and the kernel's.
//!
//! A script holds us to a clause. Where the kernel does otherwise, the clause may allow both; the
//! level of what the script cites, in the list of requirements, says so.

use std::fmt;

use crate::drill::judge::Report;
use crate::drill::outcome::{ReasonKind, Verdict};

/// How two runs differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Difference {
    /// Both do what the script says.
    Same,
    /// The kernel does, with liberties that no standard denies it: where it puts PSH, how it rounds
    /// windows, when it acknowledges.
    Linux,
    /// The kernel fails where a script holds what was measured to an exact number, which only
    /// virtual time can give.
    Clock,
    /// The kernel does otherwise, and all that the script cites is a SHOULD or a MAY.
    Allowed,
    /// The kernel does otherwise where the script holds us to what no standard settles.
    Choice,
    /// The kernel does otherwise, where the clause leaves no choice: somebody has looked into it.
    Departs,
    /// The kernel does otherwise where the script cites a MUST, and nobody has said why: the
    /// kernel, the script, or how it is played here is wrong.
    Must,
    /// The kernel does what the script says, and we do not.
    Ours,
    /// Neither does.
    Neither,
    /// It was not played, or not by both.
    NotPlayed,
}

impl Difference {
    /// All of them, the agreeable first.
    pub const ALL: [Difference; 10] = [
        Difference::Same,
        Difference::Linux,
        Difference::Clock,
        Difference::Allowed,
        Difference::Choice,
        Difference::Departs,
        Difference::Must,
        Difference::Ours,
        Difference::Neither,
        Difference::NotPlayed,
    ];

    /// Of two reports of one script, whose text this is.
    pub fn of(text: &str, ours: &Report, kernel: &Report) -> Difference {
        match (ours.run.verdict, kernel.run.verdict) {
            (Verdict::Skip, _) | (_, Verdict::Skip) => Difference::NotPlayed,
            (Verdict::Pass, Verdict::Pass) => Difference::Same,
            (Verdict::Fail, Verdict::Pass) => Difference::Ours,
            (Verdict::Fail, Verdict::Fail) => Difference::Neither,
            (Verdict::Pass, Verdict::Fail) if kernel.relaxed.is_some() => Difference::Linux,
            (Verdict::Pass, Verdict::Fail) => match judged(text) {
                Some((difference, _)) => difference,
                None if is_measured(kernel) => Difference::Clock,
                None => by_level(text),
            },
        }
    }

    /// In a word or two.
    pub const fn words(self) -> &'static str {
        match self {
            Difference::Same => "same",
            Difference::Linux => "Linux choice",
            Difference::Clock => "clock",
            Difference::Allowed => "allowed",
            Difference::Choice => "our choice",
            Difference::Departs => "Linux departs",
            Difference::Must => "differs",
            Difference::Ours => "ours wrong",
            Difference::Neither => "neither",
            Difference::NotPlayed => "not played",
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.words())
    }
}

/// What a script says of Linux: `// linux: departs: a soft error ends an opening`. The word before
/// the reason says whether the clause leaves it a `choice`, is one that `allowed` it, or neither.
pub fn judged(text: &str) -> Option<(Difference, &str)> {
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("// linux: "))?;
    let (word, why) = line.split_once(": ")?;
    let difference = match word {
        "choice" => Difference::Linux,
        "allowed" => Difference::Allowed,
        "departs" => Difference::Departs,
        _ => return None,
    };
    Some((difference, why))
}

/// Whether it failed by a number that was measured.
fn is_measured(report: &Report) -> bool {
    let Some(reason) = &report.run.reason else {
        return false;
    };
    match reason.kind {
        ReasonKind::Code => MEASURED.iter().any(|name| reason.text.contains(name)),
        ReasonKind::Packet => reason.text.contains(" ticks, not val "),
        _ => false,
    }
}

fn by_level(text: &str) -> Difference {
    let levels: Vec<&str> = cited(text).filter_map(level).collect();
    if levels.is_empty() {
        Difference::Choice
    } else if levels.iter().any(|level| level.starts_with("MUST")) {
        Difference::Must
    } else {
        Difference::Allowed
    }
}

/// The requirements that a script cites: `// req: MUST-1, RFC7323-3.2-4`.
fn cited(text: &str) -> impl Iterator<Item = &str> {
    let lines = text.lines().filter_map(|line| line.strip_prefix("// req:"));
    lines.flat_map(|ids| ids.split(',').map(str::trim))
}

/// How strongly a requirement is put.
fn level(id: &str) -> Option<&'static str> {
    let mut rows = REQUIREMENTS.lines().map(|row| row.split('\t'));
    rows.find_map(|mut row| (row.next() == Some(id)).then(|| row.nth(2))?)
}

/// Fields of `tcp_info` that hold times.
const MEASURED: [&str; 4] = ["tcpi_rtt ", "tcpi_rttvar ", "tcpi_rto ", "tcpi_min_rtt "];

const REQUIREMENTS: &str = include_str!("../../tests/requirements.tsv");

#[cfg(test)]
mod tests;
