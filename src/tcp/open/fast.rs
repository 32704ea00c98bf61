//! TCP Fast Open: RFC 7413 section 4.2.2. Text before the handshake is over.
//!
//! A listener that hands out cookies takes the text of a SYN that shows one, and its application
//! may answer before the handshake's last ACK: the connection has its control block from the SYN
//! on. Whose cookie is good is decided in the stack, which has the key.
//!
//! An active OPEN asks for a cookie, or shows the one that the peer gave and sends text with it.
//! What the peer answers is a [`Lesson`] for the next time, which the stack keeps.

use std::sync::Arc;

use crate::base::{Mss, SeqNum};
use crate::probe::{Discard, Purpose, State, TimerKind, Why};
use crate::rfc;
use crate::tcp::connection::Connection;
use crate::tcp::output::{Choice, Wish};
use crate::tcp::wake::Wake;
use crate::tcp::{Config, Context, Failure, Step};
use crate::wire::cookie::{Cookie, Form};
use crate::wire::options::{OPTIONS_MAX, Options, TimestampOption};
use crate::wire::tcp::Segment;

use super::passive::{HalfOpen, SYN_ACK_AGAIN};

/// What RFC 7413 adds to a handshake; it is gone when the handshake is over.
#[derive(Debug)]
pub(in crate::tcp) enum Hurry {
    /// Our SYN asks for a cookie, if this is empty, or shows it, if there is one; with it go at
    /// most so many bytes. It may wait for them.
    Asked {
        cookie: Option<Cookie>,
        text: u32,
        waits: bool,
    },
    /// How that went, until the stack has taken it.
    Learned(Lesson),
    /// FastOpened of section 4.2: the SYN showed a cookie that is good. If that will expire soon, a
    /// new one goes back.
    Taken { renewed: Option<Cookie> },
}

/// What an active OPEN teaches for the next time: RFC 7413 sections 4.1.3 and 4.1.3.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lesson {
    /// The peer gave a cookie; it takes segments of that size.
    Given(Cookie, Mss),
    /// It took the text, and gave no other cookie.
    Taken(Mss),
    /// It was asked for a cookie and gave none.
    Declined(Mss),
    /// It left the text lying, or did not answer at all, or not before the SYN went again.
    Refused,
}

impl HalfOpen {
    /// The SYN,ACK hands out a cookie, by the option that asked for it.
    pub fn hand_out(&mut self, form: Form) {
        self.hands_out = Some(form);
    }

    /// The SYN showed a cookie that is good: the connection in SYN-RECEIVED, with the SYN's text to
    /// be read. `renewed` is a new cookie for the peer, if it should have one.
    ///
    /// A FIN on the SYN is left to come again: the handshake comes first.
    pub fn into_fast_open(
        self,
        cx: &mut Context<'_>,
        config: Arc<Config>,
        path_mss: Mss,
        seg: &Segment<'_>,
        renewed: Option<Cookie>,
    ) -> Connection {
        let mut connection = self.begin(cx, config, path_mss);
        connection.hurry = Some(Box::new(Hurry::Taken { renewed }));
        connection.snd.start_window(seg);
        let text = Segment {
            // What the timestamp of a SYN echoes means nothing.
            options: Options::default(),
            ..seg.trim(connection.rcv.nxt, connection.rcv.wnd())
        };
        connection.take_text(cx, &text);
        connection.wake |= Wake::CONNECTED | Wake::WRITABLE;
        connection.debug_assert_invariants();
        connection
    }
}

impl Connection {
    /// Whether the application had it before the handshake was over, which still goes on.
    pub(in crate::tcp) fn is_fast_opened(&self) -> bool {
        self.state == State::SynReceived
            && matches!(self.hurry.as_deref(), Some(Hurry::Taken { .. }))
    }

    /// Our SYN,ACK, for the first time.
    pub(in crate::tcp) fn first_syn_ack(&self) -> Wish {
        Wish {
            what: Choice::Syn { text: 0 },
            because: self.stirred,
            why: TAKEN,
            purpose: Purpose::SynAck,
        }
    }

