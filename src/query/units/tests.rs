//! What each unit comes to.

use super::{Measure, Unit};
use crate::query::number::Number;

fn scaled(number: &str, unit: &str) -> Option<String> {
    let number = Number::read(number).expect("a number");
    let unit = Unit::named(unit).expect("a unit");
    unit.scale(number).map(|number| number.to_string())
}

#[test]
fn times_are_milliseconds_and_sizes_bytes() {
    let cases = [
        ("1500", "us", "1.5"),
        ("100", "ms", "100"),
        ("0.25", "s", "250"),
        ("512", "B", "512"),
        ("64", "KiB", "65536"),
        ("1.5", "MiB", "1572864"),
        ("2", "mss", "2"),
    ];
    for (number, unit, wanted) in cases {
        assert_eq!(
            scaled(number, unit).as_deref(),
            Some(wanted),
            "{number}{unit}"
        );
    }
}

#[test]
fn a_time_is_whole_nanoseconds() {
    assert_eq!(scaled("0.001", "us").as_deref(), Some("0.000001"));
    assert_eq!(scaled("0.0005", "us"), None);
}

#[test]
fn what_grows_too_large_is_none() {
    assert_eq!(scaled("18446744073709551615", "KiB"), None);
    assert_eq!(scaled("18446744073709551615", "s"), None);
}

#[test]
fn only_a_time_and_a_size_do_not_meet() {
    use Measure::{Size, Time, Unknown};
    assert_eq!(Unknown.with(Time), Some(Time));
    assert_eq!(Size.with(Unknown), Some(Size));
    assert_eq!(Size.with(Size), Some(Size));
    assert_eq!(Time.with(Size), None);
}
