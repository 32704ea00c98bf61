//! Accurate ECN on the wire: RFC 9768.

use std::time::Duration;

use super::super::lone::Lone;
use super::super::{ConnId, ListenerId};
use crate::tcp::Config;
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

// req: RFC9768-3.1.4.1-1
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
