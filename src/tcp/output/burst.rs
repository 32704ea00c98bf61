//! Bursts: how many segments a sender would let leave as one whose device does the cutting, and the
//! PSH at the end of each. house!("push-bursts")
//!
//! When each segment may go is decided elsewhere; what is counted is which of them such a sender
//! would have given to its device together.

use std::collections::VecDeque;
use std::time::Duration;

use crate::base::{Instant, SeqNum, SeqRange};
use crate::tcp::Context;
use crate::tcp::config::PushBursts;
use crate::tcp::connection::Connection;

use super::nagle::{self, Situation};

/// The burst that is leaving, and where those ended that are not acknowledged.
#[derive(Debug, Default)]
pub struct Bursts {
    current: Option<Burst>,
    /// The ends of segments that left with PSH, in order; as many as are outstanding at most.
    pushed: VecDeque<SeqNum>,
}

/// A burst leaves within one instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Burst {
    at: Instant,
    /// How many segments it has, and how many of them have not left.
    segments: u32,
    left: u32,
}

impl Bursts {
    /// Nothing up to `una` will leave again.
    pub fn on_acknowledged(&mut self, una: SeqNum) {
        while self.pushed.front().is_some_and(|end| end.at_or_before(una)) {
            self.pushed.pop_front();
        }
    }
}

impl Connection {
    /// Whether what ends here left with PSH: it goes again with it.
    pub(super) fn has_pushed(&self, end: SeqNum) -> bool {
        let bursts = self.bursts.as_ref();
        bursts.is_some_and(|bursts| bursts.pushed.contains(&end))
    }

    /// Whether new text that leaves now is the last of a burst of more than one segment.
    pub(super) fn ends_burst(&self, cx: &Context<'_>, range: SeqRange) -> bool {
        let segments = self.segments_of(range);
        let burst = self.config.push_bursts.map(|how| self.burst(cx, how));
        burst.is_some_and(|burst| burst.segments > 1 && burst.left == segments)
    }

    /// How many segments more may leave with those of the burst that is leaving, as one.
    pub(super) fn left_of_burst(&self, cx: &Context<'_>) -> Option<u32> {
        let how = self.config.push_bursts?;
        Some(self.burst(cx, how).left)
    }

    fn segments_of(&self, range: SeqRange) -> u32 {
        let text = self.outgoing.text_len(range);
        text.div_ceil(self.text_room()).max(1)
    }

    /// New text is about to leave, with PSH or without.
    pub(super) fn count_in_burst(&mut self, cx: &Context<'_>, range: SeqRange) {
        let Some(how) = self.config.push_bursts else {
            return;
        };
        let (burst, segments) = (self.burst(cx, how), self.segments_of(range));
        let text = self.outgoing.text_len(range);
        let last = range.start + text == self.outgoing.end();
        let bursts = self.bursts.get_or_insert_default();
        if last || (burst.segments > 1 && burst.left == segments) {
            bursts.pushed.push_back(range.end());
        }
        bursts.current = Some(Burst {
            left: burst.left.saturating_sub(segments),
            ..burst
        });
    }

    /// The burst that the next segment of new text belongs to: at least one of it has not left.
    fn burst(&self, cx: &Context<'_>, how: PushBursts) -> Burst {
        let current = self.bursts.as_ref().and_then(|bursts| bursts.current);
        current
            .filter(|burst| burst.at == cx.now && burst.left > 0)
            .unwrap_or_else(|| {
                let segments = self.burst_size(cx, how);
                Burst {
                    at: cx.now,
                    segments,
                    left: segments,
                }
            })
    }

    /// How many segments leave as one, as far as there is text, window and congestion window.
    fn burst_size(&self, cx: &Context<'_>, how: PushBursts) -> u32 {
        let situation = self.situation(cx);
        let mss = situation.mss;
        let segments = |bytes: u64| u32::try_from(bytes / u64::from(mss)).unwrap_or(u32::MAX);
        let window = self.recovery.window(self.congestion.window());
        let half = segments(window / 2).max(1);
        let room = segments(self.window_room()).max(1);
        let most = half.min(room).min(self.burst_max(how, window));
        let ready = situation.d.min(situation.u);
        let rest = Situation {
            d: ready % mss,
            u: ready % mss,
            outstanding: true,
            ..situation
        };
        let with_rest = ready / mss + u32::from(nagle::may_send(rest).is_some());
        most.min(with_rest).max(1)
    }

    /// How many segments a millisecond carries: Linux's `tcp_tso_autosize`.
    fn burst_max(&self, how: PushBursts, window: u64) -> u32 {
        let mss = u64::from(self.eff_snd_mss());
        let Some(srtt) = self.rtt.srtt() else {
            return u32::MAX;
        };
        let slow_start = self.congestion.threshold().is_none_or(|t| window < t / 2);
        let percent = match slow_start {
            true => how.slow_start_percent,
            false => how.avoidance_percent,
        };
        let nanos = srtt.as_nanos().max(1);
        let a_second = u128::from(window) * u128::from(percent) * 10_000_000 / nanos;
        let carried = u64::try_from(a_second / PARTS).unwrap_or(u64::MAX);
        let bytes = carried.saturating_add(near_bonus(self.recovery.min_rtt()));
        let segments = u32::try_from(bytes.min(BYTES_MAX) / mss).unwrap_or(u32::MAX);
        segments.max(how.least)
    }
}

/// A peer that is near gets more at once: 64 KiB, halved for every 512 us of round trip.
fn near_bonus(min_rtt: Option<Duration>) -> u64 {
    let halvings = min_rtt.map_or(u128::MAX, |rtt| rtt.as_micros() >> 9);
    u32::try_from(halvings)
        .ok()
        .and_then(|halvings| BYTES_MAX.checked_shr(halvings))
        .unwrap_or(0)
}

/// The most that a device takes as one.
const BYTES_MAX: u64 = 1 << 16;
/// A burst is what a 1024th of a second carries.
const PARTS: u128 = 1024;
