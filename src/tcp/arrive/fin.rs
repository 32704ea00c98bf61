//! Eighth: check the FIN bit. RFC 9293 section 3.10.7.4; also a FIN remembered from beyond a hole.

use crate::probe::{Accepted, Edge};
use crate::tcp::Context;
use crate::tcp::connection::Connection;
use crate::tcp::input::acknowledge::FIN;
use crate::tcp::wake::Wake;
use crate::wire::tcp::Segment;

impl Connection {
    /// `None`: the segment had no FIN, and none was reached.
    pub(in crate::tcp) fn take_fin(
        &mut self,
        cx: &mut Context<'_>,
        seg: &Segment<'_>,
    ) -> Option<Accepted> {
        if !self.state.may_receive() {
            return None;
        }
        if seg.fin() {
            let end_of_text = seg.end() - 1;
            self.incoming.note_fin(self.offset_of(end_of_text));
        }
        let fin = self.incoming.fin()?;
        if fin != self.incoming.next() {
            if !seg.fin() {
                return None;
            }
            if seg.text.is_empty() {
                self.acks.owe_duplicate(cx.input());
            }
            return Some(Accepted::FinOutOfOrder);
        }
        // Advance RCV.NXT over the FIN, and send an acknowledgment for the FIN.
        self.rcv.advance(1);
        self.acks.owe(cx.input(), FIN);
        // "Signal the user 'connection closing' and return any pending RECEIVEs": FIN implies PUSH.
        self.wake |= Wake::READABLE;
        self.enter(cx, Edge::FinReceived);
        Some(Accepted::Fin)
    }
}
