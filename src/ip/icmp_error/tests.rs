use proptest::prelude::*;

use super::super::fixtures::*;
use super::super::receive::{Verdict, receive};
use super::*;
use crate::base::SeqNum;
use crate::wire::icmp::{PROTOCOL_V4, PROTOCOL_V6};
use crate::wire::{Ports, ipv4};

const SEGMENT: &[u8] = b"\xc0\x01\x00\x50\x01\x02\x03\x04and more of it";
const ABOUT: About = About::Tcp {
    ports: Ports {
        src: 0xc001,
        dst: 80,
    },
    seq: SeqNum(0x0102_0304),
};

fn families() -> [(IpAddr, IpAddr, u8); 2] {
    [
        (US_V4.into(), PEER_V4.into(), PROTOCOL_V4),
        (US_V6.into(), PEER_V6.into(), PROTOCOL_V6),
    ]
}

/// A router on the way, and the ICMP that it speaks to us.
fn router(us: IpAddr) -> (IpAddr, u8) {
    match us {
        IpAddr::V4(_) => ("203.0.113.1".parse().unwrap(), PROTOCOL_V4),
        IpAddr::V6(_) => ("2001:db8:7::1".parse().unwrap(), PROTOCOL_V6),
    }
}

/// What is read of an ICMP message that the router sent us.
fn told(us: IpAddr, message: &Message<'_>) -> Result<IcmpError, Drop> {
    let (router, protocol) = router(us);
    let mut payload = vec![0; message.message_len()];
    message.emit(router, us, &mut payload);
    let bytes = packet(router, us, protocol, &payload);
    match receive(&bytes, &ours()) {
        Verdict::Deliver(datagram) => read(&datagram, &ours()),
        other => panic!("{other:?}"),
    }
}

// req: RFC1122-3.2.2-4, RFC1122-3.2.2.1-2, RFC1122-3.2.2.4-1, RFC1122-3.2.2.5-2
// req: RFC4443-3.1-4, RFC4443-3.2-1, RFC4443-3.3-1, RFC4443-3.4-2
#[test]
fn every_error_about_a_packet_of_ours_is_passed_on() {
    for (us, peer, _) in families() {
        let quote = packet(us, peer, 6, SEGMENT);
        for kind in [
            Problem::Unreachable(Unreachable::Network),
            Problem::Unreachable(Unreachable::Host),
            Problem::Unreachable(Unreachable::Port),
            Problem::Unreachable(Unreachable::Prohibited),
            Problem::Unreachable(Unreachable::Other(11)),
            Problem::PacketTooBig { mtu: 1400 },
            Problem::HopLimitExceeded,
            Problem::ReassemblyTimeExceeded,
            Problem::Parameter {
                code: 0,
                pointer: 12,
            },
        ] {
            let message = Message::Error {
                problem: kind,
                quote: &quote,
            };
            let error = IcmpError {
                from: router(us).0,
                hop_limit: 64,
                src: us,
                dst: peer,
                length: quote.len() as u32,
                about: ABOUT,
                kind,
            };
            assert_eq!(told(us, &message), Ok(error));
        }
    }
}

// req: RFC4443-2.4-1, RFC4443-2.1-1
#[test]
fn an_icmpv6_error_of_unknown_type_is_passed_on() {
    let quote = packet(US_V6.into(), PEER_V6.into(), 6, SEGMENT);
    let kind = Problem::Unknown { kind: 99, code: 3 };
    let message = Message::Error {
        problem: kind,
        quote: &quote,
    };
    let error = told(US_V6.into(), &message).unwrap();
    assert_eq!((error.kind, error.about), (kind, ABOUT));
}

// req: RFC1122-3.2.2-1, RFC4443-2.4-2, MUST-55, RFC6633-3-2, RFC6633-5-1
#[test]
fn unknown_messages_and_source_quench_are_ignored() {
    // Source quench, redirect, alternate address, and kinds nobody has assigned.
    for kind in [4, 5, 6, 42, 200, 255] {
        let message = Message::Other { kind, code: 0 };
        assert_eq!(told(US_V4.into(), &message), Err(Drop::IcmpIgnored));
    }
    for kind in [133, 137, 200, 255] {
        let message = Message::Other { kind, code: 0 };
        assert_eq!(told(US_V6.into(), &message), Err(Drop::IcmpIgnored));
    }
}

