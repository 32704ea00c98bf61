//! Text both ways: RFC 9293 sections 3.4, 3.7, 3.8.6.3, 3.9.1.2 and 3.10.7.4.

use std::time::Duration;

use super::super::ConnId;
use super::super::kit::{End, World, pattern};
use super::super::lone::Lone;
use crate::probe::State;
use crate::tcp::Config;

const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

fn established() -> (Lone, ConnId) {
    Lone::established(Lone::plain())
}

#[test]
fn text_with_the_number_of_our_syn_is_text_each_time_it_goes() {
    let (mut lone, id) = established();
    let slot = lone.stack.connections.get_mut(id).expect("open");
    slot.connection.come_round_to_iss();
    lone.write(id, 1_000);
    assert_eq!(lone.outgoing(), ["P. 1:1001(1000) ack 1"]);
    // RFC 6298 section 5 (5.4): the timer sends it again.
    let lines = lone.run(250 * MS);
    assert_eq!(lines, ["200 P. 1:1001(1000) ack 1"]);
    lone.inject(". 1:1(0) ack 1001");
    assert_eq!(lone.ending(), "Ack");
}

// req: SHLD-31
#[test]
fn text_beyond_a_hole_is_kept_until_the_hole_is_filled() {
    let (mut lone, id) = established();
    lone.inject(". 1001:2001(1000) ack 1");
    assert_eq!(lone.ending(), "TextOutOfOrder");
    assert!(lone.stack.read(lone.now, id, &mut [0; 10]).is_err());
    lone.inject(". 1:1001(1000) ack 1");
    assert_eq!(lone.outgoing(), [". 1:1(0) ack 2001"]);
    assert_eq!(lone.stack.read(lone.now, id, &mut [0; 4_000]), Ok(2_000));
}

// req: MAY-13
#[test]
fn text_beyond_a_hole_is_acknowledged_at_once() {
    let (mut lone, _) = established();
    lone.inject(". 1001:2001(1000) ack 1");
    assert_eq!(lone.outgoing(), [". 1:1(0) ack 1"]);
}

// req: MUST-40, SHLD-18
#[test]
fn an_acknowledgment_may_wait_but_not_half_a_second() {
    let (mut lone, _) = established();
    lone.inject("P. 1:11(10) ack 1");
    assert!(lone.outgoing().is_empty());
    let lines = lone.run(499 * MS);
    assert_eq!(lines.len(), 1);
    assert!(lines[0].ends_with(" . 1:1(0) ack 11"));
}

// req: SHLD-19
#[test]
fn every_second_full_sized_segment_is_acknowledged_at_once() {
    let (mut lone, _) = established();
    lone.inject(". 1:1001(1000) ack 1");
    assert!(lone.outgoing().is_empty());
    lone.inject(". 1001:2001(1000) ack 1");
    assert_eq!(lone.outgoing(), [". 1:1(0) ack 2001"]);
}

// req: MUST-58, MUST-59
#[test]
fn segments_that_wait_are_all_taken_before_one_acknowledgment_goes() {
    let (mut lone, _) = established();
    for start in (1..20_001).step_by(1_000) {
        lone.inject(&format!(". {start}:{}(1000) ack 1", start + 1_000));
    }
    assert_eq!(lone.outgoing(), [". 1:1(0) ack 20001"]);
}

// req: SHLD-7, RFC9293-3.7.4-1, MUST-60, MAY-16, SHLD-27
#[test]
fn short_writes_are_joined_while_anything_is_unacknowledged() {
    let (mut lone, id) = established();
    lone.write(id, 10);
    assert_eq!(lone.outgoing(), ["P. 1:11(10) ack 1"]);
    for _ in 0..5 {
        lone.write(id, 10);
        assert!(lone.outgoing().is_empty());
    }
    lone.inject(". 1:1(0) ack 11");
    assert_eq!(lone.outgoing(), ["P. 11:61(50) ack 1"]);
    // Until a full-sized segment can go.
    lone.write(id, 999);
    assert!(lone.outgoing().is_empty());
    lone.write(id, 1);
    assert_eq!(lone.outgoing(), ["P. 61:1061(1000) ack 1"]);
}

