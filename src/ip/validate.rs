//! What a host must refuse: destinations that are not its own, sources that nobody can be, options
//! and extension headers that make no sense or ask for too much.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::probe::Drop;
use crate::wire::ipv6::{self, Extension, ExtensionWalk, OptionWalk};
use crate::wire::{icmp, tcp, udp};

use super::address::Addresses;
use super::icmp::Owed;
use super::reassembly::Fragment;
use super::receive::Verdict;

/// Why a packet is refused, and what its sender should hear of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    pub why: Drop,
    pub owed: Option<Owed>,
}

impl Refusal {
    const fn silent(why: Drop) -> Refusal {
        Refusal { why, owed: None }
    }

    const fn parameter(why: Drop, code: u8, pointer: usize) -> Refusal {
        Refusal {
            why,
            // An offset in a packet, which has at most 65,575 bytes.
            owed: Some(Owed::Parameter {
                code,
                pointer: pointer as u32,
            }),
        }
    }
}

impl From<Refusal> for Verdict<'_> {
    fn from(refusal: Refusal) -> Self {
        match refusal.owed {
            Some(owed) => Verdict::Answer(refusal.why, owed),
            None => Verdict::Drop(refusal.why),
        }
    }
}

/// Whether a packet to `dst` is for us: RFC 1122 section 3.2.1.3.
///
/// # Errors
///
/// [`Drop::NotOurs`]; [`Drop::NobodyListens`] for broadcast and multicast, since no socket here
/// can join a group.
pub fn destination_v4(dst: Ipv4Addr, addresses: &Addresses) -> Result<(), Drop> {
    if addresses.speak_for(IpAddr::V4(dst)) {
        Ok(())
    } else if dst.is_multicast() || addresses.is_broadcast(dst) {
        Err(Drop::NobodyListens)
    } else {
        // Not forwarded either: a host is no gateway (RFC 1122 section 3.1). Loopback addresses,
        // which must not appear outside a host (section 3.2.1.3 (g)), are never among ours.
        Err(Drop::NotOurs)
    }
}

/// The same for IPv6.
///
/// # Errors
///
/// As for [`destination_v4`].
pub fn destination_v6(dst: Ipv6Addr, addresses: &Addresses) -> Result<(), Drop> {
    if dst.is_multicast() {
        Err(Drop::NobodyListens)
    } else if addresses.speak_for(IpAddr::V6(dst)) {
        Ok(())
    } else {
        // RFC 4291 section 2.5.3: a packet to the loopback address that came in must be dropped;
        // section 2.5.2: the unspecified address is never a destination. Neither is ever ours.
        Err(Drop::NotOurs)
    }
}

/// Whether somebody can have sent a packet from `src` to us.
///
/// # Errors
///
/// [`Drop::Land`] and [`Drop::BadSource`].
pub fn source_v4(src: Ipv4Addr, dst: Ipv4Addr, addresses: &Addresses) -> Result<(), Drop> {
    if src == dst {
        return Err(Drop::Land);
    }
    let [first, ..] = src.octets();
    // RFC 1122 section 3.2.1.3: not "this network" (0), not loopback (127), not multicast, not
    // class E, to which the limited broadcast address belongs; no directed broadcast; and nobody
    // else sends from our own address.
    let impossible = matches!(first, 0 | 127 | CLASS_D_MIN..)
        || addresses.is_broadcast(src)
        || addresses.is_ours(IpAddr::V4(src));
    if impossible {
        return Err(Drop::BadSource);
    }
    Ok(())
}

/// The same for IPv6.
///
/// # Errors
///
/// As for [`source_v4`].
pub fn source_v6(src: Ipv6Addr, dst: Ipv6Addr, addresses: &Addresses) -> Result<(), Drop> {
    if src == dst {
        return Err(Drop::Land);
    }
    // RFC 4291 sections 2.5.2, 2.5.3 and 2.7. A host that looks for its first address may send
    // from the unspecified one, but nothing that we would take. Section 2.5.5.2: what stands for
    // an IPv4 address inside a program has no place on a link.
    let impossible = src.is_multicast()
        || src.is_unspecified()
        || src.is_loopback()
        || src.to_ipv4_mapped().is_some()
        || addresses.is_ours(IpAddr::V6(src));
    if impossible {
        return Err(Drop::BadSource);
    }
    Ok(())
}

/// Walks the options of an IPv4 header: all but source routes are passed over.
///
/// # Errors
///
/// A source route that would go on, and lengths that cannot be.
pub fn options_v4(options: &[u8]) -> Result<(), Refusal> {
    let mut rest = options;
    // Each round takes at least one of at most 40 bytes.
    while let [kind, after_kind @ ..] = rest {
        // RFC 791 section 3.1: types 0 and 1 are one byte, all others have a length behind the
        // type, which counts both.
        rest = match *kind {
            END_OF_OPTIONS => return Ok(()),
            NO_OPERATION => after_kind,
            _ => {
                let begins = ipv4_option_at(options, rest);
                let length = after_kind.first().map_or(0, |&length| usize::from(length));
                let (option, after) = match rest.split_at_checked(length) {
                    Some(split) if length >= 2 => split,
                    // RFC 1122 section 3.2.1.8: no length may hurt us.
                    _ => return Err(Refusal::parameter(Drop::BadOptions, 0, begins)),
                };
                source_route(option, begins)?;
                after
            }
        };
    }
    Ok(())
}

