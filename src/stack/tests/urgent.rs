//! Urgent data, in line: RFC 9293 section 3.8.5, RFC 6093.

use super::super::lone::Lone;
use super::super::{ConnId, Notice, Wake};
use crate::probe::State;

fn established() -> (Lone, ConnId) {
    let (mut lone, id) = Lone::established(Lone::plain());
    while lone.stack.poll_notice().is_some() {}
    (lone, id)
}

fn left(lone: &Lone, id: ConnId) -> u64 {
    lone.stack.urgent_left(id).expect("a connection")
}

fn read(lone: &mut Lone, id: ConnId, len: usize) {
    let mut room = vec![0; len];
    assert_eq!(lone.stack.read(lone.now, id, &mut room), Ok(len));
}

/// Whether the reader was woken since it was last asked.
fn is_told(lone: &mut Lone, id: ConnId) -> bool {
    let mut told = false;
    while let Some(notice) = lone.stack.poll_notice() {
        told |=
            matches!(notice, Notice::Connection(of, wake) if of == id && wake.has(Wake::READABLE));
    }
    told
}

// req: MUST-33, MUST-62, RFC6093-4-1
#[test]
fn what_is_left_to_read_of_urgent_data_ends_before_the_byte_that_the_pointer_names() {
    let (mut lone, id) = established();
    assert_eq!(left(&lone, id), 0);
    // Of ten bytes the first four, and the pointer names the fifth.
    lone.inject("PU. 1:11(10) ack 1 urg 4");
    assert_eq!(left(&lone, id), 4);
    read(&mut lone, id, 1);
    assert_eq!(left(&lone, id), 3);
    read(&mut lone, id, 3);
    assert_eq!(left(&lone, id), 0);
    read(&mut lone, id, 6);
    assert_eq!(left(&lone, id), 0);
}

// req: MUST-32
#[test]
fn the_reader_is_told_of_a_mark_before_its_bytes_come_and_of_each_advance() {
    let (mut lone, id) = established();
    // The pointer alone, of what the peer cannot send yet.
    lone.inject("U. 1:1(0) ack 1 urg 20");
    assert!(is_told(&mut lone, id));
    assert_eq!(left(&lone, id), 20);
    lone.inject("U. 1:1(0) ack 1 urg 20");
    assert!(!is_told(&mut lone, id), "nothing new");
    lone.inject("U. 1:1(0) ack 1 urg 30");
    assert!(is_told(&mut lone, id));
    assert_eq!(left(&lone, id), 30);
    assert_eq!(lone.told.count("Urgent { offset"), 2);
}

#[test]
fn a_mark_that_has_passed_is_none() {
    let (mut lone, id) = established();
    lone.inject("P. 1:11(10) ack 1");
    is_told(&mut lone, id);
    // Sent before the ten bytes, and overtaken by them.
    lone.inject("U. 1:11(10) ack 1 urg 10");
    assert!(!is_told(&mut lone, id));
    assert_eq!(left(&lone, id), 0);
    assert_eq!(lone.told.count("Urgent { offset"), 0);
}

#[test]
fn a_mark_after_the_peers_fin_is_ignored() {
    let (mut lone, id) = established();
    lone.inject("F. 1:1(0) ack 1");
    assert_eq!(lone.state(id), State::CloseWait);
    is_told(&mut lone, id);
    lone.inject("U. 2:2(0) ack 1 urg 5");
    assert!(!is_told(&mut lone, id));
    assert_eq!(left(&lone, id), 0);
}
