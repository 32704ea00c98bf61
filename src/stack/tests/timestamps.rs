//! The Timestamps option: RFC 7323 sections 3 to 5.

use std::net::SocketAddr;
use std::time::Duration;

use super::super::kit::B;
use super::super::lone::Lone;
use super::super::{ConnId, Failure};
use crate::probe::State;
use crate::tcp::{Config, KeepAlive};

const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

fn with_timestamps() -> Config {
    Config {
        timestamps: true,
        ..Lone::plain()
    }
}

/// Both use timestamps; the peer's stands at 100 and ours is returned.
fn established() -> (Lone, ConnId, u32) {
    let mut lone = Lone::new(with_timestamps());
    let id = lone.open();
    let ours = lone.sent_one().options.timestamps.unwrap().value;
    lone.inject("S. 0:1(0) ack 1 win 65535 <mss 1012,TS val 100 ecr 0>");
    lone.outgoing();
    (lone, id, ours)
}

/// TSval of the one segment that goes now.
fn value(lone: &mut Lone) -> u32 {
    lone.sent_one().options.timestamps.unwrap().value
}

/// TSecr of the one segment that goes now.
fn echo(lone: &mut Lone) -> u32 {
    lone.sent_one().options.timestamps.unwrap().echo
}

// req: RFC7323-3.2-1
#[test]
fn what_does_not_acknowledge_echoes_nothing_and_is_not_measured() {
    let mut lone = Lone::new(with_timestamps());
    let id = lone.open();
    let option = lone.sent_one().options.timestamps.unwrap();
    assert_eq!(option.echo, 0);
    // The peer's SYN crosses ours. It claims to echo what we showed two seconds ago.
    lone.run(500 * MS);
    let long_ago = option.value.wrapping_sub(1_500);
    lone.inject(&format!(
        "S 0:1(0) win 1000 <mss 1000,TS val 100 ecr {long_ago}>"
    ));
    assert_eq!(lone.state(id), State::SynReceived);
    assert_eq!(lone.stack.status(id).unwrap().srtt, None);
    assert_eq!(echo(&mut lone), 100);
}

// req: SHLD-19, RFC5681-4.2-1
#[test]
fn a_full_sized_segment_is_one_with_timestamps_in_it() {
    let mut lone = Lone::new(with_timestamps());
    lone.open();
    lone.outgoing();
    lone.inject("S. 0:1(0) ack 1 win 65535 <mss 1460,TS val 100 ecr 0>");
    lone.outgoing();
    // RFC 9293 section 3.7.1: of 1460 bytes the option and its padding take 12.
    lone.inject(". 1:1449(1448) ack 1 <TS val 101 ecr 0>");
    assert!(lone.outgoing().is_empty());
    lone.inject(". 1449:2897(1448) ack 1 <TS val 101 ecr 0>");
    assert_eq!(lone.outgoing(), [". 1:1(0) ack 2897"]);
}

// req: RFC7323-3.2-3
#[test]
fn a_syn_ack_has_timestamps_only_if_the_syn_had() {
    for (offer, answer) in [("<mss 1000,TS val 5 ecr 0>", Some(5)), ("<mss 1000>", None)] {
        let mut lone = Lone::new(with_timestamps());
        lone.listen();
        lone.inject(&format!("S 0:1(0) win 1000 {offer}"));
        let option = lone.sent_one().options.timestamps;
        assert_eq!(option.map(|option| option.echo), answer);
    }
}

