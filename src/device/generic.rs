//! Generic offload: what a device does not do is done here, just before it and just behind it.
//!
//! Linux calls it generic segmentation offload and generic receive offload (GSO, GRO). The stack
//! above hands over and gets long packets, and is asked once for what crosses the device as forty;
//! what crosses it is what would cross it otherwise: house!("generic-offload").

use std::fmt;
use std::io;
use std::os::fd::BorrowedFd;

use super::{Capabilities, Device, LossCounters, Losses, RxBuffer, count};
use crate::base::{Offload, Offloads, Received, Transmit};
use crate::wire::offload::Cut;

/// A device that cuts, joins and sums for one that does nothing but carry.
pub struct Generic {
    inner: Box<dyn Device>,
    losses: LossCounters,
}

impl Generic {
    /// In the place of `inner`.
    pub fn new(inner: Box<dyn Device>) -> Generic {
        Generic {
            inner,
            losses: LossCounters::default(),
        }
    }
}

impl fmt::Debug for Generic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Capabilities { name, .. } = self.inner.capabilities();
        f.debug_tuple("Generic").field(&name).finish()
    }
}

impl Device for Generic {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            offloads: Offloads::ALL,
            ..self.inner.capabilities()
        }
    }

    fn interfaces(&self) -> Vec<Capabilities> {
        let mut interfaces = self.inner.interfaces();
        for interface in &mut interfaces {
            interface.offloads = Offloads::ALL;
        }
        interfaces
    }

    fn receive<'b>(&self, buf: &'b mut RxBuffer) -> io::Result<Option<Received<'b>>> {
        match self.inner.receive(buf)? {
            Some(_) => Ok(buf.join()),
            None => Ok(None),
        }
    }

    fn transmit(&self, packet: &Transmit<'_>) -> io::Result<()> {
        if packet.offload == Offload::default() {
            return self.inner.transmit(packet);
        }
        let Ok(mut cut) = Cut::of(packet, Offloads::NONE) else {
            count(&self.losses.refused);
            return Ok(());
        };
        while let Some(segment) = cut.next() {
            self.inner.transmit(&segment)?;
        }
        Ok(())
    }

    fn poll_fd(&self) -> Option<BorrowedFd<'_>> {
        self.inner.poll_fd()
    }

    fn losses(&self) -> Losses {
        self.inner.losses().and(self.losses.read())
    }
}

#[cfg(test)]
mod tests;
