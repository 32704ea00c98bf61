//! How a world goes on: from one instant at which anything is due to the next.

use std::collections::VecDeque;
use std::time::Duration;

use crate::base::{Checksum, Instant, Offload, Received, Transmit};
use crate::sim::parcel::{Parcel, Pool};
use crate::stack::{Notice, Stack};
use crate::wire::offload::on_the_wire;

use super::{Due, Node, Plan, World};

impl World {
    /// Goes on to the next instant at which anything is due. `false` if nothing ever will be.
    ///
    /// # Panics
    ///
    /// If something that must always hold does not.
    pub fn step(&mut self) -> bool {
        self.find_routes();
        self.settle();
        let Some(next) = self.wheel.next() else {
            return false;
        };
        self.go_on_to(next);
        let mut due = std::mem::take(&mut self.due);
        while let Some(who) = self.wheel.expire(self.now) {
            due.push(who);
        }
        due.sort_unstable();
        for who in due.drain(..) {
            self.call(who);
        }
        self.due = due;
        self.settle();
        true
    }

    /// When anything is due next; `None` if nothing ever will be.
    pub fn next(&self) -> Option<Instant> {
        self.wheel.next()
    }

    /// Runs for so long.
    ///
    /// # Panics
    ///
    /// As of [`World::step`].
    pub fn run(&mut self, time: Duration) {
        self.run_while(self.now + time, |_| true);
    }

    /// Runs until `deadline`, or until something does not hold any more: it is asked after each
    /// step. Whether it still holds.
    ///
    /// # Panics
    ///
    /// As of [`World::step`].
    pub fn run_while(&mut self, deadline: Instant, mut holds: impl FnMut(&World) -> bool) -> bool {
        self.find_routes();
        self.settle();
        while holds(self) {
            if self.wheel.next().is_none_or(|next| next > deadline) {
                self.now = self.now.max(deadline);
                return true;
            }
            self.step();
        }
        false
    }

    /// Runs until all conversations are over, at most until `deadline`. Whether they are.
    ///
    /// # Panics
    ///
    /// As of [`World::step`].
    pub fn run_to_the_end(&mut self, deadline: Instant) -> bool {
        !self.run_while(deadline, |world| !world.is_over())
    }

    /// Whether all conversations are over.
    pub fn is_over(&self) -> bool {
        self.flows.iter().all(|flow| flow.conversation().is_over())
    }

    /// Whether no stack has a connection, or a rest of one.
    pub fn is_idle(&self) -> bool {
        self.stacks().all(|stack| stack.counts() == (0, 0, 0))
    }

    /// Whether no stack has more of a connection than its TIME-WAIT.
    pub fn only_waits(&self) -> bool {
        self.stacks()
            .all(|stack| matches!(stack.counts(), (0, 0, _)))
    }

    /// Whether nothing is on any link.
    pub fn is_silent(&self) -> bool {
        self.pipes.iter().all(|wire| wire.pipe.next().is_none())
    }

    /// Whether no stack remembers any connection, or wants to be called ever again.
    pub fn is_forgotten(&self) -> bool {
        let is_empty = |stack: &Stack| stack.counts() == (0, 0, 0);
        self.stacks()
            .all(|stack| is_empty(stack) && stack.poll_timeout().is_none())
    }

    fn stacks(&self) -> impl Iterator<Item = &Stack> {
        self.nodes.iter().filter_map(|node| match node {
            Node::Host(host) => Some(&host.stack),
            Node::Router(_) | Node::Outsider(_) => None,
        })
    }

    /// Both ends of each conversation and what their stacks know, for whoever has to find out
    /// what went wrong.
    pub fn describe(&self) -> String {
        let mut text = format!("at {}, seed {}", self.now, self.seed);
        for (index, flow) in self.flows.iter().enumerate() {
            for end in [Some(&flow.first), flow.second.as_ref()]
                .into_iter()
                .flatten()
            {
                let party = end.party.as_ref();
                let conn = party.and_then(|party| party.conn);
                let status = match &self.nodes[end.host] {
                    Node::Host(host) => conn.and_then(|conn| host.stack.status(conn)),
                    Node::Router(_) | Node::Outsider(_) => None,
                };
                let report = party.map(|party| party.report);
                let line = format!(
                    "\nflow {index}, host {}: {report:?}\n  {status:?}",
                    end.host
                );
                text.push_str(&line);
            }
        }
        text
    }

