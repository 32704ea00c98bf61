use std::net::SocketAddr;

use super::*;
use crate::base::Instant;
use crate::drill::flow::Flows;
use crate::drill::kit::read;

/// A connection whose far end began at 7000 and which began at 5000 itself.
fn flow(settings: &Settings) -> Flow {
    let local = SocketAddr::new(settings.local, 8080);
    let remote = SocketAddr::new(settings.remote, 8080);
    let mut flows = Flows::new(local, remote);
    let (_, syn) = read("", "< S 7000:7000(0) win 1");
    let Body::Tcp(syn) = &syn.body else {
        panic!("no segment");
    };
    flows.for_inbound(syn).unwrap();
    let mut answer = live(
        settings,
        "> S. 5000:5000(0) ack 7001 win 1",
        &Flow::clone(flows.current().unwrap()),
    );
    // Before it was seen, nothing is known of our number: it is as written.
    if let LiveBody::Tcp(tcp) = &mut answer.body {
        tcp.seq = 5000;
    }
    flows.on_taken(&answer);
    flows.current().unwrap().clone()
}

/// A live packet that is just what a line says, made of an inbound one.
fn live(settings: &Settings, line: &str, flow: &Flow) -> Live {
    let (_, packet) = read("", &line.replacen('>', "<", 1));
    let Body::Tcp(tcp) = &packet.body else {
        panic!("no segment");
    };
    let bytes = craft::tcp(tcp, &packet.marks, flow, settings).unwrap();
    let mut live = Live::read(Instant::BIRTH, 0, bytes).unwrap();
    (live.ip.src, live.ip.dst) = (settings.local, settings.remote);
    if let LiveBody::Tcp(tcp) = &mut live.body {
        // What craft takes for the far end's numbers are ours, and the other way round.
        let syn = tcp.has(Flags::SYN);
        if !syn {
            tcp.seq = tcp.seq.wrapping_sub(7000).wrapping_add(5000);
        }
        if tcp.has(Flags::ACK) && !syn {
            tcp.ack = tcp.ack.wrapping_sub(flow.live_isn()).wrapping_add(7000);
        }
        let offset = flow.outbound_offset(tcp);
        tcp.payload = pattern::text(Stream::Out, offset, tcp.payload.len());
    }
    live
}

/// The fields in which a live packet, written as a line with a window, is not as `line` says.
fn differing(options: &str, line: &str, actual: &str) -> Vec<&'static str> {
    let (settings, expected) = read(options, line);
    let mut flow = flow(&settings);
    let seen = Seen::one(live(&settings, actual, &flow));
    let terms = Terms {
        settings: &settings,
        relaxed: Relaxed::NONE,
        planned: 0,
    };
    let judgment = compare(&expected, &seen, &mut flow, terms);
    judgment.differences.iter().map(|d| d.field).collect()
}

const NONE: [&str; 0] = [];

#[test]
fn a_packet_that_is_as_its_line_says_has_no_difference() {
    for line in [
        "> . 1:1(0) ack 1 win 500",
        "> P. 1:101(100) ack 1 win 500",
        "> FPU. 1:101(100) ack 1 win 500 urg 9",
        "> R 1:1(0) win 0",
        "> [ce] EW. 1:1(0) ack 1 win 500",
        "> P.5 1:2(1) ack 1 win 500",
    ] {
        assert_eq!(differing("", line, line), NONE, "{line}");
    }
}

