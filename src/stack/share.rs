//! Several stacks with the same addresses, one for each queue of a device: whose a packet is.
//!
//! A connection belongs to one of them for good, by a keyed hash of its pair of sockets that all
//! know, since all are made from one seed; whatever has no connection belongs to the first. What a
//! device gives to another is a [`Stray`], and whoever runs the stacks hands it over. Answers leave
//! by the right queue, so that a device that learns from them, as Linux's TUN does, errs seldom:
//! house!("flow-home").

use std::collections::VecDeque;
use std::num::NonZeroU16;

use crate::base::keyed::Key;
use crate::base::pair::SocketPair;
use crate::base::{InterfaceId, Offload, Received};
use crate::ip::icmp_error::IcmpError;
use crate::probe::{Accepted, Drop, Subject};
use crate::wire::icmp::About;

use super::ingress::quoted_pair;
use super::{Input, Stack};

/// Which of several stacks one is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "records", derive(serde::Serialize, serde::Deserialize))]
pub struct Share {
    index: u16,
    of: NonZeroU16,
}

impl Share {
    /// The only one.
    pub const ALL: Share = Share {
        index: 0,
        of: NonZeroU16::MIN,
    };

    /// Each of `count` stacks, in their order.
    pub fn each(count: NonZeroU16) -> impl Iterator<Item = Share> {
        (0..count.get()).map(move |index| Share { index, of: count })
    }

    /// Its place among them.
    pub fn index(self) -> u16 {
        self.index
    }

    /// How many there are.
    pub fn of(self) -> NonZeroU16 {
        self.of
    }
}

impl Default for Share {
    fn default() -> Share {
        Share::ALL
    }
}

/// A packet that came to a stack that is not its home.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stray {
    /// The place of its own stack among all: see [`Share::index`].
    pub home: u16,
    bytes: Box<[u8]>,
    offload: Offload,
    interface: InterfaceId,
}

impl Stray {
    /// What its own stack receives.
    pub fn received(&self) -> Received<'_> {
        Received {
            bytes: &self.bytes,
            offload: self.offload,
            interface: self.interface,
            memory: None,
        }
    }
}

/// Who is at home where, and what waits to be handed over.
#[derive(Debug)]
pub(super) struct Homes {
    share: Share,
    key: Key,
    strays: VecDeque<Stray>,
}

impl Homes {
    pub fn new(share: Share, key: [u8; 16]) -> Homes {
        Homes {
            share,
            key: Key::new(key),
            strays: VecDeque::new(),
        }
    }

    /// The home of a connection.
    pub fn of_pair(&self, pair: &SocketPair) -> u16 {
        let count = self.share.of.get();
        if count == 1 {
            return FIRST;
        }
        // Multiply-shift, of the upper half.
        let hash = self.key.hash(&pair.bytes()) >> 32;
        ((hash * u64::from(count)) >> 32) as u16
    }

    /// Whether a connection is at home here.
    pub fn is_here(&self, pair: &SocketPair) -> bool {
        self.of_pair(pair) == self.share.index
    }
}

impl Stack {
    /// The next packet to hand over to another stack's [`Stack::receive`]. To be asked after
    /// packets were received.
    pub fn poll_stray(&mut self) -> Option<Stray> {
        if !self.homes.strays.is_empty() {
            self.begin(self.now, || Input::Stray);
        }
        self.homes.strays.pop_front()
    }

    /// Whether what came as `packet` is for another stack. Then it has ended here.
    pub(super) fn hands_over(&mut self, home: u16, packet: &[u8], offload: Offload) -> bool {
        if home == self.homes.share.index {
            return false;
        }
        if self.homes.strays.len() >= MOST {
            self.end(Subject::Stack, Drop::StraysFull.into());
            return true;
        }
        self.end(Subject::Stack, Accepted::Stray.into());
        self.homes.strays.push_back(Stray {
            home,
            bytes: packet.into(),
            offload,
            interface: self.interface,
        });
        true
    }

    /// The home of whoever an ICMP error is about.
    pub(super) fn home_of_error(&self, error: &IcmpError) -> u16 {
        match error.about {
            About::Tcp { ports, .. } => self.homes.of_pair(&quoted_pair(error, ports)),
            About::Udp { .. } | About::Echo { .. } | About::Other { .. } => FIRST,
        }
    }
}

/// The home of all that has no connection.
pub(super) const FIRST: u16 = 0;
/// Several times what is received at once.
const MOST: usize = 1_024;
