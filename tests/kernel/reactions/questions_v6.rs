//! What is asked over IPv6.

use std::net::Ipv6Addr;

use super::craft::*;
use super::{Asked, Packet, Piece, Question};

/// A closed port, for whichever transport.
const CLOSED: u16 = 9;

pub fn questions() -> Vec<Question> {
    let mut all = Asked::new();
    headers(&mut all);
    addresses(&mut all);
    extensions(&mut all);
    next_headers(&mut all);
    options_by_action(&mut all);
    fragments(&mut all);
    transports(&mut all);
    messages(&mut all);
    all.questions()
}

impl Packet for V6 {
    const FAMILY: &str = "v6";
    const FIRST: u16 = 40_000;

    /// Only fragments have one.
    fn numbered(self, _: u16) -> V6 {
        self
    }

    fn bytes(&self) -> Vec<u8> {
        V6::bytes(self)
    }
}

impl Asked<V6> {
    fn request(&self) -> Vec<u8> {
        icmp(128, 0, &echo(self.number(), b"sixteen bytes..."))
    }

    /// An echo request; the kernel must answer it as it stands.
    fn echo(&self) -> V6 {
        self.echo_behind(&[])
    }

    fn echo_behind(&self, extensions: &[Extension]) -> V6 {
        V6::default().carrying(extensions, ICMPV6, self.request())
    }

    fn udp(&self, dst: u16) -> V6 {
        V6::default().carrying(&[], UDP, udp(self.number(), dst, b"text"))
    }

    fn tcp(&self, flags: u8) -> V6 {
        V6::default().carrying(&[], TCP, tcp(self.number(), CLOSED, flags, b""))
    }
}

fn headers(all: &mut Asked<V6>) {
    for (what, change) in [("less", -1), ("more", 1), ("8 less", -8), ("8 more", 8)] {
        let payload_len = Some((all.echo().payload.len() as i32 + change) as u16);
        all.ask(
            format!("payload length {what}"),
            V6 {
                payload_len,
                ..all.echo()
            },
        );
    }
    for len in [0, 1, 7, 8, 65_535] {
        let payload_len = Some(len);
        all.ask(
            format!("payload length {len}"),
            V6 {
                payload_len,
                ..all.echo()
            },
        );
    }
    for hop_limit in [0, 1, 2, 255] {
        all.ask(
            format!("hop limit {hop_limit}"),
            V6 {
                hop_limit,
                ..all.echo()
            },
        );
    }
    for traffic_class in [1, 3, 0xb8, 0xff] {
        let packet = V6 {
            traffic_class,
            ..all.echo()
        };
        all.ask(format!("traffic class {traffic_class:#x}"), packet);
    }
    for flow_label in [1, 0xf_ffff] {
        all.ask(
            format!("flow label {flow_label:#x}"),
            V6 {
                flow_label,
                ..all.echo()
            },
        );
    }
    for len in [1, 6, 7, 8, 23, 24, 39] {
        let mut packet = all.echo().bytes();
        packet.truncate(len);
        all.ask_bytes(format!("cut to {len} bytes"), vec![packet]);
    }
}

fn addresses(all: &mut Asked<V6>) {
    for src in [
        "::",
        "::1",
        "fd90::1",
        "ff02::1",
        "ff0e::9",
        "fe80::9",
        "::ffff:10.0.0.1",
    ] {
        let addr: Ipv6Addr = src.parse().expect("an address");
        let from = V6 {
            src: addr,
            ..V6::default()
        };
        let packet = from.clone().carrying(&[], ICMPV6, all.request());
        all.ask(format!("echo from {src}"), packet);
        let payload = udp(all.number(), CLOSED, b"text");
        all.ask(
            format!("udp from {src}"),
            from.clone().carrying(&[], UDP, payload),
        );
        let payload = tcp(all.number(), CLOSED, SYN, b"");
        all.ask(format!("tcp from {src}"), from.carrying(&[], TCP, payload));
    }
    for dst in [
        "::", "::1", "fd90::7", "fd91::1", "ff02::1", "ff02::fb", "ff05::2", "fe80::9",
    ] {
        let addr: Ipv6Addr = dst.parse().expect("an address");
        let to = V6 {
            dst: addr,
            ..V6::default()
        };
        let packet = to.clone().carrying(&[], ICMPV6, all.request());
        all.ask(format!("echo to {dst}"), packet);
        let payload = udp(all.number(), CLOSED, b"text");
        all.ask(
            format!("udp to {dst}"),
            to.clone().carrying(&[], UDP, payload),
        );
        let payload = tcp(all.number(), CLOSED, SYN, b"");
        all.ask(format!("tcp to {dst}"), to.carrying(&[], TCP, payload));
    }
}

