//! TCP Fast Open: RFC 7413, the server's side.

use std::time::Duration;

use super::super::lone::{Lone, Sent};
use super::super::{ConnId, CookieKeys, FastOpen, ListenerId, ReadError};
use crate::probe::State;
use crate::tcp::Config;
use crate::wire::cookie::Cookie;

const SECOND: Duration = Duration::from_secs(1);

fn fast(pending: u32) -> Config {
    Config {
        fast_open: FastOpen {
            pending,
            ..FastOpen::OFF
        },
        ..Lone::plain()
    }
}

/// A listener at port 80, and the cookie that it hands out to the peer by an ordinary handshake.
fn listening(config: Config) -> (Lone, ListenerId, Cookie) {
    let mut lone = Lone::new(config);
    let listener = lone.listen();
    lone.inject("S 0:1(0) win 65535 <mss 1000,FO>");
    let answer = lone.sent_one();
    assert_eq!(answer.line, "S. 0:1(0) ack 1");
    let cookie = answer.options.fast_open().expect("a cookie");
    lone.inject("R 1:1(0)");
    assert_eq!(lone.stack.counts(), (0, 0, 0));
    next_client(&mut lone);
    (lone, listener, cookie)
}

fn next_client(lone: &mut Lone) {
    lone.iss = None;
    lone.ports.src += 1;
}

/// The peer opens with the cookie and ten bytes.
fn syn(lone: &mut Lone, cookie: Cookie) -> Vec<Sent> {
    lone.inject(&format!("S 0:11(10) win 65535 <mss 1000,FO {cookie}>"));
    lone.sent()
}

/// The same, taken.
fn opened(config: Config) -> (Lone, ConnId) {
    let (mut lone, listener, cookie) = listening(config);
    let answer = syn(&mut lone, cookie);
    assert_eq!(answer[0].line, "S. 0:1(0) ack 11");
    let id = lone
        .stack
        .accept(lone.now, listener)
        .expect("accepted at once");
    (lone, id)
}

fn read(lone: &mut Lone, id: ConnId) -> usize {
    lone.stack.read(lone.now, id, &mut [0; 100]).expect("text")
}

// req: RFC7413-2-1, RFC7413-4.2-1
#[test]
fn cookies_are_ignored_unless_the_application_wants_them() {
    let (_, _, cookie) = listening(fast(16));
    let mut lone = Lone::new(Lone::plain());
    let listener = lone.listen();
    for option in ["FO".to_owned(), format!("FO {cookie}")] {
        lone.inject(&format!("S 0:11(10) win 65535 <mss 1000,{option}>"));
        let answer = lone.sent_one();
        assert_eq!(answer.line, "S. 0:1(0) ack 1");
        assert_eq!(answer.options.fast_open(), None);
        assert!(lone.stack.accept(lone.now, listener).is_err());
        next_client(&mut lone);
    }
}

// req: RFC7413-4.2.2-2
#[test]
fn with_a_good_cookie_the_text_of_a_syn_is_there_before_the_handshake_is_over() {
    let (mut lone, listener, cookie) = listening(fast(16));
    let answer = syn(&mut lone, cookie);
    assert_eq!(lone.ending(), "SynFastOpened");
    assert_eq!(answer.len(), 1);
    assert_eq!(answer[0].line, "S. 0:1(0) ack 11");
    assert_eq!(answer[0].options.fast_open(), None);
    assert_eq!(answer[0].window, 65_535 - 10);
    let id = lone.stack.accept(lone.now, listener).unwrap();
    assert_eq!(lone.state(id), State::SynReceived);
    assert_eq!(read(&mut lone, id), 10);
    lone.inject("P. 11:21(10) ack 1 win 65535");
    assert_eq!(lone.state(id), State::Established);
    assert_eq!(read(&mut lone, id), 10);
    // It was offered once.
    assert!(lone.stack.accept(lone.now, listener).is_err());
    assert_eq!(lone.told.count("SynAcked"), 1);
}

// req: RFC7413-4.2.2-2
#[test]
fn with_another_cookie_only_the_syn_is_acknowledged_and_a_good_one_comes_back() {
    let (mut lone, listener, cookie) = listening(fast(16));
    for wrong in [
        "0000000000000001".to_owned(),
        cookie.to_string().replace(|_: char| true, "7"),
    ] {
        lone.inject(&format!("S 0:11(10) win 65535 <mss 1000,FO {wrong}>"));
        let answer = lone.sent_one();
        assert_eq!(answer.line, "S. 0:1(0) ack 1");
        assert_eq!(answer.options.fast_open(), Some(cookie));
        assert!(lone.stack.accept(lone.now, listener).is_err());
        next_client(&mut lone);
    }
}

