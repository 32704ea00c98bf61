use super::*;
use crate::base::Pieces;

/// A packet of TCP with `text` zeros.
fn tcp(is_v4: bool, text: usize) -> Vec<u8> {
    let (ip, len) = if is_v4 { (20, 40) } else { (40, 60) };
    let mut packet = vec![0; len + text];
    if is_v4 {
        (packet[0], packet[9]) = (0x45, 6);
        packet[2..4].copy_from_slice(&((40 + text) as u16).to_be_bytes());
    } else {
        (packet[0], packet[6]) = (0x60, 6);
        packet[4..6].copy_from_slice(&((20 + text) as u16).to_be_bytes());
    }
    packet[ip + 12] = 0x50;
    packet
}

/// The same of UDP over IPv4.
fn udp(text: usize) -> Vec<u8> {
    let mut packet = vec![0; 28 + text];
    (packet[0], packet[9]) = (0x45, 17);
    packet[2..4].copy_from_slice(&((28 + text) as u16).to_be_bytes());
    packet
}

const TCP_SUM: Checksum = Checksum::Partial {
    start: 20,
    offset: 16,
};

/// What Linux says of 5,000 bytes of text in segments of 1,000.
const LONG: Header = Header {
    flags: NEEDS_CSUM,
    gso_type: GSO_TCPV4,
    hdr_len: 40,
    gso_size: 1000,
    csum_start: 20,
    csum_offset: 16,
};

fn judged(header: Header, packet: &[u8]) -> Result<Offload, Lie> {
    Header::take(&[&header.to_bytes()[..], packet].concat())
}

#[test]
fn the_fields_stand_as_in_virtio_net_h() {
    let header = Header {
        flags: 1,
        gso_type: 0x84,
        hdr_len: 0x0203,
        gso_size: 0x0405,
        csum_start: 0x0607,
        csum_offset: 0x0809,
    };
    let mut expected = vec![1, 0x84];
    for field in [0x0203_u16, 0x0405, 0x0607, 0x0809] {
        expected.extend(field.to_ne_bytes());
    }
    assert_eq!(header.to_bytes()[..], expected);
    assert_eq!(Header::from_bytes(header.to_bytes()), header);
}

#[test]
fn what_the_device_leaves_and_what_it_vouches_for() {
    let offload = |checksum, gso| Ok(Offload { checksum, gso });
    let plain = Header::default();
    let packet = tcp(true, 5_000);
    assert_eq!(judged(plain, &packet), offload(Checksum::Full, None));
    assert_eq!(judged(LONG, &packet), offload(TCP_SUM, Some(1000)));
    let verified = Header {
        flags: DATA_VALID,
        ..plain
    };
    assert_eq!(judged(verified, &packet), offload(Checksum::Verified, None));
    let v6 = Header {
        gso_type: GSO_TCPV6 | GSO_ECN,
        hdr_len: 60,
        csum_start: 40,
        ..LONG
    };
    let v6_sum = Checksum::Partial {
        start: 40,
        offset: 16,
    };
    assert_eq!(judged(v6, &tcp(false, 5_000)), offload(v6_sum, Some(1000)));
    let datagrams = Header {
        gso_type: GSO_UDP_L4,
        csum_offset: 6,
        ..LONG
    };
    let udp_sum = Checksum::Partial {
        start: 20,
        offset: 6,
    };
    assert_eq!(judged(datagrams, &udp(5_000)), offload(udp_sum, Some(1000)));
    // A header that says nothing is true even of what is no packet.
    assert_eq!(judged(plain, &[]), offload(Checksum::Full, None));
}

#[test]
fn what_is_no_longer_than_a_segment_is_one() {
    for (text, gso) in [(999, None), (1000, None), (1001, Some(1000))] {
        let offload = judged(LONG, &tcp(true, text)).expect("true");
        assert_eq!(offload.gso, gso, "{text}");
    }
}

#[test]
fn each_lie_has_its_name() {
    let packet = tcp(true, 5_000);
    let lie = |header: Header| judged(header, &packet).expect_err("a lie");
    assert_eq!(Header::take(&[0; 9]), Err(Lie::Short));
    assert_eq!(Header::take(&[]), Err(Lie::Short));
    let start = |csum_start, csum_offset| Header {
        csum_start,
        csum_offset,
        ..LONG
    };
    // The last byte of the field is the last byte behind the packet.
    assert_eq!(lie(start(5_023, 16)), Lie::ChecksumBeyond);
    assert_eq!(lie(start(u16::MAX, u16::MAX)), Lie::ChecksumBeyond);
    assert_eq!(lie(start(5_022, 16)), Lie::ChecksumElsewhere);
    assert_eq!(lie(start(0, 16)), Lie::ChecksumElsewhere);
    // UDP's.
    assert_eq!(lie(start(20, 6)), Lie::ChecksumElsewhere);
    let kind = |gso_type| Header { gso_type, ..LONG };
    // UFO, ECN alone, ECN with datagrams, and what there is not.
    for unknown in [3, GSO_ECN, GSO_UDP_L4 | GSO_ECN, 2, 0x21, 0x7f, u8::MAX] {
        assert_eq!(lie(kind(unknown)), Lie::UnknownKind, "{unknown}");
    }
    for other in [GSO_TCPV6, GSO_TCPV6 | GSO_ECN, GSO_UDP_L4] {
        assert_eq!(lie(kind(other)), Lie::OtherKind, "{other}");
    }
    let none = Header {
        gso_size: 0,
        ..LONG
    };
    assert_eq!(lie(none), Lie::NoSize);
    let headers = |hdr_len| Header { hdr_len, ..LONG };
    assert_eq!(lie(headers(5_041)), Lie::HeadersBeyond);
    assert!(judged(headers(5_040), &packet).is_ok());
    // Of a packet that is none.
    let whole = Header { flags: 0, ..LONG };
    assert_eq!(judged(whole, &[0x45; 10]), Err(Lie::OtherKind));
    assert_eq!(judged(whole, &[]), Err(Lie::OtherKind));
    let mut fragment = tcp(true, 100);
    fragment[6] = 0x20;
    assert_eq!(judged(whole, &fragment), Err(Lie::OtherKind));
    assert_eq!(judged(LONG, &fragment), Err(Lie::ChecksumElsewhere));
}

