//! Peers that lie to cost us work or memory, and windows that move in every way: the rows of
//! robustness on them. What their lies about congestion gain stands in `tcp::congestion::window`,
//! what reports of nothing do in `reneging`.

use std::time::Duration;

use super::super::ConnId;
use super::super::kit::pattern;
use super::super::lone::Lone;
use crate::base::{Random, Seed};
use crate::probe::State;
use crate::tcp::Config;

const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

/// Numbers by chance that are the same each time.
fn chance(seed: u64) -> Random {
    Random::new(Seed::from_number(seed))
}

/// R-CPU-1: holes of one byte, in any order, many times over.
#[test]
fn holes_on_purpose_keep_no_text_from_coming_and_draw_one_answer_each() {
    let (mut lone, id) = Lone::established(Lone::plain());
    let mut random = chance(1);
    for _ in 0..20_000 {
        let at = 3 + 2 * random.below(1_900);
        lone.inject(&format!(". {at}:{}(1) ack 1", at + 1));
        assert!(lone.outgoing().len() <= 1);
    }
    // One byte, over and over.
    for _ in 0..10_000 {
        lone.inject(". 9001:9002(1) ack 1");
        assert!(lone.outgoing().len() <= 1);
    }
    // Text in order flows meanwhile, and what lies behind the holes is not lost by it.
    for at in (1..4_001).step_by(1_000) {
        lone.inject(&format!("P. {at}:{}(1000) ack 1", at + 1_000));
    }
    assert_eq!(lone.outgoing(), [". 1:1(0) ack 4001"]);
    let mut got = vec![0; 4_000];
    assert_eq!(lone.stack.read(lone.now, id, &mut got), Ok(4_000));
    assert!(got == pattern(4_000));
}

/// A connection with segments of 48 bytes, `count` of them on their way.
fn tiny_segments(count: u32) -> (Lone, ConnId) {
    let mut lone = Lone::new(Config {
        sack: true,
        window_scaling: true,
        initial_window: count,
        send_buffer: 48 * count,
        send_buffer_max: 48 * count,
        ..Lone::plain()
    });
    let id = lone.open();
    lone.outgoing();
    lone.now += 40 * MS;
    lone.inject("S. 0:1(0) ack 1 win 65535 <mss 1,wscale 14,sackOK>");
    lone.outgoing();
    lone.inject(". 1:1(0) ack 1 win 65535");
    assert_eq!(lone.write(id, 48 * count as usize), 48 * count as usize);
    (lone, id)
}

/// How many packets the stack sends now.
fn sends(lone: &mut Lone) -> usize {
    let mut count = 0;
    while lone.stack.poll_transmit(lone.now).is_some() {
        count += 1;
    }
    count
}

/// R-CPU-2: more of the least segments than 16 bits count, and a peer that reports whatever comes
/// to mind.
#[test]
fn reports_by_chance_cost_no_panic_and_the_truth_ends_them() {
    let count = 70_000;
    let (mut lone, id) = tiny_segments(count);
    assert_eq!(sends(&mut lone), count as usize, "48 bytes each");
    lone.now += 40 * MS;
    let end = 1 + 48 * count;
    let mut random = chance(2);
    for lie in 0..2_000_u32 {
        let mut block = || {
            let left = match lie % 4 {
                // In the window, at any byte; before it; behind it; anywhere.
                0 | 1 => 1 + random.below(end),
                2 => end + random.below(1_000_000),
                _ => random.next_u32(),
            };
            let len = random.below(if lie % 2 == 0 { 100 } else { end });
            // Now and then backward.
            if random.below(10) == 0 {
                format!("{}:{left}", left.wrapping_add(len))
            } else {
                format!("{left}:{}", left.wrapping_add(len))
            }
        };
        let blocks = [block(), block(), block()]
            .join(" sack ")
            .replace("sack ", "");
        lone.inject(&format!(". 1:1(0) ack 1 win 65535 <sack {blocks}>"));
        // What is taken for lost goes again, and no more than was ever sent.
        assert!(sends(&mut lone) <= count as usize);
        lone.now += MS / 10;
    }
    assert_eq!(lone.state(id), State::Established);
    lone.now += 40 * MS;
    lone.inject(&format!(". 1:1(0) ack {end} win 65535"));
    let status = lone.stack.status(id).expect("a connection");
    assert_eq!((status.in_flight, status.unacknowledged), (0, 0));
}

