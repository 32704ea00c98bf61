//! Timeouts that were none: RFC 5682.

use std::time::Duration;

use super::super::ConnId;
use super::super::lone::Lone;
use crate::tcp::Config;
use crate::tcp::config::Recovering;

const MS: Duration = Duration::from_millis(1);

/// Only F-RTO stands between a timeout and slow start.
const FRTO: Recovering = Recovering {
    frto: true,
    ..Recovering::PLAIN
};

/// With the initial window of ten segments on its way, and more that waits; then a timeout.
fn timed_out(sack: bool, recovery: Recovering) -> (Lone, ConnId) {
    let (mut lone, id) = sending(sack, recovery);
    assert_eq!(lone.run(210 * MS), ["200 . 1:1001(1000) ack 1"]);
    (lone, id)
}

fn sending(sack: bool, recovery: Recovering) -> (Lone, ConnId) {
    let config = Config {
        sack,
        recovery,
        ..Lone::plain()
    };
    Lone::sending(config, 30)
}

fn undone(lone: &Lone) -> usize {
    lone.told.count("Undone { by: Frto }")
}

// req: RFC5682-2.1-1, RFC5682-2.1-4, RFC5682-2.1-5, RFC5682-3.1-1
#[test]
fn two_acknowledgments_of_originals_show_that_the_timeout_was_spurious() {
    for sack in [false, true] {
        let (mut lone, id) = timed_out(sack, FRTO);
        // The first lets two new segments go, and nothing again.
        lone.inject(". 1:1(0) ack 1001");
        let new = [". 10001:11001(1000) ack 1", ". 11001:12001(1000) ack 1"];
        assert_eq!(lone.outgoing(), new);
        assert_eq!(undone(&lone), 0);
        // The second acknowledges what went once only.
        lone.inject(". 1:1(0) ack 2001");
        assert_eq!(undone(&lone), 1);
        let status = lone.stack.status(id).unwrap();
        assert_eq!((status.phase, status.ssthresh), ("open", None));
        assert!(status.cwnd >= 10_000);
        assert!(
            lone.outgoing()
                .iter()
                .all(|line| line.starts_with(". 12001:"))
        );
        assert!(lone.told.count("PacketOut Retransmission") == 1);
    }
}

// req: RFC5682-2.1-3
#[test]
fn without_reports_a_duplicate_first_means_that_the_loss_was_real() {
    let (mut lone, _) = timed_out(false, FRTO);
    lone.inject(". 1:1(0) ack 1");
    lone.inject(". 1:1(0) ack 1001");
    let again = [". 1001:2001(1000) ack 1", ". 2001:3001(1000) ack 1"];
    assert_eq!(lone.outgoing(), again);
    assert_eq!(undone(&lone), 0);
}

// req: RFC5682-2.1-5
#[test]
fn without_reports_a_duplicate_second_means_that_the_loss_was_real() {
    let (mut lone, id) = timed_out(false, FRTO);
    lone.inject(". 1:1(0) ack 1001");
    assert_eq!(lone.outgoing().len(), 2);
    lone.inject(". 1:1(0) ack 1001");
    assert_eq!(undone(&lone), 0);
    assert!(lone.stack.status(id).unwrap().cwnd <= 3_000);
    // The two new ones fill the window, but what is missing does not wait for another timeout.
    assert_eq!(lone.outgoing(), [". 1001:2001(1000) ack 1"]);
    lone.inject(". 1:1(0) ack 2001");
    assert!(lone.outgoing()[0].starts_with(". 2001:3001"));
}

#[test]
fn without_reports_text_that_acknowledges_nothing_shows_in_the_end_that_the_loss_was_real() {
    let (mut lone, id) = timed_out(false, FRTO);
    lone.inject(". 1:1(0) ack 1001");
    assert_eq!(lone.outgoing().len(), 2);
    // The peer's duplicates ride on its text.
    for start in [1, 501, 1_001] {
        assert!(lone.told.count("AfterTimeout") == 0);
        lone.inject(&format!(". {start}:{}(500) ack 1001", start + 500));
    }
    assert!(lone.outgoing()[0].starts_with(". 1001:2001"));
    assert_eq!(undone(&lone), 0);
    assert!(lone.stack.status(id).unwrap().cwnd <= 3_000);
}

// req: RFC5682-3.1-1
#[test]
fn a_report_of_what_was_sent_after_the_timeout_means_that_the_loss_was_real() {
    let (mut lone, id) = timed_out(true, FRTO);
    lone.inject(". 1:1(0) ack 1001");
    assert_eq!(lone.outgoing().len(), 2);
    lone.inject(". 1:1(0) ack 1001 <sack 10001:11001>");
    assert_eq!(undone(&lone), 0);
    assert_eq!(lone.stack.status(id).unwrap().phase, "loss");
    assert_eq!(lone.outgoing(), [". 1001:2001(1000) ack 1"]);
}

// req: RFC5682-2.1-2
#[test]
fn a_further_timeout_begins_it_anew() {
    let (mut lone, _) = timed_out(true, FRTO);
    assert_eq!(lone.run(400 * MS), ["390 . 1:1001(1000) ack 1"]);
    lone.inject(". 1:1(0) ack 1001");
    assert_eq!(lone.outgoing().len(), 2);
    lone.inject(". 1:1(0) ack 2001");
    assert_eq!(undone(&lone), 1);
}

// req: RFC5682-3.1-2, RFC5682-2.1-6
#[test]
fn a_timeout_in_recovery_is_taken_at_its_word() {
    let (mut lone, id) = sending(true, FRTO);
    lone.inject(". 1:1(0) ack 1 <sack 3001:6001>");
    lone.outgoing();
    assert_eq!(lone.stack.status(id).unwrap().phase, "recovery");
    lone.run(250 * MS);
    assert_eq!(lone.stack.status(id).unwrap().phase, "loss");
    // What would show elsewhere that it was spurious proves nothing here.
    lone.inject(". 1:1(0) ack 1001");
    assert!(lone.outgoing()[0].starts_with(". 1001:2001"));
    lone.inject(". 1:1(0) ack 2001");
    assert_eq!(undone(&lone), 0);
}

#[test]
fn without_it_slow_start_goes_through_everything() {
    let (mut lone, _) = timed_out(true, Recovering::PLAIN);
    lone.inject(". 1:1(0) ack 1001");
    let again = [". 1001:2001(1000) ack 1", ". 2001:3001(1000) ack 1"];
    assert_eq!(lone.outgoing(), again);
}
