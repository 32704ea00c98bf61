//! What the peer says it has beyond SND.UNA: the sender's half of RFC 2018.
//!
//! Keeps the bytes that SACK blocks have told of until they are acknowledged, and answers whether
//! a segment tells of more.

use crate::base::SeqNum;
use crate::base::ranges::{Insert, Ranges};
use crate::wire::options::SackBlock;

/// The bytes that the peer has told of.
#[derive(Debug, Clone)]
pub struct Scoreboard {
    /// In numbers that do not wrap.
    reported: Ranges,
    una: SeqNum,
    /// The number that SND.UNA has among them.
    una_at: u64,
}

impl Scoreboard {
    /// Before anything is sent.
    pub fn new(iss: SeqNum) -> Scoreboard {
        Scoreboard {
            reported: Ranges::new(),
            una: iss,
            una_at: 0,
        }
    }

    /// Takes the blocks of one segment that acknowledges all before `una`. Whether they tell of
    /// bytes that none has told of before.
    pub fn take(&mut self, blocks: &[SackBlock], una: SeqNum, nxt: SeqNum) -> bool {
        self.una_at += u64::from(una.since(self.una));
        self.una = una;
        self.reported.remove_before(self.una_at);
        let mut news = false;
        for block in blocks {
            // SND.UNA < left < right =< SND.NXT: all else was acknowledged, or never sent.
            let outstanding = una.before(block.left)
                && block.left.before(block.right)
                && block.right.at_or_before(nxt);
            if !outstanding {
                continue;
            }
            let at = |edge: SeqNum| self.una_at + u64::from(edge.since(una));
            let bytes = at(block.left)..at(block.right);
            news |= matches!(self.reported.insert(bytes, RANGES_MAX), Insert::New(_));
        }
        news
    }
}

/// A peer that tells of every other byte is not listened to beyond so many: 16 bytes each.
const RANGES_MAX: usize = 256;

#[cfg(test)]
mod tests;
