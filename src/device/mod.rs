//! Where packets enter and leave the program: one trait, and what carries it.
//!
//! A device moves whole IP packets and decides nothing. Sending needs no exclusive access, so a
//! writing thread may send while the driver waits for input.

use std::io;
use std::os::fd::BorrowedFd;

use crate::base::{Received, Transmit};

/// Something that carries IP packets.
pub trait Device: Send + Sync {
    /// What it can do.
    fn capabilities(&self) -> Capabilities;

    /// Takes one packet that waits; `None` if none does. Never blocks.
    ///
    /// # Errors
    ///
    /// What the system says of the device: `EIO` while it is down, `EBADFD` once it is gone.
    fn receive<'b>(&self, buf: &'b mut RxBuffer) -> io::Result<Option<Received<'b>>>;

    /// Sends one packet. A device that is full is a lossy link: the packet is gone, and that is
    /// no error.
    ///
    /// # Errors
    ///
    /// As for [`Device::receive`].
    fn transmit(&self, packet: &Transmit<'_>) -> io::Result<()>;

    /// What to wait on until a packet comes; `None` for devices that live in memory.
    fn poll_fd(&self) -> Option<BorrowedFd<'_>>;
}

/// What a device can do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capabilities {
    /// The interface's name, as the system shows it.
    pub name: String,
    /// The largest packet it carries, in bytes.
    pub mtu: u16,
}

/// Room for one received packet.
#[derive(Debug)]
pub struct RxBuffer(Vec<u8>);

impl RxBuffer {
    /// Room for the largest packet there is, and a byte more, so that a packet cut off by the
    /// system can be told from one that fits.
    pub fn new() -> RxBuffer {
        RxBuffer(vec![0; RX_BUFFER_LEN])
    }

    /// The room.
    pub fn bytes(&mut self) -> &mut [u8] {
        &mut self.0
    }
}

impl Default for RxBuffer {
    fn default() -> RxBuffer {
        RxBuffer::new()
    }
}

/// 65,535 bytes of packet, 40 of IPv6 header that its length does not count, and room to notice.
const RX_BUFFER_LEN: usize = 65_535 + 40 + 1;
