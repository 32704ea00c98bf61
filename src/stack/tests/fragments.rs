//! Fragments that come: put together, given up, and what their sender hears of it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use super::super::kit::Record;
use super::super::{Config, Stack};
use crate::base::{Instant, Received, Seed};
use crate::wire::icmp::{Echo, Message, PROTOCOL_V4, PROTOCOL_V6, Problem};
use crate::wire::{ipv4, ipv6};

const SECOND: Duration = Duration::from_secs(1);
const US_V4: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
const PEER_V4: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 2);
const US_V6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1);
const PEER_V6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 2);

struct Host {
    stack: Stack,
    told: Record,
    now: Instant,
}

impl Host {
    fn new() -> Host {
        let config = Config::new(vec![(US_V4.into(), 24), (US_V6.into(), 64)]);
        let mut stack = Stack::new(config, Seed::from_number(1));
        let told = Record::default();
        stack.observe(Box::new(told.clone()));
        let now = stack.now();
        Host { stack, told, now }
    }

    fn receive(&mut self, packet: &[u8]) -> String {
        self.stack.receive(self.now, Received::plain(packet));
        self.stack.assert_invariants();
        self.told.ending()
    }

    /// Goes on to what is due within `time`, and returns what leaves.
    fn wait(&mut self, time: Duration) -> Vec<Vec<u8>> {
        self.now += time;
        self.stack.handle_timeout(self.now);
        let mut packets = Vec::new();
        while let Some(packet) = self.stack.poll_transmit(self.now) {
            packets.push(packet.to_vec());
        }
        self.stack.assert_invariants();
        packets
    }
}

/// Parts of what `src` sends to us as `protocol`, cut at these places.
fn cut(v6: bool, id: u16, payload: &[u8], at: &[usize]) -> Vec<Vec<u8>> {
    let mut from = 0;
    let ends = at.iter().copied().chain([payload.len()]);
    ends.map(|to| {
        let piece = &payload[from..to];
        let packet = part(v6, id, from, to < payload.len(), piece);
        from = to;
        packet
    })
    .collect()
}

fn part(v6: bool, id: u16, offset: usize, more_fragments: bool, piece: &[u8]) -> Vec<u8> {
    if v6 {
        let [high, low] = (offset as u16 | u16::from(more_fragments)).to_be_bytes();
        let [i, j] = id.to_be_bytes();
        let fragment = [PROTOCOL_V6, 0, high, low, 0, 0, i, j];
        let header = ipv6::Header {
            src: PEER_V6,
            dst: US_V6,
            next_header: ipv6::FRAGMENT,
            hop_limit: 64,
            traffic_class: 0,
            flow_label: 0,
        };
        let mut out = vec![0; 40];
        header.emit(8 + piece.len(), &mut out);
        return [&out[..], &fragment, piece].concat();
    }
    let header = ipv4::Header {
        src: PEER_V4,
        dst: US_V4,
        protocol: PROTOCOL_V4,
        ttl: 64,
        tos: 0,
        identification: id,
        dont_fragment: false,
        more_fragments,
        fragment_offset: offset as u16,
        options: &[],
    };
    let mut out = vec![0; 20];
    header.emit(piece.len(), &mut out);
    [&out[..], piece].concat()
}

fn addresses(v6: bool) -> (IpAddr, IpAddr) {
    match v6 {
        true => (PEER_V6.into(), US_V6.into()),
        false => (PEER_V4.into(), US_V4.into()),
    }
}

/// An echo request, as an IP payload.
fn question(v6: bool, data: &[u8]) -> Vec<u8> {
    let request = Message::EchoRequest(Echo {
        identifier: 7,
        sequence: 1,
        data,
    });
    let mut out = vec![0; request.message_len()];
    let (src, dst) = addresses(v6);
    request.emit(src, dst, &mut out);
    out
}

/// What a packet of ours says, and what it quotes.
fn problem(packet: &[u8]) -> (Problem, Vec<u8>) {
    let (src, dst, payload) = match packet[0] >> 4 {
        4 => {
            let (header, payload) = ipv4::parse(packet).unwrap();
            (header.src.into(), header.dst.into(), payload)
        }
        _ => {
            let (header, payload) = ipv6::parse(packet).unwrap();
            (header.src.into(), header.dst.into(), payload)
        }
    };
    match Message::parse(src, dst, payload) {
        Ok(Message::Error { problem, quote }) => (problem, quote.to_vec()),
        other => panic!("{other:?}"),
    }
}

