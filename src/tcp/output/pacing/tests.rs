//! When segments leave, at rates that are easy to reckon with.

use std::time::Duration;

use proptest::prelude::*;

use crate::base::{Instant, Rate};

use super::{Pace, Pacing};

const MSS: u32 = 1_000;
/// A segment takes a millisecond.
const MEGABYTE: Rate = Rate(8_000_000);

const fn us(micros: u64) -> Duration {
    Duration::from_micros(micros)
}

fn at(micros: u64) -> Instant {
    Instant::BIRTH + us(micros)
}

#[test]
fn a_quantum_is_a_millisecond_in_whole_segments() {
    // 8 Mbit/s carry 1,000 bytes in a millisecond: two segments is the least.
    assert_eq!(Pace::new(MEGABYTE, MSS).quantum, 2_000);
    assert_eq!(Pace::new(Rate(0), MSS).quantum, 2_000);
    // 100 Mbit/s carry 12,500.
    assert_eq!(Pace::new(Rate(100_000_000), MSS).quantum, 12_000);
    // 64 KiB is the most.
    assert_eq!(Pace::new(Rate(100_000_000_000), MSS).quantum, 65_000);
}

#[test]
fn a_window_is_spread_over_a_little_less_than_its_round_trip() {
    let of = |doubling| Pace::of_window(100_000, Duration::from_millis(100), MSS, doubling).rate;
    // A hundred segments in a tenth of a second are a megabyte a second.
    assert_eq!(of(false), Rate(9_600_000));
    assert_eq!(of(true), Rate(16_000_000));
}

#[test]
fn a_window_shrunk_to_a_few_bytes_does_not_make_a_segment_wait_for_long() {
    // Proportional rate reduction lets one segment go when almost nothing is on its way: its
    // window is then no measure of what the path carries.
    let rtt = Duration::from_millis(1_500);
    for doubling in [false, true] {
        let pace = Pace::of_window(20, rtt, MSS, doubling);
        assert!(pace.rate.time_for(u64::from(MSS)) <= rtt);
    }
}

#[test]
fn a_quantum_leaves_at_once_and_the_next_when_time_has_paid_for_it() {
    let pace = Pace::new(MEGABYTE, MSS);
    let mut pacing = Pacing::default();
    assert_eq!(pacing.next_quantum(), None);
    for _ in 0..2 {
        assert!(pacing.may_send(at(0), MSS, pace));
        pacing.on_sent(at(0), MSS, pace);
    }
    // Two segments are owed: two milliseconds.
    assert!(!pacing.may_send(at(0), MSS, pace));
    assert!(!pacing.may_send(at(999), MSS, pace));
    assert_eq!(pacing.next_quantum(), Some(at(2_000)));
    // Half of the quantum may go when half is paid, if anybody asks.
    assert!(pacing.may_send(at(1_000), MSS, pace));
    assert!(!pacing.may_send(at(1_000), MSS + 1, pace));
}

#[test]
fn a_segment_larger_than_the_quantum_waits_for_nothing_but_its_turn() {
    let pace = Pace {
        quantum: 100,
        rate: MEGABYTE,
    };
    let mut pacing = Pacing::default();
    assert!(pacing.may_send(at(0), MSS, pace));
    pacing.on_sent(at(0), MSS, pace);
    assert!(!pacing.may_send(at(999), MSS, pace));
    assert!(pacing.may_send(at(1_000), MSS, pace));
}

#[test]
fn a_timer_that_is_late_costs_no_rate_and_an_idle_hour_saves_none_up() {
    let pace = Pace::new(MEGABYTE, MSS);
    let mut pacing = Pacing::default();
    pacing.on_sent(at(0), 2 * MSS, pace);
    // 300 us late: the next turn is not put off by them.
    pacing.on_sent(at(2_300), 2 * MSS, pace);
    assert_eq!(pacing.next_quantum(), Some(at(4_000)));
    // Later than half a quantum is idle.
    pacing.on_sent(at(1_000_000), 2 * MSS, pace);
    assert_eq!(pacing.next_quantum(), Some(at(1_002_000)));
    assert!(!pacing.may_send(at(1_000_000), MSS, pace));
}

#[test]
fn nothing_but_the_first_segment_leaves_at_no_rate() {
    let pace = Pace::new(Rate(0), MSS);
    let mut pacing = Pacing::default();
    assert!(pacing.may_send(at(0), MSS, pace));
    pacing.on_sent(at(0), MSS, pace);
    assert!(!pacing.may_send(at(u32::MAX.into()), MSS, pace));
}

#[test]
fn no_estimate_makes_a_path_wait_for_longer_than_its_round_trip() {
    let pace = Pace::at_least_a_quantum(Rate(0), us(40_000), MSS);
    assert_eq!(pace.rate.time_for(pace.quantum), us(40_000));
    let fast = Rate(1_000_000_000);
    assert_eq!(Pace::at_least_a_quantum(fast, us(40_000), MSS).rate, fast);
    assert_eq!(
        Pace::at_least_a_quantum(fast, Duration::from_secs(60), MSS).rate,
        fast
    );
}

/// What repairs does not wait for its turn, however much it is.
#[test]
fn what_was_urgent_makes_nobody_wait_for_longer_than_a_quantum() {
    let pace = Pace::at_least_a_quantum(Rate(0), us(40_000), MSS);
    let mut pacing = Pacing::default();
    for _ in 0..10 {
        pacing.on_sent(at(0), MSS, pace);
    }
    assert_eq!(pacing.next_quantum(), Some(at(40_000)));
    assert!(pacing.may_send(at(40_000), MSS, pace));
}

proptest! {
    /// Whoever sends whenever it may, sends at the rate: never more than it carries and two
    /// quanta, and no less than it carries.
    #[test]
    fn a_greedy_sender_keeps_to_the_rate(
        mbits in 1u64..10_000,
        late in prop::collection::vec(0u64..200, 100),
    ) {
        let rate = Rate(mbits * 1_000_000);
        let pace = Pace::new(rate, MSS);
        let mut pacing = Pacing::default();
        let mut now = at(0);
        let mut sent = 0;
        for late in late {
            while pacing.may_send(now, MSS, pace) {
                pacing.on_sent(now, MSS, pace);
                sent += u64::from(MSS);
            }
            let carried = rate.bytes_in(now.since(Instant::BIRTH));
            prop_assert!(sent <= carried + 2 * pace.quantum);
            // A timer that is late by less than half a quantum loses nothing.
            if us(200) <= rate.time_for(pace.quantum) / 2 {
                prop_assert!(sent >= carried);
            }
            let next = pacing.next_quantum().expect("something has left");
            now = next + us(late);
        }
    }
}
