//! What each unit refuses to be, and how a window becomes a field and back.

use std::time::Duration;

use super::{Mss, Rate, WindowScale};

#[test]
fn a_segment_size_below_the_floor_is_raised_to_it() {
    assert_eq!(Mss::new(0), Mss::FLOOR);
    assert_eq!(Mss::new(47), Mss::FLOOR);
    assert_eq!(Mss::new(48).get(), 48);
    assert_eq!(Mss::new(49).get(), 49);
    assert_eq!(Mss::new(u16::MAX).get(), u16::MAX);
    assert_eq!(Mss::new(1460).bytes(), 1460);
    assert_eq!(Mss::new(1460).to_string(), "1460");
}

#[test]
fn the_assumed_segment_sizes_are_those_of_rfc_9293() {
    assert_eq!(Mss::DEFAULT_V4.get(), 536);
    assert_eq!(Mss::DEFAULT_V6.get(), 1220);
}

#[test]
fn a_shift_above_14_is_used_as_14() {
    for shift in 0..=14 {
        assert_eq!(WindowScale::new(shift).shift(), shift);
    }
    for shift in 15..=u8::MAX {
        assert_eq!(WindowScale::new(shift), WindowScale::MAX);
    }
}

#[test]
fn no_scale_is_a_shift_of_zero() {
    assert_eq!(WindowScale::default().shift(), 0);
    assert_eq!(WindowScale::default().scale(u16::MAX), 65_535);
}

#[test]
fn the_scale_for_a_window_is_the_smallest_that_fits_it() {
    // One field's worth, and the same doubled fourteen times: the largest window there is.
    let fits = |shift: u8| 65_535_u32 << shift;
    assert_eq!(WindowScale::for_window(0).shift(), 0);
    for shift in 0..14 {
        let (highest, above) = (fits(shift), fits(shift) + (1 << shift));
        assert_eq!(WindowScale::for_window(highest).shift(), shift);
        assert_eq!(WindowScale::for_window(above).shift(), shift + 1);
    }
    assert_eq!(WindowScale::for_window(fits(14)), WindowScale::MAX);
    assert_eq!(WindowScale::for_window(u32::MAX), WindowScale::MAX);
}

#[test]
fn a_field_never_shows_more_than_the_window() {
    for window in [0, 1, 127, 128, 65_535, 65_536, 1 << 20, (1 << 30) - 1] {
        let scale = WindowScale::for_window(window);
        let shown = scale.scale(scale.field(window));
        assert!(shown <= window);
        assert!(window - shown < 1 << scale.shift(), "{window}: {shown}");
    }
}

#[test]
fn a_window_too_large_for_the_field_shows_as_the_largest_field() {
    assert_eq!(WindowScale::default().field(65_536), u16::MAX);
    assert_eq!(WindowScale::MAX.field(u32::MAX), u16::MAX);
    assert_eq!(WindowScale::MAX.scale(u16::MAX), 65_535 << 14);
}

#[test]
fn a_rate_is_bits_over_seconds_both_ways() {
    // 12,500 bytes in a millisecond are 100 Mbit/s.
    let rate = Rate::of(12_500, Duration::from_millis(1));
    assert_eq!(rate, Rate(100_000_000));
    assert_eq!(rate.bytes_in(Duration::from_secs(1)), 12_500_000);
    assert_eq!(rate.time_for(1_500), Duration::from_micros(120));
    // Down to whole bytes, bits and nanoseconds.
    assert_eq!(Rate(7).bytes_in(Duration::from_secs(1)), 0);
    assert_eq!(Rate(8).bytes_in(Duration::from_millis(1_999)), 1);
    assert_eq!(Rate::of(1, Duration::from_secs(3)), Rate(2));
}

#[test]
fn rates_at_the_ends_of_the_scale_overflow_nothing() {
    assert_eq!(Rate::of(1, Duration::ZERO), Rate(u64::MAX));
    assert_eq!(Rate::of(u64::MAX, Duration::from_nanos(1)), Rate(u64::MAX));
    assert_eq!(Rate(0).time_for(1), Duration::MAX);
    assert_eq!(Rate(1).time_for(u64::MAX), Duration::MAX);
    assert_eq!(Rate(u64::MAX).bytes_in(Duration::MAX), u64::MAX);
    assert_eq!(Rate(0).bytes_in(Duration::MAX), 0);
}
