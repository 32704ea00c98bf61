use proptest::prelude::*;

use super::super::finish;
use super::super::tests::{BOTH, Ip, begin_checksum, judge, tcp_header, tcp_packet, udp_packet};
use super::*;

/// All packets that `packet` stands for, each in one piece.
fn cut(packet: &[u8], gso: u16, does: Offloads) -> Result<Vec<Vec<u8>>, Uncut> {
    cut_lent(Transmit::plain(packet, Pieces::EMPTY), gso, does)
}

/// The same with the text behind the head, in two pieces.
fn cut_in_pieces(
    packet: &[u8],
    split: usize,
    gso: u16,
    does: Offloads,
) -> Result<Vec<Vec<u8>>, Uncut> {
    let text_at = Layout::of(packet).expect("TCP or UDP").text_at;
    let (head, text) = packet.split_at(text_at);
    let (first, second) = text.split_at(split);
    cut_lent(Transmit::plain(head, Pieces(first, second)), gso, does)
}

fn cut_lent(packet: Transmit<'_>, gso: u16, does: Offloads) -> Result<Vec<Vec<u8>>, Uncut> {
    let whole = Transmit {
        offload: Offload {
            gso: Some(gso),
            ..Offload::default()
        },
        interface: InterfaceId(3),
        ..packet
    };
    let mut cut = Cut::of(&whole, does)?;
    let mut all = Vec::new();
    while let Some(packet) = cut.next() {
        assert_eq!(packet.interface, InterfaceId(3));
        assert_eq!(packet.offload.gso, None);
        let mut bytes = packet.to_vec();
        // With a checksum that the device would finish, the device does it here.
        assert_eq!(packet.offload.checksum == Checksum::Full, !does.checksum);
        assert!(finish(&mut bytes, packet.offload.checksum));
        all.push(bytes);
    }
    Ok(all)
}

#[test]
fn a_long_segment_becomes_three() {
    let mut header = tcp_header(u32::MAX - 4);
    (header.psh, header.fin, header.cwr) = (true, true, true);
    let long = tcp_packet(Ip::V4, u16::MAX, header.clone(), b"0123456789abcdefghijklm");
    let all = cut(&long, 10, Offloads::NONE).expect("TCP");
    let seen: Vec<_> = all.iter().map(|packet| judge(packet)).collect();
    let texts: Vec<&[u8]> = seen.iter().map(|seen| &seen.text[..]).collect();
    assert_eq!(texts, [&b"0123456789"[..], b"abcdefghij", b"klm"]);
    let numbers: Vec<u32> = seen.iter().map(|seen| seen.tcp().sequence_number).collect();
    assert_eq!(numbers, [u32::MAX - 4, 5, 15]);
    let identifications: Vec<u16> = seen.iter().map(|seen| seen.identification).collect();
    assert_eq!(identifications, [u16::MAX, 0, 1]);
    let flags = |flag: fn(&etherparse::TcpHeader) -> bool| -> Vec<bool> {
        seen.iter().map(|seen| flag(seen.tcp())).collect()
    };
    assert_eq!(flags(|tcp| tcp.fin), [false, false, true]);
    assert_eq!(flags(|tcp| tcp.psh), [false, false, true]);
    assert_eq!(flags(|tcp| tcp.cwr), [true, false, false]);
    assert_eq!(flags(|tcp| tcp.ack), [true; 3]);
    for tcp in seen.iter().map(|seen| seen.tcp()) {
        assert_eq!(tcp.options, header.options);
        assert_eq!(tcp.window_size, header.window_size);
        assert_eq!(tcp.acknowledgment_number, header.acknowledgment_number);
    }
}

#[test]
fn a_checksum_that_was_begun_wrong_is_not_made_right() {
    for ip in BOTH {
        for mut long in [
            tcp_packet(ip, 9, tcp_header(1), b"0123456789abcdef"),
            udp_packet(ip, 9, b"0123456789abcdef"),
        ] {
            let layout = Layout::of(&long).expect("TCP or UDP");
            let at = layout.transport_at + layout.checksum_offset();
            let checksum = begin_checksum(&mut long);
            let refusal = |bytes: &[u8], checksum| {
                let offload = Offload {
                    checksum,
                    gso: Some(10),
                };
                let packet = Transmit {
                    offload,
                    ..Transmit::plain(bytes, Pieces::EMPTY)
                };
                Cut::of(&packet, Offloads::NONE).err()
            };
            assert_eq!(refusal(&long, checksum), None);
            // A field that is not its own.
            let Checksum::Partial { start, offset } = checksum else {
                panic!("begun");
            };
            let elsewhere = Checksum::Partial {
                start,
                offset: offset - 2,
            };
            assert_eq!(refusal(&long, elsewhere), Some(Uncut::Checksum));
            long[at] ^= 1;
            assert_eq!(refusal(&long, checksum), Some(Uncut::Checksum));
        }
    }
}

