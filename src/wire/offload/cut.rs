//! One packet that stands for several becomes those that it stands for.
//!
//! What differs from one to the next is what Linux changes when it cuts: lengths, IPv4's
//! identification, the sequence number, three flags, and the checksums. All else is the same in
//! each, options and window among it. Text is lent from where it lies; only headers are written.

use crate::base::{Checksum, InterfaceId, Offload, Offloads, Pieces, Transmit, checksum};
use crate::wire::tcp::Flags;
use crate::wire::{ipv4, tcp, udp};

use super::{Layout, Transport, in_field, ip_length, set_ip_length, set_u16, u16_at, u32_at};

/// A packet that is handed out as those that it stands for, each whole for a device that does no
/// more than it said.
#[derive(Debug)]
pub struct Cut<'a> {
    layout: Layout,
    /// The headers as they were given.
    first: &'a [u8],
    text: Pieces<'a>,
    /// Bytes of text in each but the last.
    size: usize,
    interface: InterfaceId,
    /// The device finishes checksums.
    partial: bool,
    /// Bytes of text handed out.
    at: usize,
    /// Packets handed out.
    count: u16,
    is_over: bool,
    /// The headers of the packet that is lent.
    head: [u8; HEAD_MAX],
}

/// Why a packet cannot be cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Uncut {
    /// It is not one whole packet of TCP or UDP whose headers lie in one piece.
    #[error("no packet of TCP or UDP")]
    Layout,
    /// Its headers say that it has another length.
    #[error("another length than its headers say")]
    Length,
    /// Its checksum was begun with something else than the sum of its pseudo-header: each packet
    /// would have a right one where its sender had made a wrong one.
    #[error("a checksum that was not begun as it should be")]
    Checksum,
    /// It stands for segments of no text.
    #[error("segments without text")]
    Size,
    /// SYN, RST or URG: they belong to one segment, or count from it.
    #[error("a flag that only one segment can have")]
    Flags,
    /// It is longer than any packet can be.
    #[error("longer than a packet can be")]
    Long,
    /// Its text lies in more than two pieces.
    #[error("text in more than two pieces")]
    Scattered,
}

impl<'a> Cut<'a> {
    /// Begins with a packet whose headers lie in its head, for a device that takes over `does`
    /// (whether it cuts does not matter). A packet that stands for itself is handed out as it is,
    /// with its checksum finished.
    ///
    /// # Errors
    ///
    /// See [`Uncut`].
    pub fn of(packet: &Transmit<'a>, does: Offloads) -> Result<Cut<'a>, Uncut> {
        let layout = Layout::of(packet.head).ok_or(Uncut::Layout)?;
        let parts = packet.head.split_at_checked(layout.text_at);
        let (first, early) = parts.ok_or(Uncut::Layout)?;
        if first.len() > HEAD_MAX {
            return Err(Uncut::Layout);
        }
        if packet.len() > usize::from(u16::MAX) {
            return Err(Uncut::Long);
        }
        let udp_length = || u16_at(first, layout.transport_at.saturating_add(udp::LENGTH_AT));
        let carried = packet.len().saturating_sub(layout.transport_at);
        if ip_length(first, &layout) != packet.len()
            || layout.transport == Transport::Udp && usize::from(udp_length()) != carried
        {
            return Err(Uncut::Length);
        }
        if let begun @ Checksum::Partial { .. } = packet.offload.checksum
            && (begun != layout.partial() || !is_begun(first, &layout, carried))
        {
            return Err(Uncut::Checksum);
        }
        let text = match (early, packet.body) {
            ([], body) => body,
            (early, Pieces(late, []) | Pieces([], late)) => Pieces(early, late),
            _ => return Err(Uncut::Scattered),
        };
        let size = match packet.offload.gso {
            Some(0) => return Err(Uncut::Size),
            Some(size) => size.into(),
            None => text.len(),
        };
        let flags = layout.flags(first);
        if size < text.len() && WHOLE_ONLY.iter().any(|flag| flags.has(*flag)) {
            return Err(Uncut::Flags);
        }
        Ok(Cut {
            layout,
            first,
            text,
            size,
            interface: packet.interface,
            partial: does.checksum,
            at: 0,
            count: 0,
            is_over: false,
            head: [0; HEAD_MAX],
        })
    }

    /// Leaves out the first `count`, as if they had been lent.
    pub fn skip(&mut self, count: u16) {
        let at = usize::from(count).saturating_mul(self.size);
        self.at = at.min(self.text.len());
        self.is_over = count > 0 && at >= self.text.len();
        self.count = count;
    }

    /// Lends the next packet; `None` once all have been.
    #[allow(clippy::should_implement_trait, reason = "an iterator cannot lend")]
    pub fn next(&mut self) -> Option<Transmit<'_>> {
        if self.is_over {
            return None;
        }
        let end = self.at.saturating_add(self.size).min(self.text.len());
        let text = self.text.slice(self.at, end);
        let place = if end == self.text.len() {
            Place::Last
        } else {
            Place::Before
        };
        let head = self.head.get_mut(..self.first.len())?;
        head.copy_from_slice(self.first);
        // 65,535 bytes at most: `of`.
        let len = head.len().saturating_add(text.len()) as u16;
        if self.layout.src.is_ipv4() {
            let identification = u16_at(head, ipv4::IDENTIFICATION_AT);
            let identification = identification.wrapping_add(self.count);
            set_u16(head, ipv4::IDENTIFICATION_AT, identification);
        }
        set_ip_length(head, &self.layout, len);
        let header = head.get_mut(self.layout.transport_at..)?;
        match self.layout.transport {
            Transport::Tcp => set_tcp(header, self.at as u32, self.count > 0, place),
            Transport::Udp => set_udp(header, text.len() as u16),
        }
        let checksum = set_checksum(header, &self.layout, text, self.partial);
        self.at = end;
        self.count = self.count.wrapping_add(1);
        self.is_over = matches!(place, Place::Last);
        Some(Transmit {
            head,
            body: text,
            offload: Offload {
                checksum,
                gso: None,
            },
            interface: self.interface,
        })
    }
}

