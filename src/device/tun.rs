//! The plain TUN device: a Linux TUN interface, opened by the `tun-tap` crate.
//!
//! Packets go in and out as they are, without a header of the device's own (IFF_NO_PI), both IP
//! versions alike. What the kernel's driver does in silence is made visible here: it cuts a packet
//! that does not fit the reader's room, takes one that is longer than the MTU, and cuts names.

#![allow(unsafe_code)]

use std::io;
use std::io::IoSlice;
use std::os::fd::{BorrowedFd, FromRawFd, IntoRawFd, OwnedFd};

use rustix::io::{write, writev};
use tun_tap::{Iface, Mode};

use super::attached::{Attached, OpenError, set_offloads};
use super::interface::check_name;
use super::{Capabilities, Device, Losses, RxBuffer, count, is_carriable};
use crate::base::{Offloads, Pieces, Received, Transmit};

/// A TUN interface. It lives as long as this value, unless it was made persistent elsewhere.
#[derive(Debug)]
pub struct Tun(Attached);

impl Tun {
    /// Makes or attaches to the TUN interface called `name`, in the network namespace of the
    /// calling thread. The kernel replaces a `%d` in the name by the first number that is free.
    /// The interface is down and has no address yet: that is for `namespace::links` to change.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for a name that is empty or over 15 bytes, or that belongs to another kind
    /// of interface; `NotFound` without `/dev/net/tun`; `PermissionDenied` if it may not be opened
    /// or used; `ResourceBusy` if another program is attached. The text says which, and why.
    pub fn open(name: &str) -> io::Result<Tun> {
        check_name(name)?;
        let iface = Iface::without_packet_info(name, Mode::Tun)
            .map_err(|source| OpenError::new(name, source).into_io())?;
        let name = iface.name().to_owned();
        // SAFETY: `into_raw_fd` takes the open descriptor out of `iface`, which is gone after it,
        // so nobody else closes it or counts on it.
        let file = unsafe { OwnedFd::from_raw_fd(iface.into_raw_fd()) };
        set_offloads(&file, 0)?;
        Ok(Tun(Attached::new(file, &name)?))
    }

    /// The interface's name, as the kernel has it.
    pub fn name(&self) -> &str {
        self.0.name()
    }
}

impl Device for Tun {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            name: self.name().to_owned(),
            mtu: self.0.read_mtu(),
            offloads: Offloads::NONE,
        }
    }

    fn receive<'b>(&self, buf: &'b mut RxBuffer) -> io::Result<Option<Received<'b>>> {
        let len = self.0.read(buf)?.map(<[u8]>::len);
        Ok(len.map(|len| buf.keep(0..len)))
    }

    fn transmit(&self, packet: &Transmit<'_>) -> io::Result<()> {
        // An MTU that was raised since it was last read is noticed here, one that was lowered in
        // `capabilities`.
        if !is_carriable(packet, self.0.mtu_known()) && !is_carriable(packet, self.0.read_mtu()) {
            count(&self.0.losses.refused);
            return Ok(());
        }
        let Pieces(first, second) = packet.body;
        self.0.sent(if packet.body.is_empty() {
            write(self.0.fd(), packet.head)
        } else {
            let parts = [packet.head, first, second].map(IoSlice::new);
            // The kernel looks at each part, even an empty one.
            let used = if second.is_empty() { 2 } else { 3 };
            writev(self.0.fd(), &parts[..used])
        })
    }

    fn poll_fd(&self) -> Option<BorrowedFd<'_>> {
        Some(self.0.fd())
    }

    fn losses(&self) -> Losses {
        self.0.losses.read()
    }
}

#[cfg(test)]
mod tests;
