//! Bytes received and not read yet, in order and beyond holes.
//!
//! Text goes to its place the moment it comes, so memory does not depend on how the peer cut it
//! into segments, and a byte that is there is never replaced by a later copy. Only long text in
//! order may stay where the device has put it, as chunks between what the ring holds:
//!
//! ```text
//!   read                                            next (RCV.NXT)
//!    | ring | chunk | chunk |     ring     | chunk |    hole    | ring |
//! ```

use std::collections::VecDeque;
use std::num::NonZeroU64;
use std::ops::Range;

use crate::base::ring::Ring;
use crate::base::{Chunk, Pieces, Rest, Resting};

use super::reassembly::{Reassembly, Taken};

/// What waits for the reader.
#[derive(Debug, Default)]
pub struct ReceiveBuffer {
    kept: Resting<Kept>,
    /// The stream offset of the first byte that the reader has not taken.
    read: u64,
    /// The stream offset of RCV.NXT's byte: all before it is in order.
    next: u64,
    /// Where the peer's FIN stands, once it is known: one more than that.
    fin: Option<NonZeroU64>,
}

/// Text, and what is known of it: nothing of it is there as long as nothing waits.
#[derive(Debug, Default)]
struct Kept {
    /// All that is in order and in no chunk, and what lies beyond holes.
    ring: Ring,
    holes: Reassembly,
    /// Text that stays where the device has put it, by the stream offset of its first byte: in
    /// order, and all before `next`.
    chunks: Option<VecDeque<(u64, Chunk)>>,
}

impl Rest for Kept {
    const AT_REST: &'static Kept = &Kept {
        ring: Ring::new(),
        holes: Reassembly::NONE,
        chunks: None,
    };
}

impl ReceiveBuffer {
    /// Takes text that begins at RCV.NXT or up to a window after it.
    pub fn insert(&mut self, offset: u64, text: Pieces<'_>) -> Taken {
        let range = offset..offset + text.len() as u64;
        let Kept { ring, holes, .. } = self.kept.wake();
        if offset == self.next && holes.is_empty() {
            // The common case: nothing is missing and nothing lies beyond.
            ring.write_at(ring.len(), text);
            ring.extend(text.len());
            self.next += text.len() as u64;
            return Taken::InOrder(text.len() as u64);
        }
        // What is there already stays as it came first: only the gaps are written. Bytes of a
        // segment that `holes` then refuses lie where nothing is promised.
        let place = ring.len();
        let at = |offset: u64| place + (offset - self.next) as usize;
        let mut done = range.start;
        for known in holes.overlapping(done..range.end) {
            ring.write_at(
                at(done),
                text.slice(
                    (done - offset) as usize,
                    (known.start.max(done) - offset) as usize,
                ),
            );
            done = known.end;
        }
        if done < range.end {
            ring.write_at(at(done), text.slice((done - offset) as usize, text.len()));
        }
        match holes.insert(range, self.next) {
            Taken::InOrder(len) => self.advance(len),
            other => other,
        }
    }

    /// Takes text that begins at RCV.NXT where it lies; `false` if something is missing before what
    /// lies beyond it: then it has to be copied.
    pub fn keep(&mut self, chunk: Chunk) -> bool {
        if !self.kept.holes.is_empty() {
            return false;
        }
        let offset = self.next;
        self.next += chunk.len() as u64;
        let chunks = self.kept.wake().chunks.get_or_insert_default();
        chunks.push_back((offset, chunk));
        true
    }

    fn advance(&mut self, len: u64) -> Taken {
        self.kept.wake().ring.extend(len as usize);
        self.next += len;
        Taken::InOrder(len)
    }

    /// Copies to the reader and lets go of what it took. Returns how many bytes.
    pub fn read(&mut self, buf: &mut [u8]) -> usize {
        let mut filled = 0;
        while let Some(room) = buf.get_mut(filled..).filter(|room| !room.is_empty()) {
            let taken = match self.chunk() {
                Some(chunk) => {
                    let len = room.len().min(chunk.len());
                    let (room, _) = room.split_at_mut(len);
                    room.copy_from_slice(chunk.get(..len).unwrap_or_default());
                    chunk.advance(len);
                    len
                }
                None => {
                    let len = room.len().min(self.before_chunk());
                    let room = room.get_mut(..len).unwrap_or_default();
                    self.kept.awake().map_or(0, |kept| kept.ring.read(room))
                }
            };
            if taken == 0 {
                break;
            }
            self.took(taken);
            filled += taken;
        }
        filled
    }

    /// Hands the chunk over that the reader would get next; `None` if it is in no chunk.
    pub fn take_chunk(&mut self) -> Option<Chunk> {
        self.next_chunk()?;
        let chunks = self.kept.awake()?.chunks.as_mut()?;
        let (_, chunk) = chunks.pop_front()?;
        self.read += chunk.len() as u64;
        Some(chunk)
    }