/// Whether the checksum's field holds the sum of the pseudo-header.
fn is_begun(head: &[u8], layout: &Layout, carried: usize) -> bool {
    // At most 65,535: `of`.
    let len = carried as u32;
    let sum = checksum::pseudo_header(layout.src, layout.dst, layout.protocol(), len).folded();
    let at = layout.transport_at.saturating_add(layout.checksum_offset());
    let field = u16_at(head, at);
    // In one's complement zero has two forms.
    field == sum
        || [field, sum]
            .iter()
            .all(|value| [0, u16::MAX].contains(value))
}

/// Whether others follow.
#[derive(Clone, Copy)]
enum Place {
    Before,
    Last,
}

/// Makes the header that of the segment whose text begins `at` bytes into all of it.
fn set_tcp(header: &mut [u8], at: u32, is_later: bool, place: Place) {
    let seq = u32_at(header, tcp::SEQ_AT).wrapping_add(at);
    let field = header.get_mut(tcp::SEQ_AT..);
    if let Some(field) = field.and_then(<[u8]>::first_chunk_mut) {
        *field = seq.to_be_bytes();
    }
    let mut cleared = Flags::NONE;
    // RFC 9293 section 3.1: FIN says that no data follows it.
    if matches!(place, Place::Before) {
        cleared |= Flags::FIN | Flags::PSH;
    }
    // RFC 3168 section 6.1.2: the sender says once that it reduced its window.
    if is_later {
        cleared |= Flags::CWR;
    }
    if let Some(flags) = header.get_mut(tcp::FLAGS_AT) {
        *flags &= !cleared.byte();
    }
}

fn set_udp(header: &mut [u8], text_len: u16) {
    let len = text_len.saturating_add(udp::HEADER_LEN as u16);
    set_u16(header, udp::LENGTH_AT, len);
}

/// Sums the packet, or as much as whoever finishes it wants.
fn set_checksum(header: &mut [u8], layout: &Layout, text: Pieces<'_>, partial: bool) -> Checksum {
    let at = layout.checksum_offset();
    // RFC 768: a datagram without a checksum stays without.
    if layout.transport == Transport::Udp && u16_at(header, at) == 0 {
        return Checksum::Full;
    }
    set_u16(header, at, 0);
    let len = header.len().saturating_add(text.len());
    let pseudo_header =
        checksum::pseudo_header(layout.src, layout.dst, layout.protocol(), len as u32);
    if partial {
        set_u16(header, at, pseudo_header.folded());
        return layout.partial();
    }
    let sum = pseudo_header.add(header).add_pieces(text);
    set_u16(header, at, in_field(sum, at));
    Checksum::Full
}

/// An IP header with a few hundred bytes of options or extension headers, and a transport's.
const HEAD_MAX: usize = 512;
/// Flags that belong to one segment, or count from it.
const WHOLE_ONLY: [Flags; 3] = [Flags::SYN, Flags::RST, Flags::URG];

#[cfg(test)]
mod tests;
