//! Who takes packets from the device: one at a time, on whatever thread.
//!
//! The seat is the driver's, unless a thread that has to wait for its socket takes it and drives
//! the network itself meanwhile. What it waits for then comes to it with no other thread between,
//! and there is nobody to contend with for the lock: that is worth two thread switches an answer,
//! and a core of a bulk transfer. It sits only if nobody else waits, because whoever sits serves
//! everybody but gets up when its own wait is over. `wait` has the rules.
//!
//! A thread that reads, or writes much, will have to wait soon: it says that it wants the seat, and
//! the driver leaves it, if nobody waits elsewhere. Else the two would share the work for good: who
//! reads would always find something, so never wait, and never sit.
//!
//! While others drive, the driver only makes sure that the seat does not stay empty: it looks every
//! [`PATIENCE`], takes the seat when nobody has driven since the last look, and sleeps for good
//! when somebody sits there as long as that, until that one gets up. Packets and deadlines may so
//! lie for two such times when a program goes away to calculate. Who has to wait beside somebody
//! else calls it.
//!
//! A turn reads the clock once, and takes packets from the device without the lock, so that readers
//! and writers have theirs meanwhile. All that waits is received before anything is sent (RFC 9293
//! section 3.10.7.4, MUST-59), up to a bound; so one acknowledgment serves a whole batch.
//!
//! Whoever drives may go on asking the device for a while after a packet has come, instead of
//! sleeping until it announces the next: that takes a core, and spares the wake-up.
//!
//! Only who has the seat may silence the doorbell of the network: everybody who sleeps on it hears
//! it, and it may be meant for who sits.

use std::cell::Cell;
use std::fmt;
use std::io;
use std::mem;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering, fence};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use super::doorbell::Doorbell;
use super::error::Down;
use super::shared::{Driven, Left, Shared, Who};
use crate::base::Instant;
use crate::device::{Device, RxBuffer};

/// The only place from which a network is driven.
#[derive(Debug)]
pub(super) struct Seat {
    /// `None` once the network is down.
    intake: Mutex<Option<Intake>>,
    /// Turns of others than the driver.
    turns: AtomicU64,
    /// The driver does not listen to the device.
    relieved: AtomicBool,
    /// The driver sleeps until it is called.
    asleep: AtomicBool,
    /// A thread that would sit has used a socket since the driver last looked.
    wanted: AtomicBool,
    /// The driver is to drive.
    called: AtomicBool,
    /// What the driver sleeps on meanwhile.
    bell: Doorbell,
}

impl Seat {
    /// # Errors
    ///
    /// The system has no descriptor left.
    pub fn new(device: Arc<dyn Device>) -> io::Result<Seat> {
        Ok(Seat {
            intake: Mutex::new(Some(Intake {
                device,
                batch: RxBuffer::new(),
                awake_until: None,
            })),
            turns: AtomicU64::new(0),
            relieved: AtomicBool::new(false),
            asleep: AtomicBool::new(false),
            wanted: AtomicBool::new(false),
            called: AtomicBool::new(false),
            bell: Doorbell::new()?,
        })
    }

