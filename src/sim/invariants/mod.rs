//! What must always hold, checked after every event of one stack.
//!
//! [`Invariants`] is an observer: boxed into a stack it hears everything, and a clone of it is
//! asked for breaches. It needs no simulator: a packet script or a fuzzer may watch a stack of its
//! own with it, and calls [`Invariants::settled`] whenever `poll_transmit` had nothing more. What
//! only the core can see of itself is in `Stack::assert_invariants`, which the same owner calls
//! then.
//!
//! - I-WIRE: each packet is read without complaint by another reader, its sums are right, it fits
//!   the MTU; no reset answers a reset, no ICMP error an ICMP error (`wire`).
//! - I-TIMER: whatever is outstanding has a deadline that is ahead and not too far (here, and the
//!   core); each timer that is told to be set is told to have expired or been stopped (`timers`).
//! - I-BOUND: an input makes at most a window of segments and two more, and one that is refused at
//!   most one reply (`flow`, `inputs`).
//! - I-WORK: an input makes a bounded number of events, and a packet has one ending (`inputs`).
//! - I-WHY: what happens has an input that was told before it for its cause, and a packet that
//!   leaves says why (`causes`).
//! - I-SAFE: what goes again is what went first, and nothing follows a FIN (`flow`).
//! - I-WIN: nothing is sent beyond the furthest edge that was offered, and the window is taken only
//!   as SND.WL1 and SND.WL2 allow; the edge that we offer never moves left, but for rounding;
//!   nothing is acknowledged that has not come (`flow`, `window`).
//! - I-STATE: states follow the arrows of RFC 9293 Figure 5, and SND.UNA, SND.NXT and RCV.NXT never
//!   go back (`flow`).
//! - I-MEM: buffers stay within their bounds (`flow`, and the core).
//!
//! Cheap enough to be on in every run: each check looks at what the event touched, never at all of
//! a stack.

mod causes;
mod flow;
mod forgotten;
mod inputs;
mod timers;
mod window;
mod wire;

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::base::{Instant, Offload, Pieces};
use crate::probe::{
    Accepted, Event, EventId, Observer, Purpose, Snapshot, Subject, Told, Variables,
};
use crate::stack::{Config, TcpConfig};

use super::reading::{Reading, read_received};

use causes::Causes;
use flow::Flow;
use forgotten::Forgotten;
use inputs::Inputs;
use timers::Timers;

/// What is known of the stack that is watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// The longest packet that it may send, in bytes.
    pub mtu: u16,
    /// Bytes that may wait for a reader, and for an acknowledgment, once buffers have grown.
    pub receive_buffer: u32,
    pub send_buffer: u32,
    /// Within which time something must happen where something is outstanding.
    pub patience: Duration,
}

impl Rules {
    /// Those of a stack with this configuration.
    pub fn of(config: &Config) -> Rules {
        let mut rules = Rules {
            mtu: config.mtu,
            receive_buffer: 0,
            send_buffer: 0,
            patience: Duration::ZERO,
        };
        rules.admit(&config.tcp);
        rules
    }

    /// Connections may be like this, too.
    fn admit(&mut self, tcp: &TcpConfig) {
        let receive = tcp.receive_buffer.max(tcp.receive_buffer_max);
        let send = tcp.send_buffer.max(tcp.send_buffer_max);
        self.receive_buffer = self.receive_buffer.max(receive);
        self.send_buffer = self.send_buffer.max(send);
        self.patience = self.patience.max(tcp.rto_max);
    }
}

/// Something that must always hold does not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breach {
    /// Which invariant: `I-WIN`.
    pub id: &'static str,
    pub at: Instant,
    /// Whom it is about.
    pub on: Subject,
    /// What is wrong, in words.
    pub what: String,
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Breach { id, at, on, what } = self;
        write!(f, "{id} broken at {at} by {on:?}: {what}")
    }
}

/// The observer. Clones watch together.
#[derive(Debug, Clone)]
pub struct Invariants(Arc<Mutex<Watch>>);

