use proptest::prelude::*;

use super::super::tests::{BOTH, Ip, judge, tcp_header, tcp_packet, udp_packet};
use super::super::{Cut, finish};
use super::*;
use crate::base::{Offloads, Pieces, Received, Transmit};

/// The packets that `packet` stands for.
fn cut(packet: Received<'_>) -> Vec<Vec<u8>> {
    let packet = Transmit {
        offload: packet.offload,
        ..Transmit::plain(packet.bytes, Pieces::EMPTY)
    };
    let mut cut = Cut::of(&packet, Offloads::NONE).expect("TCP");
    let mut all = Vec::new();
    while let Some(packet) = cut.next() {
        all.push(packet.to_vec());
    }
    all
}

/// Packets joined in memory of their own, until one does not belong behind the others.
#[derive(Default)]
struct Joined {
    join: Join,
    bytes: Vec<u8>,
    offload: Offload,
}

impl Joined {
    /// Takes a packet behind those that it has; whether it did.
    fn take(&mut self, packet: &[u8]) -> bool {
        let text = self.join.take(&self.bytes, packet);
        match text {
            Some(text_at) => {
                self.bytes.extend_from_slice(&packet[text_at..]);
                self.offload = self.join.settle(&mut self.bytes);
            }
            None if self.bytes.is_empty() => self.bytes = packet.to_vec(),
            None => return false,
        }
        true
    }

    fn packet(&self) -> Received<'_> {
        Received {
            offload: self.offload,
            ..Received::plain(&self.bytes)
        }
    }
}

/// Two segments of ten bytes, the second as `change` makes it; whether they are joined.
fn joins(ip: Ip, change: impl FnOnce(&mut Vec<u8>)) -> bool {
    let first = tcp_packet(ip, 100, tcp_header(1), b"0123456789");
    let mut second = tcp_packet(ip, 101, tcp_header(11), b"abcdefghij");
    change(&mut second);
    let mut join = Joined::default();
    assert!(join.take(&first));
    make_header_right(&mut second);
    join.take(&second)
}

/// Of IPv4: so that nothing else keeps a packet from being joined.
fn make_header_right(packet: &mut [u8]) {
    if packet[0] == 0x45 {
        set_u16(packet, ipv4::CHECKSUM_AT, 0);
        let sum = Sum::new().add(&packet[..20]).checksum();
        set_u16(packet, ipv4::CHECKSUM_AT, sum);
    }
}

// req: RFC1122-3.2.1.2-1
#[test]
fn no_wrong_header_becomes_a_right_one() {
    let first = tcp_packet(Ip::V4, 100, tcp_header(1), b"0123456789");
    let second = tcp_packet(Ip::V4, 101, tcp_header(11), b"abcdefghij");
    let wrong = |packet: &[u8]| {
        let mut wrong = packet.to_vec();
        wrong[10] ^= 1;
        wrong
    };
    for (first, second, joins) in [
        (first.clone(), second.clone(), true),
        (wrong(&first), second.clone(), false),
        (first.clone(), wrong(&second), false),
    ] {
        let mut join = Joined::default();
        join.take(&first);
        assert_eq!(join.take(&second), joins);
    }
}

#[test]
fn segments_in_order_become_one() {
    let mut join = Joined::default();
    let mut last = tcp_header(21);
    last.psh = true;
    let segments = [
        tcp_packet(Ip::V4, 100, tcp_header(1), b"0123456789"),
        tcp_packet(Ip::V4, 101, tcp_header(11), b"abcdefghij"),
        tcp_packet(Ip::V4, 102, last.clone(), b"klm"),
    ];
    for segment in &segments {
        assert!(join.take(segment));
    }
    let joined = join.packet();
    assert_eq!(joined.offload.gso, Some(10));
    let mut whole = joined.bytes.to_vec();
    assert!(finish(&mut whole, joined.offload.checksum));
    let seen = judge(&whole);
    assert_eq!(seen.text, b"0123456789abcdefghijklm");
    let mut expected = last;
    expected.sequence_number = 1;
    expected.checksum = seen.tcp().checksum;
    assert_eq!(seen.tcp(), &expected);
}

#[test]
fn one_alone_is_as_it_came() {
    let segment = tcp_packet(Ip::V4, 100, tcp_header(1), b"0123456789");
    let mut join = Joined::default();
    assert!(join.take(&segment));
    assert_eq!(join.packet().bytes, segment);
    assert_eq!(join.packet().offload, Offload::default());
}

#[test]
fn nothing_follows_a_short_segment_or_a_pushed_one() {
    for pushed in [false, true] {
        let mut header = tcp_header(11);
        header.psh = pushed;
        let text: &[u8] = if pushed { b"abcdefghij" } else { b"abc" };
        let mut join = Joined::default();
        assert!(join.take(&tcp_packet(Ip::V4, 1, tcp_header(1), b"0123456789")));
        assert!(join.take(&tcp_packet(Ip::V4, 2, header, text)));
        let next = 11 + text.len() as u32;
        assert!(!join.take(&tcp_packet(Ip::V4, 3, tcp_header(next), b"klm")));
    }
}

