//! How much of the room for fragments each source holds, who holds most, and what came first.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::ip::address::holder;

/// A source, with all the addresses that it may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Source(IpAddr);

/// The accounts. All of them together take as long for one change as a search among all datagrams.
#[derive(Debug, Default)]
pub struct Sources {
    shares: BTreeMap<Source, Share>,
    /// The shares by their size.
    by_bytes: BTreeSet<(usize, Source)>,
    /// What each source has begun, in order.
    begun: BTreeSet<(Source, u64)>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Share {
    bytes: usize,
    datagrams: usize,
}

impl Source {
    /// The one that `addr` belongs to.
    pub fn of(addr: IpAddr) -> Source {
        Source(holder(addr))
    }
}

impl Sources {
    /// A datagram was begun, which takes so many bytes.
    pub fn add(&mut self, source: Source, number: u64, bytes: usize) {
        self.begun.insert((source, number));
        self.update(source, |share| {
            share.datagrams = share.datagrams.saturating_add(1);
            share.bytes = share.bytes.saturating_add(bytes);
        });
    }

    /// A datagram takes another number of bytes than before.
    pub fn change(&mut self, source: Source, before: usize, after: usize) {
        self.update(source, |share| {
            share.bytes = share.bytes.saturating_add(after).saturating_sub(before);
        });
    }

    /// A datagram is gone, which took so many bytes.
    pub fn remove(&mut self, source: Source, number: u64, bytes: usize) {
        self.begun.remove(&(source, number));
        self.update(source, |share| {
            share.datagrams = share.datagrams.saturating_sub(1);
            share.bytes = share.bytes.saturating_sub(bytes);
        });
    }

    fn update(&mut self, source: Source, change: impl FnOnce(&mut Share)) {
        let mut share = self.shares.remove(&source).unwrap_or_default();
        self.by_bytes.remove(&(share.bytes, source));
        change(&mut share);
        if share.datagrams > 0 {
            self.by_bytes.insert((share.bytes, source));
            self.shares.insert(source, share);
        }
    }

    /// Whether a source holds more than one may.
    pub fn exceeds(&self, source: Source) -> bool {
        self.shares
            .get(&source)
            .is_some_and(|share| share.bytes > BYTES_MAX || share.datagrams > DATAGRAMS_MAX)
    }

    /// The datagram that a source began first, `but` not this one.
    pub fn oldest_of(&self, source: Source, but: u64) -> Option<u64> {
        let its_own = self.begun.range((source, 0)..=(source, u64::MAX));
        its_own
            .map(|(_, number)| *number)
            .find(|number| *number != but)
    }

    /// The source that holds most, if that is more than `bytes`.
    pub fn heaviest_above(&self, bytes: usize) -> Option<Source> {
        let (most, source) = self.by_bytes.last()?;
        (*most > bytes).then_some(*source)
    }
}

/// house!("reassembly-memory"): of one source.
const DATAGRAMS_MAX: usize = 256;
const BYTES_MAX: usize = 256 << 10;
