//! The one decision: what to send next, most urgent first.

use crate::base::SeqRange;
use crate::probe::{Purpose, Resent, State, Why};
use crate::rfc;
use crate::tcp::Context;
use crate::tcp::connection::Connection;
use crate::tcp::recovery::{Due, PROBE};

use super::nagle::{self, Situation};
use super::{Choice, Wish};

impl Connection {
    /// What to send next. Decides and changes nothing; [`Connection::record`] changes.
    pub fn choose(&self, cx: &Context<'_>) -> Option<Wish> {
        let mut wish = self.most_urgent(cx)?;
        if let Choice::Text(range) | Choice::PathProbe(range) | Choice::Retransmit(range) =
            &mut wish.what
        {
            *range = self.outgoing.lendable(*range);
        }
        Some(wish)
    }

    fn most_urgent(&self, cx: &Context<'_>) -> Option<Wish> {
        match self.state {
            State::Closed => self.reset_due(),
            State::Listen => None,
            State::SynSent | State::SynReceived => self
                .syn_due()
                .or_else(|| self.early_text(cx))
                .or_else(|| self.ack_due()),
            _ => self
                .text_due(cx)
                .filter(|wish| self.is_its_turn(cx.now, wish))
                .or_else(|| self.fin_allowed(cx))
                .or_else(|| self.window_probe_due())
                .or_else(|| self.keep_alive_due())
                .or_else(|| self.ack_due()),
        }
    }

    /// Text, once more or for the first time, whether or not it is its turn.
    pub(super) fn text_due(&self, cx: &Context<'_>) -> Option<Wish> {
        self.retransmission_allowed()
            .or_else(|| self.probe_allowed(cx))
            .or_else(|| self.path_probe_allowed(cx))
            .or_else(|| self.text_allowed(cx))
    }

    fn reset_due(&self) -> Option<Wish> {
        self.seldom.reset_owed.map(|because| Wish {
            what: Choice::Reset,
            because,
            why: RESET,
            purpose: Purpose::Reset,
        })
    }

    /// The SYN, for the first time or once more.
    fn syn_due(&self) -> Option<Wish> {
        if self.snd.nxt == self.snd.iss {
            return match self.passive {
                true => Some(self.first_syn_ack()),
                false => self.first_syn(),
            };
        }
        // Text that went with it, or after it, waits for the handshake.
        self.recovery
            .due(1, 1)
            .filter(|due| due.range.start == self.snd.iss)
            .map(|due| self.again(due, Resent::Syn))
    }

    /// RFC 7413 section 4.2.2: after our SYN,ACK, text within the initial window. It goes again
    /// only when the handshake is over, and our FIN waits for that too.
    fn early_text(&self, cx: &Context<'_>) -> Option<Wish> {
        if !self.is_fast_opened() {
            return None;
        }
        self.text_allowed(cx)
            .filter(|wish| self.is_its_turn(cx.now, wish))
    }

    /// What was lost goes before what is new: RFC 5681 section 3.2, RFC 6298 section 5 (5.4).
    fn retransmission_allowed(&self) -> Option<Wish> {
        if self.recovery.is_at_ease() {
            return None;
        }
        let mut due = self.recovery.due(self.text_room(), self.window_room())?;
        if due.how == Resent::AfterTimeout {
            // RFC 7323 section 2.4 (5), RFC 9293 section 3.8.6 (SHLD-16): within the window that
            // was offered last; what a shrunken window left out waits.
            let edge = self.snd.una + self.snd.wnd;
            if !due.range.start.before(edge) {
                return None;
            }
            due.range.len = due.range.len.min(edge.since(due.range.start));
        }
        Some(self.again(due, due.how))
    }

    fn again(&self, due: Due, how: Resent) -> Wish {
        let room = self.text_room();
        let with_fin = self.outgoing.has_fin(due.range) && due.range.len == room + 1;
        let len = match how {
            Resent::Syn => 1,
            _ => due.range.len.min(room + u32::from(with_fin)),
        };
        // What was acknowledged since it was found missing is not sent again.
        let start = due.range.start.later_of(self.snd.una);
        let end = (start + len).earlier_of(self.snd.nxt);
        Wish {
            what: Choice::Retransmit(SeqRange::between(start, end)),
            because: due.because,
            why: due.why,
            purpose: Purpose::Retransmission(how),
        }
    }

    /// RFC 8985 section 7.3: the next segment as a probe, though the congestion window or Nagle's
    /// algorithm would have it wait.
    fn probe_allowed(&self, cx: &Context<'_>) -> Option<Wish> {
        let because = self.recovery.probe_due()?;
        let situation = self.situation(cx);
        let len = situation.d.min(situation.u).min(situation.mss);
        let last = len == situation.d && self.outgoing.is_closed();
        let fin = last && situation.u > len;
        (len > 0 || fin).then_some(Wish {
            what: Choice::Text(SeqRange {
                start: self.snd.nxt,
                len: len + u32::from(fin),
            }),
            because,
            why: PROBE,
            purpose: Purpose::Text,
        })
    }

