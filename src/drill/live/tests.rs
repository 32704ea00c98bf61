use super::*;
use crate::base::Pieces;
use crate::base::SeqNum;
use crate::wire::options::{Options, Order, TimestampOption};
use crate::wire::tcp::{Flags, Ports, Segment};
use crate::wire::{ipv4, ipv6};

/// A packet that the stack's own code wrote, over IPv4 or IPv6.
fn packet(v6: bool) -> Vec<u8> {
    let (src, dst): (IpAddr, IpAddr) = match v6 {
        true => ("fd00::1".parse().unwrap(), "fd00::2".parse().unwrap()),
        false => ([192, 0, 2, 1].into(), [192, 0, 2, 2].into()),
    };
    let segment = Segment {
        ports: Ports { src: 1, dst: 2 },
        seq: SeqNum(0x0102_0304),
        ack: Some(SeqNum(0x0506_0708)),
        flags: Flags::PSH | Flags::URG,
        window: 0x1234,
        urgent: 7,
        order: Order::default(),
        options: Options {
            mss: Some(1000),
            timestamps: Some(TimestampOption { value: 9, echo: 8 }),
            ..Options::default()
        },
        text: Pieces::one(b"abc"),
    };
    let mut tcp = vec![0; segment.header_len()];
    segment.emit_header(src, dst, &mut tcp);
    tcp.extend(b"abc");
    let mut head = [0; 40];
    let len = match (src, dst) {
        (IpAddr::V4(src), IpAddr::V4(dst)) => ipv4::Header {
            src,
            dst,
            protocol: 6,
            ttl: 9,
            tos: 0x2b,
            identification: 0,
            dont_fragment: true,
            more_fragments: false,
            fragment_offset: 0,
            options: &[],
        }
        .emit(tcp.len(), &mut head),
        (IpAddr::V6(src), IpAddr::V6(dst)) => ipv6::Header {
            src,
            dst,
            next_header: 6,
            hop_limit: 9,
            traffic_class: 0x2b,
            flow_label: 0x54321,
        }
        .emit(tcp.len(), &mut head),
        _ => unreachable!(),
    };
    [&head[..len], &tcp].concat()
}

fn read(bytes: Vec<u8>) -> Live {
    Live::read(Instant::BIRTH, 3, bytes).unwrap()
}

#[test]
fn every_field_is_read() {
    for v6 in [false, true] {
        let live = read(packet(v6));
        assert_eq!((live.ip.tos, live.ip.ttl, live.ip.protocol), (0x2b, 9, 6));
        assert_eq!(live.ip.flow, if v6 { 0x54321 } else { 0 });
        assert_eq!(live.ip.total_len, live.bytes.len());
        assert!(live.ip.checksum_right);
        let tcp = live.tcp().unwrap();
        assert_eq!((tcp.src, tcp.dst), (1, 2));
        assert_eq!((tcp.seq, tcp.ack), (0x0102_0304, 0x0506_0708));
        assert_eq!((tcp.window, tcp.urgent), (0x1234, 7));
        assert_eq!((tcp.ae, tcp.reserved), (false, 0));
        assert!(tcp.has(0x08) && tcp.has(0x10) && tcp.has(0x20) && !tcp.has(0x01));
        assert_eq!(tcp.payload, b"abc");
        assert_eq!(tcp.timestamps(), Some((9, 8)));
        assert!(tcp.checksum_right);
        let (src, dst) = live.ends().unwrap();
        assert_eq!((src.port(), dst.port()), (1, 2));
    }
}

#[test]
fn a_packet_that_is_wrong_is_read_all_the_same() {
    for v6 in [false, true] {
        let ip = if v6 { 40 } else { 20 };
        let mut bytes = packet(v6);
        bytes[ip + 16] ^= 1;
        assert!(!read(bytes).tcp().unwrap().checksum_right);
        // The bits above CWR, and the three above them.
        let mut bytes = packet(v6);
        bytes[ip + 12] |= 0x0f;
        let live = read(bytes);
        assert_eq!(
            live.tcp().map(|tcp| (tcp.ae, tcp.reserved)),
            Some((true, 7))
        );
    }
    let mut bytes = packet(false);
    bytes[10] ^= 1;
    assert!(!read(bytes).ip.checksum_right);
}

#[test]
fn what_is_cut_off_is_no_segment() {
    let bytes = packet(false);
    for len in [20, 30, 39, 45] {
        let live = read(bytes[..len].to_vec());
        assert!(matches!(live.body, LiveBody::Unread(_)), "{len}");
    }
    assert_eq!(Live::read(Instant::BIRTH, 0, Vec::new()), None);
    assert_eq!(Live::read(Instant::BIRTH, 0, bytes[..19].to_vec()), None);
    assert_eq!(Live::read(Instant::BIRTH, 0, vec![0x50; 40]), None);
}

#[test]
fn options_are_parted_and_a_bad_length_is_noticed() {
    let parted = split_options(&[1, 2, 4, 5, 0xb4, 0]).unwrap();
    assert_eq!(parted, [(1, &[][..]), (2, &[5, 0xb4][..]), (0, &[][..])]);
    assert_eq!(split_options(&[8, 1]), None);
    assert_eq!(split_options(&[8, 10, 0]), None);
    assert_eq!(split_options(&[8]), None);
}
