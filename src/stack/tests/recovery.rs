//! What is sent again, and when: RFC 6298 section 5, RFC 6582, and what RFC 2018 asks of a sender.

use std::time::Duration;

use super::super::ConnId;
use super::super::lone::Lone;

const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

fn established() -> (Lone, ConnId) {
    Lone::established(Lone::plain())
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
