//! CLOSE and ABORT: RFC 9293 sections 3.6, 3.10.4 and 3.10.5.
//!
//! Our FIN is queued behind the text that waits; `output::choose` says when it goes.

use crate::probe::{Edge, State, TimerKind};
use crate::rfc;

use super::connection::Connection;
use super::{Context, Failure};

impl Connection {
    /// CLOSE as section 3.10.4 has it: "I have no more data to send". Receiving goes on.
    pub fn close(&mut self, cx: &mut Context<'_>) {
        self.stirred = cx.input();
        match self.state {
            // "Delete the TCB".
            State::Listen | State::SynSent => self.enter(cx, Edge::Closed),
            State::SynReceived | State::Established | State::CloseWait => self.outgoing.close(),
            // Closed already.
            _ => return,
        }
        self.arm_retransmission(cx);
    }

    /// The application lets go of its handle: nobody will read or write any more.
    ///
    /// RFC 9293 section 3.6.1 (SHLD-3): if text was received that nobody has read, a reset shows
    /// that it is lost.
    pub fn abandon(&mut self, cx: &mut Context<'_>) {
        self.stirred = cx.input();
        // In TIME-WAIT there is nobody to tell, and TIME-WAIT must stay (MUST-13).
        let is_over = matches!(self.state, State::Closed | State::TimeWait);
        if self.incoming.unread() > 0 && !is_over {
            cx.note(
                rfc!(9293, "3.6.1"),
                "closed with text unread: it is lost, and a reset says so",
            );
            self.abort(cx);
            return;
        }
        self.orphaned = true;
        self.incoming.discard();
        self.close(cx);
        if self.state == State::FinWait2 {
            self.start_fin_wait_2(cx);
        }
    }

    /// ABORT: "send a reset segment <SEQ=SND.NXT><CTL=RST>", all queues are flushed.
    pub fn abort(&mut self, cx: &mut Context<'_>) {
        self.stirred = cx.input();
        let reset = matches!(
            self.state,
            State::SynReceived
                | State::Established
                | State::FinWait1
                | State::FinWait2
                | State::CloseWait
        );
        if reset {
            self.seldom.wake().reset_owed = Some(cx.input());
        }
        if self.state != State::Closed {
            self.fail(cx, Edge::Aborted, Failure::Aborted);
        }
        self.incoming.discard();
    }

    /// "Start the time-wait timer, turn off the other timers": RFC 9293 section 3.6.
    pub(super) fn start_time_wait(&mut self, cx: &mut Context<'_>) {
        for kind in TimerKind::ALL {
            if !matches!(kind, TimerKind::DelayedAck | TimerKind::TimeWait) {
                self.timers.cancel(cx, kind);
            }
        }
        self.release_spare();
        // RFC 9293 section 3.6.1 (MUST-13): twice the maximum segment lifetime.
        let at = cx.now + 2 * self.config.msl;
        self.timers.set(cx, TimerKind::TimeWait, at);
    }

    /// FIN-WAIT-2 has no timeout as long as somebody may read.
    pub(super) fn start_fin_wait_2(&mut self, cx: &mut Context<'_>) {
        if self.orphaned {
            let at = cx.now + self.config.fin_wait_2;
            self.timers.set(cx, TimerKind::FinWait2, at);
        }
    }
}
