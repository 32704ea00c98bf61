//! Congestion avoidance: RFC 5681 section 3.1, by bytes (RFC 3465). Slow start and the reductions
//! are `window`'s.

use std::time::Duration;

use crate::base::Instant;

use super::window::{Before, Factor, Reduction, SlowStart, Window};
use super::{AckReport, Beginning, Congestion, CongestionControl};

/// RFC 5681's controller.
#[derive(Debug, Clone)]
pub struct Reno {
    window: Window,
    /// Bytes acknowledged in congestion avoidance that have not yet made the window grow.
    counted: u64,
    /// The window before the last reduction, for when that was for nothing.
    before: Option<Before>,
}

impl Reno {
    /// With the initial window.
    pub fn new(with: Beginning) -> Reno {
        Reno {
            window: Window::new(with),
            counted: 0,
            before: None,
        }
    }

    fn avoid_congestion(&mut self, acked: u32) {
        // RFC 5681 section 3.1: cwnd grows by SMSS when a whole cwnd has been acknowledged.
        self.counted += u64::from(acked);
        if self.counted >= self.window.cwnd {
            self.counted -= self.window.cwnd;
            self.window.cwnd += u64::from(self.window.mss);
        }
    }
}

impl CongestionControl for Reno {
    fn name(&self) -> &'static str {
        "reno"
    }

    fn window(&self) -> u64 {
        self.window.cwnd
    }

    fn threshold(&self) -> Option<u64> {
        self.window.ssthresh()
    }

    fn on_ack(&mut self, report: &AckReport) {
        // RFC 3168 section 6.1.2: no growth by an ACK that reports a mark.
        if report.in_recovery || report.ce > 0 {
            return;
        }
        if self.window.in_slow_start() {
            if self.window.slow_start(report) == SlowStart::Over {
                self.counted = 0;
            }
        } else if report.window_limited {
            self.avoid_congestion(report.acked);
        }
    }

    fn on_congestion(&mut self, _now: Instant, what: Congestion) {
        self.counted = 0;
        match what {
            Congestion::Loss { .. } | Congestion::Timeout { again: false, .. } => {
                self.before = Some(self.window.before());
            }
            // A mark is never for nothing.
            Congestion::Ecn { .. } => self.before = None,
            Congestion::Timeout { .. } | Congestion::SynLost | Congestion::Over { .. } => {}
        }
        self.window.on_congestion(what, REDUCTION);
    }

    fn undo(&mut self, _now: Instant) {
        if let Some(before) = self.before.take() {
            self.window.restore(before);
        }
    }

    fn on_idle(&mut self, _now: Instant, _idle: Duration, _rto: Duration) {
        self.window.on_idle();
        self.counted = 0;
    }

    fn set_mss(&mut self, mss: u32) {
        self.window.set_mss(mss);
    }
}

const REDUCTION: Reduction = Reduction {
    // RFC 5681 section 3.1 (4): FlightSize / 2.
    loss: Factor {
        numerator: 1,
        denominator: 2,
    },
    // RFC 8511 section 3: 0.8 times the FlightSize.
    mark: Factor {
        numerator: 4,
        denominator: 5,
    },
};

#[cfg(test)]
mod tests;
