//! Packets as somebody else writes and reads them: etherparse's headers, its checksums.

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use etherparse::{
    IpNumber, Ipv4Header, Ipv6Header, NetHeaders, PacketHeaders, TcpHeader, TcpOptionElement,
    TransportHeader, UdpHeader,
};
use pellucid::base::{Offload, Offloads, Pieces, Transmit};
use pellucid::device::{Capabilities, Device, RxBuffer};
use pellucid::wire::offload::finish;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// A whole IP packet with a UDP datagram in it.
pub fn datagram(from: SocketAddr, to: SocketAddr, text: &[u8]) -> Vec<u8> {
    let (src_port, dst_port) = (from.port(), to.port());
    let len = u16::try_from(UdpHeader::LEN + text.len()).expect("a short text");
    let (ip, udp) = match (from.ip(), to.ip()) {
        (IpAddr::V4(from), IpAddr::V4(to)) => {
            let (from, to) = (from.octets(), to.octets());
            let mut ip = Ipv4Header::new(len, 64, IpNumber::UDP, from, to).expect("a short text");
            ip.header_checksum = ip.calc_header_checksum();
            let udp = UdpHeader::with_ipv4_checksum(src_port, dst_port, &ip, text);
            (ip.to_bytes().to_vec(), udp)
        }
        (IpAddr::V6(from), IpAddr::V6(to)) => {
            let ip = Ipv6Header {
                payload_length: len,
                next_header: IpNumber::UDP,
                hop_limit: 64,
                source: from.octets(),
                destination: to.octets(),
                ..Ipv6Header::default()
            };
            let udp = UdpHeader::with_ipv6_checksum(src_port, dst_port, &ip, text);
            (ip.to_bytes().to_vec(), udp)
        }
        _ => panic!("two addresses of one family"),
    };
    [&ip, &udp.expect("a short text").to_bytes()[..], text].concat()
}

/// Sends a packet as a stack does: its headers from one place, its text from two.
pub fn send(device: &dyn Device, packet: &[u8]) -> std::io::Result<()> {
    let (head, text) = packet.split_at(packet.len().min(28));
    let (first, second) = text.split_at(text.len() / 2);
    device.transmit(&Transmit::plain(head, Pieces(first, second)))
}

/// The kernel's segment turned round: we agree to a connection, and never acknowledge more.
pub fn syn_ack(syn: &Segment) -> Vec<u8> {
    let (IpAddr::V4(from), IpAddr::V4(to)) = (syn.to.ip(), syn.from.ip()) else {
        panic!("IPv4 does here");
    };
    let mut tcp = TcpHeader::new(syn.to.port(), syn.from.port(), 0, 65_535);
    tcp.syn = true;
    tcp.ack = true;
    tcp.acknowledgment_number = syn.header.sequence_number.wrapping_add(1);
    tcp.set_options(&[TcpOptionElement::MaximumSegmentSize(1400)])
        .expect("room for one");
    let len = u16::try_from(tcp.header_len()).expect("60 at most");
    let (from, to) = (from.octets(), to.octets());
    let mut ip = Ipv4Header::new(len, 64, IpNumber::TCP, from, to).expect("a short text");
    ip.header_checksum = ip.calc_header_checksum();
    tcp.checksum = tcp.calc_checksum_ipv4(&ip, &[]).expect("a short text");
    [&ip.to_bytes()[..], &tcp.to_bytes()[..]].concat()
}

/// A datagram that arrived.
#[derive(Debug, PartialEq, Eq)]
pub struct Arrived {
    pub from: SocketAddr,
    pub to: SocketAddr,
    pub text: Vec<u8>,
}

/// A segment that arrived.
#[derive(Debug)]
pub struct Segment {
    pub from: SocketAddr,
    pub to: SocketAddr,
    pub header: TcpHeader,
    pub text: Vec<u8>,
}

/// The next UDP datagram. What the kernel says on its own account is passed over.
pub fn next_datagram(device: &dyn Device) -> Arrived {
    next(device, |packet| {
        let (from, to, TransportHeader::Udp(udp), text) = parse(packet)? else {
            return None;
        };
        let (from, to) = (
            SocketAddr::new(from, udp.source_port),
            SocketAddr::new(to, udp.destination_port),
        );
        Some(Arrived { from, to, text })
    })
}

