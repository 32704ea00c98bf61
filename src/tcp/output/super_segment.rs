//! Super-segments: text for several segments that leaves as one, for a device that cuts it.
//!
//! It is what would have left anyway at this instant, one full-sized segment after the other, and
//! for the last of them what there is. Cut up, nothing tells it from these: so much is asserted of
//! every script and of random worlds. What differs between neighbours keeps them apart: an urgent
//! pointer, which counts from SEG.SEQ, and the counter of accurate ECN, which shares a bit with the
//! one that a device takes off all but the first.

use crate::base::SeqRange;
use crate::tcp::Context;
use crate::tcp::connection::Connection;
use crate::tcp::ecn::Ecn;

use super::nagle::{self, Situation};
use super::{Choice, Wish};

impl Connection {
    /// How much text may leave as one where a full-sized segment may: that segment, all full-sized
    /// ones behind it that may go, and what is left if it may go too. Less than two segments: none
    /// joins the first.
    pub(super) fn text_at_once(&self, cx: &Context<'_>, s: Situation) -> u32 {
        let ready = s.d.min(s.u);
        if self.cuttable < 2 * s.mss || ready <= s.mss || !self.may_be_cut() {
            return 0;
        }
        let in_turn = self.segments_in_turn(cx.now, s.mss);
        let most = in_turn.min(self.left_of_burst(cx).unwrap_or(u32::MAX));
        let room = u32::try_from(self.window_room()).unwrap_or(u32::MAX);
        let room = room.min(self.cuttable);
        let full = (ready.min(room) / s.mss).min(most);
        let text = full * s.mss;
        let rest = ready - text;
        let joins = rest < s.mss && full < most && rest <= room - text;
        let rests = Situation {
            d: s.d - text,
            u: s.u - text,
            outstanding: true,
            overridden: false,
            ..s
        };
        match joins && nagle::may_send(rests).is_some() {
            true => ready,
            false => text,
        }
    }

    /// Whether the segments would differ in nothing but what a device changes.
    fn may_be_cut(&self) -> bool {
        let accurate = self.ecn.as_ref().is_some_and(Ecn::is_accurate);
        self.state.is_synchronized() && self.snd.up.is_none() && !accurate
    }

    /// The size of the segments that a range leaves in, and of the last of them, in sequence
    /// numbers.
    pub(super) fn cut(&self, range: SeqRange, room: u32) -> (u32, u32) {
        let text = self.outgoing.text_len(range);
        let fin = range.len - text;
        if text <= room {
            return (range.len, range.len);
        }
        let last = match text % room {
            0 => room,
            rest => rest,
        };
        (room, last + fin)
    }

    /// Bytes of text in each of the segments that a device makes of it; `None` if it is one.
    pub fn segment_text(&self, wish: &Wish) -> Option<u16> {
        let Choice::Text(range) = wish.what else {
            return None;
        };
        let room = self.text_room();
        (self.outgoing.text_len(range) > room).then_some(u16::try_from(room).unwrap_or(u16::MAX))
    }
}
