//! A scenario at work: the world goes on, acts come when it is time, and all is recorded.

use std::net::SocketAddr;
use std::time::Duration;

use crate::base::Instant;
use crate::observe::capture::{self, Capture, CaptureHandle, Elsewhere, Links, Settings};
use crate::observe::events::{About, HostIndex};
use crate::observe::on_link::OnLink;
use crate::observe::pcapng::{Interface, Section, Store};
use crate::observe::{ConnectionCounts, Connections, Counters, Counts, Overflow};
use crate::probe::EventId;
use crate::replay::Tape;
use crate::sim::dice::Dice;
use crate::sim::{
    Birth, LinkId, NodeId, Note, Outage, OutageKind, Script, Service, Tap, Way, World,
};

use super::act::{Act, Begin, When};
use super::build::{Built, Named};
use super::error::Invalid;
use super::file::{Do, Scenario};
use super::forge::{self, What};
use super::link::LinkSpec;
use super::outside::Outside;

/// What came of it.
#[derive(Debug)]
pub struct Played {
    /// How long it took, by its own clock.
    pub took: Duration,
    /// Whether it was over, and not stopped.
    pub is_over: bool,
    pub captured: capture::Stats,
    /// What the host whose packets are captured counted.
    pub counts: Counts,
    pub connections: Vec<ConnectionCounts>,
    /// Packets that links lost.
    pub lost: u64,
    /// Everything that went over links, as a number.
    pub trace: u64,
}

/// Whoever shows how far it is, and may stop it.
pub trait Progress {
    /// It has lasted so long by its own clock. Whether to go on.
    fn reached(&self, age: Duration) -> bool;
}

impl Scenario {
    /// Plays it; packets and events go to these files.
    ///
    /// # Errors
    ///
    /// A value that does not fit, or what writing the files' beginnings says.
    ///
    /// # Panics
    ///
    /// If something that must always hold does not: a defect of the stack.
    pub fn play(
        &self,
        capture: impl Store + 'static,
        events: impl Store + 'static,
        tape: Option<&Tape>,
        progress: &dyn Progress,
    ) -> Result<Played, Invalid> {
        self.needs_no_kernel()?;
        self.record(capture, events, tape, None, progress)
    }

    /// The same in real time, with somebody outside who plays the host that has the kernel's
    /// stack.
    ///
    /// # Errors
    ///
    /// As of [`Scenario::play`], and what the host outside says.
    ///
    /// # Panics
    ///
    /// As of [`Scenario::play`].
    pub fn play_with(
        &self,
        outside: &mut dyn Outside,
        capture: impl Store + 'static,
        events: impl Store + 'static,
        tape: Option<&Tape>,
        progress: &dyn Progress,
    ) -> Result<Played, Invalid> {
        self.record(capture, events, tape, Some(outside), progress)
    }

    /// In virtual time nobody plays a kernel.
    pub(super) fn needs_no_kernel(&self) -> Result<(), Invalid> {
        match self.of_kernel() {
            None => Ok(()),
            Some((name, _)) => Err(Invalid::value(
                format!("host.{name}.stack"),
                "a kernel knows real time alone: pellucid run plays it",
            )),
        }
    }

    fn record(
        &self,
        capture: impl Store + 'static,
        events: impl Store + 'static,
        tape: Option<&Tape>,
        outside: Option<&mut dyn Outside>,
        progress: &dyn Progress,
    ) -> Result<Played, Invalid> {
        let mut built = self.build()?;
        let Built {
            world,
            hosts,
            links,
            ..
        } = &mut built;
        if let Some(tape) = tape {
            world.on_birth(recording(tape, hosts));
        }
        let about = About {
            title: format!("pellucid run {}", self.name),
            host: self.vantage()?.to_owned(),
            others: hosts.iter().skip(1).map(|(name, _)| name.clone()).collect(),
        };
        let events: Box<dyn Store> = Box::new(events);
        let epoch = outside.as_ref().map_or(EPOCH, |outside| outside.epoch());
        let settings = self.settings(&about.host, epoch);
        let (capture, handle) = Capture::start_with(capture, Some((events, about)), settings)?;
        let counters = Counters::default();
        let connections = listen(world, hosts, links, capture, &counters, &handle);
        let mut stage = Stage::new(self, built);
        let kernel = self.of_kernel().and_then(|(name, _)| stage.outsider(name));
        let is_over = match kernel.zip(outside) {
            Some((node, outside)) => stage.play_outside(node, outside, progress)?,
            None => {
                stage.play(progress)?;
                stage.is_over()
            }
        };
        let Stage { world, links, .. } = stage;
        let lost = links.iter().map(|link| lost(&world, link.id)).sum();
        let took = world.age();
        let trace = world.trace().hash();
        // Who hears the stack holds the capture open.
        let counts = counters.counts();
        let connections = connections.connections();
        drop(world);
        Ok(Played {
            took,
            is_over,
            captured: handle.finish(),
            counts,
            connections,
            lost,
            trace,
        })
    }

