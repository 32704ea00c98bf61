//! Sequence numbers: RFC 9293 section 3.4, arithmetic modulo 2^32.
//!
//! There is no `<`: modulo 2^32 "less than" is not transitive, so a sort or a `max` over sequence
//! numbers would be wrong. The comparisons have names, and each is meaningful only between numbers
//! less than 2^31 apart. Structures that must sort index by the distance from a known number.

use std::fmt;
use std::ops::{Add, AddAssign, Sub};

/// A sequence number.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SeqNum(pub u32);

impl SeqNum {
    /// `self < other`, modulo 2^32.
    pub const fn before(self, other: SeqNum) -> bool {
        (self.0.wrapping_sub(other.0) as i32) < 0
    }

    /// `self =< other`, modulo 2^32.
    pub const fn at_or_before(self, other: SeqNum) -> bool {
        !other.before(self)
    }

    /// `self > other`, modulo 2^32.
    pub const fn after(self, other: SeqNum) -> bool {
        other.before(self)
    }

    /// `self >= other`, modulo 2^32.
    pub const fn at_or_after(self, other: SeqNum) -> bool {
        !self.before(other)
    }

    /// `start =< self < start + len`, modulo 2^32; never true for an empty window.
    pub const fn in_window(self, start: SeqNum, len: u32) -> bool {
        self.0.wrapping_sub(start.0) < len
    }

    /// How many numbers lie from `earlier` up to this one, modulo 2^32.
    pub const fn since(self, earlier: SeqNum) -> u32 {
        self.0.wrapping_sub(earlier.0)
    }

    /// The later of two numbers less than 2^31 apart.
    pub const fn later_of(self, other: SeqNum) -> SeqNum {
        if self.before(other) { other } else { self }
    }

    /// The earlier of two numbers less than 2^31 apart.
    pub const fn earlier_of(self, other: SeqNum) -> SeqNum {
        if self.before(other) { self } else { other }
    }
}

impl Add<u32> for SeqNum {
    type Output = SeqNum;

    fn add(self, rhs: u32) -> SeqNum {
        SeqNum(self.0.wrapping_add(rhs))
    }
}

impl AddAssign<u32> for SeqNum {
    fn add_assign(&mut self, rhs: u32) {
        *self = *self + rhs;
    }
}

impl Sub<u32> for SeqNum {
    type Output = SeqNum;

    fn sub(self, rhs: u32) -> SeqNum {
        SeqNum(self.0.wrapping_sub(rhs))
    }
}

impl fmt::Debug for SeqNum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl fmt::Display for SeqNum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// `len` consecutive sequence numbers from `start`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeqRange {
    /// The first number of the range.
    pub start: SeqNum,
    /// How many numbers it holds.
    pub len: u32,
}

impl SeqRange {
    /// The range that starts at `start` and ends before `end`.
    pub const fn between(start: SeqNum, end: SeqNum) -> SeqRange {
        SeqRange {
            start,
            len: end.since(start),
        }
    }

    /// The first number after the range.
    pub fn end(self) -> SeqNum {
        self.start + self.len
    }

    /// Whether the range holds no number.
    pub const fn is_empty(self) -> bool {
        self.len == 0
    }
}

#[cfg(test)]
mod tests;
