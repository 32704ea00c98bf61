//! Segments in, segments and endings out: RFC 9293 section 3.10.7.4, step by step.

use std::time::Duration;

use super::super::lone::Lone;
use super::super::{ConnId, Failure};
use crate::probe::State;
use crate::tcp::Config;

const SECOND: Duration = Duration::from_secs(1);

fn established() -> (Lone, ConnId) {
    Lone::established(Lone::plain())
}

/// Reads all that waits and counts it.
fn drain(lone: &mut Lone, id: ConnId) -> usize {
    let mut buf = vec![0; 100_000];
    lone.stack.read(lone.now, id, &mut buf).unwrap_or(0)
}

// req: RFC9293-3.10.7.4-2, RFC9293-3.5.2-4
#[test]
fn first_an_unacceptable_segment_draws_an_ack_and_is_dropped() {
    let (mut lone, id) = established();
    for segment in [". 70000:70010(10) ack 1", ". 70000:70000(0) ack 1"] {
        lone.now += SECOND;
        lone.inject(segment);
        assert_eq!(lone.ending(), "OutOfWindow");
        assert_eq!(lone.outgoing(), [". 1:1(0) ack 1"], "{segment}");
    }
    lone.inject("R 70000:70000(0)");
    assert_eq!(lone.ending(), "ResetOutOfWindow");
    assert!(lone.outgoing().is_empty());
    assert_eq!(lone.state(id), State::Established);
}

// req: RFC9293-3.10.7.4-4
#[test]
fn first_what_straddles_the_window_is_trimmed() {
    let (mut lone, id) = established();
    lone.inject("P. 1:101(100) ack 1");
    assert_eq!(drain(&mut lone, id), 100);
    // Half old, half new.
    lone.inject("P. 51:151(100) ack 1");
    assert_eq!(lone.ending(), "Text");
    assert_eq!(drain(&mut lone, id), 50);
    // What lies past the right edge is cut off, the FIN with it.
    let edge = 1 + 65_535;
    let (mut lone, id) = established();
    for start in (1..65_001).step_by(1_000) {
        lone.inject(&format!(". {start}:{}(1000) ack 1", start + 1_000));
    }
    lone.inject("FP. 65001:66002(1000) ack 1");
    assert_eq!(lone.ending(), "Text");
    assert_eq!(lone.outgoing(), [format!(". 1:1(0) ack {edge}")]);
    assert_eq!(drain(&mut lone, id), 65_535);
    assert_eq!(lone.state(id), State::Established);
}

// req: RFC9293-3.10.7.4-5, RFC9293-3.5.3-1, RFC5961-3.2-1
#[test]
fn second_only_a_reset_exactly_at_rcv_nxt_resets() {
    for (seq, ending) in [
        (1_u32, "Reset"),
        (2, "ResetNotExact"),
        (65_535, "ResetNotExact"),
        // RFC 5961 section 3.2: beyond RCV.NXT + RCV.WND is outside, there is not.
        (65_536, "ResetNotExact"),
        (65_537, "ResetOutOfWindow"),
        (0, "ResetOutOfWindow"),
        (1 << 31, "ResetOutOfWindow"),
    ] {
        let (mut lone, id) = established();
        lone.inject(&format!("R {seq}:{seq}(0)"));
        assert_eq!(lone.ending(), ending, "{seq}");
        let sent = lone.outgoing();
        match ending {
            "Reset" => assert_eq!(lone.stack.failure(id), Some(Failure::Reset)),
            "ResetNotExact" => assert_eq!(sent, [". 1:1(0) ack 1"]),
            _ => assert!(sent.is_empty()),
        }
        assert_eq!(lone.state(id) == State::Closed, ending == "Reset");
    }
}

