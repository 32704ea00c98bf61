//! A network that runs: a stack on a device, kept going by a thread, and sockets like std's.
//!
//! This floor has the only locks, threads, wakers and clock. A [`Network`] is made from a device
//! and a configuration; [`blocking`] and [`tokio`] have the sockets that go with it.
//!
//! Read `driver` for the loop, `seat` for who runs it, `shared` for the lock around the stack,
//! `queue` for the three together, `wait` and `waiters` for how threads and tasks sleep and wake,
//! `socket`, `listening`, `datagrams` and `echo` for what blocking and tokio sockets have in
//! common, and then `blocking`. `error` has what a program is told when a call fails.
//!
//! A device of several queues has a stack and a thread for each: connections are spread over them
//! as `stack::Share` says, and all else is the first's.

pub mod blocking;
mod clock;
mod datagrams;
mod doorbell;
mod driver;
mod echo;
mod error;
mod lending;
mod listening;
mod looking;
mod queue;
mod seat;
mod shared;
mod socket;
#[cfg(feature = "tokio")]
pub mod tokio;
mod wait;
mod waiters;

use std::fmt;
use std::io;
use std::num::NonZeroU16;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::time::Duration;

use crate::base::{InterfaceId, Seed};
use crate::device::{Capabilities, Device, Losses};
use crate::probe::Observer;
use crate::stack::{Config, Link, Prefix, Route, Share, Stack};

use queue::Queue;
use shared::Shared;
use waiters::{Topic, Waiters};

pub use clock::Clock;
pub use error::Down;
pub use looking::{Observing, Place};

/// A network that runs. Copies are handles to the same one; it ends when the last of them and the
/// last socket are dropped, or by [`Network::stop`].
///
/// Ending is abrupt, as when a program ends without its kernel: call [`Network::drain`] before, so
/// that what was written arrives, and [`Network::abort`], so that peers hear of the rest.
#[derive(Debug, Clone)]
pub struct Network(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// One at least.
    queues: Vec<Queue>,
    device: Capabilities,
    /// Which queue the next connection is opened on, counted on and on.
    next: AtomicUsize,
}

/// Who hears what a stack does. They are called under its lock: they must neither take long nor
/// call into the network. They are dropped when it goes down.
pub type Observers = Vec<Box<dyn Observer + Send>>;

/// Who is told of stacks when they are made: see [`Options::birth`].
pub type Birth = Box<dyn FnMut(u16, Seed, &mut Stack)>;

/// What a network may be started with.
#[derive(Default)]
pub struct Options {
    /// Who hears what the stack does.
    pub observers: Observers,
    /// What all chance comes from; `None`: from the operating system, as any network should that
    /// others can reach.
    pub seed: Option<Seed>,
    /// Who is told of each stack when it is made, which it is of several and from what, before it
    /// is told anything.
    pub birth: Option<Birth>,
    /// The time that the observers are told.
    pub clock: Clock,
    /// How long whoever waits for packets asks for more after one has come, before it sleeps: for
    /// answers without the time that waking up takes, at the cost of a core. At first it sleeps at
    /// once.
    pub busy_poll: Duration,
}

impl Network {
    /// Starts a stack with this configuration on a device, which has as many interfaces. The MTUs
    /// and what is left to the device are the device's.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for an address that no host can have, and whatever else [`Config::check`]
    /// refuses; the text names it. Otherwise the system gives no random numbers, no descriptor or
    /// no thread.
    pub fn start(
        device: Box<dyn Device>,
        config: Config,
        mut options: Options,
    ) -> io::Result<Network> {
        let observers = std::mem::take(&mut options.observers);
        Network::start_queues(vec![(device, observers)], config, options)
    }

