//! A packet that the stack has sent, read with eyes of its own: what is judged here must not be
//! read by the code that is under judgment, and a packet that is wrong must still be read.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::base::Instant;
use crate::base::checksum::{Sum, pseudo_header};

/// A packet and when it left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Live {
    pub at: Instant,
    /// Counted from 0 in the order in which packets left.
    pub number: u64,
    pub bytes: Vec<u8>,
    pub ip: Ip,
    pub body: LiveBody,
}

/// The IP header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ip {
    pub src: IpAddr,
    pub dst: IpAddr,
    /// 20 or more for IPv4, 40 for IPv6.
    pub header_len: usize,
    /// Of the whole packet, as the header says.
    pub total_len: usize,
    pub tos: u8,
    pub ttl: u8,
    /// 0 for IPv4.
    pub flow: u32,
    pub protocol: u8,
    /// Always right for IPv6, which has none.
    pub checksum_right: bool,
}

/// What a packet carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LiveBody {
    Tcp(LiveTcp),
    Udp {
        src: u16,
        dst: u16,
        payload: Vec<u8>,
        checksum_right: bool,
    },
    Icmp {
        kind: u8,
        code: u8,
        checksum_right: bool,
    },
    /// Something else, or too short to be what its header says.
    Unread(&'static str),
}

/// A TCP segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveTcp {
    pub src: u16,
    pub dst: u16,
    pub seq: u32,
    /// The field, whether or not the ACK bit is set.
    pub ack: u32,
    /// In words of four bytes.
    pub data_offset: u8,
    /// FIN to CWR: the header's byte.
    pub flags: u8,
    /// The bit above CWR.
    pub ae: bool,
    /// The three bits above AE.
    pub reserved: u8,
    pub window: u16,
    pub urgent: u16,
    pub options: Vec<u8>,
    pub payload: Vec<u8>,
    pub checksum_right: bool,
}

impl LiveTcp {
    /// Whether a bit of the header's byte is set.
    pub const fn has(&self, bit: u8) -> bool {
        self.flags & bit != 0
    }

    /// The options one by one: kind, and what follows kind and length. `None`: a length that
    /// cannot be.
    pub fn options(&self) -> Option<Vec<(u8, &[u8])>> {
        split_options(&self.options)
    }

    /// TSval and TSecr.
    pub fn timestamps(&self) -> Option<(u32, u32)> {
        let options = self.options()?;
        let (_, body) = options.iter().find(|(kind, _)| *kind == TIMESTAMPS)?;
        let words: [u8; 8] = (*body).try_into().ok()?;
        let (value, echo) = words.split_at(4);
        Some((be32(value, 0)?, be32(echo, 0)?))
    }
}

/// Option bytes one by one: kind, and what follows kind and length.
pub fn split_options(bytes: &[u8]) -> Option<Vec<(u8, &[u8])>> {
    let mut list = Vec::new();
    let mut rest = bytes;
    while let [kind, after @ ..] = rest {
        if matches!(*kind, END_OF_LIST | NO_OPERATION) {
            list.push((*kind, &rest[..0]));
            rest = after;
            continue;
        }
        let len = usize::from(*after.first()?);
        if len < 2 {
            return None;
        }
        let (option, more) = rest.split_at_checked(len)?;
        list.push((*kind, &option[2..]));
        rest = more;
    }
    Some(list)
}

impl Live {
    /// Reads a packet that left at `at`. `None`: no IP header at all.
    pub fn read(at: Instant, number: u64, bytes: Vec<u8>) -> Option<Live> {
        let ip = match bytes.first()? >> 4 {
            4 => read_v4(&bytes)?,
            6 => read_v6(&bytes)?,
            _ => return None,
        };
        let body = read_body(&ip, &bytes);
        Some(Live {
            at,
            number,
            bytes,
            ip,
            body,
        })
    }

    /// Where it comes from and where it goes, if it has ports.
    pub fn ends(&self) -> Option<(SocketAddr, SocketAddr)> {
        let (src, dst) = match &self.body {
            LiveBody::Tcp(tcp) => (tcp.src, tcp.dst),
            LiveBody::Udp { src, dst, .. } => (*src, *dst),
            LiveBody::Icmp { .. } | LiveBody::Unread(_) => return None,
        };
        let src = SocketAddr::new(self.ip.src, src);
        Some((src, SocketAddr::new(self.ip.dst, dst)))
    }

    /// Its type and code, if it is an ICMP message.
    pub fn icmp(&self) -> Option<(u8, u8)> {
        match self.body {
            LiveBody::Icmp { kind, code, .. } => Some((kind, code)),
            _ => None,
        }
    }

