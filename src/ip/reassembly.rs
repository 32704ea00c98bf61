//! Fragments until their datagram is whole: RFC 791 section 3.2, RFC 815, RFC 8200 section 4.5.
//!
//! A datagram that is not whole yet (`partial`) is memory that strangers fill, so everything here
//! has a bound, in bytes as they are allocated and in pieces, for each source and for all. Beyond
//! a source's bound its own oldest gives way. Beyond that of all it is the oldest of the heaviest
//! source, if that one holds more than a fair part, and otherwise the oldest there is: a flood of
//! lone fragments from as many sources as one likes moves through like a queue, and a datagram
//! whose fragments come close together is whole before it reaches the end.
//!
//! Nothing here knows ICMP or a clock: whoever holds it tells the time, and is told what expired.

mod partial;
mod sources;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use crate::base::Instant;
use crate::probe::Drop;

use partial::{Added, Partial};
use sources::{Source, Sources};

/// A piece of a datagram, as a packet brought it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fragment<'a> {
    pub src: IpAddr,
    pub dst: IpAddr,
    /// What the datagram carries; on IPv6, the next header that the fragment header names.
    pub protocol: u8,
    pub identification: u32,
    /// Where the piece stands in its datagram, in bytes.
    pub offset: u16,
    pub more_fragments: bool,
    /// Type of service or traffic class: DSCP and ECN.
    pub tos: u8,
    /// The packet before the piece: all of its headers, on IPv6 with the fragment header at last.
    pub head: &'a [u8],
    /// IPv6 alone: where in `head` the fragment header is named.
    pub named_at: usize,
    pub piece: &'a [u8],
}

/// What became of a fragment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    /// It waits for the others.
    Kept,
    /// It was the last one missing: the packet as it was before it was cut.
    Whole(Vec<u8>),
    /// It was of no use, or made its whole datagram so.
    Dropped(Drop),
}

/// All datagrams that are not whole yet.
#[derive(Debug, Default)]
pub struct Reassembly {
    /// In the order in which their first fragments came, which is that of their deadlines.
    waiting: BTreeMap<u64, Partial>,
    by_key: BTreeMap<Key, u64>,
    sources: Sources,
    /// How many there have been.
    begun: u64,
    bytes: usize,
    pieces: usize,
    /// How many have given way to others.
    gave_way: u64,
}

/// What fragments of one datagram have in common: RFC 791 section 3.2, RFC 8200 section 4.5.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    src: IpAddr,
    dst: IpAddr,
    /// IPv4 alone: the protocol.
    protocol: Option<u8>,
    identification: u32,
}

impl Reassembly {
    /// Takes a fragment that [`super::validate::fragment`] has found to be possible.
    pub fn take(&mut self, now: Instant, fragment: &Fragment<'_>) -> Taken {
        let key = Key::of(fragment);
        let number = match self.by_key.get(&key) {
            Some(number) => *number,
            None => self.begin(now, key),
        };
        let Some(partial) = self.waiting.get_mut(&number) else {
            // Both maps have the same datagrams.
            return Taken::Dropped(Drop::FragmentOverlap);
        };
        let before = (partial.cost(), partial.pieces());
        let added = partial.add(fragment);
        let after = (partial.cost(), partial.pieces());
        let source = Source::of(fragment.src);
        self.sources.change(source, before.0, after.0);
        self.bytes = self.bytes.saturating_add(after.0).saturating_sub(before.0);
        self.pieces = self.pieces.saturating_add(after.1).saturating_sub(before.1);
        match added {
            Added::Kept => {
                self.make_room(source, number);
                Taken::Kept
            }
            Added::Whole => match self.remove(number).and_then(Partial::into_packet) {
                Some(packet) => Taken::Whole(packet),
                None => Taken::Dropped(Drop::BadFragment),
            },
            Added::Refused(why) => {
                // Even the mark that a datagram is given up takes its room.
                self.make_room(source, number);
                Taken::Dropped(why)
            }
        }
    }

    fn begin(&mut self, now: Instant, key: Key) -> u64 {
        let number = self.begun;
        self.begun = self.begun.saturating_add(1);
        let partial = Partial::new(key, now + TIMEOUT);
        let source = Source::of(key.src);
        self.sources.add(source, number, partial.cost());
        self.bytes = self.bytes.saturating_add(partial.cost());
        self.waiting.insert(number, partial);
        self.by_key.insert(key, number);
        number
    }

