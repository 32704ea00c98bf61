//! Which frame of a capture an event is, and a short record of each frame.
//!
//! A frame's number is the one that Wireshark shows. Records are what a message ladder is drawn
//! from; there is a bound to them, and beyond it the first half and the last half are kept, since
//! a connection's beginning and end say most.

use std::collections::VecDeque;
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::base::{Cite, Instant, Offload};
use crate::probe::{Accepted, Ending, Event, EventId, Purpose, State, Told, Why};

use super::conversations::{Conversation, ConversationId, Conversations};
use super::packet::SegmentSeen;
use super::pcapng::Direction;

/// One frame of a capture.
#[derive(Debug, Clone, Copy)]
pub struct Frame {
    /// As Wireshark counts: the first is 1.
    pub number: u64,
    /// The event.
    pub id: EventId,
    /// What led to it; `None` for a packet in.
    pub cause: Option<EventId>,
    /// When it crossed the interface.
    pub at: Instant,
    /// What it was for, or what became of it.
    pub what: What,
    /// Whose it is, if it is part of a conversation that is remembered.
    pub conversation: Option<ConversationId>,
    /// The connection's state before it, that is after the conversation's last frame.
    pub before: Option<State>,
    /// The connection's state after it.
    pub state: Option<State>,
    /// The segment, if it is one.
    pub segment: Option<SegmentSeen>,
    /// What the device had to do to it, or said of it; of a part, to or of the whole.
    pub offload: Offload,
    /// Which part it is, if it was split.
    pub part: Option<Part>,
    /// Bytes on the interface, IP header included.
    pub len: u32,
}

/// A packet as one of those that a super-segment stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// Which one: the first is 1.
    pub number: u16,
    /// Of how many.
    pub of: u16,
}

/// What a frame was for, or what became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// It left.
    Out { purpose: Purpose, why: Why },
    /// It came in and ended like this.
    In { ending: Ending, by: Cite },
    /// It came in, and nothing said how it ended: a bug of the stack.
    Unexplained,
}

impl Frame {
    /// The same as such a part of it; the only one is none.
    pub(super) fn as_part(&self, part: Part) -> Frame {
        let is_last = part.number == part.of;
        Frame {
            part: (part.of > 1).then_some(part),
            // What changes a state is its end: FIN, and the last of the text.
            state: if is_last { self.state } else { self.before },
            ..*self
        }
    }
}

impl What {
    /// Which way it went.
    pub const fn direction(&self) -> Direction {
        match self {
            What::Out { .. } => Direction::Out,
            What::In { .. } | What::Unexplained => Direction::In,
        }
    }

    /// Whether it is one of the many that a transfer consists of: text, or an acknowledgment of
    /// it. All others are worth a word.
    pub const fn is_ordinary(&self) -> bool {
        matches!(
            self,
            What::Out {
                purpose: Purpose::Text | Purpose::Ack,
                ..
            } | What::In {
                ending: Ending::Accepted(Accepted::Text | Accepted::Ack | Accepted::WindowUpdate),
                ..
            }
        )
    }
}

/// The frames of a capture. Clones look at the same.
#[derive(Debug, Clone)]
pub struct Frames(Arc<Mutex<Ledger>>);

#[derive(Debug)]
struct Ledger {
    conversations: Conversations,
    /// By conversation: the state after its last frame, and the state it is in.
    states: Vec<(State, State)>,
    /// The event of each frame, in order.
    ids: Vec<EventId>,
    first: Vec<Frame>,
    last: VecDeque<Frame>,
    left_out: u64,
    most: usize,
}

/// What is known about whose a packet is, when its frame is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Belongs {
    pub conversation: Option<ConversationId>,
    pub before: Option<State>,
    pub state: Option<State>,
}

impl Frames {
    /// Remembers the records of `most` frames, of two at least.
    pub fn new(most: usize) -> Frames {
        Frames(Arc::new(Mutex::new(Ledger {
            conversations: Conversations::new(CONVERSATIONS_MAX),
            states: Vec::new(),
            ids: Vec::new(),
            first: Vec::new(),
            last: VecDeque::new(),
            left_out: 0,
            most: most.max(2),
        })))
    }

