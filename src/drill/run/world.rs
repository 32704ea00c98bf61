//! What events change: the stack, the packets that have left, the descriptors, a call that waits.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::base::Instant;
use crate::observe::words;
use crate::probe::{Event, Observer, Told};

use super::super::backend::{Backend, Handle, Info};
use super::super::code::Block;
use super::super::compare::spelled;
use super::super::flow::Flows;
use super::super::guard::Guards;
use super::super::live::Live;
use super::super::outcome::{Reason, ReasonKind, Stop};
use super::super::settings::Settings;
use super::super::syntax::{Call, Place};
use super::operation::Operation;
use super::{Nanos, Plan, instant, seconds};

/// A descriptor of the script.
#[derive(Debug, Clone)]
pub struct Descriptor {
    pub handle: Handle,
    pub nonblocking: bool,
    /// Bytes written, and read, so far: what comes next in both streams.
    pub written: u64,
    pub read: u64,
}

/// A call that waits.
pub struct Pending {
    pub call: Call,
    pub operation: Operation,
    pub start: Nanos,
    /// When it must end; `None`: whenever.
    pub end: Option<Nanos>,
}

/// The counters of a host, by name.
pub type Counters = BTreeMap<&'static str, u64>;

/// Everything that events change.
pub struct World {
    pub backend: Box<dyn Backend>,
    pub flows: Flows,
    pub settings: Settings,
    pub table: BTreeMap<i64, Descriptor>,
    pub pending: Option<Pending>,
    /// Packets that have left and were not looked at.
    pub queue: VecDeque<Live>,
    pub guards: Guards,
    pub nonfatal: u32,
    pub lacks: Vec<String>,
    pub advice: Vec<String>,
    pub ladder: Vec<String>,
    /// Code blocks with what they are run on.
    pub samples: Vec<(Block, Info, Place)>,
    /// Counters when they were sampled last.
    pub counters: Counters,
    /// Settings to restore.
    pub saved: Vec<(String, Option<String>)>,
    /// Settings as they were made, by key.
    pub set: BTreeMap<String, String>,
    /// Why the packet that was wrong has left.
    pub blamed: Option<String>,
    /// An acknowledgment that a later one must cover.
    pub owed_ack: Option<u32>,
    /// The furthest that any packet of the current connection has acknowledged.
    acked: Option<u32>,
    watcher: Watcher,
    sent: u64,
    /// How many packets had left when the last event began.
    sent_before_last: u64,
    steps_at_once: u32,
}

impl World {
    pub fn new(plan: &Plan<'_>, mut backend: Box<dyn Backend>) -> World {
        let settings = plan.settings;
        let local = SocketAddr::new(settings.local, settings.bind_port);
        let remote = SocketAddr::new(settings.remote, settings.connect_port);
        let watcher = Watcher::default();
        backend.watch(Box::new(watcher.clone()));
        World {
            backend,
            flows: Flows::new(local, remote),
            settings: settings.clone(),
            table: BTreeMap::new(),
            pending: None,
            queue: VecDeque::new(),
            guards: plan.guards.clone(),
            nonfatal: 0,
            lacks: Vec::new(),
            advice: Vec::new(),
            ladder: Vec::new(),
            samples: Vec::new(),
            counters: BTreeMap::new(),
            saved: Vec::new(),
            set: BTreeMap::new(),
            blamed: None,
            owed_ack: None,
            acked: None,
            watcher,
            sent: 0,
            sent_before_last: u64::MAX,
            steps_at_once: 0,
        }
    }

    /// The time, in nanoseconds since the script began.
    pub fn clock(&self) -> Nanos {
        self.backend.now().as_nanos() as Nanos
    }

    /// The last event begins: what has left by now and is never matched is stray.
    pub fn mark_last_event(&mut self) {
        self.sent_before_last = self.sent;
    }

    pub fn is_before_last_event(&self, live: &Live) -> bool {
        live.number < self.sent_before_last
    }

    /// Whether any packet of the current connection has acknowledged so far.
    pub fn has_acked(&self, ack: u32) -> bool {
        self.acked.is_some_and(|acked| acked >= ack)
    }

    /// Why a packet left.
    pub fn why(&self, live: &Live) -> Option<String> {
        self.watcher.lock().whys.get(live.number as usize).cloned()
    }

    /// Tells a line of the ladder.
    pub fn tell(&mut self, text: &str) {
        let line = format!("{} {text}", seconds(self.clock()));
        self.ladder.push(line);
    }

    /// After anything has happened: what leaves is taken, and a call that waits is asked again,
    /// until neither brings anything new.
    pub fn settle(&mut self) -> Result<(), Stop> {
        for _ in 0..SETTLE_MAX {
            self.drain()?;
            if !self.ask_pending()? {
                return Ok(());
            }
        }
        Err(self.busy())
    }

