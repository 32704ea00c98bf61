//! A seed becomes a world: each draws its own mix of faults, so that most worlds have few and some
//! have many, and each pair of them meets somewhere.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::time::Duration;

use crate::base::{Instant, Offloads, Rate};
use crate::sim::dice::Dice;
use crate::sim::link::{Link, Path};
use crate::sim::pace::{Pace, RateTrace};
use crate::sim::queue::{CoDel, Discipline, DropTail, FqCoDel, Red};
use crate::sim::world::{Fault, InFlight, Way};
use crate::stack::Config;
use crate::tcp;
use crate::tcp::config::Recovering;
use crate::tcp::congestion::Algorithm;
use crate::tcp::ecn::Asking;

use super::aim::aim;
use super::narrow::narrow;
use super::plan::{HostPlan, Plan, Talking};
use super::talk::{Part, draw_part};
use super::weather::{draw_outages, draw_weather};

/// The world of a seed.
pub fn draw(seed: u64) -> Plan {
    let dice = &mut Dice::new(seed, SWARM);
    let faults_last = Duration::from_millis(dice.magnitude(1_000, 600_000));
    let family = dice.one_of(&[Family::V4, Family::V4, Family::V6, Family::Both]);
    let mut hosts = [0, 1].map(|index| HostPlan {
        config: draw_config(dice, index, family),
        services: Vec::new(),
    });
    let mtu = hosts.iter().map(|host| host.config.mtu).min();
    let links = draw_links(dice, mtu.unwrap_or(MTU_USUAL), faults_last);
    let buffers = hosts.iter().map(|host| &host.config.tcp);
    let smallest = buffers
        .map(|tcp| tcp.receive_buffer.min(tcp.send_buffer))
        .min();
    // What goes through a small window takes many round trips.
    let most = u64::from(smallest.unwrap_or(1)).saturating_mul(WINDOWS_MAX);
    let mut part = draw_part(dice, faults_last, most.min(SIZE_MAX));
    let talks = cast(dice, &mut hosts, &mut part);
    let mtus = hosts.each_ref().map(|host| host.config.mtu);
    let faults = draw_faults(dice, faults_last, mtus);
    let changes = draw_changes(dice, faults_last, links.len());
    let mut plan = Plan {
        seed,
        birth: Instant::from_nanos(NANOS_PER_SEC),
        hosts,
        links,
        talks,
        faults,
        changes,
        heals_after: faults_last,
        in_flight: dice.one_of(&[InFlight::Arrives, InFlight::IsLost]),
        checks_sums: dice.happens(0.3),
        must_be_whole: false,
        complains: false,
    };
    narrow(
        &mut plan,
        if family == Family::V4 {
            NARROWEST
        } else {
            MTU_LEAST
        },
    );
    plan.must_be_whole = part.is_polite && nothing_is_in_its_way(&plan, family);
    if dice.happens(0.2) {
        aim(dice, &mut plan);
    }
    // A stream of its own: what a seed once showed it shows still.
    let dice = &mut Dice::new(seed, DEVICES);
    for host in &mut plan.hosts {
        host.config.offloads = dice.one_of(&[Offloads::NONE, Offloads::ALL]);
    }
    plan
}

/// Which addresses hosts have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Family {
    V4,
    V6,
    Both,
}

fn draw_config(dice: &mut Dice, index: u8, family: Family) -> Config {
    let v4 = (IpAddr::from(Ipv4Addr::new(10, 0, 0, index + 1)), 24);
    let v6 = IpAddr::from(Ipv6Addr::new(
        0xfd00,
        0,
        0,
        0,
        0,
        0,
        0,
        u16::from(index) + 1,
    ));
    let mut config = Config::new(match family {
        Family::V4 => vec![v4],
        Family::V6 => vec![(v6, 64)],
        Family::Both => vec![v4, (v6, 64)],
    });
    config.mtu = match dice.below(4) {
        0 => MTU_LEAST,
        1 => dice.from_to(MTU_LEAST.into(), 9_000) as u16,
        _ => MTU_USUAL,
    };
    if dice.happens(0.1) {
        config.limits.time_wait = 1;
    }
    if dice.happens(0.1) {
        config.limits.half_open = 1;
    }
    let plain = dice.happens(0.2);
    if !plain {
        draw_tcp(dice, Arc::make_mut(&mut config.tcp));
    }
    config
}

