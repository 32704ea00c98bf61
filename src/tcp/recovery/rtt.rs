//! Round-trip time and the retransmission timeout.
//!
//! Implements RFC 6298 section 2 and the backing off of section 5. Decides how long to wait;
//! starting and stopping the timer is `rto`'s business, and choosing which segments may be
//! timed (Karn's rule, RFC 6298 section 3) is `recovery`'s and `arrive::ack`'s.

use std::time::Duration;

use crate::base::Span;

/// The estimator's two variables, and how often the timeout they imply has been doubled.
#[derive(Debug, Clone, Copy)]
pub struct Rtt {
    smoothed: Option<Smoothed>,
    /// R', the last measurement.
    last: Span,
    min: Span,
    max: Span,
    backoff: u32,
    /// The SYN was sent more than once, and no round trip was measured by then.
    syn_resent: bool,
}

#[derive(Debug, Clone, Copy)]
struct Smoothed {
    srtt: Span,
    rttvar: Span,
}

impl Rtt {
    /// Before any measurement; the timeout stays between `min` and `max`.
    pub fn new(min: Duration, max: Duration) -> Rtt {
        Rtt {
            smoothed: None,
            last: Span::ZERO,
            min: min.into(),
            max: max.into(),
            backoff: 0,
            syn_resent: false,
        }
    }

    /// Takes one measurement R, or R' after the first.
    pub fn sample(&mut self, r: Duration) {
        // RFC 6298 section 5: a new measurement may bring a backed-off RTO down again.
        self.backoff = 0;
        self.last = r.into();
        let r = self.last.as_nanos();
        let (srtt, rttvar) = match self.smoothed {
            // RFC 6298 section 2 (2.2): SRTT <- R, RTTVAR <- R/2.
            None => (r, r / 2),
            // RFC 6298 section 2 (2.3): RTTVAR uses the old SRTT.
            Some(Smoothed { srtt, rttvar }) => {
                let (srtt, rttvar) = (srtt.as_nanos(), rttvar.as_nanos());
                (
                    srtt.saturating_mul(7) / 8 + r / 8,
                    rttvar.saturating_mul(3) / 4 + srtt.abs_diff(r) / 4,
                )
            }
        };
        self.smoothed = Some(Smoothed {
            srtt: Span::from_nanos(srtt),
            rttvar: Span::from_nanos(rttvar),
        });
    }

    /// RTO <- SRTT + max (G, K*RTTVAR), doubled once for every timeout in a row.
    pub fn rto(&self) -> Duration {
        let base = match self.smoothed {
            Some(Smoothed { srtt, rttvar }) => {
                let margin = rttvar.as_nanos().saturating_mul(K).max(GRANULARITY);
                srtt.as_nanos().saturating_add(margin)
            }
            None if self.syn_resent => RTO_AFTER_SYN_LOSS,
            None => RTO_INITIAL,
        };
        let backed_off = base
            .max(self.min.as_nanos())
            .saturating_mul(1 << self.backoff);
        Duration::from_nanos(backed_off.min(self.max.as_nanos()))
    }

    /// RFC 6298 section 5 (5.5): each timeout doubles RTO.
    pub fn on_timeout(&mut self) {
        self.backoff = (self.backoff + 1).min(BACKOFF_MAX);
    }

    /// What was sent after the last timeout has not left.
    pub fn on_refused(&mut self) {
        self.backoff = self.backoff.saturating_sub(1);
    }

    /// The timeouts since the last measurement were spurious: nothing speaks for waiting longer.
    pub fn on_spurious(&mut self) {
        self.backoff = 0;
    }

    /// RFC 6298 section 5 (5.7): the SYN was sent more than once, and no round trip was measured
    /// by then: data begins with a timeout of three seconds.
    pub fn on_syn_resent(&mut self) {
        self.backoff = 0;
        self.syn_resent = true;
    }

    /// SRTT, once there is a measurement.
    pub fn srtt(&self) -> Option<Duration> {
        self.smoothed.map(|s| s.srtt.into())
    }

    /// The round trip as it is now, to pace by: SRTT, or what was measured last if that is less,
    /// since a path that was cut for an hour is in SRTT for long; and never more than the greatest
    /// timeout.
    pub fn current(&self) -> Option<Duration> {
        self.smoothed
            .map(|s| s.srtt.min(self.last).min(self.max).into())
    }

    /// RTTVAR, once there is a measurement.
    pub fn rttvar(&self) -> Option<Duration> {
        self.smoothed.map(|s| s.rttvar.into())
    }
}

/// RFC 6298 section 2 (2.1): before any measurement, one second. In nanoseconds, as the next two.
const RTO_INITIAL: u64 = 1_000_000_000;
/// RFC 6298 section 5 (5.7).
const RTO_AFTER_SYN_LOSS: u64 = 3_000_000_000;
/// G, the clock's granularity: one tick of `base::wheel`, 2^16 ns.
const GRANULARITY: u64 = 1 << 16;
/// RFC 6298 section 2 (2.2).
const K: u64 = 4;
/// 2^16 times the least timeout is longer than any greatest one that makes sense.
const BACKOFF_MAX: u32 = 16;

#[cfg(test)]
mod tests;
