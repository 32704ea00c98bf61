//! Two stacks and a wire between them in virtual time, for tests.

pub mod two;

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::base::{Instant, Offload, Received, Seed};
use crate::probe::{Event, Observer, State, Told};
use crate::tcp;

use super::{Config, ConnId, ListenerId, Notice, ReadError, Stack, WriteError};

pub const A: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));
pub const B: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 2));

/// Which end of the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    A,
    B,
}

/// What the wire does with a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    Deliver,
    Drop,
    Twice,
    Later(Duration),
}

type Judge = Box<dyn FnMut(End, &[u8], usize) -> Fate>;

/// Two stacks, `a` and `b`, joined by a wire with a delay.
pub struct World {
    pub a: Stack,
    pub b: Stack,
    pub now: Instant,
    pub delay: Duration,
    /// Decides about each packet: its sender, its bytes, its number from 0.
    pub judge: Judge,
    sent: usize,
    /// (when it arrives, in which order it was sent, to whom, bytes, what is left to do).
    wire: Vec<(Instant, usize, End, Vec<u8>, Offload)>,
    /// Every packet that was put on the wire, with its sender and fate.
    pub log: Vec<(Instant, End, Fate, Vec<u8>)>,
    pub told_a: Record,
    pub told_b: Record,
}

/// The events of one stack as lines.
#[derive(Debug, Clone, Default)]
pub struct Record(Arc<Mutex<VecDeque<String>>>);

impl Record {
    pub fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap().iter().cloned().collect()
    }

    pub fn count(&self, what: &str) -> usize {
        self.lines()
            .iter()
            .filter(|line| line.contains(what))
            .count()
    }

    /// The last ending that was told.
    pub fn ending(&self) -> String {
        self.lines()
            .into_iter()
            .rev()
            .find_map(|line| {
                let line = line.split_once(' ')?.1.to_owned();
                let ending = ["Accepted", "Discarded", "Dropped"]
                    .iter()
                    .any(|name| line.starts_with(name));
                let name = line.split([':', ',']).nth(1)?.trim().to_owned();
                ending.then_some(name)
            })
            .expect("an ending")
    }
}

impl Observer for Record {
    fn told(&mut self, told: &Told<'_>) {
        let line = match told.event {
            Event::PacketIn { bytes, .. } => format!("PacketIn {}", bytes.len()),
            Event::PacketOut { purpose, why, .. } => {
                format!("PacketOut {purpose:?} {}", why.by)
            }
            other => format!("{other:?}"),
        };
        let mut lines = self.0.lock().unwrap();
        if lines.len() > 100_000 {
            lines.pop_front();
        }
        lines.push_back(format!("{} {line}", told.at));
    }
}

impl World {
    pub fn new(config: tcp::Config) -> World {
        World::with(config.clone(), config)
    }

    pub fn with(a: tcp::Config, b: tcp::Config) -> World {
        let stack = |addr, tcp, seed| {
            let mut config = Config::new(vec![(addr, 24)]);
            config.tcp = Arc::new(tcp);
            let mut stack = Stack::new(config, Seed::from_number(seed));
            let record = Record::default();
            stack.observe(Box::new(record.clone()));
            (stack, record)
        };
        let (a, told_a) = stack(A, a, 1);
        let (b, told_b) = stack(B, b, 2);
        World {
            a,
            b,
            now: Instant::from_nanos(1_000_000_000),
            delay: Duration::from_millis(10),
            judge: Box::new(|_, _, _| Fate::Deliver),
            sent: 0,
            wire: Vec::new(),
            log: Vec::new(),
            told_a,
            told_b,
        }
    }

    pub fn stack(&mut self, end: End) -> &mut Stack {
        match end {
            End::A => &mut self.a,
            End::B => &mut self.b,
        }
    }

    /// Puts on the wire what both stacks have to send.
    pub fn flush(&mut self) {
        for end in [End::A, End::B] {
            let now = self.now;
            let mut packets = Vec::new();
            let stack = self.stack(end);
            while let Some(packet) = stack.poll_transmit(now) {
                packets.push((packet.to_vec(), packet.offload));
                assert!(packets.len() < 10_000, "a storm of packets");
            }
            for (packet, offload) in packets {
                self.send(end, packet, offload);
            }
        }
    }

