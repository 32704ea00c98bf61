use proptest::prelude::*;

use super::super::fixtures::*;
use super::*;
use crate::wire::ipv6::{DESTINATION_OPTIONS, FRAGMENT, HOP_BY_HOP, ROUTING};

fn verdict(packet: &[u8]) -> Verdict<'_> {
    receive(packet, &ours())
}

// req: RFC791-3.1-2, RFC8200-3-1
#[test]
fn a_whole_datagram_for_us_is_delivered_without_what_lies_beyond_it() {
    let header = ipv4::Header {
        tos: 0xb9,
        ttl: 7,
        options: &[1, 1, 1, 0],
        ..HEADER_V4
    };
    let good = packet_v4(&header, b"payload");
    let longer = [good.as_slice(), &[0xaa; 26]].concat();
    assert_eq!(
        verdict(&longer),
        Verdict::Deliver(Datagram {
            src: PEER_V4.into(),
            dst: US_V4.into(),
            protocol: 17,
            tos: 0xb9,
            hop_limit: 7,
            payload: b"payload",
            packet: &good,
        })
    );
    let header = ipv6::Header {
        traffic_class: 0xb9,
        hop_limit: 7,
        next_header: DESTINATION_OPTIONS,
        ..HEADER_V6
    };
    let good = packet_v6(&header, b"\x06\0\x01\x04\0\0\0\0payload");
    let longer = [good.as_slice(), &[0xaa; 26]].concat();
    assert_eq!(
        verdict(&longer),
        Verdict::Deliver(Datagram {
            src: PEER_V6.into(),
            dst: US_V6.into(),
            protocol: 6,
            tos: 0xb9,
            hop_limit: 7,
            payload: b"payload",
            packet: &good,
        })
    );
}

// req: RFC8200-5-1
#[test]
fn datagrams_of_every_size_are_taken() {
    for payload_len in [0, 1, 556, 1240, 1460, 8960, 65_515] {
        let payload = vec![0xab; payload_len];
        for bytes in [
            packet_v4(&HEADER_V4, &payload),
            packet_v6(&HEADER_V6, &payload),
        ] {
            match verdict(&bytes) {
                Verdict::Deliver(datagram) => assert_eq!(datagram.payload, payload),
                other => panic!("{payload_len} bytes: {other:?}"),
            }
        }
    }
}

// req: RFC1122-3.2.1.7-2, RFC8200-3-2
#[test]
fn a_hop_limit_that_has_run_out_does_not_matter_at_the_end() {
    for hop_limit in [0, 1] {
        let v4 = ipv4::Header {
            ttl: hop_limit,
            ..HEADER_V4
        };
        let v6 = ipv6::Header {
            hop_limit,
            ..HEADER_V6
        };
        for bytes in [packet_v4(&v4, b"x"), packet_v6(&v6, b"x")] {
            assert!(matches!(verdict(&bytes), Verdict::Deliver(_)));
        }
    }
}

// req: RFC1122-3.2.1.1-1, RFC791-3.1-1, RFC8200-3-1
#[test]
fn another_version_is_dropped_in_silence() {
    for version in (0..16_u8).filter(|version| ![4, 6].contains(version)) {
        for bytes in [packet_v4(&HEADER_V4, b"x"), packet_v6(&HEADER_V6, b"x")] {
            let mut bytes = bytes;
            bytes[0] = version << 4 | bytes[0] & 0xf;
            assert_eq!(verdict(&bytes), Verdict::Drop(Drop::BadVersion));
        }
    }
    // Each family's packet under the other's version.
    let mut v4 = packet_v4(&HEADER_V4, &[0; 60]);
    v4[0] = 6 << 4 | 5;
    assert!(matches!(verdict(&v4), Verdict::Drop(_)));
    let mut v6 = packet_v6(&HEADER_V6, b"x");
    v6[0] = 0x45;
    assert!(matches!(verdict(&v6), Verdict::Drop(_)));
}

// req: RFC791-3.1-1, RFC791-3.1-3, RFC791-2.3-1, RFC1122-3.2.1.2-1, RFC8200-3-1
#[test]
fn each_fault_of_the_header_has_its_name() {
    let good = packet_v4(&HEADER_V4, b"payload");
    let changed = |at: usize, value: u8| {
        let mut bytes = good.clone();
        bytes[at] = value;
        resum(&mut bytes);
        bytes
    };
    let mut sum = good.clone();
    sum[10] ^= 1;
    for (bytes, why) in [
        (vec![], Drop::Truncated),
        (good[..19].to_vec(), Drop::Truncated),
        (good[..26].to_vec(), Drop::Truncated),
        (changed(3, 28), Drop::Truncated),
        (changed(0, 0x44), Drop::BadHeaderLength),
        (changed(3, 19), Drop::BadHeaderLength),
        (sum, Drop::BadHeaderChecksum),
    ] {
        assert_eq!(verdict(&bytes), Verdict::Drop(why), "{bytes:?}");
    }
    let good = packet_v6(&HEADER_V6, b"payload");
    for present in [1, 39, 40, 46] {
        assert_eq!(verdict(&good[..present]), Verdict::Drop(Drop::Truncated));
    }
}

