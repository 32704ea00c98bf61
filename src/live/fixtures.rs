//! A stack with a listener and three connections, for tests of what is shown.

use super::message::{Counted, Ending, Known, Listening, Row, Snapshot, Timer};
use crate::runs::{Record, Rule};

fn timer(timer: &str, left_us: u64) -> Timer {
    Timer {
        timer: timer.into(),
        left_us,
    }
}

fn sockets(local: &str, remote: &str) -> (std::net::SocketAddr, std::net::SocketAddr) {
    let socket = |text: &str| text.parse().expect("a socket");
    (socket(local), socket(remote))
}

/// One that recovers from a loss, at `at_us`.
pub fn sender(at_us: u64) -> Row {
    let (local, remote) = sockets("10.90.0.2:80", "203.0.113.10:40000");
    Row {
        id: 4,
        local,
        remote,
        state: "established".into(),
        timers: vec![timer("rto", 118_000), timer("keepalive", 7_200_000_000)],
        known: Some(Box::new(Known {
            congestion_control: "reno".into(),
            phase: "recovery".into(),
            mss: 1460,
            cwnd: 17_520,
            ssthresh: Some(17_520),
            in_flight: 14_600,
            snd_una: 20_441,
            snd_nxt: 40_881,
            snd_wnd: 65_535,
            rcv_wnd: 131_072,
            srtt_us: Some(81_200),
            rttvar_us: Some(2_000),
            min_rtt_us: Some(80_000),
            rto_us: 200_000,
            reported: 4_380,
            lost: 1_460,
            resent: 1,
            // A megabyte each tenth of a second.
            bytes_acked: at_us * 10,
            bytes_received: 80,
            unsent: 500_000,
            blocked_by: "cwnd".into(),
            why: Some(rule("3 × MSS above it are SACKed, so it is taken as lost")),
            ..Known::default()
        })),
    }
}

fn rule(text: &str) -> Rule {
    Rule {
        rule: "rfc6675.5 (4.3)".into(),
        text: text.into(),
    }
}

/// One over IPv6 that waits for its application.
fn idle() -> Row {
    let (local, remote) = sockets("[fd90::2]:80", "[fd90::1]:53112");
    Row {
        id: 7,
        local,
        remote,
        state: "close_wait".into(),
        timers: Vec::new(),
        known: Some(Box::new(Known {
            congestion_control: "cubic".into(),
            phase: "open".into(),
            mss: 1440,
            cwnd: 14_400,
            snd_una: 1,
            snd_nxt: 1,
            rto_us: 1_000_000,
            blocked_by: "app".into(),
            ..Known::default()
        })),
    }
}

fn waiting() -> Row {
    let (local, remote) = sockets("10.90.0.2:80", "10.90.0.1:39999");
    Row {
        id: 2,
        local,
        remote,
        state: "time_wait".into(),
        timers: vec![timer("time_wait", 40_200_000)],
        known: None,
    }
}

/// All of it at `at_us`.
pub fn snapshot(at_us: u64) -> Snapshot {
    let ending = |disposition: &str, reason: &str, packets| Ending {
        disposition: disposition.into(),
        reason: reason.into(),
        packets,
    };
    Snapshot {
        at_us,
        open: 2,
        half_open: 0,
        time_wait: 1,
        listening: vec![Listening {
            local: sockets("10.90.0.2:80", "0.0.0.0:0").0,
            waiting: 3,
            half_open: 1,
            backlog: 128,
        }],
        rows: vec![waiting(), sender(at_us), idle()],
        counted: Some(Counted {
            since_us: 2_000_000,
            packets_in: 1_204,
            packets_out: 2_408,
            retransmitted: 1,
            endings: vec![
                ending("accepted", "ACK of something new", 1_200),
                ending("dropped", "TCP checksum is wrong", 4),
            ],
            ..Counted::default()
        }),
    }
}

/// What happened to the first.
pub fn records() -> Vec<Record> {
    let text = r#"[
{"id":9,"time":12100.5,"name":"tcp:segment_disposed","tuple":"c4","host":"x","data":
{"flags":".","seq":1,"ack":20441,"len":0,"sack_blocks":1,"disposition":"accepted"},
"why":{"rule":"rfc5681.2","text":"duplicate ACK"}},
{"id":10,"time":12100.5,"name":"tcp:loss_detected","tuple":"c4","host":"x","data":
{"seq":20441,"len":1460,"proof":"reports"}},
{"id":11,"time":12100.6,"name":"tcp:segment_sent","tuple":"c4","host":"x","data":
{"flags":".","seq":20441,"ack":1,"len":1460,"retransmit":"fast"},
"why":{"rule":"rfc6675.5 (4.3)","text":"taken as lost"}}]"#;
    serde_json::from_str(text).expect("records")
}
