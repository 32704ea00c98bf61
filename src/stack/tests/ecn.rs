//! Marks of congested routers, on the wire: RFC 3168 section 6.1.

use std::time::Duration;

use super::super::ConnId;
use super::super::lone::Lone;
use crate::tcp::Config;
use crate::tcp::ecn::Asking;

const MS: Duration = Duration::from_millis(1);
const CE: u8 = 0b11;
const ECT_0: u8 = 0b10;

fn config(ecn: Asking) -> Config {
    Config {
        ecn,
        ..Lone::plain()
    }
}

/// A connection on which ECN is agreed on.
fn agreed() -> (Lone, ConnId) {
    let mut lone = Lone::new(config(Asking::Ask));
    let id = lone.open();
    assert_eq!(lone.outgoing(), ["SEW 0:1(0)"]);
    lone.now += 40 * MS;
    lone.inject("SE. 0:1(0) ack 1 win 65535 <mss 1000>");
    assert_eq!(lone.outgoing(), [". 1:1(0) ack 1"]);
    (lone, id)
}

// req: RFC3168-6.1.1-1, RFC3168-6.1.1-2, RFC3168-6.1.1-5
#[test]
fn a_listener_answers_a_syn_that_asks_unless_told_not_to() {
    for (asking, syn, answer) in [
        (Asking::IfAsked, "SEW", "SE. 0:1(0) ack 1"),
        (Asking::Ask, "SEW", "SE. 0:1(0) ack 1"),
        (Asking::Off, "SEW", "S. 0:1(0) ack 1"),
        (Asking::IfAsked, "S", "S. 0:1(0) ack 1"),
        (Asking::IfAsked, "SE", "S. 0:1(0) ack 1"),
        (Asking::IfAsked, "SW", "S. 0:1(0) ack 1"),
    ] {
        let mut lone = Lone::new(config(asking));
        lone.listen();
        lone.inject(&format!("{syn} 0:1(0) win 65535 <mss 1000>"));
        let sent = lone.outgoing_fields();
        assert_eq!(sent, [(0, answer.to_owned())], "{asking:?} {syn}");
    }
}

// req: RFC3168-6.1.1-3, RFC3168-6.1.1-4
#[test]
fn text_may_be_marked_only_if_both_have_asked() {
    for (answer, field) in [("SE.", ECT_0), ("S.", 0), ("SEW.", 0), ("SW.", 0)] {
        let mut lone = Lone::new(config(Asking::Ask));
        let id = lone.open();
        lone.outgoing();
        lone.inject(&format!("{answer} 0:1(0) ack 1 win 65535 <mss 1000>"));
        assert_eq!(lone.outgoing_fields()[0].0, 0, "a pure ACK");
        lone.write(id, 10);
        assert_eq!(lone.outgoing_fields()[0].0, field, "{answer}");
    }
}

// req: RFC3168-6.1.1.1-1
#[test]
fn a_syn_that_goes_again_does_not_ask() {
    let mut lone = Lone::new(config(Asking::Ask));
    let id = lone.open();
    assert_eq!(lone.outgoing(), ["SEW 0:1(0)"]);
    assert_eq!(lone.run(1_500 * MS), ["1000 S 0:1(0)"]);
    // And then no answer to the first counts.
    lone.inject("SE. 0:1(0) ack 1 win 65535 <mss 1000>");
    lone.outgoing();
    lone.write(id, 10);
    assert_eq!(lone.outgoing_fields()[0].0, 0);
}

// req: RFC3168-5-1, RFC3168-5.2-1, RFC3168-6.1.4-1, RFC3168-6.1.5-1, RFC8311-4.2-1
#[test]
fn only_new_text_may_be_marked() {
    let (mut lone, id) = agreed();
    lone.write(id, 10);
    assert_eq!(
        lone.outgoing_fields(),
        [(ECT_0, "P. 1:11(10) ack 1".into())]
    );
    lone.now += Duration::from_secs(1);
    lone.stack.handle_timeout(lone.now);
    assert_eq!(lone.outgoing_fields(), [(0, "P. 1:11(10) ack 1".into())]);
    lone.inject(". 1:2001(2000) ack 11");
    assert_eq!(lone.outgoing_fields(), [(0, ". 11:11(0) ack 2001".into())]);
    lone.stack.shutdown(lone.now, id);
    assert_eq!(lone.outgoing_fields()[0].0, 0, "a FIN alone");
}

