//! What the core tells, and its one door to the world.
//!
//! A stack has one [`Voice`]. Every call into the stack is an input and is told first; what is
//! told while it is handled carries the input's id as its cause, and what is put off (an owed
//! acknowledgment, unsent text) keeps the id of the input that made it due. Ids are counted whether
//! or not anybody listens, so observers can never change a run.
//!
//! Read `vocabulary` for the names, `event` for the facts, then this file.

mod endings;
mod event;
mod snapshot;
mod vocabulary;

use std::num::NonZeroU64;

use crate::base::Instant;

pub use endings::Ending;
pub use event::{Event, Subject, Why};
pub use snapshot::{ControlBlock, Snapshot, Variables};
pub use vocabulary::{
    Accepted, Blocked, Call, Discard, Drop, Edge, LossProof, Purpose, Resent, Spurious, State,
    TimerKind,
};

/// The number of an event; never 0, never used twice in one run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId(pub NonZeroU64);

impl EventId {
    /// The id before all others: of what nobody caused.
    pub const FIRST: EventId = EventId(NonZeroU64::MIN);
}

impl std::fmt::Display for EventId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "e{}", self.0)
    }
}

/// An event with its circumstances.
#[derive(Debug, Clone, Copy)]
pub struct Told<'a> {
    pub id: EventId,
    /// The input that led here; `None` for an input itself.
    pub cause: Option<EventId>,
    pub at: Instant,
    pub on: Subject,
    pub event: &'a Event<'a>,
}

/// Whoever watches. It gets every event in order and can answer nothing.
pub trait Observer {
    fn told(&mut self, told: &Told<'_>);
}

/// Several observers as one, told in order.
#[derive(Default)]
pub struct Fanout(pub Vec<Box<dyn Observer + Send>>);

impl Observer for Fanout {
    fn told(&mut self, told: &Told<'_>) {
        for observer in &mut self.0 {
            observer.told(told);
        }
    }
}

impl std::fmt::Debug for Fanout {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Fanout({} hear)", self.0.len())
    }
}

/// Numbers events, knows the cause of what happens, and passes on what is heard.
pub struct Voice {
    next: NonZeroU64,
    step: NonZeroU64,
    input: EventId,
    observers: Fanout,
    /// By the number of the observer at that place.
    hearings: Vec<u64>,
    next_hearing: u64,
}

/// One who hears, so that he can be sent away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hearing(u64);

impl Voice {
    /// A voice that nobody hears. Stack `index` of `count` numbers its events so that they differ
    /// from those of the others.
    pub fn new(index: u32, count: u32) -> Voice {
        let first = NonZeroU64::MIN.saturating_add(u64::from(index));
        Voice {
            next: first,
            step: NonZeroU64::new(u64::from(count)).unwrap_or(NonZeroU64::MIN),
            input: EventId(first),
            observers: Fanout::default(),
            hearings: Vec::new(),
            next_hearing: 0,
        }
    }

    /// From here on events are numbered as those of stack `index` of `count`.
    pub fn renumber(&mut self, index: u32, count: u32) {
        let fresh = Voice::new(index, count);
        (self.next, self.step, self.input) = (fresh.next, fresh.step, fresh.input);
    }

    /// The number of the next event.
    pub fn next(&self) -> EventId {
        EventId(self.next)
    }

    /// Lets one more observer hear everything from here on.
    pub fn add(&mut self, observer: Box<dyn Observer + Send>) -> Hearing {
        let hearing = self.next_hearing;
        self.next_hearing += 1;
        self.observers.0.push(observer);
        self.hearings.push(hearing);
        Hearing(hearing)
    }

    /// Gives an observer back, who hears no more; `None` if he is gone.
    pub fn remove(&mut self, hearing: Hearing) -> Option<Box<dyn Observer + Send>> {
        let place = self.hearings.iter().position(|known| *known == hearing.0)?;
        self.hearings.remove(place);
        Some(self.observers.0.remove(place))
    }

    /// The input that is being handled.
    pub fn input(&self) -> EventId {
        self.input
    }

    /// Tells an input; all that follows, until the next one, is caused by it.
    pub fn input_told<'e>(
        &mut self,
        at: Instant,
        on: Subject,
        event: impl FnOnce() -> Event<'e>,
    ) -> EventId {
        let id = self.number();
        self.input = id;
        self.pass_on(id, None, at, on, event);
        id
    }

    /// Tells a fact caused by the input that is being handled. The event is made only if somebody
    /// hears it.
    pub fn tell<'e>(
        &mut self,
        at: Instant,
        on: Subject,
        event: impl FnOnce() -> Event<'e>,
    ) -> EventId {
        self.tell_because(self.input, at, on, event)
    }

    /// Tells a fact whose cause is an earlier input.
    pub fn tell_because<'e>(
        &mut self,
        cause: EventId,
        at: Instant,
        on: Subject,
        event: impl FnOnce() -> Event<'e>,
    ) -> EventId {
        let id = self.number();
        self.pass_on(id, Some(cause), at, on, event);
        id
    }

    fn number(&mut self) -> EventId {
        let id = EventId(self.next);
        self.next = self.next.saturating_add(self.step.get());
        id
    }

    fn pass_on<'e>(
        &mut self,
        id: EventId,
        cause: Option<EventId>,
        at: Instant,
        on: Subject,
        event: impl FnOnce() -> Event<'e>,
    ) {
        if self.observers.0.is_empty() {
            return;
        }
        let event = event();
        self.observers.told(&Told {
            id,
            cause,
            at,
            on,
            event: &event,
        });
    }
}

impl std::fmt::Debug for Voice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "Voice(next {}, {} hear)",
            self.next,
            self.observers.0.len()
        )
    }
}

#[cfg(test)]
mod tests;
