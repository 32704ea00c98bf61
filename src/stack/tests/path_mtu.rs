//! What a path carries: RFC 1191, RFC 8201, and whom to believe (RFC 5927).

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use super::super::kit::{A, B};
use super::super::lone::Lone;
use super::super::{Config, ConnId, Stack};
use super::icmp::{error, moved};
use crate::base::{Instant, Received, Seed};
use crate::wire::icmp::Problem;
use crate::wire::ipv4;

const MINUTE: Duration = Duration::from_secs(60);

fn too_big(mtu: u32) -> Problem {
    Problem::PacketTooBig { mtu }
}

/// A peer that takes segments of 1460 bytes.
fn established() -> (Lone, ConnId) {
    let mut lone = Lone::new(Lone::plain());
    let id = another(&mut lone);
    (lone, id)
}

fn another(lone: &mut Lone) -> ConnId {
    let id = lone.open();
    let syn = lone.outgoing_packets().remove(0);
    lone.show(&syn);
    lone.inject("S. 0:1(0) ack 1 win 65535 <mss 1460>");
    lone.outgoing();
    id
}

/// The lengths of all packets that leave now.
fn lengths(lone: &mut Lone) -> Vec<usize> {
    let packets = lone.outgoing_packets();
    packets.iter().map(Vec::len).collect()
}

// req: RFC9293-3.7.2-1, RFC1191-3-1, RFC1191-3-2, RFC8200-5-3, RFC7323-5.7-1
#[test]
fn what_was_too_big_goes_again_at_once_and_smaller() {
    let (mut lone, id) = established();
    lone.write(id, 4_380);
    let sent = lone.outgoing_packets();
    assert_eq!(sent.iter().map(Vec::len).collect::<Vec<_>>(), [1_500; 3]);
    lone.tell(too_big(1_000), &sent[0]);
    assert_eq!(lone.ending(), "IcmpError");
    // 4380 bytes in segments of 960, and nothing besides.
    assert_eq!(lengths(&mut lone), [1_000, 1_000, 1_000, 1_000, 580]);
    lone.inject(". 1:1(0) ack 4381 win 65535");
    lone.write(id, 2_000);
    assert_eq!(lengths(&mut lone)[..2], [1_000, 1_000]);
}

// req: RFC1191-6.4-2, RFC8201-5.4-2
#[test]
fn a_burst_of_messages_draws_one_retransmission() {
    let (mut lone, id) = established();
    lone.write(id, 4_380);
    let sent = lone.outgoing_packets();
    lone.tell(too_big(1_000), &sent[0]);
    let cwnd = lone.stack.status(id).unwrap().cwnd;
    assert_eq!(lengths(&mut lone).len(), 5);
    for packet in &sent {
        lone.tell(too_big(1_000), packet);
        assert_eq!(lone.ending(), "IcmpError");
        assert!(lengths(&mut lone).is_empty());
    }
    assert_eq!(lone.stack.status(id).unwrap().cwnd, cwnd);
    // A narrower link behind it: once more.
    lone.tell(too_big(800), &sent[0]);
    assert_eq!(lengths(&mut lone)[0], 800);
}

// req: RFC1191-6.2-1, RFC8201-5.2-2, RFC8201-3-1
#[test]
fn every_connection_to_the_destination_learns_of_it() {
    let (mut lone, first) = established();
    let ports = lone.ports;
    let second = another(&mut lone);
    lone.write(first, 1_460);
    let sent = lone.outgoing_packets().remove(0);
    let second_ports = std::mem::replace(&mut lone.ports, ports);
    lone.tell(too_big(1_000), &sent);
    assert_eq!(lengths(&mut lone), [1_000, 540]);
    lone.ports = second_ports;
    lone.write(second, 1_920);
    assert_eq!(lengths(&mut lone), [1_000; 2]);
    // And one that is opened later, whose SYN still offers what the link takes.
    let third = another(&mut lone);
    lone.write(third, 1_920);
    assert_eq!(lengths(&mut lone), [1_000; 2]);
}

// req: RFC1191-3.1-1, RFC1191-6.4-1, RFC8201-5.4-1
#[test]
fn the_path_changes_no_offer_and_no_peers_limit() {
    let (mut lone, id) = established();
    lone.write(id, 1_460);
    let sent = lone.outgoing_packets().remove(0);
    lone.tell(too_big(1_000), &sent);
    lone.outgoing();
    let id = lone.open();
    let syn = lone.outgoing_packets().remove(0);
    lone.show(&syn);
    // RFC 9293 section 3.2: kind 2, length 4, and 1460 as it was.
    assert!(syn.windows(4).any(|option| option == [2, 4, 0x05, 0xb4]));
    // A peer that takes less than the path carries.
    lone.inject("S. 0:1(0) ack 1 win 65535 <mss 536>");
    lone.outgoing();
    lone.write(id, 1_072);
    assert_eq!(lengths(&mut lone), [576, 576]);
}

