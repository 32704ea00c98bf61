//! TCP Fast Open: RFC 7413 section 4.2.2. Text before the handshake is over.
//!
//! A listener that hands out cookies takes the text of a SYN that shows one, and its application
//! may answer before the handshake's last ACK: the connection has its control block from the SYN
//! on. Whose cookie is good is decided in the stack, which has the key.

use std::sync::Arc;

use crate::base::Mss;
use crate::probe::{Discard, Purpose, State, Why};
use crate::rfc;
use crate::tcp::connection::Connection;
use crate::tcp::output::{Choice, Wish};
use crate::tcp::wake::Wake;
use crate::tcp::{Config, Context, Step};
use crate::wire::cookie::Cookie;
use crate::wire::options::Options;
use crate::wire::tcp::Segment;

use super::passive::{HalfOpen, SYN_ACK_AGAIN};

/// What RFC 7413 adds to a handshake; it is gone when the handshake is over.
#[derive(Debug)]
pub(in crate::tcp) enum Hurry {
    /// FastOpened of section 4.2: the SYN showed a cookie that is good. If that will expire soon, a
    /// new one goes back.
    Taken { renewed: Option<Cookie> },
}

impl HalfOpen {
    /// The SYN,ACK hands out a cookie.
    pub fn hand_out(&mut self) {
        self.hands_out = true;
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
            what: Choice::Syn,
            because: self.stirred,
            why: TAKEN,
            purpose: Purpose::SynAck,
        }
    }

    /// The cookie that goes with our SYN, or our SYN,ACK, when it leaves for the first time.
    pub(in crate::tcp) fn syn_cookie(&self) -> Option<Cookie> {
        match *self.hurry.as_deref()? {
            Hurry::Taken { renewed } => renewed,
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

const TAKEN: Why = Why {
    by: rfc!(7413, "4.2.2"),
    text: "a SYN showed a cookie that is good: ours acknowledges its text too",
};
