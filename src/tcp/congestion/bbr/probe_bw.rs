//! ProbeBw: the steady course, a cycle of four steps.
//!
//! draft-ietf-ccwg-bbr section 5.3.3. Down: a tenth slower, until what the probe has queued is
//! gone. Cruise: at the rate of the path, most of the time. Refill: a round trip without the
//! short-term bounds, so that the pipe is full when the probe begins. Up: a quarter faster, until
//! no more comes of it, or too much is lost.

use std::time::Duration;

use crate::base::{Instant, Rate};
use crate::tcp::congestion::{AckReport, RateSample};

use super::model::rate_of;
use super::{Bbr, Phase};

/// A step of the cycle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Down,
    Cruise,
    Refill,
    Up,
}

/// What the ACKs at hand belong to: they speak of what was sent a round trip ago.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Feedback {
    /// Nothing of a probe is on its way.
    None,
    Refilling,
    /// The probe has begun; its own ACKs come a round later.
    Starting,
    /// ACKs of the probe.
    Probing,
    /// The probe is over; its last ACKs still come for a round.
    Stopping,
}

/// Where in the cycle the sender is.
#[derive(Debug, Clone, Copy)]
pub struct Cycle {
    /// When it began.
    began: Instant,
    /// How long until the next probe.
    wait: Duration,
    /// Rounds since the last one.
    rounds: u64,
    feedback: Feedback,
    /// Losses are of what was sent in a probe, and it has not been ended for them yet.
    pub samples: bool,
    /// A mark asks for the probe's end.
    pub stop_asked: bool,
    /// Rounds that this probe has raised the long-term bound.
    up_rounds: u32,
    /// Bytes to be acknowledged for each segment by which it rises.
    up_per_segment: u64,
    up_acked: u64,
}

impl Default for Cycle {
    fn default() -> Cycle {
        Cycle {
            began: Instant::BIRTH,
            wait: Duration::ZERO,
            rounds: 0,
            feedback: Feedback::None,
            samples: false,
            stop_asked: false,
            up_rounds: 0,
            up_per_segment: u64::MAX,
            up_acked: 0,
        }
    }
}

impl Bbr {
    pub fn enter_probe_bw(&mut self, now: Instant) {
        self.start_down(now);
    }

    /// Where the cycle goes from here.
    pub fn step_cycle(&mut self, report: &AckReport, sample: &RateSample) {
        if !self.full_pipe.reached {
            return;
        }
        if self.rounds.just_began {
            self.cycle.rounds += 1;
        }
        self.adapt_longterm(report, sample);
        let Phase::ProbeBw(step) = self.phase else {
            return;
        };
        match step {
            Step::Down | Step::Cruise if self.is_time_to_probe(report.now) => self.start_refill(),
            Step::Down if self.is_time_to_cruise(report.in_flight) => self.start_cruise(),
            Step::Refill if self.rounds.just_began => {
                self.cycle.samples = true;
                self.start_up(report.now, Some(rate_of(sample)));
            }
            Step::Up if self.is_time_to_go_down(report, sample) => self.start_down(report.now),
            Step::Down | Step::Cruise | Step::Refill | Step::Up => {}
        }
    }

    pub fn start_down(&mut self, now: Instant) {
        self.loss_round.reset();
        // Probes of several senders should not fall together.
        self.cycle = Cycle {
            began: now,
            wait: WAIT_MIN + Duration::from_micros(self.random.below(WAIT_SPREAD_MICROS).into()),
            rounds: self.random.below(2).into(),
            feedback: Feedback::Stopping,
            samples: self.cycle.samples,
            ..Cycle::default()
        };
        self.start_round();
        self.phase = Phase::ProbeBw(Step::Down);
    }

    pub fn start_cruise(&mut self) {
        self.phase = Phase::ProbeBw(Step::Cruise);
    }

    fn start_refill(&mut self) {
        self.forget_shortterm();
        self.cycle.up_rounds = 0;
        self.cycle.up_acked = 0;
        self.cycle.feedback = Feedback::Refilling;
        self.start_round();
        self.phase = Phase::ProbeBw(Step::Refill);
    }

