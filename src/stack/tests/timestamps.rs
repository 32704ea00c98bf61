//! The Timestamps option: RFC 7323 sections 3 to 5.

use std::time::Duration;

use super::super::ConnId;
use super::super::lone::Lone;
use crate::tcp::Config;

const SECOND: Duration = Duration::from_secs(1);

fn with_timestamps() -> Config {
    Config {
        timestamps: true,
        ..Lone::plain()
    }
}

/// Both use timestamps; the peer's stands at 100 and ours is returned.
fn established() -> (Lone, ConnId, u32) {
    let mut lone = Lone::new(with_timestamps());
    let id = lone.open();
    let ours = lone.sent_one().options.timestamps.unwrap().value;
    lone.inject("S. 0:1(0) ack 1 win 65535 <mss 1012,TS val 100 ecr 0>");
    lone.outgoing();
    (lone, id, ours)
}

/// TSval of the one segment that goes now.
fn value(lone: &mut Lone) -> u32 {
    lone.sent_one().options.timestamps.unwrap().value
}

/// TSecr of the one segment that goes now.
fn echo(lone: &mut Lone) -> u32 {
    lone.sent_one().options.timestamps.unwrap().echo
}

// req: RFC7323-3.2-4
#[test]
fn a_reset_has_timestamps_too() {
    let (mut lone, id, _) = established();
    lone.stack.abort(lone.now, id);
    let sent = lone.sent_one();
    assert_eq!(sent.line, "R. 1:1(0) ack 1");
    assert_eq!(sent.options.timestamps.unwrap().echo, 100);
}

// req: RFC7323-5.2-1
#[test]
fn the_timestamp_of_a_reset_is_not_remembered() {
    let (mut lone, id, _) = established();
    lone.inject("P. 1:101(100) ack 1 <TS val 101 ecr 0>");
    lone.run(SECOND);
    // In the window by its last byte only, and so not believed.
    lone.inject("R 51:151(100) <TS val 9000 ecr 0>");
    assert_eq!(lone.ending(), "ResetNotExact");
    assert_eq!(echo(&mut lone), 101);
    lone.inject("P. 101:111(10) ack 1 <TS val 102 ecr 0>");
    assert_eq!(lone.stack.read(lone.now, id, &mut [0; 200]), Ok(110));
}
