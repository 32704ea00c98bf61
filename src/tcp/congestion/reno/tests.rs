//! RFC 5681's window, told in segments: how it grows, what halves it, what makes it one segment.

use std::time::Duration;

use proptest::prelude::*;

use crate::base::{Instant, SeqNum};
use crate::tcp::congestion::{AckReport, Congestion, CongestionControl};

use super::Reno;

const MSS: u32 = 1000;

/// A controller whose sender always has more to send.
struct Flow(Reno);

impl Flow {
    /// Ten segments are the initial window.
    fn new() -> Flow {
        Flow(Reno::new(MSS, 10))
    }

    /// In congestion avoidance with a window of so many segments.
    fn avoiding(segments: u64) -> Flow {
        let mut flow = Flow::new();
        flow.meets(Congestion::Loss {
            flight: 2 * segments * u64::from(MSS),
        });
        assert_eq!(flow.window(), segments * u64::from(MSS));
        flow
    }

    fn acknowledge(&mut self, acked: u32) {
        self.0.on_ack(&AckReport { acked, ..report() });
    }

    fn meets(&mut self, what: Congestion) {
        self.0.on_congestion(Instant::BIRTH, what);
    }

    fn times_out(&mut self, flight: u64) {
        let again = false;
        self.meets(Congestion::Timeout { flight, again });
    }

    fn idles(&mut self) {
        let second = Duration::from_secs(1);
        self.0.on_idle(Instant::BIRTH, 2 * second, second);
    }

    fn window(&self) -> u64 {
        self.0.window()
    }

    fn threshold(&self) -> Option<u64> {
        self.0.threshold()
    }
}

fn report() -> AckReport {
    AckReport {
        now: Instant::BIRTH,
        una: SeqNum(MSS),
        nxt: SeqNum(2 * MSS),
        acked: MSS,
        delivered: MSS,
        lost: 0,
        in_flight: 0,
        in_flight_before: 0,
        rtt: None,
        srtt: None,
        min_rtt: None,
        rate: None,
        window_limited: true,
        in_recovery: false,
        ce: 0,
    }
}

// req: RFC5681-3.1-6
#[test]
fn it_begins_in_slow_start_with_no_threshold() {
    let mut flow = Flow::new();
    assert_eq!(flow.threshold(), None);
    for acks in 1..=10_000u64 {
        flow.acknowledge(MSS);
        assert_eq!(flow.window(), (10 + acks) * u64::from(MSS));
    }
}

// req: MUST-19, RFC5681-3.1-1
#[test]
fn slow_start_doubles_the_window_in_a_round_trip() {
    let mut flow = Flow::new();
    for segments in [10, 20, 40, 80] {
        assert_eq!(flow.window(), segments * u64::from(MSS));
        for _ in 0..segments {
            flow.acknowledge(MSS);
        }
    }
    assert_eq!(flow.window(), 160 * u64::from(MSS));
}

// req: RFC3465-2.2-1
#[test]
fn many_small_acknowledgments_count_for_no_more_than_their_bytes() {
    let mut flow = Flow::new();
    for _ in 0..MSS {
        flow.acknowledge(1);
    }
    assert_eq!(flow.window(), 11 * u64::from(MSS));
}

// req: RFC3465-2.3-1
#[test]
fn one_acknowledgment_counts_for_two_segments_at_most() {
    let mut flow = Flow::new();
    flow.acknowledge(2 * MSS);
    assert_eq!(flow.window(), 12 * u64::from(MSS));
    flow.acknowledge(9 * MSS);
    assert_eq!(flow.window(), 14 * u64::from(MSS));
}

// req: RFC3465-2.3-2
#[test]
fn after_a_timeout_one_acknowledgment_counts_for_one_segment_at_most() {
    let mut flow = Flow::new();
    flow.times_out(u64::from(20 * MSS));
    flow.acknowledge(9 * MSS);
    assert_eq!(flow.window(), 2 * u64::from(MSS));
    flow.acknowledge(2 * MSS);
    assert_eq!(flow.window(), 3 * u64::from(MSS));
}

// req: RFC3465-2.3-1
#[test]
fn a_slow_start_that_follows_no_timeout_counts_two_segments_again() {
    let mut flow = Flow::new();
    flow.times_out(u64::from(40 * MSS));
    // Up to the threshold of twenty segments, and beyond it.
    for _ in 0..50 {
        flow.acknowledge(MSS);
    }
    let mut recovered = Flow(flow.0.clone());
    flow.idles();
    assert_eq!(flow.window(), 10 * u64::from(MSS));
    flow.acknowledge(2 * MSS);
    assert_eq!(flow.window(), 12 * u64::from(MSS));
    // Recovery ends below its threshold when little is in flight.
    recovered.meets(Congestion::Loss {
        flight: u64::from(20 * MSS),
    });
    recovered.meets(Congestion::Over { flight: 0 });
    assert_eq!(recovered.window(), 2 * u64::from(MSS));
    recovered.acknowledge(2 * MSS);
    assert_eq!(recovered.window(), 4 * u64::from(MSS));
}

