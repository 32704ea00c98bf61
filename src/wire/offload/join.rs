//! Several packets of one flow become one, as Linux's receive offload (GRO) joins them.
//!
//! Only what [`super::Cut`] would make of the result again is joined: segments of TCP with text, in
//! order, which differ in nothing but their numbers, and are equally long but for the last. Options
//! must be the same, so the timestamps too. FIN, and flags that mean one segment or are counted
//! (those of ECN), stay where they are.

use crate::base::{Offload, Sum, checksum};
use crate::wire::tcp::Flags;
use crate::wire::{ipv4, ipv6, tcp};

use super::{Layout, Transport, ip_length, set_ip_length, set_u16, u16_at, u32_at};

/// Says which packets are joined, in the order in which they come. Their bytes are whoever asks's:
/// text is moved to where it belongs in the memory in which it came.
#[derive(Debug, Default)]
pub struct Join {
    held: Option<Held>,
}

/// What is known of the packet that others may be joined to.
#[derive(Debug)]
struct Held {
    layout: Layout,
    /// Bytes of text in the first, and so in each but the last.
    size: usize,
    /// How many there are.
    count: u16,
    /// By how much IPv4's identification grows: known once there are two.
    step: Option<u16>,
    /// The last has PSH.
    is_pushed: bool,
    /// The last was shorter than the first, or has PSH: nothing follows it.
    is_over: bool,
}

impl Join {
    /// Where in `packet` the text begins that belongs behind `before`, which is the packet that was
    /// asked for last, with all that has been joined to it since. `None`: it stands for itself, and
    /// the next may belong behind it. Whoever asks has verified TCP's checksum.
    pub fn take(&mut self, before: &[u8], packet: &[u8]) -> Option<usize> {
        let Some(layout) = joinable(packet) else {
            self.held = None;
            return None;
        };
        let text = packet.len().saturating_sub(layout.text_at);
        let is_pushed = layout.flags(packet).has(Flags::PSH);
        let step = self
            .held
            .as_ref()
            .and_then(|held| held.step_to(before, packet, &layout, text));
        let (Some(held), Some(step)) = (&mut self.held, step) else {
            self.held = Some(Held {
                layout,
                size: text,
                count: 1,
                step: None,
                is_pushed,
                is_over: is_pushed,
            });
            return None;
        };
        held.step = Some(step);
        held.count = held.count.saturating_add(1);
        held.is_pushed = is_pushed;
        held.is_over = is_pushed || text < held.size;
        Some(layout.text_at)
    }

    /// Makes the headers those of all that has been joined, which `joined` is, text included. Of
    /// the checksum the field holds no more than the sum of the pseudo-header, as a device says it.
    pub fn settle(&self, joined: &mut [u8]) -> Offload {
        let Some(Held {
            layout,
            size,
            is_pushed,
            ..
        }) = &self.held
        else {
            return Offload::default();
        };
        // At most `LEN_MAX`.
        let len = joined.len();
        set_ip_length(joined, layout, len as u16);
        let len = len.saturating_sub(layout.transport_at) as u32;
        let sum = checksum::pseudo_header(layout.src, layout.dst, tcp::PROTOCOL, len).folded();
        let field = |offset: usize| layout.transport_at.saturating_add(offset);
        set_u16(joined, field(tcp::CHECKSUM_AT), sum);
        let flags = joined.get_mut(field(tcp::FLAGS_AT));
        if let Some(flags) = flags.filter(|_| *is_pushed) {
            *flags |= Flags::PSH.byte();
        }
        Offload {
            checksum: layout.partial(),
            // Both are at most `LEN_MAX`.
            gso: Some(*size as u16),
        }
    }
}

impl Held {
    /// By how much the identification grows from each packet to the next, up to `packet`, which is
    /// laid out so and has so much text; 0 on IPv6, `None` if it does not belong behind `before`.
    fn step_to(&self, before: &[u8], packet: &[u8], layout: &Layout, text: usize) -> Option<u16> {
        if self.is_over
            || text > self.size
            || before.len().saturating_add(text) > LEN_MAX
            || self.layout != *layout
            || !is_next(before, packet, layout)
        {
            return None;
        }
        if layout.src.is_ipv6() {
            return Some(0);
        }
        let grown = u16_at(packet, ipv4::IDENTIFICATION_AT)
            .wrapping_sub(u16_at(before, ipv4::IDENTIFICATION_AT));
        // RFC 6864 section 4.1: of an atomic datagram the identification says nothing, so it may
        // be the same in all, and become another when they are cut again.
        let is_atomic = u16_at(before, ipv4::FRAGMENT_AT) & ipv4::DONT_FRAGMENT != 0;
        let step = match grown {
            0 if is_atomic => 0,
            grown if grown == self.count => 1,
            _ => return None,
        };
        self.step.is_none_or(|known| known == step).then_some(step)
    }
}

/// Where the parts of a packet lie that may be joined with others; `None` for any other.
fn joinable(packet: &[u8]) -> Option<Layout> {
    let layout = Layout::of(packet)?;
    let plain = match layout.src.is_ipv4() {
        true => ipv4::HEADER_MIN,
        false => ipv6::HEADER_LEN,
    };
    let is_joinable = layout.transport == Transport::Tcp
        && layout.transport_at == plain
        && packet.len() == ip_length(packet, &layout)
        && packet.len() > layout.text_at
        && packet.len() <= LEN_MAX
        && layout.flags(packet).without(Flags::PSH) == Flags::ACK
        && is_header_right(packet, &layout);
    is_joinable.then_some(layout)
}

/// RFC 1122 section 3.2.1.2: a header whose checksum is wrong is to be noticed, so none is made
/// that hides it. IPv6's has none.
fn is_header_right(packet: &[u8], layout: &Layout) -> bool {
    let header = packet.get(..layout.transport_at).unwrap_or_default();
    layout.src.is_ipv6() || Sum::new().add(header).checksum() == 0
}

/// Whether `packet` follows what is held, of the same layout, in one flow, without a gap, and says
/// the same of all else.
fn is_next(held: &[u8], packet: &[u8], layout: &Layout) -> bool {
    let at = layout.transport_at;
    let tcp = |from: usize, to: usize| at.saturating_add(from)..at.saturating_add(to);
    let options = tcp(tcp::URGENT_AT, layout.text_at.saturating_sub(at));
    // Addresses are part of the layout. What is left out are lengths, identification and checksum.
    let ip = if layout.src.is_ipv4() {
        [
            0..ipv4::TOTAL_LENGTH_AT,
            ipv4::FRAGMENT_AT..ipv4::CHECKSUM_AT,
        ]
    } else {
        [
            0..ipv6::PAYLOAD_LENGTH_AT,
            ipv6::NEXT_HEADER_AT..ipv6::HEADER_LEN,
        ]
    };
    let [ports, acknowledged] = [tcp(0, tcp::SEQ_AT), tcp(tcp::ACK_AT, tcp::FLAGS_AT)];
    let window = tcp(tcp::WINDOW_AT, tcp::CHECKSUM_AT);
    let mut same = ip.into_iter().chain([ports, acknowledged, window, options]);
    let length = held.len().saturating_sub(layout.text_at) as u32;
    let seq = at.saturating_add(tcp::SEQ_AT);
    u32_at(packet, seq) == u32_at(held, seq).wrapping_add(length)
        && same.all(|range| held.get(range.clone()) == packet.get(range))
}

/// As long as an IPv4 packet can be. An IPv6 packet could be longer by its header.
const LEN_MAX: usize = u16::MAX as usize;

#[cfg(test)]
mod tests;
