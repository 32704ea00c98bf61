//! What we answer and owe: echo replies, and errors about packets that could not be taken.
//!
//! Implements RFC 1122 section 3.2.2 and RFC 4443 sections 2.2 and 2.4: an error goes to its
//! packet's sender, from the address that was asked, quotes as much as may be quoted, and is never
//! sent about another error, about a packet to many, about a later fragment (unless IPv6 asks for
//! it), or to nobody in particular. How many errors leave in all, [`Limiter`] decides.

mod limit;

use std::net::IpAddr;

use crate::wire::icmp::{ERROR_KIND_MAX_V6, Echo, HEADER_LEN, Message, PROTOCOL_V4, PROTOCOL_V6};
use crate::wire::icmp::{Problem, Unreachable};
use crate::wire::ipv6::{self, Extension};
use crate::wire::{ParseError, ipv4};

use super::address::Addresses;
use super::receive::Datagram;
use super::transmit::{DSCP, Outgoing};
use super::validate::{self, EXTENSIONS_MAX, UNRECOGNIZED_NEXT_HEADER};

pub use limit::{ErrorRules, Limiter, Rate};

/// An error that a packet's sender should hear of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owed {
    /// RFC 1122 section 3.2.2.1, RFC 4443 section 3.1: nobody has the port.
    PortUnreachable,
    /// RFC 1122 section 3.2.2.1: nobody speaks the protocol. On IPv6 it is a parameter problem
    /// (RFC 8200 section 4).
    ProtocolUnreachable,
    /// RFC 1122 section 3.3.5: a source route that is not followed.
    SourceRouteFailed,
    /// RFC 1122 section 3.3.2, RFC 8200 section 4.5: the rest of a datagram did not come.
    ReassemblyTimeExceeded,
    /// RFC 1122 section 3.2.2.5, RFC 4443 section 3.4: a field makes no sense.
    Parameter {
        code: u8,
        /// Where in the packet, in bytes.
        pointer: u32,
    },
}

/// Writes the whole packet that replies to an echo request into `out`, in place of what is there.
/// Returns whether `datagram` is such a request. A reply longer than `mtu` may be cut.
pub fn answer_echo(datagram: &Datagram<'_>, mtu: u16, out: &mut Vec<u8>) -> bool {
    let (src, dst) = (datagram.src, datagram.dst);
    let Ok(Message::EchoRequest(echo)) = Message::parse(src, dst, datagram.payload) else {
        return false;
    };
    // RFC 1122 section 3.2.2.6, RFC 4443 section 4.2: identifier, sequence and data come back as
    // they came, from the address that was asked.
    let reply = Message::EchoReply(Echo { ..echo });
    let plain = Outgoing::new(dst, src, datagram.protocol);
    let len = plain.header_len().saturating_add(reply.message_len());
    let outgoing = Outgoing {
        dont_fragment: len <= usize::from(mtu),
        // RFC 792, Echo: addresses are reversed and the type changed, and nothing else. But what
        // routers said of congestion on the way here (RFC 3168 section 5) is not for the way back.
        tos: datagram.tos & DSCP,
        ..plain
    };
    write(outgoing, &reply, out)
}

/// Writes the whole packet that tells the sender of `packet` what is `owed` into `out`, in place
/// of what is there. Returns whether it may be sent; if not, `out` is left alone.
///
/// `packet` is what [`super::receive::receive`] was given, or its [`Datagram::packet`].
pub fn error(
    owed: &Owed,
    packet: &[u8],
    addresses: &Addresses,
    rules: &ErrorRules,
    out: &mut Vec<u8>,
) -> bool {
    let Ok(Some(about)) = Offending::judge(packet, addresses) else {
        return false;
    };
    let (protocol, most) = match about.dst {
        IpAddr::V4(_) => (PROTOCOL_V4, ERROR_MAX_V4),
        IpAddr::V6(_) => (PROTOCOL_V6, ERROR_MAX_V6),
    };
    let problem = match *owed {
        Owed::PortUnreachable => Problem::Unreachable(Unreachable::Port),
        Owed::SourceRouteFailed => Problem::Unreachable(Unreachable::SourceRoute),
        Owed::ReassemblyTimeExceeded => Problem::ReassemblyTimeExceeded,
        Owed::Parameter { code, pointer } => Problem::Parameter { code, pointer },
        Owed::ProtocolUnreachable => match about.next_header_at {
            None => Problem::Unreachable(Unreachable::Protocol),
            // RFC 8200 section 4: it points at the value that is not recognized.
            Some(at) => Problem::Parameter {
                code: UNRECOGNIZED_NEXT_HEADER,
                pointer: u32::try_from(at).unwrap_or(u32::MAX),
            },
        },
    };
    if matches!(problem, Problem::Unreachable(_)) && !rules.unreachable {
        return false;
    }
    let outgoing = Outgoing::new(about.dst, about.src, protocol);
    let room = most
        .saturating_sub(outgoing.header_len())
        .saturating_sub(HEADER_LEN);
    let quote = about.packet.get(..room).unwrap_or(about.packet);
    write(outgoing, &Message::Error { problem, quote }, out)
}

