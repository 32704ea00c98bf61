//! Keep-alives: RFC 9293 section 3.8.4.

use crate::probe::{EventId, Purpose, State, TimerKind, Why};
use crate::rfc;
use crate::tcp::Context;
use crate::tcp::connection::Connection;

use super::{Choice, Wish};

/// What was asked of a peer that has been silent for long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asking {
    unanswered: u32,
    due: Option<EventId>,
}

impl Asking {
    /// Nothing.
    pub const NONE: Asking = Asking {
        unanswered: 0,
        due: None,
    };

    /// A keep-alive has left.
    pub fn on_sent(&mut self) {
        self.due = None;
        self.unanswered += 1;
    }
}

impl Connection {
    /// The peer has sent something acceptable. The timer is left to run: when it expires, it is
    /// set anew from here.
    pub(in crate::tcp) fn keep_alive_heard(&mut self, cx: &mut Context<'_>) {
        self.heard_at = cx.now;
        if let Some(seldom) = self.seldom.awake() {
            seldom.keep_alive = Asking::NONE;
        }
        if self.config.keep_alive.is_some() && self.timers.get(TimerKind::KeepAlive).is_none() {
            self.restart_keep_alive(cx);
        }
    }

    pub(in crate::tcp) fn restart_keep_alive(&mut self, cx: &mut Context<'_>) {
        match self.config.keep_alive {
            Some(config) if self.may_keep_alive() => {
                let idle_until = self.heard_at + config.idle;
                // Asked for after a silence that is long enough already: not at once.
                let at = match idle_until > cx.now {
                    true => idle_until,
                    false => cx.now + config.interval,
                };
                self.timers.set(cx, TimerKind::KeepAlive, at);
            }
            _ => self.timers.cancel(cx, TimerKind::KeepAlive),
        }
    }

    pub(in crate::tcp) fn on_keep_alive_timeout(&mut self, cx: &mut Context<'_>) {
        let Some(config) = self.config.keep_alive.filter(|_| self.may_keep_alive()) else {
            return;
        };
        let idle_until = self.heard_at + config.idle;
        // (MUST-26): only when nothing is outstanding and nothing was heard for the interval.
        if idle_until > cx.now {
            self.timers.set(cx, TimerKind::KeepAlive, idle_until);
            return;
        }
        if self.snd.outstanding() > 0 {
            let at = cx.now + config.interval;
            self.timers.set(cx, TimerKind::KeepAlive, at);
            return;
        }
        if self.seldom.keep_alive.unanswered >= config.probes {
            self.give_up(cx);
            return;
        }
        self.seldom.wake().keep_alive.due = Some(cx.input());
        let at = cx.now + config.interval;
        self.timers.set(cx, TimerKind::KeepAlive, at);
    }

    /// Whether somebody may wait for the peer for ever. In FIN-WAIT-1 our FIN is outstanding, and
    /// no probe goes; but the timer runs on for FIN-WAIT-2.
    pub(in crate::tcp) fn may_keep_alive(&self) -> bool {
        matches!(
            self.state,
            State::Established | State::FinWait1 | State::FinWait2 | State::CloseWait
        )
    }

    pub(super) fn keep_alive_due(&self) -> Option<Wish> {
        self.seldom.keep_alive.due.map(|because| Wish {
            what: Choice::KeepAlive,
            because,
            why: KEEP_ALIVE,
            purpose: Purpose::KeepAlive,
        })
    }
}

const KEEP_ALIVE: &Why = &Why {
    by: rfc!(9293, "3.8.4"),
    text: "nothing was heard for the keep-alive interval: is the peer still there?",
};
