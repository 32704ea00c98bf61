//! Peers that take back what they reported, or that lie: RFC 2018 section 8, robustness row R-CC-4.

use std::time::Duration;

use super::super::ConnId;
use super::super::lone::Lone;
use crate::tcp::Config;

const MS: Duration = Duration::from_millis(1);

fn sending(segments: usize) -> (Lone, ConnId) {
    let config = Config {
        sack: true,
        ..Lone::plain()
    };
    let (mut lone, id) = Lone::sending(config, segments);
    lone.now += 40 * MS;
    (lone, id)
}

// req: RFC2018-8-1, RFC2018-5-3, RFC2018-8-3
#[test]
fn what_the_peer_discards_after_reporting_it_goes_again() {
    let (mut lone, id) = sending(5);
    lone.inject(". 1:1(0) ack 1 <sack 1001:5001>");
    assert_eq!(lone.outgoing(), [". 1:1001(1000) ack 1"]);
    lone.now += 40 * MS;
    // The copy fills the hole, and yet nothing behind it is acknowledged.
    lone.inject(". 1:1(0) ack 1001");
    let mut again = lone.outgoing();
    for ack in [2_001, 3_001, 4_001] {
        lone.now += 40 * MS;
        lone.inject(&format!(". 1:1(0) ack {ack}"));
        again.extend(lone.outgoing());
    }
    assert_eq!(again.len(), 4, "{again:?}");
    assert_eq!(lone.told.count("by: Timeout"), 0);
    lone.inject(". 1:1(0) ack 5001");
    assert_eq!(lone.stack.status(id).unwrap().unacknowledged, 0);
}

// req: RFC6675-4-1
#[test]
fn reports_of_what_was_never_sent_change_nothing() {
    let (mut lone, id) = sending(5);
    let before = lone.stack.status(id).unwrap();
    for lie in [
        "5001:6001",
        "4001:9001",
        "3001:2001",
        "1:1",
        "4000000000:4000000001",
        "2001:2001 3001:1001 5000:7000 9000:1",
    ] {
        lone.inject(&format!(". 1:1(0) ack 1 <sack {lie}>"));
        let after = lone.stack.status(id).unwrap();
        assert_eq!(after, before, "{lie}");
        assert!(lone.outgoing().is_empty(), "{lie}");
    }
}

#[test]
fn a_thousand_reports_of_single_bytes_are_survived() {
    let (mut lone, id) = sending(10);
    for byte in (2..2_000).step_by(2) {
        lone.inject(&format!(". 1:1(0) ack 1 <sack {byte}:{}>", byte + 1));
        lone.outgoing();
    }
    lone.inject(". 1:1(0) ack 10001");
    assert_eq!(lone.stack.status(id).unwrap().unacknowledged, 0);
    assert_eq!(lone.stack.status(id).unwrap().in_flight, 0);
}
