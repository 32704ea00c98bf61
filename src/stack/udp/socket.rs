//! One datagram socket: what came, what waits to leave, and what went wrong.

use std::net::SocketAddr;

use crate::base::Pieces;
use crate::base::pair::Endpoint;
use crate::stack::Wake;
use crate::stack::queue::{Cost, Departures, Queue};
use crate::wire::icmp::Problem;

/// A datagram socket.
#[derive(Debug)]
pub(in crate::stack) struct Socket {
    pub local: Endpoint,
    pub remote: Option<Endpoint>,
    pub number: u64,
    pub hop_limit: u8,
    pub tos: u8,
    came: Queue<Arrived>,
    pub departures: Departures,
    error: Option<UdpError>,
    pub wake: Wake,
    /// It waits to be noticed.
    pub noticed: bool,
    /// It waits for its turn to send.
    pub ready: bool,
}

/// A datagram that came, but for its text: RFC 1122 section 4.1.3.5.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Came {
    /// Who sent it.
    pub from: SocketAddr,
    /// To which local socket.
    pub to: SocketAddr,
    /// Type of service or traffic class.
    pub tos: u8,
    /// How long its text is, in bytes.
    pub len: usize,
}

/// What others say of a datagram that a socket sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a datagram to {remote}: {problem}")]
pub struct UdpError {
    /// To whom it was.
    pub remote: SocketAddr,
    pub problem: Problem,
}

#[derive(Debug)]
struct Arrived {
    from: Endpoint,
    to: Endpoint,
    tos: u8,
    text: Vec<u8>,
}

impl Socket {
    pub fn new(local: Endpoint, number: u64, hop_limit: u8) -> Socket {
        Socket {
            local,
            remote: None,
            number,
            hop_limit,
            tos: 0,
            came: Queue::default(),
            departures: Departures::default(),
            error: None,
            wake: Wake::NONE,
            noticed: false,
            ready: false,
        }
    }

    /// From here on it hears `remote` alone. What others sent, and what went wrong, is forgotten.
    pub fn connect(&mut self, local: Endpoint, remote: Endpoint) {
        self.local = local;
        self.remote = Some(remote);
        self.error = None;
        self.came.retain(|arrived| arrived.from == remote);
    }

    /// A datagram has come; `false` if there is no room for it.
    pub fn arrive(&mut self, from: Endpoint, to: Endpoint, tos: u8, text: Pieces<'_>) -> bool {
        let fits = self.came.fits(text.len());
        if fits {
            self.came.push(Arrived {
                from,
                to,
                tos,
                text: [text.0, text.1].concat(),
            });
        }
        fits
    }

    /// Takes the oldest that came.
    pub fn receive(&mut self, buf: &mut [u8]) -> Option<Came> {
        let arrived = self.came.pop()?;
        let len = arrived.text.len().min(buf.len());
        buf[..len].copy_from_slice(&arrived.text[..len]);
        Some(Came {
            from: arrived.from.into(),
            to: arrived.to.into(),
            tos: arrived.tos,
            len: arrived.text.len(),
        })
    }

    pub fn fail(&mut self, error: UdpError) {
        self.error = Some(error);
    }

    pub fn take_error(&mut self) -> Option<UdpError> {
        self.error.take()
    }

    /// What a call is told of: an unconnected socket has no peer to be sorry for, and asks.
    pub fn take_error_of_peer(&mut self) -> Option<UdpError> {
        self.remote.and_then(|_| self.error.take())
    }
}

impl Cost for Arrived {
    fn bytes(&self) -> usize {
        self.text.len()
    }
}
