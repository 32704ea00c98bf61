//! Timers as they are told: what is set expires, is stopped, or is set anew, and nothing else is.

use std::collections::BTreeMap;

use crate::probe::{Event, State, Subject, TimerKind, Told};

use super::Wrong;

/// Which timers run, by whose they are.
#[derive(Debug, Default)]
pub struct Timers {
    running: BTreeMap<u64, u16>,
    /// Whose connection was closed by the input that is being handled.
    closed: Vec<u64>,
}

impl Timers {
    /// Hears every event.
    pub fn hear(&mut self, told: &Told<'_>) -> Result<(), Wrong> {
        if told.event.is_input() {
            self.look_at_closed()?;
        }
        let Subject::Connection(number) = told.on else {
            return Ok(());
        };
        match *told.event {
            Event::TimerSet { kind, .. } => {
                *self.running.entry(number).or_default() |= bit(kind);
                Ok(())
            }
            Event::TimerExpired { kind } | Event::TimerCancelled { kind } => {
                self.ends(number, kind)
            }
            Event::StateChanged {
                to: State::Closed, ..
            } => {
                self.closed.push(number);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn ends(&mut self, number: u64, kind: TimerKind) -> Result<(), Wrong> {
        let running = self.running.entry(number).or_default();
        if *running & bit(kind) == 0 {
            return Err(("I-TIMER", format!("{kind:?} ends, and was not set")));
        }
        *running &= !bit(kind);
        Ok(())
    }

    /// A connection that is closed has no timer left once all was told of it.
    fn look_at_closed(&mut self) -> Result<(), Wrong> {
        for number in self.closed.drain(..) {
            let running = self.running.remove(&number).unwrap_or_default();
            let is_running = |kind: &TimerKind| running & bit(*kind) != 0;
            let left: Vec<_> = TimerKind::ALL.into_iter().filter(is_running).collect();
            if !left.is_empty() {
                return Err((
                    "I-TIMER",
                    format!("closed, and nobody said how {left:?} ended"),
                ));
            }
        }
        Ok(())
    }
}

const fn bit(kind: TimerKind) -> u16 {
    1 << kind as u16
}
