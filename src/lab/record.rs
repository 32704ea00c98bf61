//! `lab.json`: what a folder says of the lesson that it was made by.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::{Deserialize, Serialize};

use crate::query::Evidence;
use crate::scenario::Verdict;

/// The file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    pub lesson: String,
    pub seed: u64,
    /// What the seed drew.
    pub drawn: BTreeMap<String, u64>,
    /// What was set otherwise.
    pub set: Vec<String>,
    /// The choice that the run bears out.
    pub answer: Option<String>,
    /// What the learner said before, if they said something.
    pub prediction: Option<Prediction>,
    pub checks: Vec<Shown>,
}

/// What the learner said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prediction {
    pub choice: String,
    pub right: bool,
}

/// How a check came out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shown {
    pub variant: String,
    pub that: String,
    pub why: String,
    pub passed: bool,
    /// Frames of the variant's capture that it rests on.
    pub frames: Vec<u64>,
}

impl Shown {
    /// What came of a check of a variant.
    pub fn of(variant: &str, verdict: &Verdict) -> Shown {
        let evidence = verdict.outcome.evidence.iter();
        Shown {
            variant: variant.to_owned(),
            that: verdict.expected.that.clone(),
            why: verdict.expected.why.clone(),
            passed: verdict.outcome.passed,
            frames: evidence
                .filter_map(|Evidence { frame, .. }| *frame)
                .collect(),
        }
    }
}

impl Record {
    /// Writes it.
    ///
    /// # Errors
    ///
    /// What writing says.
    pub fn write(&self, to: &mut impl Write) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut *to, self)?;
        to.write_all(b"\n")
    }
}

/// What it is called in a folder.
pub const LAB: &str = "lab.json";
