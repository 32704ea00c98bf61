//! What devices do to packets, as functions on bytes: finish a checksum, cut one packet that stands
//! for several, join several into one.
//!
//! Here [`Layout`] says where the parts of a packet lie, [`finish`] makes a whole checksum of one
//! that was begun, and [`on_the_wire`] does all that a packet asks for. `cut` does what Linux and
//! the virtio devices do to a long packet on its way out, `join` the reverse on the way in. No
//! standard has these rules; what they keep is that each packet on the wire is one that its sender
//! might have sent by itself.

use std::net::IpAddr;

use crate::base::{Checksum, Offloads, Pieces, Sum, Transmit, checksum};

use super::tcp::Flags;
use super::{ipv4, ipv6, tcp, udp};

mod cut;
mod join;

pub use cut::{Cut, Uncut};
pub use join::Join;

/// Where the parts of a TCP or UDP packet lie, in bytes from its first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// Who sent it.
    pub src: IpAddr,
    /// Who shall have it.
    pub dst: IpAddr,
    /// What it carries.
    pub transport: Transport,
    /// Where the transport's header begins: behind the IP header and all that belongs to it.
    pub transport_at: usize,
    /// Where the text begins.
    pub text_at: usize,
}

/// A transport whose packets may stand for several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    Tcp,
    Udp,
}

impl Layout {
    /// Reads the first bytes of a packet, all headers among them; text may be missing. `None` for
    /// anything but one whole packet of TCP or UDP: a fragment, another protocol, a header that is
    /// cut off.
    pub fn of(head: &[u8]) -> Option<Layout> {
        let (src, dst, protocol, transport_at) = match head.first()? >> 4 {
            4 => {
                let (header, _) = ipv4::parse_quoted(head).ok()?;
                let addresses = (header.src.into(), header.dst.into());
                let whole = header.is_whole().then_some(addresses)?;
                (whole.0, whole.1, header.protocol, header.header_len())
            }
            6 => {
                let (header, payload) = ipv6::parse_quoted(head).ok()?;
                let mut walk = header.extensions(payload);
                // Each step takes eight bytes at least.
                while let Some(extension) = walk.step().ok()? {
                    if matches!(extension, ipv6::Extension::Fragment { .. }) {
                        return None;
                    }
                }
                let before = payload.len().checked_sub(walk.rest().len())?;
                let at = ipv6::HEADER_LEN.checked_add(before)?;
                (header.src.into(), header.dst.into(), walk.next_header(), at)
            }
            _ => return None,
        };
        let rest = head.get(transport_at..)?;
        let (transport, header_len) = match protocol {
            tcp::PROTOCOL => (Transport::Tcp, tcp_header_len(rest)?),
            udp::PROTOCOL => (Transport::Udp, udp::HEADER_LEN),
            _ => return None,
        };
        rest.get(..header_len)?;
        Some(Layout {
            src,
            dst,
            transport,
            transport_at,
            text_at: transport_at.checked_add(header_len)?,
        })
    }

    /// Where in the transport's header its checksum stands.
    pub const fn checksum_offset(&self) -> usize {
        match self.transport {
            Transport::Tcp => tcp::CHECKSUM_AT,
            Transport::Udp => udp::CHECKSUM_AT,
        }
    }

    /// The protocol number of the transport.
    pub const fn protocol(&self) -> u8 {
        match self.transport {
            Transport::Tcp => tcp::PROTOCOL,
            Transport::Udp => udp::PROTOCOL,
        }
    }

    /// The control bits of such a packet; none if it is cut off, or of UDP.
    pub fn flags(&self, packet: &[u8]) -> Flags {
        let header = packet.get(self.transport_at..self.text_at);
        let bytes = header.and_then(|header| header.get(tcp::DATA_OFFSET_AT..)?.first_chunk());
        bytes.map_or(Flags::NONE, |bytes| Flags::of_bytes(*bytes))
    }

    /// A checksum that was begun, where this packet has its own: what a device may be asked for.
    pub fn partial(&self) -> Checksum {
        // Headers that one could write are far shorter than 2^16.
        Checksum::Partial {
            start: u16::try_from(self.transport_at).unwrap_or(u16::MAX),
            offset: self.checksum_offset() as u16,
        }
    }
}

/// RFC 9293 section 3.1: the data offset counts words; five at least.
fn tcp_header_len(header: &[u8]) -> Option<usize> {
    let words = header.get(tcp::DATA_OFFSET_AT)? >> 4;
    let len = usize::from(words).checked_mul(4)?;
    (len >= tcp::HEADER_MIN).then_some(len)
}

/// Makes the checksum whole that was begun: sums from byte `start` to the end, the field's own
/// content among it, and writes the result into the field. One that is whole, or vouched for, stays
/// as it is. Returns whether there was room for the field; if not, nothing changes.
pub fn finish(packet: &mut [u8], checksum: Checksum) -> bool {
    let Checksum::Partial { start, offset } = checksum else {
        return true;
    };
    let at = usize::from(start).saturating_add(offset.into());
    let sum = whole_sum(packet, Pieces::EMPTY, start, offset);
    let field = packet.get_mut(at..).and_then(<[u8]>::first_chunk_mut);
    let (Some(sum), Some(field)) = (sum, field) else {
        return false;
    };
    *field = sum.to_be_bytes();
    true
}

