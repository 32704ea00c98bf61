//! How many ICMP errors leave: RFC 4443 section 2.4 (f), a token bucket for each prefix that they
//! go to and one for all.
//!
//! A bucket is kept as the instant at which it will be full again: each token taken moves that by
//! the time which a token needs to come back, and a bucket that would be full only after a whole
//! burst's time is empty. The buckets of prefixes stand in a table of fixed size, in rows chosen by
//! a keyed hash, so that nobody can aim at somebody else's. Where a row has no room, the fullest
//! bucket, which has the least to remember, gives way.

use std::net::IpAddr;
use std::time::Duration;

use crate::base::{Instant, Key};
use crate::wire::{ipv4, ipv6};

/// Which errors leave, and how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "records", derive(serde::Serialize, serde::Deserialize))]
pub struct ErrorRules {
    /// Whether senders are told that what they sent cannot be delivered: RFC 4443 section 3.1.
    pub unreachable: bool,
    /// Of all errors.
    pub all: Rate,
    /// Of those that go to one /24 or /64.
    pub prefix: Rate,
}

/// A token bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "records", derive(serde::Serialize, serde::Deserialize))]
pub struct Rate {
    /// The time in which one token comes back.
    pub every: Duration,
    /// How many it holds; with none, nothing leaves.
    pub burst: u32,
}

impl Default for ErrorRules {
    /// A thousand errors a second in all with a burst of fifty, as Linux has it; a hundred a second
    /// to a prefix, with the burst of ten that RFC 4443 section 2.4 (f) suggests.
    fn default() -> ErrorRules {
        ErrorRules {
            unreachable: true,
            all: Rate {
                every: Duration::from_millis(1),
                burst: 50,
            },
            prefix: Rate {
                every: Duration::from_millis(10),
                burst: 10,
            },
        }
    }
}

/// Counts what leaves.
#[derive(Debug)]
pub struct Limiter {
    rules: ErrorRules,
    all: Bucket,
    /// Nothing is allocated before the first error.
    rows: Vec<[Slot; SLOTS_IN_ROW]>,
    key: Key,
    sent: u64,
}

/// The instant from which on it is full.
#[derive(Debug, Clone, Copy)]
struct Bucket(Instant);

#[derive(Debug, Clone, Copy)]
struct Slot {
    prefix: Option<Prefix>,
    bucket: Bucket,
}

/// A /24 or a /64: whoever has one address of it can have them all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Prefix {
    V4([u8; 3]),
    V6([u8; 8]),
}

impl Limiter {
    /// A limiter that has sent nothing yet; `key` is for it alone.
    pub fn new(rules: ErrorRules, key: Key) -> Limiter {
        Limiter {
            rules,
            all: Bucket::FULL,
            rows: Vec::new(),
            key,
            sent: 0,
        }
    }

    /// Whether `packet`, a whole error as [`super::error`] wrote it, may leave; if so, it counts.
    pub fn may_send(&mut self, now: Instant, packet: &[u8]) -> bool {
        let Some(prefix) = Prefix::of_destination(packet) else {
            return false;
        };
        let ErrorRules {
            all, prefix: each, ..
        } = self.rules;
        if !self.all.has_token(now, all) {
            return false;
        }
        let Some(bucket) = self.bucket_of(prefix) else {
            return false;
        };
        if !bucket.has_token(now, each) {
            return false;
        }
        bucket.take(now, each.every);
        // The bucket that all share would tell one sender what others provoke, if each error cost
        // it the same: some cost up to half as much again, which ones nobody can know.
        self.sent = self.sent.wrapping_add(1);
        let chance = self.key.hash(&self.sent.to_be_bytes()) as u32;
        // Of 2^32 parts, so less than half of it.
        let half = all.every.as_nanos() >> 1;
        let extra = half.saturating_mul(chance.into()) >> 32;
        let extra = Duration::from_nanos(u64::try_from(extra).unwrap_or(u64::MAX));
        self.all.take(now, all.every.saturating_add(extra));
        true
    }

    fn bucket_of(&mut self, prefix: Prefix) -> Option<&mut Bucket> {
        if self.rows.is_empty() {
            self.rows.resize(ROWS, [Slot::EMPTY; SLOTS_IN_ROW]);
        }
        let hash = match prefix {
            Prefix::V4(bytes) => self.key.hash(&bytes),
            Prefix::V6([b0, b1, b2, b3, b4, b5, b6, b7]) => {
                // One byte more than the count above, so that the two never meet.
                self.key.hash(&[6, b0, b1, b2, b3, b4, b5, b6, b7])
            }
        };
        // Always there: the mask is one less than how many there are.
        let row = self.rows.get_mut(hash as usize & (ROWS - 1))?;
        Some(Limiter::bucket_in_row(row, prefix))
    }

    fn bucket_in_row(row: &mut [Slot; SLOTS_IN_ROW], prefix: Prefix) -> &mut Bucket {
        let [first, others @ ..] = row;
        let mut chosen = first;
        for slot in others {
            if chosen.prefix == Some(prefix) {
                break;
            }
            if slot.prefix == Some(prefix) || slot.bucket.0 < chosen.bucket.0 {
                chosen = slot;
            }
        }
        if chosen.prefix != Some(prefix) {
            *chosen = Slot {
                prefix: Some(prefix),
                bucket: Bucket::FULL,
            };
        }
        &mut chosen.bucket
    }
}

impl Bucket {
    const FULL: Bucket = Bucket(Instant::BIRTH);

    /// Whether a token is there.
    fn has_token(&self, now: Instant, rate: Rate) -> bool {
        let others = rate.burst.checked_sub(1);
        others.is_some_and(|others| self.0.since(now) <= rate.every.saturating_mul(others))
    }

    fn take(&mut self, now: Instant, every: Duration) {
        self.0 = self.0.max(now) + every;
    }
}

impl Slot {
    const EMPTY: Slot = Slot {
        prefix: None,
        bucket: Bucket::FULL,
    };
}

impl Prefix {
    fn of_destination(packet: &[u8]) -> Option<Prefix> {
        if let Ok((header, _)) = ipv4::parse_quoted(packet) {
            return Some(Prefix::of(header.dst.into()));
        }
        let (header, _) = ipv6::parse_quoted(packet).ok()?;
        Some(Prefix::of(header.dst.into()))
    }

    fn of(addr: IpAddr) -> Prefix {
        match addr {
            IpAddr::V4(addr) => {
                let [a, b, c, _] = addr.octets();
                Prefix::V4([a, b, c])
            }
            IpAddr::V6(addr) => {
                let [a, b, c, d, e, f, g, h, ..] = addr.octets();
                Prefix::V6([a, b, c, d, e, f, g, h])
            }
        }
    }
}

/// 1,024 prefixes are remembered.
const ROWS: usize = 256;
const SLOTS_IN_ROW: usize = 4;
const _: () = assert!(ROWS.is_power_of_two());
const _: () = assert!(ROWS * SLOTS_IN_ROW * size_of::<Slot>() <= 32 * 1024);

#[cfg(test)]
mod tests;
