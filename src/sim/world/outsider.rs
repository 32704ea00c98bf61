//! Somebody who has no stack of ours: whoever puts packets into the network as they please, and
//! takes those that come.

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};

use crate::probe::Snapshot;
use crate::sim::parcel::Parcel;

use super::router::Routes;
use super::{Node, NodeId, PartyId, World};

/// A node without a stack: a forger, or the door to a peer outside of the simulation.
#[derive(Debug, Clone, Default)]
pub struct Outsider {
    /// What comes to these addresses comes here.
    pub addresses: Vec<IpAddr>,
    /// Whether what comes is kept, for [`World::take_arrived`].
    pub keeps: bool,
    pub(super) arrived: VecDeque<Vec<u8>>,
    pub(super) routes: Routes,
}

/// Both sockets of a connection, and what its stack knows of it.
#[derive(Debug, Clone, Copy)]
pub struct Known {
    pub local: SocketAddr,
    pub remote: SocketAddr,
    pub status: Snapshot,
}

impl Outsider {
    /// One that has these addresses, and keeps nothing.
    pub fn at(addresses: Vec<IpAddr>) -> Outsider {
        Outsider {
            addresses,
            ..Outsider::default()
        }
    }

    /// One that has these addresses, and keeps what comes.
    pub fn door(addresses: Vec<IpAddr>) -> Outsider {
        Outsider {
            keeps: true,
            ..Outsider::at(addresses)
        }
    }
}

impl World {
    /// One more outsider.
    pub fn outsider(&mut self, outsider: Outsider) -> NodeId {
        self.nodes.push(Node::Outsider(outsider));
        NodeId(self.nodes.len() - 1)
    }

    /// An outsider sends a packet, now: on its only link, or on that towards the packet's
    /// destination. What leads nowhere, or is sent by somebody else, is dropped.
    pub fn put(&mut self, from: NodeId, packet: Vec<u8>) {
        self.find_routes();
        let Node::Outsider(outsider) = &self.nodes[from.0] else {
            return;
        };
        let now = self.now;
        if let Some(pipe) = outsider.routes.to(&packet) {
            self.offer(now, pipe, Parcel::new(packet));
        }
    }

    /// The first packet that has come to an outsider that keeps them, and was not taken.
    pub fn take_arrived(&mut self, at: NodeId) -> Option<Vec<u8>> {
        match &mut self.nodes[at.0] {
            Node::Outsider(outsider) => outsider.arrived.pop_front(),
            Node::Host(_) | Node::Router(_) => None,
        }
    }

    /// A packet arrives at an outsider.
    pub(super) fn hand_out(&mut self, index: usize, parcel: Parcel) {
        match &mut self.nodes[index] {
            Node::Outsider(outsider) if outsider.keeps => outsider.arrived.push_back(parcel.bytes),
            _ => self.pool.give(parcel.bytes),
        }
    }

    /// What a stack knows of a connection; `None` when it is gone.
    pub fn known(&self, id: PartyId) -> Option<Known> {
        let (stack, conn) = self.connection(id)?;
        let pair = stack.pair(conn)?;
        Some(Known {
            local: pair.local.into(),
            remote: pair.remote.into(),
            status: stack.status(conn)?,
        })
    }
}
