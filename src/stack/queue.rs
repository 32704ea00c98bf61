//! Queues of a socket, bounded by how many things wait in them and by what those cost.

use std::collections::VecDeque;
use std::net::IpAddr;

use crate::base::{Offload, Offloads};
use crate::ip::fragment::Parcel;
use crate::probe::EventId;

/// What waits in one socket, one way.
#[derive(Debug)]
pub(super) struct Queue<T> {
    items: VecDeque<T>,
    cost: usize,
}

/// What something costs as long as it waits, in bytes.
pub(super) trait Cost {
    /// What it keeps beside itself; the same from when it comes until it goes.
    fn bytes(&self) -> usize;
}

impl<T: Cost> Queue<T> {
    /// Whether there is room for all of something that costs so many bytes beside itself.
    pub fn fits(&self, bytes: usize) -> bool {
        let cost = size_of::<T>() + bytes;
        self.items.len() < ITEMS_MAX && self.cost + cost <= BYTES_MAX
    }

    /// Whether there is room at all: what comes then may exceed the bound, so that nothing is too
    /// long for it.
    pub fn has_room(&self) -> bool {
        self.items.len() < ITEMS_MAX && self.cost < BYTES_MAX
    }

    /// Takes `item`; whether it may come was asked before.
    pub fn push(&mut self, item: T) {
        self.cost += cost(&item);
        self.items.push_back(item);
    }

    pub fn pop(&mut self) -> Option<T> {
        let item = self.items.pop_front()?;
        self.cost -= cost(&item);
        Some(item)
    }

    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Keeps only what `keep` says.
    pub fn retain(&mut self, keep: impl FnMut(&T) -> bool) {
        self.items.retain(keep);
        self.cost = self.items.iter().map(cost).sum();
    }
}

impl<T> Default for Queue<T> {
    fn default() -> Queue<T> {
        Queue {
            items: VecDeque::new(),
            cost: 0,
        }
    }
}

fn cost<T: Cost>(item: &T) -> usize {
    size_of::<T>() + item.bytes()
}

/// A packet that waits for its turn to leave.
#[derive(Debug)]
struct Sent {
    parcel: Parcel,
    /// How many bytes the parcel kept when it came.
    kept: usize,
    /// The call that sent it.
    because: EventId,
}

impl Cost for Sent {
    fn bytes(&self) -> usize {
        self.kept
    }
}

/// What a socket has to send.
#[derive(Debug, Default)]
pub(super) struct Departures {
    queue: Queue<Sent>,
    /// Somebody had no room to send in.
    awaits_room: bool,
}

impl Departures {
    /// Whether another packet may be sent; if not, room is awaited from here on.
    pub fn grants_room(&mut self) -> bool {
        self.awaits_room = !self.queue.has_room();
        !self.awaits_room
    }

    /// Whether room has come for somebody who awaited it; they are told once.
    pub fn has_awaited_room(&mut self) -> bool {
        let told = self.awaits_room && self.queue.has_room();
        self.awaits_room &= !told;
        told
    }

    pub fn push(&mut self, parcel: Parcel, because: EventId) {
        let kept = parcel.bytes();
        self.queue.push(Sent {
            parcel,
            kept,
            because,
        });
    }

    pub fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Writes the next packet into `out`, in place of what is there; says what call made it, and
    /// what of it is left to the device, which `does` tells of.
    pub fn next_packet(
        &mut self,
        out: &mut Vec<u8>,
        does: impl FnOnce(IpAddr) -> Offloads,
    ) -> Option<(EventId, Offload)> {
        let first = self.queue.items.front_mut()?;
        let because = first.because;
        let offload = first.parcel.next_packet(out, does);
        if first.parcel.is_over() {
            self.queue.pop();
        }
        Some((because, offload))
    }
}

/// robustness: what waits in one socket, each way.
const ITEMS_MAX: usize = 256;
const BYTES_MAX: usize = 256 << 10;
