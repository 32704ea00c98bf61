//! What others tell us of our packets: an ICMP error read, and the packet that it quotes.
//!
//! Whether to believe it (RFC 5927) needs what the connection knows, so that is decided there:
//! here is only what the message says, and that it speaks of a packet from one of our addresses.

use std::net::IpAddr;

use crate::probe::Drop;
use crate::wire::ParseError;
use crate::wire::icmp::{About, Message, Problem, Quote, Unreachable};

use super::address::Addresses;
use super::receive::Datagram;

/// An ICMP error about a packet that names one of our addresses as its source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IcmpError {
    /// Who says it.
    pub from: IpAddr,
    /// The TTL or hop limit that it came with.
    pub hop_limit: u8,
    /// Who is said to have sent the packet: one of our addresses.
    pub src: IpAddr,
    /// To whom.
    pub dst: IpAddr,
    /// How long the packet is said to have been, in bytes.
    pub length: u32,
    /// Whose packet it was: RFC 1122 section 3.2.2 takes the protocol from the quote.
    pub about: About,
    /// What is wrong with it.
    pub kind: Problem,
}

/// Reads an ICMP datagram as an error.
///
/// # Errors
///
/// [`Drop::BadIcmpHeader`], [`Drop::BadIcmpChecksum`]; [`Drop::IcmpIgnored`] if it is no error;
/// [`Drop::IcmpNotOurs`] if it quotes no packet of ours, or none that can be told.
pub fn read(datagram: &Datagram<'_>, addresses: &Addresses) -> Result<IcmpError, Drop> {
    let message = Message::parse(datagram.src, datagram.dst, datagram.payload);
    let (kind, quote) = match message {
        Ok(Message::Error { problem, quote }) => (problem, quote),
        // RFC 1122 section 3.2.2, RFC 4443 section 2.4 (b): silently discarded.
        Ok(_) => return Err(Drop::IcmpIgnored),
        Err(ParseError::Checksum) => return Err(Drop::BadIcmpChecksum),
        Err(_) => return Err(Drop::BadIcmpHeader),
    };
    // RFC 4443 section 2.4 (d): if the upper-layer protocol cannot be found, it is dropped.
    let Ok(Quote {
        src,
        dst,
        length,
        about,
    }) = Quote::parse(quote)
    else {
        return Err(Drop::IcmpNotOurs);
    };
    // Each ICMP speaks of packets of its own family.
    let ours = addresses.speak_for(src) && src.is_ipv4() == datagram.src.is_ipv4();
    if !ours {
        return Err(Drop::IcmpNotOurs);
    }
    Ok(IcmpError {
        from: datagram.src,
        hop_limit: datagram.hop_limit,
        src,
        dst,
        length,
        about,
        kind,
    })
}

impl IcmpError {
    /// Whether it is one of RFC 9293 section 3.9.2.2's hard errors: nobody speaks the protocol or
    /// has the port. The third of them, IPv4's "fragmentation needed", is about the path's MTU.
    pub fn is_hard(&self) -> bool {
        matches!(
            self.kind,
            Problem::Unreachable(Unreachable::Protocol | Unreachable::Port)
        )
    }
}

#[cfg(test)]
mod tests;
