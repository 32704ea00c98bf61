//! What waits until a neighbour is known: RFC 1122 section 2.3.2.2.

use std::collections::VecDeque;

/// Packets in the order in which they came.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    packets: VecDeque<Vec<u8>>,
    bytes: usize,
}

impl Waiting {
    /// Keeps `packet`, whatever its length: section 2.3.2.2 wants the latest saved at least.
    /// Returns how many had to go, the oldest first, to make room.
    pub fn push(&mut self, packet: Vec<u8>) -> usize {
        self.bytes += packet.len();
        self.packets.push_back(packet);
        let mut gone = 0;
        while self.bytes > BYTES_MOST && self.packets.len() > 1 {
            gone += usize::from(self.pop().is_some());
        }
        gone
    }

    /// Takes the oldest.
    pub fn pop(&mut self) -> Option<Vec<u8>> {
        let packet = self.packets.pop_front()?;
        self.bytes -= packet.len();
        Some(packet)
    }
}

/// Three of the longest datagrams in fragments. Linux keeps 212,992 bytes by default: ip-sysctl,
/// `neigh/default/unres_qlen_bytes`.
const BYTES_MOST: usize = 212_992;

#[cfg(test)]
mod tests;
