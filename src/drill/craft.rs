//! Inbound lines as packets: exactly the bytes that a line says, checksums made right.

use std::net::{IpAddr, SocketAddr};

use crate::base::checksum::{Sum, pseudo_header};
use crate::wire::{ipv4, ipv6};

use super::flow::{Flow, Misfit};
use super::pattern::{self, Stream};
use super::settings::Settings;
use super::syntax::{Flags, Icmp, Marks, Options, Ports, Quote, Tcp, TcpOption, Tos};

/// Why a line makes no packet.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Uncraftable {
    #[error(transparent)]
    Misfit(#[from] Misfit),
    /// It would not fit the length field of its header.
    #[error("a packet longer than its header can say")]
    TooLong,
}

/// The packet of a TCP line.
pub fn tcp(
    line: &Tcp,
    marks: &Marks,
    flow: &Flow,
    settings: &Settings,
) -> Result<Vec<u8>, Uncraftable> {
    let numbers = flow.inbound(line);
    let syn = line.flags.has(Flags::SYN);
    let options = options(line, flow, settings)?;
    let (src, dst) = ends(flow, line.ports)?;
    let offset = flow.inbound_offset(numbers.seq, syn);
    let (flags, ae) = line.flags.on_wire();
    let words = (20 + options.len()) / 4;
    let mut segment = Vec::new();
    segment.extend(src.port().to_be_bytes());
    segment.extend(dst.port().to_be_bytes());
    segment.extend(numbers.seq.to_be_bytes());
    segment.extend(numbers.ack.to_be_bytes());
    // Options take at most ten words.
    segment.extend([(words as u8) << 4 | u8::from(ae), flags]);
    segment.extend(line.win.unwrap_or(0).to_be_bytes());
    segment.extend([0, 0]);
    segment.extend(line.urg.unwrap_or(0).to_be_bytes());
    segment.extend(options);
    segment.extend(pattern::text(Stream::In, offset, usize::from(line.seq.len)));
    seal(&mut segment, 16, src.ip(), dst.ip(), TCP);
    packet(src.ip(), dst.ip(), TCP, marks, &segment)
}

/// The packet of a UDP line.
pub fn udp(
    ports: Option<Ports>,
    len: u16,
    marks: &Marks,
    flow: &Flow,
) -> Result<Vec<u8>, Uncraftable> {
    let (src, dst) = ends(flow, ports)?;
    let whole = len.checked_add(8).ok_or(Uncraftable::TooLong)?;
    let mut datagram = Vec::new();
    datagram.extend(src.port().to_be_bytes());
    datagram.extend(dst.port().to_be_bytes());
    datagram.extend(whole.to_be_bytes());
    datagram.extend([0, 0]);
    datagram.extend(pattern::text(Stream::In, 0, usize::from(len)));
    seal(&mut datagram, 6, src.ip(), dst.ip(), UDP);
    packet(src.ip(), dst.ip(), UDP, marks, &datagram)
}

/// The packet of an ICMP line: it quotes a packet of ours.
pub fn icmp(line: &Icmp, marks: &Marks, flow: &Flow) -> Result<Vec<u8>, Uncraftable> {
    let (far, near) = ends(flow, None)?;
    let mut message = vec![line.kind, line.code, 0, 0];
    match (line.mtu, far.is_ipv6()) {
        (Some(mtu), true) => message.extend(mtu.to_be_bytes()),
        // RFC 1191 section 4: the lower half of the word that was unused. Parsed as 16 bits.
        (Some(mtu), false) => message.extend((mtu & 0xffff).to_be_bytes()),
        (None, _) => {
            message.extend(line.id.unwrap_or(0).to_be_bytes());
            message.extend([0, 0]);
        }
    }
    match line.quote {
        Some(Quote::Raw(len)) => {
            message.extend(pattern::text(Stream::In, 0, usize::from(len)));
        }
        Some(Quote::Udp(len)) => message.extend(quoted_udp(near, far, len)?),
        Some(Quote::Tcp(seq)) => {
            let start = flow.live_isn().wrapping_add(seq.start.unwrap_or(0));
            message.extend(quoted_tcp(near, far, start, seq.len)?);
        }
        None if line.id.is_some() => {}
        None => message.extend(quoted_tcp(near, far, flow.live_isn(), 0)?),
    }
    let protocol = match far.is_ipv6() {
        true => {
            seal(&mut message, 2, far.ip(), near.ip(), ICMP_V6);
            ICMP_V6
        }
        false => {
            // RFC 792: the sum covers the message alone.
            let sum = Sum::new().add(&message).checksum();
            message[2..4].copy_from_slice(&sum.to_be_bytes());
            ICMP
        }
    };
    packet(far.ip(), near.ip(), protocol, marks, &message)
}

