//! RFC 6298's arithmetic, by its own numbers and against a plain one with fractions.

use std::time::Duration;

use proptest::prelude::*;

use super::Rtt;
use crate::tcp::Config;

const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

/// With no floor to speak of, so that the formula shows.
fn bare() -> Rtt {
    Rtt::new(Duration::ZERO, 1000 * SECOND)
}

fn sampled(samples: &[Duration]) -> Rtt {
    let mut rtt = bare();
    for sample in samples {
        rtt.sample(*sample);
    }
    rtt
}

// req: RFC6298-2-1, RFC8961-4-1
#[test]
fn before_any_measurement_the_timeout_is_a_second() {
    let config = Config::default();
    let rtt = Rtt::new(config.rto_min, config.rto_max);
    assert_eq!(rtt.rto(), SECOND);
    assert_eq!((rtt.srtt(), rtt.rttvar()), (None, None));
}

// req: RFC6298-2-2
#[test]
fn the_first_measurement_is_srtt_and_half_of_it_is_rttvar() {
    let rtt = sampled(&[100 * MS]);
    assert_eq!(rtt.srtt(), Some(100 * MS));
    assert_eq!(rtt.rttvar(), Some(50 * MS));
    assert_eq!(rtt.rto(), 300 * MS);
}

// req: RFC6298-2-3, RFC6298-2-4
#[test]
fn the_variance_is_taken_against_the_old_srtt() {
    // RTTVAR = 3/4 * 50 + 1/4 * |100 - 200| = 62.5; SRTT = 7/8 * 100 + 1/8 * 200 = 112.5.
    let rtt = sampled(&[100 * MS, 200 * MS]);
    assert_eq!(rtt.rttvar(), Some(Duration::from_micros(62_500)));
    assert_eq!(rtt.srtt(), Some(Duration::from_micros(112_500)));
    assert_eq!(rtt.rto(), Duration::from_micros(112_500 + 4 * 62_500));
}

// req: RFC6298-2-3, RFC6298-2-4
#[test]
fn a_shorter_round_trip_varies_as_much_as_a_longer_one() {
    // RTTVAR = 3/4 * 50 + 1/4 * |100 - 20| = 57.5; SRTT = 7/8 * 100 + 1/8 * 20 = 90.
    let rtt = sampled(&[100 * MS, 20 * MS]);
    assert_eq!(rtt.rttvar(), Some(Duration::from_micros(57_500)));
    assert_eq!(rtt.srtt(), Some(90 * MS));
}

// req: RFC6298-4-1
#[test]
fn a_variance_of_nothing_counts_as_one_tick_of_the_clock() {
    let rtt = sampled(&[100 * MS; 200]);
    assert_eq!(rtt.srtt(), Some(100 * MS));
    assert!(rtt.rttvar() < Some(Duration::from_micros(1)));
    assert_eq!(rtt.rto(), 100 * MS + Duration::from_nanos(65_536));
}

#[test]
fn a_timeout_below_the_least_is_raised_to_it() {
    let mut rtt = Rtt::new(SECOND, 60 * SECOND);
    rtt.sample(10 * MS);
    assert_eq!(rtt.rto(), SECOND);
    rtt.sample(2 * SECOND);
    assert!(rtt.rto() > SECOND);
}

// req: RFC6298-2-6
#[test]
fn the_greatest_timeout_is_at_least_a_minute_and_is_kept() {
    let Config {
        rto_min, rto_max, ..
    } = Config::default();
    assert!(rto_max >= 60 * SECOND);
    let mut rtt = Rtt::new(rto_min, rto_max);
    rtt.sample(50 * SECOND);
    assert_eq!(rtt.rto(), rto_max);
}

// req: MUST-19, RFC6298-5-6, RFC8961-4-5
#[test]
fn each_timeout_doubles_it_up_to_the_greatest() {
    let mut rtt = Rtt::new(200 * MS, 60 * SECOND);
    let mut seen = Vec::new();
    for _ in 0..8 {
        seen.push(rtt.rto().as_secs());
        rtt.on_timeout();
    }
    assert_eq!(seen, [1, 2, 4, 8, 16, 32, 60, 60]);
    // It doubles what it was, not the initial second.
    let mut rtt = Rtt::new(200 * MS, 60 * SECOND);
    rtt.sample(100 * MS);
    rtt.on_timeout();
    assert_eq!(rtt.rto(), 600 * MS);
    rtt.on_timeout();
    assert_eq!(rtt.rto(), 1200 * MS);
}

