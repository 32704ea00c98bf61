//! Which timestamp is echoed, which is too old, and what an echo measures.

use std::time::Duration;

use crate::base::{Instant, SeqNum};
use crate::tcp::kit::at;
use crate::wire::options::TimestampOption;

use super::{Timestamps, clock, is_before};

const DAY: Duration = Duration::from_secs(24 * 3600);
/// Just below the seam.
const START: SeqNum = SeqNum(u32::MAX - 1);

/// From a SYN with this TSval, at birth; all before START is acknowledged.
fn started(value: u32) -> Timestamps {
    let syn = TimestampOption { value, echo: 0 };
    Timestamps::new(0, syn, Instant::BIRTH, START)
}

/// A receiver of segments of one byte, named as RFC 7323 section 4.3 names them.
struct Receiver {
    timestamps: Timestamps,
}

impl Receiver {
    /// After a SYN with TSval 0.
    fn new() -> Receiver {
        Receiver {
            timestamps: started(0),
        }
    }

    /// Segment A is the first, B the second.
    fn seq(name: char) -> SeqNum {
        START + (name as u32 - 'A' as u32)
    }

    /// A segment arrives; TS.Recent afterwards.
    fn arrives(&mut self, name: char, value: u32) -> u32 {
        let seq = Receiver::seq(name);
        self.timestamps.on_segment(value, seq, Instant::BIRTH);
        self.timestamps.recent()
    }

    /// ACK(name) leaves; the TSecr it has.
    fn acknowledges(&mut self, name: char) -> u32 {
        self.timestamps.on_sent(Receiver::seq(name) + 1);
        self.timestamps.option(Instant::BIRTH).echo
    }
}

// req: RFC7323-4.3-1, RFC7323-3.2-2
#[test]
fn with_delayed_acknowledgments_the_oldest_timestamp_is_echoed() {
    let mut rx = Receiver::new();
    assert_eq!(rx.arrives('A', 1), 1);
    assert_eq!(rx.arrives('B', 2), 1);
    assert_eq!(rx.arrives('C', 3), 1);
    assert_eq!(rx.acknowledges('C'), 1);
    assert_eq!(rx.arrives('D', 4), 4);
}

// req: RFC7323-4.3-1
#[test]
fn beyond_a_hole_the_last_in_order_is_echoed_and_what_fills_it_then() {
    let mut rx = Receiver::new();
    assert_eq!(rx.arrives('A', 1), 1);
    assert_eq!(rx.acknowledges('A'), 1);
    assert_eq!(rx.arrives('C', 3), 1);
    assert_eq!(rx.acknowledges('A'), 1);
    assert_eq!(rx.arrives('B', 2), 2);
    assert_eq!(rx.acknowledges('C'), 2);
    assert_eq!(rx.arrives('E', 5), 2);
    assert_eq!(rx.acknowledges('C'), 2);
    assert_eq!(rx.arrives('D', 4), 4);
    assert_eq!(rx.acknowledges('E'), 4);
}

// req: RFC7323-4.3-1
#[test]
fn an_older_timestamp_never_takes_the_place_of_a_newer_one() {
    let mut rx = Receiver::new();
    assert_eq!(rx.arrives('A', 7), 7);
    assert_eq!(rx.arrives('A', 6), 7);
    assert_eq!(rx.arrives('A', 7), 7);
}

#[test]
fn less_than_is_half_the_circle() {
    let half = 1 << 31;
    for origin in [0, 1, 77, half - 1, half, u32::MAX] {
        for ahead in [1, 2, 1_000_000, half - 1] {
            let later = origin.wrapping_add(ahead);
            assert!(is_before(origin, later), "{origin} {later}");
            assert!(!is_before(later, origin), "{later} {origin}");
        }
        assert!(!is_before(origin, origin));
    }
}

// req: RFC7323-5.3-1
#[test]
fn a_timestamp_before_the_recent_one_is_old_also_around_the_seam() {
    for recent in [500, 0, 5, u32::MAX, u32::MAX - 5] {
        let timestamps = started(recent);
        let now = at(1000);
        for behind in [1, 10, (1 << 31) - 1] {
            assert!(timestamps.is_old(recent.wrapping_sub(behind), now));
        }
        for ahead in [0, 1, 10, (1 << 31) - 1] {
            assert!(!timestamps.is_old(recent.wrapping_add(ahead), now));
        }
    }
}

// req: RFC7323-5.5-1
#[test]
fn after_24_days_without_a_segment_every_timestamp_is_taken() {
    let mut timestamps = started(1000);
    let old = 999;
    let early = Instant::BIRTH + (24 * DAY - Duration::from_nanos(1));
    assert!(timestamps.is_old(old, early));
    timestamps.on_segment(old, START, early);
    assert_eq!(timestamps.recent(), 1000);
    let late = Instant::BIRTH + 24 * DAY;
    assert!(!timestamps.is_old(old, late));
    timestamps.on_segment(old, START, late);
    assert_eq!(timestamps.recent(), old);
    // From there on it protects again.
    assert!(timestamps.is_old(old - 1, late));
}

// req: RFC7323-5.5-1
#[test]
fn a_segment_with_the_same_timestamp_keeps_it_valid() {
    let mut timestamps = started(1000);
    timestamps.on_segment(1000, START, Instant::BIRTH + 20 * DAY);
    assert!(timestamps.is_old(999, Instant::BIRTH + 40 * DAY));
    assert!(!timestamps.is_old(999, Instant::BIRTH + 44 * DAY));
}

// req: RFC7323-5.4-1, RFC7323-4.1-2
#[test]
fn our_clock_ticks_once_a_millisecond() {
    assert_eq!(clock(Instant::BIRTH), 0);
    assert_eq!(clock(at(1)), 1);
    assert_eq!(clock(at(86_400_000)), 86_400_000);
    // It wraps after 49.7 days, which is longer than any segment lives.
    let wrap = at(1 << 32);
    assert_eq!(clock(wrap), 0);
    assert_eq!(clock(wrap + Duration::from_millis(5)), 5);
}

// req: RFC7323-7-1
#[test]
fn the_offset_hides_what_the_clock_shows() {
    let syn = TimestampOption { value: 9, echo: 0 };
    let timestamps = Timestamps::new(u32::MAX - 1, syn, Instant::BIRTH, START);
    let option = timestamps.option(at(5));
    assert_eq!(option, TimestampOption { value: 3, echo: 9 });
    assert_eq!(timestamps.offset(), u32::MAX - 1);
    // What comes back measures the same.
    assert_eq!(timestamps.rtt(3, at(25)), Some(Duration::from_millis(20)));
}

#[test]
fn an_echo_measures_how_long_ago_its_segment_left() {
    let timestamps = started(0);
    let ms = Duration::from_millis;
    assert_eq!(timestamps.rtt(100, at(100)), Some(ms(0)));
    assert_eq!(timestamps.rtt(100, at(350)), Some(ms(250)));
    assert_eq!(timestamps.rtt(100, at(600_099)), Some(ms(599_999)));
}

#[test]
fn an_echo_that_cannot_be_ours_measures_nothing() {
    let timestamps = started(0);
    // Of the future, of ten minutes ago, and zero, which some send when they have none to echo.
    assert_eq!(timestamps.rtt(101, at(100)), None);
    assert_eq!(timestamps.rtt(100, at(600_100)), None);
    assert_eq!(timestamps.rtt(0, at(100)), None);
}
