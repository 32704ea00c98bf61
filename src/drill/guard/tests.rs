use std::net::SocketAddr;

use super::*;
use crate::base::Instant;
use crate::drill::live::Ip;

fn segment() -> LiveTcp {
    LiveTcp {
        src: 8080,
        dst: 40_000,
        seq: 0,
        ack: 0,
        data_offset: 5,
        flags: 16,
        ae: false,
        reserved: 0,
        window: 0,
        urgent: 0,
        options: Vec::new(),
        payload: Vec::new(),
        checksum_right: true,
    }
}

fn packet(tcp: LiveTcp, len: usize) -> Live {
    Live {
        at: Instant::BIRTH,
        number: 0,
        bytes: vec![0; len],
        ip: Ip {
            src: [192, 0, 2, 1].into(),
            dst: [192, 0, 2, 2].into(),
            header_len: 20,
            total_len: len,
            tos: 0,
            ttl: 64,
            flow: 0,
            protocol: 6,
            checksum_right: true,
        },
        body: LiveBody::Tcp(tcp),
    }
}

/// The guards that a packet sets off, on a script that knows its connection.
fn violated(live: &Live, peer_mss: Option<u16>) -> Vec<&'static str> {
    let ends = live.ends().unwrap();
    let mut flows = Flows::new(ends.0, ends.1);
    flows.on_named(ends.0, ends.1);
    let mut guards = Guards::all();
    if let Some(mss) = peer_mss {
        // A connection of its own, so that the guard knows what the peer takes.
        flows.on_socket(3);
        flows.on_connect(3);
        let flow = flows.current_mut().unwrap();
        flow.local = Some(ends.0);
        flow.peer_mss = Some(mss);
    }
    guards.packet(live, &flows, 1500);
    guards.violations.iter().map(|(name, _)| *name).collect()
}

#[test]
fn a_good_packet_sets_nothing_off() {
    assert_eq!(violated(&packet(segment(), 40), None), [""; 0]);
}

#[test]
fn wrong_checksums_are_seen() {
    let mut tcp = segment();
    tcp.checksum_right = false;
    assert_eq!(violated(&packet(tcp, 40), None), ["checksum"]);
    let mut live = packet(segment(), 40);
    live.ip.checksum_right = false;
    assert_eq!(violated(&live, None), ["checksum"]);
}

#[test]
fn lengths_that_do_not_agree_are_seen() {
    let mut live = packet(segment(), 40);
    live.ip.total_len = 41;
    assert_eq!(violated(&live, None), ["wellformed"]);
    assert_eq!(violated(&packet(segment(), 1501), None), ["wellformed"]);
    let mut live = packet(segment(), 40);
    live.body = LiveBody::Unread("cut off");
    let mut guards = Guards::all();
    let nobody: SocketAddr = ([192, 0, 2, 1], 1).into();
    guards.packet(&live, &Flows::new(nobody, nobody), 1500);
    assert_eq!(guards.first().unwrap().0, "wellformed");
}

#[test]
fn options_and_reserved_bits_are_looked_at() {
    let with = |options: &[u8]| {
        let mut tcp = segment();
        tcp.options = options.to_vec();
        violated(&packet(tcp, 40), None)
    };
    assert_eq!(with(&[2, 4, 5, 0xb4]), [""; 0]);
    assert_eq!(with(&[2, 3, 5, 1]), ["wellformed"]);
    assert_eq!(with(&[5, 9, 0, 0]), ["wellformed"]);
    assert_eq!(with(&[8, 0, 0, 0]), ["wellformed"]);
    let mut tcp = segment();
    tcp.reserved = 4;
    assert_eq!(violated(&packet(tcp, 40), None), ["wellformed"]);
}

#[test]
fn the_peer_gets_no_more_than_it_takes() {
    let with = |text: usize, options: usize, mss: u16| {
        let mut tcp = segment();
        tcp.payload = vec![0; text];
        tcp.options = vec![1; options];
        violated(&packet(tcp, 40), Some(mss))
    };
    assert_eq!(with(1000, 0, 1000), [""; 0]);
    assert_eq!(with(988, 12, 1000), [""; 0]);
    assert_eq!(with(989, 12, 1000), ["wellformed"]);
    assert_eq!(with(48, 0, 10), [""; 0]);
    assert_eq!(with(49, 0, 10), ["wellformed"]);
}

#[test]
fn a_packet_of_nobody_is_foreign() {
    let here: SocketAddr = ([192, 0, 2, 1], 8080).into();
    let there: SocketAddr = ([192, 0, 2, 2], 8080).into();
    let mut guards = Guards::all();
    guards.packet(&packet(segment(), 40), &Flows::new(here, there), 1500);
    assert_eq!(guards.first().unwrap().0, "foreign");
}

#[test]
fn only_those_stand_that_were_asked_for() {
    let mut guards = Guards::listed("stray, payload").unwrap();
    guards.violate("checksum", "x".into());
    assert_eq!(guards.first(), None);
    guards.violate("payload", "x".into());
    assert_eq!(guards.first().unwrap().0, "payload");
    assert_eq!(Guards::listed("all"), Ok(Guards::all()));
    assert_eq!(Guards::listed("none"), Ok(Guards::none()));
    assert_eq!(Guards::listed("stray,frob"), Err("frob".into()));
}
