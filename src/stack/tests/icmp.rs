//! What an ICMP error can do to a connection: RFC 5927, RFC 1122 section 3.2.2.1.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use super::super::kit::{A, B};
use super::super::lone::Lone;
use super::super::{Failure, ReadError, Stack};
use crate::base::{Received, Seed};
use crate::ip::transmit::Outgoing;
use crate::probe::State;
use crate::tcp::Config;
use crate::wire::icmp::{Echo, Message, PROTOCOL_V4, PROTOCOL_V6, Problem, Unreachable};

const SECOND: Duration = Duration::from_secs(1);
const PORT: Problem = Problem::Unreachable(Unreachable::Port);
const PROTOCOL: Problem = Problem::Unreachable(Unreachable::Protocol);

/// The packet by which a host or router at `src` tells `dst` of a problem with `packet`.
pub fn error(src: IpAddr, dst: IpAddr, problem: Problem, packet: &[u8]) -> Vec<u8> {
    let error = Message::Error {
        problem,
        quote: packet,
    };
    message(src, dst, &error)
}

fn message(src: IpAddr, dst: IpAddr, message: &Message<'_>) -> Vec<u8> {
    let protocol = match src {
        IpAddr::V4(_) => PROTOCOL_V4,
        IpAddr::V6(_) => PROTOCOL_V6,
    };
    let outgoing = Outgoing::new(src, dst, protocol);
    let head = outgoing.header_len();
    let len = message.message_len();
    let mut out = vec![0; head + len];
    outgoing.emit(len, &mut out);
    message.emit(src, dst, &mut out[head..]);
    out
}

/// A packet of ours whose sequence number, at byte `at`, is moved.
pub(super) fn moved(packet: &[u8], at: usize, by: i32) -> Vec<u8> {
    let mut packet = packet.to_vec();
    let seq = u32::from_be_bytes([packet[at], packet[at + 1], packet[at + 2], packet[at + 3]]);
    let seq = seq.wrapping_add_signed(by);
    packet[at..at + 4].copy_from_slice(&seq.to_be_bytes());
    packet
}

impl Lone {
    pub(super) fn tell(&mut self, problem: Problem, packet: &[u8]) {
        let error = error(B, A, problem, packet);
        self.inject_bytes(&error);
    }
}

// req: RFC1122-3.2.2.1-4, SHLD-26
#[test]
fn port_unreachable_ends_an_active_open_as_a_reset_would() {
    for problem in [PORT, PROTOCOL] {
        let mut lone = Lone::new(Lone::plain());
        let id = lone.open();
        let syn = lone.outgoing_packets().remove(0);
        lone.tell(problem, &syn);
        assert_eq!(lone.ending(), "IcmpError");
        assert_eq!(lone.state(id), State::Closed);
        assert_eq!(lone.stack.failure(id), Some(Failure::Unreachable));
        assert!(lone.run(100 * SECOND).is_empty());
    }
}

// req: MUST-56
#[test]
fn no_soft_error_ends_a_connection_at_any_time() {
    // IPv4 unreachable 0, 1 and 5, time exceeded in transit and in reassembly, parameter problem.
    let soft = [
        Problem::Unreachable(Unreachable::Network),
        Problem::Unreachable(Unreachable::Host),
        Problem::Unreachable(Unreachable::SourceRoute),
        Problem::HopLimitExceeded,
        Problem::ReassemblyTimeExceeded,
        Problem::Parameter {
            code: 0,
            pointer: 0,
        },
    ];
    let mut lone = Lone::new(Lone::plain());
    let id = lone.open();
    let syn = lone.outgoing_packets().remove(0);
    lone.show(&syn);
    for problem in soft {
        lone.tell(problem, &syn);
        assert_eq!(lone.ending(), "IcmpError", "{problem:?}");
        assert_eq!(lone.state(id), State::SynSent);
    }
    lone.inject("S. 0:1(0) ack 1 win 1000 <mss 1000>");
    lone.write(id, 10);
    let text = lone.outgoing_packets().remove(0);
    for problem in soft {
        lone.tell(problem, &text);
        assert_eq!(lone.ending(), "IcmpError", "{problem:?}");
        assert_eq!(lone.state(id), State::Established);
    }
    assert_eq!(lone.stack.failure(id), None);
}