/// An IP header and the first 8 bytes of a segment of ours with `len` bytes of text.
fn quoted_tcp(
    near: SocketAddr,
    far: SocketAddr,
    seq: u32,
    len: u16,
) -> Result<Vec<u8>, Uncraftable> {
    let mut head = Vec::new();
    head.extend(near.port().to_be_bytes());
    head.extend(far.port().to_be_bytes());
    head.extend(seq.to_be_bytes());
    quoted(near.ip(), far.ip(), TCP, &head, 20 + usize::from(len))
}

fn quoted_udp(near: SocketAddr, far: SocketAddr, len: u16) -> Result<Vec<u8>, Uncraftable> {
    let whole = len.checked_add(8).ok_or(Uncraftable::TooLong)?;
    let mut head = Vec::new();
    head.extend(near.port().to_be_bytes());
    head.extend(far.port().to_be_bytes());
    head.extend(whole.to_be_bytes());
    head.extend([0, 0]);
    quoted(near.ip(), far.ip(), UDP, &head, usize::from(whole))
}

/// A header whose length counts a payload of `len` bytes, and as much of it as `head` is.
fn quoted(
    src: IpAddr,
    dst: IpAddr,
    protocol: u8,
    head: &[u8],
    len: usize,
) -> Result<Vec<u8>, Uncraftable> {
    let mut bytes = header(src, dst, protocol, &Marks::default(), len)?;
    bytes.extend(head);
    Ok(bytes)
}

/// The far end's address and ours. Ports of a line overwrite those of the connection.
fn ends(flow: &Flow, ports: Option<Ports>) -> Result<(SocketAddr, SocketAddr), Misfit> {
    let (mut far, mut near) = match (flow.remote, flow.local) {
        (Some(remote), Some(local)) => (remote, local),
        _ => return Err(Misfit::NoConnection),
    };
    if let Some(ports) = ports {
        far.set_port(ports.src);
        near.set_port(ports.dst);
    }
    Ok((far, near))
}

fn packet(
    src: IpAddr,
    dst: IpAddr,
    protocol: u8,
    marks: &Marks,
    payload: &[u8],
) -> Result<Vec<u8>, Uncraftable> {
    let mut bytes = header(src, dst, protocol, marks, payload.len())?;
    bytes.extend(payload);
    Ok(bytes)
}

/// TTL 255 unless marked, TOS 0 unless marked, id 0, no DF.
fn header(
    src: IpAddr,
    dst: IpAddr,
    protocol: u8,
    marks: &Marks,
    payload: usize,
) -> Result<Vec<u8>, Uncraftable> {
    let tos = match marks.tos {
        None => 0,
        Some(Tos::Ecn(ecn)) => ecn,
        // The parser lets it pass on outbound lines alone.
        Some(Tos::EctAny) => 2,
        Some(Tos::Byte(byte)) => byte,
        Some(Tos::Dscp(dscp, ecn)) => dscp << 2 | ecn.unwrap_or(0),
    };
    let ttl = marks.ttl.unwrap_or(255);
    let mut out = [0; 40];
    let written = match (src, dst) {
        (IpAddr::V4(src), IpAddr::V4(dst)) => ipv4::Header {
            src,
            dst,
            protocol,
            ttl,
            tos,
            identification: 0,
            dont_fragment: false,
            more_fragments: false,
            fragment_offset: 0,
            options: &[],
        }
        .emit(payload, &mut out),
        (IpAddr::V6(src), IpAddr::V6(dst)) => ipv6::Header {
            src,
            dst,
            next_header: protocol,
            hop_limit: ttl,
            traffic_class: tos,
            flow_label: marks.flow.unwrap_or(0),
        }
        .emit(payload, &mut out),
        _ => return Err(Misfit::NoConnection.into()),
    };
    match written {
        0 => Err(Uncraftable::TooLong),
        len => Ok(out[..len].to_vec()),
    }
}