    fn go_on_to(&mut self, next: Instant) {
        if next > self.now {
            self.now = next;
            self.steps = 0;
        }
        self.steps += 1;
        if self.steps > STEPS_MAX {
            self.broken("I-BOUND: time stands still, and packets go on".to_owned());
        }
    }

    fn call(&mut self, who: Due) {
        match who {
            Due::Agenda => self.follow_agenda(),
            Due::Pipe(index) => self.pipe_due(index),
            Due::Host(index) => self.host_due(index),
            Due::Party(id) => self.play(id),
            Due::Listener(host, index) => {
                if let Node::Host(host) = &mut self.nodes[host] {
                    host.listening[index].again = None;
                }
                self.accept(host, index);
            }
        }
    }

    fn follow_agenda(&mut self) {
        while let Some(entry) = self.agenda.first_entry() {
            if entry.key().0 > self.now {
                break;
            }
            match entry.remove() {
                Plan::Open(flow, is_second) => self.open_end(flow, is_second),
                Plan::Become(pipe, path) => self.become_like(pipe, *path),
                Plan::Fault(host, fault) => self.strike(host, fault),
            }
        }
        self.arm_agenda();
    }

    fn pipe_due(&mut self, index: usize) {
        let now = self.now;
        self.pipes[index].armed = None;
        self.pipes[index].pipe.advance(now, &mut self.pool);
        self.tell_notes(index);
        while let Some(parcel) = self.pipes[index].pipe.arrive(now) {
            let node = self.pipes[index].to;
            self.tell_arrival(index, node, &parcel);
            match &self.nodes[node] {
                Node::Host(_) => self.deliver(node, parcel),
                Node::Router(_) => self.pass_on(now, node, parcel),
                Node::Outsider(_) => self.hand_out(node, parcel),
            }
        }
        self.arm_pipe(index);
    }

    /// A packet arrives at a host.
    pub(super) fn deliver(&mut self, index: usize, parcel: Parcel) {
        let Node::Host(host) = &mut self.nodes[index] else {
            return;
        };
        if host.paused_until.is_some() {
            if host.inbox.len() < INBOX_MAX {
                host.inbox.push_back(parcel);
            } else {
                self.pool.give(parcel.bytes);
            }
            return;
        }
        let checksum = if self.trusts_sums && !parcel.is_damaged {
            Checksum::Verified
        } else {
            Checksum::Full
        };
        let packet = Received {
            offload: Offload {
                checksum,
                gso: None,
            },
            ..Received::plain(&parcel.bytes)
        };
        let local = host.local(self.now);
        host.stack.receive(local, packet);
        self.pool.give(parcel.bytes);
        self.touch(index);
    }

    fn host_due(&mut self, index: usize) {
        let now = self.now;
        let Node::Host(host) = &mut self.nodes[index] else {
            return;
        };
        host.armed = None;
        if host.paused_until.is_some_and(|until| until <= now) {
            return self.resume(index);
        }
        if host.paused_until.is_none() {
            let local = host.local(now);
            host.stack.handle_timeout(local);
        }
        self.touch(index);
    }

    /// Something has happened to a host.
    pub(super) fn touch(&mut self, index: usize) {
        if let Node::Host(host) = &mut self.nodes[index]
            && !host.is_touched
        {
            host.is_touched = true;
            self.touched.push_back(index);
        }
    }

    /// All hosts that something happened to have their say.
    pub(super) fn settle(&mut self) {
        while let Some(index) = self.touched.pop_front() {
            self.settle_host(index);
        }
    }

    fn settle_host(&mut self, index: usize) {
        self.find_routes();
        // Who is woken may make the stack send, and sending may wake: both end, because each needs
        // something to have come in.
        self.wake(index);
        while self.send(index) && self.wake(index) {}
        let now = self.now;
        let Node::Host(host) = &mut self.nodes[index] else {
            return;
        };
        host.is_touched = false;
        if host.paused_until.is_none() {
            host.watch
                .settled(host.local(now), host.stack.poll_timeout());
            let (connections, half_open, _) = host.stack.counts();
            host.settled += 1;
            if connections + half_open <= FEW || host.settled.is_multiple_of(RECOUNT) {
                host.stack.assert_invariants();
            }
            if let Some(breach) = host.watch.breach() {
                self.broken(format!("host {index}: {breach}"));
            }
        }
        self.arm_host(index);
    }

