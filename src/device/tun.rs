//! The default device: a plain Linux TUN interface, opened by the `tun-tap` crate.
//!
//! Packets go in and out as they are, without a header of the device's own (IFF_NO_PI), both IP
//! versions alike. What the kernel's driver does in silence is made visible here: it cuts a packet
//! that does not fit the reader's room, takes one that is longer than the MTU, and cuts names.

#![allow(unsafe_code)]

use std::io;
use std::io::IoSlice;
use std::os::fd::{AsFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd};
use std::sync::atomic::{AtomicU16, Ordering};

use rustix::io::{Errno, ioctl_fionbio, read, write, writev};
use rustix::ioctl::{IntegerSetter, Opcode, ioctl, opcode};
use tun_tap::{Iface, Mode};

use super::interface::{Interface, check_name};
use super::{Capabilities, Device, LossCounters, Losses, RxBuffer, count, is_carriable};
use crate::base::{Pieces, Received, Transmit};

/// A TUN interface. It lives as long as this value, unless it was made persistent elsewhere.
#[derive(Debug)]
pub struct Tun {
    file: OwnedFd,
    interface: Interface,
    /// As last read, in bytes.
    mtu: AtomicU16,
    losses: LossCounters,
}

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
            .map_err(|source| io::Error::new(source.kind(), OpenError::new(name, source)))?;
        let interface = Interface::named(iface.name())?;
        // SAFETY: `into_raw_fd` takes the open descriptor out of `iface`, which is gone after it,
        // so nobody else closes it or counts on it.
        let file = unsafe { OwnedFd::from_raw_fd(iface.into_raw_fd()) };
        refuse_offloads(&file)?;
        ioctl_fionbio(&file, true)?;
        let mtu = AtomicU16::new(interface.mtu()?);
        Ok(Tun {
            file,
            interface,
            mtu,
            losses: LossCounters::default(),
        })
    }

    /// The interface's name, as the kernel has it.
    pub fn name(&self) -> &str {
        self.interface.name()
    }

    /// Asks the kernel for the MTU. Without an answer (an interface that is gone) the last known
    /// one stands.
    fn read_mtu(&self) -> u16 {
        if let Ok(mtu) = self.interface.mtu() {
            self.mtu.store(mtu, Ordering::Relaxed);
        }
        self.mtu.load(Ordering::Relaxed)
    }

    fn gone(&self) -> io::Error {
        let text = format!("the TUN interface {} has been deleted", self.name());
        io::Error::new(io::ErrorKind::NotConnected, text)
    }
}

impl Device for Tun {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            name: self.name().to_owned(),
            mtu: self.read_mtu(),
        }
    }

    fn receive<'b>(&self, buf: &'b mut RxBuffer) -> io::Result<Option<Received<'b>>> {
        let room = buf.room();
        let len_max = room.len();
        match read(&self.file, room) {
            // The kernel cuts a packet that is too long for the room without a word, so one that
            // fills it may lack its end.
            Ok(len) if len == len_max => {
                count(&self.losses.cut);
                Ok(None)
            }
            Ok(len) => Ok(Some(buf.keep(0..len))),
            // Kernels differ in what they say while the interface is down.
            Err(Errno::AGAIN | Errno::INTR | Errno::IO) => Ok(None),
            Err(Errno::BADFD) => Err(self.gone()),
            Err(errno) => Err(errno.into()),
        }
    }

    fn transmit(&self, packet: &Transmit<'_>) -> io::Result<()> {
        // An MTU that was raised since it was last read is noticed here, one that was lowered in
        // `capabilities`.
        if !is_carriable(packet, self.mtu.load(Ordering::Relaxed))
            && !is_carriable(packet, self.read_mtu())
        {
            count(&self.losses.refused);
            return Ok(());
        }
        let Pieces(first, second) = packet.body;
        let sent = if packet.body.is_empty() {
            write(&self.file, packet.head)
        } else {
            let parts = [packet.head, first, second].map(IoSlice::new);
            // The kernel looks at each part, even an empty one.
            let used = if second.is_empty() { 2 } else { 3 };
            writev(&self.file, &parts[..used])
        };
        match sent {
            // A TUN device takes a packet whole or not at all.
            Ok(_) => {}
            Err(Errno::AGAIN | Errno::INTR | Errno::NOBUFS | Errno::NOMEM) => {
                count(&self.losses.full);
            }
            Err(Errno::IO) => count(&self.losses.down),
            Err(Errno::BADFD) => return Err(self.gone()),
            Err(errno) => return Err(errno.into()),
        }
        Ok(())
    }

    fn poll_fd(&self) -> Option<BorrowedFd<'_>> {
        Some(self.file.as_fd())
    }

    fn losses(&self) -> Losses {
        self.losses.read()
    }
}

/// Tells the kernel that this reader takes whole segments with finished checksums only. The mask
/// belongs to the interface and outlives whoever set it, so a persistent one may have another's.
fn refuse_offloads(file: &OwnedFd) -> io::Result<()> {
    // SAFETY: TUNSETOFFLOAD takes its mask as the argument itself and touches no memory of ours.
    unsafe { ioctl(file, IntegerSetter::<TUNSETOFFLOAD>::new_usize(0)) }?;
    Ok(())
}

/// Why there is no TUN interface.
#[derive(Debug, thiserror::Error)]
#[error("no TUN interface {name}: {why} ({source})")]
struct OpenError {
    name: String,
    why: &'static str,
    source: io::Error,
}

impl OpenError {
    /// What `errno` means at this door: opening `/dev/net/tun`, then TUNSETIFF.
    fn new(name: &str, source: io::Error) -> OpenError {
        let why = match Errno::from_io_error(&source) {
            Some(Errno::NOENT) => "there is no /dev/net/tun here",
            Some(Errno::NODEV | Errno::NXIO) => "this kernel has no TUN driver behind /dev/net/tun",
            Some(Errno::ACCESS) => "the mode of /dev/net/tun forbids opening it",
            Some(Errno::PERM) => {
                "it needs CAP_NET_ADMIN in this network namespace, and a container that allows \
                 /dev/net/tun"
            }
            Some(Errno::BUSY) => "another program is attached to it",
            Some(Errno::INVAL) => "the name belongs to an interface that is no plain TUN device",
            _ => "the kernel refused",
        };
        OpenError {
            name: name.to_owned(),
            why,
            source,
        }
    }
}

/// `linux/if_tun.h`: `_IOW('T', 208, unsigned int)`.
const TUNSETOFFLOAD: Opcode = opcode::write::<u32>(b'T', 208);

#[cfg(test)]
mod tests;
