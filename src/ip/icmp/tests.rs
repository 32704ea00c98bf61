use std::net::{Ipv4Addr, Ipv6Addr};

use proptest::prelude::*;
use smoltcp::phy::ChecksumCapabilities;
use smoltcp::wire::{
    Icmpv4DstUnreachable, Icmpv4Packet, Icmpv4Repr, Icmpv6DstUnreachable, Icmpv6Packet,
    Icmpv6ParamProblem, Icmpv6Repr, Ipv4Packet, Ipv4Repr, Ipv6Packet, Ipv6Repr,
};

use super::super::fixtures::*;
use super::super::receive::{Verdict, receive};
use super::*;
use crate::probe::Drop;
use crate::wire::ipv6::{DESTINATION_OPTIONS, FRAGMENT};

fn message(src: IpAddr, dst: IpAddr, message: &Message<'_>) -> Vec<u8> {
    let mut bytes = vec![0; message.message_len()];
    assert_eq!(message.emit(src, dst, &mut bytes), bytes.len());
    bytes
}

fn delivered(packet: &[u8]) -> Datagram<'_> {
    match receive(packet, &ours()) {
        Verdict::Deliver(datagram) => datagram,
        other => panic!("{other:?}"),
    }
}

/// The error that a packet draws; `None` if there may be none.
fn drawn(owed: Owed, packet: &[u8]) -> Option<Vec<u8>> {
    drawn_by(&ErrorRules::default(), owed, packet)
}

fn drawn_by(rules: &ErrorRules, owed: Owed, packet: &[u8]) -> Option<Vec<u8>> {
    let mut out = vec![0xee; 3];
    let sent = error(&owed, packet, &ours(), rules, &mut out);
    if !sent {
        assert_eq!(out, [0xee; 3], "left alone");
    }
    sent.then_some(out)
}

/// An IPv4 packet as smoltcp sees it, with all checksums verified.
fn seen_v4(bytes: &[u8]) -> (Ipv4Repr, Icmpv4Repr<'_>) {
    let packet = Ipv4Packet::new_checked(bytes).expect("an IPv4 packet");
    let ip = Ipv4Repr::parse(&packet, &ChecksumCapabilities::default()).expect("a right header");
    let icmp = Icmpv4Packet::new_checked(packet.payload()).expect("an ICMP message");
    let icmp = Icmpv4Repr::parse(&icmp, &ChecksumCapabilities::default()).expect("a right one");
    (ip, icmp)
}

fn seen_v6(bytes: &[u8]) -> (Ipv6Repr, Icmpv6Repr<'_>) {
    let packet = Ipv6Packet::new_checked(bytes).expect("an IPv6 packet");
    let ip = Ipv6Repr::parse(&packet).expect("a right header");
    let icmp = Icmpv6Packet::new_checked(packet.payload()).expect("an ICMPv6 message");
    let caps = ChecksumCapabilities::default();
    let icmp = Icmpv6Repr::parse(&ip.src_addr, &ip.dst_addr, &icmp, &caps).expect("a right one");
    (ip, icmp)
}

// req: RFC792-echo-1, RFC1122-3.1-1, RFC1122-3.2.2.6-1, RFC1122-3.2.2.6-4, RFC1122-3.2.2.6-5
// req: RFC1122-3.3.4.2-1
#[test]
fn an_echo_request_comes_back_from_the_address_that_was_asked() {
    for asked in [US_V4, US_TOO_V4] {
        for len in [0, 1, 56, 1472] {
            let data = vec![0xd7; len];
            let (src, dst) = (PEER_V4.into(), asked.into());
            let request = Message::EchoRequest(Echo {
                identifier: 0x1234,
                sequence: 0xfedc,
                data: &data,
            });
            let bytes = packet(src, dst, PROTOCOL_V4, &message(src, dst, &request));
            let mut out = vec![0xee; 9];
            assert!(answer_echo(&delivered(&bytes), 1_500, &mut out));
            let (ip, icmp) = seen_v4(&out);
            assert_eq!((ip.src_addr, ip.dst_addr), (asked, PEER_V4));
            assert_eq!(ip.hop_limit, 64);
            let reply = Icmpv4Repr::EchoReply {
                ident: 0x1234,
                seq_no: 0xfedc,
                data: &data,
            };
            assert_eq!(icmp, reply);
        }
    }
}

