//! Round-trip time and the retransmission timeout.
//!
//! Implements RFC 6298 section 2 and the backing off of section 5. Decides how long to wait;
//! starting and stopping the timer is `rto`'s business, and choosing which segments may be
//! timed (Karn's rule, RFC 6298 section 3) is `recovery`'s and `arrive::ack`'s.

use std::time::Duration;

/// The estimator's two variables, and how often the timeout they imply has been doubled.
#[derive(Debug, Clone, Copy)]
pub struct Rtt {
    smoothed: Option<Smoothed>,
    /// R', the last measurement.
    last: Duration,
    backoff: u32,
    initial: Duration,
    min: Duration,
    max: Duration,
}

#[derive(Debug, Clone, Copy)]
struct Smoothed {
    srtt: Duration,
    rttvar: Duration,
}

impl Rtt {
    /// Before any measurement; the timeout stays between `min` and `max`.
    pub fn new(min: Duration, max: Duration) -> Rtt {
        Rtt {
            smoothed: None,
            last: Duration::ZERO,
            backoff: 0,
            initial: RTO_INITIAL,
            min,
            max,
        }
    }

    /// Takes one measurement R, or R' after the first.
    pub fn sample(&mut self, r: Duration) {
        // RFC 6298 section 5: a new measurement may bring a backed-off RTO down again.
        self.backoff = 0;
        self.last = r;
        self.smoothed = Some(match self.smoothed {
            // RFC 6298 section 2 (2.2): SRTT <- R, RTTVAR <- R/2.
            None => Smoothed {
                srtt: r,
                rttvar: r / 2,
            },
            // RFC 6298 section 2 (2.3), in this order: RTTVAR uses the old SRTT.
            Some(Smoothed { srtt, rttvar }) => Smoothed {
                rttvar: rttvar * 3 / 4 + srtt.abs_diff(r) / 4,
                srtt: srtt * 7 / 8 + r / 8,
            },
        });
    }

    /// RTO <- SRTT + max (G, K*RTTVAR), doubled once for every timeout in a row.
    pub fn rto(&self) -> Duration {
        let base = self
            .smoothed
            .map_or(self.initial, |s| s.srtt + (s.rttvar * K).max(GRANULARITY));
        base.max(self.min)
            .saturating_mul(1 << self.backoff)
            .min(self.max)
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
        if self.smoothed.is_none() {
            self.initial = RTO_AFTER_SYN_LOSS;
        }
    }

    /// SRTT, once there is a measurement.
    pub fn srtt(&self) -> Option<Duration> {
        self.smoothed.map(|s| s.srtt)
    }

    /// The round trip as it is now, to pace by: SRTT, or what was measured last if that is less,
    /// since a path that was cut for an hour is in SRTT for long; and never more than the greatest
    /// timeout.
    pub fn current(&self) -> Option<Duration> {
        self.smoothed.map(|s| s.srtt.min(self.last).min(self.max))
    }

    /// RTTVAR, once there is a measurement.
    pub fn rttvar(&self) -> Option<Duration> {
        self.smoothed.map(|s| s.rttvar)
    }
}

/// RFC 6298 section 2 (2.1): before any measurement, one second.
const RTO_INITIAL: Duration = Duration::from_secs(1);
/// RFC 6298 section 5 (5.7).
const RTO_AFTER_SYN_LOSS: Duration = Duration::from_secs(3);
/// G, the clock's granularity: one tick of `base::wheel`, 2^16 ns.
const GRANULARITY: Duration = Duration::from_nanos(1 << 16);
/// RFC 6298 section 2 (2.2).
const K: u32 = 4;
/// 2^16 times the least timeout is longer than any greatest one that makes sense.
const BACKOFF_MAX: u32 = 16;

#[cfg(test)]
mod tests;
