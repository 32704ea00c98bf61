//! The IPv4 header: RFC 791 section 3.1.
//!
//! etherparse knows where the fields are; it verifies no checksum and believes the packet buffer
//! rather than the total length, so both are judged here. Options are handed on as bytes:
//! whoever receives for a host decides which of them it can bear. Writing is ours, with
//! etherparse as the tests' judge, which takes twice as long for it.

use std::net::Ipv4Addr;

use etherparse::{Ipv4Header, Ipv4HeaderSlice, err};

use crate::base::checksum::Sum;

use super::{ParseError, put};

/// A header; its lengths follow from the options and the payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header<'a> {
    pub src: Ipv4Addr,
    pub dst: Ipv4Addr,
    /// What the payload is: 6 is TCP.
    pub protocol: u8,
    /// Time to live, in hops.
    pub ttl: u8,
    /// Type of service: DSCP in the upper six bits, ECN in the lower two (RFC 3168 section 5).
    pub tos: u8,
    /// Which fragments belong together; means nothing in an atomic datagram (RFC 6864 section 4.1).
    pub identification: u16,
    pub dont_fragment: bool,
    pub more_fragments: bool,
    /// Where the payload stands in its datagram, in bytes: a multiple of 8, at most 65,528.
    pub fragment_offset: u16,
    /// Between the fixed header and the payload: at most 40 bytes.
    pub options: &'a [u8],
}

/// Reads a packet; what is returned beside the header is its payload, cut to the total length.
///
/// # Errors
///
/// [`ParseError::Version`], [`ParseError::Truncated`], [`ParseError::Length`] for a header
/// length below five words or a total length below the header's, [`ParseError::Checksum`].
pub fn parse(bytes: &[u8]) -> Result<(Header<'_>, &[u8]), ParseError> {
    let slice = header_slice(bytes)?;
    let header_len = slice.slice().len();
    let total_len = usize::from(slice.total_len());
    if total_len < header_len {
        return Err(ParseError::Length);
    }
    // RFC 791 section 3.1: the total length counts header and data. What lies beyond it is no
    // part of the datagram, and a datagram that has fewer bytes was cut on its way.
    let Some(payload) = bytes.get(header_len..total_len) else {
        return Err(ParseError::Truncated);
    };
    // RFC 1122 section 3.2.1.2: a host must verify the header checksum on every datagram.
    if Sum::new().add(slice.slice()).checksum() != 0 {
        return Err(ParseError::Checksum);
    }
    Ok((header_of(&slice), payload))
}

/// Reads the beginning of a packet, as an ICMP message quotes it: the payload may be cut off, and
/// routers on the way may have left a checksum that no longer verifies.
///
/// # Errors
///
/// As [`parse`], without [`ParseError::Checksum`]; [`ParseError::Truncated`] only inside the
/// header.
pub fn parse_quoted(bytes: &[u8]) -> Result<(Header<'_>, &[u8]), ParseError> {
    let slice = header_slice(bytes)?;
    let header_len = slice.slice().len();
    let total_len = usize::from(slice.total_len());
    if total_len < header_len {
        return Err(ParseError::Length);
    }
    let quoted = bytes.get(header_len..total_len.min(bytes.len()));
    Ok((header_of(&slice), quoted.unwrap_or_default()))
}

fn header_slice(bytes: &[u8]) -> Result<Ipv4HeaderSlice<'_>, ParseError> {
    use err::ipv4::{HeaderError, HeaderSliceError};
    Ipv4HeaderSlice::from_slice(bytes).map_err(|e| match e {
        HeaderSliceError::Len(_) => ParseError::Truncated,
        HeaderSliceError::Content(HeaderError::UnexpectedVersion { .. }) => ParseError::Version,
        HeaderSliceError::Content(HeaderError::HeaderLengthSmallerThanHeader { .. }) => {
            ParseError::Length
        }
    })
}

fn header_of<'a>(slice: &Ipv4HeaderSlice<'a>) -> Header<'a> {
    Header {
        src: slice.source_addr(),
        dst: slice.destination_addr(),
        protocol: slice.protocol().0,
        ttl: slice.ttl(),
        tos: (slice.dcp().value() << 2) | slice.ecn().value(),
        identification: slice.identification(),
        dont_fragment: slice.dont_fragment(),
        more_fragments: slice.more_fragments(),
        fragment_offset: slice.fragments_offset().byte_offset(),
        options: slice.options(),
    }
}

impl Header<'_> {
    /// How many bytes the header takes.
    pub fn header_len(&self) -> usize {
        HEADER_MIN.saturating_add(self.options.len())
    }

    /// Whether it is all of its datagram.
    pub fn is_whole(&self) -> bool {
        !self.more_fragments && self.fragment_offset == 0
    }

    /// Writes the header of a packet with `payload_len` bytes behind it, checksum included.
    /// Returns how many bytes were written: [`Header::header_len`], or 0 if `out` is shorter, the
    /// packet would exceed 65,535 bytes, or the options are not at most ten whole words.
    pub fn emit(&self, payload_len: usize, out: &mut [u8]) -> usize {
        let header_len = self.header_len();
        let Ok(total_len) = u16::try_from(header_len.saturating_add(payload_len)) else {
            return 0;
        };
        let Some(out) = out.get_mut(..header_len) else {
            return 0;
        };
        // RFC 791 section 3.1: whole words, at most fifteen with the fixed five.
        if header_len > HEADER_MAX || !header_len.is_multiple_of(4) {
            return 0;
        }
        let words = (header_len as u8) >> 2;
        // The reserved flag is sent as zero; the offset counts units of 8 bytes, in 13 bits.
        let fragment = (self.fragment_offset >> 3)
            | if self.dont_fragment { DONT_FRAGMENT } else { 0 }
            | if self.more_fragments {
                MORE_FRAGMENTS
            } else {
                0
            };
        let rest = &mut &mut *out;
        put(rest, [VERSION << 4 | words, self.tos]);
        put(rest, total_len.to_be_bytes());
        put(rest, self.identification.to_be_bytes());
        put(rest, fragment.to_be_bytes());
        put(rest, [self.ttl, self.protocol, 0, 0]);
        put(rest, self.src.octets());
        put(rest, self.dst.octets());
        rest.copy_from_slice(self.options);
        // RFC 791 section 3.1: the sum over the header with its own field as zero.
        let sum = Sum::new().add(out).checksum();
        if let Some(mut field) = out.get_mut(CHECKSUM_AT..) {
            put(&mut field, sum.to_be_bytes());
        }
        header_len
    }
}

/// Where the total length stands: RFC 791 section 3.1.
pub const TOTAL_LENGTH_AT: usize = 2;
/// Where the identification stands.
pub(super) const IDENTIFICATION_AT: usize = 4;
/// Where the flags of fragmentation stand, before the offset.
pub(super) const FRAGMENT_AT: usize = 6;
/// Where the header's checksum stands.
pub(super) const CHECKSUM_AT: usize = 10;
/// Says that no router may cut it, in the two bytes at [`FRAGMENT_AT`].
pub(super) const DONT_FRAGMENT: u16 = 1 << 14;
/// The shortest header, in bytes.
pub const HEADER_MIN: usize = Ipv4Header::MIN_LEN;
/// The longest header, in bytes.
pub const HEADER_MAX: usize = Ipv4Header::MAX_LEN;

// RFC 791 section 3.1, Figure 4.
const VERSION: u8 = 4;
const MORE_FRAGMENTS: u16 = 1 << 13;

#[cfg(test)]
mod tests;
