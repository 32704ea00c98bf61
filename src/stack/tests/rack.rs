//! Losses found by time: RFC 8985 section 6, and what goes again in recovery: RFC 9937.

use std::time::Duration;

use super::super::ConnId;
use super::super::kit::{End, Fate, World, pattern};
use super::super::lone::Lone;
use crate::tcp::Config;

const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

/// A connection with SACK on a path of 40 ms, `segments` of 1000 bytes on their way for so long.
fn sending(segments: usize) -> (Lone, ConnId) {
    let config = Config {
        sack: true,
        ..Lone::plain()
    };
    let (mut lone, id) = Lone::sending(config, segments);
    lone.now += 40 * MS;
    (lone, id)
}

// req: RFC8985-6.2-5, RFC8985-6.2-6, RFC8985-4-2
#[test]
fn one_segment_reported_makes_the_one_before_it_lost_a_quarter_of_a_round_trip_later() {
    let (mut lone, _) = sending(2);
    lone.inject(". 1:1(0) ack 1 <sack 1001:2001>");
    assert_eq!(lone.run(100 * MS), ["10 . 1:1001(1000) ack 1"]);
    assert_eq!(lone.told.count("Lost { range"), 1);
    assert_eq!(lone.told.count("Rack"), 1);
}

#[test]
fn an_ack_that_comes_just_when_a_timer_is_due_leaves_no_deadline_in_the_past() {
    let (mut lone, _) = sending(2);
    lone.inject(". 1:1(0) ack 1 <sack 1001:2001>");
    assert!(lone.outgoing().is_empty());
    // The reordering timer is due, and an ACK comes before it is served.
    lone.now += 10 * MS;
    lone.inject(". 1:1(0) ack 1 <sack 1001:2001>");
    assert_eq!(lone.outgoing(), [". 1:1001(1000) ack 1"]);
    assert!(lone.stack.poll_timeout() > Some(lone.now));
}

// req: RFC8985-8-1
#[test]
fn one_timer_at_a_time_guards_what_is_outstanding() {
    let (mut lone, _) = sending(2);
    lone.inject(". 1:1(0) ack 1 <sack 1001:2001>");
    assert_eq!(lone.told.count("TimerCancelled { kind: LossProbe }"), 1);
    assert_eq!(lone.told.count("TimerSet { kind: Reordering"), 1);
    lone.run(20 * MS);
    // What has gone again is guarded by the retransmission timer alone.
    let lines = lone.told.lines();
    let set = lines.iter().rfind(|line| line.contains("TimerSet"));
    assert!(set.unwrap().contains("Retransmission"), "{set:?}");
}

// req: RFC8985-4-1
#[test]
fn without_reports_there_is_neither_a_reordering_timer_nor_a_probe() {
    let (mut lone, id) = Lone::established(Lone::plain());
    lone.write(id, 5_000);
    lone.now += 40 * MS;
    lone.inject(". 1:1(0) ack 1");
    lone.outgoing();
    lone.run(100 * MS);
    assert_eq!(lone.told.count("TimerSet { kind: Reordering"), 0);
    assert_eq!(lone.told.count("TimerSet { kind: LossProbe"), 0);
}

// req: RFC9937-6.1-2
#[test]
fn what_was_on_its_way_before_the_report_is_what_the_reduction_is_spread_over() {
    let (mut lone, _) = sending(20);
    // Ten were on their way, these three among them, and five shall be: half of what is delivered
    // may go, 1,500 bytes at first, in whole segments.
    lone.inject(". 1:1(0) ack 1 <sack 1001:4001>");
    let mut sent = vec![lone.outgoing().len()];
    for right in (5_001..=9_001).step_by(1_000) {
        lone.inject(&format!(". 1:1(0) ack 1 <sack 1001:{right}>"));
        sent.push(lone.outgoing().len());
    }
    // Half of 3,000, of 4,000, of 5,000. Then five are on their way and none may go, and after that
    // one for each delivered.
    assert_eq!(sent, [1, 1, 0, 0, 1, 1]);
}

// req: RFC8985-6.2-5, RFC9937-6.2-7, RFC8985-6.1-1, RFC9937-5-1
#[test]
fn a_lost_copy_goes_again_without_a_timeout() {
    let (mut lone, _) = sending(20);
    lone.inject(". 1:1(0) ack 1 <sack 1001:4001>");
    assert_eq!(lone.outgoing(), [". 1:1001(1000) ack 1"]);
    // As more is reported, new segments go; when one of these is reported, the copy was lost.
    lone.now += MS;
    lone.inject(". 1:1(0) ack 1 <sack 1001:10001>");
    let new = lone.outgoing();
    assert!(
        !new.is_empty() && new[0].starts_with(". 10001:11001"),
        "{new:?}"
    );
    lone.now += 40 * MS;
    lone.inject(". 1:1(0) ack 1 <sack 1001:11001>");
    assert_eq!(lone.outgoing()[0], ". 1:1001(1000) ack 1");
    assert_eq!(lone.told.count("Timeout"), 0);
}

