//! What an owner must be told: each connection, listener and socket waits in the queue at
//! most once.

use std::collections::VecDeque;

use slotmap::new_key_type;

pub use crate::tcp::wake::Wake;

new_key_type! {
    /// A connection, as its owner names it; never used again for another.
    pub struct ConnId;
    /// A listener.
    pub struct ListenerId;
    /// A datagram socket.
    pub struct UdpId;
    /// An echo socket.
    pub struct EchoId;
}

/// Something that an owner waits for has happened. It is a hint: asking again is always allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// A connection can be read or written, has been established, or has ended.
    Connection(ConnId, Wake),
    /// A connection waits to be accepted.
    Acceptable(ListenerId),
    /// A datagram socket can be read or written, or has an error to tell.
    Datagrams(UdpId, Wake),
    /// An echo socket has something to read, or room to send.
    Echo(EchoId, Wake),
}

/// Who waits to be noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Noticed {
    Connection(ConnId),
    Listener(ListenerId),
    Datagrams(UdpId),
    Echo(EchoId),
}

/// The queue.
pub(super) type Notices = VecDeque<Noticed>;
