//! Bytes that the application gave and the peer has not acknowledged, and where our FIN stands.
//!
//! A ring whose first byte is the oldest unacknowledged one; a segment borrows its text from here.

use crate::base::ring::Ring;
use crate::base::{Pieces, SeqNum, SeqRange};

/// What waits to be sent or acknowledged.
#[derive(Debug)]
pub struct SendBuffer {
    ring: Ring,
    /// The sequence number of the ring's first byte.
    start: SeqNum,
    /// The application will give no more: our FIN follows the last byte.
    closed: bool,
    /// The most bytes it was allowed to hold so far.
    limit: u32,
}

impl SendBuffer {
    /// Empty; the first byte will have sequence number `start`, ISS + 1. `limit` is how many bytes
    /// it may hold at first.
    pub fn new(start: SeqNum, limit: u32) -> SendBuffer {
        SendBuffer {
            ring: Ring::new(),
            start,
            closed: false,
            limit,
        }
    }

    /// How many bytes it may hold while the congestion window is `cwnd`: twice that, up to `max`.
    /// One window is on its way, and one waits, so that there is something to let go whenever
    /// acknowledgments open the window. house!("send-buffer")
    pub fn limit_for(&self, cwnd: u64, max: u32) -> u32 {
        let wanted = u32::try_from(cwnd.saturating_mul(2)).unwrap_or(u32::MAX);
        self.limit.max(wanted.min(max))
    }

    /// Grows to hold so many, and does not shrink again.
    pub fn grow_to(&mut self, limit: u32) {
        self.limit = self.limit.max(limit);
    }

    /// Begins again with a limit that was asked for; what it holds already stays.
    pub fn set_limit(&mut self, limit: u32) {
        self.limit = limit;
    }

    /// Takes more bytes; the caller bounds how many.
    pub fn append(&mut self, bytes: &[u8]) {
        self.ring.append(bytes);
    }

    /// How many bytes are kept.
    pub fn len(&self) -> usize {
        self.ring.len()
    }

    /// Whether no byte is kept.
    pub fn is_empty(&self) -> bool {
        self.ring.is_empty()
    }

    /// The sequence number after the last byte: where our FIN stands, or will.
    pub fn end(&self) -> SeqNum {
        self.start + self.ring.len() as u32
    }

    /// No more will come.
    pub fn close(&mut self) {
        self.closed = true;
    }

    /// Whether no more will come.
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    /// The sequence number after all that there is to send, a FIN counted.
    pub fn limit(&self) -> SeqNum {
        self.end() + u32::from(self.closed)
    }

    /// The text of a range; a FIN at its end has none.
    pub fn pieces(&self, range: SeqRange) -> Pieces<'_> {
        let from = range.start.since(self.start) as usize;
        let to = (from + range.len as usize).min(self.ring.len());
        self.ring.pieces(from.min(to), to)
    }

    /// Whether a range ends in our FIN.
    pub fn has_fin(&self, range: SeqRange) -> bool {
        self.closed && range.end().after(self.end())
    }

    /// All before `una` is acknowledged. Returns how many bytes of text were let go.
    pub fn release(&mut self, una: SeqNum) -> usize {
        if una.at_or_before(self.start) {
            return 0;
        }
        let bytes = (una.since(self.start) as usize).min(self.ring.len());
        self.ring.consume(bytes);
        self.start += bytes as u32;
        bytes
    }

    /// Whether it has memory and nothing in it.
    pub fn holds_spare(&self) -> bool {
        self.ring.is_empty() && self.ring.capacity() > 0
    }

    /// Gives back memory with nothing in it.
    pub fn release_spare(&mut self) {
        if self.holds_spare() {
            self.ring = Ring::new();
        }
    }

    /// Nothing of it will ever be sent: the memory goes back.
    pub fn discard(&mut self) {
        self.start = self.end();
        self.ring = Ring::new();
    }
}

#[cfg(test)]
mod tests;
