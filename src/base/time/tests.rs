//! An instant is a number of nanoseconds that ends where `u64` does.

use std::time::Duration;

use super::{Instant, Span};

const LAST: Instant = Instant::from_nanos(u64::MAX);

#[test]
fn an_instant_is_the_number_it_was_made_from() {
    for nanos in [0, 1, 65_536, 1_000_000_000, u64::MAX - 1] {
        assert_eq!(Instant::from_nanos(nanos).as_nanos(), nanos);
    }
    assert_eq!(Instant::BIRTH, Instant::from_nanos(0));
    assert_eq!(Instant::BIRTH.as_nanos(), 0);
}

#[test]
fn whole_milliseconds_are_rounded_down() {
    assert_eq!(Instant::from_nanos(999_999).as_millis(), 0);
    assert_eq!(Instant::from_nanos(1_000_000).as_millis(), 1);
    assert_eq!(
        Instant::from_nanos(u64::MAX).as_millis(),
        18_446_744_073_709
    );
}

#[test]
fn instants_are_ordered_as_their_numbers() {
    let numbers = [0, 1, 2, 1 << 32, u64::MAX - 2, u64::MAX - 1];
    assert!(numbers.map(Instant::from_nanos).is_sorted());
}

#[test]
fn no_instant_needs_no_room_of_its_own() {
    assert_eq!(size_of::<Option<Instant>>(), 8);
}

#[test]
fn a_duration_later_is_that_much_later() {
    let mut at = Instant::from_nanos(5) + Duration::from_micros(2);
    assert_eq!(at.as_nanos(), 2_005);
    at += Duration::from_nanos(1);
    assert_eq!(at.as_nanos(), 2_006);
    assert_eq!(at.since(Instant::from_nanos(6)), Duration::from_micros(2));
}

#[test]
fn nothing_is_later_than_the_last_instant() {
    assert_eq!(LAST + Duration::from_nanos(1), LAST);
    assert_eq!(Instant::from_nanos(7) + Duration::MAX, LAST);
    assert_eq!(
        Instant::from_nanos(7) + Duration::from_nanos(u64::MAX),
        LAST
    );
}

#[test]
fn the_time_since_something_later_is_zero() {
    assert_eq!(Instant::BIRTH.since(LAST), Duration::ZERO);
    assert_eq!(LAST.since(LAST), Duration::ZERO);
}

#[test]
fn it_prints_seconds_with_nine_digits_behind_the_point() {
    assert_eq!(Instant::from_nanos(839_412_000).to_string(), "0.839412000");
    assert_eq!(
        Instant::from_nanos(12_000_000_007).to_string(),
        "12.000000007"
    );
    assert_eq!(format!("{:?}", Instant::BIRTH), "0.000000000");
}

#[test]
fn a_span_is_a_duration_of_up_to_584_years_in_eight_bytes() {
    for nanos in [0, 1, 839_412_000, u64::MAX - 1] {
        let time = Duration::from_nanos(nanos);
        assert_eq!(Span::from_nanos(nanos).as_nanos(), nanos);
        assert_eq!(Duration::from(Span::from(time)), time);
    }
    let longest = Span::from_nanos(u64::MAX);
    assert_eq!(longest.as_nanos(), u64::MAX - 1);
    assert_eq!(Span::from(Duration::MAX), longest);
    assert!(Span::ZERO < longest);
    assert_eq!(size_of::<Option<Span>>(), 8);
    assert_eq!(format!("{:?}", Span::from_nanos(1_500_000)), "1.5ms");
}