// req: MUST-54
#[test]
fn an_error_reaches_the_connection_that_it_quotes_and_no_other() {
    let mut lone = Lone::new(Lone::plain());
    let ids: Vec<_> = (0..3).map(|_| lone.open()).collect();
    let packets = lone.outgoing_packets();
    lone.tell(PORT, &packets[1]);
    let states: Vec<_> = ids.iter().map(|id| lone.state(*id)).collect();
    assert_eq!(states, [State::SynSent, State::Closed, State::SynSent]);
}

// req: MUST-47, SHLD-25
#[test]
fn soft_errors_end_an_opening_where_that_is_asked_for() {
    for asked in [false, true] {
        let mut lone = Lone::new(Config {
            soft_errors_end_openings: asked,
            ..Lone::plain()
        });
        let id = lone.open();
        let syn = lone.outgoing_packets().remove(0);
        lone.tell(Problem::HopLimitExceeded, &syn);
        let (state, failure) = match asked {
            false => (State::SynSent, None),
            true => (State::Closed, Some(Failure::Unreachable)),
        };
        assert_eq!((lone.state(id), lone.stack.failure(id)), (state, failure));
    }
    // What is open stays so.
    let (mut lone, id) = Lone::established(Config {
        soft_errors_end_openings: true,
        ..Lone::plain()
    });
    lone.write(id, 10);
    let text = lone.outgoing_packets().remove(0);
    lone.tell(PORT, &text);
    assert_eq!(lone.state(id), State::Established);
}

#[test]
fn soft_errors_are_reported_when_they_come_and_when_we_give_up() {
    let (mut lone, id) = Lone::established(Lone::plain());
    lone.write(id, 10);
    let text = lone.outgoing_packets().remove(0);
    lone.tell(Problem::Unreachable(Unreachable::Network), &text);
    assert_eq!(lone.told.count("a soft error"), 1);
    lone.run(10_000 * SECOND);
    assert_eq!(lone.told.count("R1 is reached"), 1);
    assert_eq!(
        lone.stack.read(lone.now, id, &mut [0; 1]),
        Err(ReadError::Failed(Failure::Unreachable))
    );
}

// req: RFC5927-4.1-1
#[test]
fn an_error_about_what_is_not_on_its_way_does_nothing() {
    // Before the handshake there is one number: the SYN's.
    for by in [1, -1, 1 << 20] {
        let mut lone = Lone::new(Lone::plain());
        let id = lone.open();
        let syn = lone.outgoing_packets().remove(0);
        lone.tell(PORT, &moved(&syn, 24, by));
        assert_eq!(lone.ending(), "IcmpOutOfWindow", "{by}");
        assert_eq!(lone.state(id), State::SynSent);
    }
    // Afterwards SND.UNA =< SEG.SEQ < SND.NXT; what is believed is told when we give up.
    for (by, failure) in [
        (0, Failure::Unreachable),
        (999, Failure::Unreachable),
        (-1, Failure::TimedOut),
        (1_000, Failure::TimedOut),
        (i32::MIN, Failure::TimedOut),
    ] {
        let (mut lone, id) = Lone::established(Lone::plain());
        lone.write(id, 1_000);
        let text = lone.outgoing_packets().remove(0);
        lone.tell(
            Problem::Unreachable(Unreachable::Host),
            &moved(&text, 24, by),
        );
        lone.run(10_000 * SECOND);
        assert_eq!(lone.stack.failure(id), Some(failure), "{by}");
    }
}

// req: RFC4443-5.2-1
#[test]
fn an_icmpv6_error_is_judged_by_what_it_quotes_too() {
    let v6 = |last| IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, last));
    let config = super::super::Config::new(vec![(v6(1), 64)]);
    let mut stack = Stack::new(config, Seed::from_number(1));
    let now = stack.now();
    let id = stack.open(now, SocketAddr::new(v6(2), 80), None).unwrap();
    let syn = stack.poll_transmit(now).unwrap().to_vec();
    let mut other_port = syn.clone();
    other_port[41] ^= 1;
    for quoted in [moved(&syn, 44, 1), moved(&syn, 44, -1), other_port] {
        let packet = error(v6(2), v6(1), PORT, &quoted);
        stack.receive(now, Received::plain(&packet));
        assert_eq!(stack.status(id).unwrap().state, State::SynSent);
    }
    let packet = error(v6(2), v6(1), PORT, &syn);
    stack.receive(now, Received::plain(&packet));
    assert_eq!(stack.failure(id), Some(Failure::Unreachable));
}

