//! Neighbour discovery for IPv6: RFC 4861, as far as one end of a veth pair needs it.
//!
//! Here a message is a whole packet, because its IPv6 header is part of what makes it valid. The
//! stack above a device that speaks Ethernet never sees one.

use std::net::Ipv6Addr;

use etherparse::icmpv6::{
    Icmpv6PayloadSlice, NdpOptionType, NeighborAdvertisementHeader, TYPE_REDIRECT_MESSAGE,
    TYPE_ROUTER_SOLICITATION,
};
use etherparse::{Icmpv6Header, Icmpv6Slice, Icmpv6Type, IpNumber, Ipv6Header, Ipv6HeaderSlice};

use super::ethernet::Mac;

/// What a packet says about neighbours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Discovery {
    /// Somebody asks for an address.
    Solicitation(Solicitation),
    /// Another message of the protocol, or one that is not valid.
    Other,
}

/// Who has this address?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Solicitation {
    /// Who asks; unspecified if it looks for doubles of the address.
    pub from: Ipv6Addr,
    /// The address.
    pub target: Ipv6Addr,
}

/// The sender has this address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Advertisement {
    /// The address.
    pub target: Ipv6Addr,
    /// Who asked, as [`Solicitation::from`].
    pub to: Ipv6Addr,
}

/// Reads an IPv6 packet; `None` if it is about something else.
pub fn read(packet: &[u8]) -> Option<Discovery> {
    let header = Ipv6HeaderSlice::from_slice(packet).ok()?;
    if header.next_header() != IpNumber::IPV6_ICMP {
        return None;
    }
    let end = Ipv6Header::LEN.saturating_add(header.payload_length().into());
    let message = Icmpv6Slice::from_slice(packet.get(Ipv6Header::LEN..end)?).ok()?;
    // RFC 4861 section 4: all its messages are of these types, the routers' included.
    if !(TYPE_ROUTER_SOLICITATION..=TYPE_REDIRECT_MESSAGE).contains(&message.type_u8()) {
        return None;
    }
    let (src, dst) = (header.source(), header.destination());
    // RFC 4861 section 7.1.1: what came through a router, or damaged, is discarded.
    let valid = header.hop_limit() == HOP_LIMIT && message.is_checksum_valid(src, dst);
    match message.payload_slice() {
        Ok(Icmpv6PayloadSlice::NeighborSolicitation(asked)) if valid => {
            Some(Discovery::Solicitation(Solicitation {
                from: src.into(),
                target: asked.target_address(),
            }))
        }
        _ => Some(Discovery::Other),
    }
}

impl Solicitation {
    /// The group that is asked.
    pub fn to(&self) -> Ipv6Addr {
        solicited_node(self.target)
    }

    /// The question as a packet, from an interface with this address: RFC 4861 section 4.3.
    pub fn to_packet(&self, mac: Mac) -> Vec<u8> {
        let option = NdpOptionType::SOURCE_LINK_LAYER_ADDRESS;
        let kind = Icmpv6Type::NeighborSolicitation;
        packet(self.from, self.to(), kind, self.target, option, mac)
    }
}

impl Advertisement {
    /// Where the answer goes. RFC 4861 section 4.4: to all if whoever asked has no address yet.
    pub fn to(&self) -> Ipv6Addr {
        if self.to.is_unspecified() {
            ALL_NODES
        } else {
            self.to
        }
    }

    /// The answer as a packet, from an interface with this address: RFC 4861 section 4.4.
    pub fn to_packet(&self, mac: Mac) -> Vec<u8> {
        let option = NdpOptionType::TARGET_LINK_LAYER_ADDRESS;
        let kind = Icmpv6Type::NeighborAdvertisement(NeighborAdvertisementHeader {
            router: false,
            solicited: !self.to.is_unspecified(),
            r#override: true,
        });
        packet(self.target, self.to(), kind, self.target, option, mac)
    }
}

/// The group in which whoever has `ip` listens: RFC 4291 section 2.7.1.
fn solicited_node(ip: Ipv6Addr) -> Ipv6Addr {
    let [.., a, b, c] = ip.octets();
    Ipv6Addr::from([0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, a, b, c])
}

fn packet(
    from: Ipv6Addr,
    to: Ipv6Addr,
    kind: Icmpv6Type,
    target: Ipv6Addr,
    option: NdpOptionType,
    mac: Mac,
) -> Vec<u8> {
    // RFC 4861 section 4.6.1: type, length in units of eight bytes, address.
    let text = [&target.octets()[..], &[option.0, 1], &mac.0].concat();
    // 24 bytes never are too many for a length field.
    let (source, destination) = (from.octets(), to.octets());
    let message = Icmpv6Header::with_checksum(kind, source, destination, &text)
        .unwrap_or_else(|_| Icmpv6Header::new(kind));
    let message = [&message.to_bytes()[..], &text].concat();
    let header = Ipv6Header {
        payload_length: u16::try_from(message.len()).unwrap_or(u16::MAX),
        next_header: IpNumber::IPV6_ICMP,
        hop_limit: HOP_LIMIT,
        source,
        destination,
        ..Ipv6Header::default()
    };
    [&header.to_bytes()[..], &message].concat()
}

/// No router lets it through unchanged, so it proves a neighbour.
const HOP_LIMIT: u8 = 255;
/// RFC 4291 section 2.7.1: all nodes of the link.
const ALL_NODES: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);

#[cfg(test)]
mod tests;