    /// New text, if the windows and Nagle's algorithm let it go; our FIN rides on the last of it.
    fn text_allowed(&self, cx: &Context<'_>) -> Option<Wish> {
        let situation = self.situation(cx);
        let len = situation.d.min(situation.u).min(situation.mss);
        // The congestion window takes whole segments.
        if len == 0 || self.recovery.is_waiting() || self.window_room() < u64::from(len) {
            return None;
        }
        if self.is_held_for_path_probe(cx) {
            return None;
        }
        let why = nagle::may_send(situation)?;
        let len = self.text_at_once(cx, situation).max(len);
        let may_end = self.state.is_synchronized() && self.outgoing.is_closed();
        let last = len == situation.d && may_end;
        let fin = last && situation.u > len;
        Some(Wish {
            what: Choice::Text(SeqRange {
                start: self.snd.nxt,
                len: len + u32::from(fin),
            }),
            because: self.stirred,
            why,
            purpose: Purpose::Text,
        })
    }

    /// Our FIN alone, when all text has been sent.
    fn fin_allowed(&self, _cx: &Context<'_>) -> Option<Wish> {
        let due = self.outgoing.is_closed()
            && self.snd.nxt == self.outgoing.end()
            && self.snd.usable() > 0;
        due.then_some(Wish {
            what: Choice::Text(SeqRange {
                start: self.snd.nxt,
                len: 1,
            }),
            because: self.stirred,
            why: CLOSE,
            purpose: Purpose::Fin,
        })
    }

    fn ack_due(&self) -> Option<Wish> {
        self.acks.due().map(|owed| Wish {
            what: Choice::Ack,
            because: owed.because,
            why: owed.why,
            purpose: owed.purpose,
        })
    }

    /// What the decision to send text depends on.
    pub(in crate::tcp) fn situation(&self, _cx: &Context<'_>) -> Situation {
        let end = self.outgoing.end();
        let d = if self.snd.nxt.before(end) {
            end.since(self.snd.nxt)
        } else {
            0
        };
        // Our SYN is no text.
        let syn = u32::from(!self.state.is_synchronized());
        Situation {
            d,
            u: self.snd.usable(),
            mss: self.text_room(),
            max_wnd: self.snd.max_wnd,
            outstanding: self.snd.outstanding() > syn,
            nodelay: self.config.nodelay,
            none_short: self.config.nagle_by_short && !self.is_short_outstanding(),
            last: self.outgoing.is_closed(),
            held: self.is_holding_back(),
            slivers: self.config.send_slivers,
            overridden: self.silly_window_over,
        }
    }

    /// Whether the application wants a short segment to wait for more.
    fn is_holding_back(&self) -> bool {
        (self.config.cork || self.more_follows) && !self.outgoing.is_closed()
    }

    /// Compared modulo 2^32, the past must not fall half of the numbers behind.
    pub(in crate::tcp) fn forget_short(&mut self) {
        if !self.is_short_outstanding()
            && let Some(seldom) = self.seldom.awake()
        {
            seldom.short_until = None;
        }
    }

    /// Whether a short segment is unacknowledged.
    pub(super) fn is_short_outstanding(&self) -> bool {
        let short_until = self.seldom.get().and_then(|seldom| seldom.short_until);
        short_until.is_some_and(|end| self.snd.una.before(end))
    }

    /// Whether text waits that the peer's window has some room for, but not enough, while nothing
    /// is outstanding whose acknowledgment could change that.
    pub(in crate::tcp) fn is_held_by_silly_window(&self) -> bool {
        if !self.state.is_synchronized() || self.snd.outstanding() > 0 {
            return false;
        }
        let end = self.outgoing.end();
        if !self.snd.nxt.before(end) || self.snd.usable() == 0 {
            return false;
        }
        nagle::may_send(Situation {
            d: end.since(self.snd.nxt),
            u: self.snd.usable(),
            mss: self.eff_snd_mss(),
            max_wnd: self.snd.max_wnd,
            outstanding: false,
            nodelay: self.config.nodelay,
            none_short: false,
            last: self.outgoing.is_closed(),
            held: self.is_holding_back(),
            slivers: self.config.send_slivers,
            overridden: false,
        })
        .is_none()
    }

    /// How many more bytes the congestion window lets on their way.
    pub(in crate::tcp) fn window_room(&self) -> u64 {
        let window = self.recovery.window(self.congestion.window());
        // Our SYN is no text: it does not make the initial window any smaller.
        let syn = u32::from(self.is_fast_opened());
        let in_flight = self.recovery.in_flight().saturating_sub(syn);
        window.saturating_sub(u64::from(in_flight))
    }
}

const CLOSE: &Why = &Why {
    by: rfc!(9293, "3.10.4"),
    text: "CLOSE: all text has been sent, and our FIN follows it",
};
const RESET: &Why = &Why {
    by: rfc!(9293, "3.10.5"),
    text: "the connection has ended without the peer: a reset says so",
};