    fn settings(&self, vantage: &str, epoch: u64) -> Settings {
        let comment = format!("pellucid run {}, seed {}", self.name, self.seed);
        let hosts = self.host.iter();
        Settings {
            epoch,
            section: Section::here(&comment),
            interfaces: vec![Interface {
                name: vantage.to_owned(),
                ..Interface::default()
            }],
            names: hosts
                .map(|(name, host)| (host.addr, name.clone()))
                .collect(),
            overflow: Overflow::Wait,
            ..Settings::default()
        }
    }
}

/// Records the stacks of hosts, by their names and in their order.
fn recording(tape: &Tape, hosts: &[(String, NodeId)]) -> Birth {
    let (tape, hosts) = (tape.clone(), hosts.to_vec());
    Birth(Box::new(move |node, seed, stack| {
        let mut places = (0..).zip(&hosts);
        if let Some((index, (name, _))) = places.find(|(_, (_, id))| *id == node) {
            tape.record(index, name, seed, stack);
        }
    }))
}

/// Lets everybody hear who wants to know; says who keeps the numbers of connections.
fn listen(
    world: &mut World,
    hosts: &[(String, NodeId)],
    links: &[Named],
    capture: Capture,
    counters: &Counters,
    handle: &CaptureHandle,
) -> Connections {
    // Links tell events too.
    let count = hosts.len() as u32 + 1;
    let mut connections = None;
    let mut capture = Some(capture);
    for ((_, node), index) in hosts.iter().zip(0..) {
        world.number_events(*node, index, count);
        match capture.take() {
            Some(capture) => {
                world.observe(*node, Box::new(counters.clone()));
                connections = Some(world.connections(*node));
                world.observe(*node, Box::new(capture));
            }
            None => {
                let elsewhere: Elsewhere = handle.elsewhere(HostIndex(index as usize));
                world.observe(*node, Box::new(elsewhere));
            }
        }
    }
    world.listen(Box::new(Telling {
        links: handle.links(),
        names: links
            .iter()
            .map(|link| (link.id, link.ways.clone()))
            .collect(),
        next: u64::from(count),
        step: u64::from(count),
    }));
    connections.unwrap_or_else(|| Connections::new(0))
}

/// Gives what happens on links its names and numbers.
#[derive(Debug)]
struct Telling {
    links: Links,
    names: Vec<(LinkId, [String; 2])>,
    next: u64,
    step: u64,
}

impl Tap for Telling {
    fn happened(&mut self, link: LinkId, way: Way, note: &Note) {
        let named = self.names.iter().find(|(id, _)| *id == link);
        let name = named.map(|(_, ways)| ways[usize::from(way == Way::Back)].clone());
        let Some(number) = std::num::NonZeroU64::new(self.next) else {
            return;
        };
        self.next += self.step;
        self.links.tell(OnLink {
            id: EventId(number),
            at: note.at,
            link: name.unwrap_or_default(),
            packet: note.packet,
            bytes: note.bytes,
            what: note.what,
        });
    }
}

/// What is at work.
pub(super) struct Stage<'a> {
    pub scenario: &'a Scenario,
    pub world: World,
    pub hosts: Vec<(String, NodeId)>,
    pub outsiders: Vec<(String, NodeId)>,
    /// What forgers draw.
    pub dice: Dice,
    pub links: Vec<Named>,
    /// What is still to be done, in the order of the file.
    pub waiting: Vec<Waiting<'a>>,
}

/// An act that is still to be done.
pub(super) struct Waiting<'a> {
    /// Its place in the file, from 1.
    number: usize,
    what: &'a Do,
    /// When, once that is known.
    pub at: Option<Instant>,
    /// How often it has been done.
    done: u64,
}

fn waiting((number, what): (usize, &Do)) -> Waiting<'_> {
    Waiting {
        number,
        what,
        at: None,
        done: 0,
    }
}

