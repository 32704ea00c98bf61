//! Windows: RFC 9293 section 3.8.6.

use std::time::Duration;

use super::super::lone::Lone;
use super::super::{ConnId, Failure};
use crate::probe::State;
use crate::tcp::Config;

const SECOND: Duration = Duration::from_secs(1);

fn established() -> (Lone, ConnId) {
    Lone::established(Lone::plain())
}

/// The times, in milliseconds, at the front of lines.
fn times(lines: &[String]) -> Vec<u64> {
    lines
        .iter()
        .map(|line| line.split(' ').next().unwrap().parse().unwrap())
        .collect()
}

// req: MUST-36, SHLD-29, SHLD-30
#[test]
fn a_closed_window_is_probed_after_a_timeout_and_then_ever_more_seldom() {
    let (mut lone, id) = established();
    lone.inject(". 1:1(0) ack 1 win 0");
    lone.write(id, 2_500);
    let lines = lone.run(5 * SECOND);
    assert_eq!(times(&lines), [200, 600, 1_400, 3_000]);
    assert!(lines.iter().all(|line| line.ends_with(" . 1:2(1) ack 1")));
    lone.inject(". 1:1(0) ack 1 win 5000");
    assert_eq!(
        lone.outgoing(),
        [
            ". 1:2(1) ack 1",
            ". 2:1002(1000) ack 1",
            ". 1002:2002(1000) ack 1"
        ]
    );
}

/// While its window is closed, a peer takes nothing but what begins at RCV.NXT: RFC 9293 section
/// 3.10.7.4. A probe lies beyond it.
#[test]
fn what_is_said_through_a_closed_window_begins_where_the_peer_waits() {
    let (mut lone, id) = established();
    lone.inject(". 1:1(0) ack 1 win 0");
    lone.write(id, 2_500);
    assert_eq!(lone.run(300 * SECOND / 1_000).len(), 1, "one probe");
    for start in [1, 1_001] {
        let segment = format!("P. {start}:{}(1000) ack 1 win 0", start + 1_000);
        lone.inject(&segment);
    }
    assert_eq!(lone.outgoing(), [". 1:1(0) ack 2001"]);
    lone.stack.abort(lone.now, id);
    assert_eq!(lone.outgoing(), ["R. 1:1(0) ack 2001"]);
}

// req: MUST-37, SHLD-17
#[test]
fn a_connection_stays_open_as_long_as_probes_are_answered() {
    let (mut lone, id) = established();
    lone.inject(". 1:1(0) ack 1 win 0");
    lone.write(id, 100);
    for _ in 0..100 {
        lone.run(60 * SECOND);
        lone.inject(". 1:1(0) ack 1 win 0");
    }
    assert_eq!(lone.state(id), State::Established);
    // But not if nobody answers at all.
    lone.run(7_200 * SECOND);
    assert_eq!(lone.stack.failure(id), Some(Failure::TimedOut));
}

// req: MUST-34, MUST-35, SHLD-15, SHLD-16
#[test]
fn a_window_that_shrinks_is_survived() {
    let (mut lone, id) = established();
    lone.write(id, 6_000);
    assert_eq!(lone.outgoing().len(), 6);
    lone.write(id, 3_000);
    lone.outgoing();
    // The right edge goes back to 3001, behind SND.NXT: nothing new may go.
    lone.inject(". 1:1(0) ack 1001 win 2000");
    assert!(lone.outgoing().is_empty());
    // What lies in the window is sent again when its time has come.
    let lines = lone.run(SECOND);
    assert_eq!(times(&lines)[0], 200);
    assert!(lines[0].ends_with(". 1001:2001(1000) ack 1"), "{lines:?}");
    // Shrunk to nothing: it is probed, one sequence number at a time.
    lone.inject(". 1:1(0) ack 2001 win 0");
    let lines = lone.run(2 * SECOND);
    assert!(
        lines.iter().all(|line| line.contains(" . 2001:2002(1)")),
        "{lines:?}"
    );
    assert!(!lines.is_empty());
    lone.inject(". 1:1(0) ack 9001 win 60000");
    assert!(lone.run(1_000 * SECOND).is_empty());
    assert_eq!(lone.state(id), State::Established);
}

// req: MUST-38, RFC9293-3.8.6.2.1-1
#[test]
fn the_sender_sends_no_silly_segments() {
    let (mut lone, id) = established();
    lone.inject(". 1:1(0) ack 1 win 4000");
    lone.write(id, 4_000);
    assert_eq!(lone.outgoing().len(), 4);
    lone.write(id, 4_000);
    // Ten bytes of window: less than a segment, less than half of the largest window seen.
    lone.inject(". 1:1(0) ack 4001 win 10");
    assert!(lone.outgoing().is_empty());
    // The override timeout, between 0.1 and 1 s.
    let lines = lone.run(150 * SECOND / 1_000);
    assert!(lines.is_empty(), "{lines:?}");
    let lines = lone.run(SECOND);
    assert!(lines[0].ends_with(". 4001:4011(10) ack 1"), "{lines:?}");
    assert!((100..=1_000).contains(&(150 + times(&lines)[0])));
}

