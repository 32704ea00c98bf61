//! A run of any size to look at: a lossy link in virtual time, and the folder that it leaves.
//!
//! ```text
//! cargo run --release --example lossy_run -- DIR [packets]
//! cargo run --release -- report DIR/0001-lossy
//! ```
//!
//! One bulk transfer over 20 Mb/s and 20 ms, of which the link loses a packet in 200 each way. The
//! run is counted, not timed: it ends after so many packets (5,000 unless told otherwise).

use std::error::Error;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use pellucid::base::Rate;
use pellucid::observe::events::About;
use pellucid::observe::{Capture, Settings};
use pellucid::runs::{CAPTURE, EVENTS, RunFolder};
use pellucid::sim::impair::Loss;
use pellucid::sim::queue::{Discipline, DropTail};
use pellucid::sim::{self, App, Link, Service, World};
use pellucid::stack::Config;

fn main() -> Result<(), Box<dyn Error>> {
    let mut typed = std::env::args().skip(1);
    let place = PathBuf::from(typed.next().ok_or("say in which folder")?);
    let packets: u64 = match typed.next() {
        Some(text) => text.parse()?,
        None => 5_000,
    };
    let (folder, taken, age) = make(&place, packets)?;
    println!(
        "{}: {taken} packets in {:.1} simulated seconds",
        folder.path().display(),
        age.as_secs_f64()
    );
    Ok(())
}

/// Makes the run; the folder that it leaves, how many packets it has, and how long it took in the
/// world's own time.
pub fn make(place: &Path, packets: u64) -> Result<(RunFolder, u64, Duration), Box<dyn Error>> {
    let mut world = World::new(7);
    let hosts = [1, 2].map(|last| IpAddr::from([10, 0, 0, last]));
    let client = world.host(Config::new(vec![(hosts[0], 24)]))?;
    let server = world.host(Config::new(vec![(hosts[1], 24)]))?;
    let mut path = sim::Path {
        queue: Discipline::DropTail(DropTail::packets(60)),
        ..sim::Path::new(Rate(20_000_000), Duration::from_millis(20))
    };
    path.weather.loss = vec![Loss::bernoulli(0.005)];
    world.link(client, server, &Link::both(path))?;
    world.serve(server, 80, Service::of(App::sink()))?;

    let folder = RunFolder::create(place, "lossy")?;
    let about = About::alone("a lossy link", "client");
    let events = Some((Box::new(folder.create_file(EVENTS)?) as Box<_>, about));
    let (capture, handle) =
        Capture::at_once_with(folder.create_file(CAPTURE)?, events, Settings::default())?;
    world.observe(client, Box::new(capture));
    let to = SocketAddr::new(hosts[1], 80);
    world.open(world.now(), client, to, App::bulk(u64::MAX))?;
    while handle.stats().packets < packets {
        world.step();
    }
    let stats = handle.finish();
    Ok((folder, stats.packets, world.age()))
}