// req: RFC4443-4.2-1, RFC4443-2.2-1, RFC4443-2.3-1
#[test]
fn an_icmpv6_echo_request_comes_back_from_the_address_that_was_asked() {
    for asked in [US_V6, US_LINK_LOCAL] {
        for len in [0, 1, 56, 1452] {
            let data = vec![0xd7; len];
            let (src, dst) = (PEER_V6.into(), asked.into());
            let request = Message::EchoRequest(Echo {
                identifier: 0x1234,
                sequence: 0xfedc,
                data: &data,
            });
            // Through an extension header, which does not come back.
            let request = message(src, dst, &request);
            let behind = [&[58, 0, 1, 4, 0, 0, 0, 0], &request[..]].concat();
            let bytes = packet(src, dst, DESTINATION_OPTIONS, &behind);
            let mut out = Vec::new();
            assert!(answer_echo(&delivered(&bytes), 1_500, &mut out));
            let (ip, icmp) = seen_v6(&out);
            assert_eq!((ip.src_addr, ip.dst_addr), (asked, PEER_V6));
            assert_eq!(ip.hop_limit, 64);
            let reply = Icmpv6Repr::EchoReply {
                ident: 0x1234,
                seq_no: 0xfedc,
                data: &data,
            };
            assert_eq!(icmp, reply);
        }
    }
}

#[test]
fn a_reply_keeps_the_dscp_and_not_what_routers_marked() {
    let (src, dst) = (PEER_V4.into(), US_V4.into());
    let request = Message::EchoRequest(Echo {
        identifier: 1,
        sequence: 2,
        data: b"",
    });
    let header = ipv4::Header {
        tos: 0xbb,
        protocol: PROTOCOL_V4,
        ..HEADER_V4
    };
    let bytes = packet_v4(&header, &message(src, dst, &request));
    let mut out = Vec::new();
    assert!(answer_echo(&delivered(&bytes), 1_500, &mut out));
    assert_eq!(out[1], 0xb8);
}

#[test]
fn only_echo_requests_are_answered() {
    let (src, dst) = (PEER_V4.into(), US_V4.into());
    let echo = Echo {
        identifier: 1,
        sequence: 2,
        data: b"",
    };
    let mut broken = message(src, dst, &Message::EchoRequest(echo));
    broken[7] ^= 1;
    for payload in [
        message(src, dst, &Message::EchoReply(echo)),
        // RFC 1122 section 3.2.2.9: no address mask replies; none to timestamps either.
        message(src, dst, &Message::Other { kind: 17, code: 0 }),
        message(src, dst, &Message::Other { kind: 13, code: 0 }),
        broken,
        vec![],
    ] {
        let bytes = packet(src, dst, PROTOCOL_V4, &payload);
        let mut out = Vec::new();
        assert!(!answer_echo(&delivered(&bytes), 1_500, &mut out));
        assert!(out.is_empty());
    }
}

// req: RFC1122-3.2.2.1-1, RFC792-destination-unreachable-2, RFC792-destination-unreachable-3
// req: RFC1122-3.2.2-2, RFC1122-3.2.2-3, RFC1122-3.2.2-5, RFC1122-3.3.8-1, RFC1122-4.1.3.1-1
// req: RFC1122-3.3.4.2-1
#[test]
fn an_unreachable_quotes_the_packet_to_whoever_sent_it() {
    for (owed, reason, code) in [
        (
            Owed::PortUnreachable,
            Icmpv4DstUnreachable::PortUnreachable,
            3,
        ),
        (
            Owed::ProtocolUnreachable,
            Icmpv4DstUnreachable::ProtoUnreachable,
            2,
        ),
        (
            Owed::SourceRouteFailed,
            Icmpv4DstUnreachable::SrcRouteFailed,
            5,
        ),
    ] {
        for asked in [US_V4, US_TOO_V4] {
            for len in [8, 9, 504, 528, 529, 1480] {
                let header = ipv4::Header {
                    dst: asked,
                    tos: 0xb9,
                    ttl: 3,
                    identification: 0xabcd,
                    ..HEADER_V4
                };
                let offending = packet_v4(&header, &vec![0xd7; len]);
                let longer = [offending.as_slice(), &[0xaa; 9]].concat();
                let out = drawn(owed, &longer).expect("an error");
                let ip = Ipv4Packet::new_checked(&out[..]).unwrap();
                assert!(ip.verify_checksum());
                assert_eq!((ip.src_addr(), ip.dst_addr()), (asked, PEER_V4));
                assert_eq!((ip.hop_limit(), ip.dscp(), ip.ecn()), (64, 0, 0));
                let icmp = Icmpv4Packet::new_checked(ip.payload()).unwrap();
                assert!(icmp.verify_checksum());
                assert_eq!(out[20..22], [3, code]);
                assert_eq!(out[24..28], [0; 4]);
                // As much as 576 bytes in all hold, as it came.
                let quoted = offending.len().min(576 - 28);
                assert_eq!(out[28..], offending[..quoted]);
                // smoltcp reads no quote that was cut off.
                if quoted == offending.len() {
                    match seen_v4(&out).1 {
                        Icmpv4Repr::DstUnreachable { reason: told, .. } => {
                            assert_eq!(told, reason);
                        }
                        other => panic!("{other:?}"),
                    }
                }
            }
        }
    }
}