// req: RFC791-3.2-1
#[test]
fn a_question_in_fragments_is_answered_once_it_is_whole() {
    for v6 in [false, true] {
        let mut host = Host::new();
        let question = question(v6, &[0x5a; 1_000]);
        let parts = cut(v6, 7, &question, &[480, 960]);
        assert_eq!(host.receive(&parts[2]), "Fragment");
        assert_eq!(host.receive(&parts[0]), "Fragment");
        assert_eq!(host.receive(&parts[0]), "FragmentDuplicate");
        assert!(host.wait(SECOND).is_empty());
        assert_eq!(host.receive(&parts[1]), "EchoRequest");
        let answers = host.wait(SECOND);
        assert_eq!(answers.len(), 1);
        assert!(answers[0].ends_with(&[0x5a; 1_000]));
        assert_eq!(host.stack.poll_timeout(), None);
    }
}

// req: RFC1122-3.3.2-4, RFC8200-4.5-6
#[test]
fn time_exceeded_is_sent_if_the_first_fragment_came_and_otherwise_not() {
    for v6 in [false, true] {
        let mut host = Host::new();
        let question = question(v6, &[0x5a; 1_000]);
        let parts = cut(v6, 7, &question, &[480, 960]);
        host.receive(&parts[1]);
        host.receive(&parts[2]);
        assert!(host.wait(59 * SECOND).is_empty());
        host.receive(&cut(v6, 8, &question, &[480, 960])[0]);
        // The first datagram lacked its beginning: silence.
        assert!(host.wait(SECOND).is_empty());
        assert!(host.wait(58 * SECOND).is_empty());
        let told = host.wait(SECOND);
        assert_eq!(told.len(), 1);
        let (problem, quote) = problem(&told[0]);
        assert_eq!(problem, Problem::ReassemblyTimeExceeded);
        let first = &cut(v6, 8, &question, &[480, 960])[0];
        assert!(first.starts_with(&quote) && quote.len() >= 500);
        assert_eq!(host.stack.poll_timeout(), None);
        // What comes too late begins anew.
        assert_eq!(host.receive(&parts[0]), "Fragment");
    }
}

// req: RFC6864-4.1-1
#[test]
fn what_is_no_fragment_is_not_told_apart_by_its_identification() {
    let mut host = Host::new();
    let question = question(false, b"twice");
    let whole = part(false, 7, 0, false, &question);
    for _ in 0..2 {
        assert_eq!(host.receive(&whole), "EchoRequest");
    }
    // Nor does it belong to fragments of the same number.
    let parts = cut(false, 7, &question, &[8]);
    assert_eq!(host.receive(&parts[0]), "Fragment");
    assert_eq!(host.receive(&whole), "EchoRequest");
    assert_eq!(host.receive(&parts[1]), "EchoRequest");
    assert_eq!(host.wait(SECOND).len(), 4);
}

// req: RFC5722-4-2, RFC5722-4-3, RFC8200-4.5-10
#[test]
fn nobody_hears_of_an_overlap() {
    for v6 in [false, true] {
        let mut host = Host::new();
        let question = question(v6, &[0x5a; 1_000]);
        let parts = cut(v6, 7, &question, &[480, 960]);
        host.receive(&parts[0]);
        let other = part(v6, 7, 472, true, &[0; 16]);
        assert_eq!(host.receive(&other), "FragmentOverlap");
        assert_eq!(host.receive(&parts[1]), "FragmentOverlap");
        assert_eq!(host.receive(&parts[2]), "FragmentOverlap");
        assert!(host.wait(61 * SECOND).is_empty());
    }
}

// req: RFC7112-5-2, RFC8200-4.5-9
#[test]
fn headers_that_are_cut_off_draw_a_parameter_problem() {
    let mut host = Host::new();
    // Destination options that go on beyond the fragment.
    let mut packet = part(true, 7, 0, true, &[6, 4, 1, 4, 0, 0, 0, 0]);
    packet[40] = ipv6::DESTINATION_OPTIONS;
    assert_eq!(host.receive(&packet), "BadFragment");
    let told = host.wait(SECOND);
    let expected = Problem::Parameter {
        code: 3,
        pointer: 0,
    };
    assert_eq!(problem(&told[0]), (expected, packet));
    // An ICMPv6 message without its type may be an error: nothing is said of it.
    let mut packet = part(true, 7, 0, true, &[PROTOCOL_V6, 0, 1, 4, 0, 0, 0, 0]);
    packet[40] = ipv6::DESTINATION_OPTIONS;
    assert_eq!(host.receive(&packet), "BadFragment");
    assert!(host.wait(SECOND).is_empty());
}

