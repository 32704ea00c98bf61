//! Pings and datagrams that smoltcp writes, and what it reads in our answers.

use pellucid::base::{Instant, Received, Seed};
use pellucid::stack::{Config, Stack};
use smoltcp::phy::ChecksumCapabilities;
use smoltcp::wire::{
    Icmpv4DstUnreachable, Icmpv4Packet, Icmpv4Repr, Icmpv6DstUnreachable, Icmpv6Packet, Icmpv6Repr,
    IpAddress, IpProtocol, IpRepr, Ipv4Address, Ipv6Address, UdpPacket, UdpRepr,
};

use super::judge::{Judged, judge};

const US_V4: Ipv4Address = Ipv4Address::new(10, 0, 0, 1);
const THEM_V4: Ipv4Address = Ipv4Address::new(10, 0, 0, 2);
const US_V6: Ipv6Address = Ipv6Address::new(0xfd00, 0, 0, 0, 0, 0, 0, 1);
const THEM_V6: Ipv6Address = Ipv6Address::new(0xfd00, 0, 0, 0, 0, 0, 0, 2);
/// Short enough to be quoted whole: smoltcp reads no ICMPv4 error whose quote was cut.
const DATA: [u8; 500] = [0x5a; 500];

/// What our stack sends on receiving a packet.
fn answer(packet: &[u8]) -> Option<Vec<u8>> {
    let addresses = vec![(US_V4.into(), 24), (US_V6.into(), 64)];
    let mut stack = Stack::new(Config::new(addresses), Seed::from_number(1));
    stack.receive(Instant::BIRTH, Received::plain(packet));
    let answer = stack.poll_transmit(Instant::BIRTH)?.to_vec();
    let again = stack.poll_transmit(Instant::BIRTH);
    assert!(again.is_none(), "two answers to one packet");
    Some(answer)
}

/// An IP packet from them to us; `write` makes its payload of `len` bytes.
fn packet(
    src: IpAddress,
    protocol: IpProtocol,
    len: usize,
    write: impl FnOnce(&mut [u8]),
) -> Vec<u8> {
    let dst = match src {
        IpAddress::Ipv4(_) => US_V4.into(),
        IpAddress::Ipv6(_) => US_V6.into(),
    };
    let header = IpRepr::new(src, dst, protocol, len, 64);
    let mut bytes = vec![0; header.buffer_len()];
    header.emit(&mut bytes[..], &ChecksumCapabilities::default());
    write(&mut bytes[header.header_len()..]);
    bytes
}

fn datagram(src: IpAddress, dst: IpAddress, port: u16) -> Vec<u8> {
    let sums = ChecksumCapabilities::default();
    let ports = UdpRepr {
        src_port: 4_321,
        dst_port: port,
    };
    let len = ports.header_len() + DATA.len();
    packet(src, IpProtocol::Udp, len, |out| {
        let mut out = UdpPacket::new_unchecked(out);
        let write = |text: &mut [u8]| text.copy_from_slice(&DATA);
        ports.emit(&mut out, &src, &dst, DATA.len(), write, &sums);
    })
}

// req: RFC1122-3.2.2.6-1, RFC1122-3.2.2.6-5
#[test]
fn a_ping_over_ipv4_is_answered() {
    let ping = Icmpv4Repr::EchoRequest {
        ident: 7,
        seq_no: 9,
        data: &DATA,
    };
    let sums = ChecksumCapabilities::default();
    let (len, protocol) = (ping.buffer_len(), IpProtocol::Icmp);
    let packet = packet(THEM_V4.into(), protocol, len, |out| {
        ping.emit(&mut Icmpv4Packet::new_unchecked(out), &sums);
    });
    let answer = answer(&packet).expect("an answer");
    let Ok(Judged::Icmpv4(reply)) = judge(&answer) else {
        panic!("no ICMPv4");
    };
    let expected = Icmpv4Repr::EchoReply {
        ident: 7,
        seq_no: 9,
        data: &DATA,
    };
    assert_eq!(reply, expected);
}

// req: RFC4443-4.2-1
#[test]
fn a_ping_over_ipv6_is_answered() {
    let ping = Icmpv6Repr::EchoRequest {
        ident: 7,
        seq_no: 9,
        data: &DATA,
    };
    let sums = ChecksumCapabilities::default();
    let (len, protocol) = (ping.buffer_len(), IpProtocol::Icmpv6);
    let packet = packet(THEM_V6.into(), protocol, len, |out| {
        let mut out = Icmpv6Packet::new_unchecked(out);
        ping.emit(&THEM_V6, &US_V6, &mut out, &sums);
    });
    let answer = answer(&packet).expect("an answer");
    let Ok(Judged::Icmpv6(reply)) = judge(&answer) else {
        panic!("no ICMPv6");
    };
    let expected = Icmpv6Repr::EchoReply {
        ident: 7,
        seq_no: 9,
        data: &DATA,
    };
    assert_eq!(reply, expected);
}

// req: RFC1122-3.2.2-2, RFC1122-3.2.2.1-1, RFC4443-3.1-1
#[test]
fn a_datagram_for_no_port_is_answered_by_an_error_that_quotes_it() {
    let packet = datagram(THEM_V4.into(), US_V4.into(), 9);
    let error = answer(&packet).expect("an error");
    let Ok(Judged::Icmpv4(Icmpv4Repr::DstUnreachable {
        reason,
        header,
        data,
    })) = judge(&error)
    else {
        panic!("no ICMPv4 error");
    };
    assert_eq!(reason, Icmpv4DstUnreachable::PortUnreachable);
    assert_eq!((header.src_addr, header.dst_addr), (THEM_V4, US_V4));
    assert_eq!(data, &packet[20..20 + data.len()]);

    let packet = datagram(THEM_V6.into(), US_V6.into(), 9);
    let error = answer(&packet).expect("an error");
    let Ok(Judged::Icmpv6(Icmpv6Repr::DstUnreachable {
        reason,
        header,
        data,
    })) = judge(&error)
    else {
        panic!("no ICMPv6 error");
    };
    assert_eq!(reason, Icmpv6DstUnreachable::PortUnreachable);
    assert_eq!((header.src_addr, header.dst_addr), (THEM_V6, US_V6));
    assert_eq!(data, &packet[40..40 + data.len()]);
}