// req: RFC4443-3.1-1, RFC4443-2.4-3, RFC4443-2.2-1
#[test]
fn an_icmpv6_error_quotes_as_much_as_fits_the_minimum_mtu() {
    for asked in [US_V6, US_LINK_LOCAL] {
        for len in [0, 8, 1192, 1193, 1460, 9000] {
            let (src, dst) = (PEER_V6.into(), asked.into());
            let offending = packet(src, dst, 17, &vec![0xd7; len]);
            let longer = [offending.as_slice(), &[0xaa; 9]].concat();
            let out = drawn(Owed::PortUnreachable, &longer).expect("an error");
            let (ip, icmp) = seen_v6(&out);
            assert_eq!((ip.src_addr, ip.dst_addr), (asked, PEER_V6));
            assert_eq!(ip.hop_limit, 64);
            let port = Icmpv6DstUnreachable::PortUnreachable;
            assert!(matches!(icmp, Icmpv6Repr::DstUnreachable { reason, .. } if reason == port));
            let quoted = offending.len().min(1280 - 48);
            assert_eq!(out[48..], offending[..quoted]);
            assert!(out.len() <= 1280);
        }
    }
}

// req: RFC8200-4-2
#[test]
fn an_unknown_protocol_on_ipv6_is_a_parameter_problem_at_the_field_that_names_it() {
    let (src, dst) = (PEER_V6.into(), US_V6.into());
    let padded = |next| [next, 0, 1, 4, 0, 0, 0, 0];
    let chain = [padded(DESTINATION_OPTIONS), padded(253)].concat();
    for (next_header, behind, at) in [
        (253, &b"whatever"[..], 6),
        (DESTINATION_OPTIONS, &chain[..], 48),
    ] {
        let offending = packet(src, dst, next_header, behind);
        let out = drawn(Owed::ProtocolUnreachable, &offending).expect("an error");
        match seen_v6(&out).1 {
            Icmpv6Repr::ParamProblem {
                reason, pointer, ..
            } => {
                assert_eq!(reason, Icmpv6ParamProblem::UnrecognizedNxtHdr);
                assert_eq!(pointer, at);
            }
            other => panic!("{other:?}"),
        }
    }
}

// req: RFC4443-3.4-1, RFC8200-4.2-1, RFC8200-4.4-1
#[test]
fn a_parameter_problem_says_where() {
    let (src, dst) = (PEER_V6.into(), US_V6.into());
    for (next_header, header, code, at) in [
        (DESTINATION_OPTIONS, [17, 0, 0, 0xc2, 2, 0, 0, 0], 2, 43),
        (43, [17, 0, 0, 1, 0, 0, 0, 0], 0, 42),
    ] {
        let offending = packet(src, dst, next_header, &header);
        let Verdict::Answer(_, owed) = receive(&offending, &ours()) else {
            panic!("no answer");
        };
        let out = drawn(owed, &offending).expect("an error");
        assert_eq!(out[40..42], [4, code]);
        assert_eq!(out[44..48], [0, 0, 0, at]);
        assert_eq!(out[48..], offending[..]);
        seen_v6(&out);
    }
}

// req: RFC792-parameter-problem-1, RFC1122-3.2.2.5-1
#[test]
fn an_ipv4_parameter_problem_says_where() {
    let header = ipv4::Header {
        options: &[1, 7, 0, 0],
        ..HEADER_V4
    };
    let offending = packet_v4(&header, b"x");
    let Verdict::Answer(Drop::BadOptions, owed) = receive(&offending, &ours()) else {
        panic!("no answer");
    };
    let out = drawn(owed, &offending).expect("an error");
    assert_eq!(out[20..22], [12, 0]);
    assert_eq!(out[24..28], [21, 0, 0, 0]);
    assert!(
        Icmpv4Packet::new_checked(&out[20..])
            .unwrap()
            .verify_checksum()
    );
}

