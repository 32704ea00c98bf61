//! A hierarchical timing wheel: who wants to be called when.
//!
//! A tick is 2^16 ns, and an instant's number of ticks has 48 bits: eight digits of six bits, one
//! digit a level. A deadline's level is that of the highest digit in which it differs from the
//! wheel's own time, and its slot there is that digit; so a slot of level 0 is one tick long, and
//! each level's slots are 64 times as long as those below it.
//!
//! ```text
//!   level        7      6      5      4      3      2      1      0
//!   time         0      0      0     12     40      7     33      9
//!   deadline     0      0      0     12     40     21      -      -      level 2, slot 21
//!   slot lasts   9 y  52 d   20 h  18 min  17 s  268 ms  4.2 ms  66 us
//! ```
//!
//! Usual wheels keep a list in each slot, which says neither who is first in it nor in which order
//! its members fall due, and move each member down level by level as its time comes. Here a slot
//! keeps a pairing heap (`heap`): its root is exactly the earliest, the others stand in no order
//! until they are asked for, and a member stays where it was put. Arming costs one comparison,
//! disarming a member that is not first hardly more, and whole slots need never be touched again.
//!
//! The wheel's time follows the clock, but not beyond the first deadline, and never goes back. So a
//! deadline and the wheel's time always agree in all digits above the deadline's level: time that
//! has moved since stands between what it was and the deadline, and past a deadline it stands
//! still. Hence the deadlines of one level differ in its digit first, its earliest is in its lowest
//! slot in use, and the earliest of all is one of at most eight.

mod heap;

use super::Instant;
use heap::{Heaps, NONE};

/// Deadlines of entries, each of which has a key to be called by.
pub struct Wheel<K> {
    heaps: Heaps<K>,
    /// The wheel's time, in ticks.
    time: u64,
    /// By level, the slots in use, one bit each.
    occupied: [u64; LEVELS],
    /// The root of each slot's heap, or `NONE`; level by level.
    roots: Box<[u32; LEVELS * SLOTS]>,
    /// Whose deadline comes first, or `NONE`.
    first: u32,
}

/// A place in a wheel, until it is removed.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Entry(u32);

impl<K: Copy> Wheel<K> {
    /// A wheel of no entries, at the beginning of time.
    pub fn new() -> Wheel<K> {
        Wheel {
            heaps: Heaps::new(),
            time: 0,
            occupied: [0; LEVELS],
            roots: Box::new([NONE; LEVELS * SLOTS]),
            first: NONE,
        }
    }

    /// Makes an entry, not armed.
    ///
    /// # Panics
    ///
    /// If there are 2^32 - 1 of them.
    pub fn add(&mut self, key: K) -> Entry {
        Entry(self.heaps.add(key))
    }

    /// Ends an entry, armed or not.
    ///
    /// # Panics
    ///
    /// If it has ended before.
    pub fn remove(&mut self, e: Entry) {
        self.disarm(e);
        self.heaps.remove(e.0);
    }

    /// Sets an entry's deadline, in place of any it had.
    pub fn arm(&mut self, e: Entry, at: Instant) {
        let was_first = self.take_out(e.0);
        let slot = self.slot(at);
        let root = self.roots[slot];
        self.roots[slot] = self.heaps.insert(root, e.0, at, slot as u16);
        self.occupied[slot / SLOTS] |= 1 << (slot % SLOTS);
        if was_first {
            self.first = self.find_first();
        } else if self.first == NONE || self.heaps.is_before(e.0, self.first) {
            self.first = e.0;
        }
    }

    /// Sets an entry's deadline, or takes it away.
    pub fn set(&mut self, e: Entry, deadline: Option<Instant>) {
        match deadline {
            Some(at) => self.arm(e, at),
            None => self.disarm(e),
        }
    }

    /// Takes an entry's deadline away, if it has one.
    pub fn disarm(&mut self, e: Entry) {
        if self.take_out(e.0) {
            self.first = self.find_first();
        }
    }

    /// An entry's deadline.
    pub fn armed(&self, e: Entry) -> Option<Instant> {
        self.heaps.deadline(e.0)
    }

    /// The earliest deadline.
    pub fn next(&self) -> Option<Instant> {
        match self.first {
            NONE => None,
            first => self.heaps.deadline(first),
        }
    }

    /// Disarms the entry whose deadline is the earliest, if it is not after `now`, and returns its
    /// key. Called until it returns `None`, it yields all that is due in the order of deadlines,
    /// and of equal deadlines in one order that is the same in every run.
    pub fn expire(&mut self, now: Instant) -> Option<K> {
        let next = self.next();
        let reached = next.map_or(now, |next| next.min(now));
        self.time = self.time.max(ticks(reached));
        if next? > now {
            return None;
        }
        let first = self.first;
        self.disarm(Entry(first));
        Some(self.heaps.key(first))
    }

    /// How many entries there are, armed or not.
    pub fn len(&self) -> usize {
        self.heaps.len()
    }

    /// Whether there are no entries.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes an entry out of its slot, if it is in one; says whether it was the first of all, so
    /// that another one must be found.
    fn take_out(&mut self, e: u32) -> bool {
        let Some(slot) = self.heaps.slot(e).map(usize::from) else {
            return false;
        };
        self.roots[slot] = self.heaps.take_out(self.roots[slot], e);
        if self.roots[slot] == NONE {
            self.occupied[slot / SLOTS] &= !(1 << (slot % SLOTS));
        }
        self.first == e
    }

    /// Where a deadline belongs, as a place in `roots`.
    fn slot(&self, at: Instant) -> usize {
        let at = ticks(at);
        // Two numbers of 48 bits differ in one of eight digits, the lowest if in none.
        let level = ((at ^ self.time) | 1).ilog2() / DIGIT;
        let digit = (at >> (level * DIGIT)) as usize % SLOTS;
        level as usize * SLOTS + digit
    }

    /// The entry with the earliest deadline, or `NONE`.
    fn find_first(&self) -> u32 {
        let mut first = NONE;
        for (level, &occupied) in self.occupied.iter().enumerate() {
            if occupied != 0 {
                let lowest = occupied.trailing_zeros() as usize;
                // A bit's number is below 64, the number of slots.
                let root = self.roots[level * SLOTS + lowest];
                if first == NONE || self.heaps.is_before(root, first) {
                    first = root;
                }
            }
        }
        first
    }
}

impl<K: Copy> Default for Wheel<K> {
    fn default() -> Wheel<K> {
        Wheel::new()
    }
}

impl<K: Copy> std::fmt::Debug for Wheel<K> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Wheel({} entries, next ", self.len())?;
        match self.next() {
            Some(at) => write!(f, "{at})"),
            None => f.write_str("never)"),
        }
    }
}

/// The tick in which an instant lies.
const fn ticks(at: Instant) -> u64 {
    at.as_nanos() >> TICK_BITS
}

/// A tick is 2^16 ns, about 66 microseconds.
const TICK_BITS: u32 = 16;
/// Bits of a level's digit.
const DIGIT: u32 = 6;
/// Slots of a level: as many as a digit has values, and a word has bits.
const SLOTS: usize = 1 << DIGIT;
/// Digits of an instant's number of ticks.
const LEVELS: usize = ((u64::BITS - TICK_BITS) / DIGIT) as usize;
const _: () = assert!(LEVELS as u32 * DIGIT + TICK_BITS == u64::BITS);
const _: () = assert!(SLOTS as u32 == u64::BITS);

#[cfg(test)]
mod tests;
