//! Every fact worth telling, borrowed: nothing is copied for an observer that does not look.

use std::net::SocketAddr;
use std::time::Duration;

use crate::base::{Cite, Instant, InterfaceId, Offload, Pieces, SeqRange};

use super::{
    Accepted, Blocked, Call, Discard, Drop, Edge, LossProof, Purpose, Spurious, State, TimerKind,
    Variables,
};

/// Whom an event is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Subject {
    /// The stack as a whole.
    Stack,
    /// A connection, or the half-open beginning or the TIME-WAIT rest of one, by a number that is
    /// never used again.
    Connection(u64),
    /// A listener.
    Listener(u64),
    /// A datagram socket.
    Datagrams(u64),
    /// An echo socket.
    Echo(u64),
}

/// Why a packet leaves: the clause, and in words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Why {
    pub by: Cite,
    pub text: &'static str,
}

/// One fact.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Event<'a> {
    // Inputs: chains of causes begin here.
    /// A packet came in.
    PacketIn {
        interface: InterfaceId,
        bytes: &'a [u8],
        /// What the device says of it.
        offload: Offload,
    },
    /// The application called.
    Called(Call),
    /// Time was told.
    Ticked,

    // Endings: each packet that came in has exactly one of these three.
    /// It was taken in.
    Accepted {
        what: Accepted,
        by: Cite,
        /// The connection afterwards.
        variables: Option<Variables<'a>>,
    },
    /// Its connection, or the lack of one, had no use for it.
    Discarded {
        why: Discard,
        by: Cite,
        /// The connection afterwards.
        variables: Option<Variables<'a>>,
    },
    /// It never reached a transport machine.
    Dropped { why: Drop, by: Cite },

    // Packets that leave.
    /// A packet goes out; its cause is the input that made it due.
    PacketOut {
        interface: InterfaceId,
        head: &'a [u8],
        body: Pieces<'a>,
        /// What the device has to do to it.
        offload: Offload,
        purpose: Purpose,
        why: Why,
        /// The connection afterwards.
        variables: Option<Variables<'a>>,
    },

    // What went on inside.
    /// A connection came to be.
    Opened {
        local: SocketAddr,
        remote: SocketAddr,
        state: State,
    },
    /// An arrow of RFC 9293 Figure 5 was taken.
    StateChanged { from: State, to: State, on: Edge },
    /// A decision that a clause prescribes.
    Noted { by: Cite, text: &'static str },
    /// A round-trip time was measured, and what follows from it (RFC 6298 section 2).
    RttSampled {
        rtt: Duration,
        srtt: Duration,
        rttvar: Duration,
        rto: Duration,
    },
    /// A timer was set, or set anew.
    TimerSet { kind: TimerKind, at: Instant },
    /// A timer expired.
    TimerExpired { kind: TimerKind },
    /// A timer was stopped before it expired.
    TimerCancelled { kind: TimerKind },
    /// Something sent is taken for lost.
    Lost { range: SeqRange, by: LossProof },
    /// What was taken for lost had not been: the window is what it was before (RFC 4015 section 3).
    Undone { by: Spurious },
    /// The congestion window or the threshold changed for a reason other than an ordinary ACK.
    CongestionChanged {
        cwnd: u64,
        ssthresh: Option<u64>,
        by: Cite,
        text: &'static str,
    },
    /// Nothing more is sent for now, for another reason than the last time.
    BlockedBy { by: Blocked },
    /// The peer's urgent pointer marks the end of urgent data, as an offset in the stream.
    Urgent { offset: u64 },
}

impl Event<'_> {
    /// Whether a chain of causes begins here.
    pub const fn is_input(&self) -> bool {
        matches!(
            self,
            Event::PacketIn { .. } | Event::Called(_) | Event::Ticked
        )
    }

    /// Whether this says what became of a packet that came in.
    pub const fn is_ending(&self) -> bool {
        matches!(
            self,
            Event::Accepted { .. } | Event::Discarded { .. } | Event::Dropped { .. }
        )
    }

    /// What its connection knew afterwards, of an event that tells it.
    pub const fn variables(&self) -> Option<Variables<'_>> {
        match *self {
            Event::PacketOut { variables, .. }
            | Event::Accepted { variables, .. }
            | Event::Discarded { variables, .. } => variables,
            _ => None,
        }
    }
}