#[test]
fn a_packet_for_itself_is_handed_out_as_it_is() {
    for ip in BOTH {
        for whole in [
            tcp_packet(ip, 9, tcp_header(1), b"text"),
            tcp_packet(ip, 9, tcp_header(1), b""),
            udp_packet(ip, 9, b"text"),
        ] {
            // Text of exactly one segment's length, too.
            assert_eq!(cut(&whole, 4, Offloads::NONE), Ok(vec![whole.clone()]));
            let mut begun = whole.clone();
            let checksum = begin_checksum(&mut begun);
            let begun = Transmit {
                offload: Offload {
                    checksum,
                    gso: None,
                },
                ..Transmit::plain(&begun, Pieces::EMPTY)
            };
            let mut cut = Cut::of(&begun, Offloads::NONE).expect("TCP or UDP");
            let only = cut.next().expect("one");
            assert_eq!(only.to_vec(), whole);
            assert_eq!(only.offload, Offload::default());
            assert!(cut.next().is_none());
        }
    }
}

#[test]
fn datagrams_without_a_checksum_stay_without() {
    let mut long = udp_packet(Ip::V4, 9, b"0123456789");
    long[26..28].fill(0);
    let all = cut(&long, 4, Offloads::NONE).expect("UDP");
    assert_eq!(all.len(), 3);
    assert!(all.iter().all(|packet| packet[26..28] == [0, 0]));
    assert_eq!(all[2][24..26], [0, 10]);
}

#[test]
fn a_long_datagram_becomes_three() {
    for ip in BOTH {
        let long = udp_packet(ip, 9, b"0123456789");
        for checksum in [false, true] {
            let does = Offloads {
                checksum,
                ..Offloads::NONE
            };
            let all = cut(&long, 4, does).expect("UDP");
            let texts: Vec<_> = all.iter().map(|packet| judge(packet).text).collect();
            assert_eq!(texts, [&b"0123"[..], b"4567", b"89"]);
        }
    }
}

// req: RFC768-fields-3
#[test]
fn the_sum_of_a_datagram_that_was_cut_is_never_zero() {
    // The second datagram's text is chosen so that all its words together sum to 0xffff.
    let second = udp_packet(Ip::V4, 10, &[0, 0]);
    let long = [&[1, 2], &second[26..28]].concat();
    let all = cut(&udp_packet(Ip::V4, 9, &long), 2, Offloads::NONE).expect("UDP");
    assert_eq!(all[1][26..28], [0xff, 0xff]);
}

#[test]
fn what_lies_about_its_length_is_not_cut() {
    for ip in BOTH {
        let segment = tcp_packet(ip, 9, tcp_header(1), b"0123456789");
        let datagram = udp_packet(ip, 9, b"0123456789");
        let refusal = |bytes: &[u8]| cut(bytes, 4, Offloads::NONE).err();
        // Where IP's length ends, and UDP's.
        let (ip_at, udp_at) = match ip {
            Ip::V4 => (3, 25),
            Ip::V6 => (5, 45),
        };
        for (whole, at) in [(&segment, ip_at), (&datagram, ip_at), (&datagram, udp_at)] {
            assert_eq!(refusal(whole), None);
            for lie in [whole[at] - 1, whole[at] + 1, u8::MAX] {
                let mut lying = whole.clone();
                lying[at] = lie;
                assert_eq!(refusal(&lying), Some(Uncut::Length), "{lie}");
            }
            assert_eq!(refusal(&[&whole[..], &[0]].concat()), Some(Uncut::Length));
        }
    }
}

#[test]
fn all_but_three_flags_stand_in_each() {
    let mut header = tcp_header(1);
    (header.fin, header.psh, header.cwr) = (true, true, true);
    (header.ece, header.ns) = (true, true);
    let long = tcp_packet(Ip::V6, 9, header, b"0123456789");
    let all = cut(&long, 4, Offloads::NONE).expect("TCP");
    let flags = all.iter().map(|packet| {
        let layout = Layout::of(packet).expect("TCP");
        layout.flags(packet).letters()
    });
    assert_eq!(Vec::from_iter(flags), [".EWA", ".EA", "FP.EA"]);
}