// req: RFC4443-3.1-2
#[test]
fn what_is_dropped_for_want_of_room_draws_no_error() {
    let v6 = |last| IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, last));
    let config = super::super::Config::new(vec![(v6(1), 64)]);
    let mut stack = Stack::new(config, Seed::from_number(1));
    let told = super::super::kit::Record::default();
    stack.observe(Box::new(told.clone()));
    let now = stack.now();
    let question = Message::EchoRequest(Echo {
        identifier: 1,
        sequence: 1,
        data: b"?",
    });
    let packet = message(v6(2), v6(1), &question);
    for _ in 0..2_000 {
        stack.receive(now, Received::plain(&packet));
    }
    let dropped = told.count("RepliesFull");
    assert!(dropped > 0);
    let mut replies = 0;
    while let Some(reply) = stack.poll_transmit(now) {
        assert_eq!(reply.to_vec()[40], 129, "an echo reply and nothing else");
        replies += 1;
    }
    assert_eq!(replies + dropped, 2_000);
}

// req: RFC5927-5.2-1
#[test]
fn hard_errors_end_no_connection_that_is_synchronized() {
    for (state, segment, close) in [
        (State::Established, None, false),
        (State::FinWait1, None, true),
        (State::CloseWait, Some("F. 1:2(0) ack 1"), false),
        (State::Closing, Some("F. 1:2(0) ack 1"), true),
        (State::LastAck, Some("F. 1:2(0) ack 1"), false),
    ] {
        let (mut lone, id) = Lone::established(Lone::plain());
        lone.write(id, 1_000);
        let text = lone.outgoing_packets().remove(0);
        if close {
            lone.stack.shutdown(lone.now, id);
            lone.outgoing();
        }
        if let Some(segment) = segment {
            lone.inject(segment);
            lone.outgoing();
        }
        if state == State::LastAck {
            lone.stack.shutdown(lone.now, id);
            lone.outgoing();
        }
        assert_eq!(lone.state(id), state);
        for problem in [PORT, PROTOCOL, Problem::PacketTooBig { mtu: 576 }] {
            lone.tell(problem, &text);
            assert_eq!(lone.ending(), "IcmpError");
            assert_eq!(lone.state(id), state);
        }
        // And what was on its way is still acknowledged.
        lone.inject(". 2:2(0) ack 1001");
        assert_eq!(lone.stack.failure(id), None);
    }
}

// req: RFC5927-6.2-1
#[test]
fn source_quench_slows_nobody_down() {
    let (mut lone, id) = Lone::established(Lone::plain());
    lone.write(id, 20_000);
    let text = lone.outgoing_packets().remove(0);
    let before = lone.stack.status(id).unwrap();
    // Type 4, code 0: the same quote behind another type.
    let mut packet = error(B, A, PORT, &text);
    packet[20..24].copy_from_slice(&[4, 0, 0, 0]);
    let sum = crate::base::Sum::new().add(&packet[20..]).checksum();
    packet[22..24].copy_from_slice(&sum.to_be_bytes());
    lone.inject_bytes(&packet);
    assert_eq!(lone.ending(), "IcmpIgnored");
    let after = lone.stack.status(id).unwrap();
    assert_eq!(after.cwnd, before.cwnd);
    assert_eq!(after.ssthresh, before.ssthresh);
    assert!(lone.outgoing().is_empty());
}

// req: RFC792-redirect-1, RFC1122-3.2.2.2-2, RFC1122-3.2.2.7-1, RFC1122-3.2.2.9-1
#[test]
fn redirects_and_questions_of_old_draw_nothing() {
    let (mut lone, id) = Lone::established(Lone::plain());
    lone.write(id, 1_000);
    let text = lone.outgoing_packets().remove(0);
    let before = lone.stack.status(id);
    // RFC 792: redirect, timestamp, information; RFC 950: address mask.
    for kind in [5, 13, 14, 15, 16, 17, 18] {
        let mut packet = error(B, A, PORT, &text);
        packet[20..24].copy_from_slice(&[kind, 1, 0, 0]);
        let sum = crate::base::Sum::new().add(&packet[20..]).checksum();
        packet[22..24].copy_from_slice(&sum.to_be_bytes());
        lone.inject_bytes(&packet);
        assert_eq!(lone.ending(), "IcmpIgnored", "{kind}");
        assert!(lone.outgoing().is_empty());
    }
    assert_eq!(lone.stack.status(id), before);
}
