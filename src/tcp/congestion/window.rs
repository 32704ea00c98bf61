//! cwnd and ssthresh, and what all controllers do with them that learn from loss.
//!
//! Slow start (RFC 5681 section 3.1, by bytes: RFC 3465, left early: RFC 9406), the reductions
//! with a factor that is each controller's own, the end of an episode, and the way back when a
//! reduction was for nothing. How the window grows beyond ssthresh is `reno`'s and `cubic`'s
//! business.

use std::num::NonZeroU64;

use super::hystart::{CSS_GROWTH_DIVISOR, HyStart, L_UNPACED, Pace};
use super::{AckReport, Beginning, Congestion, idle, initial_window};

/// The two variables, and what slow start knows.
#[derive(Debug, Clone, Copy)]
pub struct Window {
    pub mss: u32,
    initial_segments: u32,
    pub cwnd: u64,
    /// `None`: arbitrarily high, as in the first slow start.
    ssthresh: Option<NonZeroU64>,
    hystart: Option<HyStart>,
    paced: bool,
    /// This slow start follows a timeout: RFC 3465 section 2.3.
    after_timeout: bool,
}

/// The two variables as they were before a reduction.
#[derive(Debug, Clone, Copy)]
pub struct Before {
    cwnd: u64,
    ssthresh: Option<u64>,
}

/// A fraction by which a controller reduces its window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Factor {
    pub numerator: u64,
    pub denominator: u64,
}

impl Factor {
    /// So much of `size`, rounded down.
    pub const fn of(self, size: u64) -> u64 {
        // In two steps, so that no size overflows; what the first rounds away the second adds.
        size / self.denominator * self.numerator
            + size % self.denominator * self.numerator / self.denominator
    }
}

/// How one controller reduces.
#[derive(Debug, Clone, Copy)]
pub struct Reduction {
    /// By a loss or a timeout.
    pub loss: Factor,
    /// By a mark, in congestion avoidance: house!("abe").
    pub mark: Factor,
}

/// What an ACK did in slow start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SlowStart {
    Continues,
    /// It has ended without a loss: this is the threshold from which to avoid congestion.
    Over,
}

impl Window {
    /// With the initial window.
    pub fn new(with: Beginning) -> Window {
        Window {
            mss: with.mss,
            initial_segments: with.initial_segments,
            cwnd: initial_window(with.mss, with.initial_segments),
            ssthresh: None,
            hystart: with.hystart.then(HyStart::new),
            paced: with.paced,
            after_timeout: false,
        }
    }

    /// ssthresh; `None`: arbitrarily high.
    pub fn ssthresh(&self) -> Option<u64> {
        self.ssthresh.map(NonZeroU64::get)
    }

    /// To a size that lets anything go: never zero.
    fn set_ssthresh(&mut self, bytes: u64) {
        self.ssthresh = NonZeroU64::new(bytes);
    }

    /// RFC 5681 section 3.1: slow start when cwnd < ssthresh; when they are equal either may be
    /// used, and we avoid congestion.
    pub fn in_slow_start(&self) -> bool {
        self.ssthresh().is_none_or(|ssthresh| self.cwnd < ssthresh)
    }

    /// An ACK in slow start.
    pub fn slow_start(&mut self, report: &AckReport) -> SlowStart {
        // RFC 9406 section 4.3: only while ssthresh is at its initial value.
        let first = self.ssthresh.is_none();
        let hystart = self.hystart.as_mut().filter(|_| first);
        let pace = hystart.as_ref().map(|hystart| hystart.pace());
        let limit = match pace {
            Some(_) if self.paced => u64::MAX,
            Some(_) => L_UNPACED * u64::from(self.mss),
            None if self.after_timeout => LIMIT_AFTER_TIMEOUT * u64::from(self.mss),
            None => LIMIT * u64::from(self.mss),
        };
        if report.window_limited {
            // RFC 5681 section 3.1 (2): cwnd += min (N, SMSS); RFC 3465 section 2.2: min (N, L).
            let growth = u64::from(report.acked).min(limit);
            self.cwnd += match pace {
                Some(Pace::Conservative) => growth / CSS_GROWTH_DIVISOR,
                _ => growth,
            };
        }
        if let Some(hystart) = hystart {
            hystart.on_ack(report);
            if hystart.pace() == Pace::Over {
                // RFC 9406 section 4.2: enter congestion avoidance by setting the ssthresh to the
                // current cwnd.
                self.set_ssthresh(self.cwnd);
            }
        }
        if self.in_slow_start() {
            SlowStart::Continues
        } else {
            self.after_timeout = false;
            SlowStart::Over
        }
    }

