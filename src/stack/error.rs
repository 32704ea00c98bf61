//! What an application may be told: one small enum a call.

use std::net::{IpAddr, SocketAddr};

use super::udp::UdpError;
use crate::base::InterfaceId;
use crate::tcp::Failure;

/// A stack has no such interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0} does not exist")]
pub struct NoInterface(pub InterfaceId);

/// Why OPEN made no connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// The remote socket cannot be: no unicast address, a loopback address, or port 0.
    #[error("{0} is no address that a connection can be opened to")]
    BadRemote(SocketAddr),
    /// The remote address is one of ours: what is sent there would leave, and find nobody.
    #[error("{0} is this stack itself, which has no loopback")]
    Itself(IpAddr),
    /// The local address is not one of ours.
    #[error("{0} is not an address of this stack")]
    NotOurs(IpAddr),
    /// None of our addresses is of the remote's family.
    #[error("no address of this stack can reach {0}")]
    NoSource(IpAddr),
    /// No route leads there.
    #[error("no route leads to {0}")]
    NetworkUnreachable(IpAddr),
    /// The pair of sockets is in use (RFC 9293 section 3.10.1: "connection already exists").
    #[error("a connection between {0} and {1} exists already")]
    InUse(SocketAddr, SocketAddr),
    /// Several stacks share their addresses, and these packets would come to another.
    #[error("a connection between {0} and {1} belongs to another of the stacks with this address")]
    Elsewhere(SocketAddr, SocketAddr),
    /// Every ephemeral port is in use towards this remote socket.
    #[error("no local port is free for a connection to {0}")]
    NoPort(SocketAddr),
    /// The limit of connections is reached ("insufficient resources").
    #[error("the limit of {0} connections is reached")]
    TooMany(usize),
}

/// Why LISTEN made no listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ListenError {
    /// The address is neither unspecified nor one of ours.
    #[error("{0} is not an address of this stack")]
    NotOurs(IpAddr),
    /// Somebody listens there.
    #[error("{0} is in use by another listener")]
    InUse(SocketAddr),
    /// Every port is in use.
    #[error("no local port is free to listen on")]
    NoPort,
}

/// Why there is no connection to accept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AcceptError {
    /// None waits yet.
    #[error("no connection waits to be accepted")]
    WouldBlock,
    /// The listener is closed.
    #[error("the listener is closed")]
    Closed,
}

/// Why SEND took nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// There is no room yet.
    #[error("the send buffer is full")]
    WouldBlock,
    /// CLOSE was called.
    #[error("the connection is closed for sending")]
    Closed,
    /// The connection has ended.
    #[error(transparent)]
    Failed(#[from] Failure),
}

/// Why RECEIVE gave nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// Nothing has come yet.
    #[error("nothing has been received yet")]
    WouldBlock,
    /// Our side has let go of the connection.
    #[error("the connection is closed")]
    Closed,
    /// The connection has ended.
    #[error(transparent)]
    Failed(#[from] Failure),
}

/// Why there is no datagram socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UdpBindError {
    /// The address is neither unspecified nor one of ours.
    #[error("{0} is not an address of this stack")]
    NotOurs(IpAddr),
    /// Another datagram socket is bound there.
    #[error("{0} is in use by another datagram socket")]
    InUse(SocketAddr),
    /// Every port is in use.
    #[error("no local port is free for a datagram socket")]
    NoPort,
    /// The limit of datagram sockets is reached.
    #[error("the limit of {0} datagram sockets is reached")]
    TooMany(usize),
}

/// Why nothing can be sent to somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoWay {
    /// The remote socket cannot be: no unicast address, a loopback address, or port 0.
    #[error("{0} is no address that datagrams can be sent to")]
    BadRemote(SocketAddr),
    /// The remote address is one of ours: what is sent there would leave, and find nobody.
    #[error("{0} is this stack itself, which has no loopback")]
    Itself(IpAddr),
    /// The socket's address, or every one of ours, is of the other family.
    #[error("no address of this socket can reach {0}")]
    NoSource(IpAddr),
    /// No route leads there.
    #[error("no route leads to {0}")]
    NetworkUnreachable(IpAddr),
}

