//! TCP Fast Open: RFC 7413, the client's side, and both sides together.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use super::super::kit::{B, End, Fate, World, pattern};
use super::super::lone::Lone;
use super::super::{ConnId, Failure, FastOpen, Stack};
use crate::probe::State;
use crate::tcp::Config;
use crate::wire::cookie::Cookie;

const SECOND: Duration = Duration::from_secs(1);
const COOKIE: &str = "0102030405060708";

fn active() -> Config {
    Config {
        fast_open: FastOpen {
            active: true,
            pending: 16,
            ..FastOpen::OFF
        },
        ..Lone::plain()
    }
}

/// An active OPEN with so many bytes.
fn open(lone: &mut Lone, len: usize) -> ConnId {
    let config = Arc::clone(&lone.stack.config().tcp);
    let to = SocketAddr::new(B, 80);
    let opened = lone
        .stack
        .open_sending(lone.now, to, None, config, &pattern(len));
    let (id, taken) = opened.unwrap();
    assert_eq!(taken, len);
    lone.iss = None;
    lone.ports.src = 80;
    lone.ports.dst = lone.stack.pair(id).unwrap().local.port;
    id
}

/// A client that has a cookie of a peer that takes segments of 1000 bytes.
fn acquainted() -> Lone {
    let mut lone = Lone::new(active());
    open(&mut lone, 10);
    lone.outgoing();
    lone.inject(&format!("S. 0:1(0) ack 1 win 65535 <mss 1000,FO {COOKIE}>"));
    assert_eq!(lone.outgoing(), ["P. 1:11(10) ack 1"]);
    lone.inject(". 1:1(0) ack 11 win 65535");
    lone
}

/// Whether the next OPEN shows a cookie, asks for one, or does neither.
fn next(lone: &mut Lone) -> &'static str {
    open(lone, 10);
    let syn = lone.sent_one();
    match syn.options.fast_open() {
        Some(cookie) if cookie.is_request() => "asks",
        Some(_) => "shows",
        None => "neither",
    }
}

// req: RFC7413-2-1, RFC7413-6.1-1
#[test]
fn no_text_goes_with_a_syn_unless_the_application_wants_it() {
    let mut lone = Lone::new(Lone::plain());
    let id = open(&mut lone, 10);
    let syn = lone.sent_one();
    assert_eq!((&*syn.line, syn.options.fast_open()), ("S 0:1(0)", None));
    // A cookie that nobody asked for is not kept.
    lone.inject(&format!("S. 0:1(0) ack 1 win 65535 <mss 1000,FO {COOKIE}>"));
    assert_eq!(lone.outgoing(), ["P. 1:11(10) ack 1"]);
    assert_eq!(lone.state(id), State::Established);
    assert_eq!(next(&mut lone), "neither");
}

// req: RFC7413-4.2.1-1, RFC7413-4.1.3-1
#[test]
fn the_first_open_asks_for_a_cookie_and_the_second_sends_text_with_it() {
    let mut lone = Lone::new(active());
    open(&mut lone, 10);
    let asks = lone.sent_one();
    assert_eq!(asks.line, "S 0:1(0)");
    assert_eq!(asks.options.fast_open(), Some(Cookie::REQUEST));
    lone.inject(&format!("S. 0:1(0) ack 1 win 65535 <mss 1000,FO {COOKIE}>"));
    assert_eq!(lone.outgoing(), ["P. 1:11(10) ack 1"]);

    let id = open(&mut lone, 10);
    let shows = lone.sent_one();
    assert_eq!(shows.line, "S 0:11(10)");
    assert_eq!(shows.options.fast_open().unwrap().to_string(), COOKIE);
    assert_eq!(lone.state(id), State::SynSent);
    lone.inject("S. 0:1(0) ack 11 win 65535 <mss 1000>");
    assert_eq!(lone.outgoing(), [". 11:11(0) ack 1"]);
    assert_eq!(lone.state(id), State::Established);
    assert_eq!(lone.stack.status(id).unwrap().unacknowledged, 0);
    // Until it is told otherwise.
    assert_eq!(next(&mut lone), "shows");
}

