//! Where every walk begins.

use std::net::{IpAddr, Ipv4Addr};

/// The IPv4 addresses of the root servers, `a` to `m`, as IANA's root hints have them (since
/// November 2023, when `b` moved).
pub const ROOTS: [IpAddr; 13] = [
    ip(198, 41, 0, 4),
    ip(170, 247, 170, 2),
    ip(192, 33, 4, 12),
    ip(199, 7, 91, 13),
    ip(192, 203, 230, 10),
    ip(192, 5, 5, 241),
    ip(192, 112, 36, 4),
    ip(198, 97, 190, 53),
    ip(192, 36, 148, 17),
    ip(192, 58, 128, 30),
    ip(193, 0, 14, 129),
    ip(199, 7, 83, 42),
    ip(202, 12, 27, 33),
];

const fn ip(a: u8, b: u8, c: u8, d: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(a, b, c, d))
}
