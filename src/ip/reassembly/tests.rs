use std::net::Ipv4Addr;

use super::super::fixtures::*;
use super::super::receive::{Verdict, receive};
use super::*;
use crate::base::random::{Random, Seed};
use crate::wire::{ipv4, ipv6};

const NOW: Instant = Instant::from_nanos(7_000_000_000);
const SECOND: Duration = Duration::from_secs(1);

/// Families, for tests that hold for both.
const FAMILIES: [Family; 2] = [Family::V4, Family::V6];

#[derive(Debug, Clone, Copy, PartialEq)]
enum Family {
    V4,
    V6,
}

/// A fragment of a datagram from a peer to us.
fn fragment(family: Family, id: u16, offset: usize, more: bool, piece: &[u8]) -> Vec<u8> {
    match family {
        Family::V4 => fragment_v4(PEER_V4, id, offset, more, piece),
        Family::V6 => fragment_v6(&[], 17, id, offset, more, piece),
    }
}

fn fragment_v4(src: Ipv4Addr, id: u16, offset: usize, more: bool, piece: &[u8]) -> Vec<u8> {
    let header = ipv4::Header {
        src,
        identification: id,
        dont_fragment: false,
        more_fragments: more,
        fragment_offset: offset as u16,
        ..HEADER_V4
    };
    packet_v4(&header, piece)
}

/// With hop-by-hop options in front, unless `hop_by_hop` is empty.
fn fragment_v6(
    hop_by_hop: &[u8],
    protocol: u8,
    id: u16,
    offset: usize,
    more: bool,
    piece: &[u8],
) -> Vec<u8> {
    let [high, low] = (offset as u16 | u16::from(more)).to_be_bytes();
    let [id_high, id_low] = id.to_be_bytes();
    let fragment = [protocol, 0, high, low, 0, 0, id_high, id_low];
    let mut front = hop_by_hop.to_vec();
    let mut header = HEADER_V6;
    match front.first_mut() {
        Some(next) => {
            *next = ipv6::FRAGMENT;
            header.next_header = ipv6::HOP_BY_HOP;
        }
        None => header.next_header = ipv6::FRAGMENT,
    }
    packet_v6(&header, &[&front, &fragment[..], piece].concat())
}

/// Takes a packet that must be a fragment that can be.
fn take(reassembly: &mut Reassembly, now: Instant, packet: &[u8]) -> Taken {
    match receive(packet, &ours()) {
        Verdict::Fragment(fragment) => {
            let taken = reassembly.take(now, &fragment);
            // Now and then: it looks at all that waits.
            if reassembly.len() < 8 || fragment.identification % 512 == 0 {
                reassembly.assert_invariants();
            }
            taken
        }
        other => panic!("{other:?}"),
    }
}

/// The payload of a packet that is whole again.
fn payload(packet: &[u8]) -> Vec<u8> {
    match receive(packet, &ours()) {
        Verdict::Deliver(datagram) => datagram.payload.to_vec(),
        other => panic!("{other:?}"),
    }
}

fn bytes(random: &mut Random, len: usize) -> Vec<u8> {
    (0..len).map(|_| random.next_u32() as u8).collect()
}

/// Cuts `payload` at multiples of 8: offset, whether more follows, bytes.
fn cut<'a>(random: &mut Random, payload: &'a [u8], most: u32) -> Vec<(usize, bool, &'a [u8])> {
    let mut parts = Vec::new();
    let mut at = 0;
    while at < payload.len() {
        let end = payload
            .len()
            .min(at + 8 * (1 + random.below(most) as usize));
        parts.push((at, end < payload.len(), &payload[at..end]));
        at = end;
    }
    parts
}

fn shuffle<T>(random: &mut Random, list: &mut [T]) {
    for i in (1..list.len()).rev() {
        list.swap(i, random.below(i as u32 + 1) as usize);
    }
}

