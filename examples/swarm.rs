//! Runs seeds of the simulator's swarm, as many at a time as there are processors.
//!
//! ```text
//! scripts/swarm N [FIRST]
//! ```
//!
//! Each seed from FIRST on (0 unless told otherwise) is a world of its own. What fails is shrunk,
//! shown, and left in `target/swarm/seed-<n>`. Ends with the totals, and with status 1 if anything
//! failed.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::{panic, thread};

use indicatif::{ProgressBar, ProgressStyle};
use pellucid::sim::swarm::{Failure, Totals, draw, leave_evidence, run};

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let count = arguments.next().and_then(|text| text.parse().ok());
    let first = arguments.next().map_or(Some(0), |text| text.parse().ok());
    let (Some(count), Some(first)) = (count, first) else {
        eprintln!("usage: scripts/swarm N [FIRST]: how many seeds, and the first of them");
        return ExitCode::from(2);
    };
    // A panic in a world is a failure of its seed, and told as such.
    panic::set_hook(Box::new(|_| {}));
    let bar = ProgressBar::new(count);
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} seeds, {per_sec}, {eta} {msg}");
    if let Ok(style) = style {
        bar.set_style(style);
    }
    let totals = fly(first, count, &bar);
    bar.finish_and_clear();
    println!(
        "seeds {first} to {}: {totals}",
        first + count.saturating_sub(1)
    );
    if totals.failures == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Runs the seeds, each thread taking the next one.
fn fly(first: u64, count: u64, bar: &ProgressBar) -> Totals {
    let next = AtomicU64::new(0);
    let totals = Mutex::new(Totals::default());
    let threads = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let mut mine = Totals::default();
                loop {
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    if place >= count {
                        break;
                    }
                    let seed = first + place;
                    let plan = draw(seed);
                    let ran = run(&plan, |_, _| {});
                    mine.add(seed, &ran);
                    if let Err(failure) = ran {
                        show(seed, &failure, bar);
                    }
                    bar.inc(1);
                }
                if let Ok(mut totals) = totals.lock() {
                    totals.join(&mine);
                }
            });
        }
    });
    totals.into_inner().unwrap_or_default()
}

/// Tells of a failure, and leaves what is needed to understand it.
fn show(seed: u64, failure: &Failure, bar: &ProgressBar) {
    let folder = Path::new(FOLDER).join(format!("seed-{seed}"));
    let left = leave_evidence(&draw(seed), failure.clone(), &folder);
    bar.suspend(|| {
        println!("seed {seed}: {}", failure.headline());
        match left {
            Ok((_, smallest)) => {
                println!("  smallest: {}", smallest.headline());
                println!("  left in {}", folder.display());
            }
            Err(error) => println!("  cannot write {}: {error}", folder.display()),
        }
    });
}

/// Where failures are left.
const FOLDER: &str = "target/swarm";