#[test]
fn each_field_is_compared() {
    let actual = "> [ect0] P. 1:101(100) ack 1 win 500";
    for (line, fields) in [
        ("> P. 1:101(100) ack 1", &[][..]),
        ("> P. 2:102(100) ack 1", &["seq"]),
        ("> P. 1:100(99) ack 1", &["length"]),
        ("> P. 1:101(100) ack 2", &["ack"]),
        ("> . 1:101(100) ack 1", &["PSH"]),
        ("> FP. 1:101(100) ack 1", &["FIN"]),
        ("> RP. 1:101(100) ack 1", &["RST"]),
        ("> PU. 1:101(100) ack 1", &["URG"]),
        ("> EP. 1:101(100) ack 1", &["ECE"]),
        ("> PW. 1:101(100) ack 1", &["CWR"]),
        ("> PA. 1:101(100) ack 1", &["AE"]),
        ("> P.1 1:101(100) ack 1", &["ACE"]),
        ("> P.0 1:101(100) ack 1", &[]),
        ("> P. 1:101(100) ack 1 win 501", &["win"]),
        ("> P. 1:101(100) ack 1 win 500", &[]),
        ("> P. 1:101(100) ack 1 urg 1", &["urg"]),
        ("> [ect0] P. 1:101(100) ack 1", &[]),
        ("> [ect1] P. 1:101(100) ack 1", &["ecn"]),
        ("> [ect01] P. 1:101(100) ack 1", &[]),
        ("> [noecn] P. 1:101(100) ack 1", &["ecn"]),
        ("> (tos 0x2) P. 1:101(100) ack 1", &[]),
        ("> (tos 0x6) P. 1:101(100) ack 1", &["tos"]),
        ("> (ttl 255) P. 1:101(100) ack 1", &[]),
        ("> (ttl 64) P. 1:101(100) ack 1", &["ttl"]),
        (
            "> P. 1:101(100) ack 1 <nop,nop,sackOK>",
            &["data offset", "options"],
        ),
        ("> P. 1:101(100) ack 1 <...>", &[]),
        ("> P 1:101(100)", &["ACK", "ack"]),
    ] {
        assert_eq!(differing("", line, actual), fields, "{line}");
    }
}

#[test]
fn the_first_difference_is_packetdrills_first() {
    let actual = "> P. 1:101(100) ack 1 win 500";
    let fields = differing("", "> [ce] F. 9:10(1) ack 7 win 3 <nop,nop,sackOK>", actual);
    assert_eq!(
        fields,
        [
            "ecn",
            "data offset",
            "FIN",
            "PSH",
            "seq",
            "length",
            "ack",
            "win",
            "options"
        ]
    );
}

#[test]
fn options_are_the_same_in_the_same_order() {
    let with = |list: &str| format!("> S. 5000:5000(0) ack 7001 win 1 <{list}>");
    let line = |list: &str| format!("> S. 0:0(0) ack 7001 <{list}>");
    let options = |expected: &str, actual: &str| {
        let fields = differing("", &line(expected), &with(actual));
        // The numbers of a SYN,ACK are not settled here.
        let rest = fields.into_iter().filter(|f| !matches!(*f, "seq" | "ack"));
        rest.collect::<Vec<_>>()
    };
    assert_eq!(
        options("mss 1460,nop,wscale 7", "mss 1460,nop,wscale 7"),
        NONE
    );
    assert_eq!(
        options("mss 1461,nop,wscale 7", "mss 1460,nop,wscale 7"),
        ["options"]
    );
    assert_eq!(
        options("nop,wscale 7,mss 1460", "mss 1460,nop,wscale 7"),
        ["options"]
    );
    assert_eq!(
        options("mss 1460,eol,wscale 7", "mss 1460,nop,wscale 7"),
        ["options"]
    );
    assert_eq!(
        options("mss 1460", "mss 1460,nop,wscale 7"),
        ["data offset", "options"]
    );
}

#[test]
fn payload_is_that_of_its_place() {
    let (settings, expected) = read("", "> P. 1:101(100) ack 1");
    let mut flow = flow(&settings);
    let mut packet = live(&settings, "> P. 1:101(100) ack 1 win 1", &flow);
    if let LiveBody::Tcp(tcp) = &mut packet.body {
        tcp.payload[40] ^= 1;
    }
    let terms = Terms {
        settings: &settings,
        relaxed: Relaxed::NONE,
        planned: 0,
    };
    let judgment = compare(&expected, &Seen::one(packet), &mut flow, terms);
    assert_eq!(judgment.differences[0].field, "payload");
    assert!(judgment.differences[0].actual.contains("offset 40"));
}

