//! The Timestamps option: RFC 7323 sections 3 to 5.
//!
//! Holds the clock that we show, what we echo, and the test that protects against wrapped
//! sequence numbers (PAWS). Round-trip times are read from echoes in `arrive::ack`.

use std::time::Duration;

use crate::base::{Instant, SeqNum};
use crate::wire::options::TimestampOption;

/// The timestamps of one connection.
#[derive(Debug, Clone, Copy)]
pub struct Timestamps {
    /// Added to our clock, so that it shows neither our uptime nor which connections are ours:
    /// RFC 7323 section 5.4.
    offset: u32,
    /// TS.Recent.
    recent: u32,
    /// When TS.Recent was taken.
    recent_at: Instant,
    /// Last.ACK.sent.
    last_ack_sent: SeqNum,
}

impl Timestamps {
    /// From the option on the peer's SYN.
    pub fn new(offset: u32, peer: TimestampOption, now: Instant, rcv_nxt: SeqNum) -> Timestamps {
        Timestamps {
            offset,
            recent: peer.value,
            recent_at: now,
            last_ack_sent: rcv_nxt,
        }
    }

    /// TSval and TSecr of a segment that leaves now.
    pub fn option(&self, now: Instant) -> TimestampOption {
        TimestampOption {
            value: clock(now).wrapping_add(self.offset),
            echo: self.recent,
        }
    }

    /// The keyed offset that this connection adds to its clock.
    pub fn offset(&self) -> u32 {
        self.offset
    }

    /// TS.Recent.
    pub fn recent(&self) -> u32 {
        self.recent
    }

    /// RFC 7323 section 5.3, R1: the segment's timestamp is less than TS.Recent, which is valid.
    pub fn is_old(&self, value: u32, now: Instant) -> bool {
        // RFC 7323 section 5.5: after 24 days without a segment TS.Recent means nothing.
        is_before(value, self.recent) && now.since(self.recent_at) < RECENT_VALID
    }

    /// RFC 7323 section 4.3 (2): SEG.TSval >= TS.Recent and SEG.SEQ <= Last.ACK.sent, so that an
    /// echo tells how long the *oldest* unacknowledged segment took.
    pub fn on_segment(&mut self, value: u32, seq: SeqNum, now: Instant) {
        let newer = !is_before(value, self.recent) || now.since(self.recent_at) >= RECENT_VALID;
        if newer && seq.at_or_before(self.last_ack_sent) {
            self.recent = value;
            self.recent_at = now;
        }
    }

    /// RFC 7323 section 4.3 (1): Last.ACK.sent is the ACK field of the last segment sent.
    pub fn on_sent(&mut self, ack: SeqNum) {
        self.last_ack_sent = ack;
    }

    /// How long ago the segment left whose timestamp is echoed; `None` if that cannot be, or if
    /// it is zero, which old stacks send for "nothing to echo".
    pub fn rtt(&self, echo: u32, now: Instant) -> Option<Duration> {
        let ticks = clock(now).wrapping_add(self.offset).wrapping_sub(echo);
        (echo != 0 && ticks < ECHO_MAX).then(|| TICK * ticks)
    }

    /// The last instant at which our clock showed what is echoed; `None` as for
    /// [`Timestamps::rtt`].
    pub fn instant(&self, echo: u32, now: Instant) -> Option<Instant> {
        let ago = u64::from(clock(now).wrapping_add(self.offset).wrapping_sub(echo));
        self.rtt(echo, now)?;
        let millis = now.as_millis().checked_sub(ago)? + 1;
        Some(Instant::from_nanos(
            millis.saturating_mul(NANOS_PER_TICK) - 1,
        ))
    }
}

/// Our clock: milliseconds, house!("timestamp-clock"); RFC 7323 section 5.4 allows 1 ms to 1 s.
pub fn clock(now: Instant) -> u32 {
    now.as_millis() as u32
}

/// `a < b` for timestamps, modulo 2^32: RFC 7323 section 5.2.
pub fn is_before(a: u32, b: u32) -> bool {
    (a.wrapping_sub(b) as i32) < 0
}

const TICK: Duration = Duration::from_millis(1);
const NANOS_PER_TICK: u64 = 1_000_000;
/// An echo older than this is not of this connection's making: longer than any RTO.
const ECHO_MAX: u32 = 600_000;
/// RFC 7323 section 5.5: 24 days of 2^31 ticks of a millisecond.
const RECENT_VALID: Duration = Duration::from_secs(24 * 24 * 3600);

#[cfg(test)]
mod tests;