const OWED: [Owed; 4] = [
    Owed::PortUnreachable,
    Owed::ProtocolUnreachable,
    Owed::SourceRouteFailed,
    Owed::Parameter {
        code: 0,
        pointer: 1,
    },
];

fn assert_draws_nothing(packet: &[u8]) {
    for owed in OWED {
        assert_eq!(drawn(owed, packet), None);
    }
}

// req: RFC1122-3.2.2-6, RFC792-introduction-1
#[test]
fn no_error_is_sent_about_an_icmp_error() {
    for kind in 0..=255_u8 {
        let offending = packet(
            PEER_V4.into(),
            US_V4.into(),
            PROTOCOL_V4,
            &[kind, 0, 0, 0, 0, 0, 0, 0],
        );
        // What may be answered is known to be a query: all else, known or not, may be an error.
        match kind {
            0 | 8 | 13..=18 => assert!(drawn(Owed::ProtocolUnreachable, &offending).is_some()),
            _ => assert_draws_nothing(&offending),
        }
    }
    // It cannot be known what a message without a type is.
    assert_draws_nothing(&packet(PEER_V4.into(), US_V4.into(), PROTOCOL_V4, &[]));
}

// req: RFC4443-2.4-5
#[test]
fn no_error_is_sent_about_an_icmpv6_error_or_redirect() {
    for kind in 0..=255_u8 {
        let behind = [58, 0, 1, 4, 0, 0, 0, 0, kind, 0, 0, 0, 0, 0, 0, 0];
        let offending = packet(PEER_V6.into(), US_V6.into(), DESTINATION_OPTIONS, &behind);
        match kind {
            0..=127 | 137 => assert_draws_nothing(&offending),
            _ => assert!(drawn(Owed::ProtocolUnreachable, &offending).is_some()),
        }
    }
    let mut cut_off = packet(PEER_V6.into(), US_V6.into(), DESTINATION_OPTIONS, &[58, 9]);
    assert_draws_nothing(&cut_off);
    cut_off.truncate(41);
    assert_draws_nothing(&cut_off);
}

// req: RFC1122-3.2.2-7, RFC4443-2.4-6
#[test]
fn no_error_is_sent_about_a_packet_to_many_or_to_others() {
    for dst in [
        "255.255.255.255",
        "192.0.2.255",
        "192.0.2.0",
        "224.0.0.1",
        "192.0.2.9",
    ] {
        let dst: Ipv4Addr = dst.parse().unwrap();
        assert_draws_nothing(&packet(PEER_V4.into(), dst.into(), 17, b"payload-"));
    }
    for dst in ["ff02::1", "ff0e::1", "2001:db8::9"] {
        let dst: Ipv6Addr = dst.parse().unwrap();
        assert_draws_nothing(&packet(PEER_V6.into(), dst.into(), 17, b"payload-"));
    }
}

// req: RFC1122-3.2.2-9, RFC4443-2.4-7
#[test]
fn no_error_is_sent_to_nobody_in_particular() {
    for src in [
        "0.0.0.0",
        "127.0.0.1",
        "192.0.2.255",
        "255.255.255.255",
        "224.0.0.1",
        "240.0.0.1",
    ] {
        let src: Ipv4Addr = src.parse().unwrap();
        assert_draws_nothing(&packet(src.into(), US_V4.into(), 17, b"payload-"));
    }
    for src in ["::", "ff02::1", "::1", "2001:db8::1"] {
        let src: Ipv6Addr = src.parse().unwrap();
        assert_draws_nothing(&packet(src.into(), US_V6.into(), 17, b"payload-"));
    }
}

