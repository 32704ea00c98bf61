//! Fifth: check the ACK field. What it taught us, and what our FIN's acknowledgment leads to.
//!
//! RFC 9293 section 3.10.7.4 and RFC 5961 section 5.2. One report an ACK is made here and read by
//! the congestion control; loss is `recovery`'s business, and the timer `timeout`'s.

use std::time::Duration;

use crate::base::{SeqNum, SeqRange};
use crate::probe::{Accepted, Discard, Edge, Event, LossProof, State, TimerKind};
use crate::rfc;
use crate::tcp::congestion::{AckReport, Congestion};
use crate::tcp::connection::Connection;
use crate::tcp::recovery::Verdict;
use crate::tcp::wake::Wake;
use crate::tcp::{Context, Step};
use crate::wire::tcp::Segment;

impl Connection {
    /// `arrived` is the segment before trimming, which takes its SYN away.
    pub(super) fn check_ack(
        &mut self,
        cx: &mut Context<'_>,
        arrived: &Segment<'_>,
        seg: &Segment<'_>,
    ) -> Step<Accepted> {
        let Some(ack) = seg.ack else {
            return Err(Discard::NoAck.into());
        };
        let moved = if self.state == State::SynReceived {
            self.check_handshake_ack(cx, arrived, ack)?;
            true
        } else {
            self.check_ack_range(cx, ack)?;
            self.snd.update_window(seg, ack)
        };
        self.keep_alive_heard(cx);
        self.persist.on_answer();
        let news = self.take_reports(seg, ack);
        let learned = if self.snd.is_new_ack(ack) {
            let handshake = self.snd.una == self.snd.iss;
            self.on_new_ack(cx, seg, ack);
            if handshake {
                Accepted::HandshakeAck
            } else {
                Accepted::Ack
            }
        } else if self.is_duplicate(seg, ack, moved) {
            self.on_duplicate_ack(cx, news);
            Accepted::DuplicateAck
        } else if moved {
            Accepted::WindowUpdate
        } else {
            Accepted::Ack
        };
        if moved {
            self.on_window_moved(cx);
        }
        self.take_fin_ack(cx)?;
        Ok(learned)
    }

    /// "If SND.UNA < SEG.ACK =< SND.NXT, then enter ESTABLISHED state ... If the segment
    /// acknowledgment is not acceptable, form a reset segment".
    fn check_handshake_ack(
        &mut self,
        cx: &mut Context<'_>,
        arrived: &Segment<'_>,
        ack: SeqNum,
    ) -> Step {
        if !self.snd.is_new_ack(ack) {
            return Err(Discard::AckUnacceptable.into());
        }
        self.snd.start_window(arrived);
        self.enter(cx, Edge::SynAcked);
        self.on_established(cx);
        Ok(())
    }

    /// RFC 5961 section 5.2: (SND.UNA - MAX.SND.WND) =< SEG.ACK =< SND.NXT.
    fn check_ack_range(&mut self, cx: &mut Context<'_>, ack: SeqNum) -> Step {
        let why = if ack.after(self.snd.nxt) {
            Discard::AckTooNew
        } else if !self.snd.is_recent_ack(ack) {
            Discard::AckTooOld
        } else {
            return Ok(());
        };
        self.owe_challenge(
            cx,
            rfc!(5961, "5.2"),
            "the segment acknowledges what was never sent, or long ago: it is not believed",
        );
        Err(why.into())
    }

    /// SND.UNA < SEG.ACK =< SND.NXT: "set SND.UNA <- SEG.ACK".
    pub(in crate::tcp) fn on_new_ack(
        &mut self,
        cx: &mut Context<'_>,
        seg: &Segment<'_>,
        ack: SeqNum,
    ) {
        let rtt = self.measure_round_trip(cx, seg, ack);
        let flight_before = self.snd.outstanding();
        let in_flight_before = self.recovery.in_flight(self.snd.una, self.snd.nxt);
        let acked = ack.since(self.snd.una);
        self.snd.una = ack;
        if self.snd.wl2 != ack {
            // The window came with an older segment: SND.WND is an offset from SND.UNA.
            self.snd.wnd = self.snd.wnd.saturating_sub(acked);
        }
        if self.snd.up.is_some_and(|up| up.at_or_before(ack)) {
            self.snd.up = None;
        }
        let released = self.outgoing.release(ack) as u32;
        if released > 0 {
            self.wake |= Wake::WRITABLE;
        }
        let mss = self.eff_snd_mss();
        let verdict = self
            .recovery
            .on_new_ack(ack, self.snd.nxt, acked, mss, cx.input());
        self.on_verdict(cx, verdict);
        let report = AckReport {
            now: cx.now,
            una: ack,
            nxt: self.snd.nxt,
            acked: released,
            delivered: released,
            lost: 0,
            in_flight: u64::from(self.recovery.in_flight(ack, self.snd.nxt)),
            in_flight_before: u64::from(in_flight_before),
            rtt,
            srtt: self.rtt.srtt(),
            min_rtt: None,
            rate: None,
            window_limited: u64::from(flight_before) >= self.congestion.window() / 2,
            in_recovery: self.recovery.in_recovery() || verdict == Verdict::Over,
            ce: 0,
        };
        if released > 0 {
            self.congestion.on_ack(&report);
        }
        self.restart_timers(cx);
    }

