//! The send sequence space: RFC 9293 section 3.3.1, Figure 3.
//!
//! ```text
//!            1         2          3          4
//!       ----------|----------|----------|----------
//!              SND.UNA    SND.NXT    SND.UNA
//!                                   +SND.WND
//!
//! 1 - old sequence numbers that have been acknowledged
//! 2 - sequence numbers of unacknowledged data
//! 3 - sequence numbers allowed for new data transmission
//! 4 - future sequence numbers that are not yet allowed
//! ```
//!
//! Only this room reads the acknowledgment side of a segment; what is lost in zone 2 is
//! `recovery`'s business, and what is sent in zone 3 is `output`'s.

use crate::base::{SeqNum, WindowScale};
use crate::wire::tcp::Segment;

/// SND.*
#[derive(Debug, Clone, Copy)]
pub struct SendSpace {
    /// SND.UNA: the oldest unacknowledged sequence number.
    pub una: SeqNum,
    /// SND.NXT: the next sequence number to be sent.
    pub nxt: SeqNum,
    /// SND.WND: an offset from SND.UNA, in bytes.
    pub wnd: u32,
    /// SND.UP: the end of urgent data, while there is any.
    pub up: Option<SeqNum>,
    /// SND.WL1: SEG.SEQ of the last window update.
    pub wl1: SeqNum,
    /// SND.WL2: SEG.ACK of the last window update.
    pub wl2: SeqNum,
    /// ISS: the initial send sequence number.
    pub iss: SeqNum,
    /// MAX.SND.WND of RFC 5961 section 5.2: the largest window ever offered to us.
    pub max_wnd: u32,
    /// Snd.Wind.Shift of RFC 7323 section 2.2: applies to window fields that come in.
    pub scale: WindowScale,
}

impl SendSpace {
    /// Before our SYN is sent.
    pub fn new(iss: SeqNum) -> SendSpace {
        SendSpace {
            una: iss,
            nxt: iss,
            wnd: 0,
            up: None,
            wl1: SeqNum(0),
            wl2: SeqNum(0),
            iss,
            max_wnd: 0,
            scale: WindowScale::default(),
        }
    }

    /// SND.UNA < SEG.ACK =< SND.NXT.
    pub fn is_new_ack(&self, ack: SeqNum) -> bool {
        self.una.before(ack) && ack.at_or_before(self.nxt)
    }

    /// RFC 5961 section 5.2: (SND.UNA - MAX.SND.WND) =< SEG.ACK.
    pub fn is_recent_ack(&self, ack: SeqNum) -> bool {
        (self.una - self.max_wnd).at_or_before(ack)
    }

    /// Takes the window of the segment that synchronizes: RFC 9293 section 3.10.7.3 and, fifth,
    /// section 3.10.7.4. RFC 7323 section 2.2: the window of a SYN is never scaled.
    pub fn start_window(&mut self, seg: &Segment<'_>) {
        let scale = if seg.syn() {
            WindowScale::default()
        } else {
            self.scale
        };
        self.set_window(scale.scale(seg.window), seg);
    }

    /// Updates the send window, unless the segment is older than the one that did so last.
    /// Returns whether the window moved.
    pub fn update_window(&mut self, seg: &Segment<'_>, ack: SeqNum) -> bool {
        // SND.WL1 < SEG.SEQ or (SND.WL1 = SEG.SEQ and SND.WL2 =< SEG.ACK)
        let fresh = self.wl1.before(seg.seq) || (self.wl1 == seg.seq && self.wl2.at_or_before(ack));
        if !fresh || ack.before(self.una) {
            return false;
        }
        let before = self.una + self.wnd;
        self.set_window(self.scale.scale(seg.window), seg);
        // SND.WND is an offset from SND.UNA, which this segment's ACK may be about to move.
        before != ack + self.wnd
    }

    fn set_window(&mut self, window: u32, seg: &Segment<'_>) {
        self.wnd = window;
        self.wl1 = seg.seq;
        self.wl2 = seg.ack.unwrap_or(self.una);
        self.max_wnd = self.max_wnd.max(window);
    }

    /// The usable window: SND.UNA + SND.WND - SND.NXT, and zero if the window has shrunk behind
    /// what was sent (RFC 9293 section 3.8.6, MUST-34).
    pub fn usable(&self) -> u32 {
        let edge = self.una + self.wnd;
        if edge.before(self.nxt) {
            0
        } else {
            edge.since(self.nxt)
        }
    }

    /// Sequence numbers sent and not acknowledged.
    pub fn outstanding(&self) -> u32 {
        self.nxt.since(self.una)
    }
}

#[cfg(test)]
mod tests;