/// A fragment of an IPv6 packet, at `offset`.
fn fragment_v6(offset: u16, more_fragments: bool, identification: u8, piece: &[u8]) -> Vec<u8> {
    let header = ipv6::Header {
        next_header: FRAGMENT,
        ..HEADER_V6
    };
    let [high, low] = (offset | u16::from(more_fragments)).to_be_bytes();
    let fragment = [6, 0, high, low, 0, 0, 0, identification];
    packet_v6(&header, &[&fragment, piece].concat())
}

fn fragment_v4(fragment_offset: u16, more_fragments: bool, piece: &[u8]) -> Vec<u8> {
    let header = ipv4::Header {
        protocol: 6,
        dont_fragment: false,
        more_fragments,
        fragment_offset,
        identification: 7,
        ..HEADER_V4
    };
    packet_v4(&header, piece)
}

// req: RFC1858-3.2-1, RFC1858-4.2-1, RFC3128-3-1
#[test]
fn no_fragment_cuts_a_tcp_header() {
    for (offset, more_fragments, piece) in [
        (0, true, &b"16 bytes, tiny.."[..]),
        (0, true, b"8 bytes."),
        (8, true, b"8 bytes."),
        (8, false, b"rest"),
        (16, true, b"16 bytes, again."),
    ] {
        let bytes = fragment_v4(offset, more_fragments, piece);
        assert_eq!(verdict(&bytes), Verdict::Drop(Drop::BadFragment));
        if offset > 0 {
            let bytes = fragment_v6(offset, more_fragments, 7, piece);
            assert_eq!(verdict(&bytes), Verdict::Drop(Drop::BadFragment));
        }
    }
    for bytes in [
        fragment_v4(0, true, b"whole and well formed 24"),
        fragment_v6(0, true, 7, b"whole and well formed 24"),
        fragment_v4(24, false, b"1"),
        fragment_v6(24, false, 7, b"1"),
    ] {
        assert!(matches!(verdict(&bytes), Verdict::Fragment(_)));
    }
}

#[test]
fn a_fragment_is_handed_on_with_what_its_headers_say() {
    let bytes = [&fragment_v4(1_480, true, b"8 bytes.")[..], b"beyond"].concat();
    let expected = Fragment {
        src: PEER_V4.into(),
        dst: US_V4.into(),
        protocol: 6,
        identification: 7,
        offset: 1_480,
        more_fragments: true,
        tos: 0,
        head: &bytes[..20],
        named_at: 0,
        piece: b"8 bytes.",
    };
    assert_eq!(verdict(&bytes), Verdict::Fragment(expected));
    let bytes = [&fragment_v6(1_480, false, 7, b"last")[..], b"beyond"].concat();
    let expected = Fragment {
        src: PEER_V6.into(),
        dst: US_V6.into(),
        more_fragments: false,
        head: &bytes[..48],
        named_at: 6,
        piece: b"last",
        ..expected
    };
    assert_eq!(verdict(&bytes), Verdict::Fragment(expected));
}

// req: RFC8200-4.5-7, RFC8200-4.5-8
#[test]
fn fragments_of_impossible_lengths_are_refused() {
    let problem =
        |pointer| Verdict::Answer(Drop::BadFragment, Owed::Parameter { code: 0, pointer });
    // Not a multiple of 8, and not the last: RFC 8200 points at the payload length.
    for (offset, piece) in [(0, &[0; 25][..]), (24, &[0; 1]), (1_480, &[0; 1_479])] {
        assert_eq!(verdict(&fragment_v6(offset, true, 7, piece)), problem(4));
        let bytes = fragment_v4(offset, true, piece);
        assert_eq!(verdict(&bytes), Verdict::Drop(Drop::BadFragment));
    }
    // Beyond 65,535, which on IPv4 count the header: at the fragment offset, behind 40 bytes.
    for (offset, len, fits_v4, fits_v6) in [
        (65_528, 7, false, true),
        (65_528, 8, false, false),
        (65_512, 3, true, true),
        (65_512, 4, false, true),
        (65_000, 536, false, false),
    ] {
        let piece = vec![0; len];
        let bytes = fragment_v6(offset, false, 7, &piece);
        match fits_v6 {
            true => assert!(matches!(verdict(&bytes), Verdict::Fragment(_))),
            false => assert_eq!(verdict(&bytes), problem(42)),
        }
        let bytes = fragment_v4(offset, false, &piece);
        match fits_v4 {
            true => assert!(matches!(verdict(&bytes), Verdict::Fragment(_))),
            false => assert_eq!(verdict(&bytes), Verdict::Drop(Drop::BadFragment)),
        }
    }
    for bytes in [fragment_v4(24, false, b""), fragment_v6(24, true, 7, b"")] {
        assert_eq!(verdict(&bytes), Verdict::Drop(Drop::BadFragment));
    }
    // Eight bytes of options count as well, and move the field.
    let header = ipv6::Header {
        next_header: HOP_BY_HOP,
        ..HEADER_V6
    };
    let front = [FRAGMENT, 0, 1, 4, 0, 0, 0, 0, 6, 0, 0xff, 0xf8, 0, 0, 0, 7];
    let bytes = packet_v6(&header, &[&front[..], b"7 bytes"].concat());
    assert_eq!(verdict(&bytes), problem(50));
}

