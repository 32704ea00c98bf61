//! Accurate ECN on the wire: RFC 9768.

use std::time::Duration;

use super::super::lone::Lone;
use super::super::{ConnId, ListenerId};
use crate::tcp::Config;
use crate::tcp::ecn::counters::Telling;
use crate::tcp::ecn::{Asking, Codepoint};

const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

fn config(accurate_ecn: Asking) -> Config {
    Config {
        accurate_ecn,
        initial_window: 10,
        ..Lone::plain()
    }
}

/// A listener that answers whoever asks.
fn listener() -> (Lone, ListenerId) {
    let mut lone = Lone::new(config(Asking::IfAsked));
    let listener = lone.listen();
    (lone, listener)
}

/// Accepts a connection whose handshake ends with these flags.
fn accept(flags: &str) -> (Lone, ConnId) {
    let (mut lone, listener) = listener();
    lone.inject("SEWA 0:1(0) win 65535 <mss 1000>");
    lone.outgoing();
    lone.inject(&format!("{flags} 1:1(0) ack 1 win 65535"));
    let id = lone.stack.accept(lone.now, listener).expect("a connection");
    (lone, id)
}

/// What came so.
fn inject_as(lone: &mut Lone, codepoint: Codepoint, text: &str) {
    lone.tos = codepoint as u8;
    lone.inject(text);
    lone.tos = 0;
}

// req: RFC9768-3.1.1-2, RFC9768-3.1.2-2, RFC9768-3.1.3-1
#[test]
fn a_listener_shows_how_the_syn_came() {
    for (syn, codepoint, answer) in [
        ("SEWA", Codepoint::NotEct, "SW."),
        ("SEWA", Codepoint::Ect1, "SEW."),
        ("SEWA", Codepoint::Ect0, "SA."),
        ("SEWA", Codepoint::Ce, "SWA."),
        // What nobody sends yet.
        ("SA", Codepoint::NotEct, "SW."),
        // RFC 3168, and nothing.
        ("SEW", Codepoint::NotEct, "SE."),
        ("S", Codepoint::NotEct, "S."),
    ] {
        let (mut lone, _) = listener();
        let syn = format!("{syn} 0:1(0) win 65535 <mss 1000>");
        inject_as(&mut lone, codepoint, &syn);
        let [(0, line)] = &lone.outgoing_fields()[..] else {
            panic!("one packet that may not be marked");
        };
        let sent = line.split(' ').next().expect("flags");
        assert_eq!(sent, answer, "{syn} {codepoint:?}");
    }
}

// req: RFC9768-3.1.1-1, RFC9768-3.1.1-3, RFC9768-3.1.2-1
#[test]
fn a_client_takes_what_the_answer_agrees_to() {
    for (answer, ack, text) in [
        // Accurate: the ACK shows that the SYN,ACK came unmarked; then the counter, 5.
        ("SW.", "W. 1:1(0) ack 1", (0b10, "PEA. 1:101(100) ack 1")),
        ("SEA.", "W. 1:1(0) ack 1", (0b10, "PEA. 1:101(100) ack 1")),
        // RFC 3168.
        ("SE.", ". 1:1(0) ack 1", (0b10, "P. 1:101(100) ack 1")),
        // Neither, and flags that came back as they went.
        ("S.", ". 1:1(0) ack 1", (0, "P. 1:101(100) ack 1")),
        ("SEWA.", ". 1:1(0) ack 1", (0, "P. 1:101(100) ack 1")),
    ] {
        let mut lone = Lone::new(config(Asking::Ask));
        let id = lone.open();
        assert_eq!(lone.outgoing(), ["SEWA 0:1(0)"]);
        lone.inject(&format!("{answer} 0:1(0) ack 1 win 65535 <mss 1000>"));
        assert_eq!(lone.outgoing(), [ack], "{answer}");
        lone.write(id, 100);
        let sent = lone.outgoing_fields();
        assert_eq!(sent.len(), 1);
        assert_eq!((sent[0].0, sent[0].1.as_str()), text);
    }
}

#[test]
fn the_second_syn_that_goes_again_asks_no_more() {
    let mut lone = Lone::new(config(Asking::Ask));
    lone.open();
    lone.outgoing();
    let lines = lone.run(8 * SECOND);
    let flags: Vec<&str> = lines
        .iter()
        .filter_map(|line| line.split(' ').nth(1))
        .collect();
    assert_eq!(flags, ["SEWA", "S", "S"]);
}