// req: RFC7413-4.1.3-1
#[test]
fn a_syn_takes_what_fits_the_peers_segments_beside_its_options() {
    let mut lone = acquainted();
    let id = open(&mut lone, 2500);
    // 1000 less four for the MSS and twelve for the cookie.
    assert_eq!(lone.outgoing(), ["S 0:985(984)"]);
    lone.inject("S. 0:1(0) ack 985 win 65535 <mss 1000>");
    // What is left after that is short, and waits for an acknowledgment.
    assert_eq!(lone.outgoing(), [". 985:1985(1000) ack 1"]);
    assert_eq!(lone.state(id), State::Established);
}

// req: RFC7413-4.2.2-3, RFC7413-4.1.3.1-1
#[test]
fn text_that_the_syn_ack_leaves_out_goes_at_once_and_the_refusal_is_remembered() {
    let mut lone = acquainted();
    let id = open(&mut lone, 10);
    assert_eq!(lone.outgoing(), ["S 0:11(10)"]);
    lone.inject("S. 0:1(0) ack 1 win 65535 <mss 1000>");
    assert_eq!(lone.outgoing(), ["P. 1:11(10) ack 1"]);
    lone.inject(". 1:1(0) ack 11 win 65535");
    assert_eq!(lone.state(id), State::Established);
    assert_eq!(lone.stack.status(id).unwrap().phase, "open");
    assert_eq!(next(&mut lone), "neither");
    lone.run(3601 * SECOND);
    assert_eq!(next(&mut lone), "shows");
}

#[test]
fn a_new_cookie_in_place_of_one_that_has_expired_is_no_refusal() {
    let mut lone = acquainted();
    open(&mut lone, 10);
    lone.outgoing();
    lone.inject("S. 0:1(0) ack 1 win 65535 <mss 1000,FO 1111111111111111>");
    assert_eq!(lone.outgoing(), ["P. 1:11(10) ack 1"]);
    open(&mut lone, 10);
    let syn = lone.sent_one();
    assert_eq!(syn.line, "S 0:11(10)");
    let cookie = syn.options.fast_open().unwrap().to_string();
    assert_eq!(cookie, "1111111111111111");
}

// req: RFC9293-3.10.7.3-6
#[test]
fn a_syn_ack_may_acknowledge_a_part_of_the_text() {
    let mut lone = acquainted();
    let id = open(&mut lone, 10);
    lone.outgoing();
    lone.inject("S. 0:1(0) ack 12 win 65535 <mss 1000>");
    assert_eq!(lone.ending(), "AckUnacceptable");
    assert_eq!(lone.outgoing(), ["R 12:12(0)"]);
    lone.inject("S. 0:1(0) ack 5 win 65535 <mss 1000>");
    assert_eq!(lone.state(id), State::Established);
    assert_eq!(lone.outgoing(), ["P. 5:11(6) ack 1"]);
    assert_eq!(next(&mut lone), "shows");
}

// req: RFC7413-4.2.2-1, RFC7413-4.1.3.1-1
#[test]
fn a_syn_that_times_out_goes_again_without_text_and_cookie() {
    let mut lone = acquainted();
    let id = open(&mut lone, 10);
    assert_eq!(lone.outgoing(), ["S 0:11(10)"]);
    lone.now += SECOND;
    lone.stack.handle_timeout(lone.now);
    let again = lone.sent_one();
    assert_eq!(
        (&*again.line, again.options.fast_open()),
        ("S 0:1(0)", None)
    );
    assert_eq!(lone.run(3 * SECOND), ["2000 S 0:1(0)"]);
    lone.inject("S. 0:1(0) ack 1 win 65535 <mss 1000>");
    assert_eq!(lone.outgoing(), ["P. 1:11(10) ack 1"]);
    assert_eq!(lone.state(id), State::Established);
    assert_eq!(next(&mut lone), "neither");
}

