//! The segment of a wish: header fields, options, and the text borrowed from the send buffer.

use crate::base::{Pieces, SeqNum, SeqRange};
use crate::probe::State;
use crate::tcp::Context;
use crate::tcp::connection::Connection;
use crate::tcp::ecn::{Codepoint, Ecn};
use crate::tcp::open::negotiate::syn_window;
use crate::wire::counts::ByteCounts;
use crate::wire::options::{Options, SACK_BLOCKS_MAX, SackBlock, TimestampOption, len_beside};
use crate::wire::tcp::{Flags, Ports, Segment};

use super::{Choice, Wish};

impl Connection {
    /// The segment that `wish` stands for, as of now.
    pub fn build(&self, cx: &Context<'_>, wish: &Wish) -> Segment<'_> {
        let blank = Segment {
            ports: Ports {
                src: self.pair.local.port,
                dst: self.pair.remote.port,
            },
            seq: self.seq_without_text(),
            ack: self.rcv.is_started().then_some(self.rcv.nxt),
            flags: Flags::ACK | self.echo(),
            window: self.window_field(),
            urgent: 0,
            order: self.agreed.order,
            options: self.options(cx),
            text: Pieces::EMPTY,
        };
        match wish.what {
            Choice::Reset => Segment {
                flags: Flags::RST | Flags::ACK,
                // RFC 7323 section 5.2: a reset has timestamps too, if they are agreed on.
                options: Options {
                    timestamps: blank.options.timestamps,
                    ..Options::default()
                },
                window: 0,
                ..blank
            },
            Choice::Syn { text } => {
                let syn = self.syn(cx, blank, 0);
                Segment {
                    options: Options {
                        bulk: self.syn_cookie().into(),
                        ..syn.options
                    },
                    text: self.outgoing.pieces(self.behind_syn(text)),
                    ..syn
                }
            }
            Choice::Retransmit(range) if self.is_our_syn(range) => {
                self.syn(cx, blank, self.recovery.timeouts().max(1))
            }
            Choice::Text(range) | Choice::PathProbe(range) => {
                let push = push_if(self.ends_burst(cx, range));
                let flags = blank.flags | self.slowed_down(range) | push;
                self.with_text(range, Segment { flags, ..blank })
            }
            Choice::Retransmit(range) => {
                let flags = blank.flags | push_if(self.has_pushed(range.end()));
                self.with_text(range, Segment { flags, ..blank })
            }
            Choice::WindowProbe(range) => self.with_text(range, blank),
            // RFC 9293 section 3.8.4: SEG.SEQ = SND.NXT-1, no text.
            Choice::KeepAlive => Segment {
                seq: self.snd.nxt - 1,
                ..blank
            },
            Choice::Ack => blank,
        }
    }

    /// SEG.SEQ of whatever takes no sequence number: SND.NXT. Not while the peer's window is
    /// closed: by RFC 9293 section 3.10.7.4 it then takes only what begins at RCV.NXT, which it
    /// has said is SND.UNA, and a window probe has taken SND.NXT beyond that.
    fn seq_without_text(&self) -> SeqNum {
        // Before our SYN is acknowledged, no window has been offered to us.
        let is_offered = self.state.is_synchronized() || self.snd.una != self.snd.iss;
        let is_closed = is_offered && self.snd.wnd == 0;
        if is_closed {
            self.snd.una
        } else {
            self.snd.nxt
        }
    }

    /// Whether what lies at `range` is our SYN. After 4 GiB of text its number comes round again,
    /// but once the connection is synchronized our SYN is acknowledged.
    pub(super) fn is_our_syn(&self, range: SeqRange) -> bool {
        !self.state.is_synchronized() && range.start == self.snd.iss
    }

    /// The text that goes with our SYN.
    pub(super) fn behind_syn(&self, text: u32) -> SeqRange {
        SeqRange {
            start: self.snd.iss + 1,
            len: text,
        }
    }

    /// The text of a segment that was built for `range`, once more: it lies where it lay.
    pub fn text(&self, wish: &Wish) -> Pieces<'_> {
        match wish.what {
            Choice::Text(range)
            | Choice::PathProbe(range)
            | Choice::Retransmit(range)
            | Choice::WindowProbe(range)
                if !self.is_our_syn(range) =>
            {
                self.outgoing.pieces(range)
            }
            Choice::Syn { text } => self.outgoing.pieces(self.behind_syn(text)),
            _ => Pieces::EMPTY,
        }
    }

