//! The default device: a TUN interface to whose kernel checksums and segments are left.
//!
//! Before each packet stands a header (IFF_VNET_HDR, `virtio`), so one write carries what would be
//! forty packets of Ethernet's size, and so does one read: a system call costs the same for both.
//! `tun-tap` cannot ask for that header, hence the ioctls of `linux/if_tun.h` here. A TUN interface
//! is no wire: packets to and from the machine itself keep such a shape to their end, and those
//! that go on are cut where they leave: house!("device-offload").

#![allow(unsafe_code)]

use std::io::{self, IoSlice};
use std::os::fd::{BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::{Mode, OFlags, open};
use rustix::io::{Errno, writev};
use rustix::ioctl::{Opcode, Setter, Updater, ioctl, opcode};

use super::attached::{Attached, OpenError, set_offloads};
use super::interface::{Request, check_name};
use super::virtio::{self, Header};
use super::{Capabilities, Device, Losses, RxBuffer, asked_of, count};
use crate::base::{Offloads, Pieces, Received, Transmit};
use crate::wire::offload::Cut;

/// A TUN interface, or one queue of it, with segments and checksums left to the kernel. It lives
/// as long as the last queue, unless it was made persistent elsewhere.
#[derive(Debug)]
pub struct OffloadTun {
    tun: Attached,
    does: Offloads,
    /// The kernel refused what it had agreed to: everything is done here.
    refuses: AtomicBool,
}

impl OffloadTun {
    /// As [`super::Tun::open`].
    ///
    /// # Errors
    ///
    /// As there, and `InvalidInput` or `Unsupported` also for a kernel that knows no such header,
    /// and `InvalidInput` for an interface that was made for several queues.
    pub fn open(name: &str) -> io::Result<OffloadTun> {
        OffloadTun::attach(name, 0)
    }

    /// The same interface `count` times: each takes its share of the packets that come, by flow,
    /// and answers on one are followed by packets on the same.
    ///
    /// # Errors
    ///
    /// As for [`OffloadTun::open`], for an interface that was made for one queue, and for a count
    /// of 0, or of more than this kernel has.
    pub fn open_queues(name: &str, count: usize) -> io::Result<Vec<OffloadTun>> {
        if count == 0 {
            let text = "a TUN interface has one queue at least";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        }
        let mut queues = vec![OffloadTun::attach(name, IFF_MULTI_QUEUE)?];
        while queues.len() < count {
            let another = OffloadTun::attach(queues[0].name(), IFF_MULTI_QUEUE)?;
            queues.push(another);
        }
        Ok(queues)
    }

    fn attach(name: &str, flags: u16) -> io::Result<OffloadTun> {
        check_name(name)?;
        let fail = |errno: Errno| OpenError::new(name, errno.into()).into_io();
        let oflags = OFlags::RDWR | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = open("/dev/net/tun", oflags, Mode::empty()).map_err(fail)?;
        let flags = flags | IFF_TUN | IFF_NO_PI | IFF_VNET_HDR;
        let mut request = Request::with(name, &flags.to_ne_bytes());
        // SAFETY: TUNSETIFF takes a `struct ifreq`, reads the name and `ifr_flags`, a short at the
        // beginning of the value, and writes the same struct back with the name that was given;
        // `Request` has that struct's size and layout, and lives until the call has returned.
        unsafe { ioctl(&file, Updater::<TUNSETIFF, Request>::new(&mut request)) }.map_err(fail)?;
        set_header(&file).map_err(unsupported)?;
        let does = take_over(&file).map_err(unsupported)?;
        Ok(OffloadTun {
            tun: Attached::new(file, &request.name())?,
            does,
            refuses: AtomicBool::new(false),
        })
    }

    /// The interface's name, as the kernel has it.
    pub fn name(&self) -> &str {
        self.tun.name()
    }

    /// What the kernel does for us, as far as it has kept its word.
    fn offloads(&self) -> Offloads {
        if self.refuses.load(Ordering::Relaxed) {
            Offloads::NONE
        } else {
            self.does
        }
    }

    fn write(&self, header: Header, packet: &Transmit<'_>) -> Result<usize, Errno> {
        let header = header.to_bytes();
        let Pieces(first, second) = packet.body;
        let parts = [&header, packet.head, first, second].map(IoSlice::new);
        // The kernel looks at each part, even an empty one.
        let used = match (first.is_empty(), second.is_empty()) {
            (true, true) => 2,
            (false, true) => 3,
            _ => 4,
        };
        writev(self.tun.fd(), &parts[..used])
    }

    /// Does what the kernel was asked for, and sends what comes of it.
    fn send_cut(&self, packet: &Transmit<'_>) -> io::Result<()> {
        let Ok(mut cut) = Cut::of(packet, Offloads::NONE) else {
            count(&self.tun.losses.refused);
            return Ok(());
        };
        while let Some(segment) = cut.next() {
            self.tun.sent(self.write(Header::default(), &segment))?;
        }
        Ok(())
    }
}

impl Device for OffloadTun {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            name: self.name().to_owned(),
            mtu: self.tun.read_mtu(),
            offloads: self.offloads(),
        }
    }

    fn receive<'b>(&self, buf: &'b mut RxBuffer) -> io::Result<Option<Received<'b>>> {
        let Some(bytes) = self.tun.read(buf)? else {
            return Ok(None);
        };
        let len = bytes.len();
        match Header::take(bytes) {
            Ok(offload) => Ok(Some(buf.keep_as(virtio::LEN..len, offload))),
            Err(lie) => {
                log::debug!("{}: a packet is dropped: {lie}", self.name());
                count(&self.tun.losses.misdescribed);
                Ok(None)
            }
        }
    }

    /// As for [`super::Tun`]; what the kernel refuses to do after all is done here.
    fn transmit(&self, packet: &Transmit<'_>) -> io::Result<()> {
        // An MTU that was raised since it was last read is noticed here, one that was lowered in
        // `capabilities`.
        let header = asked_of(packet, self.tun.mtu_known(), self.does)
            .or_else(|| asked_of(packet, self.tun.read_mtu(), self.does));
        let Some(header) = header else {
            count(&self.tun.losses.refused);
            return Ok(());
        };
        let is_plain = header == Header::default();
        if !is_plain && self.refuses.load(Ordering::Relaxed) {
            return self.send_cut(packet);
        }
        match self.write(header, packet) {
            Err(Errno::INVAL) if !is_plain => {
                if !self.refuses.swap(true, Ordering::Relaxed) {
                    let name = self.name();
                    log::warn!("{name}: the kernel refuses to cut and to sum, so we do it");
                }
                self.send_cut(packet)
            }
            written => self.tun.sent(written),
        }
    }

    fn poll_fd(&self) -> Option<BorrowedFd<'_>> {
        Some(self.tun.fd())
    }

    fn losses(&self) -> Losses {
        self.tun.losses.read()
    }
}

