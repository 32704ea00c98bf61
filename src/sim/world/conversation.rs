//! Conversations: two applications and the connection between them.

use std::net::{IpAddr, SocketAddr};

use crate::base::Instant;
use crate::base::pair::SocketPair;
use crate::base::wheel::Entry;
use crate::probe::State;
use crate::sim::app::App;
use crate::sim::contents::Contents;
use crate::sim::line::OfStack;
use crate::sim::party::{Outcome, Party, Report};
use crate::sim::script::{Script, Step};
use crate::stack::{ConnId, Stack};

use super::{Due, Node, NodeId, World};

/// A conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct FlowId(pub usize);

/// What both ends of a conversation have done so far; `None` for one that did not begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conversation {
    /// Who opened it.
    pub client: Option<Report>,
    /// Who accepted it, or opened it too.
    pub server: Option<Report>,
}

impl Conversation {
    /// Whether both ends have ended, as far as they began.
    pub fn is_over(&self) -> bool {
        let is_over = |report: Report| report.outcome.is_some();
        self.client.is_some_and(is_over) && self.server.is_none_or(is_over)
    }

    /// Whether each end let go as its script says, and has read all that the other wrote.
    pub fn is_whole(&self) -> bool {
        let (Some(client), Some(server)) = (self.client, self.server) else {
            return false;
        };
        let is_clean =
            |report: Report| report.outcome.is_some_and(|(how, _)| how == Outcome::Clean);
        is_clean(client)
            && is_clean(server)
            && client.read == server.written
            && server.read == client.written
    }
}

/// One end of a conversation: an index into its flow, and which end of that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PartyId {
    pub(super) flow: usize,
    pub(super) is_second: bool,
}

#[derive(Debug)]
pub(super) struct Flow {
    pub first: End,
    pub second: Option<End>,
    /// The sockets of who opened it, since it did.
    pub pair: Option<SocketPair>,
}

/// One end: what it will be, and what it is since it began.
#[derive(Debug)]
pub(super) struct End {
    pub host: usize,
    local: Option<SocketAddr>,
    remote: SocketAddr,
    pub role: Role,
    pub party: Option<Party>,
    entry: Option<Entry>,
}

/// What an end does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Role {
    App(App),
    Script(Script),
}

impl End {
    pub const FIRST: bool = false;
    pub const SECOND: bool = true;

    pub fn new(host: usize, local: Option<SocketAddr>, remote: SocketAddr, role: Role) -> End {
        End {
            host,
            local,
            remote,
            role,
            party: None,
            entry: None,
        }
    }
}

impl Flow {
    pub fn new(first: End) -> Flow {
        Flow {
            first,
            second: None,
            pair: None,
        }
    }

    pub fn end(&mut self, is_second: bool) -> Option<&mut End> {
        if is_second {
            self.second.as_mut()
        } else {
            Some(&mut self.first)
        }
    }

    pub fn conversation(&self) -> Conversation {
        let report = |end: &End| Some(end.party.as_ref()?.report);
        Conversation {
            client: report(&self.first),
            server: self.second.as_ref().and_then(report),
        }
    }
}

impl World {
    /// An application opens its connection.
    pub(super) fn open_end(&mut self, flow: usize, is_second: bool) {
        let (now, is_hurried) = (self.now, self.is_hurried);
        let Some(end) = self.flows[flow].end(is_second) else {
            return;
        };
        let is_outside = is_outside(&self.nodes, end.remote.ip());
        let mut party = party_of(flow, is_second, end.role.clone(), now);
        if is_hurried {
            party.hurry();
        }
        let Node::Host(host) = &mut self.nodes[end.host] else {
            return;
        };
        let (index, local) = (end.host, host.local(now));
        match host.stack.open(local, end.remote, end.local) {
            Ok(conn) => {
                party.conn = Some(conn);
                let id = PartyId { flow, is_second };
                host.parties.insert(conn, id);
                let pair = host.stack.pair(conn);
                if let Some(pair) = pair.filter(|_| is_outside) {
                    let [writes, reads] = contents_by_port(pair.local.port);
                    party.talk_outside(writes, reads);
                }
                end.party = Some(party);
                if let Some(pair) = pair.filter(|_| !is_second) {
                    self.flows[flow].pair = Some(pair);
                    let sockets = (pair.local.into(), pair.remote.into());
                    self.by_sockets.insert(sockets, flow);
                }
                self.play(id);
            }
            Err(error) => {
                party.end(now, Outcome::NotOpened(error));
                end.party = Some(party);
            }
        }
        self.touch(index);
    }

