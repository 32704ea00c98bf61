//! The shape in which packets cross floors.
//!
//! On its way out a packet is a head that was just written and a body that is lent by whoever
//! keeps it (a send ring, in at most two pieces), so that nobody but the kernel copies text.

use super::chunk::Memory;

/// Bytes that lie in at most two places, in order: what a ring holds.
#[derive(Debug, Clone, Copy, Default)]
pub struct Pieces<'a>(pub &'a [u8], pub &'a [u8]);

impl<'a> Pieces<'a> {
    /// No bytes.
    pub const EMPTY: Pieces<'static> = Pieces(&[], &[]);

    /// All bytes in one place.
    pub const fn one(bytes: &'a [u8]) -> Pieces<'a> {
        Pieces(bytes, &[])
    }

    /// How many bytes.
    pub const fn len(&self) -> usize {
        self.0.len() + self.1.len()
    }

    /// Whether there are no bytes.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty() && self.1.is_empty()
    }

    /// Bytes `from..to`, cut to what is there.
    pub fn slice(&self, from: usize, to: usize) -> Pieces<'a> {
        let split = self.0.len();
        let cut = |piece: &'a [u8], skip: usize| {
            let start = from.saturating_sub(skip).min(piece.len());
            let end = to.saturating_sub(skip).clamp(start, piece.len());
            piece.get(start..end).unwrap_or_default()
        };
        Pieces(cut(self.0, 0), cut(self.1, split))
    }

    /// Copies the bytes to the front of `out`.
    ///
    /// # Panics
    ///
    /// If they do not fit.
    pub fn copy_to(&self, out: &mut [u8]) {
        let (first, rest) = out.split_at_mut(self.0.len());
        let (second, _) = rest.split_at_mut(self.1.len());
        first.copy_from_slice(self.0);
        second.copy_from_slice(self.1);
    }

    /// The bytes in order.
    pub fn iter(&self) -> impl Iterator<Item = u8> + 'a {
        self.0.iter().chain(self.1).copied()
    }

    /// A copy in one place; for tests and records, never on the way of a packet.
    pub fn to_vec(&self) -> Vec<u8> {
        [self.0, self.1].concat()
    }
}

/// Who vouches for a transport checksum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "records", derive(serde::Serialize, serde::Deserialize))]
pub enum Checksum {
    /// The field holds the whole sum; whoever receives it checks it.
    #[default]
    Full,
    /// The field holds the sum of the pseudo-header only; the sum of everything from byte `start`
    /// of the packet on belongs at `start + offset` (the virtio-net header's `csum_start` and
    /// `csum_offset`).
    Partial {
        /// Where the summed part begins, in bytes from the IP header's first.
        start: u16,
        /// Where the field lies, in bytes from `start`.
        offset: u16,
    },
    /// The device has checked it.
    Verified,
}

/// What a device does, or has done, to a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "records", derive(serde::Serialize, serde::Deserialize))]
pub struct Offload {
    /// Who sums.
    pub checksum: Checksum,
    /// Bytes of text in each segment that this packet stands for; `None`: it is one segment.
    pub gso: Option<u16>,
}

/// What a device takes over from whoever sends by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "records", derive(serde::Serialize, serde::Deserialize))]
pub struct Offloads {
    /// It finishes checksums that are [`Checksum::Partial`].
    pub checksum: bool,
    /// It cuts TCP segments longer than the path's, over both IP versions: [`Offload::gso`].
    pub tcp: bool,
    /// It cuts UDP datagrams that stand for several.
    pub udp: bool,
}

impl Offloads {
    /// It does nothing but carry.
    pub const NONE: Offloads = Offloads {
        checksum: false,
        tcp: false,
        udp: false,
    };
    /// All that there is.
    pub const ALL: Offloads = Offloads {
        checksum: true,
        tcp: true,
        udp: true,
    };
}

/// Which of a stack's interfaces: a place in the order in which they were given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[cfg_attr(feature = "records", derive(serde::Serialize, serde::Deserialize))]
pub struct InterfaceId(pub u8);

impl InterfaceId {
    /// The only one there is, mostly.
    pub const FIRST: InterfaceId = InterfaceId(0);
    /// As many as there may be.
    pub const MOST: usize = 1 << u8::BITS;

    /// Every one that there may be, in their order.
    pub fn all() -> impl Iterator<Item = InterfaceId> {
        (0..=u8::MAX).map(InterfaceId)
    }
}

impl std::fmt::Display for InterfaceId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "interface {}", self.0)
    }
}

/// A packet on its way out: an IP packet's first bytes and its last.
#[derive(Debug, Clone, Copy)]
pub struct Transmit<'a> {
    /// Headers, and for short packets all of it.
    pub head: &'a [u8],
    /// What follows, lent.
    pub body: Pieces<'a>,
    /// What the device must do to it.
    pub offload: Offload,
    /// Where it leaves.
    pub interface: InterfaceId,
}

impl<'a> Transmit<'a> {
    /// A packet for a device that does nothing but carry it, and is the first.
    pub fn plain(head: &'a [u8], body: Pieces<'a>) -> Transmit<'a> {
        Transmit {
            head,
            body,
            offload: Offload::default(),
            interface: InterfaceId::FIRST,
        }
    }

    /// The length of the packet, in bytes.
    pub const fn len(&self) -> usize {
        self.head.len() + self.body.len()
    }

    /// Whether there is no packet; never true of one that the stack made.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A copy in one place; for tests and records.
    pub fn to_vec(&self) -> Vec<u8> {
        [self.head, self.body.0, self.body.1].concat()
    }
}

/// A packet on its way in: from an IP header's first byte to the packet's last.
#[derive(Debug, Clone, Copy)]
pub struct Received<'a> {
    /// The packet.
    pub bytes: &'a [u8],
    /// What the device says of it.
    pub offload: Offload,
    /// Where it came in.
    pub interface: InterfaceId,
    /// The memory that `bytes` lie in, if it may be held on to: for a packet that is worth it.
    pub memory: Option<&'a Memory>,
}

impl<'a> Received<'a> {
    /// A packet from a device that does nothing but carry it, and is the first.
    pub fn plain(bytes: &'a [u8]) -> Received<'a> {
        Received {
            bytes,
            offload: Offload::default(),
            interface: InterfaceId::FIRST,
            memory: None,
        }
    }
}

#[cfg(test)]
mod tests;
