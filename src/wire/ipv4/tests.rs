use proptest::prelude::*;
use smoltcp::wire::{Ipv4Packet, Ipv4Repr};

use super::*;

const PLAIN: Header<'static> = Header {
    src: Ipv4Addr::new(10, 0, 0, 1),
    dst: Ipv4Addr::new(192, 0, 2, 77),
    protocol: 6,
    ttl: 64,
    tos: 0,
    identification: 0,
    dont_fragment: true,
    more_fragments: false,
    fragment_offset: 0,
    options: &[],
};

fn packet(header: &Header<'_>, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0xee; HEADER_MAX];
    let length = header.emit(payload.len(), &mut bytes);
    assert_eq!(length, header.header_len());
    assert!(bytes[length..].iter().all(|&byte| byte == 0xee));
    bytes.truncate(length);
    bytes.extend(payload);
    bytes
}

/// Makes the header checksum right after a field was changed.
fn resum(bytes: &mut [u8]) {
    bytes[10..12].fill(0);
    let header_len = usize::from(bytes[0] & 0xf) * 4;
    let sum = Sum::new().add(&bytes[..header_len]).checksum();
    bytes[10..12].copy_from_slice(&sum.to_be_bytes());
}

// req: RFC791-3.1-4, RFC791-3.1-5, RFC791-3.1-6
#[test]
fn the_header_stands_as_in_figure_4() {
    let header = Header {
        tos: 0xb9,
        identification: 0x1234,
        dont_fragment: false,
        more_fragments: true,
        fragment_offset: 1480,
        options: &[1, 1, 1, 0],
        ..PLAIN
    };
    let bytes = packet(&header, b"payload");
    assert_eq!(
        bytes[..10],
        [0x46, 0xb9, 0, 31, 0x12, 0x34, 0x20, 185, 64, 6]
    );
    assert_eq!(bytes[12..24], [10, 0, 0, 1, 192, 0, 2, 77, 1, 1, 1, 0]);
    // Summed by hand, in words, the checksum itself as zero.
    let words: [u32; 11] = [
        0x46b9, 0x001f, 0x1234, 0x20b9, 0x4006, 0x0a00, 0x0001, 0xc000, 0x024d, 0x0101, 0x0100,
    ];
    let total: u32 = words.iter().sum();
    let folded = (total & 0xffff) + (total >> 16);
    assert_eq!(bytes[10..12], (!(folded as u16)).to_be_bytes());
    assert_eq!(parse(&bytes), Ok((header, b"payload".as_slice())));
}

#[test]
fn each_fragment_field_has_its_bits() {
    for (dont, more, offset, high, low) in [
        (false, false, 0, 0x00, 0x00),
        (true, false, 0, 0x40, 0x00),
        (false, true, 8, 0x20, 0x01),
        (false, false, 65_528, 0x1f, 0xff),
        (true, true, 65_528, 0x7f, 0xff),
    ] {
        let header = Header {
            dont_fragment: dont,
            more_fragments: more,
            fragment_offset: offset,
            ..PLAIN
        };
        let bytes = packet(&header, b"");
        assert_eq!(bytes[6..8], [high, low]);
        assert_eq!(parse(&bytes), Ok((header, b"".as_slice())));
        assert_eq!(header.is_whole(), !more && offset == 0);
    }
}

// req: RFC791-3.1-1, RFC1122-3.2.1.1-1
#[test]
fn another_version_is_refused() {
    for version in (0..16_u8).filter(|&version| version != 4) {
        let mut bytes = packet(&PLAIN, b"payload");
        bytes[0] = version << 4 | 5;
        resum(&mut bytes);
        assert_eq!(parse(&bytes), Err(ParseError::Version));
    }
}

// req: RFC791-3.1-1
#[test]
fn a_header_length_below_five_words_is_refused() {
    for words in 0..5_u8 {
        let mut bytes = packet(&PLAIN, b"payload");
        bytes[0] = 4 << 4 | words;
        resum(&mut bytes);
        assert_eq!(parse(&bytes), Err(ParseError::Length));
    }
}

