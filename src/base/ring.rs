//! A byte ring that grows: what a connection has yet to send, or to be read.
//!
//! Offsets count from the oldest byte, the head. Bytes up to `len` count; beyond it some may be
//! kept already, between holes, until `extend` makes them count: so received text goes straight to
//! its place, in whatever order it comes, and memory does not depend on how it was cut.
//!
//! ```text
//!            head              len            reach         capacity
//!   offset    0 | | | | | | | | |             |               |
//!   bytes       | these count   |  hole  kept |     free      |
//! ```
//!
//! The memory is a power of two, so that a place is found with one AND; it doubles on demand, and
//! whoever owns the ring bounds it by bounding what goes in. An unused ring has none.

use super::Pieces;

/// Bytes in order, in one piece of memory that closes upon itself.
#[derive(Clone, Default)]
pub struct Ring {
    /// As many bytes as the capacity: 0 or a power of two.
    memory: Vec<u8>,
    /// Where in `memory` offset 0 lies.
    head: usize,
    len: usize,
    /// The end of the furthest byte written; at least `len`, at most the capacity.
    reach: usize,
}

impl Ring {
    /// A ring of no bytes that has no memory.
    pub const fn new() -> Ring {
        Ring {
            memory: Vec::new(),
            head: 0,
            len: 0,
            reach: 0,
        }
    }

    /// How many bytes count.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether no bytes count; some may be kept beyond a hole.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// For how many bytes there is memory.
    pub const fn capacity(&self) -> usize {
        self.memory.len()
    }

    /// Puts bytes at the end, where they count at once.
    pub fn append(&mut self, bytes: &[u8]) {
        self.reserve(self.len + bytes.len());
        self.copy_in(self.len, bytes);
        self.len += bytes.len();
        self.reach = self.reach.max(self.len);
    }

    /// Puts bytes at `offset`, which may lie beyond the end; they do not count yet.
    pub fn write_at(&mut self, offset: usize, bytes: Pieces<'_>) {
        if bytes.is_empty() {
            return;
        }
        let end = offset + bytes.len();
        self.reserve(end);
        self.copy_in(offset, bytes.0);
        self.copy_in(offset + bytes.0.len(), bytes.1);
        self.reach = self.reach.max(end);
    }

    /// Lets the `n` bytes after the end count.
    ///
    /// # Panics
    ///
    /// If nothing was ever written so far out.
    pub fn extend(&mut self, n: usize) {
        assert!(n <= self.reach - self.len, "written by write_at before");
        self.len += n;
    }

    /// The bytes from offset `from` up to `to`.
    ///
    /// # Panics
    ///
    /// If they do not all count.
    pub fn pieces(&self, from: usize, to: usize) -> Pieces<'_> {
        assert!(from <= to && to <= self.len, "a range within the ring");
        if from == to {
            return Pieces::EMPTY;
        }
        let (older, newer) = self.memory.split_at(self.head);
        Pieces(newer, older).slice(from, to)
    }

    /// Drops the `n` oldest bytes.
    ///
    /// # Panics
    ///
    /// If fewer count.
    pub fn consume(&mut self, n: usize) {
        assert!(n <= self.len, "no more than there is");
        self.len -= n;
        self.reach -= n;
        // An empty ring starts again at the front, so that what comes next lies in one piece.
        self.head = if self.reach == 0 { 0 } else { self.place(n) };
    }

    /// Moves the oldest bytes to `buf`, as many as fit, and says how many.
    pub fn read(&mut self, buf: &mut [u8]) -> usize {
        let n = self.len.min(buf.len());
        self.pieces(0, n).copy_to(buf);
        self.consume(n);
        n
    }

    /// Makes room for bytes up to offset `end`.
    fn reserve(&mut self, end: usize) {
        if end <= self.capacity() {
            return;
        }
        // Zeroed memory costs nothing here: the system hands out large pieces that way.
        let mut memory = vec![0; end.next_power_of_two().max(CAPACITY_MIN)];
        let (older, newer) = self.memory.split_at(self.head);
        Pieces(newer, older)
            .slice(0, self.reach)
            .copy_to(&mut memory);
        self.memory = memory;
        self.head = 0;
    }

    /// Copies bytes to where there is room for them.
    fn copy_in(&mut self, offset: usize, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        let at = self.place(offset);
        let until_end = bytes.len().min(self.capacity() - at);
        let (first, second) = bytes.split_at(until_end);
        // `place` lies within the memory, and `reserve` has seen to it that the bytes fit.
        self.memory[at..at + until_end].copy_from_slice(first);
        self.memory[..second.len()].copy_from_slice(second);
    }

    /// Where in memory an offset lies. There must be memory.
    fn place(&self, offset: usize) -> usize {
        (self.head + offset) & (self.capacity() - 1)
    }
}

/// What it holds is the application's: it prints its measures.
impl std::fmt::Debug for Ring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ring")
            .field("len", &self.len)
            .field("reach", &self.reach)
            .field("capacity", &self.capacity())
            .finish()
    }
}

/// The first memory a ring gets, in bytes: a page.
const CAPACITY_MIN: usize = 4096;

#[cfg(test)]
mod tests;