#[test]
fn the_answer_to_the_first_syn_may_come_late() {
    let mut lone = acquainted();
    let id = open(&mut lone, 10);
    lone.outgoing();
    lone.run(2 * SECOND);
    lone.inject("S. 0:1(0) ack 11 win 65535 <mss 1000>");
    assert_eq!(lone.outgoing(), [". 11:11(0) ack 1"]);
    assert_eq!(lone.state(id), State::Established);
    assert_eq!(next(&mut lone), "shows");
}

// req: RFC7413-4.1.3.1-1
#[test]
fn a_server_that_never_answers_is_not_asked_again() {
    let mut lone = acquainted();
    let id = open(&mut lone, 10);
    lone.run(300 * SECOND);
    assert_eq!(lone.stack.failure(id), Some(Failure::TimedOut));
    assert_eq!(next(&mut lone), "neither");
}

// req: RFC7413-4.1.3.1-1
#[test]
fn a_server_that_gives_no_cookie_is_not_asked_again() {
    let mut lone = Lone::new(active());
    open(&mut lone, 10);
    lone.outgoing();
    lone.inject("S. 0:1(0) ack 1 win 65535 <mss 1000>");
    assert_eq!(lone.outgoing(), ["P. 1:11(10) ack 1"]);
    assert_eq!(next(&mut lone), "neither");
    lone.run(3601 * SECOND);
    assert_eq!(next(&mut lone), "asks");
}

// req: RFC7413-4.1.3.1-1
#[test]
fn an_icmp_error_counts_as_a_refusal() {
    let mut lone = acquainted();
    let id = open(&mut lone, 10);
    let syn = lone.outgoing_packets().remove(0);
    // Network unreachable, about our SYN: a soft error.
    let mut error = vec![
        0x45, 0, 0, 56, 0, 0, 0, 0, 64, 1, 0, 0, 10, 0, 0, 9, 10, 0, 0, 1,
    ];
    let mut message = vec![3, 0, 0, 0, 0, 0, 0, 0];
    message.extend(&syn[..28]);
    for (bytes, at) in [(&mut error, 10), (&mut message, 2)] {
        let sum = !internet_sum(bytes);
        bytes[at..at + 2].copy_from_slice(&sum.to_be_bytes());
    }
    error.extend(message);
    lone.inject_bytes(&error);
    assert_eq!(lone.ending(), "IcmpError");
    assert_eq!(lone.state(id), State::SynSent);
    assert_eq!(next(&mut lone), "neither");
}

/// RFC 1071.
fn internet_sum(bytes: &[u8]) -> u16 {
    let words = bytes.chunks_exact(2);
    let mut sum: u32 = words
        .map(|word| u32::from(word[0]) << 8 | u32::from(word[1]))
        .sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    sum as u16
}

#[test]
fn a_reset_says_nothing_about_cookies() {
    let mut lone = acquainted();
    let id = open(&mut lone, 10);
    lone.outgoing();
    lone.inject("R. 0:0(0) ack 11");
    assert_eq!(lone.stack.failure(id), Some(Failure::Refused));
    assert_eq!(next(&mut lone), "shows");
}

#[test]
fn crossing_syns_with_text_end_in_one_connection() {
    let mut lone = acquainted();
    let id = open(&mut lone, 10);
    assert_eq!(lone.outgoing(), ["S 0:11(10)"]);
    lone.inject("S 0:1(0) win 65535 <mss 1000>");
    assert_eq!(lone.outgoing(), ["S. 0:1(0) ack 1"]);
    lone.inject("S. 0:1(0) ack 1 win 65535 <mss 1000>");
    assert_eq!(lone.state(id), State::Established);
    assert_eq!(lone.outgoing(), ["P. 1:11(10) ack 1"]);
}

