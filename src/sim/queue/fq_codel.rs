//! Flow queueing with controlled delay: RFC 8290. Flows are hashed to queues of their own, which
//! take turns by bytes; each is held short by CoDel, and one that has just begun goes first.

use std::collections::VecDeque;

use crate::base::Key;
use crate::sim::dice::Dice;
use crate::sim::parcel::{Parcel, flow_of};
use crate::sim::range::{OutOfRange, between};

use super::codel::{CoDel, Control, Fifo};
use super::{Ledger, Load, Queue};

/// The parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FqCoDel {
    /// How each flow's queue is held short; its `packets` bounds all of them together.
    pub codel: CoDel,
    /// How many queues there are to hash flows to.
    pub flows: u32,
    /// How many bytes a flow may send a turn.
    pub quantum: u32,
}

/// The RFC's own: 1,024 queues, a packet a turn, 10,240 packets.
impl Default for FqCoDel {
    fn default() -> FqCoDel {
        FqCoDel {
            codel: CoDel {
                packets: 10_240,
                ..CoDel::default()
            },
            flows: 1_024,
            quantum: 1_514,
        }
    }
}

impl FqCoDel {
    /// Whether a queue can be made of it.
    ///
    /// # Errors
    ///
    /// The first value that is out of its range.
    pub fn check(&self) -> Result<(), OutOfRange> {
        self.codel.check().map_err(|error| error.within("codel"))?;
        between("flows", self.flows, 1..=65_536)?;
        between("quantum", self.quantum, 64..=1 << 20)
    }
}

/// One flow's queue.
#[derive(Debug, Default)]
struct Flow {
    fifo: Fifo,
    control: Control,
    /// Bytes that it may still send this turn; below zero when its last packet took more.
    credit: i64,
    /// It stands in one of the two lists.
    is_listed: bool,
}

#[derive(Debug)]
pub(super) struct Waiting {
    plan: FqCoDel,
    flows: Vec<Flow>,
    /// Flows that had nothing waiting, and have begun.
    new: VecDeque<usize>,
    old: VecDeque<usize>,
    key: Key,
    load: Load,
}

impl Waiting {
    pub fn new(plan: FqCoDel, seed: u64) -> Waiting {
        let mut dice = Dice::new(seed, 0);
        let mut key = [0; 16];
        key[..8].copy_from_slice(&dice.number().to_le_bytes());
        Waiting {
            plan,
            flows: (0..plan.flows).map(|_| Flow::default()).collect(),
            new: VecDeque::new(),
            old: VecDeque::new(),
            key: Key::new(key),
            load: Load::default(),
        }
    }

    /// Drops the oldest packet of whoever has most waiting.
    fn drop_of_the_fattest(&mut self, ledger: &mut Ledger<'_>) {
        let fattest = self
            .flows
            .iter_mut()
            .max_by_key(|flow| flow.fifo.load.bytes);
        if let Some(parcel) = fattest.and_then(|flow| flow.fifo.pop()) {
            self.load.remove(&parcel);
            ledger.overflow(parcel);
        }
    }
}

impl Queue for Waiting {
    fn push(&mut self, parcel: Parcel, ledger: &mut Ledger<'_>) {
        let index = (self.key.hash(&flow_of(&parcel.bytes)) % u64::from(self.plan.flows)) as usize;
        let flow = &mut self.flows[index];
        self.load.add(&parcel);
        flow.fifo.push(parcel);
        if !flow.is_listed {
            flow.is_listed = true;
            flow.credit = i64::from(self.plan.quantum);
            self.new.push_back(index);
        }
        if self.load.packets > self.plan.codel.packets {
            self.drop_of_the_fattest(ledger);
        }
    }

    fn pop(&mut self, ledger: &mut Ledger<'_>) -> Option<Parcel> {
        // Each turn gives a quantum, moves a flow behind the others, or takes one off the lists;
        // a quantum is at least a thousandth of the largest packet.
        loop {
            let from_new = !self.new.is_empty();
            let list = if from_new {
                &mut self.new
            } else {
                &mut self.old
            };
            let index = *list.front()?;
            let flow = &mut self.flows[index];
            if flow.credit <= 0 {
                flow.credit += i64::from(self.plan.quantum);
                list.pop_front();
                self.old.push_back(index);
                continue;
            }
            let before = flow.fifo.load;
            let next = flow.control.pop(&self.plan.codel, &mut flow.fifo, ledger);
            let after = flow.fifo.load;
            self.load.packets -= before.packets - after.packets;
            self.load.bytes -= before.bytes - after.bytes;
            if let Some(parcel) = next {
                flow.credit -= parcel.len() as i64;
                return Some(parcel);
            }
            list.pop_front();
            if from_new {
                // Once through the others, so that a flow of single packets cannot stay new.
                self.old.push_back(index);
            } else {
                flow.is_listed = false;
            }
        }
    }

    fn load(&self) -> Load {
        self.load
    }
}