// req: RFC8985-6.2-3, RFC8985-3.3.2-1
#[test]
fn after_reordering_was_seen_three_reports_are_not_enough() {
    let (mut lone, _) = sending(10);
    // The second arrives before the first.
    lone.inject(". 1:1(0) ack 1 <sack 1001:2001>");
    lone.inject(". 1:1(0) ack 2001");
    lone.inject(". 1:1(0) ack 2001 <sack 3001:6001>");
    assert!(lone.outgoing().is_empty());
    // But a quarter of a round trip is.
    assert_eq!(lone.run(11 * MS), ["10 . 2001:3001(1000) ack 1"]);
}

// req: RFC8985-9.3-1, RFC9937-6.2-4
#[test]
fn what_is_lost_goes_again_as_fast_as_the_window_shrinks() {
    let (mut lone, id) = sending(10);
    // Three of ten are lost, the last is reported first.
    lone.inject(". 1:1(0) ack 1 <sack 6001:9001>");
    // 1 to 6001 are lost, and one is on its way: less than ssthresh, so what has arrived may be
    // replaced, three segments.
    let again = [1, 1_001, 2_001].map(|seq| format!(". {seq}:{}(1000) ack 1", seq + 1_000));
    assert_eq!(lone.outgoing(), again);
    let status = lone.stack.status(id).unwrap();
    assert_eq!(status.ssthresh, Some(5_000));
    assert_eq!(status.phase, "recovery");
    // One more arrives, and one more goes.
    lone.inject(". 1:1(0) ack 1 <sack 6001:10001>");
    assert_eq!(lone.outgoing(), [". 3001:4001(1000) ack 1"]);
}

// req: RFC9937-6.4-1, RFC6675-5-4
#[test]
fn one_episode_reduces_the_window_once_and_ends_with_half_of_it() {
    let (mut lone, id) = sending(30);
    lone.inject(". 1:1(0) ack 1 <sack 1001:4001>");
    lone.outgoing();
    // A second loss in the same window.
    lone.inject(". 1:1(0) ack 1 <sack 5001:9001 1001:4001>");
    lone.outgoing();
    lone.now += 40 * MS;
    lone.inject(". 1:1(0) ack 10001");
    lone.outgoing();
    lone.now += 40 * MS;
    let nxt = lone
        .stack
        .status(id)
        .unwrap()
        .snd_nxt
        .since(lone.iss.unwrap());
    lone.inject(&format!(". 1:1(0) ack {nxt}"));
    assert_eq!(
        lone.told.count("RFC 8985"),
        lone.told.count("PacketOut Retransmission")
    );
    let status = lone.stack.status(id).unwrap();
    assert_eq!((status.phase, status.ssthresh), ("open", Some(5_000)));
    assert!((5_000..7_000).contains(&status.cwnd), "{}", status.cwnd);
}

/// A transfer of 207 segments, whose first copies meet a fate by their number.
fn transfer(fate: impl Fn(usize) -> Fate + 'static) -> World {
    let mut world = World::new(Config::default());
    let (a, b, _) = world.connect();
    let mut seen = std::collections::HashSet::new();
    world.judge = Box::new(move |from, packet, _| {
        let seq = packet[24..28].to_vec();
        if from == End::B || packet.len() < 500 || !seen.insert(seq) {
            return Fate::Deliver;
        }
        fate(seen.len())
    });
    let bytes = pattern(300_000);
    let read = world.transfer(End::A, a, b, &bytes, 60 * SECOND);
    assert!(read == bytes);
    world
}

// req: RFC8985-6.2-5, RFC6675-5-6
#[test]
fn one_lost_segment_in_a_window_costs_one_round_trip() {
    let world = transfer(|n| if n == 100 { Fate::Drop } else { Fate::Deliver });
    assert_eq!(world.told_a.count("PacketOut Retransmission"), 1);
    let dropped = world.log.iter().find(|(_, _, fate, _)| *fate == Fate::Drop);
    let (first, _, _, lost) = dropped.unwrap();
    let copies = world
        .log
        .iter()
        .filter(|(.., packet)| packet[24..28] == lost[24..28]);
    let copies: Vec<_> = copies.filter(|(_, from, ..)| *from == End::A).collect();
    assert_eq!(copies.len(), 2);
    // The copy leaves when the segments behind the first one are reported: the path takes 10 ms.
    assert_eq!(copies[1].0.since(*first), 20 * MS);
}

// req: RFC8985-3.3.2-1, RFC8985-4-3
#[test]
fn reordering_by_three_segments_costs_no_retransmission() {
    // Every tenth is overtaken by three others, in less than a quarter of the round trip; the
    // first time shows that there is reordering.
    let world = transfer(|n| match n {
        12 => Fate::Later(MS),
        n if n > 20 && n % 10 == 0 => Fate::Later(3 * MS),
        _ => Fate::Deliver,
    });
    let again = world.told_a.count("PacketOut Retransmission");
    assert!(again <= 1, "{again} went again");
}

// req: RFC6675-5-6, RFC8985-9.3-1
#[test]
fn a_burst_of_losses_is_repaired_without_a_timeout() {
    let world = transfer(|n| match n {
        100..110 => Fate::Drop,
        _ => Fate::Deliver,
    });
    assert_eq!(world.told_a.count("PacketOut Retransmission"), 10);
    assert_eq!(world.told_a.count("by: Timeout"), 0);
}
