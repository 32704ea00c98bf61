//! Resets, and the arrows of RFC 9293 figure 5, as far as packets show them.

use crate::explain::end::End;
use crate::explain::packet::Seen;
use crate::explain::rules;
use crate::explain::told::{Class, Level, Reset, Told};
use crate::probe::State;
use crate::rfc;
use crate::wire::Flags;

use super::Connection;

impl Connection {
    pub(super) fn resets(&mut self, me: usize, seen: &Seen<'_>, told: &mut Told) {
        let (sender, receiver) = (&self.ends[me], &self.ends[1 - me]);
        let is_over = self
            .ends
            .iter()
            .all(|end| end.fin.is_some_and(|fin| end.una > fin));
        let (reset, cite, text) = if sender.syn.is_none() && receiver.state == State::SynSent {
            (
                Reset::Refusal,
                rfc!(9293, "3.10.7.1"),
                "nobody listens there",
            )
        } else if is_over || self.reset.is_some() {
            (
                Reset::AfterClose,
                rfc!(9293, "3.10.7.1"),
                "the connection is over here",
            )
        } else {
            (
                Reset::Abort,
                rfc!(9293, "3.5.2"),
                "the connection is given up",
            )
        };
        told.class = Class::Reset(reset);
        told.cite = cite;
        told.text = text.into();
        if reset == Reset::Abort {
            rules::reset_in_window(self, me, seen, told);
        }
        let text = format!("{} resets: {text}", self.ends[me].addr);
        self.find(told, seen, (Level::Note, "reset"), cite, text);
        self.reset = self.reset.or(Some((me, reset)));
        for end in [me, 1 - me] {
            self.becomes(end, State::Closed, told);
        }
    }

    /// RFC 9293 figure 5, as far as packets show it: an end has received what it acknowledges.
    pub(super) fn moves(&mut self, me: usize, seen: &Seen<'_>, told: &mut Told) {
        let other = 1 - me;
        if seen.flags.has(Flags::SYN) {
            match (seen.ack.is_some(), self.ends[me].state) {
                (false, State::Closed) => {
                    self.becomes(me, State::SynSent, told);
                    if self.ends[other].state == State::Closed {
                        self.becomes(other, State::Listen, told);
                    }
                }
                (true, State::Closed | State::Listen | State::SynSent) => {
                    self.becomes(me, State::SynReceived, told);
                }
                _ => {}
            }
        }
        // What it acknowledges was received here, and is known there when it comes.
        if seen.ack.is_none() {
            return;
        }
        let syn_known = self.ends[other].una >= 1 && self.ends[other].syn.is_some();
        if syn_known && self.ends[me].state == State::SynSent {
            self.becomes(me, State::Established, told);
        }
        if syn_known && matches!(self.ends[other].state, State::SynReceived | State::SynSent) {
            self.becomes(other, State::Established, told);
        }
        for end in [me, other] {
            let begun = matches!(self.ends[end].state, State::Closed | State::Listen);
            if begun && self.ends[end].syn.is_none() && self.reset.is_none() {
                self.becomes(end, State::Established, told);
            }
        }
        let known = |end: &End| end.fin.is_some_and(|fin| end.una > fin);
        if known(&self.ends[other]) {
            let next = match self.ends[other].state {
                State::FinWait1 => Some(State::FinWait2),
                State::Closing => Some(State::TimeWait),
                State::LastAck => Some(State::Closed),
                _ => None,
            };
            next.into_iter()
                .for_each(|next| self.becomes(other, next, told));
            let next = match self.ends[me].state {
                State::Established => Some(State::CloseWait),
                State::FinWait1 => Some(State::Closing),
                State::FinWait2 => Some(State::TimeWait),
                _ => None,
            };
            next.into_iter()
                .for_each(|next| self.becomes(me, next, told));
        }
        if self.ends[me].fin.is_some() {
            let next = match self.ends[me].state {
                State::Established | State::SynReceived => Some(State::FinWait1),
                State::CloseWait => Some(State::LastAck),
                _ => None,
            };
            next.into_iter()
                .for_each(|next| self.becomes(me, next, told));
        }
    }

    fn becomes(&mut self, end: usize, state: State, told: &mut Told) {
        let old = std::mem::replace(&mut self.ends[end].state, state);
        if old != state {
            told.states.push((end, old, state));
        }
    }
}