#[test]
fn a_syn_without_the_option_is_answered_without_it() {
    let (mut lone, _, _) = listening(fast(16));
    lone.inject("S 0:11(10) win 65535 <mss 1000>");
    let answer = lone.sent_one();
    assert_eq!(answer.line, "S. 0:1(0) ack 1");
    assert_eq!(answer.options.fast_open(), None);
}

#[test]
fn another_address_cannot_use_the_cookie() {
    let (mut lone, _, cookie) = listening(fast(16));
    let mut packet = lone.packet(&format!("S 0:11(10) win 65535 <mss 1000,FO {cookie}>"));
    // 10.0.0.3 instead of 10.0.0.2, and both sums with it.
    packet[15] += 1;
    for at in [10, 36] {
        let sum = u16::from_be_bytes([packet[at], packet[at + 1]]) - 1;
        packet[at..at + 2].copy_from_slice(&sum.to_be_bytes());
    }
    lone.inject_bytes(&packet);
    assert_eq!(lone.ending(), "Syn");
    assert_eq!(lone.outgoing(), ["S. 0:1(0) ack 1"]);
}

// req: RFC7413-4.2.2-4
#[test]
fn the_application_may_answer_before_the_handshake_is_over_within_the_initial_window() {
    let (mut lone, id) = opened(Config {
        nodelay: true,
        ..fast(16)
    });
    lone.write(id, 20_000);
    let sent = lone.outgoing();
    // RFC 6928 section 2: ten segments.
    assert_eq!(sent.len(), 10);
    assert_eq!(sent[0], ". 1:1001(1000) ack 11");
    // The handshake's last ACK takes it along.
    lone.now += Duration::from_millis(10);
    lone.inject(". 11:11(0) ack 10001 win 65535");
    assert_eq!(lone.state(id), State::Established);
    assert_eq!(lone.outgoing()[0], ". 10001:11001(1000) ack 11");
}

#[test]
fn a_small_answer_does_not_wait_for_the_acknowledgment_of_our_syn() {
    let (mut lone, id) = opened(fast(16));
    lone.write(id, 5);
    assert_eq!(lone.outgoing(), ["P. 1:6(5) ack 11"]);
}

#[test]
fn our_fin_waits_for_the_handshake() {
    let (mut lone, id) = opened(fast(16));
    read(&mut lone, id);
    lone.write(id, 5);
    lone.stack.close(lone.now, id);
    assert_eq!(lone.outgoing(), ["P. 1:6(5) ack 11"]);
    lone.inject(". 11:11(0) ack 6 win 65535");
    assert_eq!(lone.outgoing(), ["F. 6:7(0) ack 11"]);
    assert_eq!(lone.state(id), State::FinWait1);
}

#[test]
fn an_unanswered_syn_ack_goes_again_alone_and_text_when_the_handshake_is_over() {
    let (mut lone, id) = opened(fast(16));
    lone.write(id, 5);
    assert_eq!(lone.outgoing(), ["P. 1:6(5) ack 11"]);
    let again = lone.run(4 * SECOND);
    assert_eq!(again, ["1000 S. 0:1(0) ack 11", "3000 S. 0:1(0) ack 11"]);
    lone.inject(". 11:11(0) ack 1 win 65535");
    assert_eq!(lone.state(id), State::Established);
    assert!(lone.run(5 * SECOND)[0].ends_with("P. 1:6(5) ack 11"));
}

#[test]
fn a_handshake_that_is_never_over_ends_the_connection() {
    let (mut lone, id) = opened(fast(16));
    // SYNs that come again keep it no longer.
    for _ in 0..70 {
        lone.run(SECOND);
        lone.inject("S 0:11(10) win 65535 <mss 1000>");
        lone.outgoing();
    }
    assert_eq!(lone.state(id), State::Closed);
}

#[test]
fn a_syn_that_comes_again_is_answered_again_and_its_text_counts_once() {
    let (mut lone, id) = opened(fast(16));
    // RFC 7413 section 4.2.2: the client leaves out option and text.
    for syn in [
        "S 0:1(0) win 65535 <mss 1000>",
        "S 0:11(10) win 65535 <mss 1000>",
    ] {
        lone.now += SECOND / 2 + SECOND / 10;
        lone.inject(syn);
        assert_eq!(lone.ending(), "Old");
        assert_eq!(lone.outgoing(), ["S. 0:1(0) ack 11"]);
    }
    assert_eq!(lone.stack.counts(), (1, 0, 0));
    assert_eq!(read(&mut lone, id), 10);
    assert_eq!(
        lone.stack.read(lone.now, id, &mut [0; 10]),
        Err(ReadError::WouldBlock)
    );
}

