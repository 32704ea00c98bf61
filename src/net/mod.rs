//! A network that runs: a stack on a device, kept going by a thread, and sockets like std's.
//!
//! This floor has the only locks, threads, wakers and clock. A [`Network`] is made from a device
//! and a configuration; [`blocking`] and [`tokio`] have the sockets that go with it.
//!
//! Read `driver` for the loop, `seat` for who runs it, `shared` for the lock around the stack,
//! `waiters` for how threads and tasks sleep and wake, `socket`, `datagrams` and `echo` for what
//! blocking and tokio sockets have in common, and then `blocking`. `error` has what a program is
//! told when a call fails.

pub mod blocking;
mod clock;
mod datagrams;
mod driver;
mod echo;
mod error;
mod lending;
mod seat;
mod shared;
mod socket;
#[cfg(feature = "tokio")]
pub mod tokio;
mod waiters;

use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::base::{InterfaceId, Seed};
use crate::device::{Capabilities, Device, Losses};
use crate::probe::Observer;
use crate::stack::{Config, Prefix, Route, Stack};

use shared::Shared;
use waiters::Topic;

pub use clock::Clock;
pub use error::Down;

/// A network that runs. Copies are handles to the same one; it ends when the last of them and the
/// last socket are dropped, or by [`Network::stop`].
///
/// Ending is abrupt, as when a program ends without its kernel: call [`Network::drain`] before, so
/// that what was written arrives, and [`Network::abort`], so that peers hear of the rest.
#[derive(Debug, Clone)]
pub struct Network(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    shared: Arc<Shared>,
    device: Capabilities,
    driver: Mutex<Option<JoinHandle<()>>>,
}

/// What a network may be started with.
#[derive(Default)]
pub struct Options {
    /// Who hears what the stack does. They are called under the network's lock: they must neither
    /// take long nor call into the network. They are dropped when it goes down.
    pub observers: Vec<Box<dyn Observer + Send>>,
    /// What all chance comes from; `None`: from the operating system, as any network should that
    /// others can reach.
    pub seed: Option<Seed>,
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
    pub fn start(device: Box<dyn Device>, config: Config, options: Options) -> io::Result<Network> {
        let config = fitted(config, &device.interfaces())?;
        let capabilities = device.capabilities();
        let seed = match options.seed {
            Some(seed) => seed,
            None => seed_from_the_system()?,
        };
        let mut stack = Stack::new(config, seed);
        for observer in options.observers {
            stack.observe(observer);
        }
        let device: Arc<dyn Device> = Arc::from(device);
        let shared = Shared::new(options.clock, stack, Arc::clone(&device), options.busy_poll)?;
        let shared = Arc::new(shared);
        let driver = {
            let shared = Arc::clone(&shared);
            thread::Builder::new()
                .name(format!("net {}", capabilities.name))
                .spawn(move || drive(&shared, &*device))?
        };
        Ok(Network(Arc::new(Inner {
            shared,
            device: capabilities,
            driver: Mutex::new(Some(driver)),
        })))
    }

    /// What is known from here on of the way to all of `prefix`: see [`Stack::set_route`].
    ///
    /// # Errors
    ///
    /// `InvalidInput` if there is no such interface; the network is down.
    pub fn set_route(&self, prefix: Prefix, route: Route) -> io::Result<()> {
        let shared = self.shared();
        let set = shared.call(|held| held.stack.set_route(held.now, prefix, route))?;
        set.map_err(invalid)
    }

    /// Forgets the route to `prefix`: see [`Stack::remove_route`].
    ///
    /// # Errors
    ///
    /// The network is down.
    pub fn remove_route(&self, prefix: Prefix) -> io::Result<()> {
        let shared = self.shared();
        Ok(shared.call(|held| held.stack.remove_route(held.now, prefix))?)
    }

    /// Stops it: its sockets give errors from here on, its observers are dropped, and the device is
    /// closed when this returns. Does nothing if it is down.
    pub fn stop(&self) {
        self.0.stop();
    }

    /// Resets every connection that is still open, so that nobody waits for us in vain, and stops
    /// it.
    pub fn abort(&self) {
        // If it is down, nobody can be told.
        let _ = self.shared().call(|held| held.stack.abort_all(held.now));
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
        match self.0.shared.down() {
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
        Ok(self.0.shared.device()?.losses())
    }

    /// Connections in all: with a control block, half-open, in TIME-WAIT.
    ///
    /// # Errors
    ///
    /// The network is down.
    pub fn counts(&self) -> io::Result<(usize, usize, usize)> {
        Ok(self.0.shared.look(|stack, _| stack.counts())?)
    }

    /// The clock by which its observers are told the time.
    pub fn clock(&self) -> &Clock {
        self.0.shared.clock()
    }

    fn wait_for_counts(
        &self,
        at_most: Duration,
        reached: impl Fn((usize, usize, usize)) -> bool,
    ) -> bool {
        let shared = self.shared();
        let until = shared.clock().now() + at_most;
        shared
            .block(Topic::Progress, Some(until), |waiter| {
                let counts = shared.look(|stack, waiters| {
                    waiters.register(Topic::Progress, waiter);
                    stack.counts()
                });
                match counts {
                    Ok(counts) if !reached(counts) => Poll::Pending,
                    Ok(_) => Poll::Ready(true),
                    Err(_) => Poll::Ready(false),
                }
            })
            .unwrap_or(false)
    }

    fn shared(&self) -> &Shared {
        &self.0.shared
    }
}

impl Inner {
    fn stop(&self) {
        self.shared.bring_down(Down::Stopped);
        let driver = self
            .driver
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        // The last handle may have been dropped by a task that the driver itself woke: then it ends
        // after this.
        if let Some(driver) = driver.filter(|driver| driver.thread().id() != thread::current().id())
        {
            // What it panicked with, if it did, is in `Down` already.
            drop(driver.join());
        }
        self.shared.seat().close();
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
            clock,
            busy_poll,
        } = self;
        f.debug_struct("Options")
            .field("observers", &observers.len())
            .field("seed", seed)
            .field("clock", clock)
            .field("busy_poll", busy_poll)
            .finish()
    }
}

/// The driver's thread. A panic in it (a waker's, say: the stack's own are caught earlier) takes
/// the network down, so that nobody waits for a driver that is gone.
fn drive(shared: &Shared, device: &dyn Device) {
    let run = || driver::run(shared, device);
    if let Err(panic) = catch_unwind(AssertUnwindSafe(run)) {
        shared.bring_down(Down::panicked(&*panic));
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
        return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
    }
    for (id, carries) in InterfaceId::all().zip(interfaces) {
        if let Some(mtu) = config.mtu_of_mut(id) {
            *mtu = carries.mtu;
        }
        if let Some(offloads) = config.offloads_of_mut(id) {
            *offloads = carries.offloads;
        }
    }
    config.check().map_err(invalid)?;
    Ok(config)
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
