//! Which packet is which: flows are watched so that packets can be named by what they are.

use std::collections::{BTreeMap, VecDeque};

use crate::base::SeqNum;
use crate::sim::parcel::{FlowBytes, flow_of};
use crate::sim::reading::{SegmentReading, read};

use super::loss::Which;
use super::meaning::{Meaning, What};

/// What has passed of each flow.
#[derive(Debug, Default)]
pub(super) struct Tracker {
    flows: BTreeMap<FlowBytes, Passed>,
}

/// What a packet is. Numbers count from 1, copies from 0.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Identity {
    flow: u32,
    any: u64,
    syn: Option<u32>,
    syn_ack: Option<u32>,
    fin: Option<u32>,
    rst: Option<u64>,
    ack: Option<u64>,
    /// Its number, if that is known still, and which copy it is.
    data: Option<(u64, u32)>,
}

/// What has passed of one flow.
#[derive(Debug, Default)]
struct Passed {
    index: u32,
    any: u64,
    syns: u32,
    syn_acks: u32,
    fins: u32,
    rsts: u64,
    acks: u64,
    data: u64,
    /// The segments of new text that passed last, oldest first.
    segments: VecDeque<Segment>,
}

/// A segment of text, and how often it has passed again.
#[derive(Debug)]
struct Segment {
    start: SeqNum,
    end: SeqNum,
    copies: u32,
}

impl Tracker {
    /// A packet passes; `None` if it is no TCP segment.
    pub fn see(&mut self, bytes: &[u8]) -> Option<Identity> {
        let segment = read(bytes, bytes.len()).ok()?.segment?;
        let index = self.flows.len() as u32 + 1;
        let passed = self.flows.entry(flow_of(bytes)).or_insert_with(|| Passed {
            index,
            ..Passed::default()
        });
        if segment.syn() && passed.fins + passed.data as u32 > 0 {
            // The pair is used again: another flow.
            *passed = Passed {
                index: passed.index,
                ..Passed::default()
            };
        }
        Some(passed.see(&segment))
    }
}

impl Passed {
    fn see(&mut self, segment: &SegmentReading) -> Identity {
        self.any += 1;
        let mut identity = Identity {
            flow: self.index,
            any: self.any,
            ..Identity::default()
        };
        if segment.rst() {
            self.rsts += 1;
            identity.rst = Some(self.rsts);
            return identity;
        }
        if segment.syn() {
            let (which, copies) = if segment.ack.is_some() {
                (&mut identity.syn_ack, &mut self.syn_acks)
            } else {
                (&mut identity.syn, &mut self.syns)
            };
            *which = Some(*copies);
            *copies += 1;
        }
        if segment.fin() {
            identity.fin = Some(self.fins);
            self.fins += 1;
        }
        if segment.text_len > 0 {
            identity.data = Some(self.see_text(segment));
        }
        if segment.is_bare() {
            self.acks += 1;
            identity.ack = Some(self.acks);
        }
        identity
    }

    fn see_text(&mut self, segment: &SegmentReading) -> (u64, u32) {
        let (start, end) = (segment.text_seq(), segment.text_end());
        if self.segments.back().is_none_or(|last| last.end.before(end)) {
            self.data += 1;
            self.segments.push_back(Segment {
                start,
                end,
                copies: 0,
            });
            if self.segments.len() > SEGMENTS_MAX {
                self.segments.pop_front();
            }
            return (self.data, 0);
        }
        let behind = self.segments.len() as u64;
        let place = self
            .segments
            .partition_point(|known| known.end.at_or_before(start));
        match self
            .segments
            .get_mut(place)
            .filter(|known| known.start.before(end))
        {
            Some(known) => {
                known.copies += 1;
                (self.data - (behind - 1 - place as u64), known.copies)
            }
            // Longer ago than is remembered.
            None => (0, u32::MAX),
        }
    }
}

impl Identity {
    /// Whether it is one of those that are meant.
    pub fn is(&self, meant: &Meaning) -> bool {
        if meant.flow.is_some_and(|flow| flow != self.flow) {
            return false;
        }
        let counted = |number: Option<u64>| number.is_some_and(|n| meant.numbers.has(n));
        let copied = |copy: Option<u32>| {
            copy.is_some_and(|copy| {
                meant.numbers.has(u64::from(copy) + 1) && meant.copies.has(copy)
            })
        };
        match meant.what {
            What::Syn => copied(self.syn),
            What::SynAck => copied(self.syn_ack),
            What::Fin => copied(self.fin),
            What::Rst => counted(self.rst),
            What::Ack => counted(self.ack),
            What::Any => counted(Some(self.any)),
            What::Data => self
                .data
                .is_some_and(|(number, copy)| meant.numbers.has(number) && meant.copies.has(copy)),
        }
    }

    /// Whether a loss of this kind is about it.
    pub fn is_of(&self, which: Which) -> bool {
        let again = |copy: Option<u32>| copy.is_some_and(|copy| copy > 0);
        match which {
            Which::All => true,
            Which::BareAcks => self.ack.is_some(),
            Which::Data => self.data.is_some(),
            Which::Control => {
                self.syn.is_some()
                    || self.syn_ack.is_some()
                    || self.fin.is_some()
                    || self.rst.is_some()
            }
            Which::Retransmissions => {
                let data = again(self.data.map(|(_, copy)| copy));
                let alone = self.data.is_none();
                data || alone && (again(self.syn) || again(self.syn_ack) || again(self.fin))
            }
        }
    }
}

/// More segments than any window holds.
const SEGMENTS_MAX: usize = 1 << 16;
