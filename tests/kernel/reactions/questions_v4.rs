//! What is asked over IPv4.

use std::net::Ipv4Addr;

use super::craft::*;
use super::{Asked, Packet, Piece, Question};

/// A closed port, for whichever transport.
const CLOSED: u16 = 9;

pub fn questions() -> Vec<Question> {
    let mut all = Asked::new();
    headers(&mut all);
    addresses(&mut all);
    options(&mut all);
    protocols(&mut all);
    fragments(&mut all);
    datagrams(&mut all);
    segments(&mut all);
    messages(&mut all);
    all.questions()
}

impl Packet for V4 {
    const FAMILY: &str = "v4";
    const FIRST: u16 = 20_000;

    fn numbered(self, id: u16) -> V4 {
        V4 { id, ..self }
    }

    fn bytes(&self) -> Vec<u8> {
        V4::bytes(self)
    }
}

impl Asked<V4> {
    /// An echo request that is not as it should be.
    fn ask_echo(&mut self, name: impl Into<String>, spoil: impl FnOnce(&mut V4)) {
        let mut packet = self.echo();
        spoil(&mut packet);
        self.ask(name, packet);
    }

    /// An echo request; the kernel must answer it as it stands.
    fn echo(&self) -> V4 {
        V4 {
            protocol: ICMP,
            payload: icmp_v4(8, 0, &echo(self.number(), b"sixteen bytes...")),
            ..V4::default()
        }
    }

    fn udp(&self, dst: u16) -> V4 {
        V4::default().carrying(UDP, udp(self.number(), dst, b"text"))
    }

    fn tcp(&self, flags: u8) -> V4 {
        V4::default().carrying(TCP, tcp(self.number(), CLOSED, flags, b""))
    }
}

fn headers(all: &mut Asked<V4>) {
    for version in [0, 1, 2, 3, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15] {
        all.ask_echo(format!("version {version}"), |it| it.version = version);
    }
    for words in 0..16 {
        let name = format!("header of {words} words");
        all.ask_echo(name, |it| it.header_len = Some(words));
    }
    for (what, change) in [("less", -1), ("more", 1), ("8 less", -8), ("8 more", 8)] {
        let len = all.echo().bytes().len() as i32 + change;
        let name = format!("total length {what}");
        all.ask_echo(name, |it| it.total_len = Some(len as u16));
    }
    for total in [0, 1, 19, 20, 21, 27, 28, 65_535] {
        let name = format!("total length {total}");
        all.ask_echo(name, |it| it.total_len = Some(total));
    }
    for trailer in [1, 8, 1_000] {
        all.ask_echo(format!("{trailer} bytes behind"), |it| it.trailer = trailer);
    }
    for sum in [0, 0xffff, 0x1234] {
        all.ask_echo(format!("checksum {sum:#x}"), |it| it.checksum = Some(sum));
    }
    for ttl in [0, 1, 2, 255] {
        all.ask_echo(format!("ttl {ttl}"), |it| it.ttl = ttl);
        let mut udp = all.udp(CLOSED);
        udp.ttl = ttl;
        all.ask(format!("ttl {ttl} to a closed port"), udp);
    }
    for tos in [1, 2, 3, 0x10, 0xb8, 0xff] {
        all.ask_echo(format!("tos {tos:#x}"), |it| it.tos = tos);
    }
    all.ask_echo("reserved flag", |it| it.reserved = true);
    all.ask_echo("DF", |it| it.dont_fragment = true);
    for len in 1..20 {
        let mut packet = all.echo().bytes();
        packet.truncate(len);
        all.ask_bytes(format!("cut to {len} bytes"), vec![packet]);
    }
}

/// The three protocols, each with something that a host answers.
fn ask_three(all: &mut Asked<V4>, name: &str, packet: &V4) {
    let request = icmp(8, 0, &echo(all.number(), b"sixteen bytes..."));
    let it = packet.clone().carrying(ICMP, request);
    all.ask(format!("echo {name}"), it);
    let it = packet.clone();
    let it = it.carrying(UDP, udp(all.number(), CLOSED, b"text"));
    all.ask(format!("udp {name}"), it);
    let it = packet.clone();
    let it = it.carrying(TCP, tcp(all.number(), CLOSED, SYN, b""));
    all.ask(format!("tcp {name}"), it);
}