// req: RFC9293-3.10.7.4-8, RFC5961-4.2-1
#[test]
fn fourth_a_syn_is_challenged_wherever_it_lies() {
    for segment in [
        "S 1:2(0)",
        "S 0:1(0)",
        "S 70000:70001(0)",
        "S. 1:2(0) ack 1",
        "S 100:201(100)",
    ] {
        let (mut lone, id) = established();
        lone.inject(segment);
        assert_eq!(lone.ending(), "SynInSynchronized", "{segment}");
        assert_eq!(lone.outgoing(), [". 1:1(0) ack 1"]);
        assert_eq!(lone.state(id), State::Established);
        assert_eq!(drain(&mut lone, id), 0);
    }
}

// req: RFC9293-3.10.7.4-9
#[test]
fn fifth_a_segment_without_ack_is_dropped() {
    let (mut lone, id) = established();
    lone.inject("P 1:11(10)");
    assert_eq!(lone.ending(), "NoAck");
    assert_eq!(drain(&mut lone, id), 0);
    assert!(lone.run(SECOND).is_empty());
}

// req: RFC9293-3.10.7.4-12
#[test]
fn fifth_an_ack_of_what_was_never_sent_draws_an_ack() {
    let (mut lone, id) = established();
    lone.inject("P. 1:11(10) ack 2");
    assert_eq!(lone.ending(), "AckTooNew");
    assert_eq!(lone.outgoing(), [". 1:1(0) ack 1"]);
    assert_eq!(drain(&mut lone, id), 0);
}

// req: RFC9293-3.10.7.4-11
#[test]
fn fifth_a_new_ack_frees_what_it_covers_and_stops_the_timer() {
    let (mut lone, id) = established();
    lone.write(id, 2_000);
    assert_eq!(lone.outgoing().len(), 2);
    lone.inject(". 1:1(0) ack 1001");
    assert_eq!(lone.stack.status(id).unwrap().unacknowledged, 1_000);
    lone.inject(". 1:1(0) ack 1501");
    assert_eq!(lone.stack.status(id).unwrap().unacknowledged, 500);
    lone.inject(". 1:1(0) ack 2001");
    assert_eq!(lone.stack.status(id).unwrap().unacknowledged, 0);
    assert!(lone.run(1_000 * SECOND).is_empty());
}

// req: RFC9293-3.10.7.4-13
#[test]
fn fifth_an_older_segment_cannot_change_the_window() {
    let (mut lone, id) = established();
    let window = |lone: &Lone| lone.stack.status(id).unwrap().snd_wnd;
    lone.inject("P. 1:11(10) ack 1 win 5000");
    assert_eq!(window(&lone), 5_000);
    // SEG.SEQ < SND.WL1: it was sent before.
    lone.inject("P. 1:1(0) ack 1 win 100");
    assert_eq!(window(&lone), 5_000);
    lone.write(id, 500);
    lone.outgoing();
    lone.inject(". 11:11(0) ack 501 win 4000");
    assert_eq!(window(&lone), 4_000);
    // The same SEG.SEQ, but SEG.ACK < SND.WL2.
    lone.inject(". 11:11(0) ack 201 win 100");
    assert_eq!(window(&lone), 4_000);
    lone.inject(". 11:11(0) ack 501 win 3000");
    assert_eq!(window(&lone), 3_000);
}

// req: RFC9293-3.10.7.4-1
#[test]
fn the_steps_are_taken_in_order() {
    // Out of the window and a reset: the first step decides.
    let (mut lone, id) = established();
    lone.inject("SR. 70000:70001(0) ack 99");
    assert_eq!(lone.ending(), "ResetOutOfWindow");
    // Reset and SYN: the second before the fourth.
    lone.inject("SR 1:2(0)");
    assert_eq!(lone.ending(), "Reset");
    assert_eq!(lone.state(id), State::Closed);
    // SYN and no ACK: the fourth before the fifth.
    let (mut lone, _) = established();
    lone.inject("S 1:2(0)");
    assert_eq!(lone.ending(), "SynInSynchronized");
    // ACK, text and FIN: fifth, seventh and eighth of one segment.
    let (mut lone, id) = established();
    lone.write(id, 10);
    lone.outgoing();
    lone.inject("FP. 1:12(10) ack 11");
    assert_eq!(lone.stack.status(id).unwrap().unacknowledged, 0);
    assert_eq!(drain(&mut lone, id), 10);
    assert_eq!(lone.state(id), State::CloseWait);
}

