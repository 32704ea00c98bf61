//! How much goes at once, and when it is acknowledged: RFC 5681, RFC 3042, RFC 2018 section 5.1.

use std::time::Duration;

use super::super::ConnId;
use super::super::lone::Lone;
use crate::tcp::Config;

const MS: Duration = Duration::from_millis(1);
const FIRST_AGAIN: &str = ". 1:1001(1000) ack 1";

fn established() -> (Lone, ConnId) {
    Lone::established(Lone::plain())
}

/// With the initial window of ten segments on its way, and more that waits.
fn sending() -> (Lone, ConnId) {
    let (mut lone, id) = established();
    lone.write(id, 30_000);
    assert_eq!(lone.outgoing().len(), 10);
    (lone, id)
}

fn cwnd(lone: &Lone, id: ConnId) -> u64 {
    lone.stack.status(id).unwrap().cwnd
}

// req: RFC5681-3.1-3
#[test]
fn the_handshake_does_not_open_the_window() {
    // RFC 6928 section 2: ten segments of 1000.
    let (lone, id) = established();
    assert_eq!(cwnd(&lone, id), 10_000);

    let mut lone = Lone::new(Lone::plain());
    let listener = lone.listen();
    lone.inject("S 0:1(0) win 65535 <mss 1000>");
    lone.outgoing();
    lone.inject(". 1:1(0) ack 1");
    let id = lone.stack.accept(lone.now, listener).unwrap();
    assert_eq!(cwnd(&lone, id), 10_000);
}

// req: RFC5681-2-1
#[test]
fn no_more_is_on_its_way_than_the_narrower_window_holds() {
    // The congestion window holds 10,000 bytes; the other one is what the peer shows.
    for (window, most) in [
        (65_535, 10_000),
        (10_001, 10_000),
        (9_500, 9_500),
        (999, 999),
    ] {
        let (mut lone, id) = established();
        lone.inject(&format!(". 1:1(0) ack 1 win {window}"));
        lone.write(id, 30_000);
        // Silly windows are given a while to grow.
        lone.run(190 * MS);
        let status = lone.stack.status(id).unwrap();
        let sent = status.snd_nxt.since(status.snd_una);
        assert!(sent <= most && sent + 1_000 > most, "{sent} of {window}");
    }
}

// req: RFC5681-4.1-1
#[test]
fn after_a_pause_the_window_is_the_restart_window_at_most() {
    let (mut lone, id) = established();
    lone.stack.set_nodelay(lone.now, id, true);
    let mut acked = 1;
    let mut flight = |lone: &mut Lone, pause: Duration| {
        lone.run(pause);
        lone.write(id, 20_000);
        let first = lone.outgoing().len();
        // As acknowledgments come, all of it goes.
        for _ in 0..20 {
            acked += 1_000;
            lone.inject(&format!(". 1:1(0) ack {acked}"));
            lone.outgoing();
        }
        first
    };
    assert_eq!(flight(&mut lone, Duration::ZERO), 10);
    // The timeout is 200 ms, the least.
    assert_eq!(flight(&mut lone, 100 * MS), 20);
    assert_eq!(flight(&mut lone, 1_100 * MS), 10);
}

// req: RFC3042-2-1, RFC3042-2-2, RFC5681-3.2-4
#[test]
fn the_first_two_duplicates_let_one_new_segment_go_each_and_leave_the_window() {
    let (mut lone, id) = sending();
    for start in [10_001, 11_001] {
        lone.inject(". 1:1(0) ack 1");
        let new = format!(". {start}:{}(1000) ack 1", start + 1_000);
        assert_eq!(lone.outgoing(), [new]);
        assert_eq!(cwnd(&lone, id), 10_000);
    }
    // And the window is halved by what was on its way before them.
    lone.inject(". 1:1(0) ack 1");
    assert_eq!(lone.outgoing(), [FIRST_AGAIN]);
    assert_eq!(lone.stack.status(id).unwrap().ssthresh, Some(5_000));
}

/// As [`sending`], where the peer may report what has arrived.
fn sending_with_sack() -> Lone {
    let config = Config {
        sack: true,
        ..Lone::plain()
    };
    let (mut lone, _) = Lone::sending(config, 30);
    lone.now += 40 * MS;
    lone
}

