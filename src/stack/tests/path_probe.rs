//! Probes of a path that says nothing: RFC 4821 section 7, RFC 8899.

use std::cell::Cell;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use super::super::ConnId;
use super::super::kit::{B, End, Fate, World, pattern};
use super::super::lone::Lone;
use crate::base::Instant;
use crate::ip::path_mtu::PathMtu;
use crate::tcp::congestion::Algorithm;
use crate::tcp::{Config, PathProbing};
use crate::wire::icmp::Problem;
use crate::wire::ipv4;

use super::icmp::error;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

/// A world, a connection in it, and what its path carries from `A` to `B`.
struct Path {
    world: World,
    ids: (ConnId, ConnId),
    carries: Rc<Cell<usize>>,
}

impl Path {
    fn new(config: Config, carries: usize) -> Path {
        let mut world = World::new(config);
        let carries = Rc::new(Cell::new(carries));
        let longest = Rc::clone(&carries);
        world.judge =
            Box::new(
                move |from, packet, _| match from == End::A && packet.len() > longest.get() {
                    true => Fate::Drop,
                    false => Fate::Deliver,
                },
            );
        let (a, b, _) = world.connect();
        Path {
            world,
            ids: (a, b),
            carries,
        }
    }

    /// So many bytes arrive within `limit`; the lengths of all packets of `A` meanwhile.
    fn transfer(&mut self, len: usize, limit: Duration) -> Vec<usize> {
        let before = self.world.log.len();
        let (a, b) = self.ids;
        let bytes = pattern(len);
        assert!(self.world.transfer(End::A, a, b, &bytes, limit) == bytes);
        let later = self.world.log[before..].iter();
        later
            .filter(|(_, from, ..)| *from == End::A)
            .map(|(.., packet)| packet.len())
            .collect()
    }

    /// Sends until probes have found what the path carries: a lost one lets the next wait.
    fn search(&mut self) -> Vec<usize> {
        let mut sent = Vec::new();
        for _ in 0..8 {
            sent.append(&mut self.transfer(200_000, MINUTE));
            self.world.run(30 * SECOND);
        }
        sent
    }

    fn mtu(&self) -> u16 {
        // 20 bytes of IPv4, 20 of TCP, 12 of timestamps.
        self.world.a.status(self.ids.0).unwrap().mss + 52
    }

    fn cwnd(&self) -> u64 {
        self.world.a.status(self.ids.0).unwrap().cwnd
    }

    fn told(&self, what: &str) -> usize {
        self.world.told_a.count(what)
    }

    fn timeouts(&self) -> usize {
        self.told("TimerExpired { kind: Retransmission }")
    }
}

/// With a window that only losses move once slow start is over.
fn config() -> Config {
    Config {
        congestion: Algorithm::Reno,
        ..Config::default()
    }
}

/// On a path that was found to be silent and to carry 1280 bytes.
fn searched() -> Path {
    let mut path = Path::new(config(), 1_280);
    path.search();
    assert_eq!(path.mtu(), 1_280);
    path
}

/// The same when ten minutes are over and the path is to be searched again.
fn searching(carries: usize) -> Path {
    let mut path = searched();
    path.world.run(11 * MINUTE);
    path.carries.set(carries);
    path
}

// req: RFC4821-7.7-1, RFC8899-4.3-1, RFC8899-3-1
#[test]
fn a_black_hole_is_left_by_the_base_and_then_upwards_by_probes() {
    for (carries, found) in [
        (1_200, 1_200),
        (1_280, 1_280),
        (1_400, 1_400),
        (1_499, 1_472),
    ] {
        let mut path = Path::new(config(), 1_500);
        path.transfer(100_000, MINUTE);
        assert_eq!((path.mtu(), path.told("PathProbe")), (1_500, 0));
        path.carries.set(carries);
        let sent = path.search();
        assert_eq!(path.mtu(), found);
        // R1 is three: no more than it takes to suspect the path.
        assert_eq!(path.timeouts(), 3, "{carries}");
        // What is too long for the path, once it was suspected, are probes and nothing else.
        let too_long = sent.iter().filter(|len| **len > carries).count();
        let before = path.world.log.iter();
        let lost = before.filter(|(_, _, fate, _)| *fate == Fate::Drop).count();
        assert_eq!(too_long, lost);
        let failed = path.told("only the probe was lost");
        assert_eq!(
            failed,
            path.told("PathProbe") - path.told("the probe has arrived"),
            "{carries}"
        );
    }
}

