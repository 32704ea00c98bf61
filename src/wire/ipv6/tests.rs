use proptest::prelude::*;
use smoltcp::wire::Ipv6Packet;

use super::*;

const PLAIN: Header = Header {
    src: Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1),
    dst: Ipv6Addr::new(0xfe80, 0, 0, 0, 0x1234, 0, 0, 0xffff),
    next_header: 6,
    hop_limit: 64,
    traffic_class: 0,
    flow_label: 0,
};

fn packet(header: &Header, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0xee; HEADER_LEN + 1];
    assert_eq!(header.emit(payload.len(), &mut bytes), HEADER_LEN);
    assert_eq!(bytes.pop(), Some(0xee));
    bytes.extend(payload);
    bytes
}

/// What a walk over everything finds, one word a header and its options; the last is the payload.
fn walked(next_header: u8, payload: &[u8]) -> Result<Vec<String>, ParseError> {
    let header = Header {
        next_header,
        ..PLAIN
    };
    let mut walk = header.extensions(payload);
    let mut found = Vec::new();
    while let Some(extension) = walk.step()? {
        let (name, mut options) = match extension {
            Extension::HopByHop(options) => ("hop-by-hop", options),
            Extension::DestinationOptions(options) => ("destination", options),
            Extension::Routing {
                type_at,
                routing_type,
                segments_left,
            } => {
                found.push(format!("routing {routing_type}@{type_at} {segments_left}"));
                continue;
            }
            Extension::Fragment {
                offset,
                more_fragments,
                identification,
            } => {
                found.push(format!(
                    "fragment {offset} {more_fragments} {identification:x}"
                ));
                continue;
            }
        };
        let mut words = String::from(name);
        while let Some((at, option)) = options.step()? {
            words.push_str(&format!(" {option}@{at}"));
        }
        found.push(words);
    }
    found.push(format!(
        "{} named at {}: {}",
        walk.next_header(),
        walk.named_at(),
        walk.rest().escape_ascii()
    ));
    Ok(found)
}

// req: RFC8200-3-1
#[test]
fn the_header_stands_as_in_section_3() {
    let header = Header {
        traffic_class: 0xb9,
        flow_label: 0xa_bcde,
        ..PLAIN
    };
    let bytes = packet(&header, b"payload");
    assert_eq!(bytes[..8], [0x6b, 0x9a, 0xbc, 0xde, 0, 7, 6, 64]);
    assert_eq!(bytes[8..24], header.src.octets());
    assert_eq!(bytes[24..40], header.dst.octets());
    assert_eq!(parse(&bytes), Ok((header, b"payload".as_slice())));
}

// req: RFC8200-3-1
#[test]
fn another_version_is_refused() {
    for version in (0..16_u8).filter(|&version| version != 6) {
        let mut bytes = packet(&PLAIN, b"payload");
        bytes[0] = version << 4;
        assert_eq!(parse(&bytes), Err(ParseError::Version));
    }
}

// req: RFC8200-3-1
#[test]
fn the_payload_length_decides_where_the_packet_ends() {
    let bytes = packet(&PLAIN, b"payload");
    for present in 0..bytes.len() {
        assert_eq!(parse(&bytes[..present]), Err(ParseError::Truncated));
    }
    let mut longer = bytes.clone();
    longer.extend([0xaa; 26]);
    assert_eq!(parse(&longer), Ok((PLAIN, b"payload".as_slice())));
    // A payload length of zero is none, not "all the rest".
    longer[4..6].fill(0);
    assert_eq!(parse(&longer), Ok((PLAIN, b"".as_slice())));
}

#[test]
fn a_quote_may_be_cut_off() {
    let bytes = packet(&PLAIN, b"payload-payload");
    assert_eq!(
        parse_quoted(&bytes[..48]),
        Ok((PLAIN, b"payload-".as_slice()))
    );
    assert_eq!(parse_quoted(&bytes[..39]), Err(ParseError::Truncated));
    let longer = [bytes.as_slice(), &[0; 9]].concat();
    assert_eq!(parse_quoted(&longer).unwrap().1, b"payload-payload");
}

