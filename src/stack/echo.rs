//! Echo requests, their replies, and the errors that they draw: what ping and traceroute ask for.
//!
//! Implements RFC 1122 section 3.2.2.6 and RFC 4443 section 4: a host has an interface for sending
//! echo requests and receiving replies, and what comes back is passed to whoever asked. A socket
//! asks one host under one identifier; errors about its requests come to it as they are, from
//! whichever router has something to say.

use std::collections::BTreeMap;
use std::net::IpAddr;

use slotmap::SlotMap;

use crate::base::pair::{Endpoint, SocketPair};
use crate::base::{Instant, Offloads};
use crate::ip::fragment::{Parcel, Unfit};
use crate::ip::icmp_error::IcmpError;
use crate::ip::receive::Datagram;
use crate::ip::transmit::Outgoing;
use crate::probe::{Accepted, Call, Drop, Event, Purpose, Subject, Why};
use crate::rfc;
use crate::wire::icmp::{Echo, HEADER_LEN, Message, PROTOCOL_V4, PROTOCOL_V6, Problem};
use crate::wire::{ipv4, ipv6};

use super::egress::Composed;
use super::error::{EchoOpenError, EchoReceiveError, EchoSendError};
use super::notice::{EchoId, Noticed};
use super::queue::{Cost, Departures, Queue};
use super::ready::Ripe;
use super::{AskedEcho, Input, Stack, Wake};

/// All echo sockets. We choose the identifiers, so nobody can make them collide.
#[derive(Debug, Default)]
pub(super) struct Sockets {
    sockets: SlotMap<EchoId, Socket>,
    by_identifier: BTreeMap<u16, EchoId>,
}

/// One of them.
#[derive(Debug)]
struct Socket {
    local: IpAddr,
    remote: IpAddr,
    identifier: u16,
    number: u64,
    came: Queue<EchoCame>,
    departures: Departures,
    wake: Wake,
    /// It waits to be noticed.
    noticed: bool,
    /// It waits for its turn to send.
    ready: bool,
}

/// An echo request to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "records", derive(serde::Serialize, serde::Deserialize))]
pub struct EchoRequest<'a> {
    /// What the reply will repeat, beside the data.
    pub sequence: u16,
    pub data: &'a [u8],
    /// TTL or hop limit; `None`: the stack's own. Zero is sent as one.
    pub hop_limit: Option<u8>,
    /// Refuse to send it in fragments, and let no router cut it.
    pub whole: bool,
}

/// What came for an echo socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EchoCame {
    /// When.
    pub at: Instant,
    /// Who says it: the host that was asked, or a router on the way.
    pub from: IpAddr,
    /// The TTL or hop limit that it came with.
    pub hop_limit: u8,
    /// Of which request.
    pub sequence: u16,
    pub what: EchoAnswer,
}

/// What became of an echo request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EchoAnswer {
    /// It was answered with this data.
    Reply(Vec<u8>),
    /// Somebody has this against it.
    Error(Problem),
}

impl Cost for EchoCame {
    fn bytes(&self) -> usize {
        match &self.what {
            EchoAnswer::Reply(data) => data.len(),
            EchoAnswer::Error(_) => 0,
        }
    }
}

impl Sockets {
    /// Whose the answer to a request is, if it is somebody's.
    fn find(&mut self, way: &SocketPair) -> Option<(EchoId, &mut Socket)> {
        let id = *self.by_identifier.get(&way.local.port)?;
        let socket = self.sockets.get_mut(id)?;
        let asked = socket.local == way.local.addr && socket.remote == way.remote.addr;
        asked.then_some((id, socket))
    }
}

impl Socket {
    /// Its flow, the identifier in the place of a port.
    fn way(&self) -> SocketPair {
        way(self.local, self.remote, self.identifier)
    }
}

impl Stack {
    /// A socket that asks `remote` for echoes, under an identifier that nobody can guess.
    ///
    /// # Errors
    ///
    /// See [`EchoOpenError`].
    pub fn echo_open(&mut self, now: Instant, remote: IpAddr) -> Result<EchoId, EchoOpenError> {
        let now = self.begin(now, || Input::Echo(AskedEcho::Open(remote)));
        let most = self.config.limits.echo_sockets;
        if self.echo.sockets.len() >= most {
            return Err(EchoOpenError::TooMany(most));
        }
        if !self.addresses.is_host(remote) {
            return Err(EchoOpenError::BadRemote(remote));
        }
        if self.addresses.is_ours(remote) {
            return Err(EchoOpenError::Itself(remote));
        }
        let out = self.routes.interface(remote);
        let out = out.ok_or(EchoOpenError::NetworkUnreachable(remote))?;
        let local = self.addresses.source_for(remote, out);
        let local = local.ok_or(EchoOpenError::NoSource(remote))?;
        let taken = &self.echo.by_identifier;
        let identifier = self.ports.draw(|drawn| !taken.contains_key(&drawn));
        let identifier = identifier.ok_or(EchoOpenError::NoIdentifier)?;
        let number = self.number();
        let id = self.echo.sockets.insert(Socket {
            local,
            remote,
            identifier,
            number,
            came: Queue::default(),
            departures: Departures::default(),
            wake: Wake::NONE,
            noticed: false,
            ready: false,
        });
        self.echo.by_identifier.insert(identifier, id);
        let on = Subject::Echo(number);
        self.voice.input_told(now, on, || Event::Called(Call::Bind));
        Ok(id)
    }

