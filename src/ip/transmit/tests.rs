use smoltcp::wire::{Ipv4Packet, Ipv6Packet};

use super::super::fixtures::{PEER_V4, PEER_V6, US_V4, US_V6};
use super::*;

fn v4() -> Outgoing {
    Outgoing::tcp(US_V4.into(), PEER_V4.into(), 0)
}

fn v6() -> Outgoing {
    Outgoing::tcp(US_V6.into(), PEER_V6.into(), 0xa_bcde)
}

fn emitted(outgoing: &Outgoing, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0xee; outgoing.header_len() + 1];
    let length = outgoing.emit(payload.len(), &mut bytes);
    assert_eq!(length, outgoing.header_len());
    assert_eq!(bytes.pop(), Some(0xee));
    bytes.extend(payload);
    bytes
}

// req: RFC1122-3.2.1.7-3, RFC1122-3.2.1.6-1, MUST-49, RFC6437-3-2
#[test]
fn a_segment_has_the_usual_header_unless_told_otherwise() {
    let bytes = emitted(&v4(), b"text");
    let packet = Ipv4Packet::new_checked(&bytes).unwrap();
    assert!(packet.verify_checksum());
    assert_eq!((packet.src_addr(), packet.dst_addr()), (US_V4, PEER_V4));
    assert_eq!(u8::from(packet.next_header()), 6);
    assert_eq!(packet.hop_limit(), 64);
    assert_eq!(bytes[1], 0);
    assert_eq!(packet.payload(), b"text");

    let bytes = emitted(&v6(), b"text");
    let packet = Ipv6Packet::new_checked(&bytes).unwrap();
    assert_eq!((packet.src_addr(), packet.dst_addr()), (US_V6, PEER_V6));
    assert_eq!(u8::from(packet.next_header()), 6);
    assert_eq!(packet.hop_limit(), 64);
    assert_eq!(packet.traffic_class(), 0);
    assert_eq!(packet.flow_label(), 0xa_bcde);
    assert_eq!(packet.payload(), b"text");

    let plain = Outgoing::new(US_V6.into(), PEER_V6.into(), 17);
    assert_eq!(plain.flow_label, 0);
    for outgoing in [v4(), v6()] {
        let told = Outgoing {
            tos: 0xb9,
            hop_limit: 7,
            ..outgoing
        };
        let bytes = emitted(&told, b"");
        if told.dst.is_ipv4() {
            assert_eq!((bytes[1], bytes[8]), (0xb9, 7));
        } else {
            assert_eq!((bytes[0] << 4 | bytes[1] >> 4, bytes[7]), (0xb9, 7));
        }
    }
}

// req: RFC6864-4.1-2, RFC6864-4.3-1, RFC6864-4.3-2, RFC791-3.2-5
#[test]
fn what_may_not_be_cut_is_atomic() {
    for protocol in [1, 6, 17, 255] {
        let outgoing = Outgoing { protocol, ..v4() };
        for payload_len in [0, 1, 1480, 1481, 9000, 65_515] {
            let mut bytes = [0; 20];
            assert_eq!(outgoing.emit(payload_len, &mut bytes), 20);
            assert_eq!(bytes[4..8], [0, 0, 0x40, 0], "DF alone, identification 0");
        }
        // What does not fit one datagram is not sent in two.
        assert_eq!(outgoing.emit(65_516, &mut [0; 20]), 0);

        let outgoing = Outgoing { protocol, ..v6() };
        for payload_len in [0, 1, 1460, 1461, 9000, 65_535] {
            let mut bytes = [0; 40];
            assert_eq!(outgoing.emit(payload_len, &mut bytes), 40);
            assert_eq!(bytes[6], protocol, "no header between");
        }
        assert_eq!(outgoing.emit(65_536, &mut [0; 40]), 0);
    }
}

// req: RFC1122-3.2.1.7-1
#[test]
fn a_hop_limit_of_zero_is_never_sent() {
    for outgoing in [v4(), v6()] {
        let zero = Outgoing {
            hop_limit: 0,
            ..outgoing
        };
        let bytes = emitted(&zero, b"");
        let at = if zero.dst.is_ipv4() { 8 } else { 7 };
        assert_eq!(bytes[at], 1);
    }
}

#[test]
fn what_cannot_be_written_is_not() {
    let mut out = [0xee; 40];
    let mixed = Outgoing {
        dst: PEER_V6.into(),
        ..v4()
    };
    assert_eq!(mixed.emit(0, &mut out), 0);
    assert_eq!(v6().emit(65_536, &mut out), 0);
    assert_eq!(v6().emit(0, &mut out[..39]), 0);
    assert_eq!(v4().emit(0, &mut out[..19]), 0);
    assert_eq!(out, [0xee; 40]);
}