#[test]
fn what_differs_is_not_joined() {
    // Where TCP begins, in bytes.
    for (ip, tcp) in [(Ip::V4, 20), (Ip::V6, 40)] {
        assert!(joins(ip, |_| ()));
        let differs = |at: usize| !joins(ip, |bytes| bytes[at] ^= 1);
        // Ports, the sequence number, the acknowledgment, the window, the urgent pointer, the
        // timestamps.
        for at in [1, 3, 7, 11, 15, 19, 27, 31] {
            assert!(differs(tcp + at), "byte {at} of TCP");
        }
        // Any flag but PSH, ECN's in the byte before among them.
        for bit in [0, 1, 2, 5, 6, 7] {
            assert!(!joins(ip, |bytes| bytes[tcp + 13] ^= 1 << bit), "bit {bit}");
        }
        assert!(differs(tcp + 12));
        // Headers that are longer, and longer than the packet.
        for words in [0x90, 0xf0] {
            assert!(!joins(ip, |bytes| bytes[tcp + 12] = words));
        }
        assert!(joins(ip, |bytes| bytes[tcp + 13] |= 1 << 3));
        // More text than the first, and none.
        assert!(!joins(ip, |bytes| {
            *bytes = tcp_packet(ip, 101, tcp_header(11), b"abcdefghijk");
        }));
        assert!(!joins(ip, |bytes| *bytes =
            tcp_packet(ip, 101, tcp_header(11), b"")));
        assert!(!joins(ip, |bytes| *bytes = udp_packet(ip, 101, b"abc")));
        // Bytes behind the packet's end.
        assert!(!joins(ip, |bytes| bytes.push(0)));
    }
    // Type of service, length, DF, time to live, addresses.
    for at in [1, 3, 6, 8, 15, 19] {
        let bit = if at == 6 { 0x40 } else { 1 };
        assert!(
            !joins(Ip::V4, |bytes| bytes[at] ^= bit),
            "byte {at} of IPv4"
        );
    }
    // Traffic class, flow label, length, hop limit, addresses.
    for at in [0, 1, 3, 5, 7, 23, 39] {
        assert!(!joins(Ip::V6, |bytes| bytes[at] ^= 1), "byte {at} of IPv6");
    }
}

#[test]
fn identifications_grow_by_one_or_say_nothing() {
    // As many packets as there are numbers; DF in all or none.
    let taken = |numbers: [u16; 3], dont_fragment: bool| {
        let mut join = Joined::default();
        let mut count = 0;
        for (number, nth) in numbers.into_iter().zip(0..) {
            let mut packet = tcp_packet(Ip::V4, number, tcp_header(nth * 4), b"text");
            if !dont_fragment {
                packet[6] = 0;
                make_header_right(&mut packet);
            }
            if !join.take(&packet) {
                break;
            }
            count += 1;
        }
        count
    };
    for dont_fragment in [false, true] {
        assert_eq!(taken([u16::MAX, 0, 1], dont_fragment), 3);
        assert_eq!(taken([5, 6, 8], dont_fragment), 2);
        assert_eq!(taken([5, 7, 9], dont_fragment), 1);
        assert_eq!(taken([5, 6, 5], dont_fragment), 2);
    }
    assert_eq!(taken([5, 5, 5], true), 3);
    assert_eq!(taken([5, 5, 7], true), 2);
    assert_eq!(taken([5, 5, 5], false), 1);
}

#[test]
fn no_packet_becomes_longer_than_a_packet_can_be() {
    let text = [0x5a; 1000];
    for ip in BOTH {
        let mut join = Joined::default();
        let mut count = 0_u16;
        let mut packet = || {
            let packet = tcp_packet(ip, count, tcp_header(u32::from(count) * 1000), &text);
            count += 1;
            packet
        };
        while join.take(&packet()) {}
        let joined = join.packet();
        assert!((64_536..=65_535).contains(&joined.bytes.len()));
        assert_eq!(cut(joined).len(), usize::from(count) - 1);
    }
}

proptest! {
    #[test]
    fn what_was_joined_is_cut_into_the_same(
        v6: bool,
        seq: u32,
        identification: u16,
        size in 1_usize..1_500,
        count in 1_usize..40,
        last in 1_usize..1_500,
        is_pushed: bool,
    ) {
        let ip = BOTH[usize::from(v6)];
        let mut segments = Vec::new();
        for nth in 0..count {
            let is_last = nth + 1 == count;
            let len = if is_last { last.min(size) } else { size };
            let text: Vec<u8> = (0..len).map(|at| (at * 7 + nth) as u8).collect();
            let mut header = tcp_header(seq.wrapping_add((nth * size) as u32));
            header.psh = is_last && is_pushed;
            let identification = identification.wrapping_add(nth as u16);
            segments.push(tcp_packet(ip, identification, header, &text));
        }
        let mut join = Joined::default();
        for segment in &segments {
            prop_assert!(join.take(segment));
        }
        let joined = join.packet();
        prop_assert_eq!(joined.offload.gso, (count > 1).then_some(size as u16));
        prop_assert_eq!(cut(joined), segments);
    }
}
