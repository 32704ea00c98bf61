//! One lock around one stack, for the driver and for every thread that has a socket.
//!
//! Whoever takes the lock leaves nothing undone: after its call it sends what the call made due
//! (a writer's text leaves from the writer's own thread), and takes down who must be woken. The
//! driver is disturbed only if it would sleep too long. All waking happens after the lock. Whoever
//! takes it sees, now and then, to what the device carries before anything else.
//!
//! A panic under the lock is contained: the network is down from then on, every call gives an error
//! that says so, and everybody who waits is woken to see it.

use std::io;
use std::iter;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::task::Waker;
use std::time::Duration;

use super::clock::Clock;
use super::doorbell::Doorbell;
use super::error::Down;
use super::seat::Seat;
use super::waiters::{Topic, Waiters};
use crate::base::{Instant, InterfaceId};
use crate::device::Device;
use crate::stack::{Notice, Stack, Stray, Wake};

/// What the driver and the sockets share.
#[derive(Debug)]
pub(super) struct Shared {
    clock: Clock,
    core: Mutex<Core>,
    seat: Seat,
    /// Ends the sleep of whoever drives.
    doorbell: Arc<Doorbell>,
    busy_poll: Duration,
    /// All the stacks of the network, this one among them, each at its place.
    all: OnceLock<Box<[Weak<Shared>]>>,
}

/// What the lock guards.
#[derive(Debug)]
struct Core {
    life: Life,
    waiters: Waiters,
    /// When whoever drives looks again at the latest; `None`: only on hearing of something. It is
    /// written in the same hold of the lock in which the driver decides to sleep, so whoever comes
    /// later knows whether that is late.
    looks: Option<Instant>,
    /// The same of the driver, who may not have heard that somebody else drives.
    driver_looks: Option<Instant>,
}

#[derive(Debug)]
enum Life {
    Up(Box<Up>),
    Down(Down),
}

/// A network that runs.
pub(super) struct Up {
    pub stack: Stack,
    pub device: Arc<dyn Device>,
    /// When the device was asked what it carries.
    asked: Instant,
}

impl std::fmt::Debug for Up {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Up").field(&self.stack).finish()
    }
}

impl Up {
    /// An administrator may change the MTU at any time, and a kernel refuse what it had taken over;
    /// no device announces it. Asking costs a system call, so it is not asked for every packet.
    fn follow_device(&mut self, now: Instant) {
        if now.since(self.asked) < ASK_EVERY {
            return;
        }
        self.asked = now;
        for (id, carries) in InterfaceId::all().zip(self.device.interfaces()) {
            let Some(known) = self.stack.config().link(id) else {
                continue;
            };
            // It exists.
            if known.mtu != carries.mtu {
                let _ = self.stack.set_mtu(now, id, carries.mtu);
            }
            if known.offloads != carries.offloads {
                let _ = self.stack.set_offloads(now, id, carries.offloads);
            }
        }
    }
}

/// The stack in one hold of the lock, and those who wait for it.
pub(super) struct Held<'a> {
    pub stack: &'a mut Stack,
    pub waiters: &'a mut Waiters,
    pub now: Instant,
    woken: &'a mut Vec<Waker>,
}

impl Held<'_> {
    /// Wakes everybody who waits for `topic`, once the lock is free.
    pub fn wake(&mut self, topic: Topic) {
        self.waiters.take(topic, self.woken);
    }
}

/// Who drives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Who {
    Driver,
    Other,
}

/// Whether packets are left to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Left {
    Nothing,
    Packets,
}

/// How a turn of whoever drives went.
pub(super) struct Driven {
    pub left: Left,
    /// The stack's next deadline.
    pub due: Option<Instant>,
    /// Whether anybody was woken.
    pub woke: bool,
}

/// What is left to do without the lock.
#[derive(Default)]
struct After {
    woken: Vec<Waker>,
    spent: Vec<Waker>,
    ring: bool,
    /// Packets for other stacks.
    strays: Vec<Stray>,
    /// Dropped without the lock, because observers may have much to finish.
    gone: Option<Box<Up>>,
    /// Why it is gone: the others of its network go with it.
    why: Option<Down>,
}

