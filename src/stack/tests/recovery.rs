//! What is sent again, and when: RFC 6298 section 5, RFC 6582, and what RFC 2018 asks of a sender.

use std::time::Duration;

use super::super::ConnId;
use super::super::lone::Lone;
use crate::tcp::Config;
use crate::tcp::config::Recovering;

const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

fn established() -> (Lone, ConnId) {
    Lone::established(Lone::plain())
}

/// An established connection on which both sides may send SACK blocks; losses are found as RFC
/// 6675 has it.
fn with_sack() -> (Lone, ConnId) {
    let mut lone = Lone::new(Config {
        sack: true,
        recovery: Recovering::PLAIN,
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
    // The peer discards it, and timeouts send it all again: it is the same text.
    let mut again = Vec::new();
    for ack in [1_001, 2_001, 3_001] {
        lone.now += SECOND;
        lone.stack.handle_timeout(lone.now);
        again.extend(lone.outgoing_packets());
        lone.inject(&format!(". 1:1(0) ack {ack}"));
    }
    let texts = |packets: &[Vec<u8>]| -> Vec<Vec<u8>> {
        packets.iter().map(|packet| packet[40..].to_vec()).collect()
    };
    assert!(texts(&first) == texts(&again));
    assert_eq!(lone.stack.status(id).unwrap().unacknowledged, 0);
}

/// As [`with_sack`], with ten segments on their way and more that wait.
fn reporting() -> (Lone, ConnId) {
    let (mut lone, id) = with_sack();
    lone.write(id, 30_000);
    assert_eq!(lone.outgoing().len(), 10);
    (lone, id)
}

// req: RFC6675-4-4, RFC6675-4-5
#[test]
fn what_is_lost_goes_in_order_and_what_is_new_after_it() {
    let (mut lone, _) = reporting();
    lone.inject(". 1:1(0) ack 1 <sack 3001:5001 1001:2001>");
    assert_eq!(lone.outgoing()[0], ". 1:1001(1000) ack 1");
    let mut sent = Vec::new();
    for end in (6_001..=10_001).step_by(1_000) {
        lone.inject(&format!(". 1:1(0) ack 1 <sack 3001:{end} 1001:2001>"));
        sent.extend(lone.outgoing());
    }
    // The second hole is lost too; what is reported does not go again.
    assert_eq!(sent[0], ". 2001:3001(1000) ack 1");
    assert!(sent.len() > 1);
    assert!(
        sent[1..].iter().all(|line| line.starts_with(". 1")),
        "{sent:?}"
    );
    assert!(!sent[1..].contains(&". 1:1001(1000) ack 1".to_owned()));
}

// req: RFC6675-5.1-1, RFC6675-5.1-2
#[test]
fn a_timeout_ends_recovery_and_reports_still_say_what_need_not_go_again() {
    let (mut lone, id) = reporting();
    lone.inject(". 1:1(0) ack 1 <sack 1001:4001>");
    lone.outgoing();
    assert_eq!(lone.stack.status(id).unwrap().phase, "recovery");
    lone.run(250 * MS);
    assert_eq!(lone.stack.status(id).unwrap().phase, "loss");
    let before = lone.told.count("by: Reports");
    // Reports come after the timeout: what they name is passed over, and no episode begins.
    lone.inject(". 1:1(0) ack 4001 <sack 5001:10001>");
    assert_eq!(lone.outgoing()[0], ". 4001:5001(1000) ack 1");
    assert_eq!(lone.stack.status(id).unwrap().phase, "loss");
    assert_eq!(lone.told.count("by: Reports"), before);
    lone.now += 10 * MS;
    lone.inject(". 1:1(0) ack 12001");
    let lines = lone.outgoing();
    assert!(
        lines.iter().all(|line| line.starts_with(". 1")),
        "{lines:?}"
    );
}
