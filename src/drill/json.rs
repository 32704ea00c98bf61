//! Reports as JSON: one object a script, then one for the totals.

use serde_json::{Value, json};

use super::judge::Report;
use super::suite::Totals;

/// What is said of a script.
pub fn of(report: &Report) -> Value {
    let run = &report.run;
    let reason = run.reason.as_ref().map(|reason| {
        json!({
            "kind": reason.kind.word(),
            "line": reason.at.line,
            "col": reason.at.col,
            "expected": reason.expected,
            "actual": reason.actual,
            "text": reason.text,
        })
    });
    json!({
        "file": report.file,
        "preset": report.preset,
        "profile": report.profile,
        "result": run.verdict.word(),
        "reference": run.reference,
        "clean": run.clean,
        "relaxed": report.relaxed,
        "reason": reason,
        "skip": run.skip,
        "nonfatal": run.nonfatal,
        "lacks": run.lacks,
        "advice": run.advice,
        "tail": run.tail,
        "tier": report.tier.map(|tier| tier.name()),
        "events": run.events,
        "virtual_us": run.virtual_micros,
    })
}

/// The totals.
pub fn of_totals(totals: &Totals) -> Value {
    json!({
        "total": totals.total,
        "pass": totals.pass,
        "fail": totals.fail,
        "skip": totals.skip,
        "reference": totals.reference,
        "clean": totals.clean,
        "relaxed": totals.relaxed,
        "failed": totals.failed,
        "skipped": totals.skipped,
    })
}

#[cfg(test)]
mod tests;
