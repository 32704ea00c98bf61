//! All that can be wrong with a packet: each field of each header at the edges of its range, cut
//! off at each byte, options and extension headers that make no sense.

use pellucid::base::Random;

use super::packet::{ICMP_V4, ICMP_V6, TCP, UDP, Upper, put_word, upper};
use super::shapes;

/// A packet, and what is wrong with it.
#[derive(Debug, Clone)]
pub struct Lie {
    pub what: String,
    pub packet: Vec<u8>,
}

/// A field of a header: a run of bits.
#[derive(Debug, Clone, Copy)]
struct Field {
    name: &'static str,
    /// Counted from the packet's first.
    bit: usize,
    bits: usize,
}

/// Everything about a packet that may be wrong by itself.
pub fn lies_about(packet: &[u8]) -> Vec<Lie> {
    let mut lies = Vec::new();
    for (field, value) in edges(packet) {
        let mut copy = packet.to_vec();
        field.set(&mut copy, value);
        let what = format!("{} = {value:#x}", field.name);
        lies.push(Lie { what, packet: copy });
    }
    lies.extend(all_flags(packet));
    lies.extend(cuts(packet));
    lies.extend(shapes::reshaped(packet));
    lies
}

/// `count` packets in which two fields are wrong.
pub fn pairs_of_lies(packet: &[u8], count: usize, chance: &mut Random) -> Vec<Lie> {
    let edges = edges(packet);
    let mut any = || edges[chance.below(edges.len() as u32) as usize];
    let mut lies = Vec::new();
    for _ in 0..count {
        let ((one, its), (other, value)) = (any(), any());
        let mut copy = packet.to_vec();
        one.set(&mut copy, its);
        other.set(&mut copy, value);
        let what = format!("{} = {its:#x}, {} = {value:#x}", one.name, other.name);
        lies.push(Lie { what, packet: copy });
    }
    lies
}

/// Each field with each edge of its range, but for the value that it has.
fn edges(packet: &[u8]) -> Vec<(Field, u128)> {
    let mut all = Vec::new();
    for field in fields(packet) {
        let (now, most) = (field.get(packet), u128::MAX >> (128 - field.bits));
        let mut values = vec![
            0,
            1,
            most,
            most - 1,
            now.wrapping_add(1),
            now.wrapping_sub(1),
        ];
        if field.bits == 32 {
            // As far off as a sequence number can be.
            values.push(now ^ 1 << 31);
        }
        for value in &mut values {
            *value &= most;
        }
        values.sort_unstable();
        values.dedup();
        let wrong = values.into_iter().filter(|value| *value != now);
        all.extend(wrong.map(|value| (field, value)));
    }
    all
}

impl Field {
    fn get(self, packet: &[u8]) -> u128 {
        let bits = self.bit..self.bit + self.bits;
        bits.fold(0, |value, bit| {
            value << 1 | u128::from(packet[bit / 8] >> (7 - bit % 8) & 1)
        })
    }

    fn set(self, packet: &mut [u8], value: u128) {
        for nth in 0..self.bits {
            let bit = self.bit + nth;
            let mask = 1 << (7 - bit % 8);
            if value >> (self.bits - 1 - nth) & 1 == 1 {
                packet[bit / 8] |= mask;
            } else {
                packet[bit / 8] &= !mask;
            }
        }
    }
}

