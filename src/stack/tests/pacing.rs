//! Segments that leave by time: house!("pacing").

use std::time::Duration;

use super::super::lone::Lone;
use super::super::{Algorithm, ConnId};
use crate::tcp::Config;

/// An open connection with a round trip of 100 ms, paced or not.
fn established(config: Config) -> (Lone, ConnId) {
    established_with(config, "S. 0:1(0) ack 1 win 65535 <mss 1000>")
}

fn established_with(config: Config, answer: &str) -> (Lone, ConnId) {
    let mut lone = Lone::new(config);
    let id = lone.open();
    lone.outgoing();
    lone.now += Duration::from_millis(100);
    lone.inject(answer);
    lone.outgoing();
    (lone, id)
}

/// When each of the lines left, in milliseconds from now.
fn times(lines: &[String]) -> Vec<u64> {
    let time = |line: &String| line.split(' ').next().and_then(|time| time.parse().ok());
    lines.iter().filter_map(time).collect()
}

#[test]
fn a_window_leaves_at_once_unless_asked_otherwise() {
    let (mut lone, id) = established(Lone::plain());
    lone.write(id, 10_000);
    assert_eq!(lone.outgoing().len(), 10);
}

// req: RFC9937-6.4-2
#[test]
fn a_paced_window_is_spread_over_its_round_trip_in_pairs() {
    let (mut lone, id) = established(Config {
        pacing: true,
        ..Lone::plain()
    });
    lone.write(id, 10_000);
    // In slow start two windows a round trip: ten segments in 50 ms, two at a time.
    let first = lone.outgoing().len();
    assert_eq!(first, 2);
    let later = times(&lone.run(Duration::from_millis(60)));
    assert_eq!(later, [10, 10, 20, 20, 30, 30, 40, 40]);
    // Nothing waits any more.
    assert!(lone.run(Duration::from_millis(20)).is_empty());
}

#[test]
fn what_was_lost_and_found_missing_does_not_wait_for_its_turn() {
    let (mut lone, id) = established(Config {
        pacing: true,
        ..Lone::plain()
    });
    lone.write(id, 10_000);
    lone.run(Duration::from_millis(60));
    for _ in 0..3 {
        lone.inject(". 1:1(0) ack 1");
    }
    let sent = lone.outgoing();
    assert_eq!(sent, [". 1:1001(1000) ack 1"]);
}

// req: BBR-5.6-1
#[test]
fn bbr_is_always_paced() {
    let (mut lone, id) = established(Config {
        congestion: Algorithm::Bbr,
        ..Lone::plain()
    });
    lone.write(id, 20_000);
    // Ten segments in a millisecond times 2.77 are more than the window: it leaves at once.
    assert_eq!(lone.outgoing().len(), 10);
    lone.now += Duration::from_millis(100);
    // Now the round trip is known, and what has arrived in it.
    lone.inject(". 1:1(0) ack 10001");
    assert_eq!(lone.outgoing().len(), 2);
    let later = times(&lone.run(Duration::from_millis(50)));
    // 10,000 bytes in 100 ms times 2.77: two segments in 7.2 ms, less one percent of the rate.
    assert_eq!(later[..4], [7, 7, 14, 14]);
}

// req: MAY-18
#[test]
fn each_connection_and_each_listener_may_have_a_controller_of_its_own() {
    let (mut lone, id) = established(Lone::plain());
    assert_eq!(lone.stack.congestion(id), Some(Algorithm::Reno));
    lone.stack.set_congestion(lone.now, id, Algorithm::Cubic);
    assert_eq!(lone.stack.congestion(id), Some(Algorithm::Cubic));
    let status = lone.stack.status(id).expect("open");
    assert_eq!((status.congestion_control, status.cwnd), ("cubic", 10_000));

    let mut lone = Lone::new(Lone::plain());
    let listener = lone.listen();
    lone.stack.set_listener_congestion(listener, Algorithm::Bbr);
    lone.inject("S 0:1(0) win 65535 <mss 1000>");
    lone.outgoing();
    lone.inject(". 1:1(0) ack 1");
    let id = lone.stack.accept(lone.now, listener).expect("established");
    assert_eq!(lone.stack.congestion(id), Some(Algorithm::Bbr));
    // The listener's choice is its own.
    let other = lone.open();
    assert_eq!(lone.stack.congestion(other), Some(Algorithm::Reno));
}