fn write(outgoing: Outgoing, message: &Message<'_>, out: &mut Vec<u8>) -> bool {
    let header_len = outgoing.header_len();
    let message_len = message.message_len();
    out.clear();
    out.resize(header_len.saturating_add(message_len), 0);
    let Some((head, body)) = out.split_at_mut_checked(header_len) else {
        return false;
    };
    let written = outgoing.emit(message_len, head);
    message.emit(outgoing.src, outgoing.dst, body);
    written == header_len
}

/// A packet that may draw an error.
struct Offending<'a> {
    src: IpAddr,
    dst: IpAddr,
    /// All of it, without what lies beyond the length that its header names.
    packet: &'a [u8],
    /// IPv6 alone: where the field stands that names what follows the extension headers.
    next_header_at: Option<usize>,
}

impl<'a> Offending<'a> {
    /// `None` or an error if no error may be sent.
    fn judge(packet: &'a [u8], addresses: &Addresses) -> Result<Option<Self>, ParseError> {
        if packet.first().is_some_and(|byte| byte >> 4 == 4) {
            Offending::judge_v4(packet, addresses)
        } else {
            Offending::judge_v6(packet, addresses)
        }
    }

    fn judge_v4(packet: &'a [u8], addresses: &Addresses) -> Result<Option<Self>, ParseError> {
        let (header, payload) = ipv4::parse(packet)?;
        // RFC 1122 section 3.2.2: not for broadcast and multicast, not to a source that is no
        // single host, not about a fragment but the first, not about an ICMP error.
        let to_us = validate::destination_v4(header.dst, addresses).is_ok();
        let from_one = validate::source_v4(header.src, header.dst, addresses).is_ok();
        let error = header.protocol == PROTOCOL_V4 && !is_query_v4(payload);
        if !to_us || !from_one || header.fragment_offset > 0 || error {
            return Ok(None);
        }
        let length = header.header_len().saturating_add(payload.len());
        Ok(Some(Offending {
            src: header.src.into(),
            dst: header.dst.into(),
            packet: packet.get(..length).unwrap_or(packet),
            next_header_at: None,
        }))
    }

    fn judge_v6(packet: &'a [u8], addresses: &Addresses) -> Result<Option<Self>, ParseError> {
        let (header, behind) = ipv6::parse(packet)?;
        // RFC 4443 section 2.4 (e): not for multicast (e.3; of the two exceptions neither arises
        // at a host that has joined no group), not to a source that is no single node (e.6).
        let to_us = validate::destination_v6(header.dst, addresses).is_ok();
        let from_one = validate::source_v6(header.src, header.dst, addresses).is_ok();
        if !to_us || !from_one {
            return Ok(None);
        }
        let mut walk = header.extensions(behind);
        let mut first_fragment = false;
        for _ in 0..=EXTENSIONS_MAX {
            let may = match walk.step() {
                // (e.1) and (e.2): not about an ICMPv6 error or redirect.
                Ok(None) => walk.next_header() != PROTOCOL_V6 || is_query_v6(walk.rest()),
                // RFC 8200 section 4.5 has errors about later fragments too, in which nothing
                // tells a query from an error.
                Ok(Some(Extension::Fragment { offset, .. })) if offset > 0 => {
                    walk.next_header() != PROTOCOL_V6
                }
                Ok(Some(extension)) => {
                    first_fragment |= matches!(extension, Extension::Fragment { .. });
                    continue;
                }
                // RFC 8200 section 4.5 has the sender of a first fragment told that its headers
                // are cut off. Nothing says that it is an error.
                Err(_) if first_fragment => true,
                Err(error) => return Err(error),
            };
            let length = ipv6::HEADER_LEN.saturating_add(behind.len());
            return Ok(may.then_some(Offending {
                src: header.src.into(),
                dst: header.dst.into(),
                packet: packet.get(..length).unwrap_or(packet),
                next_header_at: Some(walk.named_at()),
            }));
        }
        Ok(None)
    }
}

/// Whether an ICMPv4 message surely is no error: RFC 1122 section 3.2.2 lists both classes, and
/// what it does not know is not risked.
fn is_query_v4(message: &[u8]) -> bool {
    // Echo, timestamp, information and address mask, requests and replies.
    matches!(message, [0 | 8 | 13..=18, ..])
}

/// The same for ICMPv6: RFC 4443 section 2.1; 137 is the redirect.
fn is_query_v6(message: &[u8]) -> bool {
    matches!(message, [kind, ..] if *kind > ERROR_KIND_MAX_V6 && *kind != REDIRECT_V6)
}

const REDIRECT_V6: u8 = 137;
/// RFC 1122 section 3.3.2: what every host takes in whole; more than eight bytes of the packet may
/// be quoted (section 3.2.2), and up to this many in all are of use.
const ERROR_MAX_V4: usize = 576;
/// RFC 4443 section 2.4 (c): as much as does not make the error exceed the minimum IPv6 MTU.
const ERROR_MAX_V6: usize = 1280;

#[cfg(test)]
mod tests;