// req: RFC4821-7.3-1, RFC4821-5.1-1
#[test]
fn after_ten_minutes_one_probe_shows_that_the_path_has_healed() {
    let mut path = searched();
    path.carries.set(1_500);
    let (probes, timeouts) = (path.told("PathProbe"), path.timeouts());
    path.world.run(5 * MINUTE);
    let sent = path.transfer(500_000, MINUTE);
    assert_eq!(sent.iter().max(), Some(&1_280), "not before its time");
    path.world.run(6 * MINUTE);
    let sent = path.transfer(500_000, MINUTE);
    assert_eq!(path.told("PathProbe"), probes + 1);
    assert_eq!((path.mtu(), path.timeouts()), (1_500, timeouts));
    // It goes alone until it is acknowledged.
    let probe = sent.iter().position(|len| *len == 1_500).unwrap();
    assert!(sent[probe + 1..probe + 4].iter().all(|len| *len <= 1_280));
}

// req: RFC4821-5.2-1, RFC8201-5.2-1
#[test]
fn what_one_connection_finds_all_learn_that_go_there() {
    let mut path = Path::new(config(), 1_280);
    let to = SocketAddr::new(B, 80);
    let other = path.world.a.open(path.world.now, to, None).unwrap();
    path.search();
    let later = path.world.a.open(path.world.now, to, None).unwrap();
    path.world.run(SECOND);
    for id in [other, later] {
        assert_eq!(path.world.a.status(id).unwrap().mss + 52, 1_280);
    }
    path.world.run(11 * MINUTE);
    path.carries.set(1_500);
    path.transfer(500_000, MINUTE);
    for id in [other, later] {
        assert_eq!(path.world.a.status(id).unwrap().mss + 52, 1_500);
    }
}

// req: RFC4821-4-2, RFC4821-4-3, RFC8899-3-4
#[test]
fn a_probe_that_is_lost_alone_costs_no_window_and_goes_again_in_pieces() {
    for congestion in Algorithm::ALL {
        let config = Config {
            congestion,
            ..config()
        };
        let mut path = Path::new(config, 1_280);
        path.transfer(1_000_000, MINUTE);
        path.world.run(11 * MINUTE);
        let before = path.world.told_a.lines().len();
        path.transfer(200_000, MINUTE);
        let lines = path.world.told_a.lines().split_off(before);
        let count = |what: &str| lines.iter().filter(|line| line.contains(what)).count();
        assert!(count("PathProbe") > 0, "{congestion:?}");
        assert_eq!(count("Lost {"), count("PathProbe"), "{congestion:?}");
        assert_eq!(count("is reduced"), 0, "{congestion:?}");
        // 1448 bytes in segments of 1228.
        assert_eq!(count("Retransmission(Fast)"), 2 * count("PathProbe"));
        assert_eq!(
            count("kind: Retransmission }"),
            count("TimerCancelled { kind: Retransmission")
        );
    }
}

// req: RFC4821-7.6.4-1, RFC4821-4-2, RFC4821-7.4-1
#[test]
fn a_probe_that_is_lost_with_others_says_nothing_and_is_tried_again() {
    for beside in [1, 2, 6] {
        let mut path = searching(1_500);
        let mut behind = None::<u32>;
        path.world.judge = Box::new(move |from, packet, _| {
            if from == End::B {
                return Fate::Deliver;
            }
            behind = match behind {
                None => (packet.len() > 1_280).then_some(0),
                Some(count) => Some(count + 1),
            };
            match behind == Some(0) || behind == Some(beside) {
                true => Fate::Drop,
                false => Fate::Deliver,
            }
        });
        let reductions = path.told("is reduced");
        path.transfer(500_000, MINUTE);
        assert_eq!(path.told("and not alone"), 1, "{beside}");
        assert_eq!(path.told("is reduced"), reductions + 1, "{beside}");
        assert_eq!(path.mtu(), 1_500, "the same size was tried again: {beside}");
    }
}

