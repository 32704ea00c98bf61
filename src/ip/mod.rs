//! The internet layer's rules: what a host takes in, refuses and sends. Knows no TCP.
//!
//! Read `receive` first: one packet in, one verdict out. `validate` has what a host must refuse,
//! `address` what is ours, `transmit` the header of what leaves, `icmp` what we answer and owe,
//! `icmp_error` what others tell us of our packets, `reassembly` what becomes of fragments and
//! `fragment` how they are made, `segments` what stands for several datagrams, `path_mtu` what
//! paths carry, `prefix` what whole networks have in common. All of it is parts: numbers in,
//! verdicts out.

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

pub mod address;
#[cfg(test)]
mod fixtures;
pub mod fragment;
pub mod icmp;
pub mod icmp_error;
pub mod path_mtu;
pub mod prefix;
pub mod reassembly;
pub mod receive;
pub mod segments;
pub mod transmit;
pub mod validate;
