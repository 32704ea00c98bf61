//! What lies beyond a hole, against a plain set of bytes, and the SACK blocks that tell of it.

#![allow(
    clippy::single_range_in_vec_init,
    reason = "lists of ranges are the topic"
)]

use std::ops::Range;

use super::{RANGES_MAX, Reassembly, Taken};

/// With these ranges inserted in this order, byte 0 being missing.
fn holding(ranges: &[Range<u64>]) -> Reassembly {
    let mut holes = Reassembly::default();
    for range in ranges {
        assert_eq!(holes.insert(range.clone(), 0), Taken::Beyond, "{range:?}");
    }
    holes
}

fn blocks(holes: &Reassembly) -> Vec<Range<u64>> {
    holes.sack_blocks().collect()
}

#[test]
fn text_at_the_hole_takes_along_what_joins_on() {
    let mut holes = holding(&[10..20, 30..40]);
    assert_eq!(holes.insert(0..5, 0), Taken::InOrder(5));
    assert_eq!(holes.insert(5..10, 5), Taken::InOrder(15));
    assert_eq!(holes.insert(20..35, 20), Taken::InOrder(20));
    assert!(holes.is_empty());
    assert_eq!(blocks(&holes), []);
}

#[test]
fn text_that_reaches_over_several_ranges_takes_them_all() {
    let mut holes = holding(&[10..20, 30..40, 50..60]);
    assert_eq!(holes.insert(0..45, 0), Taken::InOrder(45));
    assert_eq!(blocks(&holes), [50..60]);
    let mut holes = holding(&[10..20, 30..40]);
    assert_eq!(holes.insert(0..40, 0), Taken::InOrder(40));
    assert!(holes.is_empty());
}

#[test]
fn text_before_the_hole_is_known() {
    let mut holes = holding(&[20..30]);
    assert_eq!(holes.insert(0..10, 10), Taken::Known);
    assert_eq!(holes.insert(10..10, 10), Taken::Known);
    assert_eq!(holes.insert(5..15, 10), Taken::InOrder(5));
}

#[test]
fn one_range_too_many_is_refused_and_one_that_grows_another_is_not() {
    let mut holes = Reassembly::default();
    for nth in 1..=RANGES_MAX as u64 {
        assert_eq!(holes.insert(10 * nth..10 * nth + 5, 0), Taken::Beyond);
    }
    assert_eq!(holes.insert(5..8, 0), Taken::TooMany);
    assert_eq!(holes.insert(15..20, 0), Taken::Beyond);
    assert_eq!(holes.insert(5..8, 0), Taken::Beyond);
    assert_eq!(holes.insert(0..5, 0), Taken::InOrder(8));
}

// req: RFC2018-4-4, RFC2018-4-6
#[test]
fn the_latest_block_comes_first_and_the_others_by_their_age() {
    let holes = holding(&[10..20, 50..60, 30..40]);
    assert_eq!(blocks(&holes), [30..40, 50..60, 10..20]);
    // A block that grows is the latest again, whole.
    let mut holes = holes;
    holes.insert(20..25, 0);
    assert_eq!(blocks(&holes), [10..25, 30..40, 50..60]);
    // Two that grow together are one.
    holes.insert(40..50, 0);
    assert_eq!(blocks(&holes), [30..60, 10..25]);
}

// req: RFC2018-4-4
#[test]
fn a_segment_that_came_before_brings_its_block_to_the_front() {
    let mut holes = holding(&[10..20, 30..40, 50..60]);
    assert_eq!(holes.insert(12..15, 0), Taken::Known);
    assert_eq!(blocks(&holes), [10..20, 50..60, 30..40]);
}

// req: RFC2018-3-2
#[test]
fn no_more_than_four_blocks_are_told() {
    let holes = holding(&[10..20, 30..40, 50..60, 70..80, 90..95]);
    assert_eq!(blocks(&holes), [90..95, 70..80, 50..60, 30..40]);
}

#[test]
fn nothing_is_left_once_it_is_cleared() {
    let mut holes = holding(&[10..20]);
    holes.clear();
    assert!(holes.is_empty());
    assert_eq!(blocks(&holes), []);
    assert_eq!(holes.insert(0..15, 0), Taken::InOrder(15));
}
