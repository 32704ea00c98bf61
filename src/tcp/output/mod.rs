//! The way out: choose, build, record.
//!
//! [`Connection::choose`] decides what goes next and changes nothing; [`Connection::build`] makes
//! the segment; [`Connection::record`] notes that it has left. Whoever owns the connection calls
//! them in this order until `choose` has nothing more.

pub mod build;
pub mod burst;
pub mod choose;
pub mod hold;
pub mod keepalive;
pub mod left;
pub mod low_water;
pub mod nagle;
pub mod pacing;
pub mod persist;
pub mod refused;
pub mod send_buffer;
pub mod super_segment;
pub mod turn;

use crate::base::SeqRange;
use crate::probe::{Edge, EventId, Purpose, Resent, TimerKind, Why};

use super::Context;
use super::connection::Connection;
use super::recovery::Content;
use super::wake::Wake;

use low_water::NO_MARK;

/// One segment to send, why, and since which input.
#[derive(Debug, Clone, Copy)]
pub struct Wish {
    pub what: Choice,
    pub because: EventId,
    pub why: &'static Why,
    pub purpose: Purpose,
}

/// What there is to send. Ranges are in sequence numbers: SYN and FIN take one each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// A reset: the connection has ended.
    Reset,
    /// Our SYN, with an ACK if we know the peer's, and so many bytes of text.
    Syn { text: u32 },
    /// Text, and our FIN if the range reaches it, for the first time; as a super-segment if it is
    /// more than fits a segment.
    Text(SeqRange),
    /// The same, in a segment that is longer than the path is known to carry.
    PathProbe(SeqRange),
    /// What was sent before.
    Retransmit(SeqRange),
    /// One sequence number into a closed window.
    WindowProbe(SeqRange),
    /// A keep-alive.
    KeepAlive,
    /// Only an acknowledgment.
    Ack,
}

impl Connection {
    /// The segment of `wish` has left, with `window` in its field: what that changes.
    pub fn record(&mut self, cx: &mut Context<'_>, wish: &Wish, window: u16) {
        self.last_why = Some(wish.why);
        match wish.what {
            Choice::Reset => {
                self.seldom.wake().reset_owed = None;
                return;
            }
            Choice::Syn { text } => {
                self.snd.nxt = self.snd.iss + 1;
                let range = SeqRange::between(self.snd.iss, self.snd.nxt);
                self.recovery.on_sent(range, cx.now);
                if text > 0 {
                    self.record_text(cx, self.behind_syn(text));
                }
            }
            Choice::Text(range) => self.record_text(cx, range),
            Choice::PathProbe(range) => {
                self.on_path_probe_sent(cx, range);
                self.record_text(cx, range);
            }
            Choice::Retransmit(range) => self.record_again(cx, range, wish.purpose),
            Choice::WindowProbe(range) => self.record_probe(cx, range),
            Choice::KeepAlive => self.seldom.wake().keep_alive.on_sent(),
            Choice::Ack => {}
        }
        if self.rcv.is_started() {
            // Every segment but the first SYN acknowledges, and pays what is owed. Of a keep-alive
            // the peer takes nothing, since it lies outside the window: RFC 9293 section 3.10.7.4,
            // first.
            let is_heard = !matches!(wish.what, Choice::KeepAlive);
            if is_heard {
                self.acks.on_sent();
                if let Some(seldom) = self.seldom.awake() {
                    seldom.duplicate = None;
                }
                self.timers.cancel(cx, TimerKind::DelayedAck);
            }
            if !self.is_syn(wish) {
                if let Some(ecn) = self.ecn.as_mut().filter(|_| is_heard) {
                    ecn.on_told(cx.now);
                }
                self.rcv.offered(window);
            }
            if let Some(timestamps) = &mut self.timestamps {
                timestamps.on_sent(self.rcv.nxt);
            }
        }
        self.arm_retransmission(cx);
        self.debug_assert_invariants();
    }

