//! Two stacks that speak both families, for tests of what has no connection: their packets are
//! carried by hand, and no time passes.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::Record;
use crate::base::{Instant, Offloads, Received, Seed};
use crate::stack::{Config, Stack};

pub const A: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
pub const B: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 2));
pub const A6: IpAddr = IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1));
pub const B6: IpAddr = IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 2));
/// A second one of `a`.
pub const A_TOO: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 3));
pub const NOW: Instant = Instant::BIRTH;
pub const FAMILIES: [(IpAddr, IpAddr); 2] = [(A, B), (A6, B6)];

/// Two stacks that speak both families.
pub struct Two {
    pub a: Stack,
    pub b: Stack,
    pub told_a: Record,
    pub told_b: Record,
}

impl Two {
    pub fn new() -> Two {
        Two::with(false)
    }

    /// The same; `b` may answer for any address.
    pub fn with(any_address: bool) -> Two {
        Two::of(any_address, Offloads::NONE)
    }

    /// Devices that take over so much.
    pub fn carried_by(offloads: Offloads) -> Two {
        Two::of(false, offloads)
    }

    fn of(any_address: bool, offloads: Offloads) -> Two {
        let stack = |addresses: &[IpAddr], any_address, seed| {
            let prefix = |addr: &IpAddr| (*addr, if addr.is_ipv4() { 24 } else { 64 });
            let config = Config {
                any_address,
                offloads,
                ..Config::new(addresses.iter().map(prefix).collect())
            };
            let mut stack = Stack::new(config, Seed::from_number(seed));
            let record = Record::default();
            stack.observe(Box::new(record.clone()));
            (stack, record)
        };
        let (a, told_a) = stack(&[A, A6, A_TOO], false, 1);
        let (b, told_b) = stack(&[B, B6], any_address, 2);
        Two {
            a,
            b,
            told_a,
            told_b,
        }
    }

    /// Takes what both have to send to the other, until there is nothing more. Returns what `a`
    /// sent.
    pub fn carry(&mut self) -> Vec<Vec<u8>> {
        let mut sent = Vec::new();
        for _ in 0..10_000 {
            if let Some(packet) = self.a.poll_transmit(NOW) {
                let packet = packet.to_vec();
                self.b.receive(NOW, Received::plain(&packet));
                sent.push(packet);
            } else if let Some(packet) = self.b.poll_transmit(NOW) {
                let packet = packet.to_vec();
                self.a.receive(NOW, Received::plain(&packet));
            } else {
                return sent;
            }
        }
        panic!("a storm of packets");
    }
}
