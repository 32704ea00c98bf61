//! One packet that stands for several datagrams of a sender, alike but for their text.
//!
//! A device that cuts datagrams gets it as it is; for any other it is cut here, one at a time.
//! Each datagram is one that must not be cut again, so that none needs an identification of its
//! own: RFC 6864 section 4.1.

use std::mem;
use std::net::IpAddr;
use std::num::NonZeroU16;

use crate::base::{Checksum, Offload, Offloads, Pieces, Transmit};
use crate::wire::offload::{Cut, Layout};

/// Datagrams that wait to leave.
#[derive(Debug)]
pub struct Segments {
    packet: Vec<u8>,
    dst: IpAddr,
    /// Its checksum as it was begun.
    begun: Checksum,
    /// Bytes of text in each datagram but the last.
    size: NonZeroU16,
    /// Bytes of text in all.
    text: usize,
    /// How many have left.
    gone: u16,
}

impl Segments {
    /// `packet`, one of ours whose checksum is begun, as datagrams of `size` bytes; the last may
    /// have fewer. `None` if it is none of TCP or UDP.
    pub fn new(packet: Vec<u8>, size: NonZeroU16) -> Option<Segments> {
        let layout = Layout::of(&packet)?;
        Some(Segments {
            dst: layout.dst,
            begun: layout.partial(),
            text: packet.len().checked_sub(layout.text_at)?,
            packet,
            size,
            gone: 0,
        })
    }

    /// Where they go.
    pub fn dst(&self) -> IpAddr {
        self.dst
    }

    /// How many bytes they keep.
    pub fn bytes(&self) -> usize {
        self.packet.capacity()
    }

    /// Whether all have left.
    pub fn is_over(&self) -> bool {
        let sent = usize::from(self.gone).saturating_mul(self.size.get().into());
        self.packet.is_empty() || sent >= self.text
    }

    /// Puts the next packet into `out`, in place of what is there: all of them if the device does
    /// what it takes, else one. Returns what of it is left to the device.
    pub fn next_packet(&mut self, out: &mut Vec<u8>, does: Offloads) -> Offload {
        if self.gone == 0 && does.udp && does.checksum {
            *out = mem::take(&mut self.packet);
            return self.offload();
        }
        out.clear();
        let all = Transmit {
            offload: self.offload(),
            ..Transmit::plain(&self.packet, Pieces::EMPTY)
        };
        let Ok(mut cut) = Cut::of(&all, does) else {
            self.packet.clear();
            return Offload::default();
        };
        cut.skip(self.gone);
        let Some(one) = cut.next() else {
            return Offload::default();
        };
        for piece in [one.head, one.body.0, one.body.1] {
            out.extend_from_slice(piece);
        }
        self.gone = self.gone.saturating_add(1);
        one.offload
    }

    fn offload(&self) -> Offload {
        Offload {
            checksum: self.begun,
            gso: Some(self.size.get()),
        }
    }
}

#[cfg(test)]
mod tests;
