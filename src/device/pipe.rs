//! Two devices in memory, joined back to back: what one sends, the other receives.
//!
//! For tests of what stands above a device, with two stacks in one process and no privilege. It
//! behaves like the real one: bounded, lossy when full, and with a descriptor to sleep on.

use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Arc, Mutex, PoisonError};

use rustix::event::{EventfdFlags, eventfd};
use rustix::io::{Errno, read, write};

use super::{Capabilities, Device, LossCounters, Losses, RxBuffer, asked_of, count};
use crate::base::{Offload, Offloads, Received, Transmit};

/// Makes a pipe that carries packets of up to `mtu` bytes, and gives its two ends.
///
/// # Errors
///
/// The system has no descriptor left.
pub fn pipe(mtu: u16) -> io::Result<(PipeEnd, PipeEnd)> {
    pipe_with(mtu, Offloads::NONE)
}

/// The same with work left to the pipe, which leaves it to whoever receives: packets arrive whole,
/// and with what was asked for. Those that a packet stands for must not exceed `mtu`.
///
/// # Errors
///
/// As for [`pipe`].
pub fn pipe_with(mtu: u16, offloads: Offloads) -> io::Result<(PipeEnd, PipeEnd)> {
    let there = Arc::new(Lane::new()?);
    let back = Arc::new(Lane::new()?);
    let end = |name, incoming: &Arc<Lane>, outgoing: &Arc<Lane>| PipeEnd {
        name,
        mtu,
        offloads,
        incoming: Arc::clone(incoming),
        outgoing: Arc::clone(outgoing),
        losses: LossCounters::default(),
    };
    Ok((end("pipe-a", &back, &there), end("pipe-b", &there, &back)))
}

/// One end of a pipe. When the other is dropped, this one goes on as if it were busy: packets
/// fill the queue and are then lost.
#[derive(Debug)]
pub struct PipeEnd {
    name: &'static str,
    mtu: u16,
    offloads: Offloads,
    incoming: Arc<Lane>,
    outgoing: Arc<Lane>,
    losses: LossCounters,
}

/// Packets on their way in one direction.
#[derive(Debug)]
struct Lane {
    packets: Mutex<VecDeque<(Vec<u8>, Offload)>>,
    /// Readable exactly while packets wait; changed only under the lock.
    waiting: OwnedFd,
}

impl Lane {
    fn new() -> io::Result<Lane> {
        Ok(Lane {
            packets: Mutex::default(),
            waiting: eventfd(0, EventfdFlags::NONBLOCK | EventfdFlags::CLOEXEC)?,
        })
    }

    /// Queues a packet; whether there was room.
    fn push(&self, packet: &Transmit<'_>) -> io::Result<bool> {
        // A panic elsewhere leaves the queue whole: each change of it is one call.
        let mut packets = self.packets.lock().unwrap_or_else(PoisonError::into_inner);
        if packets.len() >= QUEUE_MAX {
            return Ok(false);
        }
        if packets.is_empty() {
            write(&self.waiting, &1_u64.to_ne_bytes())?;
        }
        packets.push_back((packet.to_vec(), packet.offload));
        Ok(true)
    }

    /// Copies the oldest packet into `room`; its length, and what was asked for.
    fn pop(&self, room: &mut [u8]) -> io::Result<Option<(usize, Offload)>> {
        let mut packets = self.packets.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((packet, offload)) = packets.pop_front() else {
            return Ok(None);
        };
        if packets.is_empty() {
            match read(&self.waiting, &mut [0; 8]) {
                Ok(_) | Err(Errno::AGAIN) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
        let len = packet.len().min(room.len());
        room[..len].copy_from_slice(&packet[..len]);
        Ok(Some((len, offload)))
    }
}

impl Device for PipeEnd {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            name: self.name.to_owned(),
            mtu: self.mtu,
            offloads: self.offloads,
        }
    }

    fn receive<'b>(&self, buf: &'b mut RxBuffer) -> io::Result<Option<Received<'b>>> {
        let popped = self.incoming.pop(buf.room())?;
        Ok(popped.map(|(len, offload)| buf.keep_as(0..len, offload)))
    }

    fn transmit(&self, packet: &Transmit<'_>) -> io::Result<()> {
        if asked_of(packet, self.mtu, self.offloads).is_none() {
            count(&self.losses.refused);
        } else if !self.outgoing.push(packet)? {
            count(&self.losses.full);
        }
        Ok(())
    }

    fn poll_fd(&self) -> Option<BorrowedFd<'_>> {
        Some(self.incoming.waiting.as_fd())
    }

    fn losses(&self) -> Losses {
        self.losses.read()
    }
}

/// Packets in one direction. A TUN device's default queue holds 500; a window of 1 MiB in
/// segments of 1460 bytes is 719.
const QUEUE_MAX: usize = 1024;

#[cfg(test)]
mod tests;
