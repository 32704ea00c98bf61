//! The only source of chance: one seed, one stream of numbers that is the same everywhere.

use rand::rngs::ChaCha8Rng;
use rand::{Rng, SeedableRng};

/// What all chance in a stack is drawn from. In a real run it comes from the operating system
/// once; in a simulation it is given.
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "records", derive(serde::Serialize, serde::Deserialize))]
pub struct Seed(pub [u8; 32]);

impl Seed {
    /// A seed for simulations and tests: predictable, so never for a real network.
    pub fn from_number(number: u64) -> Seed {
        let mut bytes = [0; 32];
        ChaCha8Rng::seed_from_u64(number).fill_bytes(&mut bytes);
        Seed(bytes)
    }
}

/// A secret: it prints as nothing.
impl std::fmt::Debug for Seed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Seed(..)")
    }
}

/// A stream of random numbers.
#[derive(Debug)]
pub struct Random(ChaCha8Rng);

impl Random {
    /// The stream that belongs to a seed.
    pub fn new(seed: Seed) -> Random {
        Random(ChaCha8Rng::from_seed(seed.0))
    }

    /// Any number.
    pub fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// Any number.
    pub fn next_u32(&mut self) -> u32 {
        self.0.next_u32()
    }

    /// A number below `bound`, all but evenly spread; 0 if `bound` is 0.
    pub fn below(&mut self, bound: u32) -> u32 {
        // Multiply-shift: the bias is under bound / 2^32.
        ((u64::from(self.next_u32()) * u64::from(bound)) >> 32) as u32
    }

    /// A key of its own for one purpose.
    pub fn key(&mut self) -> [u8; 16] {
        let mut key = [0; 16];
        self.0.fill_bytes(&mut key);
        key
    }
}

#[cfg(test)]
mod tests;
