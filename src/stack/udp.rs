//! Datagram sockets: RFC 768, RFC 1122 section 4.1.
//!
//! A socket is bound to a local endpoint that no other has, with one of our addresses or with any,
//! and may be connected: then it hears only its peer, and errors about what it sent come with the
//! next call. Datagrams keep their borders; each is taken whole or not at all, both ways.
//!
//! What is sent waits at its socket as a finished packet until it has its turn, and leaves in
//! fragments if it is too long for the link.

mod send;
mod socket;

use std::collections::HashMap;
use std::net::SocketAddr;

use slotmap::SlotMap;

use crate::base::keyed::FlowState;
use crate::base::pair::Endpoint;
use crate::base::{Instant, Offload, Offloads};
use crate::ip::icmp::Owed;
use crate::ip::icmp_error::IcmpError;
use crate::ip::receive;
use crate::ip::transmit::DSCP;
use crate::probe::{Accepted, Call, Discard, Drop, Event, Purpose, Subject, Why};
use crate::rfc;
use crate::wire::icmp::Problem;
use crate::wire::udp::Datagram;
use crate::wire::{ParseError, Ports};

use super::demux::bound_at;
use super::egress::Composed;
use super::error::{UdpBindError, UdpConnectError, UdpReceiveError};
use super::notice::{Noticed, UdpId};
use super::ready::Ripe;
use super::{AskedUdp, Input, Stack, Wake};
use socket::Socket;

pub use socket::{Came, UdpError};

/// All datagram sockets. Peers choose ports, so the hash has a key.
#[derive(Debug)]
pub(super) struct Sockets {
    sockets: SlotMap<UdpId, Socket>,
    by_local: HashMap<Endpoint, UdpId, FlowState>,
}

impl Sockets {
    pub fn new(key: [u8; 16]) -> Sockets {
        Sockets {
            sockets: SlotMap::with_key(),
            by_local: HashMap::with_hasher(FlowState::new(key)),
        }
    }

    /// Whose a datagram to `local` from `remote` is. Who is connected hears only its peer.
    fn find(&self, local: Endpoint, remote: Endpoint) -> Option<UdpId> {
        let everywhere = || self.by_local.get(&Endpoint::EVERYWHERE).copied();
        let id = bound_at(&self.by_local, local).or_else(everywhere)?;
        let socket = self.sockets.get(id)?;
        let hears = socket.remote.is_none_or(|peer| peer == remote);
        hears.then_some(id)
    }
}

impl Stack {
    /// A socket that receives what comes to `local`: one of our addresses or the unspecified one,
    /// and a port, or 0 for any that is free.
    ///
    /// # Errors
    ///
    /// See [`UdpBindError`].
    pub fn udp_bind(&mut self, now: Instant, local: SocketAddr) -> Result<UdpId, UdpBindError> {
        let now = self.begin(now, || Input::Udp(AskedUdp::Bind(Some(local))));
        let ip = local.ip();
        if !ip.is_unspecified() && !self.addresses.speak_for(ip) {
            return Err(UdpBindError::NotOurs(ip));
        }
        self.check_sockets()?;
        let taken = &self.udp.by_local;
        let is_free = |port| !taken.contains_key(&Endpoint { addr: ip, port });
        let port = match local.port() {
            0 => self.ports.draw(is_free).ok_or(UdpBindError::NoPort)?,
            port if is_free(port) => port,
            _ => return Err(UdpBindError::InUse(local)),
        };
        Ok(self.udp_bind_at(now, Endpoint { addr: ip, port }))
    }

    /// A socket that receives what comes to every local socket that no other has: with
    /// [`super::Config::any_address`], to every destination that there is. It sends with
    /// [`Stack::udp_send_from`] alone, and has no peer.
    ///
    /// # Errors
    ///
    /// [`UdpBindError::InUse`] if there is such a socket, [`UdpBindError::TooMany`].
    pub fn udp_bind_everywhere(&mut self, now: Instant) -> Result<UdpId, UdpBindError> {
        let now = self.begin(now, || Input::Udp(AskedUdp::Bind(None)));
        self.check_sockets()?;
        if self.udp.by_local.contains_key(&Endpoint::EVERYWHERE) {
            return Err(UdpBindError::InUse(Endpoint::EVERYWHERE.into()));
        }
        Ok(self.udp_bind_at(now, Endpoint::EVERYWHERE))
    }

    fn check_sockets(&self) -> Result<(), UdpBindError> {
        let most = self.config.limits.udp_sockets;
        match self.udp.sockets.len() {
            many if many >= most => Err(UdpBindError::TooMany(most)),
            _ => Ok(()),
        }
    }

