//! Text that the application has left with us instead of having it copied: buffers in the order of
//! their bytes, each somewhere among those that were copied.

use std::collections::VecDeque;

use crate::base::{Bytes, Pieces, SeqNum};

/// Buffers that are not all acknowledged.
#[derive(Debug, Default)]
pub struct Left {
    buffers: VecDeque<Buffer>,
    /// Bytes of buffers that were let go, and bytes that ever came in any.
    released: u64,
    total: u64,
}

#[derive(Debug)]
struct Buffer {
    /// The sequence number of its first byte.
    at: SeqNum,
    bytes: Bytes,
    /// How many bytes ever came in buffers before it.
    before: u64,
}

/// Where a byte is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place<'a> {
    /// In a buffer, of which this is the rest.
    Left(&'a [u8]),
    /// Among what was copied: so many bytes of what waits before it are in buffers, and the next
    /// buffer, if there is one, begins there.
    Copied {
        before: usize,
        until: Option<SeqNum>,
    },
}

impl Left {
    /// Takes a buffer whose first byte is to be sent as `at`.
    pub fn push(&mut self, at: SeqNum, bytes: Bytes) {
        let before = self.total;
        self.total += bytes.len() as u64;
        self.buffers.push_back(Buffer { at, bytes, before });
    }

    /// Where the byte `at` is, which must wait.
    pub fn find(&self, at: SeqNum) -> Place<'_> {
        let is_over = |buffer: &Buffer| (buffer.at + buffer.bytes.len() as u32).at_or_before(at);
        let next = self.buffers.partition_point(is_over);
        match self.buffers.get(next) {
            Some(buffer) if buffer.at.at_or_before(at) => {
                let from = at.since(buffer.at) as usize;
                Place::Left(buffer.bytes.get(from..).unwrap_or_default())
            }
            Some(buffer) => Place::Copied {
                before: (buffer.before - self.released) as usize,
                until: Some(buffer.at),
            },
            None => Place::Copied {
                before: (self.total - self.released) as usize,
                until: None,
            },
        }
    }

    /// Lets go of what of the first buffer is before `una`, if `start` is the first byte that waits
    /// and is in it: how many bytes. `None`: it is not, and this is where the first buffer begins.
    pub fn release(&mut self, start: SeqNum, una: SeqNum) -> Result<u32, Option<SeqNum>> {
        let Some(first) = self.buffers.front_mut() else {
            return Err(None);
        };
        if first.at != start {
            return Err(Some(first.at));
        }
        let count = una.since(start).min(first.bytes.len() as u32);
        first.at += count;
        first.before += u64::from(count);
        self.released += u64::from(count);
        let rest = first.bytes.split_off(count as usize);
        if rest.is_empty() {
            self.buffers.pop_front();
        } else {
            first.bytes = rest;
        }
        Ok(count)
    }
}

/// Two places as one, as far as they are not more than two.
pub fn join<'a>(first: Pieces<'a>, second: Pieces<'a>) -> Pieces<'a> {
    match first.1.is_empty() {
        true => Pieces(first.0, second.0),
        false => first,
    }
}
