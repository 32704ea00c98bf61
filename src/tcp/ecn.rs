//! Explicit congestion notification: RFC 3168 section 6.1.
//!
//! Routers mark what they would have dropped. As a receiver we echo the mark until the sender says
//! that it has slowed down; as a sender we slow down once a window of data, and say so. What the
//! congestion control makes of a mark is its own business (RFC 8511).

use crate::base::SeqNum;
use crate::wire::tcp::Flags;

/// Whether to offer and answer it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Asking {
    /// Never.
    Off,
    /// If the peer asks: house!("ecn").
    #[default]
    IfAsked,
    /// Our SYN asks.
    Ask,
}

/// The marks of one connection, once both sides have agreed on them.
#[derive(Debug, Clone, Copy)]
pub struct Ecn {
    /// As a receiver: every ACK says that a mark came, until CWR does.
    echoing: bool,
    /// As a sender: the next new segment says that the window was reduced.
    owes_cwr: bool,
    /// The window was reduced for all that was sent up to here.
    reduced: SeqNum,
}

impl Ecn {
    /// Nothing was marked yet.
    pub fn new(iss: SeqNum) -> Ecn {
        Ecn {
            echoing: false,
            owes_cwr: false,
            reduced: iss,
        }
    }

    /// An acceptable segment has come, marked or not, with or without CWR.
    ///
    /// RFC 3168 section 6.1.3: CWR ends the echo, and a mark on that very segment begins it anew.
    pub fn on_segment(&mut self, marked: bool, cwr: bool) {
        if cwr {
            self.echoing = false;
        }
        if marked {
            self.echoing = true;
        }
    }

    /// Whether our ACKs have ECE.
    pub fn echoes(&self) -> bool {
        self.echoing
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
        self.owes_cwr = true;
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
        self.owes_cwr
    }

    /// A new segment has left, with CWR if it was owed.
    pub fn on_sent(&mut self) {
        self.owes_cwr = false;
    }
}

/// RFC 3168 section 6.1.1: an ECN-setup SYN has both.
pub fn is_setup_syn(flags: Flags) -> bool {
    flags.has(Flags::ECE) && flags.has(Flags::CWR)
}

/// RFC 3168 section 6.1.1: an ECN-setup SYN,ACK has ECE alone.
pub fn is_setup_syn_ack(flags: Flags) -> bool {
    flags.has(Flags::ECE) && !flags.has(Flags::CWR)
}

/// Whether a type of service says that a router was congested: RFC 3168 section 5, CE.
pub fn is_marked(tos: u8) -> bool {
    tos & ECN_FIELD == CE
}

/// RFC 3168 section 5: a sender that uses one codepoint uses this.
pub const ECT_0: u8 = 0b10;
const CE: u8 = 0b11;
const ECN_FIELD: u8 = 0b11;

#[cfg(test)]
mod tests;
