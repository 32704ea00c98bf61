//! What a packet costs a stack, for `scripts/cost`, which counts instructions.
//!
//! ```text
//! cost KIND COUNT [dry]
//! ```
//!
//! It makes a stack that is full of other people's fragments, makes COUNT packets of a kind, and
//! hands them to the stack; with `dry` it does all but the last. What lies between the two counts
//! is the packets' own.

use std::error::Error;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use pellucid::base::{Instant, Received, Seed, Sum};
use pellucid::stack::{Config, ConnId, Stack};

const US: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
const PEER: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 2);

/// Makes so many packets for a host.
type Make = fn(&mut Host, u32) -> Vec<Vec<u8>>;

/// What can be counted, and what makes such packets.
const KINDS: [(&str, Make); 7] = [
    ("segment", segments),
    ("fragment-lone", |_, count| fragments(count, |n| (n, 0, 0))),
    ("fragment-one-source", |_, count| {
        fragments(count, |n| (0, n, 0))
    }),
    ("fragment-holes", |_, count| {
        fragments(count, |n| (n / 4_096, n / 32, n % 32 * 2))
    }),
    ("fragment-in-order", |_, count| {
        fragments(count, |n| (n / 4_096, n / 32, n % 32))
    }),
    ("fragment-again", |_, count| {
        fragments(count, |n| (n / 4_096, n / 64, n % 64 / 2 * 2))
    }),
    ("fragment-overlap", overlaps),
];

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (kind, count, dry) = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [kind, count] => (kind, count.parse()?, false),
        [kind, count, "dry"] => (kind, count.parse()?, true),
        _ => return Err("usage: cost KIND COUNT [dry]".into()),
    };
    let names = KINDS.map(|(name, _)| name).join(", ");
    let made = KINDS.iter().find(|(name, _)| *name == kind);
    let (_, make) = made.ok_or_else(|| format!("{kind} is none of {names}"))?;
    let mut host = Host::new()?;
    let packets = make(&mut host, count);
    if !dry {
        for packet in &packets {
            host.take(packet);
        }
    }
    Ok(())
}

/// A stack with a connection, full of what strangers sent.
struct Host {
    stack: Stack,
    now: Instant,
    connection: ConnId,
    /// What the peer sends next, and what it acknowledges.
    seq: u32,
    ack: u32,
    room: Vec<u8>,
}

impl Host {
    fn new() -> Result<Host, Box<dyn Error>> {
        let config = Config::new(vec![(IpAddr::V4(US), 24)]);
        let mut stack = Stack::new(config, Seed::from_number(1));
        let now = Instant::from_nanos(1_000_000_000);
        let listener = stack.listen(now, SocketAddr::new(IpAddr::V4(US), 80), 1)?;
        stack.receive(now, Received::plain(&segment(999, 0, SYN, b"")));
        let answer = stack.poll_transmit(now).ok_or("no SYN,ACK")?.to_vec();
        let theirs = answer.get(24..28).ok_or("a segment")?.try_into()?;
        let ack = u32::from_be_bytes(theirs).wrapping_add(1);
        stack.receive(now, Received::plain(&segment(1_000, ack, ACK, b"")));
        let connection = stack.accept(now, listener)?;
        let room = vec![0; 4_096];
        let mut host = Host {
            stack,
            now,
            connection,
            seq: 1_000,
            ack,
            room,
        };
        for packet in fragments(FULL, |n| (1 << 20 | n, 0, 0)) {
            host.take(&packet);
        }
        Ok(host)
    }

    /// A packet, and all that a host does about it: the reader reads, answers leave.
    fn take(&mut self, packet: &[u8]) {
        self.now += Duration::from_micros(10);
        let now = self.now;
        self.stack.receive(now, Received::plain(packet));
        let _ = self.stack.read(now, self.connection, &mut self.room);
        while self.stack.poll_notice().is_some() {}
        while self.stack.poll_transmit(now).is_some() {}
        self.stack.handle_timeout(now);
    }
}

/// In order, a hundred bytes each: robustness's unit.
fn segments(host: &mut Host, count: u32) -> Vec<Vec<u8>> {
    let next = |n: u32| segment(host.seq + n * 100, host.ack, ACK, &[0x5a; 100]);
    (0..count).map(next).collect()
}

/// Fragments of eight bytes; `place` says source, identification and offset in eights of each.
fn fragments(count: u32, place: impl Fn(u32) -> (u32, u32, u32)) -> Vec<Vec<u8>> {
    let fragment = |n| {
        let (source, id, offset) = place(n);
        let src = Ipv4Addr::from_bits(0x0b00_0000 + source);
        // More fragments: none is ever whole.
        let flags = 0x2000 | offset as u16;
        ip(src, 17, id as u16, flags, &[0x5a; 8])
    };
    (0..count).map(fragment).collect()
}

/// Pairs: sixteen bytes, and eight of them again with other bytes in them.
fn overlaps(_: &mut Host, count: u32) -> Vec<Vec<u8>> {
    let one = |n: u32| {
        let src = Ipv4Addr::from_bits(0x0b00_0000 + n / 512);
        let id = (n / 2) as u16;
        match n % 2 {
            0 => ip(src, 17, id, 0x2000, &[0x5a; 16]),
            _ => ip(src, 17, id, 0x2001, &[0xa5; 8]),
        }
    };
    (0..count).map(one).collect()
}

/// RFC 791 section 3.1.
fn ip(src: Ipv4Addr, protocol: u8, id: u16, flags: u16, payload: &[u8]) -> Vec<u8> {
    let [l0, l1] = (20 + payload.len() as u16).to_be_bytes();
    let ([i0, i1], [f0, f1]) = (id.to_be_bytes(), flags.to_be_bytes());
    let mut packet = vec![0x45, 0, l0, l1, i0, i1, f0, f1, 64, protocol, 0, 0];
    packet.extend(src.octets());
    packet.extend(US.octets());
    let sum = Sum::new().add(&packet).checksum().to_be_bytes();
    packet[10..12].copy_from_slice(&sum);
    packet.extend(payload);
    packet
}

/// RFC 9293 section 3.1, from port 4321 to port 80.
fn segment(seq: u32, ack: u32, flags: u8, text: &[u8]) -> Vec<u8> {
    let mut bytes = [4_321_u16, 80].map(u16::to_be_bytes).concat();
    bytes.extend([seq, ack].map(u32::to_be_bytes).concat());
    bytes.extend([5 << 4, flags, 0xff, 0xff, 0, 0, 0, 0]);
    bytes.extend(text);
    let len = (bytes.len() as u16).to_be_bytes();
    let pseudo = [&PEER.octets()[..], &US.octets(), &[0, 6], &len].concat();
    let sum = Sum::new().add(&pseudo).add(&bytes).checksum();
    bytes[16..18].copy_from_slice(&sum.to_be_bytes());
    ip(PEER, 6, 0, 0x4000, &bytes)
}

const SYN: u8 = 0x02;
const ACK: u8 = 0x10;
/// More than what is kept of fragments, by any bound.
const FULL: u32 = 20_000;
