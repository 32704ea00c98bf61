//! What a packet says, read by the figures of the RFCs and by nothing that the stack reads with.
//!
//! `wire` writes what the stack sends and reads what it receives, so a mistake in it could hide
//! from itself. This reader shares no code with it: it knows what a link, a fault and an invariant
//! need, and is strict where the stack may be lenient, because it is meant for what we send.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::base::{Pieces, SeqNum};

/// The header fields of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    pub src: IpAddr,
    pub dst: IpAddr,
    /// What it carries: 6 is TCP.
    pub protocol: u8,
    /// TTL, or hop limit.
    pub hop_limit: u8,
    /// The lower two bits of type of service or traffic class.
    pub ecn: u8,
    /// Whether it may be cut on its way.
    pub may_fragment: bool,
    /// Whether it is a piece of a packet.
    pub is_fragment: bool,
    /// Where its payload begins.
    pub payload_at: usize,
    /// The length of the whole packet.
    pub len: usize,
    /// What it carries, if that is TCP and whole.
    pub segment: Option<SegmentReading>,
    /// The type of the message, if it is ICMP or ICMPv6 and whole.
    pub icmp_type: Option<u8>,
}

/// The fields of a TCP header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SegmentReading {
    pub src_port: u16,
    pub dst_port: u16,
    pub seq: SeqNum,
    /// There if ACK is set.
    pub ack: Option<SeqNum>,
    /// The byte of control bits.
    flags: u8,
    pub window: u16,
    /// Bytes of text.
    pub text_len: u32,
    /// Where the text begins in the packet.
    pub text_at: usize,
    pub options: OptionsReading,
}

/// The options of a TCP header, as far as anybody here needs them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OptionsReading {
    pub mss: Option<u16>,
    pub window_scale: Option<u8>,
    pub sack_permitted: bool,
    /// TSval and TSecr.
    pub timestamps: Option<(u32, u32)>,
    blocks: [[u32; 2]; 4],
    block_count: usize,
}

impl SegmentReading {
    /// Whether FIN is set.
    pub fn fin(&self) -> bool {
        self.flags & 1 != 0
    }

    /// Whether SYN is set.
    pub fn syn(&self) -> bool {
        self.flags & 1 << 1 != 0
    }

    /// Whether RST is set.
    pub fn rst(&self) -> bool {
        self.flags & 1 << 2 != 0
    }

    /// Whether it takes up no sequence number and resets nothing: an acknowledgment alone.
    pub fn is_bare(&self) -> bool {
        self.text_len == 0 && !self.fin() && !self.syn() && !self.rst()
    }

    /// Where its text begins; a SYN takes the number before.
    pub fn text_seq(&self) -> SeqNum {
        self.seq + u32::from(self.syn())
    }

    /// The number after its text.
    pub fn text_end(&self) -> SeqNum {
        self.text_seq() + self.text_len
    }

    /// The number after all that it carries.
    pub fn end(&self) -> SeqNum {
        self.text_end() + u32::from(self.fin())
    }
}

impl OptionsReading {
    /// The selective acknowledgments: RFC 2018 section 3.
    pub fn sack_blocks(&self) -> impl Iterator<Item = (SeqNum, SeqNum)> + '_ {
        let blocks = self.blocks.iter().take(self.block_count);
        blocks.map(|[left, right]| (SeqNum(*left), SeqNum(*right)))
    }
}

/// Reads the packet that begins with `head`, which holds all of its headers, and is `len` bytes
/// long.
///
/// # Errors
///
/// What is wrong with it, in words.
pub fn read(head: &[u8], len: usize) -> Result<Reading, &'static str> {
    let mut reading = match head.first().ok_or("an empty packet")? >> 4 {
        4 => read_v4(head, len)?,
        6 => read_v6(head, len)?,
        _ => return Err("an IP version that is neither 4 nor 6"),
    };
    if reading.is_fragment {
        return Ok(reading);
    }
    match reading.protocol {
        TCP => reading.segment = Some(read_segment(head, reading.payload_at, len)?),
        ICMP_V4 | ICMP_V6 => reading.icmp_type = head.get(reading.payload_at).copied(),
        _ => {}
    }
    Ok(reading)
}

