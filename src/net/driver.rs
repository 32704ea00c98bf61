//! The loop that keeps a network going: receive, expire, transmit, tell, sleep.
//!
//! It runs on a thread of its own, reads the clock once a batch, and takes packets from the device
//! without the lock, so that readers and writers have theirs meanwhile. All that waits is received
//! before anything is sent (RFC 9293 section 3.10.7.4, MUST-59), up to a bound; so one
//! acknowledgment serves a whole batch.

use std::io;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use super::error::Down;
use super::shared::{Doorbell, Left, Shared};
use crate::base::Instant;
use crate::device::{Device, RxBuffer};

/// Runs until the network is down: because somebody took it down, or because the device failed.
pub(super) fn run(shared: &Shared, device: &dyn Device) {
    let mut batch = RxBuffer::new();
    let mut announced = false;
    let down = loop {
        let turn = match turn(shared, device, &mut batch) {
            Ok(turn) => turn,
            Err(down) => break down,
        };
        if turn.again {
            announced = false;
            continue;
        }
        let timeout = turn.due.map(|due| due.since(shared.clock().now()));
        // A device that announces a packet and then has none is in trouble, and would announce it
        // again at once: it is asked a little later.
        let listen = !(announced && turn.received == 0);
        announced = match sleep(device, shared.doorbell(), timeout, listen) {
            Ok(announced) => announced,
            Err(error) => break Down::from(error),
        };
    };
    shared.bring_down(down);
}

/// How a turn went.
struct Turn {
    /// How many packets came in.
    received: usize,
    /// More may wait to be received, or waits to be sent.
    again: bool,
    /// The stack's next deadline.
    due: Option<Instant>,
}

fn turn(shared: &Shared, device: &dyn Device, batch: &mut RxBuffer) -> Result<Turn, Down> {
    let now = shared.clock().now();
    receive(device, batch)?;
    let (left, due) = shared.drive(now, |held| {
        for packet in batch.packets() {
            held.stack.receive(now, packet);
        }
        held.stack.handle_timeout(now);
    })?;
    Ok(Turn {
        received: batch.packets().len(),
        again: left == Left::Packets || !batch.has_room(),
        due,
    })
}

/// Takes what waits, as much as finds room.
fn receive(device: &dyn Device, batch: &mut RxBuffer) -> io::Result<()> {
    batch.clear();
    while batch.has_room() && device.receive(batch)?.is_some() {}
    Ok(())
}

/// Sleeps until the doorbell rings, the device announces something (if it is listened to), or the
/// time is over. Whether the device announced something.
fn sleep(
    device: &dyn Device,
    doorbell: &Doorbell,
    timeout: Option<Duration>,
    listen: bool,
) -> io::Result<bool> {
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
    let [bell, device] = fds.map(|fd| !fd.revents().is_empty());
    if bell {
        doorbell.silence();
    }
    Ok(file.is_some() && device)
}

/// How often a device is asked that has nothing to sleep on.
const NAP: Duration = Duration::from_millis(1);

#[cfg(test)]
mod tests;
