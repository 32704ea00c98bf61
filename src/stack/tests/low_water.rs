//! How much an application may give, and when it is told that there is room: house!("send-buffer"),
//! house!("unsent-low-water").

use super::super::lone::Lone;
use super::super::{ConnId, NO_MARK, Notice, Wake, WriteError};
use crate::tcp::Config;

/// A peer that takes segments of 1000 bytes, four of them at a time: a lump is 2000 bytes.
fn marked(mark: u32) -> (Lone, ConnId) {
    let mut lone = Lone::new(Config {
        unsent_low_water: mark,
        ..Lone::plain()
    });
    let id = lone.open();
    lone.outgoing();
    lone.inject("S. 0:1(0) ack 1 win 4000 <mss 1000>");
    lone.outgoing();
    (lone, id)
}

/// Whether the owner was told since it was asked last that there is room.
fn told_of_room(lone: &mut Lone) -> bool {
    let mut told = false;
    while let Some(notice) = lone.stack.poll_notice() {
        told |= matches!(notice, Notice::Connection(_, wake) if wake.has(Wake::WRITABLE));
    }
    told
}

#[test]
fn a_lump_is_taken_whole_if_less_than_the_mark_is_left_behind() {
    // Whatever the windows let go is not left behind, though it has not left yet.
    for (mark, taken) in [(1, 6_000), (2_000, 6_000), (2_001, 8_000), (4_000, 8_000)] {
        let (mut lone, id) = marked(mark);
        assert_eq!(lone.write(id, 100_000), taken, "{mark}");
        let refused = lone.stack.write(lone.now, id, b"more");
        assert_eq!(refused, Err(WriteError::WouldBlock), "{mark}");
    }
}

#[test]
fn a_lump_that_has_begun_is_filled() {
    let (mut lone, id) = marked(100);
    assert_eq!(lone.write(id, 4_500), 4_500);
    lone.outgoing();
    // 500 bytes are left behind, which is too much for a new lump.
    assert_eq!(lone.write(id, 100_000), 1_500);
    // What has left of a lump makes room in it.
    lone.inject(". 1:1(0) ack 1001 win 4000");
    lone.outgoing();
    assert_eq!(lone.write(id, 100_000), 1_000);
}

#[test]
fn without_a_mark_the_buffer_alone_decides() {
    let (mut lone, id) = marked(NO_MARK);
    assert_eq!(lone.write(id, 1 << 20), 128 << 10);
}

#[test]
fn a_mark_can_be_set_and_taken_away() {
    let (mut lone, id) = marked(NO_MARK);
    lone.stack.set_unsent_low_water(lone.now, id, Some(1));
    let first = lone.write(id, 1 << 20);
    assert!(first < 128 << 10);
    lone.stack.set_unsent_low_water(lone.now, id, None);
    assert_eq!(lone.write(id, 1 << 20), (128 << 10) - first);
}

#[test]
fn a_writer_is_woken_when_less_than_half_the_mark_is_left_behind() {
    let (mut lone, id) = marked(2_000);
    assert_eq!(lone.write(id, 6_000), 6_000);
    lone.outgoing();
    assert!(!lone.stack.has_room(id));
    told_of_room(&mut lone);
    lone.inject(". 1:1(0) ack 1001 win 4000");
    lone.outgoing();
    assert!(!lone.stack.has_room(id), "1000 bytes are half of it");
    // Nothing is acknowledged: that it leaves is news enough.
    told_of_room(&mut lone);
    lone.inject(". 1:1(0) ack 1001 win 5000");
    assert_eq!(lone.outgoing().len(), 1);
    assert!(lone.stack.has_room(id) && told_of_room(&mut lone));
}

#[test]
fn a_writer_waits_for_a_third_of_the_buffer_and_not_for_one_acknowledgment() {
    let mut lone = Lone::new(Config {
        send_buffer: 9_000,
        send_buffer_max: 9_000,
        ..Lone::plain()
    });
    let id = lone.open();
    lone.outgoing();
    // Nothing is known of a connection that is gone: whoever waits for it must look.
    assert!(lone.stack.has_room(ConnId::default()));
    lone.inject("S. 0:1(0) ack 1 win 65535 <mss 1000>");
    assert_eq!(lone.write(id, 9_000), 9_000);
    lone.outgoing();
    for (ack, roomy) in [(1_001, false), (3_000, false), (3_001, true), (9_001, true)] {
        lone.inject(&format!(". 1:1(0) ack {ack}"));
        assert_eq!(lone.stack.has_room(id), roomy, "{ack}");
    }
}
