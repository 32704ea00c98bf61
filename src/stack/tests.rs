//! The stack as a whole, two at a time, in virtual time.

use std::net::SocketAddr;
use std::time::Duration;

use crate::probe::State;
use crate::tcp;

use super::kit::{B, End, Fate, World, pattern};
use super::{Failure, Notice, ReadError, Wake};

mod accurate_ecn;
mod any_address;
mod arrive;
mod blocked;
mod buffers;
mod bursts;
mod close;
mod congestion;
mod data;
mod ecn;
mod fast_open;
mod fast_open_client;
mod flow_label;
mod fragments;
mod frto;
pub(super) mod icmp;
mod interfaces;
mod lies;
mod low_water;
mod mtu;
mod offload;
mod open;
mod options;
mod pacing;
mod path_mtu;
mod path_probe;
mod rack;
mod recovery;
mod refused;
mod reneging;
mod rest;
mod routes;
mod sack;
mod security;
mod share;
mod sight;
mod status;
mod syn_cookies;
mod time_wait;
mod timestamps;
mod tlp;
mod undo;
mod urgent;
mod window;

const SECOND: Duration = Duration::from_secs(1);

// req: RFC9293-3.10.6-1
#[test]
fn status_shows_the_state_and_the_variables() {
    let (mut lone, id) = super::lone::Lone::established(super::lone::Lone::plain());
    lone.inject("P. 1:6(5) ack 1 win 5000");
    lone.write(id, 10);
    lone.outgoing();
    let status = lone.stack.status(id).expect("a connection");
    assert_eq!(status.state, State::Established);
    assert_eq!(status.snd_una, status.iss + 1);
    assert_eq!(status.snd_nxt, status.iss + 11);
    assert_eq!(status.snd_wnd, 5000);
    assert_eq!(status.rcv_nxt, status.irs + 6);
    assert_eq!((status.unread, status.unacknowledged), (5, 10));
}

#[test]
fn a_handshake_establishes_both_ends() {
    let mut world = World::new(tcp::Config::default());
    world.connect();
    assert_eq!(world.log.len(), 3);
}

#[test]
fn a_megabyte_arrives_both_ways() {
    let mut world = World::new(tcp::Config::default());
    let (a, b, _) = world.connect();
    let bytes = pattern(1 << 20);
    assert!(world.transfer(End::A, a, b, &bytes, 60 * SECOND) == bytes);
    assert!(world.transfer(End::B, b, a, &bytes, 60 * SECOND) == bytes);
}

#[test]
fn a_lossy_wire_delivers_all_the_same() {
    for seed in 0..20u32 {
        let mut world = World::new(tcp::Config::default());
        let mut state = seed.wrapping_mul(747_796_405).wrapping_add(1);
        world.judge = Box::new(move |_, _, _| {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            match state % 40 {
                0 | 1 => Fate::Drop,
                2 => Fate::Twice,
                3 => Fate::Later(Duration::from_millis(u64::from(state >> 8) % 50)),
                _ => Fate::Deliver,
            }
        });
        let listener = world
            .b
            .listen(world.now, SocketAddr::new(B, 80), 16)
            .unwrap();
        let a = world
            .a
            .open(world.now, SocketAddr::new(B, 80), None)
            .unwrap();
        world.run(30 * SECOND);
        let b = world.b.accept(world.now, listener).unwrap();
        let bytes = pattern(300_000);
        assert!(world.transfer(End::A, a, b, &bytes, 600 * SECOND) == bytes);
        assert!(world.transfer(End::B, b, a, &bytes, 600 * SECOND) == bytes);
        world.a.close(world.now, a);
        world.run(10 * SECOND);
        world.b.close(world.now, b);
        world.run(300 * SECOND);
        assert_eq!(world.a.counts(), (0, 0, 0), "seed {seed}");
        assert_eq!(world.b.counts(), (0, 0, 0), "seed {seed}");
    }
}

#[test]
fn closing_first_leads_through_time_wait() {
    let mut world = World::new(tcp::Config::default());
    let (a, b, _) = world.connect();
    world.a.shutdown(world.now, a);
    world.run(SECOND);
    assert_eq!(world.state(End::A, a), Some(State::FinWait2));
    assert_eq!(world.state(End::B, b), Some(State::CloseWait));
    assert_eq!(world.b.read(world.now, b, &mut [0; 8]), Ok(0));
    world.b.close(world.now, b);
    world.run(SECOND);
    assert_eq!(world.state(End::A, a), Some(State::TimeWait));
    assert_eq!(world.b.counts(), (0, 0, 0));
    world.a.close(world.now, a);
    assert_eq!(world.a.counts(), (0, 0, 1));
    world.run(61 * SECOND);
    assert_eq!(world.a.counts(), (0, 0, 0));
}

#[test]
fn nobody_listening_refuses() {
    let mut world = World::new(tcp::Config::default());
    let a = world
        .a
        .open(world.now, SocketAddr::new(B, 81), None)
        .unwrap();
    world.run(SECOND);
    assert_eq!(world.a.failure(a), Some(Failure::Refused));
    assert_eq!(
        world.a.read(world.now, a, &mut [0; 8]),
        Err(ReadError::Failed(Failure::Refused))
    );
}

#[test]
fn every_packet_in_has_one_ending() {
    let mut world = World::new(tcp::Config::default());
    world.judge = Box::new(|_, _, n| {
        if n % 7 == 6 {
            Fate::Drop
        } else {
            Fate::Deliver
        }
    });
    let (a, b, _) = world.connect();
    let bytes = pattern(200_000);
    assert!(world.transfer(End::A, a, b, &bytes, 60 * SECOND) == bytes);
    for told in [&world.told_a, &world.told_b] {
        let packets = told.count("PacketIn");
        let endings = ["Accepted", "Discarded", "Dropped"].map(|ending| told.count(ending));
        assert!(packets > 50);
        assert_eq!(packets, endings.iter().sum::<usize>());
    }
}

#[test]
fn whoever_waits_is_noticed() {
    let mut world = World::new(tcp::Config::default());
    let (a, b, listener) = world.connect();
    assert_eq!(world.notices(End::B), [Notice::Acceptable(listener)]);
    let [Notice::Connection(id, wake)] = world.notices(End::A)[..] else {
        panic!("one notice");
    };
    assert!(id == a && wake.has(Wake::CONNECTED));
    world.a.write(world.now, a, b"hello").unwrap();
    world.run(SECOND);
    let [Notice::Connection(id, wake)] = world.notices(End::B)[..] else {
        panic!("one notice");
    };
    assert!(id == b && wake.has(Wake::READABLE) && !wake.has(Wake::CLOSED));
}

#[test]
fn garbage_changes_nothing() {
    let mut world = World::new(tcp::Config::default());
    let (a, b, _) = world.connect();
    for len in 0..64 {
        world.inject(End::B, &pattern(len));
    }
    let bytes = pattern(10_000);
    assert!(world.transfer(End::A, a, b, &bytes, 60 * SECOND) == bytes);
}
