use super::*;
use crate::base::Pieces;
use crate::sim::reading::{read, sums_are_right};

/// 10.0.0.1 to 10.0.0.2, protocol 17 without a payload but ports 1 and 2, ECT(0).
fn v4() -> Parcel {
    let mut bytes = vec![
        0x45, 2, 0, 24, 0, 0, 0x40, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 0, 1, 0, 2,
    ];
    // 4502 + 0018 + 4000 + 4011 + 0a00 + 0001 + 0a00 + 0002 = d92e
    bytes[10..12].copy_from_slice(&(!0xd92e_u16).to_be_bytes());
    Parcel::new(bytes)
}

fn v6() -> Parcel {
    let mut bytes = vec![0; 44];
    bytes[..8].copy_from_slice(&[0x60, 0x20, 0, 0, 0, 4, 17, 64]);
    bytes[23] = 1;
    bytes[39] = 2;
    bytes[40..].copy_from_slice(&[0, 1, 0, 2]);
    Parcel::new(bytes)
}

#[test]
fn a_mark_changes_two_bits_and_leaves_the_header_whole() {
    for mut parcel in [v4(), v6()] {
        assert!(parcel.is_ecn_capable() && !parcel.is_marked());
        let before = read(&parcel.bytes, parcel.len()).unwrap();
        parcel.mark();
        let after = read(&parcel.bytes, parcel.len()).unwrap();
        assert!(parcel.is_marked());
        assert_eq!((before.ecn, after.ecn), (2, 3));
        assert_eq!((before.src, before.dst), (after.src, after.dst));
    }
}

#[test]
fn a_marked_ipv4_header_has_a_right_checksum() {
    let mut parcel = v4();
    // An ICMP payload of zeros but for its sum, so that the reader has only the header to judge.
    parcel.bytes[9] = 1;
    parcel.bytes[10..12].copy_from_slice(&(!0xd91e_u16).to_be_bytes());
    parcel.bytes[20..].copy_from_slice(&[0, 0, 0xff, 0xff]);
    for _ in 0..2 {
        let reading = read(&parcel.bytes, 24).unwrap();
        assert!(sums_are_right(&reading, &parcel.bytes, Pieces::EMPTY));
        parcel.mark();
    }
}

#[test]
fn what_is_not_ecn_capable_says_so() {
    let mut parcel = v4();
    parcel.bytes[1] = 0;
    assert!(!parcel.is_ecn_capable());
    assert!(!Parcel::new(Vec::new()).is_ecn_capable());
}

#[test]
fn flows_differ_by_addresses_ports_and_protocol() {
    assert_eq!(flow_of(&v4().bytes), flow_of(&v4().bytes));
    for at in [9, 13, 17, 20, 23] {
        let mut other = v4();
        other.bytes[at] ^= 1;
        assert_ne!(flow_of(&v4().bytes), flow_of(&other.bytes), "byte {at}");
    }
    assert_ne!(flow_of(&v4().bytes), flow_of(&v6().bytes));
    // Nothing else belongs to a flow's name.
    let mut marked = v4();
    marked.mark();
    assert_eq!(flow_of(&v4().bytes), flow_of(&marked.bytes));
    for cut in 0..24 {
        assert_eq!(flow_of(&v4().bytes[..cut]), [0; FLOW_LEN]);
    }
}

#[test]
fn a_buffer_is_used_again() {
    let mut pool = Pool::default();
    assert!(pool.take().is_empty());
    pool.give(vec![1, 2, 3]);
    let again = pool.take();
    assert!(again.is_empty() && again.capacity() >= 3);
}
