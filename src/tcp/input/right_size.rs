//! How large the receive buffer should be: large enough that the window never holds back a sender
//! whose text is read as fast as it comes, and no larger.
//!
//! Dynamic right-sizing: what the reader takes in one round trip is what the path and the sender
//! manage in it. RFC 9293 section 3.8.6 leaves the size of the window to the receiver, and asks
//! only that its right edge never move left: so the buffer grows and does not shrink.
//! house!("receive-buffer")

use std::time::Duration;

use crate::base::Instant;

/// The size of one receive buffer, and what it is learned from. Sizes are bytes.
#[derive(Debug, Clone, Copy)]
pub struct RightSize {
    size: u32,
    max: u32,
    /// The round trip as echoes have shown it, in the period before; in microseconds, as the next.
    rtt: u32,
    /// The least that they have shown in this period.
    least: u32,
    /// When this period began; before the first byte there is none.
    began: Option<Instant>,
    /// The stream offset that the reader had reached then.
    mark: u64,
    /// The most that was read in a period so far.
    most: u32,
}

impl RightSize {
    /// A buffer of `size` that may grow to `max`; if that is no more, it stays.
    pub fn new(size: u32, max: u32) -> RightSize {
        RightSize {
            size,
            max: max.max(size),
            rtt: UNKNOWN,
            least: UNKNOWN,
            began: None,
            mark: 0,
            most: 0,
        }
    }

    /// The size of the buffer.
    pub fn size(&self) -> u32 {
        self.size
    }

    /// The largest that it may ever have: RFC 7323 section 2.3 scales for it.
    pub fn max(&self) -> u32 {
        self.max
    }

    /// The round trip as echoes have shown it, the least of this period and of the one before.
    pub fn round_trip(&self) -> Option<Duration> {
        known(self.least.min(self.rtt))
    }

    /// Text has come at `now` that echoes an acknowledgment of ours sent `rtt` ago. It may have
    /// waited for the sender to have something to say, so only the least in a period tells.
    pub fn on_text(&mut self, now: Instant, rtt: Option<Duration>) {
        self.began.get_or_insert(now);
        let micros = rtt.and_then(|rtt| u32::try_from(rtt.as_micros()).ok());
        self.least = self.least.min(micros.unwrap_or(UNKNOWN));
    }

    /// The reader has taken all before stream offset `read`. `rtt` is the round trip of what we
    /// send ourselves, for peers that echo nothing.
    pub fn on_read(&mut self, now: Instant, read: u64, rtt: Option<Duration>) {
        let Some(began) = self.began else {
            return;
        };
        let Some(period) = known(self.least).or(known(self.rtt)).or(rtt) else {
            return;
        };
        if now.since(began) < period.max(PERIOD_MIN) {
            return;
        }
        let taken = u32::try_from(read - self.mark).unwrap_or(u32::MAX);
        if taken > self.most {
            self.fit(taken);
            self.most = taken;
        }
        if self.least != UNKNOWN {
            self.rtt = std::mem::replace(&mut self.least, UNKNOWN);
        }
        self.began = Some(now);
        self.mark = read;
    }

    /// Twice what is read in a round trip: one half is on its way while the other is read. And
    /// twice again what it is more than ever before: a sender in slow start doubles until this
    /// window has reached it.
    fn fit(&mut self, taken: u32) {
        let growth = taken - self.most;
        let wanted = taken.saturating_add(growth).saturating_mul(2);
        self.size = self.size.max(wanted.min(self.max));
    }
}

fn known(micros: u32) -> Option<Duration> {
    (micros != UNKNOWN).then(|| Duration::from_micros(u64::from(micros)))
}

/// Longer than any.
const UNKNOWN: u32 = u32::MAX;
/// Echoes tell milliseconds, and a driver hands over what came in a batch: a shorter period would
/// measure the batch.
const PERIOD_MIN: Duration = Duration::from_millis(2);

#[cfg(test)]
mod tests;
