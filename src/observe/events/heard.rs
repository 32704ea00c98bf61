//! An event to keep: without the packet, of which what can be seen is kept.

use crate::base::{Instant, Pieces};
use crate::observe::packet::Seen;
use crate::probe::{Event, EventId, Snapshot, Subject, Told, Variables};

/// An event that outlives its telling.
#[derive(Debug, Clone)]
pub struct Heard {
    pub id: EventId,
    pub cause: Option<EventId>,
    pub at: Instant,
    pub on: Subject,
    /// Its packet is empty.
    pub event: Event<'static>,
    /// What was to be seen of the packet: of an ending, of the one that ended.
    pub seen: Option<Seen>,
    /// How long the packet was, in bytes.
    pub len: usize,
}

impl Heard {
    /// Keeps what was told; `seen` is what is known of the packet that an ending is about.
    pub fn of(told: &Told<'_>, of_ended: Option<(Seen, usize)>) -> Heard {
        let seen = match *told.event {
            Event::PacketIn { bytes, .. } => Seen::of(bytes, 0).zip(Some(bytes.len())),
            Event::PacketOut { head, body, .. } => {
                Seen::of(head, body.len()).zip(Some(head.len() + body.len()))
            }
            ref event => of_ended.filter(|_| event.is_ending()),
        };
        Heard {
            id: told.id,
            cause: told.cause,
            at: told.at,
            on: told.on,
            event: without_packet(told.event),
            seen: seen.map(|(seen, _)| seen),
            len: seen.map(|(_, len)| len).unwrap_or_default(),
        }
    }

    /// As if it were told again.
    pub fn told(&self) -> Told<'_> {
        Told {
            id: self.id,
            cause: self.cause,
            at: self.at,
            on: self.on,
            event: &self.event,
        }
    }

    /// Whether it says no more than that time was told.
    pub fn is_tick(&self) -> bool {
        matches!(self.event, Event::Ticked)
    }

    /// The event that a capture numbers the frame by: of an ending, its packet's.
    pub fn of_frame(&self) -> EventId {
        match self.cause {
            Some(cause) if self.event.is_ending() => cause,
            _ => self.id,
        }
    }

    /// What its connection knew afterwards.
    pub fn variables(&self) -> Option<Snapshot> {
        self.event.variables().map(Variables::snapshot)
    }
}

/// The same with an empty packet.
fn without_packet(event: &Event<'_>) -> Event<'static> {
    match *event {
        Event::PacketIn {
            interface, offload, ..
        } => Event::PacketIn {
            interface,
            bytes: &[],
            offload,
        },
        Event::PacketOut {
            interface,
            offload,
            purpose,
            why,
            variables,
            ..
        } => Event::PacketOut {
            interface,
            head: &[],
            body: Pieces::EMPTY,
            offload,
            purpose,
            why,
            variables: variables.map(Variables::kept),
        },
        ref other => same(other),
    }
}

/// What borrows nothing, as it is.
fn same(event: &Event<'_>) -> Event<'static> {
    match *event {
        Event::Called(call) => Event::Called(call),
        // The first two are made without their packets before.
        Event::PacketIn { .. } | Event::PacketOut { .. } | Event::Ticked => Event::Ticked,
        Event::Accepted {
            what,
            by,
            variables,
        } => Event::Accepted {
            what,
            by,
            variables: variables.map(Variables::kept),
        },
        Event::Discarded { why, by, variables } => Event::Discarded {
            why,
            by,
            variables: variables.map(Variables::kept),
        },
        Event::Dropped { why, by } => Event::Dropped { why, by },
        Event::Opened {
            local,
            remote,
            state,
        } => Event::Opened {
            local,
            remote,
            state,
        },
        Event::StateChanged { from, to, on } => Event::StateChanged { from, to, on },
        Event::Noted { by, text } => Event::Noted { by, text },
        Event::RttSampled {
            rtt,
            srtt,
            rttvar,
            rto,
        } => Event::RttSampled {
            rtt,
            srtt,
            rttvar,
            rto,
        },
        Event::TimerSet { kind, at } => Event::TimerSet { kind, at },
        Event::TimerExpired { kind } => Event::TimerExpired { kind },
        Event::TimerCancelled { kind } => Event::TimerCancelled { kind },
        Event::Lost { range, by } => Event::Lost { range, by },
        Event::Undone { by } => Event::Undone { by },
        Event::CongestionChanged {
            cwnd,
            ssthresh,
            by,
            text,
        } => Event::CongestionChanged {
            cwnd,
            ssthresh,
            by,
            text,
        },
        Event::BlockedBy { by } => Event::BlockedBy { by },
        Event::Urgent { offset } => Event::Urgent { offset },
    }
}
