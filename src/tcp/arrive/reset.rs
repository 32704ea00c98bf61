//! Second: check the RST bit. RFC 9293 section 3.10.7.4, as RFC 5961 section 3.2 tightens it.

use crate::probe::{Accepted, Discard, Edge, State, Why};
use crate::rfc;
use crate::tcp::connection::Connection;
use crate::tcp::{Context, Failure, Step};
use crate::wire::tcp::Segment;

impl Connection {
    /// `arrived` is the segment before trimming, which may move a segment to RCV.NXT.
    pub(super) fn check_reset(&mut self, cx: &mut Context<'_>, arrived: &Segment<'_>) -> Step {
        if !arrived.rst() {
            return Ok(());
        }
        // RFC 5961 section 3.2: outside the window was dropped before; exactly at RCV.NXT resets;
        // anywhere else draws a challenge.
        if arrived.seq != self.rcv.nxt {
            return self.challenge_reset(cx);
        }
        match self.state {
            // RFC 1337 section 3 (F1): a reset does not cut TIME-WAIT short.
            State::TimeWait => return Err(Discard::ResetInTimeWait.into()),
            State::SynReceived => self.reset_syn_received(cx),
            // Everything was said: the peer only forgets faster than we do.
            State::Closing | State::LastAck => {
                self.enter(cx, Edge::ResetReceived);
            }
            _ => self.fail(cx, Edge::ResetReceived, Failure::Reset),
        }
        Err(Accepted::Reset.into())
    }

    pub(super) fn challenge_reset<T>(&mut self, cx: &mut Context<'_>) -> Step<T> {
        self.owe_challenge(cx, INEXACT);
        Err(Discard::ResetNotExact.into())
    }

    /// A passive OPEN goes back to LISTEN, and the user need not be informed; an active one was
    /// refused.
    pub(super) fn reset_syn_received(&mut self, cx: &mut Context<'_>) {
        if self.passive {
            self.fail(cx, Edge::ResetReceived, Failure::Reset);
        } else {
            self.fail(cx, Edge::ResetReceived, Failure::Refused);
        }
    }
}

const INEXACT: &Why = &Why {
    by: rfc!(5961, "3.2"),
    text: "a reset in the window but not at RCV.NXT: its sender must prove itself",
};