// req: RFC1122-3.2.2-8, RFC792-introduction-1
#[test]
fn no_error_is_sent_about_a_later_fragment_unless_ipv6_has_one() {
    for fragment_offset in [0, 8, 65_528] {
        let header = ipv4::Header {
            more_fragments: true,
            fragment_offset,
            ..HEADER_V4
        };
        let offending = packet_v4(&header, b"payload-");
        match fragment_offset {
            0 => assert!(drawn(Owed::PortUnreachable, &offending).is_some()),
            _ => assert_draws_nothing(&offending),
        }
        let [high, low] = (fragment_offset | 1).to_be_bytes();
        let mut behind = [17, 0, high, low, 0, 0, 0, 9, 1, 2, 3, 4, 5, 6, 7, 8];
        let offending = packet(PEER_V6.into(), US_V6.into(), FRAGMENT, &behind);
        let problem = Owed::Parameter {
            code: 0,
            pointer: 42,
        };
        assert!(drawn(problem, &offending).is_some());
        // What may be the middle of an ICMPv6 error draws none.
        behind[0] = PROTOCOL_V6;
        let offending = packet(PEER_V6.into(), US_V6.into(), FRAGMENT, &behind);
        assert_draws_nothing(&offending);
    }
}

#[test]
fn a_packet_with_hardly_any_payload_is_quoted_whole() {
    for len in 0..8 {
        let offending = packet_v4(&HEADER_V4, &vec![0xd7; len]);
        let out = drawn(Owed::PortUnreachable, &offending).expect("an error");
        assert_eq!(out[28..], offending[..]);
    }
}

#[test]
fn no_error_is_sent_about_a_broken_header() {
    let mut bytes = packet(PEER_V4.into(), US_V4.into(), 17, b"payload-");
    bytes[10] ^= 1;
    assert_draws_nothing(&bytes);
    assert_draws_nothing(&bytes[..15]);
    assert_draws_nothing(&[]);
    assert_draws_nothing(&[0x70; 60]);
}

proptest! {
    // req: RFC1122-3.2.1.3-1, RFC6633-3-1, RFC1122-3.2.2.2-1
    #[test]
    fn whatever_comes_an_error_is_well_formed_and_ours(
        v4 in any::<bool>(),
        protocol in any::<u8>(),
        payload in proptest::collection::vec(any::<u8>(), 0..1500),
        which in 0..4_usize,
        damage in proptest::option::of((0..60_usize, any::<u8>())),
    ) {
        let (src, dst): (IpAddr, IpAddr) = if v4 {
            (PEER_V4.into(), US_V4.into())
        } else {
            (PEER_V6.into(), US_V6.into())
        };
        let mut offending = packet(src, dst, protocol, &payload);
        if let Some((at, value)) = damage {
            let at = at % offending.len();
            offending[at] = value;
        }
        if let Some(out) = drawn(OWED[which], &offending) {
            // As a host that has the sender's addresses sees it.
            let sender = match (v4, &offending[..]) {
                (true, bytes) => ipv4::parse(bytes).map(|(header, _)| IpAddr::V4(header.src)),
                (false, bytes) => ipv6::parse(bytes).map(|(header, _)| IpAddr::V6(header.src)),
            };
            let theirs = Addresses::new(&[(sender.unwrap(), 24)]);
            let Verdict::Deliver(sent) = receive(&out, &theirs) else {
                return Err(TestCaseError::fail("not well formed"));
            };
            prop_assert!(ours().is_ours(sent.src));
            match Message::parse(sent.src, sent.dst, sent.payload) {
                Ok(Message::Error { quote, .. }) => prop_assert!(offending.starts_with(quote)),
                other => prop_assert!(false, "{other:?}"),
            }
        }
    }
}

// req: RFC4443-3.1-3
#[test]
fn who_is_told_nothing_unreachable_is_told_all_else() {
    let quiet = ErrorRules {
        unreachable: false,
        ..ErrorRules::default()
    };
    let v4 = packet(PEER_V4.into(), US_V4.into(), 17, &[0; 16]);
    let v6 = packet(PEER_V6.into(), US_V6.into(), 17, &[0; 16]);
    for packet in [&v4, &v6] {
        assert!(drawn(Owed::PortUnreachable, packet).is_some());
        assert_eq!(drawn_by(&quiet, Owed::PortUnreachable, packet), None);
        let late = drawn_by(&quiet, Owed::ReassemblyTimeExceeded, packet);
        assert_eq!(late, drawn(Owed::ReassemblyTimeExceeded, packet));
    }
    assert_eq!(drawn_by(&quiet, Owed::SourceRouteFailed, &v4), None);
    assert_eq!(drawn_by(&quiet, Owed::ProtocolUnreachable, &v4), None);
    // RFC 8200 section 4 has a parameter problem for what IPv4 calls unreachable.
    assert!(drawn_by(&quiet, Owed::ProtocolUnreachable, &v6).is_some());
}