    /// The same on a device of several queues, each with a stack and a thread of its own, and with
    /// those who hear that stack. Each connection belongs to one of them, and what comes by the
    /// wrong queue is handed over. What [`Config::limits`] has, and every backlog, is for each.
    ///
    /// # Errors
    ///
    /// As for [`Network::start`]; `InvalidInput` also for no queue, or for more than 65,535, and
    /// for observers in `options`: they would not know whose events they hear.
    pub fn start_queues(
        devices: Vec<(Box<dyn Device>, Observers)>,
        config: Config,
        options: Options,
    ) -> io::Result<Network> {
        let Options {
            observers,
            seed,
            mut birth,
            clock,
            busy_poll,
        } = options;
        if !observers.is_empty() {
            return Err(refused("each queue has its own observers"));
        }
        let count = u16::try_from(devices.len()).ok().and_then(NonZeroU16::new);
        let count = count.ok_or_else(|| refused("a network has 1 to 65,535 queues"))?;
        let seed = seed.map_or_else(seed_from_the_system, Ok)?;
        let device = devices[0].0.capabilities();
        let mut queues = Vec::with_capacity(devices.len());
        for ((device, observers), share) in devices.into_iter().zip(Share::each(count)) {
            let mut config = fitted(config.clone(), &device.interfaces())?;
            config.share = share;
            let mut stack = Stack::new(config, seed);
            if let Some(birth) = &mut birth {
                birth(share.index(), seed, &mut stack);
            }
            for observer in observers {
                stack.observe(observer);
            }
            queues.push(Queue::new(clock, stack, Arc::from(device), busy_poll)?);
        }
        queue::start_all(&queues, &device.name)?;
        Ok(Network(Arc::new(Inner {
            queues,
            device,
            next: AtomicUsize::new(0),
        })))
    }

    /// What is known from here on of the way to all of `prefix`: see [`Stack::set_route`].
    ///
    /// # Errors
    ///
    /// `InvalidInput` if there is no such interface; the network is down.
    pub fn set_route(&self, prefix: Prefix, route: Route) -> io::Result<()> {
        for shared in self.each() {
            let set = shared.call(|held| held.stack.set_route(held.now, prefix, route))?;
            set.map_err(invalid)?;
        }
        Ok(())
    }

    /// Forgets the route to `prefix`: see [`Stack::remove_route`].
    ///
    /// # Errors
    ///
    /// The network is down.
    pub fn remove_route(&self, prefix: Prefix) -> io::Result<()> {
        for shared in self.each() {
            shared.call(|held| held.stack.remove_route(held.now, prefix))?;
        }
        Ok(())
    }

    /// Stops it: its sockets give errors from here on, its observers are dropped, and the device is
    /// closed when this returns. Does nothing if it is down.
    pub fn stop(&self) {
        self.0.stop();
    }

    /// Resets every connection that is still open, so that nobody waits for us in vain, and stops
    /// it.
    pub fn abort(&self) {
        for shared in self.each() {
            // If it is down, nobody can be told.
            let _ = shared.call(|held| held.stack.abort_all(held.now));
        }
        self.stop();
    }

    /// Waits until no connection is open any more, at most this long; whether that was reached.
    /// Sockets have to be dropped for it, and peers have to close their side too; connections in
    /// TIME-WAIT do not count.
    pub fn drain(&self, at_most: Duration) -> bool {
        self.wait_for_counts(at_most, |(connections, half_open, _)| {
            connections + half_open == 0
        })
    }

    /// Waits until nothing is left of any connection, TIME-WAIT included, at most this long;
    /// whether that was reached. TIME-WAIT lasts two maximum segment lifetimes.
    pub fn wait_closed(&self, at_most: Duration) -> bool {
        self.wait_for_counts(at_most, |counts| counts == (0, 0, 0))
    }

    /// What brought it down; `None` while it runs, and if it was stopped.
    pub fn failure(&self) -> Option<Down> {
        match self.shared().down() {
            None | Some(Down::Stopped) => None,
            failure => failure,
        }
    }

    /// What the device could do when the network was started: its name, its MTU.
    pub fn device(&self) -> &Capabilities {
        &self.0.device
    }

