//! How evenly flows share a bottleneck: Jain's index, in the simulator.
//!
//! ```text
//! cargo run --release --example fairness -- [flows] [megabits] [seconds] [seeds]
//! ```
//!
//! So many flows of CUBIC (4 unless told otherwise) begin half a second after one another and share
//! a link of so many Mb/s (100) and 40 ms there and back, whose queue drops at its end and holds
//! one bandwidth-delay product. They settle for half a minute, then their shares of the next so
//! many seconds (30) are compared; once for each seed (3).
//!
//! Acknowledgments take up to a millisecond longer by chance, in order, as on any real path. With
//! one clock and no chance at all, flows keep in step with the full queue, and it is the same one
//! whose packets find it full for minutes on end: a property of the clock.

use std::error::Error;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use pellucid::base::Rate;
use pellucid::sim::figures::jain_index;
use pellucid::sim::impair::Weather;
use pellucid::sim::queue::{Discipline, DropTail};
use pellucid::sim::{App, FlowId, Link, Path, Service, World};
use pellucid::stack::Config;

const RTT: Duration = Duration::from_millis(40);
const SETTLING: Duration = Duration::from_secs(30);
const APART: Duration = Duration::from_millis(500);
const JITTER: Duration = Duration::from_millis(1);

fn main() -> Result<(), Box<dyn Error>> {
    let mut numbers = std::env::args().skip(1).map(|text| {
        let number: Result<u32, _> = text.parse();
        number.map_err(|error| format!("{text}: {error}"))
    });
    let mut next = |unless| numbers.next().unwrap_or(Ok(unless));
    let (flows, megabits, seconds, seeds) = (next(4)?, next(100)?, next(30)?, next(3)?);
    println!(
        "{flows} flows, {megabits} Mb/s, seconds 30 to {}",
        30 + seconds
    );
    for seed in 1..=u64::from(seeds) {
        let time = Duration::from_secs(seconds.into());
        let shares = shares(seed, flows, Rate(u64::from(megabits) * 1_000_000), time)?;
        let each = shares.iter().map(|share| format!("{:.1}", share / 1e6));
        let each: Vec<String> = each.collect();
        println!(
            "seed {seed}: {:.3}  {} Mb/s",
            jain_index(&shares),
            each.join(" ")
        );
    }
    Ok(())
}

/// Bits a second of text that each flow brings in.
fn shares(seed: u64, flows: u32, rate: Rate, time: Duration) -> Result<Vec<f64>, Box<dyn Error>> {
    let mut world = World::new(seed);
    let [near, far] = [1, 2].map(|last| IpAddr::from([10, 0, 0, last]));
    let client = world.host(Config::new(vec![(near, 24)]))?;
    let server = world.host(Config::new(vec![(far, 24)]))?;
    let queue = DropTail::packets(rate.bytes_in(RTT) / 1_500);
    let forward = Path {
        queue: Discipline::DropTail(queue),
        ..Path::new(rate, RTT / 2)
    };
    let weather = Weather {
        jitter: JITTER,
        ..Weather::default()
    };
    let back = Path {
        weather,
        ..forward.clone()
    };
    world.link(client, server, &Link { forward, back })?;
    world.serve(server, 80, Service::of(App::sink()))?;
    let to = SocketAddr::new(far, 80);
    let flows: Result<Vec<FlowId>, _> = (0..flows)
        .map(|nth| world.open(world.birth() + nth * APART, client, to, App::bulk(u64::MAX)))
        .collect();
    let flows = flows?;
    let read = |world: &World| -> Vec<u64> {
        let read = |flow: &FlowId| world.conversation(*flow).server.map_or(0, |at| at.read);
        flows.iter().map(read).collect()
    };
    world.run(SETTLING);
    let before = read(&world);
    world.run(time);
    let bits = read(&world).into_iter().zip(before);
    let bits = bits.map(|(after, before)| (after - before) * 8);
    Ok(bits.map(|bits| bits as f64 / time.as_secs_f64()).collect())
}
