//! The IPv6 header and what may stand between it and the payload: RFC 8200 sections 3 and 4.
//!
//! etherparse would take a payload length of zero for "all the rest" and walk on past a fragment
//! header into bytes that belong in the middle of another packet. Here the payload is cut to its
//! length, and extension headers are read one at a time by whoever asks for the next; what one
//! means, and whether to go on after it, the caller decides in the order of the packet.

use std::net::Ipv6Addr;

use etherparse::{
    IpNumber, Ipv6FlowLabel, Ipv6FragmentHeaderSlice, Ipv6Header, Ipv6HeaderSlice,
    Ipv6RawExtHeaderSlice, err,
};

use super::ParseError;

/// The fixed header, 40 bytes; its payload length follows from the payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    pub src: Ipv6Addr,
    pub dst: Ipv6Addr,
    /// What follows directly: an extension header or the payload's protocol.
    pub next_header: u8,
    pub hop_limit: u8,
    /// DSCP in the upper six bits, ECN in the lower two.
    pub traffic_class: u8,
    /// RFC 6437: 20 bits; 0 says that the flow has no label.
    pub flow_label: u32,
}

/// Reads a packet; what is returned beside the header is all that follows it, cut to the payload
/// length.
///
/// # Errors
///
/// [`ParseError::Version`] and [`ParseError::Truncated`].
pub fn parse(bytes: &[u8]) -> Result<(Header, &[u8]), ParseError> {
    let (slice, rest) = header_slice(bytes)?;
    // RFC 8200 section 3: the payload length counts everything after the fixed header.
    let payload = rest.get(..usize::from(slice.payload_length()));
    Ok((header_of(&slice), payload.ok_or(ParseError::Truncated)?))
}

/// Reads the beginning of a packet, as an ICMPv6 message quotes it: the rest may be cut off.
///
/// # Errors
///
/// [`ParseError::Version`]; [`ParseError::Truncated`] only inside the fixed header.
pub fn parse_quoted(bytes: &[u8]) -> Result<(Header, &[u8]), ParseError> {
    let (slice, rest) = header_slice(bytes)?;
    let payload = rest.get(..usize::from(slice.payload_length()));
    Ok((header_of(&slice), payload.unwrap_or(rest)))
}

fn header_slice(bytes: &[u8]) -> Result<(Ipv6HeaderSlice<'_>, &[u8]), ParseError> {
    use err::ipv6::HeaderSliceError;
    let slice = Ipv6HeaderSlice::from_slice(bytes).map_err(|e| match e {
        HeaderSliceError::Len(_) => ParseError::Truncated,
        HeaderSliceError::Content(_) => ParseError::Version,
    })?;
    Ok((slice, bytes.get(HEADER_LEN..).unwrap_or_default()))
}

fn header_of(slice: &Ipv6HeaderSlice<'_>) -> Header {
    Header {
        src: slice.source_addr(),
        dst: slice.destination_addr(),
        next_header: slice.next_header().0,
        hop_limit: slice.hop_limit(),
        traffic_class: slice.traffic_class(),
        flow_label: slice.flow_label().value(),
    }
}

impl Header {
    /// Writes the header of a packet with `payload_len` bytes behind it. Returns how many bytes
    /// were written: [`HEADER_LEN`], or 0 if `out` is shorter or the payload longer than 65,535
    /// bytes.
    pub fn emit(&self, payload_len: usize, out: &mut [u8]) -> usize {
        let Ok(payload_length) = u16::try_from(payload_len) else {
            return 0;
        };
        let Some(out) = out.first_chunk_mut::<HEADER_LEN>() else {
            return 0;
        };
        *out = Ipv6Header {
            traffic_class: self.traffic_class,
            // Masked to 20 bits, so that it fits.
            flow_label: Ipv6FlowLabel::try_new(self.flow_label & FLOW_LABEL_MASK)
                .unwrap_or_default(),
            payload_length,
            next_header: IpNumber(self.next_header),
            hop_limit: self.hop_limit,
            source: self.src.octets(),
            destination: self.dst.octets(),
        }
        .to_bytes();
        HEADER_LEN
    }

    /// Walks what follows the fixed header, from `payload` as [`parse`] returned it.
    pub fn extensions<'a>(&self, payload: &'a [u8]) -> ExtensionWalk<'a> {
        ExtensionWalk {
            next_header: self.next_header,
            named_at: NEXT_HEADER_AT,
            rest: payload,
            at: HEADER_LEN,
        }
    }
}

/// Goes from one extension header to the next, and stands in front of the payload at last. All
/// offsets count from the packet's first byte.
#[derive(Debug, Clone)]
pub struct ExtensionWalk<'a> {
    next_header: u8,
    named_at: usize,
    rest: &'a [u8],
    at: usize,
}

