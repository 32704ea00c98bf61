use super::*;
use crate::wire::ipv4;
use crate::wire::options::{Options, Order, SackBlock, TimestampOption};
use crate::wire::tcp::{Flags, Ports, Segment};

/// 10.0.0.1:1024 to 10.0.0.2:80, SYN, seq 0x01020304, window 0x1000, MSS 1460, scale 7, SACK
/// permitted, timestamps 1 and 2; its sums were added up by hand.
const SYN: [u8; 60] = [
    0x45, 0, 0, 60, 0, 0, 0x40, 0, 64, 6, 0x26, 0xba, 10, 0, 0, 1, 10, 0, 0, 2, // IPv4
    4, 0, 0, 80, 1, 2, 3, 4, 0, 0, 0, 0, 0xa0, 2, 0x10, 0, 0x1b, 0xa5, 0, 0, // TCP
    2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2, 1, 3, 3, 7, // options
];

fn segment<'a>(flags: Flags, text: &'a [u8], options: Options) -> Segment<'a> {
    Segment {
        ports: Ports { src: 5, dst: 6 },
        seq: SeqNum(u32::MAX - 1),
        ack: flags.has(Flags::ACK).then_some(SeqNum(77)),
        flags,
        window: 9,
        urgent: 0,
        order: Order::default(),
        options,
        text: Pieces::one(text),
    }
}

/// Header and text as the stack would send them.
fn written(segment: &Segment<'_>) -> Vec<u8> {
    let (src, dst) = (Ipv4Addr::new(10, 0, 0, 1), Ipv4Addr::new(10, 0, 0, 2));
    let mut packet = vec![0; 20 + segment.header_len()];
    segment.emit_header(src.into(), dst.into(), &mut packet[20..]);
    packet.extend(segment.text.iter());
    let header = ipv4::Header {
        src,
        dst,
        protocol: 6,
        ttl: 64,
        tos: 2,
        identification: 0,
        dont_fragment: true,
        more_fragments: false,
        fragment_offset: 0,
        options: &[],
    };
    header.emit(packet.len() - 20, &mut packet);
    packet
}

#[test]
fn a_syn_is_read_as_the_figures_say() {
    let reading = read(&SYN, 60).unwrap();
    assert_eq!(reading.src, IpAddr::from([10, 0, 0, 1]));
    assert_eq!(reading.dst, IpAddr::from([10, 0, 0, 2]));
    assert_eq!((reading.protocol, reading.hop_limit), (6, 64));
    assert!(!reading.may_fragment && !reading.is_fragment);
    let segment = reading.segment.unwrap();
    assert_eq!((segment.src_port, segment.dst_port), (1024, 80));
    assert_eq!((segment.seq, segment.ack), (SeqNum(0x0102_0304), None));
    assert!(segment.syn() && !segment.fin() && !segment.rst() && !segment.is_bare());
    assert_eq!((segment.window, segment.text_len), (0x1000, 0));
    let OptionsReading {
        mss,
        window_scale,
        sack_permitted,
        timestamps,
        ..
    } = segment.options;
    assert_eq!((mss, window_scale), (Some(1460), Some(7)));
    assert!(sack_permitted);
    assert_eq!(timestamps, Some((1, 2)));
    assert!(sums_are_right(&reading, &SYN, Pieces::EMPTY));
}

#[test]
fn a_bit_flipped_anywhere_is_not_read_or_has_a_wrong_sum() {
    for bit in 0..SYN.len() * 8 {
        let mut packet = SYN;
        packet[bit / 8] ^= 1 << (bit % 8);
        let whole = read(&packet, packet.len())
            .is_ok_and(|reading| sums_are_right(&reading, &packet, Pieces::EMPTY));
        assert!(!whole, "bit {bit}");
    }
}

