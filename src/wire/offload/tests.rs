//! etherparse makes the packets and judges what becomes of them.

use std::net::{Ipv4Addr, Ipv6Addr};

use etherparse::{
    IpHeaders, IpNumber, Ipv4Extensions, Ipv4Header, Ipv4Options, Ipv6Extensions, Ipv6Header,
    NetHeaders, PacketBuilder, PacketBuilderStep, PacketHeaders, TcpHeader, TransportHeader,
};

use super::*;
use crate::base::Offload;

/// Which IP carries a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ip {
    V4,
    V6,
}

pub const BOTH: [Ip; 2] = [Ip::V4, Ip::V6];

/// The IP header of all packets here; `identification` for IPv4.
pub fn builder(ip: Ip, identification: u16) -> PacketBuilderStep<IpHeaders> {
    PacketBuilder::ip(match ip {
        Ip::V4 => {
            let header = Ipv4Header {
                identification,
                dont_fragment: true,
                time_to_live: 64,
                source: [10, 0, 0, 1],
                destination: [192, 0, 2, 77],
                ..Ipv4Header::default()
            };
            IpHeaders::Ipv4(header, Ipv4Extensions::default())
        }
        Ip::V6 => {
            let header = Ipv6Header {
                traffic_class: 2,
                hop_limit: 64,
                source: Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1).octets(),
                destination: Ipv6Addr::new(0xfd90, 0, 0, 0, 0, 0, 0, 0xffff).octets(),
                ..Ipv6Header::default()
            };
            IpHeaders::Ipv6(header, Ipv6Extensions::default())
        }
    })
}

/// A header with ACK, and timestamps among its options.
pub fn tcp_header(seq: u32) -> TcpHeader {
    let mut header = TcpHeader::new(0xc001, 80, seq, 0xabcd);
    header.acknowledgment_number = 0xfffe_fdfc;
    header.ack = true;
    header
        .set_options_raw(&[1, 1, 8, 10, 0, 0, 0, 7, 0, 0, 0, 9])
        .expect("12 bytes");
    header
}

/// A packet with right lengths and checksums.
pub fn tcp_packet(ip: Ip, identification: u16, header: TcpHeader, text: &[u8]) -> Vec<u8> {
    let step = builder(ip, identification).tcp_header(header);
    let mut bytes = vec![0; step.size(text.len())];
    step.write_to_slice(&mut bytes, text).expect("it fits");
    bytes
}

pub fn udp_packet(ip: Ip, identification: u16, text: &[u8]) -> Vec<u8> {
    let step = builder(ip, identification).udp(0xc001, 53);
    let mut bytes = vec![0; step.size(text.len())];
    step.write_to_slice(&mut bytes, text).expect("it fits");
    bytes
}

/// What a packet says, once its lengths and checksums were found right.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// 0 on IPv6.
    pub identification: u16,
    pub transport: TransportHeader,
    pub text: Vec<u8>,
}

impl Seen {
    pub fn tcp(&self) -> &TcpHeader {
        let TransportHeader::Tcp(header) = &self.transport else {
            panic!("{self:?}");
        };
        header
    }
}