    /// Applications that the stack wants woken; whether there were any.
    fn wake(&mut self, index: usize) -> bool {
        let mut any = false;
        while let Node::Host(host) = &mut self.nodes[index]
            && host.paused_until.is_none()
            && let Some(notice) = host.stack.poll_notice()
        {
            any = true;
            match notice {
                Notice::Connection(conn, _) => {
                    if let Some(id) = host.parties.get(&conn).copied() {
                        self.play(id);
                    }
                }
                // The simulator's applications have none.
                Notice::Datagrams(..) | Notice::Echo(..) => {}
                Notice::Acceptable(id) => {
                    let place = host
                        .listening
                        .iter()
                        .position(|listening| listening.id == id);
                    if let Some(place) = place {
                        self.accept(index, place);
                    }
                }
            }
        }
        any
    }

    /// Packets that a host has to send; whether there were any.
    fn send(&mut self, index: usize) -> bool {
        let now = self.now;
        let mut sent = 0;
        loop {
            let Node::Host(host) = &mut self.nodes[index] else {
                return false;
            };
            if host.paused_until.is_some() {
                return false;
            }
            let local = host.local(now);
            let Some(packet) = host.stack.poll_transmit(local) else {
                return sent > 0;
            };
            let (pool, out) = (&mut self.pool, &mut self.out);
            put_on_the_wire(&packet, pool, out);
            sent += 1;
            if sent > PACKETS_MAX {
                self.broken(format!("I-BOUND: host {index} sends without end"));
            }
            let pipe = out.front().and_then(|bytes| host.routes.to(bytes));
            let sent_as = self.tap.is_some().then(|| host.watch.last_out()).flatten();
            while let Some(bytes) = self.out.pop_front() {
                let parcel = Parcel {
                    sent_as,
                    ..Parcel::new(bytes)
                };
                match pipe {
                    Some(pipe) => self.offer(now, pipe, parcel),
                    None => self.pool.give(parcel.bytes),
                }
            }
        }
    }

    /// Puts a packet on one way of a link.
    pub(super) fn offer(&mut self, now: Instant, index: usize, parcel: Parcel) {
        self.trace.add(now, index, &parcel.bytes);
        self.pipes[index].pipe.offer(now, parcel, &mut self.pool);
        self.tell_notes(index);
        self.arm_pipe(index);
    }

    pub(super) fn arm_pipe(&mut self, index: usize) {
        let wire = &mut self.pipes[index];
        let next = wire.pipe.next();
        if next != wire.armed {
            wire.armed = next;
            match next {
                Some(at) => self.wheel.arm(wire.entry, at),
                None => self.wheel.disarm(wire.entry),
            }
        }
    }

    pub(super) fn arm_host(&mut self, index: usize) {
        let now = self.now;
        let Node::Host(host) = &mut self.nodes[index] else {
            return;
        };
        // A deadline that has moved later costs nothing: the early call arms it again.
        if let Some(at) = host.deadline(now)
            && host.armed.is_none_or(|armed| at < armed)
        {
            host.armed = Some(at);
            self.wheel.arm(host.entry, at);
        }
    }

    pub(super) fn broken(&self, what: String) -> ! {
        panic!("{what}\n{}", self.describe());
    }
}

/// What a device makes of a packet: those that it stands for, or itself.
fn put_on_the_wire(packet: &Transmit<'_>, pool: &mut Pool, out: &mut VecDeque<Vec<u8>>) {
    let put = |packet: &Transmit<'_>| {
        let mut bytes = pool.take();
        for part in [packet.head, packet.body.0, packet.body.1] {
            bytes.extend_from_slice(part);
        }
        out.push_back(bytes);
    };
    on_the_wire(packet, put).expect("what a stack has made a device can cut");
}

/// A million steps at one instant: packets that cost no time go round and round.
const STEPS_MAX: u32 = 1_000_000;
/// More packets than any host may send at an instant.
const PACKETS_MAX: u32 = 1_000_000;
/// What a device keeps while its host sleeps.
const INBOX_MAX: usize = 1_000;
/// Of so few connections everything is counted again each time.
const FEW: usize = 8;
/// Of more, every so often.
const RECOUNT: u64 = 64;
