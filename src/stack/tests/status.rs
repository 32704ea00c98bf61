//! STATUS beyond the variables: RFC 9293 section 3.10.6.

use std::time::Duration;

use super::super::lone::Lone;
use super::super::{ConnId, Details, Heeding, HeldBack};
use crate::tcp::Config;
use crate::tcp::ecn::Asking;

const MS: Duration = Duration::from_millis(1);

fn open(config: Config, window: u32) -> (Lone, ConnId) {
    let mut lone = Lone::new(config);
    let id = lone.open();
    lone.outgoing();
    lone.inject(&format!("S. 0:1(0) ack 1 win {window} <mss 1000>"));
    lone.outgoing();
    (lone, id)
}

fn details(lone: &Lone, id: ConnId) -> Details {
    lone.stack.details(lone.now, id).unwrap()
}

/// Milliseconds: busy, held back by the peer's window, held back by the send buffer.
fn held_back(lone: &Lone, id: ConnId) -> [u128; 3] {
    let HeldBack {
        busy,
        by_window,
        by_room,
    } = details(lone, id).held_back;
    [busy, by_window, by_room].map(|time| time.as_millis())
}

#[test]
fn a_connection_is_busy_while_anything_is_to_be_sent_or_acknowledged() {
    let (mut lone, id) = open(Lone::plain(), 65_535);
    lone.now += 100 * MS;
    assert_eq!(held_back(&lone, id), [0, 0, 0]);
    lone.write(id, 1_000);
    lone.outgoing();
    lone.now += 30 * MS;
    assert_eq!(held_back(&lone, id), [30, 0, 0]);
    lone.inject(". 1:1(0) ack 1001");
    lone.outgoing();
    lone.now += 100 * MS;
    assert_eq!(held_back(&lone, id), [30, 0, 0]);
    // A FIN that is not acknowledged counts as well.
    lone.stack.shutdown(lone.now, id);
    lone.outgoing();
    lone.now += 10 * MS;
    assert_eq!(held_back(&lone, id), [40, 0, 0]);
}

#[test]
fn the_window_holds_back_what_the_congestion_window_would_let_go() {
    let (mut lone, id) = open(Lone::plain(), 2_000);
    lone.write(id, 3_000);
    lone.outgoing();
    lone.now += 20 * MS;
    assert_eq!(held_back(&lone, id), [20, 20, 0]);
    lone.inject(". 1:1(0) ack 1 win 60000");
    lone.outgoing();
    lone.now += 5 * MS;
    assert_eq!(held_back(&lone, id), [25, 20, 0]);
}

#[test]
fn the_congestion_window_is_the_networks() {
    let (mut lone, id) = open(Lone::plain(), 65_535);
    lone.write(id, 20_000);
    lone.outgoing();
    lone.now += 20 * MS;
    assert_eq!(held_back(&lone, id), [20, 0, 0]);
}

#[test]
fn the_buffer_holds_back_an_application_that_was_refused_room() {
    let config = Config {
        send_buffer: 3_000,
        send_buffer_max: 3_000,
        ..Lone::plain()
    };
    let (mut lone, id) = open(config, 65_535);
    // It fits, so nobody knows whether there is more to come.
    lone.write(id, 3_000);
    lone.outgoing();
    lone.now += 5 * MS;
    assert_eq!(held_back(&lone, id), [5, 0, 0]);
    assert!(lone.stack.write(lone.now, id, &[0; 10]).is_err());
    lone.inject(". 1:1(0) ack 1 win 65535");
    lone.outgoing();
    lone.now += 7 * MS;
    assert_eq!(held_back(&lone, id), [12, 0, 7]);
    // A third of it is free: if nobody writes now, it is the application that waits.
    lone.inject(". 1:1(0) ack 1001");
    lone.outgoing();
    lone.now += 3 * MS;
    assert_eq!(held_back(&lone, id), [15, 0, 7]);
}

#[test]
fn memory_is_told_in_bytes_of_text() {
    let (mut lone, id) = open(Lone::plain(), 65_535);
    lone.write(id, 1_500);
    lone.inject(". 1:301(300) ack 1");
    lone.inject(". 401:601(200) ack 1");
    lone.inject(". 701:801(100) ack 1");
    let told = details(&lone, id);
    assert_eq!((told.queued, told.held), (1_500, 600));
    assert_eq!(told.receive_buffer, 65_535);
}

#[test]
fn whether_marks_are_heeded_is_known_when_the_peer_has_answered() {
    let asking = |ecn| Config {
        ecn,
        ..Lone::plain()
    };
    let mut lone = Lone::new(asking(Asking::Ask));
    let id = lone.open();
    lone.outgoing();
    assert_eq!(details(&lone, id).heeding, Heeding::Asked);
    lone.inject("S.E 0:1(0) ack 1 win 65535 <mss 1000>");
    assert_eq!(details(&lone, id).heeding, Heeding::Classic);
    let mut lone = Lone::new(asking(Asking::Off));
    let id = lone.open();
    lone.outgoing();
    assert_eq!(details(&lone, id).heeding, Heeding::Off);
}