    /// Whether a wish is our SYN, whose window was told before it could be scaled: RFC 7323
    /// section 2.2. What it offers is known since the peer's SYN came.
    fn is_syn(&self, wish: &Wish) -> bool {
        match wish.what {
            Choice::Syn { .. } => true,
            Choice::Retransmit(range) => self.is_our_syn(range),
            _ => false,
        }
    }

    fn record_text(&mut self, cx: &mut Context<'_>, range: SeqRange) {
        let room = self.text_room();
        let probe = self.prober.range();
        let (unit, last) = match probe {
            Some(probe) if probe.start == range.start => (range.len, range.len),
            _ => self.cut(range, room),
        };
        if let Some(seldom) = self.seldom.awake() {
            seldom.persist.on_taken();
        }
        self.count_in_burst(cx, range);
        self.snd.nxt = range.end();
        // A probe of the path is judged by itself.
        if probe.is_some_and(|probe| range.start == probe.start || range.start == probe.end()) {
            self.recovery.on_sent_apart(range, unit, cx.now);
        } else {
            self.recovery.on_sent_in(range, unit, cx.now);
        }
        self.note_window_limit();
        if self.config.unsent_low_water != NO_MARK && self.is_below_half_mark() {
            self.wake |= Wake::WRITABLE;
        }
        if self.recovery.probe_due().is_some() {
            self.recovery.on_probe(Content::New);
        } else {
            self.restart_loss_probe(cx);
        }
        if let Some(ecn) = &mut self.ecn
            && self.outgoing.text_len(range) > 0
        {
            ecn.on_sent();
        }
        self.text_sent_at = Some(cx.now);
        if last < room {
            self.seldom.wake().short_until = Some(range.end());
        } else {
            self.forget_short();
        }
        self.acks.on_answer(cx.now, self.config.delayed_ack);
        self.silly_window_over = false;
        self.tell_controller(cx, range);
        if self.outgoing.has_fin(range) {
            self.enter(cx, Edge::FinSent);
        }
    }

    fn record_again(&mut self, cx: &mut Context<'_>, range: SeqRange, purpose: Purpose) {
        self.resent = self.resent.saturating_add(1);
        self.recovery.on_resent(range, cx.now, self.timestamp(cx));
        if purpose == Purpose::Retransmission(Resent::Probe) {
            self.recovery.on_probe(Content::Again);
        }
        self.take_expired();
        self.give_time(cx, range);
        self.tell_controller(cx, range);
    }

    /// TSval of what leaves now.
    fn timestamp(&self, cx: &Context<'_>) -> Option<u32> {
        self.timestamps
            .map(|timestamps| timestamps.option(cx.now).value)
    }

    /// The congestion control hears of all text that leaves.
    fn tell_controller(&mut self, cx: &Context<'_>, range: SeqRange) {
        let text = self.outgoing.text_len(range);
        if text > 0 {
            let in_flight = self.recovery.in_flight();
            let in_flight = u64::from(in_flight);
            self.fullness.on_sent(in_flight);
            self.congestion.on_sent(cx.now, text, in_flight);
            self.take_turn(cx.now, text);
        }
    }

    /// The peer's window has no room for a segment more: how fast it opens says nothing of the
    /// network.
    fn note_window_limit(&mut self) {
        if self.snd.usable() < self.eff_snd_mss() {
            self.recovery.on_app_limited();
        }
    }

    fn record_probe(&mut self, cx: &mut Context<'_>, range: SeqRange) {
        let new = range.end().after(self.snd.nxt);
        self.recovery.on_app_limited();
        if new {
            self.snd.nxt = range.end();
            self.recovery.on_sent(range, cx.now);
        } else {
            self.recovery.on_resent(range, cx.now, self.timestamp(cx));
        }
        self.seldom.wake().persist.on_sent();
        let at = cx.now + self.persist_interval();
        self.timers.set(cx, TimerKind::Persist, at);
        if new && self.outgoing.has_fin(range) {
            self.enter(cx, Edge::FinSent);
        }
    }
}
