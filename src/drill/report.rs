//! Reports as text: one line a script, and for one that failed what people need to see why.

use std::fmt::Write;

use super::judge::Report;
use super::outcome::{Reason, ReasonKind, Verdict};
use super::suite::Totals;

/// How much is told of a script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// Its line.
    Line,
    /// And of a failure what was expected, what happened before, and why.
    Failure,
    /// And everything that happened, of every script.
    All,
}

/// What is said of a script, with a newline at the end.
pub fn text(report: &Report, detail: Detail) -> String {
    let run = &report.run;
    let mut text = format!("{} {}", run.verdict.word(), line(report));
    if let Some(names) = &report.relaxed {
        let _ = write!(text, "; relaxed pass: {}", names.join(", "));
    }
    text.push('\n');
    let failed = run.verdict == Verdict::Fail;
    if detail == Detail::All || (detail == Detail::Failure && failed) {
        if let Some(reason) = &run.reason {
            sides(&mut text, reason);
        }
        if let Some(why) = &run.why {
            let _ = writeln!(text, "  why       {why}");
        }
        let from = match detail {
            Detail::All => 0,
            _ => run.ladder.len().saturating_sub(LADDER),
        };
        if failed && from > 0 {
            let _ = writeln!(text, "  ... {from} lines before");
        }
        for line in &run.ladder[from..] {
            let _ = writeln!(text, "  {line}");
        }
    }
    if detail == Detail::All {
        for line in &run.tail {
            let _ = writeln!(text, "  after the last event: {line}");
        }
        for line in &run.advice {
            let _ = writeln!(text, "  advice: {line}");
        }
        if !run.lacks.is_empty() {
            let _ = writeln!(
                text,
                "  the stack has no switch for {}",
                run.lacks.join(", ")
            );
        }
    }
    text
}

/// The file, the place and the reason.
fn line(report: &Report) -> String {
    let run = &report.run;
    match (&run.reason, run.verdict) {
        (Some(reason), _) if reason.kind == ReasonKind::Parse => {
            // The place is in the words.
            format!("{}:{}", report.file, reason.text)
        }
        (Some(reason), _) if reason.at.line == 0 => {
            format!("{}: {}: {}", report.file, reason.kind.word(), reason.text)
        }
        (Some(Reason { kind, at, text, .. }), _) => {
            format!("{}:{at}: {}: {text}", report.file, kind.word())
        }
        (None, Verdict::Skip) => format!("{}: {}", report.file, run.skip.join(", ")),
        (None, _) => report.file.clone(),
    }
}

/// Expected and actual one above the other, with a mark under what differs.
fn sides(text: &mut String, reason: &Reason) {
    if reason.expected.is_empty() && reason.actual.is_empty() {
        return;
    }
    let _ = writeln!(text, "  expected  {}", reason.expected);
    let _ = writeln!(text, "  actual    {}", reason.actual);
    let same: usize = reason
        .expected
        .chars()
        .zip(reason.actual.chars())
        .take_while(|(a, b)| a == b)
        .count();
    let _ = writeln!(text, "            {}^", " ".repeat(same));
}

/// The totals, several lines.
pub fn totals(totals: &Totals) -> String {
    let Totals {
        total,
        pass,
        fail,
        skip,
        reference,
        clean,
        relaxed,
        skipped,
        failed,
    } = totals;
    let mut text = format!(
        "{total} scripts: {pass} pass, {fail} fail, {skip} skip; under packetdrill's own rules \
         {reference} pass, {clean} of them clean\n"
    );
    for (what, list) in [
        ("fail", failed),
        ("skip", skipped),
        ("relaxed pass", relaxed),
    ] {
        for (name, count) in list {
            let _ = writeln!(text, "  {what} {count:>5}  {name}");
        }
    }
    text
}

/// How many lines of what happened before stand under a failure.
const LADDER: usize = 24;

#[cfg(test)]
mod tests;
