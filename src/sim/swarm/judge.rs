//! A plan is run, and judged.

use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use crate::sim::party::Report;
use crate::sim::trace::Trace;
use crate::sim::world::{Birth, NodeId, World};

use super::Plan;
use super::plan::Built;

/// A run that held everything that must hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ran {
    pub trace: Trace,
    /// How long it lasted, in its own time.
    pub simulated: Duration,
    /// Conversations that were whole.
    pub whole: u64,
    /// Conversations that were not, as they may.
    pub broken_off: u64,
}

/// A run that did not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What went wrong, in words; the first line says it, the rest shows it.
    pub what: String,
}

impl Failure {
    /// The first line.
    pub fn headline(&self) -> &str {
        self.what.lines().next().unwrap_or_default()
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

/// Runs a plan. Before it begins, `watch` may put observers on both hosts.
///
/// # Errors
///
/// What did not hold: an invariant, an assertion of a stack, or one of the swarm's own demands.
pub fn run(plan: &Plan, watch: impl FnOnce(&mut World, [NodeId; 2])) -> Result<Ran, Failure> {
    run_from_birth(plan, None, watch)
}

/// The same, and somebody is told when its stacks are made.
///
/// # Errors
///
/// [`Failure`].
pub fn run_from_birth(
    plan: &Plan,
    birth: Option<Birth>,
    watch: impl FnOnce(&mut World, [NodeId; 2]),
) -> Result<Ran, Failure> {
    // A world that panicked is dropped: nobody looks at it in the state it was left in.
    let ran = catch_unwind(AssertUnwindSafe(|| {
        let Built { mut world, hosts } = plan.build_with(birth)?;
        watch(&mut world, hosts);
        live(plan, &mut world)
    }));
    let judged = match ran {
        Ok(judged) => judged,
        Err(panic) => Err(words_of(panic.as_ref())),
    };
    judged.map_err(|what| Failure { what })
}

/// The four parts of a world's life.
fn live(plan: &Plan, world: &mut World) -> Result<Ran, String> {
    world.run(plan.heals_after);
    world.heal(plan.in_flight);
    let deadline = world.now() + FINISH;
    if !world.run_to_the_end(deadline) {
        return Err(format!(
            "stuck {FINISH:?} after healing {}",
            world.describe()
        ));
    }
    let (mut whole, mut broken_off) = (0, 0);
    for (flow, conversation) in world.conversations() {
        let ends = [conversation.client, conversation.server];
        let [client, server] = ends.map(|end| end.unwrap_or(Report::new(world.now())));
        for (reader, writer) in [(client, server), (server, client)] {
            if reader.peer_ended && reader.read != writer.written {
                let what = format!(
                    "{flow:?} ended after {} bytes of {} {}",
                    reader.read,
                    writer.written,
                    world.describe()
                );
                return Err(what);
            }
        }
        if conversation.is_whole() {
            whole += 1;
        } else if plan.must_be_whole {
            return Err(format!("{flow:?} is not whole {}", world.describe()));
        } else {
            broken_off += 1;
        }
    }
    let forgotten = world.now() + longest_memory(plan);
    if world.run_while(forgotten, |world| !world.is_forgotten()) {
        return Err(format!("something is never forgotten {}", world.describe()));
    }
    Ok(Ran {
        trace: world.trace(),
        simulated: world.age(),
        whole,
        broken_off,
    })
}

/// How long a stack may remember anything once all applications have let go: TIME-WAIT, an orphan
/// in FIN-WAIT-2, whatever waits for an answer that does not come, and what it knows of a path.
fn longest_memory(plan: &Plan) -> Duration {
    let of = |host: &super::HostPlan| {
        let tcp = &host.config.tcp;
        2 * tcp.msl + tcp.fin_wait_2 + host.config.path_mtu_age
    };
    plan.hosts.iter().map(of).max().unwrap_or_default() + FINISH
}

fn words_of(panic: &(dyn Any + Send)) -> String {
    if let Some(text) = panic.downcast_ref::<String>() {
        return text.clone();
    }
    match panic.downcast_ref::<&str>() {
        Some(text) => (*text).to_owned(),
        None => "a panic without words".to_owned(),
    }
}

/// robustness: two of the longest backed-off waits, 120 s each, and 60 s more.
pub const FINISH: Duration = Duration::from_secs(300);
