//! Many connections on our addresses: a value that packets go into and come out of.
//!
//! # The contract
//!
//! A [`Stack`] does no I/O, reads no clock and starts no thread. Its owner
//!
//! - hands every packet that comes in to [`Stack::receive`], and makes calls;
//! - then asks [`Stack::poll_transmit`] until it has nothing more, sending what it lends;
//! - asks [`Stack::poll_notice`] whom to wake, and, if it is one of several that share their
//!   addresses, [`Stack::poll_stray`] what to hand to which of the others;
//! - sleeps until [`Stack::poll_timeout`] at the latest, and then calls [`Stack::handle_timeout`].
//!
//! `now` is told on every call and is the time of *arrival*; a clock that steps back is held at
//! the latest time told. The same calls with the same seed give the same packets.
//!
//! Read `ingress` and `egress` for the way of a packet, `tcp` for how connections are looked
//! after (`touch` is the only place where their wishes are collected), `calls` for what an
//! application may ask.

mod calls;
mod config;
mod cookie_jar;
mod cookies;
mod demux;
mod echo;
mod egress;
mod error;
mod fast_open;
mod fragments;
mod ingress;
mod input;
mod invariants;
mod labels;
mod listen;
mod notice;
mod paths;
mod ports;
mod queue;
mod ready;
mod reopen;
mod replies;
mod routes;
mod settings;
mod share;
mod sight;
mod syn_cookies;
mod tcp;
mod udp;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use slotmap::SlotMap;

use crate::base::keyed::Key;
use crate::base::pair::Endpoint;
use crate::base::random::Random;
use crate::base::wheel::{Entry, Wheel};
use crate::base::{Instant, InterfaceId, Memory, Offloads, Received, Seed, Transmit};
use crate::ip::address::Addresses;
use crate::ip::fragment::Identifications;
use crate::ip::icmp::Limiter;
use crate::ip::path_mtu::PathMtus;
use crate::ip::reassembly::Reassembly;
use crate::probe::{Call, Event, EventId, Hearing, Observer, Subject, Voice};
use crate::tcp::Connection;
use crate::tcp::ecn::Codepoint;
use crate::tcp::open::passive::HalfOpen;
use crate::tcp::open::syn_cookie::SynCookies;
use crate::tcp::time_wait::TimeWait;

use cookie_jar::CookieJar;
use cookies::Cookies;
use demux::{Demux, HalfOpenId, TimeWaitId, Who};
use fast_open::Pending;
use input::Kept;
use labels::Labels;
use notice::{Noticed, Notices};
use ports::Ports;
use ready::Ready;
use replies::Replies;
use routes::Routes;
use share::Homes;

pub use config::{Config, ConfigError, Interface, Limits, Link};
pub use echo::{EchoAnswer, EchoCame, EchoRequest};
pub use error::{
    AcceptError, EchoOpenError, EchoReceiveError, EchoSendError, ListenError, NoInterface, NoWay,
    OpenError, ReadError, UdpBindError, UdpConnectError, UdpReceiveError, UdpSendError, WriteError,
};
pub use input::{Asked, AskedEcho, AskedUdp, Input, Opening, Recorder};
pub use notice::{ConnId, EchoId, ListenerId, Notice, UdpId, Wake};
pub use routes::Route;
pub use share::{Share, Stray};
pub use sight::{Known, Listening, Moved, Sight, Whose};
pub use udp::{Came, UdpError};

pub use crate::ip::address::AddressError;
pub use crate::ip::icmp::{ErrorRules, Rate};
pub use crate::ip::prefix::Prefix;
pub use crate::tcp::congestion::Algorithm;
pub use crate::tcp::ecn::counters::Telling;
pub use crate::tcp::ecn::{Asking, Counted};
pub use crate::tcp::output::hold::HeldBack;
pub use crate::tcp::output::low_water::NO_MARK;
pub use crate::tcp::{
    Config as TcpConfig, CookieKeys, Deferral, Details, Failure, FastOpen, Heeding, KeepAlive,
    PathProbing, PushBursts, Recovering,
};
pub use crate::wire::icmp::{Problem, Unreachable};
pub use crate::wire::options::Order as OptionOrder;