// req: RFC4821-7.6.2-1
#[test]
fn after_a_lost_probe_the_next_one_waits() {
    for round_trip in [Duration::from_millis(20), SECOND] {
        let mut path = searched();
        path.world.delay = round_trip / 2;
        path.transfer(1_000_000, 5 * MINUTE);
        path.world.run(11 * MINUTE);
        let before = path.world.log.len();
        for _ in 0..40 {
            path.transfer(400_000, MINUTE);
        }
        let sent = path.world.log[before..].iter();
        let probes: Vec<Instant> = sent
            .filter(|(_, from, fate, _)| *from == End::A && *fate == Fate::Drop)
            .map(|(at, ..)| *at)
            .collect();
        assert!(probes.len() > 1);
        // The window has at least ten segments.
        for pair in probes.windows(2) {
            assert!(pair[1].since(pair[0]) >= 10 * round_trip);
        }
    }
}

// req: RFC4821-7.6.2-1
#[test]
fn the_next_probe_waits_for_round_trips_as_long_as_they_have_become() {
    let mut path = searched();
    let long = 2 * SECOND;
    path.world.delay = long / 2;
    path.transfer(1_000_000, 5 * MINUTE);
    path.world.run(11 * MINUTE);
    let (failed, probes) = (path.told("only the probe was"), path.told("PathProbe"));
    while path.told("only the probe was") == failed {
        path.transfer(50_000, MINUTE);
    }
    let since = path.world.now;
    path.carries.set(1_500);
    path.world.delay = Duration::from_millis(10);
    // Until what a round trip is taken for has followed.
    while path.told("PathProbe") == probes + 1 {
        path.transfer(200_000, MINUTE);
    }
    let waited = path.world.now.since(since);
    assert!(
        waited < 5 * long,
        "the window has at least ten segments: {waited:?}"
    );
    assert!(path.mtu() > 1_280);
}

// req: RFC4821-7.4-1, RFC4821-4-1
#[test]
fn no_probe_goes_without_text_behind_it_or_reports_to_judge_it_by() {
    // A probe of 1448 bytes, and three segments of 1228 behind it.
    for (len, probes) in [(1_448 + 3 * 1_228 - 1, 0), (1_448 + 3 * 1_228, 1)] {
        let mut path = searching(1_500);
        let before = path.told("PathProbe");
        path.transfer(len, MINUTE);
        assert_eq!(path.told("PathProbe") - before, probes, "{len}");
    }
    let config = Config {
        sack: false,
        ..config()
    };
    let mut path = Path::new(config, 1_280);
    path.transfer(1_000_000, MINUTE);
    assert_eq!((path.told("PathProbe"), path.mtu()), (0, 1_200));
}

// req: RFC4821-7.4-1
#[test]
fn a_window_that_the_peer_keeps_full_does_not_hide_a_wider_path() {
    let tcp = Config {
        sack: true,
        ..Lone::plain()
    };
    let mut lone = Lone::new(tcp);
    let narrow = PathMtu {
        most: 1_280,
        ..PathMtu::from_below(1_280)
    };
    lone.stack.path_mtus.set(lone.now, B, narrow, SECOND);
    let (ages, first) = (lone.stack.path_ages, lone.stack.path_mtus.deadline());
    lone.stack.wheel.set(ages, first);
    let id = lone.open();
    lone.outgoing();
    lone.now += Duration::from_millis(40);
    // Eight segments of 1240 bytes, less than the congestion window.
    lone.inject("S. 0:1(0) ack 1 win 9920 <mss 1460,sackOK>");
    lone.outgoing();
    let (mut out, mut acked) = (VecDeque::new(), 1);
    let (mut longest, mut least) = (0, usize::MAX);
    for _ in 0..200 {
        // Until the buffer is full.
        let _ = lone.stack.write(lone.now, id, &pattern(20_000));
        for packet in lone.outgoing_packets() {
            longest = longest.max(packet.len());
            out.push_back(packet.len() - 40);
        }
        least = least.min(out.len());
        lone.run(Duration::from_millis(10));
        acked += out.drain(..2).sum::<usize>();
        lone.inject(&format!(". 1:1(0) ack {acked} win 9920"));
    }
    assert_eq!(lone.told.count("may have become wider"), 1);
    assert_eq!((longest, least), (1_500, 4));
}

