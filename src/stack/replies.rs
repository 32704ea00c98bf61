//! Packets that answer a packet and belong to no connection: resets, last acknowledgments of
//! TIME-WAIT, ICMP.

use std::collections::VecDeque;

use crate::base::Offload;
use crate::base::pair::SocketPair;
use crate::ip::fragment::Parcel;
use crate::probe::{EventId, Purpose, Subject, Why};
use crate::wire::tcp::Segment;

/// A packet to send.
#[derive(Debug)]
pub(super) struct Reply {
    pub what: Content,
    pub purpose: Purpose,
    pub why: &'static Why,
    pub because: EventId,
    pub on: Subject,
}

/// What it is.
#[derive(Debug)]
pub(super) enum Content {
    /// A segment without text.
    Segment {
        pair: SocketPair,
        segment: Segment<'static>,
        /// How often the path of its flow has been doubted.
        path_doubts: u32,
    },
    /// A whole IP packet, or what is left of it.
    Parcel(Parcel),
}

impl Content {
    /// How many bytes it keeps beside itself.
    fn bytes(&self) -> usize {
        match self {
            Content::Segment { .. } => 0,
            Content::Parcel(parcel) => parcel.bytes(),
        }
    }
}

/// At most [`MOST`] of them, and of about [`BYTES_MOST`]: a flood of packets that want answers
/// draws no flood of memory.
#[derive(Debug, Default)]
pub(super) struct Replies {
    queue: VecDeque<Reply>,
    bytes: usize,
}

impl Replies {
    /// Queues a reply; `false` if too many wait.
    pub fn push(&mut self, reply: Reply) -> bool {
        let room = !self.is_full();
        if room {
            self.bytes += reply.what.bytes();
            self.queue.push_back(reply);
        }
        room
    }

    pub fn pop(&mut self) -> Option<Reply> {
        let reply = self.queue.pop_front()?;
        self.bytes -= reply.what.bytes();
        Some(reply)
    }

    /// Puts back what was popped and has more to send.
    pub fn go_on(&mut self, reply: Reply) {
        self.bytes += reply.what.bytes();
        self.queue.push_front(reply);
    }

    pub fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    pub fn is_full(&self) -> bool {
        self.queue.len() >= MOST || self.bytes >= BYTES_MOST
    }
}

/// house!("reply-queue").
const MOST: usize = 1_024;
/// The last one may exceed it.
const BYTES_MOST: usize = 1 << 20;

/// Of replies nothing is left to the device: their checksums are whole.
pub(super) const OFFLOAD: Offload = Offload {
    checksum: crate::base::Checksum::Full,
    gso: None,
};