// req: RFC7413-4.2-1
#[test]
fn beyond_the_limit_handshakes_are_ordinary_until_one_is_over() {
    let (mut lone, listener, cookie) = listening(fast(2));
    for _ in 0..2 {
        assert_eq!(syn(&mut lone, cookie)[0].line, "S. 0:1(0) ack 11");
        next_client(&mut lone);
    }
    let third = syn(&mut lone, cookie);
    assert_eq!(third[0].line, "S. 0:1(0) ack 1");
    assert_eq!(third[0].options.fast_open(), None);
    // The second ends its handshake.
    lone.ports.src -= 1;
    let id = lone.stack.accept(lone.now, listener).unwrap();
    let second = lone.stack.accept(lone.now, listener).unwrap();
    lone.iss = lone.stack.status(second).map(|status| status.iss);
    lone.inject(". 11:11(0) ack 1 win 65535");
    assert_eq!(lone.state(id), State::SynReceived);
    assert_eq!(lone.state(second), State::Established);
    lone.ports.src += 10;
    lone.iss = None;
    assert_eq!(syn(&mut lone, cookie)[0].line, "S. 0:1(0) ack 11");
}

// req: RFC7413-4.2-1
#[test]
fn a_connection_that_was_reset_counts_for_a_minute() {
    let (mut lone, listener, cookie) = listening(fast(1));
    syn(&mut lone, cookie);
    lone.inject("R 11:11(0)");
    assert_eq!(lone.ending(), "Reset");
    assert_eq!(lone.stack.counts(), (0, 0, 0));
    assert!(lone.stack.accept(lone.now, listener).is_err());
    for (wait, ack) in [(59, 1), (2, 11)] {
        next_client(&mut lone);
        lone.run(wait * SECOND);
        let answer = syn(&mut lone, cookie);
        assert_eq!(answer[0].line, format!("S. 0:1(0) ack {ack}"));
        lone.inject(&format!("R {ack}:{ack}(0)"));
    }
}

#[test]
fn a_fin_on_the_syn_is_left_to_come_again() {
    let (mut lone, listener, cookie) = listening(fast(16));
    lone.inject(&format!("SF 0:12(10) win 65535 <mss 1000,FO {cookie}>"));
    assert_eq!(lone.outgoing(), ["S. 0:1(0) ack 11"]);
    let id = lone.stack.accept(lone.now, listener).unwrap();
    assert_eq!(read(&mut lone, id), 10);
    lone.inject("F. 11:12(0) ack 1 win 65535");
    assert_eq!(lone.state(id), State::CloseWait);
}

#[test]
fn keys_may_be_given_and_an_old_cookie_is_good_for_a_new_one() {
    let (mut lone, listener, before) = listening(fast(16));
    lone.stack.set_fast_open_keys(CookieKeys {
        current: [1; 16],
        former: None,
    });
    lone.inject(&format!("S 0:11(10) win 65535 <mss 1000,FO {before}>"));
    let refused = lone.sent_one();
    assert_eq!(refused.line, "S. 0:1(0) ack 1");
    let cookie = refused.options.fast_open().expect("another cookie");
    assert_ne!(cookie, before);
    next_client(&mut lone);
    lone.stack.set_fast_open_keys(CookieKeys {
        current: [2; 16],
        former: Some([1; 16]),
    });
    let answer = syn(&mut lone, cookie).remove(0);
    assert_eq!(answer.line, "S. 0:1(0) ack 11");
    let renewed = answer.options.fast_open().expect("a newer cookie");
    assert_ne!(renewed, cookie);
    assert!(lone.stack.accept(lone.now, listener).is_ok());
}

#[test]
fn with_all_options_agreed_on_the_handshake_goes_on_as_any_other() {
    let (mut lone, listener, cookie) = listening(Config {
        fast_open: FastOpen {
            pending: 16,
            ..FastOpen::OFF
        },
        ..Config::default()
    });
    let options = format!("mss 1000,sackOK,TS val 100 ecr 0,wscale 7,FO {cookie}");
    lone.inject(&format!("S 0:11(10) win 65535 <{options}>"));
    let answer = lone.sent_one();
    assert_eq!(answer.line, "S. 0:1(0) ack 11");
    let ours = answer.options.timestamps.expect("timestamps");
    assert_eq!(ours.echo, 100);
    let id = lone.stack.accept(lone.now, listener).unwrap();
    lone.write(id, 5);
    assert_eq!(lone.outgoing(), ["P. 1:6(5) ack 11"]);
    lone.now += SECOND / 10;
    let echo = ours.value;
    lone.inject(&format!(". 11:11(0) ack 6 win 512 <TS val 200 ecr {echo}>"));
    let status = lone.stack.status(id).unwrap();
    assert_eq!((status.state, status.snd_wnd), (State::Established, 65_536));
    assert_eq!(status.srtt, Some(SECOND / 10));
}
