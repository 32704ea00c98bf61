//! What losses and marks say: how fast and how much is too much, for now and for longer.
//!
//! draft-ietf-ccwg-bbr section 5.5: both react to a round that loses more than 2 %, and here more
//! than chance makes of 2 %. The short-term bounds fall at its end, and are forgotten before the
//! next probe; the long-term bound is where a probe found that much lost. Less says nothing: paths
//! lose for other reasons.

use crate::base::{Instant, Rate};
use crate::tcp::congestion::RateSample;

use super::model::rate_of;
use super::probe_bw::Step;
use super::{Bbr, BeforeLoss, Phase};

/// The bounds; `None` is infinity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Bounds {
    pub bw_shortterm: Option<Rate>,
    pub inflight_shortterm: Option<u64>,
    pub inflight_longterm: Option<u64>,
}

/// One round as losses are counted: it ends a round trip after the first of them.
#[derive(Debug, Clone, Copy)]
pub struct LossRound {
    end: u64,
    /// The ACK at hand is the first after such a round.
    pub just_ended: bool,
    /// When it began: the first loss or mark; `None`: there was none yet.
    from: Option<u64>,
    /// Something was marked in it.
    marked: bool,
    /// Bytes lost in it, and how many times something was.
    lost: u64,
    pub times: u32,
    /// The fastest, and the most, that was delivered in it.
    bw_latest: Rate,
    pub inflight_latest: u64,
}

impl Default for LossRound {
    fn default() -> LossRound {
        LossRound {
            end: 0,
            just_ended: false,
            from: None,
            marked: false,
            lost: 0,
            times: 0,
            bw_latest: Rate(0),
            inflight_latest: 0,
        }
    }
}

impl LossRound {
    pub fn on_sample(&mut self, sample: &RateSample) {
        self.bw_latest = self.bw_latest.max(rate_of(sample));
        self.inflight_latest = self.inflight_latest.max(sample.delivered);
        self.just_ended = sample.prior_delivered >= self.end;
        if self.just_ended {
            self.end = sample.total_delivered;
        }
    }

    /// All that concerns the round that has ended was looked at.
    pub fn advance(&mut self, sample: &RateSample) {
        if self.just_ended {
            self.bw_latest = rate_of(sample);
            self.inflight_latest = sample.delivered;
            self.lost = 0;
            self.times = 0;
        }
    }

    /// What was lost before counts no more.
    pub fn reset(&mut self) {
        self.forgive();
        self.bw_latest = Rate(0);
        self.inflight_latest = 0;
    }

    fn forgive(&mut self) {
        self.from = None;
        self.marked = false;
    }

    fn note(&mut self, delivered: u64) {
        if self.from.is_none() {
            self.from = Some(delivered);
            self.end = delivered;
        }
    }

    /// More of what was sent in it is lost than is allowed, or any of it is marked.
    fn is_bad(&self, delivered: u64, mss: u32) -> bool {
        let Some(from) = self.from else {
            return false;
        };
        let sent = self.lost + delivered.saturating_sub(from);
        self.marked || self.lost > allowed_loss(sent, mss)
    }
}

impl Bbr {
    /// At the end of a round that lost too much: what was delivered in it is what the path carries
    /// for now, or seven tenths of what was believed, whichever is more.
    pub fn adapt_to_losses(&mut self) {
        if !self.loss_round.just_ended {
            return;
        }
        if self.loss_round.is_bad(self.delivered, self.mss) && !self.is_probing_bandwidth() {
            let LossRound {
                bw_latest,
                inflight_latest,
                ..
            } = self.loss_round;
            let bw = self.bounds.bw_shortterm.unwrap_or(self.max_bw.get());
            let inflight = self.bounds.inflight_shortterm.unwrap_or(self.cwnd);
            self.bounds.bw_shortterm = Some(bw_latest.max(Rate(beta(bw.0))));
            self.bounds.inflight_shortterm = Some(inflight_latest.max(beta(inflight)));
        }
        self.loss_round.forgive();
    }

    /// Losses are expected where the sender asks for more than it has seen.
    fn is_probing_bandwidth(&self) -> bool {
        matches!(
            self.phase,
            Phase::Startup | Phase::ProbeBw(Step::Refill | Step::Up)
        )
    }

