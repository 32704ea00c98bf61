//! Several devices as one, each an interface of the stack above it by its place.
//!
//! A network drives one device, and waits for one. This one sends each packet by the member that
//! the packet names, and takes packets from all of them in turn.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicUsize, Ordering};

use rustix::event::epoll;

use super::{Capabilities, Device, LossCounters, Losses, RxBuffer, count};
use crate::base::{InterfaceId, Offloads, Received, Transmit};

/// Devices behind one trait.
pub struct Bundle {
    members: Vec<Box<dyn Device>>,
    /// Readable exactly while a member is; `None` if one of them cannot be waited on.
    waiting: Option<OwnedFd>,
    /// Packets received, counted as if every turn were used up: whose turn it is.
    turns: AtomicUsize,
    losses: LossCounters,
}

impl Bundle {
    /// These devices, each one interface: the first is interface 0.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::InvalidInput`] for none, for too many, and for a bundle among them.
    /// Otherwise the system has no descriptor left.
    pub fn new(members: Vec<Box<dyn Device>>) -> io::Result<Bundle> {
        let invalid = |text: &str| Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        if !(1..=InterfaceId::MOST).contains(&members.len()) {
            return invalid("a bundle has one device at least, and 256 at most");
        }
        if members.iter().any(|member| member.interfaces().len() != 1) {
            return invalid("each device of a bundle is one interface");
        }
        let fds: Option<Vec<BorrowedFd<'_>>> =
            members.iter().map(|member| member.poll_fd()).collect();
        let waiting = fds.map(|fds| watch(&fds)).transpose()?;
        Ok(Bundle {
            members,
            waiting,
            turns: AtomicUsize::new(0),
            losses: LossCounters::default(),
        })
    }
}

/// A descriptor that is readable while one of these is.
fn watch(fds: &[BorrowedFd<'_>]) -> io::Result<OwnedFd> {
    let waiting = epoll::create(epoll::CreateFlags::CLOEXEC)?;
    for fd in fds {
        // Nobody asks which it was.
        let data = epoll::EventData::new_u64(0);
        epoll::add(&waiting, fd, data, epoll::EventFlags::IN)?;
    }
    Ok(waiting)
}

impl Device for Bundle {
    /// The names of all members, and the MTU of the first, and what may be left to it.
    fn capabilities(&self) -> Capabilities {
        let all = self.interfaces();
        let names: Vec<&str> = all.iter().map(|one| one.name.as_str()).collect();
        let first = all.first();
        Capabilities {
            name: names.join("+"),
            mtu: first.map_or(0, |first| first.mtu),
            offloads: first.map_or(Offloads::NONE, |first| first.offloads),
        }
    }

    fn interfaces(&self) -> Vec<Capabilities> {
        let members = self.members.iter();
        members.map(|member| member.capabilities()).collect()
    }

    /// Takes a packet of the member whose turn it is, or of the next that has one. A member that
    /// fails takes the others with it.
    fn receive<'b>(&self, buf: &'b mut RxBuffer) -> io::Result<Option<Received<'b>>> {
        let mut at = self.turns.load(Ordering::Relaxed);
        // Each is asked once at most.
        for _ in 0..self.members.len() {
            let place = at / TURN % self.members.len();
            // 255 at most: `new`.
            buf.coming_by(InterfaceId(place as u8));
            if self.members[place].receive(buf)?.is_some() {
                // Of two who receive at the same time one loses a turn, and neither a packet.
                self.turns.store(at.wrapping_add(1), Ordering::Relaxed);
                return Ok(buf.last());
            }
            at = (at / TURN).wrapping_add(1).wrapping_mul(TURN);
        }
        Ok(None)
    }

    /// A packet for a member that there is not is refused.
    fn transmit(&self, packet: &Transmit<'_>) -> io::Result<()> {
        match self.members.get(usize::from(packet.interface.0)) {
            Some(member) => member.transmit(packet),
            None => {
                count(&self.losses.refused);
                Ok(())
            }
        }
    }

    fn poll_fd(&self) -> Option<BorrowedFd<'_>> {
        self.waiting.as_ref().map(AsFd::as_fd)
    }

    /// Those of all together.
    fn losses(&self) -> Losses {
        let members = self.members.iter().map(|member| member.losses());
        members.fold(self.losses.read(), Losses::and)
    }
}

impl std::fmt::Debug for Bundle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Bundle").field(&self.interfaces()).finish()
    }
}

/// Packets that a member gives before another is asked: one that has none is asked in vain no more
/// often than that, and in a batch of 256 all get their share.
const TURN: usize = 16;

#[cfg(test)]
mod tests;
