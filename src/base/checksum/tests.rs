//! Against the definition, one word at a time, and against the examples of the RFCs.

use std::net::IpAddr;

use proptest::prelude::*;

use super::{Sum, fold, pseudo_header, update};
use crate::base::Pieces;

/// The definition, one word at a time: RFC 1071 section 1.
fn by_hand(bytes: &[u8]) -> u16 {
    let mut sum = 0_u32;
    for word in bytes.chunks(2) {
        let low = word.get(1).copied().unwrap_or(0);
        sum += u32::from(u16::from_be_bytes([word[0], low]));
        sum = (sum & 0xffff) + (sum >> 16);
    }
    sum as u16
}

/// Bytes of all values in no simple order.
fn noise(len: usize) -> Vec<u8> {
    (0..len as u32)
        .map(|i| (i.wrapping_mul(0x9e37_79b1) >> 23) as u8)
        .collect()
}

#[test]
fn the_example_of_rfc_1071_section_3() {
    let bytes = [0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7];
    assert_eq!(Sum::new().add(&bytes).folded(), 0xddf2);
    assert_eq!(Sum::new().add(&bytes).checksum(), 0x220d);
}

#[test]
fn the_sum_is_that_of_the_definition_at_every_length() {
    let bytes = noise(400);
    for len in 0..=bytes.len() {
        assert_eq!(
            Sum::new().add(&bytes[..len]).folded(),
            by_hand(&bytes[..len]),
            "{len} bytes"
        );
    }
}

#[test]
fn the_sum_is_that_of_the_definition_at_every_alignment() {
    let bytes = noise(400);
    for start in 0..64 {
        assert_eq!(
            Sum::new().add(&bytes[start..]).folded(),
            by_hand(&bytes[start..])
        );
    }
}

#[test]
fn folding_keeps_the_rest_of_a_division_by_0xffff() {
    let edges = (0..64).flat_map(|bit| [u64::MAX >> bit, 1 << bit, (1 << bit) + 0xffff]);
    for sum in edges.chain([0x1_ffff_fffe, 0x1_0000_ffff, 0xffff_ffff_0000_0000]) {
        // Of the two zeros that ones' complement has, only nothing itself is the positive one.
        assert_eq!(u64::from(fold(sum)), (sum - 1) % 0xffff + 1, "{sum:#x}");
    }
    assert_eq!(fold(0), 0);
}

#[test]
fn carries_are_not_lost_in_the_longest_packet() {
    for len in [65_535, 65_534, 1 << 20] {
        let bytes = vec![0xff; len];
        assert_eq!(Sum::new().add(&bytes).folded(), by_hand(&bytes));
    }
}

#[test]
fn a_carry_out_of_eight_bytes_comes_around() {
    let mut bytes = vec![0xff; 8];
    bytes.extend([0xff, 0xff, 0xff, 0xff, 0, 0, 0, 2, 0, 1, 0xff]);
    for from in 0..bytes.len() {
        for len in 0..=bytes.len() - from {
            let some = &bytes[from..from + len];
            assert_eq!(Sum::new().add(some).folded(), by_hand(some), "{some:x?}");
        }
    }
    // 2^64 - 1 is one of the two zeros: with anything else it changes nothing.
    let sum = Sum::new().add(&[0xff; 8]).add(&[0xff; 8]);
    assert_eq!(sum.folded(), 0xffff);
    assert_eq!(sum.add(&[0, 1]).folded(), 1);
}

#[test]
fn bytes_split_anywhere_have_the_same_sum() {
    let bytes = noise(150);
    let whole = Sum::new().add(&bytes);
    for first in 0..=bytes.len() {
        let (head, tail) = bytes.split_at(first);
        assert_eq!(Sum::new().add_pieces(Pieces(head, tail)), whole);
        for second in 0..=tail.len() {
            let (middle, tail) = tail.split_at(second);
            assert_eq!(Sum::new().add(head).add(middle).add(tail), whole);
        }
    }
}

#[test]
fn numbers_are_added_as_they_are_sent() {
    let sum = Sum::new().add_u16(0x1234).add_u32(0x5678_9abc);
    assert_eq!(sum.folded(), by_hand(&[0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc]));
}

