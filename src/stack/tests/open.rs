//! How connections come to be: RFC 9293 sections 3.5, 3.10.1, 3.10.7.2 and 3.10.7.3.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use super::super::kit::{A, B, World};
use super::super::lone::Lone;
use super::super::{Failure, ListenError, OpenError, ReadError};
use crate::base::pair::Endpoint;
use crate::probe::State;
use crate::tcp::Config;

const SECOND: Duration = Duration::from_secs(1);

/// A half-open connection at port 80: a SYN has come and been answered.
fn half_open() -> (Lone, crate::stack::ListenerId) {
    let mut lone = Lone::new(Lone::plain());
    let listener = lone.listen();
    lone.inject("S 0:1(0) win 1000 <mss 1000>");
    assert_eq!(lone.outgoing(), ["S. 0:1(0) ack 1"]);
    (lone, listener)
}

// req: RFC9293-3.10.7.2-2, RFC9293-3.10.7.4-10
#[test]
fn a_syn_for_a_listener_is_answered_and_its_ack_establishes() {
    let (mut lone, listener) = half_open();
    assert!(lone.stack.accept(lone.now, listener).is_err());
    lone.inject(". 1:1(0) ack 1 win 1000");
    assert_eq!(lone.ending(), "HandshakeAck");
    let id = lone.stack.accept(lone.now, listener).unwrap();
    assert_eq!(lone.state(id), State::Established);
}

// req: RFC9293-3.10.7.2-1
#[test]
fn a_listener_ignores_resets_and_resets_acks() {
    let mut lone = Lone::new(Lone::plain());
    lone.listen();
    lone.inject("R 0:0(0)");
    assert_eq!(lone.ending(), "ResetAtListener");
    lone.inject("R. 0:0(0) ack 7");
    assert_eq!(lone.ending(), "ResetAtListener");
    assert!(lone.outgoing().is_empty());
    for segment in [". 5:5(0) ack 77", "S. 5:6(0) ack 77", "F. 5:6(0) ack 77"] {
        lone.inject(segment);
        assert_eq!(lone.ending(), "AckAtListener");
        assert_eq!(lone.outgoing(), ["R 77:77(0)"], "{segment}");
    }
}

// req: RFC9293-3.10.7.2-3, RFC9293-3.10.7.4-19
#[test]
fn a_listener_drops_what_is_neither_reset_ack_nor_syn() {
    let mut lone = Lone::new(Lone::plain());
    lone.listen();
    for segment in ["- 0:5(5)", "F 0:1(0)", "P 0:3(3)"] {
        lone.inject(segment);
        assert_eq!(lone.ending(), "NothingAtListener");
        assert!(lone.outgoing().is_empty(), "{segment}");
    }
    assert_eq!(lone.stack.counts(), (0, 0, 0));
}

// req: RFC9293-3.10.7.4-10, RFC9293-3.5.2-3
#[test]
fn a_wrong_ack_in_syn_received_is_reset_and_the_handshake_goes_on() {
    let (mut lone, listener) = half_open();
    lone.inject(". 1:1(0) ack 9 win 1000");
    assert_eq!(lone.ending(), "AckUnacceptable");
    assert_eq!(lone.outgoing(), ["R 9:9(0)"]);
    lone.inject(". 1:1(0) ack 1 win 1000");
    assert!(lone.stack.accept(lone.now, listener).is_ok());
}

// req: RFC9293-3.5.3-3, MUST-11
#[test]
fn a_reset_in_syn_received_returns_a_passive_opener_to_listen() {
    let (mut lone, listener) = half_open();
    lone.inject("R 1:1(0)");
    assert_eq!(lone.ending(), "Reset");
    assert!(lone.outgoing().is_empty());
    assert_eq!(lone.stack.counts(), (0, 0, 0));
    // It listens on.
    lone.iss = None;
    lone.inject("S 0:1(0) win 1000 <mss 1000>");
    assert_eq!(lone.outgoing(), ["S. 0:1(0) ack 1"]);
    lone.inject(". 1:1(0) ack 1 win 1000");
    assert!(lone.stack.accept(lone.now, listener).is_ok());
}

// req: RFC9293-3.10.7.4-7
#[test]
fn a_syn_in_the_window_of_syn_received_returns_a_passive_opener_to_listen() {
    let (mut lone, _) = half_open();
    lone.inject("S 20:21(0) win 1000");
    assert_eq!(lone.stack.counts(), (0, 0, 0));
    lone.inject("S 20:21(0) win 1000");
    assert_eq!(lone.stack.counts(), (0, 1, 0));
}

