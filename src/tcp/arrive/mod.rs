//! SEGMENT ARRIVES: RFC 9293 section 3.10.7, the way in.
//!
//! The eight steps of section 3.10.7.4 in the RFC's order, each a file of its own. A step passes
//! the segment on, changed perhaps, or ends it with a name.

pub mod ack;
pub mod challenge;
pub mod closed;
pub mod fin;
pub mod loss;
pub mod reset;
pub mod sequence;
pub mod syn;
pub mod text;
pub mod urgent;

use crate::probe::{Accepted, Discard, Ending, State};
use crate::wire::tcp::Segment;

use super::connection::Connection;
use super::input::acknowledge::MARKED;
use super::{Context, Step};

impl Connection {
    /// One segment of this connection has come. Returns what became of it.
    pub fn arrives(&mut self, cx: &mut Context<'_>, seg: &Segment<'_>) -> Ending {
        self.stirred = cx.input();
        let step = match self.state {
            State::SynSent => self.arrives_in_syn_sent(cx, seg),
            // RFC 6191 section 2: a SYN that may not open anew here is dropped in silence; one that
            // may has not come this far.
            State::TimeWait if seg.syn() && seg.ack.is_none() && !seg.rst() => {
                Err(Discard::SynInSynchronized.into())
            }
            _ => self.arrives_synchronized(cx, seg),
        };
        self.arm_retransmission(cx);
        self.arm_rest(cx);
        self.debug_assert_invariants();
        match step {
            Ok(accepted) => accepted.into(),
            Err(ending) => ending,
        }
    }

    /// "Otherwise": SYN-RECEIVED and all synchronized states, RFC 9293 section 3.10.7.4.
    fn arrives_synchronized(
        &mut self,
        cx: &mut Context<'_>,
        arrived: &Segment<'_>,
    ) -> Step<Accepted> {
        let seg = self.check_sequence(cx, arrived)?; // First: is any of it in the window?
        self.check_reset(cx, arrived)?; // Second, as it came: its place must be exact.
        // Third, security: docs/not-implemented.md.
        self.check_syn(cx, arrived)?; // Fourth, whatever was trimmed.
        self.take_mark(cx, arrived);
        let learned = self.check_ack(cx, arrived, &seg)?; // Fifth: also congestion, recovery.
        self.take_urgent(cx, &seg); // Sixth.
        let text = self.take_text(cx, &seg); // Seventh.
        let fin = self.take_fin(cx, &seg); // Eighth, also a FIN remembered from beyond a hole.
        Ok(fin.or(text).unwrap_or(learned))
    }

    /// RFC 3168 section 6.1.3: what a router has marked is echoed, whatever the segment is; but for
    /// SYNs (RFC 9768 section 3.2.2.2).
    fn take_mark(&mut self, cx: &Context<'_>, arrived: &Segment<'_>) {
        let owing = !arrived.text.is_empty() || self.acks.is_owed();
        let Some(ecn) = self.ecn.as_mut().filter(|_| !arrived.syn()) else {
            return;
        };
        ecn.on_time(cx.now, self.rtt.srtt());
        if ecn.on_segment(cx.codepoint, arrived, owing) {
            self.acks.owe(cx.input(), MARKED);
        }
    }
}