const SOURCES: [&str; 11] = [
    "0.0.0.0",
    "0.1.2.3",
    "127.0.0.1",
    "127.1.2.3",
    "10.90.0.0",
    "10.90.0.1",
    "10.90.0.255",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
];

const DESTINATIONS: [&str; 10] = [
    "0.0.0.0",
    "10.90.0.0",
    "10.90.0.7",
    "10.90.0.255",
    "10.91.0.1",
    "127.0.0.1",
    "224.0.0.1",
    "224.0.0.251",
    "240.0.0.1",
    "255.255.255.255",
];

fn addresses(all: &mut Asked<V4>) {
    for text in SOURCES {
        let src: Ipv4Addr = text.parse().expect("an address");
        let from = V4 {
            src,
            ..V4::default()
        };
        ask_three(all, &format!("from {text}"), &from);
    }
    for text in DESTINATIONS {
        let dst: Ipv4Addr = text.parse().expect("an address");
        let to = V4 {
            dst,
            ..V4::default()
        };
        ask_three(all, &format!("to {text}"), &to);
    }
}

fn options(all: &mut Asked<V4>) {
    let [a, b, c, d] = PEER_V4.octets();
    let lists: [(&str, &[u8]); 17] = [
        ("no operation", &[1, 1, 1, 1]),
        ("end, and more", &[0, 0x83, 2, 9]),
        ("a length of 0", &[0x94, 0, 0, 0]),
        ("a length of 1", &[0x94, 1, 0, 0]),
        ("a length beyond", &[0x94, 9, 0, 0]),
        ("a length that is missing", &[1, 1, 1, 0x94]),
        ("router alert", &[0x94, 4, 0, 0]),
        ("unknown, of class 3", &[0x7e, 4, 1, 2]),
        ("unknown, copied", &[0xfe, 4, 1, 2]),
        ("stream identifier", &[0x88, 4, 0, 7]),
        ("record route", &[7, 7, 4, 0, 0, 0, 0, 0]),
        ("record route, full", &[7, 7, 8, 1, 2, 3, 4, 0]),
        ("timestamp", &[0x44, 8, 5, 0, 0, 0, 0, 0]),
        ("loose route, ended", &[0x83, 7, 8, a, b, c, d, 0]),
        ("loose route", &[0x83, 7, 4, a, b, c, d, 0]),
        ("strict route, ended", &[0x89, 7, 8, a, b, c, d, 0]),
        ("strict route", &[0x89, 7, 4, a, b, c, d, 0]),
    ];
    for (name, list) in lists {
        let options = list.to_vec();
        all.ask(
            format!("option: {name}"),
            V4 {
                options,
                ..all.echo()
            },
        );
        let options = list.to_vec();
        let udp = V4 {
            options,
            ..all.udp(CLOSED)
        };
        all.ask(format!("option: {name}, to a closed port"), udp);
    }
}

fn protocols(all: &mut Asked<V4>) {
    // Without those that Linux may have a module for: 4, 41, 46, 47, 50, 51, 94, 103, 108, 112,
    // 115, 132, 136.
    for protocol in [
        0, 3, 5, 7, 8, 9, 16, 18, 29, 40, 43, 44, 58, 59, 60, 99, 200, 253, 254, 255,
    ] {
        let payload = vec![0x5a; 40];
        let packet = V4 {
            protocol,
            payload,
            ..V4::default()
        };
        all.ask(format!("protocol {protocol}"), packet);
    }
    for len in [0, 7, 8, 1_000, 1_480] {
        let payload = vec![0x5a; len];
        let packet = V4 {
            protocol: 200,
            payload,
            ..V4::default()
        };
        all.ask(format!("protocol 200 with {len} bytes"), packet);
    }
}