// req: RFC9293-3.10.7.4-9
#[test]
fn a_segment_without_ack_is_dropped_in_syn_received() {
    let (mut lone, listener) = half_open();
    lone.inject("P 1:6(5)");
    assert_eq!(lone.ending(), "NoAck");
    assert!(lone.stack.accept(lone.now, listener).is_err());
}

#[test]
fn a_syn_that_comes_again_is_answered_again_and_makes_nothing() {
    let (mut lone, _) = half_open();
    lone.inject("S 0:1(0) win 1000 <mss 1000>");
    assert_eq!(lone.ending(), "Old");
    assert_eq!(lone.outgoing(), ["S. 0:1(0) ack 1"]);
    assert_eq!(lone.stack.counts(), (0, 1, 0));
}

#[test]
fn an_unanswered_syn_ack_is_sent_five_times_more_and_given_up() {
    let (mut lone, _) = half_open();
    let lines = lone.run(200 * SECOND);
    let at: Vec<&str> = lines
        .iter()
        .map(|line| line.split(' ').next().unwrap())
        .collect();
    assert_eq!(at, ["1000", "3000", "7000", "15000", "31000"]);
    assert_eq!(lone.stack.counts(), (0, 0, 0));
}

#[test]
fn syns_that_come_again_keep_a_half_open_connection_no_longer() {
    let (mut lone, _) = half_open();
    // Its SYN,ACK goes for the last time after 31 seconds, and it is forgotten 32 seconds later.
    for _ in 0..62 {
        lone.run(SECOND);
        lone.inject("S 0:1(0) win 1000 <mss 1000>");
        lone.outgoing();
    }
    assert_eq!(lone.stack.counts(), (0, 1, 0));
    lone.run(2 * SECOND);
    assert_eq!(lone.stack.counts(), (0, 0, 0));
}

// req: RFC7323-2.3-2
#[test]
fn an_ack_in_syn_received_shows_its_window_scaled() {
    let mut lone = Lone::new(Config {
        receive_buffer: 1 << 20,
        receive_buffer_max: 1 << 20,
        ..Config::default()
    });
    lone.listen();
    lone.inject("S 0:1(0) win 1000 <mss 1000,wscale 7>");
    let syn_ack = lone.sent_one();
    assert_eq!(
        (syn_ack.window, syn_ack.options.window_scale),
        (65_535, Some(5))
    );
    lone.inject(". 70000:70000(0) ack 1 win 1000");
    assert_eq!(lone.ending(), "OutOfWindow");
    // The same window as far as whole units of 2^5 bytes go.
    assert_eq!(lone.sent_one().window, 65_535 >> 5);
}

// req: RFC7323-3.2-5
#[test]
fn an_ack_without_the_agreed_timestamps_makes_no_connection() {
    let mut lone = Lone::new(Config::default());
    let listener = lone.listen();
    lone.inject("S 0:1(0) win 1000 <mss 1000,TS val 7 ecr 0>");
    assert_eq!(lone.outgoing(), ["S. 0:1(0) ack 1"]);
    lone.inject(". 1:1(0) ack 1 win 1000");
    assert_eq!(lone.ending(), "TimestampMissing");
    assert_eq!(lone.outgoing(), [""; 0]);
    assert_eq!(lone.stack.counts(), (0, 1, 0));
    lone.inject(". 1:1(0) ack 1 win 1000 <TS val 8 ecr 0>");
    assert_eq!(lone.ending(), "HandshakeAck");
    assert!(lone.stack.accept(lone.now, listener).is_ok());
}

// req: RFC9293-3.10.7.3-1, RFC9293-3.5.2-3
#[test]
fn syn_sent_resets_an_ack_of_what_it_never_sent() {
    let mut lone = Lone::new(Lone::plain());
    let id = lone.open();
    lone.outgoing();
    for segment in [
        ". 5:5(0) ack 0",
        ". 5:5(0) ack 2",
        "S. 0:1(0) ack 2",
        "S. 0:1(0) ack 0",
    ] {
        lone.inject(segment);
        assert_eq!(lone.ending(), "AckUnacceptable");
        let seq = segment.rsplit(' ').next().unwrap();
        assert_eq!(lone.outgoing(), [format!("R {seq}:{seq}(0)")]);
        assert_eq!(lone.state(id), State::SynSent);
    }
    lone.inject("R. 5:5(0) ack 2");
    assert_eq!(lone.ending(), "ResetUnacceptable");
    assert!(lone.outgoing().is_empty());
    assert_eq!(lone.state(id), State::SynSent);
}

