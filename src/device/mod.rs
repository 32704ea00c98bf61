//! Where packets enter and leave the program: one trait, and what carries it.
//!
//! A device moves whole IP packets and decides nothing. Sending needs no exclusive access, so a
//! writing thread may send while the driver waits for input.
//!
//! Read `tun` first: it is the plainest device, and the others follow its rules. `tun_gso` is the
//! default: the same interface with work left to the kernel, asked for in the header that `virtio`
//! describes; `attached` has what both share, and [`open_tun`] chooses. `veth` carries the same
//! packets in Ethernet frames, with `neighbour` for what Ethernet asks in between; `pipe` is two
//! ends in memory, for tests, and `bundle` several devices as one. `rx` is where received packets
//! are put, and `interface` asks the kernel about an interface.

use std::io;
use std::os::fd::BorrowedFd;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::base::{Offloads, Received, Transmit};

mod attached;
mod bundle;
mod generic;
mod interface;
mod neighbour;
pub mod pipe;
mod rx;
pub mod tun;
pub mod tun_gso;
pub mod veth;
mod virtio;
mod waiting;

pub use bundle::Bundle;
pub use generic::Generic;
pub use pipe::{PipeEnd, pipe, pipe_with};
pub use rx::RxBuffer;
pub use tun::Tun;
pub use tun_gso::OffloadTun;
pub use veth::Veth;

use virtio::Header;

/// Something that carries IP packets.
pub trait Device: Send + Sync {
    /// What it can do. Asks the system anew, because an administrator may change the MTU: not for
    /// the way of a packet.
    fn capabilities(&self) -> Capabilities;

    /// What each of its interfaces can do, by their numbers: a device is one, unless it says
    /// otherwise.
    fn interfaces(&self) -> Vec<Capabilities> {
        vec![self.capabilities()]
    }

    /// Takes one packet that waits, behind those that are in `buf`; `None` if none does. Never
    /// blocks.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::NotConnected`] once the device is gone for good; anything else is what the
    /// system says, and unexpected. A device that is down has no packet waiting.
    fn receive<'b>(&self, buf: &'b mut RxBuffer) -> io::Result<Option<Received<'b>>>;

    /// Sends one packet. A device that is full or down is a lossy link: the packet is gone, is
    /// counted in [`Device::losses`], and that is no error. Neither is a packet that the device
    /// cannot carry: it is not sent, and counted.
    ///
    /// # Errors
    ///
    /// As for [`Device::receive`].
    fn transmit(&self, packet: &Transmit<'_>) -> io::Result<()>;

    /// What to wait on until a packet comes; `None` for devices that live in memory.
    fn poll_fd(&self) -> Option<BorrowedFd<'_>>;

    /// How many packets it has lost, and why.
    fn losses(&self) -> Losses {
        Losses::default()
    }
}

/// What a device can do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capabilities {
    /// The interface's name, as the system shows it.
    pub name: String,
    /// The largest packet it carries, in bytes.
    pub mtu: u16,
    /// What may be left to it.
    pub offloads: Offloads,
}

/// Packets that a device lost, by reason. None of them is told to the stack: to it they are
/// packets lost on the link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Losses {
    /// Received, but longer than the room for it, so that its end is missing.
    pub cut: u64,
    /// Received, but what the device says of it cannot be.
    pub misdescribed: u64,
    /// Not sent: the device takes no more.
    pub full: u64,
    /// Not sent: the interface is down.
    pub down: u64,
    /// Not sent: not one whole IP packet of at most the MTU.
    pub refused: u64,
}

/// [`Losses`] while they are counted. Each counter stands alone, so no order between them is kept.
#[derive(Debug, Default)]
struct LossCounters {
    cut: AtomicU64,
    misdescribed: AtomicU64,
    full: AtomicU64,
    down: AtomicU64,
    refused: AtomicU64,
}

impl Losses {
    /// These and others.
    pub fn and(self, others: Losses) -> Losses {
        let Losses {
            cut,
            misdescribed,
            full,
            down,
            refused,
        } = others;
        Losses {
            cut: self.cut + cut,
            misdescribed: self.misdescribed + misdescribed,
            full: self.full + full,
            down: self.down + down,
            refused: self.refused + refused,
        }
    }
}

impl LossCounters {
    fn read(&self) -> Losses {
        Losses {
            cut: self.cut.load(Ordering::Relaxed),
            misdescribed: self.misdescribed.load(Ordering::Relaxed),
            full: self.full.load(Ordering::Relaxed),
            down: self.down.load(Ordering::Relaxed),
            refused: self.refused.load(Ordering::Relaxed),
        }
    }
}

fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

/// Opens a TUN interface as the default device; as the plain one, if that is wanted; and as one
/// that is [`Generic`], if this kernel does no more than carry. Which, and why, is said in the log.
///
/// # Errors
///
/// As for [`Tun::open`].
pub fn open_tun(name: &str, preference: Preference) -> io::Result<Box<dyn Device>> {
    if preference == Preference::Plain {
        let tun = Tun::open(name)?;
        log::info!("{}: a plain TUN device, as asked", tun.name());
        return Ok(Box::new(tun));
    }
    match OffloadTun::open(name) {
        Ok(tun) => {
            let Capabilities { name, offloads, .. } = tun.capabilities();
            log::info!("{name}: a TUN device that does more: {offloads:?}");
            Ok(Box::new(tun))
        }
        Err(error) if NO_OFFLOAD.contains(&error.kind()) => {
            // If the name itself is wrong, this says so.
            let tun = Tun::open(name)?;
            log::info!("{}: a plain TUN device: {error}", tun.name());
            Ok(Box::new(Generic::new(Box::new(tun))))
        }
        Err(error) => Err(error),
    }
}

/// Which TUN device is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Preference {
    /// [`OffloadTun`] where the kernel has it, else [`Tun`] behind [`Generic`].
    #[default]
    Offload,
    /// [`Tun`]: each packet crosses as it would cross a wire.
    Plain,
}

/// How a kernel says that it knows no TUN device that does more than carry.
const NO_OFFLOAD: [io::ErrorKind; 2] = [io::ErrorKind::InvalidInput, io::ErrorKind::Unsupported];

/// Whether a device that does nothing but carry can take this packet: one whole IP packet of at
/// most `mtu` bytes. Linux would take a longer one, or a single byte, in silence.
fn is_carriable(packet: &Transmit<'_>, mtu: u16) -> bool {
    asked_of(packet, mtu, Offloads::NONE).is_some()
}

/// What a device that does so much must be asked for with this packet; `None` if it cannot take
/// it: it is no IP packet, the packets that it stands for are longer than `mtu`, or it wants more.
fn asked_of(packet: &Transmit<'_>, mtu: u16, does: Offloads) -> Option<Header> {
    let shortest = match packet.head.first()? >> 4 {
        4 => IPV4_HEADER_LEN,
        6 => IPV6_HEADER_LEN,
        _ => return None,
    };
    let header = Header::of(packet, does)?;
    let on_wire = header.longest_of(packet.len());
    let is_whole = (shortest..=usize::from(u16::MAX)).contains(&packet.len());
    (is_whole && on_wire <= usize::from(mtu)).then_some(header)
}

/// RFC 791 section 3.1: five words, without options.
const IPV4_HEADER_LEN: usize = 20;
/// RFC 8200 section 3.
const IPV6_HEADER_LEN: usize = 40;

#[cfg(test)]
mod tests;
