//! What waits for a link: who goes next, who is dropped, who is marked.
//!
//! A queue is asked twice: when a packet comes, and when the link is free for the next. Marking
//! stands for dropping where the packet says that its sender listens (RFC 3168 section 5).

mod codel;
mod drop_tail;
mod fq_codel;
mod red;

use std::fmt::Debug;
use std::time::Duration;

use crate::base::Instant;
use crate::observe::on_link::Happened;

use super::book::Book;
use super::dice::Dice;
use super::parcel::{Parcel, Pool};
use super::range::OutOfRange;

pub use codel::CoDel;
pub use drop_tail::DropTail;
pub use fq_codel::FqCoDel;
pub use red::Red;

/// Which queue a link has.
#[derive(Debug, Clone, PartialEq)]
pub enum Discipline {
    /// First in, first out; what finds it full is lost.
    DropTail(DropTail),
    /// Random early detection.
    Red(Red),
    /// Controlled delay.
    CoDel(CoDel),
    /// Controlled delay for each flow, and turns among them.
    FqCoDel(FqCoDel),
}

impl Discipline {
    /// Whether a queue can be made of it.
    ///
    /// # Errors
    ///
    /// The first value that is out of its range.
    pub fn check(&self) -> Result<(), OutOfRange> {
        match self {
            Discipline::DropTail(plan) => plan.check(),
            Discipline::Red(plan) => plan.check(),
            Discipline::CoDel(plan) => plan.check(),
            Discipline::FqCoDel(plan) => plan.check(),
        }
    }

    /// An empty queue of the kind. `seed` is for what it draws.
    pub(super) fn start(&self, seed: u64) -> Box<dyn Queue> {
        match self {
            Discipline::DropTail(plan) => Box::new(drop_tail::Waiting::new(*plan)),
            Discipline::Red(plan) => Box::new(red::Waiting::new(*plan, Dice::new(seed, 0))),
            Discipline::CoDel(plan) => Box::new(codel::Waiting::new(*plan)),
            Discipline::FqCoDel(plan) => Box::new(fq_codel::Waiting::new(*plan, seed)),
        }
    }
}

impl Default for Discipline {
    fn default() -> Discipline {
        Discipline::DropTail(DropTail::default())
    }
}

/// A queue in front of a link.
pub(super) trait Queue: Debug + Send {
    /// A packet comes.
    fn push(&mut self, parcel: Parcel, ledger: &mut Ledger<'_>);

    /// The link is free: the next one.
    fn pop(&mut self, ledger: &mut Ledger<'_>) -> Option<Parcel>;

    /// What waits.
    fn load(&self) -> Load;
}

/// How much waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Load {
    /// Packets.
    pub packets: u64,
    /// Their bytes.
    pub bytes: u64,
}

impl Load {
    fn add(&mut self, parcel: &Parcel) {
        self.packets += 1;
        self.bytes += parcel.len() as u64;
    }

    fn remove(&mut self, parcel: &Parcel) {
        self.packets -= 1;
        self.bytes -= parcel.len() as u64;
    }
}

/// What a queue has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct QueueStats {
    /// Packets that came.
    pub came: u64,
    /// Packets that left for the link.
    pub left: u64,
    /// Bytes of those.
    pub bytes_left: u64,
    /// Packets lost because there was no room.
    pub overflowed: u64,
    /// Packets lost before there had to be.
    pub dropped_early: u64,
    /// Packets marked.
    pub marked: u64,
    /// The most that ever waited at a time, in packets.
    pub packets_max: u64,
    /// The most that ever waited at a time, in bytes.
    pub bytes_max: u64,
    /// How long those that left had waited, together.
    pub waited: Duration,
    /// How long the one that waited longest had.
    pub waited_max: Duration,
}

impl QueueStats {
    /// How long one that left had waited on the average; zero if none did.
    pub fn waited_on_average(&self) -> Duration {
        let count = u32::try_from(self.left).unwrap_or(u32::MAX);
        self.waited.checked_div(count).unwrap_or_default()
    }

    /// Packets that were lost here.
    pub fn dropped(&self) -> u64 {
        self.overflowed + self.dropped_early
    }
}

/// Where a queue writes down what it does, and gives back the buffers of what it drops.
pub(super) struct Ledger<'a> {
    pub stats: &'a mut QueueStats,
    pub pool: &'a mut Pool,
    pub book: &'a mut Book,
    /// What time it is.
    pub now: Instant,
}

impl Ledger<'_> {
    /// There was no room for it.
    fn overflow(&mut self, parcel: Parcel) {
        self.stats.overflowed += 1;
        self.book
            .note(self.now, &parcel, Happened::Dropped("queue_full"));
        self.pool.give(parcel.bytes);
    }

    /// It is dropped as a hint to its sender.
    fn drop_early(&mut self, parcel: Parcel) {
        self.stats.dropped_early += 1;
        self.book.note(self.now, &parcel, Happened::Dropped("aqm"));
        self.pool.give(parcel.bytes);
    }

    /// Hints to its sender: by a mark if `ecn` and it listens to marks, else by a loss. What is
    /// left of it.
    fn hint(&mut self, ecn: bool, mut parcel: Parcel) -> Option<Parcel> {
        if ecn && parcel.is_ecn_capable() {
            self.mark(&mut parcel);
            return Some(parcel);
        }
        self.drop_early(parcel);
        None
    }

    fn mark(&mut self, parcel: &mut Parcel) {
        self.stats.marked += 1;
        parcel.mark();
        self.book.note(self.now, parcel, Happened::Marked);
    }
}

#[cfg(test)]
mod tests;