    /// RFC 6298 section 3 and RFC 7323 section 4.1: a measurement of the round trip, if this
    /// acknowledgment of something new gives one.
    fn measure_round_trip(
        &mut self,
        cx: &mut Context<'_>,
        seg: &Segment<'_>,
        ack: SeqNum,
    ) -> Option<Duration> {
        let srtt = self.rtt.srtt().unwrap_or_default();
        let echo = || {
            let echo = seg.options.timestamps?.echo;
            self.timestamps.as_ref()?.rtt(echo, cx.now)
        };
        let rtt = self.recovery.take_rtt(ack, cx.now, srtt, echo)?;
        self.rtt.sample(rtt);
        let estimator = self.rtt;
        cx.tell(|| Event::RttSampled {
            rtt,
            srtt: estimator.srtt().unwrap_or_default(),
            rttvar: estimator.rttvar().unwrap_or_default(),
            rto: estimator.rto(),
        });
        Some(rtt)
    }

    /// RFC 5681 section 2: (a) data is outstanding, (b) no text, (c) no SYN or FIN, (d) it
    /// acknowledges what was acknowledged already, (e) its window is the one we know. An older
    /// segment cannot move the window that we know, but shows another.
    fn is_duplicate(&self, seg: &Segment<'_>, ack: SeqNum, moved: bool) -> bool {
        self.snd.outstanding() > 0
            && seg.is_empty()
            && ack == self.snd.una
            && !moved
            && self.snd.scale.scale(seg.window) == self.snd.wnd
            && self.snd.wnd > 0
    }

    /// Whether the segment tells that something has arrived beyond SND.UNA. Where SACK is not
    /// agreed on, no segment can tell more than that it came: that counts.
    fn take_reports(&mut self, seg: &Segment<'_>, ack: SeqNum) -> bool {
        let una = self.snd.una.later_of(ack);
        let blocks = seg.options.sack.as_slice();
        !self.agreed.sack || self.recovery.take_reports(blocks, una, self.snd.nxt)
    }

    fn on_duplicate_ack(&mut self, cx: &mut Context<'_>, news: bool) {
        let mss = self.eff_snd_mss();
        let verdict = self
            .recovery
            .on_duplicate(self.snd.una, self.snd.nxt, mss, news, cx.input());
        self.on_verdict(cx, verdict);
    }

    fn on_verdict(&mut self, cx: &mut Context<'_>, verdict: Verdict) {
        let una = self.snd.una;
        let range = SeqRange {
            start: una,
            len: self.snd.outstanding().min(self.eff_snd_mss()),
        };
        match verdict {
            Verdict::Nothing => {}
            Verdict::Lost { limited } => {
                let by = LossProof::ThreeDuplicates;
                cx.tell(|| Event::Lost { range, by });
                // RFC 5681 section 3.2 step 2: what limited transmit sent does not count.
                let flight = u64::from(self.snd.outstanding().saturating_sub(limited));
                self.congestion
                    .on_congestion(cx.now, Congestion::Loss { flight });
                self.tell_window(
                    cx,
                    rfc!(5681, "3.2"),
                    "three duplicates: the window is halved",
                );
            }
            Verdict::Partial => {
                let by = LossProof::PartialAck;
                cx.tell(|| Event::Lost { range, by });
            }
            Verdict::Over => {
                let flight = u64::from(self.snd.outstanding());
                self.congestion
                    .on_congestion(cx.now, Congestion::Over { flight });
                self.tell_window(cx, rfc!(6582, "3.2"), "all that was lost is acknowledged");
            }
        }
    }

    pub(in crate::tcp) fn tell_window(
        &mut self,
        cx: &mut Context<'_>,
        by: crate::base::Cite,
        text: &'static str,
    ) {
        let (cwnd, ssthresh) = (self.congestion.window(), self.congestion.threshold());
        cx.tell(|| Event::CongestionChanged {
            cwnd,
            ssthresh,
            by,
            text,
        });
    }

    /// What follows if our FIN is acknowledged now.
    fn take_fin_ack(&mut self, cx: &mut Context<'_>) -> Step {
        if !self.outgoing.is_closed() || self.snd.una != self.outgoing.limit() {
            return Ok(());
        }
        match self.state {
            State::FinWait1 | State::Closing => self.enter(cx, Edge::FinAcked),
            State::LastAck => {
                self.enter(cx, Edge::FinAcked);
                return Err(Accepted::Ack.into());
            }
            _ => {}
        }
        Ok(())
    }

    /// RFC 6298 section 5 (5.2), (5.3): something new is acknowledged.
    fn restart_timers(&mut self, cx: &mut Context<'_>) {
        self.timers.stop(TimerKind::Retransmission);
        self.timers.stop(TimerKind::UserTimeout);
        self.arm_retransmission(cx);
    }
}
