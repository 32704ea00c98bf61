//! First in, first out, with a bound; perhaps with a mark above a threshold.

use std::collections::VecDeque;

use crate::sim::parcel::Parcel;
use crate::sim::range::{OutOfRange, between};

use super::{Ledger, Load, Queue};

/// What finds no room is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DropTail {
    /// How many packets may wait.
    pub packets: u64,
    /// How many bytes may wait; a packet alone may have more.
    pub bytes: u64,
    /// Packets that find at least so many waiting are marked, if their senders listen: what
    /// switches in data centres do.
    pub mark_from: Option<u64>,
}

/// As many as some kernels' devices hold.
impl Default for DropTail {
    fn default() -> DropTail {
        DropTail::packets(1_000)
    }
}

impl DropTail {
    /// Room for so many packets of whatever size.
    pub fn packets(packets: u64) -> DropTail {
        DropTail {
            packets,
            bytes: BYTES_MAX,
            mark_from: None,
        }
    }

    /// Room for so many bytes in whatever number of packets.
    pub fn bytes(bytes: u64) -> DropTail {
        DropTail {
            packets: PACKETS_MAX,
            bytes,
            mark_from: None,
        }
    }

    /// Whether a queue can be made of it.
    ///
    /// # Errors
    ///
    /// The first value that is out of its range.
    pub fn check(&self) -> Result<(), OutOfRange> {
        between("packets", self.packets, 1..=PACKETS_MAX)?;
        between("bytes", self.bytes, 1..=BYTES_MAX)?;
        match self.mark_from {
            Some(mark_from) => between("mark_from", mark_from, 0..=self.packets),
            None => Ok(()),
        }
    }
}

#[derive(Debug)]
pub(super) struct Waiting {
    plan: DropTail,
    parcels: VecDeque<Parcel>,
    load: Load,
}

impl Waiting {
    pub fn new(plan: DropTail) -> Waiting {
        Waiting {
            plan,
            parcels: VecDeque::new(),
            load: Load::default(),
        }
    }
}

impl Queue for Waiting {
    fn push(&mut self, mut parcel: Parcel, ledger: &mut Ledger<'_>) {
        let Load { packets, bytes } = self.load;
        let too_long = packets > 0 && bytes + parcel.len() as u64 > self.plan.bytes;
        if packets >= self.plan.packets || too_long {
            return ledger.overflow(parcel);
        }
        let is_long = self.plan.mark_from.is_some_and(|from| packets >= from);
        if is_long && parcel.is_ecn_capable() {
            ledger.mark(&mut parcel);
        }
        self.load.add(&parcel);
        self.parcels.push_back(parcel);
    }

    fn pop(&mut self, _ledger: &mut Ledger<'_>) -> Option<Parcel> {
        let parcel = self.parcels.pop_front()?;
        self.load.remove(&parcel);
        Some(parcel)
    }

    fn load(&self) -> Load {
        self.load
    }
}

/// A million packets of any size: what a simulation can hold.
pub(super) const PACKETS_MAX: u64 = 1_000_000;
/// A gigabyte, likewise.
pub(super) const BYTES_MAX: u64 = 1 << 30;
