use std::net::{Ipv4Addr, Ipv6Addr};

use proptest::prelude::*;
use smoltcp::phy::ChecksumCapabilities;
use smoltcp::wire::{Icmpv4Packet, Icmpv4Repr, Icmpv6Packet, Icmpv6Repr};

use super::*;

const V4: [IpAddr; 2] = [
    IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)),
    IpAddr::V4(Ipv4Addr::new(192, 0, 2, 77)),
];
const V6: [IpAddr; 2] = [
    IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1)),
    IpAddr::V6(Ipv6Addr::new(0xfe80, 0, 0, 0, 0x1234, 0, 0, 0xffff)),
];
const BOTH: [[IpAddr; 2]; 2] = [V4, V6];

fn emitted(message: &Message<'_>, [src, dst]: [IpAddr; 2]) -> Vec<u8> {
    let mut out = vec![0xee; message.message_len() + 1];
    let length = message.emit(src, dst, &mut out);
    assert_eq!(length, message.message_len());
    assert_eq!(out.pop(), Some(0xee));
    out
}

fn parsed(bytes: &[u8], [src, dst]: [IpAddr; 2]) -> Result<Message<'_>, ParseError> {
    Message::parse(src, dst, bytes)
}

/// A message of eight bytes and `rest`, its checksum made right.
fn raw(kind: u8, code: u8, word: [u8; 4], rest: &[u8], [src, dst]: [IpAddr; 2]) -> Vec<u8> {
    let mut bytes = [&[kind, code, 0, 0], word.as_slice(), rest].concat();
    let sum = sum(src, dst, &bytes).checksum();
    bytes[2..4].copy_from_slice(&sum.to_be_bytes());
    bytes
}

fn problem(kind: u8, code: u8, word: [u8; 4], pair: [IpAddr; 2]) -> Option<Problem> {
    match parsed(&raw(kind, code, word, b"quote", pair), pair).unwrap() {
        Message::Error { problem, quote } => {
            assert_eq!(quote, b"quote");
            Some(problem)
        }
        other => {
            assert_eq!(other, Message::Other { kind, code });
            None
        }
    }
}

#[test]
fn echo_stands_as_in_the_rfcs() {
    let echo = Echo {
        identifier: 0x1234,
        sequence: 0xfedc,
        data: b"data",
    };
    for (pair, request, reply) in [(V4, 8, 0), (V6, 128, 129)] {
        for (message, kind) in [
            (Message::EchoRequest(echo), request),
            (Message::EchoReply(echo), reply),
        ] {
            let bytes = emitted(&message, pair);
            assert_eq!(bytes[..2], [kind, 0]);
            assert_eq!(bytes[4..], *b"\x12\x34\xfe\xdcdata");
            assert_eq!(parsed(&bytes, pair), Ok(message));
        }
    }
}

// req: RFC4443-2.3-1
#[test]
fn any_flipped_bit_is_noticed() {
    let message = Message::EchoRequest(Echo {
        identifier: 7,
        sequence: 9,
        data: b"odd",
    });
    for pair in BOTH {
        let good = emitted(&message, pair);
        for bit in 0..good.len() * 8 {
            let mut bad = good.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(parsed(&bad, pair), Err(ParseError::Checksum), "bit {bit}");
        }
    }
}

// req: RFC4443-2.3-1
#[test]
fn the_pseudo_header_counts_on_ipv6_alone() {
    let message = Message::EchoRequest(Echo {
        identifier: 7,
        sequence: 9,
        data: b"",
    });
    let [src, _] = V4;
    assert!(parsed(&emitted(&message, V4), [src, src]).is_ok());
    let [src, dst] = V6;
    let bytes = emitted(&message, V6);
    assert_eq!(parsed(&bytes, [src, src]), Err(ParseError::Checksum));
    // Summed by hand: addresses, length 8, next header 58, and the message.
    let (IpAddr::V6(src), IpAddr::V6(dst)) = (src, dst) else {
        unreachable!()
    };
    let words = src.segments().into_iter().chain(dst.segments());
    let words = words.chain([8, 58, 0x8000, 7, 9]).map(u32::from);
    let total: u32 = words.sum();
    let folded = (total & 0xffff) + (total >> 16);
    assert_eq!(bytes[2..4], (!(folded as u16)).to_be_bytes());
}

#[test]
fn a_message_shorter_than_eight_bytes_is_refused() {
    for pair in BOTH {
        for present in 0..8 {
            assert_eq!(parsed(&[0; 8][..present], pair), Err(ParseError::Truncated));
        }
    }
}

