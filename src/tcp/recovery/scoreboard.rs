//! What was sent and what became of it: RFC 2018 section 5, RFC 6675 section 3, RFC 8985 section 5.
//!
//! ```text
//!   SND.UNA                                                       SND.NXT
//!      |  lost  |  SACKed  | resent |  SACKed  | on its way ...      |
//! ```
//!
//! Loss state lies on ranges, not on packets: a [`Sent`] is one segment, or several that left at
//! the same instant. Together they cover all that is outstanding, in order. A report splits them
//! where it must and joins what it makes equal, so their number is bounded by the segments
//! outstanding and [`RANGES_MAX`]. Who takes what for lost is decided in `rack`, `episode`,
//! `dupack` and `rto`.

use std::collections::VecDeque;

use crate::base::ranges::{Insert, Ranges};
use crate::base::{Instant, SeqNum, SeqRange};
use crate::wire::options::SackBlock;

use super::rate::Stamp;

/// One segment, or several of the same size that left at the same instant. It begins where the one
/// before it ends.
#[derive(Debug, Clone, Copy)]
pub struct Sent {
    pub end: SeqNum,
    /// The size of the segments it left in, but for the last.
    unit: u16,
    fate: Fate,
    /// It was sent more than once.
    pub resent: bool,
    /// When it left last.
    pub sent_at: Instant,
    pub stamp: Stamp,
}

/// What is known of something sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    OnItsWay,
    /// The peer says that it has it.
    Sacked,
    /// Taken for lost, and not sent again since.
    Lost,
}

/// Something that was sent again, in the order in which that happened.
#[derive(Debug, Clone, Copy)]
struct Again {
    range: SeqRange,
    at: Instant,
}

/// What was sent and is not acknowledged.
#[derive(Debug, Clone)]
pub struct Scoreboard {
    una: SeqNum,
    /// The number that SND.UNA has among those that do not wrap.
    una_at: u64,
    nxt: SeqNum,
    sent: VecDeque<Sent>,
    again: VecDeque<Again>,
    /// What the peer has told of, in numbers that do not wrap.
    sacked: Ranges,
    /// Bytes that are [`Fate::Lost`].
    lost: u32,
    /// Nothing before it is lost.
    lost_from: SeqNum,
    /// All before it that was sent once only is SACKed or lost.
    decided: SeqNum,
    /// The one segment whose round trip is being timed, by its end; Karn's rule drops it when
    /// anything is sent again.
    pub timed: Option<(SeqNum, Instant)>,
}

/// A piece that an acknowledgment or a report says has arrived.
#[derive(Debug, Clone, Copy)]
pub struct Arrived {
    pub range: SeqRange,
    pub sent: Sent,
    /// By the acknowledgment number, not by a report.
    pub cumulative: bool,
}

impl Arrived {
    /// In how many segments it left.
    pub fn segments(&self) -> u32 {
        self.range.len.div_ceil(self.sent.unit.into())
    }
}

impl Sent {
    /// The longest segment of it, all of which is `range`.
    pub fn longest(&self, range: SeqRange) -> u32 {
        u32::from(self.unit).min(range.len)
    }
}

impl Scoreboard {
    /// Before anything is sent.
    pub const fn new(iss: SeqNum) -> Scoreboard {
        Scoreboard {
            una: iss,
            una_at: 0,
            nxt: iss,
            sent: VecDeque::new(),
            again: VecDeque::new(),
            sacked: Ranges::new(),
            lost: 0,
            lost_from: iss,
            decided: iss,
            timed: None,
        }
    }

    /// RFC 6675 section 4's pipe, as RFC 9937 section 6.2 counts it for RACK: what was sent, less
    /// what is SACKed, less what is lost and not sent again.
    pub fn in_flight(&self) -> u32 {
        self.outstanding() - self.sacked() - self.lost
    }

    pub fn outstanding(&self) -> u32 {
        self.nxt.since(self.una)
    }