#[test]
fn text_may_lie_in_the_head_or_behind_it() {
    let long = tcp_packet(Ip::V4, 9, tcp_header(1), b"0123456789");
    let expected = cut(&long, 4, Offloads::NONE).expect("TCP");
    for head in 52..=long.len() {
        for split in head..=long.len() {
            let body = Pieces(&long[head..split], &long[split..]);
            let packet = Transmit {
                offload: Offload {
                    gso: Some(4),
                    ..Offload::default()
                },
                ..Transmit::plain(&long[..head], body)
            };
            let cut = Cut::of(&packet, Offloads::NONE);
            let scattered = head > 52 && split > head && split < long.len();
            assert_eq!(matches!(cut, Err(Uncut::Scattered)), scattered);
            let Ok(mut cut) = cut else { continue };
            for expected in &expected {
                assert_eq!(cut.next().expect("three").to_vec(), *expected);
            }
            assert!(cut.next().is_none());
        }
    }
}

#[test]
fn what_cannot_be_cut_is_refused_with_a_reason() {
    let refusal = |packet: &[u8], gso| cut(packet, gso, Offloads::NONE).expect_err("no");
    let segment = tcp_packet(Ip::V4, 9, tcp_header(1), b"0123456789");
    assert_eq!(refusal(&segment, 0), Uncut::Size);
    assert_eq!(refusal(&segment[..40], 4), Uncut::Layout);
    assert_eq!(refusal(&[0x45; 19], 4), Uncut::Layout);
    for flag in [1 << 1, 1 << 2, 1 << 5] {
        let mut flagged = segment.clone();
        flagged[33] |= flag;
        assert_eq!(refusal(&flagged, 4), Uncut::Flags);
        // As one segment it may be what it is.
        assert!(cut(&flagged, 10, Offloads::NONE).is_ok());
    }
    let mut headers = segment[..52].to_vec();
    headers[2..4].fill(u8::MAX);
    let body = vec![0; 65_536 - 52];
    let of = |body: &[u8]| {
        Cut::of(
            &Transmit::plain(&headers, Pieces::one(body)),
            Offloads::NONE,
        )
        .err()
    };
    assert_eq!(of(&body), Some(Uncut::Long));
    assert_eq!(of(&body[1..]), None);
}

proptest! {
    #[test]
    fn each_packet_is_whole_and_all_carry_the_text(
        v6: bool,
        is_udp: bool,
        checksum: bool,
        flags in 0_u8..32,
        seq: u32,
        identification: u16,
        text in proptest::collection::vec(any::<u8>(), 0..9_000),
        split: proptest::sample::Index,
        gso in 1_u16..3_000,
    ) {
        let ip = BOTH[usize::from(v6)];
        let mut header = tcp_header(seq);
        header.fin = flags & 1 != 0;
        header.psh = flags & 2 != 0;
        header.cwr = flags & 4 != 0;
        header.ece = flags & 8 != 0;
        let long = if is_udp {
            udp_packet(ip, identification, &text)
        } else {
            tcp_packet(ip, identification, header.clone(), &text)
        };
        let does = Offloads { checksum, ..Offloads::NONE };
        let all = cut_in_pieces(&long, split.index(text.len() + 1), gso, does);
        let all = all.expect("TCP or UDP");
        prop_assert_eq!(all.len(), text.len().div_ceil(gso.into()).max(1));
        let mut got = Vec::new();
        for (nth, packet) in all.iter().enumerate() {
            let seen = judge(packet);
            let (is_first, is_last) = (nth == 0, nth + 1 == all.len());
            prop_assert!(is_last || seen.text.len() == usize::from(gso));
            if !v6 {
                prop_assert_eq!(seen.identification, identification.wrapping_add(nth as u16));
            }
            if !is_udp {
                let mut expected = header.clone();
                expected.sequence_number = seq.wrapping_add(got.len() as u32);
                expected.fin &= is_last;
                expected.psh &= is_last;
                expected.cwr &= is_first;
                expected.checksum = seen.tcp().checksum;
                prop_assert_eq!(seen.tcp(), &expected);
            }
            got.extend(seen.text);
        }
        prop_assert_eq!(got, text);
    }
}

proptest! {
    #[test]
    fn leaving_out_the_first_is_the_same_as_dropping_them(
        len in 0_usize..40,
        size in 1_u16..20,
        count in 0_u16..8,
    ) {
        for ip in BOTH {
            let mut packet = udp_packet(ip, 7, &vec![0x5a; len]);
            let layout = Layout::of(&packet).expect("UDP");
            begin_checksum(&mut packet);
            let whole = Transmit {
                offload: Offload { gso: Some(size), checksum: layout.partial() },
                ..Transmit::plain(&packet, Pieces::EMPTY)
            };
            let mut all = Cut::of(&whole, Offloads::NONE).expect("UDP");
            for _ in 0..count {
                all.next();
            }
            let mut rest = Cut::of(&whole, Offloads::NONE).expect("UDP");
            rest.skip(count);
            for _ in 0..40 {
                let (a, b) = (all.next(), rest.next());
                prop_assert_eq!(a.map(|one| one.to_vec()), b.map(|one| one.to_vec()));
            }
        }
    }
}