// req: RFC9768-3.2-1, RFC9768-3.2.2-1, RFC9768-3.2.2.5.1-1
#[test]
fn marks_are_counted_in_what_we_send() {
    let (mut lone, _) = accept("W.");
    inject_as(&mut lone, Codepoint::Ce, "PEA. 1:101(100) ack 1");
    // Six: at once, though text may wait for its acknowledgment.
    assert_eq!(lone.outgoing(), ["WA. 1:1(0) ack 101"]);
    inject_as(&mut lone, Codepoint::Ce, "PEA. 101:201(100) ack 1");
    inject_as(&mut lone, Codepoint::Ce, "PEA. 201:301(100) ack 1");
    assert_eq!(lone.outgoing(), [". 1:1(0) ack 301"]);
}

// req: RFC9768-3.1.5-4, RFC9768-3.2.2.1-2
#[test]
fn marks_that_are_told_of_shrink_the_window_once_and_nobody_says_so() {
    let (mut lone, id) = accept("W.");
    lone.now += 40 * MS;
    lone.write(id, 10_000);
    assert!(
        lone.outgoing_fields()
            .iter()
            .all(|(codepoint, _)| *codepoint == 0b10)
    );
    let before = lone.stack.status(id).expect("open").cwnd;
    lone.now += 40 * MS;
    lone.inject("WA. 1:1(0) ack 2001 win 65535");
    let reduced = lone.stack.status(id).expect("open").cwnd;
    assert!(reduced < before, "{reduced}");
    lone.inject(". 1:1(0) ack 4001 win 65535");
    assert!(lone.stack.status(id).expect("open").cwnd >= reduced);
    lone.write(id, 10_000);
    for line in lone.outgoing() {
        let flags = line.split(' ').next().expect("flags");
        assert!(!flags.contains('W'), "five is AE and ECE: {line}");
    }
}

// req: RFC9768-3.2.2.1-2
#[test]
fn where_flags_are_erased_nothing_may_be_marked() {
    let (mut lone, id) = accept(".");
    lone.write(id, 100);
    assert_eq!(lone.outgoing_fields()[0].0, 0);
}

// req: RFC9768-3.2.2.2-1
#[test]
fn a_mark_on_the_syn_is_shown_and_not_counted() {
    let (mut lone, listener) = listener();
    inject_as(&mut lone, Codepoint::Ce, "SEWA 0:1(0) win 65535 <mss 1000>");
    lone.outgoing();
    lone.inject("W. 1:1(0) ack 1 win 65535");
    let id = lone.stack.accept(lone.now, listener).expect("a connection");
    lone.write(id, 10);
    assert_eq!(lone.outgoing(), ["PEA. 1:11(10) ack 1"], "five");
}

// req: RFC9768-3.1.2-3
#[test]
fn two_that_open_at_once_answer_as_listeners_do() {
    for (syn, codepoint, answer) in [
        ("SEWA", Codepoint::NotEct, "SW."),
        ("SEWA", Codepoint::Ce, "SWA."),
        ("SEW", Codepoint::NotEct, "SE."),
        ("S", Codepoint::NotEct, "S."),
    ] {
        let mut lone = Lone::new(config(Asking::Ask));
        lone.open();
        lone.outgoing();
        inject_as(
            &mut lone,
            codepoint,
            &format!("{syn} 0:1(0) win 65535 <mss 1000>"),
        );
        assert_eq!(lone.outgoing(), [format!("{answer} 0:1(0) ack 1")], "{syn}");
    }
}

// req: RFC9768-3.1.5-1
#[test]
fn a_later_syn_changes_nothing() {
    for syn in ["S", "SEW"] {
        let (mut lone, id) = accept("W.");
        lone.inject(&format!("{syn} 0:1(0) win 65535 <mss 1000>"));
        assert_eq!(
            lone.outgoing(),
            ["EA. 1:1(0) ack 1"],
            "a challenge shows five"
        );
        lone.write(id, 10);
        let sent = lone.outgoing_fields();
        assert_eq!(sent, [(0b10, String::from("PEA. 1:11(10) ack 1"))]);
    }
}

// req: RFC9768-3.1.5-2
#[test]
fn a_peer_that_asks_for_both_kinds_is_reset() {
    for (first, second) in [("SEWA", "SEW"), ("SEW", "SEWA")] {
        let (mut lone, _) = listener();
        lone.inject(&format!("{first} 0:1(0) win 65535 <mss 1000>"));
        lone.outgoing();
        lone.inject(&format!("{second} 0:1(0) win 65535 <mss 1000>"));
        assert_eq!(lone.ending(), "EcnMixed");
        let [line] = &lone.outgoing()[..] else {
            panic!("one packet");
        };
        assert!(
            line.starts_with("R. ") && line.ends_with(" ack 1"),
            "{line}"
        );
        lone.inject(". 1:1(0) ack 1 win 65535");
        assert_eq!(lone.ending(), "AckAtListener");
    }
}