    /// Bytes that the peer has told of.
    pub fn sacked(&self) -> u32 {
        self.sacked.total() as u32
    }

    /// Bytes taken for lost and not sent again since.
    pub fn lost(&self) -> u32 {
        self.lost
    }

    /// SND.UNA, as far as it was told.
    pub fn una(&self) -> SeqNum {
        self.una
    }

    /// SND.NXT, as far as it was told.
    pub fn nxt(&self) -> SeqNum {
        self.nxt
    }

    /// A segment has left for the first time, or several that have `unit` bytes each, but for the
    /// last.
    pub fn on_sent(&mut self, len: u32, unit: u32, now: Instant, stamp: Stamp) {
        let start = self.nxt;
        let first = if self.sent.len() < 2 {
            self.una
        } else {
            self.sent[self.sent.len() - 2].end
        };
        if let Some(last) = self.sent.back_mut()
            && last.sent_at == now
            && last.fate == Fate::OnItsWay
            && !last.resent
            && last.stamp.goes_with(&stamp)
            && start.since(first).is_multiple_of(u32::from(last.unit))
            && unit.min(len) <= u32::from(last.unit)
            && (len <= unit || unit == u32::from(last.unit))
        {
            self.nxt += len;
            last.end = self.nxt;
            last.stamp = stamp;
            return;
        }
        self.on_sent_apart(len, unit, now, stamp);
    }

    /// The same for what is judged by itself: it shares its record with none before it.
    pub fn on_sent_apart(&mut self, len: u32, unit: u32, now: Instant, stamp: Stamp) {
        self.nxt += len;
        self.sent.push_back(Sent {
            end: self.nxt,
            unit: u16::try_from(unit.min(len)).unwrap_or(u16::MAX).max(1),
            fate: Fate::OnItsWay,
            resent: false,
            sent_at: now,
            stamp,
        });
    }

    /// Whether all of a range that was sent is acknowledged or reported.
    pub fn has_arrived(&self, range: SeqRange) -> bool {
        if range.end().at_or_before(self.una) {
            return true;
        }
        let start = self.place(range.start.later_of(self.una));
        let known = self.sacked.around(start);
        known.is_some_and(|known| known.end >= self.place(range.end()))
    }

    /// Whether what is outstanding at that place is [`Fate::Lost`].
    pub fn is_lost(&self, at: SeqNum) -> bool {
        let sent = self.sent.get(self.index_of(at));
        at.at_or_after(self.una) && sent.is_some_and(|sent| sent.fate == Fate::Lost)
    }

    /// A range has left once more. What of it the peer has told of stays as it is.
    pub fn on_resent(&mut self, range: SeqRange, now: Instant, stamp: Stamp) {
        let end = range.end().earlier_of(self.nxt);
        let mut at = range.start.later_of(self.una);
        if !at.before(end) {
            return;
        }
        let range = SeqRange::between(at, end);
        match self.again.back_mut() {
            // A closed window is probed with the same byte for as long as it is closed.
            Some(last) if last.range == range => last.at = now,
            _ => self.again.push_back(Again { range, at: now }),
        }
        while at.before(end) {
            let (index, piece) = self.piece(at, end);
            if self.sent[index].fate != Fate::Sacked {
                let index = self.isolate(index, piece);
                self.set_fate(index, piece.len, Fate::OnItsWay);
                let sent = &mut self.sent[index];
                sent.resent = true;
                sent.sent_at = now;
                sent.stamp = stamp;
            }
            at = piece.end();
        }
    }

    /// Whether the oldest that is outstanding begins at `start`, and went only once.
    pub fn is_oldest_sent_once(&self, start: SeqNum) -> bool {
        start == self.una && self.sent.front().is_some_and(|oldest| !oldest.resent)
    }

