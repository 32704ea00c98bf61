//! Whose turn it is where segments are paced: the congestion control's rate, or the window spread
//! over its round trip, asked before text leaves, paid when it has left, and a timer in between.
//!
//! The reckoning is `pacing`'s.

use crate::base::Instant;
use crate::probe::TimerKind;
use crate::tcp::Context;
use crate::tcp::connection::Connection;

use super::pacing::Pace;
use super::{Choice, Wish};

impl Connection {
    /// How fast text may leave; `None`: as acknowledgments come.
    fn pace(&self) -> Option<Pace> {
        let rate = self.congestion.pacing_rate();
        // Asked for each segment: most have no pace.
        if rate.is_none() && !self.config.pacing {
            return None;
        }
        // RFC 6298 section 2, (2.5): no round trip is waited for longer than this. One that was
        // measured across a sleep of the machine may be hours.
        let measured = self.rtt.current().map(|rtt| rtt.min(self.config.rto_max));
        if let Some(rate) = rate {
            // Before there is a measurement, the timeout is the guess.
            let rtt = measured.unwrap_or_else(|| self.rtt.rto());
            return Some(Pace::at_least_a_quantum(rate, rtt, self.eff_snd_mss()));
        }
        let (rtt, mss) = (measured?, self.eff_snd_mss());
        let cwnd = self.recovery.window(self.congestion.window());
        let ssthresh = self.congestion.threshold();
        let doubling = ssthresh.is_none_or(|ssthresh| cwnd < ssthresh);
        Some(Pace::of_window(cwnd, rtt, mss, doubling))
    }

    /// Whether it is the turn of what is wished for. What asks for an acknowledgment that is
    /// overdue, or repairs what it showed, does not wait.
    pub(super) fn is_its_turn(&self, now: Instant, wish: &Wish) -> bool {
        let (Choice::Text(range) | Choice::PathProbe(range) | Choice::Retransmit(range)) =
            wish.what
        else {
            return true;
        };
        let urgent = self.recovery.is_urgent();
        urgent
            || self
                .pace()
                .is_none_or(|pace| self.pacing.may_send(now, range.len, pace))
    }

    /// How many segments it is the turn of, if any.
    pub(super) fn segments_in_turn(&self, now: Instant, mss: u32) -> u32 {
        let pace = self.pace();
        pace.map_or(u32::MAX, |pace| self.pacing.segments(now, mss, pace))
    }

    /// So much text has left.
    pub(super) fn take_turn(&mut self, now: Instant, text: u32) {
        if let Some(pace) = self.pace() {
            self.pacing.on_sent(now, text, pace);
        }
    }

    /// What waits for its turn only has a timer.
    pub(in crate::tcp) fn arm_pacing(&mut self, cx: &mut Context<'_>) {
        // Asked after every segment: where nothing is paced, what would be sent is not looked for.
        let waits = || {
            (self.state.is_synchronized() || self.is_fast_opened())
                && self
                    .text_due(cx)
                    .is_some_and(|wish| !self.is_its_turn(cx.now, &wish))
        };
        match self.pacing.next_quantum().filter(|_| waits()) {
            Some(at) => self.timers.set(cx, TimerKind::Pacing, at),
            None => self.timers.cancel(cx, TimerKind::Pacing),
        }
    }
}
