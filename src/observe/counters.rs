//! Counts of everything that is told, and whether every packet is explained.
//!
//! Two promises can be counted. A packet that leaves has a cause: an earlier event that made it
//! due. A packet that comes in has exactly one ending. [`Counts::explained`] counts the packets
//! that keep their promise; the rest are a bug of the stack, never the peer's.
//!
//! Each observer counts in cells of its own, which nobody else writes: counting takes no lock and
//! waits for nobody, and whoever asks reads the cells of all.

mod cells;

use std::fmt::Debug;
use std::sync::{Arc, Mutex, PoisonError};

use crate::probe::{Accepted, Discard, Drop, Ending, Event, EventId, Observer, Purpose, Told};

use self::cells::{Cell, Ledger, Page};
use super::words;

/// An observer that counts. Clones count together: one is boxed into the stack, another is asked.
/// The counts are whole between two inputs of a stack; while one is handled, its packet may be
/// there and its ending not yet.
#[derive(Debug, Default)]
pub struct Counters {
    all: Arc<Mutex<Vec<Arc<Cells>>>>,
    /// This one's, from the first event that it is told.
    own: Option<Own>,
}

impl Counters {
    /// The counts up to here.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for cells in &*self.all.lock().unwrap_or_else(PoisonError::into_inner) {
            counts.add(cells);
        }
        counts
    }
}

impl Clone for Counters {
    fn clone(&self) -> Counters {
        Counters {
            all: Arc::clone(&self.all),
            own: None,
        }
    }
}

impl Observer for Counters {
    fn told(&mut self, told: &Told<'_>) {
        let all = &self.all;
        let own = self.own.get_or_insert_with(|| Own::among(all));
        own.told(told);
    }
}

/// What one observer has counted: written by it alone.
#[derive(Debug, Default)]
struct Cells {
    events: Cell,
    packets_in: Cell,
    bytes_in: Cell,
    packets_out: Cell,
    bytes_out: Cell,
    stray_endings: Cell,
    caused: Cell,
    ended_once: Cell,
    by_accepted: Page<Accepted>,
    by_discard: Page<Discard>,
    by_drop: Page<Drop>,
    by_purpose: Page<Purpose>,
}

/// The writing end of some cells.
#[derive(Debug, Default)]
struct Own {
    cells: Arc<Cells>,
    by_accepted: Ledger<Accepted>,
    by_discard: Ledger<Discard>,
    by_drop: Ledger<Drop>,
    by_purpose: Ledger<Purpose>,
    /// The packet in that came last.
    last_in: Option<LastIn>,
}

/// The packet that came in last, and how many endings it has had.
#[derive(Debug, Clone, Copy)]
struct LastIn {
    id: EventId,
    endings: u32,
}

impl Own {
    /// Fresh cells among those that are asked.
    fn among(all: &Mutex<Vec<Arc<Cells>>>) -> Own {
        let own = Own::default();
        let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
        all.push(Arc::clone(&own.cells));
        own
    }

    fn told(&mut self, told: &Told<'_>) {
        let cells = &*self.cells;
        cells.events.add(1);
        match told.event {
            Event::PacketIn { bytes, .. } => {
                cells.packets_in.add(1);
                cells.bytes_in.add(bytes.len() as u64);
                self.last_in = Some(LastIn {
                    id: told.id,
                    endings: 0,
                });
            }
            Event::PacketOut {
                head,
                body,
                purpose,
                ..
            } => {
                cells.packets_out.add(1);
                cells.bytes_out.add((head.len() + body.len()) as u64);
                self.by_purpose.add(&cells.by_purpose, *purpose);
                let is_caused = told.cause.is_some_and(|cause| cause < told.id);
                cells.caused.add(u64::from(is_caused));
            }
            event => {
                if let Some((ending, _)) = words::ending(event) {
                    self.ended(told.cause, ending);
                }
            }
        }
    }