// req: RFC792-destination-unreachable-1, RFC792-time-exceeded-1
#[test]
fn every_icmpv4_error_is_told_apart() {
    use Unreachable::*;
    for (code, why) in [
        (0, Network),
        (1, Host),
        (2, Protocol),
        (3, Port),
        (5, SourceRoute),
        (13, Prohibited),
        (6, Other(6)),
        (12, Other(12)),
        (255, Other(255)),
    ] {
        assert_eq!(
            problem(3, code, [0xff; 4], V4),
            Some(Problem::Unreachable(why))
        );
    }
    assert_eq!(
        problem(3, 4, [0xff, 0xff, 0x05, 0xdc], V4),
        Some(Problem::PacketTooBig { mtu: 1500 })
    );
    assert_eq!(
        problem(3, 4, [0; 4], V4),
        Some(Problem::PacketTooBig { mtu: 0 })
    );
    assert_eq!(problem(11, 0, [0; 4], V4), Some(Problem::HopLimitExceeded));
    assert_eq!(
        problem(11, 1, [0; 4], V4),
        Some(Problem::ReassemblyTimeExceeded)
    );
    assert_eq!(problem(11, 2, [0; 4], V4), None);
    assert_eq!(
        problem(12, 0, [20, 0xff, 0xff, 0xff], V4),
        Some(Problem::Parameter {
            code: 0,
            pointer: 20
        })
    );
}

#[test]
fn every_icmpv6_error_is_told_apart() {
    use Unreachable::*;
    for (code, why) in [
        (0, Network),
        (1, Prohibited),
        (2, Other(2)),
        (3, Host),
        (4, Port),
        (5, Other(5)),
        (255, Other(255)),
    ] {
        assert_eq!(
            problem(1, code, [0xff; 4], V6),
            Some(Problem::Unreachable(why))
        );
    }
    for code in [0, 77] {
        assert_eq!(
            problem(2, code, [0xff, 0, 0x05, 0], V6),
            Some(Problem::PacketTooBig { mtu: 0xff00_0500 })
        );
    }
    assert_eq!(problem(3, 0, [0; 4], V6), Some(Problem::HopLimitExceeded));
    assert_eq!(
        problem(3, 1, [0; 4], V6),
        Some(Problem::ReassemblyTimeExceeded)
    );
    assert_eq!(
        problem(4, 2, [0, 0, 1, 4], V6),
        Some(Problem::Parameter {
            code: 2,
            pointer: 260
        })
    );
}

// req: RFC1122-3.2.2-1, RFC4443-2.4-2
#[test]
fn what_is_neither_echo_nor_an_error_is_other() {
    let known_v4 = [0, 3, 8, 11, 12];
    // Source quench (RFC 6633) and redirects are among them.
    for kind in (0..=255_u8).filter(|kind| !known_v4.contains(kind)) {
        match parsed(&raw(kind, 0, [0; 4], &[0; 12], V4), V4) {
            Ok(message) => assert_eq!(message, Message::Other { kind, code: 0 }),
            Err(error) => panic!("type {kind}: {error}"),
        }
    }
    for kind in (128..=255_u8).filter(|kind| ![128, 129].contains(kind)) {
        assert_eq!(problem(kind, 0, [0; 4], V6), None);
    }
}

// req: RFC4443-2.1-1, RFC4443-2.4-1
#[test]
fn icmpv6_types_below_128_are_errors_even_if_unknown() {
    for kind in (0..128_u8).filter(|kind| !(1..=4).contains(kind)) {
        for code in [0, 9] {
            assert_eq!(
                problem(kind, code, [0; 4], V6),
                Some(Problem::Unknown { kind, code })
            );
        }
    }
}

#[test]
fn what_the_other_family_lacks_is_written_as_its_nearest() {
    let error = |problem| Message::Error {
        problem,
        quote: b"",
    };
    // RFC 4443 section 3.1: what has no code of its own is code 3.
    for why in [Unreachable::Protocol, Unreachable::SourceRoute] {
        let bytes = emitted(&error(Problem::Unreachable(why)), V6);
        assert_eq!(bytes[..2], [1, 3]);
    }
    let bytes = emitted(&error(Problem::PacketTooBig { mtu: 70_000 }), V4);
    assert_eq!(bytes[6..8], [0xff, 0xff]);
}

#[test]
fn nothing_is_written_where_there_is_no_room() {
    let message = Message::EchoReply(Echo {
        identifier: 7,
        sequence: 9,
        data: b"data",
    });
    let mut out = [0xee; 11];
    assert_eq!(message.emit(V4[0], V4[1], &mut out), 0);
    assert_eq!(out, [0xee; 11]);
}

