use std::net::{Ipv4Addr, Ipv6Addr};

use proptest::prelude::*;
use smoltcp::wire::UdpPacket;

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

fn emitted(ports: Ports, text: Pieces<'_>, [src, dst]: [IpAddr; 2]) -> Vec<u8> {
    let mut bytes = vec![0xee; HEADER_LEN + 1];
    let length = Datagram { ports, text }.emit_header(src, dst, &mut bytes);
    assert_eq!(length, HEADER_LEN);
    assert_eq!(bytes.pop(), Some(0xee));
    bytes.extend(text.iter());
    bytes
}

fn parsed(bytes: &[u8], [src, dst]: [IpAddr; 2]) -> Result<(Ports, Vec<u8>), ParseError> {
    let read = Datagram::parse(src, dst, bytes, Checksum::Full)?;
    Ok((read.ports, read.text.to_vec()))
}

const PORTS: Ports = Ports {
    src: 0xc001,
    dst: 53,
};

// req: RFC768-fields-2
#[test]
fn the_header_stands_as_in_rfc_768() {
    let bytes = emitted(PORTS, Pieces::one(b"abc"), V4);
    assert_eq!(bytes[..6], [0xc0, 0x01, 0, 53, 0, 11]);
    // Summed by hand: addresses, protocol, length twice, ports, and the text padded to words.
    let words: [u32; 11] = [
        0x0a00, 0x0001, 0xc000, 0x024d, 17, 11, 0xc001, 53, 11, 0x6162, 0x6300,
    ];
    let total: u32 = words.iter().sum();
    let folded = (total & 0xffff) + (total >> 16);
    assert_eq!(bytes[6..8], (!(folded as u16)).to_be_bytes());
    assert_eq!(bytes[8..], *b"abc");
}

// req: RFC1122-4.1.3.4-1, RFC768-fields-2
#[test]
fn any_flipped_bit_is_noticed() {
    for pair in BOTH {
        let good = emitted(PORTS, Pieces::one(b"odd"), pair);
        assert_eq!(parsed(&good, pair), Ok((PORTS, b"odd".to_vec())));
        for bit in 0..good.len() * 8 {
            let mut bad = good.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert!(parsed(&bad, pair).is_err(), "bit {bit}");
        }
        let [_, dst] = pair;
        assert_eq!(parsed(&good, [dst, dst]), Err(ParseError::Checksum));
    }
}

// req: RFC768-fields-1
#[test]
fn a_length_below_eight_or_beyond_the_payload_is_refused() {
    for pair in BOTH {
        let [src, dst] = pair;
        for length in [0, 1, 7, 8, 10, 11, 12, 65_535_u16] {
            let mut bytes = emitted(PORTS, Pieces::one(b"abc"), pair);
            bytes[4..6].copy_from_slice(&length.to_be_bytes());
            let read = Datagram::parse(src, dst, &bytes, Checksum::Verified);
            match length {
                0..8 => assert_eq!(read.unwrap_err(), ParseError::Length),
                8..=11 => assert_eq!(read.unwrap().text.len(), usize::from(length) - 8),
                _ => assert_eq!(read.unwrap_err(), ParseError::Truncated),
            }
        }
        for present in 0..8 {
            let read = Datagram::parse(src, dst, &[0; 8][..present], Checksum::Full);
            assert_eq!(read.unwrap_err(), ParseError::Truncated);
        }
    }
}

// req: RFC768-fields-1
#[test]
fn bytes_beyond_the_length_are_no_text() {
    for pair in BOTH {
        let mut bytes = emitted(PORTS, Pieces::one(b"abc"), pair);
        bytes.extend([0xaa; 5]);
        assert_eq!(parsed(&bytes, pair), Ok((PORTS, b"abc".to_vec())));
    }
}

// req: RFC768-fields-3, RFC8200-8.1-2
#[test]
fn no_checksum_is_allowed_on_ipv4_alone() {
    for pair in BOTH {
        let mut bytes = emitted(PORTS, Pieces::one(b"abc"), pair);
        bytes[6..8].fill(0);
        let read = parsed(&bytes, pair);
        if pair == V4 {
            assert_eq!(read, Ok((PORTS, b"abc".to_vec())));
        } else {
            assert_eq!(read, Err(ParseError::Checksum));
        }
    }
}

// req: RFC768-fields-3, RFC8200-8.1-2
#[test]
fn a_checksum_of_zero_is_sent_as_all_ones() {
    for pair in BOTH {
        let text = *b"\0\0";
        let sum = emitted(PORTS, Pieces::one(&text), pair);
        // Text that is the rest of the sum makes the sum zero.
        let text = [sum[6], sum[7]];
        let bytes = emitted(PORTS, Pieces::one(&text), pair);
        assert_eq!(bytes[6..8], [0xff, 0xff]);
        assert_eq!(parsed(&bytes, pair), Ok((PORTS, text.to_vec())));
    }
}

// req: RFC768-fields-4
#[test]
fn a_source_port_of_zero_is_taken() {
    let ports = Ports { src: 0, dst: 53 };
    let bytes = emitted(ports, Pieces::one(b"abc"), V4);
    assert_eq!(parsed(&bytes, V4), Ok((ports, b"abc".to_vec())));
}

#[test]
fn a_device_that_vouches_is_believed() {
    let [src, dst] = V6;
    let mut bytes = emitted(PORTS, Pieces::one(b"abc"), V6);
    bytes[7] ^= 1;
    assert_eq!(parsed(&bytes, V6), Err(ParseError::Checksum));
    assert!(Datagram::parse(src, dst, &bytes, Checksum::Verified).is_ok());
}

#[test]
fn what_cannot_be_written_is_not() {
    let [src, dst] = V4;
    let text = vec![0; 65_528];
    let mut out = [0xee; 8];
    let long = |text| Datagram {
        ports: PORTS,
        text: Pieces::one(text),
    };
    assert_eq!(long(&text).emit_header(src, dst, &mut out), 0);
    assert_eq!(long(b"").emit_header(src, dst, &mut out[..7]), 0);
    assert_eq!(out, [0xee; 8]);
    assert_eq!(long(&text[1..]).emit_header(src, dst, &mut out), 8);
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
        for [src, dst] in BOTH {
            for vouched in [Checksum::Full, Checksum::Verified] {
                if let Ok(read) = Datagram::parse(src, dst, &bytes, vouched) {
                    prop_assert!(read.text.len() + HEADER_LEN <= bytes.len());
                }
            }
        }
    }

    // req: RFC768-fields-2, RFC1122-4.1.3.4-2, RFC8200-8.1-1, RFC8200-8.1-2
    #[test]
    fn what_is_written_is_read_again_and_is_what_smoltcp_reads(
        (from, to) in any::<(u16, u16)>(),
        text in proptest::collection::vec(any::<u8>(), 0..2000),
        split in any::<prop::sample::Index>(),
        family in 0..2_usize,
    ) {
        let ports = Ports { src: from, dst: to };
        let (one, two) = text.split_at(split.index(text.len() + 1));
        let pair = BOTH[family];
        let bytes = emitted(ports, Pieces(one, two), pair);
        prop_assert_eq!(parsed(&bytes, pair), Ok((ports, text.clone())));
        let read = UdpPacket::new_checked(&bytes).expect("smoltcp refuses the header");
        let [src, dst] = pair;
        prop_assert!(read.verify_checksum(&src.into(), &dst.into()));
        prop_assert_ne!(read.checksum(), 0);
        prop_assert_eq!((read.src_port(), read.dst_port()), (from, to));
        prop_assert_eq!(read.payload(), text.as_slice());
    }
}
