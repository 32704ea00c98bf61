//! First: check sequence number. Acceptability, trimming, and PAWS before both.
//!
//! RFC 9293 section 3.10.7.4 and RFC 7323 section 5.3.

use crate::base::{SeqNum, SeqRange};
use crate::probe::{Discard, State, Why};
use crate::rfc;
use crate::tcp::connection::Connection;
use crate::tcp::ecn::Ecn;
use crate::tcp::input::acknowledge::{OLD_TEXT, PROBE};
use crate::tcp::{Context, Step};
use crate::wire::tcp::Segment;

/// RFC 9293 Table 6: the four cases of the acceptability test.
pub fn is_acceptable(seq: SeqNum, len: u32, rcv_nxt: SeqNum, rcv_wnd: u32) -> bool {
    match (len, rcv_wnd) {
        (0, 0) => seq == rcv_nxt,
        (0, _) => seq.in_window(rcv_nxt, rcv_wnd),
        (_, 0) => false,
        (_, _) => seq.in_window(rcv_nxt, rcv_wnd) || (seq + (len - 1)).in_window(rcv_nxt, rcv_wnd),
    }
}

impl Connection {
    /// Passes on the part of the segment that lies in the window.
    pub(super) fn check_sequence<'s>(
        &mut self,
        cx: &mut Context<'_>,
        seg: &Segment<'s>,
    ) -> Step<Segment<'s>> {
        self.check_timestamp(cx, seg)?;
        let wnd = self.rcv.wnd();
        // RFC 9293 section 3.5, Figure 7: after a simultaneous open the peer's SYN,ACK repeats the
        // SYN that we know, which lies before the window; what it acknowledges counts.
        if self.state == State::SynReceived && seg.syn() && seg.seq == self.rcv.irs {
            return Ok(seg.trim(self.rcv.nxt, wnd));
        }
        if !is_acceptable(seg.seq, seg.len(), self.rcv.nxt, wnd) {
            // RFC 9293 section 3.4 (MUST-66): with a closed window ACK, URG and RST still count.
            if wnd == 0 && seg.seq == self.rcv.nxt {
                self.acks.owe(cx.input(), PROBE);
            } else {
                return self.refuse(cx, seg);
            }
        }
        self.remember_timestamp(cx, seg);
        self.note_old_text(cx, seg);
        Ok(seg.trim(self.rcv.nxt, wnd))
    }

    /// What of the text lies before RCV.NXT came once more, but for what lies before the peer's
    /// first number: that is of an older connection.
    fn note_old_text(&mut self, cx: &mut Context<'_>, seg: &Segment<'_>) {
        let mut start = seg.seq + u32::from(seg.syn());
        let end = (start + seg.text.len() as u32).earlier_of(self.rcv.nxt);
        if self.incoming.next() < ORDERED {
            start = start.later_of(self.rcv.irs + 1);
        }
        if start.before(end) {
            self.note_duplicate(SeqRange::between(start, end));
            let ecn = self.ecn.as_mut().and_then(Ecn::as_accurate);
            if ecn.is_some_and(|ecn| ecn.bytes.on_text_again()) {
                cx.note(
                    rfc!(9768, "3.2.3.2.2"),
                    "acknowledgments with byte counters do not seem to arrive: they go without",
                );
            }
        }
    }

    /// "If an incoming segment is not acceptable, an acknowledgment should be sent in reply
    /// (unless the RST bit is set, if so drop the segment and return)."
    fn refuse<T>(&mut self, cx: &mut Context<'_>, seg: &Segment<'_>) -> Step<T> {
        if seg.rst() {
            // RFC 5961 section 3.2 has a reset outside if it lies beyond RCV.NXT + RCV.WND. Exactly
            // there comes that of a peer which gives up with a full window on its way: if part of
            // the window was lost, nothing else would ever tell us.
            if seg.seq == self.rcv.nxt + self.rcv.wnd() {
                return self.challenge_reset(cx);
            }
            return Err(Discard::ResetOutOfWindow.into());
        }
        if seg.syn() {
            return self.challenge_syn(cx);
        }
        let is_old = seg.end().at_or_before(self.rcv.nxt);
        if is_old && !seg.is_empty() {
            // A retransmission: the sender waits for just this answer.
            if self.state == State::TimeWait && seg.fin() {
                self.start_time_wait(cx);
            }
            self.note_old_text(cx, seg);
            self.acks.owe(cx.input(), OLD_TEXT);
        } else {
            // An old duplicate, a keep-alive, or a stranger: answered, but not without limit.
            self.owe_challenge(cx, UNACCEPTABLE);
        }
        Err(if is_old {
            Discard::Old.into()
        } else {
            Discard::OutOfWindow.into()
        })
    }

    /// RFC 7323 section 5.3, R1, and section 3.2 for a timestamp that is missing.
    fn check_timestamp(&mut self, cx: &mut Context<'_>, seg: &Segment<'_>) -> Step {
        let Some(timestamps) = &self.timestamps else {
            return Ok(());
        };
        if seg.rst() {
            // RFC 7323 section 5.2: a reset is judged by its sequence number alone.
            return Ok(());
        }
        let Some(option) = seg.options.timestamps else {
            // RFC 7323 section 3.2: a segment without the option should be dropped in silence.
            return Err(Discard::TimestampMissing.into());
        };
        // house!("paws-and-order"): also a pure acknowledgment that a newer one has overtaken.
        if timestamps.is_old(option.value, cx.now) {
            self.owe_challenge(cx, OLD_TIMESTAMP);
            return Err(Discard::Paws.into());
        }
        Ok(())
    }

    /// RFC 7323 section 5.3, R3; section 5.2: a reset's timestamp must change nothing.
    fn remember_timestamp(&mut self, cx: &Context<'_>, seg: &Segment<'_>) {
        if seg.rst() {
            return;
        }
        if let (Some(timestamps), Some(option)) = (&mut self.timestamps, seg.options.timestamps) {
            timestamps.on_segment(option.value, seg.seq, cx.now);
        }
    }
}

/// Numbers so far apart have no order any more.
const ORDERED: u64 = 1 << 31;

const UNACCEPTABLE: &Why = &Why {
    by: rfc!(9293, "3.10.7.4"),
    text: "an unacceptable segment is answered by what is expected",
};

const OLD_TIMESTAMP: &Why = &Why {
    by: rfc!(7323, "5.3"),
    text: "the timestamp is older than one seen before: an old duplicate",
};

#[cfg(test)]
mod tests;
