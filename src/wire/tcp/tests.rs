use std::net::{Ipv4Addr, Ipv6Addr};

use proptest::prelude::*;
use smoltcp::wire::TcpPacket;

use super::super::TimestampOption;
use super::super::options::tests::any_options;
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

fn segment(flags: Flags, text: &[u8]) -> Segment<'_> {
    Segment {
        ports: Ports {
            src: 0xc001,
            dst: 80,
        },
        seq: SeqNum(0x0102_0304),
        ack: flags.has(Flags::ACK).then_some(SeqNum(0xfffe_fdfc)),
        flags,
        window: 0xffff,
        urgent: 0,
        order: Order::default(),
        options: Options::default(),
        text: Pieces::one(text),
    }
}

fn emitted(seg: &Segment<'_>, [src, dst]: [IpAddr; 2]) -> Vec<u8> {
    let mut bytes = vec![0xee; HEADER_MAX];
    let length = seg.emit_header(src, dst, &mut bytes);
    assert_eq!(length, seg.header_len());
    assert!(bytes[length..].iter().all(|&byte| byte == 0xee));
    bytes.truncate(length);
    bytes.extend(seg.text.iter());
    bytes
}

fn parsed(bytes: &[u8], [src, dst]: [IpAddr; 2]) -> Result<Segment<'_>, ParseError> {
    Segment::parse(src, dst, bytes, Checksum::Full)
}

fn assert_same(read: &Segment<'_>, written: &Segment<'_>) {
    // All fields by name, so that none is forgotten.
    let Segment {
        ports,
        seq,
        ack,
        flags,
        window,
        urgent,
        options,
        // What is read says nothing of it.
        order: _,
        text,
    } = read;
    assert_eq!(*ports, written.ports);
    assert_eq!(*seq, written.seq);
    assert_eq!(*ack, written.ack);
    assert_eq!(*flags, written.flags);
    assert_eq!(*window, written.window);
    assert_eq!(*urgent, written.urgent);
    assert_eq!(*options, written.options);
    assert_eq!(text.to_vec(), written.text.to_vec());
}

// req: MUST-2, RFC9293-3.1-2
#[test]
fn the_header_stands_as_in_figure_1() {
    let mut seg = segment(Flags::PSH | Flags::ACK | Flags::URG, b"abc");
    seg.urgent = 0x0203;
    seg.options.mss = Some(1460);
    let bytes = emitted(&seg, V4);
    assert_eq!(
        bytes[..16],
        [
            0xc0, 0x01, 0, 80, 1, 2, 3, 4, 0xff, 0xfe, 0xfd, 0xfc, 0x60, 0x38, 0xff, 0xff
        ]
    );
    assert_eq!(bytes[18..], [2, 3, 2, 4, 5, 0xb4, b'a', b'b', b'c']);
    // Summed by hand, in words: 10.0.0.1 to 192.0.2.77, protocol 6, 27 bytes; odd text padded.
    let words: [u32; 21] = [
        0x0a00, 0x0001, 0xc000, 0x024d, 0x0006, 0x001b, 0xc001, 0x0050, 0x0102, 0x0304, 0xfffe,
        0xfdfc, 0x6038, 0xffff, 0x0203, 0x0204, 0x05b4, 0x6162, 0x6300, 0, 0,
    ];
    let total: u32 = words.iter().sum();
    let folded = (total & 0xffff) + (total >> 16);
    let folded = (folded & 0xffff) + (folded >> 16);
    assert_eq!(bytes[16..18], (!(folded as u16)).to_be_bytes());
}

// req: MUST-2, MUST-3, RFC9293-3.1-3, RFC8200-8.1-1
#[test]
fn a_segment_with_any_bit_flipped_is_refused() {
    for pair in BOTH {
        let seg = segment(Flags::ACK, b"odd");
        let good = emitted(&seg, pair);
        assert_same(&parsed(&good, pair).unwrap(), &seg);
        for bit in 0..good.len() * 8 {
            let mut bad = good.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert!(parsed(&bad, pair).is_err(), "bit {bit}");
        }
    }
}

// req: MUST-3, RFC9293-3.1-3, RFC8200-8.1-1
#[test]
fn the_checksum_covers_addresses_and_length() {
    for pair in BOTH {
        let good = emitted(&segment(Flags::ACK, b"text"), pair);
        let [src, dst] = pair;
        let other = if src.is_ipv4() { V4[1] } else { V6[1] };
        assert_eq!(
            parsed(&good, [other, dst]).unwrap_err(),
            ParseError::Checksum
        );
        // Zeros at the end change no sum but the length's.
        let longer = [good.as_slice(), &[0, 0]].concat();
        assert_eq!(parsed(&longer, pair).unwrap_err(), ParseError::Checksum);
    }
}