/// A TCP/IP stack.
#[derive(Debug)]
pub struct Stack {
    config: Config,
    addresses: Addresses,
    secrets: Secrets,
    syn_cookies: SynCookies,
    cookies: Cookies,
    cookie_jar: CookieJar,
    voice: Voice,
    /// Who keeps what it is told.
    kept: Kept,
    now: Instant,
    /// How the segment that is being handled came.
    codepoint: Codepoint,
    /// The memory that it lies in, if its text may stay there.
    memory: Option<Memory>,
    /// Where it came in.
    interface: InterfaceId,
    /// The number that the next connection is told by.
    next_number: u64,

    connections: Connections,
    half_open: SlotMap<HalfOpenId, HalfSlot>,
    time_wait: SlotMap<TimeWaitId, WaitSlot>,
    /// In the order in which they came, for forgetting the oldest; ids may be stale.
    time_wait_order: VecDeque<TimeWaitId>,
    listeners: SlotMap<ListenerId, Listener>,
    udp: udp::Sockets,
    echo: echo::Sockets,
    demux: Demux,
    ports: Ports,
    homes: Homes,

    wheel: Wheel<Due>,
    routes: Routes,
    path_mtus: PathMtus,
    /// When `path_mtus` forgets a path.
    path_ages: Entry,
    reassembly: Reassembly,
    /// When `reassembly` gives up a datagram.
    fragments: Entry,
    ready: Ready,
    replies: Replies,
    notices: Notices,
    icmp_limit: Limiter,
    identifications: Identifications,
    /// The device takes nothing, and has said so.
    device_refuses: bool,
    /// The head of the packet that is lent.
    head: [u8; egress::HEAD_MAX],
    /// The rest of a reply that is lent.
    reply: Vec<u8>,
}

/// One key a purpose.
#[derive(Debug)]
struct Secrets {
    isn: Key,
    timestamps: Key,
    labels: Labels,
}

/// A connection and what the stack keeps of it.
#[derive(Debug)]
struct Slot {
    connection: Connection,
    number: u64,
    entry: Entry,
    /// It waits for its turn to send.
    ready: bool,
    /// What its owner has not been told yet.
    wake: Wake,
    /// It waits to be noticed.
    noticed: bool,
    /// The application holds it.
    held: bool,
    /// It waits to be accepted there.
    listener: Option<ListenerId>,
    /// That one counts it among those whose handshake is not over.
    pending: Option<ListenerId>,
    /// What closing waits for: zero means a reset.
    linger: Option<Box<Duration>>,
}

/// In boxes: a table that doubles moves pointers, and a place that nobody has costs little.
type Connections = SlotMap<ConnId, Box<Slot>>;

/// A half-open connection.
#[derive(Debug)]
struct HalfSlot {
    half: HalfOpen,
    /// How the connection that it may become behaves.
    config: Arc<TcpConfig>,
    number: u64,
    entry: Entry,
    ready: bool,
    listener: ListenerId,
    /// Who has the pair again if this comes to nothing.
    old: Option<Who>,
}

/// A TIME-WAIT record.
#[derive(Debug)]
struct WaitSlot {
    record: TimeWait,
    number: u64,
    entry: Entry,
}

/// A listener: RFC 9293 section 3.10.1, passive OPEN.
#[derive(Debug)]
struct Listener {
    local: Endpoint,
    /// How the connections that it makes behave.
    config: Arc<TcpConfig>,
    number: u64,
    /// How many connections may wait to be accepted, and half-open ones as many again.
    backlog: usize,
    half_open: usize,
    accepted: VecDeque<ConnId>,
    pending: Pending,
    noticed: bool,
}

/// Whose deadline stands in the wheel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Due {
    Connection(ConnId),
    HalfOpen(HalfOpenId),
    TimeWait(TimeWaitId),
    Fragments,
    PathAges,
}

