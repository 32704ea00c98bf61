//! A stack that is wrong: ours, with one thing spoilt on the way out or in its timing.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use pellucid::base::Instant;
use pellucid::drill::backend::{
    Backend, Configured, Control, Handle, Info, Receive, Reply, Shut, Waiting,
};
use pellucid::drill::command::Route;
use pellucid::probe::Observer;

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Every acknowledgment number is one too high; the checksum is made right again.
    Ack,
    /// Every transport checksum is wrong.
    Checksum,
    /// The PSH bit is turned over.
    Push,
    /// Every timer fires a quarter of a second early.
    Early,
    /// It has done what no stack may, in the eyes of whoever watches it.
    Breach,
}

impl Fault {
    pub const ALL: [Fault; 5] = [
        Fault::Ack,
        Fault::Checksum,
        Fault::Push,
        Fault::Early,
        Fault::Breach,
    ];
}

struct Broken {
    inner: Box<dyn Backend>,
    fault: Fault,
    /// The runner's time; a stack whose timers are early lives ahead of it.
    now: Instant,
}

/// `inner`, spoilt.
pub fn spoilt(inner: Box<dyn Backend>, fault: Fault) -> Box<dyn Backend> {
    let now = inner.now();
    Box::new(Broken { inner, fault, now })
}

impl Broken {
    /// Where TCP begins, if it is TCP.
    fn tcp_at(packet: &[u8]) -> Option<usize> {
        match (packet[0] >> 4, packet.get(9), packet.get(6)) {
            (4, Some(6), _) => Some(usize::from(packet[0] & 0xf) * 4),
            (6, _, Some(6)) => Some(40),
            _ => None,
        }
    }

    fn spoil(&self, packet: &mut [u8]) {
        let Some(at) = Broken::tcp_at(packet) else {
            return;
        };
        match self.fault {
            Fault::Ack => change(packet, at, at + 10, |word| word.wrapping_add(1)),
            Fault::Push => change(packet, at, at + 12, |word| word ^ 8),
            Fault::Checksum => packet[at + 16] ^= 0x55,
            Fault::Early | Fault::Breach => {}
        }
    }
}

/// Changes a word of a segment and, by RFC 1624, the checksum with it.
fn change(packet: &mut [u8], tcp: usize, at: usize, how: impl Fn(u16) -> u16) {
    let word = |packet: &[u8], at: usize| u16::from_be_bytes([packet[at], packet[at + 1]]);
    let (old, sum) = (word(packet, at), word(packet, tcp + 16));
    let new = how(old);
    let mut total = u32::from(!sum) + u32::from(!old) + u32::from(new);
    total = (total & 0xffff) + (total >> 16);
    total = (total & 0xffff) + (total >> 16);
    packet[at..at + 2].copy_from_slice(&new.to_be_bytes());
    packet[tcp + 16..tcp + 18].copy_from_slice(&(!(total as u16)).to_be_bytes());
}

/// All but packets and timers are the stack's own.
impl Backend for Broken {
    fn now(&self) -> Instant {
        self.now
    }

    fn advance(&mut self, to: Instant) {
        self.now = self.now.max(to);
        self.inner.advance(self.now);
    }

    fn expire(&mut self) {
        if self.fault == Fault::Early {
            self.inner.advance(self.now + EARLY);
        }
        self.inner.expire();
    }

    fn poll_at(&self) -> Option<Instant> {
        let at = self.inner.poll_at()?;
        if self.fault != Fault::Early {
            return Some(at);
        }
        let early = Duration::from_nanos(at.as_nanos()).saturating_sub(EARLY);
        Some((Instant::BIRTH + early).max(self.now))
    }

    fn inject(&mut self, packet: &[u8], aggregate: Option<u16>) {
        self.inner.inject(packet, aggregate);
    }

    fn emitted(&mut self) -> Option<Vec<u8>> {
        let mut packet = self.inner.emitted()?;
        self.spoil(&mut packet);
        Some(packet)
    }

    fn configure(&mut self, key: &str, value: &str) -> Configured {
        self.inner.configure(key, value)
    }

    fn forget(&mut self) {
        self.inner.forget();
    }

    fn route(&mut self, route: &Route) -> Option<&'static str> {
        self.inner.route(route)
    }

    fn drop_local(&mut self, on: bool) -> bool {
        self.inner.drop_local(on)
    }

    fn counters(&self) -> BTreeMap<&'static str, u64> {
        self.inner.counters()
    }

    fn endpoints(&self, state: &str, port: Option<u16>) -> Option<usize> {
        self.inner.endpoints(state, port)
    }

    fn delete(&mut self, state: &str) -> bool {
        self.inner.delete(state)
    }

    fn socket(&mut self) -> Handle {
        self.inner.socket()
    }

    fn bind(&mut self, socket: Handle, addr: SocketAddr) -> Reply {
        self.inner.bind(socket, addr)
    }

    fn listen(&mut self, socket: Handle, backlog: i64) -> Reply {
        self.inner.listen(socket, backlog)
    }

    fn accept(&mut self, socket: Handle) -> Result<(Handle, SocketAddr), Reply> {
        self.inner.accept(socket)
    }

    fn connect(&mut self, socket: Handle, addr: Option<SocketAddr>) -> Reply {
        self.inner.connect(socket, addr)
    }

    fn connect_sending(&mut self, socket: Handle, addr: SocketAddr, bytes: Option<&[u8]>) -> Reply {
        self.inner.connect_sending(socket, addr, bytes)
    }

    fn opens_by_sending(&self, socket: Handle) -> Option<SocketAddr> {
        self.inner.opens_by_sending(socket)
    }

    fn send(&mut self, socket: Handle, bytes: &[u8], more: bool) -> Reply {
        self.inner.send(socket, bytes, more)
    }

    fn recv(&mut self, socket: Handle, len: usize, how: Receive) -> (Reply, Vec<u8>) {
        self.inner.recv(socket, len, how)
    }

    fn shutdown(&mut self, socket: Handle, how: Shut) -> Reply {
        self.inner.shutdown(socket, how)
    }

    fn close(&mut self, socket: Handle) -> Reply {
        self.inner.close(socket)
    }

    fn set_option(&mut self, socket: Handle, level: i64, name: i64, value: &[u8]) -> Reply {
        self.inner.set_option(socket, level, name, value)
    }

    fn option(&mut self, socket: Handle, level: i64, name: i64, len: usize) -> (Reply, Vec<u8>) {
        self.inner.option(socket, level, name, len)
    }

    fn waiting(&self, socket: Handle, which: Waiting) -> Reply {
        self.inner.waiting(socket, which)
    }

    fn control(&self, socket: Handle) -> Vec<Control> {
        self.inner.control(socket)
    }

    fn events(&self, socket: Handle) -> i64 {
        self.inner.events(socket)
    }

    fn info(&self, socket: Handle) -> Option<Info> {
        self.inner.info(socket)
    }

    fn breach(&self) -> Option<String> {
        match self.fault {
            Fault::Breach => Some("I-SAFE broken".into()),
            _ => self.inner.breach(),
        }
    }

    fn watch(&mut self, observer: Box<dyn Observer + Send>) {
        self.inner.watch(observer);
    }
}

const EARLY: Duration = Duration::from_millis(250);
