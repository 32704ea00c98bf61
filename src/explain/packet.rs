//! From an IP packet to what the shadow needs of the segment in it.
//!
//! Whoever captured may have cut packets short, seen them before a device finished them, or seen
//! several at once as one; lengths are those of the headers, not those of what was kept.

use std::net::{IpAddr, SocketAddr};

use crate::base::{Checksum, SeqNum, checksum};
use crate::wire::ipv6::Extension;
use crate::wire::{Flags, Options, Segment, ipv4, ipv6, tcp};

/// A segment that was captured.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    /// Its number in the capture, from 1.
    pub frame: u64,
    /// When, in nanoseconds since 1970.
    pub at: u64,
    pub src: SocketAddr,
    pub dst: SocketAddr,
    /// Length of the IP packet, by its header.
    pub bytes: u32,
    pub seq: SeqNum,
    pub ack: Option<SeqNum>,
    pub flags: Flags,
    /// As the field has it.
    pub window: u16,
    pub options: Options,
    /// Whether they were kept, all of them.
    pub has_options: bool,
    /// What is wrong with their form, if anything is.
    pub odd: Option<Odd>,
    /// How much text it has.
    pub len: u32,
    /// What was kept of the text.
    pub text: &'a [u8],
    pub sum: Verdict,
}

/// What is said of a checksum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Right,
    Wrong,
    /// Its sender left it to the device, which had not yet seen it.
    Unfinished,
    /// Not all of the segment was kept.
    Unknown,
}

/// How the form of options can be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Odd {
    /// A length that runs over the end, or is less than two.
    Length,
    /// SACK that is not one to four whole blocks.
    Sack,
}

/// What an IP packet is that shows no segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Other {
    /// Another protocol, or no IP that can be read.
    NoTcp,
    /// A piece of a packet.
    Fragment,
    /// The header of the segment was not kept whole, or makes no sense.
    Unreadable,
}

/// Reads one.
///
/// # Errors
///
/// [`Other`]: it shows no segment.
pub fn read(frame: u64, at: u64, packet: &[u8]) -> Result<Seen<'_>, Other> {
    let Internet {
        src,
        dst,
        bytes,
        len,
        payload,
    } = match packet.first().map(|first| first >> 4) {
        Some(4) => version_4(packet)?,
        Some(6) => version_6(packet)?,
        _ => return Err(Other::NoTcp),
    };
    let mut fixed = [0; tcp::HEADER_MIN];
    let (segment, has_options) = match Segment::parse(src, dst, payload, Checksum::Verified) {
        Ok(segment) => (segment, true),
        Err(_) => {
            // All but the options may have been kept.
            let kept = payload.get(..tcp::HEADER_MIN).ok_or(Other::Unreadable)?;
            fixed.copy_from_slice(kept);
            if fixed[DATA_OFFSET_AT] >> 4 < 5 {
                return Err(Other::Unreadable);
            }
            fixed[DATA_OFFSET_AT] = fixed[DATA_OFFSET_AT] & 0x0f | 0x50;
            let segment = Segment::parse(src, dst, &fixed, Checksum::Verified);
            (segment.map_err(|_| Other::Unreadable)?, false)
        }
    };
    let head = usize::from(payload[DATA_OFFSET_AT] >> 4) * 4;
    let text = len.checked_sub(head as u32).ok_or(Other::Unreadable)?;
    let options = payload.get(tcp::HEADER_MIN..head).unwrap_or_default();
    Ok(Seen {
        frame,
        at,
        src: SocketAddr::new(src, segment.ports.src),
        dst: SocketAddr::new(dst, segment.ports.dst),
        bytes,
        seq: segment.seq,
        ack: segment.ack,
        flags: segment.flags,
        window: segment.window,
        options: segment.options,
        has_options,
        odd: odd(options),
        len: text,
        text: payload.get(head..).unwrap_or_default(),
        sum: verdict(src, dst, payload, len),
    })
}

