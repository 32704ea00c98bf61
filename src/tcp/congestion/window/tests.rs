//! What controllers share that learn from loss: slow start's limits, floors, the end of an
//! episode, and what a liar can gain by the way it acknowledges.

use crate::base::SeqNum;
use crate::tcp::congestion::kit::{BEGINNING, Flow, MSS, report, segments};
use crate::tcp::congestion::{
    AckReport, Algorithm, Beginning, Congestion, CongestionControl, Cubic, Reno,
};

use super::Factor;

/// One of each that learns from loss.
fn each() -> [Flow; 2] {
    each_with(BEGINNING)
}

fn each_with(beginning: Beginning) -> [Flow; 2] {
    [Algorithm::Reno, Algorithm::Cubic].map(|algorithm| Flow::of(algorithm.start(beginning)))
}

fn grow(flow: &mut Flow, window: u64) {
    while flow.window() < segments(window) {
        flow.acknowledge(MSS);
    }
}

#[test]
fn a_part_of_any_size_is_the_integer_part() {
    for denominator in 1..20u64 {
        for numerator in 0..=denominator {
            let factor = Factor {
                numerator,
                denominator,
            };
            for size in (0..500).chain([u64::MAX - 1, u64::MAX]) {
                let exact = u128::from(size) * u128::from(numerator) / u128::from(denominator);
                assert_eq!(u128::from(factor.of(size)), exact);
            }
        }
    }
}

// req: RFC3465-2.2-1
#[test]
fn many_small_acknowledgments_count_for_no_more_than_their_bytes() {
    for mut flow in each() {
        for _ in 0..MSS {
            flow.acknowledge(1);
        }
        assert_eq!(flow.window(), segments(11));
    }
}

// req: RFC3465-2.3-1
#[test]
fn one_acknowledgment_counts_for_two_segments_at_most() {
    for mut flow in each() {
        flow.acknowledge(2 * MSS);
        assert_eq!(flow.window(), segments(12));
        flow.acknowledge(9 * MSS);
        assert_eq!(flow.window(), segments(14));
    }
}

// req: RFC9406-4.2-2, RFC9406-4.3-1
#[test]
fn in_a_first_slow_start_with_hystart_one_acknowledgment_counts_for_eight_segments() {
    let hystart = true;
    for mut flow in each_with(Beginning {
        hystart,
        ..BEGINNING
    }) {
        flow.acknowledge(7 * MSS);
        assert_eq!(flow.window(), segments(17));
        flow.acknowledge(9 * MSS);
        assert_eq!(flow.window(), segments(25));
        // RFC 9406 section 4.3 has it serve the first slow start alone.
        flow.times_out(segments(25));
        flow.acknowledge(2 * MSS);
        assert_eq!(flow.window(), segments(2));
    }
    let paced = true;
    for mut flow in each_with(Beginning {
        hystart,
        paced,
        ..BEGINNING
    }) {
        flow.acknowledge(1_000 * MSS);
        assert_eq!(flow.window(), segments(1_010));
    }
}

// req: RFC3465-2.3-2
#[test]
fn after_a_timeout_one_acknowledgment_counts_for_one_segment_at_most() {
    for mut flow in each() {
        flow.times_out(segments(20));
        flow.acknowledge(9 * MSS);
        assert_eq!(flow.window(), segments(2));
        flow.acknowledge(2 * MSS);
        assert_eq!(flow.window(), segments(3));
    }
}

// req: RFC3465-2.3-1
#[test]
fn a_slow_start_that_follows_no_timeout_counts_two_segments_again() {
    for mut flow in each() {
        grow(&mut flow, 40);
        flow.times_out(segments(40));
        // Up to the threshold, and beyond it.
        grow(&mut flow, 30);
        // Recovery ends below its threshold when little is in flight.
        flow.loses(segments(20));
        flow.meets(Congestion::Over { flight: 0 });
        assert_eq!(flow.window(), segments(2));
        flow.acknowledge(2 * MSS);
        assert_eq!(flow.window(), segments(4));
    }
}

// req: RFC5681-3.2-6, RFC5681-3.1-12
#[test]
fn the_threshold_is_never_below_two_segments() {
    let flight = segments(1);
    let again = false;
    for what in [
        Congestion::Loss { flight },
        Congestion::Ecn { flight },
        Congestion::Timeout { flight, again },
    ] {
        for mut flow in each() {
            flow.meets(what);
            assert_eq!(flow.threshold(), Some(segments(2)));
        }
    }
}

// req: RFC5681-3.1-14
#[test]
fn the_threshold_stays_when_the_same_segment_times_out_again() {
    for mut flow in each() {
        flow.times_out(segments(40));
        let threshold = flow.threshold();
        flow.acknowledge(MSS);
        for _ in 0..3 {
            flow.meets(Congestion::Timeout {
                flight: segments(1),
                again: true,
            });
            assert_eq!(flow.window(), segments(1));
            assert_eq!(flow.threshold(), threshold);
        }
    }
}

// req: RFC5681-3.1-13
#[test]
fn an_undo_after_the_second_expiry_goes_back_before_the_first() {
    for mut flow in each() {
        grow(&mut flow, 40);
        flow.times_out(segments(40));
        flow.meets(Congestion::Timeout {
            flight: segments(1),
            again: true,
        });
        flow.control.undo(flow.now);
        assert_eq!((flow.window(), flow.threshold()), (segments(40), None));
    }
}

