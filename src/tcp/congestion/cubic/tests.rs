//! CUBIC against RFC 9438's formulas, reckoned here in floating point and in segments.
//!
//! A sender that follows the formulas ACK by ACK lags behind W_cubic(t) by a round trip of its
//! slope, and aims a round trip ahead: what is left is about RTT^2 times the curve's second
//! derivative, 6*C*|t-K|. In all of these that is less than a third of a segment; a whole one is
//! tolerated, since windows are counted in whole segments of acknowledgments.

use std::time::Duration;

use proptest::prelude::*;

use crate::base::Instant;
use crate::tcp::congestion::kit::{BEGINNING, Flow, MSS, report, segments};
use crate::tcp::congestion::{AckReport, Congestion};

use super::{Cubic, Epoch, cube_root};

const RTT: Duration = Duration::from_millis(100);
const C: f64 = 0.4;
const BETA: f64 = 0.7;

/// RFC 9438 section 4.2, Figures 1 and 2.
fn w_cubic(t: f64, w_max: f64, cwnd_epoch: f64) -> f64 {
    let k = ((w_max - cwnd_epoch) / C).cbrt();
    C * (t - k).powi(3) + w_max
}

fn in_segments(bytes: u64) -> f64 {
    bytes as f64 / f64::from(MSS)
}

fn assert_near(window: u64, expected: f64) {
    let window = in_segments(window);
    assert!((window - expected).abs() <= 1.0, "{window} for {expected}");
}

fn grown(window: u64) -> Flow {
    let mut flow = Flow::new(Cubic::new(BEGINNING));
    while flow.window() < segments(window) {
        flow.acknowledge(MSS);
    }
    flow
}

/// A loss with the whole window in flight, and the first ACK after it.
fn after_loss(flow: &mut Flow) {
    flow.loses(flow.window());
    flow.acknowledge(0);
}

/// Round trips for so long, and the window at the end of each with the time since the first.
fn run(flow: &mut Flow, seconds: u64) -> Vec<(f64, u64)> {
    let begin = flow.now;
    let mut seen = Vec::new();
    while flow.now.since(begin) < Duration::from_secs(seconds) {
        flow.round_trip(RTT);
        seen.push((flow.now.since(begin).as_secs_f64(), flow.window()));
    }
    seen
}

fn last(seen: &[(f64, u64)]) -> (f64, u64) {
    *seen.last().expect("at least one round trip")
}

// req: RFC9438-4.2-1, RFC9438-4.2-2, RFC9438-4.4-1, RFC9438-4.5-1, RFC9438-5.1-1
#[test]
fn after_a_loss_the_window_follows_the_cubic_curve_to_where_it_was_and_beyond() {
    let mut flow = grown(1000);
    after_loss(&mut flow);
    let seen = run(&mut flow, 15);
    // K is the cubic root of 300 / 0.4, 9.09 s: concave before it, convex after it.
    assert!(seen.len() > 100);
    for (t, window) in seen {
        assert_near(window, w_cubic(t, 1000.0, 700.0));
    }
}

// req: RFC9438-4.6-1, RFC9438-4.6-2
#[test]
fn a_loss_leaves_seven_tenths_of_what_was_in_flight() {
    let mut flow = grown(100);
    flow.loses(segments(100));
    assert_eq!(flow.window(), segments(70));
    assert_eq!(flow.threshold(), Some(segments(70)));
    // The peer's window may have held the sender back: not of cwnd.
    let mut flow = grown(100);
    flow.loses(segments(30));
    assert_eq!(flow.window(), segments(21));
    // At least two segments.
    flow.loses(segments(1));
    assert_eq!(flow.threshold(), Some(segments(2)));
    assert_eq!(flow.window(), segments(2));
}

#[test]
fn a_mark_leaves_seventeen_twentieths_in_congestion_avoidance() {
    let mut flow = grown(100);
    flow.loses(segments(100));
    let flight = segments(70);
    flow.meets(Congestion::Ecn { flight });
    assert_eq!(flow.window(), segments(70) / 100 * 85);
}

