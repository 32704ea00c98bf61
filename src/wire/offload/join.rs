//! Several packets of one flow become one, as Linux's receive offload (GRO) joins them.
//!
//! Only what [`super::Cut`] would make of the result again is joined: segments of TCP with text, in
//! order, which differ in nothing but their numbers, and are equally long but for the last. Options
//! must be the same, so the timestamps too. FIN, and flags that mean one segment or are counted
//! (those of ECN), stay where they are.

use crate::base::{Checksum, Offload, Received, checksum};
use crate::wire::tcp::Flags;
use crate::wire::{ipv4, ipv6, tcp};

use super::{Layout, Transport, ip_length, set_ip_length, set_u16, u16_at, u32_at};

/// Segments that are joined, and room for the largest packet.
#[derive(Debug)]
pub struct Join {
    bytes: Vec<u8>,
    held: Option<Held>,
}

/// What is known of the packet in the room.
#[derive(Debug)]
struct Held {
    layout: Layout,
    /// Bytes of text in the first, and so in each but the last.
    size: usize,
    /// How many there are.
    count: u16,
    /// By how much IPv4's identification grows: known once there are two.
    step: Option<u16>,
    /// The last was shorter than the first, or has PSH: nothing follows it.
    is_over: bool,
}

impl Join {
    /// Nothing, and room.
    pub fn new() -> Join {
        Join {
            bytes: Vec::with_capacity(LEN_MAX),
            held: None,
        }
    }

    /// Takes a packet behind those that it has. Whoever gives it has verified its checksums.
    /// Returns whether it took it: if not, what it has comes first, and if it has nothing, the
    /// packet is none that could be joined with others.
    pub fn take(&mut self, packet: &[u8]) -> bool {
        let Some(layout) = joinable(packet) else {
            return false;
        };
        let text = packet.get(layout.text_at..).unwrap_or_default();
        let has_push = layout.flags(packet).has(Flags::PSH);
        let Some(held) = &mut self.held else {
            self.bytes.clear();
            self.bytes.extend_from_slice(packet);
            self.held = Some(Held {
                layout,
                size: text.len(),
                count: 1,
                step: None,
                is_over: has_push,
            });
            return true;
        };
        if held.is_over
            || text.len() > held.size
            || self.bytes.len().saturating_add(text.len()) > LEN_MAX
            || held.layout != layout
            || !is_next(&self.bytes, packet, &layout)
        {
            return false;
        }
        if layout.src.is_ipv4() {
            let Some(step) = held.step_to(&self.bytes, packet) else {
                return false;
            };
            held.step = Some(step);
        }
        held.count = held.count.saturating_add(1);
        held.is_over = has_push || text.len() < held.size;
        self.bytes.extend_from_slice(text);
        let at = layout.transport_at.saturating_add(tcp::FLAGS_AT);
        if let Some(flags) = self.bytes.get_mut(at).filter(|_| has_push) {
            *flags |= Flags::PSH.byte();
        }
        true
    }

    /// What it has, as one packet; `None` if there is nothing. A single one is as it came; of
    /// several, the checksum's field holds no more than the sum of the pseudo-header.
    pub fn packet(&mut self) -> Option<Received<'_>> {
        let Held {
            layout,
            size,
            count,
            ..
        } = self.held.as_ref()?;
        let mut gso = None;
        if *count > 1 {
            // Both are at most `LEN_MAX`.
            gso = Some(*size as u16);
            let len = self.bytes.len();
            set_ip_length(&mut self.bytes, layout, len as u16);
            let len = len.saturating_sub(layout.transport_at) as u32;
            let sum = checksum::pseudo_header(layout.src, layout.dst, tcp::PROTOCOL, len).folded();
            let at = layout.transport_at.saturating_add(tcp::CHECKSUM_AT);
            set_u16(&mut self.bytes, at, sum);
        }
        Some(Received {
            offload: Offload {
                checksum: Checksum::Verified,
                gso,
            },
            ..Received::plain(&self.bytes)
        })
    }

    /// Forgets what it has.
    pub fn clear(&mut self) {
        self.held = None;
    }
}

impl Default for Join {
    fn default() -> Join {
        Join::new()
    }
}

impl Held {
    /// By how much the identification grows from each packet to the next, `packet` included; `None`
    /// if it does not do so evenly.
    fn step_to(&self, first: &[u8], packet: &[u8]) -> Option<u16> {
        let grown = u16_at(packet, ipv4::IDENTIFICATION_AT)
            .wrapping_sub(u16_at(first, ipv4::IDENTIFICATION_AT));
        // RFC 6864 section 4.1: of an atomic datagram the identification says nothing, so it may
        // be the same in all, and become another when they are cut again.
        let is_atomic = u16_at(first, ipv4::FRAGMENT_AT) & ipv4::DONT_FRAGMENT != 0;
        let step = match grown {
            0 if is_atomic => 0,
            grown if grown == self.count => 1,
            _ => return None,
        };
        self.step
            .is_none_or(|before| before == step)
            .then_some(step)
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
        && layout.flags(packet).without(Flags::PSH) == Flags::ACK;
    is_joinable.then_some(layout)
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