// req: RFC7413-4.2.2-2
#[test]
fn a_request_and_its_answer_take_one_round_trip() {
    let mut world = World::new(Config {
        nodelay: true,
        fast_open: active().fast_open,
        ..Config::default()
    });
    let (_, _, listener) = world.connect();
    let config = Arc::clone(&world.a.config().tcp);
    let mut times = Vec::new();
    for _ in 0..2 {
        let (start, config) = (world.now, Arc::clone(&config));
        let to = SocketAddr::new(B, 80);
        let opened = world.a.open_sending(start, to, None, config, b"a request");
        let (client, _) = opened.unwrap();
        let mut buf = [0; 100];
        let server = loop {
            assert!(world.step(start + SECOND));
            if let Ok(server) = world.b.accept(world.now, listener) {
                break server;
            }
        };
        while world.b.read(world.now, server, &mut buf) != Ok(9) {
            assert!(world.step(start + SECOND));
        }
        world.b.write(world.now, server, b"an answer").unwrap();
        while world.a.read(world.now, client, &mut buf) != Ok(9) {
            assert!(world.step(start + SECOND));
        }
        assert_eq!(&buf[..9], b"an answer");
        times.push(world.now.since(start));
        world.run(SECOND);
        assert_eq!(world.state(End::B, server), Some(State::Established));
    }
    // The wire takes ten milliseconds each way.
    let trip = Duration::from_millis(20);
    assert_eq!(times, [2 * trip, trip]);
}

#[test]
fn text_longer_than_a_syn_arrives_whole_though_both_syns_are_lost_once() {
    let mut world = World::new(Config {
        fast_open: active().fast_open,
        ..Config::default()
    });
    let (_, _, listener) = world.connect();
    let text = pattern(60_000);
    for lost in [None, Some(End::A), Some(End::B)] {
        let config = Arc::clone(&world.a.config().tcp);
        let to = SocketAddr::new(B, 80);
        let mut left = 1;
        world.judge = Box::new(move |from, packet, _| {
            let is_syn = packet[33] & 2 != 0;
            if Some(from) == lost && is_syn && left > 0 {
                left -= 1;
                return Fate::Drop;
            }
            Fate::Deliver
        });
        let opened = world.a.open_sending(world.now, to, None, config, &text);
        let (client, taken) = opened.unwrap();
        assert_eq!(taken, text.len());
        world.run(10 * SECOND);
        let server = world.b.accept(world.now, listener).unwrap();
        let mut buf = vec![0; 100_000];
        assert_eq!(world.b.read(world.now, server, &mut buf), Ok(text.len()));
        assert_eq!(&buf[..text.len()], &text[..]);
        assert_eq!(world.state(End::A, client), Some(State::Established));
    }
}

#[test]
fn how_much_more_goes_with_the_syn_is_told_until_it_has_left() {
    let mut lone = acquainted();
    let config = Arc::clone(&lone.stack.config().tcp);
    let to = SocketAddr::new(B, 80);
    let opened = lone
        .stack
        .open_sending(lone.now, to, None, config, &pattern(10));
    let (id, _) = opened.unwrap();
    // 1000 less four for the MSS, twelve for the cookie, and what is there already.
    assert_eq!(lone.stack.syn_room(id), 974);
    lone.write(id, 1000);
    assert_eq!(lone.stack.syn_room(id), 0);
    let plain = open(&mut Lone::new(active()), 10);
    assert_eq!(lone.stack.syn_room(plain), 0);
    assert_eq!(lone.outgoing(), ["S 0:985(984)"]);
    assert_eq!(lone.stack.syn_room(id), 0);
}

#[test]
fn what_is_forgotten_is_asked_for_again() {
    let mut lone = acquainted();
    lone.stack.forget_fast_open();
    assert_eq!(next(&mut lone), "asks");
    lone.inject("S. 0:1(0) ack 1 win 65535 <mss 1000>");
    lone.outgoing();
    assert_eq!(next(&mut lone), "neither");
    lone.stack.forget_fast_open();
    assert_eq!(next(&mut lone), "asks");
}