fn draw_tcp(dice: &mut Dice, tcp: &mut tcp::Config) {
    let buffer = |dice: &mut Dice| match dice.below(8) {
        // Below one segment, or hardly more.
        0 => dice.magnitude(1, 4_096) as u32,
        1..=3 => dice.magnitude(4_096, 1 << 17) as u32,
        _ => 1 << 20,
    };
    tcp.receive_buffer = buffer(dice);
    tcp.send_buffer = buffer(dice);
    if dice.happens(0.5) {
        // They do not grow.
        tcp.receive_buffer_max = 0;
        tcp.send_buffer_max = 0;
    }
    tcp.window_scaling = !dice.happens(0.2);
    tcp.timestamps = !dice.happens(0.3);
    tcp.sack = !dice.happens(0.3);
    tcp.nodelay = dice.happens(0.3);
    tcp.congestion = dice.one_of(&Algorithm::ALL);
    tcp.pacing = dice.happens(0.2);
    tcp.hystart = !dice.happens(0.2);
    tcp.ecn = dice.one_of(&[Asking::Off, Asking::IfAsked, Asking::Ask, Asking::Ask]);
    tcp.recovery = Recovering {
        rack: !dice.happens(0.2),
        tlp: !dice.happens(0.2),
        frto: !dice.happens(0.2),
        undo: !dice.happens(0.2),
        ..Recovering::default()
    };
    tcp.initial_window = dice.one_of(&[1, 2, 4, 10, 10, 10]);
    tcp.delayed_ack = Duration::from_millis(dice.magnitude(1, 400));
    tcp.rto_min = Duration::from_millis(dice.magnitude(10, 1_000));
    tcp.r2 = dice.from_to(8, 15) as u32;
    tcp.msl = Duration::from_millis(dice.magnitude(10, 30_000));
    tcp.fin_wait_2 = Duration::from_secs(dice.from_to(1, 60));
    if dice.happens(0.1) {
        tcp.keep_alive = Some(tcp::KeepAlive {
            idle: Duration::from_millis(dice.magnitude(100, 60_000)),
            interval: Duration::from_millis(dice.magnitude(100, 10_000)),
            probes: dice.from_to(1, 9) as u32,
        });
    }
    if dice.happens(0.05) {
        tcp.user_timeout = Some(Duration::from_millis(dice.magnitude(1_000, 100_000)));
    }
}

fn draw_links(dice: &mut Dice, mtu: u16, faults_last: Duration) -> Vec<Link> {
    let many = if dice.happens(0.2) { 2 } else { 1 };
    (0..many)
        .map(|_| {
            let forward = draw_path(dice, mtu, faults_last);
            let mut back = draw_path(dice, mtu, faults_last);
            if dice.happens(0.7) {
                // The same both ways but for the weather, which most often is worse one way.
                (back.delay, back.pace) = (forward.delay, forward.pace.clone());
                back.queue = forward.queue.clone();
            }
            if dice.happens(0.3) {
                back.weather = forward.weather.clone();
            }
            Link { forward, back }
        })
        .collect()
}

fn draw_path(dice: &mut Dice, mtu: u16, faults_last: Duration) -> Path {
    let longest = if dice.happens(0.1) {
        30_000_000
    } else {
        300_000
    };
    Path {
        delay: Duration::from_micros(dice.magnitude(5, longest)),
        pace: draw_pace(dice),
        mtu: if dice.happens(0.5) { mtu } else { u16::MAX },
        queue: draw_queue(dice),
        weather: draw_weather(dice),
        outages: draw_outages(dice, faults_last),
    }
}

fn draw_pace(dice: &mut Dice) -> Option<Pace> {
    let rate = |dice: &mut Dice| Rate(dice.magnitude(10_000, 100_000_000_000));
    match dice.below(10) {
        0..=3 => None,
        4..=7 => Some(Pace::Steady(rate(dice))),
        8 => Some(Pace::Steady(Rate(dice.magnitude(1_000, 100_000)))),
        _ => {
            let mut steps: Vec<(Duration, Rate)> = (0..dice.from_to(1, 5))
                .map(|_| {
                    let length = Duration::from_millis(dice.magnitude(1, 5_000));
                    let rate = if dice.happens(0.3) {
                        Rate(0)
                    } else {
                        rate(dice)
                    };
                    (length, rate)
                })
                .collect();
            steps.push((Duration::from_secs(1), rate(dice)));
            let repeats = dice.happens(0.5);
            Some(Pace::Trace(RateTrace { steps, repeats }))
        }
    }
}

fn draw_queue(dice: &mut Dice) -> Discipline {
    let packets = dice.magnitude(1, 1_000);
    let ecn = dice.happens(0.5);
    match dice.below(8) {
        0 => Discipline::DropTail(DropTail::bytes(dice.magnitude(1_000, 10_000_000))),
        1 => Discipline::DropTail(DropTail {
            mark_from: Some(dice.below(packets)),
            ..DropTail::packets(packets)
        }),
        2 => Discipline::Red(Red {
            packets: 100,
            ecn,
            weight: dice.magnitude(1, 1_000) as f64 / 1_000.0,
            ..Red::default()
        }),
        3 => Discipline::CoDel(CoDel {
            packets,
            ecn,
            ..CoDel::default()
        }),
        4 => Discipline::FqCoDel(FqCoDel {
            codel: CoDel {
                packets,
                ecn,
                ..CoDel::default()
            },
            flows: dice.magnitude(1, 64) as u32,
            quantum: dice.from_to(300, 3_000) as u32,
        }),
        _ => Discipline::DropTail(DropTail::packets(packets)),
    }
}