// req: RFC7323-3.2-4, RFC7323-3.2-2
#[test]
fn every_segment_of_the_connection_has_timestamps() {
    let (mut lone, id, _) = established();
    let mut sent = Vec::new();
    let mut step = |lone: &mut Lone, what: &str| {
        let now = lone.sent();
        assert!(!now.is_empty(), "{what}");
        sent.extend(now);
    };
    lone.inject("P. 1:11(10) ack 1 <TS val 101 ecr 0>");
    lone.now += 100 * MS;
    lone.stack.handle_timeout(lone.now);
    step(&mut lone, "a delayed acknowledgment");
    lone.inject("S 1:2(0) <TS val 101 ecr 0>");
    step(&mut lone, "a challenge");
    lone.write(id, 10);
    step(&mut lone, "text");
    lone.now += SECOND;
    lone.stack.handle_timeout(lone.now);
    step(&mut lone, "a retransmission");
    lone.inject(". 11:11(0) ack 11 win 0 <TS val 102 ecr 0>");
    lone.write(id, 10);
    lone.now += 10 * SECOND;
    lone.stack.handle_timeout(lone.now);
    step(&mut lone, "a window probe");
    lone.inject(". 11:11(0) ack 12 win 9000 <TS val 103 ecr 0>");
    step(&mut lone, "the rest");
    lone.inject(". 11:11(0) ack 21 win 9000 <TS val 104 ecr 0>");
    let keep_alive = KeepAlive {
        idle: SECOND,
        interval: SECOND,
        ..KeepAlive::default()
    };
    lone.stack.set_keep_alive(lone.now, id, Some(keep_alive));
    lone.now += 2 * SECOND;
    lone.stack.handle_timeout(lone.now);
    step(&mut lone, "a keep-alive");
    lone.inject(". 11:11(0) ack 21 win 9000 <TS val 105 ecr 0>");
    lone.stack.shutdown(lone.now, id);
    step(&mut lone, "a FIN");
    lone.inject("F. 11:12(0) ack 22 win 9000 <TS val 106 ecr 0>");
    step(&mut lone, "the last acknowledgment");
    assert_eq!(lone.stack.read(lone.now, id, &mut [0; 20]), Ok(10));
    lone.stack.close(lone.now, id);
    assert_eq!(lone.stack.counts(), (0, 0, 1));
    lone.inject("F. 11:12(0) ack 22 win 9000 <TS val 106 ecr 0>");
    step(&mut lone, "the record's acknowledgment");
    for sent in &sent {
        let option = sent.options.timestamps;
        let recent = option.is_some_and(|option| (100..=106).contains(&option.echo));
        assert!(recent, "{} {option:?}", sent.line);
    }
}

// req: RFC7323-3.2-4
#[test]
fn a_reset_has_timestamps_too() {
    let (mut lone, id, _) = established();
    lone.stack.abort(lone.now, id);
    let sent = lone.sent_one();
    assert_eq!(sent.line, "R. 1:1(0) ack 1");
    assert_eq!(sent.options.timestamps.unwrap().echo, 100);
}

// req: RFC7323-3.2-5, RFC7323-3.2-6
#[test]
fn a_segment_without_timestamps_is_dropped_in_silence_and_ends_nothing() {
    let (mut lone, id, _) = established();
    for segment in [
        "P. 1:11(10) ack 1",
        "F. 1:2(0) ack 1",
        "S 1:2(0)",
        ". 1:1(0) ack 9",
    ] {
        lone.inject(segment);
        assert_eq!(lone.ending(), "TimestampMissing");
        assert!(lone.run(SECOND).is_empty(), "{segment}");
        assert_eq!(lone.state(id), State::Established);
    }
    lone.inject("P. 1:11(10) ack 1 <TS val 101 ecr 0>");
    assert_eq!(lone.stack.read(lone.now, id, &mut [0; 20]), Ok(10));
}

// req: RFC7323-3.2-7
#[test]
fn timestamps_that_were_not_agreed_on_are_ignored() {
    let (mut lone, id) = Lone::established(with_timestamps());
    lone.inject("P. 1:11(10) ack 1 <TS val 500 ecr 7>");
    assert_eq!(lone.ending(), "Text");
    // Not even an older one counts.
    lone.inject("P. 11:21(10) ack 1 <TS val 400 ecr 7>");
    assert_eq!(lone.ending(), "Text");
    lone.inject("P. 21:31(10) ack 1");
    assert_eq!(lone.stack.read(lone.now, id, &mut [0; 40]), Ok(30));
    lone.write(id, 10);
    assert_eq!(lone.sent_one().options.timestamps, None);
}

// req: RFC7323-4.1-1
#[test]
fn an_echo_is_measured_only_if_it_acknowledges_something_new() {
    let (mut lone, id, ours) = established();
    let before = samples(&lone);
    lone.run(5 * SECOND);
    lone.inject(&format!("P. 1:11(10) ack 1 <TS val 101 ecr {ours}>"));
    lone.inject(&format!(". 11:11(0) ack 1 <TS val 101 ecr {ours}>"));
    lone.run(SECOND);
    assert_eq!(samples(&lone), before);
    // Sent twice, so that only an echo can tell which copy is acknowledged: the second, which took
    // 30 ms.
    lone.write(id, 10);
    lone.outgoing();
    lone.now += SECOND;
    lone.stack.handle_timeout(lone.now);
    let second = value(&mut lone);
    lone.now += 30 * MS;
    lone.inject(&format!(". 11:11(0) ack 11 <TS val 102 ecr {second}>"));
    assert_eq!(samples(&lone), before + 1);
    let told = lone.told.lines().join("\n");
    assert!(told.contains("rtt: 30ms"), "{told}");
}

fn samples(lone: &Lone) -> usize {
    lone.told.count("RttSampled")
}

