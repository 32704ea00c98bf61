//! The scoreboard while there is anything on it, and where it would begin while there is not.

use std::ops::Deref;

use crate::base::{SeqNum, SeqRange};

use super::scoreboard::Scoreboard;

/// What was sent and is not acknowledged, if anything is.
#[derive(Debug, Clone)]
pub struct Outstanding {
    /// SND.UNA and SND.NXT, as far as they were told, while there is no scoreboard.
    at: SeqNum,
    board: Option<Box<Scoreboard>>,
}

impl Outstanding {
    /// Before anything is sent.
    pub fn new(iss: SeqNum) -> Outstanding {
        Outstanding {
            at: iss,
            board: None,
        }
    }

    /// The scoreboard, to note what is sent.
    pub fn wake(&mut self) -> &mut Scoreboard {
        let at = self.at;
        self.board
            .get_or_insert_with(|| Box::new(Scoreboard::new(at)))
    }

    /// The scoreboard; without one nothing is outstanding that anything could become of.
    pub fn awake(&mut self) -> Option<&mut Scoreboard> {
        self.board.as_deref_mut()
    }

    /// Whether there is a scoreboard.
    pub fn is_awake(&self) -> bool {
        self.board.is_some()
    }

    /// SND.UNA, as far as it was told.
    pub fn una(&self) -> SeqNum {
        self.board.as_ref().map_or(self.at, |board| board.una())
    }

    /// SND.NXT, as far as it was told.
    pub fn nxt(&self) -> SeqNum {
        self.board.as_ref().map_or(self.at, |board| board.nxt())
    }

    /// Whether all of a range that was sent is acknowledged or reported.
    pub fn has_arrived(&self, range: SeqRange) -> bool {
        match &self.board {
            Some(board) => board.has_arrived(range),
            None => range.end().at_or_before(self.at),
        }
    }

    /// Gives the scoreboard's memory back, if there is nothing on it.
    pub fn release_spare(&mut self) {
        if let Some(board) = &self.board
            && board.outstanding() == 0
        {
            self.at = board.nxt();
            self.board = None;
        }
    }
}

/// To ask what is on it: without a scoreboard, nothing. Places have a meaning only where there is
/// something, so it does not matter where an empty one begins.
impl Deref for Outstanding {
    type Target = Scoreboard;

    fn deref(&self) -> &Scoreboard {
        const NONE: &Scoreboard = &Scoreboard::new(SeqNum(0));
        self.board.as_deref().unwrap_or(NONE)
    }
}
