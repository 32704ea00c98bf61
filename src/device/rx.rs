//! Packets as they come in: one behind the other in one piece of memory.
//!
//! The system wants room for the largest packet there is at every read, but most packets are small.
//! A room of that size for each packet of a batch would scatter it over 16 MiB, at distances of
//! about 64 KiB, which meet in the same few lines of the processor's caches. Laid close together, a
//! batch of 1500-byte packets takes 384 KiB of the second cache.

use std::ops::Range;

use crate::base::{InterfaceId, Received};

/// Received packets, and room for the next one.
#[derive(Debug)]
pub struct RxBuffer {
    memory: Vec<u8>,
    /// Where each lies, and where it came in.
    packets: Vec<(Range<usize>, InterfaceId)>,
    /// Where the next packet's room begins.
    next: usize,
}

impl RxBuffer {
    /// No packets.
    pub fn new() -> RxBuffer {
        RxBuffer {
            memory: vec![0; ROOM_LEN + DENSE_LEN],
            packets: Vec::with_capacity(PACKETS_MAX),
            next: 0,
        }
    }

    /// Forgets the packets.
    pub fn clear(&mut self) {
        self.packets.clear();
        self.next = 0;
    }

    /// Whether another packet finds room beside those that are here.
    pub fn has_room(&self) -> bool {
        self.packets.len() < PACKETS_MAX && self.next <= DENSE_LEN
    }

    /// Room for the next packet: for the largest there is, and for at least a byte more, so that a
    /// packet cut off by the system can be told from one that fits. If there is none, all packets
    /// are forgotten first.
    pub fn room(&mut self) -> &mut [u8] {
        if !self.has_room() {
            self.clear();
        }
        &mut self.memory[self.next..][..ROOM_LEN]
    }

    /// Keeps the packet that lies at `range` of the room.
    ///
    /// # Panics
    ///
    /// If the range reaches beyond the room.
    pub fn keep(&mut self, range: Range<usize>) -> Received<'_> {
        assert!(range.end <= ROOM_LEN, "a packet within its room");
        let at = self.next + range.start..self.next + range.end;
        self.next = at.end.next_multiple_of(LINE_LEN);
        self.packets.push((at.clone(), InterfaceId::FIRST));
        Received::plain(&self.memory[at])
    }

    /// Says of the packet that was kept last where it came in, and returns it; `None` if there is
    /// none.
    pub fn stamp(&mut self, interface: InterfaceId) -> Option<Received<'_>> {
        let (at, stamped) = self.packets.last_mut()?;
        *stamped = interface;
        Some(Received {
            interface,
            ..Received::plain(&self.memory[at.clone()])
        })
    }

    /// The packets, in the order in which they came.
    pub fn packets(&self) -> impl ExactSizeIterator<Item = Received<'_>> {
        let packets = self.packets.iter();
        packets.map(|(at, interface)| Received {
            interface: *interface,
            ..Received::plain(&self.memory[at.clone()])
        })
    }
}

impl Default for RxBuffer {
    fn default() -> RxBuffer {
        RxBuffer::new()
    }
}

/// 65,535 bytes of packet, 40 of IPv6 header that its length does not count, and room to notice.
const ROOM_LEN: usize = 65_535 + 40 + 1;
/// Packets of a batch, at most.
const PACKETS_MAX: usize = 256;
/// Where the last packet of a batch may begin: such that as many as there may be find room if they
/// are of Ethernet's size.
const DENSE_LEN: usize = PACKETS_MAX * 1536;
/// Of the processor's caches.
const LINE_LEN: usize = 64;

#[cfg(test)]
mod tests;
