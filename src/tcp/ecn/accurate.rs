//! Accurate ECN: RFC 9768. How many marked packets have come, not only that one has.
//!
//! The three flags AE, CWR and ECE are one number here. On the packets of the handshake it tells
//! how the other's SYN came through ([`shown`]), so that a network that erases the field is found
//! out; on all others it is ACE, the last three bits of a counter of marked packets. What an
//! acknowledgment adds to that counter is told modulo eight, and acknowledgments may be lost: so
//! who is marked acknowledges before the counter can have come round, and who sends takes the
//! worst that can have been ([`Accurate::marks`]), unless the option says how bad it was
//! ([`counters`](super::counters)).

use std::mem;

use super::Codepoint;
use super::counters::{Bytes, Telling};
use crate::base::Instant;
use crate::wire::tcp::{Flags, Segment};

/// The counters of one connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accurate {
    /// r.cep: marked packets that came, SYNs not counted; what counts of it are three bits.
    came: u32,
    /// Of these, those that no segment of ours has told of.
    untold: u32,
    /// The last text was marked.
    marking: bool,
    /// s.cep: the peer's r.cep, as far as it is known.
    told: u32,
    /// The next segment tells how the peer's SYN,ACK came instead: section 3.2.2.1.
    answers_syn_ack: Option<Codepoint>,
    /// The ACK that is being heard is the handshake's last, whose flags are no counter.
    opening: bool,
    /// How many packets an ACK is the first to tell of, as a mean over some, in sixteenths.
    per_ack: u32,
    /// Our packets may have ECT: nothing has shown that marks do not come through.
    may_mark: bool,
    /// The option, and what it counts.
    pub bytes: Bytes,
    /// What ACE told of since an option was heard.
    since: Since,
}

/// Packets, and how many of them were marked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Since {
    delivered: u32,
    marks: u32,
}

impl Accurate {
    /// Section 3.2.1: both counters begin at five, so that an erased field is no beginning.
    const fn begin(telling: Telling) -> Accurate {
        Accurate {
            came: FIRST,
            untold: 0,
            marking: false,
            told: FIRST,
            answers_syn_ack: None,
            opening: false,
            per_ack: 2 * 16,
            may_mark: true,
            bytes: Bytes::new(telling),
            since: Since {
                delivered: 0,
                marks: 0,
            },
        }
    }

    /// The side whose SYN came first.
    pub const fn client(syn_ack: Codepoint, telling: Telling) -> Accurate {
        let begin = Accurate::begin(telling);
        Accurate {
            // Section 3.2.2.2: a mark on the SYN,ACK counts.
            came: match syn_ack {
                Codepoint::Ce => begin.came + 1,
                _ => begin.came,
            },
            answers_syn_ack: Some(syn_ack),
            ..begin
        }
    }

    /// The side that answered, or both of two that opened at once.
    pub const fn server(telling: Telling) -> Accurate {
        Accurate::begin(telling)
    }

    /// The flags of the handshake's last ACK have come: how our SYN,ACK came through.
    pub fn on_handshake_ack(&mut self, flags: Flags) {
        self.opening = true;
        match heard(flags) {
            Some(Codepoint::Ce) => self.told += 1,
            Some(_) => {}
            // Section 3.2.2.1: something on the way erases the flags; what comes is still told.
            None if number(flags) == 0 => self.may_mark = false,
            None => {}
        }
    }

    /// Section 3.1.5: a packet of the handshake went or came without the flags, so that one side
    /// may believe that nothing was agreed on.
    pub fn on_silence(&mut self) {
        self.may_mark = false;
    }

    /// An acceptable packet that is no SYN has come. Whether it is to be acknowledged at once;
    /// `owing` is whether text waits to be acknowledged.
    pub fn on_segment(&mut self, codepoint: Codepoint, seg: &Segment<'_>, owing: bool) -> bool {
        self.bytes.on_option(seg.options.byte_counts);
        self.bytes.count(codepoint, seg.text.len() as u32);
        let text = !seg.text.is_empty();
        let marked = codepoint == Codepoint::Ce;
        let begins = text && marked && !self.marking;
        if text {
            self.marking = marked;
        }
        if !marked {
            return false;
        }
        self.came = self.came.wrapping_add(1);
        self.untold += 1;
        // Section 3.2.2.5.1: where there is nothing to acknowledge, one more, lest two that only
        // acknowledge answer each other for ever.
        begins || self.untold >= if owing { 2 } else { 3 }
    }

