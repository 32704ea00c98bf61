//! A wheel against a sorted set of deadlines.

use std::collections::BTreeSet;
use std::time::Duration;

use proptest::prelude::*;

use super::{Entry, Wheel};
use crate::base::Instant;

/// A tick, in nanoseconds.
const TICK: u64 = 1 << 16;
const YEAR: Duration = Duration::from_secs(365 * 24 * 3600);

fn at(nanos: u64) -> Instant {
    Instant::from_nanos(nanos)
}

/// A wheel with entries armed at these instants, their keys counted from 0.
fn wheel(deadlines: &[u64]) -> (Wheel<usize>, Vec<Entry>) {
    let mut wheel = Wheel::new();
    let mut entries = Vec::new();
    for (key, &deadline) in deadlines.iter().enumerate() {
        let entry = wheel.add(key);
        wheel.arm(entry, at(deadline));
        entries.push(entry);
    }
    (wheel, entries)
}

fn due(wheel: &mut Wheel<usize>, now: u64) -> Vec<usize> {
    std::iter::from_fn(|| wheel.expire(at(now))).collect()
}

#[test]
fn an_entry_falls_due_at_its_deadline_and_not_a_nanosecond_before() {
    for deadline in [0, 1, TICK - 1, TICK, 64 * TICK, 64 * TICK + 5, 1 << 47] {
        let (mut wheel, entries) = wheel(&[deadline]);
        assert_eq!(wheel.next(), Some(at(deadline)));
        if deadline > 0 {
            assert_eq!(wheel.expire(at(deadline - 1)), None);
        }
        assert_eq!(wheel.armed(entries[0]), Some(at(deadline)));
        assert_eq!(wheel.expire(at(deadline)), Some(0));
        assert_eq!(wheel.armed(entries[0]), None);
        assert_eq!(wheel.next(), None);
        assert_eq!(wheel.expire(at(u64::MAX)), None);
    }
}

#[test]
fn entries_of_one_tick_fall_due_in_the_order_of_their_deadlines() {
    let (mut wheel, _) = wheel(&[5 * TICK + 3, 5 * TICK + 1, 5 * TICK, 5 * TICK + 2]);
    assert_eq!(wheel.next(), Some(at(5 * TICK)));
    assert_eq!(due(&mut wheel, 5 * TICK + 1), [2, 1]);
    assert_eq!(wheel.next(), Some(at(5 * TICK + 2)));
    assert_eq!(due(&mut wheel, 6 * TICK), [3, 0]);
}

#[test]
fn entries_of_all_levels_fall_due_in_the_order_of_their_deadlines() {
    let deadlines: Vec<u64> = (0..64).map(|bit| u64::MAX >> bit).collect();
    let (mut wheel, _) = wheel(&deadlines);
    let expected: Vec<usize> = (0..64).rev().collect();
    assert_eq!(due(&mut wheel, u64::MAX), expected);
}

#[test]
fn equal_deadlines_all_fall_due() {
    let (mut wheel, _) = wheel(&[7 * TICK; 100]);
    assert!(due(&mut wheel, 7 * TICK - 1).is_empty());
    let mut keys = due(&mut wheel, 7 * TICK);
    keys.sort_unstable();
    assert_eq!(keys, (0..100).collect::<Vec<_>>());
}

#[test]
fn a_deadline_in_the_past_is_due_at_once_and_before_later_ones() {
    let (mut wheel, entries) = wheel(&[100 * TICK, 100 * TICK, 100 * TICK]);
    wheel.disarm(entries[1]);
    wheel.disarm(entries[2]);
    assert!(due(&mut wheel, 100 * TICK - 1).is_empty());
    wheel.arm(entries[1], at(3 * TICK));
    wheel.arm(entries[2], at(2 * TICK));
    assert_eq!(wheel.next(), Some(at(2 * TICK)));
    assert_eq!(due(&mut wheel, 100 * TICK), [2, 1, 0]);
}

#[test]
fn an_entry_armed_anew_has_only_its_new_deadline() {
    let (mut wheel, entries) = wheel(&[10 * TICK, 20 * TICK]);
    wheel.arm(entries[0], at(1000 * TICK));
    assert_eq!(wheel.next(), Some(at(20 * TICK)));
    assert_eq!(due(&mut wheel, 999 * TICK), [1]);
    wheel.arm(entries[0], at(999 * TICK + 1));
    assert_eq!(wheel.next(), Some(at(999 * TICK + 1)));
    assert_eq!(due(&mut wheel, u64::MAX), [0]);
}

#[test]
fn a_disarmed_entry_never_falls_due() {
    let (mut wheel, entries) = wheel(&[10 * TICK, 20 * TICK]);
    wheel.disarm(entries[0]);
    wheel.disarm(entries[0]);
    assert_eq!(wheel.armed(entries[0]), None);
    assert_eq!(wheel.next(), Some(at(20 * TICK)));
    assert_eq!(due(&mut wheel, u64::MAX), [1]);
}