// req: RFC9293-3.10.7.3-2, RFC9293-3.5.3-2, RFC5961-3.2-5
#[test]
fn syn_sent_believes_only_a_reset_that_acknowledges_its_syn() {
    let mut lone = Lone::new(Lone::plain());
    let id = lone.open();
    lone.outgoing();
    lone.inject("R 0:0(0)");
    assert_eq!(lone.ending(), "ResetUnacceptable");
    assert_eq!(lone.state(id), State::SynSent);
    lone.inject("R. 0:0(0) ack 1");
    assert_eq!(lone.stack.failure(id), Some(Failure::Refused));
    assert_eq!(lone.state(id), State::Closed);
    assert!(lone.outgoing().is_empty());
}

// req: RFC9293-3.10.7.3-3
#[test]
fn text_on_the_syn_ack_is_taken() {
    let mut lone = Lone::new(Lone::plain());
    let id = lone.open();
    lone.outgoing();
    lone.inject("S. 0:6(5) ack 1 win 1000 <mss 1000>");
    assert_eq!(lone.state(id), State::Established);
    assert_eq!(lone.outgoing(), [". 1:1(0) ack 6"]);
    assert_eq!(lone.stack.read(lone.now, id, &mut [0; 10]), Ok(5));
}

#[test]
fn the_first_syns_may_go_again_without_the_timeout_being_doubled() {
    let mut lone = Lone::new(Config {
        syn_linear: 2,
        r2_syn: 4,
        ..Lone::plain()
    });
    let id = lone.open();
    lone.outgoing();
    let again = lone.run(9 * SECOND);
    let expected = [1000, 2000, 3000, 5000].map(|at| format!("{at} S 0:1(0)"));
    assert_eq!(again, expected);
    assert_eq!(lone.stack.failure(id), Some(Failure::TimedOut));
    // It is about SYNs alone.
    let (id, _) = (lone.open(), lone.outgoing());
    lone.inject("S. 0:1(0) ack 1 win 1000 <mss 1000>");
    lone.outgoing();
    lone.write(id, 5);
    lone.outgoing();
    let again = lone.run(4 * SECOND);
    // 200 ms at least, doubled each time: the round trip took none.
    let expected = [200, 600, 1400, 3000].map(|at| format!("{at} P. 1:6(5) ack 1"));
    assert_eq!(again, expected);
}

// req: RFC9293-3.10.7.3-5, RFC9293-3.10.7.4-19
#[test]
fn syn_sent_drops_what_is_neither_syn_nor_reset() {
    let mut lone = Lone::new(Lone::plain());
    let id = lone.open();
    lone.outgoing();
    for segment in [". 1:1(0) ack 1", "F. 1:2(0) ack 1", "- 1:5(4)"] {
        lone.inject(segment);
        assert_eq!(lone.ending(), "NoSyn");
        assert_eq!(lone.state(id), State::SynSent);
        assert!(lone.outgoing().is_empty(), "{segment}");
    }
}

// req: MUST-10, RFC9293-3.10.7.3-4, RFC9293-a.2-1
#[test]
fn crossing_syns_end_in_one_connection_on_both_sides() {
    let mut world = World::new(Config::default());
    let a = SocketAddr::new(A, 1000);
    let b = SocketAddr::new(B, 2000);
    let at_a = world.a.open(world.now, b, Some(a)).unwrap();
    let at_b = world.b.open(world.now, a, Some(b)).unwrap();
    world.run(SECOND);
    let states = [
        world.a.status(at_a).unwrap().state,
        world.b.status(at_b).unwrap().state,
    ];
    assert_eq!(states, [State::Established; 2]);
    let bytes = super::super::kit::pattern(50_000);
    let got = world.transfer(super::super::kit::End::A, at_a, at_b, &bytes, 60 * SECOND);
    assert!(got == bytes);
}

// req: RFC7323-2.2-4
#[test]
fn a_syn_ack_of_crossing_syns_offers_its_window_unscaled() {
    let mut lone = Lone::new(crate::tcp::Config::default());
    let id = lone.open();
    lone.outgoing();
    lone.inject("S 0:1(0) win 1000 <mss 1000,wscale 7>");
    let known = |lone: &Lone| lone.stack.status(id).map(|status| status.rcv_wnd);
    assert_eq!(known(&lone), Some(65_535));
    assert_eq!(lone.outgoing().len(), 1);
    assert_eq!(known(&lone), Some(65_535));
}

