//! BBR: not a window that reacts to losses, but a model of the path, and what follows from it.
//!
//! After draft-ietf-ccwg-bbr; which of its parts stand here, and what is ours, says
//! house!("bbr"). The model has two numbers: the highest rate at which the path has delivered of
//! late, and the least round trip. Their product is what the path holds without a queue. To keep
//! them true the sender must now and then send more than that, to see whether there is more, and
//! less, to see the round trip without its own queue:
//!
//! ```text
//!            full pipe         queue is gone             2 to 3 s
//!   Startup ----------> Drain ---------------> Down -> Cruise -> Refill -> Up
//!      ^                                        ^                          |
//!      | pipe was never full                    '--------------------------'
//!      |                     every 5 s, from any     more found, or too much
//!      '------ ProbeRtt <------------------------
//!                 '-------> Cruise, if the pipe was full once
//! ```
//!
//! One file a phase: `startup`, `drain`, `probe_bw`, `probe_rtt`. `model` learns from samples,
//! `bounds` from losses and marks, `control` turns all of it into a rate and a window.

mod bounds;
mod control;
mod drain;
mod model;
mod probe_bw;
mod probe_rtt;
mod startup;

use std::time::Duration;

use crate::base::{Instant, Random, Rate, Seed};

use super::{AckReport, Beginning, Congestion, CongestionControl, RateSample, initial_window};

use bounds::{Bounds, LossRound};
use model::{Aggregation, MaxBandwidth, MinRtt, Rounds};
use probe_bw::{Cycle, Step};
use probe_rtt::ProbeRtt;
use startup::FullPipe;

/// The model, and where in its course the sender is. Sizes are bytes.
#[derive(Debug)]
pub struct Bbr {
    mss: u32,
    initial_segments: u32,
    random: Random,
    phase: Phase,

    /// C.delivered: what has arrived in all.
    delivered: u64,
    rounds: Rounds,
    max_bw: MaxBandwidth,
    min_rtt: MinRtt,
    aggregation: Aggregation,
    full_pipe: FullPipe,
    loss_round: LossRound,
    bounds: Bounds,
    cycle: Cycle,

    cwnd: u64,
    /// cwnd before ProbeRtt or a timeout took most of it away.
    prior_cwnd: u64,
    pacing_rate: Rate,
    /// The first rate was reckoned with a round trip that was measured.
    paced_by_rtt: bool,
    /// Something leaves after a pause: what the next samples say of the round trip is no reason
    /// to probe for it.
    idle_restart: bool,
    /// Samples of what was sent before this was delivered say nothing of the rate: the window was
    /// held small on purpose.
    held_until: u64,
    before_loss: Option<BeforeLoss>,
}

/// Where the sender is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Doubles the rate each round trip, until it no longer rises.
    Startup,
    /// Lets the queue run off that Startup has made.
    Drain,
    /// Steady: probes for more bandwidth in turns.
    ProbeBw(Step),
    /// Keeps next to nothing in flight, to see the round trip of an empty path.
    ProbeRtt(ProbeRtt),
}

/// What comes back when a loss was none.
#[derive(Debug, Clone, Copy)]
struct BeforeLoss {
    phase: Phase,
    bounds: Bounds,
    cwnd: u64,
}

impl Bbr {
    /// With the initial window, in Startup.
    pub fn new(with: Beginning) -> Bbr {
        let cwnd = initial_window(with.mss, with.initial_segments);
        let mut bbr = Bbr {
            mss: with.mss,
            initial_segments: with.initial_segments,
            random: Random::new(Seed::from_number(with.seed)),
            phase: Phase::Startup,
            delivered: 0,
            rounds: Rounds::default(),
            max_bw: MaxBandwidth::default(),
            min_rtt: MinRtt::default(),
            aggregation: Aggregation::default(),
            full_pipe: FullPipe::default(),
            loss_round: LossRound::default(),
            bounds: Bounds::default(),
            cycle: Cycle::default(),
            cwnd,
            prior_cwnd: 0,
            pacing_rate: Rate(0),
            paced_by_rtt: false,
            idle_restart: false,
            held_until: 0,
            before_loss: None,
        };
        bbr.start_pacing(None);
        bbr
    }

