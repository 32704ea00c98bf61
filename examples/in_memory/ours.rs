//! Two stacks of ours.

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time;

use pellucid::base::{Bytes, Chunk, Instant, Memory, Offload, Offloads, Received, Seed};
use pellucid::stack::{Config, ConnId, Stack};

use super::generic::Generic;
use super::{CALL, Carried, How, Pair, Row, Writer, check};

pub struct Ours {
    sender: Stack,
    receiver: Stack,
    from: ConnId,
    to: ConnId,
    there: Wire,
    /// The same direction where super-segments are cut and joined.
    generic: Generic,
    back: Wire,
    how: How,
    birth: time::Instant,
    writer: Writer,
    /// The text as it changes hands.
    owned: Bytes,
    room: Vec<u8>,
    carried: Carried,
}

/// One direction: packets in memory that whoever receives them may hold on to.
#[derive(Default)]
struct Wire {
    packets: VecDeque<(Memory, Offload)>,
    /// What was carried before, the longest ago first; the reader may hold some of it still.
    spare: VecDeque<Memory>,
    carried: u64,
}

impl Ours {
    pub fn new(row: Row, buffer: u32) -> Ours {
        let mut sender = stack(1, row, buffer);
        let mut receiver = stack(2, row, buffer);
        let server = SocketAddr::new(addr(2), 80);
        let now = Instant::BIRTH;
        let listener = receiver.listen(now, server, 1).expect("a free port");
        let from = sender.open(now, server, None).expect("a way there");
        let (mut there, mut back) = (Wire::default(), Wire::default());
        for _ in 0..2 {
            send(&mut sender, now, &mut there);
            receive(&mut receiver, now, &mut there);
            send(&mut receiver, now, &mut back);
            receive(&mut sender, now, &mut back);
        }
        let to = receiver.accept(now, listener).expect("a connection");
        Ours {
            sender,
            receiver,
            from,
            to,
            there,
            generic: Generic::new(row),
            back,
            how: row.ours,
            birth: time::Instant::now(),
            owned: Bytes::from(Writer::new().text),
            writer: Writer::new(),
            room: vec![0; CALL],
            carried: Carried::default(),
        }
    }

    fn write(&mut self, now: Instant) {
        loop {
            let taken = match self.how.is_owned() {
                true => {
                    let mut text = self.owned.slice(self.writer.range());
                    self.sender.write_owned(now, self.from, &mut text)
                }
                false => self.sender.write(now, self.from, self.writer.next()),
            };
            let Ok(count) = taken else { return };
            self.writer.wrote(count);
        }
    }

    /// What comes next, if it is not to be copied.
    fn chunk(&mut self, now: Instant) -> Option<Chunk> {
        match self.how.is_owned() {
            true => self.receiver.read_chunk(now, self.to),
            false => None,
        }
    }

    fn now(&self) -> Instant {
        Instant::BIRTH + self.birth.elapsed()
    }

    fn read(&mut self, now: Instant) {
        while let Some(chunk) = self.chunk(now) {
            check(self.carried.bytes, &chunk);
            self.carried.bytes += chunk.len() as u64;
        }
        while let Ok(count) = self.receiver.read(now, self.to, &mut self.room) {
            check(self.carried.bytes, &self.room[..count]);
            self.carried.bytes += count as u64;
        }
    }
}

impl Pair for Ours {
    fn turn(&mut self) {
        let now = self.now();
        self.sender.handle_timeout(now);
        self.write(now);
        if self.how.is_generic() {
            // As much at once as a batch holds.
            while self.generic.send(&mut self.sender, now) {
                self.receiver.handle_timeout(now);
                self.generic.receive(&mut self.receiver, now);
                self.read(now);
            }
            self.carried.segments = self.generic.segments;
        }
        send(&mut self.sender, now, &mut self.there);
        while self.sender.poll_notice().is_some() {}

        let now = self.now();
        self.receiver.handle_timeout(now);
        self.carried.segments += receive(&mut self.receiver, now, &mut self.there);
        self.read(now);
        send(&mut self.receiver, now, &mut self.back);
        while self.receiver.poll_notice().is_some() {}
        receive(&mut self.sender, now, &mut self.back);
    }

    fn carried(&self) -> Carried {
        Carried {
            packets: self.there.carried + self.generic.carried + self.back.carried,
            ..self.carried
        }
    }
}

fn addr(last: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(10, 0, 0, last))
}

fn stack(last: u8, row: Row, buffer: u32) -> Stack {
    let mut config = Config::new(vec![(addr(last), 24)]);
    config.offloads = Offloads {
        checksum: !row.checksums,
        ..Offloads::NONE
    };
    if row.ours == How::Single {
        config.mtu = row.mtu;
    } else {
        config.offloads = Offloads::ALL;
    }
    let tcp = Arc::make_mut(&mut config.tcp);
    tcp.timestamps = row.timestamps;
    (tcp.receive_buffer, tcp.receive_buffer_max) = (buffer, buffer);
    (tcp.send_buffer, tcp.send_buffer_max) = (buffer, buffer);
    Stack::new(config, Seed::from_number(last.into()))
}

/// All that a stack may send now.
fn send(stack: &mut Stack, now: Instant, wire: &mut Wire) {
    while let Some(packet) = stack.poll_transmit(now) {
        let mut memory = wire.spare.pop_front().unwrap_or_default();
        if Arc::get_mut(&mut memory).is_none() {
            wire.spare.push_back(std::mem::take(&mut memory));
        }
        // Nobody else has heard of it.
        let buffer = Arc::get_mut(&mut memory).expect("memory of our own");
        buffer.clear();
        for piece in [packet.head, packet.body.0, packet.body.1] {
            buffer.extend_from_slice(piece);
        }
        wire.packets.push_back((memory, packet.offload));
        wire.carried += 1;
    }
}

/// Returns how many packets had text.
fn receive(stack: &mut Stack, now: Instant, wire: &mut Wire) -> u64 {
    let mut texts = 0;
    while let Some((memory, offload)) = wire.packets.pop_front() {
        let packet = Received {
            offload,
            memory: (memory.len() >= LARGE).then_some(&memory),
            ..Received::plain(&memory)
        };
        stack.receive(now, packet);
        texts += u64::from(memory.len() > super::HEADERS_MAX);
        wire.spare.push_back(memory);
    }
    texts
}

/// From so many bytes on a packet comes with its memory.
const LARGE: usize = 32 << 10;