/// RFC 791 section 3.1: a source route whose pointer is not greater than its length names more
/// stops. RFC 1122 section 3.3.5: a host that does not forward it says so.
fn source_route(option: &[u8], begins: usize) -> Result<(), Refusal> {
    match *option {
        [
            LOOSE_SOURCE_ROUTE | STRICT_SOURCE_ROUTE,
            length,
            pointer,
            ..,
        ] => {
            if pointer < SMALLEST_POINTER {
                Err(Refusal::parameter(Drop::BadOptions, 0, begins))
            } else if pointer <= length {
                Err(Refusal {
                    why: Drop::SourceRoute,
                    owed: Some(Owed::SourceRouteFailed),
                })
            } else {
                Ok(())
            }
        }
        // No room for its pointer.
        [LOOSE_SOURCE_ROUTE | STRICT_SOURCE_ROUTE, ..] => {
            Err(Refusal::parameter(Drop::BadOptions, 0, begins))
        }
        _ => Ok(()),
    }
}

/// Where in the packet the option stands that `rest` of all `options` begins with.
fn ipv4_option_at(options: &[u8], rest: &[u8]) -> usize {
    let before = options.len().saturating_sub(rest.len());
    crate::wire::ipv4::HEADER_MIN.saturating_add(before)
}

/// What stands behind the extension headers that are for us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behind<'a> {
    /// The payload.
    Upper(Upper<'a>),
    /// A part of what stands there.
    Piece(Piece<'a>),
}

/// A payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Upper<'a> {
    pub protocol: u8,
    pub payload: &'a [u8],
}

/// What a fragment header says of what follows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece<'a> {
    /// Where the fragment header is named.
    pub named_at: usize,
    pub protocol: u8,
    pub identification: u32,
    pub offset: u16,
    pub more_fragments: bool,
    pub bytes: &'a [u8],
}

