//! Where two variants part, though nobody has recorded them: both are played side by side, and
//! what they tell is read in step while they do. Neither is played any further than that.

use std::io::{self, BufReader, PipeWriter, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use crate::observe::pcapng::Store;
use crate::runs::{Damaged, Records};
use crate::scenario::{Invalid, Progress, Scenario};

use super::divergence::{Closeness, Divergence, divergence};
use super::sweep::Watch;

/// Plays both, until they part; `None` if they never do, or if it was stopped.
///
/// # Errors
///
/// A value that does not fit, or that there is no pipe to be had.
pub fn parting(
    one: &Scenario,
    other: &Scenario,
    watch: &dyn Watch,
) -> Result<Option<Divergence>, Invalid> {
    let unreadable = |error: io::Error| Invalid::value("events", error.to_string());
    let (left, left_end) = io::pipe().map_err(unreadable)?;
    let (right, right_end) = io::pipe().map_err(unreadable)?;
    let enough = AtomicBool::new(false);
    thread::scope(|scope| {
        let play = |scenario: &Scenario, events: PipeWriter| {
            let until = Until(&enough, watch);
            scenario.play(io::sink(), Telling(events), None, &until)
        };
        let players = [
            scope.spawn(move || play(one, left_end)),
            scope.spawn(move || play(other, right_end)),
        ];
        let found = read(BufReader::new(left), BufReader::new(right));
        enough.store(true, Ordering::Relaxed);
        for player in players {
            match player.join() {
                Ok(played) => _ = played?,
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        found.map_err(|error| Invalid::value("events", error.to_string()))
    })
}

fn read(left: impl io::BufRead, right: impl io::BufRead) -> Result<Option<Divergence>, Damaged> {
    let (mut left, mut right) = (Records::of(left)?, Records::of(right)?);
    divergence(&mut left, &mut right, Closeness { times: true })
}

/// The writing end of a pipe, as a file that is only ever written. When its reader is gone there
/// was enough, which is no error.
struct Telling(PipeWriter);

impl Write for Telling {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.0.write(bytes) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(bytes.len()),
            written => written,
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl Store for Telling {
    fn cut(&mut self, _: u64) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

/// Lets a run go on until there is enough of it, or somebody stops it.
struct Until<'a>(&'a AtomicBool, &'a dyn Watch);

impl Progress for Until<'_> {
    fn reached(&self, _: Duration) -> bool {
        !self.0.load(Ordering::Relaxed) && !self.1.is_stopped()
    }
}

#[cfg(test)]
mod tests;