/// Pieces of echo requests, and how long the message is that they are cut from.
const CUTS: [(&str, usize, &[Piece]); 13] = [
    ("two halves", 64, &[(0, 32, true), (32, 64, false)]),
    ("two halves, turned", 64, &[(32, 64, false), (0, 32, true)]),
    (
        "a half twice",
        64,
        &[(0, 32, true), (0, 32, true), (32, 64, false)],
    ),
    (
        "an overlap of the same bytes",
        64,
        &[(0, 40, true), (32, 64, false)],
    ),
    (
        "a part within a part",
        64,
        &[(0, 32, true), (16, 24, true), (32, 64, false)],
    ),
    ("the first half alone", 64, &[(0, 32, true)]),
    ("the second half alone", 64, &[(32, 64, false)]),
    (
        "a length of 33 with more to come",
        65,
        &[(0, 33, true), (32, 65, false)],
    ),
    ("an empty end", 64, &[(0, 32, true), (32, 32, false)]),
    (
        "an empty piece with more to come",
        64,
        &[(0, 0, true), (0, 32, true), (32, 64, false)],
    ),
    (
        "two ends, the second too late",
        64,
        &[(0, 32, true), (32, 64, false), (32, 56, false)],
    ),
    (
        "two ends at two places",
        64,
        &[(32, 64, false), (32, 56, false), (0, 32, true)],
    ),
    (
        "pieces of eight bytes",
        24,
        &[(0, 8, true), (8, 16, true), (16, 24, false)],
    ),
];

fn cut(all: &Asked<V4>, len: usize, pieces: &[Piece]) -> Vec<V4> {
    let message = icmp_v4(8, 0, &echo(all.number(), &vec![7; len - 8]));
    let piece = |&(from, to, more): &Piece| V4 {
        protocol: ICMP,
        offset: (from / 8) as u16,
        more_fragments: more,
        payload: message[from..to].to_vec(),
        ..V4::default()
    };
    pieces.iter().map(piece).collect()
}

fn fragments(all: &mut Asked<V4>) {
    for (name, len, pieces) in CUTS {
        all.ask_all(name, cut(all, len, pieces));
    }
    let halves = |all: &Asked<V4>| cut(all, 64, &[(0, 32, true), (32, 64, false)]);
    let mut beyond = cut(all, 64, &[(0, 64, false)]);
    beyond[0].offset = 8_191;
    all.ask_all("beyond 65,535 bytes", beyond);
    let mut parts = halves(all);
    parts.iter_mut().for_each(|it| it.dont_fragment = true);
    all.ask_all("halves with DF", parts);
    let mut parts = halves(all);
    parts[1].protocol = UDP;
    all.ask_all("halves of two protocols", parts);
    for (name, first, second) in [("ECT(0) and CE", 2, 3), ("Not-ECT and CE", 0, 3)] {
        let mut parts = halves(all);
        (parts[0].tos, parts[1].tos) = (first, second);
        all.ask_all(format!("halves with {name}"), parts);
    }
}

fn datagrams(all: &mut Asked<V4>) {
    for port in [CLOSED, 1, 65_535, 0] {
        all.ask(format!("udp to closed port {port}"), all.udp(port));
    }
    all.ask("udp to an open port", all.udp(super::OPEN_UDP));
    all.ask(
        "udp from port 0",
        V4::default().carrying(UDP, udp(0, CLOSED, b"text")),
    );
    for len in [0, 1, 7, 8, 9, 11, 13, 100, 65_535] {
        let payload = udp_saying(all.number(), CLOSED, len, b"text");
        let packet = V4::default().carrying(UDP, payload);
        all.ask(format!("udp that says {len} bytes of 12"), packet);
    }
    for (name, sum) in [("no checksum", [0, 0]), ("a wrong checksum", [0x12, 0x34])] {
        for port in [CLOSED, super::OPEN_UDP] {
            let mut packet = all.udp(port);
            packet.payload[6..8].copy_from_slice(&sum);
            all.ask(format!("udp with {name} to {port}"), packet);
        }
    }
    for len in 0..8 {
        let mut packet = all.udp(CLOSED);
        packet.payload.truncate(len);
        all.ask(format!("udp cut to {len} bytes"), packet);
    }
    for len in [500, 520, 521, 548, 549, 1_400] {
        let payload = udp(all.number(), CLOSED, &vec![b'x'; len]);
        let packet = V4::default().carrying(UDP, payload);
        all.ask(format!("udp of {len} bytes to a closed port"), packet);
    }
}

