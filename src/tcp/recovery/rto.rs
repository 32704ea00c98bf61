//! Loss found by the retransmission timer: RFC 6298 section 5 and RFC 5681 section 3.1.
//!
//! All that is outstanding is taken for lost; it is sent again from the oldest on, in slow start.

use crate::base::{SeqNum, SeqRange};
use crate::probe::{EventId, Resent, Why};
use crate::rfc;

use super::{Due, Phase, Recovery};

impl Recovery {
    /// The timer has expired with `una..nxt` outstanding; `syn` if that is our SYN.
    pub fn on_timeout(&mut self, una: SeqNum, nxt: SeqNum, mss: u32, syn: bool, because: EventId) {
        self.timeouts += 1;
        self.duplicates = 0;
        self.departed = 0;
        self.limited = 0;
        // RFC 6582 section 4.1: after a timeout, old duplicates begin no fast retransmit.
        self.recover = nxt;
        self.phase = Phase::Loss {
            next: una,
            until: nxt,
            because,
            why: SLOW_START_THROUGH_LOSS,
        };
        // The oldest goes at once, whatever the window says.
        self.urgent = Some(Due {
            range: SeqRange {
                start: una,
                len: nxt.since(una).min(mss),
            },
            how: if syn { Resent::Syn } else { Resent::Timeout },
            because,
            why: TIMEOUT,
        });
    }
}

const TIMEOUT: Why = Why {
    by: rfc!(6298, "5 (5.4)"),
    text: "the retransmission timer expired: the earliest segment not acknowledged goes again",
};
/// RFC 5681 section 3.1: after a timeout, slow start from one segment.
const SLOW_START_THROUGH_LOSS: Why = Why {
    by: rfc!(5681, "3.1"),
    text: "slow start after the timeout: what was outstanding then goes again",
};

#[cfg(test)]
mod tests;
