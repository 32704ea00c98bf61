//! The wire between the two hosts, in virtual time, and one connection over it.
//!
//! Every packet that either host sends goes past smoltcp's parser first.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use pellucid::base::{Instant, Random, Received, Seed};
use pellucid::probe::State;
use pellucid::stack::{AcceptError, Config, ConnId, ListenerId, ReadError, Stack, WriteError};
use pellucid::tcp;
use smoltcp::socket::tcp::CongestionControl;
use smoltcp::wire::{TcpControl, TcpRepr};

use super::judge::{Judged, judge};
use super::theirs::{Manner, Theirs};

pub const MTU: u16 = 1_500;
const DELAY: Duration = Duration::from_millis(10);
const OURS: [IpAddr; 2] = [
    IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, 1)),
];
const THEIRS: [IpAddr; 2] = [
    IpAddr::V4(Ipv4Addr::new(10, 0, 0, 2)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, 2)),
];
const SERVER_PORT: u16 = 80;
const CLIENT_PORT: u16 = 50_000;

/// Which host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    Ours,
    Theirs,
}

impl End {
    pub fn peer(self) -> End {
        match self {
            End::Ours => End::Theirs,
            End::Theirs => End::Ours,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    V4,
    V6,
}

/// What the wire does to packets: how many in a thousand.
#[derive(Debug, Clone, Copy, Default)]
pub struct Weather {
    pub lost: u32,
    pub twice: u32,
    pub late: u32,
}

/// A world before anything happens in it.
#[derive(Debug, Clone)]
pub struct Setup {
    pub seed: u64,
    pub family: Family,
    /// Who opens; the other listens.
    pub client: End,
    pub weather: Weather,
    /// How smoltcp behaves; pellucid as it does by default, but for the buffer.
    pub timestamps: bool,
    pub congestion: CongestionControl,
    /// Bytes of both receive buffers.
    pub room: u32,
}

impl Setup {
    /// Fine weather.
    pub fn new(client: End, family: Family) -> Setup {
        Setup {
            seed: 1,
            family,
            client,
            weather: Weather::default(),
            timestamps: true,
            congestion: CongestionControl::Cubic,
            room: 1 << 17,
        }
    }

    /// Both roles in both families.
    pub fn all() -> impl Iterator<Item = Setup> {
        let ends = [End::Ours, End::Theirs].into_iter();
        ends.flat_map(|client| [Family::V4, Family::V6].map(|family| Setup::new(client, family)))
    }
}

/// What reading found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Read {
    Bytes(usize),
    Nothing,
    /// The peer has closed, and all was read.
    End,
    /// The connection has ended otherwise.
    Failed,
}

/// Two hosts and one wire.
pub struct World {
    pub ours: Stack,
    pub theirs: Theirs,
    pub now: Instant,
    pub id: Option<ConnId>,
    setup: Setup,
    listener: Option<ListenerId>,
    chance: Random,
    /// What is on its way: when it arrives, and which packet it is; to whom.
    wire: BTreeMap<(Instant, u64), (End, Vec<u8>)>,
    /// Packets put on the wire.
    pub sent: u64,
    /// Of these, segments that offered no window, by who sent them: ours, theirs.
    pub closed_windows: [u32; 2],
    /// The same for resets.
    pub resets: [u32; 2],
    /// What our last SYN offered, as smoltcp reads it.
    pub offered: Option<Offered>,
}

/// The options of a SYN.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offered {
    pub mss: Option<u16>,
    pub window_scale: Option<u8>,
    pub sack: bool,
    pub timestamps: bool,
}

impl World {
    pub fn new(setup: Setup) -> World {
        let now = Instant::from_nanos(1_000_000_000);
        let mut config = Config::new(vec![(OURS[0], 24), (OURS[1], 64)]);
        config.mtu = MTU;
        config.tcp = Arc::new(tcp::Config {
            receive_buffer: setup.room,
            receive_buffer_max: setup.room,
            ..tcp::Config::default()
        });
        let manner = Manner {
            seed: setup.seed + 1,
            timestamps: setup.timestamps,
            congestion: setup.congestion,
            room: setup.room as usize,
        };
        World {
            ours: Stack::new(config, Seed::from_number(setup.seed)),
            theirs: Theirs::new(&THEIRS, manner, now),
            now,
            id: None,
            listener: None,
            chance: Random::new(Seed::from_number(!setup.seed)),
            setup,
            wire: BTreeMap::new(),
            sent: 0,
            closed_windows: [0; 2],
            resets: [0; 2],
            offered: None,
        }
    }

