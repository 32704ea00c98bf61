//! RFC 5681's window, told in segments: how it grows, what halves it, what makes it one segment.

use std::time::Duration;

use proptest::prelude::*;

use crate::base::Instant;
use crate::tcp::congestion::kit::{BEGINNING, Flow, MSS, report, segments};
use crate::tcp::congestion::{AckReport, Congestion};

use super::Reno;

/// Ten segments are the initial window.
fn fresh() -> Flow {
    Flow::new(Reno::new(BEGINNING))
}

/// In slow start, with so many segments.
fn grown(window: u64) -> Flow {
    let mut flow = fresh();
    while flow.window() < segments(window) {
        flow.acknowledge(MSS);
    }
    flow
}

/// In congestion avoidance with a window of so many segments.
fn avoiding(window: u64) -> Flow {
    let mut flow = grown(2 * window);
    flow.loses(segments(2 * window));
    assert_eq!(flow.window(), segments(window));
    flow
}

// req: RFC5681-3.1-6
#[test]
fn it_begins_in_slow_start_with_no_threshold() {
    let mut flow = fresh();
    assert_eq!(flow.threshold(), None);
    for acks in 1..=10_000u64 {
        flow.acknowledge(MSS);
        assert_eq!(flow.window(), segments(10 + acks));
    }
}

// req: MUST-19, RFC5681-3.1-1
#[test]
fn slow_start_doubles_the_window_in_a_round_trip() {
    let mut flow = fresh();
    for window in [10, 20, 40, 80] {
        assert_eq!(flow.window(), segments(window));
        for _ in 0..window {
            flow.acknowledge(MSS);
        }
    }
    assert_eq!(flow.window(), segments(160));
}

// req: MUST-19, RFC5681-3.1-1, RFC5681-3.1-9, RFC5681-3.1-10, RFC3465-2.1-1
#[test]
fn congestion_avoidance_adds_one_segment_for_each_window_acknowledged() {
    let mut flow = avoiding(8);
    for window in 8..20 {
        for _ in 1..window {
            flow.acknowledge(MSS);
            assert_eq!(flow.window(), segments(window));
        }
        flow.acknowledge(MSS);
        assert_eq!(flow.window(), segments(window + 1));
    }
}

// req: RFC5681-3.1-9
#[test]
fn in_congestion_avoidance_how_acknowledgments_are_cut_does_not_matter() {
    let mut flow = avoiding(8);
    for _ in 0..8 * MSS - 1 {
        flow.acknowledge(1);
    }
    assert_eq!(flow.window(), segments(8));
    flow.acknowledge(1);
    assert_eq!(flow.window(), segments(9));
    // One for the whole window, and one for what is left over of it and all but a byte.
    flow.acknowledge(9 * MSS + 1);
    assert_eq!(flow.window(), segments(10));
    flow.acknowledge(10 * MSS - 2);
    assert_eq!(flow.window(), segments(10));
    flow.acknowledge(1);
    assert_eq!(flow.window(), segments(11));
}

// req: RFC5681-3.2-6, RFC5681-3.2-7
#[test]
fn a_loss_sets_window_and_threshold_to_half_of_what_was_in_flight() {
    let mut flow = grown(100);
    // Half of the flight, not of cwnd: the peer's window may have held the sender back.
    flow.loses(segments(30));
    assert_eq!(flow.threshold(), Some(segments(15)));
    assert_eq!(flow.window(), segments(15));
}

// req: RFC5681-3.1-12, RFC5681-3.1-14, RFC8961-4-4
#[test]
fn a_timeout_leaves_one_segment_and_half_the_flight_as_threshold() {
    let mut flow = grown(100);
    flow.times_out(segments(40));
    assert_eq!(flow.window(), segments(1));
    assert_eq!(flow.threshold(), Some(segments(20)));
}

// req: RFC5681-4.3-2
#[test]
fn a_second_loss_halves_again() {
    let mut flow = grown(40);
    for flight in [40, 20, 10] {
        flow.loses(segments(flight));
        assert_eq!(flow.window(), segments(flight / 2));
        assert_eq!(flow.threshold(), Some(segments(flight / 2)));
    }
}

// req: RFC8511-3-1
#[test]
fn a_mark_takes_a_fifth_in_congestion_avoidance_and_half_in_slow_start() {
    let mut flow = avoiding(20);
    let flight = segments(20);
    flow.meets(Congestion::Ecn { flight });
    assert_eq!(flow.window(), segments(16));
    assert_eq!(flow.threshold(), Some(segments(16)));
    // RFC 8511 section 4: in slow start it is not recommended.
    let mut flow = grown(20);
    flow.meets(Congestion::Ecn { flight });
    assert_eq!(flow.window(), segments(10));
    assert_eq!(flow.threshold(), Some(segments(10)));
}

