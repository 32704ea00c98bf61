//! The three timers that guard what is outstanding: retransmission (RFC 6298 section 5), reordering
//! and loss probe (RFC 8985 sections 6.2 and 7). One of them runs at a time (RFC 8985 section 8).
//!
//! How long each waits is decided in `recovery`; here they are set, and acted on when they expire.

use crate::base::{Instant, SeqRange};
use crate::probe::{Event, LossProof, State, TimerKind};
use crate::rfc;

use super::Context;
use super::congestion::Congestion;
use super::connection::Connection;
use super::ecn::Ecn;
use super::recovery::{Expired, Learned, Loss};

impl Connection {
    /// Something is outstanding: sees to it that a timer runs.
    ///
    /// RFC 6298 section 5 (5.1): every time a packet with data is sent, if the timer does not run,
    /// start it.
    pub(super) fn arm_loss_timer(&mut self, cx: &mut Context<'_>) {
        // A look that is further away than a timeout does not keep the timer from running: the
        // window for reordering may be as long as a round trip is taken to be.
        if let Some(at) = self.recovery.look_at() {
            let soon = cx.now + self.rtt.rto();
            if at <= soon {
                if self.timers.rto_at().is_none() {
                    self.timers.set_rto_at(soon);
                }
                self.run_loss_timer(cx, TimerKind::Reordering, at);
                return;
            }
        }
        // While it was looked for what is overtaken, the time for a timeout may have passed.
        let looked = self.timers.get(TimerKind::Reordering).is_some();
        let rto_at = self
            .timers
            .rto_at()
            .filter(|at| !looked || *at > cx.now)
            .unwrap_or_else(|| cx.now + self.rtt.rto());
        self.timers.set_rto_at(rto_at);
        let probing = self.timers.get(TimerKind::LossProbe).is_some();
        if !probing || !self.recovery.may_probe() {
            self.run_loss_timer(cx, TimerKind::Retransmission, rto_at);
        }
    }

    /// RFC 8985 section 7.2: new data has left, or some is acknowledged. The probe never comes
    /// later than the retransmission timer would expire.
    pub(super) fn restart_loss_probe(&mut self, cx: &mut Context<'_>) {
        let may_probe = self.state.is_synchronized() && self.recovery.may_probe();
        if !may_probe || self.recovery.look_at().is_some() {
            return;
        }
        let rto_at = match self.timers.rto_at() {
            Some(at) => at,
            None => {
                let at = cx.now + self.rtt.rto();
                self.timers.set_rto_at(at);
                at
            }
        };
        let mss = self.eff_snd_mss();
        let wait = self
            .recovery
            .probe_timeout(self.rtt.srtt(), mss, self.config.max_ack_delay);
        let at = rto_at.min(cx.now + wait);
        self.run_loss_timer(cx, TimerKind::LossProbe, at);
    }

    /// RFC 8985 section 8: "the sender SHOULD cancel any other pending timers".
    pub(super) fn run_loss_timer(&mut self, cx: &mut Context<'_>, kind: TimerKind, at: Instant) {
        for other in LOSS_TIMERS {
            if other != kind {
                self.timers.cancel(cx, other);
            }
        }
        self.timers.set(cx, kind, at);
    }

    /// Whether the retransmission timer has expired and what it sends again is tried only now.
    pub(super) fn take_expired(&mut self) -> bool {
        let seldom = self.seldom.awake();
        seldom.is_some_and(|seldom| std::mem::take(&mut seldom.expired))
    }

    /// Nothing is outstanding, or the persist timer guards it.
    pub(super) fn cancel_loss_timers(&mut self, cx: &mut Context<'_>) {
        self.timers.forget_rto_at();
        for kind in LOSS_TIMERS {
            self.timers.cancel(cx, kind);
        }
    }

    /// RFC 6298 section 5 (5.2), (5.3): something new is acknowledged.
    pub(super) fn restart_timers(&mut self, cx: &mut Context<'_>) {
        let stopped = self.timers.stop_all(&RESTARTED);
        self.timers.forget_rto_at();
        self.take_expired();
        if self.snd.outstanding() > 0 {
            self.restart_loss_probe(cx);
        }
        self.arm_retransmission(cx);
        self.timers.tell_stopped(cx, stopped);
    }

    /// What is the oldest outstanding has left once more, by whatever rule: the timer gives it as
    /// long as it would give a first copy.
    ///
    /// RFC 6298 section 5: no segment goes again less than one RTO after it went last.
    pub(super) fn give_time(&mut self, cx: &mut Context<'_>, resent: SeqRange) {
        // SYNs that come again, and draw ours again, must not keep a connection for ever.
        let may_wait = !self.is_fast_opened();
        if self.timers.rto_at().is_some() && resent.start == self.snd.una && may_wait {
            self.rearm_retransmission(cx);
        }
    }