#[test]
fn no_number_of_timeouts_is_too_many() {
    let mut rtt = Rtt::new(200 * MS, 120 * SECOND);
    for _ in 0..10_000 {
        rtt.on_timeout();
    }
    assert_eq!(rtt.rto(), 120 * SECOND);
}

// req: RFC8961-4-5
#[test]
fn only_a_new_measurement_takes_the_doubling_back() {
    let mut rtt = Rtt::new(200 * MS, 60 * SECOND);
    rtt.sample(100 * MS);
    for _ in 0..5 {
        rtt.on_timeout();
    }
    assert_eq!(rtt.rto(), 9600 * MS);
    rtt.sample(100 * MS);
    // RTTVAR = 3/4 * 50 = 37.5.
    assert_eq!(rtt.rto(), 250 * MS);
}

// req: RFC6298-5-7
#[test]
fn after_a_lost_syn_data_begins_with_three_seconds() {
    let mut rtt = Rtt::new(200 * MS, 120 * SECOND);
    rtt.on_timeout();
    rtt.on_timeout();
    rtt.on_syn_resent();
    assert_eq!(rtt.rto(), 3 * SECOND);
    rtt.on_timeout();
    assert_eq!(rtt.rto(), 6 * SECOND);
    rtt.sample(100 * MS);
    assert_eq!(rtt.rto(), 300 * MS);
}

#[test]
fn a_round_trip_measured_in_the_handshake_is_better_than_three_seconds() {
    let mut rtt = Rtt::new(200 * MS, 120 * SECOND);
    rtt.sample(100 * MS);
    rtt.on_syn_resent();
    assert_eq!(rtt.rto(), 300 * MS);
}

/// How long a segment goes on being sent with these retransmissions, each after its timeout.
fn patience(mut rtt: Rtt, retransmissions: u32) -> Duration {
    let mut total = Duration::ZERO;
    for _ in 0..=retransmissions {
        total += rtt.rto();
        rtt.on_timeout();
    }
    total
}

// req: MUST-23, SHLD-10, SHLD-11
#[test]
fn the_defaults_are_as_patient_as_rfc_9293_asks() {
    let config = Config::default();
    let fresh = Rtt::new(config.rto_min, config.rto_max);
    assert!(patience(fresh, config.r2_syn) >= 180 * SECOND);
    let mut fast = fresh;
    fast.sample(Duration::ZERO);
    assert!(patience(fast, config.r2) >= 100 * SECOND);
    assert!(config.r1 >= 3 && config.r1 < config.r2);
}

#[test]
fn a_path_that_was_cut_for_long_is_paced_by_what_it_is_now() {
    let ms = Duration::from_millis;
    let mut rtt = Rtt::new(ms(200), 120 * SECOND);
    assert_eq!(rtt.current(), None);
    rtt.sample(ms(40));
    rtt.sample(ms(48));
    assert_eq!(rtt.current(), rtt.srtt());
    rtt.sample(3_600 * SECOND);
    assert_eq!(rtt.current(), Some(120 * SECOND));
    rtt.sample(ms(40));
    assert!(rtt.srtt() > Some(300 * SECOND));
    assert_eq!(rtt.current(), Some(ms(40)));
}

proptest! {
    // req: RFC6298-2-2, RFC6298-2-3, RFC6298-2-4
    #[test]
    fn the_estimate_is_the_formula(
        samples in prop::collection::vec(0u64..10_000_000_000, 1..50),
    ) {
        let mut rtt = bare();
        let (mut srtt, mut rttvar) = (0.0, 0.0);
        for (nth, nanos) in samples.iter().enumerate() {
            rtt.sample(Duration::from_nanos(*nanos));
            let r = *nanos as f64;
            if nth == 0 {
                (srtt, rttvar) = (r, r / 2.0);
            } else {
                rttvar = 0.75 * rttvar + 0.25 * f64::abs(srtt - r);
                srtt = 0.875 * srtt + 0.125 * r;
            }
        }
        let rto = srtt + f64::max(65_536.0, 4.0 * rttvar);
        // Each sample rounds to a nanosecond a few times; K makes four of one.
        let close = |ours: Duration, exact: f64| f64::abs(ours.as_nanos() as f64 - exact) < 100.0;
        prop_assert!(close(rtt.srtt().unwrap_or_default(), srtt));
        prop_assert!(close(rtt.rttvar().unwrap_or_default(), rttvar));
        prop_assert!(close(rtt.rto(), rto));
    }
}