/// The next TCP segment over IPv4, likewise.
pub fn next_segment(device: &dyn Device) -> Segment {
    next(device, |packet| {
        let (from, to, TransportHeader::Tcp(header), text) = parse(packet)? else {
            return None;
        };
        Some(Segment {
            from: SocketAddr::new(from, header.source_port),
            to: SocketAddr::new(to, header.destination_port),
            header,
            text,
        })
    })
}

/// The next packet of which `read` makes something. From a device that does nothing but carry, none
/// is longer than the MTU; what another has left to do is done here.
fn next<T>(device: &dyn Device, read: impl Fn(&[u8]) -> Option<T>) -> T {
    let Capabilities { mtu, offloads, .. } = device.capabilities();
    let mut buf = RxBuffer::new();
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        let Some(received) = device.receive(&mut buf).expect("the device is up") else {
            wait(device);
            continue;
        };
        let mut packet = received.bytes.to_vec();
        if offloads == Offloads::NONE {
            assert_eq!(received.offload, Offload::default());
            assert!(packet.len() <= mtu.into(), "{} bytes", packet.len());
        }
        assert!(finish(&mut packet, received.offload.checksum));
        if let Some(read) = read(&packet) {
            return read;
        }
    }
    panic!("nothing arrived");
}

/// Takes what comes in, as a driver does, until the kernel's socket has something to read. A
/// device that speaks Ethernet answers its neighbour meanwhile.
pub fn serve_until(device: &dyn Device, socket: &UdpSocket) {
    let mut buf = RxBuffer::new();
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        let fd = device.poll_fd().expect("a device of the kernel");
        let mut fds = [fd, socket.as_fd()].map(of_input);
        poll(&mut fds, Some(&A_SECOND)).expect("poll");
        if !fds[1].revents().is_empty() {
            return;
        }
        device.receive(&mut buf).expect("the device is up");
    }
    panic!("nothing reached the kernel");
}

/// Sleeps on the device's descriptor, as a driver does.
pub fn wait(device: &dyn Device) {
    let fd = device.poll_fd().expect("a device of the kernel");
    poll(&mut [of_input(fd)], Some(&A_SECOND)).expect("poll");
}

fn of_input(fd: BorrowedFd<'_>) -> PollFd<'_> {
    PollFd::from_borrowed_fd(fd, PollFlags::IN)
}

/// Addresses, header and text of a datagram or a segment with right lengths and checksums.
fn parse(packet: &[u8]) -> Option<(IpAddr, IpAddr, TransportHeader, Vec<u8>)> {
    let headers = PacketHeaders::from_ip_slice(packet).expect("an IP packet");
    let transport = headers.transport?;
    let text = headers.payload.slice();
    let (from, to, stands, right) = match (headers.net?, &transport) {
        (NetHeaders::Ipv4(ip, _), TransportHeader::Udp(udp)) => {
            check_ipv4(&ip, packet);
            let right = udp.calc_checksum_ipv4(&ip, text);
            (ip.source.into(), ip.destination.into(), udp.checksum, right)
        }
        (NetHeaders::Ipv4(ip, _), TransportHeader::Tcp(tcp)) => {
            check_ipv4(&ip, packet);
            let right = tcp.calc_checksum_ipv4(&ip, text);
            (ip.source.into(), ip.destination.into(), tcp.checksum, right)
        }
        (NetHeaders::Ipv6(ip, _), TransportHeader::Udp(udp)) => {
            let right = udp.calc_checksum_ipv6(&ip, text);
            (ip.source.into(), ip.destination.into(), udp.checksum, right)
        }
        _ => return None,
    };
    assert_eq!(stands, right.expect("a short text"), "checksum");
    Some((from, to, transport, text.to_vec()))
}

fn check_ipv4(ip: &Ipv4Header, packet: &[u8]) {
    assert_eq!(ip.header_checksum, ip.calc_header_checksum());
    assert_eq!(usize::from(ip.total_len), packet.len());
}

/// Longer than anything on a machine's own wires takes.
pub const PATIENCE: Duration = Duration::from_secs(10);
const A_SECOND: Timespec = Timespec {
    tv_sec: 1,
    tv_nsec: 0,
};