    /// The retransmission timer begins anew.
    fn rearm_retransmission(&mut self, cx: &mut Context<'_>) {
        let at = cx.now + self.rtt.rto();
        self.timers.set_rto_at(at);
        if self.timers.get(TimerKind::Reordering).is_none() {
            self.run_loss_timer(cx, TimerKind::Retransmission, at);
        }
    }

    /// RFC 8985 section 6.2 step 5: what might only have been overtaken is lost now.
    pub(super) fn on_reordering_timeout(&mut self, cx: &mut Context<'_>) {
        let flight = self.recovery.in_flight();
        let losses = self.find_losses(cx);
        self.rearm_retransmission(cx);
        if losses.bytes > 0 {
            self.conclude_from_reports(cx, flight);
            let mss = self.eff_snd_mss();
            let learned = Learned::default();
            self.recovery.spread_reduction(&learned, losses.bytes, mss);
        }
        self.arm_retransmission(cx);
    }

    /// RFC 8985 section 7.3: an acknowledgment is overdue. A new segment goes as a probe if there
    /// is one and the peer has room for it, or the last one goes again; and the retransmission
    /// timer runs, whether or not a probe goes.
    pub(super) fn on_loss_probe_timeout(&mut self, cx: &mut Context<'_>) {
        if self.recovery.may_probe() {
            if self.could_send_new() {
                self.recovery.ask(cx.input());
            } else {
                // A FIN rides on the text before it.
                let fin = self.outgoing.is_closed() && self.snd.nxt == self.outgoing.limit();
                let most = self.eff_snd_mss() + u32::from(fin);
                self.recovery.probe_again(most, cx.input());
            }
        }
        self.rearm_retransmission(cx);
    }

    /// RFC 6298 section 5 (5.4) to (5.6), RFC 9293 section 3.8.3 for how often.
    pub(super) fn on_retransmission_timeout(&mut self, cx: &mut Context<'_>) {
        let in_handshake = matches!(self.state, State::SynSent | State::SynReceived);
        let r2 = match self.state {
            State::SynSent => self.config.r2_syn,
            State::SynReceived => self.config.r2_syn_ack,
            _ => self.config.r2,
        };
        if self.recovery.timeouts() >= r2 {
            self.give_up(cx);
            return;
        }
        self.path_doubts += 1;
        if self.snd.una == self.snd.iss + 1 {
            self.on_first_text_lost(cx);
        }
        let flight = u64::from(self.snd.outstanding());
        self.on_timeout_beside_probe(cx);
        self.lose_at_timeout(cx, in_handshake);
        if !in_handshake {
            let again = self.recovery.timeouts() > 1;
            self.congestion
                .on_congestion(cx.now, Congestion::Timeout { flight, again });
            self.note_reduction();
            self.tell_window(
                cx,
                rfc!(5681, "3.1"),
                "a timeout: slow start from one segment",
            );
        }
        if self.recovery.timeouts() == self.config.r1 {
            cx.note(
                rfc!(9293, "3.8.3"),
                "R1 is reached: the path is doubtful (MUST-20 (b), SHLD-9)",
            );
        }
        // (5.5) back off the timer, (5.6) start it.
        if self.state != State::SynSent || self.recovery.timeouts() > self.config.syn_linear {
            self.rtt.on_timeout();
        }
        self.seldom.wake().expired = true;
        self.rearm_retransmission(cx);
    }

    /// RFC 9768 section 3.2.3.2.2: somebody on the way may mind its option.
    fn on_first_text_lost(&mut self, cx: &mut Context<'_>) {
        let ecn = self.ecn.as_mut().and_then(Ecn::as_accurate);
        if ecn.is_some_and(|ecn| ecn.bytes.on_first_text_lost()) {
            cx.note(
                rfc!(9768, "3.2.3.2.2"),
                "the first text with byte counters is lost: it goes again without them",
            );
        }
    }

    fn lose_at_timeout(&mut self, cx: &mut Context<'_>, in_handshake: bool) {
        let expired = Expired {
            una: self.snd.una,
            nxt: self.snd.nxt,
            syn: in_handshake,
        };
        let at = self.detection(cx);
        let Connection {
            recovery,
            congestion,
            ..
        } = self;
        recovery.on_timeout(&expired, &at, &mut |loss: Loss| {
            let (range, by) = (loss.range, LossProof::Timeout);
            cx.tell(|| Event::Lost { range, by });
            congestion.on_lost(at.now, range.len, loss.tx_in_flight.into());
        });
    }
}

/// Those that an acknowledgment of something new gives their time anew.
const RESTARTED: [TimerKind; 4] = [
    TimerKind::Reordering,
    TimerKind::LossProbe,
    TimerKind::Retransmission,
    TimerKind::UserTimeout,
];
/// Those of which one runs at a time.
const LOSS_TIMERS: [TimerKind; 3] = [
    TimerKind::Reordering,
    TimerKind::LossProbe,
    TimerKind::Retransmission,
];
