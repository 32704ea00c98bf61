//! Reading with at most one copy of ours, or none: chunks that stay where the device has put them
//! are taken under the lock, and copied, or lent, without it.

use std::io;
use std::task::Poll;

use super::shared::Held;
use super::socket::Socket;
use super::waiters::Waiter;
use crate::base::Chunk;
use crate::stack::ConnId;

/// Chunks that are about to be copied to a reader.
#[derive(Debug, Default)]
pub(super) struct Taken {
    chunks: [Option<Chunk>; TAKEN_MAX],
    len: usize,
}

impl Taken {
    /// Takes what comes next, as far as it lies in chunks that fit as they are.
    pub fn take(&mut self, held: &mut Held<'_>, id: ConnId, room: usize) {
        for place in &mut self.chunks {
            let next = held.stack.next_chunk(id);
            if next.is_none_or(|len| len > room - self.len) {
                return;
            }
            *place = held.stack.read_chunk(held.now, id);
            self.len += place.as_ref().map_or(0, |chunk| chunk.len());
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Copies them to the front of `buf`. Returns how many bytes; 0: none were taken.
    pub fn copy_to(&self, buf: &mut [u8]) -> usize {
        let mut rest = buf;
        for chunk in self.chunks.iter().flatten() {
            let (place, behind) = rest.split_at_mut(chunk.len());
            place.copy_from_slice(chunk);
            rest = behind;
        }
        self.len
    }
}

/// What was taken from a connection and is lent.
#[derive(Debug, Default)]
pub(super) struct Lent {
    chunk: Option<Chunk>,
    /// What lay in no chunk: it was copied once, and is copied once more. It is short.
    copied: Vec<u8>,
    /// What of that is lent still.
    from: usize,
    to: usize,
}

impl Lent {
    /// What is lent now.
    pub fn bytes(&self) -> &[u8] {
        match &self.chunk {
            Some(chunk) => chunk,
            None => self.copied.get(self.from..self.to).unwrap_or_default(),
        }
    }

    /// The first `count` bytes are not needed any more.
    pub fn consume(&mut self, count: usize) {
        match &mut self.chunk {
            Some(chunk) => {
                chunk.advance(count);
                if chunk.is_empty() {
                    self.chunk = None;
                }
            }
            None => self.from = self.from.saturating_add(count).min(self.to),
        }
    }

    /// Sees to it that something is lent. Nothing is, once the stream has come to its end.
    pub fn poll_fill(&mut self, socket: &Socket, waiter: Waiter<'_>) -> Poll<io::Result<()>> {
        if !self.bytes().is_empty() {
            return Poll::Ready(Ok(()));
        }
        (self.from, self.to) = (0, 0);
        socket.poll(|held| {
            self.chunk = held.stack.read_chunk(held.now, socket.id());
            if self.chunk.is_some() {
                return Poll::Ready(Ok(()));
            }
            self.copied.resize(COPIED, 0);
            let read = socket.read(held, waiter, &mut self.copied);
            read.map_ok(|len| self.to = len)
        })
    }
}

/// As many as come in one batch, mostly.
const TAKEN_MAX: usize = 8;
/// As much as one packet brings, in bytes.
const COPIED: usize = 64 << 10;