pub fn judge(packet: &[u8]) -> Seen {
    let headers = PacketHeaders::from_ip_slice(packet).expect("a packet");
    let text = headers.payload.slice();
    let transport = headers.transport.expect("TCP or UDP");
    let (identification, right) = match (headers.net.expect("IP"), &transport) {
        (NetHeaders::Ipv4(ip, _), transport) => {
            assert_eq!(usize::from(ip.total_len), packet.len());
            assert_eq!(ip.header_checksum, ip.calc_header_checksum());
            let right = match transport {
                TransportHeader::Tcp(tcp) => tcp.calc_checksum_ipv4(&ip, text),
                TransportHeader::Udp(udp) => udp.calc_checksum_ipv4(&ip, text),
                other => panic!("{other:?}"),
            };
            (ip.identification, right)
        }
        (NetHeaders::Ipv6(ip, _), transport) => {
            assert_eq!(usize::from(ip.payload_length) + 40, packet.len());
            let right = match transport {
                TransportHeader::Tcp(tcp) => tcp.calc_checksum_ipv6(&ip, text),
                TransportHeader::Udp(udp) => udp.calc_checksum_ipv6(&ip, text),
                other => panic!("{other:?}"),
            };
            (0, right)
        }
        other => panic!("{other:?}"),
    };
    let stands = match &transport {
        TransportHeader::Tcp(tcp) => tcp.checksum,
        TransportHeader::Udp(udp) => {
            assert_eq!(usize::from(udp.length), text.len() + 8);
            udp.checksum
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(stands, right.expect("short enough"), "checksum");
    Seen {
        identification,
        transport,
        text: text.to_vec(),
    }
}

/// Replaces a whole checksum by the sum of the pseudo-header, as a sender leaves it to its device.
pub fn begin_checksum(packet: &mut [u8]) -> Checksum {
    let layout = Layout::of(packet).expect("TCP or UDP");
    let len = (packet.len() - layout.transport_at) as u32;
    let sum = crate::base::checksum::pseudo_header(layout.src, layout.dst, layout.protocol(), len);
    let at = layout.transport_at + layout.checksum_offset();
    packet[at..at + 2].copy_from_slice(&sum.folded().to_be_bytes());
    layout.partial()
}

#[test]
fn the_parts_of_a_packet_are_found() {
    let header = tcp_header(1);
    let v4 = tcp_packet(Ip::V4, 0, header.clone(), b"text");
    let expected = Layout {
        src: Ipv4Addr::new(10, 0, 0, 1).into(),
        dst: Ipv4Addr::new(192, 0, 2, 77).into(),
        transport: Transport::Tcp,
        transport_at: 20,
        text_at: 52,
    };
    assert_eq!(Layout::of(&v4), Some(expected));
    // The headers are enough.
    assert_eq!(Layout::of(&v4[..52]), Some(expected));
    let v6 = Layout::of(&udp_packet(Ip::V6, 0, b"text")).expect("UDP");
    assert_eq!(v6.transport, Transport::Udp);
    assert_eq!((v6.transport_at, v6.text_at), (40, 48));
    assert_eq!(
        v6.partial(),
        Checksum::Partial {
            start: 40,
            offset: 6
        }
    );
}

#[test]
fn they_are_found_behind_options_and_extension_headers() {
    let mut ip = Ipv4Header {
        options: Ipv4Options::from([1_u8; 8]),
        protocol: IpNumber::UDP,
        ..Ipv4Header::default()
    };
    ip.set_payload_len(8).expect("short");
    let v4 = [&ip.to_bytes()[..], &[0; 8]].concat();
    let layout = Layout::of(&v4).expect("UDP");
    assert_eq!((layout.transport_at, layout.text_at), (28, 36));
    // Destination options of eight bytes, then UDP.
    let mut v6 = udp_packet(Ip::V6, 0, b"text");
    v6[6] = 60;
    v6[5] += 8;
    v6.splice(40..40, [17, 0, 1, 4, 0, 0, 0, 0]);
    let layout = Layout::of(&v6).expect("UDP");
    assert_eq!((layout.transport_at, layout.text_at), (48, 56));
}

#[test]
fn nothing_is_found_in_fragments_other_protocols_and_headers_cut_off() {
    for ip in BOTH {
        let packet = tcp_packet(ip, 0, tcp_header(1), b"");
        for len in 0..packet.len() {
            assert_eq!(Layout::of(&packet[..len]), None, "{len} bytes");
        }
    }
    let mut more = udp_packet(Ip::V4, 0, b"text");
    more[6] = 0x20;
    assert_eq!(Layout::of(&more), None);
    let mut behind = udp_packet(Ip::V4, 0, b"text");
    behind[7] = 1;
    assert_eq!(Layout::of(&behind), None);
    let mut icmp = udp_packet(Ip::V4, 0, b"text");
    icmp[9] = 1;
    assert_eq!(Layout::of(&icmp), None);
    // A fragment header in front of UDP, even of a datagram that is whole.
    let mut v6 = udp_packet(Ip::V6, 0, b"text");
    v6[6] = 44;
    v6[5] += 8;
    v6.splice(40..40, [17, 0, 0, 0, 0, 0, 0, 1]);
    assert_eq!(Layout::of(&v6), None);
    // Four words of TCP header.
    let mut short = tcp_packet(Ip::V4, 0, tcp_header(1), b"");
    short[32] = 0x40;
    assert_eq!(Layout::of(&short), None);
}

#[test]
fn a_begun_checksum_is_finished_as_if_it_had_been_whole() {
    for ip in BOTH {
        for text in [&b""[..], b"odd", b"even"] {
            for whole in [
                tcp_packet(ip, 7, tcp_header(1), text),
                udp_packet(ip, 7, text),
            ] {
                let mut packet = whole.clone();
                let checksum = begin_checksum(&mut packet);
                assert!(packet != whole);
                assert!(finish(&mut packet, checksum));
                assert_eq!(packet, whole);
            }
        }
    }
}

#[test]
fn a_whole_checksum_is_left_alone() {
    let whole = udp_packet(Ip::V4, 7, b"text");
    for checksum in [Checksum::Full, Checksum::Verified] {
        let mut packet = whole.clone();
        assert!(finish(&mut packet, checksum));
        assert_eq!(packet, whole);
    }
}

// req: RFC768-fields-3
#[test]
fn a_datagrams_finished_sum_is_never_zero() {
    // The text is chosen so that all words together sum to 0xffff.
    let mut packet = udp_packet(Ip::V4, 7, &[0, 0]);
    let sum = u16::from_be_bytes([packet[26], packet[27]]);
    packet[28..30].copy_from_slice(&sum.to_be_bytes());
    let checksum = begin_checksum(&mut packet);
    assert!(finish(&mut packet, checksum));
    assert_eq!(packet[26..28], [0xff, 0xff]);
}

#[test]
fn a_copy_is_finished_over_all_that_was_there() {
    for ip in BOTH {
        for whole in [
            tcp_packet(ip, 7, tcp_header(1), b"odd"),
            udp_packet(ip, 7, b"even"),
        ] {
            let mut begun = whole.clone();
            let checksum = begin_checksum(&mut begun);
            let text_at = Layout::of(&whole).expect("TCP or UDP").text_at;
            let (head, body) = begun.split_at(text_at);
            let (first, second) = body.split_at(1);
            let packet = Transmit {
                offload: Offload {
                    checksum,
                    gso: None,
                },
                ..Transmit::plain(head, Pieces(first, second))
            };
            assert_eq!(finished(&packet, 20), begun[..20]);
            for most in text_at..=whole.len() {
                assert_eq!(finished(&packet, most), whole[..most]);
            }
            assert_eq!(finished(&packet, usize::MAX), whole);
        }
    }
}

/// What a device puts on the wire.
fn wire(packet: &Transmit<'_>) -> Result<Vec<Vec<u8>>, Uncut> {
    let mut packets = Vec::new();
    on_the_wire(packet, |packet| packets.push(packet.to_vec()))?;
    Ok(packets)
}

#[test]
fn what_asks_for_nothing_goes_on_the_wire_as_it_is() {
    let right = tcp_packet(Ip::V4, 7, tcp_header(1), b"text");
    // The checksums of IPv4 and TCP, the identification, the data offset, a byte of text.
    for at in [10, 36, 5, 32, 52] {
        let mut wrong = right.clone();
        wrong[at] ^= 0x10;
        let packet = Transmit::plain(&wrong, Pieces::EMPTY);
        assert_eq!(wire(&packet), Ok(vec![wrong.clone()]), "byte {at}");
    }
    let none: &[u8] = &[];
    let packet = Transmit::plain(none, Pieces::one(b"no packet at all"));
    assert_eq!(wire(&packet), Ok(vec![b"no packet at all".to_vec()]));
}

#[test]
fn what_asks_for_more_goes_on_the_wire_with_all_of_it_done() {
    let whole = tcp_packet(Ip::V6, 7, tcp_header(1), b"0123456789");
    let mut begun = whole.clone();
    let checksum = begin_checksum(&mut begun);
    let asked = |bytes, gso| {
        wire(&Transmit {
            offload: Offload { checksum, gso },
            ..Transmit::plain(bytes, Pieces::EMPTY)
        })
    };
    assert_eq!(asked(&begun, None), Ok(vec![whole.clone()]));
    // A length, and a sum that was begun from something else, do not become right.
    let (mut short, mut odd) = (begun.clone(), begun.clone());
    (short[5], odd[56]) = (short[5] - 1, !odd[56]);
    let finished = |bytes| asked(bytes, None).expect("a field").remove(0);
    assert_eq!(finished(&short)[5], whole[5] - 1);
    assert_ne!(finished(&odd)[56..58], whole[56..58]);
    let cut = asked(&begun, Some(4)).expect("TCP");
    let texts: Vec<_> = cut.iter().map(|packet| judge(packet).text).collect();
    assert_eq!(texts, [&b"0123"[..], b"4567", b"89"]);
    assert_eq!(asked(&begun, Some(0)), Err(Uncut::Size));
    assert_eq!(asked(&begun[..30], Some(4)), Err(Uncut::Layout));
}

#[test]
fn flags_are_those_of_the_header() {
    for ip in BOTH {
        let packet = |change: fn(&mut TcpHeader)| {
            let mut header = tcp_header(1);
            header.ack = false;
            change(&mut header);
            tcp_packet(ip, 7, header, b"text")
        };
        let flags = |packet: &[u8]| Layout::of(packet).expect("TCP or UDP").flags(packet);
        assert_eq!(flags(&packet(|_| ())), Flags::NONE);
        // The first bit of the byte, the last, and the one before it.
        assert_eq!(flags(&packet(|header| header.fin = true)), Flags::FIN);
        assert_eq!(flags(&packet(|header| header.cwr = true)), Flags::CWR);
        assert_eq!(flags(&packet(|header| header.ns = true)), Flags::AE);
        assert_eq!(flags(&udp_packet(ip, 7, &[0xff; 20])), Flags::NONE);
    }
}

#[test]
fn a_field_beyond_the_packet_is_not_written() {
    let whole = udp_packet(Ip::V4, 7, b"text");
    for (start, offset) in [(31, 0), (32, 0), (33, 0), (0, 31), (u16::MAX, u16::MAX)] {
        let mut packet = whole.clone();
        assert!(!finish(&mut packet, Checksum::Partial { start, offset }));
        assert_eq!(packet, whole);
    }
}
