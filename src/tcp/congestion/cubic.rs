//! CUBIC: RFC 9438. The window follows a cubic curve of the time since the last congestion, and
//! Reno's line where that is higher. Slow start and the size of a reduction are `window`'s.
//!
//! ```text
//!   cwnd                                              /
//!         cwnd_prior                                 /  convex: looking for more
//!   W_max |- - - - - - - - - - - _________- - - - - -
//!         |               _----            \
//!         |           _--                    where it stood at the last congestion
//!         |        /     concave: back to where it stood
//!         |_______/
//!         0   cwnd_epoch         K                      t
//! ```
//!
//! Whole numbers: windows are bytes, times microseconds, so W_cubic is exact to a byte, a run is
//! the same on every machine, and there is no NaN to think of.

use std::num::NonZeroU64;
use std::time::Duration;

use crate::base::Instant;

use super::window::{Before, Factor, Reduction, SlowStart, Window};
use super::{AckReport, Beginning, Congestion, CongestionControl};

/// RFC 9438's controller.
#[derive(Debug, Clone)]
pub struct Cubic {
    window: Window,
    curve: Curve,
    /// RFC 9438 section 4.9.2: all of it before the last reduction, for when that was for nothing.
    /// Most connections never lose anything, and do without the memory for it.
    before: Option<Box<(Before, Curve)>>,
}

/// What outlives a congestion avoidance stage, and the stage.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Curve {
    /// cwnd_prior: cwnd when ssthresh was set last.
    cwnd_prior: u64,
    /// W_max; `None` where RFC 9438 sections 4.8 and 4.10 have the next stage begin with its own
    /// cwnd.
    w_max: Option<NonZeroU64>,
    epoch: Option<Box<Epoch>>,
}

/// A congestion avoidance stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Epoch {
    /// W_max as this stage takes it.
    w_max: u64,
    /// K, in microseconds.
    k: u32,
    /// t: how long the stage has lasted, in nanoseconds, without the times in which cwnd held
    /// nobody back.
    t: u64,
    /// Until when `t` is counted.
    counted_to: Instant,
    /// W_est, in 1/2^16 bytes: what one ACK adds to it may be less than a byte.
    w_est: u64,
}

impl Cubic {
    /// With the initial window.
    pub fn new(with: Beginning) -> Cubic {
        Cubic {
            window: Window::new(with),
            curve: Curve {
                cwnd_prior: 0,
                w_max: None,
                epoch: None,
            },
            before: None,
        }
    }

    /// RFC 9438 sections 4.2 to 4.5: an ACK in congestion avoidance.
    fn avoid_congestion(&mut self, report: &AckReport) {
        let cwnd = self.window.cwnd;
        let mss = self.window.mss;
        let w_max = self.curve.w_max.map(NonZeroU64::get);
        let begin = || Box::new(Epoch::begin(report.now, cwnd, w_max, mss));
        let epoch = self.curve.epoch.get_or_insert_with(begin);
        self.curve.w_max = NonZeroU64::new(epoch.w_max);
        epoch.count(report.now, report.window_limited);
        if report.window_limited {
            let alpha = alpha(epoch.w_est >= fixed(self.curve.cwnd_prior));
            epoch.grow_est(report.acked, cwnd, mss, alpha);
            self.window.cwnd = epoch.next_window(report, cwnd, mss);
        }
    }

    fn remember(&mut self) {
        let before = (self.window.before(), self.curve.clone());
        match &mut self.before {
            Some(known) => **known = before,
            none => *none = Some(Box::new(before)),
        }
    }

    /// RFC 9438 section 4.7: W_max at a congestion event, from cwnd before it is reduced.
    fn converge(&mut self) {
        let cwnd = self.window.cwnd;
        self.curve.cwnd_prior = cwnd;
        self.curve.w_max = NonZeroU64::new(match self.curve.w_max {
            Some(w_max) if cwnd < w_max.get() => CONVERGE.of(cwnd),
            _ => cwnd,
        });
        self.curve.epoch = None;
    }
}

