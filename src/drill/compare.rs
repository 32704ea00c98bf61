//! What an outbound line says against what left.
//!
//! The fields in packetdrill's order; the first difference is the reason, the others are told
//! beside it. What a line does not write is not compared: windows, TTL, TOS, TSecr, and always IP
//! id, DF, ports.

use super::craft;
use super::flow::Flow;
use super::live::{Ip, Live, LiveBody, LiveTcp, TIMESTAMPS, split_options};
use super::merge::Seen;
use super::pattern::{self, Stream};
use super::relax::Relaxed;
use super::settings::Settings;
use super::spell::Hex;
use super::syntax::{Body, Flags, Icmp, Marks, Micros, Options, Packet, Tcp, TcpOption, Tos};

/// One field that is not as the line says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    pub field: &'static str,
    pub expected: String,
    pub actual: String,
}

/// What a comparison brought.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Judgment {
    /// In packetdrill's order.
    pub differences: Vec<Difference>,
    /// TSecr on the line and live, if they differ: nobody compares it.
    pub echo: Option<(u32, u32)>,
}

impl Judgment {
    fn check<T: PartialEq + ToString>(&mut self, field: &'static str, expected: T, actual: T) {
        if expected != actual {
            self.differ(field, expected.to_string(), actual.to_string());
        }
    }

    fn differ(&mut self, field: &'static str, expected: impl Into<String>, actual: String) {
        self.differences.push(Difference {
            field,
            expected: expected.into(),
            actual,
        });
    }
}

/// What a comparison depends on beside the two.
#[derive(Debug, Clone, Copy)]
pub struct Terms<'a> {
    pub settings: &'a Settings,
    pub relaxed: Relaxed,
    /// When the line's event is planned, since the script began.
    pub planned: Micros,
}

/// Compares a line with what was seen.
pub fn compare(line: &Packet, seen: &Seen, flow: &mut Flow, terms: Terms<'_>) -> Judgment {
    let mut judgment = Judgment::default();
    let live = &seen.whole;
    let protocol = match (&line.body, live.ip.src.is_ipv6()) {
        (Body::Tcp(_), _) => 6,
        (Body::Udp { .. }, _) => 17,
        (Body::Icmp(_), false) => 1,
        (Body::Icmp(_), true) => 58,
        (Body::Unsupported(_), _) => 0,
    };
    for part in &seen.parts {
        ip_header(&mut judgment, part, terms.settings);
    }
    judgment.check("protocol", protocol, live.ip.protocol);
    marks(&mut judgment, &line.marks, &live.ip);
    match (&line.body, &live.body) {
        (Body::Tcp(tcp), LiveBody::Tcp(actual)) => {
            segment(&mut judgment, tcp, actual, flow, terms.relaxed);
            label(&mut judgment, &line.marks, &live.ip, flow);
            options(&mut judgment, tcp, actual, flow, terms);
            text(&mut judgment, actual, flow);
        }
        (Body::Icmp(icmp), LiveBody::Icmp { kind, code, .. }) => {
            message(&mut judgment, icmp, *kind, *code);
        }
        (Body::Udp { len, .. }, LiveBody::Udp { payload, .. }) => {
            judgment.check("length", usize::from(*len), payload.len());
            if pattern::differs(Stream::Out, 0, payload).is_some() {
                judgment.differ("payload", "as written", "other bytes".into());
            }
        }
        (_, LiveBody::Unread(what)) => judgment.differ("packet", "a whole header", (*what).into()),
        _ => {}
    }
    judgment
}

fn ip_header(judgment: &mut Judgment, part: &Live, settings: &Settings) {
    let ip = &part.ip;
    if !ip.checksum_right {
        judgment.differ("IP checksum", "right", "wrong".into());
    }
    let version = |v6: bool| if v6 { "6" } else { "4" };
    judgment.check(
        "IP version",
        version(settings.remote.is_ipv6()),
        version(ip.src.is_ipv6()),
    );
    if ip.src.is_ipv4() {
        judgment.check("IP header length", 20, ip.header_len);
    }
    judgment.check("total length", part.bytes.len(), ip.total_len);
}

fn marks(judgment: &mut Judgment, marks: &Marks, ip: &Ip) {
    let ecn = ip.tos & 3;
    match marks.tos {
        None => {}
        Some(Tos::Ecn(bits)) => judgment.check("ecn", ECN[usize::from(bits & 3)], name_of(ecn)),
        Some(Tos::EctAny) if matches!(ecn, 1 | 2) => {}
        Some(Tos::EctAny) => judgment.differ("ecn", "ect0 or ect1", name_of(ecn).into()),
        Some(Tos::Byte(byte)) => judgment.check("tos", byte, ip.tos),
        Some(Tos::Dscp(dscp, bits)) => {
            judgment.check("dscp", dscp, ip.tos >> 2);
            if let Some(bits) = bits {
                judgment.check("ecn", name_of(bits), name_of(ecn));
            }
        }
    }
    if let Some(ttl) = marks.ttl {
        judgment.check("ttl", ttl, ip.ttl);
    }
}

