//! A buffer that grows with what its reader takes in a round trip.

use std::time::Duration;

use proptest::prelude::*;

use crate::base::Instant;

use super::RightSize;

const KIB: u32 = 1024;
const MAX: u32 = 4 * 1024 * KIB;

fn at(millis: u64) -> Instant {
    Instant::BIRTH + ms(millis)
}

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// A path on which text comes and is read in rounds of 50 ms.
struct Path {
    buffer: RightSize,
    round: u64,
    read: u64,
}

impl Path {
    fn new(buffer: RightSize) -> Path {
        let mut path = Path {
            buffer,
            round: 0,
            read: 0,
        };
        path.buffer.on_text(at(0), Some(ms(50)));
        path
    }

    fn round(&mut self, bytes: u32) -> u32 {
        self.round += 1;
        self.read += u64::from(bytes);
        let now = at(50 * self.round);
        self.buffer.on_text(now, Some(ms(50)));
        self.buffer.on_read(now, self.read, None);
        self.buffer.size()
    }
}

#[test]
fn a_steady_sender_gets_twice_what_it_sends_in_a_round_trip() {
    let mut path = Path::new(RightSize::new(64 * KIB, MAX));
    // Its first round is growth from nothing: twice that, and twice again.
    assert_eq!(path.round(100 * KIB), 400 * KIB);
    for _ in 0..20 {
        assert_eq!(path.round(100 * KIB), 400 * KIB);
    }
    assert_eq!(path.round(200 * KIB), 600 * KIB);
}

#[test]
fn a_sender_in_slow_start_never_meets_the_window() {
    let mut path = Path::new(RightSize::new(64 * KIB, MAX));
    let mut sent = 14 * KIB;
    while sent < MAX / 2 {
        // What it may send in the next round must fit by then.
        let size = path.round(sent);
        sent *= 2;
        assert!(size >= sent.min(MAX), "{size} for {sent}");
    }
}

#[test]
fn it_stays_where_the_cap_is_and_never_shrinks() {
    let mut path = Path::new(RightSize::new(64 * KIB, 256 * KIB));
    assert_eq!(path.round(10 * MAX), 256 * KIB);
    assert_eq!(path.round(0), 256 * KIB);
    assert_eq!(path.round(KIB), 256 * KIB);
    // Where the cap is no more than the beginning, nothing moves.
    let mut path = Path::new(RightSize::new(64 * KIB, 0));
    assert_eq!(path.round(10 * MAX), 64 * KIB);
    assert_eq!(path.buffer.max(), 64 * KIB);
}

#[test]
fn a_reader_who_takes_nothing_gets_no_more_room() {
    let mut path = Path::new(RightSize::new(64 * KIB, MAX));
    for _ in 0..100 {
        assert_eq!(path.round(0), 64 * KIB);
    }
}

#[test]
fn what_is_read_within_a_round_trip_is_counted_together() {
    let mut buffer = RightSize::new(KIB, MAX);
    buffer.on_text(at(0), Some(ms(50)));
    for millis in 1..50 {
        buffer.on_read(at(millis), millis * 100, None);
        assert_eq!(buffer.size(), KIB);
    }
    buffer.on_read(at(50), 5_000, None);
    assert_eq!(buffer.size(), 4 * 5_000);
}

#[test]
fn text_that_the_sender_held_back_does_not_lengthen_the_round_trip() {
    let mut buffer = RightSize::new(KIB, MAX);
    // Its echo is a second old, that of the segment after it is not.
    buffer.on_text(at(0), Some(ms(1000)));
    buffer.on_text(at(0), Some(ms(50)));
    buffer.on_read(at(50), 5_000, None);
    assert_eq!(buffer.size(), 4 * 5_000);
}

#[test]
fn a_peer_that_echoes_nothing_is_measured_by_what_we_send() {
    let mut buffer = RightSize::new(KIB, MAX);
    buffer.on_text(at(0), None);
    // Nothing is known: nothing happens.
    buffer.on_read(at(1_000), 5_000, None);
    assert_eq!(buffer.size(), KIB);
    buffer.on_read(at(1_000), 5_000, Some(ms(50)));
    assert_eq!(buffer.size(), 4 * 5_000);
}

proptest! {
    #[test]
    fn it_only_grows_and_never_beyond_the_cap(
        reads in prop::collection::vec((0u64..200, 0u64..1 << 33, prop::option::of(0u64..500)), 50),
    ) {
        let mut buffer = RightSize::new(64 * KIB, MAX);
        let (mut now, mut read) = (Instant::BIRTH, 0);
        for (millis, bytes, echo) in reads {
            now += ms(millis);
            read += bytes;
            let before = buffer.size();
            buffer.on_text(now, echo.map(ms));
            buffer.on_read(now, read, Some(ms(10)));
            prop_assert!(before <= buffer.size());
            prop_assert!(buffer.size() <= MAX);
        }
    }
}
