//! What every TUN device is: an interface, a descriptor that is attached to it, and what the
//! kernel's answers there mean.

#![allow(unsafe_code)]

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicU16, Ordering};

use rustix::io::{Errno, ioctl_fionbio, read};
use rustix::ioctl::{IntegerSetter, Opcode, ioctl, opcode};

use super::interface::Interface;
use super::{LossCounters, RxBuffer, count};

/// A TUN interface that this program is attached to.
#[derive(Debug)]
pub(super) struct Attached {
    file: OwnedFd,
    interface: Interface,
    /// As last read, in bytes.
    mtu: AtomicU16,
    pub(super) losses: LossCounters,
}

impl Attached {
    /// `file` is attached to the interface of that name, in the network namespace of the calling
    /// thread.
    pub(super) fn new(file: OwnedFd, name: &str) -> io::Result<Attached> {
        ioctl_fionbio(&file, true)?;
        let interface = Interface::named(name)?;
        let mtu = AtomicU16::new(interface.mtu()?);
        Ok(Attached {
            file,
            interface,
            mtu,
            losses: LossCounters::default(),
        })
    }

    /// A device of MTU 1500 whose interface nobody knows.
    #[cfg(test)]
    pub(super) fn unknown(file: OwnedFd) -> Attached {
        Attached {
            file,
            interface: Interface::named("not-here").expect("a socket"),
            mtu: AtomicU16::new(1500),
            losses: LossCounters::default(),
        }
    }

    pub(super) fn name(&self) -> &str {
        self.interface.name()
    }

    pub(super) fn fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }

    /// The MTU as last read.
    pub(super) fn mtu_known(&self) -> u16 {
        self.mtu.load(Ordering::Relaxed)
    }

    /// Asks the kernel for the MTU. Without an answer (an interface that is gone) the last known
    /// one stands.
    pub(super) fn read_mtu(&self) -> u16 {
        if let Ok(mtu) = self.interface.mtu() {
            self.mtu.store(mtu, Ordering::Relaxed);
        }
        self.mtu_known()
    }

    /// Reads what waits into the room for the next packet; how many bytes.
    pub(super) fn read<'b>(&self, buf: &'b mut RxBuffer) -> io::Result<Option<&'b [u8]>> {
        let room = buf.room();
        match read(&self.file, &mut *room) {
            // The kernel cuts a packet that is too long for the room without a word, so one that
            // fills it may lack its end.
            Ok(len) if len == room.len() => {
                count(&self.losses.cut);
                Ok(None)
            }
            Ok(len) => Ok(room.get(..len)),
            // Kernels differ in what they say while the interface is down.
            Err(Errno::AGAIN | Errno::INTR | Errno::IO) => Ok(None),
            Err(Errno::BADFD) => Err(self.gone()),
            Err(errno) => Err(errno.into()),
        }
    }

    /// What the result of a write means for a lossy link. A TUN device takes a packet whole or not
    /// at all.
    pub(super) fn sent(&self, written: Result<usize, Errno>) -> io::Result<()> {
        match written {
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

    fn gone(&self) -> io::Error {
        let text = format!("the TUN interface {} has been deleted", self.name());
        io::Error::new(io::ErrorKind::NotConnected, text)
    }
}

/// Tells the kernel what this reader takes: packets that are long or whose checksum is not whole,
/// by the TUN_F_* of `linux/if_tun.h`; 0 for whole segments with whole checksums only. The mask
/// belongs to the interface and outlives whoever set it, so a persistent one may have another's.
pub(super) fn set_offloads(file: &OwnedFd, mask: usize) -> Result<(), Errno> {
    // SAFETY: TUNSETOFFLOAD takes its mask as the argument itself and touches no memory of ours.
    unsafe { ioctl(file, IntegerSetter::<TUNSETOFFLOAD>::new_usize(mask)) }
}

/// Why there is no TUN interface.
#[derive(Debug, thiserror::Error)]
#[error("no TUN interface {name}: {why} ({source})")]
pub(super) struct OpenError {
    name: String,
    why: &'static str,
    source: io::Error,
}

impl OpenError {
    /// What `source` means at this door: opening `/dev/net/tun`, then TUNSETIFF.
    pub(super) fn new(name: &str, source: io::Error) -> OpenError {
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

    /// The same as an error of the system's kind.
    pub(super) fn into_io(self) -> io::Error {
        io::Error::new(self.source.kind(), self)
    }
}

/// `linux/if_tun.h`: `_IOW('T', 208, unsigned int)`.
const TUNSETOFFLOAD: Opcode = opcode::write::<u32>(b'T', 208);
