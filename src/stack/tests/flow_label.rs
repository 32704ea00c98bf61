//! Flow labels: RFC 6437 section 3, house!("flow-label").

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use super::super::kit::{End, Fate, World};
use super::super::{Config, Stack};
use crate::base::Seed;
use crate::tcp;
use crate::wire::ipv6;

const SECOND: Duration = Duration::from_secs(1);

fn address(last: u16) -> IpAddr {
    Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, last).into()
}

/// Two stacks that speak IPv6.
fn world() -> World {
    let mut world = World::new(tcp::Config::default());
    let stack = |last| {
        let config = Config::new(vec![(address(last), 64)]);
        Stack::new(config, Seed::from_number(last.into()))
    };
    (world.a, world.b) = (stack(1), stack(2));
    world
}

/// The labels of all that one end has sent, each once for every time that it changed.
fn labels(world: &World, from: End) -> Vec<u32> {
    let sent = world.log.iter().filter(|(_, end, ..)| *end == from);
    let mut labels: Vec<u32> = sent
        .map(|(.., packet)| ipv6::parse(packet).unwrap().0.flow_label)
        .collect();
    labels.dedup();
    labels
}

// req: RFC6437-3-1
#[test]
fn a_flow_has_one_label_from_its_syn_to_its_last_acknowledgment() {
    let mut world = world();
    let remote = SocketAddr::new(address(2), 80);
    let listener = world.b.listen(world.now, remote, 4).unwrap();
    let a = world.a.open(world.now, remote, None).unwrap();
    world.run(SECOND);
    let b = world.b.accept(world.now, listener).unwrap();
    world.a.write(world.now, a, &[0; 5_000]).unwrap();
    world.run(SECOND);
    world.b.write(world.now, b, &[0; 5_000]).unwrap();
    world.run(SECOND);
    let mut buffer = [0; 5_000];
    assert_eq!(world.a.read(world.now, a, &mut buffer), Ok(5_000));
    assert_eq!(world.b.read(world.now, b, &mut buffer), Ok(5_000));
    // The peer's FIN comes twice, the second time to a record of TIME-WAIT.
    world.judge = Box::new(|_, _, _| Fate::Twice);
    world.a.close(world.now, a);
    world.run(SECOND);
    world.b.close(world.now, b);
    world.run(SECOND);
    let (of_a, of_b) = (labels(&world, End::A), labels(&world, End::B));
    assert_eq!((of_a.len(), of_b.len()), (1, 1));
    assert!(of_a != of_b && of_a[0] > 0 && of_b[0] > 0);
}

// req: RFC6437-3-1, RFC6437-3-3
#[test]
fn another_flow_has_another_label_that_does_not_follow_from_it() {
    let mut world = world();
    let remote = SocketAddr::new(address(2), 80);
    for _ in 0..20 {
        world.a.open(world.now, remote, None).unwrap();
    }
    world.flush();
    let labels = labels(&world, End::A);
    assert_eq!(labels.len(), 20);
    let apart = |pair: &[u32]| pair[1].wrapping_sub(pair[0]) as i32;
    let steps: std::collections::BTreeSet<i32> = labels.windows(2).map(apart).collect();
    assert_eq!(steps.len(), 19, "no two steps are alike");
}

#[test]
fn a_timeout_makes_another_flow_of_it() {
    let mut world = world();
    let remote = SocketAddr::new(address(2), 80);
    let listener = world.b.listen(world.now, remote, 4).unwrap();
    // The first SYN is lost, then the SYN,ACK that answers the second.
    world.judge = Box::new(|_, _, number| match number {
        0 | 2 => Fate::Drop,
        _ => Fate::Deliver,
    });
    let a = world.a.open(world.now, remote, None).unwrap();
    world.run(10 * SECOND);
    world.b.accept(world.now, listener).unwrap();
    let opened = labels(&world, End::A);
    assert_eq!((opened.len(), labels(&world, End::B).len()), (2, 2));
    // A probe for a lost tail doubts nothing; each timeout does.
    world.judge = Box::new(|_, _, _| Fate::Drop);
    world.a.write(world.now, a, b"text").unwrap();
    world.run(3 * SECOND);
    let sent = world.log.iter().filter(|(_, end, ..)| *end == End::A);
    assert_eq!(sent.count(), 5, "two SYNs, an ACK, the text, the probe");
    assert_eq!(labels(&world, End::A), opened);
    world.run(10 * SECOND);
    let doubted = labels(&world, End::A);
    assert!(doubted.len() > opened.len());
    world.judge = Box::new(|_, _, _| Fate::Deliver);
    world.run(10 * SECOND);
    world.a.write(world.now, a, b"text").unwrap();
    world.run(SECOND);
    let labels = labels(&world, End::A);
    let each: std::collections::BTreeSet<u32> = labels.iter().copied().collect();
    assert_eq!(each.len(), labels.len(), "no label comes back");
}
