//! What holds a sender back is told when it changes: `Event::BlockedBy`.

use std::time::Duration;

use super::super::ConnId;
use super::super::lone::Lone;
use crate::probe::Blocked;
use crate::tcp::Config;

/// The peer offers a window of so much; what that told is forgotten.
fn open(config: Config, window: u32) -> (Lone, ConnId) {
    let mut lone = Lone::new(config);
    let id = lone.open();
    lone.outgoing();
    lone.now += Duration::from_millis(40);
    lone.inject(&format!("S. 0:1(0) ack 1 win {window} <mss 1000>"));
    lone.outgoing();
    (lone, id)
}

/// What was told so far, in order.
fn told(lone: &Lone) -> Vec<String> {
    let lines = lone.told.lines().into_iter();
    let by = lines.filter_map(|line| Some(line.split_once("BlockedBy { by: ")?.1.to_owned()));
    by.map(|by| by.trim_end_matches([' ', '}']).to_owned())
        .collect()
}

fn blocked(lone: &Lone, id: ConnId) -> Blocked {
    lone.stack.details(lone.now, id).expect("open").blocked
}

#[test]
fn a_sender_is_held_back_by_its_window_then_by_its_application_until_it_closes() {
    let (mut lone, id) = open(Lone::plain(), 65_535);
    assert_eq!(told(&lone), ["Application"]);
    lone.write(id, 20_000);
    assert_eq!(lone.outgoing().len(), 10);
    assert_eq!(blocked(&lone, id), Blocked::CongestionWindow);
    // Ten segments more are allowed: the rest goes, and there is room for others.
    for acked in [2_001, 4_001, 6_001, 8_001, 10_001] {
        lone.inject(&format!(". 1:1(0) ack {acked}"));
        lone.outgoing();
    }
    assert_eq!(blocked(&lone, id), Blocked::Application);
    // However much of it is acknowledged.
    lone.inject(". 1:1(0) ack 20001");
    lone.outgoing();
    lone.stack.shutdown(lone.now, id);
    lone.outgoing();
    lone.inject(". 1:1(0) ack 20002");
    lone.outgoing();
    assert_eq!(
        told(&lone),
        ["Application", "CongestionWindow", "Application", "Nothing"]
    );
}

#[test]
fn a_closed_window_is_the_peers() {
    let (mut lone, id) = open(Lone::plain(), 2_000);
    lone.write(id, 5_000);
    lone.outgoing();
    lone.inject(". 1:1(0) ack 2001 win 0");
    lone.outgoing();
    assert_eq!(told(&lone), ["Application", "PeerWindow"]);
}

#[test]
fn a_window_too_small_for_a_segment_is_a_silly_one_once_all_is_acknowledged() {
    let (mut lone, id) = open(Lone::plain(), 3_000);
    lone.write(id, 5_000);
    lone.outgoing();
    // Something is outstanding: its acknowledgment may open the window.
    lone.inject(". 1:1(0) ack 1001 win 2400");
    lone.outgoing();
    assert_eq!(blocked(&lone, id), Blocked::PeerWindow);
    lone.inject(". 1:1(0) ack 3001 win 400");
    lone.outgoing();
    assert_eq!(told(&lone), ["Application", "PeerWindow", "SillyWindow"]);
}

#[test]
fn a_short_segment_that_waits_for_an_acknowledgment_waits_by_nagle() {
    let (mut lone, id) = open(Lone::plain(), 65_535);
    lone.write(id, 100);
    lone.outgoing();
    lone.write(id, 100);
    assert_eq!(lone.outgoing(), [""; 0]);
    assert_eq!(told(&lone), ["Application", "Nagle"]);
}

#[test]
fn what_waits_for_its_turn_is_paced() {
    let (mut lone, id) = open(
        Config {
            pacing: true,
            ..Lone::plain()
        },
        65_535,
    );
    lone.write(id, 10_000);
    assert!(lone.outgoing().len() < 10);
    assert_eq!(blocked(&lone, id), Blocked::Pacing);
    lone.run(Duration::from_millis(100));
    assert_eq!(told(&lone), ["Application", "Pacing", "Application"]);
}

#[test]
fn it_is_told_once_however_often_it_is_looked_at() {
    let (mut lone, id) = open(Lone::plain(), 65_535);
    for _ in 0..5 {
        lone.write(id, 20_000 / 5);
        lone.outgoing();
    }
    assert_eq!(told(&lone), ["Application", "CongestionWindow"]);
}
