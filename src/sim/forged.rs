//! Packets that no stack has made: what somebody forges, and what routers say.

use std::net::{IpAddr, SocketAddr};

use crate::base::{Pieces, SeqNum};
use crate::wire::options::{Options, Order};
use crate::wire::tcp::{Ports, Segment};
use crate::wire::{ipv4, ipv6, tcp};

pub use crate::wire::tcp::Flags;

/// A TCP segment from anybody to anybody, in a packet with a sum that is right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forged {
    pub src: SocketAddr,
    pub dst: SocketAddr,
    pub seq: SeqNum,
    pub ack: Option<SeqNum>,
    pub flags: Flags,
    /// As the field has it.
    pub window: u16,
    /// Of a SYN.
    pub mss: Option<u16>,
    pub text: Vec<u8>,
}

impl Forged {
    /// As a packet; `None` if source and destination are of two families.
    pub fn packet(&self) -> Option<Vec<u8>> {
        let (src, dst) = (self.src.ip(), self.dst.ip());
        let segment = Segment {
            ports: Ports {
                src: self.src.port(),
                dst: self.dst.port(),
            },
            seq: self.seq,
            ack: self.ack,
            flags: self.flags,
            window: self.window,
            urgent: 0,
            options: Options {
                mss: self.mss,
                ..Options::default()
            },
            order: Order::default(),
            text: Pieces(&self.text, &[]),
        };
        let mut payload = vec![0; segment.header_len()];
        segment.emit_header(src, dst, &mut payload);
        payload.extend_from_slice(&self.text);
        packet(src, dst, [tcp::PROTOCOL; 2], &payload)
    }
}

/// A packet around a payload, whose protocol has a number in IPv4 and one in IPv6; `None` if the
/// addresses are of two families.
pub fn packet(src: IpAddr, dst: IpAddr, protocol: [u8; 2], payload: &[u8]) -> Option<Vec<u8>> {
    let mut packet = vec![0; HEADERS];
    let header_len = match (src, dst) {
        (IpAddr::V4(src), IpAddr::V4(dst)) => ipv4::Header {
            src,
            dst,
            protocol: protocol[0],
            ttl: HOPS,
            tos: 0,
            identification: 0,
            dont_fragment: true,
            more_fragments: false,
            fragment_offset: 0,
            options: &[],
        }
        .emit(payload.len(), &mut packet),
        (IpAddr::V6(src), IpAddr::V6(dst)) => ipv6::Header {
            src,
            dst,
            next_header: protocol[1],
            hop_limit: HOPS,
            traffic_class: 0,
            flow_label: 0,
        }
        .emit(payload.len(), &mut packet),
        _ => return None,
    };
    packet.truncate(header_len);
    packet.extend_from_slice(payload);
    Some(packet)
}

/// Of either family, without options.
const HEADERS: usize = 40;
/// RFC 1700's default, which most stacks send with.
const HOPS: u8 = 64;

#[cfg(test)]
mod tests;
