//! What a device takes over: super-segments out, long packets in, text that stays where it came.

use std::sync::Arc;
use std::time::Duration;

use crate::base::{Checksum, InterfaceId, Memory, Offload, Offloads, Received};
use crate::stack::kit::pattern;
use crate::stack::lone::Lone;
use crate::stack::{ConnId, NoInterface, ReadError, TcpConfig};
use crate::wire::offload::Cut;

/// Each packet that leaves now: how long it is, how much text each has that it stands for, and the
/// segments that a device makes of it.
fn leaving(lone: &mut Lone) -> Vec<(usize, Option<u16>, Vec<String>)> {
    let mut all = Vec::new();
    while let Some(packet) = lone.stack.poll_transmit(lone.now) {
        let (len, gso) = (packet.len(), packet.offload.gso);
        let mut cut = Cut::of(&packet, Offloads::NONE).expect("a device can cut it");
        let mut packets = Vec::new();
        while let Some(packet) = cut.next() {
            packets.push(packet.to_vec());
        }
        let lines = packets.iter().map(|packet| lone.show(packet));
        all.push((len, gso, lines.collect()));
    }
    all
}

fn segments(lone: &mut Lone) -> Vec<String> {
    let packets = leaving(lone).into_iter();
    packets.flat_map(|(_, _, lines)| lines).collect()
}

fn established(offloads: Offloads) -> (Lone, ConnId) {
    Lone::established_on(offloads, Lone::plain())
}

#[test]
fn a_window_leaves_as_one_and_stands_for_the_segments_that_would_have_left() {
    let (mut plain, by_one) = established(Offloads::NONE);
    let (mut lone, id) = established(Offloads::ALL);
    for len in [10_000, 4_000, 1, 2_500, 70_000] {
        plain.write(by_one, len);
        lone.write(id, len);
        let (one_by_one, packets) = (plain.outgoing(), leaving(&mut lone));
        let cut: Vec<String> = packets
            .iter()
            .flat_map(|(.., lines)| lines.clone())
            .collect();
        assert_eq!(cut, one_by_one, "{len}");
        for (len, gso, lines) in packets {
            let expected = (lines.len() > 1).then_some(1_000);
            assert_eq!(gso, expected, "{lines:?}");
            assert!(len <= 65_535);
        }
        // All of it is acknowledged, a round trip later.
        for lone in [&mut plain, &mut lone] {
            lone.now += Duration::from_millis(10);
            let end = one_by_one.last().map_or("1", |line| {
                let range = line.split([':', '(']).nth(1);
                range.expect("a range")
            });
            lone.inject(&format!(". 1:1(0) ack {end}"));
        }
    }
}

#[test]
fn the_first_window_is_one_packet() {
    let (mut lone, id) = established(Offloads::ALL);
    lone.write(id, 10_000);
    let packets = leaving(&mut lone);
    assert_eq!(packets.len(), 1);
    let (len, gso, lines) = &packets[0];
    assert_eq!((*len, *gso), (20 + 20 + 10_000, Some(1_000)));
    assert_eq!(lines.len(), 10);
    assert_eq!(lines[9], "P. 9001:10001(1000) ack 1");
}