    /// A service accepts what waits, as fast as it likes.
    pub(super) fn accept(&mut self, host: usize, index: usize) {
        // Each turn takes a connection that waits, of at most a backlog.
        loop {
            let now = self.now;
            let Node::Host(node) = &mut self.nodes[host] else {
                return;
            };
            let local = node.local(now);
            let Some(listening) = node.listening.get_mut(index) else {
                return;
            };
            if listening.again.is_some_and(|at| now < at) || node.paused_until.is_some() {
                return;
            }
            let Ok(conn) = node.stack.accept(local, listening.id) else {
                return;
            };
            let role = listening.role.clone();
            let pause = listening.service.accept_every;
            if !pause.is_zero() && !self.is_hurried {
                listening.again = Some(now + pause);
                self.wheel.arm(listening.entry, now + pause);
            }
            let Some(pair) = node.stack.pair(conn) else {
                return;
            };
            let sockets = (SocketAddr::from(pair.remote), SocketAddr::from(pair.local));
            let opened = self.by_sockets.get(&sockets).copied();
            let Some(flow) = opened else {
                if is_outside(&self.nodes, pair.remote.addr) {
                    self.accept_from_outside(host, conn, pair, role);
                    continue;
                }
                self.broken(format!("{pair} was accepted, and nobody opened it"));
            };
            if self.flows[flow].second.is_some() {
                self.broken(format!("{pair} was accepted twice"));
            }
            let id = PartyId {
                flow,
                is_second: End::SECOND,
            };
            let mut party = party_of(flow, End::SECOND, role.clone(), now);
            party.conn = Some(conn);
            if self.is_hurried {
                party.hurry();
            }
            node.parties.insert(conn, id);
            let mut end = End::new(host, Some(sockets.1), sockets.0, role);
            end.party = Some(party);
            self.flows[flow].second = Some(end);
            self.touch(host);
            self.play(id);
        }
    }

    /// A service accepts a connection that nobody here has opened: its end is the only one.
    fn accept_from_outside(&mut self, host: usize, conn: ConnId, pair: SocketPair, role: Role) {
        let flow = self.flows.len();
        let (local, remote) = (SocketAddr::from(pair.local), SocketAddr::from(pair.remote));
        let mut party = party_of(flow, End::FIRST, role.clone(), self.now);
        let [reads, writes] = contents_by_port(pair.remote.port);
        party.talk_outside(writes, reads);
        party.conn = Some(conn);
        let mut end = End::new(host, Some(local), remote, role);
        end.party = Some(party);
        self.flows.push(Flow {
            pair: Some(pair),
            ..Flow::new(end)
        });
        let id = PartyId {
            flow,
            is_second: End::FIRST,
        };
        if let Node::Host(node) = &mut self.nodes[host] {
            node.parties.insert(conn, id);
        }
        self.touch(host);
        self.play(id);
    }

    /// The end on this host of the conversation that began last there.
    pub fn latest_of(&self, host: NodeId) -> Option<PartyId> {
        let flows = self.flows.iter().enumerate().rev();
        let mut ends = flows.flat_map(|(flow, both)| {
            let second = both.second.as_ref().map(|end| (end, End::SECOND));
            let ends = [second, Some((&both.first, End::FIRST))];
            ends.into_iter()
                .flatten()
                .map(move |(end, is_second)| (end, PartyId { flow, is_second }))
        });
        let mut own = ends.by_ref().filter(|(end, _)| end.host == host.0);
        own.find(|(end, _)| end.party.is_some()).map(|(_, id)| id)
    }

