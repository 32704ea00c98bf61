//! Drain: at half the rate until no more is in flight than the path holds, so that the queue which
//! Startup has made runs off.

use crate::tcp::congestion::AckReport;

use super::{Bbr, Phase};

impl Bbr {
    pub fn enter_drain(&mut self) {
        self.phase = Phase::Drain;
    }

    pub fn check_drain_done(&mut self, report: &AckReport) {
        if self.phase == Phase::Drain && report.in_flight <= self.inflight(100) {
            self.enter_probe_bw(report.now);
        }
    }
}
