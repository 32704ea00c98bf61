//! One queue of a device: the stack that has it, the lock around that, and the thread that drives.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::clock::Clock;
use super::driver;
use super::error::Down;
use super::shared::Shared;
use crate::device::Device;
use crate::stack::Stack;

/// A stack that runs.
#[derive(Debug)]
pub(super) struct Queue {
    shared: Arc<Shared>,
    driver: Mutex<Option<JoinHandle<()>>>,
}

impl Queue {
    /// One that nobody drives yet.
    ///
    /// # Errors
    ///
    /// The system has no descriptor left.
    pub fn new(
        clock: Clock,
        stack: Stack,
        device: Arc<dyn Device>,
        busy_poll: Duration,
    ) -> io::Result<Queue> {
        Ok(Queue {
            shared: Arc::new(Shared::new(clock, stack, device, busy_poll)?),
            driver: Mutex::new(None),
        })
    }

    fn start(&self, name: String) -> io::Result<()> {
        let shared = Arc::clone(&self.shared);
        let device = shared.device()?;
        let driver = thread::Builder::new()
            .name(name)
            .spawn(move || drive(&shared, &*device))?;
        *self.driver.lock().unwrap_or_else(PoisonError::into_inner) = Some(driver);
        Ok(())
    }

    /// The lock around the stack.
    pub fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// Waits until its device is put away. It is down, or about to be.
    pub fn join(&self) {
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

/// Makes them one network: each hands over what is another's, and none stays up alone. Has threads
/// drive them, named after `device`.
///
/// # Errors
///
/// The system has no thread left: then all are down.
pub(super) fn start_all(queues: &[Queue], device: &str) -> io::Result<()> {
    for queue in queues {
        let all = queues.iter().map(|queue| Arc::downgrade(&queue.shared));
        queue.shared.join(all.collect());
    }
    for queue in queues {
        if let Err(error) = queue.start(format!("net {device}")) {
            queue.shared.bring_down(Down::Stopped);
            queues.iter().for_each(Queue::join);
            return Err(error);
        }
    }
    Ok(())
}

/// The driver's thread. A panic in it (a waker's, say: the stack's own are caught earlier) takes
/// the network down, so that nobody waits for a driver that is gone.
fn drive(shared: &Shared, device: &dyn Device) {
    let run = || driver::run(shared, device);
    if let Err(panic) = catch_unwind(AssertUnwindSafe(run)) {
        shared.bring_down(Down::panicked(&*panic));
    }
}

#[cfg(test)]
mod tests;