/// The peer acknowledges up to `ack` and echoes what a segment had shown.
fn acknowledge(lone: &mut Lone, ack: u32, echo: u32) {
    lone.inject(&format!(
        ". 1:1(0) ack {ack} win 65535 <TS val 100 ecr {echo}>"
    ));
}

// req: RFC7323-4.2-1
#[test]
fn a_round_trip_is_measured_once_however_many_echoes_it_has() {
    let (mut lone, id, _) = established();
    lone.write(id, 60_000);
    let mut acked = 1;
    for _ in 0..2 {
        let sent = lone.sent();
        assert!(sent.len() >= 10, "{}", sent.len());
        let before = samples(&lone);
        lone.now += 30 * MS;
        for segment in sent {
            acked += 1_000;
            let shown = segment.options.timestamps.unwrap().value;
            acknowledge(&mut lone, acked, shown);
        }
        assert_eq!(samples(&lone), before + 1);
    }
}

// req: RFC7323-4.2-1, RFC6298-3-2
#[test]
fn echoes_stand_in_for_what_cannot_be_timed_but_once_a_round_trip() {
    let (mut lone, id, _) = established();
    lone.write(id, 10_000);
    assert_eq!(lone.sent().len(), 10);
    lone.now += SECOND;
    lone.stack.handle_timeout(lone.now);
    let mut shown = value(&mut lone);
    let before = samples(&lone);
    let mut acked = 1;
    for round in 1..=3 {
        lone.now += 40 * MS;
        for _ in 0..2 {
            acked += 1_000;
            acknowledge(&mut lone, acked, shown);
        }
        assert_eq!(samples(&lone), before + round);
        let again = lone.sent();
        shown = again[0].options.timestamps.unwrap().value;
    }
}

// req: RFC7323-4.1-2, RFC7323-5.4-1
#[test]
fn the_clock_ticks_evenly_between_once_a_millisecond_and_once_a_second() {
    let (mut lone, id, _) = established();
    let mut acked = 1;
    let mut at = |lone: &mut Lone, after: Duration| {
        lone.run(after);
        lone.write(id, 1);
        let value = value(lone);
        acked += 1;
        lone.inject(&format!(". 1:1(0) ack {acked} <TS val 100 ecr 0>"));
        value
    };
    let start = at(&mut lone, SECOND);
    let mut before = start;
    for seconds in [10, 1, 100, 3, 7_200] {
        let after = at(&mut lone, seconds * SECOND);
        let ticks = after.wrapping_sub(before);
        assert!(
            ticks >= seconds && ticks <= 1_000 * seconds,
            "{ticks} in {seconds} s"
        );
        before = after;
    }
    // Every second has as many.
    let ticks = before.wrapping_sub(start);
    assert_eq!(ticks % (10 + 1 + 100 + 3 + 7_200), 0);
}

// req: RFC7323-4.3-1
#[test]
fn a_delayed_acknowledgment_echoes_the_earliest_segment() {
    let (mut lone, _, _) = established();
    for (start, time) in [(1, 201), (11, 202), (21, 203)] {
        lone.inject(&format!(
            ". {start}:{}(10) ack 1 <TS val {time} ecr 0>",
            start + 10
        ));
    }
    lone.now += 100 * MS;
    lone.stack.handle_timeout(lone.now);
    let sent = lone.sent_one();
    assert_eq!(sent.line, ". 1:1(0) ack 31");
    assert_eq!(sent.options.timestamps.unwrap().echo, 201);
}

// req: RFC7323-4.3-1
#[test]
fn beyond_a_hole_the_last_in_order_is_echoed_and_then_what_fills_it() {
    let (mut lone, _, _) = established();
    // RFC 7323 section 4.3, the second example: A, C, B, E and D, each acknowledged.
    for (start, time, acked, echoed) in [
        (1, 201, 1_001, 201),
        (2_001, 203, 1_001, 201),
        (1_001, 202, 3_001, 202),
        (4_001, 205, 3_001, 202),
        (3_001, 204, 5_001, 204),
    ] {
        lone.inject(&format!(
            ". {start}:{}(1000) ack 1 <TS val {time} ecr 0>",
            start + 1_000
        ));
        if start == 1 {
            lone.now += 100 * MS;
            lone.stack.handle_timeout(lone.now);
        }
        let sent = lone.sent_one();
        assert_eq!(sent.line, format!(". 1:1(0) ack {acked}"));
        assert_eq!(sent.options.timestamps.unwrap().echo, echoed, "at {start}");
    }
}