    /// The number of the frame that this event is, of the first if it was split; `None` if it is
    /// none.
    pub fn frame_of(&self, id: EventId) -> Option<u64> {
        let ledger = self.lock();
        // One stack numbers its events in the order in which it tells them, and frames stand in
        // that order.
        let index = ledger.ids.partition_point(|known| *known < id);
        (ledger.ids.get(index) == Some(&id)).then_some(index as u64 + 1)
    }

    /// All records that are kept, in order.
    pub fn all(&self) -> Vec<Frame> {
        let ledger = self.lock();
        ledger.first.iter().chain(&ledger.last).copied().collect()
    }

    /// The records of one conversation, in order.
    pub fn of(&self, conversation: ConversationId) -> Vec<Frame> {
        let mut frames = self.all();
        frames.retain(|frame| frame.conversation == Some(conversation));
        frames
    }

    /// All conversations, in the order in which they were opened.
    pub fn conversations(&self) -> Vec<Conversation> {
        self.lock().conversations.list().to_vec()
    }

    /// The frames that have no record, because there were too many.
    pub fn unrecorded(&self) -> Option<RangeInclusive<u64>> {
        let ledger = self.lock();
        let (before, after) = (ledger.first.last()?, ledger.last.front()?);
        (ledger.left_out > 0).then(|| before.number + 1..=after.number - 1)
    }

    /// Hears every event in order. For those that are packets out or endings: whose they are.
    pub(super) fn hear(&self, told: &Told<'_>) -> Belongs {
        let mut ledger = self.lock();
        let conversation = ledger.conversations.hear(told);
        ledger.follow(conversation, told.event)
    }

    /// A frame has been written.
    pub(super) fn add(&self, frame: Frame) {
        let mut ledger = self.lock();
        if ledger.ids.len() < IDS_MAX {
            ledger.ids.push(frame.id);
        }
        if ledger.first.len() < ledger.most.div_ceil(2) {
            ledger.first.push(frame);
            return;
        }
        ledger.last.push_back(frame);
        if ledger.last.len() > ledger.most / 2 {
            ledger.last.pop_front();
            ledger.left_out += 1;
        }
    }

    /// Only the first `frames` frames could be written.
    pub(super) fn cut(&self, frames: u64) {
        let mut ledger = self.lock();
        ledger
            .ids
            .truncate(usize::try_from(frames).unwrap_or(usize::MAX));
        ledger.first.retain(|frame| frame.number <= frames);
        ledger.last.retain(|frame| frame.number <= frames);
    }

    fn lock(&self) -> MutexGuard<'_, Ledger> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ledger {
    fn follow(&mut self, conversation: Option<ConversationId>, event: &Event<'_>) -> Belongs {
        let none = Belongs {
            conversation,
            before: None,
            state: None,
        };
        let Some(ConversationId(index)) = conversation else {
            return none;
        };
        let index = index as usize;
        if let Event::Opened { state, .. } = *event
            && self.states.len() <= index
        {
            // Conversations are numbered without gaps.
            self.states.push((state, state));
        }
        let Some((shown, now)) = self.states.get_mut(index) else {
            return none;
        };
        match *event {
            Event::StateChanged { to, .. } => *now = to,
            Event::PacketOut { .. }
            | Event::Accepted { .. }
            | Event::Discarded { .. }
            | Event::Dropped { .. } => {
                let before = std::mem::replace(shown, *now);
                return Belongs {
                    conversation,
                    before: Some(before),
                    state: Some(*now),
                };
            }
            _ => {}
        }
        none
    }
}

/// As many connections as a summary and its ladders can sensibly show.
const CONVERSATIONS_MAX: u32 = 4096;
/// Frames that can be found by their event: 8 MiB.
const IDS_MAX: usize = 1 << 20;
/// Records that are kept unless somebody asks for another number: under 8 MiB.
pub const FRAMES_MAX: usize = 40_960;
const _: () = assert!(size_of::<Frame>() * FRAMES_MAX <= 8 << 20);

#[cfg(test)]
mod tests;