/// An IP packet from `src` to `dst`.
fn packet([src, dst]: [IpAddr; 2], protocol: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0; 40];
    let length = match (src, dst) {
        (IpAddr::V4(src), IpAddr::V4(dst)) => ipv4::Header {
            src,
            dst,
            protocol,
            ttl: 1,
            tos: 0,
            identification: 0,
            dont_fragment: true,
            more_fragments: false,
            fragment_offset: 0,
            options: &[1, 1, 1, 1],
        }
        .emit(payload.len(), &mut bytes),
        (IpAddr::V6(src), IpAddr::V6(dst)) => ipv6::Header {
            src,
            dst,
            next_header: protocol,
            hop_limit: 1,
            traffic_class: 0,
            flow_label: 0,
        }
        .emit(payload.len(), &mut bytes),
        _ => unreachable!(),
    };
    bytes.truncate(length);
    bytes.extend(payload);
    bytes
}

// req: RFC1122-3.2.2-4
#[test]
fn a_quote_says_whose_packet_it_was() {
    let head = *b"\xc0\x01\x00\x50\x01\x02\x03\x04and more";
    let ports = Ports {
        src: 0xc001,
        dst: 80,
    };
    for pair in BOTH {
        let icmp = if pair == V4 { (1, 8) } else { (58, 128) };
        let echo = [icmp.1, 0, 0xaa, 0xaa, 0x12, 0x34, 0xfe, 0xdc];
        for (protocol, payload, about) in [
            (
                6,
                &head[..],
                About::Tcp {
                    ports,
                    seq: SeqNum(0x0102_0304),
                },
            ),
            (17, &head[..], About::Udp { ports }),
            (
                icmp.0,
                &echo[..],
                About::Echo {
                    identifier: 0x1234,
                    sequence: 0xfedc,
                },
            ),
            (icmp.0, &head[..], About::Other { protocol: icmp.0 }),
            (132, &head[..], About::Other { protocol: 132 }),
        ] {
            let bytes = packet(pair, protocol, payload);
            let quote = Quote {
                src: pair[0],
                dst: pair[1],
                // As its header says, however much of it is quoted.
                length: bytes.len() as u32,
                about,
            };
            assert_eq!(Quote::parse(&bytes), Ok(quote));
            // Eight bytes behind the headers suffice.
            let least = bytes.len() - payload.len() + 8;
            assert_eq!(Quote::parse(&bytes[..least]), Ok(quote));
            if !matches!(about, About::Other { protocol: 132 }) {
                for present in 0..least {
                    assert_eq!(Quote::parse(&bytes[..present]), Err(ParseError::Truncated));
                }
            }
        }
    }
}

// req: RFC4443-2.4-4
#[test]
fn a_quote_is_read_through_extension_headers() {
    let tcp = b"\xc0\x01\x00\x50\x01\x02\x03\x04";
    let tcp_about = About::Tcp {
        ports: Ports {
            src: 0xc001,
            dst: 80,
        },
        seq: SeqNum(0x0102_0304),
    };
    let hop = [60, 0, 1, 4, 0, 0, 0, 0];
    let first = [6, 0, 0, 1, 0, 0, 0, 9];
    let later = [6, 0, 0, 9, 0, 0, 0, 9];
    let about = |next_header, payload: &[u8]| {
        Quote::parse(&packet(V6, next_header, payload)).map(|quote| quote.about)
    };
    let options = [44, 0, 1, 4, 0, 0, 0, 0];
    assert_eq!(
        about(0, &[&hop[..], &options, &first, tcp].concat()),
        Ok(tcp_about)
    );
    assert_eq!(
        about(0, &[&hop[..], &options, &later, tcp].concat()),
        Ok(About::Other { protocol: 6 })
    );
    assert_eq!(
        about(0, &[&hop[..], &options].concat()),
        Err(ParseError::Truncated)
    );
    let endless = [60, 0, 1, 4, 0, 0, 0, 0].repeat(100);
    assert_eq!(about(60, &endless), Err(ParseError::Length));
}

#[test]
fn a_later_fragment_has_no_ports() {
    let mut bytes = packet(V4, 6, b"somewhere inside");
    bytes[6..8].copy_from_slice(&[0, 1]);
    assert_eq!(
        Quote::parse(&bytes).unwrap().about,
        About::Other { protocol: 6 }
    );
}

#[test]
fn a_quote_of_no_ip_packet_is_refused() {
    assert_eq!(Quote::parse(&[]), Err(ParseError::Truncated));
    assert_eq!(Quote::parse(&[0x50; 40]), Err(ParseError::Version));
}

