//! Explicit congestion notification: RFC 3168 section 6.1.
//!
//! Routers mark what they would have dropped. As a receiver we echo the mark until the sender says
//! that it has slowed down; as a sender we slow down once a window of data, and say so. What the
//! congestion control makes of a mark is its own business (RFC 8511). Where both sides speak
//! `accurate` ECN, the echo is a count instead.

pub mod accurate;
pub mod counters;

use std::time::Duration;

use accurate::Accurate;
use counters::{ByField, Telling};

use crate::base::{Instant, SeqNum};
use crate::wire::counts::ByteCounts;
use crate::wire::tcp::{Flags, Segment};

/// Whether to offer and answer it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "records", derive(serde::Serialize, serde::Deserialize))]
pub enum Asking {
    /// Never.
    Off,
    /// If the peer asks: house!("ecn").
    #[default]
    IfAsked,
    /// Our SYN asks.
    Ask,
}

/// What both SYNs have agreed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Nobody heeds marks.
    Off,
    /// RFC 3168.
    Classic,
    /// RFC 9768; the peer's SYN came so.
    Accurate(Codepoint),
}

/// The ECN field of an IP header: RFC 3168 section 5, Figure 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Codepoint {
    #[default]
    NotEct = 0b00,
    Ect1 = 0b01,
    Ect0 = 0b10,
    /// A congested router has marked the packet.
    Ce = 0b11,
}

impl Codepoint {
    pub const ALL: [Codepoint; 4] = [
        Codepoint::NotEct,
        Codepoint::Ect1,
        Codepoint::Ect0,
        Codepoint::Ce,
    ];

    /// That of a type of service.
    pub fn of(tos: u8) -> Codepoint {
        Codepoint::ALL[usize::from(tos & ECN_FIELD)]
    }
}

/// The marks of one connection, once both sides have agreed on them.
#[derive(Debug, Clone)]
pub struct Ecn {
    /// The window was reduced for all that was sent up to here.
    reduced: SeqNum,
    /// Packets of ours that were acknowledged with an echo.
    echoed: u32,
    feedback: Feedback,
}

/// What both sides have counted; of the echo of RFC 3168, what it can tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counted {
    /// Marked packets that came, and bytes by how they came.
    pub received_ce: u32,
    pub received: ByField,
    /// The same of what we sent, as the peer tells it.
    pub delivered_ce: u32,
    pub delivered: ByField,
}

/// How a receiver tells of marks. What accurate ECN keeps lies apart, so that a connection without
/// it stays small.
#[derive(Debug, Clone)]
enum Feedback {
    Classic {
        /// As a receiver: every ACK says that a mark came, until CWR does.
        echoing: bool,
        /// As a sender: the next new segment says that the window was reduced.
        owes_cwr: bool,
    },
    Accurate(Box<Accurate>),
}

impl Ecn {
    /// Nothing was marked yet; by RFC 3168.
    pub fn new(iss: SeqNum) -> Ecn {
        Ecn {
            reduced: iss,
            echoed: 0,
            feedback: Feedback::Classic {
                echoing: false,
                owes_cwr: false,
            },
        }
    }

    /// By RFC 9768.
    pub fn accurate(iss: SeqNum, accurate: Accurate) -> Ecn {
        Ecn {
            reduced: iss,
            echoed: 0,
            feedback: Feedback::Accurate(Box::new(accurate)),
        }
    }

    /// Whether marks are counted as RFC 9768 has it.
    pub fn is_accurate(&self) -> bool {
        matches!(self.feedback, Feedback::Accurate(_))
    }

    /// An acceptable segment has come that is no SYN. Whether it is to be acknowledged at once, for
    /// its mark's sake; `owing` is whether text waits to be acknowledged.
    ///
    /// RFC 3168 section 6.1.3: CWR ends the echo, and a mark on that very segment begins it anew.
    pub fn on_segment(&mut self, codepoint: Codepoint, seg: &Segment<'_>, owing: bool) -> bool {
        match &mut self.feedback {
            Feedback::Classic { echoing, .. } => {
                let marked = codepoint == Codepoint::Ce;
                *echoing = marked || (*echoing && !seg.flags.has(Flags::CWR));
                false
            }
            Feedback::Accurate(accurate) => accurate.on_segment(codepoint, seg, owing),
        }
    }

