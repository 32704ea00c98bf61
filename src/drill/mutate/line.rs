//! Changes of an outbound line.

use crate::drill::settings::Settings;
use crate::drill::syntax::{Body, Flags, Options, Packet, Tcp, TcpOption, Tos};

/// The line with one thing changed, in every way that a stack must show.
pub(super) fn changed(packet: &Packet, settings: &Settings) -> Vec<(String, Packet)> {
    let mut list = marks(packet);
    match &packet.body {
        Body::Tcp(tcp) => {
            for (what, tcp) in segment(tcp, settings) {
                let body = Body::Tcp(tcp);
                list.push((
                    what,
                    Packet {
                        body,
                        ..packet.clone()
                    },
                ));
            }
        }
        Body::Icmp(icmp) => {
            let mut other = icmp.clone();
            other.kind = other.kind.wrapping_add(1);
            list.push((
                "the ICMP type changed".into(),
                Packet {
                    body: Body::Icmp(other),
                    ..packet.clone()
                },
            ));
        }
        Body::Udp { ports, len } => {
            let body = Body::Udp {
                ports: *ports,
                len: len.wrapping_add(1),
            };
            list.push((
                "the length changed".into(),
                Packet {
                    body,
                    ..packet.clone()
                },
            ));
        }
        Body::Unsupported(_) => {}
    }
    list
}

fn marks(packet: &Packet) -> Vec<(String, Packet)> {
    let mut list = Vec::new();
    let mut add = |what: &str, change: &dyn Fn(&mut Packet)| {
        let mut changed = packet.clone();
        change(&mut changed);
        list.push((what.to_owned(), changed));
    };
    match packet.marks.tos {
        Some(Tos::Ecn(bits)) => add("the ECN mark changed", &|packet| {
            packet.marks.tos = Some(Tos::Ecn((bits + 1) & 3));
        }),
        Some(Tos::EctAny) => add("the ECN mark changed", &|packet| {
            packet.marks.tos = Some(Tos::Ecn(0));
        }),
        Some(Tos::Byte(byte)) => add("the TOS changed", &|packet| {
            packet.marks.tos = Some(Tos::Byte(byte ^ 4));
        }),
        Some(Tos::Dscp(dscp, ecn)) => add("the code point changed", &|packet| {
            packet.marks.tos = Some(Tos::Dscp(dscp ^ 1, ecn));
        }),
        None => {}
    }
    if let Some(ttl) = packet.marks.ttl {
        add("the TTL changed", &|packet| {
            packet.marks.ttl = Some(ttl ^ 1)
        });
    }
    list
}

fn segment(tcp: &Tcp, settings: &Settings) -> Vec<(String, Tcp)> {
    let mut list = Vec::new();
    let mut add = |what: String, change: &dyn Fn(&mut Tcp)| {
        let mut changed = tcp.clone();
        change(&mut changed);
        list.push((what, changed));
    };
    if tcp.seq.start.is_some() && !tcp.flags.has(Flags::SYN) {
        // That of a SYN is the script's own choice.
        add("the sequence number changed".into(), &|tcp| {
            tcp.seq.start = tcp.seq.start.map(|start| start.wrapping_add(1));
        });
    }
    add("the length changed".into(), &|tcp| tcp.seq.len ^= 1);
    add("the ack changed".into(), &|tcp| {
        tcp.ack = Some(tcp.ack.unwrap_or(0).wrapping_add(1));
    });
    if tcp.win.is_some() {
        add("the window changed".into(), &|tcp| {
            tcp.win = tcp.win.map(|win| win ^ 1);
        });
    }
    add("the urgent pointer changed".into(), &|tcp| {
        tcp.urg = Some(tcp.urg.unwrap_or(0) ^ 1);
    });
    for (bit, name) in [
        (Flags::FIN, "FIN"),
        (Flags::SYN, "SYN"),
        (Flags::RST, "RST"),
        (Flags::PSH, "PSH"),
        (Flags::ACK, "ACK"),
        (Flags::URG, "URG"),
    ] {
        add(format!("{name} changed"), &|tcp| tcp.flags.bits ^= bit);
    }
    match tcp.flags.ace {
        Some(digit) => add("the ACE digit changed".into(), &|tcp| {
            tcp.flags.ace = Some((digit + 1) & 7);
        }),
        None => {
            for (bit, name) in [(Flags::ECE, "ECE"), (Flags::CWR, "CWR")] {
                add(format!("{name} changed"), &|tcp| tcp.flags.bits ^= bit);
            }
            add("AE changed".into(), &|tcp| tcp.flags.ae = !tcp.flags.ae);
        }
    }
    if let Options::These(options) = &tcp.options {
        for (what, options) in changed_options(options, settings) {
            add(what, &|tcp| tcp.options = Options::These(options.clone()));
        }
    }
    list
}

fn changed_options(options: &[TcpOption], settings: &Settings) -> Vec<(String, Vec<TcpOption>)> {
    let mut list = Vec::new();
    for (nth, option) in options.iter().enumerate() {
        if let Some(other) = changed_option(option, settings) {
            let mut changed = options.to_vec();
            changed[nth] = other;
            list.push((format!("the option {option} changed"), changed));
        }
        let mut without = options.to_vec();
        without.remove(nth);
        list.push((format!("the option {option} left out"), without));
    }
    let mut more = options.to_vec();
    more.push(TcpOption::Nop);
    list.push(("an option added".into(), more));
    list
}

fn changed_option(option: &TcpOption, settings: &Settings) -> Option<TcpOption> {
    Some(match option {
        TcpOption::Mss(size) => TcpOption::Mss(size ^ 1),
        TcpOption::WindowScale(shift) => TcpOption::WindowScale(shift ^ 1),
        TcpOption::Nop => TcpOption::Eol,
        TcpOption::Eol => TcpOption::Nop,
        TcpOption::Sack(blocks) => {
            let mut blocks = blocks.clone();
            let first = blocks.first_mut()?;
            first.1 = first.1.wrapping_add(1);
            TcpOption::Sack(blocks)
        }
        TcpOption::Timestamps {
            value: Some(value),
            echo,
            literal_echo,
        } if settings.timestamp_tick > 0 => TcpOption::Timestamps {
            // Far enough for any tolerance, unless the line is the first to have one.
            value: Some(value.wrapping_add(1 << 30)),
            echo: *echo,
            literal_echo: *literal_echo,
        },
        TcpOption::FastOpen(cookie) => {
            let mut cookie = cookie.clone();
            *cookie.first_mut()? ^= 1;
            TcpOption::FastOpen(cookie)
        }
        TcpOption::AccEcn { kind, counters } => {
            let mut counters = counters.clone();
            *counters.first_mut()? ^= 1;
            TcpOption::AccEcn {
                kind: *kind,
                counters,
            }
        }
        _ => return None,
    })
}
