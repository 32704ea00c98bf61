//! Whether the runner judges: a passing script with one thing changed must fail.
//!
//! `line` changes packet lines, `call` calls and assertions. What a change cannot show (a TSval
//! that nobody compares, the number by which a script calls a new descriptor) is not changed.

mod call;
mod line;

use crate::base::{Random, Seed};

use super::code;
use super::guard::Guards;
use super::judge::{Maker, Prepared, run_once};
use super::outcome::Verdict;
use super::relax::Relaxed;
use super::syntax::{Direction, Event, Micros, Place, What, When};

/// A script with one thing changed.
#[derive(Debug, Clone)]
pub struct Mutant {
    /// What was changed.
    pub what: String,
    pub at: Place,
    pub prepared: Prepared,
}

/// What became of the mutants of one script.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Survey {
    pub tried: usize,
    /// Those that passed all the same.
    pub survivors: Vec<String>,
}

/// Tries mutants of a script that passes: all, or so many drawn by a seed.
pub fn survey(prepared: &Prepared, seed: u64, count: Option<usize>, maker: Maker<'_>) -> Survey {
    let mut mutants = mutants(prepared);
    if let Some(count) = count {
        let mut random = Random::new(Seed::from_number(seed));
        while mutants.len() > count {
            let most = u32::try_from(mutants.len()).unwrap_or(u32::MAX);
            mutants.swap_remove(random.below(most) as usize);
        }
    }
    let mut survey = Survey {
        tried: mutants.len(),
        ..Survey::default()
    };
    for mutant in mutants {
        let run = run_once(&mutant.prepared, Relaxed::NONE, Guards::all(), maker);
        if run.verdict == Verdict::Pass {
            survey
                .survivors
                .push(format!("{}: {}", mutant.at, mutant.what));
        }
    }
    survey
}

/// Every mutant of a script.
pub fn mutants(prepared: &Prepared) -> Vec<Mutant> {
    let mut mutants = Vec::new();
    let events = &prepared.script.events;
    let mut block = 0;
    for (nth, event) in events.iter().enumerate() {
        let mut add = |what: String, changed: Vec<Event>| {
            let mut prepared = prepared.clone();
            prepared.script.events.splice(nth..=nth, changed);
            mutants.push(Mutant {
                what,
                at: event.at,
                prepared,
            });
        };
        match &event.what {
            What::Packet(packet) if packet.direction == Direction::Out => {
                for (what, packet) in line::changed(packet, &prepared.settings) {
                    let changed = Event {
                        what: What::Packet(packet),
                        ..event.clone()
                    };
                    add(what, vec![changed]);
                }
                add("the line deleted".into(), Vec::new());
                add(
                    "the line doubled".into(),
                    vec![event.clone(), event.clone()],
                );
                if nth > 0
                    && let Some(when) = moved(event.when, span_before(events, nth), prepared)
                {
                    let changed = Event {
                        when,
                        ..event.clone()
                    };
                    add(format!("its time moved to {when}"), vec![changed]);
                }
            }
            What::Call(old) => {
                for (what, call) in call::changed(old) {
                    let changed = Event {
                        what: What::Call(call),
                        ..event.clone()
                    };
                    add(what, vec![changed]);
                }
            }
            What::Code(code) => {
                for (what, text) in call::changed_asserts(&code.text) {
                    let mut prepared = prepared.clone();
                    if let Ok(read) = code::read(&text)
                        && let Some(slot) = prepared.blocks.get_mut(block)
                    {
                        *slot = read;
                        mutants.push(Mutant {
                            what,
                            at: event.at,
                            prepared,
                        });
                    }
                }
                block += 1;
            }
            What::Packet(_) | What::Command(_) => {}
        }
    }
    mutants.extend(swapped(prepared));
    mutants
}

/// Outbound lines that stand side by side, each two of them in the other order.
fn swapped(prepared: &Prepared) -> Vec<Mutant> {
    let events = &prepared.script.events;
    let mut mutants = Vec::new();
    for nth in 1..events.len() {
        let (What::Packet(first), What::Packet(second)) =
            (&events[nth - 1].what, &events[nth].what)
        else {
            continue;
        };
        let outbound = first.direction == Direction::Out && second.direction == Direction::Out;
        if !outbound || first == second {
            continue;
        }
        let mut prepared = prepared.clone();
        let changed = &mut prepared.script.events;
        // What is said changes places, the times stay.
        changed[nth - 1].what = What::Packet(second.clone());
        changed[nth].what = What::Packet(first.clone());
        mutants.push(Mutant {
            what: "the line swapped with the one before".into(),
            at: events[nth].at,
            prepared,
        });
    }
    mutants
}

/// How long after the event before this one is written to be, if that can be told.
fn span_before(events: &[Event], nth: usize) -> Option<Micros> {
    let start = |event: &Event| match event.when {
        When::At(time) | When::Between(time, _) => Some(time),
        _ => None,
    };
    match events[nth].when {
        When::After(time) | When::AfterBetween(time, _) => Some(time),
        When::Any => None,
        When::At(time) | When::Between(time, _) => Some(time - start(&events[nth - 1])?),
    }
}

/// A time that is later by more than any tolerance.
fn moved(when: When, span: Option<Micros>, prepared: &Prepared) -> Option<When> {
    let tolerance = prepared.settings.tolerance;
    let width = match when {
        When::Between(from, to) | When::AfterBetween(from, to) => to - from,
        _ => 0,
    };
    let span = span? + width;
    // Moving it makes the time since the event before longer, and with it the tolerance.
    let share = (tolerance.percent / 100.0).min(0.9);
    let by = width + (span as f64 * share / (1.0 - share)) as Micros;
    let by = by.max(width + tolerance.micros) * 2 + 1000;
    Some(match when {
        When::At(time) => When::At(time + by),
        When::After(time) => When::After(time + by),
        When::Between(from, to) => When::Between(from + by, to + by),
        When::AfterBetween(from, to) => When::AfterBetween(from + by, to + by),
        When::Any => return None,
    })
}

#[cfg(test)]
mod tests;
