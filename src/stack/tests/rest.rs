//! What a connection at rest gives back, and when.

use std::time::Duration;

use super::super::ConnId;
use super::super::lone::Lone;
use crate::probe::State;

const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

/// An established connection that has sent ten bytes, all acknowledged.
fn drained() -> (Lone, ConnId) {
    let (mut lone, id) = Lone::established(Lone::plain());
    lone.write(id, 10);
    lone.outgoing();
    lone.inject(". 1:1(0) ack 11");
    (lone, id)
}

/// How often memory was given back.
fn given_back(lone: &Lone) -> usize {
    lone.told.count("memory of empty buffers goes back")
}

#[test]
fn memory_goes_back_after_a_second_without_anything_and_then_nothing_is_due() {
    let (mut lone, _) = drained();
    lone.run(999 * MS);
    assert_eq!(given_back(&lone), 0);
    lone.run(MS);
    assert_eq!(given_back(&lone), 1);
    assert_eq!(lone.stack.poll_timeout(), None);
}

#[test]
fn a_connection_that_never_had_any_has_nothing_to_give_back() {
    let (mut lone, _) = Lone::established(Lone::plain());
    lone.run(10 * SECOND);
    assert_eq!(given_back(&lone), 0);
    assert_eq!(lone.stack.poll_timeout(), None);
}

#[test]
fn whatever_comes_puts_it_off() {
    let (mut lone, id) = drained();
    for _ in 0..20 {
        lone.run(900 * MS);
        lone.inject(". 1:1(0) ack 11");
    }
    assert_eq!(given_back(&lone), 0);
    // And so does what goes.
    lone.run(900 * MS);
    lone.write(id, 10);
    lone.run(150 * MS);
    assert_eq!(given_back(&lone), 0);
    lone.inject(". 1:1(0) ack 21");
    lone.run(2 * SECOND);
    assert_eq!(given_back(&lone), 1);
}

#[test]
fn what_waits_to_be_read_stays_and_its_memory_goes_when_it_was_read() {
    let (mut lone, id) = Lone::established(Lone::plain());
    lone.inject("P. 1:11(10) ack 1");
    lone.run(10 * SECOND);
    assert_eq!(given_back(&lone), 0);
    assert_eq!(lone.stack.read(lone.now, id, &mut [0; 20]), Ok(10));
    lone.run(SECOND);
    assert_eq!(given_back(&lone), 1);
    // Not so what lies beyond a hole, which nobody can read yet.
    lone.inject("P. 21:31(10) ack 1");
    lone.run(10 * SECOND);
    lone.inject("P. 11:21(10) ack 1");
    assert_eq!(lone.stack.read(lone.now, id, &mut [0; 20]), Ok(20));
}

#[test]
fn what_is_not_acknowledged_stays() {
    let (mut lone, id) = Lone::established(Lone::plain());
    lone.write(id, 10);
    let again = lone.run(10 * SECOND);
    assert!(again.len() > 3, "{again:?}");
    assert_eq!(given_back(&lone), 0);
}

#[test]
fn time_wait_lasts_as_long_as_it_must() {
    let (mut lone, id) = drained();
    lone.stack.close(lone.now, id);
    lone.outgoing();
    lone.inject("F. 1:2(0) ack 12");
    lone.outgoing();
    assert_eq!(lone.stack.counts(), (0, 0, 1));
    lone.run(59 * SECOND);
    assert_eq!(lone.stack.counts(), (0, 0, 1));
    lone.run(2 * SECOND);
    assert_eq!(lone.stack.counts(), (0, 0, 0));
    assert_eq!(lone.state(id), State::Closed);
}