// req: RFC3042-2-3, RFC5681-3.2-5, RFC6675-5-2
#[test]
fn where_reports_are_agreed_on_a_duplicate_without_news_lets_nothing_go() {
    // No report, of what was never sent, of what is acknowledged.
    for report in ["", "<sack 10001:11001>", "<sack 1:1>"] {
        let mut lone = sending_with_sack();
        for _ in 0..2 {
            lone.inject(&format!(". 1:1(0) ack 1 {report}"));
            assert_eq!(lone.ending(), "DuplicateAck");
            assert!(lone.outgoing().is_empty(), "{report}");
        }
        // RFC 6675 section 5: nor do three of them show a loss.
        lone.inject(&format!(". 1:1(0) ack 1 {report}"));
        assert!(lone.outgoing().is_empty(), "{report}");
    }
    // The same once more, and what an acknowledgment of something new has told.
    let mut lone = sending_with_sack();
    lone.inject(". 1:1(0) ack 1001 <sack 3001:4001>");
    lone.outgoing();
    lone.inject(". 1:1(0) ack 1001 <sack 3001:4001>");
    assert_eq!(lone.ending(), "DuplicateAck");
    assert!(lone.outgoing().is_empty());
    lone.inject(". 1:1(0) ack 1001 <sack 3001:5001>");
    assert_eq!(lone.outgoing().len(), 1);
}

// req: RFC3042-2-1
#[test]
fn a_duplicate_with_news_lets_one_new_segment_go() {
    let mut lone = sending_with_sack();
    for (end, start) in [(2_001, 10_001), (3_001, 11_001)] {
        lone.inject(&format!(". 1:1(0) ack 1 <sack 1001:{end}>"));
        let new = format!(". {start}:{}(1000) ack 1", start + 1_000);
        assert_eq!(lone.outgoing(), [new]);
    }
}

// req: RFC5681-2-2
#[test]
fn only_what_the_definition_names_is_a_duplicate() {
    let text = [1, 11, 21, 31].map(|seq| format!(". {seq}:{}(10) ack 1", seq + 10));
    let window = [64_000, 63_000, 62_000, 61_000].map(|win| format!(". 1:1(0) ack 1 win {win}"));
    let fin = ["F. 11:12(0) ack 1"; 4];
    let old = [
        ". 1:1(0) ack 1001",
        ". 1:1(0) ack 1",
        ". 1:1(0) ack 1",
        ". 1:1(0) ack 1",
    ];
    // Sent before what came first, as its number tells, with the window of that time.
    let late = [
        ". 2001:2011(10) ack 1",
        ". 1:1(0) ack 1 win 60000",
        ". 1:1(0) ack 1 win 60000",
        ". 1:1(0) ack 1 win 60000",
    ];
    for segments in [
        text,
        window,
        fin.map(String::from),
        old.map(String::from),
        late.map(String::from),
    ] {
        let (mut lone, _) = sending();
        for segment in &segments {
            lone.inject(segment);
        }
        let sent = lone.outgoing();
        let again = |line: &String| line.contains(" 1:1001(") || line.contains(" 1001:2001(");
        assert!(!sent.iter().any(again), "{segments:?} drew {sent:?}");
    }
    // With nothing outstanding nothing is duplicate: it would count for what is sent next.
    let (mut lone, id) = established();
    for _ in 0..3 {
        lone.inject(". 1:1(0) ack 1");
    }
    lone.write(id, 4_000);
    assert_eq!(lone.outgoing().len(), 4);
    lone.inject(". 1:1(0) ack 1");
    assert!(lone.outgoing().is_empty());
    // And three that are.
    lone.inject(". 1:1(0) ack 1");
    lone.inject(". 1:1(0) ack 1");
    assert_eq!(lone.outgoing(), [FIRST_AGAIN]);
}

// req: RFC2018-5.1-1, RFC5681-3.2-3
#[test]
fn reports_of_what_arrived_change_nothing_about_congestion_control() {
    let mut lone = Lone::new(Config {
        sack: true,
        ..Lone::plain()
    });
    let id = lone.open();
    lone.outgoing();
    lone.now += 40 * MS;
    lone.inject("S. 0:1(0) ack 1 win 65535 <mss 1000,sackOK>");
    lone.outgoing();
    lone.write(id, 30_000);
    assert_eq!(lone.outgoing().len(), 10);
    lone.now += 40 * MS;
    // What two segments' worth reports is no loss yet: RFC 8985 section 6.2 step 4.
    for end in [2_001, 3_001] {
        lone.inject(&format!(". 1:1(0) ack 1 <sack 1001:{end}>"));
        assert!(!lone.outgoing().contains(&FIRST_AGAIN.to_owned()));
        assert_eq!(cwnd(&lone, id), 10_000);
    }
    lone.inject(". 1:1(0) ack 1 <sack 1001:4001>");
    assert_eq!(lone.outgoing(), [FIRST_AGAIN]);
    assert_eq!(lone.stack.status(id).unwrap().ssthresh, Some(5_000));
    // In recovery no acknowledgment lets more than one segment go.
    for end in (5_001..=10_001).step_by(1_000) {
        lone.inject(&format!(". 1:1(0) ack 1 <sack 1001:{end}>"));
        let sent = lone.outgoing();
        assert!(sent.len() <= 1, "{end}: {sent:?}");
    }
}

