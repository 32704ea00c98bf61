//! What smoltcp's own parsers make of a packet.

use smoltcp::phy::ChecksumCapabilities;
use smoltcp::wire::{
    Icmpv4Packet, Icmpv4Repr, Icmpv6Packet, Icmpv6Repr, IpAddress, IpProtocol, Ipv4Packet,
    Ipv4Repr, Ipv6Packet, Ipv6Repr, TcpPacket, TcpRepr,
};

/// A packet that smoltcp reads without complaint: lengths agree, all checksums verify.
pub enum Judged<'a> {
    Tcp(TcpRepr<'a>),
    Icmpv4(Icmpv4Repr<'a>),
    Icmpv6(Icmpv6Repr<'a>),
}

/// Reads a whole packet; an error says which of its layers smoltcp refuses.
pub fn judge(packet: &[u8]) -> Result<Judged<'_>, &'static str> {
    let (src, dst, protocol, payload) = match packet.first().map(|byte| byte >> 4) {
        Some(4) => network_v4(packet)?,
        Some(6) => network_v6(packet)?,
        _ => return Err("neither IPv4 nor IPv6"),
    };
    let sums = ChecksumCapabilities::default();
    match (protocol, src, dst) {
        (IpProtocol::Tcp, ..) => {
            let segment = TcpPacket::new_checked(payload).map_err(|_| "TCP header")?;
            let repr = TcpRepr::parse(&segment, &src, &dst, &sums).map_err(|_| "TCP segment")?;
            Ok(Judged::Tcp(repr))
        }
        (IpProtocol::Icmp, ..) => {
            let message = Icmpv4Packet::new_checked(payload).map_err(|_| "ICMPv4 header")?;
            let repr = Icmpv4Repr::parse(&message, &sums).map_err(|_| "ICMPv4 message")?;
            Ok(Judged::Icmpv4(repr))
        }
        (IpProtocol::Icmpv6, IpAddress::Ipv6(src), IpAddress::Ipv6(dst)) => {
            let message = Icmpv6Packet::new_checked(payload).map_err(|_| "ICMPv6 header")?;
            let repr =
                Icmpv6Repr::parse(&src, &dst, &message, &sums).map_err(|_| "ICMPv6 message")?;
            Ok(Judged::Icmpv6(repr))
        }
        _ => Err("no protocol that we speak"),
    }
}

type Network<'a> = (IpAddress, IpAddress, IpProtocol, &'a [u8]);

fn network_v4(packet: &[u8]) -> Result<Network<'_>, &'static str> {
    let read = Ipv4Packet::new_checked(packet).map_err(|_| "IPv4 lengths")?;
    let sums = ChecksumCapabilities::default();
    let repr = Ipv4Repr::parse(&read, &sums).map_err(|_| "IPv4 header")?;
    if usize::from(read.total_len()) != packet.len() {
        return Err("IPv4 total length");
    }
    // RFC 6864 section 4.1: an atomic datagram; nothing here is ever cut on its way.
    if !read.dont_frag() || read.more_frags() || read.frag_offset() != 0 || read.hop_limit() == 0 {
        return Err("IPv4 fragment fields or TTL");
    }
    let payload = &packet[usize::from(read.header_len())..];
    let (src, dst) = (repr.src_addr.into(), repr.dst_addr.into());
    Ok((src, dst, repr.next_header, payload))
}

fn network_v6(packet: &[u8]) -> Result<Network<'_>, &'static str> {
    let read = Ipv6Packet::new_checked(packet).map_err(|_| "IPv6 lengths")?;
    let repr = Ipv6Repr::parse(&read).map_err(|_| "IPv6 header")?;
    if read.total_len() != packet.len() || repr.hop_limit == 0 {
        return Err("IPv6 payload length or hop limit");
    }
    let payload = &packet[read.header_len()..];
    let (src, dst) = (repr.src_addr.into(), repr.dst_addr.into());
    Ok((src, dst, repr.next_header, payload))
}