    /// All before `una` is acknowledged; `arrived` hears of each piece that no report had told of.
    pub fn acknowledge(&mut self, una: SeqNum, arrived: &mut impl FnMut(Arrived)) {
        while let Some(&first) = self.sent.front()
            && self.una.before(una)
        {
            let end = first.end.earlier_of(una);
            let range = SeqRange::between(self.una, end);
            if first.fate == Fate::Lost {
                self.lost -= range.len;
            }
            if first.fate != Fate::Sacked {
                arrived(Arrived {
                    range,
                    sent: first,
                    cumulative: true,
                });
            }
            self.una_at += u64::from(range.len);
            self.una = end;
            if first.end == end {
                self.sent.pop_front();
            }
        }
        self.sacked.remove_before(self.una_at);
        self.lost_from = self.lost_from.later_of(self.una);
        self.decided = self.decided.later_of(self.una);
        while let Some(again) = self.again.front()
            && again.range.end().at_or_before(self.una)
        {
            self.again.pop_front();
        }
    }

    /// The peer says that it has a block; `arrived` hears of each piece that is news. Blocks that
    /// reach below SND.UNA or beyond SND.NXT, that are empty or reversed, tell nothing.
    pub fn report(&mut self, block: SackBlock, arrived: &mut impl FnMut(Arrived)) {
        // SND.UNA < left < right =< SND.NXT
        let outstanding = self.una.before(block.left)
            && block.left.before(block.right)
            && block.right.at_or_before(self.nxt);
        if !outstanding {
            return;
        }
        let mut at = block.left;
        while at.before(block.right) {
            let place = self.place(at);
            if let Some(known) = self.sacked.around(place) {
                at = self.seq(known.end);
                continue;
            }
            let (index, piece) = self.piece(at, block.right);
            // What one record covers is wholly SACKed or not at all.
            let told = place..place + u64::from(piece.len);
            if self.sacked.insert(told, RANGES_MAX) == Insert::Full {
                return;
            }
            arrived(Arrived {
                range: piece,
                sent: self.sent[index],
                cumulative: false,
            });
            self.mark_sacked(index, piece);
            at = piece.end();
        }
    }

    /// Marks a piece of one record, and joins it to SACKed neighbours, so that reports that grow
    /// byte by byte make no more records than there are ranges.
    fn mark_sacked(&mut self, index: usize, piece: SeqRange) {
        let index = self.isolate(index, piece);
        self.set_fate(index, piece.len, Fate::Sacked);
        let is_sacked = |sent: Option<&Sent>| sent.is_some_and(|s| s.fate == Fate::Sacked);
        if is_sacked(self.sent.get(index + 1)) {
            self.sent.remove(index);
        }
        if index > 0 && is_sacked(self.sent.get(index - 1)) && is_sacked(self.sent.get(index)) {
            self.sent.remove(index - 1);
        }
    }

    /// The lowest range that is lost, as far as it left in one segment, and `most` bytes of it.
    pub fn first_lost(&self, most: u32) -> Option<SeqRange> {
        if self.lost == 0 {
            return None;
        }
        let mut index = self.index_of(self.lost_from);
        while self.sent.get(index)?.fate != Fate::Lost {
            index += 1;
        }
        let sent = &self.sent[index];
        let start = self.start_of(index);
        let len = sent.end.since(start).min(u32::from(sent.unit)).min(most);
        Some(SeqRange { start, len })
    }

    /// The last segment that was sent, unless it is SACKed.
    pub fn last_sent(&self, most: u32) -> Option<SeqRange> {
        let index = self.sent.len().checked_sub(1)?;
        let sent = &self.sent[index];
        if sent.fate == Fate::Sacked {
            return None;
        }
        let len = sent.end.since(self.start_of(index));
        let unit = u32::from(sent.unit);
        let last = match len % unit {
            0 => unit,
            rest => rest,
        };
        let len = last.min(most);
        Some(SeqRange {
            start: sent.end - len,
            len,
        })
    }