    /// The flags that tell the peer of its marks, on all but SYNs and resets.
    pub fn feedback(&self) -> Flags {
        match &self.feedback {
            Feedback::Classic { echoing: true, .. } => Flags::ECE,
            Feedback::Classic { echoing: false, .. } => Flags::NONE,
            Feedback::Accurate(accurate) => accurate.feedback(),
        }
    }

    /// The counters that tell of them too, if the option goes along.
    pub fn byte_counts(&self) -> Option<ByteCounts> {
        match &self.feedback {
            Feedback::Accurate(accurate) if accurate.bytes.is_due() => {
                Some(accurate.bytes.option())
            }
            _ => None,
        }
    }

    /// A segment with them has left.
    pub fn on_told(&mut self, now: Instant) {
        if let Feedback::Accurate(accurate) = &mut self.feedback {
            accurate.on_sent(now);
        }
    }

    /// What accurate ECN keeps, where it was agreed on.
    pub fn as_accurate(&mut self) -> Option<&mut Accurate> {
        match &mut self.feedback {
            Feedback::Accurate(accurate) => Some(accurate),
            Feedback::Classic { .. } => None,
        }
    }

    /// Time has come to `now`; a round trip takes `srtt`.
    pub fn on_time(&mut self, now: Instant, srtt: Option<Duration>) {
        if let (Feedback::Accurate(accurate), Some(srtt)) = (&mut self.feedback, srtt) {
            accurate.bytes.on_time(now, srtt);
        }
    }

    /// Whether an ACK that is the first to tell of `delivered` packets, none of more than `mss`
    /// bytes, tells of marks.
    pub fn hears_of_marks(&mut self, seg: &Segment<'_>, delivered: u32, mss: u32) -> bool {
        // The flags of a SYN mean other things.
        if seg.syn() {
            return false;
        }
        match &mut self.feedback {
            Feedback::Classic { .. } => {
                let echoes = seg.flags.has(Flags::ECE);
                self.echoed = self
                    .echoed
                    .saturating_add(if echoes { delivered } else { 0 });
                echoes
            }
            // An ACK that tells of nothing new may be an old one.
            Feedback::Accurate(accurate) => {
                delivered > 0 && accurate.marks(seg, delivered, mss) > 0
            }
        }
    }

    /// What both sides have counted.
    pub fn counted(&self) -> Counted {
        let Feedback::Accurate(accurate) = &self.feedback else {
            return Counted {
                delivered_ce: self.echoed,
                ..Counted::default()
            };
        };
        let [received_ce, delivered_ce] = accurate.counted();
        let [received, delivered] = accurate.bytes.counted();
        Counted {
            received_ce,
            received,
            delivered_ce,
            delivered,
        }
    }

    /// Whether new text may have ECT.
    pub fn may_mark(&self) -> bool {
        match &self.feedback {
            Feedback::Classic { .. } => true,
            Feedback::Accurate(accurate) => accurate.may_mark(),
        }
    }

    /// An ACK with ECE acknowledges all before `una`; whether the window is to be reduced for it.
    ///
    /// RFC 3168 section 6.1.2: at most once a window of data, and not if it was reduced for another
    /// reason.
    pub fn on_echo(&self, una: SeqNum) -> bool {
        una.after(self.reduced)
    }

    /// The window was reduced, for a mark or a loss, with all before `nxt` sent.
    pub fn on_reduced(&mut self, nxt: SeqNum) {
        self.reduced = nxt;
        if let Feedback::Classic { owes_cwr, .. } = &mut self.feedback {
            *owes_cwr = true;
        }
    }

    /// All before `una` is acknowledged: compared modulo 2^32, the past must not fall half of the
    /// numbers behind.
    pub fn on_progress(&mut self, una: SeqNum) {
        if self.reduced.before(una) {
            self.reduced = una - 1;
        }
    }

    /// Whether the next new segment has CWR.
    pub fn owes_cwr(&self) -> bool {
        matches!(self.feedback, Feedback::Classic { owes_cwr: true, .. })
    }

