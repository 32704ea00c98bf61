//! Seventh: process the segment text. RFC 9293 section 3.10.7.4.

use std::time::Duration;

use crate::base::{Chunk, Pieces, SeqRange};
use crate::probe::{Accepted, Edge, TimerKind};
use crate::rfc;
use crate::tcp::connection::Connection;
use crate::tcp::ecn::Ecn;
use crate::tcp::input::acknowledge::{EARLY, FILLS_HOLE, NEVER_WAITS, OLD_TEXT};
use crate::tcp::input::reassembly::Taken;
use crate::tcp::wake::Wake;
use crate::tcp::{Context, Failure};
use crate::wire::tcp::Segment;

impl Connection {
    /// Takes the text of a segment that lies in the window. `None`: there was none to take.
    pub(in crate::tcp) fn take_text(
        &mut self,
        cx: &mut Context<'_>,
        seg: &Segment<'_>,
    ) -> Option<Accepted> {
        if seg.text.is_empty() || !self.state.may_receive() {
            return None;
        }
        if self.orphaned {
            return Some(self.refuse_text(cx));
        }
        self.right_size.on_text(cx.now, self.echoed(cx, seg));
        let had_holes = !self.incoming.holes().is_empty();
        let offset = self.offset_of(seg.seq);
        self.note_held_text(seg, offset);
        match self.insert(cx, offset, seg.text) {
            Taken::InOrder(len) => {
                self.rcv.advance(len as u32);
                self.acks.on_advance();
                if let Some(ecn) = self.ecn.as_mut().and_then(Ecn::as_accurate) {
                    ecn.bytes.on_new_text();
                }
                self.acknowledge_text(cx, len as u32, had_holes);
                self.wake |= Wake::READABLE;
                Some(Accepted::Text)
            }
            Taken::Beyond => {
                self.acks.owe_duplicate(cx.input());
                Some(Accepted::TextOutOfOrder)
            }
            Taken::Known => {
                self.acks.owe(cx.input(), OLD_TEXT);
                Some(Accepted::TextDuplicate)
            }
            Taken::TooMany => {
                self.acks.owe_duplicate(cx.input());
                Some(Accepted::TextRefused)
            }
        }
    }

    /// Long text in order stays where it lies, if it may; all other text is copied.
    fn insert(&mut self, cx: &Context<'_>, offset: u64, text: Pieces<'_>) -> Taken {
        let len = text.len();
        let is_next = offset == self.incoming.next();
        let memory = cx.memory.filter(|_| is_next && len >= WORTH_KEEPING);
        let chunk = memory.and_then(|memory| Chunk::of(memory, text.0));
        let whole = chunk.filter(|chunk| chunk.len() == len);
        if whole.is_some_and(|chunk| self.incoming.keep(chunk)) {
            return Taken::InOrder(len as u64);
        }
        self.incoming.insert(offset, text)
    }

    /// RFC 2883 section 4.2.2: of several parts that were there, beyond a hole, the first is told.
    fn note_held_text(&mut self, seg: &Segment<'_>, offset: u64) {
        let range = offset..offset + seg.text.len() as u64;
        let held = self.incoming.holes().overlapping(range.clone()).next();
        if let Some(held) = held {
            let start = held.start.max(range.start);
            let len = held.end.min(range.end) - start;
            let start = seg.seq + (start - offset) as u32;
            self.note_duplicate(SeqRange {
                start,
                len: len as u32,
            });
        }
    }

    /// RFC 2883 section 4: text that was there already is reported, once.
    pub(super) fn note_duplicate(&mut self, range: SeqRange) {
        if self.agreed.sack && self.config.dsack && !range.is_empty() {
            self.seldom.wake().duplicate = Some(range);
        }
    }

    /// How long ago the acknowledgment left that a segment echoes: RFC 7323 section 4.
    fn echoed(&self, cx: &Context<'_>, seg: &Segment<'_>) -> Option<Duration> {
        let echo = seg.options.timestamps?.echo;
        self.timestamps?.rtt(echo, cx.now)
    }

    fn acknowledge_text(&mut self, cx: &mut Context<'_>, len: u32, had_holes: bool) {
        if had_holes {
            self.acks.owe(cx.input(), FILLS_HOLE);
            return;
        }
        if self.acks.is_early(self.config.quick_acks, cx.now) {
            self.acks.owe(cx.input(), EARLY);
            return;
        }
        let delay = self.config.delayed_ack;
        if delay.is_zero() {
            self.acks.owe(cx.input(), NEVER_WAITS);
            return;
        }
        let mss = self.receive_mss();
        let wait = self.acks.on_text(len, mss, cx.input(), cx.now, delay);
        if let Some(at) = wait {
            self.timers.set(cx, TimerKind::DelayedAck, at);
        }
    }

    /// RFC 9293 section 3.6.1 (SHLD-3): nobody will read it, and the peer should know: a reset.
    fn refuse_text(&mut self, cx: &mut Context<'_>) -> Accepted {
        cx.note(
            rfc!(9293, "3.6.1"),
            "text came after the application had closed: it is lost, and a reset says so",
        );
        self.seldom.wake().reset_owed = Some(cx.input());
        self.fail(cx, Edge::Aborted, Failure::Aborted);
        Accepted::TextUnread
    }
}

/// house!("kept-chunks"): so much at least of what a device has received as one, in bytes, so that
/// what is held is not many times what it holds.
const WORTH_KEEPING: usize = 16 << 10;