// req: RFC3168-6.1.6-1
#[test]
fn a_window_probe_may_not_be_marked() {
    let (mut lone, id) = agreed();
    lone.inject(". 1:1(0) ack 1 win 0");
    lone.write(id, 10);
    assert!(lone.outgoing().is_empty());
    lone.now += Duration::from_secs(2);
    lone.stack.handle_timeout(lone.now);
    assert_eq!(lone.outgoing_fields(), [(0, ". 1:2(1) ack 1".into())]);
}

// req: RFC3168-6.1.3-1, RFC3168-6.1.3-2, RFC3168-6.1.3-3
#[test]
fn a_mark_is_echoed_in_every_ack_until_the_peer_has_slowed_down() {
    let (mut lone, id) = agreed();
    lone.tos = CE;
    lone.inject(". 1:1001(1000) ack 1");
    lone.tos = ECT_0;
    lone.inject(". 1001:2001(1000) ack 1");
    assert_eq!(lone.outgoing(), ["E. 1:1(0) ack 2001"]);
    lone.inject(". 2001:4001(2000) ack 1");
    assert_eq!(lone.outgoing(), ["E. 1:1(0) ack 4001"]);
    lone.write(id, 10);
    assert_eq!(lone.outgoing(), ["PE. 1:11(10) ack 4001"]);
    lone.inject("W. 4001:6001(2000) ack 11");
    assert_eq!(lone.outgoing(), [". 11:11(0) ack 6001"]);
    lone.tos = CE;
    lone.inject("W. 6001:8001(2000) ack 11");
    assert_eq!(lone.outgoing(), ["E. 11:11(0) ack 8001"]);
}

// req: SHLD-8, RFC3168-5-2, RFC3168-6.1.2-1, RFC3168-6.1.2-2, RFC3168-6.1.2-3, RFC3168-6.1.2-5
#[test]
fn an_echo_reduces_the_window_once_a_window_of_data_and_nothing_goes_again() {
    let (mut lone, id) = agreed();
    lone.write(id, 60_000);
    assert_eq!(lone.outgoing().len(), 10);
    lone.now += 40 * MS;
    lone.inject("E. 1:1(0) ack 1001");
    // Half of the ten segments that were on their way: RFC 8511 section 4 has 0.8 of them for
    // congestion avoidance alone.
    let cwnd = |lone: &Lone| lone.stack.status(id).unwrap().cwnd;
    assert_eq!(cwnd(&lone), 5_000);
    assert!(lone.outgoing().is_empty());
    for ack in [2_001, 3_001, 4_001, 5_001, 6_001] {
        lone.inject(&format!("E. 1:1(0) ack {ack}"));
        assert_eq!(cwnd(&lone), 5_000);
    }
    // The first new segment says so, and no other.
    assert_eq!(lone.outgoing(), ["W. 10001:11001(1000) ack 1"]);
    lone.inject("E. 1:1(0) ack 7001");
    assert_eq!(lone.outgoing(), [". 11001:12001(1000) ack 1"]);
    // What was sent after the reduction is marked too.
    lone.inject("E. 1:1(0) ack 11001");
    assert!(cwnd(&lone) < 5_000);
    assert_eq!(lone.told.count("PacketOut Retransmission"), 0);
}

// req: RFC3168-6.1.2-1
#[test]
fn an_echo_that_acknowledges_all_halves_what_was_on_its_way() {
    let (mut lone, id) = agreed();
    lone.write(id, 10_000);
    lone.outgoing();
    lone.now += 40 * MS;
    lone.inject("E. 1:1(0) ack 10001");
    assert_eq!(lone.stack.status(id).unwrap().cwnd, 5_000);
}