// req: RFC7112-5-2, RFC8200-4.5-9
#[test]
fn a_first_fragment_has_all_headers() {
    let refused = Verdict::Answer(
        Drop::BadFragment,
        Owed::Parameter {
            code: 3,
            pointer: 0,
        },
    );
    let first = |protocol, piece: &[u8]| {
        let mut bytes = fragment_v6(0, true, 7, piece);
        bytes[40] = protocol;
        bytes
    };
    let options = |next: u8| [next, 0, 1, 4, 0, 0, 0, 0];
    let cut = [
        // Headers that are not all there: options that go on, TCP, UDP and ICMPv6 without bytes.
        first(DESTINATION_OPTIONS, &[6, 1, 1, 12, 0, 0, 0, 0]),
        first(DESTINATION_OPTIONS, &options(ROUTING)),
        first(DESTINATION_OPTIONS, &options(6)),
        first(DESTINATION_OPTIONS, &options(17)),
        first(DESTINATION_OPTIONS, &options(58)),
        first(6, &[0; 16]),
    ];
    for bytes in cut {
        assert_eq!(verdict(&bytes), refused, "{bytes:?}");
    }
    let whole = [
        first(17, &[0; 8]),
        first(58, &[0; 8]),
        first(6, &[0; 24]),
        first(DESTINATION_OPTIONS, &[&options(17)[..], &[0; 8]].concat()),
        // Nobody here knows how long the header of another protocol is.
        first(132, &[0; 8]),
    ];
    for bytes in whole {
        assert!(matches!(verdict(&bytes), Verdict::Fragment(_)), "{bytes:?}");
    }
    // A fragment in a fragment is nothing that anybody sends.
    let nested = first(FRAGMENT, &[17, 0, 0, 1, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(verdict(&nested), Verdict::Drop(Drop::BadExtension));
}

// req: RFC8200-4.5-5, RFC6946-4-1
#[test]
fn an_atomic_fragment_is_a_whole_packet() {
    for identification in [0, 7, 255] {
        let bytes = fragment_v6(0, false, identification, b"segment");
        match verdict(&bytes) {
            Verdict::Deliver(datagram) => {
                assert_eq!((datagram.protocol, datagram.payload), (6, &b"segment"[..]));
            }
            other => panic!("{other:?}"),
        }
    }
}

// req: RFC6864-4.1-3
#[test]
fn the_identification_of_a_whole_datagram_is_ignored() {
    for (identification, dont_fragment) in [(0, true), (7, true), (7, false), (0xffff, true)] {
        let header = ipv4::Header {
            identification,
            dont_fragment,
            ..HEADER_V4
        };
        let bytes = packet_v4(&header, b"x");
        // Twice the same: it is no means of telling duplicates either.
        for _ in 0..2 {
            assert!(matches!(verdict(&bytes), Verdict::Deliver(_)));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    // req: RFC1122-1.2.2-1
    #[test]
    fn no_packet_makes_it_panic_or_lends_bytes_it_does_not_have(
        v4 in any::<bool>(),
        options in proptest::collection::vec(any::<[u8; 4]>(), 0..=10),
        chain in proptest::collection::vec((0..4_usize, 0..3_u8, any::<[u8; 6]>()), 0..12),
        payload in proptest::collection::vec(any::<u8>(), 0..64),
        damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        cut in proptest::option::of(any::<prop::sample::Index>()),
    ) {
        let mut bytes = if v4 {
            packet_v4(&ipv4::Header { options: &options.concat(), ..HEADER_V4 }, &payload)
        } else {
            let kinds = [HOP_BY_HOP, ROUTING, FRAGMENT, DESTINATION_OPTIONS];
            let mut next = chain.iter().map(|(kind, _, _)| kinds[*kind]).chain([17]);
            let first = next.next().unwrap();
            let mut behind = Vec::new();
            for ((_, length, content), next) in chain.iter().zip(next) {
                behind.extend([next, *length]);
                behind.extend(content);
                behind.resize(behind.len() + usize::from(*length) * 8, 1);
            }
            behind.extend(&payload);
            packet_v6(&ipv6::Header { next_header: first, ..HEADER_V6 }, &behind)
        };
        for (at, value) in damage {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        if v4 && bytes.len() >= usize::from(bytes[0] & 0xf) * 4 && bytes[0] & 0xf > 2 {
            resum(&mut bytes);
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        match verdict(&bytes) {
            Verdict::Deliver(datagram) => {
                prop_assert!(bytes.starts_with(datagram.packet));
                prop_assert!(datagram.packet.ends_with(datagram.payload));
                prop_assert!(ours().is_ours(datagram.dst));
            }
            Verdict::Drop(_) | Verdict::Answer(..) | Verdict::Fragment(_) => {}
        }
    }

    // req: RFC1122-1.2.2-1
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
        let _ = verdict(&bytes);
    }
}
