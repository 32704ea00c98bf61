//! The receive sequence space: RFC 9293 section 3.3.1, Figure 4, and the window to offer.
//!
//! ```text
//!                1          2          3
//!            ----------|----------|----------
//!                   RCV.NXT    RCV.NXT
//!                             +RCV.WND
//!
//! 1 - old sequence numbers that have been acknowledged
//! 2 - sequence numbers allowed for new reception
//! 3 - future sequence numbers that are not yet allowed
//! ```
//!
//! Only this room decides how far the right edge goes. It never moves left (RFC 9293
//! section 3.8.6, SHLD-14), and it moves right only by steps worth a segment (section 3.8.6.2.2).

use crate::base::{SeqNum, WindowScale};

/// RCV.*
#[derive(Debug, Clone, Copy)]
pub struct ReceiveSpace {
    /// RCV.NXT: the next sequence number expected.
    pub nxt: SeqNum,
    /// RCV.NXT + RCV.WND: the furthest right edge that was ever offered.
    edge: SeqNum,
    /// IRS: the initial receive sequence number.
    pub irs: SeqNum,
    /// RCV.UP: the end of urgent data announced by the peer, until RCV.NXT has reached it.
    pub up: Option<SeqNum>,
    /// The stream offset behind the last urgent byte that was ever told of.
    pub urgent_end: u64,
    /// Rcv.Wind.Shift of RFC 7323 section 2.2: applies to window fields that go out.
    pub scale: WindowScale,
    started: bool,
}

/// Before the peer's SYN has come.
impl Default for ReceiveSpace {
    fn default() -> ReceiveSpace {
        ReceiveSpace {
            nxt: SeqNum(0),
            edge: SeqNum(0),
            irs: SeqNum(0),
            up: None,
            urgent_end: 0,
            scale: WindowScale::default(),
            started: false,
        }
    }
}

impl ReceiveSpace {
    /// The peer's SYN has come: RCV.NXT is set to SEG.SEQ+1, IRS is set to SEG.SEQ. `offered` is
    /// the window our own SYN told, in bytes.
    pub fn start(&mut self, irs: SeqNum, offered: u32) {
        self.started = true;
        self.irs = irs;
        self.nxt = irs + 1;
        self.edge = self.nxt + offered;
    }

    /// Whether the peer's SYN has come.
    pub fn is_started(&self) -> bool {
        self.started
    }

    /// RCV.WND: RFC 7323 section 2.4 (2) has it tracked as the furthest edge ever offered.
    pub fn wnd(&self) -> u32 {
        self.edge.since(self.nxt)
    }

    /// RCV.NXT moves over `len` sequence numbers. A FIN may lie at the right edge.
    pub fn advance(&mut self, len: u32) {
        self.nxt += len;
        self.edge = self.edge.later_of(self.nxt);
        // Compared modulo 2^32, a mark that was passed would lie ahead again one day.
        if self.up.is_some_and(|up| up.at_or_before(self.nxt)) {
            self.up = None;
        }
    }

    /// The window field of a segment that leaves now, with `free` bytes of buffer that nothing
    /// was promised of beyond RCV.NXT. Rounding never takes back what was offered as long as the
    /// buffer's reserve (see [`reserve`]) covers it.
    ///
    /// RFC 9293 section 3.8.6.2.2: the edge stays where it is until it can move by the lesser of
    /// half the buffer and one segment.
    pub fn offer(&self, free: u32, buffer: u32, mss: u32) -> u16 {
        let promised = self.wnd();
        let step = mss.min(buffer / 2);
        let unit = 1u32 << self.scale.shift();
        let showable = self.showable(free);
        let window = if showable >= promised.saturating_add(step) {
            showable
        } else if promised.next_multiple_of(unit) <= free.saturating_add(reserve(self.scale)) {
            // Up, not down: the edge that the peer sees must not move left.
            promised.next_multiple_of(unit)
        } else {
            promised
        };
        self.scale.field(window)
    }

    /// A segment with this window field has left: remember how far it reaches.
    pub fn offered(&mut self, field: u16) {
        let edge = self.nxt + self.scale.scale(field);
        self.edge = self.edge.later_of(edge);
    }

    /// Whether the peer should be told at once that there is room again: it knows of less than
    /// half the buffer, and a step or more has come free. A peer that knows of more is not held
    /// back, and learns of the rest by the next acknowledgment.
    pub fn is_worth_telling(&self, free: u32, buffer: u32, mss: u32) -> bool {
        let step = mss.min(buffer / 2);
        let known = self.wnd();
        known < buffer / 2 && self.showable(free) >= known.saturating_add(step)
    }

    /// The largest window up to `free` that the field can show.
    fn showable(&self, free: u32) -> u32 {
        self.scale.scale(self.scale.field(free))
    }
}

/// Bytes to hold beside a receive buffer so that rounding to the window scale's unit can go up.
pub const fn reserve(scale: WindowScale) -> u32 {
    (1 << scale.shift()) - 1
}

#[cfg(test)]
mod tests;
