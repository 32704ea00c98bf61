//! A minimum that forgets.

use super::*;

const MS: Duration = Duration::from_millis(1);

fn at(secs: u64) -> Instant {
    Instant::BIRTH + Duration::from_secs(secs)
}

// req: RFC8985-6.2-1
#[test]
fn a_longer_path_is_believed_within_minutes() {
    let mut least = MinRtt::default();
    assert_eq!(least.get(), None);
    least.sample(40 * MS, at(0));
    least.sample(10 * MS, at(1));
    least.sample(90 * MS, at(2));
    assert_eq!(least.get(), Some(10 * MS));
    for secs in (3..400).step_by(3) {
        least.sample(90 * MS, at(secs));
        // At least half of the window, and no longer than all of it.
        if secs <= 150 {
            assert_eq!(least.get(), Some(10 * MS), "after {secs} s");
        }
        if secs > 303 {
            assert_eq!(least.get(), Some(90 * MS), "after {secs} s");
        }
    }
    least.sample(5 * MS, at(400));
    assert_eq!(least.get(), Some(5 * MS));
}

#[test]
fn after_a_long_silence_only_the_latest_counts() {
    let mut least = MinRtt::default();
    least.sample(10 * MS, at(0));
    least.sample(90 * MS, at(301));
    assert_eq!(least.get(), Some(90 * MS));
}
