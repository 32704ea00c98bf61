//! Loss found by the retransmission timer: RFC 6298 section 5, RFC 5681 section 3.1, RFC 8985
//! section 6.3; and whether the timer was wrong: F-RTO, RFC 5682.
//!
//! What is taken for lost is sent again from the oldest on, in slow start. With F-RTO only the
//! oldest goes at first, then something new: if the answers tell of what was sent before the
//! timeout, it had only been late.

use crate::base::{SeqNum, SeqRange};
use crate::probe::{LossProof, Resent, Spurious, Why};
use crate::rfc;

use super::scoreboard::Sent;
use super::{Detection, Due, Learned, Loss, Phase, Recovery, Trouble};

/// Where F-RTO stands: RFC 5682 sections 2.1 and 3.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frto {
    /// Conventional recovery.
    Off,
    /// Step 2: only the oldest has gone again; the next ACK of something new is awaited.
    Alone,
    /// Step 3: two new segments may go. What was sent by then ends at `point`. So many segments
    /// have come since that were neither duplicates nor acknowledged anything.
    Tried { point: SeqNum, mute: u8 },
}

/// The timer has expired with `una..nxt` outstanding.
#[derive(Debug, Clone, Copy)]
pub struct Expired {
    pub una: SeqNum,
    pub nxt: SeqNum,
    /// That is our SYN.
    pub syn: bool,
}

impl Frto {
    /// Whether nothing but the oldest may go again.
    pub fn holds_back(self) -> bool {
        self != Frto::Off
    }

    /// Whether new segments may go before what is taken for lost.
    pub fn lets_new_go(self) -> bool {
        matches!(self, Frto::Tried { .. })
    }
}

impl Recovery {
    /// The timer has expired. `lost` hears of what is taken for lost.
    pub fn on_timeout(&mut self, expired: &Expired, at: &Detection, lost: &mut impl FnMut(Loss)) {
        let Expired { una, nxt, syn } = *expired;
        let frto = self.frto_after(una, syn);
        if self.trouble.timeouts == 0 {
            self.undo.begin(SeqRange::between(una, nxt));
        }
        self.tlp.reset();
        // RFC 6582 section 4.1: after a timeout, old duplicates begin no fast retransmit.
        self.recover = nxt;
        self.lose_at_timeout(una, at, lost);
        let trouble = self.trouble.wake();
        trouble.timeouts += 1;
        trouble.duplicates = 0;
        trouble.departed = 0;
        trouble.limited = 0;
        trouble.look_at = None;
        trouble.phase = Phase::Loss {
            until: nxt,
            because: at.because,
            why: SLOW_START_THROUGH_LOSS,
            frto,
        };
        // The oldest goes at once, whatever the window says.
        trouble.urgent = Some(Due {
            range: SeqRange {
                start: una,
                len: nxt.since(una).min(at.mss),
            },
            how: if syn { Resent::Syn } else { Resent::Timeout },
            because: at.because,
            why: TIMEOUT,
        });
    }

    /// RFC 8985 section 6.3: the first is lost, and of the others what is overdue. Without RACK,
    /// RFC 5681 section 3.1: all that no report tells of.
    fn lose_at_timeout(&mut self, una: SeqNum, at: &Detection, lost: &mut impl FnMut(Loss)) {
        // RFC 2018 section 8: a peer that reported the oldest and still does not acknowledge it
        // has discarded it; then no report holds.
        if let Some(board) = self.outstanding.awake()
            && board.is_reneged()
        {
            board.forget_reports();
        }
        let before = self.outstanding.lost();
        let rack = &self.rack;
        let by_time = self.reports && self.abilities.rack;
        let window = self.reordering_window(at);
        let is_lost = |range: SeqRange, sent: &Sent| {
            !by_time || range.start == una || rack.is_overdue(sent, window, at.now)
        };
        if let Some(board) = self.outstanding.awake() {
            board.timed = None;
            board.lose_all(is_lost, &mut |range, sent| {
                lost(Loss {
                    range,
                    by: LossProof::Timeout,
                    tx_in_flight: sent.stamp.tx_in_flight,
                });
            });
        }
        self.delivery.on_lost(self.outstanding.lost() - before);
    }

