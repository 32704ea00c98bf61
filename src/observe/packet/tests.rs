use super::*;
use crate::observe::fixtures::{ACK, IRS, ISS, Packet, SYN, address};

const OPTIONS: [u8; 12] = [2, 4, 5, 180, 4, 2, 1, 1, 3, 3, 7, 1];

fn seen(packet: &Packet) -> Seen {
    Seen::of(&packet.bytes(), 0).unwrap()
}

#[test]
fn a_syn_shows_what_it_offers() {
    let seen = seen(&Packet::ours(0, 0, SYN, b"").with_options(&OPTIONS));
    assert_eq!(seen.way(), "10.90.0.2:40000 > 203.0.113.10:443");
    assert_eq!(
        seen.segment.unwrap().describe(Some(SeqNum(ISS)), None),
        "SYN seq 0 win 65535 mss 1460 wscale 7 sack-permitted"
    );
}

#[test]
fn a_cookie_is_shown_and_so_is_asking_for_one() {
    let line = |options: &[u8]| {
        let packet = Packet::ours(0, 0, SYN, b"").with_options(options);
        let segment = seen(&packet).segment.unwrap();
        segment.describe(Some(SeqNum(ISS)), None)
    };
    let asks = line(&[34, 2, 1, 1]);
    assert_eq!(asks, "SYN seq 0 win 65535 cookie-request");
    let has = line(&[34, 6, 0xab, 0xcd, 0, 1, 1, 1]);
    assert_eq!(has, "SYN seq 0 win 65535 cookie abcd0001");
}

#[test]
fn text_is_counted_from_one_and_named_by_its_first_and_last_byte() {
    let packet = Packet::theirs(501, 11, ACK, &[0; 100]);
    let segment = seen(&packet).segment.unwrap();
    // The peer's numbers wrap between its initial one and this.
    assert!(segment.seq.0 < IRS);
    assert_eq!(
        segment.describe(Some(SeqNum(IRS)), Some(SeqNum(ISS))),
        "ACK seq 501..600 (100 B) ack 11 win 65535"
    );
}

#[test]
fn text_that_is_lent_elsewhere_counts() {
    let bytes = Packet::ours(1, 1, ACK, &[7; 1000]).bytes();
    let (head, body) = bytes.split_at(40);
    let seen = Seen::of(head, body.len()).unwrap();
    assert_eq!(seen.segment.unwrap().text, 1000);
}

#[test]
fn ipv6_is_seen_behind_its_extension_headers() {
    let mut packet = Packet::ours(1, 1, ACK, b"");
    packet.src = address("[2001:db8::1]:5");
    packet.dst = address("[2001:db8::2]:6");
    let mut bytes = packet.bytes();
    assert_eq!(Seen::of(&bytes, 0).unwrap().ports, Some((5, 6)));
    // Destination options: eight bytes, the rest padding.
    bytes[6] = 60;
    bytes[5] += 8;
    bytes.splice(40..40, [6, 0, 1, 4, 0, 0, 0, 0]);
    let seen = Seen::of(&bytes, 0).unwrap();
    assert_eq!(seen.way(), "[2001:db8::1]:5 > [2001:db8::2]:6");
}

#[test]
fn the_middle_of_a_datagram_shows_addresses_only() {
    let mut bytes = Packet::ours(1, 1, ACK, b"").bytes();
    bytes[7] = 10;
    let seen = Seen::of(&bytes, 0).unwrap();
    assert_eq!((seen.ports, seen.segment), (None, None));
    assert_eq!(seen.way(), "10.90.0.2 > 203.0.113.10");
    assert_eq!(seen.protocol_name(), "TCP");
}

#[test]
fn no_beginning_of_a_packet_can_hurt() {
    let options = [5, 18, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4, 8, 10];
    let mut packet = Packet::ours(1, 1, ACK, b"text").with_options(&options);
    for family in ["4", "6"] {
        if family == "6" {
            packet.src = address("[2001:db8::1]:5");
            packet.dst = address("[2001:db8::2]:6");
        }
        let bytes = packet.bytes();
        for len in 0..=bytes.len() {
            Seen::of(&bytes[..len], 0);
        }
        let segment = Seen::of(&bytes, 0).unwrap().segment.unwrap();
        assert_eq!(segment.sack_blocks, 2);
    }
    assert_eq!(Seen::of(b"", 0), None);
    assert_eq!(Seen::of(&[0x10; 60], 0), None);
}