    /// The cookie that goes with our SYN, or our SYN,ACK, when it leaves for the first time.
    pub(in crate::tcp) fn syn_cookie(&self) -> Option<Cookie> {
        match *self.hurry.as_deref()? {
            Hurry::Taken { renewed } => renewed,
            Hurry::Asked { cookie, .. } => cookie,
            Hurry::Learned(_) => None,
        }
    }

    /// Before our SYN leaves: it shows `cookie`, if there is one, and takes text along for a peer
    /// that takes segments of `mss`, if that is known; or asks for a cookie, if this one is empty.
    pub fn hurry(&mut self, cookie: Option<Cookie>, mss: Option<Mss>) {
        let asks = cookie.is_some_and(|cookie| cookie.is_request());
        let text = if asks {
            0
        } else {
            self.room_on_syn(cookie, mss)
        };
        self.hurry = Some(Box::new(Hurry::Asked {
            cookie,
            text,
            waits: false,
        }));
    }

    fn room_on_syn(&self, cookie: Option<Cookie>, mss: Option<Mss>) -> u32 {
        let options = Options {
            bulk: cookie.into(),
            ..self.offer().syn_options(Some(TimestampOption::default()))
        };
        // RFC 7413 section 6.2: the MSS less the options of the SYN; section 4.1.3: the default MSS
        // where the peer's is not known.
        let (unknown, options) = match self.config.fast_open.whole_syns {
            true => (self.path_mss, OPTIONS_MAX),
            false => (self.default_mss(), options.len()),
        };
        let room = mss.unwrap_or(unknown).min(self.path_mss).bytes();
        room.saturating_sub(options as u32)
    }

    /// Our SYN waits for the first text, if that may go along.
    pub fn wait_for_text(&mut self, cx: &mut Context<'_>) {
        if let Some(Hurry::Asked { text, waits, .. }) = self.hurry.as_deref_mut()
            && *text > 0
        {
            *waits = true;
            self.timers.cancel(cx, TimerKind::UserTimeout);
        }
    }

    /// Whether our SYN waits for text.
    pub fn waits_for_text(&self) -> bool {
        matches!(
            self.hurry.as_deref(),
            Some(Hurry::Asked { waits: true, .. })
        )
    }

    /// There is text, if only of no length, or the peer opens too: our SYN goes.
    pub(in crate::tcp) fn wait_no_longer(&mut self, cx: &mut Context<'_>) {
        if let Some(Hurry::Asked { waits, .. }) = self.hurry.as_deref_mut()
            && *waits
        {
            *waits = false;
            self.stirred = cx.input();
            self.arm_user_timeout(cx);
        }
    }

    /// How much more text may go with our SYN: none without a cookie, or once it has left.
    pub fn syn_room(&self) -> usize {
        match self.hurry.as_deref() {
            Some(Hurry::Asked { text, .. }) if self.snd.nxt == self.snd.iss => {
                (*text as usize).saturating_sub(self.outgoing.len())
            }
            _ => 0,
        }
    }

    /// How much text goes with our SYN, when it leaves for the first time.
    fn syn_text(&self) -> u32 {
        match self.hurry.as_deref() {
            Some(Hurry::Asked { text, .. }) => (*text).min(self.outgoing.len() as u32),
            _ => 0,
        }
    }

    /// Our SYN, for the first time, with the text that may go along; unless it waits for that.
    pub(in crate::tcp) fn first_syn(&self) -> Option<Wish> {
        if self.waits_for_text() {
            return None;
        }
        let text = self.syn_text();
        let why = match self.syn_cookie() {
            None if text > 0 => TRUSTS,
            None => OPEN,
            Some(cookie) if cookie.is_request() => ASKS,
            Some(_) => SHOWS,
        };
        Some(Wish {
            what: Choice::Syn { text },
            because: self.stirred,
            why,
            purpose: Purpose::Syn,
        })
    }

