//! One end of a connection, as its packets show it: what it sent, and what the other end said of
//! that.
//!
//! Numbers count from its initial one, which is 0, so that its first byte is 1; where the capture
//! begins later, the first byte that is seen is.

use std::collections::VecDeque;
use std::net::SocketAddr;

use crate::base::SeqNum;
use crate::probe::State;

use super::rtt::Rtt;
use super::told::Resent;

/// A stretch of numbers that was sent and not yet acknowledged.
#[derive(Debug, Clone, Copy)]
pub struct Sent {
    pub start: i64,
    pub end: i64,
    /// When it was sent last, and the frame.
    pub at: u64,
    pub frame: u64,
    /// How often it was sent.
    pub times: u32,
    /// A hash of its text, if all of it was kept.
    pub hash: Option<u64>,
    /// Its timestamp, where it has one.
    pub tsval: Option<u32>,
}

/// Numbers that were passed over.
#[derive(Debug, Clone, Copy)]
pub struct Gap {
    pub start: i64,
    pub end: i64,
    pub at: u64,
    pub frame: u64,
    /// The timestamp of what came behind it.
    pub tsval: Option<u32>,
}

/// A retransmission of which it may turn out that it was needless.
#[derive(Debug, Clone, Copy)]
pub struct Again {
    pub start: i64,
    pub end: i64,
    pub frame: u64,
    pub tsval: Option<u32>,
    pub is_known: bool,
}

/// What is being repaired, and since when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recovery {
    pub by_timeout: bool,
    /// Where it began, and up to where it goes.
    pub from: i64,
    pub until: i64,
}

/// The options of its SYN.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Offered {
    pub mss: Option<u16>,
    pub scale: Option<u8>,
    pub sack: bool,
    pub timestamps: bool,
}

/// What it said as a receiver.
#[derive(Debug, Clone, Copy, Default)]
pub struct Offers {
    /// The highest acknowledgment, by the other end's numbers.
    pub ack: i64,
    /// The window, in bytes; as the field has it while the scale is not known.
    pub window: u64,
    /// The right edge of it, last and at most.
    pub edge: i64,
    pub edge_most: i64,
    pub frame: u64,
    pub tsval: Option<u32>,
    /// Whether it said anything yet.
    pub is_known: bool,
}

/// Counts.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sums {
    pub packets: u64,
    /// Text, each byte as often as it was sent.
    pub bytes: u64,
    pub resent: u64,
    /// The same by kinds, in the order of [`Resent::ALL`].
    pub kinds: [u64; Resent::ALL.len()],
    pub right_sums: u64,
    pub wrong_sums: u64,
    /// At most in flight, in bytes.
    pub flight_most: i64,
    /// How often something was forgotten for want of room.
    pub forgotten: u64,
    pub longest: u32,
}

/// One end.
#[derive(Debug)]
pub struct End {
    pub addr: SocketAddr,
    pub state: State,
    base: Option<SeqNum>,
    /// The frame of its SYN.
    pub syn: Option<u64>,
    pub syn_at: u64,
    pub offered: Option<Offered>,
    /// One more than the highest number seen of it.
    pub nxt: i64,
    /// What the other end has acknowledged.
    pub una: i64,
    pub una_at: u64,
    pub una_frame: u64,
    pub sent: VecDeque<Sent>,
    pub gaps: Vec<Gap>,
    /// What the other end reports to have beyond `una`, in order.
    pub sacked: Vec<(i64, i64)>,
    pub again: VecDeque<Again>,
    pub recovery: Option<Recovery>,
    /// Duplicate acknowledgments since `una` moved: how many, the first frame and the last.
    pub dups: (u32, u64, u64),
    /// When it heard something that it could act upon: the last times.
    pub heard: VecDeque<u64>,
    /// When the newest of what has arrived was sent: RACK.xmit_ts (RFC 8985 section 5.3).
    pub arrived_at: u64,
    pub new_at: u64,
    pub timer_at: u64,
    /// A loss probe has been sent since `una` moved.
    pub is_probing: bool,
    pub rtt: Rtt,
    /// How long a round trip from where was captured to this end takes, in nanoseconds.
    pub away: Option<u64>,
    /// Whether the other end reports by SACK what it has: both permitted it.
    pub has_reports: bool,
    /// The number of its FIN.
    pub fin: Option<i64>,
    pub offers: Offers,
    /// The timestamp of the highest number sent.
    pub clock: Option<u32>,
    pub sums: Sums,
}