    /// Takes for lost what was sent once, is not SACKed, and `judge` finds overdue; the rest, being
    /// younger, is not looked at. Returns what `judge` said of the first that is not overdue.
    pub fn judge_first_copies(
        &mut self,
        judge: &impl Fn(&Sent) -> Judgment,
        lost: &mut impl FnMut(SeqRange, &Sent),
    ) -> Option<Instant> {
        let mut index = self.index_of(self.decided);
        while let Some(&sent) = self.sent.get(index) {
            let start = self.start_of(index);
            if sent.fate == Fate::OnItsWay && !sent.resent {
                match judge(&sent) {
                    Judgment::Lost => self.lose(index, lost),
                    Judgment::Wait(at) => return Some(at),
                    Judgment::TooEarly => return None,
                }
            }
            self.decided = sent.end.later_of(start);
            index += 1;
        }
        None
    }

    /// The same for what was sent again, the oldest copy first.
    pub fn judge_later_copies(
        &mut self,
        judge: &impl Fn(&Sent) -> Judgment,
        lost: &mut impl FnMut(SeqRange, &Sent),
    ) -> Option<Instant> {
        while let Some(&Again { range, at }) = self.again.front() {
            let mut place = range.start.later_of(self.una);
            while place.before(range.end()) {
                let (index, piece) = self.piece(place, range.end());
                let sent = self.sent[index];
                if sent.fate == Fate::OnItsWay && sent.resent && sent.sent_at == at {
                    match judge(&sent) {
                        Judgment::Lost => self.lose(index, lost),
                        Judgment::Wait(at) => return Some(at),
                        Judgment::TooEarly => return None,
                    }
                }
                place = piece.end();
            }
            self.again.pop_front();
        }
        None
    }

    /// RFC 6675 section 4's IsLost: takes for lost what was sent once and is not SACKed, where
    /// DupThresh separate ranges, or more bytes than one segment less has, are SACKed above it.
    pub fn lose_below_reports(
        &mut self,
        dup_thresh: u32,
        mss: u32,
        lost: &mut impl FnMut(SeqRange, &Sent),
    ) {
        let enough = worth(dup_thresh - 1, mss);
        let (mut ranges, mut bytes) = (0, 0);
        let edge = self.sacked.iter().rev().find(|range| {
            ranges += 1;
            bytes += range.end - range.start;
            ranges >= dup_thresh || bytes > enough
        });
        let Some(edge) = edge.map(|range| self.seq(range.start)) else {
            return;
        };
        let judge = |sent: &Sent| match sent.end.at_or_before(edge) {
            true => Judgment::Lost,
            false => Judgment::TooEarly,
        };
        self.judge_first_copies(&judge, lost);
    }

    /// Whether as much is SACKed as DupThresh segments: RFC 8985 section 6.2 step 4, counted as RFC
    /// 6675 section 4 does.
    pub fn has_reported(&self, dup_thresh: u32, mss: u32) -> bool {
        self.sacked.len() >= dup_thresh as usize || self.sacked.total() > worth(dup_thresh - 1, mss)
    }

    /// Whether the peer has told of the byte at SND.UNA, which it denies by acknowledging no more:
    /// it has discarded what it had (RFC 2018 section 8).
    pub fn is_reneged(&self) -> bool {
        self.sacked.around(self.una_at).is_some()
    }

    /// Forgets all reports.
    pub fn forget_reports(&mut self) {
        self.sacked.clear();
        for sent in &mut self.sent {
            if sent.fate == Fate::Sacked {
                sent.fate = Fate::OnItsWay;
            }
        }
        self.decided = self.una;
    }

    /// Takes for lost all that is not SACKed and that `is_lost` finds to be.
    pub fn lose_all(
        &mut self,
        is_lost: impl Fn(SeqRange, &Sent) -> bool,
        lost: &mut impl FnMut(SeqRange, &Sent),
    ) {
        let mut start = self.una;
        for index in 0..self.sent.len() {
            let sent = self.sent[index];
            let range = SeqRange::between(start, sent.end);
            if sent.fate == Fate::OnItsWay && is_lost(range, &sent) {
                self.lose(index, lost);
            }
            start = sent.end;
        }
    }