// req: RFC1122-3.2.1.4-1, RFC815-3-1, RFC815-3-2, RFC815-3-3, RFC815-3-4, RFC791-3.2-3
// req: RFC8200-5-2, RFC1122-3.3.2-1, RFC1122-3.3.2-2
#[test]
fn any_cut_in_any_order_with_any_duplicates_is_put_together() {
    let mut random = Random::new(Seed::from_number(1));
    for round in 0..80 {
        let family = FAMILIES[round % 2];
        let len = match round % 4 {
            // The longest that fits 65,535 bytes with and without a header of 20.
            0 => 65_515,
            _ => 9 + random.below(3_000) as usize,
        };
        let datagram = bytes(&mut random, len);
        let most = (len / 8 / 40).max(1) as u32;
        let mut parts = cut(&mut random, &datagram, most);
        if parts.len() < 2 || parts.len() > 128 {
            continue;
        }
        shuffle(&mut random, &mut parts);
        let mut reassembly = Reassembly::default();
        let (last, others) = parts.split_last().unwrap();
        for &(offset, more, piece) in others {
            let packet = fragment(family, 5, offset, more, piece);
            assert_eq!(take(&mut reassembly, NOW, &packet), Taken::Kept);
            if random.below(3) == 0 {
                let again = take(&mut reassembly, NOW, &packet);
                assert_eq!(again, Taken::Dropped(Drop::FragmentDuplicate));
            }
        }
        let packet = fragment(family, 5, last.0, last.1, last.2);
        let Taken::Whole(whole) = take(&mut reassembly, NOW, &packet) else {
            panic!("{} parts of {len}", parts.len());
        };
        assert!(payload(&whole) == datagram);
        assert!(reassembly.is_empty() && reassembly.bytes() == 0);
    }
}

// req: RFC791-3.1-7, RFC8200-4.5-4
#[test]
fn pieces_belong_together_by_addresses_protocol_and_identification() {
    let mut reassembly = Reassembly::default();
    let first = fragment(Family::V4, 7, 0, true, b"first...");
    assert_eq!(take(&mut reassembly, NOW, &first), Taken::Kept);
    let last = |src, id, protocol| {
        let header = ipv4::Header {
            src,
            identification: id,
            protocol,
            dont_fragment: false,
            fragment_offset: 8,
            ..HEADER_V4
        };
        packet_v4(&header, b"last")
    };
    let other = Ipv4Addr::new(203, 0, 113, 10);
    for packet in [
        last(PEER_V4, 8, 17),
        last(PEER_V4, 7, 132),
        last(other, 7, 17),
    ] {
        assert_eq!(take(&mut reassembly, NOW, &packet), Taken::Kept);
    }
    assert!(matches!(
        take(&mut reassembly, NOW, &last(PEER_V4, 7, 17)),
        Taken::Whole(_)
    ));

    // On IPv6 it is the first fragment that says what follows.
    let mut reassembly = Reassembly::default();
    let later = fragment_v6(&[], 132, 7, 8, false, b"last");
    let first = fragment_v6(&[], 17, 7, 0, true, b"first...");
    let elsewhere = fragment_v6(&[], 17, 8, 0, true, b"first...");
    assert_eq!(take(&mut reassembly, NOW, &later), Taken::Kept);
    assert_eq!(take(&mut reassembly, NOW, &elsewhere), Taken::Kept);
    let Taken::Whole(whole) = take(&mut reassembly, NOW, &first) else {
        panic!("not whole");
    };
    assert_eq!(whole[ipv6::NEXT_HEADER_AT], 17);
    assert_eq!(payload(&whole), b"first...last");
}

#[test]
fn the_headers_of_the_first_fragment_stay_and_no_others() {
    let mut reassembly = Reassembly::default();
    // Eight bytes of padding as hop-by-hop options, once with another filling.
    let (of_first, of_last) = ([0, 0, 1, 4, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0, 0, 0]);
    let first = fragment_v6(&of_first, 17, 7, 0, true, b"first...");
    let last = fragment_v6(&of_last, 17, 7, 8, false, b"last");
    assert_eq!(take(&mut reassembly, NOW, &last), Taken::Kept);
    let Taken::Whole(whole) = take(&mut reassembly, NOW, &first) else {
        panic!("not whole");
    };
    let mut hop_by_hop = of_first;
    hop_by_hop[0] = 17;
    let header = ipv6::Header {
        next_header: ipv6::HOP_BY_HOP,
        ..HEADER_V6
    };
    let uncut = packet_v6(&header, &[&hop_by_hop[..], b"first...last"].concat());
    assert_eq!(whole, uncut);

    // IPv4 options stay as well: here two that do nothing, and an end.
    let header = |more_fragments, fragment_offset, options| ipv4::Header {
        identification: 9,
        dont_fragment: false,
        more_fragments,
        fragment_offset,
        options,
        ..HEADER_V4
    };
    let first = packet_v4(&header(true, 0, &[1, 1, 0, 0]), b"first...");
    let last = packet_v4(&header(false, 8, &[]), b"last");
    assert_eq!(take(&mut reassembly, NOW, &first), Taken::Kept);
    let Taken::Whole(whole) = take(&mut reassembly, NOW, &last) else {
        panic!("not whole");
    };
    let uncut = packet_v4(&header(false, 0, &[1, 1, 0, 0]), b"first...last");
    assert_eq!(whole, uncut);
}

