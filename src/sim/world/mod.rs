//! Hosts, links and applications in virtual time, all from one seed.
//!
//! A host is a whole `Stack`. A world is built (hosts, routers, links, services, conversations),
//! then run; nothing in it knows the time of day, and the same seed gives the same bytes on every
//! machine, which [`World::trace`] proves with one number.
//!
//! At each instant at which anything is due, things happen in this order: packets arrive, timers
//! expire, applications that were woken read and write, hosts send. Every stack runs under
//! [`Invariants`]; a breach panics, as do the stack's own assertions.
//!
//! Read `mod` for how a world is built, `run` for how it goes on, `faults` for what can happen to
//! hosts, and `conversation` for what applications did.

mod conversation;
mod faults;
mod host;
mod outsider;
mod router;
mod run;
mod tap;

use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use crate::base::wheel::Entry;
use crate::base::{Instant, Seed, Wheel};
use crate::observe::Connections;
use crate::probe::Observer;
use crate::stack::{Config, ListenError, Stack};

use super::app::{App, Service};
use super::dice::Dice;
use super::invariants::Invariants;
use super::link::{Link, Path, PathStats, Pipe};
use super::parcel::Pool;
use super::range::OutOfRange;
use super::script::Script;
use super::trace::Trace;

pub use conversation::{Conversation, FlowId, PartyId, contents_by_port};
pub use faults::{Fault, InFlight};
pub use outsider::{Known, Outsider};
pub use router::Router;
pub use tap::Tap;

use conversation::{End, Flow, Role};
use host::{Host, Listening};

/// Everything that is simulated.
#[derive(Debug)]
pub struct World {
    seed: u64,
    birth: Instant,
    now: Instant,
    nodes: Vec<Node>,
    pipes: Vec<Wire>,
    flows: Vec<Flow>,
    /// Which conversation goes on between these sockets, those of who opened it first.
    by_sockets: BTreeMap<(SocketAddr, SocketAddr), usize>,
    /// What is going to happen, in the order of time and then of asking.
    agenda: BTreeMap<(Instant, u64), Plan>,
    asked: u64,
    wheel: Wheel<Due>,
    agenda_entry: Entry,
    /// Whether the ways through the network are known.
    routed: bool,
    /// Hosts that something happened to since they last had their say.
    touched: VecDeque<usize>,
    /// Who is due at this instant.
    due: Vec<Due>,
    /// How many steps this instant has had.
    steps: u32,
    /// All applications have been told to come to their ends.
    is_hurried: bool,
    pool: Pool,
    /// What a device has made of a packet that leaves.
    out: VecDeque<Vec<u8>>,
    scratch: Vec<u8>,
    trace: Trace,
    trusts_sums: bool,
    tap: Option<Box<dyn Tap>>,
    birth_of_stacks: Option<Birth>,
}

/// A host, a router, or an outsider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct NodeId(pub usize);

/// A link: both its ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkId(pub usize);

/// Who is told of stacks when they are made, before anything else is: whose, and from what.
pub struct Birth(pub Box<ToldOfBirth>);

/// What is called for each.
pub type ToldOfBirth = dyn FnMut(NodeId, Seed, &mut Stack) + Send;

impl std::fmt::Debug for Birth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Birth(..)")
    }
}

/// Which way of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Way {
    /// From the node named first.
    Forward,
    /// To it.
    Back,
}

#[derive(Debug)]
enum Node {
    Host(Box<Host>),
    Router(Router),
    Outsider(Outsider),
}

/// One way of a link, and where it leads.
#[derive(Debug)]
struct Wire {
    pipe: Pipe,
    path: Path,
    from: usize,
    to: usize,
    entry: Entry,
    armed: Option<Instant>,
}

/// Who is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    Agenda,
    Pipe(usize),
    Host(usize),
    Party(PartyId),
    Listener(usize, usize),
}

/// What is going to happen.
#[derive(Debug)]
enum Plan {
    Open(usize, bool),
    Become(usize, Box<Path>),
    Fault(usize, Fault),
}

impl World {
    /// An empty world. All chance in it comes from `seed`; it is born a second after its hosts'
    /// clocks began.
    pub fn new(seed: u64) -> World {
        World::born_at(seed, Instant::from_nanos(1_000_000_000))
    }

