//! How fast a link sends: at a steady rate, or as a trace of rates has it.

use std::time::Duration;

use crate::base::{Instant, Rate};

use super::range::{OutOfRange, between};

/// How fast a link sends.
#[derive(Debug, Clone, PartialEq)]
pub enum Pace {
    /// Always as fast.
    Steady(Rate),
    /// Changing with time.
    Trace(RateTrace),
}

/// A rate for a while, then another: what was measured somewhere, or drawn by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RateTrace {
    /// For how long which rate, from the beginning of the world on. A rate of zero is a pause.
    pub steps: Vec<(Duration, Rate)>,
    /// Behind the last step begin again; otherwise its rate stays.
    pub repeats: bool,
}

impl Pace {
    /// Whether a link can send so.
    ///
    /// # Errors
    ///
    /// The first value that is out of its range.
    pub fn check(&self) -> Result<(), OutOfRange> {
        match self {
            Pace::Steady(rate) => between("rate", rate.0, RATE_MIN..=RATE_MAX),
            Pace::Trace(trace) => trace.check(),
        }
    }
}

impl RateTrace {
    fn check(&self) -> Result<(), OutOfRange> {
        for (length, rate) in &self.steps {
            let longest = Duration::from_secs(86_400);
            between("steps.length", *length, Duration::from_micros(1)..=longest)?;
            between("steps.rate", rate.0, 0..=RATE_MAX)?;
        }
        let moving = |step: Option<&(Duration, Rate)>| step.is_some_and(|s| s.1.0 >= RATE_MIN);
        let goes_on = if self.repeats {
            moving(self.steps.iter().max_by_key(|step| step.1))
        } else {
            moving(self.steps.last())
        };
        if goes_on {
            return Ok(());
        }
        let range = "at least 1000 bit/s in the last step, or in one step of those that repeat";
        Err(OutOfRange::new("steps", &self.steps, range))
    }
}

/// A link's sender: it knows when a packet that it begins to send has left.
#[derive(Debug)]
pub(super) struct Sender {
    pace: Pace,
    /// When the world began: a trace begins then.
    birth: Instant,
    /// Where each step of a trace ends, in nanoseconds from its beginning.
    ends: Vec<u64>,
    /// When the last packet left, and the fraction of a nanosecond by which it left later, in
    /// units of one over the rate.
    left: (Instant, u64),
}

impl Sender {
    pub fn new(pace: Pace, birth: Instant) -> Sender {
        let mut end = 0;
        let ends = match &pace {
            Pace::Steady(_) => Vec::new(),
            Pace::Trace(trace) => trace
                .steps
                .iter()
                .map(|(length, _)| {
                    end += length.as_nanos() as u64;
                    end
                })
                .collect(),
        };
        Sender {
            pace,
            birth,
            ends,
            left: (birth, 0),
        }
    }

    /// When `bytes` have left that begin to leave at `now`.
    pub fn send(&mut self, now: Instant, bytes: usize) -> Instant {
        let bits = bytes as u64 * 8;
        match &self.pace {
            Pace::Steady(Rate(rate)) => {
                let (left, rest) = self.left;
                // Packets that follow one another lose nothing to rounding.
                let rest = if left == now { rest } else { 0 };
                let work = u128::from(bits) * u128::from(NANOS_PER_SEC) + u128::from(rest);
                let rate = u128::from(*rate);
                // What is left over is below the rate, a u64.
                self.left = (
                    now + Duration::from_nanos((work / rate) as u64),
                    (work % rate) as u64,
                );
                self.left.0
            }
            Pace::Trace(trace) => {
                let begin = now.since(self.birth).as_nanos() as u64;
                let taken = self.through_trace(trace, begin, bits) - begin;
                now + Duration::from_nanos(taken)
            }
        }
    }

    /// When `bits` have left that begin to leave at `at`, in nanoseconds from the beginning.
    fn through_trace(&self, trace: &RateTrace, mut at: u64, bits: u64) -> u64 {
        let mut work = u128::from(bits) * u128::from(NANOS_PER_SEC);
        let period = self.ends.last().copied().unwrap_or(u64::MAX);
        // Each round a step is done with, and at least every period some work.
        loop {
            let past = at >= period;
            let phase = match (past, trace.repeats) {
                (false, _) => at,
                (true, true) => at % period,
                (true, false) => period - 1,
            };
            let step = self.ends.partition_point(|end| *end <= phase);
            let rate = trace.steps.get(step).map_or(RATE_MIN, |step| step.1.0);
            let until_end = if past && !trace.repeats {
                u64::MAX - at
            } else {
                self.ends.get(step).map_or(1, |end| end - phase)
            };
            let able = u128::from(rate) * u128::from(until_end);
            if able >= work {
                // A trace does not end between two nanoseconds: rounded up.
                return at + work.div_ceil(u128::from(rate)) as u64;
            }
            work -= able;
            at += until_end;
        }
    }
}

const NANOS_PER_SEC: u64 = 1_000_000_000;
/// A thousand bits a second.
const RATE_MIN: u64 = 1_000;
/// A terabit a second.
const RATE_MAX: u64 = 1_000_000_000_000;

#[cfg(test)]
mod tests;
