//! Sixth: check the URG bit. RFC 9293 sections 3.10.7.4 and 3.8.5, RFC 6093 sections 3 and 6.
//!
//! A mark is told; the bytes stay in line, and nothing is ever taken out of the stream.

use crate::probe::{Event, State};
use crate::tcp::Context;
use crate::tcp::connection::Connection;
use crate::tcp::wake::Wake;
use crate::wire::tcp::{Flags, Segment};

impl Connection {
    pub(in crate::tcp) fn take_urgent(&mut self, cx: &mut Context<'_>, seg: &Segment<'_>) {
        let may = matches!(
            self.state,
            State::Established | State::FinWait1 | State::FinWait2
        );
        if !may || !seg.flags.has(Flags::URG) || seg.urgent == 0 {
            return;
        }
        // RFC 6093 section 3.1: the pointer names the byte after the last urgent one.
        let up = seg.seq + u32::from(seg.urgent);
        // RCV.UP <- max(RCV.UP,SEG.UP)
        let newer = self.rcv.up.is_none_or(|known| up.after(known));
        if newer && up.after(self.rcv.nxt) {
            self.rcv.up = Some(up);
            let offset = self.offset_of(up);
            self.rcv.urgent_end = offset;
            cx.tell(|| Event::Urgent { offset });
            self.wake |= Wake::READABLE;
        }
    }
}
