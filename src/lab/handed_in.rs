//! A folder that somebody hands in, held against its lesson: everything is played again.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::runs::{CAPTURE, EVENTS, SCENARIO};
use crate::scenario::Invalid;

use super::catalog::lesson;
use super::lesson::Lesson;
use super::playing::{Run, answer, play};
use super::record::{LAB, Record, Shown};

/// Something that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub what: String,
    pub held: bool,
}

/// A folder that cannot be held against anything.
#[derive(Debug, thiserror::Error)]
pub enum Damage {
    #[error("{}: {source}", path.display())]
    File {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    /// `lab.json` is not what it should be.
    #[error("{LAB}: {what}")]
    Record { what: String },
    /// What it says was set cannot be set.
    #[error("{LAB}: {0}")]
    Set(#[from] Invalid),
}

/// Plays again what a folder says it is, and compares: what was set up, what was told and what was
/// captured, byte for byte; and what came of checks and question.
///
/// The machine that a capture names in its first block may be another.
///
/// # Errors
///
/// [`Damage`]: a file is missing, or says nothing that could be compared.
pub fn look_through(folder: &Path) -> Result<(Record, Vec<Finding>), Damage> {
    let text = read(&folder.join(LAB), MOST)?;
    let record: Record = serde_json::from_slice(&text).map_err(|error| Damage::Record {
        what: error.to_string(),
    })?;
    let found = lesson(&record.lesson, record.seed);
    let found = found.unwrap_or_else(|| Err(format!("there is no lesson {:?}", record.lesson)));
    let lesson = found.map_err(|what| Damage::Record { what })?;
    let (mut findings, mut checks, mut right) = (Vec::new(), Vec::new(), None);
    for (place, variant) in lesson.variant.iter().enumerate() {
        let run = play(&lesson, variant, &record.set)?;
        let beside = folder_of(folder, &lesson, place);
        findings.extend(compare(&beside, &variant.name, &run)?);
        let verdicts = run.verdicts.iter();
        checks.extend(verdicts.map(|verdict| Shown::of(&variant.name, verdict)));
        if place == lesson.asked_of() {
            let answer = answer(&lesson.question, &run.records)?;
            right = answer.map(|answer| answer.choice.key.clone());
        }
    }
    let said = record.prediction.as_ref();
    let is_judged = said.is_none_or(|said| said.right == (Some(&said.choice) == right.as_ref()));
    let mut find = |what: &str, held| {
        let what = format!("{LAB}: {what}");
        findings.push(Finding { what, held });
    };
    find("what the seed draws", record.drawn == *lesson.drawn());
    find("the right answer", record.answer == right && is_judged);
    find("what came of the checks", record.checks == checks);
    Ok((record, findings))
}

/// Where a variant lies: the first in the folder itself, the others in folders of their own in it.
fn folder_of(folder: &Path, lesson: &Lesson, place: usize) -> PathBuf {
    match place {
        0 => folder.to_owned(),
        _ => folder.join(format!("{place:04}-{}", lesson.variant[place].name)),
    }
}

fn compare(folder: &Path, variant: &str, run: &Run) -> Result<Vec<Finding>, Damage> {
    let resolved = run.scenario.resolved().into_bytes();
    let mut findings = Vec::new();
    for (name, ours) in [
        (SCENARIO, &resolved),
        (EVENTS, &run.events),
        (CAPTURE, &run.capture),
    ] {
        // A byte more than it should have is enough to see that it is another.
        let theirs = read(&folder.join(name), ours.len() as u64 + SLACK)?;
        let held = match name {
            CAPTURE => behind_section(&theirs) == behind_section(ours),
            _ => theirs == *ours,
        };
        findings.push(Finding {
            what: format!("{variant}: {name}, {} bytes", theirs.len()),
            held,
        });
    }
    Ok(findings)
}

/// A capture without its first block, which tells of the machine. Its length stands behind its
/// kind.
fn behind_section(capture: &[u8]) -> Option<&[u8]> {
    let len = capture.get(4..8)?.try_into().map(u32::from_le_bytes).ok()?;
    capture.get(len as usize..)
}

fn read(path: &Path, most: u64) -> Result<Vec<u8>, Damage> {
    let mut bytes = Vec::new();
    let file = File::open(path).and_then(|file| file.take(most).read_to_end(&mut bytes));
    file.map_err(|source| Damage::File {
        path: path.to_owned(),
        source,
    })?;
    Ok(bytes)
}

/// What is read of a file that people may have written.
const MOST: u64 = 1 << 20;
/// By how much a capture may be longer because another machine's name is.
const SLACK: u64 = 1 << 10;

#[cfg(test)]
mod tests;