/// Why a datagram socket has no peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UdpConnectError {
    /// Nothing can be sent there.
    #[error(transparent)]
    NoWay(#[from] NoWay),
    /// The address that suits is taken, with the socket's port, by another socket.
    #[error("{0} is in use by another datagram socket")]
    InUse(SocketAddr),
    /// The socket stands for every local socket.
    #[error("a socket for every address and port has no peer")]
    Everywhere,
    /// The socket is closed.
    #[error("the socket is closed")]
    Closed,
}

/// Why a datagram was not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UdpSendError {
    /// There is no room yet.
    #[error("too many datagrams wait to be sent")]
    WouldBlock,
    /// Nothing can be sent there.
    #[error(transparent)]
    NoWay(#[from] NoWay),
    /// The socket is not connected, and no destination was given.
    #[error("a datagram needs a destination, or its socket a peer")]
    NoDestination,
    /// The socket is connected, and not to this one.
    #[error("the socket is connected, and not to {0}")]
    Connected(SocketAddr),
    /// The socket is bound to another address or port, or the stack does not speak for it.
    #[error("{0} is nothing that this socket can send from")]
    NotFrom(SocketAddr),
    /// The socket stands for every local socket, and was not told which.
    #[error("a socket for every address and port must be told which to send from")]
    Everywhere,
    /// So many bytes do not fit into a datagram; so many do.
    #[error("a datagram of {0} bytes is too long: at most {1} go there")]
    TooLong(usize, usize),
    /// It would have to be cut, and fragments with each of the identifications that there are may
    /// still be on their way: RFC 6864 section 5.2. Time gives them back.
    #[error("too many datagrams in fragments are on their way to {0}")]
    NoIdentification(IpAddr),
    /// An earlier datagram was refused.
    #[error(transparent)]
    Refused(UdpError),
    /// The socket is closed.
    #[error("the socket is closed")]
    Closed,
}

/// Why no datagram was received.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UdpReceiveError {
    /// None has come yet.
    #[error("no datagram has come yet")]
    WouldBlock,
    /// A datagram that was sent before was refused.
    #[error(transparent)]
    Refused(UdpError),
    /// The socket is closed.
    #[error("the socket is closed")]
    Closed,
}

/// Why there is no echo socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EchoOpenError {
    /// No unicast address, or a loopback address.
    #[error("{0} is no address that echo requests can be sent to")]
    BadRemote(IpAddr),
    /// One of ours: what is sent there would leave, and find nobody.
    #[error("{0} is this stack itself, which has no loopback")]
    Itself(IpAddr),
    /// None of our addresses is of its family.
    #[error("no address of this stack can reach {0}")]
    NoSource(IpAddr),
    /// No route leads there.
    #[error("no route leads to {0}")]
    NetworkUnreachable(IpAddr),
    /// Every identifier is in use.
    #[error("no identifier is free for an echo socket")]
    NoIdentifier,
    /// The limit of echo sockets is reached.
    #[error("the limit of {0} echo sockets is reached")]
    TooMany(usize),
}

/// Why an echo request was not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EchoSendError {
    /// There is no room yet.
    #[error("too many echo requests wait to be sent")]
    WouldBlock,
    /// So many bytes do not fit into a request, or not without cutting it; so many do.
    #[error("an echo request of {0} bytes is too long: at most {1} go there")]
    TooLong(usize, usize),
    /// See [`UdpSendError::NoIdentification`].
    #[error("too many requests in fragments are on their way to {0}")]
    NoIdentification(IpAddr),
    /// The route there is gone.
    #[error("no route leads to {0}")]
    NetworkUnreachable(IpAddr),
    /// The socket is closed.
    #[error("the socket is closed")]
    Closed,
}

/// Why there is no answer to an echo request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EchoReceiveError {
    /// None has come yet.
    #[error("no answer has come yet")]
    WouldBlock,
    /// The socket is closed.
    #[error("the socket is closed")]
    Closed,
}

impl From<NoWay> for OpenError {
    fn from(no_way: NoWay) -> OpenError {
        match no_way {
            NoWay::BadRemote(remote) => OpenError::BadRemote(remote),
            NoWay::Itself(addr) => OpenError::Itself(addr),
            NoWay::NoSource(addr) => OpenError::NoSource(addr),
            NoWay::NetworkUnreachable(addr) => OpenError::NetworkUnreachable(addr),
        }
    }
}