impl Sums {
    /// Something was sent again.
    pub fn count(&mut self, how: Resent) {
        self.resent += 1;
        let kinds = Resent::ALL.iter().zip(&mut self.kinds);
        kinds
            .filter(|(kind, _)| **kind == how)
            .for_each(|(_, count)| *count += 1);
    }
}

impl End {
    /// Of which nothing is known.
    pub fn new(addr: SocketAddr) -> End {
        End {
            addr,
            state: State::Closed,
            base: None,
            syn: None,
            syn_at: 0,
            offered: None,
            nxt: 0,
            una: 0,
            una_at: 0,
            una_frame: 0,
            sent: VecDeque::new(),
            gaps: Vec::new(),
            sacked: Vec::new(),
            again: VecDeque::new(),
            recovery: None,
            dups: (0, 0, 0),
            heard: VecDeque::new(),
            arrived_at: 0,
            new_at: 0,
            timer_at: 0,
            is_probing: false,
            rtt: Rtt::default(),
            away: None,
            has_reports: false,
            fin: None,
            offers: Offers::default(),
            clock: None,
            sums: Sums::default(),
        }
    }

    /// Its initial number, as it travelled; a guess where its SYN was not seen.
    pub fn base(&self) -> Option<SeqNum> {
        self.base
    }

    /// Numbers begin here.
    pub fn begin(&mut self, base: SeqNum, is_syn: bool) {
        if self.base.is_none() {
            self.base = Some(base);
            self.nxt = i64::from(!is_syn);
            self.una = self.nxt;
        }
    }

    /// A number that travelled, as a number of this end: the one nearest to its newest.
    pub fn number(&self, raw: SeqNum) -> i64 {
        let base = self.base.unwrap_or(raw);
        // Less than half of all numbers apart (RFC 9293 section 3.4).
        let newest = base.0.wrapping_add(self.nxt as u32);
        self.nxt + i64::from(raw.0.wrapping_sub(newest) as i32)
    }

    /// The first number that the other end has not reported to have.
    pub fn missing(&self) -> i64 {
        match self.sacked.first() {
            Some((start, end)) if *start <= self.una => *end,
            _ => self.una,
        }
    }

    /// What was reported beyond a number: bytes and ranges.
    pub fn reported_beyond(&self, number: i64) -> (i64, usize) {
        let beyond = self.sacked.iter().filter(|(start, _)| *start >= number);
        beyond.fold((0, 0), |(bytes, ranges), (start, end)| {
            (bytes + end - start, ranges + 1)
        })
    }

    /// Whether the other end has all of it, by its own word.
    pub fn is_reported(&self, start: i64, end: i64) -> bool {
        end <= self.una || self.sacked.iter().any(|(s, e)| *s <= start && end <= *e)
    }

    /// Takes a range that was reported; how many numbers of it are news.
    pub fn report(&mut self, start: i64, end: i64) -> i64 {
        let start = start.max(self.una);
        if start >= end {
            return 0;
        }
        let place = self.sent.partition_point(|sent| sent.end <= start);
        let covered = self.sent.range(place..).take_while(|sent| sent.end <= end);
        self.arrived_at = covered.map(|sent| sent.at).fold(self.arrived_at, u64::max);
        let held: i64 = self.sacked.iter().map(|(s, e)| e - s).sum();
        let (mut from, mut to) = (start, end);
        self.sacked.retain(|(s, e)| {
            let apart = *e < from || to < *s;
            if !apart {
                from = from.min(*s);
                to = to.max(*e);
            }
            apart
        });
        let place = self.sacked.partition_point(|(s, _)| *s < from);
        self.sacked.insert(place, (from, to));
        if self.sacked.len() > RANGES_MOST {
            self.sacked.remove(0);
            self.sums.forgotten += 1;
        }
        let now: i64 = self.sacked.iter().map(|(s, e)| e - s).sum();
        (now - held).max(0)
    }

    /// Bytes that are on their way, as far as can be seen.
    pub fn flight(&self) -> i64 {
        let reported: i64 = self.sacked.iter().map(|(s, e)| e - s).sum();
        self.nxt - self.una - reported
    }