/// R-CPU-3: an MSS of 1 makes segments of 48 bytes, not of one.
#[test]
fn no_peer_gets_smaller_segments_than_the_least() {
    let (mut lone, _) = tiny_segments(1_250);
    let sent = lone.outgoing();
    assert_eq!(sent.len(), 1_250, "for 60,000 bytes");
}

/// R-WIN-3: a peer that opens its window by one byte, or by one and not at all in turn.
#[test]
fn a_window_that_moves_by_single_bytes_draws_few_small_segments_and_no_stall() {
    let (mut lone, id) = Lone::established(Lone::plain());
    lone.write(id, 20_000);
    lone.outgoing();
    lone.now += 40 * MS;
    lone.inject(". 1:1(0) ack 10001 win 0");
    let mut small = 0;
    let mut acked = 10_001;
    for _ in 0..100 {
        // A hundred openings by a byte in a round trip.
        lone.inject(&format!(". 1:1(0) ack {acked} win 1"));
        lone.inject(&format!(". 1:1(0) ack {acked} win 0"));
        for line in lone.outgoing() {
            let len = line
                .split('(')
                .nth(1)
                .and_then(|rest| rest.split(')').next());
            let len: u32 = len.and_then(|len| len.parse().ok()).expect("a length");
            small += u32::from(len > 0);
            acked += len;
        }
        lone.now += MS;
    }
    assert!(
        small <= 3,
        "{small} small segments in two and a half round trips"
    );
    // Probes go on, and what they carry is taken, so it never stalls.
    let before = acked;
    for _ in 0..10 {
        for line in lone.run(20 * SECOND) {
            let end = line
                .split([':', '('])
                .nth(1)
                .and_then(|end| end.parse().ok());
            acked = acked.max(end.expect("an end"));
        }
        lone.inject(&format!(". 1:1(0) ack {acked} win 0"));
    }
    assert!(acked > before, "{acked}");
    lone.inject(&format!(". 1:1(0) ack {acked} win 65535"));
    assert!(!lone.outgoing().is_empty());
}

/// R-WIN-1: whatever order the peer's windows come in, text is complete once they open.
#[test]
fn windows_in_any_order_leave_the_text_complete() {
    // Each digit of a case is one of these, from the left edge on; stale ones go back.
    const MOVES: [(u32, u32); 4] = [(0, 0), (0, 3_000), (1_000, 0), (1_000, 500)];
    for case in 0..4_u32.pow(5) {
        let (mut lone, id) = Lone::established(Lone::plain());
        lone.write(id, 6_000);
        if case % 2 == 0 {
            lone.stack.shutdown(lone.now, id);
        }
        lone.outgoing();
        lone.now += 40 * MS;
        let mut acked = 1;
        for step in 0..5 {
            let (moved, window) = MOVES[(case / 4_u32.pow(step) % 4) as usize];
            let sent = lone.stack.status(id).expect("open");
            acked = (acked + moved).min(sent.snd_nxt.since(sent.iss));
            lone.inject(&format!(". 1:1(0) ack {acked} win {window}"));
            lone.run(10 * MS);
        }
        // The window opens; only what is lost or waits is sent from here on.
        for _ in 0..20 {
            lone.inject(&format!(". 1:1(0) ack {acked} win 65535"));
            lone.run(SECOND);
            let sent = lone.stack.status(id).expect("open");
            acked = sent.snd_nxt.since(sent.iss);
            if acked >= 6_001 && sent.unacknowledged == 0 {
                break;
            }
        }
        let sent = lone.stack.status(id).expect("open");
        assert_eq!(sent.unacknowledged, 0, "case {case}: {sent:?}");
    }
}
