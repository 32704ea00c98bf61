//! What ends the sleep of a thread that polls descriptors.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::event::{EventfdFlags, eventfd};
use rustix::io::{read, write};

/// Ends the sleep of whoever polls it.
#[derive(Debug)]
pub(super) struct Doorbell {
    file: OwnedFd,
    for_good: AtomicBool,
}

impl Doorbell {
    /// # Errors
    ///
    /// The system has no descriptor left.
    pub fn new() -> io::Result<Doorbell> {
        let flags = EventfdFlags::NONBLOCK | EventfdFlags::CLOEXEC;
        Ok(Doorbell {
            file: eventfd(0, flags)?,
            for_good: AtomicBool::new(false),
        })
    }

    /// Rings it, so that nobody can silence it any more. Several may sleep on one bell, and one
    /// that is slow to wake finds it silenced by another.
    pub fn ring_for_good(&self) {
        self.for_good.store(true, Ordering::SeqCst);
        self.ring();
    }

    /// Whether nobody can silence it.
    pub fn rings_for_good(&self) -> bool {
        self.for_good.load(Ordering::SeqCst)
    }

    /// Rings it.
    pub fn ring(&self) {
        // It can fail only because it was rung 2^64 - 2 times without being heard.
        let _ = write(&self.file, &1_u64.to_ne_bytes());
    }

    /// Silences it until it is rung again.
    pub fn silence(&self) {
        // It can fail only because it was not rung.
        let _ = read(&self.file, &mut [0; 8]);
        if self.for_good.load(Ordering::SeqCst) {
            self.ring();
        }
    }

    /// What to poll: readable from the first ring to [`Doorbell::silence`].
    pub fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}