fn name_of(ecn: u8) -> &'static str {
    ECN[usize::from(ecn & 3)]
}

fn segment(judgment: &mut Judgment, line: &Tcp, live: &LiveTcp, flow: &Flow, relaxed: Relaxed) {
    let numbers = flow.outbound(live, line.seq.absolute);
    if let (Options::These(list), false) = (&line.options, relaxed.opt) {
        let options: usize = list.iter().map(TcpOption::wire_len).sum();
        judgment.check(
            "data offset",
            (20 + options) / 4,
            usize::from(live.data_offset),
        );
    }
    let (expected, ae) = line.flags.on_wire();
    for (bit, name) in [
        (Flags::FIN, "FIN"),
        (Flags::SYN, "SYN"),
        (Flags::RST, "RST"),
        (Flags::PSH, "PSH"),
        (Flags::ACK, "ACK"),
        (Flags::URG, "URG"),
    ] {
        if bit == Flags::PSH && relaxed.psh && line.seq.len > 0 {
            continue;
        }
        judgment.check(name, u8::from(expected & bit != 0), u8::from(live.has(bit)));
    }
    if let Some(ace) = line.flags.ace {
        let ece = u8::from(live.has(Flags::ECE));
        let cwr = u8::from(live.has(Flags::CWR));
        judgment.check("ACE", ace, u8::from(live.ae) << 2 | cwr << 1 | ece);
    } else {
        for (bit, name) in [(Flags::ECE, "ECE"), (Flags::CWR, "CWR")] {
            judgment.check(name, u8::from(expected & bit != 0), u8::from(live.has(bit)));
        }
        judgment.check("AE", u8::from(ae), u8::from(live.ae));
    }
    judgment.check("reserved bits", 0, live.reserved);
    if let Some(start) = line.seq.start {
        judgment.check("seq", start, numbers.seq);
    }
    judgment.check("length", usize::from(line.seq.len), live.payload.len());
    judgment.check("ack", line.ack.unwrap_or(0), numbers.ack);
    if let Some(win) = line.win {
        let both_open = win > 0 && live.window > 0;
        if !(relaxed.win && both_open) {
            judgment.check("win", win, live.window);
        }
    }
    judgment.check("urg", line.urg.unwrap_or(0), live.urgent);
}

/// Labels are not compared by value: one number of the script is one label, and not that of
/// another.
fn label(judgment: &mut Judgment, marks: &Marks, ip: &Ip, flow: &mut Flow) {
    if let Some(script) = marks.flow
        && !flow.label(script, ip.flow)
    {
        let expected = format!("the label bound to {script:#x}");
        judgment.differ("flow label", expected, format!("{:#x}", ip.flow));
    }
}

fn options(judgment: &mut Judgment, line: &Tcp, live: &LiveTcp, flow: &mut Flow, terms: Terms<'_>) {
    let Options::These(list) = &line.options else {
        return;
    };
    let Some(mut actual) = live.options() else {
        judgment.differ("options", written(list), Hex(&live.options).to_string());
        return;
    };
    let shown = shown(&actual, live, flow);
    let wire: Vec<u8> = list.iter().flat_map(craft::plain).collect();
    let mut expected = split_options(&wire).unwrap_or_default();
    if terms.relaxed.opt {
        // Order and padding are free.
        for list in [&mut expected, &mut actual] {
            list.retain(|(kind, _)| *kind > 1);
            list.sort_by_key(|(kind, _)| *kind);
        }
    }
    let kinds = |list: &[(u8, &[u8])]| list.iter().map(|(kind, _)| *kind).collect::<Vec<u8>>();
    if kinds(&expected) != kinds(&actual) {
        judgment.differ("options", written(list), shown);
        return;
    }
    let signed = list.contains(&TcpOption::Md5(None));
    let syn = live.has(Flags::SYN);
    for ((kind, wanted), (_, found)) in expected.iter().zip(&actual) {
        let same = match *kind {
            SACK if live.has(Flags::ACK) => in_script(found, flow, syn) == *wanted,
            TIMESTAMPS => wanted.len() == found.len(),
            MD5 if signed => found.len() == wanted.len(),
            _ => wanted == found,
        };
        if !same {
            judgment.differ("options", written(list), shown);
            return;
        }
    }
    let stamps = list.iter().find_map(|option| match option {
        TcpOption::Timestamps { value, echo, .. } => Some((*value, *echo)),
        _ => None,
    });
    if let (Some((value, echo)), Some((live_value, live_echo))) = (stamps, live.timestamps()) {
        judgment.echo = (echo != live_echo).then_some((echo, live_echo));
        if let Some(value) = value {
            timestamp(judgment, value, live_value, flow, terms);
        }
    }
}