    /// An empty world that begins at this time of its hosts' clocks, on which initial sequence
    /// numbers and timestamps depend.
    pub fn born_at(seed: u64, birth: Instant) -> World {
        let mut wheel = Wheel::new();
        World {
            seed,
            birth,
            now: birth,
            nodes: Vec::new(),
            pipes: Vec::new(),
            flows: Vec::new(),
            by_sockets: BTreeMap::new(),
            agenda: BTreeMap::new(),
            asked: 0,
            agenda_entry: wheel.add(Due::Agenda),
            wheel,
            routed: false,
            touched: VecDeque::new(),
            due: Vec::new(),
            steps: 0,
            is_hurried: false,
            pool: Pool::default(),
            out: VecDeque::new(),
            scratch: vec![0; SCRATCH],
            trace: Trace::new(),
            trusts_sums: true,
            tap: None,
            birth_of_stacks: None,
        }
    }

    /// Whether hosts leave the checksums of packets that nothing has damaged to their device, as
    /// they do by default. They were checked when the packets were sent.
    pub fn trust_checksums(&mut self, trusts: bool) {
        self.trusts_sums = trusts;
    }

    /// One more host.
    ///
    /// # Errors
    ///
    /// [`OutOfRange`] for a configuration without an address, or with one that no host can have.
    pub fn host(&mut self, config: Config) -> Result<NodeId, OutOfRange> {
        let addresses = &config.addresses;
        if addresses.is_empty() {
            return Err(OutOfRange::new(
                "addresses",
                addresses,
                "at least one address",
            ));
        }
        let checked = config.check();
        checked.map_err(|error| OutOfRange::new("addresses", addresses, &error.to_string()))?;
        let index = self.nodes.len();
        let entry = self.wheel.add(Due::Host(index));
        let mut host = Host::new(config, self.draw(HOSTS + index as u64), entry);
        if let Some(birth) = &mut self.birth_of_stacks {
            birth.0(NodeId(index), host.seed, &mut host.stack);
        }
        self.nodes.push(Node::Host(Box::new(host)));
        Ok(NodeId(index))
    }

    /// One more router: it passes on what is not for itself, and nothing is.
    pub fn router(&mut self, router: Router) -> NodeId {
        self.nodes.push(Node::Router(router));
        NodeId(self.nodes.len() - 1)
    }

    /// A link between two nodes.
    ///
    /// # Errors
    ///
    /// The first value of it that is out of its range.
    pub fn link(&mut self, a: NodeId, b: NodeId, link: &Link) -> Result<LinkId, OutOfRange> {
        link.check()?;
        let id = LinkId(self.pipes.len() / 2);
        for (from, to, path) in [(a, b, &link.forward), (b, a, &link.back)] {
            let index = self.pipes.len();
            let seed = self.draw(PATHS + index as u64);
            let entry = self.wheel.add(Due::Pipe(index));
            self.pipes.push(Wire {
                pipe: Pipe::new(path, self.birth, seed),
                path: path.clone(),
                from: from.0,
                to: to.0,
                entry,
                armed: None,
            });
        }
        self.routed = false;
        Ok(id)
    }

    /// Somebody on `host` listens on a port of any address.
    ///
    /// # Errors
    ///
    /// A value out of its range, or what the stack says.
    pub fn serve(&mut self, host: NodeId, port: u16, service: Service) -> Result<(), CannotServe> {
        self.serve_as(host, port, service, Role::App(service.app))
    }

    /// The same; each connection that it accepts follows a script.
    ///
    /// # Errors
    ///
    /// As of [`World::serve`].
    pub fn serve_script(
        &mut self,
        host: NodeId,
        port: u16,
        service: Service,
        script: Script,
    ) -> Result<(), CannotServe> {
        self.serve_as(host, port, service, Role::Script(script))
    }

    fn serve_as(
        &mut self,
        host: NodeId,
        port: u16,
        service: Service,
        role: Role,
    ) -> Result<(), CannotServe> {
        service.check()?;
        let now = self.now;
        let node = self.host_mut(host);
        let any = SocketAddr::new(node.any_address(), port);
        let id = node.stack.listen(node.local(now), any, service.backlog)?;
        let index = node.listening.len();
        let entry = self.wheel.add(Due::Listener(host.0, index));
        self.host_mut(host).listening.push(Listening {
            id,
            port,
            service,
            role,
            again: None,
            entry,
        });
        Ok(())
    }