// req: MUST-66, RFC9293-3.10.7.4-3, RFC9293-3.8.6.1-1, MAY-8
#[test]
fn a_closed_window_still_lets_ack_and_reset_through_and_answers_probes() {
    let (mut lone, id) = established();
    for start in (1..65_001).step_by(1_000) {
        lone.inject(&format!(". {start}:{}(1000) ack 1", start + 1_000));
    }
    lone.inject(". 65001:65536(535) ack 1");
    lone.outgoing();
    assert_eq!(lone.stack.status(id).unwrap().rcv_wnd, 0);
    lone.write(id, 10);
    lone.outgoing();
    // A probe: its byte is not taken, its ACK is, and it is answered.
    lone.inject(". 65536:65537(1) ack 11");
    assert_eq!(lone.stack.status(id).unwrap().unacknowledged, 0);
    assert_eq!(lone.outgoing(), [". 11:11(0) ack 65536"]);
    assert_eq!(lone.stack.status(id).unwrap().unread, 65_535);
    lone.run(3_600 * SECOND);
    assert_eq!(lone.state(id), State::Established);
    lone.inject("R 65536:65536(0)");
    assert_eq!(lone.stack.failure(id), Some(Failure::Reset));
}

// req: MUST-57, MUST-63, RFC9293-3.9.2.3-1
#[test]
fn nothing_is_taken_from_or_for_an_address_that_is_no_host() {
    let mut lone = Lone::new(Lone::plain());
    lone.listen();
    for segment in ["S 0:1(0) win 1000", ". 1:1(0) ack 1", "P. 1:5(4) ack 1"] {
        for (at, bad) in [
            (16, [255, 255, 255, 255]),
            (16, [10, 0, 0, 255]),
            (16, [224, 0, 0, 1]),
            (12, [255, 255, 255, 255]),
            (12, [10, 0, 0, 255]),
            (12, [224, 0, 0, 1]),
            (12, [0, 0, 0, 0]),
            (12, [127, 0, 0, 1]),
            (12, [10, 0, 0, 1]),
        ] {
            let packet = readdressed(&lone.packet(segment), at, bad);
            lone.inject_bytes(&packet);
            assert!(lone.outgoing_packets().is_empty(), "{segment} {at} {bad:?}");
            assert_eq!(lone.stack.counts(), (0, 0, 0));
        }
    }
}

/// A packet with another address at byte `at`, and checksums that are right again.
fn readdressed(packet: &[u8], at: usize, address: [u8; 4]) -> Vec<u8> {
    use crate::base::checksum::update;
    let mut packet = packet.to_vec();
    for (i, new) in address.chunks(2).enumerate() {
        let place = at + 2 * i;
        let old = u16::from_be_bytes([packet[place], packet[place + 1]]);
        let new = u16::from_be_bytes([new[0], new[1]]);
        for field in [10, 20 + 16] {
            let sum = u16::from_be_bytes([packet[field], packet[field + 1]]);
            packet[field..field + 2].copy_from_slice(&update(sum, old, new).to_be_bytes());
        }
        packet[place..place + 2].copy_from_slice(&new.to_be_bytes());
    }
    packet
}

#[test]
fn a_lost_segment_is_sent_again_with_backoff_until_given_up() {
    let (mut lone, id) = established();
    lone.write(id, 10);
    let lines = lone.run(3_000 * SECOND);
    assert_eq!(lines.len(), 1 + 15 + 1, "{lines:#?}");
    assert_eq!(lone.state(id), State::Closed);
}

#[test]
fn a_syn_is_answered_with_what_it_offered() {
    let mut lone = Lone::new(Config::default());
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