impl Invariants {
    /// Watches a stack that these rules are of.
    pub fn new(rules: Rules) -> Invariants {
        Invariants(Arc::new(Mutex::new(Watch {
            rules,
            now: Instant::BIRTH,
            breaches: Vec::new(),
            inputs: Inputs::default(),
            causes: Causes::default(),
            timers: Timers::default(),
            flows: BTreeMap::new(),
            closed: 0,
            outstanding: 0,
            last_in: None,
            last_out: None,
            forgotten: Forgotten::default(),
        })))
    }

    /// The first thing that was found broken.
    pub fn breach(&self) -> Option<Breach> {
        self.lock().breaches.first().cloned()
    }

    /// All that was found broken, up to a bound.
    pub fn breaches(&self) -> Vec<Breach> {
        self.lock().breaches.clone()
    }

    /// `poll_transmit` had nothing more at `now`, and the stack wants to be called again at `next`.
    pub fn settled(&self, now: Instant, next: Option<Instant>) {
        self.lock().settled(now, next);
    }

    /// The event that told of the packet that left last.
    pub fn last_out(&self) -> Option<EventId> {
        self.lock().last_out
    }

    /// The stack's device carries packets of up to so many bytes from here on.
    pub fn set_mtu(&self, mtu: u16) {
        self.lock().rules.mtu = mtu;
    }

    /// From here on the stack may have connections like this beside those that it had.
    pub fn admit(&self, tcp: &TcpConfig) {
        self.lock().rules.admit(tcp);
    }

    fn lock(&self) -> MutexGuard<'_, Watch> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observer for Invariants {
    fn told(&mut self, told: &Told<'_>) {
        self.lock().told(told);
    }
}

#[derive(Debug)]
struct Watch {
    rules: Rules,
    now: Instant,
    breaches: Vec<Breach>,
    inputs: Inputs,
    causes: Causes,
    timers: Timers,
    /// By the number that events have.
    flows: BTreeMap<u64, Flow>,
    /// How many of them are closed.
    closed: usize,
    /// How many of them have something outstanding.
    outstanding: usize,
    /// The packet that came in last, if it can be read.
    last_in: Option<(EventId, Reading)>,
    /// The packet that left last.
    last_out: Option<EventId>,
    forgotten: Forgotten,
}

