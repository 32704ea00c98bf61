//! What the tests of `tcp` share: a pair of sockets, segments made by hand, events heard as text.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::Duration;

use crate::base::pair::{Endpoint, SocketPair};
use crate::base::{Instant, Pieces, SeqNum};
use crate::probe::{Event, Observer, Subject, Told, Voice};
use crate::wire::options::{Options, Order};
use crate::wire::tcp::{Flags, Ports, Segment};

use super::Context;

/// Ourselves and the peer.
pub const PAIR: SocketPair = SocketPair {
    local: Endpoint {
        addr: IpAddr::V4(Ipv4Addr::new(10, 90, 0, 2)),
        port: 80,
    },
    remote: Endpoint {
        addr: IpAddr::V4(Ipv4Addr::new(203, 0, 113, 10)),
        port: 40_000,
    },
};

/// So many milliseconds after birth.
pub fn at(millis: u64) -> Instant {
    Instant::BIRTH + Duration::from_millis(millis)
}

/// A segment of the peer's without text, options or a window of note.
pub fn segment(flags: Flags, seq: SeqNum, ack: Option<SeqNum>) -> Segment<'static> {
    Segment {
        ports: Ports {
            src: PAIR.remote.port,
            dst: PAIR.local.port,
        },
        seq,
        ack,
        flags: match ack {
            Some(_) => flags | Flags::ACK,
            None => flags,
        },
        window: 65_535,
        urgent: 0,
        order: Order::default(),
        options: Options::default(),
        text: Pieces::EMPTY,
    }
}

/// One connection's voice, and what it has told.
pub struct Ear {
    voice: Voice,
    heard: Receiver<String>,
}

impl Ear {
    pub fn new() -> Ear {
        let (notes, heard) = mpsc::channel();
        let mut voice = Voice::new(0, 1);
        voice.add(Box::new(Mouth(notes)));
        Ear { voice, heard }
    }

    /// A context for one step.
    pub fn context(&mut self, now: Instant) -> Context<'_> {
        Context::new(now, &mut self.voice, Subject::Connection(1))
    }

    /// The arrows of Figure 5 that were taken since the last time.
    pub fn arrows(&self) -> Vec<String> {
        self.heard.try_iter().collect()
    }
}

struct Mouth(Sender<String>);

impl Observer for Mouth {
    fn told(&mut self, told: &Told<'_>) {
        if let Event::StateChanged { from, to, on } = told.event {
            // Nobody listens once the test is over.
            let _ = self.0.send(format!("{from} > {to} on {on:?}"));
        }
    }
}
