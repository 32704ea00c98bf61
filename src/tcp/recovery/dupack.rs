//! Loss found by duplicate acknowledgments, where the peer reports nothing: fast retransmit and
//! NewReno's fast recovery.
//!
//! RFC 5681 section 3.2, RFC 6582 section 3.2 and RFC 3042 section 2. RFC 5681 describes an
//! "inflated" congestion window; here the same bytes count as having left the network, and cwnd
//! stays what it is.

use crate::base::{SeqNum, SeqRange};
use crate::probe::{EventId, Resent, Why};
use crate::rfc;

use super::{Due, Phase, Recovery, Verdict};

impl Recovery {
    /// A duplicate acknowledgment has come (RFC 5681 section 2).
    pub fn on_duplicate(
        &mut self,
        una: SeqNum,
        nxt: SeqNum,
        mss: u32,
        because: EventId,
    ) -> Verdict {
        match self.trouble.phase {
            Phase::Loss { .. } => Verdict::Nothing,
            Phase::Recovery { .. } => {
                // RFC 6582 section 3.2 step 3: one more segment has left the network. There are
                // no more of them than were sent: lying duplicates inflate nothing further.
                self.trouble.wake().depart(mss, nxt.since(una));
                Verdict::Nothing
            }
            Phase::Open => {
                self.trouble.wake().duplicates += 1;
                if self.trouble.duplicates < self.dup_thresh() {
                    // RFC 3042 section 2: each of those before lets one new segment go.
                    self.trouble.wake().depart(mss, nxt.since(una));
                    return Verdict::Nothing;
                }
                // RFC 6582 section 3.2 step 2: unless these are echoes of an earlier episode.
                if !una.after(self.recover) {
                    return Verdict::Nothing;
                }
                self.begin(una, nxt, mss, because);
                // RFC 5681 section 3.2 step 2: what limited transmit sent does not count.
                Verdict::Lost {
                    flight: nxt.since(una).saturating_sub(self.trouble.limited),
                }
            }
        }
    }

    fn begin(&mut self, una: SeqNum, nxt: SeqNum, mss: u32, because: EventId) {
        self.recover = nxt;
        self.undo.begin(SeqRange::between(una, nxt));
        let dup_thresh = self.dup_thresh();
        let trouble = self.trouble.wake();
        trouble.phase = Phase::Recovery { reduction: None };
        // RFC 5681 section 3.2 step 3: so many segments have left the network.
        trouble.departed = 0;
        trouble.depart(mss.saturating_mul(dup_thresh), nxt.since(una));
        trouble.urgent = Some(Due {
            range: SeqRange {
                start: una,
                len: nxt.since(una).min(mss),
            },
            how: Resent::Fast,
            because,
            why: ENOUGH_DUPLICATES,
        });
    }

    /// Something new is acknowledged, whether or not the peer reports what it has beyond.
    pub fn on_progress(&mut self, una: SeqNum) {
        if let Some(trouble) = self.trouble.awake() {
            trouble.duplicates = 0;
            trouble.limited = 0;
            trouble.timeouts = 0;
            if trouble
                .urgent
                .is_some_and(|due| due.range.start.before(una))
            {
                trouble.urgent = None;
            }
        }
        // Compared modulo 2^32, `recover` must not fall half of the numbers behind: any place
        // before `una` means the same.
        if self.recover.before(una) {
            self.recover = una - 1;
        }
    }

    /// Something new is acknowledged, where nothing is reported: `una` has moved by `acked`.
    pub fn on_new_ack(
        &mut self,
        una: SeqNum,
        nxt: SeqNum,
        acked: u32,
        mss: u32,
        because: EventId,
    ) -> Verdict {
        let Some(trouble) = self.trouble.awake() else {
            return Verdict::Nothing;
        };
        match &mut trouble.phase {
            Phase::Open => {
                trouble.departed = 0;
                Verdict::Nothing
            }
            Phase::Recovery { .. } if una.at_or_after(self.recover) => {
                self.end_episode();
                Verdict::Over
            }
            Phase::Recovery { .. } => {
                // RFC 6582 section 3.2 step 3, partial acknowledgment: deflate by what was
                // acknowledged, add one segment back, and send the first one missing.
                let back = if acked >= mss { mss } else { 0 };
                trouble.departed -= i64::from(acked);
                trouble.depart(back, nxt.since(una));
                trouble.urgent = Some(Due {
                    range: SeqRange {
                        start: una,
                        len: nxt.since(una).min(mss),
                    },
                    how: Resent::PartialAck,
                    because,
                    why: PARTIAL_ACK,
                });
                Verdict::Partial
            }
            Phase::Loss { .. } => Verdict::Nothing,
        }
    }
}

const ENOUGH_DUPLICATES: &Why = &Why {
    by: rfc!(5681, "3.2"),
    text: "enough duplicate acknowledgments: the segment they ask for is taken for lost",
};
const PARTIAL_ACK: &Why = &Why {
    by: rfc!(6582, "3.2"),
    text: "a partial acknowledgment in recovery: the next segment is taken for lost too",
};

#[cfg(test)]
mod tests;
