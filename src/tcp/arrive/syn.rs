//! Fourth: check the SYN bit. RFC 9293 section 3.10.7.4 and RFC 5961 section 4.2: whatever its
//! sequence number, a SYN draws a challenge, so that a peer that has restarted can reset us.

use crate::probe::{Discard, State, Why};
use crate::rfc;
use crate::tcp::connection::Connection;
use crate::tcp::{Context, Step};
use crate::wire::tcp::Segment;

impl Connection {
    /// `arrived` is the segment before trimming.
    pub(super) fn check_syn(&mut self, cx: &mut Context<'_>, arrived: &Segment<'_>) -> Step {
        if !arrived.syn() {
            return Ok(());
        }
        if self.state == State::SynReceived && arrived.seq == self.rcv.irs {
            if self.passive && arrived.ack.is_none() {
                return self.answer_syn_again(cx);
            }
            // Simultaneous open: the peer's SYN,ACK repeats the SYN that we know; its ACK counts.
            return Ok(());
        }
        self.challenge_syn(cx)
    }

    pub(super) fn challenge_syn<T>(&mut self, cx: &mut Context<'_>) -> Step<T> {
        self.owe_challenge(cx, SYN);
        Err(Discard::SynInSynchronized.into())
    }
}

const SYN: &Why = &Why {
    by: rfc!(5961, "4.2"),
    text: "a SYN on a connection that exists: its sender must prove itself",
};
