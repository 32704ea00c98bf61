//! Which fragments belong together: identifications that nobody elsewhere can foretell, and that do
//! not come again while fragments of the same may be on their way.
//!
//! RFC 7739 section 5.3: a keyed hash of the addresses says where a destination's numbers begin,
//! and a counter that some destinations share says how far they have come. IPv4 takes the lower
//! half, for which RFC 6864 section 5.2 bounds how fast they may be spent.

use std::net::IpAddr;
use std::time::Duration;

use crate::base::{Instant, Key, pair};
use crate::ip::address::holder;

/// Draws them.
#[derive(Debug)]
pub struct Identifications {
    key: Key,
    /// Nothing is allocated before the first.
    counters: Vec<Counter>,
    /// One in so many is drawn here, and the others by other stacks with the same addresses.
    stride: u16,
    /// Which one.
    first: u16,
}

#[derive(Debug, Clone, Copy)]
struct Counter {
    next: u32,
    /// From when on all of IPv4's numbers may be drawn at once again.
    rested: Instant,
}

impl Identifications {
    /// Of which none is drawn yet; `key` is for them alone.
    pub fn new(key: Key) -> Identifications {
        Identifications {
            key,
            counters: Vec::new(),
            stride: 1,
            first: 0,
        }
    }

    /// The `index`th part of them, of `count` that have nothing in common: for one of several
    /// stacks with the same addresses and the same key.
    pub fn part(self, index: u16, count: u16) -> Identifications {
        Identifications {
            // A power of two goes on without a break where the numbers begin again. Of more parts
            // than that some would have one number or none.
            stride: count.checked_next_power_of_two().unwrap_or(1 << 15),
            first: index,
            ..self
        }
    }

    /// The next for a datagram from `src` to `dst`. `None` if on IPv4 it might still be on its way
    /// with another.
    pub fn draw(&mut self, now: Instant, src: IpAddr, dst: IpAddr, protocol: u8) -> Option<u32> {
        if self.counters.is_empty() {
            let begin = |n: usize| Counter {
                next: self.key.hash(&[COUNTER, n as u8]) as u32,
                rested: Instant::BIRTH,
            };
            self.counters = (0..COUNTERS).map(begin).collect();
        }
        let beginning = self.hash(BEGINNING, src, dst, protocol);
        // Whoever has an address could else watch the numbers of its neighbours.
        let place = self.hash(COUNTER, src, holder(dst), 0) as usize % COUNTERS;
        let counter = self.counters.get_mut(place)?;
        if dst.is_ipv4() {
            if counter.rested.since(now) > LIFETIME {
                return None;
            }
            counter.rested = counter.rested.max(now) + EVERY.saturating_mul(self.stride.into());
        }
        let identification = (beginning as u32)
            .wrapping_add(counter.next)
            .wrapping_add(self.first.into());
        counter.next = counter.next.wrapping_add(self.stride.into());
        Some(identification)
    }

    fn hash(&self, purpose: u8, src: IpAddr, dst: IpAddr, protocol: u8) -> u64 {
        let mut block = [0; 34];
        let (head, ends) = block.split_at_mut(2);
        head.copy_from_slice(&[purpose, protocol]);
        for (end, addr) in ends.chunks_exact_mut(16).zip([src, dst]) {
            end.copy_from_slice(&pair::octets(addr));
        }
        self.key.hash(&block)
    }
}

// What a hash is for.
const BEGINNING: u8 = 0;
const COUNTER: u8 = 1;

const COUNTERS: usize = 256;
/// RFC 6864 section 1: the longest that a datagram is taken to live, two minutes.
const LIFETIME: Duration = Duration::from_nanos(LIFETIME_NANOS);
const LIFETIME_NANOS: u64 = 120_000_000_000;
/// One of 2^16 numbers each, and all are back after that time.
const EVERY: Duration = Duration::from_nanos(LIFETIME_NANOS >> 16);

#[cfg(test)]
mod tests;
