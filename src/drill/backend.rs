//! What a script is run against: sockets, packets and a clock that only the runner moves.
//!
//! The runner knows nothing else of a stack. No call waits: what would, says so, and is asked
//! again after every step.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use crate::base::Instant;
use crate::probe::Observer;

use super::command::Route;

/// A socket of a backend.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Handle(pub usize);

/// What a call comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// Its result.
    Done(i64),
    /// The number of an error.
    Failed(i64),
    /// Not yet; who does not wait is told this error.
    Wait(i64),
    /// The stack has nothing like it, under this name.
    Unsupported(String),
}

/// What became of a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Configured {
    /// It is so.
    Done,
    /// It makes no difference here.
    Ignored,
    /// The stack cannot do that.
    Unsupported,
    /// No host would take it: there is no such setting, or not this value.
    Refused,
}

/// How a socket is shut down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shut {
    Read,
    Write,
    Both,
}

/// Bytes that wait, of those that go one way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waiting {
    /// To be read.
    Unread,
    /// To be acknowledged, sent or not.
    Unacknowledged,
    /// To be sent.
    Unsent,
}

/// A control message that holds a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Control {
    pub level: i64,
    pub kind: i64,
    pub value: i32,
}

/// How bytes are received.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Receive {
    /// They stay.
    pub peek: bool,
}

/// `tcp_info` and whatever else code blocks ask for, by name.
pub type Info = BTreeMap<&'static str, i64>;

/// A stack with sockets.
pub trait Backend: Send {
    /// The time that was told last.
    fn now(&self) -> Instant;
    /// Time is `to`, not earlier than before; nothing fires yet.
    fn advance(&mut self, to: Instant);
    /// Everything due by now fires.
    fn expire(&mut self);
    /// When the next deadline is.
    fn poll_at(&self) -> Option<Instant>;
    /// A packet arrives. Its text is an aggregate of segments with `aggregate` bytes each.
    fn inject(&mut self, packet: &[u8], aggregate: Option<u16>);
    /// The next packet that leaves now.
    fn emitted(&mut self) -> Option<Vec<u8>>;

    /// Sets what a host's administrator could.
    fn configure(&mut self, key: &str, value: &str) -> Configured;
    /// What is cached of other hosts is forgotten.
    fn forget(&mut self);
    /// What is known of the way to a destination. An attribute that the stack has nothing for is
    /// returned by its name.
    fn route(&mut self, route: &Route) -> Option<&'static str>;
    /// Outbound packets are dropped, and the stack knows. `false`: it cannot know.
    fn drop_local(&mut self, on: bool) -> bool;
    /// The counters of the host, by name.
    fn counters(&self) -> BTreeMap<&'static str, u64>;
    /// How many endpoints with this local port are in a state, in BSD's words.
    fn endpoints(&self, state: &str, port: Option<u16>) -> Option<usize>;
    /// Deletes endpoints in a state. `false`: it cannot.
    fn delete(&mut self, state: &str) -> bool;

    /// A new TCP socket.
    fn socket(&mut self) -> Handle;
    fn bind(&mut self, socket: Handle, addr: SocketAddr) -> Reply;
    fn listen(&mut self, socket: Handle, backlog: i64) -> Reply;
    /// The connection that has waited longest, and its far end.
    fn accept(&mut self, socket: Handle) -> Result<(Handle, SocketAddr), Reply>;
    /// `None`: disconnects.
    fn connect(&mut self, socket: Handle, addr: Option<SocketAddr>) -> Reply;
    /// Opens and sends at once, as MSG_FASTOPEN asks. The result is how much went with the SYN;
    /// if nothing did, it is as that of `connect`. `None`: they are behind a null pointer.
    fn connect_sending(&mut self, socket: Handle, addr: SocketAddr, bytes: Option<&[u8]>) -> Reply;
    /// Where to a socket will be connected by what it sends first, as TCP_FASTOPEN_CONNECT asks.
    fn opens_by_sending(&self, socket: Handle) -> Option<SocketAddr>;
    /// Sends some of `bytes`; perhaps more will follow.
    fn send(&mut self, socket: Handle, bytes: &[u8], more: bool) -> Reply;
    /// Receives at most `len` bytes.
    fn recv(&mut self, socket: Handle, len: usize, how: Receive) -> (Reply, Vec<u8>);
    fn shutdown(&mut self, socket: Handle, how: Shut) -> Reply;
    /// Afterwards there is no such socket, unless it lingers.
    fn close(&mut self, socket: Handle) -> Reply;
    fn set_option(&mut self, socket: Handle, level: i64, name: i64, value: &[u8]) -> Reply;
    /// The value, at most `len` bytes.
    fn option(&mut self, socket: Handle, level: i64, name: i64, len: usize) -> (Reply, Vec<u8>);
    /// How many bytes wait.
    fn waiting(&self, socket: Handle, which: Waiting) -> Reply;
    /// What `recvmsg` tells beside the bytes that it has just handed over.
    fn control(&self, socket: Handle) -> Vec<Control>;
    /// What `poll` would report, as its bits.
    fn events(&self, socket: Handle) -> i64;
    /// `None`: there is no connection to ask.
    fn info(&self, socket: Handle) -> Option<Info>;

    /// What the stack has done that must never be, beginning with the name of the rule.
    fn breach(&self) -> Option<String>;
    /// Lets somebody hear why the stack does what it does.
    fn watch(&mut self, observer: Box<dyn Observer + Send>);
}

/// The numbers of errors that calls fail with, as Linux has them.
pub mod errno {
    pub const ENOENT: i64 = 2;
    pub const EBADF: i64 = 9;
    pub const EAGAIN: i64 = 11;
    pub const EACCES: i64 = 13;
    pub const EFAULT: i64 = 14;
    pub const EINVAL: i64 = 22;
    pub const EPIPE: i64 = 32;
    pub const ENONET: i64 = 64;
    pub const EPROTO: i64 = 71;
    pub const ENOTSOCK: i64 = 88;
    pub const EDESTADDRREQ: i64 = 89;
    pub const EMSGSIZE: i64 = 90;
    pub const ENOPROTOOPT: i64 = 92;
    pub const EOPNOTSUPP: i64 = 95;
    pub const EADDRINUSE: i64 = 98;
    pub const EADDRNOTAVAIL: i64 = 99;
    pub const ENETUNREACH: i64 = 101;
    pub const ECONNABORTED: i64 = 103;
    pub const ECONNRESET: i64 = 104;
    pub const ENOBUFS: i64 = 105;
    pub const EISCONN: i64 = 106;
    pub const ENOTCONN: i64 = 107;
    pub const ETIMEDOUT: i64 = 110;
    pub const ECONNREFUSED: i64 = 111;
    pub const EHOSTDOWN: i64 = 112;
    pub const EHOSTUNREACH: i64 = 113;
    pub const EALREADY: i64 = 114;
    pub const EINPROGRESS: i64 = 115;
}

/// The bits of `poll`, as Linux has them.
pub mod poll {
    pub const IN: i64 = 0x1;
    pub const OUT: i64 = 0x4;
    pub const ERR: i64 = 0x8;
    pub const HUP: i64 = 0x10;
    pub const NVAL: i64 = 0x20;
    pub const RDNORM: i64 = 0x40;
    pub const WRNORM: i64 = 0x100;
    pub const RDHUP: i64 = 0x2000;
}
