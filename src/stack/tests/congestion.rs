//! How much goes at once, and when it is acknowledged: RFC 5681, RFC 3042, RFC 2018 section 5.1.

use super::super::ConnId;
use super::super::lone::Lone;

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
