//! When text may leave, where a rate says so: tokens by time.
//!
//! What leaves is paid for at the rate, and time pays. A burst of one quantum may leave unpaid, so
//! that a timer has to go off once a quantum and not once a segment: about every millisecond. RFC
//! 9937 section 6.4 and RFC 7661 section 4.4.2 ask for pacing and leave the how open:
//! house!("pacing").

use std::time::Duration;

use crate::base::{Instant, Rate};

/// What has left and is not paid for yet.
#[derive(Debug, Clone, Copy, Default)]
pub struct Pacing {
    /// When time has paid for all that has left; before that something is owed.
    paid_at: Option<Instant>,
}

/// How fast, and how much at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    pub rate: Rate,
    /// Bytes that may leave unpaid.
    pub quantum: u64,
}

impl Pace {
    /// At this rate in segments of `mss` bytes: a quantum is what a millisecond carries, in whole
    /// segments, from two of them to 64 KiB.
    pub fn new(rate: Rate, mss: u32) -> Pace {
        let mss = u64::from(mss);
        let segments = rate.bytes_in(QUANTUM).min(QUANTUM_MAX) / mss;
        Pace {
            rate,
            quantum: segments.max(QUANTUM_MIN_SEGMENTS) * mss,
        }
    }

    /// At this rate, but not slower than two segments a round trip: what the path has brought to
    /// the other end and acknowledged within one, it has room for again. An estimate that is wrong
    /// for want of text to send heals so within a few, and a segment that goes again while hardly
    /// anything is on its way does not keep the next from going for hours.
    pub fn at_least_a_quantum(rate: Rate, rtt: Duration, mss: u32) -> Pace {
        let least = QUANTUM_MIN_SEGMENTS * u64::from(mss);
        Pace::new(rate.max(Rate::of(least, rtt)), mss)
    }

    /// What spreads a window over its round trip, a little faster than that, so that pacing never
    /// becomes what holds the window back.
    pub fn of_window(cwnd: u64, rtt: Duration, mss: u32, doubling: bool) -> Pace {
        let percent = if doubling { SLOW_START } else { AVOIDANCE };
        Pace::at_least_a_quantum(Rate::of(cwnd * percent / 100, rtt), rtt, mss)
    }
}

impl Pacing {
    /// Whether `len` bytes more may leave now.
    pub fn may_send(&self, now: Instant, len: u32, pace: Pace) -> bool {
        let debt = self.debt(now);
        let owed = debt.checked_add(pace.rate.time_for(len.into()));
        // With nothing owed any segment may go, however small the quantum.
        debt.is_zero() || owed.is_some_and(|owed| owed <= pace.rate.time_for(pace.quantum))
    }

    /// How many segments of `mss` bytes may leave now, as far as time pays for them: at least one,
    /// if it is the turn of any.
    pub fn segments(&self, now: Instant, mss: u32, pace: Pace) -> u32 {
        let rest = pace
            .rate
            .time_for(pace.quantum)
            .saturating_sub(self.debt(now));
        let each = pace.rate.time_for(mss.into()).as_nanos().max(1);
        u32::try_from(rest.as_nanos() / each)
            .unwrap_or(u32::MAX)
            .max(1)
    }

    /// So many bytes have left.
    pub fn on_sent(&mut self, now: Instant, len: u32, pace: Pace) {
        // A timer goes off late, a little: the time that it lost is not lost for the rate, up to
        // half a quantum.
        let late = pace.rate.time_for(pace.quantum) / 2;
        let from = match self.paid_at {
            Some(paid_at) if paid_at + late >= now => paid_at,
            // Idle for longer.
            _ => now,
        };
        // What was urgent has not waited for its turn; the rest does not wait for it longer than
        // for a quantum, or for a segment that is longer.
        let longest = now + pace.rate.time_for(pace.quantum.max(len.into()));
        self.paid_at = Some((from + pace.rate.time_for(len.into())).min(longest));
    }

    /// When the next quantum may leave.
    pub fn next_quantum(&self) -> Option<Instant> {
        self.paid_at
    }

    /// How long until all is paid for.
    fn debt(&self, now: Instant) -> Duration {
        self.paid_at
            .map_or(Duration::ZERO, |paid_at| paid_at.since(now))
    }
}

/// How often a timer goes off at most, and how far a rate is bunched.
const QUANTUM: Duration = Duration::from_millis(1);
/// No more at once than one packet may carry, however fast the path.
const QUANTUM_MAX: u64 = 65_536;
/// A delayed acknowledgment answers two.
const QUANTUM_MIN_SEGMENTS: u64 = 2;
/// Percent of cwnd a round trip: where each segment acknowledged lets two go.
const SLOW_START: u64 = 200;
/// And where the window grows by a few segments a round trip.
const AVOIDANCE: u64 = 120;

#[cfg(test)]
mod tests;
