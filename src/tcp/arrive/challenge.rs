//! Challenge ACKs and their limit: RFC 5961 section 7.
//!
//! The limit is counted by connection. A limit that connections share would let a third party
//! find out about one by what it does to another.

use std::time::Duration;

use crate::base::Instant;
use crate::probe::Why;
use crate::tcp::Context;
use crate::tcp::connection::Connection;

/// When the next challenge may go.
#[derive(Debug, Clone, Copy)]
pub struct Challenge {
    next: Option<Instant>,
    jitter: u32,
}

impl Challenge {
    /// `seed` differs by connection and is not known to others.
    pub fn new(seed: u32) -> Challenge {
        Challenge {
            next: None,
            jitter: seed,
        }
    }

    /// Whether one may go now; if so it counts.
    pub fn may_send(&mut self, now: Instant) -> bool {
        if self.next.is_some_and(|next| now < next) {
            return false;
        }
        // Knuth's multiplier and increment: any sequence that nobody can predict will do.
        self.jitter = self
            .jitter
            .wrapping_mul(1_664_525)
            .wrapping_add(1_013_904_223);
        let jitter = JITTER * (self.jitter >> 24) / 256;
        self.next = Some(now + INTERVAL + jitter);
        true
    }
}

impl Connection {
    /// Sends an ACK to whoever sent something doubtful, unless one went a moment ago.
    pub(in crate::tcp) fn owe_challenge(&mut self, cx: &Context<'_>, why: &'static Why) {
        if self.challenge.may_send(cx.now) {
            self.acks.owe_challenge(cx.input(), why);
        }
    }
}

/// house!("challenge-ack-limit"): one in half a second, and a little more that nobody can predict.
const INTERVAL: Duration = Duration::from_millis(500);
const JITTER: Duration = Duration::from_millis(64);

#[cfg(test)]
mod tests;