impl<'a> Stage<'a> {
    /// A world, and all that is still to happen in it.
    pub fn new(scenario: &'a Scenario, built: Built) -> Stage<'a> {
        let Built {
            world,
            hosts,
            outsiders,
            links,
        } = built;
        Stage {
            scenario,
            world,
            hosts,
            outsiders,
            dice: Dice::new(scenario.seed, FORGING),
            links,
            waiting: (1..).zip(&scenario.acts).map(waiting).collect(),
        }
    }

    pub fn play(&mut self, progress: &dyn Progress) -> Result<(), Invalid> {
        let end = self.world.birth() + self.scenario.until.0;
        let mut steps = 0_u32;
        // Each turn does what is due, or goes on to the next thing, up to the end.
        loop {
            self.find_times(None);
            self.do_what_is_due(None)?;
            if self.is_over() || self.world.now() >= end {
                return Ok(());
            }
            let times = self.waiting.iter().filter_map(|act| act.at);
            let next = times.min().map_or(end, |at| at.min(end));
            let is_last = self.waiting.is_empty();
            // An act may wait for what the next step brings.
            let single = self.waiting.iter().any(|act| act.at.is_none());
            let (mut turns, mut goes_on) = (0, true);
            self.world.run_while(next, |world| {
                steps = steps.wrapping_add(1);
                turns += 1;
                if steps.is_multiple_of(LOOK_EVERY) {
                    goes_on = progress.reached(world.age());
                }
                goes_on && !(single && turns > 1) && !(is_last && is_quiet(world))
            });
            if !goes_on {
                return Ok(());
            }
        }
    }

    /// Whether nothing more is going to happen.
    pub fn is_over(&self) -> bool {
        self.waiting.is_empty() && is_quiet(&self.world)
    }

    /// The node of a host without a stack of ours.
    fn outsider(&self, name: &str) -> Option<NodeId> {
        let mut all = self.outsiders.iter();
        all.find(|(known, _)| known == name).map(|(_, node)| *node)
    }

    /// Does all acts whose time has come.
    pub(super) fn do_what_is_due(
        &mut self,
        mut outside: Option<&mut (dyn Outside + '_)>,
    ) -> Result<(), Invalid> {
        while let Some(act) = self.due() {
            if let Some(again) = self.act(act, outside.as_deref_mut())? {
                self.waiting.push(again);
            }
        }
        Ok(())
    }

    /// Finds out of acts that wait for connections whether these are there.
    pub(super) fn find_times(&mut self, outside: Option<&dyn Outside>) {
        let now = self.world.now();
        for act in &mut self.waiting {
            if act.at.is_some() {
                continue;
            }
            act.at = match act.what.at {
                When::At(time) => Some(self.world.birth() + time.0),
                When::Connected(later) => {
                    let host = act.what.host.as_ref();
                    let node = self.hosts.iter().find(|(name, _)| Some(name) == host);
                    let latest = node.and_then(|(_, node)| self.world.latest_of(*node));
                    let is_there = match (node, outside) {
                        (None, Some(outside)) => outside.is_connected(),
                        _ => latest.is_some_and(|end| self.world.is_connected(end)),
                    };
                    is_there.then_some(now + later.0)
                }
            };
        }
    }

    /// The next act whose time has come: of those of one instant, the one that stands first.
    fn due(&mut self) -> Option<Waiting<'a>> {
        let now = self.world.now();
        let has_come = |act: &Waiting<'_>| act.at.is_some_and(|at| at <= now);
        let index = self.waiting.iter().position(has_come)?;
        Some(self.waiting.remove(index))
    }

    /// Does what is due; returns what is to be done again.
    fn act(
        &mut self,
        waiting: Waiting<'a>,
        outside: Option<&mut (dyn Outside + '_)>,
    ) -> Result<Option<Waiting<'a>>, Invalid> {
        let Waiting { number, what, .. } = waiting;
        let at = format!("do {number}");
        if let Some(link) = &what.link {
            return self.change(&at, link, what).map(|()| None);
        }
        match (&what.host, &what.act) {
            (Some(host), Some(act)) => match &act.begin {
                Begin::Forge(forgery) => {
                    self.forge(&at, host, &forgery.what)?;
                    let done = waiting.done + 1;
                    let next = (waiting.at).map(|at| at + forgery.every.0);
                    Ok((done < forgery.times).then_some(Waiting {
                        at: next,
                        done,
                        ..waiting
                    }))
                }
                _ => self.tell(&at, host, act, outside).map(|()| None),
            },
            _ => Ok(None),
        }
    }

    /// Somebody without a stack sends something.
    fn forge(&mut self, at: &str, host: &str, what: &What) -> Result<(), Invalid> {
        let Some(from) = self.outsider(host) else {
            return Ok(());
        };
        let packet = match what {
            What::Packet(bytes) => Some(bytes.clone()),
            What::Syn { to, port } => {
                let to = self.scenario.socket(at, to, *port)?;
                forge::syn(&mut self.dice, to).packet()
            }
            What::Segment {
                to,
                flags,
                seq,
                ack,
                text,
            } => {
                let victim = self.hosts.iter().find(|(name, _)| name == to);
                let latest = victim.and_then(|(_, node)| self.world.latest_of(*node));
                let known = latest.and_then(|latest| self.world.known(latest));
                // Who attacks a connection that is gone already, attacks nothing.
                known.and_then(|known| forge::segment(&known, *flags, *seq, *ack, *text).packet())
            }
        };
        if let Some(packet) = packet {
            self.world.put(from, packet);
        }
        Ok(())
    }

    /// Tells an application what to do.
    fn tell(
        &mut self,
        at: &str,
        host: &str,
        act: &Act,
        outside: Option<&mut (dyn Outside + '_)>,
    ) -> Result<(), Invalid> {
        let node = self.hosts.iter().find(|(name, _)| name == host);
        let Some((_, node)) = node.cloned() else {
            let to = match &act.begin {
                Begin::Connect { host, port, .. } => Some(self.scenario.socket(at, host, *port)?),
                _ => None,
            };
            let told = outside.map_or(Ok(()), |outside| outside.tell(act, to));
            return told.map_err(|what| Invalid::value(at, what));
        };
        let Act { begin, steps, .. } = act;
        match begin {
            Begin::Listen { port, backlog } => {
                let script: Script = steps.iter().copied().collect();
                let service = Service {
                    backlog: *backlog,
                    ..Service::of(Script::APP)
                };
                let served = self.world.serve_script(node, *port, service, script);
                served.map_err(|error| Invalid::value(at, error))
            }
            Begin::Connect {
                host: to,
                port,
                from,
            } => {
                let to = self.scenario.socket(at, to, *port)?;
                let own = self.scenario.host.get(host).map(|host| host.addr);
                let local = from
                    .zip(own)
                    .map(|(port, addr)| SocketAddr::new(addr, port));
                let script = steps.iter().copied().collect();
                let now = self.world.now();
                self.world.open_script(now, node, local, to, script);
                Ok(())
            }
            Begin::GoOn => {
                let latest = self.world.latest_of(node);
                let done = latest.is_some_and(|end| self.world.add_steps(end, steps));
                if done {
                    return Ok(());
                }
                let what = format!(
                    "{host} has no connection to {act:?} on",
                    act = act.to_string()
                );
                Err(Invalid::value(at, what))
            }
            // Nobody with a stack forges: `Scenario::check`.
            Begin::Forge(_) => Ok(()),
        }
    }

    /// A link becomes another, or does not work for a while.
    fn change(&mut self, at: &str, name: &str, what: &Do) -> Result<(), Invalid> {
        let spec = self.scenario.link.get(name).cloned().unwrap_or_default();
        let spec = spec.with(&what.set);
        let spec: LinkSpec = spec.map_err(|error| Invalid::value(at, error))?;
        let mut path = spec.path().map_err(|error| Invalid::value(at, error))?;
        if let Some(down) = what.down {
            let from = self.world.age();
            path.outages.push(Outage {
                from,
                until: from + down.0,
                what: OutageKind::Cut,
            });
        }
        let now = self.world.now();
        for link in &self.links {
            for (_, ways) in link.entries.iter().filter(|(entry, _)| entry == name) {
                for way in ways {
                    let changed = self.world.change(now, link.id, *way, path.clone());
                    changed.map_err(|error| Invalid::value(at, error))?;
                }
            }
        }
        Ok(())
    }
}

fn is_quiet(world: &World) -> bool {
    world.is_over() && world.is_idle()
}

/// Packets that a link has lost, both ways.
pub(super) fn lost(world: &World, link: LinkId) -> u64 {
    let ways = [Way::Forward, Way::Back].map(|way| world.path_stats(link, way));
    ways.iter()
        .map(|stats| stats.wire.lost() + stats.queue.dropped())
        .sum()
}

/// Midnight of the first day of 2000, in nanoseconds since 1970: virtual runs begin then.
const EPOCH: u64 = 946_684_800_000_000_000;
/// What forgers' chance is drawn for, apart from what worlds draw.
const FORGING: u64 = 4 << 32;
/// Steps between two looks at whether to go on.
const LOOK_EVERY: u32 = 1 << 12;

#[cfg(test)]
pub(super) mod tests;