/// Differences between a line and a packet that left with these timestamps, the first of which
/// was 100 in the script and 9000 live.
fn stamped(options: &str, script: u32, actual: u32, planned: Micros) -> usize {
    let line = |value: u32| format!("> . 1:1(0) ack 1 <nop,nop,TS val {value} ecr 5>");
    let (settings, first) = read(options, &line(100));
    let mut flow = flow(&settings);
    let packet = |flow: &Flow, value: u32| {
        let mut packet = live(&settings, "> . 1:1(0) ack 1 win 1", flow);
        if let LiveBody::Tcp(tcp) = &mut packet.body {
            let mut bytes = vec![1, 1, 8, 10];
            bytes.extend(value.to_be_bytes());
            bytes.extend(7_u32.to_be_bytes());
            tcp.options = bytes;
            tcp.data_offset = 8;
        }
        Seen::one(packet)
    };
    let terms = |planned| Terms {
        settings: &settings,
        relaxed: Relaxed::NONE,
        planned,
    };
    let judgment = compare(&first, &packet(&flow, 9000), &mut flow, terms(0));
    assert_eq!(judgment.differences, []);
    // TSecr is told, never judged.
    assert_eq!(judgment.echo, Some((5, 7)));
    let (_, second) = read(options, &line(script));
    let judgment = compare(&second, &packet(&flow, actual), &mut flow, terms(planned));
    judgment.differences.len()
}

#[test]
fn timestamps_advance_as_the_script_says_if_it_says_how_long_a_tick_is() {
    let ticks = "--tcp_ts_tick_usecs=1000";
    assert_eq!(stamped(ticks, 150, 9050, 0), 0);
    assert_eq!(stamped(ticks, 150, 9054, 0), 0);
    assert_eq!(stamped(ticks, 150, 9055, 0), 1);
    assert_eq!(stamped(ticks, 150, 9045, 0), 1);
    // Later in the script a share of the time is allowed.
    assert_eq!(stamped(ticks, 150, 9060, 80_000), 0);
    assert_eq!(stamped("", 150, 1, 0), 0);
}

#[test]
fn relaxations_forgive_one_thing_each() {
    let (settings, expected) = read("", "> . 1:101(100) ack 1 win 7");
    let judged = |relaxed: Relaxed| {
        let mut flow = flow(&settings);
        let seen = Seen::one(live(&settings, "> P. 1:101(100) ack 1 win 500", &flow));
        let terms = Terms {
            settings: &settings,
            relaxed,
            planned: 0,
        };
        let judgment = compare(&expected, &seen, &mut flow, terms);
        judgment
            .differences
            .iter()
            .map(|d| d.field)
            .collect::<Vec<_>>()
    };
    let only = |name: &str| {
        let others = Relaxed::NAMES.into_iter().filter(|other| *other != name);
        others.fold(Relaxed::ALL, Relaxed::without)
    };
    assert_eq!(judged(Relaxed::NONE), ["PSH", "win"]);
    assert_eq!(judged(only("psh")), ["win"]);
    assert_eq!(judged(only("win")), ["PSH"]);
    assert_eq!(judged(Relaxed::ALL), NONE);
}

#[test]
fn a_live_packet_is_spelled_as_a_script_would() {
    let (settings, _) = read("", "> . 1:1(0)");
    let flow = flow(&settings);
    let packet = live(
        &settings,
        "> FP. 1:101(100) ack 1 win 500 <nop,wscale 7>",
        &flow,
    );
    assert_eq!(
        spelled(&packet, Some(&flow)),
        "FP. 1:101(100) ack 1 win 500 <nop,wscale 7>"
    );
    assert_eq!(
        spelled(&packet, None),
        "a segment of port 40000 to port 8080"
    );
}