// req: RFC9438-4.3-1, RFC9438-4.3-2, RFC9438-4.3-3
#[test]
fn where_reno_would_be_faster_the_window_grows_like_a_reno_of_the_same_average() {
    let mut flow = grown(20);
    flow.srtt = Some(Duration::from_millis(10));
    after_loss(&mut flow);
    assert_eq!(flow.window(), segments(14));
    // alpha = 3 * (1 - beta) / (1 + beta) segments for each window acknowledged, up to cwnd_prior;
    // then one.
    let alpha = 3.0 * (1.0 - BETA) / (1.0 + BETA);
    let mut expected = 14.0;
    for _ in 0..20 {
        flow.waits(Duration::from_millis(10));
        flow.acknowledge(u32::try_from(flow.window()).expect("small"));
        expected += if expected < 20.0 { alpha } else { 1.0 };
        let off = in_segments(flow.window()) - expected;
        // A byte of rounding.
        assert!(off.abs() <= 0.001, "{off} at {expected}");
    }
    assert!(expected > 25.0);
}

// req: RFC9438-4.7-1
#[test]
fn a_window_that_lost_before_it_was_back_gives_more_away() {
    let mut flow = grown(1000);
    after_loss(&mut flow);
    while flow.window() < segments(800) {
        flow.round_trip(RTT);
    }
    let before = in_segments(flow.window());
    after_loss(&mut flow);
    let epoch = in_segments(flow.window());
    // W_max = cwnd * (1 + beta) / 2
    let w_max = before * (1.0 + BETA) / 2.0;
    for (t, window) in run(&mut flow, 8) {
        assert_near(window, w_cubic(t, w_max, epoch));
    }
    // One that lost further up than the last time remembers all of it.
    let mut flow = grown(500);
    after_loss(&mut flow);
    while flow.window() < segments(600) {
        flow.round_trip(RTT);
    }
    let before = in_segments(flow.window());
    after_loss(&mut flow);
    let epoch = in_segments(flow.window());
    for (t, window) in run(&mut flow, 8) {
        assert_near(window, w_cubic(t, before, epoch));
    }
}

// req: RFC9438-4.8-1
#[test]
fn after_a_timeout_the_curve_begins_at_its_plateau() {
    let mut flow = grown(1000);
    flow.times_out(segments(1000));
    assert_eq!(flow.window(), segments(1));
    assert_eq!(flow.threshold(), Some(segments(700)));
    while flow.window() < segments(700) {
        flow.acknowledge(MSS);
    }
    flow.acknowledge(0);
    for (t, window) in run(&mut flow, 7) {
        // K = 0, and W_max is the window at the beginning; Reno's line is below from 3.6 s on.
        let reno = 700.0 + t / RTT.as_secs_f64() * 9.0 / 17.0;
        assert_near(window, w_cubic(t, 700.0, 700.0).max(reno));
    }
}

// req: RFC9438-4.2-3, RFC9438-5.8-1
#[test]
fn time_in_which_the_window_holds_nobody_back_does_not_count() {
    let mut flow = grown(1000);
    after_loss(&mut flow);
    let (counted, before) = last(&run(&mut flow, 3));
    // Ten seconds of an application with little to say.
    for _ in 0..100 {
        flow.waits(RTT);
        flow.control.on_ack(&AckReport {
            now: flow.now,
            window_limited: false,
            ..report()
        });
    }
    assert_eq!(flow.window(), before);
    let seen = run(&mut flow, 3);
    for &(t, window) in &seen {
        assert_near(window, w_cubic(counted + t, 1000.0, 700.0));
    }
    let counted = counted + last(&seen).0;
    // And ten of one with nothing to say.
    flow.waits(Duration::from_secs(10));
    flow.control.on_sent(flow.now, MSS, u64::from(MSS));
    for (t, window) in run(&mut flow, 3) {
        assert_near(window, w_cubic(counted + t, 1000.0, 700.0));
    }
}

// req: RFC9438-4.2-2
#[test]
fn no_round_trip_adds_more_than_half() {
    let mut flow = grown(100);
    after_loss(&mut flow);
    // A minute after the loss the curve is far above.
    flow.waits(Duration::from_secs(60));
    for _ in 0..5 {
        let before = flow.window();
        flow.round_trip(RTT);
        assert!(flow.window() <= before + before / 2 + segments(1));
        assert!(flow.window() > before + before / 4);
    }
}

// req: RFC9438-4.9.2-1, RFC9438-4.9.1-1
#[test]
fn a_congestion_that_was_none_gives_back_the_curve_as_well() {
    let again = false;
    for what in [0, 1] {
        let mut flow = grown(1000);
        after_loss(&mut flow);
        let (counted, flight) = last(&run(&mut flow, 3));
        flow.meets(match what {
            0 => Congestion::Loss { flight },
            _ => Congestion::Timeout { flight, again },
        });
        assert!(flow.window() < flight);
        flow.waits(RTT);
        flow.control.undo(flow.now);
        assert_eq!(flow.window(), flight);
        assert_eq!(flow.threshold(), Some(segments(700)));
        // t_epoch too: the detour of a round trip counts.
        for (t, window) in run(&mut flow, 5).split_off(20) {
            assert_near(
                window,
                w_cubic(counted + RTT.as_secs_f64() + t, 1000.0, 700.0),
            );
        }
    }
}

