//! Packets as RFC 791, 792, 768, 793, 8200 and 4443 draw them, every field at hand, so that any of
//! them can be wrong. Written here from the figures of the RFCs, not by the code under test.

use std::net::{Ipv4Addr, Ipv6Addr};

pub const US_V4: Ipv4Addr = Ipv4Addr::new(10, 90, 0, 1);
pub const PEER_V4: Ipv4Addr = Ipv4Addr::new(10, 90, 0, 2);
pub const US_V6: Ipv6Addr = Ipv6Addr::new(0xfd90, 0, 0, 0, 0, 0, 0, 1);
pub const PEER_V6: Ipv6Addr = Ipv6Addr::new(0xfd90, 0, 0, 0, 0, 0, 0, 2);

pub const ICMP: u8 = 1;
pub const TCP: u8 = 6;
pub const UDP: u8 = 17;
pub const ICMPV6: u8 = 58;

/// An IPv4 packet; what is `None` is right.
#[derive(Clone)]
pub struct V4 {
    pub version: u8,
    /// In words of four bytes.
    pub header_len: Option<u8>,
    pub tos: u8,
    pub total_len: Option<u16>,
    pub id: u16,
    pub dont_fragment: bool,
    pub more_fragments: bool,
    pub reserved: bool,
    /// In units of eight bytes.
    pub offset: u16,
    pub ttl: u8,
    pub protocol: u8,
    pub checksum: Option<u16>,
    pub src: Ipv4Addr,
    pub dst: Ipv4Addr,
    /// A multiple of four bytes.
    pub options: Vec<u8>,
    pub payload: Vec<u8>,
    /// Behind what the header counts.
    pub trailer: usize,
}

impl Default for V4 {
    fn default() -> V4 {
        V4 {
            version: 4,
            header_len: None,
            tos: 0,
            total_len: None,
            id: 1,
            dont_fragment: false,
            more_fragments: false,
            reserved: false,
            offset: 0,
            ttl: 64,
            protocol: UDP,
            checksum: None,
            src: PEER_V4,
            dst: US_V4,
            options: Vec::new(),
            payload: Vec::new(),
            trailer: 0,
        }
    }
}

impl V4 {
    pub fn bytes(&self) -> Vec<u8> {
        let words = (20 + self.options.len()) / 4;
        let len = 20 + self.options.len() + self.payload.len();
        let total = self.total_len.unwrap_or(len as u16).to_be_bytes();
        let flags = u16::from(self.reserved) << 15
            | u16::from(self.dont_fragment) << 14
            | u16::from(self.more_fragments) << 13
            | self.offset;
        let (id, flags) = (self.id.to_be_bytes(), flags.to_be_bytes());
        let mut head = vec![
            self.version << 4 | self.header_len.unwrap_or(words as u8),
            self.tos,
            total[0],
            total[1],
            id[0],
            id[1],
            flags[0],
            flags[1],
            self.ttl,
            self.protocol,
            0,
            0,
        ];
        head.extend(self.src.octets());
        head.extend(self.dst.octets());
        head.extend(&self.options);
        let sum = self.checksum.unwrap_or_else(|| checksum(&head));
        head[10..12].copy_from_slice(&sum.to_be_bytes());
        head.extend(&self.payload);
        head.resize(head.len() + self.trailer, 0xaa);
        head
    }

    /// With a segment or datagram whose checksum covers its own pseudo-header.
    pub fn carrying(self, protocol: u8, transport: Vec<u8>) -> V4 {
        let pseudo = [
            &self.src.octets()[..],
            &self.dst.octets(),
            &[0, protocol],
            &(transport.len() as u16).to_be_bytes(),
        ];
        V4 {
            payload: sealed(protocol, &pseudo.concat(), transport),
            protocol,
            ..self
        }
    }
}

/// An IPv6 packet; what is `None` is right.
#[derive(Clone)]
pub struct V6 {
    pub version: u8,
    pub traffic_class: u8,
    pub flow_label: u32,
    pub payload_len: Option<u16>,
    /// What the fixed header names: the first of the extension headers, or what they carry.
    pub next_header: u8,
    pub hop_limit: u8,
    pub src: Ipv6Addr,
    pub dst: Ipv6Addr,
    pub payload: Vec<u8>,
}

impl Default for V6 {
    fn default() -> V6 {
        V6 {
            version: 6,
            traffic_class: 0,
            flow_label: 0,
            payload_len: None,
            next_header: UDP,
            hop_limit: 64,
            src: PEER_V6,
            dst: US_V6,
            payload: Vec::new(),
        }
    }
}

impl V6 {
    pub fn bytes(&self) -> Vec<u8> {
        let first = u32::from(self.version) << 28
            | u32::from(self.traffic_class) << 20
            | self.flow_label & 0xf_ffff;
        let len = self.payload_len.unwrap_or(self.payload.len() as u16);
        let [l0, l1] = len.to_be_bytes();
        let mut bytes = first.to_be_bytes().to_vec();
        bytes.extend([l0, l1, self.next_header, self.hop_limit]);
        bytes.extend(self.src.octets());
        bytes.extend(self.dst.octets());
        bytes.extend(&self.payload);
        bytes
    }

    /// With a segment, datagram or ICMPv6 message behind these extension headers.
    pub fn carrying(self, extensions: &[Extension], protocol: u8, transport: Vec<u8>) -> V6 {
        let pseudo = [
            &self.src.octets()[..],
            &self.dst.octets(),
            &(transport.len() as u32).to_be_bytes(),
            &[0, 0, 0, protocol],
        ];
        let sealed = sealed(protocol, &pseudo.concat(), transport);
        self.chain(extensions, protocol, &sealed)
    }