    /// RFC 5682 sections 2.1 and 3.1, step 1: not if loss recovery is under way, but again if the
    /// same segment times out again.
    fn frto_after(&self, una: SeqNum, syn: bool) -> Frto {
        let fresh = match self.trouble.phase {
            Phase::Open => !self.recover.after(una),
            Phase::Loss { frto, .. } => frto == Frto::Alone,
            Phase::Recovery { .. } => false,
        };
        if self.abilities.frto && fresh && !syn {
            Frto::Alone
        } else {
            Frto::Off
        }
    }

    /// An ACK in recovery after a timeout. `duplicate`: it is one in the sense of RFC 5681
    /// section 2; `new`: something new could be sent.
    pub fn on_ack_in_loss(
        &mut self,
        una: SeqNum,
        learned: &Learned,
        duplicate: bool,
        new: bool,
    ) -> Option<Spurious> {
        let Recovery {
            trouble,
            outstanding,
            reports,
            ..
        } = self;
        let Trouble { phase, urgent, .. } = trouble.awake()?;
        let Phase::Loss {
            until,
            frto,
            because,
            why,
        } = phase
        else {
            return None;
        };
        let next = match *frto {
            Frto::Off => Frto::Off,
            // Step 2 (b), or (a) if the ACK covers all, or if nothing new can be sent.
            Frto::Alone if learned.advanced && una.before(*until) && new => Frto::Tried {
                point: outstanding.nxt(),
                mute: 0,
            },
            Frto::Alone if learned.advanced => Frto::Off,
            // Without reports a duplicate ends it; with them they are noted, and the wait goes on.
            Frto::Alone if duplicate && !*reports => Frto::Off,
            Frto::Alone => Frto::Alone,
            Frto::Tried { point, mute } => {
                let beyond = learned.highest.is_some_and(|highest| highest.after(point));
                if learned.delivered > 0 && !beyond {
                    // Step 3 (b): what this ACK tells of was sent before the timeout.
                    return Some(Spurious::Frto);
                }
                // Where the peer sends text as well, what would be a duplicate rides on it.
                let mute = mute + u8::from(!*reports && !learned.advanced);
                match beyond || duplicate || mute == MUTE_MAX {
                    true => {
                        // Step 3 (a): the window may be three segments, and two of them, on
                        // their way for all we know, are the new ones.
                        let first = outstanding.first_lost(u32::MAX);
                        *urgent = first.filter(|_| !*reports).map(|range| Due {
                            range,
                            how: Resent::AfterTimeout,
                            because: *because,
                            why,
                        });
                        Frto::Off
                    }
                    false => Frto::Tried { point, mute },
                }
            }
        };
        *frto = next;
        if una.at_or_after(*until) {
            // Slow start goes on, and congestion avoidance after it: nothing was inflated.
            self.end_episode();
        }
        None
    }
}

/// RFC 5682 section 2.1 would have the sender ignore such segments. But where both sides send text
/// no duplicate may ever come, and only a further timeout would end the wait: as many as begin a
/// fast retransmit count as one.
const MUTE_MAX: u8 = 3;
const TIMEOUT: &Why = &Why {
    by: rfc!(6298, "5 (5.4)"),
    text: "the retransmission timer expired: the earliest segment not acknowledged goes again",
};
/// RFC 5681 section 3.1: after a timeout, slow start from one segment.
const SLOW_START_THROUGH_LOSS: &Why = &Why {
    by: rfc!(5681, "3.1"),
    text: "slow start after the timeout: what was outstanding then goes again",
};

#[cfg(test)]
mod tests;
