//! Ranges against a plain set of numbers.

#![allow(
    clippy::single_range_in_vec_init,
    reason = "lists of ranges are the topic"
)]

use std::collections::BTreeSet;
use std::ops::Range;

use proptest::prelude::*;

use super::{Insert, Ranges};

const NO_BOUND: usize = usize::MAX;

fn ranges(list: &[Range<u64>]) -> Ranges {
    let mut ranges = Ranges::new();
    for range in list {
        ranges.insert(range.clone(), NO_BOUND);
    }
    ranges
}

fn listed(ranges: &Ranges) -> Vec<Range<u64>> {
    ranges.iter().collect()
}

#[test]
fn ranges_apart_stay_apart_and_sorted() {
    assert_eq!(
        listed(&ranges(&[30..40, 10..20, 50..60])),
        [10..20, 30..40, 50..60]
    );
}

#[test]
fn ranges_that_touch_are_joined() {
    assert_eq!(listed(&ranges(&[10..20, 20..30])), [10..30]);
    assert_eq!(listed(&ranges(&[20..30, 10..20])), [10..30]);
}

#[test]
fn a_range_that_bridges_others_takes_them_all_in() {
    let mut set = ranges(&[0..5, 10..20, 30..40, 50..60, 70..80]);
    assert_eq!(set.insert(15..50, NO_BOUND), Insert::New(10..60));
    assert_eq!(listed(&set), [0..5, 10..60, 70..80]);
}

#[test]
fn a_known_range_changes_nothing() {
    let mut set = ranges(&[10..20]);
    for known in [10..20, 10..11, 19..20, 12..15, 0..0, 17..17] {
        assert_eq!(set.insert(known, NO_BOUND), Insert::Known);
    }
    assert_eq!(set, ranges(&[10..20]));
}

#[test]
fn a_range_too_many_is_refused_but_one_that_joins_is_taken() {
    let mut set = ranges(&[10..20, 30..40]);
    assert_eq!(set.insert(50..60, 2), Insert::Full);
    assert_eq!(set.insert(22..25, 2), Insert::Full);
    assert_eq!(set, ranges(&[10..20, 30..40]));
    assert_eq!(set.insert(12..18, 2), Insert::Known);
    assert_eq!(set.insert(40..45, 2), Insert::New(30..45));
    assert_eq!(set.insert(5..10, 2), Insert::New(5..20));
    assert_eq!(set.insert(20..30, 2), Insert::New(5..45));
}

#[test]
fn what_is_there_is_found_at_its_edges() {
    let set = ranges(&[10..20, 30..40]);
    assert_eq!(set.around(9), None);
    assert_eq!(set.around(10), Some(10..20));
    assert_eq!(set.around(19), Some(10..20));
    assert_eq!(set.around(20), None);
    assert_eq!(set.around(40), None);
    assert!(set.contains(&(10..20)));
    assert!(!set.contains(&(10..21)));
    assert!(!set.contains(&(9..20)));
    assert!(!set.contains(&(15..35)));
    assert_eq!(set.overlap(&(0..100)), 20);
    assert_eq!(set.overlap(&(15..35)), 10);
    assert_eq!(set.overlap(&(20..30)), 0);
    assert_eq!(set.first(), Some(10..20));
    assert_eq!(set.last(), Some(30..40));
}

#[test]
fn what_lies_below_is_removed_and_a_range_across_is_cut() {
    let mut set = ranges(&[10..20, 30..40, 50..60]);
    set.remove_before(35);
    assert_eq!(listed(&set), [35..40, 50..60]);
    set.remove_before(50);
    assert_eq!(listed(&set), [50..60]);
    set.remove_before(60);
    assert!(set.is_empty());
    assert_eq!(set.total(), 0);
}

#[test]
fn the_highest_numbers_are_numbers_like_others() {
    let mut set = Ranges::new();
    assert_eq!(
        set.insert(u64::MAX - 5..u64::MAX, 1),
        Insert::New(u64::MAX - 5..u64::MAX)
    );
    assert_eq!(set.around(u64::MAX - 1), Some(u64::MAX - 5..u64::MAX));
    assert_eq!(set.insert(0..u64::MAX, 1), Insert::New(0..u64::MAX));
    assert_eq!(set.total(), u64::MAX);
}

/// Numbers that the model test uses.
const UNIVERSE: u64 = 128;
/// Ranges that the model test allows.
const MOST: usize = 12;

#[derive(Debug, Clone)]
enum Op {
    Insert(Range<u64>),
    RemoveBefore(u64),
    Clear,
}

fn range(longest: u64) -> impl Strategy<Value = Range<u64>> {
    (0..UNIVERSE, 0..longest).prop_map(|(start, len)| start..(start + len).min(UNIVERSE))
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        60 => range(6).prop_map(Op::Insert),
        10 => range(60).prop_map(Op::Insert),
        4 => (0..UNIVERSE).prop_map(Op::RemoveBefore),
        1 => Just(Op::Clear),
    ]
}

/// The set as ranges, found by walking over all numbers.
fn runs(model: &BTreeSet<u64>) -> Vec<Range<u64>> {
    let mut runs: Vec<Range<u64>> = Vec::new();
    for &number in model {
        match runs.last_mut() {
            Some(run) if run.end == number => run.end += 1,
            _ => runs.push(number..number + 1),
        }
    }
    runs
}

fn apply(set: &mut Ranges, model: &mut BTreeSet<u64>, op: Op) {
    match op {
        Op::Insert(r) => {
            let mut after = model.clone();
            after.extend(r.clone());
            let expected = if after == *model {
                Insert::Known
            } else if runs(&after).len() > runs(model).len() && runs(model).len() >= MOST {
                Insert::Full
            } else {
                let run = runs(&after).into_iter().find(|run| run.contains(&r.start));
                Insert::New(run.unwrap())
            };
            if expected != Insert::Full {
                *model = after;
            }
            assert_eq!(set.insert(r, MOST), expected);
        }
        Op::RemoveBefore(end) => {
            set.remove_before(end);
            *model = model.split_off(&end);
        }
        Op::Clear => {
            set.clear();
            model.clear();
        }
    }
}

fn check(set: &Ranges, model: &BTreeSet<u64>, probe: &Range<u64>) {
    let runs = runs(model);
    assert_eq!(listed(set), runs);
    assert_eq!(set.len(), runs.len());
    assert_eq!(set.is_empty(), model.is_empty());
    assert_eq!(set.total(), model.len() as u64);
    assert_eq!(set.first(), runs.first().cloned());
    assert_eq!(set.last(), runs.last().cloned());
    assert_eq!(
        set.contains(probe),
        probe.clone().all(|number| model.contains(&number))
    );
    assert_eq!(
        set.overlap(probe),
        probe
            .clone()
            .filter(|number| model.contains(number))
            .count() as u64
    );
    let shares = |run: &Range<u64>| probe.clone().any(|number| run.contains(&number));
    let overlapping: Vec<_> = runs.iter().filter(|run| shares(run)).cloned().collect();
    assert_eq!(
        set.overlapping(probe.clone()).collect::<Vec<_>>(),
        overlapping
    );
    assert_eq!(
        set.around(probe.start),
        runs.into_iter().find(|run| run.contains(&probe.start))
    );
}

proptest! {
    #[test]
    fn they_are_a_set_of_numbers(ops in prop::collection::vec((op(), range(30)), 1..120)) {
        let (mut set, mut model) = (Ranges::new(), BTreeSet::new());
        for (op, probe) in ops {
            apply(&mut set, &mut model, op);
            check(&set, &model, &probe);
        }
    }
}