/// How a second piece may lie to a first one at 16..32: the thirteen relations of two intervals.
const RELATIONS: [(usize, usize); 13] = [
    (0, 8),
    (0, 16),
    (8, 24),
    (8, 32),
    (8, 40),
    (16, 24),
    (16, 32),
    (16, 40),
    (24, 32),
    (20, 28),
    (24, 40),
    (32, 40),
    (40, 48),
];

// req: RFC5722-4-2, RFC8200-4.5-10, RFC1858-4-1
#[test]
fn overlap_ends_a_datagram_whatever_the_bytes_and_the_order() {
    let text: Vec<u8> = (0..64).collect();
    for family in FAMILIES {
        for (from, to) in RELATIONS {
            // No multiple of 8 can be strictly inside 16..32 at both ends: a last fragment can.
            let (from, more) = match (from, to) {
                (20, 28) => (24, false),
                _ => (from, true),
            };
            for same_bytes in [true, false] {
                for turned in [true, false] {
                    let mut second = text[from..to].to_vec();
                    if !same_bytes {
                        second[0] ^= 1;
                    }
                    let mut packets = [
                        fragment(family, 1, 16, true, &text[16..32]),
                        fragment(family, 1, from, more, &second),
                    ];
                    if turned {
                        packets.reverse();
                    }
                    let mut reassembly = Reassembly::default();
                    assert_eq!(take(&mut reassembly, NOW, &packets[0]), Taken::Kept);
                    let taken = take(&mut reassembly, NOW, &packets[1]);
                    let overlap = from < 32 && to > 16;
                    let expected = if !overlap {
                        Taken::Kept
                    } else if (from, to, more) == (16, 32, true) && same_bytes {
                        Taken::Dropped(Drop::FragmentDuplicate)
                    } else {
                        Taken::Dropped(Drop::FragmentOverlap)
                    };
                    assert_eq!(
                        taken, expected,
                        "{family:?} {from}..{to} {same_bytes} {turned}"
                    );
                    if expected == Taken::Dropped(Drop::FragmentOverlap) {
                        stays_dead(&mut reassembly, family, &text);
                    }
                }
            }
        }
    }
}

/// Nothing more is taken of datagram 1 until its time is over, and nobody hears of its end.
fn stays_dead(reassembly: &mut Reassembly, family: Family, text: &[u8]) {
    for (offset, more) in [(0, true), (8, true), (16, true), (32, true), (56, false)] {
        let end = if more { offset + 8 } else { 64 };
        let packet = fragment(family, 1, offset, more, &text[offset..end]);
        let taken = take(reassembly, NOW + 59 * SECOND, &packet);
        assert_eq!(taken, Taken::Dropped(Drop::FragmentOverlap));
    }
    assert_eq!(reassembly.expire(NOW + 59 * SECOND), None);
    assert_eq!(reassembly.expire(NOW + 60 * SECOND), Some(None));
    assert_eq!(reassembly.bytes(), 0);
}