// req: RFC5681-3.1-1
#[test]
fn slow_start_ends_at_the_threshold() {
    for mut flow in each() {
        flow.times_out(segments(10));
        let threshold = flow.threshold().expect("a timeout sets it");
        let window = threshold / u64::from(MSS);
        for grown in 2..=window {
            flow.acknowledge(MSS);
            assert_eq!(flow.window(), segments(grown));
        }
        flow.acknowledge(MSS);
        assert!(flow.window() < segments(window) + u64::from(MSS));
    }
}

// req: RFC6582-3.2-3
#[test]
fn the_end_of_recovery_lets_no_burst_go() {
    for flight in [0, 500, 3_000, 9_000, 30_000] {
        for mut flow in each() {
            flow.loses(segments(10));
            let ssthresh = flow.threshold().expect("a loss sets it");
            flow.meets(Congestion::Over { flight });
            // min (ssthresh, max(FlightSize, SMSS) + SMSS)
            let calm = flight.max(segments(1)) + segments(1);
            assert_eq!(flow.window(), ssthresh.min(calm));
        }
    }
}

// req: RFC9438-4.6-4
#[test]
fn marks_take_the_window_down_to_one_segment() {
    for mut flow in each() {
        for _ in 0..40 {
            let flight = flow.window();
            flow.meets(Congestion::Ecn { flight });
        }
        assert_eq!(flow.window(), segments(1));
        assert_eq!(flow.threshold(), Some(segments(2)));
    }
}

#[test]
fn a_loss_never_opens_the_window_however_much_is_in_flight() {
    for mut flow in each() {
        flow.times_out(segments(100));
        flow.acknowledge(MSS);
        flow.loses(segments(100));
        assert_eq!(flow.window(), segments(2));
    }
}

// req: RFC6928-2-2
#[test]
fn a_syn_lost_more_than_once_leaves_one_segment_and_slow_start() {
    for mut flow in each() {
        flow.meets(Congestion::SynLost);
        assert_eq!((flow.window(), flow.threshold()), (segments(1), None));
        flow.acknowledge(MSS);
        assert_eq!(flow.window(), segments(2));
    }
}

// req: RFC5681-3.1-5, RFC3390-2-1, RFC4821-4-4, RFC4821-4-5
#[test]
fn a_window_in_use_follows_the_segment_size_down_and_not_up() {
    for mut flow in each() {
        grow(&mut flow, 40);
        flow.control.set_mss(500);
        assert_eq!(flow.window(), 40 * 500);
        flow.control.set_mss(1000);
        assert_eq!(flow.window(), 40 * 500);
    }
}

#[test]
fn a_window_holds_one_segment_however_large() {
    for mut flow in each() {
        grow(&mut flow, 40);
        flow.control.set_mss(500);
        flow.control.set_mss(60_000);
        assert_eq!(flow.window(), 60_000);
    }
}

#[test]
fn no_threshold_is_below_two_segments_when_they_have_grown() {
    for mut flow in each() {
        grow(&mut flow, 40);
        flow.control.set_mss(500);
        flow.meets(Congestion::Timeout {
            flight: 1_000,
            again: false,
        });
        flow.control.set_mss(MSS);
        assert_eq!(flow.threshold(), Some(segments(2)));
    }
}

#[test]
fn the_initial_window_follows_the_segment_size_until_it_was_used() {
    for mut flow in each() {
        flow.control.set_mss(536);
        assert_eq!(flow.window(), 5_360);
        flow.control.set_mss(MSS);
        assert_eq!(flow.window(), segments(10));
    }
}

/// R-CC-1 and R-CC-3: however a peer cuts its acknowledgments of a flight, or runs ahead of what
/// it has received, the window grows by the bytes alone that it acknowledges.
#[test]
fn a_liar_gains_no_window_by_cutting_its_acknowledgments() {
    for algorithm in [Algorithm::Reno, Algorithm::Cubic] {
        let run = |pieces: u32| {
            let mut flow = Flow::of(algorithm.start(BEGINNING));
            for round in 0..4 {
                let acks = flow.window() / u64::from(MSS);
                for _ in 0..acks {
                    (0..pieces).for_each(|_| flow.acknowledge(MSS / pieces));
                }
                if round == 1 {
                    flow.loses(flow.window());
                }
            }
            flow.window()
        };
        assert!(run(1000) <= run(1), "{algorithm:?}");
        assert!(run(4) <= run(1), "{algorithm:?}");
    }
}

/// R-CC-2: what acknowledges nothing, opens nothing, however often it comes.
#[test]
fn ten_thousand_duplicates_open_nothing() {
    for mut flow in each() {
        flow.loses(segments(10));
        for flow in [&mut flow] {
            let before = flow.window();
            for _ in 0..10_000 {
                flow.control.on_ack(&AckReport {
                    acked: 0,
                    delivered: 0,
                    una: SeqNum(1),
                    nxt: SeqNum(10_000),
                    ..report()
                });
            }
            assert_eq!(flow.window(), before);
        }
    }
}

#[test]
fn both_bear_their_names_and_begin_alike() {
    let controls: [Box<dyn CongestionControl>; 2] = [
        Box::new(Reno::new(BEGINNING)),
        Box::new(Cubic::new(BEGINNING)),
    ];
    assert_eq!(controls[0].name(), "reno");
    assert_eq!(controls[1].name(), "cubic");
    for control in controls {
        assert_eq!(control.window(), segments(10));
        assert_eq!(control.pacing_rate(), None);
        assert!(!control.reduces_itself());
    }
}