// req: MUST-17
#[test]
fn nagles_algorithm_can_be_turned_off() {
    let (mut lone, id) = established();
    lone.stack.set_nodelay(lone.now, id, true);
    for start in [1, 11, 21] {
        lone.write(id, 10);
        assert_eq!(
            lone.outgoing(),
            [format!("P. {start}:{}(10) ack 1", start + 10)]
        );
    }
}

// req: MUST-61, SHLD-28, MUST-16
#[test]
fn segments_are_as_large_as_may_be_and_the_last_is_pushed() {
    let (mut lone, id) = established();
    lone.write(id, 2_500);
    assert_eq!(
        lone.outgoing(),
        [". 1:1001(1000) ack 1", ". 1001:2001(1000) ack 1"]
    );
    lone.inject(". 1:1(0) ack 2001");
    assert_eq!(lone.outgoing(), ["P. 2001:2501(500) ack 1"]);
}

// req: MUST-16
#[test]
fn timestamps_take_their_room_from_the_text() {
    let mut lone = Lone::new(Config {
        window_scaling: false,
        sack: false,
        ..Config::default()
    });
    let id = lone.open();
    lone.outgoing();
    lone.inject("S. 0:1(0) ack 1 win 65535 <mss 1000,TS val 1 ecr 0>");
    lone.outgoing();
    lone.write(id, 5_000);
    for packet in lone.outgoing_packets() {
        assert_eq!(packet.len(), 20 + 20 + 1_000);
        assert!(lone.show(&packet).contains("(988)"));
    }
}

// req: MUST-15
#[test]
fn a_peer_that_names_no_mss_gets_segments_of_536() {
    let mut lone = Lone::new(Lone::plain());
    let id = lone.open();
    lone.outgoing();
    lone.inject("S. 0:1(0) ack 1 win 65535");
    lone.outgoing();
    lone.write(id, 600);
    assert_eq!(lone.outgoing(), [". 1:537(536) ack 1"]);
}

// req: MUST-14, MUST-65, MUST-67, SHLD-5, MAY-3
#[test]
fn our_syn_offers_what_a_packet_of_the_device_holds_and_nothing_else_does() {
    let mut lone = Lone::new(Lone::plain());
    let id = lone.open();
    let packets = lone.outgoing_packets();
    // Kind 2, length 4, 1500 - 20 - 20 = 1460.
    assert_eq!(packets[0][40..], [2, 4, 0x05, 0xb4]);
    lone.show(&packets[0]);
    lone.inject("S. 0:1(0) ack 1 win 65535 <mss 1000>");
    lone.write(id, 10);
    for packet in lone.outgoing_packets() {
        assert_eq!(packet[32] >> 4, 5, "an option on a segment without SYN");
    }
}

// req: RFC9293-3.4-1
#[test]
fn syn_and_fin_take_one_number_each() {
    let (mut lone, id) = established();
    lone.write(id, 10);
    lone.stack.shutdown(lone.now, id);
    assert_eq!(lone.outgoing(), ["FP. 1:12(10) ack 1"]);
    lone.inject("FP. 1:12(10) ack 12");
    assert_eq!(lone.outgoing(), [". 12:12(0) ack 12"]);
    assert_eq!(lone.state(id), State::TimeWait);
}

// req: RFC9293-3.10.8-2
#[test]
fn the_retransmission_timeout_sends_the_oldest_segment_again() {
    let (mut lone, id) = established();
    lone.write(id, 3_000);
    assert_eq!(lone.outgoing().len(), 3);
    let lines = lone.run(500 * MS);
    assert_eq!(lines, ["200 . 1:1001(1000) ack 1"]);
    let lines = lone.run(300 * MS);
    assert_eq!(lines, ["100 . 1:1001(1000) ack 1"]);
}