    fn send(&mut self, from: End, packet: Vec<u8>, offload: Offload) {
        let fate = (self.judge)(from, &packet, self.sent);
        self.sent += 1;
        self.log.push((self.now, from, fate, packet.clone()));
        let to = if from == End::A { End::B } else { End::A };
        let at = self.now + self.delay;
        let mut put = |at| {
            let packet = packet.clone();
            self.wire.push((at, self.sent, to, packet, offload));
        };
        match fate {
            Fate::Deliver => put(at),
            Fate::Drop => {}
            Fate::Twice => {
                put(at);
                put(at + Duration::from_millis(1));
            }
            Fate::Later(more) => put(at + more),
        }
    }

    /// Puts a packet of the test's own on the wire to `to`, to arrive now.
    pub fn inject(&mut self, to: End, packet: &[u8]) {
        let now = self.now;
        self.stack(to).receive(now, Received::plain(packet));
    }

    /// When something happens next.
    fn next(&self) -> Option<Instant> {
        let arrival = self.wire.iter().map(|(at, ..)| *at).min();
        [arrival, self.a.poll_timeout(), self.b.poll_timeout()]
            .into_iter()
            .flatten()
            .min()
    }

    /// Lets the next thing happen; `false` if nothing is left to happen before `until`.
    pub fn step(&mut self, until: Instant) -> bool {
        self.flush();
        let Some(next) = self.next().filter(|next| *next <= until) else {
            self.now = self
                .now
                .max(until.min(self.now + Duration::from_secs(3600)));
            return false;
        };
        self.now = self.now.max(next);
        let now = self.now;
        self.wire.sort_by_key(|(at, order, ..)| (*at, *order));
        while self.wire.first().is_some_and(|(at, ..)| *at <= now) {
            let (_, _, to, bytes, offload) = self.wire.remove(0);
            let packet = Received {
                offload,
                ..Received::plain(&bytes)
            };
            self.stack(to).receive(now, packet);
        }
        self.a.handle_timeout(now);
        self.b.handle_timeout(now);
        for stack in [&self.a, &self.b] {
            assert!(
                stack.poll_timeout().is_none_or(|at| at > now),
                "a deadline lies at or before now"
            );
        }
        self.flush();
        true
    }

    /// Lets things happen for so long.
    pub fn run(&mut self, time: Duration) {
        let until = self.now + time;
        while self.step(until) {}
        self.now = until;
    }

    /// A connection from `a` to a listener of `b`, established.
    pub fn connect(&mut self) -> (ConnId, ConnId, ListenerId) {
        let listener = self.b.listen(self.now, SocketAddr::new(B, 80), 16).unwrap();
        let a = self.a.open(self.now, SocketAddr::new(B, 80), None).unwrap();
        self.run(Duration::from_millis(100));
        let b = self.b.accept(self.now, listener).unwrap();
        assert_eq!(self.state(End::A, a), Some(State::Established));
        assert_eq!(self.state(End::B, b), Some(State::Established));
        (a, b, listener)
    }

    pub fn state(&mut self, end: End, id: ConnId) -> Option<State> {
        self.stack(end).status(id).map(|snapshot| snapshot.state)
    }

    /// Writes all of `bytes` at one end while the other reads them; fails after `limit`.
    pub fn transfer(
        &mut self,
        from: End,
        by: ConnId,
        to: ConnId,
        bytes: &[u8],
        limit: Duration,
    ) -> Vec<u8> {
        let until = self.now + limit;
        let (mut written, mut read) = (0, Vec::new());
        let peer = if from == End::A { End::B } else { End::A };
        let mut buf = vec![0; 65_536];
        while read.len() < bytes.len() {
            let now = self.now;
            while written < bytes.len() {
                match self.stack(from).write(now, by, &bytes[written..]) {
                    Ok(n) => written += n,
                    Err(WriteError::WouldBlock) => break,
                    Err(error) => panic!("write after {written}: {error}"),
                }
            }
            loop {
                match self.stack(peer).read(now, to, &mut buf) {
                    Ok(0) => return read,
                    Ok(n) => read.extend_from_slice(&buf[..n]),
                    Err(ReadError::WouldBlock) => break,
                    Err(error) => panic!("read after {}: {error}", read.len()),
                }
            }
            if !self.step(until) && read.len() < bytes.len() {
                panic!(
                    "stuck after {written} written, {} read\n{:?}\n{:?}",
                    read.len(),
                    self.stack(from).status(by),
                    self.stack(peer).status(to),
                );
            }
        }
        read
    }

    /// Drains the notices of one end.
    pub fn notices(&mut self, end: End) -> Vec<Notice> {
        std::iter::from_fn(|| self.stack(end).poll_notice()).collect()
    }
}

/// Bytes that differ everywhere, for comparing contents.
pub fn pattern(len: usize) -> Vec<u8> {
    (0..len as u32)
        .map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect()
}
