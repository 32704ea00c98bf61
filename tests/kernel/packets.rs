//! Packets as somebody else writes and reads them: etherparse's headers, its checksums.

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use etherparse::{
    IpNumber, Ipv4Header, Ipv6Header, NetHeaders, PacketHeaders, TransportHeader, UdpHeader,
};
use pellucid::base::{Offload, Pieces, Transmit};
use pellucid::device::{Device, RxBuffer};
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
    device.transmit(&Transmit {
        head,
        body: Pieces(first, second),
        offload: Offload::default(),
    })
}

/// A datagram that arrived, and whether its sums are right.
#[derive(Debug, PartialEq, Eq)]
pub struct Arrived {
    pub from: SocketAddr,
    pub to: SocketAddr,
    pub text: Vec<u8>,
}

/// The next packet that is a UDP datagram to one of us, with right checksums and of right length.
/// What the kernel says on its own account (of groups, of neighbours) is passed over.
pub fn next_datagram(device: &dyn Device) -> Arrived {
    let mtu = usize::from(device.capabilities().mtu);
    let mut buf = RxBuffer::new();
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        let Some(received) = device.receive(&mut buf).expect("the device is up") else {
            wait(device);
            continue;
        };
        assert_eq!(received.offload, Offload::default());
        assert!(
            received.bytes.len() <= mtu,
            "{} bytes",
            received.bytes.len()
        );
        if let Some(arrived) = parse(received.bytes) {
            return arrived;
        }
    }
    panic!("no datagram arrived");
}

/// Sleeps on the device's descriptor, as a driver does.
fn wait(device: &dyn Device) {
    let fd = device.poll_fd().expect("a device of the kernel");
    let mut fds = [PollFd::from_borrowed_fd(fd, PollFlags::IN)];
    let a_second = Timespec {
        tv_sec: 1,
        tv_nsec: 0,
    };
    poll(&mut fds, Some(&a_second)).expect("poll");
}

fn parse(packet: &[u8]) -> Option<Arrived> {
    let headers = PacketHeaders::from_ip_slice(packet).expect("an IP packet");
    let Some(TransportHeader::Udp(udp)) = headers.transport else {
        return None;
    };
    let text = headers.payload.slice();
    let (from, to, sum) = match headers.net.expect("an IP header") {
        NetHeaders::Ipv4(ip, _) => {
            assert_eq!(ip.header_checksum, ip.calc_header_checksum());
            assert_eq!(usize::from(ip.total_len), packet.len());
            let sum = udp.calc_checksum_ipv4(&ip, text);
            (IpAddr::from(ip.source), IpAddr::from(ip.destination), sum)
        }
        NetHeaders::Ipv6(ip, _) => {
            let sum = udp.calc_checksum_ipv6(&ip, text);
            (IpAddr::from(ip.source), IpAddr::from(ip.destination), sum)
        }
        NetHeaders::Arp(_) => panic!("a frame, not a packet"),
    };
    assert_eq!(udp.checksum, sum.expect("a short text"), "checksum");
    Some(Arrived {
        from: SocketAddr::new(from, udp.source_port),
        to: SocketAddr::new(to, udp.destination_port),
        text: text.to_vec(),
    })
}

/// Longer than anything on a machine's own wires takes.
pub const PATIENCE: Duration = Duration::from_secs(10);
