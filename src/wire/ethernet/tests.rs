use proptest::prelude::*;

use super::*;

const A: Mac = Mac([2, 0, 0, 0, 0, 0xa]);
const B: Mac = Mac([2, 0, 0, 0, 0, 0xb]);

#[test]
fn a_header_is_read_as_it_was_written() {
    for kind in [Kind::Ipv4, Kind::Ipv6, Kind::Arp, Kind::Other(0x88cc)] {
        let header = Header {
            dst: A,
            src: B,
            kind,
        };
        let frame = [&header.to_bytes()[..], b"payload"].concat();
        assert_eq!(Header::parse(&frame), Ok((header, &b"payload"[..])));
        assert_eq!(Header::parse(&frame[..13]), Err(ParseError::Truncated));
    }
}

#[test]
fn an_arp_request_has_the_bytes_that_rfc_826_says() {
    let request = Arp {
        operation: Operation::Request,
        sender: (A, Ipv4Addr::new(10, 90, 0, 2)),
        target: (Mac::UNKNOWN, Ipv4Addr::new(10, 90, 0, 1)),
    };
    #[rustfmt::skip]
    let bytes = [
        0, 1, 8, 0, 6, 4, 0, 1,
        2, 0, 0, 0, 0, 0xa, 10, 90, 0, 2,
        0, 0, 0, 0, 0, 0, 10, 90, 0, 1,
    ];
    assert_eq!(request.to_bytes(), bytes);
    // Ethernet pads short frames.
    assert_eq!(Arp::parse(&[&bytes[..], &[0; 18]].concat()), Ok(request));
    assert_eq!(Arp::parse(&bytes[..27]), Err(ParseError::Truncated));
}

#[test]
fn arp_for_other_kinds_of_address_is_refused() {
    let reply = Arp {
        operation: Operation::Reply,
        sender: (A, Ipv4Addr::LOCALHOST),
        target: (B, Ipv4Addr::LOCALHOST),
    };
    // Hardware type, protocol type, operation.
    for (at, value) in [(1, 6), (2, 0x86), (7, 3)] {
        let mut bytes = reply.to_bytes();
        bytes[at] = value;
        assert_eq!(Arp::parse(&bytes), Err(ParseError::Version), "byte {at}");
    }
}

#[test]
fn groups_have_frames_of_their_own() {
    let group = Mac::of_group("ff02::1:ff00:2".parse().unwrap());
    assert_eq!(group.to_string(), "33:33:ff:00:00:02");
    assert!(group.is_group() && Mac::BROADCAST.is_group() && !A.is_group());
}

proptest! {
    #[test]
    fn no_bytes_make_a_parser_panic(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
        let _ = Header::parse(&bytes);
        let _ = Arp::parse(&bytes);
    }
}
