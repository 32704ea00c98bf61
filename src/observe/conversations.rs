//! Which events belong together: one conversation is one life of one pair of sockets.
//!
//! A connection may have two numbers in its life, that of its half-open beginning and its own, and
//! a pair of sockets may be used again when the first connection is gone. So a conversation begins
//! when a pair is opened that has none, and ends when its connection is deleted.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;

use crate::base::{Instant, SeqNum};
use crate::probe::{Event, Purpose, State, Subject, Told, Variables};

use super::packet::Seen;

/// One life of a pair of sockets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conversation {
    /// Our socket.
    pub local: SocketAddr,
    /// The peer's.
    pub remote: SocketAddr,
    /// When it was opened.
    pub opened: Instant,
    /// When its connection was deleted; `None` while it lives.
    pub ended: Option<Instant>,
    /// Our initial sequence number, once it is known.
    pub iss: Option<SeqNum>,
    /// The peer's, once it is known.
    pub irs: Option<SeqNum>,
    /// The number that it has in events.
    number: u64,
}

impl Conversation {
    /// One that goes on already, and whose beginning was not heard. `initial` are our initial
    /// sequence number and the peer's, if they are known.
    pub fn midway(
        local: SocketAddr,
        remote: SocketAddr,
        initial: Option<(SeqNum, SeqNum)>,
    ) -> Conversation {
        Conversation {
            local,
            remote,
            opened: Instant::BIRTH,
            ended: None,
            iss: initial.map(|(iss, _)| iss),
            irs: initial.map(|(_, irs)| irs),
            number: 0,
        }
    }
}

/// Where a conversation stands in the list of them: 0 is the one that was opened first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConversationId(pub u32);

/// All conversations that were heard of, up to a bound.
#[derive(Debug)]
pub struct Conversations {
    list: Vec<Conversation>,
    by_number: HashMap<u64, ConversationId>,
    alive: HashMap<(SocketAddr, SocketAddr), ConversationId>,
    /// Those that have ended, the first of them in front: if their places may be used again.
    ended: Option<VecDeque<ConversationId>>,
    most: u32,
    left_out: u64,
}

impl Conversations {
    /// Remembers the first `most` conversations for good.
    pub fn new(most: u32) -> Conversations {
        Conversations {
            list: Vec::new(),
            by_number: HashMap::new(),
            alive: HashMap::new(),
            ended: None,
            most,
            left_out: 0,
        }
    }

    /// Remembers `most` conversations at a time: the one that ended first gives its place, and its
    /// id, to one that is opened when there is no other.
    pub fn at_a_time(most: u32) -> Conversations {
        Conversations {
            ended: Some(VecDeque::new()),
            ..Conversations::new(most)
        }
    }

    /// Hears an event; says which conversation it belongs to, if to any that is remembered.
    pub fn hear(&mut self, told: &Told<'_>) -> Option<ConversationId> {
        let Subject::Connection(number) = told.on else {
            return None;
        };
        if let Event::Opened { local, remote, .. } = *told.event {
            return self.open(number, local, remote, told.at);
        }
        let id = *self.by_number.get(&number)?;
        match told.event {
            Event::StateChanged {
                // RFC 9293 Figure 5: a half-open connection that is reset goes back to LISTEN.
                to: State::Closed | State::Listen,
                ..
            } => self.end(id, told.at),
            Event::PacketOut {
                purpose: Purpose::SynAck,
                head,
                ..
            } => self.learn_from_syn_ack(id, head),
            Event::Accepted { variables, .. }
            | Event::Discarded { variables, .. }
            | Event::PacketOut { variables, .. } => self.learn(id, *variables),
            _ => {}
        }
        Some(id)
    }

    /// The living conversation between these sockets.
    pub fn between(&self, local: SocketAddr, remote: SocketAddr) -> Option<ConversationId> {
        self.alive.get(&(local, remote)).copied()
    }

    /// The conversation, if it is remembered.
    pub fn get(&self, id: ConversationId) -> Option<&Conversation> {
        self.list.get(id.0 as usize)
    }

    /// All of them, in the order in which they were opened.
    pub fn list(&self) -> &[Conversation] {
        &self.list
    }

    /// How many were opened beyond the bound.
    pub fn left_out(&self) -> u64 {
        self.left_out
    }

    fn open(
        &mut self,
        number: u64,
        local: SocketAddr,
        remote: SocketAddr,
        at: Instant,
    ) -> Option<ConversationId> {
        if let Some(&id) = self.alive.get(&(local, remote)) {
            let known = self.list.get_mut(id.0 as usize)?;
            self.by_number.remove(&known.number);
            known.number = number;
            self.by_number.insert(number, id);
            return Some(id);
        }
        let conversation = Conversation {
            local,
            remote,
            opened: at,
            ended: None,
            iss: None,
            irs: None,
            number,
        };
        let Some(id) = self.place(conversation) else {
            self.left_out += 1;
            return None;
        };
        self.by_number.insert(number, id);
        self.alive.insert((local, remote), id);
        Some(id)
    }

    fn place(&mut self, conversation: Conversation) -> Option<ConversationId> {
        let next = u32::try_from(self.list.len()).ok()?;
        if next < self.most {
            self.list.push(conversation);
            return Some(ConversationId(next));
        }
        let id = self.ended.as_mut()?.pop_front()?;
        let place = self.list.get_mut(id.0 as usize)?;
        self.by_number.remove(&place.number);
        *place = conversation;
        Some(id)
    }

    fn end(&mut self, id: ConversationId, at: Instant) {
        let Some(conversation) = self.list.get_mut(id.0 as usize) else {
            return;
        };
        // What ended once does not end again: a number may be told of once more, at its end.
        if conversation.ended.is_some() {
            return;
        }
        conversation.ended = Some(at);
        self.alive
            .remove(&(conversation.local, conversation.remote));
        if let Some(ended) = &mut self.ended {
            ended.push_back(id);
        }
    }

    /// RFC 9293 section 3.10.7.2: <SEQ=ISS><ACK=RCV.NXT>. A half-open beginning has no variables to
    /// tell.
    fn learn_from_syn_ack(&mut self, id: ConversationId, packet: &[u8]) {
        let Some(conversation) = self.list.get_mut(id.0 as usize) else {
            return;
        };
        if let Some(segment) = Seen::of(packet, 0).and_then(|seen| seen.segment) {
            conversation.iss = Some(segment.seq);
            conversation.irs = segment.ack.map(|ack| SeqNum(ack.0.wrapping_sub(1)));
        }
    }

    fn learn(&mut self, id: ConversationId, variables: Option<Variables<'_>>) {
        let (Some(conversation), Some(known)) = (self.list.get_mut(id.0 as usize), variables)
        else {
            return;
        };
        let known = known.snapshot();
        conversation.iss = Some(known.iss);
        if known.state != State::SynSent {
            conversation.irs = Some(known.irs);
        }
    }
}

#[cfg(test)]
mod tests;