// req: RFC9293-3.3.1-1
#[test]
fn a_transfer_across_the_wrap_of_both_sequence_spaces_is_intact() {
    let (mut lone, id) = established();
    // The peer's numbers wrap 5,000 after their beginning.
    let mut got = 0;
    for start in (1..20_001).step_by(1_000) {
        lone.inject(&format!(". {start}:{}(1000) ack 1", start + 1_000));
        let mut buf = [0; 2_000];
        got += lone.stack.read(lone.now, id, &mut buf).unwrap();
    }
    assert_eq!(got, 20_000);
    assert!(lone.peer_iss.0.checked_add(20_000).is_none());
    // Ours, from every beginning near the wrap.
    let bytes = pattern(30_000);
    for seed in 0..4 {
        let mut world = World::new(Config::default());
        world.now += SECOND * seed;
        let (a, b, _) = world.connect();
        assert!(world.transfer(End::A, a, b, &bytes, 60 * SECOND) == bytes);
    }
}

// req: MUST-18, MUST-19, MUST-20, SHLD-10, SHLD-11
#[test]
fn retransmissions_double_their_distance_until_r2() {
    let (mut lone, id) = established();
    lone.write(id, 10);
    let lines = lone.run(3_000 * SECOND);
    let at: Vec<u64> = lines
        .iter()
        .map(|line| line.split(' ').next().unwrap().parse().unwrap())
        .collect();
    // The handshake measured 0 ms, so the timeout is the least one, 200 ms, and at most 120 s.
    let mut expected = vec![0];
    let mut wait = 200;
    for _ in 0..15 {
        expected.push(expected.last().unwrap() + wait);
        wait = (2 * wait).min(120_000);
    }
    expected.push(expected.last().unwrap() + wait);
    assert_eq!(at, expected);
    let told = lone.told.lines();
    let place = |what: &str| told.iter().position(|line| line.contains(what));
    assert!(place("R1 is reached") < place("R2 is reached"));
    assert!(*at.last().unwrap() > 100_000);
    // The last one is the reset that tells the peer.
    assert!(lines.last().unwrap().contains(" R. "));
}

// req: MUST-49
#[test]
fn the_hop_limit_can_be_set() {
    let mut config = super::super::Config::new(vec![(super::super::kit::A, 24)]);
    config.hop_limit = 7;
    let mut lone = Lone::new(Lone::plain());
    lone.stack = super::super::Stack::new(config, crate::base::Seed::from_number(1));
    lone.open();
    assert_eq!(lone.outgoing_packets()[0][8], 7);
}

#[test]
fn segments_must_not_be_fragmented() {
    let (mut lone, id) = established();
    lone.write(id, 1_000);
    for packet in lone.outgoing_packets() {
        assert_eq!(packet[6] & 0x40, 0x40, "DF");
    }
}

/// A keep-alive lies outside the peer's window, so that it is answered; what it acknowledges the
/// peer does not take (RFC 9293 section 3.10.7.4, first).
#[test]
fn a_keep_alive_pays_no_acknowledgment_that_is_owed() {
    let ms = Duration::from_millis;
    let (mut lone, id) = Lone::established(Config {
        delayed_ack: ms(250),
        keep_alive: Some(super::super::KeepAlive {
            idle: ms(100),
            interval: ms(100),
            probes: 9,
        }),
        ..Lone::plain()
    });
    lone.inject("P. 1:78(77) ack 1");
    let expected = [
        "100 . 0:0(0) ack 78",
        "200 . 0:0(0) ack 78",
        "250 . 1:1(0) ack 78",
    ];
    assert_eq!(lone.run(ms(299)), expected);
    assert_eq!(lone.state(id), State::Established);
}
