//! What is reported from beyond a hole: RFC 2018 section 4, and the examples of its section 7.

use super::super::ConnId;
use super::super::lone::{Lone, Sent};
use crate::tcp::Config;

/// A connection on which reports are allowed, with or without timestamps.
fn established(timestamps: bool) -> (Lone, ConnId) {
    let mut lone = Lone::new(Config {
        sack: true,
        timestamps,
        ..Lone::plain()
    });
    let id = lone.open();
    lone.outgoing();
    lone.inject(match timestamps {
        true => "S. 0:1(0) ack 1 win 65535 <mss 1000,sackOK,TS val 100 ecr 0>",
        false => "S. 0:1(0) ack 1 win 65535 <mss 1000,sackOK>",
    });
    lone.outgoing();
    (lone, id)
}

/// 500 bytes at the place that the RFC's examples call `seq`: their 5000 is our 1.
fn arrive(lone: &mut Lone, seq: u32) {
    let start = seq - 4_999;
    lone.inject(&format!(". {start}:{}(500) ack 1", start + 500));
}

/// Acknowledgment and blocks of the one answer, in the example's numbers.
fn answer(lone: &mut Lone) -> (u32, Vec<(u32, u32)>) {
    let Sent { line, sack, .. } = lone.sent_one();
    let ack: u32 = line.rsplit(' ').next().unwrap().parse().unwrap();
    let blocks = sack.iter();
    (
        ack + 4_999,
        blocks
            .map(|(left, right)| (left + 4_999, right + 4_999))
            .collect(),
    )
}

// req: RFC2018-4-2, RFC2018-4-3, RFC2018-4-4
#[test]
fn case_2_the_first_segment_is_dropped_but_the_remaining_seven_are_received() {
    let (mut lone, _) = established(false);
    for seq in (5_500..=8_500).step_by(500) {
        arrive(&mut lone, seq);
        assert_eq!(answer(&mut lone), (5_000, vec![(5_500, seq + 500)]));
    }
}

// req: RFC2018-4-3, RFC2018-4-4, RFC2018-4-5, RFC2018-4-6
#[test]
fn case_3_the_second_fourth_sixth_and_eighth_segments_are_dropped() {
    let (mut lone, _) = established(false);
    arrive(&mut lone, 5_000);
    assert!(lone.outgoing().is_empty(), "it may wait");
    for (seq, blocks) in [
        (6_000, vec![(6_000, 6_500)]),
        (7_000, vec![(7_000, 7_500), (6_000, 6_500)]),
        (8_000, vec![(8_000, 8_500), (7_000, 7_500), (6_000, 6_500)]),
        // "Suppose at this point, the 4th packet is received out of order."
        (6_500, vec![(6_000, 7_500), (8_000, 8_500)]),
    ] {
        arrive(&mut lone, seq);
        assert_eq!(answer(&mut lone), (5_500, blocks), "{seq}");
    }
    // "Suppose at this point, the 2nd segment is received."
    arrive(&mut lone, 5_500);
    assert_eq!(answer(&mut lone), (7_500, vec![(8_000, 8_500)]));
    // And the last one missing.
    arrive(&mut lone, 7_500);
    assert_eq!(answer(&mut lone), (8_500, vec![]));
}

// req: RFC2018-4-4
#[test]
fn the_first_block_holds_the_segment_that_came_even_if_it_was_there() {
    let (mut lone, _) = established(false);
    for seq in [6_000, 7_000, 8_000] {
        arrive(&mut lone, seq);
        answer(&mut lone);
    }
    arrive(&mut lone, 6_000);
    let (ack, blocks) = answer(&mut lone);
    assert_eq!(ack, 5_000);
    // RFC 2883 section 4: before them, the same as a duplicate.
    let again = (6_000, 6_500);
    assert_eq!(blocks, [again, again, (8_000, 8_500), (7_000, 7_500)]);
}

/// 500 bytes times `count` at `seq`, and the answer to it.
fn arrive_long(lone: &mut Lone, seq: u32, count: u32) -> (u32, Vec<(u32, u32)>) {
    let (start, len) = (seq - 4_999, count * 500);
    lone.inject(&format!(". {start}:{}({len}) ack 1", start + len));
    answer(lone)
}

