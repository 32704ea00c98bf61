//! What follows from the model: a rate to send at, and a window as a bound to what a wrong model
//! can do.
//!
//! draft-ietf-ccwg-bbr sections 2 and 5.6. Gains are in percent.

use std::time::Duration;

use crate::base::Rate;
use crate::tcp::congestion::{AckReport, initial_window};
use crate::tcp::output::pacing::Pace;

use super::probe_bw::Step;
use super::{Bbr, Phase};

impl Bbr {
    /// Before anything is known: the initial window in a round trip, times Startup's gain.
    pub fn start_pacing(&mut self, srtt: Option<Duration>) {
        let window = initial_window(self.mss, self.initial_segments);
        let nominal = Rate::of(window, srtt.unwrap_or(NOMINAL_RTT));
        self.pacing_rate = times(nominal, STARTUP_PACING_GAIN);
    }

    pub fn set_pacing_rate(&mut self, srtt: Option<Duration>) {
        if !self.paced_by_rtt && srtt.is_some() {
            self.paced_by_rtt = true;
            self.start_pacing(srtt);
        }
        self.pace_at(match self.phase {
            Phase::Startup => STARTUP_PACING_GAIN,
            Phase::Drain => DRAIN_PACING_GAIN,
            Phase::ProbeBw(Step::Down) => DOWN_PACING_GAIN,
            Phase::ProbeBw(Step::Up) => UP_PACING_GAIN,
            Phase::ProbeBw(Step::Cruise | Step::Refill) | Phase::ProbeRtt(_) => 100,
        });
    }

    /// At a gain of what is believed, and one percent less, so that a queue runs off rather than
    /// stands. Before the pipe was full once the rate only rises.
    pub fn pace_at(&mut self, gain: u64) {
        let rate = times(times(self.bandwidth(), gain), 100 - PACING_MARGIN);
        if self.full_pipe.reached || rate > self.pacing_rate {
            self.pacing_rate = rate;
        }
    }

    /// cwnd, after this ACK.
    pub fn set_window(&mut self, report: &AckReport) {
        let acked = u64::from(report.delivered);
        let max = self.max_inflight();
        let initial = initial_window(self.mss, self.initial_segments);
        if self.full_pipe.reached {
            self.cwnd = (self.cwnd + acked).min(max);
        } else if self.cwnd < max || self.delivered < initial {
            self.cwnd += acked;
        }
        self.cwnd = self.cwnd.max(self.min_window());
        if matches!(self.phase, Phase::ProbeRtt(_)) {
            self.cwnd = self.cwnd.min(self.probe_rtt_window());
        }
        self.bound_window();
    }

    /// What losses have taught holds whatever the model says.
    fn bound_window(&mut self) {
        let longterm = match self.phase {
            Phase::ProbeBw(Step::Cruise) | Phase::ProbeRtt(_) => self.inflight_with_headroom(),
            Phase::ProbeBw(_) => self.bounds.inflight_longterm,
            Phase::Startup | Phase::Drain => None,
        };
        let shortterm = self.bounds.inflight_shortterm;
        for bound in [longterm, shortterm].into_iter().flatten() {
            self.cwnd = self.cwnd.min(bound.max(self.min_window()));
        }
    }

    /// BBR.max_inflight: the gain's worth of the path, what comes in lumps, what leaves in them.
    fn max_inflight(&self) -> u64 {
        let gain = match self.phase {
            Phase::ProbeBw(Step::Up) => UP_WINDOW_GAIN,
            Phase::ProbeRtt(_) => PROBE_RTT_WINDOW_GAIN,
            _ => WINDOW_GAIN,
        };
        self.quantized(self.bdp(gain) + self.aggregation.extra())
    }

    /// The bandwidth-delay product, times a gain.
    pub fn bdp(&self, gain: u64) -> u64 {
        match self.min_rtt.get() {
            // Before any round trip is known.
            None => initial_window(self.mss, self.initial_segments),
            Some(min_rtt) => self.bandwidth().bytes_in(min_rtt).saturating_mul(gain) / 100,
        }
    }

    /// What should be in flight for a gain.
    pub fn inflight(&self, gain: u64) -> u64 {
        self.quantized(self.bdp(gain))
    }

    /// What may be in flight without holding the pacing back: three quanta at least, one that
    /// leaves, one on its way, one being acknowledged.
    fn quantized(&self, inflight: u64) -> u64 {
        let quantum = Pace::new(self.pacing_rate, self.mss).quantum;
        let room = inflight.max(3 * quantum).max(self.min_window());
        if self.phase == Phase::ProbeBw(Step::Up) {
            room + 2 * u64::from(self.mss)
        } else {
            room
        }
    }

    /// What the path is taken to hold.
    pub fn target_inflight(&self) -> u64 {
        self.bdp(100).min(self.cwnd)
    }

    /// The long-term bound less some room for others to grow into.
    pub fn inflight_with_headroom(&self) -> Option<u64> {
        let bound = self.bounds.inflight_longterm?;
        let headroom = (bound * HEADROOM / 100).max(self.mss.into());
        Some(bound.saturating_sub(headroom).max(self.min_window()))
    }

    pub fn probe_rtt_window(&self) -> u64 {
        self.bdp(PROBE_RTT_WINDOW_GAIN).max(self.min_window())
    }

    /// Whether the window is what holds the sender back, to within what leaves at once.
    pub fn is_window_full(&self, report: &AckReport) -> bool {
        let quantum = Pace::new(self.pacing_rate, self.mss).quantum;
        report.window_limited && report.in_flight_before + quantum >= self.cwnd
    }

    /// Enough for a peer that acknowledges every second segment.
    fn min_window(&self) -> u64 {
        4 * u64::from(self.mss)
    }

    pub fn save_window(&mut self) {
        self.prior_cwnd = match self.phase {
            Phase::ProbeRtt(_) => self.prior_cwnd.max(self.cwnd),
            _ => self.cwnd,
        };
    }

    pub fn restore_window(&mut self) {
        self.cwnd = self.cwnd.max(std::mem::take(&mut self.prior_cwnd));
    }
}

fn times(rate: Rate, percent: u64) -> Rate {
    Rate((u128::from(rate.0) * u128::from(percent) / 100).min(u64::MAX.into()) as u64)
}

/// draft-ietf-ccwg-bbr section 2 and section 5.3.3.
const STARTUP_PACING_GAIN: u64 = 277;
const DRAIN_PACING_GAIN: u64 = 50;
const DOWN_PACING_GAIN: u64 = 90;
const UP_PACING_GAIN: u64 = 125;
const WINDOW_GAIN: u64 = 200;
const UP_WINDOW_GAIN: u64 = 225;
const PROBE_RTT_WINDOW_GAIN: u64 = 50;
const PACING_MARGIN: u64 = 1;
const HEADROOM: u64 = 15;
/// The round trip that is assumed before there is one.
const NOMINAL_RTT: Duration = Duration::from_millis(1);