// req: MUST-19, RFC5681-3.1-1, RFC5681-3.1-9, RFC5681-3.1-10, RFC3465-2.1-1
#[test]
fn congestion_avoidance_adds_one_segment_for_each_window_acknowledged() {
    let mut flow = Flow::avoiding(8);
    for segments in 8..20 {
        for _ in 1..segments {
            flow.acknowledge(MSS);
            assert_eq!(flow.window(), segments * u64::from(MSS));
        }
        flow.acknowledge(MSS);
        assert_eq!(flow.window(), (segments + 1) * u64::from(MSS));
    }
}

// req: RFC5681-3.1-9
#[test]
fn in_congestion_avoidance_how_acknowledgments_are_cut_does_not_matter() {
    let mut flow = Flow::avoiding(8);
    for _ in 0..8 * MSS - 1 {
        flow.acknowledge(1);
    }
    assert_eq!(flow.window(), 8 * u64::from(MSS));
    flow.acknowledge(1);
    assert_eq!(flow.window(), 9 * u64::from(MSS));
    // One for the whole window, and one for what is left over of it and all but a byte.
    flow.acknowledge(9 * MSS + 1);
    assert_eq!(flow.window(), 10 * u64::from(MSS));
    flow.acknowledge(10 * MSS - 2);
    assert_eq!(flow.window(), 10 * u64::from(MSS));
    flow.acknowledge(1);
    assert_eq!(flow.window(), 11 * u64::from(MSS));
}

// req: RFC5681-3.2-6, RFC5681-3.2-7
#[test]
fn a_loss_sets_window_and_threshold_to_half_of_what_was_in_flight() {
    let mut flow = Flow::new();
    for _ in 0..90 {
        flow.acknowledge(MSS);
    }
    // Half of the flight, not of cwnd: the peer's window may have held the sender back.
    flow.meets(Congestion::Loss {
        flight: u64::from(30 * MSS),
    });
    assert_eq!(flow.threshold(), Some(15 * u64::from(MSS)));
    assert_eq!(flow.window(), 15 * u64::from(MSS));
}

// req: RFC5681-3.2-6, RFC5681-3.1-12
#[test]
fn the_threshold_is_never_below_two_segments() {
    for what in [
        Congestion::Loss {
            flight: u64::from(MSS),
        },
        Congestion::Timeout {
            flight: u64::from(MSS),
            again: false,
        },
    ] {
        let mut flow = Flow::new();
        flow.meets(what);
        assert_eq!(flow.threshold(), Some(2 * u64::from(MSS)));
    }
}

// req: RFC5681-3.1-12, RFC5681-3.1-14, RFC8961-4-4
#[test]
fn a_timeout_leaves_one_segment_and_half_the_flight_as_threshold() {
    let mut flow = Flow::new();
    for _ in 0..90 {
        flow.acknowledge(MSS);
    }
    flow.times_out(u64::from(40 * MSS));
    assert_eq!(flow.window(), u64::from(MSS));
    assert_eq!(flow.threshold(), Some(20 * u64::from(MSS)));
}

// req: RFC5681-3.1-14
#[test]
fn the_threshold_stays_when_the_same_segment_times_out_again() {
    let mut flow = Flow::new();
    flow.times_out(u64::from(40 * MSS));
    flow.acknowledge(MSS);
    for _ in 0..3 {
        flow.meets(Congestion::Timeout {
            flight: u64::from(MSS),
            again: true,
        });
        assert_eq!(flow.window(), u64::from(MSS));
        assert_eq!(flow.threshold(), Some(20 * u64::from(MSS)));
    }
}

// req: RFC5681-4.3-2
#[test]
fn a_second_loss_halves_again() {
    let mut flow = Flow::new();
    for flight in [40, 20, 10] {
        flow.meets(Congestion::Loss {
            flight: flight * u64::from(MSS),
        });
        assert_eq!(flow.window(), flight / 2 * u64::from(MSS));
        assert_eq!(flow.threshold(), Some(flight / 2 * u64::from(MSS)));
    }
}

// req: RFC5681-3.1-1
#[test]
fn slow_start_ends_at_the_threshold() {
    let mut flow = Flow::new();
    flow.times_out(u64::from(10 * MSS));
    for segments in 2..=5 {
        flow.acknowledge(MSS);
        assert_eq!(flow.window(), segments * u64::from(MSS));
    }
    flow.acknowledge(MSS);
    assert_eq!(flow.window(), 5 * u64::from(MSS));
}