    /// Whether the connection at this end is there: its handshake is over.
    pub fn is_connected(&self, id: PartyId) -> bool {
        let status = self
            .connection(id)
            .and_then(|(stack, conn)| stack.status(conn));
        status.is_some_and(|status| !matches!(status.state, State::SynSent | State::SynReceived))
    }

    /// The connection at this end, and the stack that has it.
    pub(super) fn connection(
        &self,
        PartyId { flow, is_second }: PartyId,
    ) -> Option<(&Stack, ConnId)> {
        let flow = self.flows.get(flow)?;
        let end = match is_second {
            true => flow.second.as_ref()?,
            false => &flow.first,
        };
        match &self.nodes[end.host] {
            Node::Host(host) => Some((&host.stack, end.party.as_ref()?.conn?)),
            Node::Router(_) | Node::Outsider(_) => None,
        }
    }

    /// The application at one end of a conversation has more to do. Whether there is one.
    pub fn add_steps(&mut self, id: PartyId, steps: &[Step]) -> bool {
        let flow = self.flows.get_mut(id.flow);
        let end = flow.and_then(|flow| flow.end(id.is_second));
        let Some(party) = end.and_then(|end| end.party.as_mut()) else {
            return false;
        };
        party.script.extend(steps.iter().copied());
        self.play(id);
        self.settle();
        true
    }

    /// An application does what it can.
    pub(super) fn play(&mut self, id: PartyId) {
        let now = self.now;
        let Some(end) = self.flows[id.flow].end(id.is_second) else {
            return;
        };
        let (Some(party), Node::Host(host)) = (&mut end.party, &mut self.nodes[end.host]) else {
            return;
        };
        if host.paused_until.is_some() {
            return;
        }
        let (index, local) = (end.host, host.local(now));
        let before = party.conn;
        let played = before.map_or(Ok(()), |conn| {
            let stack = &mut host.stack;
            let mut line = OfStack { stack, conn, local };
            party.play(&mut line, now, &mut self.scratch)
        });
        if party.conn.is_none()
            && let Some(conn) = before
        {
            host.parties.remove(&conn);
        }
        if let Some(at) = party.wants() {
            let wheel = &mut self.wheel;
            let entry = *end.entry.get_or_insert_with(|| wheel.add(Due::Party(id)));
            wheel.arm(entry, at);
        }
        if let Err(wrong) = played {
            let what = format!("{id:?} read a wrong byte at {}", wrong.at);
            self.broken(what);
        }
        self.touch(index);
    }
}

/// Whether an address is that of somebody without a stack.
fn is_outside(nodes: &[Node], ip: IpAddr) -> bool {
    nodes.iter().any(|node| match node {
        Node::Outsider(outsider) => outsider.addresses.contains(&ip),
        Node::Host(_) | Node::Router(_) => false,
    })
}

/// What both ends of a connection with somebody outside write, who opened it first: the port that
/// it was opened from is all that both know.
pub fn contents_by_port(port: u16) -> [Contents; 2] {
    [0, 1].map(|end| Contents::new(2 * u64::from(port) + end))
}

/// The party at one end of a flow: what one end writes the other reads.
fn party_of(flow: usize, is_second: bool, role: Role, now: Instant) -> Party {
    let streams = [0, 1].map(|end| Contents::new(2 * flow as u64 + end));
    let [first, second] = streams;
    let (writes, reads) = if is_second {
        (second, first)
    } else {
        (first, second)
    };
    match role {
        Role::App(app) => Party::new(app, now, writes, reads),
        Role::Script(script) => Party::following(script, now, writes, reads),
    }
}