    /// Something was lost. While a probe's samples come in, too much of it ends the probe.
    pub fn note_loss(&mut self, now: Instant, lost: u32, tx_in_flight: u64) {
        self.loss_round.note(self.delivered);
        self.loss_round.lost += u64::from(lost);
        self.loss_round.times += 1;
        if self.cycle.samples && self.loss_round.lost > allowed_loss(tx_in_flight, self.mss) {
            let inflight = self.inflight_at_loss(lost, tx_in_flight);
            self.on_inflight_too_high(now, inflight, false);
        }
    }

    /// How much was in flight when the losses began to be too many: of the bytes that this segment
    /// added, those after which they were more than is allowed.
    fn inflight_at_loss(&self, lost: u32, tx_in_flight: u64) -> u64 {
        let before = tx_in_flight.saturating_sub(lost.into());
        let lost_before = self.loss_round.lost - u64::from(lost);
        // "lost_prefix = (BBR.LossThresh * inflight_prev - lost_prev) / (1 - BBR.LossThresh)"
        let left = allowed_loss(before, self.mss).saturating_sub(lost_before);
        before + left * 100 / (100 - LOSS_PERCENT)
    }

    /// A sample of a probe shows more lost since it left than is allowed.
    pub fn is_sample_too_high(&self, sample: &RateSample) -> bool {
        sample.lost > allowed_loss(sample.tx_in_flight, self.mss)
    }

    /// A probe has found the end of what the path holds.
    pub fn on_inflight_too_high(&mut self, now: Instant, inflight: u64, app_limited: bool) {
        // Once a probe.
        self.cycle.samples = false;
        if !app_limited {
            let floor = beta(self.target_inflight());
            self.bounds.inflight_longterm = Some(inflight.max(floor));
        }
        if self.phase == Phase::ProbeBw(Step::Up) {
            self.start_down(now);
        }
    }

    /// RFC 3168 section 6.1.2: a mark is answered as a loss would be, that is, here, as too many of
    /// them: a router that marks does not lose, so it will not be counted among losses.
    pub fn on_mark(&mut self, flight: u64) {
        self.before_loss = None;
        self.loss_round.note(self.delivered);
        self.loss_round.marked = true;
        match self.phase {
            Phase::Startup => self.end_startup_at(flight),
            Phase::ProbeBw(Step::Refill | Step::Up) => {
                self.bounds.inflight_longterm = Some(flight.max(beta(self.target_inflight())));
                self.cycle.samples = false;
                self.cycle.stop_asked = true;
            }
            Phase::Drain | Phase::ProbeBw(_) | Phase::ProbeRtt(_) => {}
        }
    }

    pub fn remember_before_loss(&mut self) {
        self.before_loss = Some(BeforeLoss {
            phase: self.phase,
            bounds: self.bounds,
            cwnd: self.cwnd,
        });
    }

    /// The losses of late were none.
    pub fn take_back_loss(&mut self, now: Instant) {
        let Some(before) = self.before_loss.take() else {
            return;
        };
        self.loss_round.forgive();
        self.full_pipe.look_again();
        let was = before.bounds;
        self.bounds = Bounds {
            bw_shortterm: was.bw_shortterm.zip(self.bounds.bw_shortterm).map(higher),
            inflight_shortterm: was
                .inflight_shortterm
                .zip(self.bounds.inflight_shortterm)
                .map(higher),
            inflight_longterm: was
                .inflight_longterm
                .zip(self.bounds.inflight_longterm)
                .map(higher),
        };
        self.cwnd = self.cwnd.max(before.cwnd);
        if matches!(self.phase, Phase::ProbeRtt(_)) || self.phase == before.phase {
            return;
        }
        match before.phase {
            Phase::Startup => {
                self.full_pipe.reached = false;
                self.enter_startup();
            }
            Phase::ProbeBw(Step::Up) => self.start_up(now, None),
            _ => {}
        }
    }
}

/// How much of what was sent in a round may be lost and say nothing: 2 %, and what chance adds.
///
/// A path that loses so many of a round's segments at random loses now and then more, by the
/// square root of their number; more than twice that is no chance any more: house!("bbr").
fn allowed_loss(sent: u64, mss: u32) -> u64 {
    let expected = sent * LOSS_PERCENT / 100;
    expected + 2 * (expected * u64::from(mss)).isqrt()
}

fn higher<T: Ord>((a, b): (T, T)) -> T {
    a.max(b)
}

/// BBR.Beta of it.
pub fn beta(size: u64) -> u64 {
    size / 10 * 7 + size % 10 * 7 / 10
}

/// draft-ietf-ccwg-bbr section 2: BBR.LossThresh, in percent.
const LOSS_PERCENT: u64 = 2;
