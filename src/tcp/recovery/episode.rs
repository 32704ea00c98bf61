//! One episode where the peer reports what it has: RFC 8985, or RFC 6675 where RACK is off.
//!
//! Begins when anything is found to be lost, ends when all is acknowledged that was outstanding
//! then, and reduces the window once. Without reports `dupack` tells the same story.

use std::time::Duration;

use crate::base::{Instant, SeqNum, SeqRange};
use crate::probe::{EventId, LossProof, Resent, Why};
use crate::rfc;

use super::prr::{self, Prr};
use super::rack::Situation;
use super::scoreboard::Sent;
use super::{Due, Learned, Loss, Phase, Recovery, Verdict};

/// What looking for losses depends on.
#[derive(Debug, Clone, Copy)]
pub struct Detection {
    pub now: Instant,
    pub mss: u32,
    pub srtt: Option<Duration>,
    pub because: EventId,
    /// A probe of the path whose loss, if nothing else is lost, is no sign of congestion: RFC 4821
    /// section 7.6.2.
    pub probe: Option<SeqRange>,
}

/// What was found to be lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Losses {
    pub bytes: u32,
    /// It is [`Detection::probe`] and nothing else, and nothing else was lost before.
    pub probe_alone: bool,
}

impl Recovery {
    /// Looks for what is lost; `lost` hears of each piece.
    ///
    /// RFC 8985 section 9.2: RFC 6675's rule does not run beside RACK.
    pub fn detect(&mut self, at: &Detection, lost: &mut impl FnMut(Loss)) -> Losses {
        if let Some(trouble) = self.trouble.awake() {
            trouble.look_at = None;
        }
        if !self.reports {
            return Losses::default();
        }
        let mut of_probe = 0;
        let before = self.outstanding.lost();
        let (by, why) = if self.abilities.rack {
            (LossProof::Rack, OVERTAKEN)
        } else {
            (LossProof::Reports, BELOW_REPORTS)
        };
        let mut tell = |range: SeqRange, sent: &Sent| {
            let probe = at.probe;
            if probe.is_some_and(|probe| range.start.in_window(probe.start, probe.len)) {
                of_probe += range.len;
            }
            lost(Loss {
                range,
                by,
                tx_in_flight: sent.stamp.tx_in_flight,
            });
        };
        if self.abilities.rack {
            let window = self.reordering_window(at);
            let rack = &self.rack;
            let judge = |sent: &Sent| rack.judge(sent, window, at.now);
            if let Some(board) = self.outstanding.awake() {
                let first = board.judge_first_copies(&judge, &mut tell);
                let later = board.judge_later_copies(&judge, &mut tell);
                if let Some(look_at) = first.into_iter().chain(later).min() {
                    self.trouble.wake().look_at = Some(look_at);
                }
            }
        } else {
            let dup_thresh = self.dup_thresh();
            if let Some(board) = self.outstanding.awake() {
                board.lose_below_reports(dup_thresh, at.mss, &mut tell);
            }
        }
        let bytes = self.outstanding.lost() - before;
        let probe_alone = bytes > 0 && of_probe == self.outstanding.lost() && self.is_open();
        if bytes > 0 {
            if !probe_alone {
                self.delivery.on_lost(bytes);
            }
            self.trouble.wake().found = Some((at.because, why));
        }
        Losses { bytes, probe_alone }
    }

    pub(super) fn reordering_window(&self, at: &Detection) -> Duration {
        self.rack.window(&Situation {
            in_recovery: !self.is_open(),
            enough_reported: !self.abilities.rack_patient
                && self.outstanding.has_reported(self.dup_thresh(), at.mss),
            min_rtt: self.min_rtt.get().unwrap_or_default(),
            srtt: at.srtt.unwrap_or_default(),
        })
    }

    /// What the losses found and the acknowledgment mean to the episode. `flight` was on its way
    /// before.
    pub fn conclude(&mut self, una: SeqNum, at: &Detection, flight: u32) -> Verdict {
        match self.trouble.phase {
            Phase::Open if self.outstanding.lost() > 0 => {
                self.begin_episode(una, at);
                Verdict::Lost { flight }
            }
            Phase::Open | Phase::Loss { .. } => Verdict::Nothing,
            Phase::Recovery { .. } if una.at_or_after(self.recover) => {
                self.end_episode();
                Verdict::Over
            }
            Phase::Recovery { .. } => Verdict::Nothing,
        }
    }

    fn begin_episode(&mut self, una: SeqNum, at: &Detection) {
        let nxt = self.outstanding.nxt();
        self.recover = nxt;
        self.tlp.reset();
        self.undo.begin(SeqRange::between(una, nxt));
        // RFC 6675 section 5 (4.3): the first segment goes in any case.
        let first = self.outstanding.first_lost(at.mss);
        let trouble = self.trouble.wake();
        trouble.phase = Phase::Recovery { reduction: None };
        let found = trouble.found.zip(first);
        trouble.urgent = found.map(|((because, why), range)| Due {
            range,
            how: Resent::Fast,
            because,
            why,
        });
    }

    /// The congestion control has answered the loss, and leaves it to us how the window gets from
    /// `flight` to `ssthresh`: RFC 9937 section 6.1.
    pub fn reduce_to(&mut self, flight: u32, ssthresh: u64) {
        if let Some(trouble) = self.trouble.awake()
            && let Phase::Recovery { reduction } = &mut trouble.phase
            && self.reports
        {
            *reduction = Some(Prr::new(flight, ssthresh));
        }
    }

    /// RFC 9937 section 6.2, once an episode's ACK has been understood; `lost` is what it found.
    pub fn spread_reduction(&mut self, learned: &Learned, lost: u32, mss: u32) {
        let in_flight = self.in_flight();
        if let Some(trouble) = self.trouble.awake()
            && let Phase::Recovery {
                reduction: Some(prr),
            } = &mut trouble.phase
        {
            prr.on_ack(&prr::Heard {
                delivered: learned.delivered,
                in_flight,
                safe: learned.advanced && lost == 0,
                mss,
            });
        }
    }

    /// An episode is over: everything that was outstanding when it began is acknowledged.
    pub(super) fn end_episode(&mut self) {
        if let Some(trouble) = self.trouble.awake() {
            trouble.phase = Phase::Open;
            trouble.departed = 0;
        }
        self.rack.on_recovery_over();
        self.undo.end(self.outstanding.nxt());
    }

    /// The last episode was for nothing: what is taken for lost is on its way after all. RFC 4015
    /// section 3 (8): sending goes on with what is new.
    pub fn undo(&mut self, una: SeqNum) {
        if !matches!(self.trouble.phase, Phase::Loss { .. }) {
            self.rack.on_undone();
        }
        if let Some(trouble) = self.trouble.awake() {
            trouble.phase = Phase::Open;
            trouble.departed = 0;
            trouble.urgent = None;
            trouble.timeouts = 0;
        }
        self.recover = una;
        if let Some(board) = self.outstanding.awake() {
            board.lose_none();
        }
        self.undo.settle();
    }

    /// How many bytes are taken for lost and wait to be sent again.
    pub fn lost(&self) -> u32 {
        self.outstanding.lost()
    }
}

const OVERTAKEN: &Why = &Why {
    by: rfc!(8985, "6.2"),
    text: "something sent later has arrived, and the time for being overtaken is over: it is lost",
};
const BELOW_REPORTS: &Why = &Why {
    by: rfc!(6675, "4"),
    text: "enough segments' worth above it is reported: it is taken for lost",
};

#[cfg(test)]
mod tests;
