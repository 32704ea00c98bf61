//! ProbeRtt: half of what the path holds, or less, for a fifth of a second, so that all senders'
//! queues run off and the round trip shows itself.
//!
//! draft-ietf-ccwg-bbr section 5.3.4. A sender that has been silent, or slower than the path,
//! within the last five seconds has seen it without trying, and needs no such pause.

use std::time::Duration;

use crate::base::Instant;
use crate::tcp::congestion::AckReport;

use super::{Bbr, Phase};

/// How far it has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ProbeRtt {
    /// When it has lasted long enough; `None` while more is in flight than should be.
    done_at: Option<Instant>,
    /// A round trip of it is over.
    round_done: bool,
}

impl Bbr {
    /// A measurement of the round trip, and what follows if the last one is old.
    pub fn check_probe_rtt(&mut self, report: &AckReport) {
        let expired = self.min_rtt.on_rtt(report.now, report.rtt);
        let inside = matches!(self.phase, Phase::ProbeRtt(_));
        if !inside && expired && !self.idle_restart {
            self.save_window();
            self.phase = Phase::ProbeRtt(ProbeRtt::default());
            self.start_round();
        }
        if let Phase::ProbeRtt(probe) = self.phase {
            self.hold(report, probe);
        }
        if report.delivered > 0 {
            self.idle_restart = false;
        }
    }

    fn hold(&mut self, report: &AckReport, mut probe: ProbeRtt) {
        // What is delivered of a window held small says nothing of the path's rate.
        self.held_until = self.delivered + report.in_flight;
        if probe.done_at.is_none() && report.in_flight <= self.probe_rtt_window() {
            probe.done_at = Some(report.now + PROBE_RTT_DURATION);
            self.start_round();
        } else if self.rounds.just_began {
            probe.round_done = probe.done_at.is_some();
        }
        self.phase = Phase::ProbeRtt(probe);
        if probe.round_done {
            self.end_if_done(report.now, probe);
        }
    }

    fn end_if_done(&mut self, now: Instant, probe: ProbeRtt) {
        if probe.done_at.is_none_or(|done_at| now <= done_at) {
            return;
        }
        self.min_rtt.renew(now);
        self.restore_window();
        self.forget_shortterm();
        if self.full_pipe.reached {
            self.start_down(now);
            self.start_cruise();
        } else {
            self.enter_startup();
        }
    }

    /// Something leaves after a pause: at the path's rate, without a burst.
    pub fn restart_from_idle(&mut self, now: Instant) {
        self.idle_restart = true;
        self.aggregation.restart(now);
        match self.phase {
            Phase::ProbeBw(_) => self.pace_at(100),
            Phase::ProbeRtt(probe) => self.end_if_done(now, probe),
            Phase::Startup | Phase::Drain => {}
        }
    }
}

const PROBE_RTT_DURATION: Duration = Duration::from_millis(200);