    /// The first stretch that holds any of these numbers.
    pub fn holding(&self, start: i64, end: i64) -> Option<&Sent> {
        let place = self.sent.partition_point(|sent| sent.end <= start);
        self.sent.get(place).filter(|sent| sent.start < end)
    }

    /// What of the numbers that were passed over a segment fills, if it lies in there.
    pub fn gap_of(&self, start: i64, end: i64) -> Option<Gap> {
        let fits = |gap: &&Gap| gap.start < end && start < gap.end;
        self.gaps.iter().find(fits).copied()
    }

    /// A segment is there that lay in a gap.
    pub fn fill(&mut self, start: i64, end: i64) {
        let mut rest = Vec::new();
        self.gaps.retain(|gap| {
            if gap.end <= start || end <= gap.start {
                return true;
            }
            if gap.start < start {
                rest.push(Gap { end: start, ..*gap });
            }
            if end < gap.end {
                rest.push(Gap { start: end, ..*gap });
            }
            false
        });
        self.gaps.append(&mut rest);
    }

    /// Numbers were passed over.
    pub fn pass_over(&mut self, gap: Gap) {
        self.gaps.push(gap);
        if self.gaps.len() > RANGES_MOST {
            self.gaps.remove(0);
            self.sums.forgotten += 1;
        }
    }

    /// Remembers a stretch, of at most so many.
    pub fn remember(&mut self, sent: Sent, most: usize) {
        let place = self.sent.partition_point(|other| other.start < sent.start);
        self.sent.insert(place, sent);
        while self.sent.len() > most {
            self.sent.pop_front();
            self.sums.forgotten += 1;
        }
    }

    /// Marks what is sent once more.
    pub fn repeat(&mut self, start: i64, end: i64, at: u64, frame: u64, tsval: Option<u32>) {
        let place = self.sent.partition_point(|sent| sent.end <= start);
        for sent in self.sent.range_mut(place..) {
            if sent.start >= end {
                break;
            }
            sent.times += 1;
            sent.at = at;
            sent.frame = frame;
            sent.tsval = tsval;
        }
        self.again.push_back(Again {
            start,
            end,
            frame,
            tsval,
            is_known: false,
        });
        if self.again.len() > AGAIN_MOST {
            self.again.pop_front();
        }
    }

    /// The other end has everything below `ack`; what of it was measured is returned.
    pub fn acknowledged(&mut self, ack: i64, at: u64, frame: u64) -> Option<u64> {
        let mut sample = None;
        while let Some(sent) = self.sent.front().filter(|sent| sent.end <= ack).copied() {
            self.sent.pop_front();
            self.arrived_at = self.arrived_at.max(sent.at);
            // RFC 6298 section 3: Karn's algorithm.
            let was_reported = self
                .sacked
                .iter()
                .any(|(s, e)| *s <= sent.start && sent.end <= *e);
            sample = (sent.times == 1 && !was_reported).then(|| at.saturating_sub(sent.at));
        }
        if let Some(first) = self.sent.front_mut().filter(|first| first.start < ack) {
            // The hash was of all of it.
            first.start = ack;
            first.hash = None;
        }
        self.una = ack;
        self.una_at = at;
        self.una_frame = frame;
        self.dups = (0, 0, 0);
        self.is_probing = false;
        self.sacked.retain_mut(|(start, end)| {
            *start = (*start).max(ack);
            *start < *end
        });
        self.gaps.retain(|gap| gap.end > ack);
        if self.recovery.is_some_and(|recovery| recovery.until <= ack) {
            self.recovery = None;
        }
        sample
    }

    /// It hears something that it may act upon.
    pub fn hears(&mut self, at: u64) {
        self.heard.push_back(at);
        if self.heard.len() > HEARD_MOST {
            self.heard.pop_front();
        }
    }

    /// Whether it heard something just before it sent this.
    pub fn is_prompted(&self, at: u64) -> bool {
        let away = self.away.unwrap_or(0);
        let slack = (self.rtt.smoothed() / 8).clamp(500_000, 5_000_000);
        let (least, most) = (away - away / 4, away + away / 4 + slack);
        let since = |heard: &u64| at.saturating_sub(*heard);
        self.heard
            .iter()
            .map(since)
            .any(|since| (least..=most).contains(&since))
    }
}

const RANGES_MOST: usize = 256;
const AGAIN_MOST: usize = 64;
const HEARD_MOST: usize = 32;
