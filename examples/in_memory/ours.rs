//! Two stacks of ours.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time;

use pellucid::base::{Checksum, Instant, Offload, Received, Seed};
use pellucid::stack::{Config, ConnId, Stack};

use super::wire::Wire;
use super::{CALL, Carried, Pair, Row, Writer, check};

pub struct Ours {
    sender: Stack,
    receiver: Stack,
    from: ConnId,
    to: ConnId,
    there: Wire,
    back: Wire,
    /// What a device that sums, or one that does not, says of each packet.
    offload: Offload,
    birth: time::Instant,
    writer: Writer,
    room: Vec<u8>,
    carried: Carried,
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
        let offload = Offload {
            checksum: match row.checksums {
                true => Checksum::Full,
                false => Checksum::Verified,
            },
            gso: None,
        };
        for _ in 0..2 {
            send(&mut sender, now, &mut there);
            receive(&mut receiver, now, &mut there, offload);
            send(&mut receiver, now, &mut back);
            receive(&mut sender, now, &mut back, offload);
        }
        let to = receiver.accept(now, listener).expect("a connection");
        Ours {
            sender,
            receiver,
            from,
            to,
            there,
            back,
            offload,
            birth: time::Instant::now(),
            writer: Writer::new(),
            room: vec![0; CALL],
            carried: Carried::default(),
        }
    }

    fn now(&self) -> Instant {
        Instant::BIRTH + self.birth.elapsed()
    }
}

impl Pair for Ours {
    fn turn(&mut self) {
        let now = self.now();
        self.sender.handle_timeout(now);
        while let Ok(count) = self.sender.write(now, self.from, self.writer.next()) {
            self.writer.wrote(count);
        }
        send(&mut self.sender, now, &mut self.there);
        while self.sender.poll_notice().is_some() {}

        let now = self.now();
        self.receiver.handle_timeout(now);
        self.carried.segments += receive(&mut self.receiver, now, &mut self.there, self.offload);
        while let Ok(count) = self.receiver.read(now, self.to, &mut self.room) {
            check(self.carried.bytes, &self.room[..count]);
            self.carried.bytes += count as u64;
        }
        send(&mut self.receiver, now, &mut self.back);
        while self.receiver.poll_notice().is_some() {}
        receive(&mut self.sender, now, &mut self.back, self.offload);
    }

    fn carried(&self) -> Carried {
        Carried {
            packets: self.there.carried + self.back.carried,
            ..self.carried
        }
    }
}

fn addr(last: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(10, 0, 0, last))
}

fn stack(last: u8, row: Row, buffer: u32) -> Stack {
    let mut config = Config::new(vec![(addr(last), 24)]);
    config.mtu = row.mtu;
    let tcp = Arc::make_mut(&mut config.tcp);
    tcp.timestamps = row.timestamps;
    (tcp.receive_buffer, tcp.receive_buffer_max) = (buffer, buffer);
    (tcp.send_buffer, tcp.send_buffer_max) = (buffer, buffer);
    Stack::new(config, Seed::from_number(last.into()))
}

/// All that a stack may send now.
fn send(stack: &mut Stack, now: Instant, wire: &mut Wire) {
    while let Some(packet) = stack.poll_transmit(now) {
        let mut buffer = wire.buffer();
        buffer.clear();
        for piece in [packet.head, packet.body.0, packet.body.1] {
            buffer.extend_from_slice(piece);
        }
        wire.push(buffer);
    }
}

/// Returns how many packets had text.
fn receive(stack: &mut Stack, now: Instant, wire: &mut Wire, offload: Offload) -> u64 {
    let mut texts = 0;
    while let Some(buffer) = wire.pop() {
        let packet = Received {
            offload,
            ..Received::plain(&buffer)
        };
        stack.receive(now, packet);
        texts += u64::from(buffer.len() > super::HEADERS_MAX);
        wire.give_back(buffer);
    }
    texts
}