// req: RFC9438-5.8-1, RFC2861-3-2, RFC3168-6.1.2-3
#[test]
fn nothing_grows_in_recovery_by_a_mark_or_while_the_window_holds_nobody_back() {
    for report in [
        AckReport {
            in_recovery: true,
            ..report()
        },
        AckReport {
            window_limited: false,
            ..report()
        },
        AckReport {
            ce: MSS,
            ..report()
        },
    ] {
        for mut flow in [fresh(), avoiding(4)] {
            let before = flow.window();
            for _ in 0..100 {
                flow.control.on_ack(&report);
            }
            assert_eq!(flow.window(), before);
        }
    }
}

#[test]
fn a_loss_that_was_none_gives_back_window_and_threshold() {
    let mut flow = avoiding(20);
    flow.loses(segments(20));
    assert_eq!(flow.window(), segments(10));
    flow.control.undo(flow.now);
    assert_eq!(flow.window(), segments(20));
    assert_eq!(flow.threshold(), Some(segments(20)));
    // Once: there is nothing further back.
    flow.control.undo(flow.now);
    assert_eq!(flow.window(), segments(20));
}

#[test]
fn a_timeout_that_was_none_gives_back_what_was_before_its_first_expiry() {
    let mut flow = grown(40);
    flow.times_out(segments(40));
    flow.meets(Congestion::Timeout {
        flight: segments(1),
        again: true,
    });
    flow.control.undo(flow.now);
    assert_eq!((flow.window(), flow.threshold()), (segments(40), None));
}

// req: RFC4015-3.4-1
#[test]
fn what_a_mark_took_does_not_come_back() {
    let mut flow = avoiding(20);
    flow.loses(segments(20));
    let flight = segments(10);
    flow.meets(Congestion::Ecn { flight });
    flow.control.undo(flow.now);
    assert_eq!(flow.window(), segments(8));
}

// req: RFC5681-4.1-1
#[test]
fn after_an_idle_time_the_window_is_the_restart_window_at_most() {
    let idle = |flow: &mut Flow| {
        let (idle, rto) = (Duration::from_secs(2), Duration::from_secs(1));
        flow.control.on_idle(flow.now, idle, rto);
    };
    let mut flow = grown(100);
    idle(&mut flow);
    assert_eq!((flow.window(), flow.threshold()), (segments(10), None));
    // RW = min (IW, cwnd): a smaller window does not grow by being idle.
    let mut flow = avoiding(4);
    idle(&mut flow);
    assert_eq!(flow.window(), segments(4));
    // RFC 2861 section 3: ssthresh = max(ssthresh, 3*cwnd/4).
    let mut flow = avoiding(10);
    while flow.window() < segments(40) {
        flow.acknowledge(MSS);
    }
    idle(&mut flow);
    assert_eq!(flow.window(), segments(10));
    assert_eq!(flow.threshold(), Some(segments(30)));
}

fn congestions() -> impl Strategy<Value = Congestion> {
    let flight = 0u64..1 << 30;
    prop_oneof![
        flight
            .clone()
            .prop_map(|flight| Congestion::Loss { flight }),
        flight.clone().prop_map(|flight| Congestion::Ecn { flight }),
        (flight.clone(), any::<bool>())
            .prop_map(|(flight, again)| Congestion::Timeout { flight, again }),
        flight.prop_map(|flight| Congestion::Over { flight }),
        Just(Congestion::SynLost),
    ]
}

proptest! {
    /// Whatever happens, one segment may go, no bad news opens the window but the end of an
    /// episode up to ssthresh, and an acknowledgment adds no more than RFC 3465's two segments and
    /// no more than it acknowledges, or one segment in congestion avoidance.
    #[test]
    fn the_window_never_closes_and_never_leaps(
        steps in prop::collection::vec((0u32..100_000, prop::option::of(congestions())), 0..100),
    ) {
        let mut flow = fresh();
        for (acked, congestion) in steps {
            let before = flow.window();
            let in_slow_start = flow.threshold().is_none_or(|ssthresh| before < ssthresh);
            flow.acknowledge(acked);
            let grown = flow.window() - before;
            if in_slow_start {
                prop_assert!(grown <= u64::from(acked).min(segments(2)));
            } else {
                prop_assert!(grown == 0 || grown == segments(1));
            }
            if let Some(what) = congestion {
                let before = flow.window();
                flow.control.on_congestion(Instant::BIRTH, what);
                prop_assert!(flow.window() >= segments(1));
                if !matches!(what, Congestion::Over { .. }) {
                    prop_assert!(flow.window() <= before);
                }
            }
        }
    }
}
