//! A packet as its receiver reads it: where the transport header lies whatever the fields say, its
//! checksums made right or wrong, its text made honest.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use pellucid::base::checksum::pseudo_header;
use pellucid::base::{Checksum, Sum};
use pellucid::wire::Segment;

use super::pair::byte_at;

pub const TCP: u8 = 6;
pub const UDP: u8 = 17;
pub const ICMP_V4: u8 = 1;
pub const ICMP_V6: u8 = 58;

/// Where the transport header and its payload lie.
#[derive(Debug, Clone, Copy)]
pub struct Upper {
    pub protocol: u8,
    pub at: usize,
    pub end: usize,
    src: IpAddr,
    dst: IpAddr,
}

pub fn word(bytes: &[u8], at: usize) -> Option<u16> {
    let two = bytes.get(at..at + 2)?;
    Some(u16::from_be_bytes([two[0], two[1]]))
}

pub fn put_word(bytes: &mut [u8], at: usize, value: u16) {
    bytes[at..at + 2].copy_from_slice(&value.to_be_bytes());
}

/// `None` if the IP headers cannot be believed.
pub fn upper(packet: &[u8]) -> Option<Upper> {
    match packet.first()? >> 4 {
        4 => upper_v4(packet),
        6 => upper_v6(packet),
        _ => None,
    }
}

fn upper_v4(packet: &[u8]) -> Option<Upper> {
    let fixed = packet.first_chunk::<20>()?;
    let (at, end) = (usize::from(fixed[0] & 15) * 4, usize::from(word(fixed, 2)?));
    let addr = |at: usize| {
        let octets: [u8; 4] = fixed[at..at + 4].try_into().expect("four bytes");
        IpAddr::V4(Ipv4Addr::from(octets))
    };
    (20 <= at && at <= end && end <= packet.len()).then_some(Upper {
        protocol: fixed[9],
        at,
        end,
        src: addr(12),
        dst: addr(16),
    })
}

fn upper_v6(packet: &[u8]) -> Option<Upper> {
    let fixed = packet.first_chunk::<40>()?;
    let end = 40 + usize::from(word(fixed, 4)?);
    let addr = |at: usize| {
        let octets: [u8; 16] = fixed[at..at + 16].try_into().expect("sixteen bytes");
        IpAddr::V6(Ipv6Addr::from(octets))
    };
    let (mut protocol, mut at) = (fixed[6], 40);
    while at < end && end <= packet.len() && matches!(protocol, 0 | 43 | 44 | 60) {
        let length = match protocol {
            44 => 8,
            _ => (usize::from(*packet.get(at + 1)?) + 1) * 8,
        };
        protocol = packet[at];
        at += length;
    }
    (at <= end && end <= packet.len()).then_some(Upper {
        protocol,
        at,
        end,
        src: addr(8),
        dst: addr(24),
    })
}

impl Upper {
    /// Where the checksum stands, counted from the header's first byte.
    fn sum_at(&self) -> Option<usize> {
        match self.protocol {
            TCP => Some(16),
            UDP => Some(6),
            ICMP_V4 | ICMP_V6 => Some(2),
            _ => None,
        }
    }

    /// Where what the checksum covers ends: UDP has a length of its own.
    fn summed(&self, packet: &[u8]) -> Option<usize> {
        let end = match self.protocol {
            UDP => self.at + usize::from(word(packet, self.at + 4)?),
            _ => self.end,
        };
        let whole = self.at + self.sum_at()? + 2 <= end && end <= self.end;
        whole.then_some(end)
    }
}

/// Makes all checksums right, as far as there is a place for them.
pub fn set_sums(packet: &mut [u8]) {
    if let Some(length) = header_len_v4(packet) {
        put_word(packet, 10, 0);
        let sum = Sum::new().add(&packet[..length]).checksum();
        put_word(packet, 10, sum);
    }
    let Some(upper) = upper(packet) else { return };
    let (Some(sum_at), Some(end)) = (upper.sum_at(), upper.summed(packet)) else {
        return;
    };
    let field = upper.at + sum_at;
    put_word(packet, field, 0);
    let covered = &packet[upper.at..end];
    let start = match upper.protocol {
        ICMP_V4 => Sum::new(),
        protocol => pseudo_header(upper.src, upper.dst, protocol, covered.len() as u32),
    };
    let sum = match start.add(covered).checksum() {
        0 if upper.protocol == UDP => u16::MAX,
        sum => sum,
    };
    put_word(packet, field, sum);
}

/// Makes one checksum wrong: the IPv4 header's if `of_header`, or that of the transport. `false`
/// if there is none.
pub fn spoil_sum(packet: &mut [u8], of_header: bool) -> bool {
    let transport = upper(packet).and_then(|upper| {
        upper.summed(packet)?;
        Some(upper.at + upper.sum_at()?)
    });
    let header = header_len_v4(packet).map(|_| 10);
    let Some(at) = (if of_header { header } else { transport }) else {
        return false;
    };
    let spoiled = word(packet, at).unwrap_or_default() ^ 0x5555;
    // RFC 768: zero would say that there is no checksum.
    let zero = spoiled == 0;
    put_word(packet, at, if zero { 0x1234 } else { spoiled });
    true
}

fn header_len_v4(packet: &[u8]) -> Option<usize> {
    let length = usize::from(packet.first()? & 15) * 4;
    (packet[0] >> 4 == 4 && 20 <= length && length <= packet.len()).then_some(length)
}

/// Whatever the header says, the text is what an honest peer would have at that place of its
/// stream, whose first byte has sequence number `first`.
pub fn fill_text(packet: &mut [u8], first: u32) {
    let Some(upper) = upper(packet).filter(|upper| upper.protocol == TCP) else {
        return;
    };
    let header = &packet[upper.at..upper.end];
    let Some(fixed) = header.first_chunk::<20>() else {
        return;
    };
    let text = upper.at + usize::from(fixed[12] >> 4) * 4;
    let seq = u32::from_be_bytes([fixed[4], fixed[5], fixed[6], fixed[7]]);
    // A SYN stands before the text.
    let seq = seq.wrapping_add(u32::from(fixed[13] >> 1 & 1));
    if text < upper.at + 20 || text > upper.end {
        return;
    }
    for (place, byte) in packet[text..upper.end].iter_mut().enumerate() {
        *byte = byte_at(seq.wrapping_sub(first).wrapping_add(place as u32));
    }
}

/// The segment in a packet; `None` if there is none that can be read.
pub fn segment(packet: &[u8]) -> Option<Segment<'_>> {
    let upper = upper(packet).filter(|upper| upper.protocol == TCP)?;
    let bytes = &packet[upper.at..upper.end];
    Segment::parse(upper.src, upper.dst, bytes, Checksum::Full).ok()
}
