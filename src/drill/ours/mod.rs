//! Our own stack as a backend: the sockets that scripts expect over the calls that it has.
//!
//! `socket` has what a socket is and how errors are told, `call` the calls, `option` the socket
//! options, `fast_open` both as far as they are about text before the handshake is over, `route`
//! the way to a destination, `info` what code blocks ask for.

mod call;
mod fast_open;
mod info;
mod option;
mod route;
mod socket;

use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;
use std::sync::Arc;

use crate::base::{Checksum, Instant, Mss, Offload, Offloads, Received, Seed};
use crate::observe::counters::Counters;
use crate::probe::Observer;
use crate::sim::invariants::{Invariants, Rules};
use crate::stack::{self, Config, Prefix, Stack, TcpConfig};

use super::backend::{Backend, Configured, Control, Handle, Info, Receive, Reply, Shut, Waiting};
use super::command::Route;
use super::nstat;
use super::profile::{Policy, Profile};
use super::settings::Settings;
use super::tally::{Tally, on_the_wire};
use socket::{Kind, Options, Socket};

pub use info::{FIELDS, KNOWN};

/// A stack and its sockets.
#[derive(Debug)]
pub struct Ours {
    stack: Stack,
    now: Instant,
    /// What the device has made of one packet, and not sent yet.
    cut: VecDeque<Vec<u8>>,
    policy: Policy,
    sockets: Vec<Option<Socket>>,
    tally: Tally,
    counters: Counters,
    /// What must always hold, watched.
    watch: Invariants,
}

impl Ours {
    /// A stack at the script's address, on its device.
    pub fn new(settings: &Settings, profile: Profile, offloads: Offloads) -> Ours {
        Ours::from_birth(settings, profile, offloads, |_, _| {})
    }

    /// The same, and somebody is told when the stack is made, before it is told anything.
    pub fn from_birth(
        settings: &Settings,
        profile: Profile,
        offloads: Offloads,
        birth: impl FnOnce(Seed, &mut Stack),
    ) -> Ours {
        let mut config = Config::new(vec![(settings.local, settings.prefix)]);
        config.mtu = settings.mtu;
        config.offloads = offloads;
        let policy = Policy::new(profile);
        config.tcp = Arc::new(policy.tcp.clone());
        let watch = Invariants::new(Rules::of(&config));
        let mut stack = Stack::new(config, Seed::from_number(SEED));
        birth(Seed::from_number(SEED), &mut stack);
        stack.observe(Box::new(watch.clone()));
        let tally = Tally::default();
        stack.observe(Box::new(tally.clone()));
        let counters = Counters::default();
        stack.observe(Box::new(counters.clone()));
        let mut ours = Ours {
            stack,
            now: Instant::BIRTH,
            cut: VecDeque::new(),
            policy,
            sockets: Vec::new(),
            tally,
            counters,
            watch,
        };
        ours.tell_fast_open();
        let way = stack::Route {
            gateway: Some(settings.gateway),
            ..stack::Route::default()
        };
        ours.route_by(Prefix::all_like(settings.local), way);
        ours
    }

    fn route_by(&mut self, prefix: Prefix, route: stack::Route) {
        let set = self.stack.set_route(self.now, prefix, route);
        set.expect("the first interface is always there");
    }

    /// The stack makes cookies with the keys that are set, and is as wary as it should be.
    fn tell_fast_open(&mut self) {
        let blackhole = self.policy.fast_open.blackhole;
        self.stack.set_fast_open_blackhole(blackhole);
        self.stack.set_fast_open_keys(self.policy.fast_open.keys());
    }

    /// Nothing more is to be sent: does everything hold that must? A deadline of this very instant
    /// waits for the event that the script has put there, and both for the next time.
    fn settled(&self) {
        let next = self.stack.poll_timeout();
        if next.is_none_or(|at| at > self.now) {
            self.watch.settled(self.now, next);
            self.stack.assert_invariants();
        }
    }

    /// How connections of a socket with these options are to behave.
    fn config_of(&self, options: &Options) -> Arc<TcpConfig> {
        let device = self.stack.config();
        let own = device.addresses.first().map(|(own, _)| *own);
        let mss = own.map_or(Mss::FLOOR, |own| device.mss(own));
        let config = options.config(&self.policy, mss);
        self.watch.admit(&config);
        Arc::new(config)
    }

