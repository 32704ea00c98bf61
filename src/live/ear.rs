//! Whoever listens to a stack for a while: counts what becomes of packets, and keeps the events of
//! one connection until they are taken.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use crate::observe::events::Heard;
use crate::observe::packet::Seen;
use crate::probe::{Event, Observer, Subject, Told};

/// An observer. Clones share what they heard; each stack has one.
#[derive(Debug, Clone, Default)]
pub struct Ear {
    kept: Arc<Mutex<Kept>>,
    /// Of the stack that it hears.
    index: usize,
    /// What came in last, and how long it was: its ending speaks of it.
    came: Option<(Seen, usize)>,
    /// The last input that is of no connection: it is kept once something comes of it.
    input: Option<Heard>,
}

#[derive(Debug, Default)]
struct Kept {
    /// The connection: the index of its stack, and its number there.
    of: Option<(usize, u64)>,
    events: VecDeque<Heard>,
    missed: u64,
}

impl Ear {
    /// One more, for the stack with this index.
    pub fn at(&self, index: usize) -> Ear {
        Ear {
            index,
            ..self.clone()
        }
    }

    /// Keeps the events of this connection from here on, and forgets those of another.
    pub fn follow(&self, connection: Option<(usize, u64)>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        *kept = Kept {
            of: connection,
            ..Kept::default()
        };
    }

    /// What was heard since this was asked last, and how many events found no room.
    pub fn take(&self) -> (VecDeque<Heard>, u64) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        (
            std::mem::take(&mut kept.events),
            std::mem::take(&mut kept.missed),
        )
    }
}

impl Observer for Ear {
    fn told(&mut self, told: &Told<'_>) {
        if let Event::PacketIn { bytes, .. } = *told.event {
            self.came = Seen::of(bytes, 0).zip(Some(bytes.len()));
        }
        let Subject::Connection(number) = told.on else {
            if told.cause.is_none() {
                self.input = Some(Heard::of(told, self.came));
            }
            return;
        };
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.of != Some((self.index, number)) {
            return;
        }
        if kept.events.len() >= EVENTS_MAX {
            kept.missed += 1;
            return;
        }
        let input = self.input.take_if(|input| told.cause == Some(input.id));
        kept.events.extend(input);
        kept.events.push_back(Heard::of(told, self.came));
    }
}

/// Events that wait to be taken: those of a tenth of a second, at ten thousand a second.
pub const EVENTS_MAX: usize = 1024;

#[cfg(test)]
mod tests;
