//! HyStart++: leaving slow start when the round trip grows, before the queue overflows.
//!
//! Implements RFC 9406 section 4.2. Decides how fast slow start may grow; by how much is
//! `window`'s business, which also knows that this serves the first slow start only.
//!
//! ```text
//!                 the round trip has grown                five rounds
//!   Standard  ------------------------------>  Conservative ---------> Over
//!   (doubles) <------------------------------  (grows a quarter of that)
//!                 it was a passing thing
//! ```

use crate::base::SeqNum;

use super::AckReport;

/// How fast the window may grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// As in slow start.
    Standard,
    /// Conservative slow start (CSS): by a fraction of that.
    Conservative,
    /// Slow start is over.
    Over,
}

/// The variables of RFC 9406 section 4.2; round trips in microseconds.
#[derive(Debug, Clone, Copy)]
pub struct HyStart {
    /// windowEnd, once there is a round.
    window_end: SeqNum,
    began: bool,
    pace: Pace,
    /// rttSampleCount; more than enough is not counted.
    samples: u8,
    /// Rounds that have ended in conservative slow start.
    rounds: u8,
    /// lastRoundMinRTT.
    last_min: u32,
    /// currentRoundMinRTT.
    current_min: u32,
    /// cssBaselineMinRtt.
    baseline: u32,
}

impl HyStart {
    /// Before anything is acknowledged.
    pub fn new() -> HyStart {
        HyStart {
            window_end: SeqNum(0),
            began: false,
            pace: Pace::Standard,
            samples: 0,
            rounds: 0,
            last_min: INFINITY,
            current_min: INFINITY,
            baseline: INFINITY,
        }
    }

    /// How fast the window may grow by the ACK that comes next.
    pub fn pace(&self) -> Pace {
        self.pace
    }

    /// An ACK in slow start, after the window has grown by it.
    pub fn on_ack(&mut self, report: &AckReport) {
        if !self.began {
            self.began = true;
            self.window_end = report.nxt;
        }
        if let Some(rtt) = report.rtt {
            let rtt = u32::try_from(rtt.as_micros()).unwrap_or(INFINITY - 1);
            self.current_min = self.current_min.min(rtt);
            self.samples = self.samples.saturating_add(1);
            self.look();
        }
        // What was sent before the round began has now been acknowledged; this ACK's own sample
        // still belonged to it.
        if self.window_end.at_or_before(report.una) {
            self.end_round(report.nxt);
        }
    }

    /// Has the round trip grown, or come down again?
    fn look(&mut self) {
        if self.samples < N_RTT_SAMPLE || self.last_min == INFINITY {
            return;
        }
        match self.pace {
            Pace::Standard => {
                // RttThresh = max(MIN_RTT_THRESH, min(lastRoundMinRTT / MIN_RTT_DIVISOR,
                // MAX_RTT_THRESH))
                let share = self.last_min / MIN_RTT_DIVISOR;
                let threshold = share.clamp(MIN_RTT_THRESH, MAX_RTT_THRESH);
                if self.current_min >= self.last_min.saturating_add(threshold) {
                    self.pace = Pace::Conservative;
                    self.baseline = self.current_min;
                    self.rounds = 0;
                }
            }
            // The slow start exit was spurious: resume.
            Pace::Conservative if self.current_min < self.baseline => {
                self.pace = Pace::Standard;
                self.baseline = INFINITY;
            }
            Pace::Conservative | Pace::Over => {}
        }
    }

    fn end_round(&mut self, nxt: SeqNum) {
        self.window_end = nxt;
        self.last_min = std::mem::replace(&mut self.current_min, INFINITY);
        self.samples = 0;
        if self.pace == Pace::Conservative {
            // A partial round counts towards the limit.
            self.rounds += 1;
            if self.rounds >= CSS_ROUNDS {
                self.pace = Pace::Over;
            }
        }
    }
}

const INFINITY: u32 = u32::MAX;
/// RFC 9406 section 4.3: all these are RECOMMENDED.
const MIN_RTT_THRESH: u32 = 4_000;
const MAX_RTT_THRESH: u32 = 16_000;
const MIN_RTT_DIVISOR: u32 = 8;
const N_RTT_SAMPLE: u8 = 8;
const CSS_ROUNDS: u8 = 5;
/// How much less conservative slow start grows than slow start; at least 2.
pub const CSS_GROWTH_DIVISOR: u64 = 4;
/// How many segments one ACK may count for where nothing paces what it lets go.
pub const L_UNPACED: u64 = 8;

#[cfg(test)]
mod tests;