    /// Packets that the device lost so far, by reason.
    ///
    /// # Errors
    ///
    /// The network is down, and its device closed.
    pub fn losses(&self) -> io::Result<Losses> {
        let mut losses = Losses::default();
        for shared in self.each() {
            losses = losses.and(shared.device()?.losses());
        }
        Ok(losses)
    }

    /// Connections in all: with a control block, half-open, in TIME-WAIT.
    ///
    /// # Errors
    ///
    /// The network is down.
    pub fn counts(&self) -> io::Result<(usize, usize, usize)> {
        Ok(self.counts_and(|_| {})?)
    }

    /// The clock by which its observers are told the time.
    pub fn clock(&self) -> &Clock {
        self.shared().clock()
    }

    fn wait_for_counts(
        &self,
        at_most: Duration,
        reached: impl Fn((usize, usize, usize)) -> bool,
    ) -> bool {
        let until = self.clock().now() + at_most;
        self.shared()
            .block(Topic::Progress, Some(until), |waiter| {
                let register = |waiters: &mut Waiters| waiters.register(Topic::Progress, waiter);
                match self.counts_and(register) {
                    Ok(counts) if !reached(counts) => Poll::Pending,
                    Ok(_) => Poll::Ready(true),
                    Err(_) => Poll::Ready(false),
                }
            })
            .unwrap_or(false)
    }

    /// [`Network::counts`], seen as `look` is done, in each stack.
    fn counts_and(&self, look: impl Fn(&mut Waiters)) -> Result<(usize, usize, usize), Down> {
        let mut sum = (0, 0, 0);
        for shared in self.each() {
            let (connections, half_open, time_wait) = shared.look(|stack, waiters| {
                look(waiters);
                stack.counts()
            })?;
            sum = (sum.0 + connections, sum.1 + half_open, sum.2 + time_wait);
        }
        Ok(sum)
    }

    /// The lock around the first stack: whatever is no connection lives there.
    fn shared(&self) -> &Shared {
        self.queue(0)
    }

    /// The lock around one of the stacks.
    fn queue(&self, index: usize) -> &Shared {
        self.0.queues[index].shared()
    }

    /// How many stacks there are.
    fn queues(&self) -> usize {
        self.0.queues.len()
    }

    /// On which queue to open the next connection.
    fn next_queue(&self) -> usize {
        // Only that they take turns matters, so no order with other memory is kept.
        self.0.next.fetch_add(1, Ordering::Relaxed) % self.queues()
    }

    fn each(&self) -> impl Iterator<Item = &Shared> {
        self.0.queues.iter().map(|queue| &**queue.shared())
    }
}

impl Inner {
    fn stop(&self) {
        // One that is down takes the others with it.
        self.queues[0].shared().bring_down(Down::Stopped);
        for queue in &self.queues {
            queue.join();
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.stop();
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Options {
            observers,
            seed,
            birth,
            clock,
            busy_poll,
        } = self;
        f.debug_struct("Options")
            .field("observers", &observers.len())
            .field("seed", seed)
            .field("birth", &birth.is_some())
            .field("clock", clock)
            .field("busy_poll", busy_poll)
            .finish()
    }
}

/// A configuration with what these interfaces can do, if they are its own.
fn fitted(mut config: Config, interfaces: &[Capabilities]) -> io::Result<Config> {
    let count = 1 + config.further.len();
    if interfaces.len() != count {
        let text = format!(
            "the device has {} interfaces, the configuration {count}",
            interfaces.len()
        );
        return Err(refused(text));
    }
    for (id, carries) in InterfaceId::all().zip(interfaces) {
        let Capabilities { mtu, offloads, .. } = *carries;
        config.set_link(id, Link { mtu, offloads });
    }
    config.check().map_err(invalid)?;
    Ok(config)
}

fn refused(text: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, text.into())
}

fn invalid(error: impl std::error::Error + Send + Sync + 'static) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, error)
}

fn seed_from_the_system() -> io::Result<Seed> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)?;
    Ok(Seed(bytes))
}

#[cfg(test)]
mod tests;
