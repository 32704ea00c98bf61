//! What a socket sends: RFC 768, RFC 1122 section 4.1.3.
//!
//! A datagram becomes a finished packet when it is handed over. Many that are alike may be handed
//! over as one: they leave as one too where the device cuts them, and one by one elsewhere.

use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU16;

use crate::base::pair::{Endpoint, SocketPair};
use crate::base::{Instant, Pieces};
use crate::ip::fragment::{Parcel, Unfit};
use crate::ip::segments::Segments;
use crate::ip::transmit::Outgoing;
use crate::probe::{Call, Event, Subject};
use crate::stack::error::{NoWay, UdpSendError};
use crate::stack::notice::UdpId;
use crate::stack::ready::Ripe;
use crate::stack::{AskedUdp, Input, Stack};
use crate::wire::Ports;
use crate::wire::udp::{Datagram, HEADER_LEN, PROTOCOL};

use super::socket::Socket;

/// What a datagram leaves with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Way {
    pub src: Endpoint,
    pub dst: Endpoint,
}

/// From where and to where; what is missing the socket knows.
#[derive(Debug, Clone, Copy, Default)]
struct Ends {
    from: Option<Endpoint>,
    to: Option<SocketAddr>,
}

/// What a datagram carries, or as many as it takes to send text in pieces of a size.
#[derive(Debug, Clone, Copy)]
struct Load<'a> {
    text: &'a [u8],
    size: Option<NonZeroU16>,
}

impl Stack {
    /// Sends a datagram to `to`, or to the peer of a socket that is connected. It waits for its
    /// turn; [`Wake::WRITABLE`] follows when there is room again.
    ///
    /// [`Wake::WRITABLE`]: crate::stack::Wake::WRITABLE
    ///
    /// # Errors
    ///
    /// See [`UdpSendError`]; nothing of the datagram is sent then.
    pub fn udp_send(
        &mut self,
        now: Instant,
        id: UdpId,
        text: &[u8],
        to: Option<SocketAddr>,
    ) -> Result<(), UdpSendError> {
        let load = Load { text, size: None };
        self.udp_send_by(now, id, load, Ends { from: None, to })
    }

    /// The same from a local socket of which there are many behind the one that the socket is bound
    /// to: RFC 1122 section 4.1.3.5.
    ///
    /// # Errors
    ///
    /// See [`UdpSendError`]; nothing of the datagram is sent then.
    pub fn udp_send_from(
        &mut self,
        now: Instant,
        id: UdpId,
        text: &[u8],
        from: SocketAddr,
        to: SocketAddr,
    ) -> Result<(), UdpSendError> {
        let ends = Ends {
            from: Some(from.into()),
            to: Some(to),
        };
        self.udp_send_by(now, id, Load { text, size: None }, ends)
    }

    /// Sends `text` as datagrams of `size` bytes, of which the last may have fewer: they are handed
    /// over at once, and to the device too if it cuts them ([`Offloads::udp`]). None is sent in
    /// fragments. This is Linux's `UDP_SEGMENT`.
    ///
    /// [`Offloads::udp`]: crate::base::Offloads::udp
    ///
    /// # Errors
    ///
    /// See [`UdpSendError`]; nothing is sent then. [`UdpSendError::TooLong`] also tells of a `size`
    /// that the path does not carry, and of more text than one packet holds.
    pub fn udp_send_segments(
        &mut self,
        now: Instant,
        id: UdpId,
        text: &[u8],
        size: NonZeroU16,
        to: Option<SocketAddr>,
    ) -> Result<(), UdpSendError> {
        let size = Some(size);
        self.udp_send_by(now, id, Load { text, size }, Ends { from: None, to })
    }

    /// Any of these.
    pub(in crate::stack) fn udp_send_as(
        &mut self,
        now: Instant,
        id: UdpId,
        text: &[u8],
        (from, to): (Option<SocketAddr>, Option<SocketAddr>),
        size: Option<NonZeroU16>,
    ) -> Result<(), UdpSendError> {
        let from = from.map(Endpoint::from);
        self.udp_send_by(now, id, Load { text, size }, Ends { from, to })
    }

