//! One ACK as recovery hears it: what has arrived, how long it took, what came twice.
//!
//! RFC 6675 section 5's Update(), RFC 2883 section 4 as the sender reads it, RFC 8985 section 6.2
//! steps 1 to 4. What follows from it for the episode is `episode`'s and `dupack`'s business.

use std::time::Duration;

use crate::base::{Instant, SeqNum, SeqRange};
use crate::probe::Spurious;
use crate::tcp::congestion::RateSample;
use crate::wire::options::{SACK_BLOCKS_MAX, SackBlock};

use super::rack::Ambiguity;
use super::scoreboard::{Arrived, Sent};
use super::{Recovery, tlp};

/// An acceptable ACK.
#[derive(Debug, Clone, Copy)]
pub struct Heard<'a> {
    pub now: Instant,
    /// Its acknowledgment number.
    pub ack: SeqNum,
    /// SND.UNA after it.
    pub una: SeqNum,
    /// Its SACK blocks.
    pub blocks: &'a [SackBlock],
    /// The timestamp that it echoes, and the instant at which that was the time.
    pub echo: Option<(u32, Instant)>,
    /// It is a duplicate in the sense of RFC 5681 section 2.
    pub duplicate: bool,
}

/// What it taught. Sizes are bytes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Learned {
    /// Newly known to have arrived.
    pub delivered: u32,
    /// In how many segments that left.
    pub packets: u32,
    /// Of the bytes, by a report.
    pub reported: u32,
    /// The end of the highest of them.
    pub highest: Option<SeqNum>,
    /// SND.UNA has moved.
    pub advanced: bool,
    /// What the peer says it got once more.
    pub dsack: Option<SeqRange>,
    /// The round trip of what was sent last of that which went only once.
    pub rtt: Option<Duration>,
    pub rate: Option<RateSample>,
    /// The last episode is proved to have been for nothing.
    pub spurious: Option<Spurious>,
    /// RFC 8985 section 7.4.2: a probe has repaired a loss that nothing else tells of.
    pub repaired: bool,
}

impl Recovery {
    /// Takes what an ACK says of segments. Nothing is taken for lost here.
    pub fn hear(&mut self, heard: &Heard<'_>) -> Learned {
        let mut learned = Learned {
            advanced: self.scoreboard_una().before(heard.una),
            ..Learned::default()
        };
        let newest = self.take_arrivals(heard, &mut learned);
        self.rack.on_ack(heard.now);
        self.rack.on_progress(heard.una);
        if let Some(rtt) = learned.rtt {
            self.min_rtt.sample(rtt, heard.now);
            self.tlp.on_measured();
        }
        learned.rate = self
            .delivery
            .take_sample(newest, heard.now, self.min_rtt.get());
        if self.reports {
            learned.dsack = duplicate_report(heard.blocks, heard.ack);
            if learned.dsack.is_some() && self.abilities.rack && !self.abilities.rack_steady {
                self.rack.on_dsack(self.outstanding.nxt());
            }
        }
        learned.repaired = self.is_open()
            && self.tlp.on_ack(&tlp::Heard {
                ack: heard.ack,
                dsack_end: learned.dsack.map(SeqRange::end),
                bare_duplicate: heard.duplicate && heard.blocks.is_empty(),
            }) == tlp::Answer::Repaired;
        learned.spurious = self.doubt(heard, &learned);
        learned
    }

    fn take_arrivals(&mut self, heard: &Heard<'_>, learned: &mut Learned) -> Option<Sent> {
        let ambiguity = Ambiguity {
            now: heard.now,
            echoed: heard.echo.map(|(_, at)| at),
            min_rtt: self.min_rtt.get(),
        };
        let Recovery {
            outstanding,
            delivery,
            rack,
            ..
        } = self;
        let board = outstanding.awake()?;
        let mut newest = None;
        let (mut last, mut last_reported) = (None, None);
        let mut resent = false;
        let mut arrived = |piece: Arrived| {
            learned.delivered += piece.range.len;
            learned.packets += piece.segments();
            let highest = learned.highest.unwrap_or(piece.range.end());
            learned.highest = Some(highest.later_of(piece.range.end()));
            delivery.on_arrived(&mut newest, heard.now, &piece.sent, piece.range.len);
            rack.on_arrived(&piece, &ambiguity);
            let sent_at = Some(piece.sent.sent_at);
            match (piece.cumulative, piece.sent.resent) {
                (true, true) => resent = true,
                (true, false) => last = last.max(sent_at),
                (false, again) => {
                    learned.reported += piece.range.len;
                    if !again {
                        last_reported = last_reported.max(sent_at);
                    }
                }
            }
        };
        board.acknowledge(heard.una, &mut arrived);
        if self.reports {
            // RFC 2018 section 8: the peer acknowledges up to what it has reported, and not that:
            // it has discarded it. What it has, it reports now: house!("reneging").
            if board.is_reneged() {
                board.forget_reports();
            }
            let (blocks, count) = ascending(heard.blocks, heard.una);
            for block in blocks.iter().take(count) {
                board.report(*block, &mut arrived);
            }
        }
        // RFC 6298 section 3: what waited behind something sent twice says nothing about the path.
        let last = if resent { None } else { last };
        learned.rtt = last.max(last_reported).map(|at| heard.now.since(at));
        newest
    }

    /// Whether the episode proves to have been for nothing: RFC 3522 section 3.2, RFC 2883
    /// section 5.
    fn doubt(&mut self, heard: &Heard<'_>, learned: &Learned) -> Option<Spurious> {
        if !self.abilities.undo {
            return None;
        }
        let by_dsack = learned.dsack.and_then(|twice| self.undo.on_dsack(twice));
        let by_echo = learned
            .advanced
            .then(|| self.undo.on_progress(heard.una, heard.echo.map(|(v, _)| v)))
            .flatten();
        by_echo.or(by_dsack)
    }

    fn scoreboard_una(&self) -> SeqNum {
        self.outstanding.una()
    }
}

/// RFC 2883 section 4: a first block that lies below the acknowledgment number, or inside the
/// second block, tells of what came twice. RFC 2883 section 5: the number is that of this segment.
fn duplicate_report(blocks: &[SackBlock], ack: SeqNum) -> Option<SeqRange> {
    let first = blocks.first()?;
    let below = first.right.at_or_before(ack);
    let inside = blocks.get(1).is_some_and(|second| {
        second.left.at_or_before(first.left) && first.right.at_or_before(second.right)
    });
    let sound = first.left.before(first.right);
    (sound && (below || inside)).then(|| SeqRange::between(first.left, first.right))
}

/// The blocks in the order of their left edges, and how many there are.
fn ascending(blocks: &[SackBlock], una: SeqNum) -> ([SackBlock; SACK_BLOCKS_MAX], usize) {
    let blank = SackBlock {
        left: una,
        right: una,
    };
    let mut sorted = [blank; SACK_BLOCKS_MAX];
    let count = blocks.len().min(SACK_BLOCKS_MAX);
    for (place, block) in sorted.iter_mut().zip(blocks) {
        *place = *block;
    }
    if let Some(used) = sorted.get_mut(..count) {
        used.sort_unstable_by_key(|block| block.left.since(una));
    }
    (sorted, count)
}

#[cfg(test)]
mod tests;
