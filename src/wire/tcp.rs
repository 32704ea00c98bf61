//! One TCP segment as a value: RFC 9293 section 3.1.
//!
//! The same value serves both directions. Reading judges what can be judged of a segment alone
//! (its lengths and its checksum); writing makes the header, options and checksum included, and
//! leaves the text where it lies. Whether a segment means anything is for `tcp`.
//!
//! etherparse reads the header. Writing it is ours, with etherparse as the tests' judge: its
//! `TcpHeader::to_bytes` pushes each byte on its own, 60 ns where the whole segment has 50.

use std::fmt;
use std::net::IpAddr;
use std::ops::{BitOr, BitOrAssign};

use etherparse::{TcpHeader, TcpHeaderSlice, err};

use crate::base::{Checksum, Pieces, SeqNum, Sum, checksum};

use super::options::{Options, Order};
use super::{ParseError, put};

/// A segment. Its ACK bit is not among `flags` alone: `ack` is there exactly if the bit is set.
#[derive(Debug, Clone, Copy)]
pub struct Segment<'a> {
    /// Both port numbers.
    pub ports: Ports,
    /// SEG.SEQ: the number of the first thing it carries: SYN, byte of text, or FIN.
    pub seq: SeqNum,
    /// SEG.ACK: the next number that its sender expects.
    pub ack: Option<SeqNum>,
    /// The control bits. When writing, `ack` alone decides about the ACK bit.
    pub flags: Flags,
    /// SEG.WND, as the field has it: not scaled.
    pub window: u16,
    /// SEG.UP, counted from `seq`; means something only with URG.
    pub urgent: u16,
    /// The options.
    pub options: Options,
    /// In which order they are written. Of a segment that was read it says nothing.
    pub order: Order,
    /// The text.
    pub text: Pieces<'a>,
}

