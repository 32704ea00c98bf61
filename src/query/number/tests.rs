//! Numbers against arithmetic on whole millionths, and at their bounds.

use std::time::Duration;

use proptest::prelude::*;

use super::Number;

fn number(text: &str) -> Number {
    match text.strip_prefix('-') {
        Some(digits) => Number::default().minus(read(digits)).expect("in bounds"),
        None => read(text),
    }
}

fn read(text: &str) -> Number {
    Number::read(text).unwrap_or_else(|what| panic!("{text}: {what}"))
}

#[test]
fn a_time_is_a_number_of_milliseconds() {
    assert_eq!(
        Number::of_time(Duration::from_nanos(839_412_001)),
        number("839.412001")
    );
    assert_eq!(number("0.000001").to_time(), Some(Duration::from_nanos(1)));
    assert_eq!(number("-1").to_time(), None);
    assert_eq!(Number::of_time(Duration::MAX), Number::MAX);
}

#[test]
fn they_are_written_without_zeros_that_say_nothing() {
    for text in [
        "0",
        "7",
        "-7",
        "0.5",
        "-0.000001",
        "1000000",
        "839.412",
        "18446744073709551615",
    ] {
        assert_eq!(number(text).to_string(), text);
    }
    assert_eq!(number("007.500").to_string(), "7.5");
}

#[test]
fn what_cannot_be_met_exactly_is_not_read() {
    assert_eq!(
        Number::read("0.0000001"),
        Err("a number has at most six digits behind the point")
    );
    assert_eq!(
        Number::read("18446744073709551616"),
        Err("this number is too large")
    );
    assert_eq!(
        Number::read(&"9".repeat(4000)),
        Err("this number is too large")
    );
}

#[test]
fn halves_are_rounded_away_from_zero() {
    let third = |of: &str| number(of).over(number("3")).expect("in bounds").to_string();
    assert_eq!(third("1"), "0.333333");
    assert_eq!(third("2"), "0.666667");
    assert_eq!(third("-2"), "-0.666667");
    let half = number("0.000001").over(number("2"));
    assert_eq!(half, Some(number("0.000001")));
    let half = number("-0.000001").times(number("0.5"));
    assert_eq!(half, Some(number("-0.000001")));
    let less = number("0.000001").times(number("0.499999"));
    assert_eq!(less, Some(number("0")));
    // A divisor below zero.
    assert_eq!(number("2").over(number("-3")), Some(number("-0.666667")));
}

#[test]
fn nothing_leaves_the_bounds() {
    let (max, one) = (Number::MAX, number("1"));
    assert_eq!(max.plus(one), None);
    assert_eq!(
        Number::default().minus(max).and_then(|low| low.minus(one)),
        None
    );
    assert_eq!(max.times(number("2")), None);
    assert_eq!(max.times(max), None);
    assert_eq!(max.over(number("0.5")), None);
    assert_eq!(max.over(number("0")), None);
    assert_eq!(max.over(max), Some(one));
    assert_eq!(Number::whole(i128::MAX), None);
    assert_eq!(Number::whole(i128::MIN), None);
    assert_eq!(Number::millionths(i128::MIN + 1), None);
}

#[test]
fn floats_come_to_the_nearest_number_or_to_none() {
    assert_eq!(Number::nearest(839.412), Some(number("839.412")));
    assert_eq!(Number::nearest(0.1 + 0.2), Some(number("0.3")));
    assert_eq!(Number::nearest(-81.2), Some(number("-81.2")));
    for none in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300, 2e19] {
        assert_eq!(Number::nearest(none), None);
    }
}

#[test]
fn only_whole_numbers_count() {
    assert_eq!(number("3").to_u64(), Some(3));
    assert_eq!(number("3.5").to_u64(), None);
    assert_eq!(number("-3").to_u64(), None);
    assert_eq!(Number::MAX.to_u64(), Some(u64::MAX));
}

proptest! {
    #[test]
    fn what_is_written_is_read_as_the_same(millionths in -(1i128 << 80)..(1i128 << 80)) {
        let written = Number::millionths(millionths).expect("in bounds");
        prop_assert_eq!(number(&written.to_string()), written);
    }

    #[test]
    fn a_time_in_decimals_comes_through_a_float_unharmed(nanos in 0u64..1 << 51) {
        let text = format!("{}.{:06}", nanos / 1_000_000, nanos % 1_000_000);
        let float: f64 = text.parse().expect("a float");
        let time = Number::nearest(float).and_then(Number::to_time);
        prop_assert_eq!(time, Some(Duration::from_nanos(nanos)));
    }

    #[test]
    fn a_product_divided_is_what_it_was(one in -1_000_000i64..1_000_000, by in 1i64..1_000_000) {
        let (one, by) = (Number::whole(one).expect("small"), Number::whole(by).expect("small"));
        let product = one.times(by).expect("small");
        prop_assert_eq!(product.over(by), Some(one));
        let quotient = one.over(by).expect("small");
        let exact = one.exactly_over(by.to_u64().expect("whole").into());
        prop_assert!(exact.is_none_or(|exact| exact == quotient));
    }
}
