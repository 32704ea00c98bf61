//! Packets that answer a packet and belong to no connection: resets, last acknowledgments of
//! TIME-WAIT, ICMP.

use std::collections::VecDeque;

use crate::base::Offload;
use crate::base::pair::SocketPair;
use crate::probe::{EventId, Purpose, Subject, Why};
use crate::wire::tcp::Segment;

/// A packet to send.
#[derive(Debug)]
pub(super) struct Reply {
    pub what: Content,
    pub purpose: Purpose,
    pub why: Why,
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
    /// A whole IP packet.
    Packet(Vec<u8>),
}

/// At most [`MOST`] of them: a flood of packets that want answers draws no flood of memory.
#[derive(Debug, Default)]
pub(super) struct Replies(VecDeque<Reply>);

impl Replies {
    /// Queues a reply; `false` if too many wait.
    pub fn push(&mut self, reply: Reply) -> bool {
        let room = self.0.len() < MOST;
        if room {
            self.0.push_back(reply);
        }
        room
    }

    pub fn pop(&mut self) -> Option<Reply> {
        self.0.pop_front()
    }

    pub fn is_full(&self) -> bool {
        self.0.len() >= MOST
    }
}

/// house!("reply-queue").
const MOST: usize = 1_024;

/// Replies are never offloaded: their checksums are whole.
pub(super) const OFFLOAD: Offload = Offload {
    checksum: crate::base::Checksum::Full,
    gso: None,
};
