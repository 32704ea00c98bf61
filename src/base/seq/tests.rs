//! Comparisons around the circle, at the distances where they could go wrong.

use super::{SeqNum, SeqRange};

/// Places on the circle: its seam, its middle, and elsewhere.
const ORIGINS: [u32; 8] = [
    0,
    1,
    0x7fff_ffff,
    0x8000_0000,
    0x8000_0001,
    0x1234_5678,
    0xffff_fffe,
    0xffff_ffff,
];
/// Distances at which the later number is still seen to be later.
const AHEAD: [u32; 5] = [1, 2, 1_000_000, HALF - 2, HALF - 1];
/// Half of the circle.
const HALF: u32 = 1 << 31;

/// All pairs of numbers, the second of which is one of these distances ahead of the first.
fn pairs(distances: &[u32]) -> impl Iterator<Item = (SeqNum, SeqNum)> + '_ {
    ORIGINS.into_iter().flat_map(move |origin| {
        distances
            .iter()
            .map(move |d| (SeqNum(origin), SeqNum(origin.wrapping_add(*d))))
    })
}

// req: RFC9293-3.3.1-1
#[test]
fn a_number_less_than_half_the_circle_ahead_is_after() {
    for (a, b) in pairs(&AHEAD) {
        assert!(a.before(b) && !b.before(a), "{a} before {b}");
        assert!(b.after(a) && !a.after(b), "{b} after {a}");
        assert!(a.at_or_before(b) && !b.at_or_before(a), "{a} to {b}");
        assert!(b.at_or_after(a) && !a.at_or_after(b), "{b} from {a}");
        assert_eq!((a.later_of(b), b.later_of(a)), (b, b));
        assert_eq!((a.earlier_of(b), b.earlier_of(a)), (a, a));
    }
}

// req: RFC9293-3.3.1-1
#[test]
fn a_number_more_than_half_the_circle_ahead_is_before() {
    let behind = AHEAD.map(|distance| 0_u32.wrapping_sub(distance));
    assert_eq!((behind[0], behind[4]), (u32::MAX, HALF + 1));
    for (a, b) in pairs(&behind) {
        assert!(b.before(a) && !a.before(b), "{b} before {a}");
        assert!(a.after(b) && !b.after(a), "{a} after {b}");
        assert!(b.at_or_before(a) && !a.at_or_before(b), "{b} to {a}");
        assert!(a.at_or_after(b) && !b.at_or_after(a), "{a} from {b}");
        assert_eq!((a.later_of(b), b.later_of(a)), (a, a));
        assert_eq!((a.earlier_of(b), b.earlier_of(a)), (b, b));
    }
}

#[test]
fn a_number_is_neither_before_nor_after_itself() {
    for (a, b) in pairs(&[0]) {
        assert!(!a.before(b) && !a.after(b));
        assert!(a.at_or_before(b) && a.at_or_after(b));
        assert_eq!((a.later_of(b), a.earlier_of(b)), (a, a));
    }
}

#[test]
fn at_half_the_circle_neither_number_is_preferred() {
    for (a, b) in pairs(&[HALF]) {
        assert_eq!(a.before(b), b.before(a), "{a}, {b}");
        assert_eq!(a.after(b), b.after(a), "{a}, {b}");
    }
}

// req: RFC9293-3.3.1-1
#[test]
fn sums_and_differences_go_around_the_circle() {
    for (a, b) in pairs(&[0, 1, HALF - 1, HALF, HALF + 1, u32::MAX]) {
        let distance = b.since(a);
        assert_eq!(a + distance, b);
        assert_eq!(b - distance, a);
        let mut c = a;
        c += distance;
        assert_eq!(c, b);
        assert_eq!(a.since(b), 0_u32.wrapping_sub(distance));
    }
    assert_eq!(SeqNum(u32::MAX) + 1, SeqNum(0));
    assert_eq!(SeqNum(0) - 1, SeqNum(u32::MAX));
    assert_eq!(SeqNum(3).since(SeqNum(u32::MAX)), 4);
}

// req: RFC9293-3.3.1-1
#[test]
fn a_window_holds_its_start_but_not_its_end() {
    for origin in ORIGINS {
        let start = SeqNum(origin);
        for len in [1, 2, 65_535, HALF - 1, HALF, HALF + 1, u32::MAX] {
            assert!(start.in_window(start, len), "{start} for {len}");
            assert!((start + (len - 1)).in_window(start, len));
            assert!(!(start + len).in_window(start, len));
            assert!(!(start - 1).in_window(start, len));
        }
    }
}

#[test]
fn an_empty_window_holds_nothing() {
    for (number, start) in pairs(&[0, 1, HALF, u32::MAX]) {
        assert!(!number.in_window(start, 0));
    }
}

#[test]
fn a_range_between_two_numbers_ends_at_the_second() {
    for (start, end) in pairs(&[0, 1, HALF, u32::MAX]) {
        let range = SeqRange::between(start, end);
        assert_eq!((range.start, range.end()), (start, end));
        assert_eq!(range.len, end.since(start));
        assert_eq!(range.is_empty(), start == end);
    }
}

#[test]
fn it_prints_as_a_number() {
    assert_eq!(SeqNum(4_294_967_295).to_string(), "4294967295");
    assert_eq!(format!("{:?}", SeqNum(0)), "0");
}
