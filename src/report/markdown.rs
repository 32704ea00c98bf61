//! A run as markdown that GitHub draws as it is: figures, the journey, what stood out, clauses.

use std::collections::BTreeMap;

use serde_json::Value;

use super::journey::{Journey, Step};
use super::mermaid::diagram;
use super::page::Source;
use super::text::{grouped, plain};
use crate::why::words::clause;

/// The whole of it.
pub fn markdown(source: &Source<'_>) -> String {
    let journey = Journey::of(source.log);
    let mut text = format!("# {}\n\n", escaped(source.title));
    text.push_str(&figures(source));
    text.push_str("\n## Journey\n\n");
    for scene in journey.scenes.iter().take(SCENES_MOST) {
        text.push_str(&format!("```mermaid\n{}```\n\n", diagram(scene)));
    }
    let left = journey.scenes.len().saturating_sub(SCENES_MOST);
    if left > 0 {
        text.push_str(&format!(
            "{} more connections are left out.\n\n",
            grouped(left as u64)
        ));
    }
    text.push_str(&odd(&journey));
    text.push_str(&clauses(source));
    text
}

fn figures(source: &Source<'_>) -> String {
    let mut rows = Vec::new();
    let told = source.summary.as_ref();
    for name in [
        "link",
        "clock",
        "seed",
        "packets",
        "explained",
        "lost",
        "retransmitted",
    ] {
        match told.and_then(|told| told.get(name)) {
            Some(Value::String(text)) => rows.push([name.to_owned(), escaped(text)]),
            Some(value) if !value.is_null() => rows.push([name.to_owned(), value.to_string()]),
            _ => {}
        }
    }
    if rows.is_empty() {
        let records = source.log.records().iter();
        let packets = records.filter(|record| record.frame().is_some()).count();
        rows.push(["packets".to_owned(), grouped(packets as u64)]);
    }
    table(["figure", "value"], rows)
}

/// Each packet that is out of the ordinary.
fn odd(journey: &Journey) -> String {
    let mut rows = Vec::new();
    let steps = journey.scenes.iter().flat_map(|scene| &scene.steps);
    for step in steps {
        if let Step::Packet(packet) = step
            && let Some(odd) = packet.odd
        {
            rows.push([
                packet.name(),
                odd.to_owned(),
                escaped(&packet.what),
                escaped(&packet.why),
                escaped(&packet.clause),
            ]);
        }
    }
    if rows.is_empty() {
        return String::new();
    }
    let left = rows.len().saturating_sub(ROWS_MOST);
    rows.truncate(ROWS_MOST);
    let heads = ["packet", "is", "what", "why, or how it ended", "clause"];
    let table = table(heads, rows);
    let more = match left {
        0 => String::new(),
        left => format!("\n{} more are left out.\n", grouped(left as u64)),
    };
    format!("## Out of the ordinary\n\n{table}{more}\n")
}

/// The clauses that were obeyed, how often, and by which packet first.
fn clauses(source: &Source<'_>) -> String {
    let mut clauses: BTreeMap<String, (u64, String)> = BTreeMap::new();
    for record in source.log.records() {
        if let Some(why) = &record.why {
            let first = match (record.frame(), record.id) {
                (Some(frame), _) => format!("#{frame}"),
                (None, Some(id)) => format!("e{id}"),
                (None, None) => String::new(),
            };
            let entry = clauses.entry(clause(&why.rule)).or_insert((0, first));
            entry.0 += 1;
        }
    }
    let rows = clauses.into_iter();
    let rows = rows.map(|(clause, (count, first))| [escaped(&clause), grouped(count), first]);
    format!(
        "## Clauses\n\n{}",
        table(["clause", "times", "first"], rows.collect())
    )
}

fn table<const N: usize>(heads: [&str; N], rows: Vec<[String; N]>) -> String {
    let mut text = format!("| {} |\n|{}\n", heads.join(" | "), " --- |".repeat(N));
    for row in rows {
        text.push_str(&format!("| {} |\n", row.join(" | ")));
    }
    text
}

/// Text for a cell or a heading: nothing in it is a mark of markdown's or of HTML's.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in plain(text).chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '#' | '$' | '!' | '@' => {
                out.push('\\');
                out.push(letter);
            }
            plain => out.push(plain),
        }
    }
    out
}

/// Diagrams that GitHub draws on one page without giving up.
const SCENES_MOST: usize = 20;
const ROWS_MOST: usize = 50;

#[cfg(test)]
mod tests;