/// TSval may start anywhere; from then on it must advance as the line's does, as far as the
/// tolerance goes, if the script says how long a tick is.
fn timestamp(judgment: &mut Judgment, script: u32, live: u32, flow: &mut Flow, terms: Terms<'_>) {
    let ticks = flow.stamp(script, live);
    let micros = i64::from(ticks).saturating_mul(terms.settings.timestamp_tick);
    if micros > terms.settings.tolerance.after(terms.planned) {
        let expected = format!("val {script}");
        judgment.differ("TSval", expected, format!("off by {ticks} ticks"));
    }
}

/// The body of a SACK option with its edges in the script's counting.
fn in_script(body: &[u8], flow: &Flow, syn: bool) -> Vec<u8> {
    edges(body)
        .flat_map(|edge| flow.theirs_in_script(edge, syn).to_be_bytes())
        .collect()
}

fn edges(body: &[u8]) -> impl Iterator<Item = u32> {
    let (words, _) = body.as_chunks::<4>();
    words.iter().map(|word| u32::from_be_bytes(*word))
}

fn text(judgment: &mut Judgment, live: &LiveTcp, flow: &Flow) {
    let offset = flow.outbound_offset(live);
    if let Some(at) = pattern::differs(Stream::Out, offset, &live.payload) {
        let place = offset + at as u64;
        judgment.differ(
            "payload",
            "as written",
            format!("other bytes from offset {place}"),
        );
    }
}

fn message(judgment: &mut Judgment, line: &Icmp, kind: u8, code: u8) {
    judgment.check("ICMP type", line.kind, kind);
    judgment.check("ICMP code", line.code, code);
}

fn written(list: &[TcpOption]) -> String {
    let list: Vec<String> = list.iter().map(TcpOption::to_string).collect();
    format!("<{}>", list.join(","))
}

/// Live options as a script would write them.
fn shown(options: &[(u8, &[u8])], live: &LiveTcp, flow: &Flow) -> String {
    let syn = live.has(Flags::SYN);
    let each = options
        .iter()
        .map(|(kind, body)| option_of(*kind, body, flow, syn));
    let list: Vec<TcpOption> = each.collect();
    written(&list)
}

fn option_of(kind: u8, body: &[u8], flow: &Flow, syn: bool) -> TcpOption {
    match (kind, body) {
        (0, _) => TcpOption::Eol,
        (1, _) => TcpOption::Nop,
        (2, [high, low]) => TcpOption::Mss(u16::from_be_bytes([*high, *low])),
        (3, [shift]) => TcpOption::WindowScale(*shift),
        (4, []) => TcpOption::SackPermitted,
        (SACK, _) => {
            let edges: Vec<u32> = edges(body)
                .map(|edge| flow.theirs_in_script(edge, syn))
                .collect();
            let (blocks, _) = edges.as_chunks::<2>();
            TcpOption::Sack(blocks.iter().map(|[l, r]| (*l, *r)).collect())
        }
        (TIMESTAMPS, _) if body.len() == 8 => {
            let mut stamps = edges(body);
            TcpOption::Timestamps {
                value: stamps.next(),
                echo: stamps.next().unwrap_or(0),
                literal_echo: false,
            }
        }
        (34, _) => TcpOption::FastOpen(body.to_vec()),
        (172 | 174, _) => {
            let (counters, _) = body.as_chunks::<3>();
            let each = counters
                .iter()
                .map(|[a, b, c]| u32::from_be_bytes([0, *a, *b, *c]));
            TcpOption::AccEcn {
                kind,
                counters: each.collect(),
            }
        }
        _ => TcpOption::Generic(kind, body.to_vec()),
    }
}

/// A live packet as a script would write it, for reports.
pub fn spelled(live: &Live, flow: Option<&Flow>) -> String {
    let (Some(tcp), Some(flow)) = (live.tcp(), flow) else {
        return match &live.body {
            LiveBody::Tcp(tcp) => format!("a segment of port {} to port {}", tcp.src, tcp.dst),
            LiveBody::Udp { payload, .. } => format!("udp ({})", payload.len()),
            LiveBody::Icmp { kind, code, .. } => format!("icmp type {kind} code {code}"),
            LiveBody::Unread(what) => (*what).to_owned(),
        };
    };
    let numbers = flow.outbound(tcp, false);
    let flags = Flags {
        bits: tcp.flags,
        ae: tcp.ae,
        ace: None,
    };
    let len = tcp.payload.len();
    let end = u64::from(numbers.seq) + len as u64;
    let mut line = format!("{flags} {}:{end}({len})", numbers.seq);
    if tcp.has(Flags::ACK) {
        line += &format!(" ack {}", numbers.ack);
    }
    line += &format!(" win {}", tcp.window);
    if tcp.has(Flags::URG) {
        line += &format!(" urg {}", tcp.urgent);
    }
    match tcp.options() {
        Some(list) if list.is_empty() => {}
        Some(list) => line += &format!(" {}", shown(&list, tcp, flow)),
        None => line += &format!(" <{}>", Hex(&tcp.options)),
    }
    line
}

const ECN: [&str; 4] = ["noecn", "ect1", "ect0", "ce"];
const SACK: u8 = 5;
const MD5: u8 = 19;

#[cfg(test)]
mod tests;