    /// Its segment.
    pub fn tcp(&self) -> Option<&LiveTcp> {
        match &self.body {
            LiveBody::Tcp(tcp) => Some(tcp),
            _ => None,
        }
    }
}

fn read_v4(bytes: &[u8]) -> Option<Ip> {
    let header_len = usize::from(bytes[0] & 0xf) * 4;
    let header = bytes.get(..header_len).filter(|h| h.len() >= 20)?;
    let addr = |at: usize| Some(IpAddr::V4(Ipv4Addr::from_bits(be32(header, at)?)));
    Some(Ip {
        src: addr(12)?,
        dst: addr(16)?,
        header_len,
        total_len: usize::from(be16(header, 2)?),
        tos: header[1],
        ttl: header[8],
        flow: 0,
        protocol: header[9],
        checksum_right: Sum::new().add(header).checksum() == 0,
    })
}

fn read_v6(bytes: &[u8]) -> Option<Ip> {
    let header = bytes.get(..40)?;
    let addr = |at: usize| {
        let octets: [u8; 16] = header.get(at..at + 16)?.try_into().ok()?;
        Some(IpAddr::V6(Ipv6Addr::from(octets)))
    };
    let first = be32(header, 0)?;
    Some(Ip {
        src: addr(8)?,
        dst: addr(24)?,
        header_len: 40,
        total_len: 40 + usize::from(be16(header, 4)?),
        tos: (first >> 20) as u8,
        ttl: header[7],
        flow: first & 0xf_ffff,
        protocol: header[6],
        checksum_right: true,
    })
}

fn read_body(ip: &Ip, bytes: &[u8]) -> LiveBody {
    let payload = bytes.get(ip.header_len..).unwrap_or_default();
    let right = |protocol: u8| {
        let len = u32::try_from(payload.len()).unwrap_or(u32::MAX);
        pseudo_header(ip.src, ip.dst, protocol, len)
            .add(payload)
            .checksum()
            == 0
    };
    let read = match ip.protocol {
        TCP => read_tcp(payload, right(TCP)).map(LiveBody::Tcp),
        UDP => read_udp(payload, right(UDP)),
        ICMP if ip.src.is_ipv4() => {
            let right = Sum::new().add(payload).checksum() == 0;
            read_icmp(payload, right)
        }
        ICMP_V6 if ip.src.is_ipv6() => read_icmp(payload, right(ICMP_V6)),
        _ => return LiveBody::Unread("another protocol"),
    };
    read.unwrap_or(LiveBody::Unread("a header that is cut off"))
}

fn read_tcp(bytes: &[u8], checksum_right: bool) -> Option<LiveTcp> {
    let data_offset = bytes.get(12)? >> 4;
    let header_len = usize::from(data_offset) * 4;
    let options = bytes.get(20..header_len)?;
    Some(LiveTcp {
        src: be16(bytes, 0)?,
        dst: be16(bytes, 2)?,
        seq: be32(bytes, 4)?,
        ack: be32(bytes, 8)?,
        data_offset,
        flags: bytes[13],
        ae: bytes[12] & 1 != 0,
        reserved: (bytes[12] >> 1) & 7,
        window: be16(bytes, 14)?,
        urgent: be16(bytes, 18)?,
        options: options.to_vec(),
        payload: bytes[header_len..].to_vec(),
        checksum_right,
    })
}

fn read_udp(bytes: &[u8], right: bool) -> Option<LiveBody> {
    Some(LiveBody::Udp {
        src: be16(bytes, 0)?,
        dst: be16(bytes, 2)?,
        payload: bytes.get(8..)?.to_vec(),
        checksum_right: right || be16(bytes, 6)? == 0,
    })
}

fn read_icmp(bytes: &[u8], checksum_right: bool) -> Option<LiveBody> {
    bytes.get(..8).map(|header| LiveBody::Icmp {
        kind: header[0],
        code: header[1],
        checksum_right,
    })
}

fn be16(bytes: &[u8], at: usize) -> Option<u16> {
    let word: [u8; 2] = bytes.get(at..at + 2)?.try_into().ok()?;
    Some(u16::from_be_bytes(word))
}

fn be32(bytes: &[u8], at: usize) -> Option<u32> {
    let word: [u8; 4] = bytes.get(at..at + 4)?.try_into().ok()?;
    Some(u32::from_be_bytes(word))
}

const TCP: u8 = 6;
const UDP: u8 = 17;
const ICMP: u8 = 1;
const ICMP_V6: u8 = 58;
const END_OF_LIST: u8 = 0;
const NO_OPERATION: u8 = 1;
/// RFC 7323 section 3.2.
pub const TIMESTAMPS: u8 = 8;

#[cfg(test)]
mod tests;