    /// What every such controller does about `what`; `by` is how far it reduces.
    pub fn on_congestion(&mut self, what: Congestion, by: Reduction) {
        let mss = u64::from(self.mss);
        match what {
            Congestion::Loss { flight } => {
                // RFC 5681 section 3.1 (4): ssthresh = max (FlightSize / 2, 2*SMSS), with each
                // controller's own factor.
                let ssthresh = by.loss.of(flight).max(2 * mss);
                self.set_ssthresh(ssthresh);
                // Never up: what is in flight may exceed a window that was reduced just before.
                self.cwnd = self.cwnd.min(ssthresh);
                self.after_timeout = false;
            }
            Congestion::Ecn { flight } => {
                // RFC 8511 section 4: not recommended in slow start.
                let factor = if self.in_slow_start() {
                    by.loss
                } else {
                    by.mark
                };
                let reduced = factor.of(flight);
                self.set_ssthresh(reduced.max(2 * mss));
                // RFC 3168 section 6.1.2, RFC 9438 section 4.6: marks take cwnd down to one
                // segment.
                self.cwnd = self.cwnd.min(reduced.max(mss));
                self.after_timeout = false;
            }
            Congestion::Timeout { flight, again } => {
                // RFC 5681 section 3.1: ssthresh is held constant when the timer expires again
                // for a segment that it has resent before.
                if !again {
                    self.set_ssthresh(by.loss.of(flight).max(2 * mss));
                }
                // RFC 5681 section 3.1: the loss window is one segment.
                self.cwnd = mss;
                self.after_timeout = true;
            }
            // RFC 6928 section 2: "the initial window ... MUST be one segment".
            Congestion::SynLost => self.cwnd = mss,
            // RFC 6582 section 3.2 step 3 (1): min (ssthresh, max(FlightSize, SMSS) + SMSS), so
            // that the end of recovery lets no burst go.
            Congestion::Over { flight } => {
                let calm = flight.max(mss) + mss;
                self.cwnd = self.ssthresh().map_or(calm, |ssthresh| ssthresh.min(calm));
            }
        }
    }

    /// What a reduction is about to change.
    pub fn before(&self) -> Before {
        Before {
            cwnd: self.cwnd,
            ssthresh: self.ssthresh(),
        }
    }

    /// The reduction that followed `before` was for nothing. Whether anything came back.
    ///
    /// RFC 9438 section 4.9.2: only if the window is still smaller.
    pub fn restore(&mut self, before: Before) -> bool {
        let smaller = self.cwnd < before.cwnd;
        if smaller {
            self.cwnd = before.cwnd;
            self.ssthresh = before.ssthresh.and_then(NonZeroU64::new);
            self.after_timeout = false;
        }
        smaller
    }

    /// RFC 5681 section 4.1.
    pub fn on_idle(&mut self) {
        let initial = initial_window(self.mss, self.initial_segments);
        let after = idle::restart(self.cwnd, self.ssthresh(), initial);
        self.cwnd = after.cwnd;
        self.ssthresh = after.ssthresh.and_then(NonZeroU64::new);
        self.after_timeout = false;
    }

    /// The segment size has become known, or has changed.
    pub fn set_mss(&mut self, mss: u32) {
        let untouched = self.cwnd == initial_window(self.mss, self.initial_segments);
        if untouched && self.ssthresh.is_none() {
            self.cwnd = initial_window(mss, self.initial_segments);
        } else if mss < self.mss {
            // RFC 5681 section 3.1: cwnd shrinks by the ratio of new to old segment size.
            let factor = Factor {
                numerator: u64::from(mss),
                denominator: u64::from(self.mss),
            };
            self.cwnd = factor.of(self.cwnd);
        }
        // Less than one segment would let nothing go, and RFC 5681 section 3.1 (4) has no threshold
        // below two.
        self.cwnd = self.cwnd.max(u64::from(mss));
        if let Some(ssthresh) = self.ssthresh() {
            self.set_ssthresh(ssthresh.max(2 * u64::from(mss)));
        }
        self.mss = mss;
    }
}

/// house!("slow-start-limit"): RFC 3465 section 2.3 allows two segments, so that an acknowledgment
/// that was delayed counts for all it covers.
const LIMIT: u64 = 2;
/// RFC 3465 section 2.3: after a timeout one segment, because an acknowledgment may then cover much
/// that had left the network long before.
const LIMIT_AFTER_TIMEOUT: u64 = 1;

#[cfg(test)]
mod tests;