// req: RFC7323-2.2-4
#[test]
fn the_window_of_a_syn_ack_that_crosses_ours_is_not_scaled() {
    let mut lone = Lone::new(crate::tcp::Config::default());
    let id = lone.open();
    lone.outgoing();
    lone.inject("S 0:1(0) win 1000 <mss 1000,wscale 7,TS val 100 ecr 0>");
    lone.outgoing();
    lone.inject("S. 0:1(0) ack 1 win 1100 <mss 1000,wscale 7,TS val 101 ecr 0>");
    assert_eq!(lone.state(id), State::Established);
    let known = |lone: &Lone| lone.stack.status(id).map(|status| status.snd_wnd);
    assert_eq!(known(&lone), Some(1_100));
    // What follows is scaled.
    lone.inject(". 1:1(0) ack 1 win 11 <TS val 101 ecr 0>");
    assert_eq!(known(&lone), Some(1_408));
}

// req: RFC9293-3.5.3-3
#[test]
fn a_reset_in_syn_received_ends_an_active_opener() {
    let mut lone = Lone::new(Lone::plain());
    let id = lone.open();
    lone.outgoing();
    lone.inject("S 0:1(0) win 1000 <mss 1000>");
    lone.outgoing();
    assert_eq!(lone.state(id), State::SynReceived);
    lone.inject("R 1:1(0)");
    assert_eq!(lone.state(id), State::Closed);
    assert_eq!(lone.stack.failure(id), Some(Failure::Refused));
}

// req: MUST-22, MUST-23, RFC6298-5-7
#[test]
fn a_syn_is_sent_for_at_least_three_minutes() {
    let mut lone = Lone::new(Lone::plain());
    let id = lone.open();
    let lines = lone.run(600 * SECOND);
    let last: u64 = lines
        .last()
        .unwrap()
        .split(' ')
        .next()
        .unwrap()
        .parse()
        .unwrap();
    assert!(last < 180_000, "the last of {} at {last} ms", lines.len());
    let given_up = lone.told.lines().iter().rev().find_map(|line| {
        line.contains("R2 is reached").then(|| {
            let seconds: f64 = line.split(' ').next().unwrap().parse().unwrap();
            seconds - 5.0
        })
    });
    assert!(given_up.unwrap() >= 180.0, "given up after {given_up:?} s");
    assert_eq!(lone.stack.failure(id), Some(Failure::TimedOut));
}

// req: MUST-46
#[test]
fn no_connection_is_opened_to_what_is_no_host() {
    let mut lone = Lone::new(Lone::plain());
    for text in [
        "224.0.0.1:80",
        "255.255.255.255:80",
        "10.0.0.255:80",
        "0.0.0.0:80",
        "10.0.0.2:0",
        // RFC 1122 section 3.2.1.3 (g), RFC 4291 section 2.5.3: never outside a host.
        "127.0.0.1:80",
        "[::1]:80",
    ] {
        let remote: SocketAddr = text.parse().unwrap();
        assert_eq!(
            lone.stack.open(lone.now, remote, None),
            Err(OpenError::BadRemote(remote))
        );
    }
    let itself = SocketAddr::new(A, 80);
    assert_eq!(
        lone.stack.open(lone.now, itself, None),
        Err(OpenError::Itself(A))
    );
    assert!(lone.outgoing().is_empty());
}

// req: MUST-43, MUST-44, MUST-45, RFC1122-3.3.4.2-2
#[test]
fn the_local_address_may_be_named_and_stays() {
    let second = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 9));
    let mut config = super::super::Config::new(vec![(A, 24), (second, 24)]);
    config.tcp = std::sync::Arc::new(Lone::plain());
    let mut lone = Lone::new(Lone::plain());
    lone.stack = super::super::Stack::new(config, crate::base::Seed::from_number(1));
    let remote = SocketAddr::new(B, 80);
    let unnamed = lone.stack.open(lone.now, remote, None).unwrap();
    assert_eq!(lone.stack.pair(unnamed).unwrap().local.addr, A);
    let local = SocketAddr::new(second, 0);
    let named = lone.stack.open(lone.now, remote, Some(local)).unwrap();
    assert_eq!(lone.stack.pair(named).unwrap().local.addr, second);
    let stranger = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 77)), 0);
    assert_eq!(
        lone.stack.open(lone.now, remote, Some(stranger)),
        Err(OpenError::NotOurs(stranger.ip()))
    );
    // The SYN and its retransmissions all come from the address that was chosen.
    for round in 0..3 {
        let packets = lone.outgoing_packets();
        let sources: Vec<u8> = packets.iter().map(|packet| packet[15]).collect();
        assert_eq!(sources.len(), 2, "round {round}");
        assert!(sources.contains(&1) && sources.contains(&9));
        lone.now += 20 * SECOND;
        let now = lone.now;
        lone.stack.handle_timeout(now);
    }
}