// req: RFC6582-3.2-3
#[test]
fn the_end_of_recovery_lets_no_burst_go() {
    let end = |flight| {
        let mut flow = Flow::avoiding(10);
        flow.meets(Congestion::Over {
            flight: u64::from(flight),
        });
        flow.window() / u64::from(MSS)
    };
    // min (ssthresh, max(FlightSize, SMSS) + SMSS)
    assert_eq!(end(0), 2);
    assert_eq!(end(MSS / 2), 2);
    assert_eq!(end(3 * MSS), 4);
    assert_eq!(end(9 * MSS), 10);
    assert_eq!(end(30 * MSS), 10);
}

// req: RFC5681-4.1-1
#[test]
fn after_an_idle_time_the_window_is_the_restart_window_at_most() {
    let mut flow = Flow::new();
    for _ in 0..90 {
        flow.acknowledge(MSS);
    }
    flow.idles();
    assert_eq!(flow.window(), 10 * u64::from(MSS));
    // RW = min (IW, cwnd): a smaller window does not grow by being idle.
    let mut flow = Flow::avoiding(4);
    flow.idles();
    assert_eq!(flow.window(), 4 * u64::from(MSS));
}

// req: RFC6928-2-2
#[test]
fn a_syn_lost_more_than_once_leaves_one_segment_and_slow_start() {
    let mut flow = Flow::new();
    flow.meets(Congestion::SynLost);
    assert_eq!((flow.window(), flow.threshold()), (u64::from(MSS), None));
    flow.acknowledge(MSS);
    assert_eq!(flow.window(), 2 * u64::from(MSS));
}

// req: RFC9438-5.8-1, RFC2861-3-2
#[test]
fn nothing_grows_in_recovery_or_while_the_application_holds_back() {
    for report in [
        AckReport {
            in_recovery: true,
            ..report()
        },
        AckReport {
            window_limited: false,
            ..report()
        },
    ] {
        for mut flow in [Flow::new(), Flow::avoiding(4)] {
            let before = flow.window();
            for _ in 0..100 {
                flow.0.on_ack(&report);
            }
            assert_eq!(flow.window(), before);
        }
    }
}

#[test]
fn the_initial_window_follows_the_segment_size_until_it_was_used() {
    let mut flow = Flow::new();
    flow.0.set_mss(536);
    assert_eq!(flow.window(), 5_360);
    flow.acknowledge(536);
    flow.0.set_mss(1000);
    assert_eq!(flow.window(), 5_896);
}

fn congestions() -> impl Strategy<Value = Congestion> {
    let flight = 0u64..1 << 30;
    prop_oneof![
        flight
            .clone()
            .prop_map(|flight| Congestion::Loss { flight }),
        (flight.clone(), any::<bool>())
            .prop_map(|(flight, again)| Congestion::Timeout { flight, again }),
        flight.prop_map(|flight| Congestion::Over { flight }),
        Just(Congestion::SynLost),
    ]
}

proptest! {
    /// Whatever happens, one segment may go, and an acknowledgment adds no more than RFC 3465's
    /// two segments and no more than it acknowledges, or one segment in congestion avoidance.
    #[test]
    fn the_window_never_closes_and_never_leaps(
        steps in prop::collection::vec((0u32..100_000, prop::option::of(congestions())), 0..100),
    ) {
        let mss = u64::from(MSS);
        let mut flow = Flow::new();
        for (acked, congestion) in steps {
            let before = flow.window();
            let in_slow_start = flow.0.in_slow_start();
            flow.acknowledge(acked);
            let grown = flow.window() - before;
            if in_slow_start {
                prop_assert!(grown <= u64::from(acked).min(2 * mss));
            } else {
                prop_assert!(grown == 0 || grown == mss);
            }
            if let Some(what) = congestion {
                flow.meets(what);
                prop_assert!(flow.window() >= mss);
            }
        }
    }
}

// req: RFC8511-3-1
#[test]
fn a_mark_takes_a_fifth_where_a_loss_takes_half() {
    let mut flow = Flow::new();
    flow.meets(Congestion::Ecn { flight: 20_000 });
    assert_eq!((flow.window(), flow.threshold()), (16_000, Some(16_000)));
    // And never below two segments.
    flow.meets(Congestion::Ecn { flight: 2_000 });
    assert_eq!(flow.window(), 2_000);
}

#[test]
fn a_reduction_for_nothing_is_taken_back() {
    let mut flow = Flow::avoiding(20);
    flow.meets(Congestion::Loss { flight: 20_000 });
    flow.0.undo(Instant::BIRTH);
    assert_eq!((flow.window(), flow.threshold()), (20_000, Some(20_000)));
    // Once: there is nothing left to take back.
    flow.meets(Congestion::SynLost);
    flow.0.undo(Instant::BIRTH);
    assert_eq!(flow.window(), 1_000);
}

#[test]
fn timeouts_in_a_row_are_taken_back_together() {
    let mut flow = Flow::avoiding(20);
    flow.times_out(20_000);
    flow.meets(Congestion::Timeout {
        flight: 20_000,
        again: true,
    });
    flow.0.undo(Instant::BIRTH);
    assert_eq!((flow.window(), flow.threshold()), (20_000, Some(20_000)));
}
