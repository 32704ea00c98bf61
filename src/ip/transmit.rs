//! The IP header of what leaves.
//!
//! An IPv4 datagram that fits its link is atomic: DF is set, and the identification, which then
//! means nothing, is zero (RFC 6864 section 4.1). One that may be cut gets its identification where
//! that is done, in `fragment`. IPv6 flow labels (RFC 6437) are chosen by whoever knows the flow.

use std::net::IpAddr;

use crate::wire::{ipv4, ipv6, tcp};

/// A packet about to leave, but for its payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outgoing {
    /// One of our addresses.
    pub src: IpAddr,
    /// Of the same family.
    pub dst: IpAddr,
    /// What the payload is: 6 is TCP.
    pub protocol: u8,
    /// Type of service or traffic class: DSCP and ECN.
    pub tos: u8,
    /// TTL; zero is sent as one.
    pub hop_limit: u8,
    /// IPv4 alone: nobody may cut it. On IPv6 nobody but its sender may in any case.
    pub dont_fragment: bool,
    /// IPv4 alone, for whoever cuts it on its way; means nothing beside `dont_fragment`.
    pub identification: u16,
    /// IPv6 alone; 20 bits, 0 for a flow without a label.
    pub flow_label: u32,
}

impl Outgoing {
    /// A packet with the usual type of service, hop limit, and no flow label.
    pub const fn new(src: IpAddr, dst: IpAddr, protocol: u8) -> Outgoing {
        Outgoing {
            src,
            dst,
            protocol,
            tos: 0,
            hop_limit: HOP_LIMIT,
            dont_fragment: true,
            identification: 0,
            flow_label: 0,
        }
    }

    /// A TCP segment of a flow.
    pub const fn tcp(src: IpAddr, dst: IpAddr, flow_label: u32) -> Outgoing {
        Outgoing {
            flow_label,
            ..Outgoing::new(src, dst, tcp::PROTOCOL)
        }
    }

    /// How many bytes [`Outgoing::emit`] writes.
    pub const fn header_len(&self) -> usize {
        match self.dst {
            IpAddr::V4(_) => ipv4::HEADER_MIN,
            IpAddr::V6(_) => ipv6::HEADER_LEN,
        }
    }

    /// Writes the header of a packet with `payload_len` bytes behind it. Returns how many bytes
    /// were written: [`Outgoing::header_len`], or 0 if `out` is shorter, the packet too long, or
    /// the addresses are of two families.
    pub fn emit(&self, payload_len: usize, out: &mut [u8]) -> usize {
        // RFC 1122 section 3.2.1.7: a TTL of zero must not be sent.
        let hop_limit = self.hop_limit.max(1);
        match (self.src, self.dst) {
            (IpAddr::V4(src), IpAddr::V4(dst)) => ipv4::Header {
                src,
                dst,
                protocol: self.protocol,
                ttl: hop_limit,
                tos: self.tos,
                identification: self.identification,
                dont_fragment: self.dont_fragment,
                more_fragments: false,
                fragment_offset: 0,
                options: &[],
            }
            .emit(payload_len, out),
            (IpAddr::V6(src), IpAddr::V6(dst)) => ipv6::Header {
                src,
                dst,
                next_header: self.protocol,
                hop_limit,
                traffic_class: self.tos,
                flow_label: self.flow_label,
            }
            .emit(payload_len, out),
            _ => 0,
        }
    }
}

/// The DSCP's bits in the type of service; the other two are ECN's: RFC 3168 section 5.
pub const DSCP: u8 = 0b1111_1100;
/// RFC 1122 section 3.2.1.7: a fixed TTL, large enough for any path; 64 is what IANA recommends.
pub const HOP_LIMIT: u8 = 64;

#[cfg(test)]
mod tests;