#[test]
fn bbr_bounds_recovery_by_its_own_window() {
    let (mut lone, id) = established_with(
        Config {
            congestion: Algorithm::Bbr,
            sack: true,
            ..Lone::plain()
        },
        "S. 0:1(0) ack 1 win 65535 <mss 1000,sackOK>",
    );
    lone.write(id, 10_000);
    lone.outgoing();
    lone.now += Duration::from_millis(100);
    lone.inject(". 1:1(0) ack 5001");
    lone.inject(". 1:1(0) ack 5001 <sack 6001:9001>");
    lone.write(id, 40_000);
    lone.run(Duration::from_millis(100));
    assert_eq!(lone.told.count("Lost { range"), 1);
    // No acknowledgment has come that PRR would let segments go for.
    let status = lone.stack.status(id).expect("open");
    assert!(status.cwnd >= 15_000, "{}", status.cwnd);
    assert!(status.cwnd - status.in_flight < 1000, "{status:?}");
}

#[test]
fn a_window_is_not_paced_by_an_outage_that_is_over() {
    let (mut lone, id) = established(Config {
        pacing: true,
        window_scaling: true,
        timestamps: true,
        ..Lone::plain()
    });
    lone.write(id, 1_000);
    let sent = lone.outgoing_packets();
    assert_eq!(sent.len(), 1);
    let hour = Duration::from_secs(3_600);
    lone.now += hour;
    lone.inject(". 1:1(0) ack 1001");
    lone.write(id, 1_000);
    assert_eq!(lone.outgoing().len(), 1);
    lone.now += Duration::from_millis(100);
    lone.inject(". 1:1(0) ack 2001");
    assert!(lone.stack.status(id).unwrap().srtt > Some(hour / 10));
    // What left before is paid for at the rate of then, within the greatest timeout.
    lone.now += lone.stack.config().tcp.rto_max;
    lone.write(id, 4_000);
    assert_eq!(lone.run(Duration::from_millis(100)).len(), 4);
}

#[test]
fn what_fits_a_small_window_leaves_in_its_turn() {
    let (mut lone, id) = established(Config {
        pacing: true,
        initial_window: 1,
        ..Lone::plain()
    });
    // The path was cut for an hour: the next second of pacing is a long one.
    lone.write(id, 1_000);
    assert_eq!(lone.outgoing().len(), 1);
    lone.now += Duration::from_secs(3_600);
    lone.inject(". 1:1(0) ack 1001");
    lone.write(id, 1_000);
    assert_eq!(lone.outgoing().len(), 1);
    lone.now += Duration::from_secs(1);
    lone.inject(". 1:1(0) ack 2001 win 100");
    // The window is silly, then it is not, and it is not yet its turn.
    lone.write(id, 1_000);
    let sent = lone.run(Duration::from_secs(60));
    assert!(sent[0].ends_with(". 2001:2101(100) ack 1"), "{sent:?}");
}

#[test]
fn how_slowly_a_closed_window_is_probed_says_nothing_of_the_path() {
    let (mut lone, id) = established(Config {
        congestion: Algorithm::Bbr,
        nodelay: true,
        ..Lone::plain()
    });
    lone.write(id, 1);
    assert_eq!(lone.outgoing().len(), 1);
    lone.now += Duration::from_millis(100);
    lone.inject(". 1:1(0) ack 2 win 0");
    lone.write(id, 20_000);
    // Each probe brings one byte to a peer that has no room for more, for minutes.
    for next in 3..13 {
        while lone.outgoing().is_empty() {
            lone.now = lone.stack.poll_timeout().expect("a probe to come");
            lone.stack.handle_timeout(lone.now);
        }
        lone.now += Duration::from_millis(100);
        lone.inject(&format!(". 1:1(0) ack {next} win 0"));
    }
    lone.inject(". 1:1(0) ack 12 win 65535");
    // The initial window, within the hundred milliseconds of a round trip.
    let sent = lone.run(Duration::from_millis(100));
    assert!(sent.len() >= 10, "{sent:?}");
}