#[test]
fn a_removed_entry_never_falls_due_and_its_place_is_used_again() {
    let (mut wheel, entries) = wheel(&[10 * TICK, 20 * TICK]);
    wheel.remove(entries[0]);
    assert_eq!(wheel.len(), 1);
    let again = wheel.add(7);
    assert_eq!(again, entries[0]);
    assert_eq!(wheel.armed(again), None);
    wheel.arm(again, at(30 * TICK));
    assert_eq!(due(&mut wheel, u64::MAX), [1, 7]);
}

#[test]
fn all_places_of_removed_entries_are_used_again() {
    let (mut wheel, entries) = wheel(&[1, 2, 3, 4]);
    for &entry in &entries {
        wheel.remove(entry);
    }
    assert!(wheel.is_empty());
    let again: Vec<Entry> = (0..4).map(|key| wheel.add(key)).collect();
    assert!(entries.iter().all(|entry| again.contains(entry)));
    assert_eq!(wheel.len(), 4);
}

#[test]
fn deadlines_in_the_past_do_not_turn_the_wheel_back() {
    let (mut wheel, entries) = wheel(&[101 * TICK, 10 * TICK, 50 * TICK, 49 * TICK]);
    wheel.disarm(entries[1]);
    wheel.disarm(entries[2]);
    wheel.disarm(entries[3]);
    assert_eq!(wheel.expire(at(100 * TICK)), None);
    wheel.arm(entries[0], at(101 * TICK));
    wheel.arm(entries[1], at(10 * TICK));
    assert_eq!(wheel.expire(at(100 * TICK)), Some(1));
    wheel.arm(entries[2], at(50 * TICK));
    wheel.arm(entries[3], at(49 * TICK));
    assert_eq!(due(&mut wheel, 100 * TICK), [3, 2]);
    assert_eq!(wheel.next(), Some(at(101 * TICK)));
}

#[test]
#[should_panic(expected = "an entry ends once")]
fn an_entry_cannot_be_removed_twice() {
    let (mut wheel, entries) = wheel(&[10]);
    wheel.remove(entries[0]);
    wheel.remove(entries[0]);
}

#[test]
fn deadlines_years_away_are_exact() {
    let start = Instant::BIRTH + 3 * YEAR;
    let mut wheel = Wheel::new();
    let entries: Vec<Entry> = (0..3).map(|key| wheel.add(key)).collect();
    assert_eq!(wheel.expire(start), None);
    wheel.arm(entries[0], start + 500 * YEAR);
    wheel.arm(entries[1], start + 9 * YEAR + Duration::from_nanos(1));
    wheel.arm(entries[2], start + 9 * YEAR);
    assert_eq!(wheel.expire(start + 9 * YEAR), Some(2));
    assert_eq!(wheel.expire(start + 9 * YEAR), None);
    assert_eq!(
        wheel.next(),
        Some(start + 9 * YEAR + Duration::from_nanos(1))
    );
    assert_eq!(wheel.expire(start + 500 * YEAR), Some(1));
    assert_eq!(wheel.expire(start + 500 * YEAR), Some(0));
}

#[test]
fn a_million_entries_fall_due_in_order() {
    const COUNT: u64 = 1_000_000;
    // An odd factor modulo 2^36 puts them in no order over about a minute, all different.
    let deadline = |key: u64| key.wrapping_mul(0x9e37_79b9_7f4a_7c15) % (1 << 36);
    let mut wheel = Wheel::new();
    for key in 0..COUNT {
        let entry = wheel.add(key);
        wheel.arm(entry, at(deadline(key)));
    }
    assert_eq!(wheel.len() as u64, COUNT);
    let mut fallen = 0;
    let mut last = 0;
    for now in (0..=1_u64 << 36).step_by(1 << 28) {
        while let Some(key) = wheel.expire(at(now)) {
            assert!(last <= deadline(key) && deadline(key) <= now);
            last = deadline(key);
            fallen += 1;
        }
        assert!(wheel.next().is_none_or(|next| next > at(now)));
    }
    assert_eq!(fallen, COUNT);
}

#[test]
fn it_prints_its_size_and_its_next_deadline() {
    let (mut wheel, _) = wheel(&[1_500_000_000, 2_000_000_000]);
    assert_eq!(format!("{wheel:?}"), "Wheel(2 entries, next 1.500000000)");
    due(&mut wheel, u64::MAX);
    assert_eq!(format!("{wheel:?}"), "Wheel(2 entries, next never)");
}

/// What the wheel ought to be: a sorted set, and by key the entry and its deadline.
struct Model {
    wheel: Wheel<usize>,
    armed: BTreeSet<(Instant, usize)>,
    entries: Vec<Option<(Entry, Option<Instant>)>>,
    now: u64,
}

#[derive(Debug, Clone)]
enum Op {
    Add,
    /// The number picks one of the entries there are.
    Remove(usize),
    Arm(usize, When),
    Disarm(usize),
    /// Nanoseconds that pass, and how many keys at most are taken then.
    Advance(u64, usize),
    /// Time passes exactly until the next deadline.
    AdvanceToNext,
}

