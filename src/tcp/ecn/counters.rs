//! The option of accurate ECN: RFC 9768 section 3.2.3. Bytes counted by how they came, and when to
//! tell of them.
//!
//! Three counters say what ACE cannot: whether it has come round, and which of the fields came.
//! They are told modulo 2^24, and compared so. The option costs room in each segment, and somebody
//! on the way may drop packets that have it, or take it out, or write zeros into it. So what the
//! handshake shows decides whether it goes along ([`Bytes::is_due`]) and whether it is believed
//! ([`Bytes::hear`]): house!("accurate-ecn-option").

use std::time::Duration;

use super::Codepoint;
use crate::base::Instant;
use crate::wire::counts::ByteCounts;

/// How often the option goes along, once the peer has shown that it comes through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "records", derive(serde::Serialize, serde::Deserialize))]
pub enum Telling {
    /// Never.
    Never,
    /// When marks were counted or another counter than before, and so many times a round trip.
    Sparingly { beacons: u32 },
    /// With whatever has room: house!("accurate-ecn-option").
    #[default]
    Fully,
    /// Even if packets that have it seem to be dropped.
    Stubbornly,
}

/// Both sides' counters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bytes {
    telling: Telling,
    /// r.e0b, r.ceb and r.e1b: what came.
    came: Counters,
    /// The same when we told of them last, and when that was.
    told: Counters,
    told_at: Option<Instant>,
    /// The counter that grew last.
    latest: Codepoint,
    /// How many segments are to have the option, if it goes sparingly.
    owed: u8,
    /// s.e0b, s.ceb and s.e1b: what the peer has told of.
    heard: Counters,
    peer: Peer,
    /// Packets with the option do not seem to arrive.
    is_dropped: bool,
    /// Segments that came again since anything new came.
    repeats: u8,
}

/// What is known of the peer's option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Peer {
    /// None has come.
    Silent,
    /// Some have.
    Shows,
    /// Somebody writes zeros into it.
    Zeroed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Counters {
    ect0: u32,
    ce: u32,
    ect1: u32,
}

impl Bytes {
    /// Before anything was counted.
    pub const fn new(telling: Telling) -> Bytes {
        Bytes {
            telling,
            came: BEGIN,
            told: BEGIN,
            told_at: None,
            latest: Codepoint::NotEct,
            owed: 0,
            heard: BEGIN,
            peer: Peer::Silent,
            is_dropped: false,
            repeats: 0,
        }
    }

    /// So many bytes of text have come, which may have come before.
    pub fn count(&mut self, codepoint: Codepoint, len: u32) {
        let counter = match codepoint {
            Codepoint::NotEct => return,
            Codepoint::Ect0 => &mut self.came.ect0,
            Codepoint::Ce => &mut self.came.ce,
            Codepoint::Ect1 => &mut self.came.ect1,
        };
        *counter = counter.wrapping_add(len);
        if len > 0 {
            let another = self.latest != codepoint;
            self.latest = codepoint;
            if another || codepoint == Codepoint::Ce || self.is_long_untold() {
                self.owe(1);
            }
        }
    }

    /// A segment has come that is of this connection; `counts` is its option.
    pub fn on_option(&mut self, counts: Option<ByteCounts>) {
        let (Some(counts), Peer::Silent) = (counts, self.peer) else {
            return;
        };
        // Section 3.2.1: neither of these two begins at zero, and none can have come round.
        let is_zeroed = [counts.ect0(), counts.ect1()].contains(&Some(0));
        self.peer = match is_zeroed {
            true => Peer::Zeroed,
            false => Peer::Shows,
        };
        // Section 3.2.3.2.1: the first ACK, and the first text.
        self.owe(2);
    }

    /// Time has come to `now`; a round trip takes `srtt`.
    pub fn on_time(&mut self, now: Instant, srtt: Duration) {
        if let (Telling::Sparingly { beacons }, Some(at)) = (self.telling, self.told_at)
            && let Some(gap) = srtt.checked_div(beacons)
            && now.since(at) >= gap
        {
            self.owe(1);
        }
    }