    fn udp_bind_at(&mut self, now: Instant, local: Endpoint) -> UdpId {
        let number = self.number();
        let hop_limit = self.config.hop_limit;
        let socket = Socket::new(local, number, hop_limit);
        let id = self.udp.sockets.insert(socket);
        self.udp.by_local.insert(local, id);
        let on = Subject::Datagrams(number);
        self.voice.input_told(now, on, || Event::Called(Call::Bind));
        id
    }

    /// Connects a socket to `remote`: it sends there, and hears nobody else. What came from others
    /// is forgotten. A socket that was bound to any address is at the one that suits from now on.
    ///
    /// # Errors
    ///
    /// See [`UdpConnectError`]; nothing has changed then.
    pub fn udp_connect(
        &mut self,
        now: Instant,
        id: UdpId,
        remote: SocketAddr,
    ) -> Result<(), UdpConnectError> {
        let now = self.begin(now, || Input::Udp(AskedUdp::Connect(id, remote)));
        let socket = self.udp.sockets.get(id).ok_or(UdpConnectError::Closed)?;
        let before = socket.local;
        if before == Endpoint::EVERYWHERE {
            return Err(UdpConnectError::Everywhere);
        }
        let way = self.way(before, remote.into())?;
        if way.src != before {
            if self.udp.by_local.contains_key(&way.src) {
                return Err(UdpConnectError::InUse(way.src.into()));
            }
            self.udp.by_local.remove(&before);
            self.udp.by_local.insert(way.src, id);
        }
        if let Some(socket) = self.udp.sockets.get_mut(id) {
            socket.connect(way.src, way.dst);
            let on = Subject::Datagrams(socket.number);
            self.voice
                .input_told(now, on, || Event::Called(Call::Connect));
        }
        Ok(())
    }

    /// Moves the text of the oldest datagram that came to `buf`, as much as fits; the rest of it is
    /// lost, and `Came::len` says how long it was.
    ///
    /// # Errors
    ///
    /// See [`UdpReceiveError`].
    pub fn udp_receive(
        &mut self,
        now: Instant,
        id: UdpId,
        buf: &mut [u8],
    ) -> Result<Came, UdpReceiveError> {
        let now = self.begin(now, || Input::Udp(AskedUdp::Receive(id, buf.len())));
        let sockets = &mut self.udp.sockets;
        let socket = sockets.get_mut(id).ok_or(UdpReceiveError::Closed)?;
        if let Some(error) = socket.take_error_of_peer() {
            return Err(UdpReceiveError::Refused(error));
        }
        let came = socket.receive(buf).ok_or(UdpReceiveError::WouldBlock)?;
        let on = Subject::Datagrams(socket.number);
        let bytes = came.len.min(buf.len());
        self.voice
            .input_told(now, on, || Event::Called(Call::Receive { bytes }));
        Ok(came)
    }

    /// RFC 1122 section 4.1.3.3: the latest ICMP error about what a socket sent, once.
    pub fn udp_take_error(&mut self, id: UdpId) -> Option<UdpError> {
        self.begin(self.now, || Input::Udp(AskedUdp::TakeError(id)));
        self.udp.sockets.get_mut(id)?.take_error()
    }

    /// RFC 1122 section 4.1.4: what the datagrams of a socket leave with from here on. A TTL or hop
    /// limit of zero is sent as one; of the type of service or traffic class the two bits of ECN
    /// are left out.
    pub fn udp_configure(&mut self, now: Instant, id: UdpId, hop_limit: u8, tos: u8) {
        let now = self.begin(now, || {
            Input::Udp(AskedUdp::Configure { id, hop_limit, tos })
        });
        if let Some(socket) = self.udp.sockets.get_mut(id) {
            socket.hop_limit = hop_limit;
            socket.tos = tos & DSCP;
            let on = Subject::Datagrams(socket.number);
            self.voice
                .input_told(now, on, || Event::Called(Call::Configure));
        }
    }

    /// Where a socket is bound, and to whom it is connected.
    pub fn udp_ends(&self, id: UdpId) -> Option<(SocketAddr, Option<SocketAddr>)> {
        let socket = self.udp.sockets.get(id)?;
        Some((socket.local.into(), socket.remote.map(SocketAddr::from)))
    }

    /// Closes a socket. What waits to be sent or read is forgotten.
    pub fn udp_close(&mut self, now: Instant, id: UdpId) {
        let now = self.begin(now, || Input::Udp(AskedUdp::Close(id)));
        if let Some(socket) = self.udp.sockets.remove(id) {
            self.udp.by_local.remove(&socket.local);
            let on = Subject::Datagrams(socket.number);
            self.voice
                .input_told(now, on, || Event::Called(Call::Close));
        }
    }

