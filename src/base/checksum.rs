//! The Internet checksum: RFC 1071, over bytes that come in pieces, and RFC 1624's update.
//!
//! Adding with end-around carry does not care in which order the two bytes of a word stand: sums
//! over words read the wrong way round are the right sum, read the wrong way round (RFC 1071
//! section 2 (B)). So bytes are read as the machine reads them, and turned once at the end. Nor
//! does it care how many words are added at a time (RFC 1071 section 2 (C)): a sum is 64 bits wide
//! until somebody asks for it. Headers go eight bytes at a time, with the carry brought around
//! each time; longer data in blocks, as words of 32 bits into as many 64-bit counters, a loop
//! without carries that the compiler makes vectors of.

use std::net::IpAddr;

use super::Pieces;

/// A ones' complement sum on its way, which knows whether an odd number of bytes has gone into it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sum {
    /// The sum of the words read as this machine reads them, not folded yet; 0 only of zeros.
    native: u64,
    odd: bool,
}

impl Sum {
    /// The sum of nothing.
    pub const fn new() -> Sum {
        Sum {
            native: 0,
            odd: false,
        }
    }

    /// Adds bytes that follow those added before. If the last of all is the first of its word, a
    /// zero is thought to follow it (RFC 9293 section 3.1).
    #[must_use]
    #[inline]
    #[allow(clippy::should_implement_trait, reason = "bytes are no number")]
    pub fn add(self, bytes: &[u8]) -> Sum {
        self.join(words(bytes), bytes.len() % 2 == 1)
    }

    /// Adds the first piece, then the second.
    #[must_use]
    pub fn add_pieces(self, pieces: Pieces<'_>) -> Sum {
        self.add(pieces.0).add(pieces.1)
    }

    /// Adds the two bytes of `v` as they are sent.
    #[must_use]
    pub fn add_u16(self, v: u16) -> Sum {
        self.join(u64::from(v.to_be()), false)
    }

    /// Adds the four bytes of `v` as they are sent.
    #[must_use]
    pub fn add_u32(self, v: u32) -> Sum {
        self.join(u64::from(v.to_be()), false)
    }

    /// The sum, not complemented: what a device completes.
    #[must_use]
    pub const fn folded(self) -> u16 {
        u16::from_be(fold(self.native))
    }

    /// The sum, complemented: what belongs in the field. Over data that holds a right checksum it
    /// is 0.
    #[must_use]
    pub const fn checksum(self) -> u16 {
        !self.folded()
    }

    /// Adds the sum of the bytes that come next.
    const fn join(self, part: u64, part_odd: bool) -> Sum {
        // RFC 1071 section 2 (A) and (B): behind an odd number of bytes every byte changes its
        // place in its word, and so do the sum's.
        let part = if self.odd { part.rotate_left(8) } else { part };
        Sum {
            native: carried(self.native, part),
            odd: self.odd ^ part_odd,
        }
    }
}

/// Two that stand for the same bytes are the same, however they were added.
impl PartialEq for Sum {
    fn eq(&self, other: &Sum) -> bool {
        (self.folded(), self.odd) == (other.folded(), other.odd)
    }
}

impl Eq for Sum {}

/// The sum of a pseudo-header, with which TCP's, UDP's and ICMPv6's checksums begin: RFC 9293
/// section 3.1, RFC 8200 section 8.1. Both addresses are of one family; `len` is the length in
/// bytes of the transport's header and text, below 2^16 in IPv4.
pub fn pseudo_header(src: IpAddr, dst: IpAddr, protocol: u8, len: u32) -> Sum {
    // The two families lay length and protocol out differently; zeros do not change a sum.
    Sum::new()
        .join(address(src), false)
        .join(address(dst), false)
        .add_u32(len)
        .add_u16(u16::from(protocol))
}

/// The sum of an address.
fn address(addr: IpAddr) -> u64 {
    match addr {
        IpAddr::V4(v4) => u64::from(u32::from_ne_bytes(v4.octets())),
        IpAddr::V6(v6) => {
            let octets = u128::from_ne_bytes(v6.octets());
            carried(octets as u64, (octets >> 64) as u64)
        }
    }
}

/// The checksum after one word of the data has changed from `old` to `new`.
pub const fn update(checksum: u16, old: u16, new: u16) -> u16 {
    // RFC 1624 section 3, equation 3: HC' = ~(~HC + ~m + m').
    !fold(!checksum as u64 + !old as u64 + new as u64)
}

/// The sum of `bytes` in words of this machine.
fn words(bytes: &[u8]) -> u64 {
    let (mut sum, mut rest) = (0, bytes);
    if bytes.len() >= LONG {
        let (blocks, behind) = bytes.as_chunks();
        (sum, rest) = (in_blocks(blocks), behind);
    }
    while let Some((pair, behind)) = rest.split_first_chunk() {
        let pair = u128::from_ne_bytes(*pair);
        sum = carried(carried(sum, pair as u64), (pair >> 64) as u64);
        rest = behind;
    }
    if let Some((word, behind)) = rest.split_first_chunk() {
        sum = carried(sum, u64::from_ne_bytes(*word));
        rest = behind;
    }
    if let Some((lane, behind)) = rest.split_first_chunk() {
        sum = carried(sum, u32::from_ne_bytes(*lane).into());
        rest = behind;
    }
    if let Some((half, behind)) = rest.split_first_chunk() {
        sum = carried(sum, u16::from_ne_bytes(*half).into());
        rest = behind;
    }
    match *rest {
        [last] => carried(sum, u16::from_ne_bytes([last, 0]).into()),
        _ => sum,
    }
}

/// The sum of what is long; right for up to 16 GiB.
fn in_blocks(blocks: &[[u8; BLOCK]]) -> u64 {
    let mut counters = [0_u64; BLOCK / 4];
    for block in blocks {
        let (lanes, _) = block.as_chunks();
        for (counter, lane) in counters.iter_mut().zip(lanes) {
            // A checked addition makes no vector. All counters together have room for 2^32 lanes.
            *counter = counter.wrapping_add(u64::from(u32::from_ne_bytes(*lane)));
        }
    }
    counters.into_iter().fold(0, u64::wrapping_add)
}

/// Adds, and brings the carry around: 0 only if both are.
const fn carried(a: u64, b: u64) -> u64 {
    let (sum, carry) = a.overflowing_add(b);
    // At most 2^64 - 2 if there is a carry.
    sum.wrapping_add(carry as u64)
}

/// Adds the carries back in until 16 bits are left; 0 only if `sum` is.
const fn fold(sum: u64) -> u16 {
    // At most 2^33 - 2, then 2^17 - 2, then 2^16 - 1.
    let sum = (sum & 0xffff_ffff) + (sum >> 32);
    let sum = (sum & 0xffff) + (sum >> 16 & 0xffff) + (sum >> 32);
    ((sum & 0xffff) + (sum >> 16)) as u16
}

/// From so many bytes on blocks are worth their counters; headers are shorter.
const LONG: usize = 2 * BLOCK;
/// Bytes summed a turn: what sixteen counters take, in eight of SSE2's registers.
const BLOCK: usize = 64;

#[cfg(test)]
mod tests;