// req: RFC6437-3-2
#[test]
fn a_flow_without_a_label_has_zero_there() {
    assert_eq!(packet(&PLAIN, b"")[1..4], [0, 0, 0]);
    // 20 bits fit; what is above them must not spill into the traffic class.
    let header = Header {
        flow_label: u32::MAX,
        ..PLAIN
    };
    assert_eq!(packet(&header, b"")[..4], [0x60, 0x0f, 0xff, 0xff]);
}

#[test]
fn what_cannot_be_written_is_not() {
    let mut out = [0xee; HEADER_LEN];
    assert_eq!(PLAIN.emit(65_536, &mut out), 0);
    assert_eq!(PLAIN.emit(0, &mut out[..39]), 0);
    assert_eq!(out, [0xee; HEADER_LEN]);
    assert_eq!(PLAIN.emit(65_535, &mut out), HEADER_LEN);
}

#[test]
fn without_extension_headers_the_payload_follows() {
    assert_eq!(walked(6, b"text"), Ok(vec!["6 named at 6: text".into()]));
    assert_eq!(walked(59, b"x"), Ok(vec!["59 named at 6: x".into()]));
}

// req: RFC8200-4-1, RFC8200-4.1-1, RFC8200-4.2-2, RFC8200-4.2-3
#[test]
fn extension_headers_are_walked_in_their_order() {
    let payload = [
        // Hop-by-hop: PadN of 4, then two pads of one.
        [60, 0, 1, 2, 0xaa, 0xaa, 0, 0].as_slice(),
        // Destination options of 16 bytes: an option at its start, one after padding.
        &[43, 1, 0x1e, 1, 9, 0, 1, 0, 0xc2, 4, 1, 2, 3, 4, 1, 0],
        // Routing, type 4, two segments left.
        &[60, 0, 4, 2, 0, 0, 0, 0],
        // Destination options again: one option to the last byte.
        &[6, 0, 0x3e, 4, 1, 2, 3, 4],
        b"text",
    ]
    .concat();
    assert_eq!(
        walked(0, &payload),
        Ok(vec![
            "hop-by-hop".into(),
            "destination 30@50 194@56".into(),
            "routing 4@66 2".into(),
            "destination 62@74".into(),
            "6 named at 72: text".into(),
        ])
    );
}

// req: RFC8200-4-4
#[test]
fn hop_by_hop_options_are_known_only_directly_after_the_fixed_header() {
    let payload = [[0, 0, 1, 4, 0, 0, 0, 0], [6, 0, 1, 4, 0, 0, 0, 0]].concat();
    let found = walked(60, &payload).unwrap();
    assert_eq!(found[0], "destination");
    assert!(found[1].starts_with("0 named at 40:"), "{found:?}");
    let found = walked(0, &payload).unwrap();
    assert!(found[1].starts_with("0 named at 40:"), "{found:?}");
}

#[test]
fn a_fragment_header_says_where_its_piece_stands() {
    for (field, words) in [
        ([0, 0], "fragment 0 false aabbccdd"),
        ([0, 1], "fragment 0 true aabbccdd"),
        ([0, 8], "fragment 8 false aabbccdd"),
        ([0xff, 0xff], "fragment 65528 true aabbccdd"),
    ] {
        let header = [17, 0, field[0], field[1], 0xaa, 0xbb, 0xcc, 0xdd];
        let found = walked(44, &[header.as_slice(), b"rest"].concat()).unwrap();
        assert_eq!(found, [words, "17 named at 40: rest"]);
    }
}

#[test]
fn a_header_that_does_not_fit_the_packet_is_refused() {
    for next_header in [HOP_BY_HOP, ROUTING, FRAGMENT, DESTINATION_OPTIONS] {
        for present in 0..8 {
            let bytes = &[6, 0, 0, 0, 0, 0, 0, 0][..present];
            assert_eq!(walked(next_header, bytes), Err(ParseError::Truncated));
        }
        assert!(walked(next_header, &[6, 0, 0, 0, 0, 0, 0, 0]).is_ok());
        if next_header != FRAGMENT {
            let longer = [6, 255, 0, 0, 0, 0, 0, 0];
            assert_eq!(walked(next_header, &longer), Err(ParseError::Truncated));
        }
    }
}

