//! Timeouts: RFC 9293 section 3.10.8 and the retransmission timer of RFC 6298 section 5.
//!
//! Sets the timers that guard what is outstanding, and acts when they expire. Nothing outstanding
//! is ever without a timer: the retransmission timer, or the persist timer while the peer's window
//! is closed.

use crate::base::SeqRange;
use crate::house;
use crate::probe::{Edge, Event, LossProof, State, TimerKind};
use crate::rfc;

use super::congestion::Congestion;
use super::connection::Connection;
use super::{Context, Failure};

impl Connection {
    /// Sees to it that what is outstanding, or held back by a closed window, has its timer.
    ///
    /// RFC 6298 section 5 (5.1): every time a packet with data is sent, if the timer does not run,
    /// start it; (5.2): when all is acknowledged, stop it.
    pub(super) fn arm_retransmission(&mut self, cx: &mut Context<'_>) {
        if self.state == State::Closed {
            return;
        }
        let outstanding = self.snd.outstanding() > 0;
        let unsent = self.snd.nxt != self.outgoing.limit();
        if self.is_window_closed() && (outstanding || unsent) {
            self.timers.cancel(cx, TimerKind::Retransmission);
            self.arm_persist(cx);
        } else {
            self.timers.cancel(cx, TimerKind::Persist);
            if !outstanding {
                self.timers.cancel(cx, TimerKind::Retransmission);
            } else if self.timers.get(TimerKind::Retransmission).is_none() {
                let at = cx.now + self.rtt.rto();
                self.timers.set(cx, TimerKind::Retransmission, at);
            }
        }
        self.arm_silly_window(cx);
        if outstanding || unsent {
            self.arm_user_timeout(cx);
        } else {
            self.timers.cancel(cx, TimerKind::UserTimeout);
        }
    }

    /// What is the oldest outstanding has left once more, by whatever rule: the timer gives it as
    /// long as it would give a first copy.
    ///
    /// RFC 6298 section 5: no segment goes again less than one RTO after it went last.
    pub(super) fn give_time(&mut self, cx: &mut Context<'_>, resent: SeqRange) {
        let runs = self.timers.get(TimerKind::Retransmission).is_some();
        if runs && resent.start == self.snd.una {
            let at = cx.now + self.rtt.rto();
            self.timers.set(cx, TimerKind::Retransmission, at);
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

    /// RFC 6298 section 5 (5.4) to (5.6), RFC 9293 section 3.8.3 for how often.
    pub(super) fn on_retransmission_timeout(&mut self, cx: &mut Context<'_>) {
        let in_handshake = matches!(self.state, State::SynSent | State::SynReceived);
        let r2 = match self.state {
            State::SynSent => self.config.r2_syn,
            State::SynReceived => self.config.r2_syn_ack,
            _ => self.config.r2,
        };
        if self.recovery.timeouts >= r2 {
            self.give_up(cx);
            return;
        }
        let flight = u64::from(self.snd.outstanding());
        let range = SeqRange::between(self.snd.una, self.snd.nxt);
        let by = LossProof::Timeout;
        cx.tell(|| Event::Lost { range, by });
        if !in_handshake {
            let again = self.recovery.timeouts > 0;
            self.congestion
                .on_congestion(cx.now, Congestion::Timeout { flight, again });
            self.tell_window(
                cx,
                rfc!(5681, "3.1"),
                "a timeout: slow start from one segment",
            );
        }
        let mss = self.eff_snd_mss();
        self.recovery
            .on_timeout(self.snd.una, self.snd.nxt, mss, in_handshake, cx.input());
        if self.recovery.timeouts == self.config.r1 {
            cx.note(
                rfc!(9293, "3.8.3"),
                "R1 is reached: the path is doubtful (MUST-20 (b), SHLD-9)",
            );
        }
        // (5.5) back off the timer, (5.6) start it.
        self.rtt.on_timeout();
        let at = cx.now + self.rtt.rto();
        self.timers.set(cx, TimerKind::Retransmission, at);
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
            self.reset_owed = Some(cx.input());
        }
        self.fail(cx, Edge::Aborted, failure);
    }

    /// "For any state if the user timeout expires, flush all queues, signal the user".
    pub(super) fn on_user_timeout(&mut self, cx: &mut Context<'_>) {
        cx.note(rfc!(9293, "3.10.8"), "the user timeout has expired");
        if self.state.is_synchronized() {
            self.reset_owed = Some(cx.input());
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
