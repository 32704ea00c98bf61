//! All connections as somebody sees them who looks from outside: who there is, how far each has
//! got, and what one of them knows. Looking changes nothing.
//!
//! There may be very many, so that three questions are asked: a list of who there is, which is
//! cheap; how far one has got, which is enough to tell the busy from the idle; and all of one.

use std::net::SocketAddr;

use crate::base::Instant;
#[cfg(doc)]
use crate::base::pair::Endpoint;
use crate::base::pair::SocketPair;
use crate::probe::{ControlBlock, Snapshot, State, TimerKind};
use crate::tcp::{Connection, Details};

use super::Stack;
use super::demux::Who;

/// A connection, or the half-open beginning or the TIME-WAIT rest of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Whose(Who);

/// How far a connection has got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moved {
    /// The number that events tell it by.
    pub number: u64,
    /// Text acknowledged by the peer and text received in order, in bytes.
    pub bytes: (u64, u64),
    /// Bytes that wait to be acknowledged, or to be sent.
    pub waiting: u64,
}

/// What is to be seen of a connection.
#[derive(Debug, Clone)]
pub struct Sight {
    /// The number that events tell it by.
    pub number: u64,
    pub pair: SocketPair,
    pub state: State,
    /// What its control block knows, if it has one.
    pub known: Option<Box<Known>>,
    /// The timers that run, and when they expire.
    pub timers: Vec<(TimerKind, Instant)>,
}

/// What is to be seen of a listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listening {
    /// Where it listens: [`Endpoint::EVERYWHERE`] has port 0.
    pub local: SocketAddr,
    /// Connections that wait to be accepted, and half-open ones.
    pub waiting: usize,
    pub half_open: usize,
    /// How many there may be of either.
    pub backlog: usize,
}

/// What a control block knows.
#[derive(Debug, Clone, Copy)]
pub struct Known {
    pub variables: Snapshot,
    pub details: Details,
}

impl Stack {
    /// Who there is, `most` at most: those with a control block first, then the half-open, then
    /// those in TIME-WAIT, in no particular order.
    pub fn everyone(&self, most: usize) -> Vec<Whose> {
        let open = self.connections.keys().map(Who::Connection);
        let half_open = self.half_open.keys().map(Who::HalfOpen);
        let waiting = self.time_wait.keys().map(Who::TimeWait);
        let all = open.chain(half_open).chain(waiting);
        all.take(most).map(Whose).collect()
    }

    /// Who listens, `most` at most, in no particular order.
    pub fn listening(&self, most: usize) -> Vec<Listening> {
        let all = self.listeners.iter().take(most);
        all.map(|(_, listener)| Listening {
            local: listener.local.into(),
            waiting: listener.accepted.len(),
            half_open: listener.half_open,
            backlog: listener.backlog,
        })
        .collect()
    }

    /// How far one has got; `None` if it is gone.
    pub fn moved(&self, whose: Whose) -> Option<Moved> {
        Some(match whose.0 {
            Who::Connection(id) => {
                let slot = self.connections.get(id)?;
                Moved {
                    number: slot.number,
                    bytes: slot.connection.bytes(),
                    waiting: slot.connection.waiting(),
                }
            }
            Who::HalfOpen(id) => Moved::not_at_all(self.half_open.get(id)?.number),
            Who::TimeWait(id) => Moved::not_at_all(self.time_wait.get(id)?.number),
        })
    }

    /// All that is to be seen of one at `now`; `None` if it is gone.
    pub fn sight(&self, now: Instant, whose: Whose) -> Option<Sight> {
        let now = self.now.max(now);
        Some(match whose.0 {
            Who::Connection(id) => {
                let slot = self.connections.get(id)?;
                Sight {
                    number: slot.number,
                    pair: slot.connection.pair(),
                    state: slot.connection.state(),
                    known: Some(Box::new(known(&slot.connection, now))),
                    timers: slot.connection.running_timers().collect(),
                }
            }
            Who::HalfOpen(id) => {
                let slot = self.half_open.get(id)?;
                let due = slot.half.deadline();
                Sight {
                    number: slot.number,
                    pair: slot.half.pair(),
                    state: State::SynReceived,
                    known: None,
                    timers: due
                        .map(|at| (TimerKind::Retransmission, at))
                        .into_iter()
                        .collect(),
                }
            }
            Who::TimeWait(id) => {
                let slot = self.time_wait.get(id)?;
                let due = self.wheel.armed(slot.entry);
                Sight {
                    number: slot.number,
                    pair: slot.record.pair(),
                    state: State::TimeWait,
                    known: None,
                    timers: due
                        .map(|at| (TimerKind::TimeWait, at))
                        .into_iter()
                        .collect(),
                }
            }
        })
    }
}

impl Moved {
    fn not_at_all(number: u64) -> Moved {
        Moved {
            number,
            bytes: (0, 0),
            waiting: 0,
        }
    }
}

fn known(connection: &Connection, now: Instant) -> Known {
    Known {
        variables: connection.snapshot(),
        details: connection.details(now),
    }
}