    /// The longest segment that is not SACKed.
    pub fn longest(&self) -> u32 {
        let mut start = self.una;
        let mut longest = 0;
        for sent in &self.sent {
            let range = SeqRange::between(start, sent.end);
            if sent.fate != Fate::Sacked {
                longest = longest.max(sent.longest(range));
            }
            start = sent.end;
        }
        longest
    }

    /// Nothing was lost after all.
    pub fn lose_none(&mut self) {
        for sent in &mut self.sent {
            if sent.fate == Fate::Lost {
                sent.fate = Fate::OnItsWay;
            }
        }
        self.lost = 0;
        self.decided = self.una;
    }

    /// Whether nothing is outstanding, and memory is kept for what was.
    pub fn holds_spare(&self) -> bool {
        self.sent.is_empty() && self.sent.capacity() + self.again.capacity() > 0
    }

    fn lose(&mut self, index: usize, lost: &mut impl FnMut(SeqRange, &Sent)) {
        let range = SeqRange::between(self.start_of(index), self.sent[index].end);
        self.set_fate(index, range.len, Fate::Lost);
        self.lost_from = self.lost_from.earlier_of(range.start);
        lost(range, &self.sent[index]);
    }

    fn set_fate(&mut self, index: usize, len: u32, fate: Fate) {
        if self.sent[index].fate == Fate::Lost {
            self.lost -= len;
        }
        if fate == Fate::Lost {
            self.lost += len;
        }
        self.sent[index].fate = fate;
        if self.lost == 0 {
            self.lost_from = self.nxt;
        }
    }

    /// The record that holds `at`, which is outstanding, and the part of it from there up to `end`.
    fn piece(&self, at: SeqNum, end: SeqNum) -> (usize, SeqRange) {
        let index = self.index_of(at);
        let end = self.sent[index].end.earlier_of(end);
        (index, SeqRange::between(at, end))
    }

    /// Splits a record so that `piece` of it has one of its own; where that stands.
    fn isolate(&mut self, index: usize, piece: SeqRange) -> usize {
        let mut index = index;
        let whole = self.sent[index];
        if piece.start != self.start_of(index) {
            let mut before = whole;
            before.end = piece.start;
            before.stamp = whole.stamp.without(whole.end.since(piece.start));
            self.sent.insert(index, before);
            index += 1;
        }
        if piece.end() != whole.end {
            let mut part = whole;
            part.end = piece.end();
            part.stamp = whole.stamp.without(whole.end.since(piece.end()));
            self.sent.insert(index, part);
        }
        index
    }

    fn index_of(&self, at: SeqNum) -> usize {
        let place = at.since(self.una);
        self.sent
            .partition_point(|sent| sent.end.since(self.una) <= place)
    }

    fn start_of(&self, index: usize) -> SeqNum {
        match index.checked_sub(1) {
            Some(before) => self.sent[before].end,
            None => self.una,
        }
    }

    fn place(&self, seq: SeqNum) -> u64 {
        self.una_at + u64::from(seq.since(self.una))
    }

    fn seq(&self, place: u64) -> SeqNum {
        self.una + (place - self.una_at) as u32
    }
}

/// How many bytes so many segments have.
fn worth(segments: u32, mss: u32) -> u64 {
    u64::from(segments) * u64::from(mss)
}

/// What is to be thought of something that was sent and not heard of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judgment {
    Lost,
    /// Not yet lost, but at that time.
    Wait(Instant),
    /// Nothing that was sent later has arrived.
    TooEarly,
}

/// A peer that tells of every other byte is not listened to beyond so many: 16 bytes each.
const RANGES_MAX: usize = 256;
/// What one segment outstanding costs, if nothing else left at the same instant.
const _: () = assert!(size_of::<Sent>() <= 40);

#[cfg(test)]
mod tests;
