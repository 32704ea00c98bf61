//! Who waits for what. A thread that waits and a task that waits are the same here: a [`Waker`].
//!
//! No wake-up is lost, because a waiter puts itself down in the same hold of the lock in which it
//! found nothing, and whoever changes something takes it from here in the hold in which it changes
//! it. The waking itself comes after the lock: whoever wakes tries again, so a wake-up for nothing
//! costs a try and is no harm.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::mem;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Wake, Waker};
use std::thread::{self, Thread};

use crate::stack::{ConnId, ListenerId};

/// What is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Topic {
    /// Text, the peer's FIN, or the connection's end.
    Read(ConnId),
    /// That the connection is established, has room, or ends.
    Write(ConnId),
    /// A connection to accept.
    Accept(ListenerId),
    /// Anything at all.
    Progress,
}

/// Somebody who waits, and a number that tells one from another: whoever comes again to the same
/// topic takes the place it has.
#[derive(Debug, Clone, Copy)]
pub(super) struct Waiter<'a> {
    pub key: Key,
    pub waker: &'a Waker,
}

/// Tells waiters apart; never given twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Key(u64);

impl Key {
    /// One that nobody has.
    pub fn new() -> Key {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        // Only that numbers differ matters, so no order with other memory is kept.
        Key(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

/// Wakes a thread that is parked, or keeps it from parking next time.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.unpark();
    }
}

/// The calling thread as a waiter. It waits for one thing at a time, so one key serves its life.
pub(super) fn this_thread() -> (Key, Waker) {
    let make = || (Key::new(), Waker::from(Arc::new(Unpark(thread::current()))));
    thread_local! {
        static THREAD: OnceCell<(Key, Waker)> = const { OnceCell::new() };
    }
    // A destructor of another thread-local value may wait when this one is gone.
    THREAD
        .try_with(|thread| thread.get_or_init(make).clone())
        .unwrap_or_else(|_| make())
}

/// Everybody who waits.
#[derive(Debug, Default)]
pub(super) struct Waiters {
    waiting: HashMap<Topic, Vec<(Key, Waker)>>,
    /// Wakers that are not needed any more. Dropping the last one of a task may drop the task, and
    /// with it a socket, which takes the lock: so they are dropped without it.
    spent: Vec<Waker>,
}

impl Waiters {
    /// Puts a waiter down.
    pub fn register(&mut self, topic: Topic, waiter: Waiter<'_>) {
        let waiting = self.waiting.entry(topic).or_default();
        match waiting.iter_mut().find(|(key, _)| *key == waiter.key) {
            Some((_, waker)) if waker.will_wake(waiter.waker) => {}
            Some((_, waker)) => {
                let old = mem::replace(waker, waiter.waker.clone());
                self.spent.push(old);
            }
            None => waiting.push((waiter.key, waiter.waker.clone())),
        }
    }

    /// Whether anybody waits.
    pub fn has(&self, topic: Topic) -> bool {
        self.waiting
            .get(&topic)
            .is_some_and(|waiting| !waiting.is_empty())
    }

    /// Moves everybody who waits for `topic` to `woken`.
    pub fn take(&mut self, topic: Topic, woken: &mut Vec<Waker>) {
        if let Some(waiting) = self.waiting.get_mut(&topic) {
            woken.extend(waiting.drain(..).map(|(_, waker)| waker));
        }
    }

    /// Moves everybody who waits for anything.
    pub fn take_all(&mut self, woken: &mut Vec<Waker>) {
        let all = self.waiting.drain().flat_map(|(_, waiting)| waiting);
        woken.extend(all.map(|(_, waker)| waker));
    }

    /// Strikes out one who has given up.
    pub fn cancel(&mut self, topic: Topic, key: Key) {
        if let Some(waiting) = self.waiting.get_mut(&topic) {
            let given_up = waiting.extract_if(.., |(other, _)| *other == key);
            self.spent.extend(given_up.map(|(_, waker)| waker));
        }
    }

    /// What was waited for is no more, and nobody can wait for it any longer.
    pub fn close(&mut self, topic: Topic) {
        let waiting = self.waiting.remove(&topic).unwrap_or_default();
        self.spent
            .extend(waiting.into_iter().map(|(_, waker)| waker));
    }

    /// Wakers to drop without the lock.
    pub fn take_spent(&mut self) -> Vec<Waker> {
        mem::take(&mut self.spent)
    }
}

#[cfg(test)]
mod tests;
