//! When to acknowledge: RFC 9293 section 3.8.6.3 and RFC 5681 section 4.2.
//!
//! Keeps what is owed to the peer, since which input and by which rule. Nothing is sent from here:
//! `output::choose` asks, and any segment that leaves pays the debt.

use std::time::Duration;

use crate::base::Instant;
use crate::probe::{EventId, Purpose, Why};
use crate::{house, rfc};

/// What acknowledgment is owed.
#[derive(Debug, Clone, Copy, Default)]
pub struct Acknowledge {
    owed: Option<Owed>,
    /// How many more acknowledgments are owed, one for each segment that lay beyond a hole, and
    /// the input that brought the last of these.
    more: u32,
    brought: Option<EventId>,
    /// Bytes of text that no acknowledgment has covered yet.
    bytes: u32,
    /// Segments of text that came in order, and when the last of them did.
    texts: u32,
    heard: Option<Instant>,
    /// Text of ours has answered text of the peer's so soon that it took the acknowledgment along.
    answered: bool,
}

/// An acknowledgment that has to go out.
#[derive(Debug, Clone, Copy)]
pub struct Owed {
    /// Whether it goes at once, or may wait for company.
    pub now: bool,
    /// The input that made it due.
    pub because: EventId,
    /// The rule that makes it due.
    pub why: &'static Why,
    /// [`Purpose::Ack`], or [`Purpose::ChallengeAck`].
    pub purpose: Purpose,
}

impl Acknowledge {
    /// Text has come in order.
    ///
    /// RFC 5681 section 4.2 and RFC 9293 section 3.8.6.3 (SHLD-18, MUST-40): at the latest for
    /// every second full-sized segment, and within half a second. Full-sized segments are counted
    /// in bytes, so that segments merged by the device count for as many as they are.
    ///
    /// Returns when the acknowledgment is due if it may wait.
    pub fn on_text(
        &mut self,
        len: u32,
        mss: u32,
        because: EventId,
        now: Instant,
        delay: Duration,
    ) -> Option<Instant> {
        self.bytes = self.bytes.saturating_add(len);
        if self.bytes >= 2 * mss {
            self.owe(because, EVERY_SECOND);
            return None;
        }
        if self.owed.is_some() {
            return None;
        }
        self.owe_in_time(because, DELAYED);
        Some(now + delay)
    }

    /// Text has come in order; whether it is one of the `first` at a connection's beginning, which
    /// are acknowledged at once as long as nothing answers them: house!("delayed-ack").
    pub fn is_early(&mut self, first: u32, now: Instant) -> bool {
        self.texts = self.texts.saturating_add(1);
        self.heard = Some(now);
        self.texts <= first && !self.answered
    }

    /// New text of ours leaves. If it comes within the `delay` of an acknowledgment, others may
    /// wait for company.
    pub fn on_answer(&mut self, now: Instant, delay: Duration) {
        self.answered |= self.heard.is_some_and(|heard| now.since(heard) < delay);
    }

    /// The application wants acknowledgments at once, or does not: what it thinks of answers to
    /// come.
    pub fn hurry(&mut self, on: bool, because: EventId) {
        self.answered = !on;
        if on && self.is_owed() {
            self.owe(because, WANTED);
        }
    }

    /// An acknowledgment has to go out at once.
    pub fn owe(&mut self, because: EventId, why: &'static Why) {
        if !self.owed.is_some_and(|owed| owed.now) {
            self.owed = Some(Owed {
                now: true,
                because,
                why,
                purpose: Purpose::Ack,
            });
        }
    }

    /// An acknowledgment has to go out, and may wait for company.
    pub fn owe_in_time(&mut self, because: EventId, why: &'static Why) {
        self.owed.get_or_insert(Owed {
            now: false,
            because,
            why,
            purpose: Purpose::Ack,
        });
    }

    /// Text has come beyond a hole: an acknowledgment of its own has to go out at once, though
    /// others wait to leave, because the sender counts duplicates (RFC 5681 section 3.2).
    pub fn owe_duplicate(&mut self, because: EventId) {
        if self.due().is_some() {
            self.more = self.more.saturating_add(1);
            self.brought = Some(because);
        } else {
            self.owe(because, OUT_OF_ORDER);
        }
    }