    /// How long the chunk is that the reader would get next.
    pub fn next_chunk(&self) -> Option<usize> {
        let (start, chunk) = self.kept.chunks.as_ref()?.front()?;
        (*start == self.read).then_some(chunk.len())
    }

    /// The first chunk, if nothing lies before it.
    fn chunk(&mut self) -> Option<&mut Chunk> {
        let (start, chunk) = self.kept.awake()?.chunks.as_mut()?.front_mut()?;
        (*start == self.read).then_some(chunk)
    }

    /// How many bytes of the ring lie before the first chunk.
    fn before_chunk(&self) -> usize {
        let first = self.kept.chunks.as_ref().and_then(|chunks| chunks.front());
        first.map_or(self.kept.ring.len(), |(start, _)| {
            (start - self.read) as usize
        })
    }

    /// The reader has taken so many bytes, all from one place.
    fn took(&mut self, len: usize) {
        self.read += len as u64;
        let Some(chunks) = self.kept.awake().and_then(|kept| kept.chunks.as_mut()) else {
            return;
        };
        if let Some((start, chunk)) = chunks.front_mut()
            && *start < self.read
        {
            *start = self.read;
            if chunk.is_empty() {
                chunks.pop_front();
            }
        }
    }

    /// Copies to the front of `buf` what the reader would get, and leaves it here. Returns how many
    /// bytes.
    pub fn peek(&self, buf: &mut [u8]) -> usize {
        let mut chunks = self.kept.chunks.iter().flat_map(|chunks| chunks.iter());
        let (mut filled, mut at, mut in_ring) = (0, self.read, 0);
        while filled < buf.len() {
            let room = &mut buf[filled..];
            let next = chunks.next();
            let end = next.map_or(self.next, |(start, _)| *start);
            let len = room.len().min((end - at) as usize);
            self.kept.ring.pieces(in_ring, in_ring + len).copy_to(room);
            in_ring += len;
            filled += len;
            let Some((start, chunk)) = next else {
                break;
            };
            let room = &mut buf[filled..];
            let len = room.len().min(chunk.len());
            room[..len].copy_from_slice(&chunk[..len]);
            filled += len;
            at = start + chunk.len() as u64;
        }
        filled
    }

    /// Bytes in order that wait for the reader.
    pub fn unread(&self) -> usize {
        (self.next - self.read) as usize
    }

    /// The stream offset of RCV.NXT's byte.
    pub fn next(&self) -> u64 {
        self.next
    }

    /// Whether there may be something beyond a hole: quick to say, and mostly not.
    pub fn may_have_reports(&self) -> bool {
        self.fin.is_some() || self.kept.get().is_some_and(|kept| !kept.holes.is_empty())
    }

    /// What is there beyond the first hole.
    pub fn holes(&self) -> &Reassembly {
        &self.kept.holes
    }

    /// Remembers where the peer's FIN stands. Only the first place counts: a second FIN elsewhere
    /// is a lie.
    pub fn note_fin(&mut self, offset: u64) {
        self.fin = self.fin.or(NonZeroU64::new(offset + 1));
    }

    /// Where the peer's FIN stands, once it is known.
    pub fn fin(&self) -> Option<u64> {
        self.fin.map(|after| after.get() - 1)
    }

    /// What waits beyond holes, in the order of RFC 2018 section 4, a FIN with it: section 3 counts
    /// sequence numbers, of which a FIN has one.
    pub fn reports(&self) -> impl Iterator<Item = Range<u64>> + '_ {
        let fin = self.fin().filter(|fin| *fin > self.next());
        let joined = move |range: Range<u64>| match fin {
            Some(fin) if range.end == fin => range.start..fin + 1,
            _ => range,
        };
        let holes = self.holes();
        let is_joined = move |fin: &u64| holes.sack_blocks().any(|range| range.end == *fin);
        let alone = fin.filter(|fin| !is_joined(fin)).map(|fin| fin..fin + 1);
        holes.sack_blocks().map(joined).chain(alone)
    }

    /// Whether it has memory.
    pub fn holds_memory(&self) -> bool {
        !self.kept.is_resting()
    }

    /// Whether it has memory and nothing in it, not even beyond a hole; a segment that was refused
    /// may have left bytes there that nobody was promised.
    pub fn holds_spare(&self) -> bool {
        let has_memory = self.kept.ring.capacity() > 0 || self.kept.chunks.is_some();
        self.unread() == 0 && self.kept.holes.is_empty() && has_memory
    }

    /// Gives back memory with nothing in it.
    pub fn release_spare(&mut self) {
        if self.holds_spare() {
            self.kept.rest();
        }
    }

    /// Nobody will read any of it: the memory goes back.
    pub fn discard(&mut self) {
        self.kept.rest();
        self.read = self.next;
    }
}

#[cfg(test)]
mod tests;
