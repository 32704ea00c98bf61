//! What the steps cost that every segment goes through, for `scripts/cost`, which counts
//! instructions.
//!
//! ```text
//! spine COUNT [IDLE] [counted]
//! ```
//!
//! Two stacks with IDLE connections that say nothing, one thread, virtual time: COUNT segments of
//! 1448 bytes with timestamps from one to the other, acknowledged in twos, then a hundredth as many
//! connections that are opened, accepted and closed at both ends. Each step is a function of its
//! own, whose name callgrind is told; the program prints how often each was called. `counted` has
//! both stacks watched by somebody who counts all that happens.

use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use pellucid::base::{Checksum, Instant, Offload, Received, Seed, Transmit};
use pellucid::observe::Counters;
use pellucid::stack::{Config, ConnId, ListenerId, Stack};

fn main() {
    let is_counted = std::env::args().any(|text| text == "counted");
    let numbers = std::env::args()
        .skip(1)
        .filter(|text| text != "counted")
        .map(|text| text.parse());
    let (count, idle) = match numbers.collect::<Vec<_>>()[..] {
        [Ok(count)] => (count, 0),
        [Ok(count), Ok(idle)] => (count, idle),
        _ => {
            eprintln!("usage: spine COUNT [IDLE] [counted]");
            std::process::exit(2);
        }
    };
    let mut pair = Pair::new();
    if is_counted {
        for stack in [&mut pair.sender, &mut pair.receiver] {
            stack.observe(Box::new(Counters::default()));
        }
    }
    for _ in 0..idle {
        pair.connection();
    }
    pair.rest();
    let (from, to) = pair.connection();
    while pair.segments < count {
        pair.round(from, to);
    }
    let connections = (count / 100).max(1);
    for _ in 0..connections {
        pair.one_connection();
    }
    println!("send_segment {}", pair.segments);
    println!("receive_segment {}", pair.segments);
    println!("send_ack {}", pair.acks);
    println!("receive_ack {}", pair.acks);
    println!("one_connection {connections}");
}

struct Pair {
    sender: Stack,
    receiver: Stack,
    listener: ListenerId,
    now: Instant,
    packet: Vec<u8>,
    text: Vec<u8>,
    segments: u64,
    acks: u64,
}

impl Pair {
    fn new() -> Pair {
        let now = Instant::from_nanos(1_000_000_000);
        let mut receiver = stack(2);
        let listener = receiver.listen(now, server(), 8).expect("a free port");
        Pair {
            sender: stack(1),
            receiver,
            listener,
            now,
            packet: Vec::new(),
            text: vec![1; BUFFER as usize],
            segments: 0,
            acks: 0,
        }
    }

    fn connection(&mut self) -> (ConnId, ConnId) {
        let from = self.sender.open(self.now, server(), None);
        self.carry();
        let to = self.receiver.accept(self.now, self.listener);
        (from.expect("a way there"), to.expect("a connection"))
    }

    /// A buffer full of text and its acknowledgments.
    fn round(&mut self, from: ConnId, to: ConnId) {
        self.now += Duration::from_millis(1);
        while self.sender.write(self.now, from, &self.text).is_ok() {}
        while let Some(packet) = send_segment(&mut self.sender, self.now) {
            copy(&packet, &mut self.packet);
            receive_segment(&mut self.receiver, self.now, &self.packet);
            self.segments += 1;
            if self.segments.is_multiple_of(2) {
                self.acknowledge();
            }
        }
        while self.receiver.read(self.now, to, &mut self.text).is_ok() {}
        self.acknowledge();
        for stack in [&mut self.sender, &mut self.receiver] {
            stack.handle_timeout(self.now);
            while stack.poll_notice().is_some() {}
        }
    }

    fn acknowledge(&mut self) {
        while let Some(packet) = send_ack(&mut self.receiver, self.now) {
            copy(&packet, &mut self.packet);
            receive_ack(&mut self.sender, self.now, &self.packet);
            self.acks += 1;
        }
    }

    /// From SYN to the last ACK.
    #[inline(never)]
    fn one_connection(&mut self) {
        let (from, to) = self.connection();
        self.sender.close(self.now, from);
        self.carry();
        self.receiver.close(self.now, to);
        self.carry();
        self.rest();
    }

    /// So long that TIME-WAIT is over, and whatever does nothing has come to rest.
    fn rest(&mut self) {
        self.now += Duration::from_secs(120);
        for stack in [&mut self.sender, &mut self.receiver] {
            stack.handle_timeout(self.now);
            while stack.poll_notice().is_some() {}
        }
        self.carry();
    }

    /// All that either has to send.
    fn carry(&mut self) {
        let Pair {
            sender, receiver, ..
        } = self;
        loop {
            let there = all(sender, receiver, self.now, &mut self.packet);
            let back = all(receiver, sender, self.now, &mut self.packet);
            if !there && !back {
                return;
            }
        }
    }
}

/// All that one has to send, to the other; whether there was any.
fn all(from: &mut Stack, to: &mut Stack, now: Instant, room: &mut Vec<u8>) -> bool {
    let mut any = false;
    while let Some(packet) = from.poll_transmit(now) {
        copy(&packet, room);
        receive(to, now, room);
        any = true;
    }
    any
}

#[inline(never)]
fn send_segment(stack: &mut Stack, now: Instant) -> Option<Transmit<'_>> {
    black_box(stack.poll_transmit(now))
}

#[inline(never)]
fn receive_segment(stack: &mut Stack, now: Instant, packet: &[u8]) {
    receive(stack, now, black_box(packet));
}

#[inline(never)]
fn send_ack(stack: &mut Stack, now: Instant) -> Option<Transmit<'_>> {
    // Another body than `send_segment`, or the linker makes one function of both.
    stack.poll_transmit(black_box(now))
}

#[inline(never)]
fn receive_ack(stack: &mut Stack, now: Instant, packet: &[u8]) {
    receive(stack, black_box(now), packet);
}

/// As from a device that has checked it.
fn receive(stack: &mut Stack, now: Instant, packet: &[u8]) {
    let offload = Offload {
        checksum: Checksum::Verified,
        gso: None,
    };
    let packet = Received {
        offload,
        ..Received::plain(packet)
    };
    stack.receive(now, packet);
}

fn copy(packet: &Transmit<'_>, room: &mut Vec<u8>) {
    room.clear();
    for piece in [packet.head, packet.body.0, packet.body.1] {
        room.extend_from_slice(piece);
    }
}

fn addr(last: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(10, 0, 0, last))
}

fn server() -> SocketAddr {
    SocketAddr::new(addr(2), 80)
}

fn stack(last: u8) -> Stack {
    let mut config = Config::new(vec![(addr(last), 24)]);
    let tcp = Arc::make_mut(&mut config.tcp);
    (tcp.receive_buffer, tcp.receive_buffer_max) = (BUFFER, BUFFER);
    (tcp.send_buffer, tcp.send_buffer_max) = (BUFFER, BUFFER);
    Stack::new(config, Seed::from_number(last.into()))
}

const BUFFER: u32 = 256 << 10;
