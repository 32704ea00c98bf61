//! Segments in, segments and endings out: RFC 9293 section 3.10.7, one rule a test.

use std::time::Duration;

use super::super::lone::Lone;
use crate::probe::State;

#[test]
fn a_reset_at_rcv_nxt_resets() {
    let (mut lone, id) = Lone::established(Lone::plain());
    lone.inject("R 1:1(0)");
    assert_eq!(lone.ending(), "Reset");
    assert_eq!(lone.state(id), State::Closed);
}

#[test]
fn a_reset_in_the_window_is_challenged() {
    let (mut lone, id) = Lone::established(Lone::plain());
    lone.inject("R 2:2(0)");
    assert_eq!(lone.ending(), "ResetNotExact");
    assert_eq!(lone.outgoing(), [". 1:1(0) ack 1"]);
    assert_eq!(lone.state(id), State::Established);
}

#[test]
fn a_lost_segment_is_sent_again_with_backoff_until_given_up() {
    let (mut lone, id) = Lone::established(Lone::plain());
    lone.write(id, 10);
    let lines = lone.run(Duration::from_secs(3_000));
    assert_eq!(lines.len(), 1 + 15 + 1, "{lines:#?}");
    assert_eq!(lone.state(id), State::Closed);
}

#[test]
fn simultaneous_open() {
    let mut lone = Lone::new(Lone::plain());
    let id = lone.open();
    assert_eq!(lone.outgoing(), ["S 0:1(0)"]);
    lone.inject("S 0:1(0) win 1000 <mss 1000>");
    assert_eq!(lone.state(id), State::SynReceived);
    assert_eq!(lone.outgoing(), ["S. 0:1(0) ack 1"]);
    lone.inject("S. 0:1(0) ack 1 win 1000 <mss 1000>");
    assert_eq!(lone.state(id), State::Established);
}

#[test]
fn zero_window_is_probed() {
    let (mut lone, id) = Lone::established(Lone::plain());
    lone.inject(". 1:1(0) ack 1 win 0");
    lone.write(id, 2500);
    let lines = lone.run(Duration::from_secs(5));
    assert_eq!(
        lines,
        [
            "200 . 1:2(1) ack 1",
            "600 . 1:2(1) ack 1",
            "1400 . 1:2(1) ack 1",
            "3000 . 1:2(1) ack 1"
        ]
    );
    lone.inject(". 1:1(0) ack 1 win 5000");
    assert_eq!(
        lone.outgoing(),
        [
            ". 1:2(1) ack 1",
            ". 2:1002(1000) ack 1",
            ". 1002:2002(1000) ack 1"
        ]
    );
}

#[test]
fn a_syn_is_answered_with_what_it_offered() {
    let mut lone = Lone::new(crate::tcp::Config::default());
    let listener = lone.listen();
    lone.inject("S 0:1(0) win 1000 <mss 1000,sackOK>");
    assert_eq!(lone.ending(), "Syn");
    let packets = lone.outgoing_packets();
    assert_eq!(packets.len(), 1);
    // RFC 7323 sections 2.2, 3.2: no window scale and no timestamps, since the SYN had none: the
    // options are MSS and SACK-permitted, padded to 8 bytes.
    assert_eq!(packets[0].len(), 20 + 20 + 8);
    lone.show(&packets[0]);
    lone.inject(". 1:1(0) ack 1 win 1000");
    assert_eq!(lone.ending(), "HandshakeAck");
    assert!(lone.stack.accept(lone.now, listener).is_ok());
}
