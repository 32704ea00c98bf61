//! How many segments a second the simulator carries on one core.
//!
//! ```text
//! cargo run --release --example sim_speed -- [segments]
//! ```
//!
//! Two hosts, a link of 100 Mb/s and 10 ms with a queue of 100 packets, one bulk transfer; every
//! stack under all invariants, every byte compared. The run is counted, not timed: it ends after so
//! many segments (three million unless told otherwise), and prints how long that took.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use pellucid::base::Rate;
use pellucid::sim::queue::{Discipline, DropTail};
use pellucid::sim::{App, Link, Path, Service, World};
use pellucid::stack::Config;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let segments: u64 = match std::env::args().nth(1) {
        Some(text) => text.parse()?,
        None => 3_000_000,
    };
    let mut world = World::new(1);
    let hosts = [1, 2].map(|last| IpAddr::from([10, 0, 0, last]));
    let client = world.host(Config::new(vec![(hosts[0], 24)]))?;
    let server = world.host(Config::new(vec![(hosts[1], 24)]))?;
    let path = Path {
        queue: Discipline::DropTail(DropTail::packets(100)),
        ..Path::new(Rate(100_000_000), Duration::from_millis(10))
    };
    world.link(client, server, &Link::both(path))?;
    world.serve(server, 80, Service::of(App::sink()))?;
    let to = SocketAddr::new(hosts[1], 80);
    world.open(world.now(), client, to, App::bulk(u64::MAX))?;

    let begun = std::time::Instant::now();
    while world.trace().packets() < segments {
        world.step();
    }
    let took = begun.elapsed().as_secs_f64();
    let (trace, age) = (world.trace(), world.age());
    println!(
        "{} segments, {} MB, {:.1} simulated seconds in {took:.2} s: {:.0} segments/s, trace {:016x}",
        trace.packets(),
        trace.bytes() / 1_000_000,
        age.as_secs_f64(),
        trace.packets() as f64 / took,
        trace.hash(),
    );
    Ok(())
}
