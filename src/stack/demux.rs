//! Who a segment is for: pair of sockets to connection, half-open connection or TIME-WAIT record;
//! local socket to listener. One search each, whatever their number.

use std::collections::HashMap;
use std::hash::BuildHasher;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use hashbrown::HashTable;
use slotmap::{SlotMap, new_key_type};

use crate::base::keyed::FlowState;
use crate::base::pair::{Endpoint, SocketPair};

use super::notice::{ConnId, ListenerId};
use super::{Connections, HalfSlot, Stack, WaitSlot};

new_key_type! {
    /// A half-open connection.
    pub(super) struct HalfOpenId;
    /// A TIME-WAIT record.
    pub(super) struct TimeWaitId;
}

/// Whom a pair of sockets belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Who {
    Connection(ConnId),
    HalfOpen(HalfOpenId),
    TimeWait(TimeWaitId),
}

/// The two tables. Peers choose addresses and ports, so the hash has a key.
#[derive(Debug)]
pub(super) struct Demux {
    pairs: HashTable<Bound>,
    state: FlowState,
    /// Whom the last segment was for: packets come in bursts, and most of a burst are for one.
    latest: Option<(SocketPair, Who)>,
    listeners: HashMap<Endpoint, ListenerId, FlowState>,
}

/// Who has a pair. The pair itself stands with him and nowhere else: twice as many bytes would be
/// searched, and half of them twice over.
#[derive(Debug, Clone, Copy)]
struct Bound {
    /// The low half of the pair's hash.
    hash: u32,
    who: Who,
}

impl Demux {
    pub fn new(key: [u8; 16]) -> Demux {
        Demux {
            pairs: HashTable::new(),
            state: FlowState::new(key),
            latest: None,
            listeners: HashMap::with_hasher(FlowState::new(key)),
        }
    }

    /// Who has a pair; `has` says whether it is his.
    pub fn find(&self, pair: &SocketPair, has: impl Fn(Who, &SocketPair) -> bool) -> Option<Who> {
        let hash = self.hash(pair);
        let found = self.pairs.find(spread(hash), |bound| {
            bound.hash == hash && has(bound.who, pair)
        });
        found.map(|bound| bound.who)
    }

    fn hash(&self, pair: &SocketPair) -> u32 {
        self.state.hash_one(pair) as u32
    }

    /// The same for a segment that has come.
    pub fn find_for_segment(
        &mut self,
        pair: &SocketPair,
        has: impl Fn(Who, &SocketPair) -> bool,
    ) -> Option<Who> {
        if let Some((latest, who)) = self.latest
            && latest == *pair
        {
            return Some(who);
        }
        let who = self.find(pair, has)?;
        self.latest = Some((*pair, who));
        Some(who)
    }

    /// Gives a pair that nobody has to `who`.
    pub fn bind(&mut self, pair: &SocketPair, who: Who) {
        self.latest = None;
        let hash = self.hash(pair);
        let bound = Bound { hash, who };
        self.pairs
            .insert_unique(spread(hash), bound, |bound| spread(bound.hash));
    }

    /// Frees a pair, if it still belongs to `who`.
    pub fn unbind(&mut self, pair: &SocketPair, who: Who) {
        self.latest = None;
        let place = spread(self.hash(pair));
        if let Ok(bound) = self.pairs.find_entry(place, |bound| bound.who == who) {
            bound.remove();
        }
    }

    /// RFC 9293 section 3.9.1.1: who listens at a local socket, or else everywhere.
    pub fn listener(&self, local: Endpoint) -> Option<ListenerId> {
        let bound = bound_at(&self.listeners, local);
        bound.or_else(|| self.listeners.get(&Endpoint::EVERYWHERE).copied())
    }

    /// Whether somebody listens just there.
    pub fn is_bound(&self, local: Endpoint) -> bool {
        bound_at(&self.listeners, local).is_some()
    }

    /// Takes a local socket for a listener; `false` if it is taken.
    pub fn listen(&mut self, local: Endpoint, id: ListenerId) -> bool {
        if self.listeners.contains_key(&local) {
            return false;
        }
        self.listeners.insert(local, id);
        true
    }

    pub fn unlisten(&mut self, local: &Endpoint) {
        self.listeners.remove(local);
    }
}

impl Stack {
    /// Who has a pair of sockets.
    pub(super) fn owner_of(&self, pair: &SocketPair) -> Option<Who> {
        let owners = owners(&self.connections, &self.half_open, &self.time_wait);
        self.demux.find(pair, owners)
    }
}

/// Whether somebody has a pair.
pub(super) fn owners<'a>(
    connections: &'a Connections,
    half_open: &'a SlotMap<HalfOpenId, HalfSlot>,
    time_wait: &'a SlotMap<TimeWaitId, WaitSlot>,
) -> impl Fn(Who, &SocketPair) -> bool + Copy + 'a {
    move |who, pair| {
        let has = match who {
            Who::Connection(id) => connections.get(id).map(|slot| slot.connection.pair()),
            Who::HalfOpen(id) => half_open.get(id).map(|slot| slot.half.pair()),
            Who::TimeWait(id) => time_wait.get(id).map(|slot| slot.record.pair()),
        };
        has == Some(*pair)
    }
}

/// The table takes a place from the low bits and a tag from the high ones.
fn spread(hash: u32) -> u64 {
    u64::from(hash) << 32 | u64::from(hash)
}

/// Who is bound to a local socket. One for just this address goes before one for any; one for any
/// IPv6 address takes IPv4 too.
pub(super) fn bound_at<T: Copy>(
    table: &HashMap<Endpoint, T, FlowState>,
    local: Endpoint,
) -> Option<T> {
    let any = |addr| table.get(&Endpoint { addr, ..local });
    let family = match local.addr {
        IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    };
    any(local.addr)
        .or_else(|| any(family))
        .or_else(|| any(IpAddr::V6(Ipv6Addr::UNSPECIFIED)))
        .copied()
}

#[cfg(test)]
mod tests;