// req: RFC8200-4.5-7, RFC8200-4.5-8
#[test]
fn impossible_lengths_draw_a_parameter_problem_on_ipv6() {
    for (offset, more, len, pointer) in [(8, true, 12, 4), (65_528, false, 8, 42)] {
        let mut host = Host::new();
        let packet = part(false, 7, offset, more, &vec![0; len]);
        assert_eq!(host.receive(&packet), "BadFragment");
        assert!(host.wait(SECOND).is_empty());
        // UDP: what belongs to ICMPv6 may be an error.
        let mut packet = part(true, 7, offset, more, &vec![0; len]);
        packet[40] = 17;
        assert_eq!(host.receive(&packet), "BadFragment");
        let told = host.wait(SECOND);
        let expected = Problem::Parameter { code: 0, pointer };
        assert_eq!(problem(&told[0]), (expected, packet));
    }
}

// req: RFC6946-4-2, RFC6946-4-1
#[test]
fn an_atomic_fragment_leaves_those_alone_that_wait() {
    let mut host = Host::new();
    let whole = question(true, &[1; 100]);
    let parts = cut(true, 7, &whole, &[56]);
    assert_eq!(host.receive(&parts[0]), "Fragment");
    let other = question(true, &[2; 50]);
    assert_eq!(host.receive(&cut(true, 7, &other, &[])[0]), "EchoRequest");
    assert_eq!(host.receive(&parts[1]), "EchoRequest");
    let answers = host.wait(SECOND);
    assert!(answers[0].ends_with(&[2; 50]));
    assert!(answers[1].ends_with(&[1; 100]));
}

#[test]
fn nothing_is_cut_twice() {
    let mut host = Host::new();
    // What is whole behind both fragment headers, were it not for the second one.
    let inner = [&[PROTOCOL_V6, 0, 0, 1, 0, 0, 0, 9][..], &[0; 8]].concat();
    let mut later = part(true, 7, 16, false, b"end");
    let mut first = part(true, 7, 0, true, &inner);
    first[40] = ipv6::FRAGMENT;
    later[40] = ipv6::FRAGMENT;
    assert_eq!(host.receive(&later), "Fragment");
    assert_eq!(host.receive(&first), "BadExtension");
}

// req: RFC1122-3.3.3-1, RFC7112-5-1
#[test]
fn a_long_answer_leaves_in_fragments_that_make_it_again() {
    for (v6, data) in [
        (false, 60_000),
        (true, 60_000),
        (false, 1_473),
        (true, 1_453),
    ] {
        let mut host = Host::new();
        let data: Vec<u8> = (0..data).map(|i: usize| (i * 7 + i / 251) as u8).collect();
        let question = question(v6, &data);
        let parts = cut(
            v6,
            7,
            &question,
            &(1..question.len().div_ceil(1_440))
                .map(|n| n * 1_440)
                .collect::<Vec<_>>(),
        );
        for part in &parts[1..] {
            assert_eq!(host.receive(part), "Fragment");
        }
        assert_eq!(host.receive(&parts[0]), "EchoRequest");
        let answers = host.wait(SECOND);
        assert!(answers.len() > 1 && answers.iter().all(|packet| packet.len() <= 1_500));
        let head = if v6 { 48 } else { 20 };
        let payload: Vec<u8> = answers
            .iter()
            .flat_map(|packet| &packet[head..])
            .copied()
            .collect();
        let (src, dst) = addresses(v6);
        match Message::parse(dst, src, &payload) {
            Ok(Message::EchoReply(echo)) => assert!(echo.data == data),
            other => panic!("{other:?}"),
        }
        // Another answer has another identification.
        let at = if v6 { 44..48 } else { 4..6 };
        let first = answers[0][at.clone()].to_vec();
        assert!(answers.iter().all(|packet| packet[at.clone()] == first));
        for part in &parts {
            host.receive(part);
        }
        assert_ne!(host.wait(SECOND)[0][at], first);
    }
}

#[test]
fn long_answers_that_wait_take_a_mebibyte_and_one_at_most() {
    let mut host = Host::new();
    let question = question(false, &[0; 60_000]);
    let parts = cut(false, 7, &question, &[20_000, 40_000]);
    for _ in 0..100 {
        for part in &parts {
            host.receive(part);
        }
    }
    assert_eq!(host.told.count("RepliesFull"), 100 - 18);
    assert_eq!(host.wait(SECOND).len(), 18 * 60_008_usize.div_ceil(1_480));
}
