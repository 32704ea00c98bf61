//! One challenge in half a second and a little, and the little is nobody's guess.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::base::Instant;
use crate::tcp::kit::at;

use super::{Challenge, INTERVAL, JITTER};

/// How long after one challenge at birth the next may go.
fn pause(challenge: &mut Challenge) -> Duration {
    assert!(challenge.may_send(Instant::BIRTH));
    let tick = Duration::from_micros(250);
    let mut now = Instant::BIRTH;
    while !challenge.may_send(now) {
        now += tick;
    }
    now.since(Instant::BIRTH)
}

// req: RFC5961-7-1
#[test]
fn the_next_one_must_wait_for_half_a_second_and_a_jitter() {
    for seed in [0, 1, 77, u32::MAX] {
        let pause = pause(&mut Challenge::new(seed));
        assert!(pause >= INTERVAL, "{pause:?}");
        assert!(pause < INTERVAL + JITTER, "{pause:?}");
    }
}

// req: RFC5961-7-1
#[test]
fn a_flood_draws_few_however_dense_it_is() {
    let mut challenge = Challenge::new(5);
    let sent = (0..10_000).filter(|ms| challenge.may_send(at(*ms))).count();
    // Ten seconds at 500 to 564 ms each, and the first at once.
    assert!((18..=20).contains(&sent), "{sent}");
}

#[test]
fn after_a_long_time_there_is_one_and_no_savings() {
    let mut challenge = Challenge::new(5);
    assert!(challenge.may_send(at(0)));
    assert!(challenge.may_send(at(3_600_000)));
    assert!(!challenge.may_send(at(3_600_000)));
}

#[test]
fn jitters_differ_by_connection_and_from_one_to_the_next() {
    let by_seed: BTreeSet<Duration> = (0..16)
        .map(|seed| pause(&mut Challenge::new(seed << 24)))
        .collect();
    assert!(by_seed.len() > 8, "{by_seed:?}");
    let mut challenge = Challenge::new(1);
    let mut last = Instant::BIRTH;
    let mut pauses = BTreeSet::new();
    for quarters in 0..40_000 {
        let now = Instant::BIRTH + Duration::from_micros(250) * quarters;
        if challenge.may_send(now) {
            pauses.insert(now.since(last));
            last = now;
        }
    }
    assert!(pauses.len() > 8, "{pauses:?}");
}