    /// At `at`, an application on `from` opens a connection to a service.
    ///
    /// # Errors
    ///
    /// A value of the application that is out of its range.
    pub fn open(
        &mut self,
        at: Instant,
        from: NodeId,
        to: SocketAddr,
        app: App,
    ) -> Result<FlowId, OutOfRange> {
        self.open_from(at, from, None, to, app)
    }

    /// The same, from a local socket that is named: an unspecified address is the stack's choice.
    ///
    /// # Errors
    ///
    /// As of [`World::open`].
    pub fn open_from(
        &mut self,
        at: Instant,
        from: NodeId,
        local: Option<SocketAddr>,
        to: SocketAddr,
        app: App,
    ) -> Result<FlowId, OutOfRange> {
        app.check()?;
        Ok(self.open_as(at, from, local, to, Role::App(app)))
    }

    /// At `at`, an application that follows a script opens a connection, from a local socket if
    /// one is named.
    pub fn open_script(
        &mut self,
        at: Instant,
        from: NodeId,
        local: Option<SocketAddr>,
        to: SocketAddr,
        script: Script,
    ) -> FlowId {
        self.open_as(at, from, local, to, Role::Script(script))
    }

    fn open_as(
        &mut self,
        at: Instant,
        from: NodeId,
        local: Option<SocketAddr>,
        to: SocketAddr,
        role: Role,
    ) -> FlowId {
        let flow = self.flows.len();
        self.flows
            .push(Flow::new(End::new(from.0, local, to, role)));
        self.plan(at, Plan::Open(flow, End::FIRST));
        FlowId(flow)
    }

    /// Two applications open a connection to each other, each at its own time: RFC 9293
    /// section 3.5, simultaneous open, if neither comes too late.
    ///
    /// # Errors
    ///
    /// As of [`World::open`].
    pub fn open_both(
        &mut self,
        first: (Instant, NodeId, SocketAddr, App),
        second: (Instant, NodeId, SocketAddr, App),
    ) -> Result<FlowId, OutOfRange> {
        let (first_at, first_host, first_socket, first_app) = first;
        let (second_at, second_host, second_socket, second_app) = second;
        second_app.check()?;
        let local = Some(first_socket);
        let id = self.open_from(first_at, first_host, local, second_socket, first_app)?;
        let other = End::new(
            second_host.0,
            Some(second_socket),
            first_socket,
            Role::App(second_app),
        );
        self.flows[id.0].second = Some(other);
        self.plan(second_at, Plan::Open(id.0, End::SECOND));
        Ok(id)
    }

    /// At `at`, one way of a link becomes another; what is on it stays.
    ///
    /// # Errors
    ///
    /// The first value of it that is out of its range.
    pub fn change(
        &mut self,
        at: Instant,
        link: LinkId,
        way: Way,
        path: Path,
    ) -> Result<(), OutOfRange> {
        path.check()?;
        self.plan(at, Plan::Become(pipe_of(link, way), Box::new(path)));
        Ok(())
    }

    /// At `at`, something happens to a host.
    pub fn fault(&mut self, at: Instant, host: NodeId, fault: Fault) {
        self.plan(at, Plan::Fault(host.0, fault));
    }

    /// Lets somebody hear everything that a host's stack tells from here on; until the host is
    /// restarted.
    pub fn observe(&mut self, host: NodeId, observer: Box<dyn Observer + Send>) {
        self.host_mut(host).stack.observe(observer);
    }

    /// Calls `birth` for the stack of each host, and for each that comes in its place when a host
    /// restarts. To be called before anything is asked of hosts.
    pub fn on_birth(&mut self, mut birth: Birth) {
        for (index, node) in self.nodes.iter_mut().enumerate() {
            if let Node::Host(host) = node {
                birth.0(NodeId(index), host.seed, &mut host.stack);
            }
        }
        self.birth_of_stacks = Some(birth);
    }

    /// Numbers the events of a host as those of stack `index` of `count`. To be called before the
    /// world goes on.
    pub fn number_events(&mut self, host: NodeId, index: u32, count: u32) {
        self.host_mut(host).stack.number_events(index, count);
    }