    fn udp_send_by(
        &mut self,
        now: Instant,
        id: UdpId,
        load: Load<'_>,
        ends: Ends,
    ) -> Result<(), UdpSendError> {
        let now = self.begin(now, || {
            Input::Udp(AskedUdp::Send {
                id,
                text: load.text,
                from: ends.from.map(SocketAddr::from),
                to: ends.to,
                size: load.size,
            })
        });
        let socket = self.udp.sockets.get_mut(id).ok_or(UdpSendError::Closed)?;
        if let Some(error) = socket.take_error_of_peer() {
            return Err(UdpSendError::Refused(error));
        }
        let peer = socket.remote.map(SocketAddr::from);
        let local = socket.local;
        let remote = ends.to.or(peer).ok_or(UdpSendError::NoDestination)?;
        if peer.is_some_and(|peer| peer != remote) {
            return Err(UdpSendError::Connected(remote));
        }
        let local = match ends.from {
            Some(from) if self.may_send_from(local, from) => from,
            Some(from) => return Err(UdpSendError::NotFrom(from.into())),
            None if local == Endpoint::EVERYWHERE => return Err(UdpSendError::Everywhere),
            None => local,
        };
        let way = self.way(local, remote.into())?;
        let mtu = self.path_mtu(way.dst.addr);
        load.check(&way, mtu)?;
        let label = self.secrets.labels.of(&way.pair(), 0);
        let socket = self.udp.sockets.get_mut(id).ok_or(UdpSendError::Closed)?;
        if !socket.departures.grants_room() {
            return Err(UdpSendError::WouldBlock);
        }
        let packet = way.packet(load, socket, label, mtu);
        let (src, dst) = (way.src.addr, way.dst.addr);
        let ids = &mut self.identifications;
        let draw = || ids.draw(now, src, dst, PROTOCOL);
        let parcel = match load.pieces() {
            Some(size) => Segments::new(packet, size)
                .map(Parcel::Segments)
                .ok_or(Unfit::Uncuttable),
            None => Parcel::new(packet, mtu, draw),
        };
        let parcel = parcel.map_err(|unfit| match unfit {
            Unfit::NoIdentification => UdpSendError::NoIdentification(dst),
            Unfit::Uncuttable => UdpSendError::TooLong(load.text.len(), text_max(dst)),
        })?;
        let on = Subject::Datagrams(socket.number);
        let bytes = load.text.len();
        let because = self
            .voice
            .input_told(now, on, || Event::Called(Call::Send { bytes }));
        socket.departures.push(parcel, because);
        if !std::mem::replace(&mut socket.ready, true) {
            self.ready.push_back(Ripe::Datagrams(id));
        }
        Ok(())
    }

    /// Whether a socket that is bound to `local` may send from `from`.
    fn may_send_from(&self, local: Endpoint, from: Endpoint) -> bool {
        let addr = local.addr.is_unspecified() || local.addr == from.addr;
        let port = local == Endpoint::EVERYWHERE || local.port == from.port;
        addr && port && from.port != 0 && self.addresses.speak_for(from.addr)
    }

    /// From where and to where: RFC 1122 section 4.1.3.6, from an address of ours alone.
    pub(super) fn way(&self, local: Endpoint, dst: Endpoint) -> Result<Way, NoWay> {
        let out = self.check_remote(dst.into())?;
        let addr = if local.addr.is_unspecified() {
            let source = self.addresses.source_for(dst.addr, out);
            source.ok_or(NoWay::NoSource(dst.addr))?
        } else if local.addr.is_ipv4() == dst.addr.is_ipv4() {
            local.addr
        } else {
            return Err(NoWay::NoSource(dst.addr));
        };
        let src = Endpoint { addr, ..local };
        Ok(Way { src, dst })
    }
}

impl Load<'_> {
    /// How long each datagram is, if there are several.
    fn pieces(&self) -> Option<NonZeroU16> {
        self.size
            .filter(|size| self.text.len() > usize::from(size.get()))
    }

    /// Whether a path with this MTU carries it.
    fn check(&self, way: &Way, mtu: u16) -> Result<(), UdpSendError> {
        let dst = way.dst.addr;
        let len = self.text.len();
        let Some(size) = self.size else {
            let most = text_max(dst);
            return (len <= most)
                .then_some(())
                .ok_or(UdpSendError::TooLong(len, most));
        };
        let headers = way.header_len() + HEADER_LEN;
        let piece = len.min(size.get().into());
        let fits = usize::from(mtu).saturating_sub(headers);
        if piece > fits {
            return Err(UdpSendError::TooLong(piece, fits));
        }
        // As a whole it is a packet too.
        let most = usize::from(u16::MAX) - headers;
        (len <= most)
            .then_some(())
            .ok_or(UdpSendError::TooLong(len, most))
    }
}

impl Way {
    fn pair(&self) -> SocketPair {
        SocketPair {
            local: self.src,
            remote: self.dst,
        }
    }

    fn header_len(&self) -> usize {
        Outgoing::new(self.src.addr, self.dst.addr, PROTOCOL).header_len()
    }

    /// The whole packet. One that fits the link must not be cut by anybody else; one that stands
    /// for several has only begun its checksum.
    fn packet(&self, load: Load<'_>, socket: &Socket, flow_label: u32, mtu: u16) -> Vec<u8> {
        let several = load.pieces().is_some();
        let behind = HEADER_LEN + load.text.len();
        let head = self.header_len();
        let outgoing = Outgoing {
            tos: socket.tos,
            hop_limit: socket.hop_limit,
            flow_label,
            dont_fragment: several || head + behind <= usize::from(mtu),
            ..Outgoing::new(self.src.addr, self.dst.addr, PROTOCOL)
        };
        let datagram = Datagram {
            ports: Ports {
                src: self.src.port,
                dst: self.dst.port,
            },
            text: Pieces::one(load.text),
        };
        let mut packet = vec![0; head + HEADER_LEN];
        let (ip, udp) = packet.split_at_mut(head);
        outgoing.emit(behind, ip);
        match several {
            true => datagram.emit_header_in_part(self.src.addr, self.dst.addr, udp),
            false => datagram.emit_header(self.src.addr, self.dst.addr, udp),
        };
        packet.extend_from_slice(load.text);
        packet
    }
}

/// How much text a datagram holds: 65,535 bytes less its header, and less that of IPv4, which
/// counts its own.
fn text_max(dst: IpAddr) -> usize {
    let ip = if dst.is_ipv4() { 20 } else { 0 };
    65_535 - ip - HEADER_LEN
}
