use super::*;

/// An IPv4 header with CE in its ECN bits, and a TCP header with one SACK range behind two
/// no-operations: RFC 2018 section 3.
const SACKED: &[u8] = &[
    0x45, 0x03, 0, 52, 0, 0, 0x40, 0, 64, 6, 0, 0, 10, 90, 0, 1, 10, 90, 0, 2, // IPv4
    0, 80, 0x9c, 0x40, 0, 0, 0, 9, 0xff, 0xff, 0xff, 0xf0, 0x80, 0x10, 0, 1, 0, 0, 0,
    0, // TCP
    1, 1, 5, 10, 0xff, 0xff, 0xff, 0xf8, 0, 0, 0, 0x10, // NOP, NOP, SACK
];

#[test]
fn ranges_are_counted_as_the_acknowledgment_is() {
    let facts = Facts::of(SACKED);
    assert_eq!(facts.ecn, Some(3));
    // 0xfffffff0 is 1,001: 8 further on it begins, and goes on beyond where numbers begin anew.
    let ranges: Vec<_> = facts.ranges_from(1001).collect();
    assert_eq!(ranges, [(1009, 1033)]);
    // What lies before all that there is, is none.
    let mut before = SACKED.to_vec();
    before[44..48].copy_from_slice(&0xffff_ff00u32.to_be_bytes());
    assert_eq!(Facts::of(&before).ranges_from(1).count(), 0);
}

#[test]
fn whatever_is_cut_off_tells_what_there_is() {
    for length in 0..=SACKED.len() {
        let facts = Facts::of(&SACKED[..length]);
        assert_eq!(facts.ranges.is_empty(), length < SACKED.len(), "{length}");
        assert_eq!(facts.ecn.is_some(), length > 9, "{length}");
    }
    let mut endless = SACKED.to_vec();
    endless[43] = 0;
    assert!(Facts::of(&endless).ranges.is_empty());
}

#[test]
fn ipv6_has_its_ecn_bits_across_two_bytes() {
    let mut packet = vec![0x60, 0x20, 0, 0, 0, 20, 17, 64];
    packet.resize(60, 0);
    assert_eq!(Facts::of(&packet).ecn, Some(2));
}

#[test]
fn of_too_many_packets_the_odd_ones_are_kept_with_their_neighbours() {
    assert_eq!(Kept::choose(PACKETS_MOST, |_| false), Kept::All);
    let kept = Kept::choose(PACKETS_MOST + 1, |place| place == 300 || place == 0);
    let all = (0..=PACKETS_MOST).filter(|place| kept.has(*place));
    let expected = (0..=NEIGHBOURS).chain(300 - NEIGHBOURS..=300 + NEIGHBOURS);
    let mut expected: Vec<_> = expected.collect();
    expected.sort_unstable();
    expected.dedup();
    assert_eq!(all.collect::<Vec<_>>(), expected);
    let kept = Kept::choose(3 * PACKETS_MOST, |_| true);
    let all = (0..3 * PACKETS_MOST).filter(|place| kept.has(*place));
    assert_eq!(all.count(), PACKETS_MOST);
}
