//! What a stranger cannot do: RFC 5961 (resets and SYNs that were guessed), RFC 6528 (numbers that
//! cannot be), RFC 4987 (floods of SYNs).

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use super::super::kit::{A, B};
use super::super::lone::Lone;
use super::super::{ConnId, Failure, Stack};
use crate::base::{Instant, Seed};
use crate::probe::State;

const SECOND: Duration = Duration::from_secs(1);

/// A connection in each synchronized state in which it can still be reset, and RCV.NXT.
fn in_every_state() -> Vec<(Lone, ConnId, u32)> {
    let (fin, ack) = ("F. 1:2(0) ack 1", ". 1:1(0) ack 2");
    let states = [
        (State::Established, &[][..], 1),
        (State::FinWait1, &["close"], 1),
        (State::FinWait2, &["close", ack], 1),
        (State::CloseWait, &[fin], 2),
        (State::Closing, &["close", fin], 2),
        (State::LastAck, &[fin, "close"], 2),
    ];
    states
        .into_iter()
        .map(|(state, steps, next)| {
            let (mut lone, id) = Lone::established(Lone::plain());
            for step in steps {
                match *step {
                    "close" => lone.stack.shutdown(lone.now, id),
                    segment => lone.inject(segment),
                }
                lone.outgoing();
            }
            assert_eq!(lone.state(id), state);
            (lone, id, next)
        })
        .collect()
}

// req: RFC5961-3.2-1, RFC5961-3.2-2, RFC5961-3.2-3, RFC5961-3.2-4
#[test]
fn in_every_state_a_reset_must_hit_the_next_number_exactly() {
    for (mut lone, id, next) in in_every_state() {
        let state = lone.state(id);
        let outside = next + 70_000;
        for seq in [outside, next - 1] {
            lone.inject(&format!("R {seq}:0(0)"));
            assert!(lone.outgoing().is_empty(), "{state}");
            assert_eq!(lone.state(id), state);
        }
        lone.inject(&format!("R {}:0(0)", next + 1));
        let challenge = lone.outgoing();
        assert_eq!(challenge.len(), 1, "{state}");
        assert!(
            challenge[0].ends_with(&format!("(0) ack {next}")),
            "{challenge:?}"
        );
        assert_eq!(lone.state(id), state);
        lone.inject(&format!("R {next}:0(0)"));
        assert_eq!(lone.state(id), State::Closed, "{state}");
        assert!(lone.outgoing().is_empty());
    }
}

// req: RFC5961-3.2-3
#[test]
fn a_reset_with_text_is_not_moved_to_the_next_number() {
    let (mut lone, id) = Lone::established(Lone::plain());
    lone.inject("P. 1:101(100) ack 1");
    lone.run(SECOND);
    // Guessed within a segment's length before RCV.NXT: what is old is not cut off a reset.
    lone.inject("R 51:151(100)");
    assert_eq!(lone.ending(), "ResetNotExact");
    assert_eq!(lone.outgoing(), [". 1:1(0) ack 101"]);
    assert_eq!(lone.state(id), State::Established);
}

// req: RFC5961-4.2-2, RFC5961-4.2-1
#[test]
fn a_peer_that_has_restarted_answers_the_challenge_and_gets_through() {
    let mut lone = Lone::new(Lone::plain());
    let listener = lone.listen();
    lone.inject("S 0:1(0) win 1000 <mss 1000>");
    lone.outgoing();
    lone.inject(". 1:1(0) ack 1 win 1000");
    let id = lone.stack.accept(lone.now, listener).unwrap();
    // The peer has lost its memory, and chose the same port and any number.
    let syn = "S 700000:700001(0) win 1000 <mss 1000>";
    lone.inject(syn);
    assert_eq!(lone.outgoing(), [". 1:1(0) ack 1"]);
    assert_eq!(lone.state(id), State::Established);
    // In SYN-SENT that is no acceptable ACK: <SEQ=SEG.ACK><CTL=RST>.
    lone.inject("R 1:1(0)");
    assert_eq!(lone.stack.failure(id), Some(Failure::Reset));
    lone.inject(syn);
    assert_eq!(lone.stack.counts().1, 1);
    assert_eq!(lone.outgoing(), ["S. 0:1(0) ack 700001"]);
}