#[test]
fn an_error_about_somebody_elses_packet_is_not_for_us() {
    let other_family = packet(US_V6.into(), PEER_V6.into(), 6, SEGMENT);
    for (us, peer, _) in families() {
        let reversed = packet(peer, us, 6, SEGMENT);
        for quote in [
            &reversed[..],
            &[],
            &[0x45; 19],
            b"no packet at all, no packet",
        ] {
            let message = Message::Error {
                problem: Problem::HopLimitExceeded,
                quote,
            };
            assert_eq!(told(us, &message), Err(Drop::IcmpNotOurs));
        }
    }
    let message = Message::Error {
        problem: Problem::HopLimitExceeded,
        quote: &other_family,
    };
    assert_eq!(told(US_V4.into(), &message), Err(Drop::IcmpNotOurs));
}

// req: RFC4443-2.4-4
#[test]
fn a_quote_too_short_to_tell_whose_packet_it_was_is_dropped() {
    for (us, peer, _) in families() {
        let quote = packet(us, peer, 6, SEGMENT);
        let least = quote.len() - SEGMENT.len() + 8;
        for present in 0..quote.len() {
            let message = Message::Error {
                problem: Problem::HopLimitExceeded,
                quote: &quote[..present],
            };
            let told = told(us, &message).map(|error| error.about);
            if present < least {
                assert_eq!(told, Err(Drop::IcmpNotOurs));
            } else {
                assert_eq!(told, Ok(ABOUT));
            }
        }
    }
}

#[test]
fn a_broken_message_is_dropped_by_name() {
    let bytes = packet(PEER_V4.into(), US_V4.into(), PROTOCOL_V4, &[3; 7]);
    let Verdict::Deliver(datagram) = receive(&bytes, &ours()) else {
        panic!("not delivered");
    };
    assert_eq!(read(&datagram, &ours()), Err(Drop::BadIcmpHeader));
    let bytes = packet(PEER_V4.into(), US_V4.into(), PROTOCOL_V4, &[3; 8]);
    let Verdict::Deliver(datagram) = receive(&bytes, &ours()) else {
        panic!("not delivered");
    };
    assert_eq!(read(&datagram, &ours()), Err(Drop::BadIcmpChecksum));
}

// req: RFC1122-3.2.2.1-3
#[test]
fn only_protocol_and_port_unreachable_are_hard() {
    use Unreachable::*;
    let of = |kind| IcmpError {
        from: PEER_V4.into(),
        hop_limit: 64,
        src: US_V4.into(),
        dst: PEER_V4.into(),
        length: 40,
        about: ABOUT,
        kind,
    };
    for why in [Protocol, Port] {
        assert!(of(Problem::Unreachable(why)).is_hard());
    }
    for kind in [
        Problem::Unreachable(Network),
        Problem::Unreachable(Host),
        Problem::Unreachable(SourceRoute),
        Problem::Unreachable(Prohibited),
        Problem::Unreachable(Other(9)),
        Problem::PacketTooBig { mtu: 0 },
        Problem::HopLimitExceeded,
        Problem::ReassemblyTimeExceeded,
        Problem::Parameter {
            code: 1,
            pointer: 6,
        },
        Problem::Unknown { kind: 99, code: 0 },
    ] {
        assert!(!of(kind).is_hard(), "{kind:?}");
    }
}

proptest! {
    #[test]
    fn no_quote_makes_it_panic(
        family in 0..2_usize,
        damage in proptest::collection::vec((0..60_usize, any::<u8>()), 0..6),
        len in 0..64_usize,
    ) {
        let (us, peer, _) = families()[family];
        let mut quote = packet(us, peer, 6, SEGMENT);
        for (at, value) in damage {
            if let Some(byte) = quote.get_mut(at) {
                *byte = value;
            }
        }
        quote.truncate(len);
        let message = Message::Error { problem: Problem::HopLimitExceeded, quote: &quote };
        if let Ok(error) = told(us, &message) {
            prop_assert!(ours().is_ours(error.src));
            prop_assert!(quote.len() >= ipv4::HEADER_MIN);
        }
    }
}