    pub fn start_up(&mut self, now: Instant, rate: Option<Rate>) {
        self.cycle.feedback = Feedback::Starting;
        self.cycle.began = now;
        self.start_round();
        self.full_pipe.look_from(rate.unwrap_or(Rate(0)));
        self.phase = Phase::ProbeBw(Step::Up);
        self.raise_slope();
    }

    /// The short-term bounds are forgotten.
    pub fn forget_shortterm(&mut self) {
        self.bounds.bw_shortterm = None;
        self.bounds.inflight_shortterm = None;
    }

    /// Between two and three seconds after the last probe, or as soon as Reno would have lost: it
    /// grows by a segment a round, so its probes are as many rounds apart as its window has
    /// segments.
    fn is_time_to_probe(&self, now: Instant) -> bool {
        let segments = self.target_inflight() / u64::from(self.mss);
        now.since(self.cycle.began) > self.cycle.wait
            || self.cycle.rounds >= segments.min(RENO_ROUNDS_MAX)
    }

    fn is_time_to_cruise(&self, in_flight: u64) -> bool {
        let room = self.inflight_with_headroom().unwrap_or(u64::MAX);
        in_flight <= room && in_flight <= self.inflight(100)
    }

    fn is_time_to_go_down(&mut self, report: &AckReport, sample: &RateSample) -> bool {
        let bound = self.bounds.inflight_longterm.unwrap_or(u64::MAX);
        if self.cycle.stop_asked {
            return true;
        }
        if self.is_window_full(report) && self.cwnd >= bound {
            // The bound is what keeps the rate down, not the path.
            self.full_pipe.look_from(rate_of(sample));
            return false;
        }
        self.full_pipe.now
    }

    /// What the probe's own ACKs say of the long-term bound.
    fn adapt_longterm(&mut self, report: &AckReport, sample: &RateSample) {
        if self.rounds.just_began {
            match self.cycle.feedback {
                Feedback::Starting => self.cycle.feedback = Feedback::Probing,
                Feedback::Stopping => {
                    self.cycle.samples = false;
                    self.cycle.feedback = Feedback::None;
                    if matches!(self.phase, Phase::ProbeBw(_)) && !sample.app_limited {
                        self.max_bw.advance();
                    }
                }
                Feedback::None | Feedback::Refilling | Feedback::Probing => {}
            }
        }
        if self.is_sample_too_high(sample) {
            if self.cycle.samples {
                self.on_inflight_too_high(report.now, sample.tx_in_flight, sample.app_limited);
            }
            return;
        }
        let Some(bound) = &mut self.bounds.inflight_longterm else {
            return;
        };
        *bound = (*bound).max(sample.tx_in_flight);
        if self.phase == Phase::ProbeBw(Step::Up) {
            self.raise_longterm(report);
        }
    }

    /// The longer a probe goes well, the faster the bound rises: by a segment in the first round
    /// trip, by two in the second, then by four.
    fn raise_slope(&mut self) {
        let growth = u64::from(self.mss) << self.cycle.up_rounds;
        self.cycle.up_rounds = (self.cycle.up_rounds + 1).min(UP_ROUNDS_MAX);
        let rises = (growth / u64::from(self.mss)).max(1);
        self.cycle.up_per_segment = (self.cwnd / rises).max(1);
    }

    fn raise_longterm(&mut self, report: &AckReport) {
        let Some(bound) = self.bounds.inflight_longterm else {
            return;
        };
        if !self.is_window_full(report) || self.cwnd < bound {
            return;
        }
        self.cycle.up_acked += u64::from(report.delivered);
        let rises = self.cycle.up_acked / self.cycle.up_per_segment;
        self.cycle.up_acked -= rises * self.cycle.up_per_segment;
        self.bounds.inflight_longterm = Some(bound + rises * u64::from(self.mss));
        if self.rounds.just_began {
            self.raise_slope();
        }
    }
}

/// From two to three seconds between probes.
const WAIT_MIN: Duration = Duration::from_secs(2);
const WAIT_SPREAD_MICROS: u32 = 1_000_000;
/// How many rounds a Reno with a large window would need is not waited for.
const RENO_ROUNDS_MAX: u64 = 63;
/// The bound rises by no more than 2^30 segments a round.
const UP_ROUNDS_MAX: u32 = 30;