impl Stack {
    /// A stack with nothing open. All chance in it comes from `seed`. Addresses that
    /// [`Config::check`] refuses are not its own.
    pub fn new(config: Config, seed: Seed) -> Stack {
        let mut random = Random::new(seed);
        let secrets = Secrets {
            isn: Key::new(random.key()),
            timestamps: Key::new(random.key()),
            labels: Labels::new(random.key()),
        };
        let demux = Demux::new(random.key());
        let icmp_limit = Limiter::new(config.icmp_errors, Key::new(random.key()));
        let ports = Ports::new(Key::new(random.key()), random.next_u32());
        let cookies = Cookies::new(random.key());
        let identifications = Identifications::new(Key::new(random.key()))
            .part(config.share.index(), config.share.of().get());
        let mut wheel = Wheel::new();
        let addresses = Addresses::new(&[]).standing_in(config.any_address);
        let addresses = config
            .interfaces()
            .fold(addresses, |all, (id, own, _)| all.and(id, own));
        Stack {
            addresses,
            routes: Routes::of(&config),
            secrets,
            cookies,
            cookie_jar: CookieJar::default(),
            voice: Voice::new(0, 1),
            kept: Kept::default(),
            now: Instant::BIRTH,
            codepoint: Codepoint::default(),
            memory: None,
            interface: InterfaceId::FIRST,
            next_number: 1,
            connections: SlotMap::with_key(),
            half_open: SlotMap::with_key(),
            time_wait: SlotMap::with_key(),
            time_wait_order: VecDeque::new(),
            listeners: SlotMap::with_key(),
            udp: udp::Sockets::new(random.key()),
            homes: Homes::new(config.share, random.key()),
            echo: echo::Sockets::default(),
            demux,
            // Last of all that is drawn: what was drawn before it stays as it was.
            syn_cookies: SynCookies::new(Key::new(random.key())),
            ports,
            path_mtus: PathMtus::default(),
            path_ages: wheel.add(Due::PathAges),
            reassembly: Reassembly::default(),
            fragments: wheel.add(Due::Fragments),
            wheel,
            ready: Ready::new(),
            replies: Replies::default(),
            notices: Notices::new(),
            icmp_limit,
            identifications,
            device_refuses: false,
            head: [0; egress::HEAD_MAX],
            reply: Vec::new(),
            config,
        }
    }

    /// Numbers its events as those of stack `index` of `count`, so that several in one run never
    /// use a number twice. To be called before anything is told.
    pub fn number_events(&mut self, index: u32, count: u32) {
        self.begin(self.now, || Input::Number { index, count });
        self.voice.renumber(index, count);
    }

    /// The number that the next event will have.
    pub fn next_event(&self) -> EventId {
        self.voice.next()
    }

    /// Lets an observer hear everything from here on.
    pub fn observe(&mut self, observer: Box<dyn Observer + Send>) -> Hearing {
        self.voice.add(observer)
    }

    /// Gives an observer back, who hears no more; `None` if he is gone.
    pub fn dismiss(&mut self, hearing: Hearing) -> Option<Box<dyn Observer + Send>> {
        self.voice.remove(hearing)
    }

    /// What it was made with.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// How many connections there are in all: with a control block, half-open, in TIME-WAIT.
    pub fn counts(&self) -> (usize, usize, usize) {
        (
            self.connections.len(),
            self.half_open.len(),
            self.time_wait.len(),
        )
    }

    /// A packet has come in at `now`.
    pub fn receive(&mut self, now: Instant, packet: Received<'_>) {
        let Received {
            bytes,
            offload,
            interface,
            memory,
        } = packet;
        let now = self.begin(now, || Input::Receive {
            bytes,
            offload,
            interface,
            held: memory.is_some(),
        });
        self.voice
            .input_told(now, Subject::Stack, || Event::PacketIn {
                interface,
                bytes,
                offload,
            });
        self.memory = memory.cloned();
        self.interface = interface;
        self.take_in(packet);
        self.memory = None;
    }

