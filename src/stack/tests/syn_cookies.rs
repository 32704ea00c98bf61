//! A listener under a flood: RFC 4987 section 3.6.

use std::net::SocketAddr;
use std::time::Duration;

use super::super::ListenerId;
use super::super::kit::A;
use super::super::lone::Lone;
use crate::probe::State;
use crate::tcp::{self, Config};
use crate::wire::options::Options;

const MS: Duration = Duration::from_millis(1);

/// A listener of one, whose backlog somebody has filled, and a peer that comes next.
fn flooded(tcp: tcp::Config) -> (Lone, ListenerId) {
    let mut lone = Lone::new(tcp);
    let local = SocketAddr::new(A, 80);
    let id = lone.stack.listen(lone.now, local, 1).unwrap();
    lone.inject("S 0:1(0) win 1000 <mss 1000>");
    lone.outgoing();
    lone.ports.src += 1;
    lone.iss = None;
    (lone, id)
}

// req: RFC4987-3.6-1, RFC4987-4-2
#[test]
fn who_finds_no_room_gets_in_by_a_cookie() {
    let (mut lone, listener) = flooded(Lone::plain());
    lone.inject("S 0:1(0) win 1000 <mss 1000,sackOK,wscale 2>");
    assert_eq!(lone.ending(), "SynCookie");
    let sent = lone.sent();
    assert_eq!(sent[0].line, "S. 0:1(0) ack 1");
    // Neither would come back.
    assert_eq!(
        (sent[0].options.window_scale, sent[0].options.sack_permitted),
        (None, false)
    );
    // Nothing of it is kept.
    assert_eq!(lone.stack.counts(), (0, 1, 0));
    lone.now += MS * 40;
    lone.inject("P. 1:11(10) ack 1 win 1000");
    assert_eq!(lone.stack.counts(), (1, 1, 0));
    let id = lone.stack.accept(lone.now, listener).unwrap();
    let status = lone.stack.status(id).unwrap();
    assert_eq!((status.state, status.unread), (State::Established, 10));
    // The time that it took is not known.
    assert_eq!(status.srtt, None);
    assert_eq!(status.snd_wnd, 1_000);
    let first = SocketAddr::from((A, 80));
    assert_eq!(
        lone.stack.pair(id).map(|pair| pair.local),
        Some(first.into())
    );
}

// req: RFC4987-3.6-2
#[test]
fn timestamps_bring_back_what_a_cookie_has_no_room_for() {
    let (mut lone, listener) = flooded(tcp::Config::default());
    lone.inject("S 0:1(0) win 1000 <mss 1000,sackOK,wscale 2,TS val 10 ecr 0>");
    let sent = lone.sent();
    let options: Options = sent[0].options;
    assert!(options.window_scale.is_some() && options.sack_permitted);
    let echo = options.timestamps.unwrap().value;
    lone.inject(&format!(". 1:1(0) ack 1 win 1000 <TS val 11 ecr {echo}>"));
    let id = lone.stack.accept(lone.now, listener).unwrap();
    assert_eq!(lone.stack.status(id).unwrap().snd_wnd, 1_000 << 2);
}

#[test]
fn who_has_no_cookie_is_reset_and_who_finds_the_queue_full_waits() {
    let (mut lone, listener) = flooded(Lone::plain());
    lone.inject(". 1:1(0) ack 1 win 1000");
    assert_eq!(lone.ending(), "AckAtListener");
    assert_eq!(lone.outgoing(), ["R 1:1(0)"]);
    lone.inject("S 0:1(0) win 1000 <mss 1000>");
    lone.outgoing();
    // The second segment comes first: its sender may be one that we do not remember.
    lone.inject("P. 2:3(1) ack 1 win 1000");
    assert_eq!(lone.ending(), "AckAtListener");
    assert!(lone.outgoing().is_empty());
    // Somebody is there already, and nobody accepts.
    lone.inject(". 1:1(0) ack 1 win 1000");
    let full = (lone.ports.src, lone.iss);
    lone.ports.src += 1;
    lone.iss = None;
    lone.inject("S 0:1(0) win 1000 <mss 1000>");
    assert_eq!(lone.ending(), "AcceptQueueFull");
    lone.stack.accept(lone.now, listener).unwrap();
    (lone.ports.src, lone.iss) = full;
    lone.inject("P. 1:2(1) ack 1 win 1000");
    assert_eq!(lone.ending(), "Text");
}

// req: RFC4987-4-2
#[test]
fn cookies_are_for_full_backlogs_and_not_for_who_wants_none() {
    let mut lone = Lone::new(Lone::plain());
    lone.listen();
    lone.inject("S 0:1(0) win 1000 <mss 1000>");
    assert_eq!(
        (lone.ending().as_str(), lone.stack.counts()),
        ("Syn", (0, 1, 0))
    );
    let without = Config {
        syn_cookies: false,
        ..Lone::plain()
    };
    let (mut lone, _) = flooded(without);
    lone.inject("S 0:1(0) win 1000 <mss 1000>");
    assert_eq!(lone.ending(), "BacklogFull");
    assert!(lone.outgoing().is_empty());
}

/// A segment that is sent again when the connection is gone finds nobody.
#[test]
fn a_cookie_is_good_for_one_connection() {
    let (mut lone, listener) = flooded(Lone::plain());
    lone.inject("S 0:1(0) win 1000 <mss 1000>");
    lone.outgoing();
    lone.inject("P. 1:11(10) ack 1 win 1000");
    let id = lone.stack.accept(lone.now, listener).unwrap();
    lone.stack.abort(lone.now, id);
    lone.outgoing();
    // Neither the first segment nor a later one: who is told of no end waits for ever.
    for seq in ["1:11(10)", "11:21(10)"] {
        lone.inject(&format!("P. {seq} ack 1 win 1000"));
        assert_eq!(lone.ending(), "AckAtListener");
        assert_eq!(lone.outgoing(), ["R 1:1(0)"]);
    }
    assert_eq!(lone.stack.accept(lone.now, listener).ok(), None);
}

/// The peer's SYN comes twice: the first finds no room, the second does, and the answer to the
/// first is the one that the peer has taken.
#[test]
fn who_has_taken_a_cookie_gets_in_by_it() {
    let (mut lone, listener) = flooded(Lone::plain());
    lone.inject("S 0:1(0) win 1000 <mss 1000>");
    assert_eq!(lone.ending(), "SynCookie");
    lone.outgoing();
    // The one that waits has answered, and is accepted: there is room.
    let taken = (lone.ports.src, lone.iss);
    lone.ports.src -= 1;
    lone.iss = None;
    lone.inject("R 1:1(0) win 0");
    lone.ports.src = taken.0;
    lone.inject("S 0:1(0) win 1000 <mss 1000>");
    assert_eq!(
        (lone.ending().as_str(), lone.stack.counts()),
        ("Syn", (0, 1, 0))
    );
    lone.outgoing();
    lone.iss = taken.1;
    lone.inject("P. 1:11(10) ack 1 win 1000");
    let id = lone.stack.accept(lone.now, listener).unwrap();
    assert_eq!(lone.stack.status(id).unwrap().unread, 10);
    assert_eq!(lone.stack.counts(), (1, 0, 0));
}