impl<'a> Segment<'a> {
    /// Reads an IP packet's payload. The checksum is verified unless the device vouches for it.
    ///
    /// # Errors
    ///
    /// [`ParseError::Truncated`], [`ParseError::Length`] for a data offset below five words, and
    /// [`ParseError::Checksum`].
    pub fn parse(
        src: IpAddr,
        dst: IpAddr,
        bytes: &'a [u8],
        vouched: Checksum,
    ) -> Result<Segment<'a>, ParseError> {
        let header = TcpHeaderSlice::from_slice(bytes).map_err(|e| match e {
            err::tcp::HeaderSliceError::Len(_) => ParseError::Truncated,
            err::tcp::HeaderSliceError::Content(_) => ParseError::Length,
        })?;
        // RFC 9293 section 3.1 (MUST-3): the receiver must check the checksum.
        if vouched == Checksum::Full {
            let length = u32::try_from(bytes.len()).map_err(|_| ParseError::Length)?;
            let sum = checksum::pseudo_header(src, dst, PROTOCOL, length).add(bytes);
            if sum.checksum() != 0 {
                return Err(ParseError::Checksum);
            }
        }
        Ok(Segment {
            ports: Ports {
                src: header.source_port(),
                dst: header.destination_port(),
            },
            seq: SeqNum(header.sequence_number()),
            ack: header
                .ack()
                .then_some(SeqNum(header.acknowledgment_number())),
            flags: Flags::of(&header),
            window: header.window_size(),
            urgent: header.urgent_pointer(),
            options: Options::parse(header.options()),
            order: Order::default(),
            text: Pieces::one(bytes.get(header.slice().len()..).unwrap_or_default()),
        })
    }

    /// How long the header is that [`Segment::emit_header`] writes: 20 to 60 bytes.
    pub fn header_len(&self) -> usize {
        TcpHeader::MIN_LEN.saturating_add(self.options.len())
    }

    /// Writes the header with its options; the checksum is whole and covers the text. Returns
    /// how many bytes were written: [`Segment::header_len`], or 0 if `out` is shorter.
    pub fn emit_header(&self, src: IpAddr, dst: IpAddr, out: &mut [u8]) -> usize {
        self.emit(src, dst, out, |pseudo_header, header| {
            pseudo_header.add(header).add_pieces(self.text).checksum()
        })
    }

    /// The same with a checksum that the device completes: [`Checksum::Partial`].
    pub fn emit_header_in_part(&self, src: IpAddr, dst: IpAddr, out: &mut [u8]) -> usize {
        self.emit(src, dst, out, |pseudo_header, _| pseudo_header.folded())
    }

    fn emit(
        &self,
        src: IpAddr,
        dst: IpAddr,
        out: &mut [u8],
        checksum: impl FnOnce(Sum, &[u8]) -> u16,
    ) -> usize {
        let header_len = self.header_len();
        let Some(out) = out.get_mut(..header_len) else {
            return 0;
        };
        let ack = self.ack.unwrap_or(SeqNum(0));
        let flags = match self.ack {
            Some(_) => self.flags | Flags::ACK,
            None => self.flags.without(Flags::ACK),
        };
        // Words of four bytes in the upper half of a byte; RFC 9293 section 3.1: the reserved bits
        // in the lower half are sent as zero. The last of them has become AE.
        let data_offset = (header_len as u8) << 2;
        let [ae, flags] = flags.0.to_be_bytes();
        let rest = &mut &mut *out;
        put(rest, self.ports.src.to_be_bytes());
        put(rest, self.ports.dst.to_be_bytes());
        put(rest, self.seq.0.to_be_bytes());
        put(rest, ack.0.to_be_bytes());
        put(rest, [data_offset | ae, flags]);
        put(rest, self.window.to_be_bytes());
        put(rest, [0, 0]);
        put(rest, self.urgent.to_be_bytes());
        self.options.emit(self.order, rest);
        // RFC 9293 section 3.1 (MUST-2): the checksum covers pseudo-header, header and text.
        let length = header_len.saturating_add(self.text.len());
        let length = u32::try_from(length).unwrap_or(u32::MAX);
        let sum = checksum(checksum::pseudo_header(src, dst, PROTOCOL, length), out);
        if let Some(mut field) = out.get_mut(CHECKSUM_AT..) {
            put(&mut field, sum.to_be_bytes());
        }
        header_len
    }

    /// SEG.LEN: how many sequence numbers it takes up, SYN and FIN included.
    pub fn len(&self) -> u32 {
        // Text is at most a packet long, so nothing saturates.
        let text = u32::try_from(self.text.len()).unwrap_or(u32::MAX);
        [text, u32::from(self.syn()), u32::from(self.fin())]
            .into_iter()
            .fold(0, u32::saturating_add)
    }

    /// Whether it takes up no sequence number at all.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The first sequence number after it.
    pub fn end(&self) -> SeqNum {
        self.seq + self.len()
    }

    /// Whether SYN is set.
    pub fn syn(&self) -> bool {
        self.flags.has(Flags::SYN)
    }

    /// Whether FIN is set.
    pub fn fin(&self) -> bool {
        self.flags.has(Flags::FIN)
    }

    /// Whether RST is set.
    pub fn rst(&self) -> bool {
        self.flags.has(Flags::RST)
    }

    /// What of it lies in the `window` numbers from `start` on: RFC 9293 section 3.10.7.4,
    /// "trimming off any portions that lie outside the window (including SYN and FIN)".
    ///
    /// If nothing does, what remains has no length, and stands at the segment's end if all of it
    /// was before the window, at its beginning otherwise. `start` and `seq` must be less than 2^31
    /// apart, and so must both ends.
    #[must_use]
    pub fn trim(self, start: SeqNum, window: u32) -> Segment<'a> {
        let early = if self.seq.before(start) {
            start.since(self.seq).min(self.len())
        } else {
            0
        };
        let kept = self.without_first(early);
        let edge = start + window;
        let late = if kept.end().after(edge) {
            kept.end().since(edge).min(kept.len())
        } else {
            0
        };
        kept.without_last(late)
    }

    /// Without its first `n` sequence numbers, of at least as many.
    fn without_first(mut self, n: u32) -> Segment<'a> {
        if n == 0 {
            return self;
        }
        // The urgent pointer counts from SEG.SEQ, which moves.
        let urgent = u32::from(self.urgent).saturating_sub(n);
        self.urgent = u16::try_from(urgent).unwrap_or(0);
        if self.urgent == 0 {
            self.flags = self.flags.without(Flags::URG);
        }
        self.seq += n;
        let after_syn = n.saturating_sub(u32::from(self.syn()));
        self.flags = self.flags.without(Flags::SYN);
        let length = self.text.len();
        let cut = (after_syn as usize).min(length);
        self.text = self.text.slice(cut, length);
        if after_syn as usize > length {
            self.flags = self.flags.without(Flags::FIN);
        }
        self
    }

    /// Without its last `n` sequence numbers, of at least as many.
    fn without_last(mut self, n: u32) -> Segment<'a> {
        if n == 0 {
            return self;
        }
        let before_fin = n.saturating_sub(u32::from(self.fin()));
        self.flags = self.flags.without(Flags::FIN);
        let length = self.text.len();
        let cut = (before_fin as usize).min(length);
        self.text = self.text.slice(0, length.saturating_sub(cut));
        if before_fin as usize > length {
            self.flags = self.flags.without(Flags::SYN);
        }
        self
    }
}

/// The port numbers of a segment or a datagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ports {
    pub src: u16,
    pub dst: u16,
}

/// Control bits, as the header has them: a byte, and the last bit of the one before.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Flags(u16);