    /// Takes the seat; `None` if it is taken, or the network is down.
    pub fn take(&self) -> Option<Seated<'_>> {
        let intake = match self.intake.try_lock() {
            Ok(intake) => intake,
            Err(TryLockError::WouldBlock) => return None,
            // What is guarded is whole between any two calls of it.
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
        };
        intake.as_ref()?;
        SEATED.set(true);
        Some(Seated {
            seat: self,
            intake: Some(intake),
        })
    }

    /// The same for somebody who only sends, and receives on the way: not while the driver does.
    pub fn take_in_passing(&self) -> Option<Seated<'_>> {
        self.is_relieved().then(|| self.take())?
    }

    /// Whether the driver leaves the seat to others just now.
    pub fn is_relieved(&self) -> bool {
        self.relieved.load(Ordering::SeqCst)
    }

    /// The calling thread uses a socket, and would rather drive than be driven for.
    pub fn want(&self) {
        // Read first: the driver clears it seldom.
        if !self.wanted.load(Ordering::Relaxed) {
            self.wanted.store(true, Ordering::Relaxed);
        }
    }

    /// Whether anybody has wanted the seat since the driver last left it for that.
    pub fn is_wanted(&self) -> bool {
        self.wanted.load(Ordering::Relaxed)
    }

    /// Puts the device away, when the network is down. Waits until the seat is empty, unless it is
    /// the calling thread that sits: whoever sits puts it away as soon as it sees.
    pub fn close(&self) {
        if SEATED.get() {
            return;
        }
        let mut intake = self.intake.lock().unwrap_or_else(PoisonError::into_inner);
        let gone = intake.take();
        drop(intake);
        drop(gone);
    }

    /// Brings the driver back, if it does not drive.
    pub fn call(&self) {
        if self.is_relieved() {
            self.called.store(true, Ordering::SeqCst);
            self.bell.ring();
        }
    }

    /// Brings the driver back for good: the network is down.
    pub fn dismiss(&self) {
        self.bell.ring_for_good();
    }

    /// Whether the network is down.
    pub fn is_dismissed(&self) -> bool {
        self.bell.rings_for_good()
    }

    /// Lets the driver rest while others drive; afterwards it has the seat, if it is its turn.
    ///
    /// # Errors
    ///
    /// What the system says, which is unexpected.
    pub fn rest(&self) -> io::Result<Option<Seated<'_>>> {
        self.relieved.store(true, Ordering::SeqCst);
        self.wanted.store(false, Ordering::Relaxed);
        let seated = self.wait();
        if !matches!(seated, Ok(None)) {
            self.relieved.store(false, Ordering::SeqCst);
        }
        seated
    }

    fn wait(&self) -> io::Result<Option<Seated<'_>>> {
        let seen = self.turns.load(Ordering::Relaxed);
        let patience = Timespec::try_from(PATIENCE).ok();
        if self.hear_bell(patience.as_ref())? {
            return Ok(self.come_if_called());
        }
        if self.turns.load(Ordering::Relaxed) != seen {
            return Ok(None);
        }
        // Either nobody has driven, or somebody sits and sleeps.
        self.asleep.store(true, Ordering::SeqCst);
        // Whoever gets up gives the seat back first and looks for us then.
        fence(Ordering::SeqCst);
        if let Some(seated) = self.take() {
            self.asleep.store(false, Ordering::SeqCst);
            return Ok(Some(seated));
        }
        self.hear_bell(None)?;
        self.asleep.store(false, Ordering::SeqCst);
        Ok(self.come_if_called())
    }

    fn come_if_called(&self) -> Option<Seated<'_>> {
        self.called
            .swap(false, Ordering::SeqCst)
            .then(|| self.take())?
    }

    /// Whether the bell rang.
    fn hear_bell(&self, timeout: Option<&Timespec>) -> io::Result<bool> {
        let mut fds = [PollFd::from_borrowed_fd(self.bell.as_fd(), PollFlags::IN)];
        match poll(&mut fds, timeout) {
            Ok(0) | Err(Errno::INTR) => return Ok(false),
            Ok(_) => {}
            Err(errno) => return Err(errno.into()),
        }
        self.bell.silence();
        Ok(true)
    }
}

/// Somebody sits; dropping it is getting up.
pub(super) struct Seated<'a> {
    seat: &'a Seat,
    /// `None` only while it is dropped.
    intake: Option<MutexGuard<'a, Option<Intake>>>,
}

impl Seated<'_> {
    /// One turn: takes what waits at the device, lets the stack act on it, and sends what is due.
    ///
    /// # Errors
    ///
    /// The network is down, or is from now on, because the device failed.
    pub fn turn(&mut self, shared: &Shared, who: Who) -> Result<Turn, Down> {
        if who == Who::Other {
            self.seat.turns.fetch_add(1, Ordering::Relaxed);
        }
        let Some(place) = self.intake.as_deref_mut() else {
            return Err(Down::Stopped);
        };
        let turn = place.as_mut().ok_or(Down::Stopped)?.turn(shared, who);
        if turn.is_err() {
            *place = None;
        }
        turn
    }

    /// Drives in the driver's place until `is_over`, which whoever ends it rings the doorbell for,
    /// or until that time. Who `gives_way` stops as soon as anybody else has been woken; whether
    /// that was the reason.
    ///
    /// # Errors
    ///
    /// See [`Seated::turn`].
    pub fn drive_until(
        &mut self,
        shared: &Shared,
        until: Option<Instant>,
        gives_way: bool,
        is_over: impl Fn() -> bool,
    ) -> Result<bool, Down> {
        // It may have been woken before its sleep could be ended by the doorbell.
        if is_over() {
            return Ok(false);
        }
        let mut rest = self.begin_by_sleeping(shared, until)?;
        while !is_over() {
            let turn = self.turn(shared, Who::Other)?;
            let now = shared.clock().now();
            if is_over() || until.is_some_and(|until| until <= now) {
                break;
            }
            if gives_way && turn.woke {
                return Ok(true);
            }
            let due = [turn.due, until].into_iter().flatten().min();
            let device = self.intake.as_deref().and_then(Option::as_ref);
            if let Some(Intake { device, .. }) = device {
                rest.after(&turn, due, &**device, shared)?;
            }
            rest.silence(shared.doorbell());
        }
        Ok(false)
    }

    /// Whoever sits down has found nothing a moment ago, and its call has left nothing undone.
    fn begin_by_sleeping(&mut self, shared: &Shared, until: Option<Instant>) -> Result<Rest, Down> {
        let Some(intake) = self.intake.as_deref().and_then(Option::as_ref) else {
            return Err(Down::Stopped);
        };
        let now = shared.clock().now();
        if intake.awake_until.is_some_and(|awake| now < awake) {
            return Ok(Rest::default());
        }
        let due = [shared.sleeps()?, until].into_iter().flatten().min();
        let timeout = due.map(|due| due.since(now));
        let mut rest = sleep(&*intake.device, shared.doorbell(), timeout, true)?;
        rest.silence(shared.doorbell());
        Ok(rest)
    }
}

