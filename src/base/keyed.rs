//! Keyed hashes: what an outsider must be unable to foretell, from a key that only we know.
//!
//! SipHash (Aumasson and Bernstein) in its two usual strengths: 2-4 for values that go out on the
//! wire, where whoever sees many of them must not learn the key; 1-3 for the places of keys in a
//! map, which nobody sees. Each purpose has a key of its own, drawn from [`super::random`].

use std::fmt;
use std::hash::BuildHasher;

use siphasher::sip::{SipHasher13, SipHasher24};

/// A secret for one purpose.
#[derive(Clone)]
pub struct Key(SipHasher24);

impl Key {
    /// The key of these bytes.
    pub fn new(bytes: [u8; 16]) -> Key {
        Key(SipHasher24::new_with_key(&bytes))
    }

    /// SipHash-2-4 of `bytes`.
    pub fn hash(&self, bytes: &[u8]) -> u64 {
        self.0.hash(bytes)
    }
}

/// A secret: it prints as nothing.
impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

/// Hashes the keys of a map with SipHash-1-3, so that no peer can choose addresses and ports that
/// meet in one place.
#[derive(Clone)]
pub struct FlowState(SipHasher13);

impl FlowState {
    /// The state of these bytes.
    pub fn new(bytes: [u8; 16]) -> FlowState {
        FlowState(SipHasher13::new_with_key(&bytes))
    }
}

impl BuildHasher for FlowState {
    type Hasher = SipHasher13;

    fn build_hasher(&self) -> SipHasher13 {
        self.0
    }
}

/// A secret: it prints as nothing.
impl fmt::Debug for FlowState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FlowState(..)")
    }
}

#[cfg(test)]
mod tests;