/// RFC 791 section 3.1.
fn read_v4(head: &[u8], len: usize) -> Result<Reading, &'static str> {
    let header: &[u8; 20] = head.first_chunk().ok_or("a short IPv4 header")?;
    let payload_at = usize::from(header[0] & 15) * 4;
    if payload_at < 20 || payload_at > head.len() {
        return Err("an IPv4 header length that cannot be");
    }
    if usize::from(u16::from_be_bytes([header[2], header[3]])) != len {
        return Err("an IPv4 total length that is not the packet's");
    }
    let fragment = u16::from_be_bytes([header[6], header[7]]);
    let [.., a, b, c, d] = *header;
    let src = Ipv4Addr::new(header[12], header[13], header[14], header[15]);
    Ok(Reading {
        src: src.into(),
        dst: Ipv4Addr::new(a, b, c, d).into(),
        protocol: header[9],
        hop_limit: header[8],
        ecn: header[1] & 3,
        may_fragment: fragment & 0x4000 == 0,
        is_fragment: fragment & 0x3fff != 0,
        payload_at,
        len,
        segment: None,
        icmp_type: None,
    })
}

/// RFC 8200 section 3. The stack sends no extension headers, so none is looked for.
fn read_v6(head: &[u8], len: usize) -> Result<Reading, &'static str> {
    let header: &[u8; 40] = head.first_chunk().ok_or("a short IPv6 header")?;
    if usize::from(u16::from_be_bytes([header[4], header[5]])) + 40 != len {
        return Err("an IPv6 payload length that is not the packet's");
    }
    let address = |at: usize| {
        let octets: [u8; 16] = std::array::from_fn(|i| header[at + i]);
        IpAddr::from(Ipv6Addr::from(octets))
    };
    Ok(Reading {
        src: address(8),
        dst: address(24),
        protocol: header[6],
        hop_limit: header[7],
        ecn: header[1] >> 4 & 3,
        may_fragment: false,
        is_fragment: header[6] == FRAGMENT_HEADER,
        payload_at: 40,
        len,
        segment: None,
        icmp_type: None,
    })
}

/// RFC 9293 section 3.1.
fn read_segment(head: &[u8], at: usize, len: usize) -> Result<SegmentReading, &'static str> {
    let rest = &head[at..];
    let header: &[u8; 20] = rest.first_chunk().ok_or("a short TCP header")?;
    let word = |at: usize| SeqNum(u32::from_be_bytes(std::array::from_fn(|i| header[at + i])));
    let half = |at: usize| u16::from_be_bytes([header[at], header[at + 1]]);
    let header_len = usize::from(header[12] >> 4) * 4;
    let options = rest
        .get(20..header_len)
        .ok_or("a TCP data offset that cannot be")?;
    let text_at = at + header_len;
    let text_len = len
        .checked_sub(text_at)
        .ok_or("a TCP header beyond the packet")?;
    Ok(SegmentReading {
        src_port: half(0),
        dst_port: half(2),
        seq: word(4),
        ack: (header[13] & 1 << 4 != 0).then(|| word(8)),
        flags: header[13],
        window: half(14),
        // A packet has at most 2^16 bytes.
        text_len: text_len as u32,
        text_at,
        options: read_options(options)?,
    })
}

/// RFC 9293 section 3.2, RFC 7323 sections 2.2 and 3.2, RFC 2018 sections 2 and 3.
fn read_options(mut rest: &[u8]) -> Result<OptionsReading, &'static str> {
    let mut options = OptionsReading::default();
    while let [kind, behind @ ..] = rest {
        match kind {
            0 => break,
            1 => rest = behind,
            _ => {
                let len = usize::from(*behind.first().ok_or("an option without its length")?);
                let Some((option, next)) = rest.split_at_checked(len).filter(|_| len >= 2) else {
                    return Err("an option length that cannot be");
                };
                options.take(*kind, &option[2..])?;
                rest = next;
            }
        }
    }
    Ok(options)
}

impl OptionsReading {
    fn take(&mut self, kind: u8, data: &[u8]) -> Result<(), &'static str> {
        let word = |bytes: &[u8]| {
            bytes
                .iter()
                .fold(0, |word, byte| word << 8 | u32::from(*byte))
        };
        match (kind, data) {
            (2, &[high, low]) => self.mss = Some(u16::from_be_bytes([high, low])),
            (3, &[shift]) => self.window_scale = Some(shift),
            (4, []) => self.sack_permitted = true,
            (5, blocks) if blocks.len() % 8 == 0 && (8..=32).contains(&blocks.len()) => {
                self.block_count = blocks.len() / 8;
                for (to, block) in self.blocks.iter_mut().zip(blocks.chunks_exact(8)) {
                    *to = [word(&block[..4]), word(&block[4..])];
                }
            }
            (8, [value @ .., _, _, _, _]) if data.len() == 8 => {
                self.timestamps = Some((word(value), word(&data[4..])));
            }
            (2..=5 | 8, _) => return Err("an option of a length that its kind does not have"),
            _ => {}
        }
        Ok(())
    }
}