// req: RFC4821-7.4-1
#[test]
fn no_probe_goes_while_anything_is_lost() {
    let mut path = searching(1_500);
    let mut first = true;
    path.world.judge =
        Box::new(
            move |from, _, _| match from == End::A && std::mem::take(&mut first) {
                true => Fate::Drop,
                false => Fate::Deliver,
            },
        );
    let (a, b) = path.ids;
    let (probes, lost) = (path.told("PathProbe"), path.told("Lost {"));
    // Four segments are too little for a probe and three behind it.
    let start = path.world.now;
    path.world.a.write(start, a, &pattern(4 * 1_228)).unwrap();
    while path.told("Lost {") == lost {
        assert!(path.world.step(start + SECOND));
    }
    let now = path.world.now;
    path.world.a.write(now, a, &pattern(20_000)).unwrap();
    path.world.flush();
    assert_eq!(path.told("PathProbe"), probes);
    let mut buf = [0; 65_536];
    while path.told("PathProbe") == probes {
        assert!(path.world.step(now + SECOND));
        while path.world.b.read(path.world.now, b, &mut buf).is_ok() {}
    }
    assert_eq!(path.world.a.status(a).unwrap().phase, "open");
}

// req: RFC4821-7.1-2
#[test]
fn what_is_not_a_probe_may_be_lost_and_rules_nothing_out() {
    let mut path = Path::new(config(), 1_500);
    let mut count = 0;
    path.world.judge = Box::new(move |from, packet, _| {
        count += usize::from(from == End::A && packet.len() == 1_500);
        match from == End::A && packet.len() == 1_500 && count % 40 == 20 {
            true => Fate::Drop,
            false => Fate::Deliver,
        }
    });
    path.transfer(1_000_000, MINUTE);
    assert!(path.told("Lost {") > 5);
    assert_eq!((path.mtu(), path.told("the probe")), (1_500, 0));
}

// req: RFC4821-7.8-1
#[test]
fn a_path_that_loses_every_other_long_packet_is_not_trusted() {
    let mut path = searching(1_500);
    let mut long = 0;
    path.world.judge = Box::new(move |from, packet, _| {
        long += usize::from(packet.len() > 1_280);
        match from == End::A && packet.len() > 1_280 && long % 2 == 0 {
            true => Fate::Drop,
            false => Fate::Deliver,
        }
    });
    path.transfer(2_000_000, 5 * MINUTE);
    assert_eq!(path.told("too many are lost"), 1);
    assert_eq!(path.mtu(), 1_280, "and it is remembered");
    let sent = path.transfer(100_000, MINUTE);
    assert!(sent.iter().all(|len| *len <= 1_280));
}

