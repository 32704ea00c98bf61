use super::*;
use crate::base::{Checksum, Pieces};

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