#[test]
fn numbers_are_added_as_they_are_sent_behind_an_odd_byte() {
    let sum = Sum::new().add(&[0xab]).add_u16(0x1234).add_u32(0x5678_9abc);
    assert_eq!(
        sum.folded(),
        by_hand(&[0xab, 0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc])
    );
}

#[test]
fn nothing_and_zeros_sum_to_zero_and_no_other_bytes_do() {
    assert_eq!(Sum::new().folded(), 0);
    assert_eq!(Sum::new().add(&[0; 41]).folded(), 0);
    assert_eq!(Sum::new().add(&[0xff, 0xff]).folded(), 0xffff);
    assert_eq!(Sum::new().add(&[0xff, 0xfe, 0x00, 0x01]).folded(), 0xffff);
}

#[test]
fn data_with_its_checksum_in_place_verifies_as_zero() {
    let mut bytes = noise(61);
    bytes[16..18].fill(0);
    let checksum = Sum::new().add(&bytes).checksum();
    bytes[16..18].copy_from_slice(&checksum.to_be_bytes());
    assert_eq!(Sum::new().add(&bytes).checksum(), 0);
    bytes[60] ^= 0x10;
    assert_ne!(Sum::new().add(&bytes).checksum(), 0);
}

#[test]
fn the_ipv4_pseudo_header_is_that_of_rfc_9293_figure_2() {
    let src: IpAddr = "192.0.2.1".parse().unwrap();
    let dst: IpAddr = "198.51.100.7".parse().unwrap();
    let figure = [
        192, 0, 2, 1, 198, 51, 100, 7, 0, /* PTCL */ 6, /* TCP Length */ 0x05, 0xb4,
    ];
    assert_eq!(
        pseudo_header(src, dst, 6, 0x05b4).folded(),
        by_hand(&figure)
    );
}

#[test]
fn the_ipv6_pseudo_header_is_that_of_rfc_8200_section_8_1() {
    let src: IpAddr = "2001:db8::1:2".parse().unwrap();
    let dst: IpAddr = "fe80::abcd".parse().unwrap();
    let figure = [
        &[0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 2][..],
        &[0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xab, 0xcd],
        // Upper-Layer Packet Length, zero, Next Header.
        &[0x00, 0x01, 0x05, 0xb4, 0, 0, 0, 58],
    ]
    .concat();
    assert_eq!(
        pseudo_header(src, dst, 58, 0x0001_05b4).folded(),
        by_hand(&figure)
    );
}

#[test]
fn the_example_of_rfc_1624_section_4() {
    // RFC 1141 would give 0xffff, which is the checksum of no data but zeros.
    assert_eq!(update(0xdd2f, 0x5555, 0x3285), 0x0000);
}

#[test]
fn an_updated_checksum_is_that_of_the_changed_data() {
    let mut bytes = noise(40);
    let edges = [0x0000, 0x0001, 0x7fff, 0x8000, 0xfffe, 0xffff];
    for old in edges {
        bytes[8..10].copy_from_slice(&u16::to_be_bytes(old));
        let before = Sum::new().add(&bytes).checksum();
        for new in edges {
            bytes[8..10].copy_from_slice(&u16::to_be_bytes(new));
            let after = Sum::new().add(&bytes).checksum();
            assert_eq!(update(before, old, new), after, "{old:#x} to {new:#x}");
        }
    }
}

proptest! {
    #[test]
    fn any_part_of_a_packet_has_the_sum_of_the_definition(
        start in 0_usize..64,
        len in 0_usize..2_000,
        odd in any::<bool>(),
    ) {
        let bytes = noise(2_100);
        let part = &bytes[start..start + len];
        let before = &[0xa5; 1][..usize::from(odd)];
        let sum = Sum::new().add(before).add(part);
        prop_assert_eq!(sum.folded(), by_hand(&[before, part].concat()));
    }

    #[test]
    fn any_bytes_in_any_pieces_have_the_sum_of_the_definition(
        pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 0..12),
    ) {
        let sum = pieces.iter().fold(Sum::new(), |sum, piece| sum.add(piece));
        prop_assert_eq!(sum.folded(), by_hand(&pieces.concat()));
    }
}