/// Reads a packet that was received: bytes behind its end, which the length in its header names,
/// are not its own.
///
/// # Errors
///
/// As of [`read`].
pub fn read_received(bytes: &[u8]) -> Result<Reading, &'static str> {
    let len = match bytes {
        [version, _, high, low, ..] if version >> 4 == 4 => {
            usize::from(u16::from_be_bytes([*high, *low]))
        }
        [version, _, _, _, high, low, ..] if version >> 4 == 6 => {
            usize::from(u16::from_be_bytes([*high, *low])) + 40
        }
        _ => return Err("a short IP header"),
    };
    let own = bytes
        .get(..len)
        .ok_or("a packet shorter than its header says")?;
    read(own, len)
}

/// Where a packet goes, if it has so much of a header.
pub fn destination(packet: &[u8]) -> Option<IpAddr> {
    match packet.first()? >> 4 {
        4 => {
            let octets: [u8; 4] = *packet.get(16..)?.first_chunk()?;
            Some(Ipv4Addr::from(octets).into())
        }
        6 => {
            let octets: [u8; 16] = *packet.get(24..)?.first_chunk()?;
            Some(Ipv6Addr::from(octets).into())
        }
        _ => None,
    }
}

/// Whether the checksums of a packet, whose first bytes `reading` is of, are right: the IPv4
/// header's, and that of TCP, ICMP or ICMPv6.
pub fn sums_are_right(reading: &Reading, head: &[u8], body: Pieces<'_>) -> bool {
    let (header, payload) = head.split_at(reading.payload_at.min(head.len()));
    if !header_sum_is_right(reading, header) {
        return false;
    }
    if reading.is_fragment {
        // What its sum covers is not all there.
        return true;
    }
    // RFC 792 sums no pseudo-header; RFC 9293 section 3.1 and RFC 4443 section 2.3 do.
    let mut sum = match reading.protocol {
        ICMP_V4 => 0,
        _ => pseudo_header(reading),
    };
    let mut odd = false;
    for piece in [payload, body.0, body.1] {
        let part = fold(words(piece));
        sum += u64::from(if odd { part.swap_bytes() } else { part });
        odd ^= piece.len() % 2 == 1;
    }
    fold(sum) == ALL_ONES
}

/// Whether a packet whose device completes its checksum is right as far as it goes: its IPv4
/// header, and the sum of the pseudo-header, not complemented, in the field at `field_at`.
pub fn sums_are_begun(reading: &Reading, head: &[u8], field_at: usize) -> bool {
    let header = head.get(..reading.payload_at).unwrap_or_default();
    let field = head.get(field_at..).and_then(<[u8]>::first_chunk);
    header_sum_is_right(reading, header)
        && field.is_some_and(|field| {
            let complement = !u16::from_ne_bytes(*field);
            fold(pseudo_header(reading) + u64::from(complement)) == ALL_ONES
        })
}

fn header_sum_is_right(reading: &Reading, header: &[u8]) -> bool {
    !reading.src.is_ipv4() || fold(words(header)) == ALL_ONES
}

/// RFC 9293 section 3.1, RFC 8200 section 8.1.
fn pseudo_header(reading: &Reading) -> u64 {
    let addresses = [reading.src, reading.dst].map(|address| match address {
        IpAddr::V4(v4) => words(&v4.octets()),
        IpAddr::V6(v6) => words(&v6.octets()),
    });
    let payload_len = reading.len - reading.payload_at;
    let counted = (payload_len as u64 + u64::from(reading.protocol)).to_be() >> 32;
    addresses.iter().sum::<u64>() + counted
}

/// The sum of the words of `bytes` as this machine reads them, a zero behind an odd last one: RFC
/// 1071 section 1. All ones is all ones whichever way words are read.
fn words(bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<4>();
    let mut sum = 0_u64;
    for word in words {
        // 2^32 of them fit: a wrapping addition, so that the compiler may make vectors of it.
        sum = sum.wrapping_add(u64::from(u32::from_ne_bytes(*word)));
    }
    let mut last = [0; 4];
    last[..rest.len()].copy_from_slice(rest);
    sum + u64::from(u32::from_ne_bytes(last))
}

/// Adds the carries back in.
fn fold(mut sum: u64) -> u16 {
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    sum as u16
}

/// What the words of anything add up to that holds its own right checksum.
const ALL_ONES: u16 = 0xffff;
pub const TCP: u8 = 6;
pub(super) const ICMP_V4: u8 = 1;
pub(super) const ICMP_V6: u8 = 58;
const FRAGMENT_HEADER: u8 = 44;

#[cfg(test)]
mod tests;