// req: RFC1122-3.3.2-1
#[test]
fn two_ends_end_a_datagram() {
    for family in FAMILIES {
        for second in [
            // Another end, before and after; more beyond the end; the end with more.
            (24, false, 4),
            (8, false, 8),
            (32, true, 8),
            (16, true, 8),
        ] {
            let mut reassembly = Reassembly::default();
            let end = fragment(family, 1, 16, false, b"the end.");
            let (offset, more, len) = second;
            let other = fragment(family, 1, offset, more, &b"the end."[..len]);
            assert_eq!(take(&mut reassembly, NOW, &end), Taken::Kept);
            let taken = take(&mut reassembly, NOW, &other);
            assert_eq!(taken, Taken::Dropped(Drop::FragmentOverlap), "{second:?}");
        }
        // What lies beyond the end came first.
        let mut reassembly = Reassembly::default();
        let beyond = fragment(family, 1, 24, true, b"8 bytes.");
        let end = fragment(family, 1, 8, false, b"8 bytes.");
        assert_eq!(take(&mut reassembly, NOW, &beyond), Taken::Kept);
        let taken = take(&mut reassembly, NOW, &end);
        assert_eq!(taken, Taken::Dropped(Drop::FragmentOverlap));
    }
}

// req: RFC1122-3.3.2-4, RFC1122-3.3.2-5, RFC8200-4.5-6
#[test]
fn sixty_seconds_after_its_first_fragment_a_datagram_is_given_up() {
    for family in FAMILIES {
        let mut reassembly = Reassembly::default();
        assert_eq!(reassembly.deadline(), None);
        let first = fragment(family, 1, 0, true, b"8 bytes.");
        let later = fragment(family, 1, 8, true, b"8 bytes.");
        take(&mut reassembly, NOW, &later);
        // What comes later moves nothing.
        take(&mut reassembly, NOW + 50 * SECOND, &first);
        take(
            &mut reassembly,
            NOW + 55 * SECOND,
            &fragment(family, 2, 8, true, b"8 bytes."),
        );
        assert_eq!(reassembly.deadline(), Some(NOW + 60 * SECOND));
        assert_eq!(reassembly.expire(NOW + 59 * SECOND), None);
        // The fragment at offset zero is what an error may quote, as it came.
        assert_eq!(reassembly.expire(NOW + 60 * SECOND), Some(Some(first)));
        assert_eq!(reassembly.expire(NOW + 60 * SECOND), None);
        assert_eq!(reassembly.deadline(), Some(NOW + 115 * SECOND));
        assert_eq!(reassembly.expire(NOW + 115 * SECOND), Some(None));
        assert_eq!((reassembly.len(), reassembly.bytes()), (0, 0));
    }
}

// req: RFC3168-5.3-1, RFC3168-5.3-2
#[test]
fn a_mark_on_one_fragment_is_a_mark_on_the_datagram() {
    const MARKED: u8 = 0b11;
    for codepoints in 0..64u8 {
        let [a, b, c] = [codepoints & 3, codepoints >> 2 & 3, codepoints >> 4];
        for family in FAMILIES {
            let mut reassembly = Reassembly::default();
            let mut taken = Vec::new();
            for (place, tos) in [a, b, c].into_iter().enumerate() {
                let mut packet = fragment(family, 1, 8 * place, place < 2, b"8 bytes.");
                // The traffic class lies across the first two bytes.
                match family {
                    Family::V4 => packet[1] = 0xb8 | tos,
                    Family::V6 => packet[1] |= tos << 4,
                }
                if family == Family::V4 {
                    resum(&mut packet);
                }
                taken.push(take(&mut reassembly, NOW, &packet));
            }
            let all = [a, b, c];
            let expected = if !all.contains(&MARKED) {
                Some(a)
            } else if all.contains(&0) {
                None
            } else {
                Some(MARKED)
            };
            match (expected, taken.pop()) {
                (Some(codepoint), Some(Taken::Whole(packet))) => match receive(&packet, &ours()) {
                    Verdict::Deliver(datagram) => assert_eq!(datagram.tos & 3, codepoint),
                    other => panic!("{other:?}"),
                },
                (None, Some(Taken::Dropped(_))) => {}
                other => panic!("{all:?} {other:?}"),
            }
        }
    }
}

#[test]
fn as_many_pieces_as_the_smallest_packets_make_are_taken_and_no_more() {
    for family in FAMILIES {
        let mut reassembly = Reassembly::default();
        for n in 0..128 {
            let packet = fragment(family, 1, 16 * n, true, b"8 bytes.");
            assert_eq!(take(&mut reassembly, NOW, &packet), Taken::Kept);
        }
        let packet = fragment(family, 1, 16 * 128, true, b"8 bytes.");
        let taken = take(&mut reassembly, NOW, &packet);
        assert_eq!(taken, Taken::Dropped(Drop::FragmentLimit));
        // Only the mark is left of it.
        let (one, mut other) = (reassembly.bytes(), Reassembly::default());
        take(&mut other, NOW, &packet);
        assert!(one < other.bytes());
    }
}

