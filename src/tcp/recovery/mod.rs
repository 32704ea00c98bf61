//! What was lost, and the story of sending it again.
//!
//! [`Recovery`] names the range to send next and how much is on its way; it sends nothing and
//! sets no timer. Loss is found by three duplicate acknowledgments (`dupack`: RFC 5681
//! section 3.2, RFC 6582) or by the retransmission timer (`rto`: RFC 6298).

mod dupack;
mod rto;
mod rtt;
mod scoreboard;

use std::time::Duration;

use crate::base::{Instant, SeqNum, SeqRange};
use crate::probe::{EventId, Resent, Why};
use crate::rfc;
use crate::wire::options::SackBlock;

pub use dupack::Verdict;
pub use rtt::Rtt;
use scoreboard::Scoreboard;

/// What is known of the data that is on its way.
#[derive(Debug, Clone)]
pub struct Recovery {
    /// Which part of an episode is going on.
    pub(super) phase: Phase,
    /// Duplicate acknowledgments in a row (RFC 5681 section 2).
    pub(super) duplicates: u32,
    /// Bytes that duplicate acknowledgments say have left the network: RFC 5681 section 3.2
    /// inflates cwnd by them, here they count as not in flight. Below zero when partial
    /// acknowledgments have deflated the window by more (RFC 6582 section 3.2 step 3).
    pub(super) departed: i64,
    /// Bytes of new text that limited transmit has sent since the first duplicate.
    pub(super) limited: u32,
    /// RFC 6582 section 3.2: nothing up to here may begin an episode of its own.
    pub(super) recover: SeqNum,
    /// A segment to send once more at once, whatever the window says.
    pub(super) urgent: Option<Due>,
    /// What the peer has told of, where reports are agreed on.
    scoreboard: Scoreboard,
    /// Timeouts in a row without anything new acknowledged.
    pub(super) timeouts: u32,
    /// The one segment whose round trip is being timed; Karn's rule drops it when anything is
    /// sent again.
    timed: Option<(SeqNum, Instant)>,
    /// When a round trip was measured last.
    measured_at: Option<Instant>,
}

/// A retransmission that is due.
#[derive(Debug, Clone, Copy)]
pub struct Due {
    pub range: SeqRange,
    pub how: Resent,
    pub because: EventId,
    pub why: Why,
}

/// The parts of an episode. The fields of each would be garbage in another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Nothing is known to be lost.
    Open,
    /// Fast recovery: until all that was sent when the loss was found is acknowledged.
    Recovery,
    /// After a timeout: everything outstanding then is taken for lost, and sent again from `next`
    /// on, up to `until`.
    Loss {
        next: SeqNum,
        until: SeqNum,
        because: EventId,
        why: Why,
    },
}

impl Recovery {
    /// Before anything is sent.
    pub fn new(iss: SeqNum) -> Recovery {
        Recovery {
            phase: Phase::Open,
            duplicates: 0,
            departed: 0,
            limited: 0,
            recover: iss,
            urgent: None,
            scoreboard: Scoreboard::new(iss),
            timeouts: 0,
            timed: None,
            measured_at: None,
        }
    }

