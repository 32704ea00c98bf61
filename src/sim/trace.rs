//! A number for all that went over the links of a world: two runs with equal ones were the same.

use crate::base::Instant;

/// Hashes packets as they are put on links.
///
/// Not a keyed hash: nobody who could choose packets gains by making two runs look alike. Four
/// lanes, because one after the other the multiplications would be dearer than the copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trace {
    hash: u64,
    packets: u64,
    bytes: u64,
}

impl Trace {
    /// Of nothing.
    pub fn new() -> Trace {
        Trace {
            hash: SEED,
            packets: 0,
            bytes: 0,
        }
    }

    /// One more packet: when, where, and every byte of it.
    pub fn add(&mut self, at: Instant, place: usize, packet: &[u8]) {
        let (blocks, rest) = packet.as_chunks::<32>();
        let mut lanes = [self.hash, at.as_nanos(), place as u64, packet.len() as u64];
        for block in blocks {
            mix_block(&mut lanes, block);
        }
        let mut last = [0; 32];
        last[..rest.len()].copy_from_slice(rest);
        mix_block(&mut lanes, &last);
        self.hash = lanes.into_iter().fold(SEED, mix);
        self.packets += 1;
        self.bytes += packet.len() as u64;
    }

    /// The number.
    pub fn hash(&self) -> u64 {
        self.hash
    }

    /// How many packets went into it.
    pub fn packets(&self) -> u64 {
        self.packets
    }

    /// How many bytes they had.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }
}

impl Default for Trace {
    fn default() -> Trace {
        Trace::new()
    }
}

fn mix_block(lanes: &mut [u64; 4], block: &[u8; 32]) {
    let (words, _) = block.as_chunks::<8>();
    for (lane, word) in lanes.iter_mut().zip(words) {
        *lane = mix(*lane, u64::from_le_bytes(*word));
    }
}

const fn mix(hash: u64, word: u64) -> u64 {
    // A multiplication carries upwards alone; the rotation brings what it carried down again.
    (hash ^ word).wrapping_mul(MULTIPLIER).rotate_left(29)
}

/// Fractions of the golden ratio and of the square root of 2: odd, with bits all over.
const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;
const SEED: u64 = 0x6a09_e667_f3bc_c909;

#[cfg(test)]
mod tests;