// req: RFC7323-5.3-1
#[test]
fn an_old_timestamp_is_acknowledged_and_dropped_before_the_window_is_looked_at() {
    for segment in [
        "P. 1:11(10) ack 1 <TS val 99 ecr 0>",
        "P. 90000:90010(10) ack 1 <TS val 99 ecr 0>",
        "F. 1:2(0) ack 1 <TS val 99 ecr 0>",
        // Older by half of all numbers but one.
        "P. 1:11(10) ack 1 <TS val 2147483749 ecr 0>",
    ] {
        let (mut lone, id, _) = established();
        lone.inject(segment);
        assert_eq!(lone.ending(), "Paws", "{segment}");
        assert_eq!(lone.outgoing(), [". 1:1(0) ack 1"]);
        assert_eq!(lone.state(id), State::Established);
        assert!(lone.stack.read(lone.now, id, &mut [0; 20]).is_err());
    }
    let (mut lone, _, _) = established();
    lone.inject("P. 1:11(10) ack 1 <TS val 100 ecr 0>");
    assert_eq!(lone.ending(), "Text");
}

// req: RFC7323-5.3-1
#[test]
fn an_acknowledgment_that_a_newer_one_has_overtaken_is_dropped_and_missed_by_nobody() {
    let (mut lone, id, _) = established();
    lone.write(id, 5_000);
    lone.outgoing();
    lone.inject(". 1:1(0) ack 3001 <TS val 102 ecr 0>");
    lone.inject(". 1:1(0) ack 2001 <TS val 101 ecr 0>");
    assert_eq!(lone.ending(), "Paws");
    assert_eq!(lone.stack.status(id).unwrap().unacknowledged, 2_000);
}

#[test]
fn text_that_was_overtaken_is_taken() {
    let (mut lone, id, _) = established();
    lone.inject("P. 11:21(10) ack 1 <TS val 102 ecr 0>");
    lone.outgoing();
    lone.inject(". 21:21(0) ack 1 <TS val 103 ecr 0>");
    lone.inject("P. 1:11(10) ack 1 <TS val 101 ecr 0>");
    assert_eq!(lone.stack.read(lone.now, id, &mut [0; 40]), Ok(20));
}

// req: RFC7323-5.3-2
#[test]
fn the_test_is_made_on_arrival_and_not_again() {
    let (mut lone, id, _) = established();
    // Beyond a hole, and older by the time when the hole is filled.
    lone.inject("P. 11:21(10) ack 1 <TS val 150 ecr 0>");
    lone.outgoing();
    lone.inject("P. 1:6(5) ack 1 <TS val 300 ecr 0>");
    lone.outgoing();
    lone.inject("P. 6:11(5) ack 1 <TS val 301 ecr 0>");
    assert_eq!(lone.stack.read(lone.now, id, &mut [0; 40]), Ok(20));
    // But made it is, also for what lies beyond a hole.
    lone.inject("P. 31:41(10) ack 1 <TS val 200 ecr 0>");
    assert_eq!(lone.ending(), "Paws");
}

// req: RFC7323-5.2-1
#[test]
fn a_reset_is_not_judged_by_its_timestamp() {
    for option in ["<TS val 1 ecr 0>", ""] {
        let (mut lone, id, _) = established();
        lone.inject(&format!("R 1:1(0) {option}"));
        assert_eq!(lone.stack.failure(id), Some(Failure::Reset), "{option}");
    }
}

// req: RFC7323-5.2-1
#[test]
fn the_timestamp_of_a_reset_is_not_remembered() {
    let (mut lone, id, _) = established();
    lone.inject("P. 1:101(100) ack 1 <TS val 101 ecr 0>");
    lone.run(SECOND);
    // In the window by its last byte only, and so not believed.
    lone.inject("R 51:151(100) <TS val 9000 ecr 0>");
    assert_eq!(lone.ending(), "ResetNotExact");
    assert_eq!(echo(&mut lone), 101);
    lone.inject("P. 101:111(10) ack 1 <TS val 102 ecr 0>");
    assert_eq!(lone.stack.read(lone.now, id, &mut [0; 200]), Ok(110));
}

// req: RFC7323-7-1
#[test]
fn connections_show_clocks_that_have_nothing_to_do_with_each_other() {
    let mut lone = Lone::new(with_timestamps());
    let mut shown = Vec::new();
    for port in 1..=20 {
        lone.stack
            .open(lone.now, SocketAddr::new(B, port), None)
            .unwrap();
        shown.push(value(&mut lone));
    }
    shown.sort_unstable();
    // All in the same millisecond, and yet spread over the whole range.
    let gaps: Vec<u32> = shown.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(gaps.iter().all(|gap| *gap > 0), "{shown:?}");
    assert!(shown[19] - shown[0] > 1 << 30, "{shown:?}");
}