/// Why an event is a breach: the invariant and what is wrong.
type Wrong = (&'static str, String);

impl Watch {
    fn told(&mut self, told: &Told<'_>) {
        self.now = self.now.max(told.at);
        let found = self.judge(told);
        if let Err((id, what)) = found {
            self.broken(id, told.on, what);
        }
    }

    fn broken(&mut self, id: &'static str, on: Subject, what: String) {
        if self.breaches.len() < BREACHES_MAX {
            let at = self.now;
            self.breaches.push(Breach { id, at, on, what });
        }
    }

    fn judge(&mut self, told: &Told<'_>) -> Result<(), Wrong> {
        self.inputs.hear(told)?;
        self.causes.hear(told)?;
        self.timers.hear(told)?;
        match *told.event {
            Event::PacketIn { bytes, .. } => {
                // What can be read of it is kept until its ending is told.
                let reading = read_received(bytes).ok();
                self.last_in = reading.map(|reading| (told.id, reading));
                Ok(())
            }
            Event::PacketOut {
                head,
                body,
                offload,
                purpose,
                variables,
                ..
            } => {
                self.last_out = Some(told.id);
                self.packet_out(
                    told,
                    (head, body, offload),
                    purpose,
                    variables.map(Variables::snapshot),
                )
            }
            Event::Opened { local, remote, .. } => {
                self.open(told.on, local, remote);
                Ok(())
            }
            Event::Accepted {
                what: Accepted::SynCookie,
                ..
            } => {
                if let Some((_, syn)) = &self.last_in {
                    self.forgotten.hears(syn);
                }
                Ok(())
            }
            Event::Accepted { variables, .. } => {
                self.accepted(told, variables.map(Variables::snapshot))
            }
            Event::Discarded { variables, .. } => self.on_flow(told.on, |flow, rules| {
                flow.is_told();
                variables.map_or(Ok(()), |known| flow.learn(&known.snapshot(), rules))
            }),
            Event::StateChanged { from, to, on } => {
                self.on_flow(told.on, |flow, _| flow.moves(from, to, on))
            }
            _ => Ok(()),
        }
    }

    fn open(&mut self, on: Subject, local: SocketAddr, remote: SocketAddr) {
        let Subject::Connection(number) = on else {
            return;
        };
        let begun = self
            .forgotten
            .of(local, remote)
            .map(|known| Flow::begun(&known));
        self.flows.insert(number, begun.unwrap_or_default());
        if self.closed > CLOSED_MAX {
            self.flows.retain(|_, flow| !flow.is_closed());
            self.closed = 0;
        }
    }

    /// A packet was taken in: what it says is true for its connection.
    fn accepted(&mut self, told: &Told<'_>, variables: Option<Snapshot>) -> Result<(), Wrong> {
        let last_in = self.last_in.as_ref();
        let reading = last_in.filter(|(id, _)| Some(*id) == told.cause);
        let segment = reading.and_then(|(_, reading)| reading.segment);
        self.on_flow(told.on, |flow, rules| {
            flow.is_told();
            if let Some(segment) = &segment {
                flow.hears(segment);
            }
            match &variables {
                Some(variables) => flow.learn(variables, rules),
                None => Ok(()),
            }
        })
    }

    fn packet_out(
        &mut self,
        told: &Told<'_>,
        (head, body, offload): (&[u8], Pieces<'_>, Offload),
        purpose: Purpose,
        variables: Option<Snapshot>,
    ) -> Result<(), Wrong> {
        let reading = wire::check(head, body, offload, self.rules.mtu)?;
        let last_in = self.last_in.as_ref();
        if let Some((_, question)) = last_in.filter(|(id, _)| Some(*id) == told.cause) {
            wire::check_answer(&reading, question)?;
        }
        self.inputs.check_reply(told.cause, &reading)?;
        if matches!(told.on, Subject::Listener(_)) {
            self.forgotten.says(&reading);
        }
        let Some(segment) = reading.segment else {
            return Ok(());
        };
        let inputs = self.inputs.count();
        self.on_flow(told.on, |flow, rules| {
            let text = text_of(head, body, segment.text_at);
            let cut = offload.gso.map(u64::from);
            flow.says(&segment, text, cut, purpose, inputs, variables.as_ref())?;
            match &variables {
                Some(variables) => flow.learn(variables, rules),
                None => Ok(()),
            }
        })
    }

    /// Asks one flow, and keeps the counts of all.
    fn on_flow(
        &mut self,
        on: Subject,
        ask: impl FnOnce(&mut Flow, &Rules) -> Result<(), Wrong>,
    ) -> Result<(), Wrong> {
        let Subject::Connection(number) = on else {
            return Ok(());
        };
        let Some(flow) = self.flows.get_mut(&number) else {
            return Ok(());
        };
        let before = (flow.is_closed(), flow.is_outstanding());
        let found = ask(flow, &self.rules);
        let after = (flow.is_closed(), flow.is_outstanding());
        self.closed += usize::from(after.0 && !before.0);
        self.outstanding += usize::from(after.1);
        self.outstanding -= usize::from(before.1);
        found
    }

    /// I-TIMER, as far as it shows from outside.
    fn settled(&mut self, now: Instant, next: Option<Instant>) {
        self.now = self.now.max(now);
        let on = Subject::Stack;
        match next {
            Some(next) if next <= now => {
                let what = format!("a deadline at {next} is not ahead");
                self.broken("I-TIMER", on, what);
            }
            Some(next) if self.outstanding > 0 && next > now + self.rules.patience => {
                let what = format!("something is outstanding, and nothing happens before {next}");
                self.broken("I-TIMER", on, what);
            }
            None if self.outstanding > 0 => {
                let what = "something is outstanding, and no timer runs".to_owned();
                self.broken("I-TIMER", on, what);
            }
            _ => {}
        }
    }
}

/// The text of a packet: the rest of its head, and its body.
fn text_of<'a>(head: &'a [u8], body: Pieces<'a>, text_at: usize) -> [&'a [u8]; 3] {
    [head.get(text_at..).unwrap_or_default(), body.0, body.1]
}

/// The first says most; the rest follow from it.
const BREACHES_MAX: usize = 16;
/// How many closed flows are remembered before they are forgotten.
const CLOSED_MAX: usize = 256;

#[cfg(test)]
mod tests;
