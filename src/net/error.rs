//! What a program is told when a call fails: the stack's small enums as [`io::Error`].
//!
//! The kind is what Linux would say, so that code written for std's sockets goes on working. The
//! stack's own word stays inside, as [`io::Error::get_ref`] shows.

use std::any::Any;
use std::io;
use std::io::ErrorKind;
use std::sync::Arc;

use crate::stack::{
    AcceptError, EchoOpenError, EchoReceiveError, EchoSendError, Failure, ListenError, NoWay,
    OpenError, Problem, ReadError, UdpBindError, UdpConnectError, UdpError, UdpReceiveError,
    UdpSendError, Unreachable, WriteError,
};

/// Why a network does not run any more.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Down {
    /// The program stopped it.
    #[error("the network was stopped")]
    Stopped,
    /// The device failed, and said why.
    #[error("the network is down: {0}")]
    Device(Arc<io::Error>),
    /// The stack or an observer panicked, which is a bug; the text is the panic's.
    #[error("the network is down after a panic: {0}")]
    Panicked(Arc<str>),
}

impl Down {
    /// From what a panic carries.
    pub(super) fn panicked(payload: &(dyn Any + Send)) -> Down {
        let text = payload
            .downcast_ref::<&str>()
            .copied()
            .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
            .unwrap_or("it left no text");
        Down::Panicked(text.into())
    }
}

impl From<io::Error> for Down {
    fn from(device: io::Error) -> Down {
        Down::Device(Arc::new(device))
    }
}

impl From<Down> for io::Error {
    fn from(down: Down) -> io::Error {
        io::Error::new(ErrorKind::NetworkDown, down)
    }
}

/// An active OPEN.
pub(super) fn open(error: OpenError) -> io::Error {
    let kind = match error {
        OpenError::BadRemote(_) | OpenError::Itself(_) => ErrorKind::InvalidInput,
        OpenError::NotOurs(_) | OpenError::NoPort(_) => ErrorKind::AddrNotAvailable,
        OpenError::NoSource(_) | OpenError::NetworkUnreachable(_) => ErrorKind::NetworkUnreachable,
        OpenError::InUse(..) | OpenError::Elsewhere(..) => ErrorKind::AddrInUse,
        OpenError::TooMany(_) => ErrorKind::QuotaExceeded,
    };
    io::Error::new(kind, error)
}

/// A passive OPEN.
pub(super) fn listen(error: ListenError) -> io::Error {
    let kind = match error {
        ListenError::NotOurs(_) => ErrorKind::AddrNotAvailable,
        ListenError::InUse(_) | ListenError::NoPort => ErrorKind::AddrInUse,
    };
    io::Error::new(kind, error)
}

/// Taking a connection from a listener.
pub(super) fn accept(error: AcceptError) -> io::Error {
    let kind = match error {
        AcceptError::WouldBlock => ErrorKind::WouldBlock,
        AcceptError::Closed => ErrorKind::NotConnected,
    };
    io::Error::new(kind, error)
}

/// SEND.
pub(super) fn write(error: WriteError) -> io::Error {
    match error {
        WriteError::WouldBlock => io::Error::new(ErrorKind::WouldBlock, error),
        WriteError::Closed => io::Error::new(ErrorKind::BrokenPipe, error),
        WriteError::Failed(failure) => ended(failure),
    }
}

/// RECEIVE.
pub(super) fn read(error: ReadError) -> io::Error {
    match error {
        ReadError::WouldBlock => io::Error::new(ErrorKind::WouldBlock, error),
        ReadError::Closed => io::Error::new(ErrorKind::NotConnected, error),
        ReadError::Failed(failure) => ended(failure),
    }
}

/// A connection that ended badly.
pub(super) fn ended(failure: Failure) -> io::Error {
    let kind = match failure {
        Failure::Refused => ErrorKind::ConnectionRefused,
        Failure::Reset => ErrorKind::ConnectionReset,
        Failure::TimedOut | Failure::UserTimeout => ErrorKind::TimedOut,
        Failure::Unreachable => ErrorKind::HostUnreachable,
        Failure::Aborted => ErrorKind::ConnectionAborted,
    };
    io::Error::new(kind, failure)
}

/// A datagram socket that cannot be.
pub(super) fn udp_bind(error: UdpBindError) -> io::Error {
    let kind = match error {
        UdpBindError::NotOurs(_) => ErrorKind::AddrNotAvailable,
        UdpBindError::InUse(_) | UdpBindError::NoPort => ErrorKind::AddrInUse,
        UdpBindError::TooMany(_) => ErrorKind::QuotaExceeded,
    };
    io::Error::new(kind, error)
}