    /// Our SYN, or SYN,ACK, which was sent so many times `before`.
    fn syn<'s>(&'s self, cx: &Context<'_>, blank: Segment<'s>, before: u32) -> Segment<'s> {
        let first = self.state == State::SynSent;
        let offer = if first {
            self.offer()
        } else {
            self.agreed.answer()
        };
        let timestamps = self.timestamps.map_or_else(
            || TimestampOption {
                value: crate::tcp::timestamps::clock(cx.now).wrapping_add(self.timestamp_offset),
                echo: 0,
            },
            |timestamps| timestamps.option(cx.now),
        );
        let (flags, byte_counts) = if first {
            // RFC 9768 section 3.2.3.2.1: never the option.
            (self.ecn_asking(), None)
        } else {
            let ecn = self.agreed.ecn;
            let option = ecn.syn_ack_option(before, self.config.accurate_ecn_option);
            (Flags::ACK | ecn.syn_ack_flags(before), option)
        };
        Segment {
            seq: self.snd.iss,
            flags: Flags::SYN | flags,
            // Less what came with the peer's SYN.
            window: match self.rcv.is_started() {
                true => u16::try_from(self.rcv.wnd()).unwrap_or(u16::MAX),
                false => syn_window(&self.config),
            },
            options: Options {
                byte_counts,
                ..offer.syn_options(Some(timestamps))
            },
            ..blank
        }
    }

    fn with_text<'s>(&'s self, range: SeqRange, blank: Segment<'s>) -> Segment<'s> {
        let text = self.outgoing.pieces(range);
        let mut flags = blank.flags;
        if self.outgoing.has_fin(range) {
            flags |= Flags::FIN;
        }
        // RFC 9293 section 3.9.1.2 (MUST-61): PSH on the last of what waits.
        let end_of_text = range.start + text.len() as u32;
        let pushed = !self.more_follows || self.silly_window_over;
        if !text.is_empty() && end_of_text == self.outgoing.end() && pushed {
            flags |= Flags::PSH;
        }
        let urgent = self.urgent_pointer(range.start);
        if urgent != 0 {
            flags |= Flags::URG;
        }
        Segment {
            seq: range.start,
            flags,
            urgent,
            text,
            ..blank
        }
    }

    /// RFC 3168 section 6.1.3 and RFC 9768 section 3.2.2: what tells the peer of its marks.
    fn echo(&self) -> Flags {
        self.ecn.as_ref().map_or(Flags::NONE, Ecn::feedback)
    }

    /// RFC 3168 section 6.1.2: CWR, on the first new data after a reduction.
    fn slowed_down(&self, range: SeqRange) -> Flags {
        let owed = self.ecn.as_ref().is_some_and(Ecn::owes_cwr);
        match owed && self.outgoing.text_len(range) > 0 {
            true => Flags::CWR,
            false => Flags::NONE,
        }
    }

    /// The ECN field of the IP header. RFC 3168 sections 5.2, 6.1.4 to 6.1.6: only new text may be
    /// marked; not ACKs, retransmissions or window probes. A sender that uses one codepoint uses
    /// ECT(0): section 5.
    pub fn codepoint(&self, wish: &Wish) -> Codepoint {
        let may_mark = self.ecn.as_ref().is_some_and(Ecn::may_mark);
        match wish.what {
            Choice::Text(range) | Choice::PathProbe(range)
                if may_mark && self.outgoing.text_len(range) > 0 =>
            {
                Codepoint::Ect0
            }
            _ => Codepoint::NotEct,
        }
    }

    /// RFC 9293 section 3.8.5: SEG.UP = SND.UP - SEG.SEQ, as far as the field reaches; RFC 6093
    /// section 3.1: it names the byte after the urgent ones.
    fn urgent_pointer(&self, seq: SeqNum) -> u16 {
        match self.snd.up {
            Some(up) if up.after(seq) => u16::try_from(up.since(seq)).unwrap_or(u16::MAX),
            _ => 0,
        }
    }

    /// SEG.WND.
    fn window_field(&self) -> u16 {
        let (free, buffer) = (self.free(), self.right_size.size());
        let mss = self.receive_mss();
        let follows = self.config.window_follows && (free >= buffer / 4 || free >= mss);
        let least = if follows { 1 } else { self.least_step() };
        self.rcv.offer(free, buffer, least)
    }

    /// How much has to come free before the window's edge moves, if that is less than half the
    /// buffer.
    pub(in crate::tcp) fn least_step(&self) -> u32 {
        match self.config.offer_slivers {
            true => 1,
            false => self.receive_mss(),
        }
    }

    /// The options of every segment but a SYN.
    fn options(&self, cx: &Context<'_>) -> Options {
        let mut options = Options {
            timestamps: self.timestamps.map(|timestamps| timestamps.option(cx.now)),
            byte_counts: self.byte_counts(),
            ..Options::default()
        };
        if self.sack_blocks() > 0 {
            self.add_sack(&mut options);
        }
        options
    }

    /// RFC 9768 section 3.2.3: beside what tells of marked packets, the bytes, if it is their turn.
    fn byte_counts(&self) -> Option<ByteCounts> {
        self.ecn.as_ref().and_then(Ecn::byte_counts)
    }

    /// RFC 2018 section 4: as many blocks as fit, the most recent first. RFC 2883 section 4: before
    /// them what came although it was there; the block that holds it, if it lies beyond a hole, is
    /// the most recent one.
    fn add_sack(&self, options: &mut Options) {
        let next = self.incoming.next();
        let twice = self.seldom.duplicate.map(|range| SackBlock {
            left: range.start,
            right: range.end(),
        });
        let at = |offset: u64| self.rcv.nxt + (offset - next) as u32;
        let held = self.incoming.reports().map(|block| SackBlock {
            left: at(block.start),
            right: at(block.end),
        });
        for block in twice.into_iter().chain(held).take(SACK_BLOCKS_MAX) {
            options.push_sack(block);
        }
    }

    /// How many blocks there are to report.
    fn sack_blocks(&self) -> usize {
        let twice = self.seldom.get().is_some_and(|s| s.duplicate.is_some());
        if !self.agreed.sack || (!twice && !self.incoming.may_have_reports()) {
            return 0;
        }
        let held = self.incoming.reports().count();
        held + usize::from(twice)
    }

    /// How much text fits one segment beside the options it has now. RFC 9293 section 3.7.1
    /// (MUST-16): the peer's limit counts options and text together.
    pub(in crate::tcp) fn text_room(&self) -> u32 {
        self.text_room_in(self.send_mss())
    }

    /// The same beside the options of a segment of `mss` bytes, options counted in.
    pub(in crate::tcp) fn text_room_in(&self, mss: u32) -> u32 {
        let always = self.send_mss() - self.eff_snd_mss();
        let len = len_beside(always as usize, self.byte_counts(), self.sack_blocks());
        mss.saturating_sub(len as u32).max(1)
    }
}

fn push_if(pushes: bool) -> Flags {
    match pushes {
        true => Flags::PSH,
        false => Flags::NONE,
    }
}