/// An extension header, and where it begins.
#[derive(Debug, Clone)]
pub enum Extension<'a> {
    /// RFC 8200 section 4.3.
    HopByHop(OptionWalk<'a>),
    /// RFC 8200 section 4.6.
    DestinationOptions(OptionWalk<'a>),
    /// RFC 8200 section 4.4.
    Routing {
        /// Where the routing type stands.
        type_at: usize,
        routing_type: u8,
        segments_left: u8,
    },
    /// RFC 8200 section 4.5. Behind one with another offset than 0 stands the middle of somebody's
    /// payload: there the walk must not go on.
    Fragment {
        /// Where the piece stands, in bytes.
        offset: u16,
        more_fragments: bool,
        identification: u32,
    },
}

impl<'a> ExtensionWalk<'a> {
    /// The next extension header; `None` once the payload begins.
    ///
    /// # Errors
    ///
    /// [`ParseError::Truncated`] if the header does not fit what is left of the packet.
    pub fn step(&mut self) -> Result<Option<Extension<'a>>, ParseError> {
        let begins = self.at;
        match self.next_header {
            HOP_BY_HOP if self.named_at == NEXT_HEADER_AT => {
                let content = self.take()?;
                Ok(Some(Extension::HopByHop(OptionWalk::new(content, begins))))
            }
            DESTINATION_OPTIONS => {
                let content = self.take()?;
                let options = OptionWalk::new(content, begins);
                Ok(Some(Extension::DestinationOptions(options)))
            }
            ROUTING => match *self.take()? {
                [routing_type, segments_left, ..] => Ok(Some(Extension::Routing {
                    type_at: begins.saturating_add(LENGTHS_LEN),
                    routing_type,
                    segments_left,
                })),
                // A header has at least 8 bytes.
                _ => Err(ParseError::Truncated),
            },
            FRAGMENT => {
                let header = Ipv6FragmentHeaderSlice::from_slice(self.rest)
                    .map_err(|_| ParseError::Truncated)?;
                let extension = Extension::Fragment {
                    offset: header.fragment_offset().byte_offset(),
                    more_fragments: header.more_fragments(),
                    identification: header.identification(),
                };
                self.next_header = header.next_header().0;
                self.advance(header.slice().len());
                Ok(Some(extension))
            }
            _ => Ok(None),
        }
    }

    /// Takes one header of the common form. Returns what follows its next header and length
    /// fields: at least six bytes.
    fn take(&mut self) -> Result<&'a [u8], ParseError> {
        let header =
            Ipv6RawExtHeaderSlice::from_slice(self.rest).map_err(|_| ParseError::Truncated)?;
        self.next_header = header.next_header().0;
        self.advance(header.slice().len());
        Ok(header.payload())
    }

    fn advance(&mut self, len: usize) {
        self.named_at = self.at;
        self.rest = self.rest.get(len..).unwrap_or_default();
        self.at = self.at.saturating_add(len);
    }

    /// What comes next: the payload's protocol, once [`ExtensionWalk::step`] has said `None`.
    pub fn next_header(&self) -> u8 {
        self.next_header
    }

    /// Where the field stands that says so.
    pub fn named_at(&self) -> usize {
        self.named_at
    }

    /// All that follows the headers walked past.
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }
}

/// Goes through the options of one header in their order, padding left out: RFC 8200 section 4.2.
#[derive(Debug, Clone)]
pub struct OptionWalk<'a> {
    rest: &'a [u8],
    at: usize,
}

impl<'a> OptionWalk<'a> {
    fn new(content: &'a [u8], header_at: usize) -> OptionWalk<'a> {
        OptionWalk {
            rest: content,
            at: header_at.saturating_add(LENGTHS_LEN),
        }
    }

    /// The next option: where it begins in the packet, and its type; `None` at the end.
    ///
    /// # Errors
    ///
    /// [`ParseError::Length`] if it does not fit its header.
    pub fn step(&mut self) -> Result<Option<(usize, u8)>, ParseError> {
        // Each round takes at least one of at most 2,046 bytes.
        while let [option_type, after_type @ ..] = self.rest {
            let begins = self.at;
            if *option_type == PAD1 {
                self.rest = after_type;
                self.at = self.at.saturating_add(1);
                continue;
            }
            let [length, after_length @ ..] = after_type else {
                return Err(ParseError::Length);
            };
            let length = usize::from(*length);
            self.rest = after_length.get(length..).ok_or(ParseError::Length)?;
            self.at = begins.saturating_add(LENGTHS_LEN).saturating_add(length);
            if *option_type != PADN {
                return Ok(Some((begins, *option_type)));
            }
        }
        Ok(None)
    }

    /// Where the walk stands: behind the last option, or at the one that does not fit.
    pub fn at(&self) -> usize {
        self.at
    }
}

/// The fixed header's length, in bytes.
pub const HEADER_LEN: usize = Ipv6Header::LEN;
/// The fragment header's length, in bytes: RFC 8200 section 4.5.
pub const FRAGMENT_HEADER_LEN: usize = 8;
/// Where the payload length stands in the fixed header: RFC 8200 section 3.
pub const PAYLOAD_LENGTH_AT: usize = 4;
/// Where the next header field stands in the fixed header: RFC 8200 section 3.
pub const NEXT_HEADER_AT: usize = 6;
/// RFC 6437 section 2: 20 bits.
pub const FLOW_LABEL_MASK: u32 = 0xf_ffff;

// Next header values: RFC 8200 sections 4.3 to 4.7.
pub const HOP_BY_HOP: u8 = 0;
pub const ROUTING: u8 = 43;
pub const FRAGMENT: u8 = 44;
pub const NO_NEXT_HEADER: u8 = 59;
pub const DESTINATION_OPTIONS: u8 = 60;

/// Of a header: next header and length. Of an option: type and length.
const LENGTHS_LEN: usize = 2;
// RFC 8200 section 4.2.
const PAD1: u8 = 0;
const PADN: u8 = 1;

#[cfg(test)]
mod tests;