    /// RCV.NXT has moved: duplicates that have not left are of no use any more.
    pub fn on_advance(&mut self) {
        self.more = 0;
    }

    /// A challenge has to go out at once. What is owed for text is paid by it too.
    pub fn owe_challenge(&mut self, because: EventId, why: &'static Why) {
        self.owed = Some(Owed {
            now: true,
            because,
            why,
            purpose: Purpose::ChallengeAck,
        });
    }

    /// The delayed acknowledgment has waited long enough.
    pub fn on_delay_over(&mut self, because: EventId) {
        if let Some(owed) = &mut self.owed {
            owed.now = true;
            owed.because = because;
            owed.why = DELAY_OVER;
        }
    }

    /// What is owed, and due.
    pub fn due(&self) -> Option<Owed> {
        self.owed.filter(|owed| owed.now)
    }

    /// Whether anything is owed, due or not.
    pub fn is_owed(&self) -> bool {
        self.owed.is_some()
    }

    /// A segment with the ACK bit has left.
    pub fn on_sent(&mut self) {
        self.bytes = 0;
        self.owed = self.owed.filter(|_| self.more > 0).map(|owed| Owed {
            because: self.brought.unwrap_or(owed.because),
            why: OUT_OF_ORDER,
            purpose: Purpose::Ack,
            ..owed
        });
        self.more = self.more.saturating_sub(1);
    }
}

const EVERY_SECOND: &Why = &Why {
    by: rfc!(5681, "4.2"),
    text: "two full-sized segments are not acknowledged yet",
};
const DELAYED: &Why = &Why {
    by: rfc!(9293, "3.8.6.3"),
    text: "text arrived; its acknowledgment goes along",
};
const DELAY_OVER: &Why = &Why {
    by: house!("delayed-ack"),
    text: "the delayed acknowledgment has waited long enough",
};
const WANTED: &Why = &Why {
    by: house!("delayed-ack"),
    text: "the application wants acknowledgments to wait no longer",
};
/// Where the delay is set to nothing.
pub const NEVER_WAITS: &Why = &Why {
    by: house!("delayed-ack"),
    text: "acknowledgments may wait for nothing here",
};
/// Text at a connection's beginning.
pub const EARLY: &Why = &Why {
    by: house!("delayed-ack"),
    text: "the first segments are acknowledged at once: the peer's window grows by that",
};
/// Text beyond a hole: RFC 5681 section 4.2.
const OUT_OF_ORDER: &Why = &Why {
    by: rfc!(5681, "4.2"),
    text: "text arrived beyond a hole: a duplicate acknowledgment says which byte is missing",
};
/// Text that fills a hole: RFC 5681 section 4.2.
pub const FILLS_HOLE: &Why = &Why {
    by: rfc!(5681, "4.2"),
    text: "text arrived that fills a hole, or part of one",
};
/// Packets that a congested router has marked: RFC 9768 section 3.2.2.5.1.
pub const MARKED: &Why = &Why {
    by: rfc!(9768, "3.2.2.5.1"),
    text: "marked packets came: the sender is told before the count of them can come round",
};
/// The peer's FIN: RFC 9293 section 3.10.7.4, eighth.
pub const FIN: &Why = &Why {
    by: rfc!(9293, "3.10.7.4"),
    text: "the peer's FIN is acknowledged",
};
/// The peer's SYN,ACK: RFC 9293 section 3.10.7.3.
pub const SYN_ACK: &Why = &Why {
    by: rfc!(9293, "3.10.7.3"),
    text: "the peer's SYN is acknowledged: the connection is established",
};
/// The reader has made room: RFC 9293 section 3.8.6.2.2.
pub const WINDOW_UPDATE: &Why = &Why {
    by: rfc!(9293, "3.8.6.2.2"),
    text: "the reader made room for at least a segment or half the buffer",
};
/// A probe of our window: RFC 9293 section 3.8.6.1 (MUST-35).
pub const PROBE: &Why = &Why {
    by: rfc!(9293, "3.8.6.1"),
    text: "a probe of the closed window is answered with the window as it is",
};
/// Text that was there already: RFC 9293 section 3.10.7.4, first.
pub const OLD_TEXT: &Why = &Why {
    by: rfc!(9293, "3.10.7.4"),
    text: "text arrived that was received before: the acknowledgment may have been lost",
};

#[cfg(test)]
mod tests;