// req: RFC8201-5.4-3, RFC8899-3-3
#[test]
fn a_router_that_complains_of_a_probe_ends_the_search_and_costs_no_window() {
    let mut path = searching(1_280);
    let before = path.world.told_a.lines().len();
    let (a, b) = path.ids;
    let bytes = pattern(500_000);
    path.world
        .a
        .write(path.world.now, a, &bytes[..100_000])
        .unwrap();
    let is_probe = |packet: &[u8]| packet.len() > 1_280;
    let now = path.world.now;
    while path
        .world
        .log
        .iter()
        .all(|(at, .., packet)| *at < now || !is_probe(packet))
    {
        assert!(path.world.step(now + MINUTE));
        let mut buf = [0; 65_536];
        while path.world.b.read(path.world.now, b, &mut buf).is_ok() {}
    }
    let log = path.world.log.iter().rev();
    let probe = log
        .map(|(.., packet)| packet)
        .find(|packet| is_probe(packet));
    let quote = probe.unwrap().clone();
    let message = error(
        B,
        super::super::kit::A,
        Problem::PacketTooBig { mtu: 1_280 },
        &quote,
    );
    path.world.inject(End::A, &message);
    path.world.run(SECOND);
    let lines = path.world.told_a.lines().split_off(before);
    let count = |what: &str| lines.iter().filter(|line| line.contains(what)).count();
    assert_eq!((count("PathProbe"), count("is reduced")), (1, 0));
    assert_eq!((count("Lost {"), path.mtu()), (0, 1_280));
}

// req: RFC8899-3-2
#[test]
fn a_probe_must_not_be_cut_though_routers_may_cut_what_else_is_sent() {
    let mut path = Path::new(config(), 1_500);
    path.transfer(100_000, MINUTE);
    // So long that there is nothing left to try but to let routers cut.
    path.carries.set(0);
    let (a, _) = path.ids;
    path.world
        .a
        .write(path.world.now, a, &pattern(100_000))
        .unwrap();
    path.world.run(MINUTE);
    path.carries.set(1_500);
    let cut = path.world.log.len();
    path.world.run(MINUTE);
    let header = |packet: &[u8]| ipv4::parse(packet).unwrap().0.dont_fragment;
    let mut plain = 0;
    for (_, from, _, packet) in &path.world.log[cut..] {
        match *from == End::A && packet.len() > 552 {
            // The probe, and all that follows it once it has arrived.
            true => assert!(header(packet)),
            false => plain += usize::from(*from == End::A && !header(packet)),
        }
    }
    assert!(plain > 0);
    assert_eq!(path.mtu(), 1_500);
}

// req: RFC4821-7.2-1
#[test]
fn probing_can_be_off_or_begin_at_once_from_a_base_of_ones_own() {
    let off = Config {
        path_probing: PathProbing::Off,
        ..config()
    };
    let mut path = Path::new(off, 1_280);
    let (a, _) = path.ids;
    path.world
        .a
        .write(path.world.now, a, &pattern(100_000))
        .unwrap();
    path.world.run(10 * SECOND);
    assert_eq!((path.mtu(), path.told("PathProbe")), (1_500, 0));
    assert!(path.timeouts() > 3);

    let always = Config {
        path_probing: PathProbing::Always,
        base_mtu: 1_064,
        ..config()
    };
    for (carries, found) in [(1_500, 1_500), (1_300, 1_280)] {
        let mut path = Path::new(always.clone(), carries);
        assert_eq!(path.mtu(), 1_064);
        path.search();
        assert_eq!((path.mtu(), path.timeouts()), (found, 0));
        assert!(path.told("PathProbe") > 0);
    }
}

// req: RFC4821-4-4
#[test]
fn longer_segments_make_no_larger_window() {
    let mut path = searching(1_500);
    let (a, b) = path.ids;
    path.world
        .a
        .write(path.world.now, a, &pattern(100_000))
        .unwrap();
    let mut buf = [0; 65_536];
    while path.mtu() == 1_280 {
        let (before, arrived) = (path.cwnd(), path.world.now);
        let una = path.world.a.status(a).unwrap().snd_una;
        assert!(path.world.step(arrived + MINUTE));
        while path.world.b.read(path.world.now, b, &mut buf).is_ok() {}
        let after = path.world.a.status(a).unwrap();
        // RFC 5681 section 3.1: no more than what is acknowledged.
        let acked = u64::from(after.snd_una.since(una));
        assert!(after.cwnd <= before + acked, "{before} {after:?}");
    }
}
