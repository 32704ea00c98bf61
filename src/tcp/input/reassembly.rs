//! Which bytes beyond RCV.NXT are there already, and the SACK blocks that say so.
//!
//! RFC 9293 section 3.10.7.4 (SHLD-31) keeps segments that arrive before their turn; RFC 2018
//! section 4 tells the peer. Positions are offsets in the stream of text (0 is the first byte
//! after the SYN), which never wrap. The bytes themselves lie in `receive_buffer`.

use std::ops::Range;

use crate::base::ranges::{Insert, Ranges};

/// What is there beyond the first hole.
#[derive(Debug, Clone, Default)]
pub struct Reassembly {
    ranges: Ranges,
    /// Where the most recently received ranges begin, the latest first.
    recent: [Option<u64>; SACK_BLOCKS],
}

/// What a piece of text turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// It begins where the next byte was expected; so many bytes are in order from there.
    InOrder(u64),
    /// It lies beyond a hole, and was not there.
    Beyond,
    /// It was all there.
    Known,
    /// It would make one range too many.
    TooMany,
}

impl Reassembly {
    /// Nothing is there.
    pub const NONE: Reassembly = Reassembly {
        ranges: Ranges::new(),
        recent: [None; SACK_BLOCKS],
    };

    /// Takes note of text at `range`, where `next` is the first byte not yet there.
    pub fn insert(&mut self, range: Range<u64>, next: u64) -> Taken {
        if range.start <= next {
            return self.fill(range.end, next);
        }
        let start = range.start;
        match self.ranges.insert(range, RANGES_MAX) {
            Insert::New(joined) => {
                self.remember(joined.start);
                Taken::Beyond
            }
            Insert::Known => {
                // It draws an acknowledgment too, whose first block must hold it.
                if let Some(known) = self.ranges.around(start) {
                    self.remember(known.start);
                }
                Taken::Known
            }
            Insert::Full => Taken::TooMany,
        }
    }

    /// The hole at `next` is filled up to `end`, and perhaps what lies beyond joins on.
    fn fill(&mut self, end: u64, next: u64) -> Taken {
        if end <= next {
            return Taken::Known;
        }
        let end = match self.ranges.first() {
            Some(first) if first.start <= end => {
                let reach = self.ranges.around(end).map_or(end, |range| range.end);
                // A range that ends exactly at `end` touches it and adds nothing.
                reach.max(end)
            }
            _ => end,
        };
        self.ranges.remove_before(end);
        Taken::InOrder(end - next)
    }

    /// The ranges beyond a hole that share a byte with `range`, in order.
    pub fn overlapping(&self, range: Range<u64>) -> impl Iterator<Item = Range<u64>> + '_ {
        self.ranges.overlapping(range)
    }

    /// Whether nothing waits beyond a hole.
    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// How many bytes wait beyond a hole.
    pub fn bytes(&self) -> u64 {
        self.ranges.overlap(&(0..u64::MAX))
    }

    /// Forgets everything: nobody will read it.
    pub fn clear(&mut self) {
        *self = Reassembly::default();
    }

    /// RFC 2018 section 4: the block that holds the most recently received segment first, then
    /// those reported most recently, then any others; as many as the option holds.
    pub fn sack_blocks(&self) -> impl Iterator<Item = Range<u64>> + '_ {
        let recent = self.recent.iter().flatten();
        let mut told: [Option<u64>; SACK_BLOCKS] = [None; SACK_BLOCKS];
        recent
            .filter_map(|start| self.ranges.around(*start))
            .chain(self.ranges.iter())
            .filter(move |range| {
                let known = told.contains(&Some(range.start));
                if !known && let Some(free) = told.iter_mut().find(|place| place.is_none()) {
                    *free = Some(range.start);
                }
                !known
            })
            .take(SACK_BLOCKS)
    }

    fn remember(&mut self, start: u64) {
        let ranges = &self.ranges;
        let same = |known: &Option<u64>| {
            known.is_some_and(|at| ranges.around(at).is_some_and(|range| range.start == start))
        };
        let place = self.recent.iter().position(same).unwrap_or(SACK_BLOCKS - 1);
        self.recent[..=place].rotate_right(1);
        self.recent[0] = Some(start);
    }
}

/// RFC 2018 section 3: the option holds at most four blocks, three beside timestamps.
const SACK_BLOCKS: usize = 4;
/// house!("reassembly-ranges"): 24 bytes each, 6 KiB a connection.
pub const RANGES_MAX: usize = 256;

#[cfg(test)]
mod tests;
