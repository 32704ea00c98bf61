//! Bytes received and not read yet, in order and beyond holes, in one ring.
//!
//! Text goes to its place the moment it comes, so memory does not depend on how the peer cut it
//! into segments, and a byte that is there is never replaced by a later copy.

use crate::base::Pieces;
use crate::base::ring::Ring;

use super::reassembly::{Reassembly, Taken};

/// What waits for the reader.
#[derive(Debug, Default)]
pub struct ReceiveBuffer {
    ring: Ring,
    holes: Reassembly,
    /// The stream offset of the first byte that the reader has not taken.
    read: u64,
    /// The stream offset of RCV.NXT's byte: all before it is in order.
    next: u64,
    /// Where the peer's FIN stands, once it is known.
    fin: Option<u64>,
}

impl ReceiveBuffer {
    /// Takes text that begins at RCV.NXT or up to a window after it.
    pub fn insert(&mut self, offset: u64, text: Pieces<'_>) -> Taken {
        let range = offset..offset + text.len() as u64;
        let at = (offset - self.read) as usize;
        if offset == self.next && self.holes.is_empty() {
            // The common case: nothing is missing and nothing lies beyond.
            self.ring.write_at(at, text);
            return self.advance(text.len() as u64);
        }
        // What is there already stays as it came first: only the gaps are written. Bytes of a
        // segment that `holes` then refuses lie where nothing is promised.
        let mut done = range.start;
        for known in self.holes.overlapping(done..range.end) {
            self.ring.write_at(
                (done - self.read) as usize,
                text.slice(
                    (done - offset) as usize,
                    (known.start.max(done) - offset) as usize,
                ),
            );
            done = known.end;
        }
        if done < range.end {
            self.ring.write_at(
                (done - self.read) as usize,
                text.slice((done - offset) as usize, text.len()),
            );
        }
        match self.holes.insert(range, self.next) {
            Taken::InOrder(len) => self.advance(len),
            other => other,
        }
    }

    fn advance(&mut self, len: u64) -> Taken {
        self.ring.extend(len as usize);
        self.next += len;
        Taken::InOrder(len)
    }

    /// Copies to the reader and lets go of what it took. Returns how many bytes.
    pub fn read(&mut self, buf: &mut [u8]) -> usize {
        let taken = self.ring.read(buf);
        self.read += taken as u64;
        taken
    }

    /// Copies to the front of `buf` what the reader would get, and leaves it here. Returns how many
    /// bytes.
    pub fn peek(&self, buf: &mut [u8]) -> usize {
        let len = buf.len().min(self.ring.len());
        if let Some(buf) = buf.get_mut(..len) {
            self.ring.pieces(0, len).copy_to(buf);
        }
        len
    }

    /// Bytes in order that wait for the reader.
    pub fn unread(&self) -> usize {
        self.ring.len()
    }

    /// The stream offset of RCV.NXT's byte.
    pub fn next(&self) -> u64 {
        self.next
    }

    /// What is there beyond the first hole.
    pub fn holes(&self) -> &Reassembly {
        &self.holes
    }

    /// Remembers where the peer's FIN stands. Only the first place counts: a second FIN elsewhere
    /// is a lie.
    pub fn note_fin(&mut self, offset: u64) {
        self.fin.get_or_insert(offset);
    }

    /// Where the peer's FIN stands, once it is known.
    pub fn fin(&self) -> Option<u64> {
        self.fin
    }

    /// Whether it has memory and nothing in it, not even beyond a hole; a segment that was refused
    /// may have left bytes there that nobody was promised.
    pub fn holds_spare(&self) -> bool {
        self.ring.is_empty() && self.holes.is_empty() && self.ring.capacity() > 0
    }

    /// Gives back memory with nothing in it.
    pub fn release_spare(&mut self) {
        if self.holds_spare() {
            self.ring = Ring::new();
        }
    }

    /// Nobody will read any of it: the memory goes back.
    pub fn discard(&mut self) {
        self.ring = Ring::new();
        self.holes.clear();
        self.read = self.next;
    }
}

#[cfg(test)]
mod tests;
