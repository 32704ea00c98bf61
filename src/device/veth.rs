//! One end of a veth pair, for machines where the TUN device is out of reach.
//!
//! A packet socket sends and receives whole Ethernet frames on our end, which has no address of
//! its own: the kernel there is deaf. What Ethernet asks for, `neighbour` answers, so the stack
//! sees the same IP packets as over TUN. Both ends must have their offloads switched off, or the
//! kernel sends super-packets with half-made checksums, sure that no wire will ever carry them.

#![allow(unsafe_code)]

use std::io::{self, IoSlice};
use std::net::IpAddr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustix::io::{Errno, read, write, writev};
use rustix::net::addr::{SocketAddrArg, SocketAddrLen, SocketAddrOpaque};
use rustix::net::sockopt::{set_socket_recv_buffer_size, set_socket_recv_buffer_size_force};
use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, socket_with};

use super::interface::{Interface, Offload};
use super::neighbour::{Neighbour, Taken};
use super::waiting::Waiting;
use super::{Capabilities, Device, LossCounters, Losses, RxBuffer, count, is_carriable};
use crate::base::{Offloads, Pieces, Received, Transmit};
use crate::wire::ethernet::{HEADER_LEN, Mac};

/// One end of a veth pair.
#[derive(Debug)]
pub struct Veth {
    socket: OwnedFd,
    interface: Interface,
    /// As last read, in bytes.
    mtu: AtomicU16,
    neighbour: Neighbour,
    waiting: Mutex<Asking>,
    losses: LossCounters,
}

/// What waits until the neighbour is known, and when we asked for it last.
#[derive(Debug, Default)]
struct Asking {
    packets: Waiting,
    asked: Option<Instant>,
}

impl Veth {
    /// Takes the end called `name` of a veth pair in the network namespace of the calling thread,
    /// and switches its offloads off. We answer for the addresses `ours`; the other end has the
    /// address `theirs`. The interface must be up before anything crosses.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for a name that cannot be one, an interface that is no Ethernet, or when
    /// none of `ours` is of the family of `theirs`; `PermissionDenied` without CAP_NET_RAW and
    /// CAP_NET_ADMIN in this network namespace; what the system says if there is no interface.
    pub fn open(name: &str, ours: &[IpAddr], theirs: IpAddr) -> io::Result<Veth> {
        let interface = Interface::named(name)?;
        let neighbour = Neighbour::new(interface.mac()?, ours, theirs)?;
        refuse_offloads(name)?;
        // Without a protocol it receives nothing until it is bound to its interface.
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        let socket = socket_with(AddressFamily::PACKET, SocketType::RAW, flags, None)?;
        make_room(&socket)?;
        bind(&socket, &LinkAddress::all_frames(interface.index()?))?;
        let mtu = AtomicU16::new(interface.mtu()?);
        Ok(Veth {
            socket,
            interface,
            mtu,
            neighbour,
            waiting: Mutex::default(),
            losses: LossCounters::default(),
        })
    }

    /// The interface's name.
    pub fn name(&self) -> &str {
        self.interface.name()
    }

    /// Asks the kernel for the MTU; the last known one stands if it gives no answer.
    fn read_mtu(&self) -> u16 {
        if let Ok(mtu) = self.interface.mtu() {
            self.mtu.store(mtu, Ordering::Relaxed);
        }
        self.mtu.load(Ordering::Relaxed)
    }

    /// The length of the next frame that carries a packet, in `room`; answers what comes before.
    fn next_frame(&self, room: &mut [u8]) -> io::Result<Option<usize>> {
        for _ in 0..FRAMES_MAX {
            let len = match read(&self.socket, &mut *room) {
                Ok(len) => len,
                Err(Errno::AGAIN | Errno::INTR) => return Ok(None),
                // Said once when the interface goes down, and once when it goes for good.
                Err(Errno::NETDOWN) if self.interface.index().is_ok() => return Ok(None),
                Err(Errno::NETDOWN | Errno::NXIO | Errno::NODEV) => return Err(self.gone()),
                Err(errno) => return Err(errno.into()),
            };
            if len == room.len() {
                count(&self.losses.cut);
                continue;
            }
            let known = self.neighbour.peer().is_some();
            let taken = self.neighbour.take(room.get(..len).unwrap_or_default());
            let is_packet = matches!(taken, Taken::Packet(_));
            if let Taken::Answer(frame) = taken {
                self.say(&frame)?;
            }
            if !known {
                self.send_waiting()?;
            }
            if is_packet {
                return Ok(Some(len));
            }
        }
        Ok(None)
    }

    /// Keeps a packet until the neighbour is known, and asks for it.
    fn wait_for_neighbour(&self, packet: &Transmit<'_>) -> io::Result<()> {
        let mut waiting = self.waiting();
        if let Some(peer) = self.neighbour.peer() {
            // It made itself known since the caller looked.
            return self.send(peer, packet);
        }
        for _ in 0..waiting.packets.push(packet.to_vec()) {
            count(&self.losses.full);
        }
        // RFC 1122 section 2.3.2.1: at most one question a second.
        let now = Instant::now();
        if waiting.asked.is_none_or(|asked| now - asked >= ASK_EVERY) {
            waiting.asked = Some(now);
            self.say(self.neighbour.question())?;
        }
        Ok(())
    }

    /// Sends what has waited, if the neighbour is known by now.
    fn send_waiting(&self) -> io::Result<()> {
        let Some(peer) = self.neighbour.peer() else {
            return Ok(());
        };
        while let Some(packet) = self.waiting().packets.pop() {
            self.send(peer, &Transmit::plain(&packet, Pieces::EMPTY))?;
        }
        Ok(())
    }

