//! What is sent again, and when: RFC 6298 section 5, RFC 6582, and what RFC 2018 asks of a sender.

use std::time::Duration;

use super::super::ConnId;
use super::super::lone::Lone;
use crate::tcp::Config;

const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

fn established() -> (Lone, ConnId) {
    Lone::established(Lone::plain())
}

/// An established connection on which both sides may send SACK blocks.
fn with_sack() -> (Lone, ConnId) {
    let mut lone = Lone::new(Config {
        sack: true,
        ..Lone::plain()
    });
    let id = lone.open();
    lone.outgoing();
    lone.inject("S. 0:1(0) ack 1 win 65535 <mss 1000,sackOK>");
    lone.outgoing();
    (lone, id)
}

// req: RFC6298-5-2
#[test]
fn the_timer_starts_with_the_first_text_and_is_not_started_again_by_the_next() {
    let (mut lone, id) = established();
    lone.stack.set_nodelay(lone.now, id, true);
    lone.write(id, 10);
    assert_eq!(lone.outgoing().len(), 1);
    assert!(lone.run(100 * MS).is_empty());
    lone.write(id, 10);
    assert_eq!(lone.outgoing().len(), 1);
    // The handshake took no time, so RTO is the least there is, 200 ms, and 100 of them are over.
    let lines = lone.run(150 * MS);
    assert_eq!(lines, ["100 P. 1:21(20) ack 1"]);
}

// req: RFC6298-5-3
#[test]
fn the_timer_stops_when_all_is_acknowledged() {
    let (mut lone, id) = established();
    lone.write(id, 2_000);
    assert_eq!(lone.outgoing().len(), 2);
    lone.run(150 * MS);
    lone.inject(". 1:1(0) ack 2001");
    assert!(lone.run(1_000 * SECOND).is_empty());
}

// req: RFC6298-5-4, RFC6928-9-1
#[test]
fn the_timer_starts_again_at_an_acknowledgment_of_new_text_and_at_no_other() {
    let (mut lone, id) = established();
    lone.write(id, 2_000);
    assert_eq!(lone.outgoing().len(), 2);
    lone.run(150 * MS);
    lone.inject(". 1:1(0) ack 1001");
    // SRTT is 1/8 of 150 ms and RTTVAR 1/4, as the handshake took none: 169 ms, and so 200.
    let lines = lone.run(250 * MS);
    assert_eq!(lines, ["200 P. 1001:2001(1000) ack 1"]);

    let (mut lone, id) = established();
    lone.write(id, 2_000);
    assert_eq!(lone.outgoing().len(), 2);
    lone.run(150 * MS);
    lone.inject(". 1:1(0) ack 1");
    assert_eq!(lone.run(100 * MS), ["50 . 1:1001(1000) ack 1"]);
}

// req: RFC6298-5-1
#[test]
fn what_went_again_by_duplicates_does_not_go_again_by_the_timer_before_its_time() {
    let (mut lone, id) = established();
    lone.write(id, 5_000);
    assert_eq!(lone.outgoing().len(), 5);
    lone.run(150 * MS);
    for _ in 0..3 {
        lone.inject(". 1:1(0) ack 1");
    }
    assert_eq!(lone.outgoing(), [". 1:1001(1000) ack 1"]);
    // RTO is 200 ms: the timer that began with the first transmission must not end this wait.
    assert!(lone.run(199 * MS).is_empty());
    assert_eq!(lone.run(2 * MS), ["1 . 1:1001(1000) ack 1"]);
}

// req: RFC6298-5-1
#[test]
fn what_went_again_by_a_partial_acknowledgment_does_not_go_again_before_its_time() {
    let (mut lone, id) = established();
    lone.write(id, 5_000);
    assert_eq!(lone.outgoing().len(), 5);
    for _ in 0..3 {
        lone.inject(". 1:1(0) ack 1");
    }
    assert_eq!(lone.outgoing(), [". 1:1001(1000) ack 1"]);
    for ack in [1_001, 2_001] {
        assert!(lone.run(150 * MS).is_empty());
        lone.inject(&format!(". 1:1(0) ack {ack}"));
        let again = format!(". {ack}:{}(1000) ack 1", ack + 1_000);
        assert_eq!(lone.outgoing(), [again]);
    }
    assert!(lone.run(199 * MS).is_empty());
    assert_eq!(lone.run(SECOND).len(), 2);
}

// req: RFC6582-3.2-1
#[test]
fn a_loss_in_the_very_first_flight_is_found_by_duplicates() {
    let (mut lone, id) = established();
    lone.write(id, 4_000);
    assert_eq!(lone.outgoing().len(), 4);
    for _ in 0..3 {
        assert!(lone.outgoing().is_empty());
        lone.inject(". 1:1(0) ack 1");
    }
    assert_eq!(lone.outgoing(), [". 1:1001(1000) ack 1"]);
}

// req: RFC2018-5-3
#[test]
fn after_a_timeout_the_left_edge_goes_again_even_if_it_was_reported() {
    let (mut lone, id) = with_sack();
    lone.write(id, 4_000);
    assert_eq!(lone.outgoing().len(), 4);
    lone.inject(". 1:1(0) ack 1 <sack 1001:2001>");
    // The peer discards what it reported, and says so by the acknowledgment number alone.
    lone.inject(". 1:1(0) ack 1001 <sack 1001:2001>");
    assert_eq!(lone.run(250 * MS), ["200 . 1001:2001(1000) ack 1"]);
}

// req: RFC2018-8-3
#[test]
fn what_was_reported_is_kept_until_it_is_acknowledged() {
    let (mut lone, id) = with_sack();
    lone.write(id, 3_000);
    let first = lone.outgoing_packets();
    lone.inject(". 1:1(0) ack 1 <sack 1001:3001>");
    assert_eq!(lone.stack.status(id).unwrap().unacknowledged, 3_000);
    // Timeouts send it all again, and it is the same text.
    lone.now += 200 * MS;
    lone.stack.handle_timeout(lone.now);
    let mut again = lone.outgoing_packets();
    for ack in [1_001, 2_001] {
        lone.inject(&format!(". 1:1(0) ack {ack}"));
        again.extend(lone.outgoing_packets());
    }
    let texts = |packets: &[Vec<u8>]| -> Vec<Vec<u8>> {
        packets.iter().map(|packet| packet[40..].to_vec()).collect()
    };
    assert!(texts(&first) == texts(&again));
    lone.inject(". 1:1(0) ack 3001");
    assert_eq!(lone.stack.status(id).unwrap().unacknowledged, 0);
}
