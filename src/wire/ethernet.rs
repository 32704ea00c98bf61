//! Ethernet frames and ARP: RFC 894 and RFC 826, as far as one end of a veth pair needs them.
//!
//! The stack is an IP stack; frames exist only between a device that speaks Ethernet and its wire.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use etherparse::{ArpEthIpv4Packet, ArpOperation, ArpPacketSlice, EtherType, Ethernet2Header};

use super::ParseError;

/// The address of an Ethernet interface.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Mac(pub [u8; 6]);

impl Mac {
    /// All stations.
    pub const BROADCAST: Mac = Mac([0xff; 6]);
    /// No station: what ARP has for an address that is asked for.
    pub const UNKNOWN: Mac = Mac([0; 6]);

    /// Where a frame for an IPv6 group goes: 33:33 and the last four bytes of its address (RFC
    /// 2464).
    pub const fn of_group(group: Ipv6Addr) -> Mac {
        let [.., a, b, c, d] = group.octets();
        Mac([0x33, 0x33, a, b, c, d])
    }

    /// Whether it stands for several stations, or for all.
    pub const fn is_group(self) -> bool {
        let [first, ..] = self.0;
        first & 1 == 1
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}

impl fmt::Debug for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A frame's header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// For whom it is.
    pub dst: Mac,
    /// From whom it is.
    pub src: Mac,
    /// What it carries.
    pub kind: Kind,
}

/// What a frame carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An IPv4 packet.
    Ipv4,
    /// An IPv6 packet.
    Ipv6,
    /// A question or an answer about an IPv4 address.
    Arp,
    /// Anything else, by its EtherType.
    Other(u16),
}

impl Header {
    /// Splits a frame into header and payload. Short payloads may have padding behind them.
    ///
    /// # Errors
    ///
    /// [`ParseError::Truncated`].
    pub fn parse(frame: &[u8]) -> Result<(Header, &[u8]), ParseError> {
        let (header, payload) =
            Ethernet2Header::from_slice(frame).map_err(|_| ParseError::Truncated)?;
        let header = Header {
            dst: Mac(header.destination),
            src: Mac(header.source),
            kind: match header.ether_type {
                EtherType::IPV4 => Kind::Ipv4,
                EtherType::IPV6 => Kind::Ipv6,
                EtherType::ARP => Kind::Arp,
                EtherType(other) => Kind::Other(other),
            },
        };
        Ok((header, payload))
    }

    /// The header as it is sent.
    pub fn to_bytes(&self) -> [u8; HEADER_LEN] {
        Ethernet2Header {
            destination: self.dst.0,
            source: self.src.0,
            ether_type: match self.kind {
                Kind::Ipv4 => EtherType::IPV4,
                Kind::Ipv6 => EtherType::IPV6,
                Kind::Arp => EtherType::ARP,
                Kind::Other(other) => EtherType(other),
            },
        }
        .to_bytes()
    }
}

/// Who has an IPv4 address: the question, or the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arp {
    /// Which of the two.
    pub operation: Operation,
    /// Who speaks. A sender that looks for doubles of its address gives 0.0.0.0.
    pub sender: (Mac, Ipv4Addr),
    /// Who is asked for, with [`Mac::UNKNOWN`], or who had asked.
    pub target: (Mac, Ipv4Addr),
}

/// RFC 826: the opcode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// Who has the target's IP address?
    Request,
    /// The sender has it.
    Reply,
}

impl Arp {
    /// Reads the payload of a frame of [`Kind::Arp`].
    ///
    /// # Errors
    ///
    /// [`ParseError::Truncated`]; [`ParseError::Version`] for other addresses than Ethernet's and
    /// IPv4's, and for other operations.
    pub fn parse(bytes: &[u8]) -> Result<Arp, ParseError> {
        let packet = ArpPacketSlice::from_slice(bytes).map_err(|_| ParseError::Truncated)?;
        let arp: ArpEthIpv4Packet = packet
            .to_packet()
            .try_into()
            .map_err(|_| ParseError::Version)?;
        Ok(Arp {
            operation: match arp.operation {
                ArpOperation::REQUEST => Operation::Request,
                ArpOperation::REPLY => Operation::Reply,
                _ => return Err(ParseError::Version),
            },
            sender: (Mac(arp.sender_mac), arp.sender_ipv4.into()),
            target: (Mac(arp.target_mac), arp.target_ipv4.into()),
        })
    }

    /// The message as it is sent.
    pub fn to_bytes(&self) -> [u8; ArpEthIpv4Packet::LEN] {
        ArpEthIpv4Packet {
            operation: match self.operation {
                Operation::Request => ArpOperation::REQUEST,
                Operation::Reply => ArpOperation::REPLY,
            },
            sender_mac: self.sender.0.0,
            sender_ipv4: self.sender.1.octets(),
            target_mac: self.target.0.0,
            target_ipv4: self.target.1.octets(),
        }
        .to_bytes()
    }
}

/// Bytes of header before the payload.
pub const HEADER_LEN: usize = Ethernet2Header::LEN;

#[cfg(test)]
mod tests;