fn any_problem(v4: bool) -> BoxedStrategy<Problem> {
    use Unreachable::*;
    let named = if v4 {
        vec![
            Network,
            Host,
            Protocol,
            Port,
            SourceRoute,
            Prohibited,
            Other(9),
        ]
    } else {
        vec![Network, Host, Port, Prohibited, Other(2), Other(5)]
    };
    let (mtu, pointer) = if v4 {
        (u32::from(u16::MAX), u32::from(u8::MAX))
    } else {
        (u32::MAX, u32::MAX)
    };
    prop_oneof![
        proptest::sample::select(named).prop_map(Problem::Unreachable),
        (0..=mtu).prop_map(|mtu| Problem::PacketTooBig { mtu }),
        Just(Problem::HopLimitExceeded),
        Just(Problem::ReassemblyTimeExceeded),
        (0..3_u8, 0..=pointer).prop_map(|(code, pointer)| Problem::Parameter { code, pointer }),
    ]
    .boxed()
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(mut bytes in proptest::collection::vec(any::<u8>(), 0..120)) {
        for [src, dst] in BOTH {
            let _ = Quote::parse(&bytes);
            // With a checksum that lets it through.
            if bytes.len() >= 4 {
                bytes[2..4].fill(0);
                let sum = sum(src, dst, &bytes).checksum();
                bytes[2..4].copy_from_slice(&sum.to_be_bytes());
            }
            if let Ok(Message::Error { quote, .. }) = Message::parse(src, dst, &bytes) {
                let _ = Quote::parse(quote);
            }
        }
        for version in [0x45, 0x60] {
            if let Some(first) = bytes.first_mut() {
                *first = version;
            }
            let _ = Quote::parse(&bytes);
        }
    }

    #[test]
    fn what_is_written_is_read_again_and_is_what_smoltcp_reads(
        (v4, problem) in any::<bool>().prop_flat_map(|v4| (Just(v4), any_problem(v4))),
        (which, identifier, sequence) in (0..3_u8, any::<u16>(), any::<u16>()),
        data in proptest::collection::vec(any::<u8>(), 0..100),
    ) {
        let pair = if v4 { V4 } else { V6 };
        let quote = packet(pair, 17, &data);
        let echo = Echo { identifier, sequence, data: &data };
        let message = match which {
            0 => Message::EchoRequest(echo),
            1 => Message::EchoReply(echo),
            _ => Message::Error { problem, quote: &quote },
        };
        let bytes = emitted(&message, pair);
        prop_assert_eq!(parsed(&bytes, pair), Ok(message));
        let caps = ChecksumCapabilities::default();
        match pair {
            [IpAddr::V4(_), IpAddr::V4(_)] => {
                let read = Icmpv4Packet::new_checked(&bytes).unwrap();
                prop_assert!(read.verify_checksum());
                match (Icmpv4Repr::parse(&read, &caps), which) {
                    (Ok(Icmpv4Repr::EchoRequest { ident, seq_no, data }), 0)
                    | (Ok(Icmpv4Repr::EchoReply { ident, seq_no, data }), 1) => {
                        prop_assert_eq!((ident, seq_no, data), (identifier, sequence, echo.data));
                    }
                    (Ok(Icmpv4Repr::DstUnreachable { header, .. }), 2) => {
                        prop_assert_eq!(IpAddr::V4(header.src_addr), pair[0]);
                    }
                    // It knows no parameter problem.
                    (other, which) => prop_assert!(which == 2, "{other:?}"),
                }
            }
            [IpAddr::V6(src), IpAddr::V6(dst)] => {
                let read = Icmpv6Packet::new_checked(&bytes).unwrap();
                prop_assert!(read.verify_checksum(&src, &dst));
                match (Icmpv6Repr::parse(&src, &dst, &read, &caps), which) {
                    (Ok(Icmpv6Repr::EchoRequest { ident, seq_no, data }), 0)
                    | (Ok(Icmpv6Repr::EchoReply { ident, seq_no, data }), 1) => {
                        prop_assert_eq!((ident, seq_no, data), (identifier, sequence, echo.data));
                    }
                    (Ok(Icmpv6Repr::PktTooBig { mtu, header, .. }), 2) => {
                        prop_assert_eq!(problem, Problem::PacketTooBig { mtu });
                        prop_assert_eq!(header.dst_addr, dst);
                    }
                    (Ok(Icmpv6Repr::ParamProblem { pointer: at, .. }), 2) => {
                        let Problem::Parameter { pointer, .. } = problem else {
                            panic!("a parameter problem is read as {problem:?}");
                        };
                        prop_assert_eq!(pointer, at);
                    }
                    (Ok(_), 2) => {}
                    (other, _) => prop_assert!(false, "{other:?}"),
                }
            }
            _ => unreachable!(),
        }
    }
}

#[test]
fn problems_are_told_in_words() {
    let said = |problem: Problem| problem.to_string();
    let port = Problem::Unreachable(Unreachable::Port);
    assert_eq!(said(port), "nobody there has the port");
    let rare = Problem::Unreachable(Unreachable::Other(12));
    assert_eq!(said(rare), "unreachable, code 12");
    let too_big = Problem::PacketTooBig { mtu: 1280 };
    assert_eq!(said(too_big), "too big for a link of 1280 bytes on its way");
}
