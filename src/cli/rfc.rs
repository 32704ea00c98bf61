//! `rfc`: where a clause lives in the code, who tests it, and what a run used.

use std::collections::BTreeMap;
use std::io::{self, Write, stdout};
use std::path::PathBuf;

use crate::report::text::{padded, plain};
use crate::runs::Finished;

use super::Common;
use super::runs::{PLACE, unreadable};
use super::trouble::{Code, Trouble, said};

/// Show where a clause of an RFC lives in the code, and which tests hold it
///
/// Without a number all documents are listed, with one its sections, and with a section what
/// decides by it, what names it and what tests it: docs/rfc-map.md, which a test holds to the tree.
#[derive(Debug, clap::Args)]
pub struct Rfc {
    /// The document, as in 9293
    number: Option<u32>,
    /// The section, as in 3.10.7.4; all below it are shown too
    section: Option<String>,
    /// Which clauses a run obeyed, and how often: latest, its number, its name, its folder
    #[arg(long, value_name = "RUN", conflicts_with_all = ["number", "section"])]
    coverage: Option<String>,
    /// Where run folders lie
    #[arg(short, long, value_name = "DIR", default_value = PLACE)]
    output: PathBuf,
}

/// A section of a document, with the lines that say where it lives.
struct Section<'m> {
    document: &'m str,
    title: &'m str,
    lines: Vec<&'m str>,
}

impl Rfc {
    /// Shows it.
    pub fn run(self, _: Common) -> anyhow::Result<Code> {
        let mut out = stdout().lock();
        if let Some(which) = &self.coverage {
            let run = Finished::find(&self.output, which).map_err(unreadable)?;
            said(coverage(&mut out, &clauses(&run)?))?;
            return Ok(Code::Done);
        }
        let all = sections(MAP);
        let Some(number) = self.number else {
            for (document, count) in documents(&all) {
                let sections = if count == 1 { "section" } else { "sections" };
                said(writeln!(out, "{document:24} {count:>3} {sections}"))?;
            }
            return Ok(Code::Done);
        };
        let document = format!("RFC {number}");
        let of: Vec<&Section<'_>> = all.iter().filter(|one| one.document == document).collect();
        if of.is_empty() {
            let what = format!("nothing here speaks of {document}");
            let why = format!("it speaks of {} others", documents(&all).len());
            return Err(Trouble::usage(what, why, "pellucid rfc lists them").into());
        }
        let Some(wanted) = &self.section else {
            for section in of {
                said(writeln!(out, "{}", section.title))?;
            }
            return Ok(Code::Done);
        };
        let found: Vec<_> = of
            .iter()
            .filter(|one| is_within(one.title, wanted))
            .collect();
        if found.is_empty() {
            let what = format!("nothing here speaks of {document} section {wanted}");
            let why = format!("it speaks of {} others of that document", of.len());
            return Err(
                Trouble::usage(what, why, format!("pellucid rfc {number} lists them")).into(),
            );
        }
        for section in found {
            said(writeln!(out, "{document} {}", section.title))?;
            for line in &section.lines {
                said(writeln!(
                    out,
                    "  {}",
                    line.trim_start_matches("- ").replace('`', "")
                ))?;
            }
        }
        Ok(Code::Done)
    }
}

/// The sections of the map, in its order.
fn sections(map: &str) -> Vec<Section<'_>> {
    let (mut all, mut document) = (Vec::new(), "");
    for line in map.lines() {
        if let Some(name) = line.strip_prefix("## ") {
            document = name;
        } else if let Some(title) = line.strip_prefix("### ") {
            all.push(Section {
                document,
                title,
                lines: Vec::new(),
            });
        } else if let (Some(section), true) = (all.last_mut(), line.starts_with("- ")) {
            section.lines.push(line);
        }
    }
    all
}

/// How many sections of each document there are, in the map's order.
fn documents(all: &[Section<'_>]) -> Vec<(String, usize)> {
    let mut found: Vec<(String, usize)> = Vec::new();
    for section in all {
        match found.last_mut() {
            Some((name, count)) if name == section.document => *count += 1,
            _ => found.push((section.document.to_owned(), 1)),
        }
    }
    found
}

/// Whether a title, `3.10.7.4 Other States`, is that of the section or of one below it.
fn is_within(title: &str, wanted: &str) -> bool {
    let number = title.split(' ').next().unwrap_or_default();
    let below = number.strip_prefix(wanted);
    below.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// How often a run obeyed each clause, by its name.
fn clauses(run: &Finished) -> Result<BTreeMap<String, u64>, Trouble> {
    let mut all = BTreeMap::new();
    for record in run.events().map_err(unreadable)? {
        if let Some(why) = record.map_err(unreadable)?.why {
            *all.entry(why.rule).or_default() += 1;
        }
    }
    Ok(all)
}

/// What a run used, the most frequent first.
fn coverage(out: &mut impl Write, clauses: &BTreeMap<String, u64>) -> io::Result<()> {
    let mut all: Vec<(&String, &u64)> = clauses.iter().collect();
    all.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    for (rule, count) in all {
        writeln!(out, "{} {count:>9} times", padded(&plain(rule), 34))?;
    }
    let known = sections(MAP);
    let rfcs = clauses
        .keys()
        .filter(|rule| rule.starts_with("rfc"))
        .count();
    let choices = clauses.len() - rfcs;
    let deciding = known
        .iter()
        .filter(|one| one.lines.iter().any(|line| decides(line)));
    writeln!(
        out,
        "{rfcs} clauses of RFCs and {choices} others; the code decides by {} sections",
        deciding.count()
    )
}

fn decides(line: &str) -> bool {
    line.starts_with("- decides: ")
}

/// As a test keeps it.
const MAP: &str = include_str!("../../docs/rfc-map.md");

#[cfg(test)]
mod tests;