    fn drain(&mut self) -> Result<(), Stop> {
        for change in self.watcher.take_changes() {
            self.tell(&change);
        }
        let now = self.backend.now();
        for _ in 0..BURST_MAX {
            let Some(bytes) = self.backend.emitted() else {
                return Ok(());
            };
            let number = self.sent;
            self.sent += 1;
            let Some(live) = Live::read(now, number, bytes) else {
                self.guards
                    .violate("wellformed", "a packet without an IP header".into());
                continue;
            };
            let flow = self
                .flows
                .current()
                .filter(|_| self.flows.is_current(&live));
            let line = format!("> {}", spelled(&live, flow));
            if let (Some(flow), Some(tcp)) = (flow, live.tcp()) {
                let ack = flow.outbound(tcp, false).ack;
                self.acked = Some(self.acked.map_or(ack, |acked| acked.max(ack)));
            }
            self.tell(&line);
            self.guards.packet(&live, &self.flows, self.settings.mtu);
            self.watch_window(&live);
            self.queue.push_back(live);
        }
        Err(self.busy())
    }

    /// A window whose right edge moves left is legal, and a fault all the same.
    fn watch_window(&mut self, live: &Live) {
        let owner = self.flows.owner_mut(live);
        if let (Some(flow), Some(tcp)) = (owner, live.tcp())
            && let Some(by) = flow.offers(tcp)
        {
            let at = seconds(self.clock());
            let text = format!("window: at {at} its right edge moves left by {by} bytes");
            self.advice.push(text);
        }
    }

    fn busy(&self) -> Stop {
        let text = "the stack is busy and time stands still";
        Reason::plain(ReasonKind::Panic, Place { line: 0, col: 0 }, text).into()
    }

    /// When something happens next: a deadline of the stack's, or of a call that waits.
    fn next_deadline(&self) -> Option<Instant> {
        let pending = self.pending.as_ref();
        let waits = pending.and_then(|pending| pending.operation.deadline());
        [self.backend.poll_at(), waits].into_iter().flatten().min()
    }

    /// Lets the next thing happen, if that is by `limit`. `false`: nothing happens by then.
    pub fn step(&mut self, limit: Option<Nanos>) -> Result<bool, Stop> {
        let Some(next) = self.next_deadline() else {
            return Ok(false);
        };
        if limit.is_some_and(|limit| next > instant(limit)) {
            return Ok(false);
        }
        self.steps_at_once = match next > self.backend.now() {
            true => 0,
            false => self.steps_at_once + 1,
        };
        if self.steps_at_once > STEPS_MAX {
            return Err(self.busy());
        }
        self.backend.advance(next);
        self.backend.expire();
        self.settle()?;
        Ok(true)
    }

    /// Fires what is due strictly earlier than `time`, then it is that time.
    pub fn advance_to(&mut self, time: Nanos) -> Result<(), Stop> {
        while self
            .next_deadline()
            .is_some_and(|next| next < instant(time))
        {
            self.step(None)?;
        }
        self.backend.advance(instant(time));
        Ok(())
    }

    /// The next packet of the current connection that has left, waited for until `limit`.
    pub fn next_packet(&mut self, limit: Option<Nanos>) -> Result<Option<Live>, Stop> {
        // Waiting without a limit ends with the stack's last deadline.
        for _ in 0..WAIT_MAX {
            while let Some(live) = self.queue.pop_front() {
                if self.flows.is_current(&live) {
                    return Ok(Some(live));
                }
            }
            if !self.step(limit)? {
                return Ok(None);
            }
        }
        Ok(None)
    }

    /// Samples what a code block asks for.
    pub fn sample(&mut self, block: &Block, at: Place) -> Result<(), Stop> {
        let fd = self.flows.current_fd();
        let handle = fd.and_then(|fd| self.table.get(&fd)).map(|d| d.handle);
        let info = handle.and_then(|handle| self.backend.info(handle));
        let Some(info) = info else {
            let text = "the current connection has no descriptor: there is no tcp_info";
            return Err(Reason::plain(ReasonKind::Code, at, text).into());
        };
        self.samples.push((block.clone(), info, at));
        Ok(())
    }
}

/// What the stack tells beside its packets.
#[derive(Debug, Clone, Default)]
struct Watcher(Arc<Mutex<Heard>>);

#[derive(Debug, Default)]
struct Heard {
    /// Why each packet left, in the order in which they did.
    whys: Vec<String>,
    /// Changes of state that no line of the ladder shows yet.
    changes: Vec<String>,
}

impl Watcher {
    fn lock(&self) -> MutexGuard<'_, Heard> {
        // Whoever panicked while holding it has left lists that are whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take_changes(&self) -> Vec<String> {
        std::mem::take(&mut self.lock().changes)
    }
}

impl Observer for Watcher {
    fn told(&mut self, told: &Told<'_>) {
        match told.event {
            Event::PacketOut { purpose, why, .. } => {
                let text = format!("{}: {} ({})", words::purpose(*purpose), why.text, why.by);
                self.lock().whys.push(text);
            }
            Event::StateChanged { from, to, .. } => {
                let text = format!("  {from} → {to}");
                self.lock().changes.push(text);
            }
            _ => {}
        }
    }
}

/// A stack that has something new to say more often than this at one time says nothing new.
const SETTLE_MAX: u32 = 10_000;
/// Packets that leave at one time: a whole buffer of 4 MiB in segments of 64 bytes.
const BURST_MAX: u32 = 65_536;
/// Section 15 of packetdrill's guards here: so many steps without time advancing are a busy loop.
const STEPS_MAX: u32 = 1000;
/// Deadlines that pass while one packet is waited for without a limit.
const WAIT_MAX: u32 = 100_000;
