//! One row of figures a variant, over all its seeds.

use std::time::Duration;

use serde::Serialize;

use crate::scenario::Measured;
use crate::sim::figures::jain_index;

use super::sweep::{Outcome, Sweep};

/// What a variant came to. What could not be measured is `None`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Figures {
    pub name: String,
    /// Runs, one a seed.
    pub runs: usize,
    /// Acknowledged bits a second of all that send, together.
    pub goodput: Option<Spread>,
    /// How long packets waited, in milliseconds, where they waited longest.
    pub queue_ms: Option<Waited>,
    /// Of the packets that senders sent, those that repeat something.
    pub retrans_percent: f64,
    /// How often the retransmission timer expired: the mean of a run.
    pub rto: f64,
    /// How long until all was sent and acknowledged, in seconds: the mean; `None` if a run was
    /// stopped before.
    pub completion_s: Option<f64>,
    /// How fairly several senders share: 1 is evenly. `None` if there are not several.
    pub jain: Option<f64>,
}

/// Mean, least and greatest, of one figure a run.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Spread {
    pub mean: f64,
    pub min: f64,
    pub max: f64,
}

/// How long packets waited, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Waited {
    pub mean: f64,
    /// 95 of a hundred waited no longer.
    pub p95: f64,
    pub max: f64,
}

/// The rows of a sweep that was played, in the order of its variants.
pub fn figures(sweep: &Sweep, outcomes: &[Outcome]) -> Vec<Figures> {
    let rows = sweep.variants.iter().enumerate();
    rows.map(|(place, variant)| {
        let own = outcomes.iter().filter(|one| one.variant == place);
        let runs: Vec<&Measured> = own.map(|one| &one.measured).collect();
        of_runs(&variant.name, &runs)
    })
    .collect()
}

fn of_runs(name: &str, runs: &[&Measured]) -> Figures {
    let rates: Vec<Vec<f64>> = runs.iter().map(|run| rates(run)).collect();
    let together: Vec<f64> = rates
        .iter()
        .filter(|rates| !rates.is_empty())
        .map(|rates| rates.iter().sum())
        .collect();
    let shares: Vec<f64> = rates
        .iter()
        .filter(|rates| rates.len() > 1)
        .map(|rates| jain_index(rates))
        .collect();
    let ends = || runs.iter().flat_map(|run| &run.connections);
    // Acknowledgments of who only reads are nothing that could be sent again.
    let senders = || ends().map(|(_, one)| one).filter(|one| one.bytes_sent > 0);
    let sent: u64 = senders().map(|one| one.packets_out).sum();
    let again: u64 = senders().map(|one| one.retransmitted).sum();
    let timeouts: u64 = ends().map(|(_, one)| one.timeouts).sum();
    let ended: Option<Vec<f64>> = runs.iter().map(|run| completion(run)).collect();
    Figures {
        name: name.to_owned(),
        runs: runs.len(),
        goodput: spread(&together),
        queue_ms: waited(runs),
        retrans_percent: 100.0 * ratio(again as f64, sent as f64),
        rto: ratio(timeouts as f64, runs.len() as f64),
        completion_s: ended.and_then(|ended| mean(&ended)),
        jain: mean(&shares),
    }
}

/// What each that sends has got through, in bits a second.
fn rates(run: &Measured) -> Vec<f64> {
    let senders = run.connections.iter().filter(|(_, one)| one.bytes_sent > 0);
    let rates = senders.filter_map(|(_, one)| one.goodput_bps());
    rates.map(|bps| bps as f64).collect()
}

/// When the last text was acknowledged, if the run came to its end.
fn completion(run: &Measured) -> Option<f64> {
    let spans = run.connections.iter().map(|(_, one)| one.sending);
    let longest = spans.max().filter(|_| run.is_over)?;
    Some(longest.as_secs_f64())
}

/// Where packets waited longest of all ways, and how long there.
fn waited(runs: &[&Measured]) -> Option<Waited> {
    let names = runs.first()?.queues.iter().map(|(name, _)| name);
    let of = |name: &String| -> Vec<Duration> {
        let same = |run: &&Measured| run.queues.iter().find(|(own, _)| own == name).cloned();
        let all = runs.iter().filter_map(same);
        all.flat_map(|(_, waited)| waited).collect()
    };
    let slowest = names
        .map(of)
        .max_by_key(|waited| waited.iter().max().copied())?;
    let mut all: Vec<f64> = slowest.iter().map(|one| one.as_secs_f64() * 1e3).collect();
    all.sort_by(f64::total_cmp);
    Some(Waited {
        mean: mean(&all)?,
        p95: percentile(&all, 95)?,
        max: *all.last()?,
    })
}

/// The least of a sorted list that so many of a hundred do not exceed: the nearest rank.
fn percentile(sorted: &[f64], percent: usize) -> Option<f64> {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied()
}

fn spread(all: &[f64]) -> Option<Spread> {
    Some(Spread {
        mean: mean(all)?,
        min: all.iter().copied().min_by(f64::total_cmp)?,
        max: all.iter().copied().max_by(f64::total_cmp)?,
    })
}

fn mean(all: &[f64]) -> Option<f64> {
    (!all.is_empty()).then(|| all.iter().sum::<f64>() / all.len() as f64)
}

fn ratio(part: f64, whole: f64) -> f64 {
    if whole == 0.0 { 0.0 } else { part / whole }
}

#[cfg(test)]
mod tests;
