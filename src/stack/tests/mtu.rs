//! The device's MTU changes while connections are open: RFC 9293 section 3.7.1.

use std::time::Duration;

use super::super::ConnId;
use super::super::kit::{End, Fate, World, pattern};
use super::super::lone::Lone;
use crate::base::InterfaceId;
use crate::tcp::Config;

const SECOND: Duration = Duration::from_secs(1);

/// A peer that takes segments of 1400 bytes, on a link that carries 1500 in a packet.
fn established() -> (Lone, ConnId) {
    let mut lone = Lone::new(Lone::plain());
    let id = lone.open();
    lone.outgoing();
    lone.inject("S. 0:1(0) ack 1 win 65535 <mss 1400>");
    lone.outgoing();
    (lone, id)
}

/// The lengths of all packets that leave now.
fn lengths(lone: &mut Lone) -> Vec<usize> {
    let packets = lone.outgoing_packets();
    packets.iter().map(Vec::len).collect()
}

// req: MUST-16
#[test]
fn segments_follow_the_mtu_down_and_up_to_what_the_peer_takes() {
    let (mut lone, id) = established();
    lone.stack.set_nodelay(lone.now, id, true);
    let mut acked = 1;
    for (mtu, longest) in [(1500, 1440), (1000, 1000), (576, 576), (9000, 1440)] {
        lone.stack
            .set_mtu(lone.now, InterfaceId::FIRST, mtu)
            .unwrap();
        lone.write(id, 3_000);
        let sent = lengths(&mut lone);
        assert_eq!(sent.iter().max(), Some(&longest), "{mtu}");
        acked += 3_000;
        lone.inject(&format!(". 1:1(0) ack {acked}"));
    }
}

#[test]
fn what_was_sent_before_goes_again_in_pieces_that_fit() {
    let (mut lone, id) = established();
    lone.write(id, 2_800);
    assert_eq!(lengths(&mut lone), [1440, 1440]);
    lone.stack
        .set_mtu(lone.now, InterfaceId::FIRST, 840)
        .unwrap();
    let again = lone.run(SECOND);
    assert!(again[0].ends_with(". 1:801(800) ack 1"), "{again:?}");
    lone.inject(". 1:1(0) ack 801");
    // Slow start after the timeout: two segments.
    assert_eq!(lengths(&mut lone), [840, 840]);
}

// req: MUST-67
#[test]
fn a_syn_offers_what_the_link_carries_when_it_leaves() {
    let (mut lone, _) = established();
    lone.stack
        .set_mtu(lone.now, InterfaceId::FIRST, 1280)
        .unwrap();
    lone.open();
    assert_eq!(lone.sent_one().options.mss, Some(1240));
    lone.ports.dst = 80;
    lone.listen();
    lone.inject("S 0:1(0) win 1000 <mss 1400>");
    assert_eq!(lone.sent_one().options.mss, Some(1240));
}

#[test]
fn a_change_during_the_handshake_counts() {
    let mut lone = Lone::new(Lone::plain());
    let id = lone.open();
    lone.outgoing();
    lone.stack
        .set_mtu(lone.now, InterfaceId::FIRST, 1000)
        .unwrap();
    lone.inject("S. 0:1(0) ack 1 win 65535 <mss 1400>");
    lone.outgoing();
    lone.write(id, 2_000);
    assert_eq!(lengths(&mut lone)[0], 1000);

    let mut lone = Lone::new(Lone::plain());
    let listener = lone.listen();
    lone.inject("S 0:1(0) win 65535 <mss 1400>");
    lone.outgoing();
    lone.stack
        .set_mtu(lone.now, InterfaceId::FIRST, 1000)
        .unwrap();
    lone.inject(". 1:1(0) ack 1 win 65535");
    let id = lone.stack.accept(lone.now, listener).unwrap();
    lone.write(id, 2_000);
    assert_eq!(lengths(&mut lone)[0], 1000);
}

#[test]
fn a_transfer_goes_on_over_a_link_that_was_narrowed() {
    let mut world = World::new(Config {
        // All of it in one write.
        send_buffer: 1 << 20,
        ..Config::default()
    });
    let (a, b, _) = world.connect();
    let bytes = pattern(300_000);
    let got = world.transfer(End::A, a, b, &bytes, 10 * SECOND);
    assert!(got == bytes);
    world.judge = Box::new(|_, packet, _| match packet.len() > 700 {
        true => Fate::Drop,
        false => Fate::Deliver,
    });
    world.a.write(world.now, a, &bytes).unwrap();
    world.flush();
    world.a.set_mtu(world.now, InterfaceId::FIRST, 700).unwrap();
    // The text is lost whole, and nothing reports that: a timeout finds out.
    let until = world.now + 2 * SECOND;
    let mut buf = [0; 65_536];
    let mut got = Vec::new();
    while got.len() < bytes.len() && world.step(until) {
        while let Ok(len) = world.b.read(world.now, b, &mut buf) {
            got.extend_from_slice(&buf[..len]);
        }
    }
    assert!(got == bytes, "{} bytes", got.len());
}

#[test]
fn what_routers_may_cut_has_numbers_to_be_put_together_by() {
    let marks = |may_be_cut| {
        let (mut lone, id) = Lone::established(Config {
            may_be_cut,
            ..Lone::plain()
        });
        lone.stack.set_nodelay(lone.now, id, true);
        lone.write(id, 2_000);
        let packets = lone.outgoing_packets();
        assert_eq!(packets.len(), 2);
        let mark = |packet: &Vec<u8>| {
            let identification = u16::from_be_bytes([packet[4], packet[5]]);
            (packet[6] & 0x40 != 0, identification)
        };
        [mark(&packets[0]), mark(&packets[1])]
    };
    assert_eq!(marks(false), [(true, 0); 2]);
    let [(first, one), (second, other)] = marks(true);
    assert!(!first && !second && one != other);
}