// req: RFC5961-7-1
#[test]
fn challenges_are_limited_by_connection() {
    let (mut lone, _) = Lone::established(Lone::plain());
    let mut challenges = 0;
    for _ in 0..1_000 {
        lone.now += SECOND / 100;
        for segment in ["R 2:2(0)", "S 1:2(0)", ". 1:1(0) ack 9"] {
            lone.inject(segment);
            challenges += lone.outgoing().len();
        }
    }
    // Ten seconds: RFC 5961 section 7 suggests ten in five.
    assert!((2..=20).contains(&challenges), "{challenges}");
    // Whoever spends one connection's share cannot see it by another's.
    let other = lone.open();
    lone.iss = None;
    lone.outgoing();
    lone.inject("S. 0:1(0) ack 1 win 1000 <mss 1000>");
    lone.outgoing();
    assert_eq!(lone.state(other), State::Established);
    lone.inject("R 2:2(0)");
    assert_eq!(lone.outgoing(), [". 1:1(0) ack 1"]);
}

// req: RFC5961-5.2-1, RFC5961-5.2-2
#[test]
fn text_that_acknowledges_what_cannot_be_is_not_taken() {
    for (ack, is_taken) in [
        (2_001, true),
        (2_002, false),
        (1, true),
        (0x8000_0000_u32, false),
    ] {
        let (mut lone, id) = Lone::established(Lone::plain());
        lone.write(id, 2_000);
        lone.outgoing();
        lone.inject(". 1:1(0) ack 2001");
        lone.inject(&format!("P. 1:11(10) ack {ack}"));
        let taken = lone.stack.read(lone.now, id, &mut [0; 20]).is_ok();
        assert_eq!(taken, is_taken, "{ack}");
        let sent = lone.outgoing();
        assert_eq!(sent.is_empty(), is_taken, "{sent:?}");
    }
    // MAX.SND.WND is 65,535: one more is too old.
    for (ack, is_taken) in [(5_000, true), (4_999, false)] {
        let (mut lone, id) = Lone::established(Lone::plain());
        let mut acked = 1;
        while acked < 5_000 + 65_535 {
            acked += lone.write(id, 5_000.min(5_000 + 65_535 - acked as usize)) as u32;
            lone.outgoing();
            lone.inject(&format!(". 1:1(0) ack {acked}"));
        }
        lone.inject(&format!("P. 1:11(10) ack {ack}"));
        let taken = lone.stack.read(lone.now, id, &mut [0; 20]).is_ok();
        assert_eq!(taken, is_taken, "{ack}");
    }
}

/// The initial sequence number that a stack chooses for a pair.
fn isn(stack: &mut Stack, now: Instant, local: SocketAddr, remote: SocketAddr) -> u32 {
    let id = stack.open(now, remote, Some(local)).unwrap();
    let syn = stack.poll_transmit(now).unwrap().to_vec();
    stack.abort(now, id);
    assert!(stack.poll_transmit(now).is_none());
    u32::from_be_bytes([syn[24], syn[25], syn[26], syn[27]])
}

fn stack(seed: u64) -> Stack {
    let config = super::super::Config::new(vec![(A, 24), (IpAddr::V4(OTHER), 24)]);
    Stack::new(config, Seed::from_number(seed))
}

const OTHER: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 9);

/// Pairs that differ from the first in one of the four elements each.
fn pairs() -> [(SocketAddr, SocketAddr); 5] {
    let elsewhere = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 3));
    let local = SocketAddr::new(A, 5_000);
    let remote = SocketAddr::new(B, 80);
    [
        (local, remote),
        (SocketAddr::new(OTHER.into(), 5_000), remote),
        (SocketAddr::new(A, 5_001), remote),
        (local, SocketAddr::new(elsewhere, 80)),
        (local, SocketAddr::new(B, 81)),
    ]
}

