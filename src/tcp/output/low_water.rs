//! How much an application may give: bounded by what is not acknowledged, and, where it wants to
//! decide late what it sends, by what has not even left. house!("unsent-low-water")
//!
//! Text is taken by the lump: one that has begun may be filled, and a new one begins only while
//! less than the mark is left behind. What the windows would let go at once is not left behind.

use crate::base::SeqNum;
use crate::tcp::connection::Connection;

/// No mark: all that is not acknowledged counts, sent or not.
pub const NO_MARK: u32 = u32::MAX;

impl Connection {
    /// How many bytes SEND would take.
    pub fn send_room(&self) -> usize {
        let room = (self.send_limit() as usize).saturating_sub(self.outgoing.len());
        match self.config.unsent_low_water {
            NO_MARK => room,
            mark => room.min(self.room_below(mark)),
        }
    }

    /// The application wanted to write and found no room.
    pub fn on_refused(&mut self) {
        self.hold.on_write(true);
    }

    /// Whether it is worth while to wake a writer that found no room: a third of the buffer is
    /// free, and less than half the mark has not left. Waking it for every acknowledgment would
    /// cost more than what it writes.
    pub fn is_roomy(&self) -> bool {
        self.has_third() && self.is_below_half_mark()
    }

    /// Whether a third of the buffer is free.
    pub(super) fn has_third(&self) -> bool {
        self.outgoing.len() <= self.send_limit() as usize / 3 * 2
    }

    /// Whether less than half the mark has not left.
    pub(super) fn is_below_half_mark(&self) -> bool {
        let mark = self.config.unsent_low_water;
        mark == NO_MARK || self.unsent().saturating_mul(2) < mark
    }

    /// Text that has never left, in bytes.
    fn unsent(&self) -> u32 {
        let end = self.outgoing.end();
        match self.snd.nxt.before(end) {
            // Before it has left, our SYN stands in front of the text.
            true => end.since(self.snd.nxt.later_of(self.snd.iss + 1)),
            false => 0,
        }
    }

    fn room_below(&self, mark: u32) -> usize {
        let lump = self.lump();
        let fill = self.fill(lump);
        let leaves = u64::from(self.snd.usable()).min(self.window_room());
        let leaves = u32::try_from(leaves).unwrap_or(u32::MAX);
        let behind = self.unsent().saturating_add(fill);
        let left = mark.saturating_add(leaves).saturating_sub(behind);
        // A lump that begins below the mark is taken whole.
        let lumps = left.div_ceil(lump) as usize;
        fill as usize + lumps.saturating_mul(lump as usize)
    }

    /// How long a lump is: what a sender gives to its device as one. Half the largest window that
    /// was ever offered, up to 64 KiB, in whole segments.
    fn lump(&self) -> u32 {
        let segment = self.eff_snd_mss();
        let most = (self.snd.max_wnd / 2).min(LUMP_MAX);
        (most - most % segment).max(segment)
    }

    /// How much the last lump can still take, if any of it has not left.
    fn fill(&self, lump: u32) -> u32 {
        let end = self.outgoing.end();
        if self.unsent() == 0 {
            return 0;
        }
        let begins = self.last_lump.later_of(self.snd.nxt);
        lump.saturating_sub(end.since(begins))
    }

    /// So many bytes are about to be taken: where the last lump of them begins.
    pub(in crate::tcp) fn lump_after(&self, taken: usize) -> SeqNum {
        let lump = self.lump();
        let fill = self.fill(lump);
        let beyond = u32::try_from(taken)
            .unwrap_or(u32::MAX)
            .saturating_sub(fill);
        match beyond.checked_sub(1) {
            None => self.last_lump,
            Some(last) => self.outgoing.end() + fill + last / lump * lump,
        }
    }
}

/// What a device takes as one.
const LUMP_MAX: u32 = 1 << 16;