/// The examples of RFC 2883 section 4.1: what was received already is reported first, and once.
// req: RFC2883-4-1, RFC2883-4-2, RFC2883-4-3
#[test]
fn a_segment_below_the_acknowledgment_that_comes_again_is_reported_once() {
    let (mut lone, _) = established(false);
    for seq in [5_000, 5_500] {
        arrive(&mut lone, seq);
        lone.run(std::time::Duration::from_millis(50));
    }
    arrive(&mut lone, 5_000);
    assert_eq!(answer(&mut lone), (6_000, vec![(5_000, 5_500)]));
    // With a hole, what lies beyond it follows; and the duplicate is not told again.
    arrive(&mut lone, 6_500);
    assert_eq!(answer(&mut lone), (6_000, vec![(6_500, 7_000)]));
    arrive(&mut lone, 5_500);
    assert_eq!(
        answer(&mut lone),
        (6_000, vec![(5_500, 6_000), (6_500, 7_000)])
    );
    arrive(&mut lone, 7_000);
    assert_eq!(answer(&mut lone), (6_000, vec![(6_500, 7_500)]));
}

// req: RFC2883-4-1, RFC2883-4-4, RFC2883-4.2-1
#[test]
fn a_duplicate_beyond_a_hole_is_followed_by_the_block_that_holds_it() {
    let (mut lone, _) = established(false);
    for seq in [6_000, 6_500, 8_000] {
        arrive(&mut lone, seq);
        answer(&mut lone);
    }
    arrive(&mut lone, 6_500);
    let blocks = vec![(6_500, 7_000), (6_000, 7_000), (8_000, 8_500)];
    assert_eq!(answer(&mut lone), (5_000, blocks));
    // Two parts of one segment were there: the first of them is told.
    let (ack, blocks) = arrive_long(&mut lone, 6_500, 4);
    assert_eq!(ack, 5_000);
    assert_eq!(blocks, [(6_500, 7_000), (6_000, 8_500)]);
}

// req: RFC2883-4-3
#[test]
fn of_a_segment_that_is_partly_old_the_old_part_is_reported() {
    let (mut lone, _) = established(false);
    arrive(&mut lone, 5_000);
    lone.run(std::time::Duration::from_millis(50));
    arrive(&mut lone, 6_500);
    answer(&mut lone);
    let (ack, blocks) = arrive_long(&mut lone, 5_000, 2);
    assert_eq!(ack, 6_000);
    assert_eq!(blocks, [(5_000, 5_500), (6_500, 7_000)]);
}

// req: RFC2018-4-5, RFC2018-4-6, RFC2018-3-2
#[test]
fn as_many_blocks_as_fit_are_reported_the_latest_first() {
    for (timestamps, most) in [(false, 4), (true, 3)] {
        let (mut lone, _) = established(timestamps);
        let mut expected = Vec::new();
        for start in [101, 301, 501, 701, 901, 1_101] {
            let option = if timestamps { "<TS val 100 ecr 0>" } else { "" };
            lone.inject(&format!(". {start}:{}(100) ack 1 {option}", start + 100));
            expected.insert(0, (start, start + 100));
            expected.truncate(most);
            assert_eq!(lone.sent_one().sack, expected);
        }
    }
}

// req: RFC2018-4-2
#[test]
fn every_segment_reports_as_long_as_there_is_a_hole() {
    let (mut lone, id) = established(false);
    lone.inject(". 101:201(100) ack 1");
    assert_eq!(lone.sent_one().sack, [(101, 201)]);
    // Text of ours, its retransmission, a challenge, the acknowledgment of part of the hole, a FIN.
    lone.write(id, 10);
    assert_eq!(lone.sent_one().sack, [(101, 201)]);
    lone.now += std::time::Duration::from_secs(1);
    lone.stack.handle_timeout(lone.now);
    assert_eq!(lone.sent_one().sack, [(101, 201)]);
    lone.inject("S 1:2(0)");
    assert_eq!(lone.sent_one().sack, [(101, 201)]);
    lone.inject(". 1:51(50) ack 11");
    assert_eq!(lone.sent_one().sack, [(101, 201)]);
    lone.stack.shutdown(lone.now, id);
    assert_eq!(lone.sent_one().sack, [(101, 201)]);
    lone.inject(". 51:101(50) ack 12");
    assert_eq!(lone.sent_one().sack, []);
}

// req: RFC2018-4-1
#[test]
fn nothing_is_reported_to_a_peer_that_gave_no_leave() {
    let (mut lone, _) = Lone::established(Config {
        sack: true,
        ..Lone::plain()
    });
    lone.inject(". 101:201(100) ack 1");
    let sent = lone.sent_one();
    assert_eq!(sent.sack, []);
    assert_eq!(sent.line, ". 1:1(0) ack 1");
}