/// Gives each conversation its service.
fn cast(dice: &mut Dice, hosts: &mut [HostPlan; 2], part: &mut Part) -> Vec<Talking> {
    let mut talks = Vec::new();
    for (mut talking, service) in part.talks.drain(..) {
        talking.address = dice.below(2) as usize;
        let services = &mut hosts[1 - talking.from].services;
        match service {
            Some(service) => {
                talking.service = services.len();
                services.push(service);
            }
            // The one before.
            None => talking.service = services.len().saturating_sub(1),
        }
        talks.push(talking);
    }
    talks
}

/// What happens to hosts on the way.
fn draw_faults(
    dice: &mut Dice,
    faults_last: Duration,
    mtus: [u16; 2],
) -> Vec<(Duration, usize, Fault)> {
    let mut faults = Vec::new();
    if dice.happens(0.2) {
        for _ in 0..dice.from_to(1, 2) {
            let host = dice.below(2) as usize;
            let fault = match dice.below(4) {
                0 => Fault::Pause(Duration::from_millis(dice.magnitude(10, 600_000))),
                1 => Fault::Restart,
                2 => Fault::Jump(Duration::from_millis(dice.magnitude(1, JUMP_MAX))),
                _ => Fault::Mtu(dice.from_to(MTU_LEAST.into(), mtus[host].into()) as u16),
            };
            faults.push((dice.within(faults_last), host, fault));
        }
    }
    faults
}

/// Which ways become others meanwhile.
fn draw_changes(
    dice: &mut Dice,
    faults_last: Duration,
    links: usize,
) -> Vec<(Duration, usize, Way, Path)> {
    let mut changes = Vec::new();
    if dice.happens(0.15) {
        for _ in 0..dice.from_to(1, 3) {
            let link = dice.below(links as u64) as usize;
            let path = draw_path(dice, u16::MAX, faults_last);
            let way = dice.one_of(&[Way::Forward, Way::Back]);
            changes.push((dice.within(faults_last), link, way, path));
        }
    }
    changes
}

/// Whether no conversation can break off: faults are over before anybody's patience is, nobody
/// forgets anything, and no damaged packet makes anybody complain.
fn nothing_is_in_its_way(plan: &Plan, family: Family) -> bool {
    let patient = plan.hosts.iter().all(|host| {
        let Config { tcp, limits, .. } = &host.config;
        let backed_off = tcp.rto_min * (1 << tcp.r2.min(15));
        tcp.keep_alive.is_none()
            && tcp.user_timeout.is_none()
            && backed_off > 2 * PATIENCE
            // Where one has room, a SYN may find another before it each time that it comes.
            && limits.half_open > 1
            && host.services.iter().all(|service| service.backlog > 1)
    });
    let paths = plan
        .links
        .iter()
        .flat_map(|link| [&link.forward, &link.back]);
    let changed = plan.changes.iter().map(|(.., path)| path);
    let whole = |path: &Path| {
        // IPv6 has no checksum of its own: a header of no known kind draws an ICMP error.
        family == Family::V4 || path.weather.corrupt.is_none()
    };
    plan.heals_after < PATIENCE
        && patient
        && plan.faults.is_empty()
        && paths.chain(changed).all(whole)
        && plan.talks.iter().all(|talking| talking.meets.is_none())
}

/// So many windows go over a healed link in time, even if each acknowledgment is delayed as long
/// as it may be.
const WINDOWS_MAX: u64 = 200;
/// The longest message, in bytes: some two hundred segments.
const SIZE_MAX: u64 = 300_000;
/// Ten days, in milliseconds: of two jumps a peer's timestamps are still told apart from old ones,
/// which RFC 7323 section 5.2 takes them for when they are 2^31 apart.
const JUMP_MAX: u64 = 10 * 86_400_000;
/// A half-open connection is forgotten after 63 seconds.
const PATIENCE: Duration = Duration::from_secs(30);
const MTU_USUAL: u16 = 1_500;
/// Hardly more than every host must take in one piece: RFC 791 section 3.1.
const NARROWEST: u16 = 600;
/// What every link that carries IPv6 takes: RFC 8200 section 5.
const MTU_LEAST: u16 = 1_280;
const NANOS_PER_SEC: u64 = 1_000_000_000;
/// What dice are for that draw worlds.
const SWARM: u64 = 4 << 32;
/// The same of what devices take over.
const DEVICES: u64 = SWARM + 1;