    /// A SYN,ACK has come that acknowledges up to `ack`.
    pub(in crate::tcp) fn learn(&mut self, seg: &Segment<'_>, ack: SeqNum) {
        let Some(Hurry::Asked { cookie, .. }) = self.hurry.as_deref() else {
            return;
        };
        let asked = cookie.is_some_and(|cookie| cookie.is_request());
        let given = seg.options.fast_open();
        // What was not asked for is nobody's answer.
        let given = given.filter(|given| cookie.is_some() && !given.is_request());
        let mss = seg.options.mss.map_or(self.default_mss(), Mss::new);
        let had_text = self.snd.nxt != self.snd.iss + 1;
        let took_text = had_text && ack != self.snd.iss + 1;
        let lesson = match given {
            Some(given) => Lesson::Given(given, mss),
            None if took_text => Lesson::Taken(mss),
            // Nothing was asked of it.
            None if !had_text && !asked => Lesson::Taken(mss),
            None if asked && self.recovery.timeouts() == 0 => Lesson::Declined(mss),
            None => Lesson::Refused,
        };
        self.hurry = Some(Box::new(Hurry::Learned(lesson)));
    }

    /// RFC 7413 section 4.1.3.1: ICMP errors count as a refusal.
    pub(in crate::tcp) fn learn_of_error(&mut self) {
        if let Some(Hurry::Asked { .. }) = self.hurry.as_deref() {
            self.hurry = Some(Box::new(Hurry::Learned(Lesson::Refused)));
        }
    }

    /// Text went with our SYN, which is acknowledged, and is not: it goes with the first ACK.
    pub(in crate::tcp) fn resend_syn_text(&mut self, cx: &Context<'_>) {
        if !self.passive && self.snd.outstanding() > 0 {
            self.recovery.resend(self.snd.nxt, cx.input(), NOT_TAKEN);
        }
    }

    /// Whether RFC 7413 has to do with its SYN, and nothing has answered that.
    pub fn awaits_answer_to_haste(&self) -> bool {
        matches!(self.hurry.as_deref(), Some(Hurry::Asked { .. }))
    }

    /// Whether RFC 7413 has anything to do with its handshake.
    pub fn is_hasty(&self) -> bool {
        self.hurry.is_some()
    }

    /// What has been learned, once.
    pub fn take_lesson(&mut self) -> Option<Lesson> {
        let unanswered = matches!(
            self.failure,
            Some(Failure::TimedOut | Failure::UserTimeout | Failure::Unreachable)
        );
        let lesson = match *self.hurry.as_deref()? {
            Hurry::Learned(lesson) => lesson,
            Hurry::Asked { .. } if self.state == State::Closed && unanswered => Lesson::Refused,
            _ => return None,
        };
        self.hurry = None;
        Some(lesson)
    }

    /// The handshake is over. Whether the application has had the connection before.
    pub(in crate::tcp) fn end_hurry(&mut self) -> bool {
        match self.hurry.as_deref() {
            Some(Hurry::Learned(_)) | None => false,
            Some(Hurry::Asked { .. }) => {
                // Both opened at once: that teaches nothing.
                self.hurry = None;
                false
            }
            Some(Hurry::Taken { .. }) => {
                self.hurry = None;
                true
            }
        }
    }

    /// The SYN that we know came again: our SYN,ACK was lost.
    pub(in crate::tcp) fn answer_syn_again(&mut self, cx: &Context<'_>) -> Step {
        let is_sent = self.snd.nxt != self.snd.iss;
        if is_sent && self.challenge.may_send(cx.now) {
            self.recovery
                .syn_ack_due(self.snd.iss, cx.input(), SYN_ACK_AGAIN);
        }
        Err(Discard::Old.into())
    }
}

const OPEN: &Why = &Why {
    by: rfc!(9293, "3.10.1"),
    text: "an active OPEN: the handshake begins",
};
const ASKS: &Why = &Why {
    by: rfc!(7413, "4.2.1"),
    text: "an active OPEN: the handshake begins, and asks for a cookie for the next time",
};
const SHOWS: &Why = &Why {
    by: rfc!(7413, "4.2.2"),
    text: "an active OPEN: the handshake begins, and shows the peer's cookie for the text with it",
};
const TRUSTS: &Why = &Why {
    by: rfc!(7413, "7.3"),
    text: "an active OPEN: the handshake begins, with text that the peer takes without a cookie",
};
const NOT_TAKEN: &Why = &Why {
    by: rfc!(7413, "4.2.2"),
    text: "our SYN is acknowledged and the text with it is not: that goes again at once",
};
const TAKEN: &Why = &Why {
    by: rfc!(7413, "4.2.2"),
    text: "a SYN showed a cookie that is good: ours acknowledges its text too",
};