impl Epoch {
    fn begin(now: Instant, cwnd: u64, w_max: Option<u64>, mss: u32) -> Epoch {
        // RFC 9438 sections 4.8 and 4.10: K = 0 and W_max = cwnd where there is none; the same
        // where cwnd has passed it already.
        let w_max = w_max.unwrap_or(cwnd).max(cwnd);
        Epoch {
            w_max,
            k: k(w_max - cwnd, mss),
            t: 0,
            counted_to: now,
            w_est: fixed(cwnd),
        }
    }

    /// RFC 9438 section 4.2: "MUST NOT include periods during which cwnd has not been updated due
    /// to application-limited behavior".
    fn count(&mut self, now: Instant, limited: bool) {
        if limited {
            self.t += nanos(now.since(self.counted_to));
        }
        self.counted_to = now;
    }

    /// RFC 9438 section 4.3, Figure 4: W_est = W_est + alpha * segments_acked / cwnd.
    fn grow_est(&mut self, acked: u32, cwnd: u64, mss: u32, alpha: Factor) {
        let segments = u128::from(acked) * u128::from(mss) * u128::from(alpha.numerator);
        let growth = (segments << FRACTION) / (u128::from(cwnd) * u128::from(alpha.denominator));
        let growth = u64::try_from(growth).unwrap_or(u64::MAX);
        self.w_est = self.w_est.saturating_add(growth);
    }

    /// cwnd after this ACK.
    fn next_window(&self, report: &AckReport, cwnd: u64, mss: u32) -> u64 {
        let w_est = self.w_est >> FRACTION;
        let t = Duration::from_nanos(self.t);
        if self.w_cubic(t, mss) < w_est {
            // RFC 9438 section 4.3: the Reno-friendly region.
            return cwnd.max(w_est);
        }
        let rtt = report.srtt.unwrap_or_default();
        // RFC 9438 section 4.2: target is W_cubic(t + RTT), from cwnd to 1.5 * cwnd.
        let target = self.w_cubic(t + rtt, mss).clamp(cwnd, cwnd + cwnd / 2);
        // RFC 9438 sections 4.4 and 4.5: (target - cwnd) / cwnd, house!("cubic-bytes") for each
        // segment acknowledged. What the division drops is less than a byte, and since target
        // follows the time and not cwnd, it is not lost for good.
        let acked = u64::from(report.acked).min(cwnd);
        cwnd + (u128::from(target - cwnd) * u128::from(acked) / u128::from(cwnd)) as u64
    }

    /// RFC 9438 section 4.2, Figure 1: W_cubic(t) = C * (t - K)^3 + W_max, in bytes.
    fn w_cubic(&self, t: Duration, mss: u32) -> u64 {
        let t = micros(t);
        let offset = |distance: u64| {
            // No more than 2^96 * 2^17: no overflow.
            let cube = u128::from(distance).pow(3) * u128::from(mss) * C_NUMERATOR;
            u64::try_from(cube / (C_DENOMINATOR * MICROS_CUBED)).unwrap_or(u64::MAX)
        };
        let k = u64::from(self.k);
        if t < k {
            self.w_max.saturating_sub(offset(k - t))
        } else {
            self.w_max.saturating_add(offset(t - k))
        }
    }
}

/// RFC 9438 section 4.2, Figure 2: K = cubic root of ((W_max - cwnd_epoch) / C), in microseconds.
fn k(distance: u64, mss: u32) -> u32 {
    // Windows are below 2^48: no more than 2^48 * 2^63.
    let distance = u128::from(distance.min(WINDOW_MAX));
    let cube = distance * C_DENOMINATOR * MICROS_CUBED / (C_NUMERATOR * u128::from(mss));
    cube_root(cube)
}

/// The largest number whose cube is no more than `cube`, found bit by bit; no more than 2^32.
fn cube_root(cube: u128) -> u32 {
    (0..32).rev().fold(0, |root: u32, bit| {
        let next = root | 1 << bit;
        if u128::from(next).pow(3) <= cube {
            next
        } else {
            root
        }
    })
}

