//! One packet in, one verdict out.
//!
//! The order is that of the packet: version, header, destination, source, options or extension
//! headers. A host refuses in silence but where an RFC has an error for it; whoever holds the
//! verdict tells the drop and sends what is owed.

use std::net::IpAddr;

use crate::probe::Drop;
use crate::wire::{ParseError, ipv4, ipv6};

use super::address::Addresses;
use super::icmp::Owed;
use super::reassembly::Fragment;
use super::validate::{self, Behind};

/// A whole datagram for one of our addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Datagram<'a> {
    pub src: IpAddr,
    pub dst: IpAddr,
    /// What the payload is: 6 is TCP.
    pub protocol: u8,
    /// Type of service or traffic class: DSCP and ECN.
    pub tos: u8,
    pub hop_limit: u8,
    pub payload: &'a [u8],
    /// All of it from the IP header on, for quoting.
    pub packet: &'a [u8],
}

/// What is to be done with a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict<'a> {
    /// It goes to its protocol.
    Deliver(Datagram<'a>),
    /// It is refused in silence.
    Drop(Drop),
    /// It is refused, and its sender should hear of it (`icmp::error` says whether it may).
    Answer(Drop, Owed),
    /// It is a part of a datagram, and possible.
    Fragment(Fragment<'a>),
}

/// Judges a packet as it came from the device.
pub fn receive<'a>(packet: &'a [u8], addresses: &Addresses) -> Verdict<'a> {
    match packet.first().map(|byte| byte >> 4) {
        Some(4) => receive_v4(packet, addresses),
        Some(6) => receive_v6(packet, addresses),
        // RFC 1122 section 3.2.1.1: another version is silently discarded.
        Some(_) => Verdict::Drop(Drop::BadVersion),
        None => Verdict::Drop(Drop::Truncated),
    }
}

fn receive_v4<'a>(packet: &'a [u8], addresses: &Addresses) -> Verdict<'a> {
    let (header, payload) = match ipv4::parse(packet) {
        Ok(parsed) => parsed,
        Err(error) => return Verdict::Drop(drop_of(error)),
    };
    let checked = validate::destination_v4(header.dst, addresses)
        .and_then(|()| validate::source_v4(header.src, header.dst, addresses));
    if let Err(why) = checked {
        return Verdict::Drop(why);
    }
    if let Err(refusal) = validate::options_v4(header.options) {
        return refusal.into();
    }
    if !header.is_whole() {
        return part(Fragment {
            src: header.src.into(),
            dst: header.dst.into(),
            protocol: header.protocol,
            identification: header.identification.into(),
            offset: header.fragment_offset,
            more_fragments: header.more_fragments,
            tos: header.tos,
            head: packet.get(..header.header_len()).unwrap_or_default(),
            named_at: 0,
            piece: payload,
        });
    }
    Verdict::Deliver(Datagram {
        src: header.src.into(),
        dst: header.dst.into(),
        protocol: header.protocol,
        tos: header.tos,
        // RFC 1122 section 3.2.1.7: a datagram is not discarded for a TTL below 2.
        hop_limit: header.ttl,
        payload,
        packet: front(packet, header.header_len(), payload),
    })
}

fn receive_v6<'a>(packet: &'a [u8], addresses: &Addresses) -> Verdict<'a> {
    let (header, behind) = match ipv6::parse(packet) {
        Ok(parsed) => parsed,
        Err(error) => return Verdict::Drop(drop_of(error)),
    };
    let checked = validate::destination_v6(header.dst, addresses)
        .and_then(|()| validate::source_v6(header.src, header.dst, addresses));
    if let Err(why) = checked {
        return Verdict::Drop(why);
    }
    let upper = match validate::extensions(header.extensions(behind)) {
        Ok(Behind::Upper(upper)) => upper,
        Ok(Behind::Piece(piece)) => {
            let whole = front(packet, ipv6::HEADER_LEN, behind);
            let head_len = whole.len().saturating_sub(piece.bytes.len());
            return part(Fragment {
                src: header.src.into(),
                dst: header.dst.into(),
                protocol: piece.protocol,
                identification: piece.identification,
                offset: piece.offset,
                more_fragments: piece.more_fragments,
                tos: header.traffic_class,
                head: whole.get(..head_len).unwrap_or_default(),
                named_at: piece.named_at,
                piece: piece.bytes,
            });
        }
        Err(refusal) => return refusal.into(),
    };
    Verdict::Deliver(Datagram {
        src: header.src.into(),
        dst: header.dst.into(),
        protocol: upper.protocol,
        tos: header.traffic_class,
        hop_limit: header.hop_limit,
        payload: upper.payload,
        packet: front(packet, ipv6::HEADER_LEN, behind),
    })
}

fn part(fragment: Fragment<'_>) -> Verdict<'_> {
    match validate::fragment(&fragment) {
        Ok(()) => Verdict::Fragment(fragment),
        Err(refusal) => refusal.into(),
    }
}

/// The packet without what lies beyond the length that its header names.
fn front<'a>(packet: &'a [u8], header_len: usize, behind: &[u8]) -> &'a [u8] {
    let length = header_len.saturating_add(behind.len());
    packet.get(..length).unwrap_or(packet)
}

const fn drop_of(error: ParseError) -> Drop {
    match error {
        ParseError::Version => Drop::BadVersion,
        ParseError::Truncated => Drop::Truncated,
        ParseError::Length => Drop::BadHeaderLength,
        ParseError::Checksum => Drop::BadHeaderChecksum,
    }
}

#[cfg(test)]
mod tests;
