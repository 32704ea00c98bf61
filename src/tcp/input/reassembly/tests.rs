//! What lies beyond a hole, against a plain set of bytes, and the SACK blocks that tell of it.

#![allow(
    clippy::single_range_in_vec_init,
    reason = "lists of ranges are the topic"
)]

use std::collections::BTreeSet;
use std::ops::Range;

use proptest::prelude::*;

use super::{RANGES_MAX, Reassembly, SACK_BLOCKS, Taken};

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

// req: RFC2018-4-6
#[test]
fn one_block_again_and_again_crowds_out_no_other() {
    let mut holes = holding(&[10..20, 50..60, 30..40, 90..95, 70..80]);
    for _ in 0..5 {
        holes.insert(70..75, 0);
    }
    assert_eq!(blocks(&holes), [70..80, 90..95, 30..40, 50..60]);
}

// req: RFC2018-3-2
#[test]
fn no_more_than_four_blocks_are_told() {
    let holes = holding(&[10..20, 30..40, 50..60, 70..80, 90..95]);
    assert_eq!(blocks(&holes), [90..95, 70..80, 50..60, 30..40]);
}

// req: RFC2018-4-5
#[test]
fn blocks_that_are_filled_make_room_for_those_that_were_crowded_out() {
    let mut holes = holding(&[50..60, 70..80, 90..95, 10..20, 30..40]);
    assert_eq!(holes.insert(0..10, 0), Taken::InOrder(20));
    assert_eq!(blocks(&holes), [30..40, 90..95, 70..80, 50..60]);
    assert_eq!(holes.insert(20..30, 20), Taken::InOrder(20));
    assert_eq!(blocks(&holes), [90..95, 70..80, 50..60]);
}

#[test]
fn nothing_is_left_once_it_is_cleared() {
    let mut holes = holding(&[10..20]);
    holes.clear();
    assert!(holes.is_empty());
    assert_eq!(blocks(&holes), []);
    assert_eq!(holes.insert(0..15, 0), Taken::InOrder(15));
}

/// Every byte on its own, and where each segment that ended beyond the hole began, the latest
/// first.
#[derive(Default)]
struct Plain {
    bytes: BTreeSet<u64>,
    next: u64,
    triggers: Vec<u64>,
}

impl Plain {
    fn insert(&mut self, range: Range<u64>) -> Taken {
        let new = range
            .clone()
            .filter(|byte| *byte >= self.next && self.bytes.insert(*byte))
            .count();
        let before = self.next;
        while self.bytes.remove(&self.next) {
            self.next += 1;
        }
        if self.next > before {
            return Taken::InOrder(self.next - before);
        }
        if range.start > self.next {
            self.triggers.insert(0, range.start);
        }
        if new > 0 { Taken::Beyond } else { Taken::Known }
    }

    /// Contiguous bytes, lowest first.
    fn runs(&self) -> Vec<Range<u64>> {
        let mut runs: Vec<Range<u64>> = Vec::new();
        for byte in &self.bytes {
            match runs.last_mut() {
                Some(run) if run.end == *byte => run.end += 1,
                _ => runs.push(*byte..*byte + 1),
            }
        }
        runs
    }

    /// The blocks of the last four triggers that are not filled, each once.
    fn latest(&self) -> Vec<Range<u64>> {
        let mut latest: Vec<Range<u64>> = Vec::new();
        for trigger in self.triggers.iter().take(SACK_BLOCKS) {
            let run = self.runs().into_iter().find(|run| run.contains(trigger));
            latest.extend(run.filter(|run| !latest.contains(run)));
        }
        latest
    }
}

proptest! {
    // req: SHLD-31, RFC2018-4-4, RFC2018-4-5, RFC2018-4-6, RFC2018-3-2
    #[test]
    fn it_knows_the_same_bytes_as_a_plain_set(
        segments in prop::collection::vec((0u64..120, 1u64..12), 1..80),
    ) {
        let mut holes = Reassembly::default();
        let mut plain = Plain::default();
        for (ahead, len) in segments {
            // Some begin before what is missing, most beyond it.
            let start = (plain.next + ahead).saturating_sub(10);
            let (range, next) = (start..start + len, plain.next);
            prop_assert_eq!(holes.insert(range.clone(), next), plain.insert(range));
            let told = blocks(&holes);
            let runs = plain.runs();
            // As many as there are and fit, each whole and each once.
            prop_assert_eq!(told.len(), runs.len().min(SACK_BLOCKS));
            for (nth, block) in told.iter().enumerate() {
                prop_assert!(runs.contains(block));
                prop_assert!(!told[..nth].contains(block));
            }
            let latest = plain.latest();
            prop_assert_eq!(&told[..latest.len()], &latest[..]);
            prop_assert_eq!(holes.is_empty(), runs.is_empty());
        }
    }
}