/// A copy of a packet, of its first `most` bytes if it is longer, with its checksum finished: over
/// all of it. What the checksum lies beyond stays as it is.
pub fn finished(packet: &Transmit<'_>, most: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(packet.len().min(most));
    for piece in [packet.head, packet.body.0, packet.body.1] {
        let room = most.saturating_sub(bytes.len()).min(piece.len());
        bytes.extend_from_slice(piece.get(..room).unwrap_or_default());
    }
    if let Checksum::Partial { start, offset } = packet.offload.checksum
        && let Some(sum) = whole_sum(packet.head, packet.body, start, offset)
    {
        let at = usize::from(start).saturating_add(offset.into());
        set_u16(&mut bytes, at, sum);
    }
    bytes
}

/// Gives `put` what a device that does all there is to do puts on the wire: the packets that this
/// one stands for, with whole checksums. What nobody asks for is not done: what is wrong in a
/// packet that stands for itself stays wrong.
///
/// # Errors
///
/// No device could do it: nothing was given.
pub fn on_the_wire(packet: &Transmit<'_>, mut put: impl FnMut(&Transmit<'_>)) -> Result<(), Uncut> {
    if packet.offload.gso.is_some() {
        let mut cut = Cut::of(packet, Offloads::NONE)?;
        while let Some(packet) = cut.next() {
            put(&packet);
        }
    } else if let Checksum::Partial { .. } = packet.offload.checksum {
        put(&Transmit {
            interface: packet.interface,
            ..Transmit::plain(&finished(packet, usize::MAX), Pieces::EMPTY)
        });
    } else {
        put(packet);
    }
    Ok(())
}

/// Whether a packet that is laid out so has the checksum that it should, or, of UDP, none.
pub fn is_whole(packet: &[u8], layout: &Layout) -> bool {
    let transport = packet.get(layout.transport_at..).unwrap_or_default();
    // RFC 768: zero says that there is none.
    if layout.transport == Transport::Udp && u16_at(transport, udp::CHECKSUM_AT) == 0 {
        return true;
    }
    let len = transport.len() as u32;
    let sum = checksum::pseudo_header(layout.src, layout.dst, layout.protocol(), len);
    // RFC 1071 section 1: the sum of all, its checksum included, has no bit that is not set.
    sum.add(transport).checksum() == 0
}

/// The checksum over all from byte `start` on, as it belongs `offset` bytes from there; `None` if
/// the head ends before.
fn whole_sum(head: &[u8], body: Pieces<'_>, start: u16, offset: u16) -> Option<u16> {
    let sum = Sum::new().add(head.get(start.into()..)?).add_pieces(body);
    Some(in_field(sum, offset.into()))
}

/// What of a sum belongs in the field that stands `offset` bytes into its header.
fn in_field(sum: Sum, offset: usize) -> u16 {
    match sum.checksum() {
        // RFC 768: a sum of zero is sent as all ones, since zero says that there is none.
        0 if offset == udp::CHECKSUM_AT => u16::MAX,
        whole => whole,
    }
}

/// Writes `value` where two bytes of `header` stand; nothing if there are none.
fn set_u16(header: &mut [u8], at: usize, value: u16) {
    let place = header.get_mut(at..);
    if let Some(field) = place.and_then(<[u8]>::first_chunk_mut) {
        *field = value.to_be_bytes();
    }
}

/// The two bytes that stand there; zero if there are none.
fn u16_at(header: &[u8], at: usize) -> u16 {
    let place = header.get(at..).and_then(<[u8]>::first_chunk);
    place.map_or(0, |field| u16::from_be_bytes(*field))
}

/// The four bytes that stand there; zero if there are none.
fn u32_at(header: &[u8], at: usize) -> u32 {
    let place = header.get(at..).and_then(<[u8]>::first_chunk);
    place.map_or(0, |field| u32::from_be_bytes(*field))
}

/// How long a packet is by its IP header.
fn ip_length(head: &[u8], layout: &Layout) -> usize {
    if layout.src.is_ipv6() {
        let payload = usize::from(u16_at(head, ipv6::PAYLOAD_LENGTH_AT));
        return payload.saturating_add(ipv6::HEADER_LEN);
    }
    u16_at(head, ipv4::TOTAL_LENGTH_AT).into()
}

/// Writes how long a packet is into its IP header, and what follows from it.
fn set_ip_length(head: &mut [u8], layout: &Layout, len: u16) {
    if layout.src.is_ipv6() {
        // RFC 8200 section 3: the payload length does not count the fixed header.
        let payload = len.saturating_sub(ipv6::HEADER_LEN as u16);
        set_u16(head, ipv6::PAYLOAD_LENGTH_AT, payload);
        return;
    }
    set_u16(head, ipv4::TOTAL_LENGTH_AT, len);
    set_u16(head, ipv4::CHECKSUM_AT, 0);
    let header = head.get(..layout.transport_at).unwrap_or_default();
    let sum = Sum::new().add(header).checksum();
    set_u16(head, ipv4::CHECKSUM_AT, sum);
}

#[cfg(test)]
mod tests;