// req: RFC791-3.1-1
#[test]
fn a_total_length_below_the_headers_is_refused() {
    for options in [&[][..], &[1; 40]] {
        let header = Header { options, ..PLAIN };
        for total_len in 0..header.header_len() as u16 {
            let mut bytes = packet(&header, b"payload");
            bytes[2..4].copy_from_slice(&total_len.to_be_bytes());
            resum(&mut bytes);
            assert_eq!(parse(&bytes), Err(ParseError::Length), "{total_len}");
            assert_eq!(parse_quoted(&bytes), Err(ParseError::Length));
        }
    }
}

// req: RFC791-3.1-3
#[test]
fn a_packet_cut_off_anywhere_is_refused() {
    let header = Header {
        options: &[1; 8],
        ..PLAIN
    };
    let bytes = packet(&header, b"payload");
    for present in 0..bytes.len() {
        assert_eq!(parse(&bytes[..present]), Err(ParseError::Truncated));
    }
    assert!(parse(&bytes).is_ok());
}

// req: RFC791-3.1-2
#[test]
fn bytes_beyond_the_total_length_are_no_payload() {
    for payload in [b"".as_slice(), b"payload"] {
        let mut bytes = packet(&PLAIN, payload);
        bytes.extend([0xaa; 26]);
        assert_eq!(parse(&bytes), Ok((PLAIN, payload)));
    }
}

// req: RFC791-2.3-1, RFC1122-3.2.1.2-1, RFC791-3.1-4
#[test]
fn any_flipped_bit_of_the_header_is_noticed() {
    let header = Header {
        options: &[7, 7, 4, 0, 0, 0, 0, 0],
        ..PLAIN
    };
    let good = packet(&header, b"payload");
    for bit in 0..header.header_len() * 8 {
        let mut bad = good.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        assert!(parse(&bad).is_err(), "bit {bit}");
    }
    let mut other_payload = good.clone();
    other_payload[28] ^= 1;
    assert!(parse(&other_payload).is_ok(), "the payload is not summed");
}

// req: RFC6864-4.1-3
#[test]
fn the_identification_of_an_atomic_datagram_changes_nothing() {
    for identification in [0, 1, 0xffff] {
        let header = Header {
            identification,
            ..PLAIN
        };
        let bytes = packet(&header, b"payload");
        let (read, payload) = parse(&bytes).unwrap();
        assert!(read.is_whole());
        assert_eq!(payload, b"payload");
    }
}

#[test]
fn a_quote_may_be_cut_off_and_changed_on_the_way() {
    let mut bytes = packet(&PLAIN, b"payload-payload");
    bytes[8] = 1;
    assert_eq!(parse(&bytes[..28]), Err(ParseError::Truncated));
    let (header, payload) = parse_quoted(&bytes[..28]).unwrap();
    assert_eq!(header, Header { ttl: 1, ..PLAIN });
    assert_eq!(payload, b"payload-");
    bytes.extend([0; 9]);
    assert_eq!(parse_quoted(&bytes).unwrap().1, b"payload-payload");
    for present in 0..20 {
        assert_eq!(parse_quoted(&bytes[..present]), Err(ParseError::Truncated));
    }
}

#[test]
fn what_cannot_be_written_is_not() {
    let mut out = [0xee; HEADER_MAX];
    assert_eq!(PLAIN.emit(65_516, &mut out), 0);
    assert_eq!(PLAIN.emit(usize::MAX, &mut out), 0);
    assert_eq!(PLAIN.emit(0, &mut out[..19]), 0);
    for options in [&[1; 3][..], &[1; 44]] {
        assert_eq!(Header { options, ..PLAIN }.emit(0, &mut out), 0);
    }
    assert_eq!(out, [0xee; HEADER_MAX]);
    assert_eq!(PLAIN.emit(65_515, &mut out), 20);
}