fn extensions(all: &mut Asked<V6>) {
    let (hop, dst) = (options(HOP_BY_HOP, &[]), options(DESTINATION, &[]));
    let chains: [(&str, Vec<Extension>); 12] = [
        ("hop-by-hop options", vec![hop.clone()]),
        ("destination options", vec![dst.clone()]),
        ("both", vec![hop.clone(), dst.clone()]),
        ("destination options twice", vec![dst.clone(), dst.clone()]),
        ("five destination options", vec![dst.clone(); 5]),
        (
            "hop-by-hop options behind others",
            vec![dst.clone(), hop.clone()],
        ),
        ("hop-by-hop options twice", vec![hop.clone(), hop]),
        ("routing header 0, ended", vec![routing(0, 0)]),
        ("routing header 0", vec![routing(0, 1)]),
        ("routing header 77, ended", vec![routing(77, 0)]),
        ("routing header 77", vec![routing(77, 1)]),
        ("an atomic fragment", vec![fragment(7, 0, false)]),
    ];
    for (name, chain) in chains {
        all.ask(name, all.echo_behind(&chain));
        let payload = udp(all.number(), CLOSED, b"text");
        let packet = V6::default().carrying(&chain, UDP, payload);
        all.ask(format!("{name}, to a closed port"), packet);
    }
}

fn next_headers(all: &mut Asked<V6>) {
    let dst = options(DESTINATION, &[]);
    for next in [0, 43, 44, 50, 51, 60, 99, 139, 140, 200, 253, 254, 255] {
        let next_header = next;
        let payload = vec![0x5a; 40];
        let packet = V6 {
            next_header,
            payload,
            ..V6::default()
        };
        all.ask(format!("next header {next}, and noise"), packet);
        let packet = V6::default().chain(std::slice::from_ref(&dst), next, &[0x5a; 40]);
        all.ask(
            format!("next header {next} behind options, and noise"),
            packet,
        );
    }
    for extensions in [vec![], vec![dst.clone()]] {
        let packet = V6::default().chain(&extensions, NO_NEXT, b"more");
        all.ask(
            format!("no next header, behind {}", extensions.len()),
            packet,
        );
    }
    for number in [HOP_BY_HOP, DESTINATION] {
        for (name, bytes) in [
            ("an option cut off", vec![0, 5, 9, 0, 0, 0, 0]),
            ("a length beyond", vec![0xff, 1, 4, 0, 0, 0, 0]),
            (
                "PadN with bytes that are not zero",
                vec![0, 1, 4, 1, 2, 3, 4],
            ),
            ("six times Pad1", vec![0, 0, 0, 0, 0, 0, 0]),
        ] {
            let extension = Extension(number, bytes);
            all.ask(
                format!("{name} in header {number}"),
                all.echo_behind(&[extension]),
            );
        }
    }
    for len in [0, 1, 4, 7] {
        let next_header = DESTINATION;
        let payload = vec![0; len];
        let packet = V6 {
            next_header,
            payload,
            ..V6::default()
        };
        all.ask(format!("destination options of {len} bytes"), packet);
    }
}

/// RFC 8200 section 4.2: the two highest bits say what becomes of whom does not know an option.
fn options_by_action(all: &mut Asked<V6>) {
    for number in [HOP_BY_HOP, DESTINATION] {
        for kind in [0x1e, 0x3e, 0x5e, 0x7e, 0x9e, 0xbe, 0xde, 0xfe] {
            let extension = options(number, &[kind, 2, 1, 2]);
            let packet = all.echo_behind(std::slice::from_ref(&extension));
            all.ask(format!("option {kind:#x} in header {number}"), packet);
            let to = V6 {
                dst: "ff02::1".parse().expect("an address"),
                ..V6::default()
            };
            let packet = to.carrying(&[extension], ICMPV6, all.request());
            all.ask(
                format!("option {kind:#x} in header {number}, to many"),
                packet,
            );
        }
    }
}

/// Pieces of echo requests, and how long the message is that they are cut from.
const CUTS: [(&str, usize, &[Piece]); 8] = [
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
    ("the first half alone", 64, &[(0, 32, true)]),
    ("the second half alone", 64, &[(32, 64, false)]),
    (
        "a length of 33 with more to come",
        65,
        &[(0, 33, true), (32, 65, false)],
    ),
    (
        "two ends at two places",
        64,
        &[(32, 64, false), (32, 56, false), (0, 32, true)],
    ),
];

fn cut(all: &Asked<V6>, len: usize, pieces: &[Piece]) -> Vec<V6> {
    let message = icmp(128, 0, &echo(all.number(), &vec![7; len - 8]));
    let whole = V6::default().carrying(&[], ICMPV6, message).payload;
    let piece = |&(from, to, more): &Piece| {
        let extension = fragment(all.number().into(), (from / 8) as u16, more);
        V6::default().chain(&[extension], ICMPV6, &whole[from..to])
    };
    pieces.iter().map(piece).collect()
}