/// An active OPEN whose SYN may wait for text.
fn open_for_text(lone: &mut Lone, config: Config) -> ConnId {
    let to = SocketAddr::new(B, 80);
    let id = lone
        .stack
        .open_for_text(lone.now, to, None, Arc::new(config))
        .unwrap();
    lone.iss = None;
    lone.ports.src = 80;
    lone.ports.dst = lone.stack.pair(id).unwrap().local.port;
    id
}

#[test]
fn a_syn_waits_for_the_text_that_it_takes_along() {
    let mut lone = acquainted();
    let id = open_for_text(&mut lone, active());
    assert!(lone.run(10 * SECOND).is_empty());
    assert!(lone.stack.waits_for_text(id));
    assert_eq!(lone.stack.syn_room(id), 1000 - 4 - 12);
    assert_eq!(lone.write(id, 10), 10);
    assert_eq!(lone.outgoing(), ["S 0:11(10)"]);
    assert!(!lone.stack.waits_for_text(id));
    lone.inject("S. 0:1(0) ack 11 win 65535 <mss 1000>");
    assert_eq!(lone.state(id), State::Established);
}

#[test]
fn a_syn_without_a_cookie_waits_for_nothing() {
    let mut lone = Lone::new(active());
    let id = open_for_text(&mut lone, active());
    assert!(!lone.stack.waits_for_text(id));
    let asks = lone.sent_one();
    assert_eq!(asks.options.fast_open(), Some(Cookie::REQUEST));
    // Nor does one that has nothing to do with all this.
    let id = open_for_text(&mut lone, Lone::plain());
    assert!(!lone.stack.waits_for_text(id));
    assert_eq!(lone.sent_one().options.fast_open(), None);
}

#[test]
fn a_syn_that_waits_leaves_when_the_peers_comes() {
    let mut lone = acquainted();
    let id = open_for_text(&mut lone, active());
    assert!(lone.outgoing().is_empty());
    lone.inject("S 0:1(0) win 65535 <mss 1000>");
    assert_eq!(lone.outgoing(), ["S. 0:1(0) ack 1"]);
    lone.inject(". 1:1(0) ack 1 win 65535");
    assert_eq!(lone.state(id), State::Established);
}

#[test]
fn patience_with_the_peer_begins_when_the_syn_leaves() {
    let mut lone = acquainted();
    let config = Config {
        user_timeout: Some(5 * SECOND),
        ..active()
    };
    let id = open_for_text(&mut lone, config);
    assert!(lone.run(20 * SECOND).is_empty());
    assert_eq!(lone.state(id), State::SynSent);
    lone.write(id, 10);
    lone.run(4 * SECOND);
    assert_eq!(lone.state(id), State::SynSent);
    lone.run(2 * SECOND);
    assert_eq!(lone.stack.failure(id), Some(Failure::UserTimeout));
}

#[test]
fn a_syn_that_waits_may_be_given_up() {
    let mut lone = acquainted();
    for give_up in [Stack::close, Stack::abort, Stack::shutdown] {
        let id = open_for_text(&mut lone, active());
        give_up(&mut lone.stack, lone.now, id);
        assert!(lone.run(10 * SECOND).is_empty());
        assert!(
            lone.stack
                .status(id)
                .is_none_or(|status| status.state == State::Closed)
        );
    }
}

#[test]
fn where_no_cookie_is_needed_text_goes_with_the_syn_alone() {
    let config = Config {
        fast_open: FastOpen {
            active_without_cookie: true,
            ..active().fast_open
        },
        ..active()
    };
    let mut lone = Lone::new(config);
    let id = open(&mut lone, 1000);
    // RFC 7413 section 4.1.3: the default MSS, less the options.
    let syn = lone.sent_one();
    assert_eq!(syn.line, "S 0:533(532)");
    assert_eq!(syn.options.fast_open(), None);
    lone.inject("S. 0:1(0) ack 533 win 65535 <mss 1000>");
    assert_eq!(lone.outgoing(), ["P. 533:1001(468) ack 1"]);
    assert_eq!(lone.state(id), State::Established);
}
