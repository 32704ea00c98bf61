//! What one run of a sweep came to: small enough to keep a thousand of, and to carry elsewhere.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::observe::ConnectionCounts;
use crate::probe::State;
use crate::scenario::{Measured, Traced};

/// One run, in figures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Which of the variants, from 0.
    pub variant: usize,
    pub seed: u64,
    /// Acknowledged bits a second of each that sends.
    pub rates: Vec<u64>,
    /// Packets of those that send.
    pub sent: u64,
    /// Of these, the ones that repeat something.
    pub again: u64,
    /// How often the retransmission timer expired.
    pub timeouts: u64,
    /// How long it took until the last text was acknowledged, in nanoseconds; `None` if the run was
    /// stopped before.
    pub completion: Option<u64>,
    /// How long packets waited, for each way of each link.
    pub waits: BTreeMap<String, Waits>,
    /// What changed over time.
    pub curves: Vec<Traced>,
}

impl Run {
    /// The figures of a run that was played.
    pub fn of(variant: usize, seed: u64, measured: Measured) -> Run {
        let ends = || measured.connections.iter().map(|(_, one)| one);
        // Acknowledgments of who only reads are nothing that could be sent again.
        let senders = || ends().filter(|one| one.bytes_sent > 0);
        let is_through = measured.is_over || senders().all(has_ended);
        let longest = ends().map(|one| one.sending).max();
        let completion = longest.filter(|_| is_through);
        let waits = measured.queues.iter();
        Run {
            variant,
            seed,
            rates: senders().filter_map(|one| one.goodput_bps()).collect(),
            sent: senders().map(|one| one.packets_out).sum(),
            again: senders().map(|one| one.retransmitted).sum(),
            timeouts: ends().map(|one| one.timeouts).sum(),
            completion: completion.map(nanos),
            waits: waits
                .map(|(name, waited)| (name.clone(), Waits::of(waited)))
                .collect(),
            curves: measured.curves,
        }
    }
}

/// How long packets waited, in nanoseconds: sum and greatest exactly, each to three digits.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waits {
    sum: u64,
    max: u64,
    /// How many waited so long.
    counts: BTreeMap<u64, u64>,
}

impl Waits {
    /// Of so many packets.
    pub fn of(waited: &[Duration]) -> Waits {
        let mut all = Waits::default();
        for wait in waited.iter().copied().map(nanos) {
            all.sum += wait;
            all.max = all.max.max(wait);
            *all.counts.entry(to_three_digits(wait)).or_default() += 1;
        }
        all
    }

    /// These too.
    pub fn add(&mut self, other: &Waits) {
        self.sum += other.sum;
        self.max = self.max.max(other.max);
        for (wait, count) in &other.counts {
            *self.counts.entry(*wait).or_default() += count;
        }
    }

    /// How many packets they were.
    pub fn count(&self) -> u64 {
        self.counts.values().sum()
    }

    /// The longest.
    pub fn max(&self) -> Duration {
        Duration::from_nanos(self.max)
    }

    /// The mean; `None` of nothing.
    pub fn mean(&self) -> Option<Duration> {
        self.sum.checked_div(self.count()).map(Duration::from_nanos)
    }

    /// The least that so many of a hundred do not exceed, by the nearest rank.
    pub fn percentile(&self, percent: u64) -> Option<Duration> {
        let rank = (self.count() * percent).div_ceil(100).max(1);
        let mut so_far = 0;
        let mut counts = self.counts.iter();
        let found = counts.find(|(_, count)| {
            so_far += **count;
            so_far >= rank
        });
        found.map(|(wait, _)| Duration::from_nanos(*wait))
    }
}

/// Whether all that it had to send was acknowledged, its FIN too, or it was given up: RFC 9293
/// section 3.3.2.
fn has_ended(one: &ConnectionCounts) -> bool {
    matches!(one.state, State::FinWait2 | State::TimeWait | State::Closed)
}

/// Rounded down: no wait is told to be longer than it was.
fn to_three_digits(number: u64) -> u64 {
    let unit = 10_u64.pow(number.checked_ilog10().unwrap_or(0).saturating_sub(2));
    number / unit * unit
}

/// Truncation has no case: 584 years.
fn nanos(duration: Duration) -> u64 {
    duration.as_nanos() as u64
}

#[cfg(test)]
mod tests;
