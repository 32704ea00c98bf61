//! The stack that is lied to, and an honest one beside it: a wire without delay between them, in
//! virtual time.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use pellucid::base::{Instant, Received, Seed};
use pellucid::probe::{Snapshot, State};
use pellucid::stack::{Config, ConnId, ListenerId, ReadError, Stack};
use pellucid::tcp;

use super::watch::{Heard, Watch};

pub const US: [IpAddr; 2] = [
    IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, 1)),
];
pub const THEM: [IpAddr; 2] = [
    IpAddr::V4(Ipv4Addr::new(10, 0, 0, 2)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, 2)),
];
pub const PORT: u16 = 80;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    V4,
    V6,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Us,
    Them,
}

impl Side {
    pub fn other(self) -> Side {
        match self {
            Side::Us => Side::Them,
            Side::Them => Side::Us,
        }
    }
}

/// One end of the connection that a scene is about.
#[derive(Debug, Default)]
struct Held {
    id: Option<ConnId>,
    /// Bytes written and read so far: contents follow from the place in the stream.
    written: usize,
    read: usize,
}

/// Two stacks.
pub struct Pair {
    pub us: Stack,
    pub them: Stack,
    pub now: Instant,
    pub family: Family,
    pub watch: Watch,
    /// Ours and theirs, on the same port.
    listeners: [ListenerId; 2],
    /// What we sent last.
    pub last_of_ours: Option<Vec<u8>>,
    ends: [Held; 2],
}

/// See [`Pair::known`].
pub type Known = (Option<Snapshot>, (usize, usize, usize));

impl Pair {
    pub fn new(family: Family) -> Pair {
        let now = Instant::from_nanos(1_000_000_000);
        let tcp = Arc::new(tcp::Config {
            receive_buffer: 1 << 18,
            ..tcp::Config::default()
        });
        let stack = |addresses: [IpAddr; 2], seed| {
            let mut config = Config::new(vec![(addresses[0], 24), (addresses[1], 64)]);
            // Long packets: 64 KiB take few of them, and there are many transfers to make.
            config.mtu = 9_000;
            config.tcp = Arc::clone(&tcp);
            Stack::new(config, Seed::from_number(seed))
        };
        let (mut us, mut them) = (stack(US, 1), stack(THEM, 2));
        let watch = Watch::default();
        us.observe(Box::new(watch.clone()));
        let which = usize::from(family == Family::V6);
        let at = |addr| SocketAddr::new(addr, PORT);
        let listeners = [
            us.listen(now, at(US[which]), 16).expect("a free port"),
            them.listen(now, at(THEM[which]), 16).expect("a free port"),
        ];
        Pair {
            us,
            them,
            now,
            family,
            watch,
            listeners,
            last_of_ours: None,
            ends: Default::default(),
        }
    }

    pub fn addr(&self, side: Side, port: u16) -> SocketAddr {
        let which = usize::from(self.family == Family::V6);
        let addr = match side {
            Side::Us => US[which],
            Side::Them => THEM[which],
        };
        SocketAddr::new(addr, port)
    }

    pub fn stack(&mut self, side: Side) -> &mut Stack {
        match side {
            Side::Us => &mut self.us,
            Side::Them => &mut self.them,
        }
    }

    fn end(&mut self, side: Side) -> &mut Held {
        &mut self.ends[side as usize]
    }

    /// The connection at this end.
    pub fn id(&self, side: Side) -> Option<ConnId> {
        self.ends[side as usize].id
    }

    pub fn status(&self, side: Side) -> Option<Snapshot> {
        let stack = match side {
            Side::Us => &self.us,
            Side::Them => &self.them,
        };
        stack.status(self.id(side)?)
    }

    /// CLOSED also if there is none.
    pub fn state(&self, side: Side) -> State {
        self.status(side).map_or(State::Closed, |known| known.state)
    }

    pub fn open(&mut self, side: Side, local: u16, remote: u16) {
        let remote = self.addr(side.other(), remote);
        let local = self.addr(side, local);
        let now = self.now;
        let id = self.stack(side).open(now, remote, Some(local));
        *self.end(side) = Held {
            id: Some(id.expect("nothing is in its way")),
            ..Held::default()
        };
    }

    /// Takes from both listeners what is the other end of the connection in hand.
    pub fn accept(&mut self) {
        let now = self.now;
        for side in [Side::Us, Side::Them] {
            let listener = self.listeners[side as usize];
            while let Ok(id) = self.stack(side).accept(now, listener) {
                let peer = self.id(side.other());
                let theirs = peer.and_then(|id| self.stack(side.other()).pair(id));
                let ours = self.stack(side).pair(id);
                if ours.map(|pair| (pair.local, pair.remote))
                    == theirs.map(|pair| (pair.remote, pair.local))
                {
                    *self.end(side) = Held {
                        id: Some(id),
                        ..Held::default()
                    };
                } else {
                    self.stack(side).abort(now, id);
                }
            }
        }
    }

    /// Writes up to `len` bytes of this end's stream; how many were taken.
    pub fn write(&mut self, side: Side, len: usize) -> usize {
        let (id, from) = (self.id(side).expect("a connection"), self.end(side).written);
        let now = self.now;
        if len == 0 {
            return 0;
        }
        let bytes = &stream()[from..from + len];
        let taken = self.stack(side).write(now, id, bytes).unwrap_or(0);
        self.end(side).written += taken;
        taken
    }

