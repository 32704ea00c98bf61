//! Handshakes of which a stack says that it remembers nothing (RFC 4987 section 3.6). The judge
//! does.

use std::collections::VecDeque;
use std::net::SocketAddr;

use crate::sim::reading::{Reading, SegmentReading};

/// SYNs that a listener answered without making a connection, the latest first.
#[derive(Debug, Default)]
pub(super) struct Forgotten(VecDeque<Handshake>);

/// What both sides have said.
#[derive(Debug, Clone, Copy)]
pub(super) struct Handshake {
    local: SocketAddr,
    remote: SocketAddr,
    pub syn: SegmentReading,
    /// Once it has left.
    pub answer: Option<SegmentReading>,
}

impl Forgotten {
    /// A listener has taken a SYN, and made nothing of it.
    pub fn hears(&mut self, reading: &Reading) {
        if let Some(syn) = reading.segment.filter(SegmentReading::syn) {
            self.0.truncate(KEPT - 1);
            self.0.push_front(Handshake {
                local: SocketAddr::new(reading.dst, syn.dst_port),
                remote: SocketAddr::new(reading.src, syn.src_port),
                syn,
                answer: None,
            });
        }
    }

    /// It answers.
    pub fn says(&mut self, reading: &Reading) {
        if let Some(answer) = reading.segment.filter(SegmentReading::syn) {
            let local = SocketAddr::new(reading.src, answer.src_port);
            let remote = SocketAddr::new(reading.dst, answer.dst_port);
            let is_of = |one: &&mut Handshake| {
                (one.local, one.remote, Some(one.syn.seq + 1)) == (local, remote, answer.ack)
            };
            if let Some(one) = self.0.iter_mut().find(is_of) {
                one.answer = Some(answer);
            }
        }
    }

    /// A connection appears: what its handshake has said, if it was one of these.
    pub fn of(&self, local: SocketAddr, remote: SocketAddr) -> Option<Handshake> {
        let mut all = self.0.iter();
        all.find(|one| (one.local, one.remote) == (local, remote))
            .copied()
    }
}

/// More than come in two minutes from who floods in a simulation.
const KEPT: usize = 1 << 14;