#[test]
fn a_device_that_vouches_is_believed() {
    let [src, dst] = V4;
    let mut bytes = emitted(&segment(Flags::ACK, b"text"), V4);
    bytes[16] ^= 0xff;
    assert_eq!(parsed(&bytes, V4).unwrap_err(), ParseError::Checksum);
    let partial = Checksum::Partial {
        start: 20,
        offset: 16,
    };
    for vouched in [Checksum::Verified, partial] {
        assert!(Segment::parse(src, dst, &bytes, vouched).is_ok());
    }
}

// req: RFC9293-3.1-1
#[test]
fn a_data_offset_below_five_or_beyond_the_segment_is_refused() {
    let [src, dst] = V4;
    for present in 0..=64_usize {
        for offset in 0..16_u8 {
            let mut bytes = vec![1; present];
            if let Some(byte) = bytes.get_mut(12) {
                *byte = offset << 4;
            }
            let length = usize::from(offset) * 4;
            let read = Segment::parse(src, dst, &bytes, Checksum::Verified);
            match read {
                Ok(seg) => {
                    assert!(present >= 20 && (20..=present).contains(&length));
                    assert_eq!(seg.text.len(), present - length);
                }
                Err(ParseError::Truncated) => assert!(present < 20 || length > present),
                Err(ParseError::Length) => assert!(present >= 20 && length < 20),
                Err(other) => panic!("{other}"),
            }
        }
    }
}

// req: RFC9293-3.1-2
#[test]
fn reserved_bits_but_ae_are_ignored() {
    let [src, dst] = V4;
    let seg = segment(Flags::SYN, b"");
    let mut bytes = emitted(&seg, V4);
    assert_eq!(bytes[12], 0x50, "and sent as zero");
    bytes[12] |= 0x0e;
    assert_same(
        &Segment::parse(src, dst, &bytes, Checksum::Verified).unwrap(),
        &seg,
    );
}

// req: MUST-1
#[test]
fn a_window_of_sixteen_ones_is_65535() {
    for window in [0, 1, 0x7fff, 0x8000, 0xffff] {
        let mut seg = segment(Flags::ACK, b"");
        seg.window = window;
        let bytes = emitted(&seg, V4);
        assert_eq!(bytes[14..16], window.to_be_bytes());
        assert_eq!(parsed(&bytes, V4).unwrap().window, window);
    }
}

// req: MUST-5
#[test]
fn options_are_read_from_any_segment() {
    for bits in 0..512 {
        let mut seg = segment(Flags(bits), b"x");
        seg.options.mss = Some(999);
        seg.options.timestamps = Some(TimestampOption { value: 1, echo: 2 });
        assert_same(&parsed(&emitted(&seg, V6), V6).unwrap(), &seg);
    }
}

#[test]
fn all_flags_stand_at_their_bits() {
    let [src, dst] = V4;
    for bits in 0..512 {
        let seg = segment(Flags(bits), b"");
        let bytes = emitted(&seg, V4);
        assert_eq!(u16::from_be_bytes([bytes[12] & 0x0f, bytes[13]]), bits);
        let read = Segment::parse(src, dst, &bytes, Checksum::Full).unwrap();
        assert_eq!(read.flags, Flags(bits));
        assert_eq!(read.ack.is_some(), bits & 0x10 != 0);
    }
}

#[test]
fn the_ack_field_alone_decides_about_the_ack_bit() {
    let mut seg = segment(Flags::SYN, b"");
    seg.ack = Some(SeqNum(7));
    assert_eq!(
        parsed(&emitted(&seg, V4), V4).unwrap().flags,
        Flags::SYN | Flags::ACK
    );
    let mut seg = segment(Flags::SYN | Flags::ACK, b"");
    seg.ack = None;
    assert_eq!(parsed(&emitted(&seg, V4), V4).unwrap().flags, Flags::SYN);
}

#[test]
fn nothing_is_written_where_there_is_no_room() {
    let [src, dst] = V4;
    let mut out = [0xee; 19];
    let seg = segment(Flags::ACK, b"");
    assert_eq!(seg.emit_header(src, dst, &mut out), 0);
    assert_eq!(out, [0xee; 19]);
}

#[test]
fn text_in_two_pieces_is_summed_as_one() {
    let text: Vec<u8> = (0..100).collect();
    for split in 0..=text.len() {
        let (first, second) = text.split_at(split);
        let mut seg = segment(Flags::ACK, b"");
        seg.text = Pieces(first, second);
        let bytes = emitted(&seg, V4);
        assert_eq!(parsed(&bytes, V4).unwrap().text.to_vec(), text);
    }
}