    /// A world in which both ends of a connection are established.
    pub fn connected(setup: Setup) -> World {
        World::try_connected(setup).expect("a connection")
    }

    /// The same over a wire that may lose all of a handshake's six SYN,ACKs or what they draw
    /// (RFC 9293 section 3.8.3: R2 is reached): once in some ten thousand worlds.
    pub fn try_connected(setup: Setup) -> Option<World> {
        let mut world = World::new(setup);
        world.listen(world.setup.client.peer());
        world.open(world.setup.client);
        let until = world.now + Duration::from_secs(600);
        while !(world.is_established(End::Ours) && world.is_established(End::Theirs)) {
            if !world.step(until) {
                return None;
            }
        }
        Some(world)
    }

    pub fn listen(&mut self, end: End) {
        let local = self.addr(end, SERVER_PORT);
        match end {
            End::Ours => self.listener = self.ours.listen(self.now, local, 4).ok(),
            End::Theirs => self.theirs.listen(local),
        }
    }

    /// Opens towards the other's port for servers.
    pub fn open(&mut self, end: End) {
        self.open_between(end, CLIENT_PORT, SERVER_PORT);
    }

    pub fn open_between(&mut self, end: End, port: u16, remote: u16) {
        let remote = self.addr(end.peer(), remote);
        match end {
            End::Ours => {
                let local = self.addr(end, port);
                let id = self.ours.open(self.now, remote, Some(local));
                self.id = Some(id.expect("nothing is in its way"));
            }
            End::Theirs => self.theirs.connect(remote, port),
        }
    }

    pub fn addr(&self, end: End, port: u16) -> SocketAddr {
        let addrs = match end {
            End::Ours => OURS,
            End::Theirs => THEIRS,
        };
        let which = usize::from(self.setup.family == Family::V6);
        SocketAddr::new(addrs[which], port)
    }

    fn is_established(&self, end: End) -> bool {
        match end {
            End::Ours => self.our_state() == State::Established,
            End::Theirs => self.theirs.state() == smoltcp::socket::tcp::State::Established,
        }
    }

    /// CLOSED also if there is no connection.
    pub fn our_state(&self) -> State {
        let status = self.id.and_then(|id| self.ours.status(id));
        status.map_or(State::Closed, |snapshot| snapshot.state)
    }

    pub fn write(&mut self, end: End, bytes: &[u8]) -> usize {
        match (end, self.id) {
            (End::Theirs, _) => self.theirs.write(bytes),
            (End::Ours, None) => 0,
            (End::Ours, Some(id)) => match self.ours.write(self.now, id, bytes) {
                Ok(taken) => taken,
                Err(WriteError::WouldBlock | WriteError::Failed(_)) => 0,
                Err(WriteError::Closed) => panic!("nobody has closed it"),
            },
        }
    }

    pub fn read(&mut self, end: End, buf: &mut [u8]) -> Read {
        match (end, self.id) {
            (End::Theirs, _) => self.theirs.read(buf),
            (End::Ours, None) => Read::Nothing,
            (End::Ours, Some(id)) => match self.ours.read(self.now, id, buf) {
                Ok(0) => Read::End,
                Ok(bytes) => Read::Bytes(bytes),
                Err(ReadError::WouldBlock) => Read::Nothing,
                Err(ReadError::Closed | ReadError::Failed(_)) => Read::Failed,
            },
        }
    }

    /// No more will be written at this end.
    pub fn shutdown(&mut self, end: End) {
        match (end, self.id) {
            (End::Theirs, _) => self.theirs.shutdown(),
            (End::Ours, id) => self.ours.shutdown(self.now, id.expect("a connection")),
        }
    }

    pub fn abort(&mut self, end: End) {
        match (end, self.id) {
            (End::Theirs, _) => self.theirs.abort(),
            (End::Ours, id) => self.ours.abort(self.now, id.expect("a connection")),
        }
    }

