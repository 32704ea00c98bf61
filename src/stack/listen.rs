//! What listeners have room for, and what their connections are made with.

use std::sync::Arc;

use crate::base::pair::SocketPair;
use crate::probe::{Discard, Subject};
use crate::tcp::Context;
use crate::tcp::open::negotiate::Offer;
use crate::tcp::open::passive::HalfOpen;
use crate::wire::tcp::Segment;

use super::{ListenerId, Stack, TcpConfig};

impl Stack {
    /// Why a listener takes no SYN.
    pub(super) fn has_no_room(&self, id: ListenerId) -> Option<Discard> {
        let listener = self.listeners.get(id)?;
        if listener.accepted.len() >= listener.backlog {
            Some(Discard::AcceptQueueFull)
        } else if listener.half_open >= listener.backlog
            || self.half_open.len() >= self.config.limits.half_open
        {
            Some(Discard::BacklogFull)
        } else {
            None
        }
    }

    /// Why a handshake that is over makes no connection.
    pub(super) fn has_no_room_for_one_more(&self, id: ListenerId) -> Option<Discard> {
        let listener = self.listeners.get(id);
        if listener.is_none_or(|listener| listener.accepted.len() >= listener.backlog) {
            Some(Discard::AcceptQueueFull)
        } else if self.connections.len() >= self.config.limits.connections {
            Some(Discard::TooManyConnections)
        } else {
            None
        }
    }

    /// Makes a connection of a half-open one, with this number, for a listener.
    pub(super) fn make_whole(
        &mut self,
        half: HalfOpen,
        config: Arc<TcpConfig>,
        (listener, number): (ListenerId, u64),
        seg: &Segment<'_>,
    ) {
        let pair = half.pair();
        let path_mss = self.reach(&config, pair.remote.addr).mss;
        let mut cx = Context::new(self.now, &mut self.voice, Subject::Connection(number));
        let connection = half.into_connection(&mut cx, config, path_mss);
        let id = self.insert(connection, number);
        if let Some(slot) = self.connections.get_mut(id) {
            slot.listener = Some(listener);
        }
        self.follow_mtu(id);
        self.deliver_to_connection(id, &pair, seg);
    }

    /// What a listener's connections with a peer are like: how they behave, what their SYN,ACK
    /// offers, and how far their timestamps are from our clock.
    pub(super) fn terms(&self, id: ListenerId, pair: &SocketPair) -> (Arc<TcpConfig>, Offer, u32) {
        let config = self.listeners.get(id).map(|l| &l.config);
        let config = Arc::clone(config.unwrap_or(&self.config.tcp));
        let config = self.configured_for(pair.remote.addr, config);
        let offer = Offer::new(&config, self.offered_mss(&config, pair.remote.addr));
        let offset = self.secrets.timestamps.hash(&pair.bytes()) as u32;
        (config, offer, offset)
    }
}