/// Bits of each field; a name of "" passes bits over.
type Layout = [(&'static str, usize)];

const IPV4: &Layout = &[
    ("version", 4),
    ("ihl", 4),
    ("dscp", 6),
    ("ecn", 2),
    ("total length", 16),
    ("identification", 16),
    ("reserved flag", 1),
    ("df", 1),
    ("mf", 1),
    ("fragment offset", 13),
    ("ttl", 8),
    ("protocol", 8),
    ("", 16),
    ("source", 32),
    ("destination", 32),
];
const IPV6: &Layout = &[
    ("version", 4),
    ("traffic class", 8),
    ("flow label", 20),
    ("payload length", 16),
    ("next header", 8),
    ("hop limit", 8),
    ("source", 128),
    ("destination", 128),
];
const TCP_HEADER: &Layout = &[
    ("source port", 16),
    ("destination port", 16),
    ("seq", 32),
    ("ack", 32),
    ("data offset", 4),
    ("reserved", 4),
    ("", 8),
    ("window", 16),
    ("", 16),
    ("urgent pointer", 16),
];
const UDP_HEADER: &Layout = &[
    ("source port", 16),
    ("destination port", 16),
    ("udp length", 16),
    ("udp checksum", 16),
];
const ICMP_HEADER: &Layout = &[
    ("icmp type", 8),
    ("icmp code", 8),
    ("", 16),
    ("icmp upper word", 16),
    ("icmp lower word", 16),
];
const EXTENSION: &Layout = &[
    ("extension next header", 8),
    ("extension length", 8),
    ("extension byte 2", 8),
    ("extension byte 3", 8),
    ("extension bytes 4 to 7", 32),
];

/// The fields of all headers of a packet whose headers are right; of an ICMP error also those of
/// the packet that it quotes. What the checksums cover is set anew afterwards, but for UDP's,
/// which may be zero.
fn fields(packet: &[u8]) -> Vec<Field> {
    let mut found = Vec::new();
    headers(packet, 0, &mut found);
    found
}

fn headers(packet: &[u8], base: usize, found: &mut Vec<Field>) {
    let inner = &packet[base..];
    let Some(upper) = upper(inner) else { return };
    if inner[0] >> 4 == 4 {
        lay(IPV4, base, found);
        options(inner, base, 20, upper.at, found);
    } else {
        lay(IPV6, base, found);
        let mut at = 40;
        while at < upper.at {
            lay(EXTENSION, base + at, found);
            at += (usize::from(inner[at + 1]) + 1) * 8;
        }
    }
    transport(packet, base, upper, found);
}

fn transport(packet: &[u8], base: usize, upper: Upper, found: &mut Vec<Field>) {
    let (at, end) = (base + upper.at, base + upper.end);
    match upper.protocol {
        TCP => {
            lay(TCP_HEADER, at, found);
            let text = at + usize::from(packet[at + 12] >> 4) * 4;
            options(packet, 0, at + 20, text, found);
        }
        UDP => lay(UDP_HEADER, at, found),
        ICMP_V4 | ICMP_V6 => {
            lay(ICMP_HEADER, at, found);
            if at + 8 < end {
                headers(packet, at + 8, found);
            }
        }
        _ => {}
    }
}

fn lay(layout: &Layout, at: usize, found: &mut Vec<Field>) {
    let mut bit = at * 8;
    for (name, bits) in layout.iter().copied() {
        if !name.is_empty() {
            found.push(Field { name, bit, bits });
        }
        bit += bits;
    }
}

/// Kind, length and value of each option in `from..to`; IPv4 and TCP have the same form.
fn options(packet: &[u8], base: usize, from: usize, to: usize, found: &mut Vec<Field>) {
    let mut at = from;
    while at < to {
        let bit = (base + at) * 8;
        let kind = Field {
            name: "option kind",
            bit,
            bits: 8,
        };
        found.push(kind);
        if packet[at] < 2 {
            at += 1;
            continue;
        }
        let length = usize::from(packet[at + 1]).max(2);
        found.push(Field {
            name: "option length",
            bit: bit + 8,
            bits: 8,
        });
        let value = (length - 2) * 8;
        // Time stamps and SACK edges are words of 32 bits.
        let width = if value > 0 && value.is_multiple_of(32) {
            32
        } else {
            value
        };
        for part in (0..value).step_by(width.max(1)) {
            found.push(Field {
                name: "option value",
                bit: bit + 16 + part,
                bits: width,
            });
        }
        at += length;
    }
}

/// A segment with each set of flags that it does not have.
fn all_flags(packet: &[u8]) -> Vec<Lie> {
    let Some(upper) = upper(packet).filter(|upper| upper.protocol == TCP) else {
        return Vec::new();
    };
    let at = upper.at + 13;
    (0..=u8::MAX)
        .filter(|flags| *flags != packet[at])
        .map(|flags| {
            let mut copy = packet.to_vec();
            copy[at] = flags;
            let what = format!("flags = {flags:#010b}");
            Lie { what, packet: copy }
        })
        .collect()
}

/// Cut off at each byte, with the IP length as it was and made to fit; and with bytes behind it.
fn cuts(packet: &[u8]) -> Vec<Lie> {
    let mut lies = Vec::new();
    for length in 0..packet.len() {
        let cut = packet[..length].to_vec();
        let mut fitted = cut.clone();
        lies.push(Lie {
            what: format!("cut to {length}"),
            packet: cut,
        });
        if fit_length(&mut fitted) {
            lies.push(Lie {
                what: format!("cut to {length}, and so says its IP header"),
                packet: fitted,
            });
        }
    }
    for more in [1, 3, 8, 1_000] {
        let mut padded = packet.to_vec();
        padded.resize(packet.len() + more, 0xa5);
        let mut fitted = padded.clone();
        lies.push(Lie {
            what: format!("{more} bytes behind it"),
            packet: padded,
        });
        fit_length(&mut fitted);
        lies.push(Lie {
            what: format!("{more} bytes more, and so says its IP header"),
            packet: fitted,
        });
    }
    lies
}

/// Makes the IP length that of the packet; `false` if there is no room for the field.
pub fn fit_length(packet: &mut [u8]) -> bool {
    let length = packet.len();
    match packet.first().map(|byte| byte >> 4) {
        Some(4) if length >= 20 => put_word(packet, 2, length as u16),
        Some(6) if length >= 40 => put_word(packet, 4, (length - 40) as u16),
        _ => return false,
    }
    true
}
