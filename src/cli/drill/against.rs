//! `drill --against kernel`: each script under both stacks, and what differs.

use std::io::{Write, stdout};
use std::path::PathBuf;
use std::time::Duration;

use serde_json::json;

use crate::against::{Both, Difference, both};
use crate::cli::trouble::{Code, Trouble, said};
use crate::drill::judge::Request;
use crate::drill::outcome::{Reason, Verdict};
use crate::drill::report::{self, Detail};
use crate::drill::suite::{each, read};
use crate::namespace::{Mounts, doctor::release, enter};
use crate::report::text::plain;

/// How scripts are played.
#[derive(Debug, Clone, Copy)]
pub struct Playing {
    pub jobs: usize,
    /// Longer ones are left out.
    pub longest: Duration,
    pub json: bool,
}

/// Plays them, and says of each how the two differ.
pub fn run(
    scripts: &[PathBuf],
    request: &Request,
    playing: &Playing,
    detail: Detail,
) -> anyhow::Result<Code> {
    let inside = enter(Mounts::Shared)?;
    let played = each(scripts, playing.jobs, |path| {
        let name = path.display().to_string();
        let text = read(path)?;
        both(&name, &text, request, &inside, playing.longest)
    });
    let played: Result<Vec<Both>, _> = played.into_iter().collect();
    let played = played.map_err(|error| {
        let now = "`pellucid doctor` tells what this machine allows";
        Trouble::failed(
            "the kernel cannot be put under a script",
            error.to_string(),
            now,
        )
    })?;
    let mut out = stdout().lock();
    for one in &played {
        said(match playing.json {
            true => writeln!(out, "{}", object(one)),
            false => write!(out, "{}", lines(one, detail)),
        })?;
    }
    let counts = Difference::ALL.map(|what| {
        let count = played.iter().filter(|one| one.difference == what).count();
        (what.words(), count)
    });
    let linux = plain(&release());
    said(match playing.json {
        true => {
            let counts: serde_json::Map<_, _> = counts
                .iter()
                .map(|(words, count)| ((*words).to_owned(), json!(count)))
                .collect();
            writeln!(
                out,
                "{}",
                json!({ "scripts": played.len(), "linux": linux, "differences": counts })
            )
        }
        false => {
            let counts = counts.iter().filter(|(_, count)| *count > 0);
            let counts: Vec<_> = counts
                .map(|(words, count)| format!("{count} {words}"))
                .collect();
            let all = played.len();
            writeln!(
                out,
                "{all} scripts under pellucid and Linux {linux}: {}",
                counts.join(", ")
            )
        }
    })?;
    let is_ours = |one: &Both| matches!(one.difference, Difference::Ours | Difference::Neither);
    Ok(match played.iter().any(is_ours) {
        true => Code::Failed,
        false => Code::Done,
    })
}

/// What is said of a script; where the two differ, what the kernel did.
fn lines(one: &Both, detail: Detail) -> String {
    let name = plain(&one.kernel.file);
    let mut text = format!("{:12} {name}\n", one.difference);
    let differs = one.kernel.run.verdict == Verdict::Fail;
    if differs && let Some(why) = &one.judged {
        text.push_str(&format!("  Linux: {}\n", plain(why)));
    }
    if one.difference == Difference::NotPlayed {
        let skip = [&one.ours.run.skip, &one.kernel.run.skip].map(|names| names.join(", "));
        text.push_str(&format!("  {}\n", plain(&skip.join(" "))));
    }
    for (who, report) in [("Linux", &one.kernel), ("ours", &one.ours)] {
        let is_wrong = report.run.verdict == Verdict::Fail;
        if is_wrong && one.difference != Difference::NotPlayed {
            text.push_str(&format!("  {who}: {}", report::text(report, detail)));
        }
        if is_wrong && let Some(reason) = &report.even_so {
            let Reason { at, text: said, .. } = reason;
            text.push_str(&format!(
                "  even with liberties, line {}: {said}\n",
                at.line
            ));
        }
    }
    text
}

fn object(one: &Both) -> serde_json::Value {
    let reason = |reason: &Option<Reason>| {
        reason.as_ref().map(|reason| {
            json!({
                "kind": reason.kind.word(), "line": reason.at.line, "text": reason.text,
                "expected": reason.expected, "actual": reason.actual,
            })
        })
    };
    json!({
        "file": one.kernel.file, "difference": one.difference.words(),
        "linux": reason(&one.kernel.run.reason), "ours": reason(&one.ours.run.reason),
        "even_so": reason(&one.kernel.even_so), "judged": one.judged,
        "liberties": one.kernel.relaxed, "skip": one.kernel.run.skip,
    })
}