    /// Reads all there is, and compares it; how many bytes there were.
    pub fn read(&mut self, side: Side) -> usize {
        let id = self.id(side).expect("a connection");
        let mut buf = [0; 16_384];
        let mut all = 0;
        loop {
            let now = self.now;
            match self.stack(side).read(now, id, &mut buf) {
                Ok(0) | Err(ReadError::WouldBlock | ReadError::Closed | ReadError::Failed(_)) => {
                    return all;
                }
                Ok(len) => {
                    let at = self.end(side).read;
                    assert!(
                        buf[..len] == stream()[at..at + len],
                        "other bytes from {at} on"
                    );
                    self.end(side).read += len;
                    all += len;
                }
            }
        }
    }

    pub fn shutdown(&mut self, side: Side) {
        let id = self.id(side).expect("a connection");
        let now = self.now;
        self.stack(side).shutdown(now, id);
    }

    /// What our stack keeps: of the connection, and how many of everything.
    pub fn known(&self) -> Known {
        (self.status(Side::Us), self.us.counts())
    }

    /// A packet comes to us, and what we say to it goes to them. What we know right after it, and
    /// what was heard.
    pub fn inject(&mut self, packet: &[u8]) -> (Known, Heard) {
        self.us.receive(self.now, Received::plain(packet));
        let known = self.known();
        let drawn = self.sent_by(Side::Us);
        let heard = self.watch.heard();
        for packet in drawn {
            self.them.receive(self.now, Received::plain(&packet));
        }
        (known, heard)
    }

    /// What this end has to send now: taken from it, and not delivered.
    pub fn sent_by(&mut self, side: Side) -> Vec<Vec<u8>> {
        let now = self.now;
        let stack = self.stack(side);
        let mut packets = Vec::new();
        while let Some(packet) = stack.poll_transmit(now) {
            packets.push(packet.to_vec());
            assert!(packets.len() < 1_000, "a storm of packets");
        }
        if side == Side::Us && !packets.is_empty() {
            self.last_of_ours = packets.last().cloned();
        }
        packets
    }

    /// Delivers what this end has to send now.
    pub fn deliver_from(&mut self, side: Side) -> usize {
        let packets = self.sent_by(side);
        let now = self.now;
        for packet in &packets {
            self.stack(side.other())
                .receive(now, Received::plain(packet));
        }
        packets.len()
    }

    /// Delivers whatever either end has to send, until neither has.
    pub fn settle(&mut self) {
        for _ in 0..1_000 {
            if self.deliver_from(Side::Us) + self.deliver_from(Side::Them) == 0 {
                return;
            }
        }
        panic!("two stacks that never fall silent");
    }

    /// Goes on to the next deadline of either end; `false` if there is none until `limit`.
    pub fn tick(&mut self, limit: Instant) -> bool {
        let timeouts = [self.us.poll_timeout(), self.them.poll_timeout()];
        let Some(next) = timeouts.into_iter().flatten().min() else {
            return false;
        };
        if next > limit {
            return false;
        }
        self.now = self.now.max(next);
        self.us.handle_timeout(self.now);
        self.them.handle_timeout(self.now);
        let calm = self.us.poll_timeout().is_none_or(|at| at > self.now);
        assert!(calm, "a deadline lies at or before now");
        true
    }

    /// Lets so much time pass.
    pub fn run(&mut self, time: Duration) {
        let until = self.now + time;
        self.settle();
        while self.tick(until) {
            self.settle();
        }
        self.now = until;
    }

    /// Lets both ends come through the handshake, if they are in it.
    pub fn shake_hands(&mut self) {
        let limit = self.now + PATIENCE;
        let opening = |state| matches!(state, State::SynSent | State::SynReceived);
        loop {
            self.settle();
            self.accept();
            let (us, them) = (self.state(Side::Us), self.state(Side::Them));
            let alone = |one, other| self.id(one).is_none() && other != State::Closed;
            let awaited = alone(Side::Us, them) || alone(Side::Them, us);
            let over = !opening(us) && !opening(them) && !awaited;
            if over || !self.tick(limit) {
                return;
            }
        }
    }

    /// Whether this end may send, and the other receive.
    pub fn is_open_from(&self, from: Side) -> bool {
        let to = self.state(from.other());
        let receives = matches!(to, State::Established | State::FinWait1 | State::FinWait2);
        let sends = matches!(self.state(from), State::Established | State::CloseWait);
        receives && sends
    }

    /// Carries `len` bytes from one end to the other, whole and in order, with all that was written
    /// before; `false` if they do not get through in `PATIENCE`.
    pub fn carry(&mut self, from: Side, len: usize) -> bool {
        let limit = self.now + PATIENCE;
        let end = self.end(from).written + len;
        loop {
            let unsent = end - self.end(from).written;
            self.write(from, unsent);
            self.settle();
            self.read(from.other());
            if self.end(from.other()).read >= end {
                return true;
            }
            if !self.tick(limit) {
                return false;
            }
        }
    }

    /// Whether `len` bytes get through over a new connection from a port of theirs.
    pub fn carries_anew(&mut self, port: u16, len: usize) -> bool {
        self.open(Side::Them, port, PORT);
        self.shake_hands();
        self.carry(Side::Them, len)
    }
}

pub const KIB_64: usize = 64 << 10;
/// Longer than any pause between two retransmissions, more than once.
const PATIENCE: Duration = Duration::from_secs(600);

/// What every stream consists of.
pub fn stream() -> &'static [u8] {
    static STREAM: OnceLock<Vec<u8>> = OnceLock::new();
    STREAM.get_or_init(|| (0..1 << 20).map(byte_at).collect())
}

/// The byte at a place in a stream.
pub fn byte_at(place: u32) -> u8 {
    (place.wrapping_mul(2_654_435_761) >> 24) as u8
}