#[test]
fn flags_print_as_wireshark_and_tcpdump_print_them() {
    for (flags, long, short) in [
        (Flags::NONE, "<None>", "-"),
        (Flags::SYN, "SYN", "S"),
        (Flags::ACK | Flags::SYN, "SYN, ACK", "S."),
        (Flags::FIN | Flags::PSH | Flags::ACK, "FIN, PSH, ACK", "FP."),
        (Flags::SYN | Flags::ECE | Flags::CWR, "SYN, ECE, CWR", "SEW"),
        (
            Flags(511),
            "FIN, SYN, RST, PSH, ACK, URG, ECE, CWR, AE",
            "FSRP.UEWA",
        ),
    ] {
        assert_eq!(flags.to_string(), long);
        assert_eq!(flags.letters(), short);
    }
}

#[test]
fn syn_and_fin_each_take_a_sequence_number() {
    let text = [0; 10];
    for (flags, len) in [
        (Flags::ACK | Flags::RST | Flags::PSH | Flags::URG, 10),
        (Flags::SYN, 11),
        (Flags::FIN | Flags::ACK, 11),
        (Flags::SYN | Flags::FIN, 12),
    ] {
        let mut seg = segment(flags, &text);
        assert_eq!(seg.len(), len);
        seg.seq = SeqNum(u32::MAX);
        assert_eq!(seg.end(), SeqNum(len - 1));
    }
    assert!(segment(Flags::ACK, b"").is_empty());
}

/// What a segment carries, number by number.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Item {
    Syn,
    Byte(u8),
    Fin,
}

fn items(seg: &Segment<'_>) -> Vec<(SeqNum, Item)> {
    let mut items = Vec::new();
    items.extend(seg.syn().then_some(Item::Syn));
    items.extend(seg.text.iter().map(Item::Byte));
    items.extend(seg.fin().then_some(Item::Fin));
    (0..).map(|n| seg.seq + n).zip(items).collect()
}

/// Every small segment at every small distance from every small window, also across 2^31 and 2^32:
/// exactly the numbers inside the window are left.
#[test]
fn trimming_leaves_exactly_what_the_window_holds() {
    let bytes = [11, 22, 33];
    let mut trimmed = 0;
    for start in [0, 3, 0x7fff_fffe, 0x8000_0001, u32::MAX - 2, u32::MAX] {
        let start = SeqNum(start);
        for case in 0..13 * 4 * 4 * 7_u32 {
            let (ahead, case) = (case % 13, case / 13);
            let (length, case) = (case % 4, case / 4);
            let (flags, window) = (case % 4, case / 4);
            let mut seg = segment(Flags(flags as u16), &bytes[..length as usize]);
            seg.seq = start + ahead - 6;
            // The text may lie in two pieces.
            let (one, two) = bytes[..length as usize].split_at(length as usize / 2);
            seg.text = Pieces(one, two);
            let left = seg.trim(start, window);
            let mut expected = items(&seg);
            expected.retain(|(seq, _)| seq.in_window(start, window));
            assert_eq!(items(&left), expected, "{seg:?} to {window} from {start}");
            if expected.is_empty() {
                let old = seg.end().at_or_before(start);
                assert!(
                    left.seq
                        == if old {
                            seg.end()
                        } else {
                            seg.seq.later_of(start)
                        }
                );
            }
            trimmed += usize::from(expected.len() < items(&seg).len());
        }
    }
    assert!(trimmed > 1000, "{trimmed}");
}

#[test]
fn trimming_touches_nothing_of_what_fits() {
    let mut seg = segment(Flags(511), b"text");
    seg.urgent = 2;
    seg.options.window_scale = Some(3);
    assert_same(&seg.trim(seg.seq, seg.len()), &seg);
    assert_same(&seg.trim(seg.seq - 5, 100), &seg);
}

#[test]
fn the_urgent_pointer_keeps_its_place_when_the_front_goes() {
    for (urgent, left, urg) in [(5, 3, true), (3, 1, true), (2, 0, false), (0, 0, false)] {
        let mut seg = segment(Flags::ACK | Flags::URG, b"abcdef");
        seg.urgent = urgent;
        let cut = seg.trim(seg.seq + 2, 100);
        assert_eq!(cut.urgent, left);
        assert_eq!(cut.flags.has(Flags::URG), urg);
        assert_eq!(
            seg.trim(seg.seq, 2).urgent,
            urgent,
            "the end does not count"
        );
    }
}

