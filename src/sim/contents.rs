//! What simulated applications write: bytes that both ends know, and that differ wherever they
//! could be confused.
//!
//! A stream is one block of chance, read again and again, each time from another place: the byte at
//! an offset is found without making those before it, and a stream that is shifted, cut, or
//! repeated, or that belongs to somebody else, differs at once.

use std::sync::OnceLock;

use crate::base::{Random, Seed};

/// The bytes of one direction of one conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Contents {
    /// Where in the block it begins.
    start: u64,
}

impl Contents {
    /// The bytes of the `index`th stream; equal for both who know its number.
    pub fn new(index: u64) -> Contents {
        Contents {
            start: index.wrapping_mul(STREAM_STEP) % PERIOD,
        }
    }

    /// The bytes from `offset` on: at least one, at most `most` of them. To have more, ask again
    /// behind them.
    pub fn piece(&self, offset: u64, most: usize) -> &'static [u8] {
        let (round, place) = (offset / PERIOD, offset % PERIOD);
        let from = (self.start + round.wrapping_mul(ROUND_STEP) + place) % PERIOD;
        // To the end of the block, of this round, or of what is wanted.
        let len = (PERIOD - from).min(PERIOD - place).min(most as u64);
        &block()[from as usize..(from + len) as usize]
    }

    /// The offset of the first byte of `bytes`, which should stand at `offset`, that is another.
    pub fn first_difference(&self, offset: u64, bytes: &[u8]) -> Option<u64> {
        let mut at = 0;
        while at < bytes.len() {
            let expected = self.piece(offset + at as u64, bytes.len() - at);
            let found = &bytes[at..at + expected.len()];
            if found != expected {
                let same = found.iter().zip(expected).take_while(|(a, b)| a == b);
                return Some(offset + (at + same.count()) as u64);
            }
            at += expected.len();
        }
        None
    }
}

fn block() -> &'static [u8] {
    static BLOCK: OnceLock<Vec<u8>> = OnceLock::new();
    BLOCK.get_or_init(|| {
        let mut random = Random::new(Seed::from_number(0));
        let words = (0..PERIOD.div_ceil(8)).flat_map(|_| random.next_u64().to_le_bytes());
        words.take(PERIOD as usize).collect()
    })
}

/// A prime, so that no round begins where another did before 65,521 of them, some 4 GB, have
/// passed; small enough for a processor's cache.
const PERIOD: u64 = 65_521;
/// How far the beginnings of two rounds are apart.
const ROUND_STEP: u64 = 7_919;
/// How far the beginnings of two streams are apart.
const STREAM_STEP: u64 = 32_452_843;

#[cfg(test)]
mod tests;