impl Drop for Seated<'_> {
    fn drop(&mut self) {
        SEATED.set(false);
        drop(self.intake.take());
        // The driver says that it sleeps and looks at the seat then.
        fence(Ordering::SeqCst);
        if self.seat.asleep.swap(false, Ordering::SeqCst) {
            self.seat.bell.ring();
        }
    }
}

thread_local! {
    /// The calling thread sits somewhere.
    static SEATED: Cell<bool> = const { Cell::new(false) };
}

/// What one needs to take packets.
struct Intake {
    device: Arc<dyn Device>,
    batch: RxBuffer,
    /// Until when nobody sleeps: packets have come of late.
    awake_until: Option<Instant>,
}

impl fmt::Debug for Intake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Intake").field(&self.batch).finish()
    }
}

impl Intake {
    fn turn(&mut self, shared: &Shared, who: Who) -> Result<Turn, Down> {
        let Intake {
            device,
            batch,
            awake_until,
        } = self;
        let now = shared.clock().now();
        receive(&**device, batch)?;
        let Driven { left, due, woke } = shared.drive(now, who, |held| {
            for packet in batch.packets() {
                held.stack.receive(now, packet);
            }
            held.stack.handle_timeout(now);
        })?;
        let received = batch.packets().len();
        if received > 0 && !shared.busy_poll().is_zero() {
            *awake_until = Some(now + shared.busy_poll());
        }
        // Who sleeps must be woken, and that takes longer than many an answer.
        let is_awake = awake_until.is_some_and(|until| now < until);
        Ok(Turn {
            received,
            left,
            again: left == Left::Packets || !batch.has_room() || is_awake,
            due,
            woke,
        })
    }
}

/// How a turn went.
pub(super) struct Turn {
    /// How many packets came in.
    received: usize,
    /// Whether packets are left to send.
    pub left: Left,
    /// More may wait to be received, or waits to be sent, or is expected so soon that nobody
    /// sleeps.
    again: bool,
    /// The stack's next deadline.
    pub due: Option<Instant>,
    /// Whether anybody was woken.
    woke: bool,
}

/// The sleep between two turns.
#[derive(Debug, Default)]
pub(super) struct Rest {
    /// The device announced something.
    announced: bool,
    /// The doorbell rang.
    rung: bool,
}

impl Rest {
    /// Sleeps after a turn, if there is nothing left to do: until `due`, until the device announces
    /// something, or until the doorbell rings.
    ///
    /// # Errors
    ///
    /// What the system says, which is unexpected.
    pub fn after(
        &mut self,
        turn: &Turn,
        due: Option<Instant>,
        device: &dyn Device,
        shared: &Shared,
    ) -> io::Result<()> {
        if turn.again {
            self.announced = false;
            return Ok(());
        }
        let timeout = due.map(|due| due.since(shared.clock().now()));
        // A device that announces a packet and then has none is in trouble, and would announce it
        // again at once: it is asked a little later.
        let listen = !(self.announced && turn.received == 0);
        *self = sleep(device, shared.doorbell(), timeout, listen)?;
        Ok(())
    }

    /// Silences the doorbell if it rang. For whoever has the seat.
    pub fn silence(&mut self, doorbell: &Doorbell) {
        if mem::take(&mut self.rung) {
            doorbell.silence();
        }
    }
}

/// Takes what waits, as much as finds room.
fn receive(device: &dyn Device, batch: &mut RxBuffer) -> io::Result<()> {
    batch.clear();
    while batch.has_room() && device.receive(batch)?.is_some() {}
    Ok(())
}

/// Sleeps until the doorbell rings, the device announces something (if it is listened to), or the
/// time is over.
fn sleep(
    device: &dyn Device,
    doorbell: &Doorbell,
    timeout: Option<Duration>,
    listen: bool,
) -> io::Result<Rest> {
    let bell = doorbell.as_fd();
    let file = device.poll_fd().filter(|_| listen);
    let mut fds = [
        PollFd::from_borrowed_fd(bell, PollFlags::IN),
        PollFd::from_borrowed_fd(file.unwrap_or(bell), PollFlags::IN),
    ];
    let timeout = match file {
        Some(_) => timeout,
        None => Some(timeout.map_or(NAP, |timeout| timeout.min(NAP))),
    };
    // Longer than a `Timespec` can say is never.
    let timeout = timeout.and_then(|timeout| Timespec::try_from(timeout).ok());
    match poll(&mut fds, timeout.as_ref()) {
        Ok(_) | Err(Errno::INTR) => {}
        Err(errno) => return Err(errno.into()),
    }
    let [rung, announced] = fds.map(|fd| !fd.revents().is_empty());
    Ok(Rest {
        announced: file.is_some() && announced,
        rung,
    })
}

/// How often a device is asked that has nothing to sleep on.
const NAP: Duration = Duration::from_millis(1);
/// How long the driver leaves the seat empty: long against a program's way from one call to the
/// next, short against what a TUN interface's queue of 500 packets holds.
const PATIENCE: Duration = Duration::from_micros(500);

#[cfg(test)]
pub(super) mod tests;
