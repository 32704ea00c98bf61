//! Who waits for what. A thread that waits and a task that waits are the same here: a [`Waker`].
//!
//! No wake-up is lost, because a waiter puts itself down in the same hold of the lock in which it
//! found nothing, and whoever changes something takes it from here in the hold in which it changes
//! it. The waking itself comes after the lock: whoever wakes tries again, so a wake-up for nothing
//! costs a try and is no harm.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::mem;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
#[cfg(feature = "tokio")]
use std::task::Context;
use std::task::{Wake, Waker};
use std::thread::{self, Thread};

use super::doorbell::Doorbell;
use crate::stack::{ConnId, EchoId, ListenerId, UdpId};

/// What is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Topic {
    /// Text, the peer's FIN, or the connection's end.
    Read(ConnId),
    /// That the connection is established, has room, or ends.
    Write(ConnId),
    /// A connection to accept.
    Accept(ListenerId),
    /// A datagram, or what became of one that was sent.
    Arrival(UdpId),
    /// Room for a datagram to send.
    Departure(UdpId),
    /// What became of an echo request.
    EchoAnswer(EchoId),
    /// Room for an echo request to send.
    EchoRoom(EchoId),
    /// Anything at all.
    Progress,
}

impl Topic {
    /// Whether whoever waits for it has a connection or a socket of its own: its packets are
    /// what it waits for.
    pub fn is_of_connection(self) -> bool {
        match self {
            Topic::Read(_)
            | Topic::Write(_)
            | Topic::Arrival(_)
            | Topic::Departure(_)
            | Topic::EchoAnswer(_)
            | Topic::EchoRoom(_) => true,
            Topic::Accept(_) | Topic::Progress => false,
        }
    }
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

    /// A task that waits by it.
    #[cfg(feature = "tokio")]
    pub fn waiter<'a>(self, cx: &Context<'a>) -> Waiter<'a> {
        Waiter {
            key: self,
            waker: cx.waker(),
        }
    }
}

/// The calling thread as a waiter. It waits for one thing at a time, so one key serves its life.
#[derive(Debug, Clone)]
pub(super) struct ThisThread {
    key: Key,
    waker: Waker,
    rouser: Arc<Rouser>,
}

/// Wakes a thread, however it sleeps: parked (or about to park: then it does not), or by a bell.
#[derive(Debug)]
struct Rouser {
    thread: Thread,
    woken: AtomicBool,
    /// It accepts connections.
    accepts: AtomicBool,
    /// It has used a connection since it accepted one.
    serves: AtomicBool,
    bell: Mutex<Option<Arc<Doorbell>>>,
}

impl Rouser {
    fn bell(&self) -> MutexGuard<'_, Option<Arc<Doorbell>>> {
        self.bell.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wake for Rouser {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // Before the bell is asked for: whoever hangs one up looks at this afterwards.
        self.woken.store(true, Ordering::Release);
        self.thread.unpark();
        let awake = thread::current().id() == self.thread.id();
        if let Some(bell) = self.bell().as_ref().filter(|_| !awake) {
            bell.ring();
        }
    }
}

impl ThisThread {
    /// It, for putting down.
    pub fn waiter(&self) -> Waiter<'_> {
        let (key, waker) = (self.key, &self.waker);
        Waiter { key, waker }
    }

    /// Whether it was woken since [`ThisThread::forget_wakes`].
    pub fn is_woken(&self) -> bool {
        self.rouser.woken.load(Ordering::Acquire)
    }

    /// What woke it is about to be looked at.
    pub fn forget_wakes(&self) {
        self.rouser.woken.store(false, Ordering::Release);
    }

    /// Whether it uses the connections that it accepts, instead of leaving them to other threads.
    pub fn serves(&self) -> bool {
        self.rouser.serves.load(Ordering::Relaxed)
    }

    /// What it waited for was there.
    pub fn has(&self, topic: Topic) {
        let Rouser {
            accepts, serves, ..
        } = &*self.rouser;
        if matches!(topic, Topic::Accept(_)) {
            accepts.store(true, Ordering::Relaxed);
            serves.store(false, Ordering::Relaxed);
        } else if topic.is_of_connection() && accepts.load(Ordering::Relaxed) {
            serves.store(true, Ordering::Relaxed);
        }
    }

    /// Others wake it by this bell too, until what is returned is dropped.
    pub fn sit_by(&self, bell: &Arc<Doorbell>) -> Sitting<'_> {
        *self.rouser.bell() = Some(Arc::clone(bell));
        Sitting(&self.rouser)
    }
}

/// See [`ThisThread::sit_by`].
#[derive(Debug)]
pub(super) struct Sitting<'a>(&'a Rouser);

impl Drop for Sitting<'_> {
    fn drop(&mut self) {
        *self.0.bell() = None;
    }
}

/// The calling thread.
pub(super) fn this_thread() -> ThisThread {
    let make = || {
        let rouser = Arc::new(Rouser {
            thread: thread::current(),
            woken: AtomicBool::new(false),
            accepts: AtomicBool::new(false),
            serves: AtomicBool::new(false),
            bell: Mutex::new(None),
        });
        let (key, waker) = (Key::new(), Waker::from(Arc::clone(&rouser)));
        ThisThread { key, waker, rouser }
    };
    thread_local! {
        static THREAD: OnceCell<ThisThread> = const { OnceCell::new() };
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
    /// How many of them have a connection.
    on_connections: usize,
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
            None => {
                waiting.push((waiter.key, waiter.waker.clone()));
                self.on_connections += usize::from(topic.is_of_connection());
            }
        }
    }

    /// How many wait for something of a connection.
    pub fn on_connections(&self) -> usize {
        self.on_connections
    }

    /// So many wait for `topic` no more.
    fn uncount(&mut self, topic: Topic, gone: usize) {
        if topic.is_of_connection() {
            self.on_connections -= gone;
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
            let gone = waiting.len();
            woken.extend(waiting.drain(..).map(|(_, waker)| waker));
            self.uncount(topic, gone);
        }
    }

    /// Moves everybody who waits for anything.
    pub fn take_all(&mut self, woken: &mut Vec<Waker>) {
        let all = self.waiting.drain().flat_map(|(_, waiting)| waiting);
        woken.extend(all.map(|(_, waker)| waker));
        self.on_connections = 0;
    }

    /// Strikes out one who has given up.
    pub fn cancel(&mut self, topic: Topic, key: Key) {
        if let Some(waiting) = self.waiting.get_mut(&topic) {
            let before = waiting.len();
            let given_up = waiting.extract_if(.., |(other, _)| *other == key);
            self.spent.extend(given_up.map(|(_, waker)| waker));
            let gone = before - waiting.len();
            self.uncount(topic, gone);
        }
    }

    /// What was waited for is no more, and nobody can wait for it any longer.
    pub fn close(&mut self, topic: Topic) {
        let waiting = self.waiting.remove(&topic).unwrap_or_default();
        self.uncount(topic, waiting.len());
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
