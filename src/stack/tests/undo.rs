//! Reductions taken back: RFC 3522, RFC 2883 section 5, RFC 4015.

use std::time::Duration;

use super::super::ConnId;
use super::super::lone::Lone;
use crate::tcp::Config;
use crate::tcp::config::Recovering;

const MS: Duration = Duration::from_millis(1);

/// With SACK, perhaps with timestamps: ten segments on their way, the first thought lost.
fn in_recovery(timestamps: bool, undo: bool) -> (Lone, ConnId) {
    let mut lone = Lone::new(Config {
        sack: true,
        timestamps,
        recovery: Recovering {
            undo,
            ..Recovering::default()
        },
        ..Lone::plain()
    });
    let id = lone.open();
    lone.outgoing();
    lone.now += 40 * MS;
    let option = if timestamps { ",TS val 1 ecr 0" } else { "" };
    let syn = format!("S. 0:1(0) ack 1 win 65535 <mss 1012,sackOK{option}>");
    lone.inject(&syn);
    lone.outgoing();
    lone.write(id, 9_999);
    lone.outgoing();
    lone.now += 40 * MS;
    (lone, id)
}

fn phase(lone: &Lone, id: ConnId) -> (&'static str, Option<u64>) {
    let status = lone.stack.status(id).unwrap();
    (status.phase, status.ssthresh)
}

// req: RFC2883-5-1
#[test]
fn duplicates_of_all_that_went_again_take_the_reduction_back() {
    for undo in [true, false] {
        let (mut lone, id) = in_recovery(false, undo);
        lone.inject(". 1:1(0) ack 1 <sack 1013:4049>");
        assert_eq!(lone.outgoing(), [". 1:1013(1012) ack 1"]);
        assert_eq!(phase(&lone, id).0, "recovery");
        let cwnd = lone.stack.status(id).unwrap().cwnd;
        // The original arrives, and then the copy.
        lone.inject(". 1:1(0) ack 4049");
        lone.inject(". 1:1(0) ack 4049 <sack 1:1013>");
        let count = lone.told.count("Undone { by: Dsack }");
        assert_eq!(count, usize::from(undo));
        if undo {
            assert_eq!(phase(&lone, id), ("open", None));
            assert!(lone.stack.status(id).unwrap().cwnd > cwnd);
        }
    }
}

#[test]
fn the_echo_of_an_earlier_timestamp_takes_the_reduction_back_at_once() {
    for (late, undone) in [(0, 1), (5, 0)] {
        let (mut lone, id) = in_recovery(true, true);
        // What our segments showed 40 ms ago, and what the copy will show.
        let value = |lone: &mut Lone| {
            let sent = lone.sent();
            sent.first().unwrap().options.timestamps.unwrap().value
        };
        lone.inject(". 1:1(0) ack 1 <sack 1001:4001,TS val 2 ecr 0>");
        let copy = value(&mut lone);
        assert_eq!(phase(&lone, id).0, "recovery");
        lone.now += 5 * MS;
        let echo = copy - 40 + 8 * late;
        lone.inject(&format!(". 1:1(0) ack 4001 <TS val 3 ecr {echo}>"));
        let count = lone.told.count("Undone { by: Timestamp }");
        assert_eq!(count, undone, "echo of {late}");
    }
}

// req: RFC2883-5-1
#[test]
fn a_duplicate_of_something_else_takes_nothing_back() {
    let (mut lone, id) = in_recovery(false, true);
    lone.inject(". 1:1(0) ack 1 <sack 1013:4049>");
    lone.outgoing();
    lone.inject(". 1:1(0) ack 1 <sack 2025:2026 1013:4049>");
    assert_eq!(phase(&lone, id).0, "recovery");
    assert_eq!(lone.told.count("Undone"), 0);
}