// req: RFC9438-4.9.2-1
#[test]
fn what_has_grown_beyond_it_meanwhile_stays() {
    let mut flow = grown(20);
    after_loss(&mut flow);
    while flow.window() <= segments(25) {
        flow.round_trip(RTT);
    }
    let (window, threshold) = (flow.window(), flow.threshold());
    flow.control.undo(flow.now);
    assert_eq!((flow.window(), flow.threshold()), (window, threshold));
}

/// The mean window of a sender that loses one in `interval` segments, over many losses.
fn mean_window(rtt: Duration, interval: u64) -> f64 {
    let mut flow = Flow::new(Cubic::new(BEGINNING));
    flow.srtt = Some(rtt);
    let (mut sum, mut time, mut until_loss) = (0.0, 0.0, interval);
    for loss in 0..40 {
        while until_loss > 0 {
            let cwnd = in_segments(flow.window());
            let step = rtt.as_secs_f64() / cwnd;
            flow.waits(Duration::from_secs_f64(step));
            flow.acknowledge(MSS);
            if loss >= 10 {
                sum += cwnd * step;
                time += step;
            }
            until_loss -= 1;
        }
        flow.loses(flow.window());
        until_loss = interval;
    }
    sum / time
}

/// RFC 9438 section 5.1, the tables: the mean window at a round trip and a loss rate, for C = 0.4.
/// They are for a smooth model of both laws; ours is cut into segments and drops fractions of them
/// at each loss, which the tenth tolerated covers at the smallest window. Each row is one in which
/// one of the two laws is far ahead of the other: where they meet, the higher of both at every
/// moment is above both means.
// req: RFC9438-5.1-1, RFC9438-4.3-1
#[test]
fn the_mean_window_under_steady_loss_is_that_of_the_rfcs_tables() {
    for (millis, interval, expected) in [
        (100, 1_000, 38.0),
        (100, 10_000, 187.0),
        (100, 100_000, 1054.0),
        (10, 1_000, 38.0),
        (10, 10_000, 120.0),
    ] {
        let mean = mean_window(Duration::from_millis(millis), interval);
        let off = mean / expected - 1.0;
        assert!(off.abs() <= 0.1, "{mean} for {expected}");
    }
}

#[test]
fn an_hour_without_an_acknowledgment_and_the_largest_windows_overflow_nothing() {
    let mut flow = Flow::new(Cubic::new(BEGINNING));
    flow.control.set_mss(65_535);
    flow.meets(Congestion::Loss { flight: u64::MAX });
    for hours in 0..100_000 {
        flow.waits(Duration::from_secs(3600 * hours));
        flow.acknowledge(u32::MAX);
    }
    assert!(flow.window() > segments(1));
}

proptest! {
    #[test]
    fn a_cubic_root_is_the_largest_number_whose_cube_fits(cube in 0u128..1 << 96) {
        let root = u128::from(cube_root(cube));
        prop_assert!(root.pow(3) <= cube);
        prop_assert!((root + 1).pow(3) > cube);
    }

    /// RFC 9438 section 4.2 in bytes and microseconds against the formula as it stands there.
    #[test]
    fn the_curve_is_that_of_the_formula(
        w_max in 2_000u64..100_000_000,
        share in 500u64..1000,
        millis in 0u64..100_000,
        mss in 500u32..9_000,
    ) {
        let cwnd = w_max / 1000 * share;
        let epoch = Epoch::begin(Instant::BIRTH, cwnd, Some(w_max), mss);
        let size = f64::from(mss);
        let t = millis as f64 / 1000.0;
        let expected = w_cubic(t, w_max as f64 / size, cwnd as f64 / size) * size;
        let found = epoch.w_cubic(Duration::from_millis(millis), mss) as f64;
        // K is whole microseconds: that much of the slope, 3*C*(t-K)^2 segments a second, and
        // some bytes of rounding.
        let k = ((w_max - cwnd) as f64 / size / C).cbrt();
        let slope = 3.0 * C * (t - k).powi(2) * size;
        let tolerance = slope * 1e-6 + 2.0 + expected.abs() * 1e-12;
        prop_assert!((found - expected.max(0.0)).abs() <= tolerance, "{found} for {expected}");
    }
}