// req: RFC5927-4.1-1, RFC5927-7.2-2
#[test]
fn what_quotes_nothing_on_its_way_or_names_nonsense_changes_nothing() {
    for by in [-1, 1_460, 1 << 20, i32::MIN] {
        let (mut lone, id) = established();
        lone.write(id, 1_460);
        let sent = lone.outgoing_packets().remove(0);
        lone.tell(too_big(1_000), &moved(&sent, 24, by));
        assert_eq!(lone.ending(), "IcmpOutOfWindow", "{by}");
        assert_eq!(lone.stack.status(id).unwrap().mss, 1_460);
        assert!(lengths(&mut lone).is_empty());
    }
    for mtu in [1, 67, 1_500, 1_501, 65_535] {
        let (mut lone, id) = established();
        lone.write(id, 1_460);
        let sent = lone.outgoing_packets().remove(0);
        lone.tell(too_big(mtu), &sent);
        assert_eq!(lone.ending(), "TooBigImpossible", "{mtu}");
        assert_eq!(lone.stack.status(id).unwrap().mss, 1_460);
    }
    // Another flow's.
    let (mut lone, id) = established();
    lone.write(id, 1_460);
    let mut sent = lone.outgoing_packets().remove(0);
    sent[21] ^= 1;
    lone.tell(too_big(1_000), &sent);
    assert_eq!(lone.ending(), "IcmpNotOurs");
}

// req: RFC1191-3-6, RFC1191-6.3-1, RFC1191-6.3-2
#[test]
fn after_ten_minutes_segments_are_as_long_as_before() {
    let (mut lone, id) = established();
    lone.stack.set_nodelay(lone.now, id, true);
    lone.write(id, 1_460);
    let sent = lone.outgoing_packets().remove(0);
    lone.tell(too_big(1_000), &sent);
    lone.outgoing();
    lone.inject(". 1:1(0) ack 1461 win 65535");
    lone.run(9 * MINUTE);
    lone.write(id, 1_460);
    assert_eq!(lengths(&mut lone), [1_000, 540]);
    lone.inject(". 1:1(0) ack 2921 win 65535");
    assert!(lone.run(MINUTE).is_empty(), "nothing goes again");
    assert_eq!(lone.stack.poll_timeout(), None);
    lone.write(id, 1_460);
    assert_eq!(lengths(&mut lone), [1_500]);
}

#[test]
fn below_the_floor_routers_may_cut() {
    let (mut lone, id) = established();
    lone.write(id, 1_460);
    let sent = lone.outgoing_packets().remove(0);
    lone.tell(too_big(300), &sent);
    let again = lone.outgoing_packets();
    let mut ids = Vec::new();
    for packet in &again {
        let (header, _) = ipv4::parse(packet).unwrap();
        assert!(packet.len() <= 552 && !header.dont_fragment);
        ids.push(header.identification);
    }
    assert_eq!(again.len(), 3);
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 3, "each has its own");
}

// req: RFC8201-4-1, RFC8201-4-5, RFC8201-4-2, RFC8201-4-3
#[test]
fn on_ipv6_nothing_falls_below_1280() {
    let v6 = |last| IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, last));
    let mut stack = Stack::new(Config::new(vec![(v6(1), 64)]), Seed::from_number(1));
    let mut peer = Stack::new(Config::new(vec![(v6(2), 64)]), Seed::from_number(2));
    let now = Instant::from_nanos(1_000_000_000);
    let to = SocketAddr::new(v6(2), 80);
    peer.listen(now, to, 4).unwrap();
    let id = stack.open(now, to, None).unwrap();
    for _ in 0..2 {
        while let Some(packet) = stack.poll_transmit(now).map(|packet| packet.to_vec()) {
            peer.receive(now, Received::plain(&packet));
        }
        while let Some(packet) = peer.poll_transmit(now).map(|packet| packet.to_vec()) {
            stack.receive(now, Received::plain(&packet));
        }
    }
    stack.write(now, id, &[0; 1_400]).unwrap();
    let sent = stack.poll_transmit(now).unwrap().to_vec();
    assert!(sent.len() > 1_400);
    // One that quotes what is not on its way.
    let message = error(v6(2), v6(1), too_big(1_400), &moved(&sent, 44, 1 << 20));
    stack.receive(now, Received::plain(&message));
    assert!(stack.poll_transmit(now).is_none());
    for (mtu, then) in [
        (1_279, None),
        (0, None),
        (1_300, Some(1_300)),
        (1_280, Some(1_280)),
    ] {
        let message = error(v6(2), v6(1), too_big(mtu), &sent);
        stack.receive(now, Received::plain(&message));
        let first = stack.poll_transmit(now).map(|packet| packet.len());
        assert_eq!(first, then, "{mtu}");
        while stack.poll_transmit(now).is_some() {}
    }
}

#[test]
fn a_message_from_anywhere_counts_if_it_quotes_what_is_on_its_way() {
    let (mut lone, id) = established();
    lone.write(id, 1_460);
    let sent = lone.outgoing_packets().remove(0);
    let router = "203.0.113.77".parse().unwrap();
    let IpAddr::V4(_) = B else {
        panic!("an IPv4 address");
    };
    let message = error(router, A, too_big(1_000), &sent);
    lone.inject_bytes(&message);
    assert_eq!(lengths(&mut lone), [1_000, 540]);
}
