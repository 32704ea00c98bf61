//! How fast the network delivers: draft-ietf-ccwg-bbr section 4.1.
//!
//! Each segment notes, when it leaves, how much had been delivered by then and when; the ACK that
//! tells of it makes a sample of the difference.

use std::num::NonZeroU64;
use std::time::Duration;

use crate::base::Instant;
use crate::tcp::congestion::RateSample;

use super::scoreboard::Sent;

/// C of the draft: what the connection has delivered.
#[derive(Debug, Clone, Copy)]
pub struct Delivery {
    /// C.delivered, in bytes.
    delivered: u64,
    /// C.delivered_time.
    delivered_at: Instant,
    /// C.first_send_time.
    first_sent_at: Instant,
    /// C.lost, in bytes.
    lost: u64,
    /// C.app_limited: the mark in `delivered` up to which samples say little of the network.
    /// One more than that.
    app_limited: Option<NonZeroU64>,
}

/// P of the draft: what a segment notes when it leaves. Counters are the low bits of C's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stamp {
    delivered: u32,
    lost: u32,
    /// From C.delivered_time to its leaving, in microseconds.
    since_delivery: u32,
    /// From C.first_send_time to its leaving, in microseconds.
    since_first: u32,
    /// Bytes on their way, its own counted.
    pub tx_in_flight: u32,
    app_limited: bool,
}

impl Stamp {
    /// Whether two segments that left at the same instant may share a record.
    pub fn goes_with(&self, later: &Stamp) -> bool {
        let with = Stamp {
            tx_in_flight: later.tx_in_flight,
            ..*self
        };
        with == *later
    }

    /// The stamp of what left with this one, but before the last `bytes`.
    pub fn without(self, bytes: u32) -> Stamp {
        Stamp {
            tx_in_flight: self.tx_in_flight.saturating_sub(bytes),
            ..self
        }
    }
}

impl Delivery {
    /// Before anything is sent.
    pub fn new() -> Delivery {
        Delivery {
            delivered: 0,
            delivered_at: Instant::BIRTH,
            first_sent_at: Instant::BIRTH,
            lost: 0,
            app_limited: None,
        }
    }

    /// C.delivered, in bytes.
    pub fn delivered(&self) -> u64 {
        self.delivered
    }

    /// A segment of `len` bytes leaves while `in_flight` bytes are on their way: its stamp.
    pub fn on_sent(&mut self, now: Instant, len: u32, in_flight: u32) -> Stamp {
        if in_flight == 0 {
            self.first_sent_at = now;
            self.delivered_at = now;
        }
        Stamp {
            delivered: self.delivered as u32,
            lost: self.lost as u32,
            since_delivery: micros(now.since(self.delivered_at)),
            since_first: micros(now.since(self.first_sent_at)),
            tx_in_flight: in_flight.saturating_add(len),
            app_limited: self.app_limited.is_some(),
        }
    }

    /// The application has nothing more to send, or the peer no room for it, though the congestion
    /// window has room: what is delivered until then is no measure of the network.
    pub fn on_app_limited(&mut self, in_flight: u32) {
        self.app_limited = NonZeroU64::new(self.delivered + u64::from(in_flight) + 1);
    }

    /// So many bytes are taken for lost.
    pub fn on_lost(&mut self, bytes: u32) {
        self.lost += u64::from(bytes);
    }

    /// The ACK at hand tells of `len` bytes of a segment. `newest` is the newest segment that it
    /// tells of.
    pub fn on_arrived(&mut self, newest: &mut Option<Sent>, now: Instant, sent: &Sent, len: u32) {
        self.delivered += u64::from(len);
        self.delivered_at = now;
        let newer = newest.is_none_or(|newest| {
            let later = sent.sent_at > newest.sent_at;
            later || (sent.sent_at == newest.sent_at && sent.end.after(newest.end))
        });
        if newer {
            *newest = Some(*sent);
        }
    }

    /// The ACK at hand has told all: its sample, unless it tells of nothing, or would claim a rate
    /// over less than the least round trip (section 4.1.2.3: such an interval is not valid).
    pub fn take_sample(
        &mut self,
        newest: Option<Sent>,
        now: Instant,
        min_rtt: Option<Duration>,
    ) -> Option<RateSample> {
        let newest = newest?;
        if self
            .app_limited
            .is_some_and(|mark| self.delivered >= mark.get())
        {
            self.app_limited = None;
        }
        let stamp = newest.stamp;
        self.first_sent_at = self.first_sent_at.max(newest.sent_at);
        let rtt = now.since(newest.sent_at);
        let send_elapsed = Duration::from_micros(stamp.since_first.into());
        let ack_elapsed = rtt + Duration::from_micros(stamp.since_delivery.into());
        let interval = send_elapsed.max(ack_elapsed);
        if interval.is_zero() || min_rtt.is_some_and(|min_rtt| interval < min_rtt) {
            return None;
        }
        let delivered = (self.delivered as u32).wrapping_sub(stamp.delivered);
        Some(RateSample {
            delivered: delivered.into(),
            interval,
            rtt,
            prior_delivered: self.delivered - u64::from(delivered),
            total_delivered: self.delivered,
            tx_in_flight: stamp.tx_in_flight.into(),
            lost: (self.lost as u32).wrapping_sub(stamp.lost).into(),
            app_limited: stamp.app_limited,
        })
    }
}

fn micros(time: Duration) -> u32 {
    u32::try_from(time.as_micros()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
