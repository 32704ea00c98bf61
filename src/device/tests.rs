use super::*;
use crate::base::{Checksum, Offload, Pieces};

fn packet<'a>(head: &'a [u8], body: &'a [u8]) -> Transmit<'a> {
    Transmit::plain(head, Pieces::one(body))
}

#[test]
fn only_whole_ip_packets_up_to_the_mtu_are_carriable() {
    let v4 = [0x45; 20];
    let v6 = [0x60; 40];
    assert!(is_carriable(&packet(&v4, &[0; 80]), 100));
    assert!(!is_carriable(&packet(&v4, &[0; 81]), 100));
    assert!(is_carriable(&packet(&v6, &[]), 1280));
    // Shorter than a header.
    assert!(!is_carriable(&packet(&v4[..19], &[]), 100));
    assert!(!is_carriable(&packet(&v6[..39], &[]), 100));
    // No IP version, and nothing at all.
    assert!(!is_carriable(&packet(&[0x15; 40], &[]), 100));
    assert!(!is_carriable(&packet(&[], &[0x45; 40]), 100));
}

#[test]
fn a_packet_that_still_wants_work_is_not_carriable() {
    let head = [0x45; 40];
    let whole = packet(&head, &[]);
    let offload = |checksum, gso| Transmit {
        offload: Offload { checksum, gso },
        ..whole
    };
    let partial = Checksum::Partial {
        start: 20,
        offset: 16,
    };
    assert!(is_carriable(&whole, 1500));
    assert!(!is_carriable(&offload(partial, None), 1500));
    assert!(!is_carriable(&offload(Checksum::Full, Some(1000)), 1500));
}

/// An IPv4 header of a TCP packet, and TCP's; nobody here believes the length that it names.
const TCP: [u8; 40] = {
    let mut head = [0; 40];
    head[0] = 0x45;
    head[3] = 40;
    head[9] = 6;
    head[32] = 0x50;
    head
};

fn long(gso: Option<u16>, body: &[u8]) -> Transmit<'_> {
    let checksum = Checksum::Partial {
        start: 20,
        offset: 16,
    };
    Transmit {
        offload: Offload { checksum, gso },
        ..packet(&TCP, body)
    }
}

#[test]
fn of_a_long_packet_what_goes_on_the_wire_is_at_most_the_mtu() {
    let text = vec![0; 65_536 - 40];
    let is_carried = |gso, len| asked_of(&long(gso, &text[..len]), 1500, Offloads::ALL).is_some();
    assert!(is_carried(Some(1460), 10_000));
    assert!(!is_carried(Some(1461), 10_000));
    // A packet that stands for itself is as long as it is.
    assert!(is_carried(None, 1460) && !is_carried(None, 1461));
    assert!(is_carried(Some(2000), 1460) && !is_carried(Some(2000), 1461));
    // No length field counts further.
    assert!(is_carried(Some(1460), 65_495) && !is_carried(Some(1460), 65_496));
}

#[test]
fn nothing_is_asked_of_a_device_that_it_does_not_do() {
    let text = [0; 5000];
    let is_carried = |packet, does| asked_of(&packet, 1500, does).is_some();
    let only_sums = Offloads {
        checksum: true,
        ..Offloads::NONE
    };
    let no_sums = Offloads {
        checksum: false,
        ..Offloads::ALL
    };
    assert!(is_carried(long(None, &text[..5]), only_sums));
    assert!(!is_carried(long(None, &text[..5]), no_sums));
    assert!(!is_carried(long(Some(1000), &text), only_sums));
    let no_udp = Offloads {
        udp: false,
        ..Offloads::ALL
    };
    assert!(is_carried(long(Some(1000), &text), no_udp));
    let mut udp = TCP;
    udp[9] = 17;
    let checksum = Checksum::Partial {
        start: 20,
        offset: 6,
    };
    let datagrams = Transmit {
        head: &udp[..28],
        offload: Offload {
            checksum,
            gso: Some(1000),
        },
        ..long(None, &text)
    };
    assert!(is_carried(datagrams, Offloads::ALL));
    assert!(!is_carried(datagrams, no_udp));
}