prop_compose! {
    fn any_fields()(
        ports in any::<(u16, u16)>(),
        seq in any::<u32>(),
        ack in any::<Option<u32>>(),
        bits in 0..512_u16,
        window in any::<u16>(),
        urgent in any::<u16>(),
        options in any_options(),
    ) -> Segment<'static> {
        let ack = ack.map(SeqNum);
        let flags = Flags(bits).without(Flags::ACK);
        Segment {
            ports: Ports { src: ports.0, dst: ports.1 },
            seq: SeqNum(seq),
            ack,
            flags: if ack.is_some() { flags | Flags::ACK } else { flags },
            window,
            urgent,
            options,
            order: Order::default(),
            text: Pieces::EMPTY,
        }
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
        let [src, dst] = V6;
        for vouched in [Checksum::Full, Checksum::Verified] {
            if let Ok(seg) = Segment::parse(src, dst, &bytes, vouched) {
                let _ = seg.trim(SeqNum(7), 9);
                prop_assert!(seg.text.len() + 20 <= bytes.len());
            }
        }
    }

    // req: MUST-2, MUST-3
    #[test]
    fn what_is_written_is_read_again(
        fields in any_fields(),
        text in proptest::collection::vec(any::<u8>(), 0..2000),
        family in 0..2_usize,
    ) {
        let seg = Segment { text: Pieces::one(&text), ..fields };
        let bytes = emitted(&seg, BOTH[family]);
        assert_same(&parsed(&bytes, BOTH[family]).unwrap(), &seg);
    }

    // req: RFC9293-3.1-2
    #[test]
    fn what_is_written_is_what_etherparse_writes(fields in any_fields()) {
        let [src, dst] = V4;
        let bytes = emitted(&fields, V4);
        let mut theirs = TcpHeader::new(
            fields.ports.src,
            fields.ports.dst,
            fields.seq.0,
            fields.window,
        );
        theirs.acknowledgment_number = fields.ack.map_or(0, |ack| ack.0);
        theirs.urgent_pointer = fields.urgent;
        theirs.fin = fields.fin();
        theirs.syn = fields.syn();
        theirs.rst = fields.rst();
        theirs.psh = fields.flags.has(Flags::PSH);
        theirs.ack = fields.ack.is_some();
        theirs.urg = fields.flags.has(Flags::URG);
        theirs.ece = fields.flags.has(Flags::ECE);
        theirs.cwr = fields.flags.has(Flags::CWR);
        theirs.ns = fields.flags.has(Flags::AE);
        theirs.set_options_raw(&bytes[20..]).unwrap();
        let (IpAddr::V4(src), IpAddr::V4(dst)) = (src, dst) else { unreachable!() };
        theirs.checksum = theirs
            .calc_checksum_ipv4_raw(src.octets(), dst.octets(), &[])
            .unwrap();
        prop_assert_eq!(theirs.to_bytes().to_vec(), bytes);
    }

    // req: MUST-2, RFC9293-3.1-3, RFC8200-8.1-1
    #[test]
    fn what_is_written_is_what_smoltcp_reads(
        fields in any_fields(),
        text in proptest::collection::vec(any::<u8>(), 0..2000),
        family in 0..2_usize,
    ) {
        let seg = Segment { text: Pieces::one(&text), ..fields };
        let [src, dst] = BOTH[family];
        let bytes = emitted(&seg, BOTH[family]);
        let packet = TcpPacket::new_checked(&bytes).expect("smoltcp refuses the header");
        prop_assert!(packet.verify_checksum(&src.into(), &dst.into()));
        prop_assert_eq!((packet.src_port(), packet.dst_port()), (seg.ports.src, seg.ports.dst));
        prop_assert_eq!(packet.seq_number().0 as u32, seg.seq.0);
        if let Some(ack) = seg.ack {
            prop_assert_eq!(packet.ack_number().0 as u32, ack.0);
        }
        prop_assert_eq!(packet.window_len(), seg.window);
        prop_assert_eq!(packet.urgent_at(), seg.urgent);
        let flags = [
            (packet.fin(), Flags::FIN), (packet.syn(), Flags::SYN), (packet.rst(), Flags::RST),
            (packet.psh(), Flags::PSH), (packet.ack(), Flags::ACK), (packet.urg(), Flags::URG),
            (packet.ece(), Flags::ECE), (packet.cwr(), Flags::CWR),
        ];
        for (set, flag) in flags {
            prop_assert_eq!(set, seg.flags.has(flag), "{}", flag);
        }
        prop_assert_eq!(packet.payload(), text.as_slice());
        prop_assert_eq!(usize::from(packet.header_len()), seg.header_len());
    }
}