    /// A UDP packet for one of our addresses.
    /// A datagram, or one that the device has made of several.
    pub(super) fn deliver_udp(&mut self, packet: &receive::Datagram<'_>, offload: Offload) {
        let (src, dst) = (packet.src, packet.dst);
        let datagram = match Datagram::parse(src, dst, packet.payload, offload.checksum) {
            Ok(datagram) => datagram,
            Err(ParseError::Checksum) => {
                return self.end(Subject::Stack, Drop::BadUdpChecksum.into());
            }
            Err(_) => return self.end(Subject::Stack, Drop::BadUdpHeader.into()),
        };
        let local = Endpoint {
            addr: dst,
            port: datagram.ports.dst,
        };
        let remote = Endpoint {
            addr: src,
            port: datagram.ports.src,
        };
        let Some(id) = self.udp.find(local, remote) else {
            self.end(Subject::Stack, Drop::PortUnreachable.into());
            return self.owe_error(&Owed::PortUnreachable, packet.packet);
        };
        let Some(socket) = self.udp.sockets.get_mut(id) else {
            return;
        };
        let on = Subject::Datagrams(socket.number);
        let mut rest = datagram.text;
        let mut arrived = false;
        loop {
            let size = offload.gso.map_or(rest.len(), usize::from);
            let text = rest.slice(0, size);
            rest = rest.slice(text.len(), rest.len());
            // Of several some may find room: what does not is lost as on the wire.
            arrived |= socket.arrive(remote, local, packet.tos, text);
            if rest.is_empty() || text.is_empty() {
                break;
            }
        }
        if arrived {
            self.end(on, Accepted::Datagram.into());
            self.tell_socket(id, Wake::READABLE);
        } else {
            self.end(on, Drop::QueueFull.into());
        }
    }

    /// An ICMP error about a datagram of ours. RFC 1122 section 4.1.3.3: whatever it is, the
    /// application may know it. One about a datagram that a connected socket has not sent is not
    /// believed.
    pub(super) fn deliver_error_to_socket(&mut self, error: &IcmpError, ports: Ports) {
        // What it quotes is a packet of ours.
        let local = Endpoint {
            addr: error.src,
            port: ports.src,
        };
        let remote = Endpoint {
            addr: error.dst,
            port: ports.dst,
        };
        let id = self.udp.find(local, remote);
        let socket = id.and_then(|id| self.udp.sockets.get_mut(id).map(|socket| (id, socket)));
        let Some((id, socket)) = socket else {
            return self.end(Subject::Stack, Drop::IcmpNotOurs.into());
        };
        let on = Subject::Datagrams(socket.number);
        // RFC 8201 section 4: a message is to be about what was sent. Whom a socket without a peer
        // has sent to is not known.
        let is_of_peer = socket.remote == Some(remote);
        if let Problem::PacketTooBig { mtu } = error.kind
            && is_of_peer
            && self.learn_of_long_datagram(error, mtu).is_err()
        {
            return self.end(on, Discard::TooBigImpossible.into());
        }
        let Some(socket) = self.udp.sockets.get_mut(id) else {
            return;
        };
        socket.fail(UdpError {
            remote: remote.into(),
            problem: error.kind,
        });
        self.end(on, Accepted::IcmpError.into());
        self.tell_socket(id, Wake::READABLE | Wake::WRITABLE);
    }

    /// The next packet of a socket, in the room for replies; `None` if it has none.
    pub(super) fn compose_datagram(&mut self, id: UdpId) -> Option<Composed> {
        let socket = self.udp.sockets.get_mut(id)?;
        socket.ready = false;
        let (routes, config) = (&self.routes, &self.config);
        let does = |dst| {
            let link = routes.interface(dst).and_then(|out| config.link(out));
            link.map_or(Offloads::NONE, |link| link.offloads)
        };
        let (because, offload) = socket.departures.next_packet(&mut self.reply, does)?;
        let on = Subject::Datagrams(socket.number);
        socket.ready = !socket.departures.is_empty();
        if socket.ready {
            // Its next turn comes after everybody else's.
            self.ready.push_back(Ripe::Datagrams(id));
        }
        let awaited = socket.departures.has_awaited_room();
        let composed = self.tell_out(
            Composed::reply(offload),
            because,
            on,
            Purpose::Datagram,
            SENT,
        );
        if awaited {
            self.tell_socket(id, Wake::WRITABLE);
        }
        Some(composed)
    }

    fn tell_socket(&mut self, id: UdpId, wake: Wake) {
        if let Some(socket) = self.udp.sockets.get_mut(id) {
            socket.wake |= wake;
            if !std::mem::replace(&mut socket.noticed, true) {
                self.notices.push_back(Noticed::Datagrams(id));
            }
        }
    }

    /// What the owner of a socket has not been told yet.
    pub(super) fn take_wake_of_socket(&mut self, id: UdpId) -> Option<Wake> {
        let socket = self.udp.sockets.get_mut(id)?;
        socket.noticed = false;
        Some(std::mem::replace(&mut socket.wake, Wake::NONE))
    }
}

const SENT: &Why = &Why {
    by: rfc!(768, "User Interface"),
    text: "an application sends a datagram",
};

#[cfg(test)]
mod tests;