    /// Sends a request. It waits for its turn; [`Wake::WRITABLE`] follows when there is room again.
    ///
    /// # Errors
    ///
    /// See [`EchoSendError`]; nothing is sent then.
    pub fn echo_send(
        &mut self,
        now: Instant,
        id: EchoId,
        request: &EchoRequest<'_>,
    ) -> Result<(), EchoSendError> {
        let now = self.begin(now, || Input::Echo(AskedEcho::Send(id, *request)));
        let socket = self.echo.sockets.get_mut(id).ok_or(EchoSendError::Closed)?;
        if !socket.departures.grants_room() {
            return Err(EchoSendError::WouldBlock);
        }
        let (way, number) = (socket.way(), socket.number);
        let (src, dst) = (way.local.addr, way.remote.addr);
        if self.routes.interface(dst).is_none() {
            return Err(EchoSendError::NetworkUnreachable(dst));
        }
        let bytes = request.data.len();
        let mtu = self.path_mtu(dst);
        let most = data_max(dst, request.whole.then_some(mtu));
        if bytes > most {
            return Err(EchoSendError::TooLong(bytes, most));
        }
        let hop_limit = request.hop_limit.unwrap_or(self.config.hop_limit);
        let label = self.secrets.labels.of(&way, 0);
        let packet = packet(&way, request, hop_limit, label, mtu);
        let ids = &mut self.identifications;
        let draw = || ids.draw(now, src, dst, protocol(dst));
        let parcel = Parcel::new(packet, mtu, draw).map_err(|unfit| match unfit {
            Unfit::NoIdentification => EchoSendError::NoIdentification(dst),
            Unfit::Uncuttable => EchoSendError::TooLong(bytes, most),
        })?;
        let on = Subject::Echo(number);
        let because = self
            .voice
            .input_told(now, on, || Event::Called(Call::Send { bytes }));
        if let Some(socket) = self.echo.sockets.get_mut(id) {
            socket.departures.push(parcel, because);
            if !std::mem::replace(&mut socket.ready, true) {
                self.ready.push_back(Ripe::Echo(id));
            }
        }
        Ok(())
    }

    /// Takes the oldest answer that came.
    ///
    /// # Errors
    ///
    /// See [`EchoReceiveError`].
    pub fn echo_receive(&mut self, now: Instant, id: EchoId) -> Result<EchoCame, EchoReceiveError> {
        let now = self.begin(now, || Input::Echo(AskedEcho::Receive(id)));
        let sockets = &mut self.echo.sockets;
        let socket = sockets.get_mut(id).ok_or(EchoReceiveError::Closed)?;
        let came = socket.came.pop().ok_or(EchoReceiveError::WouldBlock)?;
        let on = Subject::Echo(socket.number);
        let bytes = came.bytes();
        self.voice
            .input_told(now, on, || Event::Called(Call::Receive { bytes }));
        Ok(came)
    }

    /// From which address it asks, whom, and under which identifier.
    pub fn echo_ends(&self, id: EchoId) -> Option<(IpAddr, IpAddr, u16)> {
        let socket = self.echo.sockets.get(id)?;
        Some((socket.local, socket.remote, socket.identifier))
    }

    /// Closes a socket. What waits to be sent or read is forgotten.
    pub fn echo_close(&mut self, now: Instant, id: EchoId) {
        let now = self.begin(now, || Input::Echo(AskedEcho::Close(id)));
        if let Some(socket) = self.echo.sockets.remove(id) {
            self.echo.by_identifier.remove(&socket.identifier);
            let on = Subject::Echo(socket.number);
            self.voice
                .input_told(now, on, || Event::Called(Call::Close));
        }
    }

    /// An echo reply.
    pub(super) fn deliver_echo_reply(&mut self, datagram: &Datagram<'_>, echo: &Echo<'_>) {
        let way = way(datagram.dst, datagram.src, echo.identifier);
        let Some((id, socket)) = self.echo.find(&way) else {
            return self.end(Subject::Stack, Drop::NobodyAsked.into());
        };
        let on = Subject::Echo(socket.number);
        if !socket.came.fits(echo.data.len()) {
            return self.end(on, Drop::QueueFull.into());
        }
        socket.came.push(EchoCame {
            at: self.now,
            from: datagram.src,
            hop_limit: datagram.hop_limit,
            sequence: echo.sequence,
            what: EchoAnswer::Reply(echo.data.to_vec()),
        });
        self.end(on, Accepted::EchoReply.into());
        self.tell_echo(id, Wake::READABLE);
    }