prop_compose! {
    fn any_header()(
        addresses in any::<(u32, u32)>(),
        protocol in any::<u8>(),
        ttl in any::<u8>(),
        tos in any::<u8>(),
        identification in any::<u16>(),
        (dont_fragment, more_fragments) in any::<(bool, bool)>(),
        offset in 0..=8191_u16,
    ) -> Header<'static> {
        Header {
            src: addresses.0.into(),
            dst: addresses.1.into(),
            protocol,
            ttl,
            tos,
            identification,
            dont_fragment,
            more_fragments,
            fragment_offset: offset * 8,
            options: &[],
        }
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(
        mut bytes in proptest::collection::vec(any::<u8>(), 0..100),
        four: bool,
    ) {
        if let (true, Some(first)) = (four, bytes.first_mut()) {
            *first = 0x40 | *first & 0xf;
        }
        for read in [parse(&bytes), parse_quoted(&bytes)].into_iter().flatten() {
            prop_assert!(read.0.options.len() + read.1.len() + 20 <= bytes.len());
        }
    }

    // req: RFC791-3.1-4
    #[test]
    fn what_is_written_is_read_again(
        header in any_header(),
        words in proptest::collection::vec(any::<[u8; 4]>(), 0..=10),
        payload in proptest::collection::vec(any::<u8>(), 0..2000),
    ) {
        let options = words.concat();
        let header = Header { options: &options, ..header };
        let bytes = packet(&header, &payload);
        prop_assert_eq!(parse(&bytes), Ok((header, payload.as_slice())));
        prop_assert_eq!(parse_quoted(&bytes), Ok((header, payload.as_slice())));
    }

    // req: RFC791-3.1-4
    #[test]
    fn what_is_written_is_what_etherparse_writes(
        header in any_header(),
        words in proptest::collection::vec(any::<[u8; 4]>(), 0..=10),
    ) {
        use etherparse::{IpDscp, IpEcn, IpFragOffset, Ipv4Options};
        let options = words.concat();
        let bytes = packet(&Header { options: &options, ..header }, b"");
        let mut theirs = Ipv4Header {
            dscp: IpDscp::try_new(header.tos >> 2).unwrap(),
            ecn: IpEcn::try_new(header.tos & 3).unwrap(),
            total_len: bytes.len() as u16,
            identification: header.identification,
            dont_fragment: header.dont_fragment,
            more_fragments: header.more_fragments,
            fragment_offset: IpFragOffset::try_new(header.fragment_offset / 8).unwrap(),
            time_to_live: header.ttl,
            protocol: header.protocol.into(),
            header_checksum: 0,
            source: header.src.octets(),
            destination: header.dst.octets(),
            options: Ipv4Options::try_from(options.as_slice()).unwrap(),
        };
        theirs.header_checksum = theirs.calc_header_checksum();
        prop_assert_eq!(theirs.to_bytes().to_vec(), bytes);
    }

    // req: RFC791-3.1-4, RFC791-3.1-5
    #[test]
    fn what_is_written_is_what_smoltcp_reads(
        header in any_header(),
        payload in proptest::collection::vec(any::<u8>(), 0..2000),
    ) {
        let bytes = packet(&header, &payload);
        let read = Ipv4Packet::new_checked(&bytes).expect("smoltcp refuses the header");
        prop_assert!(read.verify_checksum());
        prop_assert_eq!(read.src_addr(), header.src);
        prop_assert_eq!(read.dst_addr(), header.dst);
        prop_assert_eq!(u8::from(read.next_header()), header.protocol);
        prop_assert_eq!(read.hop_limit(), header.ttl);
        prop_assert_eq!(read.dscp() << 2 | read.ecn(), header.tos);
        prop_assert_eq!(read.ident(), header.identification);
        prop_assert_eq!(read.dont_frag(), header.dont_fragment);
        prop_assert_eq!(read.more_frags(), header.more_fragments);
        prop_assert_eq!(read.frag_offset(), header.fragment_offset);
        prop_assert_eq!(read.payload(), payload.as_slice());
        prop_assert_eq!(bytes[6] & 0x80, 0, "the reserved bit");
        if header.is_whole() {
            prop_assert!(Ipv4Repr::parse(&read, &Default::default()).is_ok());
        }
    }
}
