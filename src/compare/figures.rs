//! One row of figures a variant, over all its seeds.

use std::time::Duration;

use serde::Serialize;

use crate::sim::figures::jain_index;

use super::run::{Run, Waits};
use super::sweep::Sweep;

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

/// How long packets waited, in milliseconds, to three digits.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Waited {
    pub mean: f64,
    /// 95 of a hundred waited no longer.
    pub p95: f64,
    pub max: f64,
}

/// The rows of a sweep that was played, in the order of its variants.
pub fn figures(sweep: &Sweep, runs: &[Run]) -> Vec<Figures> {
    let rows = sweep.variants.iter().enumerate();
    rows.map(|(place, variant)| {
        let own: Vec<&Run> = runs.iter().filter(|one| one.variant == place).collect();
        of_runs(&variant.name, &own)
    })
    .collect()
}

fn of_runs(name: &str, runs: &[&Run]) -> Figures {
    let rates: Vec<Vec<f64>> = runs
        .iter()
        .map(|run| run.rates.iter().map(|bps| *bps as f64).collect())
        .collect();
    let together: Vec<f64> = rates
        .iter()
        .filter(|rates| !rates.is_empty())
        .map(|rates| rates.iter().sum())
        .collect();
    let several = rates.iter().filter(|rates| rates.len() > 1);
    let shares: Vec<f64> = several.map(|rates| jain_index(rates)).collect();
    let sum = |of: fn(&Run) -> u64| runs.iter().map(|run| of(run)).sum::<u64>() as f64;
    let ended = runs
        .iter()
        .map(|run| run.completion.map(|ns| ns as f64 / 1e9));
    let ended: Option<Vec<f64>> = ended.collect();
    Figures {
        name: name.to_owned(),
        runs: runs.len(),
        goodput: spread(&together),
        queue_ms: waited(runs),
        retrans_percent: 100.0 * ratio(sum(|run| run.again), sum(|run| run.sent)),
        rto: ratio(sum(|run| run.timeouts), runs.len() as f64),
        completion_s: ended.and_then(|ended| mean(&ended)),
        jain: mean(&shares),
    }
}

/// Where packets waited longest of all ways, and how long there.
fn waited(runs: &[&Run]) -> Option<Waited> {
    let all = slowest(runs)?;
    let slowest = runs.iter().filter_map(|run| run.waits.get(all));
    let mut together = Waits::default();
    slowest.for_each(|waits| together.add(waits));
    let millis = |wait: Duration| wait.as_secs_f64() * 1e3;
    Some(Waited {
        mean: millis(together.mean()?),
        p95: millis(together.percentile(95)?),
        max: millis(together.max()),
    })
}

/// The way on which a packet waited longest.
fn slowest<'r>(runs: &[&'r Run]) -> Option<&'r String> {
    let ways = runs.iter().flat_map(|run| &run.waits);
    let longest = ways.max_by_key(|(_, waits)| waits.max());
    longest.map(|(name, _)| name)
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
