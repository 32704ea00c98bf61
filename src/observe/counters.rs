//! Counts of everything that is told, and whether every packet is explained.
//!
//! Two promises can be counted. A packet that leaves has a cause: an earlier event that made it
//! due. A packet that comes in has exactly one ending. [`Counts::explained`] counts the packets
//! that keep their promise; the rest are a bug of the stack, never the peer's.

use std::fmt::Debug;
use std::sync::{Arc, Mutex, PoisonError};

use crate::base::Cite;
use crate::probe::{Accepted, Discard, Drop, Ending, Event, EventId, Observer, Purpose, Told};

use super::words;

/// An observer that counts. Clones count together: one is boxed into the stack, another is asked.
#[derive(Debug, Clone, Default)]
pub struct Counters(Arc<Mutex<Counts>>);

impl Counters {
    /// The counts up to here, copied.
    pub fn counts(&self) -> Counts {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Observer for Counters {
    fn told(&mut self, told: &Told<'_>) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .told(told);
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
    /// Events by kind: `packet_in`, `state_changed`, and so on.
    pub by_kind: Tally<&'static str>,
    /// Packets that were taken in, by what they were.
    pub by_accepted: Tally<Accepted>,
    /// Segments that nobody had a use for, by reason.
    pub by_discard: Tally<Discard>,
    /// Packets that reached no transport machine, by reason.
    pub by_drop: Tally<Drop>,
    /// Packets that left, by purpose.
    pub by_purpose: Tally<Purpose>,
    /// Events by the clause they cite.
    pub by_cite: Tally<Cite>,
    /// Endings that belong to no packet that was being handled.
    pub stray_endings: u64,
    /// Packets out that have a cause.
    caused: u64,
    /// Packets in that had one ending when the next packet came.
    ended_once: u64,
    /// The packet in that came last.
    last_in: Option<LastIn>,
}

/// The packet that came in last, and how many endings it has had.
#[derive(Debug, Clone, Copy)]
struct LastIn {
    id: EventId,
    endings: u32,
}

impl Counts {
    /// Packets in both directions.
    pub fn packets(&self) -> u64 {
        self.packets_in + self.packets_out
    }

    /// Packets out with a cause, and packets in with exactly one ending.
    pub fn explained(&self) -> u64 {
        self.caused + self.ended_once + self.last_in_is_explained()
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

    /// Counts one more event.
    pub fn told(&mut self, told: &Told<'_>) {
        self.events += 1;
        self.by_kind.add(words::kind(told.event));
        if let Some(by) = words::cite(told.event) {
            self.by_cite.add(by);
        }
        match told.event {
            Event::PacketIn { bytes, .. } => {
                self.packets_in += 1;
                self.bytes_in += bytes.len() as u64;
                self.ended_once += self.last_in_is_explained();
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
                self.packets_out += 1;
                self.bytes_out += (head.len() + body.len()) as u64;
                self.by_purpose.add(*purpose);
                self.caused += u64::from(told.cause.is_some_and(|cause| cause < told.id));
            }
            event => {
                if let Some((ending, _)) = words::ending(event) {
                    self.ended(told.cause, ending);
                }
            }
        }
    }

    fn ended(&mut self, cause: Option<EventId>, ending: Ending) {
        match ending {
            Ending::Accepted(what) => self.by_accepted.add(what),
            Ending::Discarded(why) => self.by_discard.add(why),
            Ending::Dropped(why) => self.by_drop.add(why),
        }
        match &mut self.last_in {
            Some(last) if Some(last.id) == cause => last.endings = last.endings.saturating_add(1),
            _ => self.stray_endings += 1,
        }
    }

    fn last_in_is_explained(&self) -> u64 {
        u64::from(self.last_in.is_some_and(|last| last.endings == 1))
    }
}

/// How often each of some things happened: of a few dozen that there are. What happens most often
/// stands in front, so that most of the time the first look finds it; a hash would cost more.
#[derive(Debug, Clone)]
pub struct Tally<K>(Vec<(K, u64)>);

impl<K: Eq + Copy + Debug> Tally<K> {
    /// One more.
    pub fn add(&mut self, what: K) {
        let Some(place) = self.0.iter().position(|(known, _)| *known == what) else {
            self.0.push((what, 1));
            return;
        };
        self.0[place].1 += 1;
        if place > 0 && self.0[place - 1].1 < self.0[place].1 {
            self.0.swap(place - 1, place);
        }
    }

    /// How often this happened.
    pub fn of(&self, what: K) -> u64 {
        let found = self.0.iter().find(|(known, _)| *known == what);
        found.map_or(0, |(_, count)| *count)
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
