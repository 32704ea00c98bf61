//! Buffers that grow: house!("receive-buffer"), house!("send-buffer").

use std::time::Duration;

use super::super::lone::Lone;
use super::super::{Algorithm, ConnId};
use crate::tcp::Config;

const RTT: Duration = Duration::from_millis(50);

/// A peer that scales windows and sends timestamps; ours begin with 64 KiB and may grow.
fn receiving(max: u32) -> (Lone, ConnId) {
    let mut lone = Lone::new(Config {
        window_scaling: true,
        timestamps: true,
        receive_buffer: 65_536,
        receive_buffer_max: max,
        ..Lone::plain()
    });
    let id = lone.open();
    lone.outgoing();
    lone.now += RTT;
    lone.inject("S. 0:1(0) ack 1 win 65535 <mss 1000,wscale 7,TS val 1 ecr 5000>");
    lone.outgoing();
    (lone, id)
}

/// A round trip in which the peer sends all that it may, and all is read. Returns the right edge
/// that was shown then, counted from the peer's initial sequence number.
fn round(lone: &mut Lone, id: ConnId, next: &mut u32, unit: u32) -> u32 {
    lone.now += RTT;
    let echo = lone.now.as_millis() - RTT.as_millis() as u64;
    let until = *next + lone.stack.status(id).expect("open").rcv_wnd.min(400_000);
    while *next + 1_000 <= until {
        let end = *next + 1_000;
        lone.inject(&format!(". {next}:{end}(1000) ack 1 <TS val 1 ecr {echo}>"));
        *next = end;
    }
    let mut buf = vec![0; 1 << 22];
    let _ = lone.stack.read(lone.now, id, &mut buf);
    let mut edge = 0;
    for sent in lone.sent() {
        let ack = sent.line.split(" ack ").nth(1).expect("all acknowledge");
        let ack: u32 = ack
            .split(' ')
            .next()
            .and_then(|ack| ack.parse().ok())
            .expect("a number");
        edge = edge.max(ack + u32::from(sent.window) * unit);
    }
    edge
}

// req: SHLD-14
#[test]
fn a_window_grows_with_what_is_read_in_a_round_trip_and_its_edge_never_moves_left() {
    let (mut lone, id) = receiving(1 << 20);
    let unit = 1 << 5;
    let (mut next, mut edge) = (1, 0);
    for _ in 0..12 {
        let shown = round(&mut lone, id, &mut next, unit);
        assert!(shown >= edge, "{shown} after {edge}");
        edge = shown;
    }
    // As far as the cap, to a unit of the scale.
    let window = edge - next;
    assert!(window <= 1 << 20 && window > (1 << 20) - 2_000, "{window}");
}

#[test]
fn where_the_cap_is_the_beginning_nothing_grows() {
    let (mut lone, id) = receiving(0);
    let (mut next, mut edge) = (1, 0);
    for _ in 0..12 {
        edge = round(&mut lone, id, &mut next, 2);
    }
    assert!(edge - next <= 65_536);
}

#[test]
fn what_is_not_read_makes_no_room() {
    let (mut lone, id) = receiving(1 << 20);
    for start in (1..60_000).step_by(1_000) {
        lone.now += RTT / 10;
        lone.inject(&format!(
            ". {start}:{}(1000) ack 1 <TS val 1 ecr 5000>",
            start + 1_000
        ));
        lone.outgoing();
    }
    let status = lone.stack.status(id).expect("open");
    // Rounded up to a unit of the scale.
    assert!(status.rcv_wnd <= 65_536 - 60_000 + 32);
}

#[test]
fn the_send_buffer_holds_two_windows_between_its_limits() {
    let mut lone = Lone::new(Config {
        send_buffer: 15_000,
        send_buffer_max: 50_000,
        congestion: Algorithm::Cubic,
        ..Lone::plain()
    });
    let id = lone.open();
    lone.outgoing();
    lone.inject("S. 0:1(0) ack 1 win 65535 <mss 1000>");
    lone.outgoing();
    // Twice ten segments.
    assert_eq!(lone.write(id, 100_000), 20_000);
    assert_eq!(lone.stack.status(id).expect("open").send_limit, 20_000);
    lone.outgoing();
    for ack in (2_001..=10_001).step_by(2_000) {
        lone.inject(&format!(". 1:1(0) ack {ack}"));
        lone.outgoing();
    }
    let status = lone.stack.status(id).expect("open");
    assert_eq!((status.cwnd, status.send_limit), (20_000, 40_000));
    assert_eq!(lone.write(id, 100_000), 40_000 - 10_000);
    // And no more than the limit.
    for ack in (12_001..=30_001).step_by(2_000) {
        lone.inject(&format!(". 1:1(0) ack {ack}"));
        lone.outgoing();
    }
    assert_eq!(lone.stack.status(id).expect("open").send_limit, 50_000);
}