    fn ended(&mut self, cause: Option<EventId>, ending: Ending) {
        let cells = &*self.cells;
        match ending {
            Ending::Accepted(what) => self.by_accepted.add(&cells.by_accepted, what),
            Ending::Discarded(why) => self.by_discard.add(&cells.by_discard, why),
            Ending::Dropped(why) => self.by_drop.add(&cells.by_drop, why),
        }
        let Some(last) = self.last_in.as_mut().filter(|last| Some(last.id) == cause) else {
            cells.stray_endings.add(1);
            return;
        };
        last.endings = last.endings.saturating_add(1);
        match last.endings {
            1 => cells.ended_once.add(1),
            2 => cells.ended_once.take_back(1),
            _ => {}
        }
    }
}

/// What was told so far, in numbers.
#[derive(Debug, Clone, Default)]
pub struct Counts {
    /// Events of all kinds.
    pub events: u64,
    /// Packets that came in.
    pub packets_in: u64,
    /// Their bytes, IP headers included.
    pub bytes_in: u64,
    /// Packets that left.
    pub packets_out: u64,
    /// Their bytes, IP headers included.
    pub bytes_out: u64,
    /// Packets that were taken in, by what they were.
    pub by_accepted: Tally<Accepted>,
    /// Segments that nobody had a use for, by reason.
    pub by_discard: Tally<Discard>,
    /// Packets that reached no transport machine, by reason.
    pub by_drop: Tally<Drop>,
    /// Packets that left, by purpose.
    pub by_purpose: Tally<Purpose>,
    /// Endings that belong to no packet that was being handled.
    pub stray_endings: u64,
    /// Packets out that have a cause.
    caused: u64,
    /// Packets in that have had exactly one ending.
    ended_once: u64,
}

impl Counts {
    /// Packets in both directions.
    pub fn packets(&self) -> u64 {
        self.packets_in + self.packets_out
    }

    /// Packets out with a cause, and packets in with exactly one ending.
    pub fn explained(&self) -> u64 {
        self.caused + self.ended_once
    }

    /// Whether every packet is explained, and every ending belongs to a packet.
    pub fn every_packet_explained(&self) -> bool {
        self.explained() == self.packets() && self.stray_endings == 0
    }

    /// Segments that were sent once more, for whatever reason.
    pub fn retransmitted(&self) -> u64 {
        self.by_purpose
            .matching(|what| matches!(what, Purpose::Retransmission(_)))
    }

    fn add(&mut self, cells: &Cells) {
        self.events += cells.events.get();
        self.packets_in += cells.packets_in.get();
        self.bytes_in += cells.bytes_in.get();
        self.packets_out += cells.packets_out.get();
        self.bytes_out += cells.bytes_out.get();
        self.stray_endings += cells.stray_endings.get();
        self.caused += cells.caused.get();
        self.ended_once += cells.ended_once.get();
        self.by_accepted.add(&cells.by_accepted);
        self.by_discard.add(&cells.by_discard);
        self.by_drop.add(&cells.by_drop);
        self.by_purpose.add(&cells.by_purpose);
    }
}

/// How often each of some things happened.
#[derive(Debug, Clone)]
pub struct Tally<K>(Vec<(K, u64)>);

impl<K: Eq + Copy + Debug> Tally<K> {
    fn add(&mut self, page: &Page<K>) {
        for (what, count) in page.read() {
            match self.0.iter_mut().find(|(known, _)| *known == what) {
                Some((_, known)) => *known += count,
                None => self.0.push((what, count)),
            }
        }
    }

    /// How often this happened.
    pub fn of(&self, what: K) -> u64 {
        self.matching(|known| known == what)
    }

    /// All that happened, the most frequent first, equals by name.
    pub fn sorted(&self) -> Vec<(K, u64)> {
        let mut all = self.0.clone();
        all.sort_by_cached_key(|(what, n)| (std::cmp::Reverse(*n), format!("{what:?}")));
        all
    }

    /// How often anything like this happened.
    pub fn matching(&self, like: impl Fn(K) -> bool) -> u64 {
        let matching = self.0.iter().filter(|(what, _)| like(*what));
        matching.map(|(_, n)| n).sum()
    }
}

impl<K> Default for Tally<K> {
    fn default() -> Tally<K> {
        Tally(Vec::new())
    }
}

#[cfg(test)]
mod tests;