/// Robustness, R-DEV-9: every field at its edges, over packets of every kind and cut anywhere.
#[test]
fn no_header_makes_trouble_and_what_is_believed_is_within_the_packet() {
    let packets = [tcp(true, 30), tcp(false, 30), udp(30), vec![0xff; 70]];
    let cuts = [0, 1, 19, 20, 27, 28, 39, 40, 41, 59, 60, 61, 70];
    let edges = |around: u16| {
        [
            0,
            1,
            around - 1,
            around,
            around + 1,
            0x7fff,
            u16::MAX - 1,
            u16::MAX,
        ]
    };
    let mut believed = 0;
    for packet in &packets {
        for packet in cuts.iter().map(|cut| &packet[..packet.len().min(*cut)]) {
            for flags in [0, NEEDS_CSUM, DATA_VALID, u8::MAX] {
                for gso_type in [0, 1, 3, 4, 5, 6, 0x80, 0x81, 0x84, 0x85, u8::MAX] {
                    for (csum_start, csum_offset) in [0, 20, 40]
                        .into_iter()
                        .flat_map(|start: u16| edges(start.max(2)).map(|start| start))
                        .flat_map(|start| edges(16).map(|offset| (start, offset)))
                    {
                        for (gso_size, hdr_len) in [(0, 40), (1, 0), (10, 41), (u16::MAX, 60)] {
                            let header = Header {
                                flags,
                                gso_type,
                                hdr_len,
                                gso_size,
                                csum_start,
                                csum_offset,
                            };
                            let Ok(Offload { checksum, gso }) = header.judge(packet) else {
                                continue;
                            };
                            believed += 1;
                            if let Checksum::Partial { start, offset } = checksum {
                                assert!(
                                    usize::from(start) + usize::from(offset) + 2 <= packet.len()
                                );
                            }
                            assert!(
                                gso.is_none_or(|gso| 0 < gso && usize::from(gso) < packet.len())
                            );
                        }
                    }
                }
            }
        }
    }
    assert!(believed > 1000, "{believed}");
}

#[test]
fn what_is_asked_for_is_what_the_packet_wants() {
    let asked = |packet: &[u8], checksum, gso| {
        let packet = Transmit {
            offload: Offload { checksum, gso },
            ..Transmit::plain(packet, Pieces::EMPTY)
        };
        Header::of(&packet, Offloads::ALL)
    };
    let mut packet = tcp(true, 5_000);
    assert_eq!(
        asked(&packet, Checksum::Full, None),
        Some(Header::default())
    );
    assert_eq!(asked(&packet, TCP_SUM, Some(1000)), Some(LONG));
    // One segment is not cut.
    let sum_only = Header {
        flags: NEEDS_CSUM,
        csum_start: 20,
        csum_offset: 16,
        ..Header::default()
    };
    assert_eq!(asked(&packet, TCP_SUM, None), Some(sum_only));
    assert_eq!(asked(&packet, TCP_SUM, Some(5_000)), Some(sum_only));
    packet[33] |= Flags::CWR.byte();
    let marked = Header {
        gso_type: GSO_TCPV4 | GSO_ECN,
        ..LONG
    };
    assert_eq!(asked(&packet, TCP_SUM, Some(1000)), Some(marked));
    let v6 = asked(
        &tcp(false, 5_000),
        Checksum::Partial {
            start: 40,
            offset: 16,
        },
        Some(1000),
    );
    assert_eq!(
        v6.map(|header| (header.gso_type, header.hdr_len)),
        Some((GSO_TCPV6, 60))
    );
    let udp_sum = Checksum::Partial {
        start: 20,
        offset: 6,
    };
    let datagrams = asked(&udp(5_000), udp_sum, Some(1000)).expect("it can be asked for");
    assert_eq!((datagrams.gso_type, datagrams.hdr_len), (GSO_UDP_L4, 28));
    // What cannot be right.
    assert_eq!(asked(&packet, Checksum::Full, Some(1000)), None);
    assert_eq!(asked(&packet, Checksum::Verified, None), None);
    assert_eq!(asked(&packet, udp_sum, None), None);
    assert_eq!(asked(&packet, TCP_SUM, Some(0)), None);
    assert_eq!(asked(&packet[..39], TCP_SUM, None), None);
}