#[derive(Debug, Clone)]
enum When {
    After(u64),
    Before(u64),
    /// The deadline that another entry has.
    Like(usize),
    Exactly(u64),
}

/// Durations of all magnitudes alike.
fn span() -> impl Strategy<Value = u64> {
    (any::<u64>(), 10..64_u32).prop_map(|(number, bits)| number >> bits)
}

fn op() -> impl Strategy<Value = Op> {
    let when = prop_oneof![
        8 => span().prop_map(When::After),
        2 => span().prop_map(When::Before),
        3 => any::<usize>().prop_map(When::Like),
        1 => prop_oneof![Just(0), Just(u64::MAX), any::<u64>()].prop_map(When::Exactly),
    ];
    prop_oneof![
        3 => Just(Op::Add),
        1 => any::<usize>().prop_map(Op::Remove),
        12 => (any::<usize>(), when).prop_map(|(pick, when)| Op::Arm(pick, when)),
        2 => any::<usize>().prop_map(Op::Disarm),
        3 => (span(), 0..8_usize).prop_map(|(nanos, most)| Op::Advance(nanos, most)),
        2 => Just(Op::AdvanceToNext),
    ]
}

impl Model {
    fn pick(&self, number: usize) -> Option<(usize, Entry, Option<Instant>)> {
        let live: Vec<_> = self
            .entries
            .iter()
            .enumerate()
            .filter_map(|(key, slot)| slot.map(|(entry, at)| (key, entry, at)))
            .collect();
        live.get(number % live.len().max(1)).copied()
    }

    fn set(&mut self, key: usize, deadline: Option<Instant>) {
        let (_, old) = self.entries[key].as_mut().unwrap();
        if let Some(old) = *old {
            self.armed.remove(&(old, key));
        }
        *old = deadline;
        self.armed.extend(deadline.map(|at| (at, key)));
    }

    /// Takes one key and compares it with the set; equal deadlines may come in any order.
    fn expire(&mut self) -> bool {
        let now = at(self.now);
        let first = self
            .armed
            .first()
            .map(|(at, _)| *at)
            .filter(|at| *at <= now);
        match (self.wheel.expire(now), first) {
            (None, None) => false,
            (Some(key), Some(first)) => {
                assert!(self.armed.contains(&(first, key)), "key {key} is not first");
                self.set(key, None);
                true
            }
            (got, expected) => panic!("{got:?} at {now}, but the first due is at {expected:?}"),
        }
    }

    fn apply(&mut self, op: &Op) {
        match *op {
            Op::Add => {
                let entry = self.wheel.add(self.entries.len());
                self.entries.push(Some((entry, None)));
            }
            Op::Remove(number) => {
                if let Some((key, entry, _)) = self.pick(number) {
                    self.wheel.remove(entry);
                    self.set(key, None);
                    self.entries[key] = None;
                }
            }
            Op::Arm(number, ref when) => {
                let deadline = match *when {
                    When::After(nanos) => at(self.now.saturating_add(nanos)),
                    When::Before(nanos) => at(self.now.saturating_sub(nanos)),
                    When::Exactly(nanos) => at(nanos),
                    When::Like(other) => match self.pick(other) {
                        Some((_, _, Some(like))) => like,
                        _ => at(self.now),
                    },
                };
                if let Some((key, entry, _)) = self.pick(number) {
                    self.wheel.arm(entry, deadline);
                    self.set(key, Some(deadline));
                }
            }
            Op::Disarm(number) => {
                if let Some((key, entry, _)) = self.pick(number) {
                    self.wheel.disarm(entry);
                    self.set(key, None);
                }
            }
            Op::Advance(nanos, most) => {
                self.now = self.now.saturating_add(nanos);
                for _ in 0..most {
                    if !self.expire() {
                        break;
                    }
                }
            }
            Op::AdvanceToNext => {
                let next = self.wheel.next().map_or(0, Instant::as_nanos);
                self.now = self.now.max(next);
                while self.expire() {}
            }
        }
    }

    fn check(&self) {
        assert_eq!(self.wheel.next(), self.armed.first().map(|(at, _)| *at));
        assert_eq!(self.wheel.len(), self.entries.iter().flatten().count());
        assert_eq!(
            self.wheel.is_empty(),
            self.entries.iter().flatten().count() == 0
        );
        for (entry, deadline) in self.entries.iter().flatten() {
            assert_eq!(self.wheel.armed(*entry), *deadline);
        }
    }
}

proptest! {
    #[test]
    fn it_is_a_sorted_set_of_deadlines(ops in prop::collection::vec(op(), 1..200)) {
        let mut model = Model {
            wheel: Wheel::new(),
            armed: BTreeSet::new(),
            entries: Vec::new(),
            now: 0,
        };
        for op in &ops {
            model.apply(op);
            model.check();
        }
        model.now = u64::MAX;
        while model.expire() {}
        model.check();
    }
}