    /// Lends the next packet to send; `None` when there is none, and that changes nothing.
    pub fn poll_transmit(&mut self, now: Instant) -> Option<Transmit<'_>> {
        match self.replies.is_empty() && self.ready.is_empty() {
            true => self.tick(now),
            false => self.begin(now, || Input::Transmit),
        };
        self.next_packet()
    }

    /// The device refuses all packets from here on, or takes them again. What a connection cannot
    /// do without is tried again every half second, and nothing is concluded about the network:
    /// house!("refused"). All else is lost.
    pub fn set_device_refuses(&mut self, refuses: bool) {
        self.begin(self.now, || Input::Refuses(refuses));
        self.device_refuses = refuses;
    }

    /// An interface carries packets of up to `mtu` bytes from here on. Segments that leave by it
    /// are no longer, those of connections that are open too, and SYNs offer what fits.
    ///
    /// # Errors
    ///
    /// There is no such interface.
    pub fn set_mtu(
        &mut self,
        now: Instant,
        interface: InterfaceId,
        mtu: u16,
    ) -> Result<(), NoInterface> {
        let link = self.config.link(interface);
        let link = link.ok_or(NoInterface(interface))?;
        self.change_link(now, interface, Link { mtu, ..link });
        Ok(())
    }

    /// What the device of an interface takes over is something else from here on.
    ///
    /// # Errors
    ///
    /// There is no such interface.
    pub fn set_offloads(
        &mut self,
        now: Instant,
        interface: InterfaceId,
        offloads: Offloads,
    ) -> Result<(), NoInterface> {
        let link = self.config.link(interface);
        let link = link.ok_or(NoInterface(interface))?;
        self.change_link(now, interface, Link { offloads, ..link });
        Ok(())
    }

    fn change_link(&mut self, now: Instant, interface: InterfaceId, link: Link) {
        let now = self.begin(now, || Input::Link(interface, link));
        self.config.set_link(interface, link);
        self.voice
            .input_told(now, Subject::Stack, || Event::Called(Call::Configure));
        let open: Vec<ConnId> = self.connections.keys().collect();
        for id in open {
            self.follow_mtu(id);
        }
    }

    /// When [`Stack::handle_timeout`] wants to be called.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.wheel.next()
    }

    /// Time has passed. Afterwards no deadline lies at or before `now`.
    pub fn handle_timeout(&mut self, now: Instant) {
        let now = self.tick(now);
        if self.wheel.next().is_none_or(|due| due > now) {
            return;
        }
        self.begin(now, || Input::Timeout);
        self.voice.input_told(now, Subject::Stack, || Event::Ticked);
        while let Some(due) = self.wheel.expire(now) {
            match due {
                Due::Connection(id) => self.connection_due(id),
                Due::HalfOpen(id) => self.half_open_due(id),
                Due::TimeWait(id) => self.time_wait_due(id),
                Due::Fragments => self.fragments_due(),
                Due::PathAges => self.path_ages_due(),
            }
        }
    }

    /// Whom to wake.
    pub fn poll_notice(&mut self) -> Option<Notice> {
        while let Some(noticed) = self.notices.pop_front() {
            match noticed {
                Noticed::Connection(id) => {
                    let Some(slot) = self.connections.get_mut(id) else {
                        continue;
                    };
                    slot.noticed = false;
                    let wake = std::mem::replace(&mut slot.wake, Wake::NONE);
                    return Some(Notice::Connection(id, wake));
                }
                Noticed::Listener(id) => {
                    let Some(listener) = self.listeners.get_mut(id) else {
                        continue;
                    };
                    listener.noticed = false;
                    return Some(Notice::Acceptable(id));
                }
                Noticed::Datagrams(id) => {
                    let Some(wake) = self.take_wake_of_socket(id) else {
                        continue;
                    };
                    return Some(Notice::Datagrams(id, wake));
                }
                Noticed::Echo(id) => {
                    let Some(wake) = self.take_wake_of_echo(id) else {
                        continue;
                    };
                    return Some(Notice::Echo(id, wake));
                }
            }
        }
        None
    }

    /// Holds time at the latest that was told.
    fn tick(&mut self, now: Instant) -> Instant {
        self.now = self.now.max(now);
        self.now
    }

    fn number(&mut self) -> u64 {
        let number = self.next_number;
        self.next_number += 1;
        number
    }

    /// The input that is being handled.
    fn input(&self) -> EventId {
        self.voice.input()
    }
}

#[cfg(test)]
pub(crate) mod kit;
#[cfg(test)]
pub(crate) mod lone;
#[cfg(test)]
mod tests;
