//! Chance for simulations: one seed, one stream of draws.

use std::time::Duration;

use crate::base::{Random, Seed};

/// A stream of draws. Every part of a world that draws has one of its own, so that one drawing
/// more leaves the others as they were.
#[derive(Debug)]
pub struct Dice(Random);

impl Dice {
    /// The draws that belong to a number, for one of many uses of it.
    pub fn new(seed: u64, purpose: u64) -> Dice {
        // An odd multiplier (2^64 over the golden ratio) keeps neighbouring purposes apart.
        let mixed = seed ^ purpose.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        Dice(Random::new(Seed::from_number(mixed)))
    }

    /// Any number.
    pub fn number(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// True with this probability. What never or always happens draws nothing.
    pub fn happens(&mut self, chance: f64) -> bool {
        if chance <= 0.0 {
            return false;
        }
        chance >= 1.0 || f64::from(self.0.next_u32()) < chance * (1u64 << 32) as f64
    }

    /// A number below `bound`; 0 if that is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        // Multiply-shift: the bias is under bound / 2^64.
        ((u128::from(self.number()) * u128::from(bound)) >> 64) as u64
    }

    /// A number from `low` to `high`, both included.
    pub fn from_to(&mut self, low: u64, high: u64) -> u64 {
        low + self.below((high - low).saturating_add(1))
    }

    /// A number from `low` to `high`, each order of magnitude as likely as another. `low` is
    /// above 0.
    pub fn magnitude(&mut self, low: u64, high: u64) -> u64 {
        let octaves = (high as f64 / low as f64).log2();
        let drawn = low as f64 * (self.fraction() * octaves).exp2();
        (drawn as u64).clamp(low, high)
    }

    /// At least 0 and below 1.
    pub fn fraction(&mut self) -> f64 {
        f64::from(self.0.next_u32()) / (1u64 << 32) as f64
    }

    /// At most so long.
    pub fn within(&mut self, longest: Duration) -> Duration {
        let nanos = u64::try_from(longest.as_nanos()).unwrap_or(u64::MAX);
        Duration::from_nanos(self.below(nanos.saturating_add(1)))
    }

    /// One of several.
    ///
    /// # Panics
    ///
    /// If there is none.
    pub fn one_of<T: Clone>(&mut self, several: &[T]) -> T {
        several[self.below(several.len() as u64) as usize].clone()
    }
}

#[cfg(test)]
mod tests;