impl Flags {
    pub const NONE: Flags = Flags(0);
    pub const FIN: Flags = Flags(1);
    pub const SYN: Flags = Flags(1 << 1);
    pub const RST: Flags = Flags(1 << 2);
    pub const PSH: Flags = Flags(1 << 3);
    pub const ACK: Flags = Flags(1 << 4);
    pub const URG: Flags = Flags(1 << 5);
    pub const ECE: Flags = Flags(1 << 6);
    pub const CWR: Flags = Flags(1 << 7);
    /// Accurate ECN: RFC 9768.
    pub const AE: Flags = Flags(1 << 8);

    /// Whether all bits of `other` are set.
    pub const fn has(self, other: Flags) -> bool {
        self.0 & other.0 == other.0
    }

    /// These and those of `other`.
    #[must_use]
    pub const fn union(self, other: Flags) -> Flags {
        Flags(self.0 | other.0)
    }

    /// These but for those of `other`.
    #[must_use]
    pub const fn without(self, other: Flags) -> Flags {
        Flags(self.0 & !other.0)
    }

    /// The byte that most of them stand in: all but [`Flags::AE`].
    pub const fn byte(self) -> u8 {
        self.0.to_be_bytes()[1]
    }

    /// As packet scripts and tcpdump write them: `S`, `S.`, `P.`, and `-` for none.
    pub fn letters(self) -> String {
        if self == Flags::NONE {
            return String::from("-");
        }
        NAMES
            .iter()
            .filter(|(flag, _, _)| self.has(*flag))
            .map(|(_, _, letter)| letter)
            .collect()
    }

    /// Those of a header's two bytes from [`DATA_OFFSET_AT`] on.
    pub(super) const fn of_bytes([before, byte]: [u8; 2]) -> Flags {
        Flags(u16::from_be_bytes([before & 1, byte]))
    }

    fn of(header: &TcpHeaderSlice<'_>) -> Flags {
        [
            (header.fin(), Flags::FIN),
            (header.syn(), Flags::SYN),
            (header.rst(), Flags::RST),
            (header.psh(), Flags::PSH),
            (header.ack(), Flags::ACK),
            (header.urg(), Flags::URG),
            (header.ece(), Flags::ECE),
            (header.cwr(), Flags::CWR),
            // etherparse calls it by its former name.
            (header.ns(), Flags::AE),
        ]
        .into_iter()
        .filter(|(set, _)| *set)
        .fold(Flags::NONE, |flags, (_, flag)| flags | flag)
    }
}

impl BitOr for Flags {
    type Output = Flags;

    fn bitor(self, rhs: Flags) -> Flags {
        self.union(rhs)
    }
}

impl BitOrAssign for Flags {
    fn bitor_assign(&mut self, rhs: Flags) {
        *self = *self | rhs;
    }
}

/// As Wireshark writes them: `SYN, ACK`, and `<None>` for none.
impl fmt::Display for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Flags::NONE {
            return f.write_str("<None>");
        }
        let set = NAMES.iter().filter(|(flag, _, _)| self.has(*flag));
        for (nth, (_, name, _)) in set.enumerate() {
            if nth > 0 {
                f.write_str(", ")?;
            }
            f.write_str(name)?;
        }
        Ok(())
    }
}

impl fmt::Debug for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The protocol number of TCP.
pub const PROTOCOL: u8 = 6;
/// The shortest header, in bytes.
pub const HEADER_MIN: usize = TcpHeader::MIN_LEN;
/// The longest header, in bytes.
pub const HEADER_MAX: usize = TcpHeader::MAX_LEN;
/// Where the checksum stands: RFC 9293 section 3.1, Figure 1.
pub const CHECKSUM_AT: usize = 16;
// Where the other fields stand that are read or written in a packet.
pub(super) const SEQ_AT: usize = 4;
pub(super) const ACK_AT: usize = 8;
pub(super) const DATA_OFFSET_AT: usize = 12;
pub(super) const FLAGS_AT: usize = 13;
pub(super) const WINDOW_AT: usize = 14;
pub(super) const URGENT_AT: usize = 18;

const NAMES: [(Flags, &str, char); 9] = [
    (Flags::FIN, "FIN", 'F'),
    (Flags::SYN, "SYN", 'S'),
    (Flags::RST, "RST", 'R'),
    (Flags::PSH, "PSH", 'P'),
    (Flags::ACK, "ACK", '.'),
    (Flags::URG, "URG", 'U'),
    (Flags::ECE, "ECE", 'E'),
    (Flags::CWR, "CWR", 'W'),
    (Flags::AE, "AE", 'A'),
];

// One cache line and a half in each direction; `docs/architecture.md` section 4 says 128 bytes.
const _: () = assert!(size_of::<Segment<'_>>() <= 128);

#[cfg(test)]
mod tests;
