//! Links that become narrow in the middle of a transfer, behind which nobody says so.

use std::net::Ipv6Addr;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::probe::{Event, Observer, TimerKind, Told};

/// Timeouts, and the longest packet that left since it was asked for last.
#[derive(Debug, Clone, Default)]
struct Counts {
    timeouts: Arc<AtomicUsize>,
    longest: Arc<AtomicUsize>,
}

impl Observer for Counts {
    fn told(&mut self, told: &Told<'_>) {
        match told.event {
            Event::TimerExpired {
                kind: TimerKind::Retransmission,
            } => {
                self.timeouts.fetch_add(1, Ordering::Relaxed);
            }
            Event::PacketOut { head, body, .. } => {
                let len = head.len() + body.len();
                self.longest.fetch_max(len, Ordering::Relaxed);
            }
            _ => {}
        }
    }
}

/// Ten mebibytes at 100 Mb/s, and the same once more behind a link that carries 1280 bytes from one
/// moment to the next; then it heals.
fn narrowed(addresses: [IpAddr; 2]) {
    let mut world = World::new(1);
    let [a, b] = addresses.map(|addr| world.host(Config::new(vec![(addr, 24)])).unwrap());
    let path = Path::new(Rate(100_000_000), 20 * MS);
    let link = world.link(a, b, &Link::both(path.clone())).unwrap();
    world.serve(b, 80, Service::of(App::sink())).unwrap();
    let counts = Counts::default();
    world.observe(a, Box::new(counts.clone()));
    let to = SocketAddr::new(addresses[1], 80);
    let flow = world.open(world.now(), a, to, App::bulk(TEN_MIB)).unwrap();
    world.run(500 * MS);
    let narrow = Path {
        mtu: 1_280,
        ..path.clone()
    };
    let narrowed_at = world.now();
    world
        .change(narrowed_at, link, Way::Forward, narrow)
        .unwrap();
    assert!(
        world.run_to_the_end(narrowed_at + 30_000 * MS),
        "{}",
        world.describe()
    );
    assert!(world.conversation(flow).is_whole());
    // R1 is three.
    assert_eq!(counts.timeouts.load(Ordering::Relaxed), 3);

    // The path is known: the next transfer does not fall into it.
    let later = world.open(world.now(), a, to, App::bulk(TEN_MIB)).unwrap();
    assert!(world.run_to_the_end(world.now() + 30_000 * MS));
    assert!(world.conversation(later).is_whole());
    assert_eq!(counts.timeouts.load(Ordering::Relaxed), 3);

    world.change(world.now(), link, Way::Forward, path).unwrap();
    world.run(2 * AGE);
    counts.longest.store(0, Ordering::Relaxed);
    let last = world.open(world.now(), a, to, App::bulk(TEN_MIB)).unwrap();
    assert!(world.run_to_the_end(world.now() + 30_000 * MS));
    assert!(world.conversation(last).is_whole());
    assert_eq!(counts.longest.load(Ordering::Relaxed), 1_500);
}

// req: RFC4821-7.7-1, RFC8899-4.3-1, RFC4821-5.2-1
#[test]
fn ten_mebibytes_find_their_way_past_a_silent_router_on_ipv4() {
    narrowed([A, B]);
}

// req: RFC4821-7.7-1, RFC8899-4.3-1, RFC4821-5.1-1
#[test]
fn ten_mebibytes_find_their_way_past_a_silent_router_on_ipv6() {
    let v6 = |last| IpAddr::V6(Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, last));
    narrowed([v6(1), v6(2)]);
}

const TEN_MIB: u64 = 10 << 20;
/// How long what is known of a path is taken to hold.
const AGE: Duration = Duration::from_secs(600);
