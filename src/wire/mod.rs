//! Bytes to values and back: no state, no time, no opinion about what a value means.
//!
//! Read `tcp` and `options` first, then `ipv4`, `ipv6`, `icmp` and `udp`; `ethernet` and
//! `neighbour` serve one device only, `offload` those that do more than carry. Each room has a
//! value, a parser that takes bytes nobody has looked at, and a writer whose output the parser
//! gives back. Header layouts are etherparse's; what it leaves open is judged here: checksums,
//! lengths that contradict each other, bytes beyond the length that the header names, unknown
//! options. Past this floor there are no raw header bytes.

#![deny(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]
#![cfg_attr(
    test,
    allow(
        clippy::arithmetic_side_effects,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::unwrap_used
    )
)]

pub mod cookie;
pub mod counts;
pub mod ethernet;
pub mod icmp;
pub mod ipv4;
pub mod ipv6;
pub mod neighbour;
pub mod offload;
pub mod options;
pub mod tcp;
pub mod udp;

pub use options::{Options, SackBlock, SackBlocks, TimestampOption};
pub use tcp::{Flags, Ports, Segment};

/// Why bytes are not what they were taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum ParseError {
    /// Another version of IP than the one asked for.
    #[error("the IP version is another")]
    Version,
    /// Fewer bytes than a header has, or than the header says there are.
    #[error("shorter than its header, or than its header says")]
    Truncated,
    /// A length field with a value that no packet can have.
    #[error("a length that cannot be")]
    Length,
    /// The checksum does not verify, or is missing where there must be one.
    #[error("the checksum is wrong")]
    Checksum,
}

/// The next `N` bytes of `out` become `bytes`, and `out` what follows; unchanged if too short.
fn put<const N: usize>(out: &mut &mut [u8], bytes: [u8; N]) {
    if out.len() >= N {
        let (head, rest) = std::mem::take(out).split_at_mut(N);
        head.copy_from_slice(&bytes);
        *out = rest;
    }
}