// req: MUST-38
#[test]
fn half_of_the_largest_window_is_worth_a_segment() {
    let (mut lone, id) = established();
    // The peer's whole buffer is smaller than a segment.
    let mut small = Lone::new(Lone::plain());
    let other = small.open();
    small.outgoing();
    small.inject("S. 0:1(0) ack 1 win 600 <mss 1000>");
    small.outgoing();
    small.write(other, 2_000);
    assert_eq!(small.outgoing(), [". 1:601(600) ack 1"]);
    small.inject(". 1:1(0) ack 601 win 300");
    assert_eq!(small.outgoing(), [". 601:901(300) ack 1"]);
    lone.stack.abort(lone.now, id);
}

// req: MUST-39, RFC9293-3.8.6.2.2-1
#[test]
fn the_receiver_opens_the_window_by_useful_steps_only() {
    let (mut lone, id) = established();
    for start in (1..65_001).step_by(1_000) {
        lone.inject(&format!(". {start}:{}(1000) ack 1", start + 1_000));
    }
    lone.inject(". 65001:65536(535) ack 1");
    lone.outgoing();
    let mut buf = [0; 100];
    for _ in 0..9 {
        assert_eq!(lone.stack.read(lone.now, id, &mut buf), Ok(100));
        assert!(lone.outgoing().is_empty(), "a silly window is offered");
        assert_eq!(lone.stack.status(id).unwrap().rcv_wnd, 0);
    }
    assert_eq!(lone.stack.read(lone.now, id, &mut buf), Ok(100));
    assert_eq!(lone.outgoing(), [". 1:1(0) ack 65536"]);
    assert_eq!(lone.stack.status(id).unwrap().rcv_wnd, 1_000);
}

// req: SHLD-14, RFC9293-3.10.7.4-17
#[test]
fn the_right_edge_never_moves_left() {
    let (mut lone, id) = established();
    let mut edge = 0;
    let mut start = 1;
    for round in 0..60 {
        lone.inject(&format!(". {start}:{}(1000) ack 1", start + 1_000));
        start += 1_000;
        if round % 7 == 0 {
            let mut buf = [0; 300];
            lone.stack.read(lone.now, id, &mut buf).unwrap();
        }
        for packet in lone.outgoing_packets() {
            let field = u32::from(u16::from_be_bytes([packet[34], packet[35]]));
            let ack = u32::from_be_bytes([packet[28], packet[29], packet[30], packet[31]]);
            let reach = ack.wrapping_sub(lone.peer_iss.0) + field;
            assert!(reach >= edge, "round {round}: {edge} to {reach}");
            edge = reach;
        }
    }
    assert!(edge > 65_535);
}

// req: MUST-1, REC-1
#[test]
fn windows_are_unsigned_and_wide() {
    let (mut lone, id) = established();
    let window = |lone: &Lone| lone.stack.status(id).unwrap().snd_wnd;
    lone.inject(". 1:1(0) ack 1 win 65535");
    assert_eq!(window(&lone), 65_535);
    let mut wide = Lone::new(crate::tcp::Config {
        timestamps: false,
        ..crate::tcp::Config::default()
    });
    let id = wide.open();
    wide.outgoing();
    wide.inject("S. 0:1(0) ack 1 win 65535 <mss 1000,wscale 14>");
    wide.outgoing();
    wide.inject(". 1:1(0) ack 1 win 65535");
    assert_eq!(wide.stack.status(id).unwrap().snd_wnd, 65_535 << 14);
}

/// The window after so many bytes have arrived and so many were read, of a buffer of 3000.
fn window_after(window_follows: bool, steps: &[(u32, usize)]) -> u16 {
    let (mut lone, id) = Lone::established(Config {
        receive_buffer: 3_000,
        receive_buffer_max: 3_000,
        window_follows,
        ..Lone::plain()
    });
    let mut next = 1;
    let mut window = 0;
    for &(arrived, read) in steps {
        let end = next + arrived;
        lone.inject(&format!("P. {next}:{end}({arrived}) ack 1 win 1000"));
        next = end;
        lone.stack.read(lone.now, id, &mut vec![0; read]).unwrap();
        lone.now += SECOND;
        lone.stack.handle_timeout(lone.now);
        window = lone.sent().last().expect("an acknowledgment").window;
    }
    window
}

#[test]
fn a_window_may_follow_the_reader_until_little_is_free() {
    // What was read of the first ten bytes is offered again with the next ones, or it is too
    // little to say so.
    let some = [(10, 10), (10, 1)];
    assert_eq!(window_after(true, &some), 3_000 - 9);
    assert_eq!(window_after(false, &some), 3_000 - 20);
    // Less than a quarter and less than a segment: both keep the edge where it was.
    let little = [(2_500, 10), (10, 90)];
    assert_eq!(window_after(true, &little), 490);
    assert_eq!(window_after(false, &little), 490);
}