/// What the IP header says.
struct Internet<'a> {
    src: IpAddr,
    dst: IpAddr,
    /// Of the packet.
    bytes: u32,
    /// Of the segment.
    len: u32,
    /// What was kept of the segment.
    payload: &'a [u8],
}

fn version_4(packet: &[u8]) -> Result<Internet<'_>, Other> {
    let mut head = [0; 60];
    let kept = packet.len().min(head.len());
    head[..kept].copy_from_slice(&packet[..kept]);
    let mut total = usize::from(u16::from_be_bytes([head[2], head[3]]));
    if total == 0 {
        // What a device will cut may be longer than the field can say, or left to it.
        total = packet.len();
        head[2..4].copy_from_slice(&u16::try_from(total).unwrap_or(u16::MAX).to_be_bytes());
    }
    let (header, _) = ipv4::parse_quoted(&head[..kept]).map_err(|_| Other::NoTcp)?;
    if header.protocol != tcp::PROTOCOL {
        return Err(Other::NoTcp);
    }
    if !header.is_whole() {
        return Err(Other::Fragment);
    }
    let begins = header.header_len();
    let payload = packet.get(begins..total.min(packet.len()));
    Ok(Internet {
        src: header.src.into(),
        dst: header.dst.into(),
        bytes: total as u32,
        len: total.saturating_sub(begins) as u32,
        payload: payload.unwrap_or_default(),
    })
}

fn version_6(packet: &[u8]) -> Result<Internet<'_>, Other> {
    let (header, mut payload) = ipv6::parse_quoted(packet).map_err(|_| Other::NoTcp)?;
    let length = packet.get(4..6).and_then(|length| length.first_chunk());
    let mut length = length.map_or(0, |length| usize::from(u16::from_be_bytes(*length)));
    if length == 0 {
        // As above; and RFC 2675 has a packet longer than the field can say say so.
        payload = packet.get(IPV6_HEADER..).unwrap_or_default();
        length = payload.len();
    }
    let mut walk = header.extensions(payload);
    while let Some(extension) = walk.step().map_err(|_| Other::NoTcp)? {
        if let Extension::Fragment { .. } = extension {
            return Err(Other::Fragment);
        }
    }
    if walk.next_header() != tcp::PROTOCOL {
        return Err(Other::NoTcp);
    }
    let begins = payload.len() - walk.rest().len();
    Ok(Internet {
        src: header.src.into(),
        dst: header.dst.into(),
        bytes: (length + IPV6_HEADER) as u32,
        len: length.saturating_sub(begins) as u32,
        payload: walk.rest(),
    })
}

fn verdict(src: IpAddr, dst: IpAddr, payload: &[u8], len: u32) -> Verdict {
    if (payload.len() as u64) < u64::from(len) {
        return Verdict::Unknown;
    }
    let pseudo_header = checksum::pseudo_header(src, dst, tcp::PROTOCOL, len);
    if pseudo_header.add(payload).checksum() == 0 {
        return Verdict::Right;
    }
    let field = payload.get(tcp::CHECKSUM_AT..tcp::CHECKSUM_AT + 2);
    match field == Some(&pseudo_header.folded().to_be_bytes()) {
        true => Verdict::Unfinished,
        false => Verdict::Wrong,
    }
}

/// What is wrong with the form of options.
fn odd(options: &[u8]) -> Option<Odd> {
    let mut rest = options;
    while let [kind, after @ ..] = rest {
        match kind {
            0 => return None,
            1 => rest = after,
            _ => {
                let length = usize::from(*after.first()?);
                if length < 2 || length > rest.len() {
                    return Some(Odd::Length);
                }
                // RFC 2018 section 3: 8n + 2 for n blocks.
                if *kind == SACK && (length < 10 || length % 8 != 2) {
                    return Some(Odd::Sack);
                }
                rest = &rest[length..];
            }
        }
    }
    None
}

const IPV6_HEADER: usize = 40;
const DATA_OFFSET_AT: usize = 12;
const SACK: u8 = 5;

#[cfg(test)]
mod tests;