    /// The flags of whatever leaves now and is no SYN.
    pub fn feedback(&self) -> Flags {
        self.answers_syn_ack.map_or_else(|| flags(self.came), shown)
    }

    /// They have left, and the option if it was due.
    pub fn on_sent(&mut self, now: Instant) {
        self.untold = 0;
        self.answers_syn_ack = None;
        self.bytes.on_told(now);
    }

    /// How many of the `delivered` packets that an ACK is the first to tell of were marked at most;
    /// none has more than `mss` bytes of text.
    pub fn marks(&mut self, seg: &Segment<'_>, delivered: u32, mss: u32) -> u32 {
        let bytes = self.bytes.hear(seg.options.byte_counts);
        if mem::take(&mut self.opening) {
            return 0;
        }
        let least = number(seg.flags).wrapping_sub(self.told) & 7;
        let many = self.per_ack > MANY_PER_ACK;
        self.per_ack = (self.per_ack * 15 + delivered.min(MOST) * 16) / 16;
        // Section 3.2.2.5.2: the counter may have come round as often as there are packets for it.
        let rounds = match bytes {
            _ if delivered < 8 => 0,
            Some(marked) => {
                let known = self.since.marks + least;
                let unknown = marked.div_ceil(mss.max(1)).saturating_sub(known);
                unknown.div_ceil(8).min((delivered - least) / 8)
            }
            None if many => 0,
            None => (delivered - least) / 8,
        };
        let marks = least + 8 * rounds;
        self.told = self.told.wrapping_add(marks);
        self.since.delivered = self.since.delivered.saturating_add(delivered);
        self.since.marks = self.since.marks.saturating_add(marks);
        if let Some(marked) = bytes {
            self.reconcile(marked);
        }
        marks
    }

    /// Section 3.2.3.2.5: the option has told of so many marked bytes, and ACE of no packet, though
    /// there were too few for it to come round: somebody on the way changes one of them.
    fn reconcile(&mut self, marked: u32) {
        let since = mem::take(&mut self.since);
        if marked > 0 && since.marks == 0 && since.delivered < 8 {
            self.may_mark = false;
        }
    }

    /// Marked packets: those that came, and those of ours that the peer has told of.
    pub const fn counted(&self) -> [u32; 2] {
        [self.came.wrapping_sub(FIRST), self.told.wrapping_sub(FIRST)]
    }

    /// Whether new text may have ECT.
    pub fn may_mark(&self) -> bool {
        self.may_mark
    }
}

/// AE, CWR and ECE from the highest bit on.
pub fn number(flags: Flags) -> u32 {
    [Flags::AE, Flags::CWR, Flags::ECE]
        .into_iter()
        .fold(0, |number, flag| number * 2 + u32::from(flags.has(flag)))
}

/// The last three bits of a number, as flags.
pub fn flags(number: u32) -> Flags {
    [(4, Flags::AE), (2, Flags::CWR), (1, Flags::ECE)]
        .into_iter()
        .filter(|(bit, _)| number & bit != 0)
        .fold(Flags::NONE, |flags, (_, flag)| flags | flag)
}

/// Sections 3.1.1 and 3.2.2.1: how a SYN or SYN,ACK came, as its answer shows it.
pub fn shown(codepoint: Codepoint) -> Flags {
    flags(match codepoint {
        Codepoint::NotEct => 0b010,
        Codepoint::Ect1 => 0b011,
        Codepoint::Ect0 => 0b100,
        Codepoint::Ce => 0b110,
    })
}

/// What an answer shows; `None` if it is none of those that are ever sent.
pub fn heard(flags: Flags) -> Option<Codepoint> {
    Codepoint::ALL
        .into_iter()
        .find(|codepoint| number(shown(*codepoint)) == number(flags))
}

/// Sections 3.1.1 and 3.1.3: whether a SYN asks for it. Combinations that nobody sends are of a
/// later version, which can do this one.
pub fn is_asking(flags: Flags) -> bool {
    !matches!(number(flags), 0b000 | 0b011)
}

/// Sections 3.1.1 and 3.1.3: whether a SYN,ACK agrees to it.
pub fn is_agreeing(flags: Flags) -> bool {
    heard(flags).is_some() || number(flags) == 0b101
}

/// Where ACKs tell of as many packets as a rule, none of them is missing, and the peer would have
/// told of marks before the counter had come round: house!("accurate-ecn").
const MANY_PER_ACK: u32 = 4 * 16;
/// Section 3.2.1.
const FIRST: u32 = 5;
/// What one ACK adds to the mean.
const MOST: u32 = 1 << 16;

#[cfg(test)]
mod tests;
