//! Linux under a packet script: the same script, the same judge, another stack.
//!
//! A [`Kernel`] is a backend of `drill` as our own stack is. It has a network namespace of its own
//! for every script, a TUN interface through which packets are injected and read, and real
//! sockets, which never wait. Its clock is the machine's, so here alone times are not exact.
//!
//! Read `ground` for where a script stands, `calls` for what its calls come to, `info` for
//! `tcp_info`, then `play` for a script under both stacks, and `verdict` for what is said of it.

mod calls;
mod ground;
mod info;
mod play;
mod verdict;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::thread;
use std::time::{Duration, Instant as Clock};

use crate::base::Instant;
use crate::device::{Device, RxBuffer, Tun};
use crate::drill::backend::{
    Backend, Configured, Control, Handle, Info, Receive, Reply, Shut, Waiting, errno,
};
use crate::drill::command::Route;
use crate::drill::settings::{IpVersion, Settings};
use crate::namespace::Inside;
use crate::probe::Observer;

pub use play::{Both, both};
pub use verdict::Difference;

/// The kernel's stack in a namespace of its own.
pub struct Kernel {
    inside: Inside,
    tun: Tun,
    room: RxBuffer,
    began: Clock,
    /// From then on nothing is waited for: whatever hangs has hung long enough.
    until: Clock,
    sockets: Vec<Option<Socket>>,
    version: IpVersion,
    /// What new sockets are to be controlled by.
    control: String,
}

/// A socket of a script.
#[derive(Debug)]
enum Socket {
    Open(OwnedFd),
    /// Its close lingers, in a thread that waits for it.
    Closing(thread::JoinHandle<()>),
}

impl Kernel {
    /// A namespace, an interface and a clock, for a script with these settings, which is given up
    /// after so long; the calling thread is in that namespace from now on.
    ///
    /// # Errors
    ///
    /// What the system does not allow.
    pub fn new(inside: &Inside, settings: &Settings, longest: Duration) -> std::io::Result<Kernel> {
        let (inside, tun) = ground::lay(inside, settings)?;
        let now = Clock::now();
        Ok(Kernel {
            inside,
            tun,
            room: RxBuffer::new(),
            began: now,
            until: now + longest,
            sockets: Vec::new(),
            version: settings.version,
            control: ground::CONTROL.to_owned(),
        })
    }

    fn get(&self, socket: Handle) -> Result<&OwnedFd, Reply> {
        match self.sockets.get(socket.0) {
            Some(Some(Socket::Open(fd))) => Ok(fd),
            _ => Err(Reply::Failed(errno::EBADF)),
        }
    }

    fn insert(&mut self, fd: OwnedFd) -> Handle {
        self.sockets.push(Some(Socket::Open(fd)));
        Handle(self.sockets.len() - 1)
    }
}

impl std::fmt::Debug for Kernel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Kernel({} sockets)", self.sockets.len())
    }
}

impl Backend for Kernel {
    fn now(&self) -> Instant {
        Instant::BIRTH + self.began.elapsed()
    }

    fn advance(&mut self, to: Instant) {
        thread::sleep(
            to.since(Instant::BIRTH)
                .saturating_sub(self.began.elapsed()),
        );
    }

    /// The kernel's own timers do.
    fn expire(&mut self) {}

    /// Nobody says when the kernel will do something: it is looked at every so often.
    fn poll_at(&self) -> Option<Instant> {
        (Clock::now() < self.until).then(|| self.now() + LOOK_EVERY)
    }

    /// The kernel gets it as one packet, however many it stands for.
    fn inject(&mut self, packet: &[u8], _: Option<u16>) {
        ground::write(&self.tun, packet);
    }

    fn emitted(&mut self) -> Option<Vec<u8>> {
        let packet = self.tun.receive(&mut self.room).ok().flatten()?;
        Some(packet.bytes.to_vec())
    }

    fn configure(&mut self, key: &str, value: &str) -> Configured {
        // A namespace may not choose what the machine does not let everybody have; a socket may.
        if key == "net.ipv4.tcp_congestion_control" {
            self.control = value.to_owned();
            return Configured::Done;
        }
        ground::configure(&self.inside, key, value)
    }

    /// The namespace is new: nothing is cached.
    fn forget(&mut self) {}

    fn route(&mut self, _: &Route) -> Option<&'static str> {
        Some("route")
    }

    fn drop_local(&mut self, _: bool) -> bool {
        false
    }

    fn counters(&self) -> BTreeMap<&'static str, u64> {
        ground::counters()
    }

    fn endpoints(&self, _: &str, _: Option<u16>) -> Option<usize> {
        None
    }

    fn delete(&mut self, _: &str) -> bool {
        false
    }

    fn socket(&mut self) -> Handle {
        self.open()
    }

    fn bind(&mut self, socket: Handle, addr: SocketAddr) -> Reply {
        self.do_bind(socket, addr)
    }

    fn listen(&mut self, socket: Handle, backlog: i64) -> Reply {
        self.do_listen(socket, backlog)
    }

    fn accept(&mut self, socket: Handle) -> Result<(Handle, SocketAddr), Reply> {
        self.do_accept(socket)
    }

    fn connect(&mut self, socket: Handle, addr: Option<SocketAddr>) -> Reply {
        self.do_connect(socket, addr)
    }

    fn connect_sending(&mut self, socket: Handle, addr: SocketAddr, bytes: Option<&[u8]>) -> Reply {
        self.do_connect_sending(socket, addr, bytes)
    }

    /// The kernel opens by itself what is sent with.
    fn opens_by_sending(&self, _: Handle) -> Option<SocketAddr> {
        None
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

    /// No script of ours asks Linux for them.
    fn control(&self, _: Handle) -> Vec<Control> {
        Vec::new()
    }

    fn events(&self, socket: Handle) -> i64 {
        self.do_events(socket)
    }

    fn info(&self, socket: Handle) -> Option<Info> {
        self.tcp_info(socket)
    }

    /// What Linux may never do is not ours to say.
    fn breach(&self) -> Option<String> {
        None
    }

    /// Linux does not say why.
    fn watch(&mut self, _: Box<dyn Observer + Send>) {}
}

/// How often the kernel is looked at: times are known no better.
const LOOK_EVERY: Duration = Duration::from_micros(500);
