use super::*;
use crate::base::Instant;
use crate::drill::flow::Flows;
use crate::drill::kit::read;
use crate::drill::live::{Live, LiveBody};
use crate::drill::syntax::Body;

/// What a line makes for a connection that begins with it.
fn made(options: &str, line: &str) -> Live {
    let (settings, packet) = read(options, line);
    let local = SocketAddr::new(settings.local, 8080);
    let remote = SocketAddr::new(settings.remote, 8080);
    let mut flows = Flows::new(local, remote);
    let Body::Tcp(tcp) = &packet.body else {
        panic!("{line}");
    };
    let flow = flows.for_inbound(tcp).unwrap();
    let bytes = super::tcp(tcp, &packet.marks, flow, &settings).unwrap();
    Live::read(Instant::BIRTH, 0, bytes).unwrap()
}

#[test]
fn a_segment_has_exactly_what_its_line_says() {
    for options in ["", "--ip_version=ipv6"] {
        let live = made(
            options,
            "< [ce] 9 > 10 SPEWA. 7000:7005(5) ack 77 win 1234 urg 3 <mss 1000,nop,wscale 7>",
        );
        assert!(live.ip.checksum_right);
        assert_eq!((live.ip.tos, live.ip.ttl), (3, 255));
        let tcp = live.tcp().unwrap();
        assert!(tcp.checksum_right);
        assert_eq!((tcp.src, tcp.dst), (9, 10));
        assert_eq!((tcp.seq, tcp.ack), (7000, 77));
        assert_eq!((tcp.window, tcp.urgent), (1234, 3));
        assert_eq!(tcp.flags, 0x02 | 0x08 | 0x10 | 0x40 | 0x80);
        assert!(tcp.ae);
        assert_eq!(tcp.options, [2, 4, 3, 0xe8, 1, 3, 3, 7]);
        assert_eq!(tcp.payload, pattern::text(Stream::In, 0, 5));
        assert_eq!(live.ip.total_len, live.bytes.len());
    }
}

#[test]
fn a_digit_is_put_in_its_three_bits() {
    let live = made("", "< P.5 1:2(1) ack 1 win 1");
    let tcp = live.tcp().unwrap();
    assert_eq!(tcp.flags, 0x08 | 0x10 | 0x40);
    assert!(tcp.ae);
}

#[test]
fn marks_are_on_the_ip_header() {
    let tos = |marks: &str| made("", &format!("< {marks} . 1:1(0) ack 1 win 1")).ip.tos;
    assert_eq!(tos(""), 0);
    assert_eq!(tos("[noecn]"), 0);
    assert_eq!(tos("[ect1]"), 1);
    assert_eq!(tos("[ect0]"), 2);
    assert_eq!(tos("(tos 0xb8)"), 0xb8);
    assert_eq!(tos("(dscp ef, ecn ce)"), 46 << 2 | 3);
    assert_eq!(made("", "< (ttl 7) . 1:1(0) ack 1 win 1").ip.ttl, 7);
    let label = "< (flowlabel 0x12345) . 1:1(0) ack 1 win 1";
    assert_eq!(made("--ip_version=ipv6", label).ip.flow, 0x12345);
}

#[test]
fn every_option_has_its_bytes() {
    let bytes = |list: &str| {
        let live = made("", &format!("< S 0:0(0) win 1 <{list}>"));
        live.tcp().unwrap().options.clone()
    };
    assert_eq!(bytes("nop,nop,sackOK"), [1, 1, 4, 2]);
    assert_eq!(bytes("sackOK,eol,eol"), [4, 2, 0, 0]);
    assert_eq!(
        bytes("nop,nop,sack 1:2"),
        [1, 1, 5, 10, 0, 0, 0, 1, 0, 0, 0, 2]
    );
    assert_eq!(
        bytes("nop,nop,TS val 258 ecr 3"),
        [1, 1, 8, 10, 0, 0, 1, 2, 0, 0, 0, 3]
    );
    assert_eq!(bytes("FO abcd"), [34, 4, 0xab, 0xcd]);
    assert_eq!(bytes("FO,nop,nop"), [34, 2, 1, 1]);
    assert_eq!(bytes("FOEXP"), [254, 4, 0xf9, 0x89]);
    assert_eq!(
        bytes("ECN e0b 1 ceb 258 e1b 66051,nop"),
        [172, 11, 0, 0, 1, 0, 1, 2, 1, 2, 3, 1]
    );
    assert_eq!(bytes("ECN e1b 1,nop,nop,nop")[..5], [174, 5, 0, 0, 1]);
    assert_eq!(bytes("gen-253 0102"), [253, 4, 1, 2]);
    assert_eq!(bytes("020405b4"), [2, 4, 5, 0xb4]);
}

