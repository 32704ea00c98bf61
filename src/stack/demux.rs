//! Who a segment is for: pair of sockets to connection, half-open connection or TIME-WAIT record;
//! local socket to listener. One search each, whatever their number.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use slotmap::new_key_type;

use crate::base::keyed::FlowState;
use crate::base::pair::{Endpoint, SocketPair};

use super::notice::{ConnId, ListenerId};

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
    pairs: HashMap<SocketPair, Who, FlowState>,
    /// Whom the last segment was for: packets come in bursts, and most of a burst are for one.
    latest: Option<(SocketPair, Who)>,
    listeners: HashMap<Endpoint, ListenerId, FlowState>,
}

impl Demux {
    pub fn new(key: [u8; 16]) -> Demux {
        Demux {
            pairs: HashMap::with_hasher(FlowState::new(key)),
            latest: None,
            listeners: HashMap::with_hasher(FlowState::new(key)),
        }
    }

    pub fn find(&self, pair: &SocketPair) -> Option<Who> {
        self.pairs.get(pair).copied()
    }

    /// The same for a segment that has come.
    pub fn find_for_segment(&mut self, pair: &SocketPair) -> Option<Who> {
        if let Some((latest, who)) = self.latest
            && latest == *pair
        {
            return Some(who);
        }
        let who = self.find(pair)?;
        self.latest = Some((*pair, who));
        Some(who)
    }

    pub fn bind(&mut self, pair: SocketPair, who: Who) {
        self.latest = None;
        self.pairs.insert(pair, who);
    }

    /// Frees a pair, if it still belongs to `who`.
    pub fn unbind(&mut self, pair: &SocketPair, who: Who) {
        self.latest = None;
        if self.pairs.get(pair) == Some(&who) {
            self.pairs.remove(pair);
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
