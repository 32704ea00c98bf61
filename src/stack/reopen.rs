//! A SYN may end TIME-WAIT: the old incarnation gives way, and has the pair again if the SYN turns
//! out to be an old duplicate. RFC 9293 section 3.6.1, MAY-2.

use crate::base::SeqNum;
use crate::base::pair::SocketPair;
use crate::probe::{Edge, State, Subject, Why};
use crate::rfc;

use super::demux::{HalfOpenId, Who};
use super::tcp::TIME_WAIT_CUT;
use super::{HalfSlot, Stack};

/// An incarnation in TIME-WAIT for whose pair a SYN has come.
#[derive(Debug, Clone, Copy)]
pub(super) struct Old {
    pub who: Who,
    /// Its SND.NXT.
    pub nxt: SeqNum,
}

impl Stack {
    /// The new incarnation has proved to be one: TIME-WAIT of the old one is over.
    pub(super) fn supersede(&mut self, old: Option<Who>) {
        // A connection that somebody still reads stays until that is over, and has no pair.
        if let Some(Who::TimeWait(id)) = old {
            self.leave_time_wait(id, TIME_WAIT_CUT, Edge::Reopened);
        }
    }

    /// A half-open connection comes to nothing: whoever has given way for it has the pair again.
    pub(super) fn forget_half_open(&mut self, id: HalfOpenId) {
        let Some(HalfSlot { half, old, .. }) = self.remove_half_open(id) else {
            return;
        };
        if let Some((who, number)) = old.and_then(|who| Some((who, self.waiting(who)?))) {
            self.demux.bind(&half.pair(), who);
            self.note(Subject::Connection(number), BACK);
        }
    }

    /// The half-open connection that this one gives way for.
    pub(super) fn successor_of(&self, pair: &SocketPair, who: Who) -> Option<HalfOpenId> {
        match self.owner_of(pair) {
            Some(Who::HalfOpen(id)) => {
                let half = self.half_open.get(id)?;
                (half.old == Some(who)).then_some(id)
            }
            _ => None,
        }
    }

    /// The number of a connection, if it is in TIME-WAIT still.
    fn waiting(&self, who: Who) -> Option<u64> {
        match who {
            Who::TimeWait(id) => self.time_wait.get(id).map(|slot| slot.number),
            Who::Connection(id) => {
                let slot = self.connections.get(id)?;
                (slot.connection.state() == State::TimeWait).then_some(slot.number)
            }
            Who::HalfOpen(_) => None,
        }
    }
}

const BACK: &Why = &Why {
    by: rfc!(9293, "3.6.1"),
    text: "the SYN was an old duplicate: back to TIME-WAIT",
};