// req: RFC9293-3.10.1-1
#[test]
fn the_same_pair_cannot_be_opened_twice() {
    let mut lone = Lone::new(Lone::plain());
    let (local, remote) = (SocketAddr::new(A, 5000), SocketAddr::new(B, 80));
    lone.stack.open(lone.now, remote, Some(local)).unwrap();
    assert_eq!(
        lone.stack.open(lone.now, remote, Some(local)),
        Err(OpenError::InUse(local, remote))
    );
}

// req: MUST-41, MUST-42
#[test]
fn listening_disturbs_no_connection_of_that_port() {
    let mut lone = Lone::new(Lone::plain());
    let local = SocketAddr::new(A, 80);
    let id = lone
        .stack
        .open(lone.now, SocketAddr::new(B, 4_321), Some(local))
        .unwrap();
    lone.outgoing();
    lone.listen();
    assert_eq!(lone.state(id), State::SynSent);
    lone.inject("S. 0:1(0) ack 1 win 1000 <mss 1000>");
    assert_eq!(lone.state(id), State::Established);
    assert_eq!(
        lone.stack.listen(lone.now, local, 1),
        Err(ListenError::InUse(local))
    );
}

#[test]
fn a_listener_takes_only_as_many_as_its_backlog() {
    let mut lone = Lone::new(Config {
        syn_cookies: false,
        ..Lone::plain()
    });
    lone.listen();
    for port in 0..10 {
        lone.ports.src = 1_000 + port;
        lone.inject("S 0:1(0) win 1000 <mss 1000>");
    }
    assert_eq!(lone.stack.counts(), (0, 4, 0));
    assert_eq!(lone.ending(), "BacklogFull");
    assert_eq!(lone.outgoing().len(), 4);
}

#[test]
fn a_full_accept_queue_drops_the_last_ack_and_drains() {
    let mut lone = Lone::new(Lone::plain());
    let local = SocketAddr::new(A, 80);
    let listener = lone.stack.listen(lone.now, local, 1).unwrap();
    lone.inject("S 0:1(0) win 1000 <mss 1000>");
    lone.outgoing();
    lone.inject(". 1:1(0) ack 1 win 1000");
    lone.ports.src += 1;
    lone.inject("S 0:1(0) win 1000 <mss 1000>");
    assert_eq!(lone.ending(), "AcceptQueueFull");
    let first = lone.stack.accept(lone.now, listener).unwrap();
    lone.inject("S 0:1(0) win 1000 <mss 1000>");
    lone.outgoing();
    lone.inject(". 1:1(0) ack 1 win 1000");
    assert!(lone.stack.accept(lone.now, listener).is_ok());
    assert_eq!(lone.state(first), State::Established);
}

// req: RFC9293-3.10.2-1
#[test]
fn what_is_sent_before_the_handshake_waits_for_it() {
    let mut lone = Lone::new(Lone::plain());
    let id = lone.open();
    assert_eq!(lone.write(id, 10), 10);
    assert_eq!(lone.outgoing(), ["S 0:1(0)"]);
    lone.inject("S. 0:1(0) ack 1 win 1000 <mss 1000>");
    assert_eq!(lone.outgoing(), ["P. 1:11(10) ack 1"]);
    lone.stack.shutdown(lone.now, id);
    assert!(lone.stack.write(lone.now, id, b"more").is_err());
}

#[test]
fn reading_from_a_refused_connection_says_so() {
    let mut lone = Lone::new(Lone::plain());
    let id = lone.open();
    lone.outgoing();
    lone.inject("R. 0:0(0) ack 1");
    assert_eq!(
        lone.stack.read(lone.now, id, &mut [0; 1]),
        Err(ReadError::Failed(Failure::Refused))
    );
}

// req: RFC6056-3.3-1
#[test]
fn ports_towards_one_server_do_not_repeat_and_start_anywhere() {
    let mut firsts = Vec::new();
    for seed in 0..50 {
        let config = super::super::Config::new(vec![(A, 24)]);
        let mut stack = super::super::Stack::new(config, crate::base::Seed::from_number(seed));
        let now = crate::base::Instant::BIRTH;
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..100 {
            let id = stack.open(now, SocketAddr::new(B, 80), None).unwrap();
            let Endpoint { port, .. } = stack.pair(id).unwrap().local;
            assert!(port >= 32_768);
            assert!(seen.insert(port));
        }
        firsts.push(*seen.first().unwrap());
    }
    firsts.sort_unstable();
    firsts.dedup();
    assert!(firsts.len() > 40, "{firsts:?}");
}