/// Obeys the extension headers of an IPv6 packet in their order: RFC 8200 section 4.
///
/// # Errors
///
/// Whatever stops a host on the way to the payload.
pub fn extensions(mut walk: ExtensionWalk<'_>) -> Result<Behind<'_>, Refusal> {
    for _ in 0..=EXTENSIONS_MAX {
        let named_at = walk.named_at();
        let Ok(extension) = walk.step() else {
            // The chain is cut off, so nobody can know whether the packet is an ICMP error, which
            // must draw none.
            return Err(Refusal::silent(Drop::BadExtension));
        };
        match extension {
            None => return upper(&walk).map(Behind::Upper),
            Some(Extension::HopByHop(options) | Extension::DestinationOptions(options)) => {
                options_v6(options)?;
            }
            Some(Extension::Routing {
                type_at,
                segments_left,
                ..
            }) => {
                // RFC 8200 section 4.4: no type is known here, type 0 no more than others. With
                // segments left the packet is refused, otherwise the header is ignored.
                if segments_left > 0 {
                    return Err(Refusal::parameter(Drop::SourceRoute, 0, type_at));
                }
            }
            // RFC 8200 section 4.5, RFC 6946 section 4: a whole packet in a fragment's clothes is
            // taken by itself, whatever its identification.
            Some(Extension::Fragment {
                offset: 0,
                more_fragments: false,
                ..
            }) => {}
            Some(Extension::Fragment {
                offset,
                more_fragments,
                identification,
            }) => {
                if offset == 0 {
                    header_chain(walk.clone())?;
                }
                return Ok(Behind::Piece(Piece {
                    named_at,
                    protocol: walk.next_header(),
                    identification,
                    offset,
                    more_fragments,
                    bytes: walk.rest(),
                }));
            }
        }
    }
    Err(Refusal::silent(Drop::BadExtension))
}

/// RFC 7112 section 5: a first fragment has all headers, so that nothing on the way can be passed
/// that it would have refused. What they say is judged when the packet is whole.
fn header_chain(mut walk: ExtensionWalk<'_>) -> Result<(), Refusal> {
    let cut_off = Refusal::parameter(Drop::BadFragment, INCOMPLETE_CHAIN, 0);
    for _ in 0..=EXTENSIONS_MAX {
        match walk.step() {
            Err(_) => return Err(cut_off),
            Ok(None) => {
                let least = match walk.next_header() {
                    tcp::PROTOCOL => tcp::HEADER_MIN,
                    udp::PROTOCOL => udp::HEADER_LEN,
                    icmp::PROTOCOL_V6 => icmp::HEADER_LEN,
                    _ => 0,
                };
                return match walk.rest().len() < least {
                    true => Err(cut_off),
                    false => Ok(()),
                };
            }
            // Nothing is cut twice.
            Ok(Some(Extension::Fragment { .. })) => break,
            Ok(Some(_)) => {}
        }
    }
    Err(Refusal::silent(Drop::BadExtension))
}

/// Whether a fragment can be a part of a datagram.
///
/// # Errors
///
/// [`Drop::BadFragment`] for a piece of no bytes or inside a TCP header, for one before others that
/// does not end at a multiple of 8, and for one that ends where no datagram can. RFC 8200 section
/// 4.5 has an error for the last two; IPv4 has none.
pub fn fragment(fragment: &Fragment<'_>) -> Result<(), Refusal> {
    let length = fragment.piece.len();
    let refusal = |pointer| match fragment.src {
        IpAddr::V4(_) => Refusal::silent(Drop::BadFragment),
        IpAddr::V6(_) => Refusal::parameter(Drop::BadFragment, 0, pointer),
    };
    // RFC 1858 sections 3.2 and 4.2, RFC 3128 section 3: nobody cuts a TCP header in two, unless it
    // is to show a filter less of it than us.
    let cuts_header = match fragment.offset {
        0 => length < tcp::HEADER_MIN,
        offset => usize::from(offset) < tcp::HEADER_MIN,
    };
    if length == 0 || (fragment.protocol == tcp::PROTOCOL && cuts_header) {
        return Err(Refusal::silent(Drop::BadFragment));
    }
    if fragment.more_fragments && !length.is_multiple_of(8) {
        return Err(refusal(ipv6::PAYLOAD_LENGTH_AT));
    }
    // What the whole datagram's length counts beside what was cut: on IPv4 the header, on IPv6
    // all extension headers in front of the fragment header.
    let fragment_header_at = fragment
        .head
        .len()
        .saturating_sub(ipv6::FRAGMENT_HEADER_LEN);
    let counted = match fragment.src {
        IpAddr::V4(_) => fragment.head.len(),
        IpAddr::V6(_) => fragment_header_at.saturating_sub(ipv6::HEADER_LEN),
    };
    let end = counted
        .saturating_add(fragment.offset.into())
        .saturating_add(length);
    if end > usize::from(u16::MAX) {
        return Err(refusal(fragment_header_at.saturating_add(OFFSET_AT)));
    }
    Ok(())
}

fn upper<'a>(walk: &ExtensionWalk<'a>) -> Result<Upper<'a>, Refusal> {
    match walk.next_header() {
        // RFC 8200 section 4.7: what follows "no next header" must be ignored.
        ipv6::NO_NEXT_HEADER => Err(Refusal::silent(Drop::NoNextHeader)),
        // RFC 8200 section 4: next header zero in any header but the first is unrecognized.
        ipv6::HOP_BY_HOP => Err(Refusal::parameter(
            Drop::BadExtension,
            UNRECOGNIZED_NEXT_HEADER,
            walk.named_at(),
        )),
        protocol => Ok(Upper {
            protocol,
            payload: walk.rest(),
        }),
    }
}

/// RFC 8200 section 4.2: no option is known here but padding, so the two highest bits of each say
/// what to do.
fn options_v6(mut options: OptionWalk<'_>) -> Result<(), Refusal> {
    for _ in 0..=OPTIONS_MAX {
        match options.step() {
            Ok(None) => return Ok(()),
            Ok(Some((at, option_type))) => match option_type >> 6 {
                0b00 => {}
                0b01 => return Err(Refusal::silent(Drop::BadOptions)),
                // Packets to multicast addresses, where 10 and 11 differ, do not come this far.
                _ => {
                    return Err(Refusal::parameter(
                        Drop::BadOptions,
                        UNRECOGNIZED_OPTION,
                        at,
                    ));
                }
            },
            Err(_) => return Err(Refusal::parameter(Drop::BadOptions, 0, options.at())),
        }
    }
    Err(Refusal::silent(Drop::BadOptions))
}

/// RFC 1122 section 3.2.1.3: class D is multicast, class E what is above.
const CLASS_D_MIN: u8 = 224;

// RFC 791 section 3.1.
const END_OF_OPTIONS: u8 = 0;
const NO_OPERATION: u8 = 1;
const LOOSE_SOURCE_ROUTE: u8 = 131;
const STRICT_SOURCE_ROUTE: u8 = 137;
/// The first byte behind an option's type, length and pointer.
const SMALLEST_POINTER: u8 = 4;

// Codes of the parameter problem: RFC 4443 section 3.4.
pub(super) const UNRECOGNIZED_NEXT_HEADER: u8 = 1;
const UNRECOGNIZED_OPTION: u8 = 2;
/// RFC 7112 section 5.
const INCOMPLETE_CHAIN: u8 = 3;
/// In a fragment header: RFC 8200 section 4.5.
const OFFSET_AT: usize = 2;

/// RFC 8200 section 4.1 wants headers taken "any number of times"; a packet with more than this
/// only costs.
pub(super) const EXTENSIONS_MAX: usize = 32;
/// The same for options, padding not counted.
const OPTIONS_MAX: usize = 32;

#[cfg(test)]
mod tests;