    /// A new segment has left, with CWR if it was owed.
    pub fn on_sent(&mut self) {
        if let Feedback::Classic { owes_cwr, .. } = &mut self.feedback {
            *owes_cwr = false;
        }
    }
}

impl Mode {
    /// What a SYN that came with these flags, as `codepoint`, and our configuration agree on.
    /// Accurate ECN is preferred; a SYN that asks for it asks for the other too, in the eyes of
    /// those that do not know it.
    pub fn of_syn(flags: Flags, codepoint: Codepoint, classic: Asking, wanted: Asking) -> Mode {
        if wanted != Asking::Off && accurate::is_asking(flags) {
            Mode::Accurate(codepoint)
        } else if classic != Asking::Off && is_setup_syn(flags) {
            Mode::Classic
        } else {
            Mode::Off
        }
    }

    /// The same for a SYN,ACK, which answers a SYN of ours that asked with `asked`. RFC 9768
    /// section 3.1.2: what asks for accurate ECN takes the other.
    pub fn of_syn_ack(flags: Flags, codepoint: Codepoint, asked: Flags) -> Mode {
        if asked.has(Flags::AE) && accurate::is_agreeing(flags) {
            Mode::Accurate(codepoint)
        } else if asked != Flags::NONE && is_setup_syn_ack(flags) {
            Mode::Classic
        } else {
            Mode::Off
        }
    }

    /// Whether the SYN came again asking for the other kind of ECN, where we `wanted` either: RFC
    /// 9768 section 3.1.5.
    pub fn is_mixed(self, flags: Flags, wanted: Asking) -> bool {
        match self {
            Mode::Off => false,
            Mode::Classic => wanted != Asking::Off && accurate::is_asking(flags),
            Mode::Accurate(_) => accurate::number(flags) == 0b011,
        }
    }

    /// The flags of the SYN,ACK that says so, which was sent so many times before.
    pub fn syn_ack_flags(self, before: u32) -> Flags {
        match self {
            Mode::Off => Flags::NONE,
            // RFC 3168 section 6.1.1: an ECN-setup SYN,ACK.
            Mode::Classic => Flags::ECE,
            Mode::Accurate(_) if is_silent(before) => Flags::NONE,
            Mode::Accurate(syn) => accurate::shown(syn),
        }
    }

    /// The option of that SYN,ACK. RFC 9768 section 3.2.3.2.2: one that goes again has none, since
    /// somebody on the way may have minded.
    pub fn syn_ack_option(self, before: u32, telling: Telling) -> Option<ByteCounts> {
        match self {
            Mode::Accurate(_) if before == 0 => counters::first(telling),
            _ => None,
        }
    }

    /// The side that sent the SYN,ACK begins.
    pub fn server(self, iss: SeqNum, telling: Telling) -> Option<Ecn> {
        match self {
            Mode::Off => None,
            Mode::Classic => Some(Ecn::new(iss)),
            Mode::Accurate(_) => Some(Ecn::accurate(iss, Accurate::server(telling))),
        }
    }

    /// The side that got it, with an option or without, begins.
    pub fn client(self, iss: SeqNum, telling: Telling, option: Option<ByteCounts>) -> Option<Ecn> {
        let Mode::Accurate(syn_ack) = self else {
            return self.server(iss, telling);
        };
        let mut accurate = Accurate::client(syn_ack, telling);
        accurate.bytes.on_option(option);
        Some(Ecn::accurate(iss, accurate))
    }
}

/// A SYN,ACK that was sent so many times before has no flags of accurate ECN any more: somebody on
/// the way may mind them too. What was agreed on stays: RFC 9768 section 3.1.5.
pub fn is_silent(before: u32) -> bool {
    before >= 2
}

/// RFC 3168 section 6.1.1: an ECN-setup SYN has both.
pub fn is_setup_syn(flags: Flags) -> bool {
    flags.has(Flags::ECE) && flags.has(Flags::CWR)
}

/// RFC 3168 section 6.1.1: an ECN-setup SYN,ACK has ECE alone. One with AE was sent by somebody who
/// knows more than that RFC: RFC 9768 section 3.1.2.
pub fn is_setup_syn_ack(flags: Flags) -> bool {
    accurate::number(flags) == 0b001
}

const ECN_FIELD: u8 = 0b11;

#[cfg(test)]
mod tests;
