//! A script run: its events in order, in virtual time.
//!
//! The clock is the stack's, and only this room moves it. Reaching an event fires what is due
//! before it; an expected packet is waited for from deadline to deadline. `world` has what an
//! event can change, `packet` the packet lines, `call` and `operation` the calls, `command` the
//! commands, `finish` what is judged when all events are over.

mod argument;
mod call;
mod command;
mod finish;
mod message;
mod operation;
mod packet;
mod socket_option;
mod world;

use crate::base::Instant;

use super::backend::Backend;
use super::code::Block;
use super::guard::Guards;
use super::outcome::{Reason, ReasonKind, Run, Stop};
use super::profile::Profile;
use super::relax::Relaxed;
use super::settings::{Dialect, Settings};
use super::syntax::{Direction, Event, Place, Script, What, When};
use world::World;

pub use call::survey as survey_call;

/// How a script is run.
#[derive(Debug, Clone)]
pub struct Plan<'s> {
    pub script: &'s Script,
    pub settings: &'s Settings,
    pub dialect: Dialect,
    pub profile: Profile,
    pub guards: Guards,
    pub relaxed: Relaxed,
    /// The blocks of the script's code events, in their order.
    pub blocks: &'s [Block],
}

/// Nanoseconds since the script began.
pub(super) type Nanos = i64;

/// When an event is planned.
#[derive(Debug, Clone, Copy)]
struct Planned {
    start: Nanos,
    /// The end of its range; of a point, the point.
    end: Nanos,
    /// `*`
    whenever: bool,
    /// What relative times were added to.
    base: Nanos,
}

/// What the event before was.
#[derive(Debug, Clone, Copy, Default)]
struct Before {
    planned: Nanos,
    inbound: bool,
    first: bool,
}

/// Runs a script against a backend.
pub fn run(plan: Plan<'_>, backend: Box<dyn Backend>) -> Run {
    let mut runner = Runner {
        world: World::new(&plan, backend),
        plan,
        before: Before {
            first: true,
            ..Before::default()
        },
        is_last: false,
    };
    let ended = runner.events();
    runner.finish(ended)
}

struct Runner<'s> {
    plan: Plan<'s>,
    world: World,
    before: Before,
    /// The last event is being run.
    is_last: bool,
}

impl<'s> Runner<'s> {
    fn events(&mut self) -> Result<(), Stop> {
        let script = self.plan.script;
        check_times(script)?;
        if let Some(init) = &script.init {
            self.world.command(&init.text, init.at)?;
        }
        let last = script.events.len() - 1;
        let mut blocks = self.plan.blocks.iter();
        for (nth, event) in script.events.iter().enumerate() {
            self.is_last = nth == last;
            let planned = self.plan_event(event);
            self.event(event, planned, &mut blocks)?;
            self.before = Before {
                planned: planned.start,
                inbound: is_inbound(event),
                first: false,
            };
        }
        self.world.end_pending()
    }

    fn event(
        &mut self,
        event: &'s Event,
        planned: Planned,
        blocks: &mut std::slice::Iter<'s, Block>,
    ) -> Result<(), Stop> {
        match &event.what {
            What::Packet(packet) if packet.direction == Direction::Out => {
                self.expect(event, packet, planned)
            }
            What::Call(call) => {
                // One call that waits at a time.
                self.world.await_pending(call)?;
                self.arrive(planned, event.at)?;
                let end = call.end.map(|end| {
                    let end = end.saturating_mul(1000);
                    match event.when {
                        When::After(_) => planned.base + end,
                        _ => end,
                    }
                });
                self.world.call(call, planned.start, end)
            }
            What::Packet(packet) => {
                self.arrive(planned, event.at)?;
                self.inject(event, packet)
            }
            What::Command(command) => {
                self.arrive(planned, event.at)?;
                self.world.command(&command.text, command.at)
            }
            What::Code(code) => {
                self.arrive(planned, event.at)?;
                // One block for each, made when the script was read.
                match blocks.next() {
                    Some(block) => self.world.sample(block, code.at),
                    None => Ok(()),
                }
            }
        }
    }

    /// Times of the event as absolute ones.
    fn plan_event(&self, event: &Event) -> Planned {
        let anchored = self.before.inbound && is_inbound(event);
        let base = match anchored && self.plan.dialect == Dialect::Google {
            true => self.before.planned,
            false => self.world.clock(),
        };
        let nanos = |micros: i64| micros.saturating_mul(1000);
        let (start, end, whenever) = match event.when {
            When::At(time) => (nanos(time), nanos(time), false),
            When::After(time) => (base + nanos(time), base + nanos(time), false),
            When::Any => (base, base, true),
            When::Between(from, to) => (nanos(from), nanos(to), false),
            When::AfterBetween(from, to) => (base + nanos(from), base + nanos(to), false),
        };
        Planned {
            start,
            end,
            whenever,
            base,
        }
    }

    /// Advances to an event, and checks that it is not too late for it.
    fn arrive(&mut self, planned: Planned, at: Place) -> Result<(), Stop> {
        self.world.advance_to(planned.start)?;
        self.begin();
        if self.before.first {
            return Ok(());
        }
        let late = self.world.clock() - planned.start;
        let tolerance = self.tolerance(planned);
        if late.abs() <= tolerance {
            return Ok(());
        }
        Err(Reason {
            kind: ReasonKind::Timing,
            at,
            expected: seconds(planned.start),
            actual: seconds(self.world.clock()),
            text: "the event comes late: what came before took longer".into(),
        }
        .into())
    }

    /// An event begins: after the last one nothing is stray any more.
    fn begin(&mut self) {
        if self.is_last {
            self.world.mark_last_event();
        }
    }

    /// How far an event may be off, in nanoseconds.
    fn tolerance(&self, planned: Planned) -> Nanos {
        let span = (planned.start - self.before.planned) / 1000;
        let micros = self.plan.settings.tolerance.after(span);
        let nanos = micros.saturating_mul(1000);
        nanos.saturating_mul(self.plan.relaxed.time_factor())
    }
}

fn is_inbound(event: &Event) -> bool {
    matches!(&event.what, What::Packet(packet) if packet.direction == Direction::In)
}

/// The first event is at time 0, and absolute times do not go back.
fn check_times(script: &Script) -> Result<(), Reason> {
    let mut before = None;
    for (nth, event) in script.events.iter().enumerate() {
        let absolute = match event.when {
            When::At(time) | When::Between(time, _) => Some(time),
            _ => None,
        };
        if nth == 0 && !matches!(event.when, When::At(0) | When::After(0)) {
            let text = "the first event is not at time 0";
            return Err(Reason::plain(ReasonKind::Script, event.at, text));
        }
        if let (Some(before), Some(now)) = (before, absolute)
            && now < before
        {
            let text = "the time lies before that of the event above";
            return Err(Reason::plain(ReasonKind::Script, event.at, text));
        }
        before = absolute;
    }
    Ok(())
}

/// Seconds with microseconds.
pub(super) fn seconds(nanos: Nanos) -> String {
    let sign = if nanos < 0 { "-" } else { "" };
    let micros = nanos.unsigned_abs() / 1000;
    format!("{sign}{}.{:06}", micros / 1_000_000, micros % 1_000_000)
}

fn instant(nanos: Nanos) -> Instant {
    Instant::from_nanos(u64::try_from(nanos).unwrap_or(0))
}

#[cfg(test)]
mod tests;
