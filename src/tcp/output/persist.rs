//! Probing a closed window: RFC 9293 section 3.8.6.1.
//!
//! While the peer offers no window, one sequence number goes out now and then, because the update
//! that would open it may be lost. As long as the peer answers, this goes on (MUST-37).

use std::time::Duration;

use crate::base::SeqRange;
use crate::probe::{EventId, Purpose, TimerKind, Why};
use crate::rfc;
use crate::tcp::Context;
use crate::tcp::connection::Connection;

use super::refused::AGAIN;
use super::{Choice, Wish};

/// Where probing stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Persist {
    due: Option<EventId>,
    /// Probes sent since the window closed.
    sent: u32,
    /// Probes sent since the peer was heard last.
    unanswered: u32,
    /// How often the device has refused what stands here since anything left.
    refused: u32,
}

impl Persist {
    /// Nothing is probed.
    pub const NONE: Persist = Persist {
        due: None,
        sent: 0,
        unanswered: 0,
        refused: 0,
    };

    /// A probe has left.
    pub fn on_sent(&mut self) {
        self.due = None;
        self.refused = 0;
        self.sent += 1;
        self.unanswered += 1;
    }

    /// The device has refused text or a probe. Whether that was when it was to be tried.
    pub fn on_refused(&mut self) -> bool {
        let in_time = self.refused == 0 || self.due.is_some();
        if in_time {
            self.due = None;
            self.refused += 1;
        }
        in_time
    }

    /// Text has left.
    pub fn on_taken(&mut self) {
        if self.refused > 0 {
            *self = Persist::NONE;
        }
    }

    /// How often the device has refused text, or a probe, since any left.
    pub fn refused(&self) -> u32 {
        self.refused
    }

    /// The peer has sent something acceptable.
    pub fn on_answer(&mut self) {
        self.unanswered = 0;
    }
}

impl Connection {
    /// Whether the peer offers no window.
    pub(in crate::tcp) fn is_window_closed(&self) -> bool {
        self.state.is_synchronized() && self.snd.wnd == 0
    }

    /// (SHLD-29): the first probe after a retransmission timeout; (SHLD-30): then ever longer.
    pub(in crate::tcp) fn persist_interval(&self) -> Duration {
        if self.seldom.persist.refused > 0 {
            return AGAIN;
        }
        let doubled = self
            .rtt
            .rto()
            .saturating_mul(1 << self.seldom.persist.sent.min(10));
        doubled.min(self.config.rto_max)
    }

    pub(in crate::tcp) fn arm_persist(&mut self, cx: &mut Context<'_>) {
        if self.timers.get(TimerKind::Persist).is_none() && self.seldom.persist.due.is_none() {
            let at = cx.now + self.persist_interval();
            self.timers.set(cx, TimerKind::Persist, at);
        }
    }

    pub(in crate::tcp) fn on_persist_timeout(&mut self, cx: &mut Context<'_>) {
        if self
            .seldom
            .persist
            .unanswered
            .max(self.seldom.persist.refused)
            > self.config.r2
        {
            self.give_up(cx);
            return;
        }
        self.seldom.wake().persist.due = Some(cx.input());
        // Until the probe has left, and left this timer set anew, nothing else would wake us.
        let at = cx.now + self.persist_interval();
        self.timers.set(cx, TimerKind::Persist, at);
    }

    pub(super) fn window_probe_due(&self) -> Option<Wish> {
        let because = self.seldom.persist.due?;
        let start = if self.snd.outstanding() > 0 {
            self.snd.una
        } else {
            self.snd.nxt
        };
        let waits = start.before(self.outgoing.limit());
        (self.is_window_closed() && waits).then_some(Wish {
            what: Choice::WindowProbe(SeqRange { start, len: 1 }),
            because,
            why: PROBE,
            purpose: Purpose::WindowProbe,
        })
    }

    /// The send window has moved. If it opens after probing, what was probed with may not have
    /// been taken: it goes again, with all behind it.
    pub(in crate::tcp) fn on_window_moved(&mut self, cx: &mut Context<'_>) {
        if self.snd.wnd == 0 {
            return;
        }
        let probed = self.seldom.persist.sent > 0;
        if let Some(seldom) = self.seldom.awake() {
            seldom.persist = Persist::NONE;
        }
        self.timers.cancel(cx, TimerKind::Persist);
        if probed && self.snd.outstanding() > 0 {
            self.recovery
                .resend(self.snd.nxt, cx.input(), WINDOW_OPENED);
        }
        self.arm_retransmission(cx);
    }
}

const PROBE: &Why = &Why {
    by: rfc!(9293, "3.8.6.1"),
    text: "the window is closed and text waits: a probe asks whether it has opened",
};
const WINDOW_OPENED: &Why = &Why {
    by: rfc!(9293, "3.8.6.1"),
    text: "the window has opened: what probes carried into it goes again",
};
