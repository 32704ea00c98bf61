//! How a thread waits for its socket: it sleeps, or drives the network meanwhile.
//!
//! A thread that serves the connections that it accepts drives also while it waits for the next, if
//! nobody waits for a connection, and gives way as soon as it has served anybody but itself. What
//! is over after a question and an answer is so accepted, answered and closed by one thread alone.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::Poll;
use std::thread;

use super::error::Down;
use super::shared::Shared;
use super::waiters::{ThisThread, Topic, Waiter, this_thread};
use crate::base::Instant;

impl Shared {
    /// Blocks the calling thread until `attempt` has a result, or until `until`: then `None`. An
    /// attempt that has none must have registered, for `topic`, the waiter that it is given.
    pub fn block<T>(
        &self,
        topic: Topic,
        until: Option<Instant>,
        mut attempt: impl FnMut(Waiter<'_>) -> Poll<T>,
    ) -> Option<T> {
        let thread = this_thread();
        let waiter = thread.waiter();
        loop {
            thread.forget_wakes();
            if let Poll::Ready(result) = attempt(waiter) {
                thread.has(topic);
                return Some(result);
            }
            let timeout = until.map(|until| until.since(self.clock().now()));
            if timeout.is_some_and(|timeout| timeout.is_zero()) {
                // A network that is down has struck out everybody.
                let _ = self.look(|_, waiters| waiters.cancel(topic, waiter.key));
                return None;
            }
            if self.sit(topic, &thread, until) {
                continue;
            }
            // An `unpark` that comes before `park` lets the latter return at once, so nothing is
            // lost between the attempt and here. Others may unpark this thread too: then it tries
            // in vain.
            match timeout {
                Some(timeout) => thread::park_timeout(timeout),
                None => thread::park(),
            }
        }
    }

    /// Drives the network until the calling thread, which has put itself down as a waiter, is woken
    /// or the time is over. Whether it is so: not if somebody else drives, or waits, or was served.
    fn sit(&self, topic: Topic, thread: &ThisThread, until: Option<Instant>) -> bool {
        // One cannot serve another who may wait longer: that is the driver's work.
        let alone = match topic {
            Topic::Accept(_) if thread.serves() => 0,
            Topic::Accept(_) | Topic::Progress => return false,
            _ => 1,
        };
        let Some(mut seated) = self.seat().take() else {
            return false;
        };
        if self.waiting() != Some(alone) {
            drop(seated);
            self.seat().call();
            return false;
        }
        // A panic in a device or in somebody's waker must not end in the socket's owner.
        let sitting = thread.sit_by(self.doorbell());
        let gives_way = !topic.is_of_connection();
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            seated.drive_until(self, until, gives_way, || thread.is_woken())
        }));
        drop(sitting);
        let (gave_way, down) = match outcome {
            Ok(Ok(gave_way)) => (gave_way, None),
            Ok(Err(down)) => (false, Some(down)),
            Err(panic) => (false, Some(Down::panicked(&*panic))),
        };
        let others = self.get_up();
        drop(seated);
        if let Some(down) = down {
            self.bring_down(down);
        } else if others {
            self.seat().call();
        }
        !gave_way
    }
}

#[cfg(test)]
mod tests;