#[test]
fn one_source_takes_no_more_than_its_part() {
    for (family, most, piece) in [
        (Family::V4, 256, &[0; 8][..]),
        (Family::V6, 256, &[0; 8][..]),
        (Family::V4, 150, &[0; 1480][..]),
    ] {
        let mut reassembly = Reassembly::default();
        let other = fragment_v4(Ipv4Addr::new(8, 8, 8, 8), 1, 0, true, b"8 bytes.");
        take(&mut reassembly, NOW, &other);
        for id in 0..2_000 {
            take(&mut reassembly, NOW, &fragment(family, id, 0, true, piece));
        }
        assert!(reassembly.len() <= most + 1, "{}", reassembly.len());
        assert!(reassembly.len() > 100);
        assert!(reassembly.bytes() <= (256 << 10) + 4_096);
        // What others wait for is still there; of its own the newest are.
        let last = fragment_v4(Ipv4Addr::new(8, 8, 8, 8), 1, 8, false, b"last");
        assert!(matches!(take(&mut reassembly, NOW, &last), Taken::Whole(_)));
        let last = fragment(family, 1_999, piece.len(), false, b"last");
        assert!(matches!(take(&mut reassembly, NOW, &last), Taken::Whole(_)));
        let last = fragment(family, 0, piece.len(), false, b"last");
        assert_eq!(take(&mut reassembly, NOW, &last), Taken::Kept);
    }
}

/// A flood at `rate` fragments a second, of `len` bytes each from `sources` addresses, beside
/// datagrams of two fragments a hundred times a second, the second `gap` after the first. Returns
/// how many of those were whole.
fn through_a_flood(rate: u64, sources: u32, len: usize, gap: Duration) -> usize {
    let mut random = Random::new(Seed::from_number(3));
    let mut reassembly = Reassembly::default();
    let piece = vec![1; len];
    let mut whole = 0;
    let mut second_at = Vec::new();
    for n in 0..3 * rate {
        let now = NOW + Duration::from_nanos(n * 1_000_000_000 / rate);
        while reassembly.expire(now).is_some() {}
        let src = Ipv4Addr::from_bits(0x0b00_0000 + random.below(sources));
        let hostile = fragment_v4(src, random.next_u32() as u16, 0, true, &piece);
        take(&mut reassembly, now, &hostile);
        if n % (rate / 100) == 0 {
            let id = (n / (rate / 100)) as u16;
            take(
                &mut reassembly,
                now,
                &fragment(Family::V4, id, 0, true, &[2; 1480]),
            );
            second_at.push((now + gap, id));
        }
        while let Some((_, id)) = second_at.first().copied().filter(|(at, _)| *at <= now) {
            second_at.remove(0);
            let last = fragment(Family::V4, id, 1480, false, b"last");
            let taken = take(&mut reassembly, now, &last);
            whole += usize::from(matches!(taken, Taken::Whole(_)));
        }
        assert!(reassembly.bytes() <= 1 << 20 && reassembly.len() <= 1_024);
    }
    whole
}

#[test]
fn honest_datagrams_come_through_floods_of_lone_fragments() {
    let ms = Duration::from_millis;
    // Datagrams of a hundredth of a second: at most a few of them are begun near the end.
    let honest = 300;
    for (rate, sources, len, gap) in [
        (1_000, 100_000, 8, ms(50)),
        (1_000, 100_000, 1_480, ms(50)),
        (10_000, 100_000, 8, ms(20)),
        // Three that would fill all of it, and none gets more than its part.
        (10_000, 3, 1_480, ms(500)),
        (10_000, 1, 65_000, ms(500)),
    ] {
        let whole = through_a_flood(rate, sources, len, gap);
        let begun = honest - (gap.as_millis() / 10) as usize;
        assert!(
            whole * 100 >= begun * 99,
            "{sources} {len}: {whole} of {begun}"
        );
    }
}
