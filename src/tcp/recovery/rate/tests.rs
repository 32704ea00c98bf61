//! Delivery rates, by the draft's arithmetic done by hand.

use super::*;
use crate::base::SeqNum;
use crate::tcp::recovery::scoreboard::{Arrived, Scoreboard};

const ISS: SeqNum = SeqNum(u32::MAX - 1500);

fn at(ms: u64) -> Instant {
    Instant::BIRTH + Duration::from_millis(ms)
}

/// A sender's scoreboard and its rate.
struct Path {
    board: Scoreboard,
    delivery: Delivery,
    una: SeqNum,
}

impl Path {
    fn new() -> Path {
        Path {
            board: Scoreboard::new(ISS),
            delivery: Delivery::new(),
            una: ISS,
        }
    }

    fn send(&mut self, ms: u64) {
        let in_flight = self.board.in_flight();
        let stamp = self.delivery.on_sent(at(ms), 1000, in_flight);
        self.board.on_sent(1000, 1000, at(ms), stamp);
    }

    fn acknowledge(&mut self, segments: u32, ms: u64) -> Option<RateSample> {
        self.una += segments * 1000;
        let (delivery, mut newest) = (&mut self.delivery, None);
        self.board.acknowledge(self.una, &mut |piece: Arrived| {
            delivery.on_arrived(&mut newest, at(ms), &piece.sent, piece.range.len);
        });
        self.delivery.take_sample(newest, at(ms), None)
    }
}

#[test]
fn a_sample_is_what_was_delivered_since_the_segment_left() {
    let mut path = Path::new();
    for ms in [0, 10, 20, 30] {
        path.send(ms);
    }
    // Sent at 0 with nothing delivered; 1000 bytes in one round trip of 100 ms.
    let sample = path.acknowledge(1, 100).unwrap();
    assert_eq!(sample.delivered, 1000);
    assert_eq!(sample.interval, Duration::from_millis(100));
    assert_eq!(sample.rtt, Duration::from_millis(100));
    assert_eq!((sample.prior_delivered, sample.total_delivered), (0, 1000));
    assert_eq!(sample.tx_in_flight, 1000);
    // Three at once: the newest, sent at 30 with nothing delivered, tells.
    let sample = path.acknowledge(3, 130).unwrap();
    assert_eq!((sample.delivered, sample.total_delivered), (4000, 4000));
    assert_eq!(sample.interval, Duration::from_millis(130));
    assert_eq!(sample.tx_in_flight, 4000);
}

#[test]
fn acks_that_come_in_a_lump_claim_no_more_than_was_sent() {
    let mut path = Path::new();
    path.send(0);
    path.acknowledge(1, 100);
    // Sent over 50 ms, acknowledged over 1 ms: the longer of both counts.
    path.send(100);
    path.send(150);
    path.acknowledge(1, 200);
    let sample = path.acknowledge(1, 201).unwrap();
    assert_eq!(sample.delivered, 2000);
    assert_eq!(sample.interval, Duration::from_millis(101));
    assert!(sample.interval >= Duration::from_millis(50));
}

#[test]
fn what_left_while_the_application_had_nothing_more_is_marked() {
    let mut path = Path::new();
    path.send(0);
    path.delivery.on_app_limited(1000);
    path.send(1);
    assert!(!path.acknowledge(1, 100).unwrap().app_limited);
    assert!(path.acknowledge(1, 101).unwrap().app_limited);
    // All that was on its way then has been delivered: the mark is gone.
    path.send(110);
    assert!(!path.acknowledge(1, 210).unwrap().app_limited);
}

#[test]
fn losses_since_the_segment_left_are_counted() {
    let mut path = Path::new();
    path.delivery.on_lost(500);
    path.send(0);
    path.delivery.on_lost(3000);
    assert_eq!(path.acknowledge(1, 100).unwrap().lost, 3000);
}

#[test]
fn less_than_a_round_trip_makes_no_sample() {
    let mut path = Path::new();
    path.send(0);
    path.una += 1000;
    let (delivery, mut newest) = (&mut path.delivery, None);
    path.board.acknowledge(path.una, &mut |piece: Arrived| {
        delivery.on_arrived(&mut newest, at(5), &piece.sent, piece.range.len);
    });
    let least = Some(Duration::from_millis(6));
    assert_eq!(path.delivery.take_sample(newest, at(5), least), None);
    let nothing = path.delivery.take_sample(None, at(9), None);
    assert_eq!(nothing, None, "an ACK that tells of nothing");
}
