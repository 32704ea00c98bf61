//! What lies between two stacks: packets in order, in buffers that are used again.

use std::collections::VecDeque;

/// One direction.
#[derive(Debug, Default)]
pub struct Wire {
    packets: VecDeque<Vec<u8>>,
    spare: Vec<Vec<u8>>,
    pub carried: u64,
}

impl Wire {
    /// An empty buffer, to be filled and pushed.
    pub fn buffer(&mut self) -> Vec<u8> {
        self.spare.pop().unwrap_or_default()
    }

    pub fn push(&mut self, packet: Vec<u8>) {
        self.carried += 1;
        self.packets.push_back(packet);
    }

    pub fn pop(&mut self) -> Option<Vec<u8>> {
        self.packets.pop_front()
    }

    /// Takes a buffer back.
    pub fn give_back(&mut self, buffer: Vec<u8>) {
        self.spare.push(buffer);
    }
}