    /// An ICMP error about an echo request of ours.
    pub(super) fn deliver_error_to_echo(
        &mut self,
        error: &IcmpError,
        identifier: u16,
        sequence: u16,
    ) {
        let way = way(error.src, error.dst, identifier);
        let Some((id, socket)) = self.echo.find(&way) else {
            return self.end(Subject::Stack, Drop::IcmpNotOurs.into());
        };
        let on = Subject::Echo(socket.number);
        if !socket.came.fits(0) {
            return self.end(on, Drop::QueueFull.into());
        }
        socket.came.push(EchoCame {
            at: self.now,
            from: error.from,
            hop_limit: error.hop_limit,
            sequence,
            what: EchoAnswer::Error(error.kind),
        });
        self.end(on, Accepted::IcmpError.into());
        self.tell_echo(id, Wake::READABLE);
    }

    /// The next packet of a socket, in the room for replies; `None` if it has none.
    pub(super) fn compose_echo(&mut self, id: EchoId) -> Option<Composed> {
        let socket = self.echo.sockets.get_mut(id)?;
        socket.ready = false;
        let nothing = |_| Offloads::NONE;
        let (because, offload) = socket.departures.next_packet(&mut self.reply, nothing)?;
        let on = Subject::Echo(socket.number);
        socket.ready = !socket.departures.is_empty();
        if socket.ready {
            // Its next turn comes after everybody else's.
            self.ready.push_back(Ripe::Echo(id));
        }
        let awaited = socket.departures.has_awaited_room();
        let composed = self.tell_out(
            Composed::reply(offload),
            because,
            on,
            Purpose::EchoRequest,
            ASKED,
        );
        if awaited {
            self.tell_echo(id, Wake::WRITABLE);
        }
        Some(composed)
    }

    fn tell_echo(&mut self, id: EchoId, wake: Wake) {
        if let Some(socket) = self.echo.sockets.get_mut(id) {
            socket.wake |= wake;
            if !std::mem::replace(&mut socket.noticed, true) {
                self.notices.push_back(Noticed::Echo(id));
            }
        }
    }

    /// What the owner of a socket has not been told yet.
    pub(super) fn take_wake_of_echo(&mut self, id: EchoId) -> Option<Wake> {
        let socket = self.echo.sockets.get_mut(id)?;
        socket.noticed = false;
        Some(std::mem::replace(&mut socket.wake, Wake::NONE))
    }
}

/// An identifier takes the place of the ports.
fn way(local: IpAddr, remote: IpAddr, identifier: u16) -> SocketPair {
    let end = |addr| Endpoint {
        addr,
        port: identifier,
    };
    SocketPair {
        local: end(local),
        remote: end(remote),
    }
}

/// The whole packet of a request. One that fits its path must not be cut by anybody else.
fn packet(
    way: &SocketPair,
    request: &EchoRequest<'_>,
    hop_limit: u8,
    flow_label: u32,
    mtu: u16,
) -> Vec<u8> {
    let (src, dst) = (way.local.addr, way.remote.addr);
    let message = Message::EchoRequest(Echo {
        identifier: way.local.port,
        sequence: request.sequence,
        data: request.data,
    });
    let outgoing = Outgoing {
        hop_limit,
        flow_label,
        ..Outgoing::new(src, dst, protocol(dst))
    };
    let (head_len, len) = (outgoing.header_len(), message.message_len());
    let outgoing = Outgoing {
        dont_fragment: request.whole || head_len + len <= usize::from(mtu),
        ..outgoing
    };
    let mut packet = vec![0; head_len + len];
    let (head, body) = packet.split_at_mut(head_len);
    outgoing.emit(len, head);
    message.emit(src, dst, body);
    packet
}

fn protocol(dst: IpAddr) -> u8 {
    match dst {
        IpAddr::V4(_) => PROTOCOL_V4,
        IpAddr::V6(_) => PROTOCOL_V6,
    }
}

/// How much data a request holds: what fits the length fields, and, of one that must stay whole,
/// the path.
fn data_max(dst: IpAddr, whole: Option<u16>) -> usize {
    let (longest, header_len) = match dst {
        IpAddr::V4(_) => (65_535, ipv4::HEADER_MIN),
        // RFC 8200 section 3: the length field does not count the header.
        IpAddr::V6(_) => (65_535 + ipv6::HEADER_LEN, ipv6::HEADER_LEN),
    };
    let longest = whole.map_or(longest, |mtu| longest.min(mtu.into()));
    longest.saturating_sub(header_len + HEADER_LEN)
}

const ASKED: &Why = &Why {
    by: rfc!(1122, "3.2.2.6"),
    text: "an application asks for an echo",
};

#[cfg(test)]
mod tests;
