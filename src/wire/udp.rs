//! One UDP datagram as a value: RFC 768.
//!
//! etherparse has the header's layout; it would take a length of zero for "all the rest", which
//! is refused here, and it verifies no checksum.

use std::net::IpAddr;

use etherparse::{UdpHeader, UdpHeaderSlice};

use crate::base::{Checksum, Pieces, Sum, checksum};

use super::{ParseError, Ports};

/// A datagram.
#[derive(Debug, Clone, Copy)]
pub struct Datagram<'a> {
    /// Both port numbers; a source port of 0 expects no answer.
    pub ports: Ports,
    /// What it carries, at most 65,527 bytes.
    pub text: Pieces<'a>,
}

impl<'a> Datagram<'a> {
    /// Reads an IP packet's payload. What lies beyond the datagram's own length is left out. The
    /// checksum is verified unless the device vouches for it.
    ///
    /// # Errors
    ///
    /// [`ParseError::Truncated`], [`ParseError::Length`] for a length below eight, and
    /// [`ParseError::Checksum`], which on IPv6 also says that there is none.
    pub fn parse(
        src: IpAddr,
        dst: IpAddr,
        bytes: &'a [u8],
        vouched: Checksum,
    ) -> Result<Datagram<'a>, ParseError> {
        let header = UdpHeaderSlice::from_slice(bytes).map_err(|_| ParseError::Truncated)?;
        let length = header.length();
        if usize::from(length) < HEADER_LEN {
            return Err(ParseError::Length);
        }
        let Some(bytes) = bytes.get(..usize::from(length)) else {
            return Err(ParseError::Truncated);
        };
        // RFC 768: zero says that the sender made no checksum. RFC 8200 section 8.1: on IPv6 it
        // must make one, and receivers must discard what has none.
        if header.checksum() == 0 {
            if src.is_ipv6() {
                return Err(ParseError::Checksum);
            }
        } else if vouched == Checksum::Full {
            let sum = checksum::pseudo_header(src, dst, PROTOCOL, length.into()).add(bytes);
            if sum.checksum() != 0 {
                return Err(ParseError::Checksum);
            }
        }
        Ok(Datagram {
            ports: Ports {
                src: header.source_port(),
                dst: header.destination_port(),
            },
            text: Pieces::one(bytes.get(HEADER_LEN..).unwrap_or_default()),
        })
    }

    /// Writes the header; its checksum covers the text. Returns how many bytes were written:
    /// [`HEADER_LEN`], or 0 if `out` is shorter or the text too long for a datagram.
    pub fn emit_header(&self, src: IpAddr, dst: IpAddr, out: &mut [u8]) -> usize {
        self.emit(src, dst, out, |pseudo_header, header| {
            // RFC 768: a sum of zero is sent as all ones, since zero says that there is none.
            match pseudo_header.add(header).add_pieces(self.text).checksum() {
                0 => u16::MAX,
                sum => sum,
            }
        })
    }

    /// The same with a checksum that the device completes: [`Checksum::Partial`].
    pub fn emit_header_in_part(&self, src: IpAddr, dst: IpAddr, out: &mut [u8]) -> usize {
        self.emit(src, dst, out, |pseudo_header, _| pseudo_header.folded())
    }

    fn emit(
        &self,
        src: IpAddr,
        dst: IpAddr,
        out: &mut [u8],
        checksum: impl FnOnce(Sum, &[u8]) -> u16,
    ) -> usize {
        let Ok(length) = u16::try_from(HEADER_LEN.saturating_add(self.text.len())) else {
            return 0;
        };
        let Some(out) = out.first_chunk_mut::<HEADER_LEN>() else {
            return 0;
        };
        let mut header = UdpHeader {
            source_port: self.ports.src,
            destination_port: self.ports.dst,
            length,
            checksum: 0,
        };
        let pseudo_header = checksum::pseudo_header(src, dst, PROTOCOL, length.into());
        header.checksum = checksum(pseudo_header, &header.to_bytes());
        *out = header.to_bytes();
        HEADER_LEN
    }
}

/// The protocol number of UDP.
pub const PROTOCOL: u8 = 17;
/// The header's length, in bytes.
pub const HEADER_LEN: usize = UdpHeader::LEN;
/// Where the length stands: RFC 768, "Format".
pub(super) const LENGTH_AT: usize = 4;
/// Where the checksum stands.
pub const CHECKSUM_AT: usize = 6;

#[cfg(test)]
mod tests;
