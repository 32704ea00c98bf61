//! The segment size under a path that changes: RFC 9293 section 3.7.1, RFC 1191 section 6.4, RFC
//! 8201 section 5.4.
//!
//! What the path carries is known to whoever owns the connection, who shares it among all that go
//! the same way; whether a message about it is to be believed, only the connection can tell.

use crate::base::{SeqNum, SeqRange};
use crate::probe::{State, Why};
use crate::rfc;

use super::Context;
use super::config::PathProbing;
use super::connection::Connection;
use super::path_probe::Reach;

impl Connection {
    /// RFC 5927 section 4.1: SND.UNA =< SEG.SEQ < SND.NXT. An ICMP error about a segment that
    /// began elsewhere is old, or was guessed.
    pub fn is_on_its_way(&self, seq: SeqNum) -> bool {
        seq.in_window(self.snd.una, self.snd.outstanding())
    }

    /// The path carries segments of another size from here on, or others may be tried. What was
    /// lost because it was too long goes again in pieces that are not.
    pub fn set_reach(&mut self, cx: &mut Context<'_>, reach: Reach) {
        if self.state == State::Closed {
            return;
        }
        self.prober.on_reach(reach, self.path_mss);
        self.cuttable = reach.cuttable;
        if reach.mss == self.path_mss {
            return;
        }
        self.stirred = cx.input();
        self.path_mss = reach.mss;
        self.congestion.set_mss(self.eff_snd_mss());
        cx.note(
            rfc!(9293, "3.7.1"),
            "the largest packet that the path carries has changed, and segments with it",
        );
        self.arm_retransmission(cx);
    }

    /// The way to the peer is another: what leaves from here on is another flow.
    pub fn doubt_path(&mut self) {
        self.path_doubts += 1;
    }

    /// How many timeouts there were in a row, with nothing acknowledged in between.
    pub fn timeouts(&self) -> u32 {
        self.recovery.timeouts()
    }

    /// The longest text of a segment on its way, if there was another timeout than so many, and
    /// they have reached R1.
    ///
    /// RFC 9293 section 3.8.3: at R1 the network layer is suspected. RFC 4821 section 7.7, RFC 8899
    /// section 4.3: what it does may be to swallow what is too big, in silence.
    pub fn suspect_since(&self, timeouts: u32) -> Option<u32> {
        let count = self.timeouts();
        let suspect = count > timeouts && count >= self.config.r1;
        let is_on = self.config.path_probing != PathProbing::Off;
        (suspect && is_on && self.state.is_synchronized())
            .then(|| self.recovery.longest_on_its_way())
    }

    /// A segment of ours was too big for the path, and what the path carries has been set: what is
    /// on its way in longer segments goes again at once.
    pub fn on_too_big(&mut self, cx: &mut Context<'_>) {
        // RFC 1191 section 6.4: not for every such message, since a burst of long segments draws
        // many, but only if something longer was sent. What goes again is not.
        let most = self.eff_snd_mss();
        let outgoing = &self.outgoing;
        // A probe that is no longer than what was complained of says for itself what becomes of it.
        self.prober.on_too_big();
        let probe = self.prober.range();
        let is_too_long = |range: SeqRange, len: u32| {
            let fin = u32::from(outgoing.has_fin(range));
            len.saturating_sub(fin) > most && probe.is_none_or(|probe| probe != range)
        };
        let nxt = self.snd.nxt;
        if self
            .recovery
            .resend_too_long(nxt, is_too_long, cx.input(), TOO_BIG)
        {
            self.arm_retransmission(cx);
        }
    }
}

const TOO_BIG: &Why = &Why {
    by: rfc!(1191, "6.4"),
    text: "it was too big for the path: it goes again in pieces that are not",
};