    /// With these extension headers in front of what is there.
    pub fn chain(self, extensions: &[Extension], last: u8, behind: &[u8]) -> V6 {
        let mut payload = behind.to_vec();
        let mut next = last;
        for extension in extensions.iter().rev() {
            let mut bytes = vec![next];
            bytes.extend(&extension.1);
            payload = [bytes, payload].concat();
            next = extension.0;
        }
        V6 {
            next_header: next,
            payload,
            ..self
        }
    }
}

/// An extension header: its number, and its bytes from the second on.
#[derive(Clone)]
pub struct Extension(pub u8, pub Vec<u8>);

pub const HOP_BY_HOP: u8 = 0;
pub const ROUTING: u8 = 43;
pub const FRAGMENT: u8 = 44;
pub const DESTINATION: u8 = 60;
pub const NO_NEXT: u8 = 59;

/// Options, padded to a multiple of eight bytes with PadN.
pub fn options(number: u8, list: &[u8]) -> Extension {
    let mut bytes = list.to_vec();
    match (8 - (2 + bytes.len()) % 8) % 8 {
        0 => {}
        1 => bytes.push(0),
        pad => {
            bytes.extend([1, pad as u8 - 2]);
            bytes.resize(bytes.len() + pad - 2, 0);
        }
    }
    let units = (2 + bytes.len()) / 8 - 1;
    Extension(number, [&[units as u8], &bytes[..]].concat())
}

/// A routing header without data beyond its fixed part but for one address.
pub fn routing(kind: u8, left: u8) -> Extension {
    let mut bytes = vec![2, kind, left, 0, 0, 0, 0];
    bytes.extend(PEER_V6.octets());
    Extension(ROUTING, bytes)
}

/// A fragment header; `offset` in units of eight bytes.
pub fn fragment(id: u32, offset: u16, more: bool) -> Extension {
    let place = (offset << 3 | u16::from(more)).to_be_bytes();
    let id = id.to_be_bytes();
    Extension(FRAGMENT, [&[0], &place[..], &id].concat())
}

/// A datagram whose length field is right.
pub fn udp(src: u16, dst: u16, text: &[u8]) -> Vec<u8> {
    udp_saying(src, dst, 8 + text.len() as u16, text)
}

/// A datagram whose length field says this.
pub fn udp_saying(src: u16, dst: u16, len: u16, text: &[u8]) -> Vec<u8> {
    let fields = [src, dst, len, 0].map(u16::to_be_bytes);
    [fields.concat(), text.to_vec()].concat()
}

/// A segment with sequence number 1,000 and acknowledgment number 2,000.
pub fn tcp(src: u16, dst: u16, flags: u8, text: &[u8]) -> Vec<u8> {
    tcp_with(src, dst, flags, 5, &[], text)
}

/// What ends a connection that [`tcp`] began with a SYN.
pub fn reset(src: u16, dst: u16) -> Vec<u8> {
    let mut bytes = tcp(src, dst, RST, b"");
    bytes[4..8].copy_from_slice(&1_001_u32.to_be_bytes());
    bytes
}

/// The same with this data offset and these options.
pub fn tcp_with(src: u16, dst: u16, flags: u8, words: u8, options: &[u8], text: &[u8]) -> Vec<u8> {
    let mut bytes = [src, dst].map(u16::to_be_bytes).concat();
    bytes.extend(1_000_u32.to_be_bytes());
    bytes.extend(2_000_u32.to_be_bytes());
    bytes.extend([words << 4, flags, 0xff, 0xff, 0, 0, 0, 0]);
    bytes.extend(options);
    bytes.extend(text);
    bytes
}

pub const FIN: u8 = 1;
pub const SYN: u8 = 2;
pub const RST: u8 = 4;
pub const PSH: u8 = 8;
pub const ACK: u8 = 16;
pub const URG: u8 = 32;

/// An ICMP message: type, code, and all from the fifth byte on.
pub fn icmp(kind: u8, code: u8, rest: &[u8]) -> Vec<u8> {
    [&[kind, code, 0, 0], rest].concat()
}

/// The same with its checksum, for what travels on IPv4.
pub fn icmp_v4(kind: u8, code: u8, rest: &[u8]) -> Vec<u8> {
    sealed(ICMP, &[], icmp(kind, code, rest))
}

/// An echo request's fifth byte and on: identifier, sequence number, data.
pub fn echo(identifier: u16, data: &[u8]) -> Vec<u8> {
    [&identifier.to_be_bytes()[..], &[0, 1], data].concat()
}

/// Fills the checksum of a message; too short for one, it is left alone.
fn sealed(protocol: u8, pseudo: &[u8], mut message: Vec<u8>) -> Vec<u8> {
    let at = match protocol {
        TCP => 16,
        UDP => 6,
        ICMP | ICMPV6 => 2,
        _ => return message,
    };
    if message.len() < at + 2 {
        return message;
    }
    let covered = match protocol {
        ICMP => message.clone(),
        _ => [pseudo, &message].concat(),
    };
    let sum = checksum(&covered);
    // RFC 768: a computed zero is sent as all ones.
    let sum = if protocol == UDP && sum == 0 {
        0xffff
    } else {
        sum
    };
    message[at..at + 2].copy_from_slice(&sum.to_be_bytes());
    message
}

/// RFC 1071.
pub fn checksum(bytes: &[u8]) -> u16 {
    let words = bytes.chunks(2).map(|pair| {
        let low = pair.get(1).copied().unwrap_or(0);
        u32::from(u16::from_be_bytes([pair[0], low]))
    });
    let mut sum: u32 = words.sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}