#[test]
fn text_in_pieces_of_odd_lengths_is_summed_as_if_in_one() {
    let text = *b"text of an odd length";
    let packet = written(&segment(Flags::ACK, &text, Options::default()));
    let reading = read(&packet, packet.len()).unwrap();
    for cut in 40..packet.len() {
        for second in cut..packet.len() {
            let body = Pieces(&packet[cut..second], &packet[second..]);
            let reading = read(&packet[..cut], packet.len()).unwrap();
            assert!(sums_are_right(&reading, &packet[..cut], body));
        }
    }
    let segment = reading.segment.unwrap();
    assert_eq!(segment.text_len, 21);
    assert_eq!(&packet[segment.text_at..], text);
    assert_eq!(reading.ecn, 2);
}

#[test]
fn numbers_of_syn_text_and_fin_are_counted_across_the_wrap() {
    let both = Flags::SYN | Flags::FIN | Flags::ACK;
    let packet = written(&segment(both, b"abc", Options::default()));
    let segment = read(&packet, packet.len()).unwrap().segment.unwrap();
    assert_eq!(segment.text_seq(), SeqNum(u32::MAX));
    assert_eq!(segment.text_end(), SeqNum(2));
    assert_eq!(segment.end(), SeqNum(3));
}

#[test]
fn options_of_a_segment_are_read() {
    let mut options = Options {
        timestamps: Some(TimestampOption {
            value: 0x0102_0304,
            echo: 0xf0f1_f2f3,
        }),
        ..Options::default()
    };
    for (left, right) in [(10, 20), (u32::MAX, 5)] {
        let (left, right) = (SeqNum(left), SeqNum(right));
        options.push_sack(SackBlock { left, right });
    }
    let packet = written(&segment(Flags::ACK, b"", options));
    let segment = read(&packet, packet.len()).unwrap().segment.unwrap();
    let options = segment.options;
    assert_eq!(options.timestamps, Some((0x0102_0304, 0xf0f1_f2f3)));
    let blocks = [(SeqNum(10), SeqNum(20)), (SeqNum(u32::MAX), SeqNum(5))];
    assert!(options.sack_blocks().eq(blocks));
    assert!(segment.is_bare());
}

#[test]
fn ipv6_is_read() {
    let mut packet = [0_u8; 60];
    packet[0] = 0x60;
    packet[1] = 0x10;
    packet[5] = 20;
    packet[6] = 6;
    packet[7] = 1;
    packet[23] = 1;
    packet[39] = 2;
    packet[52] = 0x50;
    let reading = read(&packet, 60).unwrap();
    assert_eq!(reading.src, IpAddr::V6(Ipv6Addr::LOCALHOST));
    assert_eq!((reading.ecn, reading.hop_limit), (1, 1));
    // The words are 1, 2, protocol 6, length 20, data offset 0x5000: the field lacks the rest.
    let missing: u16 = 0xffff - (1 + 2 + 6 + 20 + 0x5000);
    packet[56..58].copy_from_slice(&missing.to_be_bytes());
    assert!(sums_are_right(&reading, &packet, Pieces::EMPTY));
}

#[test]
fn what_cannot_be_is_refused_without_a_panic() {
    for len in 0..SYN.len() {
        assert!(read(&SYN[..len], SYN.len()).is_err(), "{len} bytes");
        assert!(read(&SYN[..len], len).is_err(), "{len} bytes");
    }
    let with = |at: usize, value: u8| {
        let mut packet = SYN;
        packet[at] = value;
        read(&packet, packet.len()).map(|_| ())
    };
    assert_eq!(with(0, 0x44), Err("an IPv4 header length that cannot be"));
    assert_eq!(with(32, 0x40), Err("a TCP data offset that cannot be"));
    assert_eq!(with(41, 1), Err("an option length that cannot be"));
    assert_eq!(with(41, 60), Err("an option length that cannot be"));
    assert_eq!(
        with(40, 3),
        Err("an option of a length that its kind does not have")
    );
}
