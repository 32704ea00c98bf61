//! Fifth: check the ACK field. What it taught us, and what our FIN's acknowledgment leads to.
//!
//! RFC 9293 section 3.10.7.4 and RFC 5961 section 5.2. What the ACK says of loss is weighed in
//! `loss`, and the timer is `timeout`'s.

use std::time::Duration;

use crate::base::SeqNum;
use crate::probe::{Accepted, Discard, Edge, Event, State, Why};
use crate::rfc;
use crate::tcp::connection::Connection;
use crate::tcp::ecn::{Ecn, is_silent};
use crate::tcp::wake::Wake;
use crate::tcp::{Context, Step};
use crate::wire::tcp::{Flags, Segment};

use super::loss::Change;

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
        let opening = self.state == State::SynReceived;
        let moved = if opening {
            self.check_handshake_ack(cx, arrived, ack)?;
            true
        } else {
            self.check_ack_range(cx, ack)?;
            self.snd.update_window(seg, ack)
        };
        self.keep_alive_heard(cx);
        if let Some(seldom) = self.seldom.awake() {
            seldom.persist.on_answer();
        }
        let learned = if self.snd.is_new_ack(ack) {
            self.on_new_ack(cx, seg, ack);
            if opening {
                self.on_our_syn_acked(cx);
                Accepted::HandshakeAck
            } else {
                Accepted::Ack
            }
        } else {
            let duplicate = self.is_duplicate(seg, ack, moved);
            self.on_known_ack(cx, seg, ack, duplicate);
            match (duplicate, moved) {
                (true, _) => Accepted::DuplicateAck,
                (false, true) => Accepted::WindowUpdate,
                (false, false) => Accepted::Ack,
            }
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
        if let Some(ecn) = self.ecn.as_mut().and_then(Ecn::as_accurate) {
            ecn.on_handshake_ack(arrived.flags);
        }
        if is_silent(self.recovery.timeouts()) {
            self.on_ecn_silence();
        }
        self.enter(cx, Edge::SynAcked);
        self.on_established(cx);
        Ok(())
    }

    /// RFC 9768 section 3.1.5: a packet of the handshake has gone or come without flags.
    pub(in crate::tcp) fn on_ecn_silence(&mut self) {
        if let Some(ecn) = self.ecn.as_mut().and_then(Ecn::as_accurate) {
            ecn.on_silence();
        }
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
        self.owe_challenge(cx, UNBELIEVED);
        Err(why.into())
    }

    /// SND.UNA < SEG.ACK =< SND.NXT: "set SND.UNA <- SEG.ACK".
    pub(in crate::tcp) fn on_new_ack(
        &mut self,
        cx: &mut Context<'_>,
        seg: &Segment<'_>,
        ack: SeqNum,
    ) {
        let in_flight_before = self.recovery.in_flight();
        let rtt = self.measure_round_trip(cx, seg, ack);
        let moved = ack.since(self.snd.una);
        self.snd.una = ack;
        if self.snd.wl2 != ack {
            // The window came with an older segment: SND.WND is an offset from SND.UNA.
            self.snd.wnd = self.snd.wnd.saturating_sub(moved);
        }
        if self.snd.up.is_some_and(|up| up.at_or_before(ack)) {
            self.snd.up = None;
        }
        let released = self.outgoing.release(ack) as u32;
        if let Some(bursts) = &mut self.bursts {
            bursts.on_acknowledged(ack);
        }
        self.more_follows = false;
        if released > 0 {
            self.wake |= Wake::WRITABLE;
        }
        self.recovery.on_progress(ack);
        if let Some(ecn) = &mut self.ecn {
            ecn.on_progress(ack);
        }
        let learned = self.hear(cx, seg, ack, false);
        let change = Change {
            moved,
            released,
            in_flight_before,
            duplicate: false,
            rtt,
            echo: self.hears_of_marks(seg, &learned),
        };
        self.weigh(cx, &learned, &change);
        self.restart_timers(cx);
    }

    /// Our SYN was among what is acknowledged.
    pub(in crate::tcp) fn on_our_syn_acked(&mut self, cx: &Context<'_>) {
        self.resend_syn_text(cx);
        // A connection that carries nothing keeps no memory for the SYN either.
        self.recovery.release_spare();
    }

    /// An ACK of nothing new, which may report what has arrived beyond SND.UNA.
    fn on_known_ack(
        &mut self,
        cx: &mut Context<'_>,
        seg: &Segment<'_>,
        ack: SeqNum,
        duplicate: bool,
    ) {
        // With nothing outstanding there is nothing to hear of; a report may still be of a copy
        // that was one too many. So it is while a peer only sends.
        let silent = seg.options.sack().is_empty() && !seg.flags.has(Flags::ECE);
        if self.snd.outstanding() == 0 && silent {
            return;
        }
        let in_flight_before = self.recovery.in_flight();
        let learned = self.hear(cx, seg, ack, duplicate);
        let change = Change {
            in_flight_before,
            duplicate,
            echo: self.hears_of_marks(seg, &learned),
            ..Change::default()
        };
        self.weigh(cx, &learned, &change);
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
}

const UNBELIEVED: &Why = &Why {
    by: rfc!(5961, "5.2"),
    text: "the segment acknowledges what was never sent, or long ago: it is not believed",
};
