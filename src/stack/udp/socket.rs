//! One datagram socket: what came, what waits to leave, and what went wrong.

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};

use crate::base::Pieces;
use crate::base::pair::Endpoint;
use crate::ip::fragment::Parcel;
use crate::probe::EventId;
use crate::stack::Wake;
use crate::wire::icmp::Problem;

/// A datagram socket.
#[derive(Debug)]
pub(in crate::stack) struct Socket {
    pub local: Endpoint,
    pub remote: Option<Endpoint>,
    pub number: u64,
    pub hop_limit: u8,
    pub tos: u8,
    came: VecDeque<Arrived>,
    /// Bytes that `came` keeps, with what each datagram costs beside its text.
    came_bytes: usize,
    leaving: VecDeque<Sent>,
    /// The same of `leaving`.
    leaving_bytes: usize,
    /// Somebody had none to send in.
    awaits_room: bool,
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
    /// To which of our addresses.
    pub to: IpAddr,
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
    to: IpAddr,
    tos: u8,
    text: Vec<u8>,
}

/// A datagram that waits for its turn.
#[derive(Debug)]
pub(in crate::stack) struct Sent {
    pub parcel: Parcel,
    /// The call that sent it.
    pub because: EventId,
}

impl Socket {
    pub fn new(local: Endpoint, number: u64, hop_limit: u8) -> Socket {
        Socket {
            local,
            remote: None,
            number,
            hop_limit,
            tos: 0,
            came: VecDeque::new(),
            came_bytes: 0,
            leaving: VecDeque::new(),
            leaving_bytes: 0,
            awaits_room: false,
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
        self.came_bytes = self.came.iter().map(Arrived::cost).sum();
    }

    /// A datagram has come; `false` if there is no room for it.
    pub fn arrive(&mut self, from: Endpoint, to: IpAddr, tos: u8, text: Pieces<'_>) -> bool {
        let cost = OVERHEAD + text.len();
        let fits = self.came.len() < DATAGRAMS_MAX && self.came_bytes + cost <= BYTES_MAX;
        if fits {
            self.came_bytes += cost;
            self.came.push_back(Arrived {
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
        let arrived = self.came.pop_front()?;
        self.came_bytes -= arrived.cost();
        let len = arrived.text.len().min(buf.len());
        buf[..len].copy_from_slice(&arrived.text[..len]);
        Some(Came {
            from: arrived.from.into(),
            to: arrived.to,
            tos: arrived.tos,
            len: arrived.text.len(),
        })
    }

    /// Whether another datagram may be sent; if not, room is awaited from here on. The last one may
    /// exceed the bound, so that none is too long for it.
    pub fn grants_room(&mut self) -> bool {
        self.awaits_room = !self.has_room();
        !self.awaits_room
    }

    /// Whether room has come for somebody who awaited it; they are told once.
    pub fn has_awaited_room(&mut self) -> bool {
        let told = self.awaits_room && self.has_room();
        self.awaits_room &= !told;
        told
    }

    fn has_room(&self) -> bool {
        self.leaving.len() < DATAGRAMS_MAX && self.leaving_bytes < BYTES_MAX
    }

    /// Queues a datagram.
    pub fn send(&mut self, sent: Sent) {
        self.leaving_bytes += sent.cost();
        self.leaving.push_back(sent);
    }

    /// Whether anything waits to leave.
    pub fn has_more(&self) -> bool {
        !self.leaving.is_empty()
    }

    /// Writes the next packet into `out`, in place of what is there; says what call made it.
    pub fn next_packet(&mut self, out: &mut Vec<u8>) -> Option<EventId> {
        let first = self.leaving.front_mut()?;
        let (because, cost) = (first.because, first.cost());
        first.parcel.next_packet(out);
        if first.parcel.is_over() {
            self.leaving.pop_front();
            self.leaving_bytes -= cost;
        }
        Some(because)
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

impl Sent {
    /// The same until all of it has left.
    fn cost(&self) -> usize {
        OVERHEAD + self.parcel.bytes()
    }
}

impl Arrived {
    fn cost(&self) -> usize {
        OVERHEAD + self.text.len()
    }
}

/// robustness: datagrams and bytes that wait in one socket, each way.
const DATAGRAMS_MAX: usize = 256;
const BYTES_MAX: usize = 256 << 10;
/// What a datagram costs beside its text.
const OVERHEAD: usize = size_of::<Arrived>();
