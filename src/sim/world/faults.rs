//! What can happen to hosts, and how everything becomes well again.

use std::time::Duration;

use crate::base::{InterfaceId, Rate};
use crate::sim::impair::Weather;
use crate::sim::link::Path;
use crate::sim::pace::Pace;
use crate::sim::party::Outcome;
use crate::sim::queue::{Discipline, DropTail};
use crate::stack::KeepAlive;

use super::conversation::PartyId;
use super::{Node, NodeId, Plan, RESTARTS, World};

/// What can happen to a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It does nothing for so long; what arrives waits, up to a bound.
    Pause(Duration),
    /// It loses all memory and begins anew, with new secrets and the same services.
    Restart,
    /// Its clock jumps ahead.
    Jump(Duration),
    /// Its device carries packets of up to so many bytes from here on.
    Mtu(u16),
}

/// What becomes of packets that are on their way when everything becomes well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InFlight {
    /// They arrive when they would have.
    Arrives,
    /// They are lost.
    IsLost,
}

impl World {
    /// Everything becomes well: links are fine and fast, hosts awake, services prompt. Every
    /// application reads and writes promptly, says one more byte, and comes to its end, so that
    /// within a bounded time each conversation is over. Planned faults will not happen.
    pub fn heal(&mut self, in_flight: InFlight) {
        self.agenda.retain(|_, plan| matches!(plan, Plan::Open(..)));
        self.arm_agenda();
        self.is_hurried = true;
        for index in 0..self.pipes.len() {
            if in_flight == InFlight::IsLost {
                self.pipes[index].pipe.clear(&mut self.pool);
            }
            let healed = healed(&self.pipes[index].path);
            self.become_like(index, healed);
        }
        for index in 0..self.nodes.len() {
            self.resume(index);
            self.accept_at_once(index);
        }
        for flow in 0..self.flows.len() {
            for is_second in [false, true] {
                let end = self.flows[flow].end(is_second);
                if let Some(party) = end.and_then(|end| end.party.as_mut()) {
                    party.hurry();
                }
                let id = PartyId { flow, is_second };
                self.keep_alive(id);
                self.play(id);
            }
        }
        self.settle();
    }

    /// Who has said its last and waits for the peer's end asks whether there still is a peer.
    fn keep_alive(&mut self, id: PartyId) {
        let now = self.now;
        let Some(end) = self.flows[id.flow].end(id.is_second) else {
            return;
        };
        let waiting = end.party.as_ref().filter(|party| party.has_shut_down());
        let conn = waiting.and_then(|party| party.conn);
        if let (Some(conn), Node::Host(host)) = (conn, &mut self.nodes[end.host]) {
            let keep_alive = KeepAlive {
                idle: Duration::from_secs(10),
                interval: Duration::from_secs(5),
                probes: 9,
            };
            let local = host.local(now);
            host.stack.set_keep_alive(local, conn, Some(keep_alive));
        }
    }

    /// All services of a host accept what waits.
    fn accept_at_once(&mut self, index: usize) {
        let Node::Host(host) = &mut self.nodes[index] else {
            return;
        };
        for listening in &mut host.listening {
            listening.again = None;
        }
        for listening in 0..host.listening.len() {
            self.accept(index, listening);
        }
    }

    /// One way of a link becomes another.
    pub(super) fn become_like(&mut self, index: usize, path: Path) {
        self.asked += 1;
        let seed = self.draw(super::PATHS + (self.asked << 16) + index as u64);
        let wire = &mut self.pipes[index];
        wire.pipe.become_like(&path, self.now, seed, &mut self.pool);
        wire.path = path;
        self.tell_notes(index);
        self.arm_pipe(index);
    }

    /// Something happens to a host.
    pub(super) fn strike(&mut self, index: usize, fault: Fault) {
        let now = self.now;
        let Node::Host(host) = &mut self.nodes[index] else {
            return;
        };
        match fault {
            Fault::Pause(time) => {
                let until = now + time;
                host.paused_until = host.paused_until.max(Some(until));
                // Its deadlines are of no use until then.
                host.armed = Some(until);
                self.wheel.arm(host.entry, until);
            }
            Fault::Jump(time) => {
                host.ahead += time;
                let local = host.local(now);
                if host.paused_until.is_none() {
                    host.stack.handle_timeout(local);
                }
                self.touch(index);
            }
            Fault::Mtu(mtu) => {
                let local = host.local(now);
                let set = host.stack.set_mtu(local, InterfaceId::FIRST, mtu);
                set.expect("the first interface is always there");
                host.watch.set_mtu(mtu);
                self.touch(index);
            }
            Fault::Restart => self.restart(index),
        }
    }

    fn restart(&mut self, index: usize) {
        let now = self.now;
        let Node::Host(host) = &self.nodes[index] else {
            return;
        };
        let seed = self.draw(RESTARTS + (host.restarts << 16) + index as u64);
        for flow in &mut self.flows {
            for is_second in [false, true] {
                if let Some(end) = flow.end(is_second).filter(|end| end.host == index)
                    && let Some(party) = &mut end.party
                {
                    party.end(now, Outcome::Crashed);
                }
            }
        }
        let Node::Host(host) = &mut self.nodes[index] else {
            return;
        };
        host.restart(seed);
        if let Some(birth) = &mut self.birth_of_stacks {
            birth.0(NodeId(index), host.seed, &mut host.stack);
        }
        let (local, any) = (host.local(now), host.any_address());
        for listening in &mut host.listening {
            let socket = std::net::SocketAddr::new(any, listening.port);
            let backlog = listening.service.backlog;
            // The stack is new: nothing listens there.
            if let Ok(id) = host.stack.listen(local, socket, backlog) {
                listening.id = id;
            }
        }
        self.touch(index);
    }

    /// A host awakes, if it sleeps: what has come arrives, its timers expire, its applications
    /// run.
    pub(super) fn resume(&mut self, index: usize) {
        let now = self.now;
        let Node::Host(host) = &mut self.nodes[index] else {
            return;
        };
        if host.paused_until.take().is_none() {
            return;
        }
        for parcel in std::mem::take(&mut host.inbox) {
            self.deliver(index, parcel);
        }
        let Node::Host(host) = &mut self.nodes[index] else {
            return;
        };
        let local = host.local(now);
        host.stack.handle_timeout(local);
        host.armed = None;
        let services = host.listening.len();
        let parties: Vec<PartyId> = host.parties.values().copied().collect();
        for id in parties {
            self.play(id);
        }
        for listening in 0..services {
            self.accept(index, listening);
        }
        self.touch(index);
    }
}

/// robustness: at most 100 ms a round trip, at least 10 Mb/s, at least 64 packets, fine weather,
/// and as wide as any host's link.
fn healed(path: &Path) -> Path {
    Path {
        delay: path.delay.min(Duration::from_millis(50)),
        pace: Some(Pace::Steady(Rate(10_000_000))),
        mtu: u16::MAX,
        queue: Discipline::DropTail(DropTail::packets(1_000)),
        weather: Weather::default(),
        outages: Vec::new(),
    }
}