/// A peer that a datagram socket cannot have.
pub(super) fn udp_connect(error: UdpConnectError) -> io::Error {
    let kind = match error {
        UdpConnectError::NoWay(no_way) => no_way_kind(no_way),
        UdpConnectError::InUse(_) => ErrorKind::AddrInUse,
        UdpConnectError::Everywhere => ErrorKind::InvalidInput,
        UdpConnectError::Closed => ErrorKind::NotConnected,
    };
    io::Error::new(kind, error)
}

/// A datagram that was not sent.
pub(super) fn udp_send(error: UdpSendError) -> io::Error {
    let kind = match error {
        UdpSendError::WouldBlock => ErrorKind::WouldBlock,
        UdpSendError::NoWay(no_way) => no_way_kind(no_way),
        UdpSendError::NotFrom(_) => ErrorKind::AddrNotAvailable,
        UdpSendError::Connected(_) | UdpSendError::TooLong(..) | UdpSendError::Everywhere => {
            ErrorKind::InvalidInput
        }
        UdpSendError::NoIdentification(_) => ErrorKind::ResourceBusy,
        UdpSendError::NoDestination | UdpSendError::Closed => ErrorKind::NotConnected,
        UdpSendError::Refused(refused) => return udp_refused(refused),
    };
    io::Error::new(kind, error)
}

fn no_way_kind(no_way: NoWay) -> ErrorKind {
    match no_way {
        NoWay::BadRemote(_) | NoWay::Itself(_) => ErrorKind::InvalidInput,
        NoWay::NoSource(_) | NoWay::NetworkUnreachable(_) => ErrorKind::NetworkUnreachable,
    }
}

/// A datagram that was not received.
pub(super) fn udp_receive(error: UdpReceiveError) -> io::Error {
    let kind = match error {
        UdpReceiveError::WouldBlock => ErrorKind::WouldBlock,
        UdpReceiveError::Closed => ErrorKind::NotConnected,
        UdpReceiveError::Refused(refused) => return udp_refused(refused),
    };
    io::Error::new(kind, error)
}

/// An echo socket that cannot be.
pub(super) fn echo_open(error: EchoOpenError) -> io::Error {
    let kind = match error {
        EchoOpenError::BadRemote(_) | EchoOpenError::Itself(_) => ErrorKind::InvalidInput,
        EchoOpenError::NoSource(_) | EchoOpenError::NetworkUnreachable(_) => {
            ErrorKind::NetworkUnreachable
        }
        EchoOpenError::NoIdentifier => ErrorKind::AddrInUse,
        EchoOpenError::TooMany(_) => ErrorKind::QuotaExceeded,
    };
    io::Error::new(kind, error)
}

/// An echo request that was not sent.
pub(super) fn echo_send(error: EchoSendError) -> io::Error {
    let kind = match error {
        EchoSendError::WouldBlock => ErrorKind::WouldBlock,
        EchoSendError::TooLong(..) => ErrorKind::InvalidInput,
        EchoSendError::NoIdentification(_) => ErrorKind::ResourceBusy,
        EchoSendError::NetworkUnreachable(_) => ErrorKind::NetworkUnreachable,
        EchoSendError::Closed => ErrorKind::NotConnected,
    };
    io::Error::new(kind, error)
}

/// An answer that is not there.
pub(super) fn echo_receive(error: EchoReceiveError) -> io::Error {
    let kind = match error {
        EchoReceiveError::WouldBlock => ErrorKind::WouldBlock,
        EchoReceiveError::Closed => ErrorKind::NotConnected,
    };
    io::Error::new(kind, error)
}

/// What others say of a datagram that was sent.
pub(super) fn udp_refused(error: UdpError) -> io::Error {
    let kind = match error.problem {
        Problem::Unreachable(Unreachable::Port) => ErrorKind::ConnectionRefused,
        Problem::Unreachable(Unreachable::Network) => ErrorKind::NetworkUnreachable,
        Problem::Unreachable(_) => ErrorKind::HostUnreachable,
        Problem::HopLimitExceeded | Problem::ReassemblyTimeExceeded => ErrorKind::TimedOut,
        Problem::PacketTooBig { .. } | Problem::Parameter { .. } | Problem::Unknown { .. } => {
            ErrorKind::InvalidInput
        }
    };
    io::Error::new(kind, error)
}
