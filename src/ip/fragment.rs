//! Cutting what is too long for the link: RFC 791 section 3.2, RFC 8200 section 4.5.
//!
//! What TCP sends is never cut; this is for datagrams whose sender cannot choose their length.
//! Fragments fill the MTU, but for the last, and the first holds every header, since nothing of
//! ours has extension headers or options.

mod identification;

use std::mem;
use std::net::IpAddr;

use crate::base::{Offload, Offloads};
use crate::wire::{ipv4, ipv6};

use super::segments::Segments;

pub use identification::Identifications;

/// A packet that waits to leave: as it is, or what is left of one that is too long for its path, or
/// of one that stands for several.
#[derive(Debug)]
pub enum Parcel {
    Whole(Vec<u8>),
    Cut(Cut),
    Segments(Segments),
}

/// Why a packet that is too long cannot leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unfit {
    /// None is free for its fragments.
    NoIdentification,
    /// It must not be cut, or cannot be.
    Uncuttable,
}

impl Parcel {
    /// `packet`, one of ours, for a path with this MTU; `draw` is asked for an identification if it
    /// has to be cut.
    ///
    /// # Errors
    ///
    /// Why it has to be cut and is not.
    pub fn new(
        packet: Vec<u8>,
        mtu: u16,
        draw: impl FnOnce() -> Option<u32>,
    ) -> Result<Parcel, Unfit> {
        if packet.len() <= usize::from(mtu) {
            return Ok(Parcel::Whole(packet));
        }
        let identification = draw().ok_or(Unfit::NoIdentification)?;
        let cut = Cut::new(packet, mtu, identification).ok_or(Unfit::Uncuttable)?;
        Ok(Parcel::Cut(cut))
    }

    /// How many bytes it keeps.
    pub fn bytes(&self) -> usize {
        match self {
            Parcel::Whole(packet) => packet.capacity(),
            Parcel::Cut(cut) => cut.packet.capacity(),
            Parcel::Segments(segments) => segments.bytes(),
        }
    }

    /// Whether all of it has left.
    pub fn is_over(&self) -> bool {
        match self {
            Parcel::Whole(packet) => packet.is_empty(),
            Parcel::Cut(cut) => cut.rest().is_empty(),
            Parcel::Segments(segments) => segments.is_over(),
        }
    }

    /// Puts the next packet of it into `out`, in place of what is there; nothing if it is over.
    /// `does` is asked what the device to a destination takes over, if that matters. Returns what
    /// of the packet is left to it.
    pub fn next_packet(
        &mut self,
        out: &mut Vec<u8>,
        does: impl FnOnce(IpAddr) -> Offloads,
    ) -> Offload {
        match self {
            Parcel::Whole(packet) => *out = mem::take(packet),
            Parcel::Cut(cut) => {
                if !cut.next_fragment(out) {
                    out.clear();
                }
            }
            Parcel::Segments(segments) => {
                let does = does(segments.dst());
                return segments.next_packet(out, does);
            }
        }
        Offload::default()
    }
}

/// A packet that leaves in pieces.
#[derive(Debug)]
pub struct Cut {
    packet: Vec<u8>,
    header: Header,
    /// How much of the payload a fragment takes: a multiple of 8.
    room: usize,
    /// How much of it has left.
    left: usize,
    identification: u32,
}

#[derive(Debug, Clone, Copy)]
enum Header {
    V4(ipv4::Header<'static>),
    V6(ipv6::Header),
}

impl Cut {
    /// Begins to cut `packet`, one of ours, for an MTU. `None` if it must not be cut (DF is set),
    /// or cannot be.
    pub fn new(packet: Vec<u8>, mtu: u16, identification: u32) -> Option<Cut> {
        let header = Header::of(&packet)?;
        let room = usize::from(mtu).checked_sub(header.len_in_fragment())?;
        // RFC 791 section 3.1, RFC 8200 section 4.5: offsets count units of 8 bytes.
        let room = room & !7;
        (room > 0).then_some(Cut {
            packet,
            header,
            room,
            left: 0,
            identification,
        })
    }

    /// What of the payload has not left.
    fn rest(&self) -> &[u8] {
        let begins = self.header.len().saturating_add(self.left);
        self.packet.get(begins..).unwrap_or_default()
    }

    /// Writes the next fragment into `out`, in place of what is there. Returns whether there was
    /// one.
    pub fn next_fragment(&mut self, out: &mut Vec<u8>) -> bool {
        let rest = self.rest();
        let piece = rest.get(..self.room).unwrap_or(rest);
        if piece.is_empty() {
            return false;
        }
        let more = rest.len() > piece.len();
        out.clear();
        out.resize(self.header.len_in_fragment(), 0);
        // A packet has at most 65,535 bytes behind its header.
        let offset = self.left as u16;
        self.header
            .emit(offset, more, self.identification, piece.len(), out);
        out.extend_from_slice(piece);
        self.left = self.left.saturating_add(piece.len());
        true
    }
}

impl Header {
    fn of(packet: &[u8]) -> Option<Header> {
        if packet.first()? >> 4 == 4 {
            let (header, _) = ipv4::parse(packet).ok()?;
            // RFC 791 section 3.1: DF forbids it.
            let may = !header.dont_fragment && header.is_whole() && header.options.is_empty();
            return may.then_some(Header::V4(ipv4::Header {
                options: &[],
                ..header
            }));
        }
        let (header, _) = ipv6::parse(packet).ok()?;
        Some(Header::V6(header))
    }

    /// In the packet.
    fn len(&self) -> usize {
        match self {
            Header::V4(_) => ipv4::HEADER_MIN,
            Header::V6(_) => ipv6::HEADER_LEN,
        }
    }

    /// In front of each piece.
    fn len_in_fragment(&self) -> usize {
        match self {
            Header::V4(_) => ipv4::HEADER_MIN,
            Header::V6(_) => ipv6::HEADER_LEN.saturating_add(ipv6::FRAGMENT_HEADER_LEN),
        }
    }

    fn emit(&self, offset: u16, more: bool, identification: u32, piece: usize, out: &mut [u8]) {
        match *self {
            Header::V4(header) => {
                ipv4::Header {
                    // The lower half: 16 bits is what IPv4 has.
                    identification: identification as u16,
                    more_fragments: more,
                    fragment_offset: offset,
                    ..header
                }
                .emit(piece, out);
            }
            Header::V6(header) => {
                let behind = ipv6::FRAGMENT_HEADER_LEN.saturating_add(piece);
                ipv6::Header {
                    next_header: ipv6::FRAGMENT,
                    ..header
                }
                .emit(behind, out);
                if let Some(field) = out.get_mut(ipv6::HEADER_LEN..) {
                    let [o0, o1] = (offset | u16::from(more)).to_be_bytes();
                    let [i0, i1, i2, i3] = identification.to_be_bytes();
                    field.copy_from_slice(&[header.next_header, 0, o0, o1, i0, i1, i2, i3]);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
