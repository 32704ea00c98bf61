//! What is left of a failure: it is run once more with everybody watching, and put in a folder.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use crate::observe::Recorder;
#[cfg(feature = "records")]
use crate::observe::{Capture, CaptureHandle, Settings};
use crate::sim::world::{NodeId, World};

use super::judge::{Failure, run};
use super::{Plan, shrink};

/// Makes a failing plan smaller, and leaves in `folder`:
///
/// ```text
///   failure.txt          what went wrong, and how to have it again
///   plan.txt             the world as it was drawn
///   smallest.txt         the smallest world that fails, and how
///   host-0.log           every event of the smallest world, a line each
///   host-0.last.txt      the flight recorder: the last of them
///   host-0.pcapng        its packets, with what the stack thought of them
/// ```
///
/// Returns the smallest plan and its failure.
///
/// # Errors
///
/// The folder cannot be made or written to.
pub fn leave_evidence(plan: &Plan, failure: Failure, folder: &Path) -> io::Result<(Plan, Failure)> {
    fs::create_dir_all(folder)?;
    let seed = plan.seed;
    let mut file = File::create(folder.join("failure.txt"))?;
    writeln!(
        file,
        "seed {seed}, to be had again with: scripts/swarm 1 {seed}\n"
    )?;
    writeln!(file, "{failure}")?;
    fs::write(folder.join("plan.txt"), format!("{plan:#?}\n"))?;
    let (smallest, failure) = shrink(plan, failure, SHRINK_MOST);
    let text = format!("{failure}\n\n{smallest:#?}\n");
    fs::write(folder.join("smallest.txt"), text)?;

    let mut watchers = Vec::new();
    let mut cannot = None;
    // It fails again in the same way: that is what a seed is for.
    let _ = run(&smallest, |world, hosts| {
        for host in hosts {
            match Watchers::put_on(world, host, folder) {
                Ok(watching) => watchers.push(watching),
                Err(error) => cannot = Some(error),
            }
        }
    });
    if let Some(error) = cannot {
        return Err(error);
    }
    for watching in watchers {
        watching.write(folder)?;
    }
    Ok((smallest, failure))
}

/// Those who watch one host.
struct Watchers {
    host: usize,
    all: Recorder,
    last: Recorder,
    #[cfg(feature = "records")]
    capture: CaptureHandle,
}

impl Watchers {
    fn put_on(world: &mut World, host: NodeId, folder: &Path) -> io::Result<Watchers> {
        let (all, last) = (Recorder::new(EVENTS_MOST), Recorder::new(EVENTS_LAST));
        world.observe(host, Box::new(all.clone()));
        world.observe(host, Box::new(last.clone()));
        #[cfg(feature = "records")]
        let capture = {
            let file = File::create(folder.join(format!("host-{}.pcapng", host.0)))?;
            let (capture, handle) = Capture::at_once(file, Settings::default())?;
            world.observe(host, Box::new(capture));
            handle
        };
        #[cfg(not(feature = "records"))]
        let _ = folder;
        Ok(Watchers {
            host: host.0,
            all,
            last,
            #[cfg(feature = "records")]
            capture,
        })
    }

    fn write(self, folder: &Path) -> io::Result<()> {
        let host = self.host;
        fs::write(folder.join(format!("host-{host}.log")), self.all.dump())?;
        fs::write(
            folder.join(format!("host-{host}.last.txt")),
            self.last.dump(),
        )?;
        #[cfg(feature = "records")]
        self.capture.finish();
        Ok(())
    }
}

/// How many smaller worlds are tried.
const SHRINK_MOST: u32 = 300;
/// More events than a drawn world tells.
const EVENTS_MOST: usize = 1_000_000;
/// What the flight recorder holds.
const EVENTS_LAST: usize = 200;
