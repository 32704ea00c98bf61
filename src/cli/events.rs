//! `events`: what a run told, searched, or asked a question.

use std::io::{self, Write, stdout};

use crate::query::{Outcome, ParseError, Query, explain};
use crate::report::text::{Style, plain};
use crate::runs::{Record, vocabulary};

use super::Common;
use super::runs::Which;
use super::trouble::{Code, Trouble, said};

/// Search what a run told, or ask it a question
///
/// A query that names a kind of event, as in "tcp:loss_detected where len > 1KiB", lists events;
/// any other, as in "count(tcp:loss_detected) = 0", holds or does not, and the program ends with 1
/// if it does not. Without a query all events are listed.
#[derive(Debug, clap::Args)]
pub struct Events {
    #[command(flatten)]
    which: Which,
    /// What to look for
    query: Option<String>,
    /// Say how the query is understood, and do no more
    #[arg(long, requires = "query")]
    explain: bool,
    /// Print the events as they stand in events.jsonl
    #[arg(long)]
    json: bool,
}

impl Events {
    /// Searches, or asks.
    pub fn run(self, common: Common) -> anyhow::Result<Code> {
        let query = match self.query.as_deref() {
            None => None,
            Some(text) => {
                let query = Query::parse(text, &vocabulary());
                Some(query.map_err(|error| misunderstood(&error, text))?)
            }
        };
        let mut out = stdout().lock();
        if let (true, Some(query)) = (self.explain, &query) {
            said(writeln!(out, "{}", plain_lines(&explain(query))))?;
            return Ok(Code::Done);
        }
        let records = self.which.records()?;
        match query {
            None => {
                for record in &records {
                    said(self.list(&mut out, record))?;
                }
                Ok(Code::Done)
            }
            Some(Query::Selection(mut selection)) => {
                if selection.asks_the_run() {
                    selection.settle(&records);
                }
                for record in records.iter().filter(|record| selection.matches(*record)) {
                    said(self.list(&mut out, record))?;
                }
                Ok(Code::Done)
            }
            Some(Query::Expression(expression)) => {
                let outcome = expression.evaluate(&records);
                said(tell(&mut out, &outcome, Style(common.color.on_stdout())))?;
                Ok(match outcome.passed {
                    true => Code::Done,
                    false => Code::Failed,
                })
            }
        }
    }

    fn list(&self, out: &mut impl Write, record: &Record) -> io::Result<()> {
        if self.json {
            serde_json::to_writer(&mut *out, record)?;
            return writeln!(out);
        }
        writeln!(out, "{}", plain(&line(record)))
    }
}

/// `e912  +0.839412000 s  c1  tcp:segment_sent  frame 212  seq 1 …  (rfc9293.3.8)`.
pub fn line(record: &Record) -> String {
    let id = record.id.map_or("-".to_owned(), |id| format!("e{id}"));
    let tuple = record.tuple.as_deref().unwrap_or("-");
    let mut line = format!("{id:7} +{} s  {tuple:4} {}", record.time, record.name);
    let mut fields: Vec<_> = record.data.iter().collect();
    // What people look for first.
    fields.sort_by_key(|(name, _)| *name != "frame");
    for (name, value) in fields {
        match value.as_str() {
            Some(text) => line.push_str(&format!("  {name} {text}")),
            None if value.is_null() => {}
            None => line.push_str(&format!("  {name} {value}")),
        }
    }
    if let Some(why) = &record.why {
        line.push_str(&format!("  ({}: {})", why.rule, why.text));
    }
    line
}

fn tell(out: &mut impl Write, outcome: &Outcome, style: Style) -> io::Result<()> {
    for claim in &outcome.claims {
        let mark = match claim.held {
            true => style.good("✓"),
            false => style.bad("✗"),
        };
        writeln!(
            out,
            "{mark} {}   {}",
            plain(&claim.text),
            plain(&claim.values)
        )?;
    }
    let shown: Vec<_> = outcome.evidence.iter().map(ToString::to_string).collect();
    if !shown.is_empty() {
        let more = match outcome.more {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        writeln!(out, "  {}{more}", plain(&shown.join(", ")))?;
    }
    Ok(())
}

/// Column and text stand in one line, so that this too is told in three.
fn misunderstood(error: &ParseError, text: &str) -> Trouble {
    let now = error.meant().map_or_else(
        || "see what may stand there: pellucid schema".to_owned(),
        str::to_owned,
    );
    Trouble::usage(
        format!("the query is not understood: {}", error.what()),
        format!("at column {} of {text}", error.column()),
        now,
    )
}

fn plain_lines(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(plain).collect();
    lines.join("\n")
}