// req: RFC8200-4.2-2
#[test]
fn an_option_that_does_not_fit_its_header_is_refused() {
    // Its content is six bytes.
    for content in [
        [1, 5, 0, 0, 0, 0],
        [0, 0, 0, 0, 0, 1],
        [0, 0, 0, 0, 0, 0x1e],
        [0x1e, 255, 0, 0, 0, 0],
        [0, 0, 0x1e, 3, 0, 0],
    ] {
        let header = [[6, 0].as_slice(), &content].concat();
        // What follows the header must not lend it bytes.
        let payload = [header.as_slice(), &[0; 300]].concat();
        for next_header in [HOP_BY_HOP, DESTINATION_OPTIONS] {
            assert_eq!(walked(next_header, &payload), Err(ParseError::Length));
        }
    }
    assert_eq!(
        walked(60, &[6, 0, 0x1e, 4, 0, 0, 0, 0]).unwrap()[0],
        "destination 30@42"
    );
}

prop_compose! {
    fn any_header()(
        addresses in any::<(u128, u128)>(),
        next_header in any::<u8>(),
        hop_limit in any::<u8>(),
        traffic_class in any::<u8>(),
        flow_label in 0..=FLOW_LABEL_MASK,
    ) -> Header {
        Header {
            src: addresses.0.into(),
            dst: addresses.1.into(),
            next_header,
            hop_limit,
            traffic_class,
            flow_label,
        }
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(
        mut bytes in proptest::collection::vec(any::<u8>(), 0..200),
        extensions in proptest::collection::vec(0..4_usize, 0..20),
    ) {
        // Random bytes rarely make chains: put next headers and short lengths where they matter.
        if let Some(first) = bytes.first_mut() {
            *first = 0x60 | *first & 0xf;
        }
        if let Some(length) = bytes.get_mut(4..6) {
            length.copy_from_slice(&[0, 100]);
        }
        for (nth, &which) in extensions.iter().enumerate() {
            let kind = [HOP_BY_HOP, ROUTING, FRAGMENT, DESTINATION_OPTIONS][which];
            let at = if nth == 0 { 6 } else { 32 + nth * 8 };
            if let Some(byte) = bytes.get_mut(at) {
                *byte = kind;
            }
            if let Some(length) = bytes.get_mut(33 + nth * 8).filter(|_| nth > 0) {
                *length %= 3;
            }
        }
        for (header, payload) in [parse(&bytes), parse_quoted(&bytes)].into_iter().flatten() {
            prop_assert!(payload.len() + HEADER_LEN <= bytes.len());
            if let Ok(found) = walked(header.next_header, payload) {
                prop_assert!(!found.is_empty());
            }
        }
    }

    #[test]
    fn what_is_written_is_read_again(
        header in any_header(),
        payload in proptest::collection::vec(any::<u8>(), 0..2000),
    ) {
        let bytes = packet(&header, &payload);
        prop_assert_eq!(parse(&bytes), Ok((header, payload.as_slice())));
        prop_assert_eq!(parse_quoted(&bytes), Ok((header, payload.as_slice())));
    }

    // req: RFC8200-3-1
    #[test]
    fn what_is_written_is_what_smoltcp_reads(
        header in any_header(),
        payload in proptest::collection::vec(any::<u8>(), 0..2000),
    ) {
        let bytes = packet(&header, &payload);
        let read = Ipv6Packet::new_checked(&bytes).expect("smoltcp refuses the header");
        prop_assert_eq!(read.version(), 6);
        prop_assert_eq!(read.src_addr(), header.src);
        prop_assert_eq!(read.dst_addr(), header.dst);
        prop_assert_eq!(u8::from(read.next_header()), header.next_header);
        prop_assert_eq!(read.hop_limit(), header.hop_limit);
        prop_assert_eq!(read.traffic_class(), header.traffic_class);
        prop_assert_eq!(read.flow_label(), header.flow_label);
        prop_assert_eq!(read.payload(), payload.as_slice());
    }
}