fn segments(all: &mut Asked<V4>) {
    for flags in 0..64 {
        all.ask(
            format!("tcp flags {flags:06b} to a closed port"),
            all.tcp(flags),
        );
    }
    for (name, flags) in [("SYN", SYN), ("FIN", FIN | ACK), ("PSH", PSH | ACK)] {
        let payload = tcp(all.number(), CLOSED, flags, b"some text");
        let packet = V4::default().carrying(TCP, payload);
        all.ask(format!("tcp {name} with text to a closed port"), packet);
    }
    for (name, flags) in [
        ("SYN", SYN),
        ("ACK", ACK),
        ("RST", RST),
        ("FIN", FIN),
        ("nothing", 0),
        ("SYN,ACK", SYN | ACK),
        ("SYN,RST", SYN | RST),
        ("SYN,FIN", SYN | FIN),
        ("all", FIN | SYN | RST | PSH | ACK | URG),
    ] {
        let payload = tcp(all.number(), super::OPEN_TCP, flags, b"");
        let packet = V4::default().carrying(TCP, payload);
        all.ask(format!("tcp {name} to an open port"), packet);
    }
    for words in [0, 1, 4, 6, 15] {
        let payload = tcp_with(all.number(), CLOSED, SYN, words, &[], b"");
        let packet = V4::default().carrying(TCP, payload);
        all.ask(
            format!("tcp with a data offset of {words} and no options"),
            packet,
        );
    }
    for (name, options) in [
        ("a length of 0", [2, 0, 0, 0]),
        ("a length of 1", [2, 1, 0, 0]),
        ("a length beyond", [2, 40, 0, 0]),
        ("an unknown kind", [77, 4, 0, 0]),
    ] {
        let payload = tcp_with(all.number(), super::OPEN_TCP, SYN, 6, &options, b"");
        let packet = V4::default().carrying(TCP, payload);
        all.ask(format!("tcp SYN whose option has {name}"), packet);
    }
    let mut packet = all.tcp(SYN);
    packet.payload[16] ^= 1;
    all.ask("tcp with a wrong checksum", packet);
    for len in [0, 1, 4, 13, 19] {
        let mut packet = all.tcp(SYN);
        packet.payload.truncate(len);
        all.ask(format!("tcp cut to {len} bytes"), packet);
    }
    for (name, src, dst) in [("from", 0, CLOSED), ("to", 7, 0)] {
        let packet = V4::default().carrying(TCP, tcp(src, dst, SYN, b""));
        all.ask(format!("tcp {name} port 0"), packet);
    }
}

fn messages(all: &mut Asked<V4>) {
    for kind in 0..=45 {
        let mut packet = all.echo();
        packet.payload = icmp_v4(kind, 0, &echo(all.number(), &[0; 32]));
        all.ask(format!("icmp type {kind}"), packet);
    }
    for code in [1, 255] {
        let mut packet = all.echo();
        packet.payload = icmp_v4(8, code, &echo(all.number(), b"data"));
        all.ask(format!("an echo request of code {code}"), packet);
    }
    let mut packet = all.echo();
    packet.payload[3] ^= 1;
    all.ask("an echo request with a wrong checksum", packet);
    for len in 0..8 {
        let mut packet = all.echo();
        packet.payload = icmp_v4(8, 0, &echo(all.number(), b""))[..len].to_vec();
        if len >= 4 {
            packet.payload[2..4].fill(0);
            let sum = checksum(&packet.payload).to_be_bytes();
            packet.payload[2..4].copy_from_slice(&sum);
        }
        all.ask(format!("an echo request cut to {len} bytes"), packet);
    }
    for len in [0, 1, 8, 1_472] {
        let mut packet = all.echo();
        packet.payload = icmp_v4(8, 0, &echo(all.number(), &vec![b'x'; len]));
        all.ask(format!("an echo request of {len} bytes"), packet);
    }
}
