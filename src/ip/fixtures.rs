//! Hosts and packets that the tests of `ip` share.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::base::Sum;
use crate::wire::{ipv4, ipv6};

use super::address::Addresses;

pub const US_V4: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
pub const US_TOO_V4: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 130);
pub const PEER_V4: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 9);
pub const US_V6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1);
pub const US_LINK_LOCAL: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1);
pub const PEER_V6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 1, 0, 0, 0, 0, 9);

/// Ours: 192.0.2.1/24, 198.51.100.130/26, 2001:db8::1/64, fe80::1/64.
pub fn ours() -> Addresses {
    Addresses::new(&[
        (US_V4.into(), 24),
        (US_TOO_V4.into(), 26),
        (US_V6.into(), 64),
        (US_LINK_LOCAL.into(), 64),
    ])
}

pub const HEADER_V4: ipv4::Header<'static> = ipv4::Header {
    src: PEER_V4,
    dst: US_V4,
    protocol: 17,
    ttl: 64,
    tos: 0,
    identification: 0,
    dont_fragment: true,
    more_fragments: false,
    fragment_offset: 0,
    options: &[],
};

pub const HEADER_V6: ipv6::Header = ipv6::Header {
    src: PEER_V6,
    dst: US_V6,
    next_header: 17,
    hop_limit: 64,
    traffic_class: 0,
    flow_label: 0,
};

pub fn packet_v4(header: &ipv4::Header<'_>, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0; header.header_len()];
    assert_eq!(header.emit(payload.len(), &mut bytes), bytes.len());
    bytes.extend(payload);
    bytes
}

pub fn packet_v6(header: &ipv6::Header, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0; ipv6::HEADER_LEN];
    assert_eq!(header.emit(payload.len(), &mut bytes), bytes.len());
    bytes.extend(payload);
    bytes
}

/// A packet of either family.
pub fn packet(src: IpAddr, dst: IpAddr, protocol: u8, payload: &[u8]) -> Vec<u8> {
    match (src, dst) {
        (IpAddr::V4(src), IpAddr::V4(dst)) => packet_v4(
            &ipv4::Header {
                src,
                dst,
                protocol,
                ..HEADER_V4
            },
            payload,
        ),
        (IpAddr::V6(src), IpAddr::V6(dst)) => packet_v6(
            &ipv6::Header {
                src,
                dst,
                next_header: protocol,
                ..HEADER_V6
            },
            payload,
        ),
        _ => panic!("two families"),
    }
}

/// Makes an IPv4 packet's header checksum right after a field was changed.
pub fn resum(bytes: &mut [u8]) {
    bytes[10..12].fill(0);
    let header_len = usize::from(bytes[0] & 0xf) * 4;
    let sum = Sum::new().add(&bytes[..header_len]).checksum();
    bytes[10..12].copy_from_slice(&sum.to_be_bytes());
}
