//! Datagrams in fragments: what pellucid puts together of them, and what smoltcp does.
//!
//! Cut anywhere, in any order, some pieces twice, some with a bit changed: both hosts must hand the
//! same bytes to the application, or both nothing. smoltcp 0.14 reassembles IPv4 alone, in at most
//! four runs at a time, and takes what overlaps; so pieces here are few, and those that come twice
//! are the same.

use pellucid::base::{Instant, Random, Received, Seed};
use pellucid::stack::{Config, Stack, UdpId};
use smoltcp::iface::{self, Interface, SocketHandle, SocketSet};
use smoltcp::phy::ChecksumCapabilities;
use smoltcp::socket::udp::{PacketBuffer, PacketMetadata, Socket};
use smoltcp::wire::{
    HardwareAddress, IpAddress, IpCidr, IpProtocol, Ipv4Address, Ipv4Packet, Ipv4Repr, UdpPacket,
    UdpRepr,
};

use super::theirs::Queues;

const US: Ipv4Address = Ipv4Address::new(10, 0, 0, 1);
const PEER: Ipv4Address = Ipv4Address::new(10, 0, 0, 2);
const PORT: u16 = 4_000;

/// Two hosts with the same address, and a socket each.
struct Both {
    ours: (Stack, UdpId),
    theirs: (Interface, Queues, SocketSet<'static>, SocketHandle),
    at: u64,
}

impl Both {
    fn new() -> Both {
        let config = Config::new(vec![(US.into(), 24)]);
        let mut stack = Stack::new(config, Seed::from_number(1));
        let local = std::net::SocketAddr::new(US.into(), PORT);
        let id = stack.udp_bind(Instant::BIRTH, local).expect("a free port");

        let mut device = Queues::default();
        let mut config = iface::Config::new(HardwareAddress::Ip);
        config.random_seed = 1;
        let now = smoltcp::time::Instant::ZERO;
        let mut iface = Interface::new(config, &mut device, now);
        iface.update_ip_addrs(|list| {
            let cidr = IpCidr::new(IpAddress::Ipv4(US), 24);
            list.push(cidr).expect("room for one");
        });
        let buffer = || PacketBuffer::new(vec![PacketMetadata::EMPTY; 4], vec![0; 1 << 17]);
        let mut socket = Socket::new(buffer(), buffer());
        socket.bind(PORT).expect("a free port");
        let mut sockets = SocketSet::new(Vec::new());
        let handle = sockets.add(socket);
        Both {
            ours: (stack, id),
            theirs: (iface, device, sockets, handle),
            at: 0,
        }
    }

    /// Lets both take the packets, each in its turn.
    fn take(&mut self, packets: &[Vec<u8>]) {
        for packet in packets {
            self.at += 1_000;
            let now = Instant::from_nanos(self.at * 1_000);
            self.ours.0.receive(now, Received::plain(packet));
            while self.ours.0.poll_transmit(now).is_some() {}
            let (iface, device, sockets, _) = &mut self.theirs;
            device.arrive(packet.clone());
            let now = smoltcp::time::Instant::from_micros(self.at as i64);
            iface.poll(now, device, sockets);
        }
    }

    /// What both hand to the application: first ours, then theirs.
    fn delivered(&mut self) -> [Option<Vec<u8>>; 2] {
        let now = Instant::from_nanos(self.at * 1_000);
        let mut room = vec![0; 65_535];
        let (stack, id) = &mut self.ours;
        let came = stack.udp_receive(now, *id, &mut room);
        let ours = came.ok().map(|came| room[..came.len].to_vec());
        let (_, _, sockets, handle) = &mut self.theirs;
        let socket = sockets.get_mut::<Socket<'_>>(*handle);
        let theirs = socket.recv().ok().map(|(text, _)| text.to_vec());
        [ours, theirs]
    }
}

/// A datagram as smoltcp writes it.
fn datagram(text: &[u8]) -> Vec<u8> {
    let ports = UdpRepr {
        src_port: 4_321,
        dst_port: PORT,
    };
    let mut bytes = vec![0; ports.header_len() + text.len()];
    let mut packet = UdpPacket::new_unchecked(&mut bytes[..]);
    let write = |out: &mut [u8]| out.copy_from_slice(text);
    let sums = ChecksumCapabilities::default();
    ports.emit(
        &mut packet,
        &PEER.into(),
        &US.into(),
        text.len(),
        write,
        &sums,
    );
    bytes
}

/// A piece of it, in a packet whose header smoltcp writes and sums.
fn fragment(id: u16, whole: &[u8], from: usize, to: usize) -> Vec<u8> {
    let header = Ipv4Repr {
        src_addr: PEER,
        dst_addr: US,
        next_header: IpProtocol::Udp,
        payload_len: to - from,
        hop_limit: 64,
    };
    let mut bytes = vec![0; header.buffer_len() + to - from];
    bytes[header.buffer_len()..].copy_from_slice(&whole[from..to]);
    let mut packet = Ipv4Packet::new_unchecked(&mut bytes[..]);
    header.emit(&mut packet, &ChecksumCapabilities::default());
    packet.set_dont_frag(false);
    packet.set_ident(id);
    packet.set_frag_offset(from as u16);
    packet.set_more_frags(to < whole.len());
    packet.fill_checksum();
    bytes
}

/// Cuts a datagram in up to five pieces, at multiples of eight.
fn cut(random: &mut Random, id: u16, whole: &[u8]) -> Vec<Vec<u8>> {
    let mut places: Vec<usize> = (0..random.below(5))
        .map(|_| random.below(whole.len() as u32) as usize / 8 * 8)
        .chain([0, whole.len()])
        .collect();
    places.sort_unstable();
    places.dedup();
    let pieces = places.windows(2);
    pieces
        .map(|ends| fragment(id, whole, ends[0], ends[1]))
        .collect()
}

fn shuffle<T>(random: &mut Random, list: &mut [T]) {
    for last in (1..list.len()).rev() {
        list.swap(last, random.below(last as u32 + 1) as usize);
    }
}

#[test]
fn what_is_put_together_is_what_smoltcp_puts_together() {
    let mut random = Random::new(Seed::from_number(815));
    let mut both = Both::new();
    let (mut whole, mut refused) = (0, 0);
    for id in 1..=600 {
        let len = random.below(if id % 4 == 0 { 65_507 } else { 3_000 });
        let text: Vec<u8> = (0..len).map(|_| random.next_u32() as u8).collect();
        let mut pieces = cut(&mut random, id, &datagram(&text));
        shuffle(&mut random, &mut pieces);
        let fate = random.below(4);
        let at = random.below(pieces.len() as u32) as usize;
        let spoilt = fate == 0;
        if spoilt {
            let piece = &mut pieces[at];
            let byte = 20 + random.below(piece.len() as u32 - 20) as usize;
            piece[byte] ^= 1 << random.below(8);
        } else if fate == 1 && pieces.len() > 1 {
            // In front: what comes behind a whole datagram begins another.
            let again = pieces[at].clone();
            pieces.insert(0, again);
        }
        both.take(&pieces);
        let [ours, theirs] = both.delivered();
        assert_eq!(
            ours,
            theirs,
            "datagram {id} of {len} bytes in {} pieces",
            pieces.len()
        );
        match ours {
            Some(ours) => {
                assert!(ours == text && !spoilt, "datagram {id}");
                whole += 1;
            }
            None => refused += 1,
        }
        // Whatever is left of a datagram must not meet the next one's pieces: both forget in time.
        both.at += 120_000_000;
    }
    assert!(
        whole > 300 && refused > 80,
        "{whole} whole, {refused} refused"
    );
}
