//! TIME-WAIT as a small record with its own way of receiving: RFC 9293 section 3.6, RFC 1337,
//! RFC 6191.
//!
//! A connection in TIME-WAIT that nobody reads any more is reduced to this: what is needed to
//! acknowledge the peer's FIN once more, and to let a new incarnation begin.

use crate::base::pair::SocketPair;
use crate::base::{Instant, Pieces, SeqNum, WindowScale};
use crate::probe::{Accepted, Discard, Ending, State, Why};
use crate::rfc;
use crate::wire::options::{Options, Order};
use crate::wire::tcp::{Flags, Ports, Segment};

use super::arrive::challenge::Challenge;
use super::arrive::sequence::is_acceptable;
use super::connection::Connection;
use super::timestamps::{Timestamps, is_before};

/// What is left of a connection in TIME-WAIT.
#[derive(Debug, Clone, Copy)]
pub struct TimeWait {
    pair: SocketPair,
    snd_nxt: SeqNum,
    rcv_nxt: SeqNum,
    /// RCV.WND, as its field shows it.
    window: u16,
    scale: WindowScale,
    timestamps: Option<Timestamps>,
    challenge: Challenge,
    path_doubts: u32,
}

/// What a segment does to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reaction {
    pub ending: Ending,
    /// Our last acknowledgment goes again.
    pub answer: bool,
    /// The 2 MSL timeout starts again.
    pub restart: bool,
}

impl Connection {
    /// The record that stands for a connection in TIME-WAIT; `None` in any other state, and while
    /// something waits to be read or sent.
    pub fn to_time_wait(&self) -> Option<TimeWait> {
        let idle = self.state == State::TimeWait
            && self.orphaned
            && !self.acks.is_owed()
            && self.seldom.reset_owed.is_none();
        idle.then(|| TimeWait {
            pair: self.pair,
            snd_nxt: self.snd.nxt,
            rcv_nxt: self.rcv.nxt,
            window: self.rcv.scale.field(self.rcv.wnd()),
            scale: self.rcv.scale,
            timestamps: self.timestamps,
            challenge: self.challenge,
            path_doubts: self.path_doubts,
        })
    }

    /// Why a SYN may begin a new incarnation where this connection is in TIME-WAIT, if it may.
    pub fn may_reopen(&self, seg: &Segment<'_>) -> Option<&'static Why> {
        may_reopen(
            seg,
            self.rcv.nxt,
            self.timestamps.as_ref(),
            self.config.timestamps,
        )
        .filter(|_| self.state == State::TimeWait)
    }
}

impl TimeWait {
    /// SEGMENT ARRIVES in TIME-WAIT. SYNs that may open anew are taken before.
    pub fn arrives(&mut self, seg: &Segment<'_>, now: Instant) -> Reaction {
        let silent = |ending: Ending| Reaction {
            ending,
            answer: false,
            restart: false,
        };
        // RFC 1337 section 3 (F1): a reset does not cut TIME-WAIT short.
        if seg.rst() {
            return silent(Discard::ResetInTimeWait.into());
        }
        // RFC 6191 section 2: otherwise silently drop the incoming SYN segment.
        if seg.syn() && seg.ack.is_none() {
            return silent(Discard::SynInSynchronized.into());
        }
        let wnd = self.scale.scale(self.window);
        if is_acceptable(seg.seq, seg.len(), self.rcv_nxt, wnd) && !seg.fin() && !seg.syn() {
            return silent(Accepted::Ack.into());
        }
        // "The only thing that can arrive in this state is a retransmission of the remote FIN.
        // Acknowledge it, and restart the 2 MSL timeout."
        let fin_again = seg.fin() && seg.end() == self.rcv_nxt;
        Reaction {
            ending: if fin_again {
                Accepted::TimeWaitAnswered.into()
            } else {
                Discard::Old.into()
            },
            answer: fin_again || self.challenge.may_send(now),
            restart: fin_again,
        }
    }

    /// Why a SYN may begin a new incarnation, if it may. `timestamps`: whether it would use them.
    pub fn may_reopen(&self, seg: &Segment<'_>, timestamps: bool) -> Option<&'static Why> {
        may_reopen(seg, self.rcv_nxt, self.timestamps.as_ref(), timestamps)
    }

    /// Our last acknowledgment: <SEQ=SND.NXT><ACK=RCV.NXT><CTL=ACK>.
    pub fn acknowledgment(&self, now: Instant) -> (Segment<'static>, &'static Why) {
        let segment = Segment {
            ports: Ports {
                src: self.pair.local.port,
                dst: self.pair.remote.port,
            },
            seq: self.snd_nxt,
            ack: Some(self.rcv_nxt),
            flags: Flags::ACK,
            window: self.window,
            urgent: 0,
            order: Order::default(),
            options: Options {
                timestamps: self.timestamps.map(|timestamps| timestamps.option(now)),
                ..Options::default()
            },
            text: Pieces::EMPTY,
        };
        (segment, LAST_ACK_AGAIN)
    }

    /// Who talked to whom.
    pub fn pair(&self) -> SocketPair {
        self.pair
    }

    /// How often the path has been doubted: [`Connection::path_doubts`].
    pub fn path_doubts(&self) -> u32 {
        self.path_doubts
    }

    /// SND.NXT: a new incarnation's ISS should lie beyond it.
    pub fn snd_nxt(&self) -> SeqNum {
        self.snd_nxt
    }
}

/// RFC 6191 section 2, in its order.
fn may_reopen(
    seg: &Segment<'_>,
    rcv_nxt: SeqNum,
    before: Option<&Timestamps>,
    would_use_timestamps: bool,
) -> Option<&'static Why> {
    if !seg.syn() || seg.ack.is_some() || seg.rst() {
        return None;
    }
    // Greater than the number of the old FIN, which is the last that was used.
    let later_seq = seg.seq.at_or_after(rcv_nxt).then_some(LATER_NUMBER);
    let offered = seg.options.timestamps.filter(|_| would_use_timestamps);
    match (before, offered) {
        (Some(before), Some(offered)) if is_before(before.recent(), offered.value) => {
            Some(LATER_TIMESTAMP)
        }
        (Some(before), Some(offered)) => later_seq.filter(|_| offered.value == before.recent()),
        (None, Some(_)) => Some(FIRST_TIMESTAMP),
        (_, None) => later_seq,
    }
}

const LATER_TIMESTAMP: &Why = &Why {
    by: rfc!(6191, "2"),
    text: "a SYN ends TIME-WAIT: its timestamp is later than the last of the old connection",
};
const FIRST_TIMESTAMP: &Why = &Why {
    by: rfc!(6191, "2"),
    text: "a SYN ends TIME-WAIT: it brings timestamps, and the old connection had none",
};
const LATER_NUMBER: &Why = &Why {
    by: rfc!(6191, "2"),
    text: "a SYN ends TIME-WAIT: its number lies beyond the last of the old connection",
};

const LAST_ACK_AGAIN: &Why = &Why {
    by: rfc!(9293, "3.10.7.4"),
    text: "the peer's FIN came again: our acknowledgment was lost",
};

/// A server has one of these for every connection of the last minute.
const _: () = assert!(size_of::<TimeWait>() <= 96);

#[cfg(test)]
mod tests;
