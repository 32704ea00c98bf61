use super::*;

fn waits(millis: &[u64]) -> Waits {
    let all: Vec<Duration> = millis.iter().copied().map(Duration::from_millis).collect();
    Waits::of(&all)
}

#[test]
fn of_a_hundred_the_nearest_rank_counts() {
    let hundred: Vec<u64> = (1..=100).collect();
    let of = |millis: &[u64], percent| waits(millis).percentile(percent);
    assert_eq!(of(&hundred, 95), Some(Duration::from_millis(95)));
    assert_eq!(of(&[9, 1, 2], 95), Some(Duration::from_millis(9)));
    assert_eq!(of(&[4], 1), Some(Duration::from_millis(4)));
    assert_eq!(of(&[], 95), None);
}

#[test]
fn what_is_added_is_as_if_it_had_been_there() {
    let mut some = waits(&[1, 5, 5]);
    some.add(&waits(&[700, 2]));
    assert_eq!(some, waits(&[1, 2, 5, 5, 700]));
    assert_eq!((some.count(), some.max()), (5, Duration::from_millis(700)));
    assert_eq!(some.mean(), Some(Duration::from_micros(142_600)));
    assert_eq!(waits(&[]).mean(), None);
}

#[test]
fn waits_are_kept_to_three_digits() {
    let cases = [0, 7, 99, 999, 1_234, 98_765, u64::MAX].map(to_three_digits);
    assert_eq!(
        cases,
        [0, 7, 99, 999, 1_230, 98_700, 18_400_000_000_000_000_000]
    );
}