    /// Lets go of our end, and waits until nobody remembers anything.
    pub fn end(&mut self) {
        if let Some(id) = self.id.take() {
            self.ours.close(self.now, id);
        }
        self.run(Duration::from_secs(1_200));
        assert_eq!(self.ours.counts(), (0, 0, 0), "{}", self.describe());
        let closed = smoltcp::socket::tcp::State::Closed;
        assert_eq!(self.theirs.state(), closed, "{}", self.describe());
    }

    /// Lets things happen for so long.
    pub fn run(&mut self, time: Duration) {
        let until = self.now + time;
        while self.step(until) {}
        self.now = until;
    }

    /// Lets the next thing happen; `false` if nothing is left to happen before `until`.
    pub fn step(&mut self, until: Instant) -> bool {
        self.flush();
        let arrival = self.wire.keys().next().map(|(at, _)| *at);
        let theirs = self.theirs.poll_at(self.now);
        let next = [arrival, self.ours.poll_timeout(), theirs];
        let Some(next) = next.into_iter().flatten().min() else {
            return false;
        };
        if next > until {
            return false;
        }
        self.now = self.now.max(next);
        while let Some(entry) = self.wire.first_entry() {
            if entry.key().0 > self.now {
                break;
            }
            let (to, packet) = entry.remove();
            match to {
                End::Ours => self.ours.receive(self.now, Received::plain(&packet)),
                End::Theirs => self.theirs.arrive(packet),
            }
        }
        self.ours.handle_timeout(self.now);
        let calm = self.ours.poll_timeout().is_none_or(|at| at > self.now);
        assert!(calm, "a deadline lies at or before now");
        if let Some(listener) = self.listener {
            match self.ours.accept(self.now, listener) {
                Ok(id) => self.id = Some(id),
                Err(error) => assert_eq!(error, AcceptError::WouldBlock),
            }
        }
        self.flush();
        true
    }

    /// Puts on the wire what both hosts have to send.
    fn flush(&mut self) {
        let mut burst = 0;
        while let Some(packet) = self.ours.poll_transmit(self.now).map(|p| p.to_vec()) {
            self.send(End::Ours, packet);
            burst += 1;
            assert!(burst < 10_000, "a storm of packets");
        }
        for packet in self.theirs.poll(self.now) {
            self.send(End::Theirs, packet);
        }
    }

    fn send(&mut self, from: End, packet: Vec<u8>) {
        match judge(&packet) {
            Ok(Judged::Tcp(segment)) => self.count(from, &segment),
            Ok(_) => {}
            Err(what) => panic!("{from:?}: {what}: {packet:02x?}"),
        }
        assert!(packet.len() <= usize::from(MTU));
        let Weather { lost, twice, late } = self.setup.weather;
        let mut happens = |in_a_thousand| self.chance.below(1_000) < in_a_thousand;
        if happens(lost) {
            return;
        }
        let copies = if happens(twice) { 2 } else { 1 };
        for _ in 0..copies {
            let more = if self.chance.below(1_000) < late {
                Duration::from_micros(self.chance.below(50_000).into())
            } else {
                Duration::ZERO
            };
            self.sent += 1;
            let at = self.now + DELAY + more;
            let parcel = (from.peer(), packet.clone());
            self.wire.insert((at, self.sent), parcel);
        }
    }

    fn count(&mut self, from: End, segment: &TcpRepr<'_>) {
        let who = usize::from(from == End::Theirs);
        match segment.control {
            TcpControl::Rst => self.resets[who] += 1,
            _ if segment.window_len == 0 => self.closed_windows[who] += 1,
            TcpControl::Syn if from == End::Ours => {
                self.offered = Some(Offered {
                    mss: segment.max_seg_size,
                    window_scale: segment.window_scale,
                    sack: segment.sack_permitted,
                    timestamps: segment.timestamp.is_some(),
                });
            }
            _ => {}
        }
    }

    /// Both ends, for whoever has to find out what went wrong.
    pub fn describe(&self) -> String {
        let ours = self
            .id
            .map(|id| (self.ours.status(id), self.ours.failure(id)));
        let theirs = self.theirs.state();
        format!(
            "{} {:?}\nours {ours:?}\ntheirs {theirs}",
            self.now, self.setup
        )
    }
}