    /// The phase in the RFCs' words.
    pub fn phase_name(&self) -> &'static str {
        match self.phase {
            Phase::Open => "open",
            Phase::Recovery => "recovery",
            Phase::Loss { .. } => "loss",
        }
    }

    /// Whether an episode is going on, in which ACKs do not open the window (in `Loss` they do:
    /// it is slow start).
    pub fn in_recovery(&self) -> bool {
        matches!(self.phase, Phase::Recovery)
    }

    /// FlightSize less what is known to have left the network, in bytes.
    pub fn in_flight(&self, una: SeqNum, nxt: SeqNum) -> u32 {
        match self.phase {
            // What lies from `next` to `until` is lost, not on its way.
            Phase::Loss { next, until, .. } => next.since(una) + nxt.since(until),
            _ => {
                let in_flight = i64::from(nxt.since(una)) - self.departed;
                u32::try_from(in_flight.max(0)).unwrap_or(u32::MAX)
            }
        }
    }

    /// Something new has left at `seq`: time it, if nothing is being timed.
    ///
    /// RFC 6298 section 3: one measurement a round trip at least.
    pub fn on_sent(&mut self, range: SeqRange, now: Instant) {
        if self.phase == Phase::Open && self.duplicates > 0 {
            self.limited += range.len;
        }
        if self.timed.is_none() {
            self.timed = Some((range.end(), now));
        }
    }

    /// Something has left once more.
    pub fn on_resent(&mut self, range: SeqRange) {
        // RFC 6298 section 3, Karn's algorithm: an acknowledgment could mean either copy.
        self.timed = None;
        if self
            .urgent
            .is_some_and(|due| due.range.start == range.start)
        {
            self.urgent = None;
        }
        if let Phase::Loss { next, until, .. } = &mut self.phase {
            *next = next.later_of(range.end()).earlier_of(*until);
        }
    }

    /// Takes the SACK blocks of a segment that acknowledges all before `una`. Whether they tell of
    /// anything new.
    pub fn take_reports(&mut self, blocks: &[SackBlock], una: SeqNum, nxt: SeqNum) -> bool {
        self.scoreboard.take(blocks, una, nxt)
    }

    /// The round trip that `ack` ends, from the segment that was being timed. Where Karn's rule has
    /// left none, `echo` stands in, which tells copies apart.
    ///
    /// RFC 7323 section 4.2: the weights of RFC 6298 section 2 are made for one measurement a round
    /// trip, so further echoes within `srtt` of the last measurement do not count.
    pub fn take_rtt(
        &mut self,
        ack: SeqNum,
        now: Instant,
        srtt: Duration,
        echo: impl FnOnce() -> Option<Duration>,
    ) -> Option<Duration> {
        let rtt = match self.timed {
            Some((end, sent)) if end.at_or_before(ack) => now.since(sent),
            Some(_) => return None,
            None if self.measured_at.is_some_and(|at| now.since(at) < srtt) => return None,
            None => echo()?,
        };
        self.timed = None;
        self.measured_at = Some(now);
        Some(rtt)
    }

    /// What should be sent once more now, `room` bytes being allowed by the congestion window.
    pub fn due(&self, mss: u32, room: u64) -> Option<Due> {
        if self.urgent.is_some() {
            return self.urgent;
        }
        let Phase::Loss {
            next,
            until,
            because,
            why,
        } = self.phase
        else {
            return None;
        };
        let len = until.since(next).min(mss);
        (len > 0 && room >= u64::from(len)).then_some(Due {
            range: SeqRange { start: next, len },
            how: Resent::AfterTimeout,
            because,
            why,
        })
    }

    /// What lies between `una` and `nxt` is to go again, though nothing says that the network
    /// lost it.
    pub fn resend(&mut self, una: SeqNum, nxt: SeqNum, because: EventId, why: Why) {
        self.timed = None;
        self.departed = 0;
        self.phase = Phase::Loss {
            next: una,
            until: nxt,
            because,
            why,
        };
    }

    /// The peer opened at the same time: our SYN is due once more, with an ACK.
    pub fn syn_ack_due(&mut self, iss: SeqNum, because: EventId) {
        self.urgent = Some(Due {
            range: SeqRange { start: iss, len: 1 },
            how: Resent::Syn,
            because,
            why: SIMULTANEOUS,
        });
    }

    /// Whether anything lost still waits to be sent again.
    pub fn is_waiting(&self) -> bool {
        let lost = matches!(self.phase, Phase::Loss { next, until, .. } if next != until);
        self.urgent.is_some() || lost
    }
}

const SIMULTANEOUS: Why = Why {
    by: rfc!(9293, "3.10.7.3"),
    text: "the peer's SYN crossed ours: our SYN goes again and acknowledges it",
};

#[cfg(test)]
mod tests;
