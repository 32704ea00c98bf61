//! Lost tails: RFC 8985 section 7.

use std::time::Duration;

use super::super::ConnId;
use super::super::lone::Lone;
use crate::tcp::Config;
use crate::tcp::config::Recovering;

const MS: Duration = Duration::from_millis(1);

/// A connection with SACK on a path of 40 ms, with `segments` of 1000 bytes just sent.
fn sending(segments: usize, recovery: Recovering) -> (Lone, ConnId) {
    let config = Config {
        sack: true,
        recovery,
        ..Lone::plain()
    };
    Lone::sending(config, segments)
}

fn all() -> Recovering {
    Recovering::default()
}

// req: RFC8985-7.2-1, RFC8985-7.2-2, RFC8985-7.3-2, RFC8985-7.3-3
#[test]
fn a_lost_tail_costs_a_probe_and_no_timeout() {
    let (mut lone, id) = sending(4, all());
    lone.now += 40 * MS;
    lone.inject(". 1:1(0) ack 2001");
    // PTO is 2 * SRTT and 2 ms, after the ACK; the last segment asks.
    assert_eq!(lone.run(122 * MS), ["82 P. 3001:4001(1000) ack 1"]);
    // Its answer shows what was lost before it.
    lone.inject(". 1:1(0) ack 2001 <sack 3001:4001>");
    assert_eq!(lone.outgoing(), [". 2001:3001(1000) ack 1"]);
    lone.now += 40 * MS;
    lone.inject(". 1:1(0) ack 4001");
    assert_eq!(lone.told.count("by: Timeout"), 0);
    assert_eq!(lone.stack.status(id).unwrap().phase, "open");
}

// req: RFC8985-7.3-2
#[test]
fn something_new_asks_if_there_is_something_new() {
    let (mut lone, _) = sending(20, all());
    // Ten are on their way, and the window lets no more go: the probe goes beyond it.
    assert_eq!(lone.run(90 * MS), ["82 . 10001:11001(1000) ack 1"]);
}

// req: RFC8985-7.3-1, RFC8985-7.3-3
#[test]
fn one_probe_goes_and_then_the_retransmission_timer_runs() {
    let (mut lone, _) = sending(2, all());
    let lines = lone.run(300 * MS);
    // RTO: 40 + 4 * 20 = 120 ms, and so 200 ms, after the probe.
    assert_eq!(
        lines,
        ["82 P. 1001:2001(1000) ack 1", "282 . 1:1001(1000) ack 1"]
    );
}

// req: RFC8985-7.2-2
#[test]
fn the_probe_for_a_lone_segment_waits_for_a_delayed_acknowledgment_but_not_beyond_the_timeout() {
    let (mut lone, _) = sending(1, all());
    // 2 * 40 + 200 + 2 ms would be later than RTO, 200 ms.
    assert_eq!(lone.run(390 * MS), ["200 P. 1:1001(1000) ack 1"]);
    assert_eq!(lone.told.count("by: Timeout"), 0);
}

// req: RFC8985-7.4.2-1
#[test]
fn a_loss_that_the_probe_has_repaired_reduces_the_window() {
    let (mut lone, id) = sending(2, all());
    lone.run(90 * MS);
    lone.inject(". 1:1(0) ack 2001");
    lone.write(id, 1_000);
    lone.outgoing();
    assert_eq!(lone.stack.status(id).unwrap().ssthresh, None);
    lone.inject(". 1:1(0) ack 3001");
    assert_eq!(lone.told.count("by: Probe"), 1);
    assert_eq!(lone.stack.status(id).unwrap().ssthresh, Some(2_000));
}

// req: RFC8985-7.4.2-1
#[test]
fn a_probe_that_came_twice_reduces_nothing() {
    let (mut lone, id) = sending(2, all());
    lone.run(90 * MS);
    lone.inject(". 1:1(0) ack 2001");
    lone.inject(". 1:1(0) ack 2001 <sack 1001:2001>");
    lone.write(id, 1_000);
    lone.outgoing();
    lone.inject(". 1:1(0) ack 3001");
    assert_eq!(lone.told.count("by: Probe"), 0);
    assert_eq!(lone.stack.status(id).unwrap().ssthresh, None);
}

#[test]
fn without_it_a_lost_tail_costs_a_timeout() {
    let (mut lone, _) = sending(
        2,
        Recovering {
            tlp: false,
            ..all()
        },
    );
    assert_eq!(lone.run(210 * MS), ["200 . 1:1001(1000) ack 1"]);
}