// req: RFC9768-3.1.5-3
#[test]
fn where_the_syn_came_again_without_flags_nothing_may_be_marked() {
    let (mut lone, listener) = listener();
    lone.inject("SEWA 0:1(0) win 65535 <mss 1000>");
    assert_eq!(lone.outgoing(), ["SW. 0:1(0) ack 1"]);
    lone.now += SECOND / 2;
    lone.inject("S 0:1(0) win 65535 <mss 1000>");
    assert_eq!(lone.outgoing(), ["S. 0:1(0) ack 1"]);
    // It has heard the first.
    lone.inject("W. 1:1(0) ack 1 win 65535");
    let id = lone.stack.accept(lone.now, listener).expect("a connection");
    lone.write(id, 10);
    let sent = lone.outgoing_fields();
    assert_eq!(sent, [(0, String::from("PEA. 1:11(10) ack 1"))]);
}

// req: RFC9768-3.1.1-4
#[test]
fn with_sack_what_came_twice_is_told() {
    let mut lone = Lone::new(Config {
        sack: true,
        ..config(Asking::IfAsked)
    });
    lone.listen();
    lone.inject("SEWA 0:1(0) win 65535 <mss 1000,sackOK>");
    lone.outgoing();
    lone.inject("W. 1:1(0) ack 1 win 65535 <ECN 1 0 1>");
    lone.inject("PEA. 1:101(100) ack 1");
    lone.outgoing();
    lone.inject("PEA. 1:101(100) ack 1");
    let sent = lone.sent_one();
    assert_eq!(sent.sack, [(1, 101)]);
    let counts = sent.options.byte_counts.expect("beside it");
    assert_eq!(counts.ect0(), Some(1), "neither came as ECT(0)");
}

/// Accepts from one that shows byte counters, with what `telling` makes of them.
fn accept_counting(telling: Telling) -> (Lone, ConnId) {
    let mut lone = Lone::new(Config {
        accurate_ecn_option: telling,
        ..config(Asking::IfAsked)
    });
    let listener = lone.listen();
    lone.inject("SEWA 0:1(0) win 65535 <mss 1000>");
    assert!(lone.sent_one().options.byte_counts.is_some());
    lone.inject("W. 1:1(0) ack 1 win 65535 <ECN 1 0 1>");
    let id = lone.stack.accept(lone.now, listener).expect("a connection");
    (lone, id)
}

// req: RFC9768-3.2.3.2.2-1
#[test]
fn acknowledgments_that_do_not_arrive_go_without_byte_counters() {
    for (telling, stops) in [(Telling::Fully, true), (Telling::Stubbornly, false)] {
        let (mut lone, _) = accept_counting(telling);
        lone.inject("PEA. 1:101(100) ack 1");
        lone.run(SECOND);
        let mut has_option = || {
            lone.inject("PEA. 1:101(100) ack 1");
            lone.sent_one().options.byte_counts.is_some()
        };
        assert!(has_option(), "once may be chance");
        assert_eq!(has_option(), !stops);
        lone.inject("PEA. 101:201(100) ack 1");
        lone.now += SECOND;
        lone.stack.handle_timeout(lone.now);
        assert_eq!(lone.sent_one().options.byte_counts.is_some(), !stops);
    }
}

// req: RFC9768-3.2.3.2.1-1
#[test]
fn the_option_is_never_on_a_syn() {
    for telling in [Telling::Fully, Telling::Stubbornly] {
        let mut lone = Lone::new(Config {
            accurate_ecn_option: telling,
            ..config(Asking::Ask)
        });
        lone.open();
        assert_eq!(lone.sent_one().options.byte_counts, None);
        lone.now += SECOND;
        lone.stack.handle_timeout(lone.now);
        assert_eq!(lone.sent_one().options.byte_counts, None);
    }
}

/// The peer's limit counts options and text together, whatever else has its turn.
#[test]
fn segments_with_the_option_are_no_longer_than_the_peer_takes() {
    let (mut lone, id) = accept_counting(Telling::Sparingly { beacons: 3 });
    lone.write(id, 5_000);
    let lengths: Vec<usize> = lone.outgoing_packets().iter().map(Vec::len).collect();
    assert_eq!(lengths[..3], [1_040; 3], "headers are 40");
}

// req: RFC9768-3.2.3.2.5-1
#[test]
fn where_the_counters_contradict_each_other_nothing_may_be_marked() {
    let (mut lone, id) = accept_counting(Telling::Fully);
    lone.write(id, 900);
    assert_eq!(lone.outgoing_fields()[0].0, 0b10);
    // Marked bytes, and five packets as before.
    lone.inject("EA. 1:1(0) ack 901 win 65535 <ECN 1 900 1>");
    lone.write(id, 900);
    assert_eq!(lone.outgoing_fields()[0].0, 0);
}
