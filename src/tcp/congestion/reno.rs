//! Slow start and congestion avoidance: RFC 5681 section 3.1, by bytes (RFC 3465); RFC 8511 for
//! marks, RFC 4015 for taking a reduction back.

use std::time::Duration;

use crate::base::Instant;

use super::{AckReport, Congestion, CongestionControl, initial_window};

/// RFC 5681's controller.
#[derive(Debug, Clone)]
pub struct Reno {
    mss: u32,
    initial_segments: u32,
    cwnd: u64,
    ssthresh: Option<u64>,
    /// L of RFC 3465 section 2.3, in segments: how much one ACK may count for in slow start.
    limit: u64,
    /// Bytes acknowledged in congestion avoidance that have not yet made the window grow.
    counted: u64,
    /// cwnd and ssthresh before the last reduction that may yet prove to be for nothing.
    before: Option<(u64, Option<u64>)>,
}

impl Reno {
    /// With the initial window.
    pub fn new(mss: u32, initial_segments: u32) -> Reno {
        Reno {
            mss,
            initial_segments,
            cwnd: initial_window(mss, initial_segments),
            ssthresh: None,
            limit: LIMIT,
            counted: 0,
            before: None,
        }
    }

    fn in_slow_start(&self) -> bool {
        self.ssthresh.is_none_or(|ssthresh| self.cwnd < ssthresh)
    }

    /// RFC 5681 section 3.1 (4): ssthresh = max (FlightSize / 2, 2*SMSS).
    fn half(&self, flight: u64) -> u64 {
        self.at_least_two(flight / 2)
    }

    fn at_least_two(&self, threshold: u64) -> u64 {
        threshold.max(2 * u64::from(self.mss))
    }

    fn reduce(&mut self, threshold: u64) {
        self.before = Some((self.cwnd, self.ssthresh));
        self.ssthresh = Some(threshold);
        self.cwnd = threshold;
    }
}

impl CongestionControl for Reno {
    fn name(&self) -> &'static str {
        "reno"
    }

    fn window(&self) -> u64 {
        self.cwnd
    }

    fn threshold(&self) -> Option<u64> {
        self.ssthresh
    }

    fn on_ack(&mut self, report: &AckReport) {
        // RFC 3168 section 6.1.2: an ACK that tells of a mark opens nothing.
        if report.in_recovery || !report.window_limited || report.acked == 0 || report.ce > 0 {
            return;
        }
        let mss = u64::from(self.mss);
        let acked = u64::from(report.acked);
        if self.in_slow_start() {
            // RFC 5681 section 3.1 (2): cwnd += min (N, SMSS); RFC 3465 section 2.2: min (N, L).
            self.cwnd += acked.min(self.limit * mss);
            return;
        }
        self.limit = LIMIT;
        // RFC 5681 section 3.1: cwnd grows by SMSS when a whole cwnd has been acknowledged.
        self.counted += acked;
        if self.counted >= self.cwnd {
            self.counted -= self.cwnd;
            self.cwnd += mss;
        }
    }

    fn on_congestion(&mut self, _now: Instant, what: Congestion) {
        self.counted = 0;
        match what {
            Congestion::Loss { flight } => self.reduce(self.half(flight)),
            // RFC 8511 section 3: a mark comes from a short queue, so less is given up for it.
            Congestion::Ecn { flight } => {
                let threshold = flight * BETA_ECN_PERCENT / 100;
                self.reduce(self.at_least_two(threshold));
            }
            Congestion::Timeout { flight, again } => {
                // RFC 5681 section 3.1: ssthresh is held constant when the timer expires again
                // for a segment that it has resent before.
                if !again {
                    self.before = Some((self.cwnd, self.ssthresh));
                    self.ssthresh = Some(self.half(flight));
                }
                // RFC 5681 section 3.1: the loss window is one segment.
                self.cwnd = u64::from(self.mss);
                self.limit = LIMIT_AFTER_TIMEOUT;
            }
            // RFC 6928 section 2: "the initial window ... MUST be one segment".
            Congestion::SynLost => self.cwnd = u64::from(self.mss),
            // RFC 6582 section 3.2 step 3 (1): min (ssthresh, max(FlightSize, SMSS) + SMSS), so
            // that the end of recovery lets no burst go.
            Congestion::Over { flight } => {
                let mss = u64::from(self.mss);
                let calm = flight.max(mss) + mss;
                self.cwnd = self.ssthresh.map_or(calm, |ssthresh| ssthresh.min(calm));
            }
        }
    }

    fn undo(&mut self, _now: Instant) {
        let Some((cwnd, ssthresh)) = self.before.take() else {
            return;
        };
        self.cwnd = self.cwnd.max(cwnd);
        self.ssthresh = ssthresh;
    }

    fn on_idle(&mut self, _now: Instant, _idle: Duration, _rto: Duration) {
        // RFC 5681 section 4.1: RW = min (IW, cwnd).
        let restart = initial_window(self.mss, self.initial_segments);
        self.cwnd = self.cwnd.min(restart);
        self.counted = 0;
        self.limit = LIMIT;
    }

    fn set_mss(&mut self, mss: u32) {
        let untouched = self.cwnd == initial_window(self.mss, self.initial_segments);
        self.mss = mss;
        if untouched {
            self.cwnd = initial_window(mss, self.initial_segments);
        }
    }
}

/// house!("slow-start-limit"): RFC 3465 section 2.3 allows two segments, so that an acknowledgment
/// that was delayed counts for all it covers.
const LIMIT: u64 = 2;
/// RFC 3465 section 2.3: after a timeout one segment, because an acknowledgment may then cover much
/// that had left the network long before.
const LIMIT_AFTER_TIMEOUT: u64 = 1;
/// RFC 8511 section 3: beta_ecn, 0.8 for Reno.
const BETA_ECN_PERCENT: u64 = 80;

#[cfg(test)]
mod tests;
