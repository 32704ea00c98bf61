//! Who passes packets on, and the ways through the network.

use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;

use crate::base::Instant;
use crate::sim::forged;
use crate::sim::parcel::Parcel;
use crate::sim::reading::{destination, read};
use crate::wire::icmp::{Message, PROTOCOL_V4, PROTOCOL_V6, Problem};

use super::{Node, World};

/// Passes packets on the shortest way.
#[derive(Debug, Clone, Default)]
pub struct Router {
    /// Its addresses, from which it complains of packets that are too big for the next link: one
    /// for each family, or none, and then such packets are lost in silence.
    pub complains_from: Vec<IpAddr>,
    pub(super) routes: Routes,
}

/// Which pipe leads to an address.
#[derive(Debug, Clone, Default)]
pub(super) struct Routes {
    by_address: BTreeMap<IpAddr, usize>,
    /// If there is only one pipe, everything takes it.
    only: Option<usize>,
}

impl Routes {
    pub fn to(&self, packet: &[u8]) -> Option<usize> {
        if self.only.is_some() {
            return self.only;
        }
        self.by_address.get(&destination(packet)?).copied()
    }
}

impl World {
    /// Finds the shortest ways between all nodes, by the number of links; among equal ones the
    /// link that was made first.
    pub(super) fn find_routes(&mut self) {
        if std::mem::replace(&mut self.routed, true) {
            return;
        }
        let mut tables = vec![Routes::default(); self.nodes.len()];
        for (from, table) in tables.iter_mut().enumerate() {
            let mut own = self
                .pipes
                .iter()
                .enumerate()
                .filter(|(_, wire)| wire.from == from);
            table.only = own
                .next()
                .map(|(pipe, _)| pipe)
                .filter(|_| own.next().is_none());
        }
        for target in 0..self.nodes.len() {
            let addresses = self.addresses_of(target);
            // From the target outwards: each node is met first on a shortest way.
            let mut met = vec![false; self.nodes.len()];
            let mut queue = VecDeque::from([target]);
            met[target] = true;
            while let Some(node) = queue.pop_front() {
                for (pipe, wire) in self.pipes.iter().enumerate() {
                    if wire.to == node && !met[wire.from] {
                        met[wire.from] = true;
                        queue.push_back(wire.from);
                        let table = &mut tables[wire.from].by_address;
                        table.extend(addresses.iter().map(|address| (*address, pipe)));
                    }
                }
            }
        }
        for (node, table) in self.nodes.iter_mut().zip(tables) {
            match node {
                Node::Host(host) => host.routes = table,
                Node::Router(router) => router.routes = table,
                Node::Outsider(outsider) => outsider.routes = table,
            }
        }
    }

    fn addresses_of(&self, node: usize) -> Vec<IpAddr> {
        match &self.nodes[node] {
            Node::Host(host) => {
                let addresses = &host.stack.config().addresses;
                addresses.iter().map(|(address, _)| *address).collect()
            }
            Node::Router(router) => router.complains_from.clone(),
            Node::Outsider(outsider) => outsider.addresses.clone(),
        }
    }

    /// A router passes a packet on, or complains of it.
    pub(super) fn pass_on(&mut self, now: Instant, node: usize, parcel: Parcel) {
        let Node::Router(router) = &self.nodes[node] else {
            return;
        };
        let Some(pipe) = router.routes.to(&parcel.bytes) else {
            return self.pool.give(parcel.bytes);
        };
        let mtu = self.pipes[pipe].pipe.mtu();
        let complaint = (parcel.len() > usize::from(mtu))
            .then(|| router.complaint(&parcel.bytes, mtu))
            .flatten();
        if let Some((complaint, back)) = complaint {
            self.offer(now, back, Parcel::new(complaint));
        }
        // Too long a packet is counted, and lost, there.
        self.offer(now, pipe, parcel);
    }
}

impl Router {
    /// One that complains from these addresses.
    pub fn complaining(from: Vec<IpAddr>) -> Router {
        Router {
            complains_from: from,
            routes: Routes::default(),
        }
    }

    /// An ICMP error about a packet that is too big, and the pipe to its sender: RFC 1191
    /// section 4, RFC 4443 section 3.2.
    fn complaint(&self, packet: &[u8], mtu: u16) -> Option<(Vec<u8>, usize)> {
        let reading = read(packet, packet.len()).ok()?;
        let is_of_its_family = |from: &&IpAddr| from.is_ipv4() == reading.src.is_ipv4();
        let from = *self.complains_from.iter().find(is_of_its_family)?;
        let quote = &packet[..packet.len().min(QUOTE)];
        let problem = Problem::PacketTooBig { mtu: mtu.into() };
        let message = Message::Error { problem, quote };
        let mut payload = vec![0; message.message_len()];
        message.emit(from, reading.src, &mut payload);
        let protocol = [PROTOCOL_V4, PROTOCOL_V6];
        let complaint = forged::packet(from, reading.src, protocol, &payload)?;
        let back = self.routes.to(&complaint)?;
        Some((complaint, back))
    }
}

/// RFC 4443 section 3.2 would quote more, up to the least MTU of IPv6; enough for any header.
const QUOTE: usize = 512;