// req: RFC5681-3.2-1, RFC2018-4-3
#[test]
fn every_segment_beyond_a_hole_draws_a_duplicate_at_once() {
    let (mut lone, _) = established();
    for start in [1_001, 3_001, 2_001, 5_001] {
        lone.inject(&format!(". {start}:{}(1000) ack 1", start + 1_000));
        assert_eq!(lone.outgoing(), [". 1:1(0) ack 1"]);
    }
    // Also those that came at once: a sender counts them.
    for start in [6_001, 7_001, 8_001] {
        lone.inject(&format!(". {start}:{}(1000) ack 1", start + 1_000));
    }
    assert_eq!(lone.outgoing(), [". 1:1(0) ack 1"; 3]);
    // A FIN is a segment too.
    lone.inject("F. 9001:9002(0) ack 1");
    assert_eq!(lone.outgoing(), [". 1:1(0) ack 1"]);
    // What has filled the hole meanwhile makes duplicates pointless.
    lone.inject("F. 9001:9002(0) ack 1");
    lone.inject("F. 9001:9002(0) ack 1");
    lone.inject(". 1:1001(1000) ack 1");
    assert_eq!(lone.outgoing(), [". 1:1(0) ack 4001"]);
}

// req: RFC5681-3.2-2
#[test]
fn what_fills_a_hole_or_part_of_one_is_acknowledged_at_once() {
    let (mut lone, _) = established();
    lone.inject(". 101:201(100) ack 1");
    lone.inject(". 301:401(100) ack 1");
    lone.outgoing();
    // Part of the first hole, the rest of it, and the second.
    for (segment, ack) in [
        (". 1:51(50) ack 1", 51),
        (". 51:101(50) ack 1", 201),
        (". 201:301(100) ack 1", 401),
    ] {
        lone.inject(segment);
        assert_eq!(lone.outgoing(), [format!(". 1:1(0) ack {ack}")]);
    }
    // Without a hole such a short segment may wait.
    lone.inject(". 401:451(50) ack 1");
    assert!(lone.outgoing().is_empty());
}

// req: RFC5681-4.2-1
#[test]
fn acknowledgments_are_delayed_but_not_beyond_the_second_full_segment() {
    let (mut lone, _) = established();
    for start in (1..20_001).step_by(2_000) {
        lone.inject(&format!(". {start}:{}(1000) ack 1", start + 1_000));
        assert!(lone.outgoing().is_empty());
        lone.inject(&format!(
            ". {}:{}(1000) ack 1",
            start + 1_000,
            start + 2_000
        ));
        assert_eq!(lone.outgoing(), [format!(". 1:1(0) ack {}", start + 2_000)]);
    }
}

// req: RFC5681-4.2-2
#[test]
fn the_delay_counts_from_the_first_segment_that_waits() {
    let (mut lone, _) = established();
    let mut unacknowledged = Duration::ZERO;
    let mut seen = 0;
    for start in (1..1_001).step_by(10) {
        lone.inject(&format!(". {start}:{}(10) ack 1", start + 10));
        unacknowledged += 30 * MS;
        if !lone.run(30 * MS).is_empty() {
            unacknowledged = Duration::ZERO;
            seen += 1;
        }
        assert!(unacknowledged < 500 * MS, "at {start}");
    }
    assert!(seen > 1);
}

// req: RFC5681-4.2-3
#[test]
fn no_segment_draws_more_than_one_acknowledgment() {
    let (mut lone, id) = established();
    let mut acknowledgments = 0;
    let segments = [
        ". 1:1001(1000) ack 1",
        ". 1001:2001(1000) ack 1",
        ". 1:2001(2000) ack 1",
        ". 3001:4001(1000) ack 1",
        ". 3001:4001(1000) ack 1",
        "S 2001:2002(0)",
        "R 2101:2101(0)",
        ". 90000:90010(10) ack 1",
        ". 2001:2501(500) ack 9",
        "F. 2001:3002(1000) ack 1",
        "F. 4001:4002(0) ack 1",
        "F. 4001:4002(0) ack 1",
    ];
    for segment in segments {
        lone.now += Duration::from_secs(1);
        lone.inject(segment);
        let sent = lone.outgoing();
        assert!(sent.len() <= 1, "{segment} drew {sent:?}");
        acknowledgments += sent.len();
        // Nor later, when it was acknowledged at once.
        assert!(
            sent.is_empty() || lone.run(500 * MS).is_empty(),
            "{segment}"
        );
    }
    assert!(acknowledgments > 8);
    assert!(lone.stack.status(id).is_some());
}
