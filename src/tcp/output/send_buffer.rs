//! Bytes that the application gave and the peer has not acknowledged, and where our FIN stands.
//!
//! A ring whose first byte is the oldest unacknowledged one, and between its bytes buffers that the
//! application has left with us; a segment borrows its text from here.

use crate::base::ring::Ring;
use crate::base::{Bytes, Pieces, Rest, Resting, SeqNum, SeqRange};

use super::left::{Left, Place, join};

/// What waits to be sent or acknowledged.
#[derive(Debug)]
pub struct SendBuffer {
    kept: Resting<Kept>,
    len: u32,
    /// The sequence number of the first byte.
    start: SeqNum,
    /// The application will give no more: our FIN follows the last byte.
    closed: bool,
    /// The most bytes it was allowed to hold so far.
    limit: u32,
}

/// The bytes: nothing of it is there as long as none wait.
#[derive(Debug, Default)]
struct Kept {
    /// What was copied.
    ring: Ring,
    /// What was not.
    left: Option<Left>,
}

impl Rest for Kept {
    const AT_REST: &'static Kept = &Kept {
        ring: Ring::new(),
        left: None,
    };
}

impl SendBuffer {
    /// Empty; the first byte will have sequence number `start`, ISS + 1. `limit` is how many bytes
    /// it may hold at first.
    pub fn new(start: SeqNum, limit: u32) -> SendBuffer {
        SendBuffer {
            kept: Resting::default(),
            len: 0,
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
        self.kept.wake().ring.append(bytes);
        self.len += bytes.len() as u32;
    }

    /// The same without a copy, if that is worth it: they are held until they are acknowledged.
    pub fn append_owned(&mut self, bytes: Bytes) {
        if bytes.len() < WORTH_HOLDING {
            return self.append(&bytes);
        }
        let (end, len) = (self.end(), bytes.len() as u32);
        let left = self.kept.wake().left.get_or_insert_default();
        left.push(end, bytes);
        self.len += len;
    }

    /// How many bytes are kept.
    pub fn len(&self) -> usize {
        self.len as usize
    }

    /// Whether no byte is kept.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The sequence number after the last byte: where our FIN stands, or will.
    pub fn end(&self) -> SeqNum {
        self.start + self.len
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

    /// How much text a range has; a FIN at its end has none.
    pub fn text_len(&self, range: SeqRange) -> u32 {
        let from = range.start.since(self.start).min(self.len);
        from.saturating_add(range.len).min(self.len) - from
    }

    /// The text of a range. Where it lies in more than two places, it is that of its beginning:
    /// see [`SendBuffer::lendable`].
    pub fn pieces(&self, range: SeqRange) -> Pieces<'_> {
        let len = self.text_len(range);
        if len == 0 {
            return Pieces::EMPTY;
        }
        match &self.kept.left {
            None => {
                let from = range.start.since(self.start) as usize;
                self.kept.ring.pieces(from, from + len as usize)
            }
            Some(left) => {
                let first = self.one_place(left, range.start, len);
                let rest = len - first.len() as u32;
                let second = match rest {
                    0 => Pieces::EMPTY,
                    _ => self.one_place(left, range.start + (len - rest), rest),
                };
                join(first, second)
            }
        }
    }

    /// Text of at most `len` bytes from `at` on that lies in one place.
    fn one_place<'a>(&'a self, left: &'a Left, at: SeqNum, len: u32) -> Pieces<'a> {
        match left.find(at) {
            Place::Left(bytes) => Pieces::one(bytes).slice(0, len as usize),
            Place::Copied { before, until } => {
                let len = until.map_or(len, |until| until.since(at).min(len));
                let from = at.since(self.start) as usize - before;
                self.kept.ring.pieces(from, from + len as usize)
            }
        }
    }

    /// So much of a range as can be lent at once: all of it, unless it is text that lies in more
    /// than two places.
    pub fn lendable(&self, range: SeqRange) -> SeqRange {
        if self.kept.left.is_none() {
            return range;
        }
        let (text, lent) = (self.text_len(range), self.pieces(range).len() as u32);
        SeqRange {
            start: range.start,
            len: if lent < text { lent } else { range.len },
        }
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
        let bytes = una.since(self.start).min(self.len);
        let una = self.start + bytes;
        while self.start != una {
            let count = self.release_place(una);
            self.start += count;
        }
        self.len -= bytes;
        bytes as usize
    }

    /// Lets go of what lies in the first place, up to `una`: how many bytes.
    fn release_place(&mut self, una: SeqNum) -> u32 {
        let kept = self.kept.wake();
        let copied_until = match &mut kept.left {
            None => una,
            Some(left) => match left.release(self.start, una) {
                Ok(count) => return count,
                Err(next) => next.map_or(una, |next| next.earlier_of(una)),
            },
        };
        let count = copied_until.since(self.start);
        kept.ring.consume(count as usize);
        count
    }

    /// Whether it has memory.
    pub fn holds_memory(&self) -> bool {
        !self.kept.is_resting()
    }

    /// Whether it has memory and nothing in it.
    pub fn holds_spare(&self) -> bool {
        self.len == 0 && (self.kept.ring.capacity() > 0 || self.kept.left.is_some())
    }

    /// Gives back memory with nothing in it.
    pub fn release_spare(&mut self) {
        if self.holds_spare() {
            self.kept.rest();
        }
    }

    /// Nothing of it will ever be sent: the memory goes back.
    pub fn discard(&mut self) {
        self.start = self.end();
        self.len = 0;
        self.kept.rest();
    }
}

/// Shorter ones are copied, in bytes: a place of its own costs more.
const WORTH_HOLDING: usize = 4 << 10;

#[cfg(test)]
mod tests;
