//! What is checked at the end, and what follows from it.

use crate::observe::{ConnectionCounts, Counts, capture};
use crate::probe::State;
use crate::runs::Checks;

use super::journey::{Exchange, Step, Visit, What};

/// Everything that was checked.
#[derive(Debug, Clone)]
pub struct Proof {
    /// Each with what was found.
    pub checks: Vec<Check>,
    /// Packets that have a cause, or exactly one ending.
    pub explained: u64,
    /// Packets in all.
    pub packets: u64,
    every_packet_explained: bool,
}

/// One thing that was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What had to be so.
    pub what: String,
    /// Whether it was.
    pub holds: bool,
}

/// How it all came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Everything as it should be.
    Good,
    /// A body differs, a connection did not end in order, or the capture has a gap.
    Failed,
    /// The stack has a packet that nothing explains: a bug of ours.
    Unexplained,
}

impl Proof {
    /// Checks what was seen.
    pub fn new(
        visits: &[Visit],
        connections: &[ConnectionCounts],
        counts: &Counts,
        captured: &capture::Stats,
    ) -> Proof {
        let steps = visits.iter().flat_map(|visit| &visit.steps);
        let exchanges = steps.filter_map(|Step { what, .. }| match what {
            What::Exchange(exchange) => Some(exchange),
            What::Connect | What::Close => None,
        });
        let mut checks: Vec<Check> = exchanges.map(of_exchange).collect();
        checks.extend(connections.iter().map(of_ending));
        checks.push(Check {
            what: format!("all {} packets are in the capture", counts.packets()),
            holds: captured.packets - captured.further == counts.packets()
                && captured.stopped.is_none(),
        });
        Proof {
            checks,
            explained: counts.explained(),
            packets: counts.packets(),
            every_packet_explained: counts.every_packet_explained(),
        }
    }

    /// How it came out.
    pub fn verdict(&self) -> Verdict {
        if !self.every_packet_explained {
            return Verdict::Unexplained;
        }
        match self.checks.iter().all(|check| check.holds) {
            true => Verdict::Good,
            false => Verdict::Failed,
        }
    }

    /// How many checks came out how, for programs.
    pub fn tally(&self) -> Checks {
        let count = |holds| {
            self.checks
                .iter()
                .filter(|check| check.holds == holds)
                .count()
        };
        let passed = u32::try_from(count(true)).unwrap_or(u32::MAX);
        let failed = u32::try_from(count(false)).unwrap_or(u32::MAX);
        Checks { passed, failed }
    }
}

fn of_exchange(exchange: &Exchange) -> Check {
    let Exchange {
        method,
        path,
        status,
        bytes,
        ours,
        theirs,
        ..
    } = exchange;
    let what = match exchange.is_good() {
        true => format!("{method} {path}: {bytes} bytes have the same SHA-256 at both ends"),
        false => format!(
            "{method} {path} answered {status}; {bytes} bytes with SHA-256 {ours} here, {theirs} \
             there"
        ),
    };
    Check {
        what,
        holds: exchange.is_good(),
    }
}

fn of_ending(connection: &ConnectionCounts) -> Check {
    let ConnectionCounts {
        local,
        remote,
        state,
        ended,
        ..
    } = connection;
    Check {
        what: format!("{local} → {remote} has closed; it is in {state}"),
        holds: ended.is_some() && *state == State::Closed,
    }
}

#[cfg(test)]
mod tests;
