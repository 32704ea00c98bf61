//! Timeouts: RFC 9293 section 3.10.8.
//!
//! Sets the timers that guard what is outstanding, and gives up when it must. Nothing outstanding
//! is ever without a timer: one of `loss_timers`, or the persist timer while the peer's window is
//! closed.

use crate::house;
use crate::probe::{Edge, State, TimerKind};
use crate::rfc;

use super::connection::Connection;
use super::{Context, Failure};

impl Connection {
    /// Sees to it that what is outstanding, or held back by a closed window, has its timer.
    ///
    /// RFC 6298 section 5 (5.2): when all is acknowledged, the retransmission timer stops.
    pub(super) fn arm_retransmission(&mut self, cx: &mut Context<'_>) {
        if self.state == State::Closed {
            return;
        }
        let outstanding = self.snd.outstanding() > 0;
        let unsent = self.snd.nxt != self.outgoing.limit();
        if unsent && !outstanding && self.seldom.persist.refused() > 0 {
            // Whoever was refused has set a timer.
            self.cancel_loss_timers(cx);
        } else if self.is_window_closed() && (outstanding || unsent) {
            self.cancel_loss_timers(cx);
            self.arm_persist(cx);
        } else {
            self.timers.cancel(cx, TimerKind::Persist);
            if outstanding {
                self.arm_loss_timer(cx);
            } else {
                self.cancel_loss_timers(cx);
            }
        }
        self.arm_silly_window(cx);
        self.arm_pacing(cx);
        if outstanding || unsent {
            self.arm_user_timeout(cx);
        } else {
            self.timers.cancel(cx, TimerKind::UserTimeout);
        }
    }

    /// The override timeout of RFC 9293 section 3.8.6.2.1, when nothing else will move the text.
    fn arm_silly_window(&mut self, cx: &mut Context<'_>) {
        if self.is_held_by_silly_window() {
            if self.timers.get(TimerKind::SillyWindow).is_none() && !self.silly_window_over {
                let at = cx.now + super::output::nagle::OVERRIDE_TIMEOUT;
                self.timers.set(cx, TimerKind::SillyWindow, at);
            }
        } else {
            self.timers.cancel(cx, TimerKind::SillyWindow);
        }
    }

    pub(super) fn arm_user_timeout(&mut self, cx: &mut Context<'_>) {
        if let Some(patience) = self.config.user_timeout
            && self.timers.get(TimerKind::UserTimeout).is_none()
        {
            let at = cx.now + patience;
            self.timers.set(cx, TimerKind::UserTimeout, at);
        }
    }

    /// R2 is reached, or probes and keep-alives go unanswered.
    pub(super) fn give_up(&mut self, cx: &mut Context<'_>) {
        cx.note(
            rfc!(9293, "3.8.3"),
            "R2 is reached: the connection is closed",
        );
        let failure = if self.soft_error {
            Failure::Unreachable
        } else {
            Failure::TimedOut
        };
        // The peer may be there after all, deaf but able to hear.
        if self.state.is_synchronized() {
            self.seldom.wake().reset_owed = Some(cx.input());
        }
        self.fail(cx, Edge::Aborted, failure);
    }

    /// "For any state if the user timeout expires, flush all queues, signal the user".
    pub(super) fn on_user_timeout(&mut self, cx: &mut Context<'_>) {
        cx.note(rfc!(9293, "3.10.8"), "the user timeout has expired");
        if self.state.is_synchronized() {
            self.seldom.wake().reset_owed = Some(cx.input());
        }
        self.fail(cx, Edge::Aborted, Failure::UserTimeout);
    }

    /// "If the time-wait timeout expires on a connection, delete the TCB".
    pub(super) fn on_time_wait_over(&mut self, cx: &mut Context<'_>) {
        self.enter(cx, Edge::TwoMslElapsed);
    }

    /// Nobody reads, and the peer never closes.
    pub(super) fn on_fin_wait_2_over(&mut self, cx: &mut Context<'_>) {
        cx.note(house!("fin-wait-2"), "the peer did not close in time");
        self.fail(cx, Edge::Aborted, Failure::TimedOut);
    }
}