    fn get(&self, socket: Handle) -> Option<&Socket> {
        self.sockets.get(socket.0)?.as_ref()
    }

    fn get_mut(&mut self, socket: Handle) -> Option<&mut Socket> {
        self.sockets.get_mut(socket.0)?.as_mut()
    }

    fn insert(&mut self, socket: Socket) -> Handle {
        self.sockets.push(Some(socket));
        Handle(self.sockets.len() - 1)
    }
}

impl Backend for Ours {
    fn now(&self) -> Instant {
        self.now
    }

    fn advance(&mut self, to: Instant) {
        self.now = self.now.max(to);
    }

    fn expire(&mut self) {
        self.stack.handle_timeout(self.now);
    }

    fn poll_at(&self) -> Option<Instant> {
        self.stack.poll_timeout()
    }

    fn inject(&mut self, packet: &[u8], aggregate: Option<u16>) {
        let offload = Offload {
            checksum: Checksum::Full,
            gso: aggregate,
        };
        let packet = Received {
            offload,
            ..Received::plain(packet)
        };
        self.stack.receive(self.now, packet);
    }

    fn emitted(&mut self) -> Option<Vec<u8>> {
        if let Some(packet) = self.cut.pop_front() {
            return Some(packet);
        }
        // Notices are for those who sleep; scripts ask again after every step.
        while self.stack.poll_notice().is_some() {}
        if let Some(packet) = self.stack.poll_transmit(self.now) {
            self.cut.extend(on_the_wire(&packet));
        } else {
            self.settled();
        }
        self.cut.pop_front()
    }

    fn configure(&mut self, key: &str, value: &str) -> Configured {
        let done = self.policy.set(key, value);
        if done == Configured::Done {
            self.renew_listeners();
            self.tell_fast_open();
            if key == "net.ipv4.tcp_notsent_lowat" {
                self.renew_marks();
            }
        }
        done
    }

    fn forget(&mut self) {
        self.stack.forget_fast_open();
    }

    fn route(&mut self, route: &Route) -> Option<&'static str> {
        self.do_route(route).err()
    }

    fn drop_local(&mut self, on: bool) -> bool {
        self.stack.set_device_refuses(on);
        true
    }

    fn counters(&self) -> BTreeMap<&'static str, u64> {
        nstat::read(&self.counters.counts()).collect()
    }

    fn endpoints(&self, state: &str, port: Option<u16>) -> Option<usize> {
        self.count_endpoints(state, port)
    }

    fn delete(&mut self, _state: &str) -> bool {
        false
    }

    fn socket(&mut self) -> Handle {
        self.insert(Socket::new())
    }

    fn bind(&mut self, socket: Handle, addr: std::net::SocketAddr) -> Reply {
        self.do_bind(socket, addr)
    }

    fn listen(&mut self, socket: Handle, backlog: i64) -> Reply {
        self.do_listen(socket, backlog)
    }

    fn accept(&mut self, socket: Handle) -> Result<(Handle, std::net::SocketAddr), Reply> {
        self.do_accept(socket)
    }

    fn connect(&mut self, socket: Handle, addr: Option<std::net::SocketAddr>) -> Reply {
        match addr {
            Some(addr) => self.do_connect(socket, addr),
            None => self.disconnect(socket),
        }
    }

    fn connect_sending(
        &mut self,
        socket: Handle,
        addr: std::net::SocketAddr,
        bytes: Option<&[u8]>,
    ) -> Reply {
        self.do_connect_sending(socket, addr, bytes)
    }

    fn opens_by_sending(&self, socket: Handle) -> Option<std::net::SocketAddr> {
        Ours::opens_by_sending(self, socket)
    }

    fn send(&mut self, socket: Handle, bytes: &[u8], more: bool) -> Reply {
        self.do_send(socket, bytes, more)
    }

    fn recv(&mut self, socket: Handle, len: usize, how: Receive) -> (Reply, Vec<u8>) {
        self.do_recv(socket, len, how)
    }

    fn shutdown(&mut self, socket: Handle, how: Shut) -> Reply {
        self.do_shutdown(socket, how)
    }

    fn close(&mut self, socket: Handle) -> Reply {
        self.do_close(socket)
    }

    fn set_option(&mut self, socket: Handle, level: i64, name: i64, value: &[u8]) -> Reply {
        self.do_set_option(socket, level, name, value)
    }

    fn option(&mut self, socket: Handle, level: i64, name: i64, len: usize) -> (Reply, Vec<u8>) {
        self.do_option(socket, level, name, len)
    }

    fn waiting(&self, socket: Handle, which: Waiting) -> Reply {
        self.do_waiting(socket, which)
    }

    fn control(&self, socket: Handle) -> Vec<Control> {
        self.inquiry(socket).into_iter().collect()
    }

    fn events(&self, socket: Handle) -> i64 {
        self.poll_events(socket)
    }

    fn info(&self, socket: Handle) -> Option<Info> {
        self.tcp_info(socket)
    }

    fn breach(&self) -> Option<String> {
        self.watch.breach().map(|breach| breach.to_string())
    }

    fn watch(&mut self, observer: Box<dyn Observer + Send>) {
        self.stack.observe(observer);
    }
}