impl Shared {
    /// # Errors
    ///
    /// The system has no descriptor left for the doorbell.
    pub fn new(
        clock: Clock,
        stack: Stack,
        device: Arc<dyn Device>,
        busy_poll: Duration,
    ) -> io::Result<Shared> {
        let seat = Seat::new(Arc::clone(&device))?;
        let core = Core {
            life: Life::Up(Box::new(Up {
                stack,
                device,
                asked: clock.now(),
            })),
            waiters: Waiters::default(),
            looks: None,
            driver_looks: None,
        };
        Ok(Shared {
            clock,
            core: Mutex::new(core),
            seat,
            doorbell: Arc::new(Doorbell::new()?),
            busy_poll,
            all: OnceLock::new(),
        })
    }

    /// From here on it is one of these, each at the place that [`Share::index`] has.
    ///
    /// [`Share::index`]: crate::stack::Share::index
    pub fn join(&self, all: Box<[Weak<Shared>]>) {
        // Once in its life.
        let _ = self.all.set(all);
    }

    /// How long whoever drives asks for more after a packet has come, before it sleeps.
    pub fn busy_poll(&self) -> Duration {
        self.busy_poll
    }

    /// The clock.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Makes a call into the stack and sends what it made due.
    ///
    /// # Errors
    ///
    /// The network is down.
    pub fn call<T>(&self, call: impl FnOnce(&mut Held<'_>) -> T) -> Result<T, Down> {
        let (mut left, result) = self.hold(self.clock.now(), call)?;
        // In turns, so that others get the lock between two bursts, and receiving what answers the
        // last one, if nobody else does.
        while left == Left::Packets {
            left = match self.seat.take_in_passing() {
                Some(mut seated) => seated.turn(self, Who::Other)?.left,
                None => self.hold(self.clock.now(), |_| ())?.0,
            };
        }
        Ok(result)
    }

    /// Looks at the stack, and may register a waiter, but changes nothing in it.
    ///
    /// # Errors
    ///
    /// The network is down.
    pub fn look<T>(&self, look: impl FnOnce(&Stack, &mut Waiters) -> T) -> Result<T, Down> {
        let mut core = self.lock();
        let Core { life, waiters, .. } = &mut *core;
        let seen = match life {
            Life::Up(up) => Ok(look(&up.stack, waiters)),
            Life::Down(down) => Err(down.clone()),
        };
        let spent = waiters.take_spent();
        drop(core);
        drop(spent);
        seen
    }

    /// Whoever sat drives no more: the driver must know of deadlines that came meanwhile. Whether
    /// others wait for a connection.
    pub fn get_up(&self) -> bool {
        let mut after = After::default();
        let mut core = self.lock();
        core.looks = if self.seat.is_relieved() {
            // It looks soon enough for any.
            Some(self.clock.now())
        } else {
            core.driver_looks
        };
        core.see_to_deadline(&mut after);
        let others = core.waiters.on_connections() > 0;
        drop(core);
        after.finish(self);
        others
    }

    /// How many threads and tasks wait for a connection; `None` if the network is down.
    pub fn waiting(&self) -> Option<usize> {
        self.look(|_, waiters| waiters.on_connections()).ok()
    }

    /// One turn of whoever drives: `work`, then what a call does. It also fixes when it will look
    /// again: at the stack's next deadline, unless packets are left to send.
    ///
    /// # Errors
    ///
    /// The network is down.
    pub fn drive(
        &self,
        now: Instant,
        by: Who,
        work: impl FnOnce(&mut Held<'_>),
    ) -> Result<Driven, Down> {
        let mut after = After::default();
        let mut core = self.lock();
        let step = core.step(now, &mut after, work);
        let due = core.next_deadline();
        core.looks = match &step {
            Ok((Left::Nothing, ())) => due,
            _ => Some(now),
        };
        if by == Who::Driver {
            core.driver_looks = core.looks;
        }
        drop(core);
        after.ring = false;
        let woke = !after.woken.is_empty();
        after.finish(self);
        step.map(|(left, ())| Driven { left, due, woke })
    }

    /// Whoever drives is about to sleep, and looks again at the stack's next deadline, which this
    /// is. Nothing was left undone in the call before.
    ///
    /// # Errors
    ///
    /// The network is down.
    pub fn sleeps(&self) -> Result<Option<Instant>, Down> {
        let mut core = self.lock();
        if let Life::Down(down) = &core.life {
            return Err(down.clone());
        }
        let due = core.next_deadline();
        core.looks = due;
        Ok(due)
    }

    /// Takes the network down, unless it is already. Everybody who waits is woken.
    pub fn bring_down(&self, why: Down) {
        let mut after = After::default();
        self.lock().fall(why, &mut after);
        after.finish(self);
    }

    /// Why the network is down; `None` while it runs.
    pub fn down(&self) -> Option<Down> {
        self.look(|_, _| ()).err()
    }

    /// The device, while the network runs.
    pub fn device(&self) -> Result<Arc<dyn Device>, Down> {
        match &self.lock().life {
            Life::Up(up) => Ok(Arc::clone(&up.device)),
            Life::Down(down) => Err(down.clone()),
        }
    }

    /// From where the network is driven.
    pub fn seat(&self) -> &Seat {
        &self.seat
    }

    /// What wakes whoever drives.
    pub fn doorbell(&self) -> &Arc<Doorbell> {
        &self.doorbell
    }

    /// One hold of the lock by somebody who is not the driver.
    fn hold<T>(
        &self,
        now: Instant,
        call: impl FnOnce(&mut Held<'_>) -> T,
    ) -> Result<(Left, T), Down> {
        let mut after = After::default();
        let mut core = self.lock();
        let step = core.step(now, &mut after, call);
        core.see_to_deadline(&mut after);
        drop(core);
        after.finish(self);
        step
    }

    /// Brings a packet home, and sends what it made due there.
    fn hand_over(&self, stray: &Stray) {
        let home = self
            .all
            .get()
            .and_then(|all| all.get(usize::from(stray.home)));
        let Some(home) = home.and_then(Weak::upgrade) else {
            return;
        };
        let receive = |held: &mut Held<'_>| held.stack.receive(held.now, stray.received());
        let mut handed = home.hold(self.clock.now(), receive);
        // If it is down, so is this one, or will be.
        while let Ok((Left::Packets, ())) = handed {
            handed = home.hold(self.clock.now(), |_| ());
        }
    }

    /// Takes down the others of the network.
    fn take_along(&self, why: &Down) {
        let all = self.all.get().into_iter().flatten();
        for other in all.filter_map(Weak::upgrade) {
            other.bring_down(why.clone());
        }
    }

    /// Panics under the lock are caught before they reach its guard, and what it guards is whole
    /// between any two steps; so a poisoned lock means nothing.
    fn lock(&self) -> MutexGuard<'_, Core> {
        self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Core {
    /// Does `work`, sends a burst, and takes down whom to wake.
    fn step<T>(
        &mut self,
        now: Instant,
        after: &mut After,
        work: impl FnOnce(&mut Held<'_>) -> T,
    ) -> Result<(Left, T), Down> {
        let Core { life, waiters, .. } = self;
        let up = match life {
            Life::Up(up) => up,
            Life::Down(down) => return Err(down.clone()),
        };
        // A panic leaves the stack in a state that nobody relies on: it is dropped.
        let outcome = catch_unwind(AssertUnwindSafe(|| -> io::Result<(Left, T)> {
            up.follow_device(now);
            let stack = &mut up.stack;
            let result = work(&mut Held {
                stack,
                waiters,
                now,
                woken: &mut after.woken,
            });
            after.strays.extend(iter::from_fn(|| up.stack.poll_stray()));
            let left = send_burst(&mut up.stack, &*up.device, now)?;
            take_woken(&mut up.stack, waiters, &mut after.woken);
            after.spent = waiters.take_spent();
            Ok((left, result))
        }));
        let down = match outcome {
            Ok(Ok(done)) => return Ok(done),
            Ok(Err(device)) => Down::from(device),
            Err(panic) => Down::panicked(&*panic),
        };
        self.fall(down.clone(), after);
        Err(down)
    }

    fn fall(&mut self, why: Down, after: &mut After) {
        // What came first stays the reason.
        if matches!(self.life, Life::Down(_)) {
            return;
        }
        if let Life::Up(up) = mem::replace(&mut self.life, Life::Down(why.clone())) {
            after.gone = Some(up);
            after.why = Some(why);
        }
        self.waiters.take_all(&mut after.woken);
    }

    /// Rings for whoever drives, if it would look too late for the next deadline.
    fn see_to_deadline(&mut self, after: &mut After) {
        let due = self.next_deadline();
        if is_earlier(due, self.looks) {
            self.looks = due;
            after.ring = true;
        }
    }

    fn next_deadline(&self) -> Option<Instant> {
        match &self.life {
            Life::Up(up) => up.stack.poll_timeout(),
            Life::Down(_) => None,
        }
    }
}

/// Sends what is due, up to a bound, so that nobody holds the lock for long.
fn send_burst(stack: &mut Stack, device: &dyn Device, now: Instant) -> io::Result<Left> {
    for _ in 0..BURST {
        match stack.poll_transmit(now) {
            Some(packet) => device.transmit(&packet)?,
            None => return Ok(Left::Nothing),
        }
    }
    Ok(Left::Packets)
}

/// Finds out whom the stack's notices concern.
fn take_woken(stack: &mut Stack, waiters: &mut Waiters, woken: &mut Vec<Waker>) {
    while let Some(notice) = stack.poll_notice() {
        match notice {
            Notice::Acceptable(id) => waiters.take(Topic::Accept(id), woken),
            Notice::Datagrams(id, wake) => {
                if wake.has(Wake::READABLE) {
                    waiters.take(Topic::Arrival(id), woken);
                }
                if wake.has(Wake::WRITABLE) {
                    waiters.take(Topic::Departure(id), woken);
                }
            }
            Notice::Echo(id, wake) => {
                if wake.has(Wake::READABLE) {
                    waiters.take(Topic::EchoAnswer(id), woken);
                }
                if wake.has(Wake::WRITABLE) {
                    waiters.take(Topic::EchoRoom(id), woken);
                }
            }
            Notice::Connection(id, wake) => {
                let changed = wake.has(Wake::CONNECTED | Wake::CLOSED);
                if wake.has(Wake::READABLE) || changed {
                    waiters.take(Topic::Read(id), woken);
                }
                let topic = Topic::Write(id);
                let writable = wake.has(Wake::WRITABLE) && waiters.has(topic) && stack.has_room(id);
                if writable || changed {
                    waiters.take(topic, woken);
                }
            }
        }
    }
    waiters.take(Topic::Progress, woken);
}

/// Whether `a` comes before `b`, where `None` is never.
fn is_earlier(a: Option<Instant>, b: Option<Instant>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => a < b,
        (a, _) => a.is_some(),
    }
}

impl After {
    fn finish(self, shared: &Shared) {
        if self.gone.is_some() {
            shared.doorbell.ring_for_good();
            shared.seat.dismiss();
        } else if self.ring {
            shared.doorbell.ring();
        }
        for waker in self.woken {
            waker.wake();
        }
        drop(self.spent);
        for stray in self.strays {
            shared.hand_over(&stray);
        }
        if let Some(why) = self.why {
            shared.take_along(&why);
        }
        if self.gone.is_some() {
            // After a panic the stack may panic again on its way out. Nobody is left to tell.
            drop(catch_unwind(AssertUnwindSafe(|| drop(self.gone))));
        }
    }
}

/// Packets sent in one hold of the lock: some hundred microseconds on a TUN device.
const BURST: usize = 64;
/// robustness: a flow goes on within a second of a change of MTU. What is lost meanwhile is found
/// by the retransmission timer, at 200 ms and then 600 ms.
const ASK_EVERY: Duration = Duration::from_millis(500);

#[cfg(test)]
mod tests;