    /// How many marked bytes of ours an acknowledgment of something new is the first to tell of;
    /// `None` if it has no such counter.
    pub fn hear(&mut self, counts: Option<ByteCounts>) -> Option<u32> {
        let counts = counts.filter(|_| self.peer == Peer::Shows)?;
        let more = |field: Option<u32>, heard: &mut u32| {
            let more = field?.wrapping_sub(*heard) & FIELD_MAX;
            // Compared modulo 2^24: it would be an older one.
            let is_newer = more <= FIELD_MAX / 2;
            is_newer.then(|| {
                *heard = heard.wrapping_add(more);
                more
            })
        };
        more(counts.ect0(), &mut self.heard.ect0);
        more(counts.ect1(), &mut self.heard.ect1);
        more(counts.ce(), &mut self.heard.ce)
    }

    /// What came, and what of ours the peer has told of.
    pub const fn counted(&self) -> [ByField; 2] {
        [self.came.without_begin(), self.heard.without_begin()]
    }

    /// Whether the next segment that has room takes the option along.
    pub fn is_due(&self) -> bool {
        let is_shown = self.peer != Peer::Silent;
        match self.telling {
            Telling::Never => false,
            Telling::Sparingly { .. } => is_shown && !self.is_dropped && self.owed > 0,
            Telling::Fully => is_shown && !self.is_dropped,
            Telling::Stubbornly => is_shown,
        }
    }

    /// What it then says.
    pub const fn option(&self) -> ByteCounts {
        self.came.option()
    }

    /// A segment has left that had what was due.
    pub fn on_told(&mut self, now: Instant) {
        if self.is_due() {
            self.owed = self.owed.saturating_sub(1);
            self.told = self.came;
            self.told_at = Some(now);
        }
    }

    /// The first text is lost, so far as a timeout can tell. Section 3.2.3.2.2: it goes again
    /// without the option, which somebody on the way may mind. Returns whether that is a change.
    pub fn on_first_text_lost(&mut self) -> bool {
        self.give_up()
    }

    /// Text has come that was there. Who sends it again may have heard no acknowledgment of it, and
    /// they all had the option. Returns whether it goes along no more from here on.
    pub fn on_text_again(&mut self) -> bool {
        self.repeats = self.repeats.saturating_add(1);
        self.repeats >= REPEATS && self.give_up()
    }

    /// Text has come that is new: our acknowledgments arrive.
    pub fn on_new_text(&mut self) {
        self.repeats = 0;
    }

    fn give_up(&mut self) -> bool {
        let gives_up = self.is_due() && self.telling != Telling::Stubbornly;
        self.is_dropped |= gives_up;
        gives_up
    }

    fn owe(&mut self, segments: u8) {
        self.owed = self.owed.max(segments);
    }

    /// Section 3.2.3.3: each counter is told before half of its numbers have gone by.
    fn is_long_untold(&self) -> bool {
        [
            (self.came.ect0, self.told.ect0),
            (self.came.ect1, self.told.ect1),
        ]
        .iter()
        .any(|(came, told)| came.wrapping_sub(*told) >= LONG)
    }
}

/// What a SYN,ACK says: nothing was counted.
pub const fn first(telling: Telling) -> Option<ByteCounts> {
    match telling {
        Telling::Never => None,
        _ => Some(BEGIN.option()),
    }
}

/// Bytes by the ECN field that they came with, modulo 2^32.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ByField {
    pub ect0: u32,
    pub ce: u32,
    pub ect1: u32,
}

impl Counters {
    const fn without_begin(&self) -> ByField {
        ByField {
            ect0: self.ect0.wrapping_sub(BEGIN.ect0),
            ce: self.ce.wrapping_sub(BEGIN.ce),
            ect1: self.ect1.wrapping_sub(BEGIN.ect1),
        }
    }

    const fn option(&self) -> ByteCounts {
        ByteCounts::new(self.ect0, self.ce, self.ect1)
    }
}

/// Section 3.2.1: erased fields are told from beginnings.
const BEGIN: Counters = Counters {
    ect0: 1,
    ce: 0,
    ect1: 1,
};
/// Section 3.2.3.3.
const LONG: u32 = 1 << 22;
const FIELD_MAX: u32 = (1 << 24) - 1;
/// Once may be chance: house!("accurate-ecn-option").
const REPEATS: u8 = 2;

#[cfg(test)]
mod tests;
