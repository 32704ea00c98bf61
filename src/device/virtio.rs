//! The header that a TUN device with IFF_VNET_HDR puts before each packet: `struct virtio_net_hdr`
//! of `linux/virtio_net.h`, ten bytes in this machine's order.
//!
//! On the way out it asks the kernel for what is left to do: a checksum, segments to be cut. On the
//! way in it says what the kernel has left. What it says there of lengths and places is believed
//! only as far as the packet bears it out: each [`Lie`] has its name, and the packet is dropped.

use crate::base::{Checksum, Offload, Offloads, Transmit};
use crate::wire::offload::{Layout, Transport};
use crate::wire::tcp::Flags;

/// The header, field by field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Header {
    flags: u8,
    gso_type: u8,
    /// How long all headers are; a hint.
    hdr_len: u16,
    /// Bytes of text in each segment.
    gso_size: u16,
    csum_start: u16,
    csum_offset: u16,
}

/// What a header says that cannot be true of its packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub(super) enum Lie {
    #[error("there are fewer bytes than the device's header has")]
    Short,
    #[error("the checksum's field lies beyond the packet")]
    ChecksumBeyond,
    #[error("the checksum is not the transport's")]
    ChecksumElsewhere,
    #[error("a kind of long packet that was not asked for")]
    UnknownKind,
    #[error("a kind of long packet that this packet is not")]
    OtherKind,
    #[error("segments without text")]
    NoSize,
    #[error("headers longer than the packet")]
    HeadersBeyond,
}

impl Header {
    /// Takes the header from the front of what was read, and judges it by the packet behind it.
    pub(super) fn take(read: &[u8]) -> Result<Offload, Lie> {
        let (header, packet) = read.split_first_chunk().ok_or(Lie::Short)?;
        Header::from_bytes(*header).judge(packet)
    }

    /// What a device must be told that takes over `does`; `None` if it cannot do what this packet
    /// wants, or nothing could.
    pub(super) fn of(packet: &Transmit<'_>, does: Offloads) -> Option<Header> {
        let Offload { checksum, gso } = packet.offload;
        let Checksum::Partial { start, offset } = checksum else {
            // What is cut has a checksum for each part, and whoever cuts it makes them.
            return (checksum == Checksum::Full && gso.is_none()).then(Header::default);
        };
        let layout = Layout::of(packet.head)?;
        if !does.checksum || layout.partial() != checksum {
            return None;
        }
        let plain = Header {
            flags: NEEDS_CSUM,
            csum_start: start,
            csum_offset: offset,
            ..Header::default()
        };
        let Some(gso_size) = gso else {
            return Some(plain);
        };
        let does_cut = match layout.transport {
            Transport::Tcp => does.tcp,
            Transport::Udp => does.udp,
        };
        if !does_cut || gso_size == 0 {
            return None;
        }
        if packet.len() - layout.text_at <= usize::from(gso_size) {
            return Some(plain);
        }
        let mut gso_type = match layout.transport {
            Transport::Tcp if layout.src.is_ipv4() => GSO_TCPV4,
            Transport::Tcp => GSO_TCPV6,
            Transport::Udp => GSO_UDP_L4,
        };
        // Whoever cuts it leaves CWR in the first only.
        if layout.flags(packet.head).has(Flags::CWR) {
            gso_type |= GSO_ECN;
        }
        Some(Header {
            gso_type,
            gso_size,
            hdr_len: u16::try_from(layout.text_at).ok()?,
            ..plain
        })
    }

    /// How long the longest packet is that a packet of `len` bytes stands for.
    pub(super) fn longest_of(&self, len: usize) -> usize {
        match self.gso_type {
            GSO_NONE => len,
            _ => usize::from(self.hdr_len) + usize::from(self.gso_size),
        }
    }

    /// What the device has left to do, or has done.
    fn judge(self, packet: &[u8]) -> Result<Offload, Lie> {
        // Most packets that are not long ask for nothing, and nobody needs to look at them.
        let layout = || Layout::of(packet);
        let checksum = if self.flags & NEEDS_CSUM != 0 {
            let field = usize::from(self.csum_start) + usize::from(self.csum_offset);
            if field + 2 > packet.len() {
                return Err(Lie::ChecksumBeyond);
            }
            let checksum = Checksum::Partial {
                start: self.csum_start,
                offset: self.csum_offset,
            };
            if layout().is_none_or(|layout| layout.partial() != checksum) {
                return Err(Lie::ChecksumElsewhere);
            }
            checksum
        } else if self.flags & DATA_VALID != 0 {
            Checksum::Verified
        } else {
            Checksum::Full
        };
        let (transport, is_v4) = match self.gso_type & !GSO_ECN {
            GSO_NONE if self.gso_type == GSO_NONE => {
                let gso = None;
                return Ok(Offload { checksum, gso });
            }
            GSO_TCPV4 => (Transport::Tcp, true),
            GSO_TCPV6 => (Transport::Tcp, false),
            // Of both versions of IP.
            GSO_UDP_L4 if self.gso_type == GSO_UDP_L4 => {
                let first = packet.first().ok_or(Lie::OtherKind)?;
                (Transport::Udp, first >> 4 == 4)
            }
            _ => return Err(Lie::UnknownKind),
        };
        let layout = layout().ok_or(Lie::OtherKind)?;
        if layout.transport != transport || layout.src.is_ipv4() != is_v4 {
            return Err(Lie::OtherKind);
        }
        if self.gso_size == 0 {
            return Err(Lie::NoSize);
        }
        if usize::from(self.hdr_len) > packet.len() {
            return Err(Lie::HeadersBeyond);
        }
        // With no more text than one segment has, it is one segment.
        let is_long = packet.len() - layout.text_at > usize::from(self.gso_size);
        Ok(Offload {
            checksum,
            gso: is_long.then_some(self.gso_size),
        })
    }

    fn from_bytes(bytes: [u8; LEN]) -> Header {
        let [flags, gso_type, a, b, c, d, e, f, g, h] = bytes;
        Header {
            flags,
            gso_type,
            hdr_len: u16::from_ne_bytes([a, b]),
            gso_size: u16::from_ne_bytes([c, d]),
            csum_start: u16::from_ne_bytes([e, f]),
            csum_offset: u16::from_ne_bytes([g, h]),
        }
    }

    /// As the device takes it.
    pub(super) fn to_bytes(self) -> [u8; LEN] {
        let Header {
            flags,
            gso_type,
            hdr_len,
            gso_size,
            csum_start,
            csum_offset,
        } = self;
        let [a, b] = hdr_len.to_ne_bytes();
        let [c, d] = gso_size.to_ne_bytes();
        let [e, f] = csum_start.to_ne_bytes();
        let [g, h] = csum_offset.to_ne_bytes();
        [flags, gso_type, a, b, c, d, e, f, g, h]
    }
}

/// Bytes of the header.
pub(super) const LEN: usize = 10;

// `linux/virtio_net.h`, VIRTIO_NET_HDR_F_*.
const NEEDS_CSUM: u8 = 1;
const DATA_VALID: u8 = 2;
// VIRTIO_NET_HDR_GSO_*. There are others, of which a device says nothing unless it was asked to.
const GSO_NONE: u8 = 0;
const GSO_TCPV4: u8 = 1;
const GSO_TCPV6: u8 = 4;
const GSO_UDP_L4: u8 = 5;
/// Beside one of TCP's: CWR is set.
const GSO_ECN: u8 = 0x80;

#[cfg(test)]
mod tests;
