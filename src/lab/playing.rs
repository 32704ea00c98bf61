//! A lesson at work: its variants are played, its checks judged, its question answered by the run.

use std::time::Duration;

use crate::observe::Memory;
use crate::query::Outcome;
use crate::runs::{self, Records};
use crate::scenario::{Expect, Invalid, Progress, Scenario, Verdict, judge};

use super::lesson::{Choice, Lesson, Question, Variant};

/// A variant that was played and recorded in memory.
#[derive(Debug)]
pub struct Run {
    pub scenario: Scenario,
    pub capture: Vec<u8>,
    pub events: Vec<u8>,
    pub records: Vec<runs::Record>,
    pub verdicts: Vec<Verdict>,
    /// How long it took, by its own clock.
    pub took: Duration,
}

/// What a run says to the question.
#[derive(Debug)]
pub struct Answer<'l> {
    pub choice: &'l Choice,
    /// What the run said, with the events behind it.
    pub outcome: Outcome,
}

/// Plays a variant in memory.
///
/// # Errors
///
/// A value that does not fit, or a check that cannot be understood; tests play every lesson, so
/// only `set` can be the reason.
pub fn play(lesson: &Lesson, variant: &Variant, set: &[String]) -> Result<Run, Invalid> {
    let scenario = lesson.scenario(variant, set)?;
    let (capture, events) = (Memory::default(), Memory::default());
    let played = scenario.play(capture.clone(), events.clone(), None, &Silent)?;
    let events = events.take();
    let unreadable = |error| Invalid::value("events", error);
    let records = Records::of(&events[..]).map_err(unreadable)?;
    let records: Result<Vec<_>, _> = records.collect();
    let records = records.map_err(unreadable)?;
    let verdicts = judge(&scenario.expect, &records).map_err(|(number, error)| {
        let what = format!("{} at column {}", error.what(), error.column());
        Invalid::value(format!("check {number} of {}", variant.name), what)
    })?;
    Ok(Run {
        scenario,
        capture: capture.take(),
        events,
        records,
        verdicts,
        took: played.took,
    })
}

/// The choice that the run of the question's variant bears out: of several the first, and none if
/// it bears out none, as may be where values were set otherwise.
///
/// # Errors
///
/// A choice that cannot be understood.
pub fn answer<'l>(
    question: &'l Question,
    records: &[runs::Record],
) -> Result<Option<Answer<'l>>, Invalid> {
    let asked: Vec<Expect> = question.choice.iter().map(asked).collect();
    let verdicts = judge(&asked, records).map_err(|(number, error)| {
        let what = format!("{} at column {}", error.what(), error.column());
        Invalid::value(format!("choice {number}"), what)
    })?;
    let mut both = question.choice.iter().zip(verdicts);
    let right = both.find(|(_, verdict)| verdict.outcome.passed);
    Ok(right.map(|(choice, Verdict { outcome, .. })| Answer { choice, outcome }))
}

fn asked(choice: &Choice) -> Expect {
    Expect {
        that: choice.right.clone(),
        why: choice.text.clone(),
    }
}

/// Nobody watches.
struct Silent;

impl Progress for Silent {
    fn reached(&self, _age: Duration) -> bool {
        true
    }
}

#[cfg(test)]
mod tests;