    /// Lets others give way until every bound is kept. `number` itself never does: with all of its
    /// overhead it is smaller than any bound.
    fn make_room(&mut self, source: Source, number: u64) {
        // Each round of both loops removes a datagram.
        while self.sources.exceeds(source) {
            let Some(oldest) = self.sources.oldest_of(source, number) else {
                break;
            };
            self.give_way(oldest);
        }
        while self.exceeds() {
            let heavy = self.sources.heaviest_above(FAIR_PART);
            let oldest_of_heavy = heavy.and_then(|heavy| self.sources.oldest_of(heavy, number));
            let oldest = || self.waiting.keys().find(|other| **other != number).copied();
            let Some(victim) = oldest_of_heavy.or_else(oldest) else {
                break;
            };
            self.give_way(victim);
        }
    }

    fn exceeds(&self) -> bool {
        self.bytes > BYTES_MAX || self.pieces > PIECES_MAX || self.waiting.len() > DATAGRAMS_MAX
    }

    fn give_way(&mut self, number: u64) {
        self.remove(number);
        self.gave_way = self.gave_way.saturating_add(1);
    }

    fn remove(&mut self, number: u64) -> Option<Partial> {
        let partial = self.waiting.remove(&number)?;
        let key = partial.key();
        self.by_key.remove(&key);
        self.sources
            .remove(Source::of(key.src), number, partial.cost());
        self.bytes = self.bytes.saturating_sub(partial.cost());
        self.pieces = self.pieces.saturating_sub(partial.pieces());
        Some(partial)
    }

    /// When the first of them is given up.
    pub fn deadline(&self) -> Option<Instant> {
        let (_, oldest) = self.waiting.first_key_value()?;
        Some(oldest.deadline())
    }

    /// Gives up a datagram whose time is over; `None` if there is no more. What is returned is the
    /// packet that brought its beginning, if that came: its sender should hear of it
    /// (RFC 1122 section 3.3.2, RFC 8200 section 4.5).
    pub fn expire(&mut self, now: Instant) -> Option<Option<Vec<u8>>> {
        let (number, oldest) = self.waiting.first_key_value()?;
        if oldest.deadline() > now {
            return None;
        }
        let number = *number;
        Some(self.remove(number)?.into_first_fragment())
    }

    /// How many datagrams are waited for.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// How many bytes all of it takes, overhead included.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// How many datagrams have given way to others so far.
    pub fn gave_way(&self) -> u64 {
        self.gave_way
    }

    /// Asserts that no bound is exceeded.
    ///
    /// # Panics
    ///
    /// If one is: a mistake of ours.
    pub fn assert_invariants(&self) {
        assert!(!self.exceeds());
        assert!(self.by_key.len() == self.waiting.len());
        let bytes: usize = self.waiting.values().map(Partial::cost).sum();
        assert!(bytes == self.bytes);
        let pieces: usize = self.waiting.values().map(Partial::pieces).sum();
        assert!(pieces == self.pieces);
    }
}

impl Key {
    fn of(fragment: &Fragment<'_>) -> Key {
        Key {
            src: fragment.src,
            dst: fragment.dst,
            // RFC 8200 section 4.5: the next header may differ among fragments of one packet.
            protocol: fragment.src.is_ipv4().then_some(fragment.protocol),
            identification: fragment.identification,
        }
    }
}

/// RFC 8200 section 4.5: 60 seconds from the fragment that came first. RFC 1122 section 3.3.2 wants
/// a fixed value between 60 and 120 for IPv4.
const TIMEOUT: Duration = Duration::from_secs(60);

/// house!("reassembly-memory"): datagrams, pieces of them, and bytes with all overhead.
pub const DATAGRAMS_MAX: usize = 1_024;
pub const PIECES_MAX: usize = 4_096;
pub const BYTES_MAX: usize = 1 << 20;
/// More than this is not a fair part: there may be sixteen as heavy.
const FAIR_PART: usize = BYTES_MAX / 16;

#[cfg(test)]
mod tests;