impl Ours {
    fn count_endpoints(&self, state: &str, port: Option<u16>) -> Option<usize> {
        let (_, half_open, time_wait) = self.stack.counts();
        let held = |wanted: &str| {
            let sockets = self.sockets.iter().flatten();
            let here = sockets.filter(|socket| {
                let local = self.local_port(socket);
                port.is_none_or(|port| local == Some(port))
                    && self.bsd_state(socket) == Some(wanted)
            });
            here.count()
        };
        match state {
            "CLOSED" => Some(held("CLOSED")),
            "SYN_RCVD" | "SYN_RECEIVED" => Some(half_open),
            "TIME_WAIT" => Some(time_wait + held("TIME_WAIT")),
            "LISTEN" => Some(held("LISTEN")),
            _ => Some(held(state)),
        }
    }

    fn local_port(&self, socket: &Socket) -> Option<u16> {
        match socket.kind {
            Kind::Opening(id) | Kind::Connected(id) => {
                self.stack.pair(id).map(|pair| pair.local.port)
            }
            Kind::Listening(id) => self.stack.listener_addr(id).map(|addr| addr.port()),
            Kind::Fresh => socket.bound.map(|addr| addr.port()),
        }
    }

    fn bsd_state(&self, socket: &Socket) -> Option<&'static str> {
        use crate::probe::State;
        Some(match socket.kind {
            Kind::Fresh => "CLOSED",
            Kind::Listening(_) => "LISTEN",
            Kind::Opening(id) | Kind::Connected(id) => match self.stack.status(id)?.state {
                State::Closed => "CLOSED",
                State::Listen => "LISTEN",
                State::SynSent => "SYN_SENT",
                State::SynReceived => "SYN_RCVD",
                State::Established => "ESTABLISHED",
                State::FinWait1 => "FIN_WAIT_1",
                State::FinWait2 => "FIN_WAIT_2",
                State::CloseWait => "CLOSE_WAIT",
                State::Closing => "CLOSING",
                State::LastAck => "LAST_ACK",
                State::TimeWait => "TIME_WAIT",
            },
        })
    }

    /// Settings have changed: those who will make connections follow.
    fn renew_listeners(&mut self) {
        for socket in self.sockets.iter().flatten() {
            if let Kind::Listening(id) = socket.kind {
                let config = self.config_of(&socket.options);
                self.stack.configure_listener(id, config);
            }
        }
    }

    /// Linux asks the host for its mark whenever somebody writes.
    fn renew_marks(&mut self) {
        for socket in self.sockets.iter().flatten() {
            if let Kind::Opening(id) | Kind::Connected(id) = socket.kind {
                let config = self.config_of(&socket.options);
                let mark = Some(config.unsent_low_water);
                self.stack.set_unsent_low_water(self.now, id, mark);
            }
        }
    }

    /// Whether an address is of the family of the stack's own.
    fn speaks(&self, addr: IpAddr) -> bool {
        let own = self.stack.config().addresses.first();
        own.is_some_and(|(own, _)| own.is_ipv4() == addr.is_ipv4())
    }
}

/// All chance comes from here: the same script gives the same packets.
const SEED: u64 = 1;

#[cfg(test)]
mod tests;