#[test]
fn a_datagram_has_its_length_and_checksum() {
    let (settings, packet) = read("", "< udp 5 > 6 (100)");
    let mut flows = Flows::new(
        SocketAddr::new(settings.local, 1),
        SocketAddr::new(settings.remote, 2),
    );
    let syn = read("", "< S 0:0(0) win 1").1;
    let Body::Tcp(tcp) = &syn.body else {
        panic!("no segment");
    };
    flows.for_inbound(tcp).unwrap();
    let flow = flows.current().unwrap();
    let Body::Udp { ports, len } = packet.body else {
        panic!("no datagram");
    };
    let bytes = udp(ports, len, &packet.marks, flow).unwrap();
    let live = Live::read(Instant::BIRTH, 0, bytes).unwrap();
    let LiveBody::Udp {
        src,
        dst,
        payload,
        checksum_right,
    } = live.body
    else {
        panic!("no datagram");
    };
    assert_eq!((src, dst, payload.len(), checksum_right), (5, 6, 100, true));
}

/// What an ICMP line makes for a connection whose SYN,ACK has the number 5000.
fn message(options: &str, line: &str) -> Vec<u8> {
    let (settings, packet) = read(options, line);
    let local = SocketAddr::new(settings.local, 8080);
    let remote = SocketAddr::new(settings.remote, 8080);
    let mut flows = Flows::new(local, remote);
    let syn = read(options, "< S 7000:7000(0) win 1").1;
    let Body::Tcp(tcp) = &syn.body else {
        panic!("no segment");
    };
    flows.for_inbound(tcp).unwrap();
    // A SYN,ACK of ours that was seen: what the stack would send back.
    let mut answer = made(options, "< S. 5000:5000(0) ack 7001 win 1");
    (answer.ip.src, answer.ip.dst) = (settings.local, settings.remote);
    flows.on_taken(&answer);
    let Body::Icmp(line) = &packet.body else {
        panic!("no message");
    };
    let bytes = icmp(line, &packet.marks, flows.current().unwrap()).unwrap();
    let live = Live::read(Instant::BIRTH, 0, bytes.clone()).unwrap();
    match live.body {
        LiveBody::Icmp { checksum_right, .. } => assert!(checksum_right),
        other => panic!("{other:?}"),
    }
    assert_eq!(
        (live.ip.src, live.ip.dst),
        (settings.remote, settings.local)
    );
    bytes
}

#[test]
fn an_error_quotes_a_packet_of_ours() {
    let bytes = message("", "< icmp unreachable frag_needed mtu 1000 [1:1461(1460)]");
    let icmp = &bytes[20..];
    assert_eq!((icmp[0], icmp[1]), (3, 4));
    // RFC 1191 section 4: the MTU in the lower half of the second word.
    assert_eq!(icmp[4..8], [0, 0, 3, 0xe8]);
    let quoted = &icmp[8..];
    assert_eq!(quoted.len(), 20 + 8);
    // The header says how long the packet was: 20 + 20 + 1460.
    assert_eq!(quoted[2..4], 1500_u16.to_be_bytes());
    assert_eq!(quoted[12..16], [192, 168, 0, 1]);
    assert_eq!(quoted[16..20], [192, 0, 2, 1]);
    assert_eq!(quoted[20..22], 8080_u16.to_be_bytes());
    assert_eq!(quoted[24..28], 5001_u32.to_be_bytes());
}

#[test]
fn an_error_quotes_an_ipv6_packet_of_ours() {
    let bytes = message(
        "--ip_version=ipv6",
        "< icmp packet_too_big mtu 1300 [1:1001(1000)]",
    );
    let icmp = &bytes[40..];
    assert_eq!((icmp[0], icmp[1]), (2, 0));
    assert_eq!(icmp[4..8], 1300_u32.to_be_bytes());
    let quoted = &icmp[8..];
    assert_eq!(quoted[4..6], (20 + 1000_u16).to_be_bytes());
    assert_eq!(quoted[40 + 4..40 + 8], 5001_u32.to_be_bytes());
}

#[test]
fn other_messages_carry_what_is_said() {
    let echo = message("", "< icmp echo_request id 77 [raw (20)]");
    assert_eq!(echo[20..22], [8, 0]);
    assert_eq!(echo[24..26], 77_u16.to_be_bytes());
    assert_eq!(echo.len(), 20 + 8 + 20);
    let bare = message("", "< icmp source_quench");
    // Without a bracket it quotes our SYN.
    assert_eq!(bare[20 + 8 + 20 + 4..], 5000_u32.to_be_bytes());
    let datagram = message("", "< icmp unreachable port_unreachable [udp (8)]");
    assert_eq!(datagram[20 + 8 + 9], UDP);
}

#[test]
fn a_packet_that_no_header_can_measure_is_refused() {
    let (settings, packet) = read("", "< . 1:65497(65496) ack 1 win 1");
    let Body::Tcp(tcp) = &packet.body else {
        panic!("no segment");
    };
    let mut flows = Flows::new(
        SocketAddr::new(settings.local, 1),
        SocketAddr::new(settings.remote, 2),
    );
    let flow = flows.for_inbound(tcp).unwrap();
    let made = super::tcp(tcp, &packet.marks, flow, &settings);
    assert_eq!(made, Err(Uncraftable::TooLong));
}