/// Microseconds, of which more than 2^32 (an hour) bend no window any further.
fn micros(t: Duration) -> u64 {
    u64::try_from(t.as_micros()).map_or(u64::from(u32::MAX), |t| t.min(u64::from(u32::MAX)))
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// Windows are below 2^48.
fn fixed(bytes: u64) -> u64 {
    bytes.min(WINDOW_MAX) << FRACTION
}

/// RFC 9438 section 4.3: alpha is 3 * (1 - beta) / (1 + beta), which is 9/17, and 1 once W_est has
/// reached cwnd_prior.
fn alpha(reached: bool) -> Factor {
    let (numerator, denominator) = if reached { (1, 1) } else { (9, 17) };
    Factor {
        numerator,
        denominator,
    }
}

impl CongestionControl for Cubic {
    fn name(&self) -> &'static str {
        "cubic"
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
        if !self.window.in_slow_start() {
            self.avoid_congestion(report);
        } else if self.window.slow_start(report) == SlowStart::Over {
            // RFC 9438 section 4.10: cwnd_prior = cwnd. Where slow start has ended at a threshold
            // that a loss had set, cwnd_prior is known, and larger.
            self.curve.cwnd_prior = self.curve.cwnd_prior.max(self.window.cwnd);
            self.curve.epoch = None;
        }
    }

    fn on_congestion(&mut self, _now: Instant, what: Congestion) {
        match what {
            Congestion::Loss { .. } => {
                self.remember();
                self.converge();
            }
            // A mark is never for nothing.
            Congestion::Ecn { .. } => {
                self.before = None;
                self.converge();
            }
            Congestion::Timeout { again, .. } => {
                if !again {
                    self.remember();
                    self.curve.cwnd_prior = self.window.cwnd;
                }
                // RFC 9438 section 4.8: the next stage begins with its own W_max.
                self.curve.w_max = None;
                self.curve.epoch = None;
            }
            Congestion::SynLost | Congestion::Over { .. } => self.curve.epoch = None,
        }
        self.window.on_congestion(what, REDUCTION);
    }

    fn on_sent(&mut self, now: Instant, bytes: u32, in_flight: u64) {
        // The time in which nothing was on its way does not count: RFC 9438 section 4.2.
        if let Some(epoch) = &mut self.curve.epoch
            && in_flight <= u64::from(bytes)
        {
            epoch.counted_to = now;
        }
    }

    fn undo(&mut self, now: Instant) {
        if let Some(before) = self.before.take()
            && self.window.restore(before.0)
        {
            self.curve = before.1;
            if let Some(epoch) = &mut self.curve.epoch {
                // t_epoch is what it was: the time of the detour counts.
                epoch.count(now, true);
            }
        }
    }

    fn on_idle(&mut self, _now: Instant, _idle: Duration, _rto: Duration) {
        self.window.on_idle();
        // What follows is another stage, which begins where slow start will end.
        self.curve.epoch = None;
    }

    fn on_rest(&mut self) {
        // As `on_idle` is going to have it.
        self.curve.epoch = None;
    }

    fn set_mss(&mut self, mss: u32) {
        self.window.set_mss(mss);
        // K was reckoned with the old size.
        self.curve.epoch = None;
    }
}

const REDUCTION: Reduction = Reduction {
    // RFC 9438 section 4.6: beta is 0.7.
    loss: Factor {
        numerator: 7,
        denominator: 10,
    },
    // RFC 8511 section 3.1: CUBIC benefits from 0.85.
    mark: Factor {
        numerator: 17,
        denominator: 20,
    },
};
/// RFC 9438 section 4.7: (1 + beta) / 2.
const CONVERGE: Factor = Factor {
    numerator: 17,
    denominator: 20,
};
/// RFC 9438 section 5.1: C is 0.4 segments a second cubed.
const C_NUMERATOR: u128 = 2;
const C_DENOMINATOR: u128 = 5;
/// Microseconds in a second, cubed.
const MICROS_CUBED: u128 = 1_000_000_000_000_000_000;
/// No window comes near it: sequence numbers have 32 bits.
const WINDOW_MAX: u64 = (1 << 48) - 1;
/// Bits of W_est behind the point.
const FRACTION: u32 = 16;

#[cfg(test)]
mod tests;
