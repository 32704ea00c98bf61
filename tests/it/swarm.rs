//! A fixed number of seeds of the simulator's swarm, and every seed that ever failed.

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use pellucid::sim::swarm::{Totals, draw, leave_evidence, run};

use crate::times;

/// How many seeds, from 0 on, are run each time.
const SEEDS: usize = 2_000;

/// Seeds beyond those that once failed, each with what it showed.
const FAILED_ONCE: &[(u64, &str)] = &[
    (
        3_893,
        "F-RTO waited for a duplicate, and the peer had text for each of them",
    ),
    (6_693, "a window was paced by a round trip of an hour ago"),
    (10_316, "a window was paced by a round trip of an hour ago"),
    (
        24_464,
        "the time for a timeout passed behind the reordering timer",
    ),
    (
        25_269,
        "the reordering timer waited for as long as the last round trip",
    ),
    (
        32_950,
        "BBR paced by what a connection cut for hours had delivered",
    ),
    (38_992, "BBR paced by far less than a segment a round trip"),
    (
        1_014_770,
        "a small window was let go before its turn, and no timer told of the turn",
    ),
    (1_044_390, "BBR knew no rate, and paced by it for ever"),
    (
        1_049_832,
        "a small window was let go before its turn, and no timer told of the turn",
    ),
    (
        2_035_442,
        "a window of one segment became less than one when segments grew",
    ),
    (
        2_095_240,
        "a segment was paced by the few bytes that a reduction let go with it",
    ),
    (5_010_478, "a window was paced by a round trip of a day ago"),
    (
        5_067_958,
        "a reset behind a full window was taken for one outside of it",
    ),
    (
        7_099_288,
        "a keep-alive paid an acknowledgment that its peer could not take",
    ),
];

/// What a failure leaves behind.
const FOLDER: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/swarm");

#[test]
fn drawn_worlds_hold_what_must_always_hold_and_come_to_their_end() {
    let once = FAILED_ONCE.iter().map(|(seed, _)| *seed);
    let seeds: Vec<u64> = (0..times(SEEDS) as u64).chain(once).collect();
    let (totals, failures) = fly(&seeds);
    println!("{totals}");
    assert!(failures.is_empty(), "\n  {}\n", failures.join("\n  "));
}

/// Runs worlds on all processors; what they came to, and a line for each that failed.
fn fly(seeds: &[u64]) -> (Totals, Vec<String>) {
    let next = AtomicUsize::new(0);
    let results = Mutex::new((Totals::default(), Vec::new()));
    let threads = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let mut mine = Totals::default();
                let mut failures = Vec::new();
                while let Some(&seed) = seeds.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let plan = draw(seed);
                    let ran = run(&plan, |_, _| {});
                    mine.add(seed, &ran);
                    if let Err(failure) = ran {
                        failures.push((plan, failure));
                    }
                }
                let mut results = results.lock().unwrap();
                results.0.join(&mine);
                results.1.extend(failures);
            });
        }
    });
    let (totals, mut failures) = results.into_inner().unwrap();
    failures.sort_by_key(|(plan, _)| plan.seed);
    // The first ones say enough; each takes some hundred runs to make small.
    let told = failures.into_iter().take(3).map(|(plan, failure)| {
        let folder = Path::new(FOLDER).join(format!("seed-{}", plan.seed));
        let first = format!("seed {}: {}", plan.seed, failure.headline());
        match leave_evidence(&plan, failure, &folder) {
            Ok((_, smallest)) => format!(
                "{first}\n    smallest: {}\n    left in {}",
                smallest.headline(),
                folder.display()
            ),
            Err(error) => format!("{first}\n    cannot write {}: {error}", folder.display()),
        }
    });
    (totals, told.collect())
}

#[test]
fn the_same_seed_is_the_same_world() {
    for seed in 0..20 {
        let runs = [0, 1].map(|_| run(&draw(seed), |_, _| {}).unwrap());
        assert_eq!(runs[0], runs[1], "seed {seed}");
    }
}
