//! Whether an episode was for nothing: what was sent again had not been lost.
//!
//! Two proofs: the first ACK after the retransmission echoes a timestamp from before it (RFC 3522
//! section 3.2), or D-SACKs account for all that was sent again (RFC 2883 section 5). What follows
//! from it is RFC 4015 section 3.

use crate::base::{SeqNum, SeqRange};
use crate::probe::Spurious;
use crate::tcp::timestamps::is_before;

/// The last episode, as long as it may prove to have been for nothing.
#[derive(Debug, Clone, Default)]
pub struct Undo {
    episode: Option<Box<Episode>>,
}

#[derive(Debug, Clone, Copy)]
struct Episode {
    /// What was outstanding when it began.
    range: SeqRange,
    /// Bytes that went again since.
    resent: u32,
    /// Of these, bytes that the peer says it got twice.
    twice: u32,
    /// RetransmitTS: TSval of the first that went again, until an ACK of something new has come
    /// after it.
    first: Option<u32>,
    /// Once it is over: the end of what had been sent by then. Reports of what came twice come up
    /// to a round trip later.
    until: Option<SeqNum>,
}

impl Undo {
    /// An episode begins with `range` outstanding, and the window is reduced for it.
    pub fn begin(&mut self, range: SeqRange) {
        self.episode = Some(Box::new(Episode {
            range,
            resent: 0,
            twice: 0,
            first: None,
            until: None,
        }));
    }

    /// The episode is over; all before `nxt` was sent.
    pub fn end(&mut self, nxt: SeqNum) {
        if let Some(episode) = &mut self.episode {
            episode.until = Some(nxt);
        }
    }

    /// There is nothing left to take back.
    pub fn settle(&mut self) {
        self.episode = None;
    }

    /// Bytes leave once more; with that timestamp, if an ACK of what went first would echo an
    /// earlier one.
    pub fn on_resent(&mut self, bytes: u32, value: Option<u32>) {
        if let Some(episode) = &mut self.episode {
            if episode.resent == 0 {
                episode.first = value;
            }
            episode.resent = episode.resent.saturating_add(bytes);
        }
    }

    /// RFC 3522 section 3.2, steps 3 and 4: the first acceptable ACK after a retransmission has
    /// come, with that echo. All before `una` is acknowledged.
    pub fn on_progress(&mut self, una: SeqNum, echo: Option<u32>) -> Option<Spurious> {
        let episode = self.episode.as_mut()?;
        let first = episode.first.take();
        if episode.until.is_some_and(|until| una.after(until)) {
            self.episode = None;
        }
        is_before(echo?, first?).then_some(Spurious::Timestamp)
    }

    /// A D-SACK tells of bytes that were there already. RFC 2883 section 5: only those count that
    /// went again in this episode.
    pub fn on_dsack(&mut self, twice: SeqRange) -> Option<Spurious> {
        let episode = self.episode.as_mut()?;
        let in_it = twice
            .start
            .in_window(episode.range.start, episode.range.len);
        if !in_it || episode.resent == 0 {
            return None;
        }
        episode.twice = episode.twice.saturating_add(twice.len);
        (episode.twice >= episode.resent).then_some(Spurious::Dsack)
    }
}

#[cfg(test)]
mod tests;