// req: RFC6528-3-1, MUST-8, SHLD-1
#[test]
fn initial_numbers_follow_a_four_microsecond_timer_from_a_place_of_the_pairs_own() {
    let mut stack = stack(1);
    let start = Instant::from_nanos(1_000_000_000);
    let [(local, remote), others @ ..] = pairs();
    let first = isn(&mut stack, start, local, remote);
    for (local, remote) in others {
        let other = isn(&mut stack, start, local, remote);
        assert!(other.abs_diff(first) > 1_000, "{local} {remote}");
    }
    for micros in [4, 400, 1_000_000, 60_000_000] {
        let later = start + Duration::from_micros(micros);
        let number = isn(&mut self::stack(1), later, local, remote);
        assert_eq!(u64::from(number.wrapping_sub(first)), micros / 4);
        for (local, remote) in others {
            // F is another: not merely M with another beginning for all.
            let number = isn(&mut stack, later, local, remote);
            assert_ne!(u64::from(number.wrapping_sub(first)), micros / 4);
        }
    }
}

// req: RFC6528-3-2, MUST-9
#[test]
fn initial_numbers_of_one_pair_tell_nothing_about_anothers() {
    let now = Instant::from_nanos(1_000_000_000);
    let [(local, remote), others @ ..] = pairs();
    let mut firsts = BTreeSet::new();
    let mut distances: [BTreeSet<u32>; 4] = Default::default();
    for seed in 0..200 {
        let mut stack = stack(seed);
        let first = isn(&mut stack, now, local, remote);
        firsts.insert(first);
        for ((local, remote), distances) in others.into_iter().zip(&mut distances) {
            distances.insert(isn(&mut stack, now, local, remote).wrapping_sub(first));
        }
    }
    // Everybody knows the pair and the time, but not the secret: 200 secrets, 200 numbers, all over
    // the range; and so are the distances between pairs.
    for numbers in distances.iter().chain([&firsts]) {
        assert_eq!(numbers.len(), 200);
        assert!(numbers.iter().any(|number| *number < 1 << 29));
        assert!(numbers.iter().any(|number| *number > 7 << 29));
    }
}

// req: RFC4987-3.2-1, RFC4987-4-1
#[test]
fn a_flood_of_syns_takes_bounded_room_and_passes() {
    for limit in [3, 64] {
        let mut lone = Lone::new(Lone::plain());
        let mut config = super::super::Config::new(vec![(A, 24)]);
        config.limits.half_open = limit;
        lone.stack = Stack::new(config, Seed::from_number(1));
        let local = SocketAddr::new(A, 80);
        let listener = lone.stack.listen(lone.now, local, 1_000).unwrap();
        lone.inject("S 0:1(0) win 1000 <mss 1000>");
        lone.outgoing();
        lone.inject(". 1:1(0) ack 1 win 1000");
        let id = lone.stack.accept(lone.now, listener).unwrap();
        let first = (lone.ports, lone.iss);
        for port in 10_000..20_000 {
            lone.ports.src = port;
            lone.inject("S 0:1(0) win 1000 <mss 1000>");
            // One answer at most, and none to what finds no room.
            assert!(lone.outgoing().len() <= 1);
            assert!(lone.stack.counts().1 <= limit);
        }
        assert_eq!(lone.stack.counts().1, limit);
        // Who was there goes on.
        (lone.ports, lone.iss) = first;
        lone.inject("P. 1:11(10) ack 1 win 1000");
        assert_eq!(lone.stack.read(lone.now, id, &mut [0; 20]), Ok(10));
        // And the flood is forgotten.
        lone.run(120 * SECOND);
        assert_eq!(lone.stack.counts(), (1, 0, 0));
        lone.ports.src += 1;
        lone.inject("S 0:1(0) win 1000 <mss 1000>");
        lone.outgoing();
        lone.inject(". 1:1(0) ack 1 win 1000");
        assert!(lone.stack.accept(lone.now, listener).is_ok());
    }
}