    fn send(&self, peer: Mac, packet: &Transmit<'_>) -> io::Result<()> {
        let first = packet.head.first().copied().unwrap_or_default();
        let header = self.neighbour.header(peer, first);
        let Pieces(one, two) = packet.body;
        self.finish(writev(
            &self.socket,
            &[&header, packet.head, one, two].map(IoSlice::new),
        ))
    }

    /// Sends a frame of our own. If it is lost, the neighbour or the next packet asks again.
    fn say(&self, frame: &[u8]) -> io::Result<()> {
        match write(&self.socket, frame) {
            Err(Errno::NXIO | Errno::NODEV) => Err(self.gone()),
            _ => Ok(()),
        }
    }

    /// What a write's result means for a lossy link.
    fn finish(&self, sent: Result<usize, Errno>) -> io::Result<()> {
        match sent {
            // A packet socket takes a frame whole or not at all.
            Ok(_) => {}
            Err(Errno::AGAIN | Errno::INTR | Errno::NOBUFS | Errno::NOMEM) => {
                count(&self.losses.full);
            }
            Err(Errno::NETDOWN) => count(&self.losses.down),
            Err(Errno::NXIO | Errno::NODEV) => return Err(self.gone()),
            // The MTU was lowered since it was last read.
            Err(Errno::MSGSIZE) => count(&self.losses.refused),
            Err(errno) => return Err(errno.into()),
        }
        Ok(())
    }

    fn waiting(&self) -> MutexGuard<'_, Asking> {
        // A panic elsewhere leaves it whole: each change of it is one assignment.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn gone(&self) -> io::Error {
        let text = format!("the veth interface {} has been deleted", self.name());
        io::Error::new(io::ErrorKind::NotConnected, text)
    }
}

impl Device for Veth {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            name: self.name().to_owned(),
            mtu: self.read_mtu(),
            offloads: Offloads::NONE,
        }
    }

    fn receive<'b>(&self, buf: &'b mut RxBuffer) -> io::Result<Option<Received<'b>>> {
        let len = self.next_frame(buf.room())?;
        Ok(len.map(|len| buf.keep(HEADER_LEN..len)))
    }

    fn transmit(&self, packet: &Transmit<'_>) -> io::Result<()> {
        if !is_carriable(packet, self.mtu.load(Ordering::Relaxed))
            && !is_carriable(packet, self.read_mtu())
        {
            count(&self.losses.refused);
            return Ok(());
        }
        match self.neighbour.peer() {
            Some(peer) => self.send(peer, packet),
            None => self.wait_for_neighbour(packet),
        }
    }

    fn poll_fd(&self) -> Option<BorrowedFd<'_>> {
        Some(self.socket.as_fd())
    }

    fn losses(&self) -> Losses {
        self.losses.read()
    }
}

/// Switches the offloads of an interface off, so that it carries what a wire would: for both ends
/// of a pair, [`Veth::open`] does it for its own.
///
/// # Errors
///
/// There is no such interface, or no right to change it.
pub fn refuse_offloads(name: &str) -> io::Result<()> {
    let interface = Interface::named(name)?;
    [
        Offload::ChecksumOut,
        Offload::ChecksumIn,
        Offload::TcpSegmentation,
        Offload::GenericSegmentation,
        Offload::GenericReceive,
    ]
    .into_iter()
    .try_for_each(|offload| interface.switch_off(offload))
}

/// Lets as many frames wait for a busy reader as the system allows.
fn make_room(socket: &OwnedFd) -> io::Result<()> {
    if set_socket_recv_buffer_size_force(socket, ROOM).is_ok() {
        return Ok(());
    }
    // To whoever lacks CAP_NET_ADMIN on the machine itself the kernel gives what
    // net.core.rmem_max allows, without a word.
    Ok(set_socket_recv_buffer_size(socket, ROOM)?)
}

/// `struct sockaddr_ll` of packet(7).
#[repr(C)]
struct LinkAddress {
    family: u16,
    /// In network byte order.
    protocol: u16,
    index: i32,
    /// The rest is not looked at by bind(2).
    unused: [u8; 12],
}

const _: () = assert!(size_of::<LinkAddress>() == 20);

impl LinkAddress {
    fn all_frames(index: u32) -> LinkAddress {
        LinkAddress {
            family: AddressFamily::PACKET.as_raw(),
            protocol: ETH_P_ALL.to_be(),
            // The kernel's own number, an int there.
            index: index.cast_signed(),
            unused: [0; 12],
        }
    }
}

// SAFETY: the pointer leads to a whole `struct sockaddr_ll` without padding, which lives as long
// as `self` does, and the length is its size.
unsafe impl SocketAddrArg for LinkAddress {
    unsafe fn with_sockaddr<R>(
        &self,
        f: impl FnOnce(*const SocketAddrOpaque, SocketAddrLen) -> R,
    ) -> R {
        f(
            std::ptr::from_ref(self).cast(),
            size_of::<LinkAddress>() as SocketAddrLen,
        )
    }
}

/// `linux/if_ether.h`: every protocol.
const ETH_P_ALL: u16 = 3;
/// The kernel doubles it, and counts 2304 bytes for a frame of 1514: this holds the largest window
/// that our receivers offer, 724 segments.
const ROOM: usize = 1 << 20;
/// Frames without a packet that one call answers or drops before it lets its caller look around.
const FRAMES_MAX: usize = 16;
/// RFC 1122 section 2.3.2.1.
const ASK_EVERY: Duration = Duration::from_secs(1);