/// Puts the checksum over pseudo-header and payload in its place.
fn seal(payload: &mut [u8], at: usize, src: IpAddr, dst: IpAddr, protocol: u8) {
    let len = u32::try_from(payload.len()).unwrap_or(u32::MAX);
    let sum = pseudo_header(src, dst, protocol, len)
        .add(payload)
        .checksum();
    payload[at..at + 2].copy_from_slice(&sum.to_be_bytes());
}

/// Exactly the options listed, in their order.
fn options(line: &Tcp, flow: &Flow, settings: &Settings) -> Result<Vec<u8>, Misfit> {
    let Options::These(list) = &line.options else {
        return Ok(Vec::new());
    };
    let mut bytes = Vec::new();
    for option in list {
        match option {
            TcpOption::Sack(blocks) => {
                let syn = line.flags.has(Flags::SYN);
                let ours = |edge: u32| match line.flags.has(Flags::ACK) {
                    true => flow.ours_on_wire(edge, syn),
                    false => edge,
                };
                let on_wire = blocks.iter().map(|(l, r)| (ours(*l), ours(*r))).collect();
                bytes.extend(plain(&TcpOption::Sack(on_wire)));
            }
            TcpOption::Timestamps {
                value,
                echo,
                literal_echo,
            } if line.flags.has(Flags::ACK) && !literal_echo => {
                let echo = flow.echo(*echo, settings.echo_scaled)?;
                bytes.extend(plain(&TcpOption::Timestamps {
                    value: *value,
                    echo,
                    literal_echo: true,
                }));
            }
            option => bytes.extend(plain(option)),
        }
    }
    Ok(bytes)
}

/// An option's bytes, its numbers as they are.
pub fn plain(option: &TcpOption) -> Vec<u8> {
    let with_length = |kind: u8, body: &[u8]| {
        // An option fits 40 bytes, or the parser would have refused it.
        let mut bytes = vec![kind, 2 + body.len() as u8];
        bytes.extend(body);
        bytes
    };
    match option {
        TcpOption::Nop => vec![1],
        TcpOption::Eol => vec![0],
        TcpOption::Mss(size) => with_length(2, &size.to_be_bytes()),
        TcpOption::WindowScale(shift) => with_length(3, &[*shift]),
        TcpOption::SackPermitted => with_length(4, &[]),
        TcpOption::Sack(blocks) => {
            let edges = blocks.iter().flat_map(|(left, right)| [left, right]);
            let body: Vec<u8> = edges.flat_map(|edge| edge.to_be_bytes()).collect();
            with_length(5, &body)
        }
        TcpOption::Timestamps { value, echo, .. } => {
            let stamps = [value.unwrap_or(0), *echo];
            let body: Vec<u8> = stamps
                .iter()
                .flat_map(|stamp| stamp.to_be_bytes())
                .collect();
            with_length(8, &body)
        }
        TcpOption::FastOpen(cookie) => with_length(34, cookie),
        // RFC 6994 section 3: a magic number says whose experiment it is.
        TcpOption::FastOpenExperimental(cookie) => {
            with_length(254, &[&[0xf9, 0x89], cookie.as_slice()].concat())
        }
        TcpOption::Md5(digest) => with_length(19, &digest.clone().unwrap_or(vec![0; 16])),
        TcpOption::AccEcn { kind, counters } => {
            let bytes = counters
                .iter()
                .flat_map(|n| n.to_be_bytes().into_iter().skip(1));
            with_length(*kind, &Vec::from_iter(bytes))
        }
        TcpOption::Generic(kind, body) => with_length(*kind, body),
        TcpOption::Raw(bytes) => bytes.clone(),
        TcpOption::Unsupported(_) => Vec::new(),
    }
}

const TCP: u8 = 6;
const UDP: u8 = 17;
const ICMP: u8 = 1;
const ICMP_V6: u8 = 58;

#[cfg(test)]
mod tests;