/// Length and byte order of the header. Both belong to the interface, so another's may be left.
fn set_header(file: &OwnedFd) -> Result<(), Errno> {
    // SAFETY: each reads an int behind the pointer, which is `Setter`'s own.
    unsafe {
        ioctl(
            file,
            Setter::<TUNSETVNETHDRSZ, i32>::new(virtio::LEN as i32),
        )?;
        ioctl(file, Setter::<TUNSETVNETLE, i32>::new(0))?;
        // Only kernels that serve guests of the other order know it.
        let _ = ioctl(file, Setter::<TUNSETVNETBE, i32>::new(0));
    }
    Ok(())
}

/// Tells the kernel what this reader takes, as much as the kernel knows: what it takes from us
/// is the same.
fn take_over(file: &OwnedFd) -> Result<Offloads, Errno> {
    for (mask, does) in STEPS {
        match set_offloads(file, mask) {
            Err(Errno::INVAL) => {}
            set => return set.map(|()| does),
        }
    }
    Err(Errno::INVAL)
}

fn unsupported(errno: Errno) -> io::Error {
    let text = format!("this kernel leaves nothing to a TUN device to finish ({errno})");
    io::Error::new(io::ErrorKind::Unsupported, text)
}

/// What is asked for, the most first. Linux before 6.2 does not cut datagrams.
const STEPS: [(usize, Offloads); 3] = [
    (TUN_F_CSUM | TUN_F_TSO | TUN_F_USO, Offloads::ALL),
    (
        TUN_F_CSUM | TUN_F_TSO,
        Offloads {
            udp: false,
            ..Offloads::ALL
        },
    ),
    (
        TUN_F_CSUM,
        Offloads {
            checksum: true,
            ..Offloads::NONE
        },
    ),
];

// `linux/if_tun.h`.
const IFF_TUN: u16 = 0x0001;
const IFF_MULTI_QUEUE: u16 = 0x0100;
const IFF_NO_PI: u16 = 0x1000;
const IFF_VNET_HDR: u16 = 0x4000;
const TUNSETIFF: Opcode = opcode::write::<i32>(b'T', 202);
const TUNSETVNETHDRSZ: Opcode = opcode::write::<i32>(b'T', 216);
const TUNSETVNETLE: Opcode = opcode::write::<i32>(b'T', 220);
const TUNSETVNETBE: Opcode = opcode::write::<i32>(b'T', 222);
const TUN_F_CSUM: usize = 0x01;
/// Over both versions of IP, and with ECN.
const TUN_F_TSO: usize = 0x02 | 0x04 | 0x08;
/// Datagrams, over both versions of IP.
const TUN_F_USO: usize = 0x20 | 0x40;

#[cfg(test)]
mod tests;