    /// The numbers of each connection of a host from here on, up to a bound.
    pub fn connections(&mut self, host: NodeId) -> Connections {
        let connections = Connections::new(CONNECTIONS_MAX);
        self.observe(host, Box::new(connections.clone()));
        connections
    }

    /// What time it is.
    pub fn now(&self) -> Instant {
        self.now
    }

    /// When it began.
    pub fn birth(&self) -> Instant {
        self.birth
    }

    /// How long it has lasted.
    pub fn age(&self) -> Duration {
        self.now.since(self.birth)
    }

    /// Everything that went over its links so far, as a number.
    pub fn trace(&self) -> Trace {
        self.trace
    }

    /// A host's stack, to ask it.
    pub fn stack(&self, host: NodeId) -> &Stack {
        match &self.nodes[host.0] {
            Node::Host(host) => &host.stack,
            Node::Router(_) | Node::Outsider(_) => panic!("{host:?} is no host"),
        }
    }

    /// A host's stack, for calls that no application makes. They are made at the time that the
    /// closure is given.
    pub fn with_stack<T>(
        &mut self,
        host: NodeId,
        what: impl FnOnce(&mut Stack, Instant) -> T,
    ) -> T {
        let now = self.now;
        let host_of = self.host_mut(host);
        let local = host_of.local(now);
        let result = what(&mut host_of.stack, local);
        self.touch(host.0);
        self.settle();
        result
    }

    /// What watches a host.
    pub fn invariants(&self, host: NodeId) -> Invariants {
        match &self.nodes[host.0] {
            Node::Host(host) => host.watch.clone(),
            Node::Router(_) | Node::Outsider(_) => panic!("{host:?} is no host"),
        }
    }

    /// What one way of a link has done.
    pub fn path_stats(&self, link: LinkId, way: Way) -> PathStats {
        self.pipes[pipe_of(link, way)].pipe.stats
    }

    /// What both ends of a conversation have done.
    pub fn conversation(&self, flow: FlowId) -> Conversation {
        self.flows[flow.0].conversation()
    }

    /// All conversations, in the order in which they were asked for.
    pub fn conversations(&self) -> impl Iterator<Item = (FlowId, Conversation)> + '_ {
        let flows = self.flows.iter().enumerate();
        flows.map(|(index, flow)| (FlowId(index), flow.conversation()))
    }

    fn plan(&mut self, at: Instant, plan: Plan) {
        self.asked += 1;
        self.agenda.insert((at.max(self.now), self.asked), plan);
        self.arm_agenda();
    }

    fn arm_agenda(&mut self) {
        if let Some((at, _)) = self.agenda.keys().next() {
            self.wheel.arm(self.agenda_entry, *at);
        }
    }

    fn host_mut(&mut self, host: NodeId) -> &mut Host {
        match &mut self.nodes[host.0] {
            Node::Host(host) => host,
            Node::Router(_) | Node::Outsider(_) => panic!("{host:?} is no host"),
        }
    }

    /// A seed of its own for each part of the world.
    fn draw(&self, purpose: u64) -> u64 {
        Dice::new(self.seed, purpose).number()
    }

    /// The first address of a host.
    pub fn address(&self, host: NodeId) -> IpAddr {
        // A host has at least one: `World::host` has checked it.
        self.stack(host).config().addresses[0].0
    }
}

/// Why nobody listens.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CannotServe {
    /// A value of the service.
    #[error(transparent)]
    OutOfRange(#[from] OutOfRange),
    /// The stack says no.
    #[error(transparent)]
    Refused(#[from] ListenError),
}

fn pipe_of(link: LinkId, way: Way) -> usize {
    2 * link.0 + usize::from(way == Way::Back)
}

/// Room for what applications read at a time.
const SCRATCH: usize = 1 << 16;
/// Of how many connections numbers are kept.
const CONNECTIONS_MAX: u32 = 10_000;
/// What seeds are drawn for: hosts and their restarts, and paths.
const HOSTS: u64 = 1 << 32;
const RESTARTS: u64 = 2 << 32;
const PATHS: u64 = 3 << 32;

#[cfg(test)]
mod tests;