    /// What one ACK changes in the model and in the phase, in this order: each step uses what the
    /// ones before it have found.
    fn learn(&mut self, report: &AckReport, sample: &RateSample) {
        self.loss_round.on_sample(sample);
        self.rounds.on_sample(sample);
        self.max_bw.on_sample(sample);
        self.adapt_to_losses();
        self.count_aggregation(report);
        self.look_for_full_pipe(sample);
        self.check_startup_done(report, sample);
        self.check_drain_done(report);
        self.step_cycle(report, sample);
    }

    /// BBR.bw: what is believed of the path's bandwidth, with what losses say of it.
    fn bandwidth(&self) -> Rate {
        let max = self.max_bw.get();
        self.bounds.bw_shortterm.map_or(max, |bound| bound.min(max))
    }

    /// The sample, if it counts for the rate at all.
    fn judge(&self, sample: RateSample) -> RateSample {
        RateSample {
            app_limited: sample.app_limited || sample.prior_delivered < self.held_until,
            ..sample
        }
    }

    /// Sees to it that the next round trip is a new round.
    fn start_round(&mut self) {
        self.rounds.restart(self.delivered);
    }
}

impl CongestionControl for Bbr {
    fn name(&self) -> &'static str {
        "bbr"
    }

    fn window(&self) -> u64 {
        self.cwnd
    }

    /// There is none: Startup ends by what the path delivers.
    fn threshold(&self) -> Option<u64> {
        None
    }

    fn pacing_rate(&self) -> Option<Rate> {
        Some(self.pacing_rate)
    }

    fn on_ack(&mut self, report: &AckReport) {
        self.delivered += u64::from(report.delivered);
        if let Some(sample) = report.rate {
            self.delivered = sample.total_delivered;
            let sample = self.judge(sample);
            self.learn(report, &sample);
            self.check_probe_rtt(report);
            self.loss_round.advance(&sample);
        } else {
            self.check_probe_rtt(report);
        }
        self.set_pacing_rate(report.srtt);
        self.set_window(report);
    }

    fn on_congestion(&mut self, _now: Instant, what: Congestion) {
        match what {
            // A loss as such changes nothing: how many there are in a round does (`bounds`).
            Congestion::Loss { .. } => self.remember_before_loss(),
            Congestion::Ecn { flight } => self.on_mark(flight),
            Congestion::Timeout { again, .. } => {
                if !again {
                    self.remember_before_loss();
                    self.save_window();
                }
                self.cwnd = u64::from(self.mss);
            }
            Congestion::SynLost => self.cwnd = u64::from(self.mss),
            Congestion::Over { .. } => self.restore_window(),
        }
    }

    fn on_sent(&mut self, now: Instant, bytes: u32, in_flight: u64) {
        if in_flight <= u64::from(bytes) && self.delivered > 0 {
            self.restart_from_idle(now);
        }
    }

    fn on_lost(&mut self, now: Instant, lost: u32, tx_in_flight: u64) {
        self.note_loss(now, lost, tx_in_flight);
    }

    fn undo(&mut self, now: Instant) {
        self.take_back_loss(now);
    }

    /// The model says how much may go after a pause: there is no window to lose.
    fn on_idle(&mut self, _now: Instant, _idle: Duration, _rto: Duration) {}

    fn set_mss(&mut self, mss: u32) {
        let untouched = self.cwnd == initial_window(self.mss, self.initial_segments);
        self.mss = mss;
        if untouched && self.delivered == 0 {
            self.cwnd = initial_window(mss, self.initial_segments);
        }
        // Less than one segment would let nothing go.
        self.cwnd = self.cwnd.max(u64::from(mss));
    }

    fn reduces_itself(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod kit;
#[cfg(test)]
mod tests;