#[test]
fn our_fin_rides_on_the_last_of_them() {
    let (mut lone, id) = established(Offloads::ALL);
    lone.write(id, 2_500);
    lone.stack.shutdown(lone.now, id);
    let lines = segments(&mut lone);
    let expected = [
        ". 1:1001(1000) ack 1",
        ". 1001:2001(1000) ack 1",
        "FP. 2001:2502(500) ack 1",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn a_checksum_is_left_to_the_device_where_there_is_text() {
    let (mut lone, id) = established(Offloads {
        tcp: false,
        ..Offloads::ALL
    });
    lone.write(id, 1_500);
    let mut seen = Vec::new();
    while let Some(packet) = lone.stack.poll_transmit(lone.now) {
        assert_eq!(packet.offload.gso, None);
        seen.push((packet.len(), packet.offload.checksum));
    }
    let begun = Checksum::Partial {
        start: 20,
        offset: 16,
    };
    assert_eq!(seen, [(1_040, begun)]);
    lone.inject("P. 1:5(4) ack 1001");
    lone.inject("P. 5:9(4) ack 1001");
    lone.now += Duration::from_secs(1);
    let now = lone.now;
    lone.stack.handle_timeout(now);
    let first = lone.stack.poll_transmit(lone.now).expect("the rest");
    assert_eq!((first.len(), first.offload.checksum), (540, begun));
}

#[test]
fn an_urgent_mark_keeps_segments_apart() {
    let (mut lone, id) = established(Offloads::ALL);
    lone.write(id, 3_000);
    lone.stack.mark_urgent(lone.now, id);
    let gso: Vec<Option<u16>> = leaving(&mut lone).iter().map(|(_, gso, _)| *gso).collect();
    assert_eq!(gso, [None, None, None]);
}

#[test]
fn what_routers_may_cut_is_numbered_one_by_one() {
    let (mut lone, id) = Lone::established_on(
        Offloads::ALL,
        TcpConfig {
            may_be_cut: true,
            ..Lone::plain()
        },
    );
    lone.write(id, 3_000);
    assert!(leaving(&mut lone).iter().all(|(_, gso, _)| gso.is_none()));
}

#[test]
fn what_was_lost_of_a_super_segment_goes_again_and_nothing_else() {
    let mut lone = Lone::on(
        Offloads::ALL,
        TcpConfig {
            sack: true,
            ..Lone::plain()
        },
    );
    let id = lone.open();
    lone.outgoing();
    lone.now += Duration::from_millis(40);
    lone.inject("S. 0:1(0) ack 1 win 65535 <mss 1000,sackOK>");
    lone.outgoing();
    lone.write(id, 10_000);
    assert_eq!(leaving(&mut lone).len(), 1);
    lone.now += Duration::from_millis(40);
    lone.inject(". 1:1(0) ack 3001 <sack 4001:8001>");
    let again = segments(&mut lone);
    assert_eq!(again, [". 3001:4001(1000) ack 1"]);
}

#[test]
fn a_device_that_takes_over_nothing_any_more_gets_segments_one_by_one() {
    let (mut lone, id) = established(Offloads::ALL);
    let (now, first) = (lone.now, InterfaceId::FIRST);
    let set = lone.stack.set_offloads(now, first, Offloads::NONE);
    assert_eq!(set, Ok(()));
    lone.write(id, 3_000);
    let mut seen = Vec::new();
    while let Some(packet) = lone.stack.poll_transmit(lone.now) {
        seen.push((packet.len(), packet.offload));
    }
    assert_eq!(seen, [(1_040, Offload::default()); 3]);
    let other = InterfaceId(1);
    let refused = lone.stack.set_offloads(now, other, Offloads::ALL);
    assert_eq!(refused, Err(NoInterface(other)));
}

fn long_packet(lone: &Lone, text: &str) -> (Memory, usize) {
    let packet = lone.packet(text);
    let len = packet.len();
    (Arc::new([vec![0; 10], packet].concat()), len)
}

fn receive(lone: &mut Lone, memory: &Memory, len: usize) {
    let packet = Received {
        memory: Some(memory),
        offload: Offload {
            checksum: Checksum::Full,
            gso: Some(1_000),
        },
        ..Received::plain(&memory[10..10 + len])
    };
    lone.stack.receive(lone.now, packet);
}

#[test]
fn long_text_stays_where_the_device_has_put_it_until_it_is_read() {
    let (mut lone, id) = established(Offloads::ALL);
    let (memory, len) = long_packet(&lone, "P. 1:40001(40000) ack 1");
    receive(&mut lone, &memory, len);
    assert_eq!(Arc::strong_count(&memory), 2);
    assert_eq!(lone.stack.status(id).expect("open").unread, 40_000);
    assert_eq!(lone.outgoing(), [". 1:1(0) ack 40001"]);
    let chunk = lone.stack.read_chunk(lone.now, id).expect("it came");
    assert_eq!(chunk.as_ptr(), memory[10 + 40..].as_ptr());
    assert!(chunk[..] == pattern(40_000)[..]);
    assert_eq!(lone.stack.read_chunk(lone.now, id).map(|_| ()), None);
    // Half of the buffer was read: the window is told.
    assert_eq!(lone.outgoing(), [". 1:1(0) ack 40001"]);
    let mut buf = [0; 10];
    assert_eq!(
        lone.stack.read(lone.now, id, &mut buf),
        Err(ReadError::WouldBlock)
    );
    drop(chunk);
    assert_eq!(Arc::strong_count(&memory), 1);
}

#[test]
fn a_part_that_was_there_already_is_not_kept_twice() {
    let (mut lone, id) = established(Offloads::ALL);
    lone.inject("P. 1:11(10) ack 1");
    let (memory, len) = long_packet(&lone, "P. 1:30001(30000) ack 1");
    receive(&mut lone, &memory, len);
    let mut buf = vec![0; 40_000];
    assert_eq!(lone.stack.read(lone.now, id, &mut buf), Ok(30_000));
    assert!(buf[..30_000] == pattern(30_000)[..]);
    assert_eq!(Arc::strong_count(&memory), 1);
}

#[test]
fn long_text_beyond_a_hole_is_copied_to_its_place() {
    let (mut lone, id) = established(Offloads::ALL);
    let (memory, len) = long_packet(&lone, "P. 11:30011(30000) ack 1");
    receive(&mut lone, &memory, len);
    assert_eq!(Arc::strong_count(&memory), 1);
    lone.inject("P. 1:11(10) ack 1");
    let mut buf = vec![0; 40_000];
    assert_eq!(lone.stack.read(lone.now, id, &mut buf), Ok(30_010));
    assert!(buf[..30_010] == pattern(30_010)[..]);
}