fn fragments(all: &mut Asked<V6>) {
    for (name, len, pieces) in CUTS {
        all.ask_all(name, cut(all, len, pieces));
    }
    let halves = |all: &Asked<V6>| cut(all, 64, &[(0, 32, true), (32, 64, false)]);
    let id = |all: &Asked<V6>| u32::from(all.number());
    let beyond = fragment(id(all), 8_191, false);
    let beyond = V6::default().chain(&[beyond], ICMPV6, &[7; 64]);
    all.ask("beyond 65,535 bytes", beyond);
    let beyond = fragment(id(all), 8_191, false);
    let beyond = V6::default().chain(&[beyond], UDP, &[7; 64]);
    all.ask("beyond 65,535 bytes, of UDP", beyond);
    let first = fragment(id(all), 0, true);
    let tiny = V6::default().chain(&[first], UDP, &[]);
    all.ask("a first fragment without anything behind", tiny);
    let first = fragment(id(all), 0, true);
    let long = options(DESTINATION, &[0x1e, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    let mut short = V6::default().chain(&[first, long], ICMPV6, &[]);
    short.payload.truncate(16);
    all.ask("a first fragment whose headers are cut off", short);
    let atomic = fragment(id(all), 0, false);
    let mut parts = halves(all);
    parts.insert(1, V6::default().carrying(&[atomic], ICMPV6, all.request()));
    all.ask_all("an atomic fragment between halves", parts);
    for (name, first, second) in [("ECT(0) and CE", 2, 3), ("Not-ECT and CE", 0, 3)] {
        let mut parts = halves(all);
        (parts[0].traffic_class, parts[1].traffic_class) = (first, second);
        all.ask_all(format!("halves with {name}"), parts);
    }
    let (inner, outer) = (fragment(id(all), 0, true), fragment(id(all) + 1, 0, false));
    let nested = V6::default().chain(&[outer, inner], ICMPV6, &all.request());
    all.ask("a fragment header behind a fragment header", nested);
}

fn transports(all: &mut Asked<V6>) {
    for port in [CLOSED, 1, 65_535, 0] {
        all.ask(format!("udp to closed port {port}"), all.udp(port));
    }
    all.ask("udp to an open port", all.udp(super::OPEN_UDP));
    for (name, sum) in [("no checksum", [0, 0]), ("a wrong checksum", [0x12, 0x34])] {
        for port in [CLOSED, super::OPEN_UDP] {
            let mut packet = all.udp(port);
            packet.payload[6..8].copy_from_slice(&sum);
            all.ask(format!("udp with {name} to {port}"), packet);
        }
    }
    for len in [0, 7, 8, 11, 13, 65_535] {
        let payload = udp_saying(all.number(), CLOSED, len, b"text");
        let packet = V6::default().carrying(&[], UDP, payload);
        all.ask(format!("udp that says {len} bytes of 12"), packet);
    }
    for len in [1_184, 1_185, 1_232, 1_233, 1_400] {
        let payload = udp(all.number(), CLOSED, &vec![b'x'; len]);
        let packet = V6::default().carrying(&[], UDP, payload);
        all.ask(format!("udp of {len} bytes to a closed port"), packet);
    }
    for flags in [
        0,
        FIN,
        SYN,
        RST,
        ACK,
        SYN | ACK,
        SYN | FIN,
        RST | ACK,
        FIN | PSH | URG,
    ] {
        all.ask(
            format!("tcp flags {flags:06b} to a closed port"),
            all.tcp(flags),
        );
    }
    for (name, flags) in [
        ("SYN", SYN),
        ("ACK", ACK),
        ("RST", RST),
        ("FIN", FIN),
        ("nothing", 0),
    ] {
        let payload = tcp(all.number(), super::OPEN_TCP, flags, b"");
        let packet = V6::default().carrying(&[], TCP, payload);
        all.ask(format!("tcp {name} to an open port"), packet);
    }
    let mut packet = all.tcp(SYN);
    packet.payload[16] ^= 1;
    all.ask("tcp with a wrong checksum", packet);
    let mut packet = all.tcp(SYN);
    packet.payload.truncate(19);
    all.ask("tcp cut to 19 bytes", packet);
}

fn messages(all: &mut Asked<V6>) {
    // Without those of neighbour discovery and multicast listeners, which a TUN interface has none
    // of, 130 to 137 and 143.
    for kind in [
        0, 1, 2, 3, 4, 5, 99, 100, 126, 127, 128, 129, 138, 139, 140, 144, 200, 254, 255,
    ] {
        let message = icmp(kind, 0, &echo(all.number(), &[0; 32]));
        let packet = V6::default().carrying(&[], ICMPV6, message);
        all.ask(format!("icmp type {kind}"), packet);
    }
    for code in [1, 255] {
        let message = icmp(128, code, &echo(all.number(), b"data"));
        let packet = V6::default().carrying(&[], ICMPV6, message);
        all.ask(format!("an echo request of code {code}"), packet);
    }
    let mut packet = all.echo();
    packet.payload[3] ^= 1;
    all.ask("an echo request with a wrong checksum", packet);
    for len in [0, 1, 4, 7, 8, 9] {
        let message = icmp(128, 0, &echo(all.number(), b"x"))[..len].to_vec();
        let packet = V6::default().carrying(&[], ICMPV6, message);
        all.ask(format!("an echo request cut to {len} bytes"), packet);
    }
}
