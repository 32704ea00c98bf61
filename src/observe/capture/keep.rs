//! What is kept of a packet: all of it or its first bytes, in one piece or as the packets that it
//! stands for.

use crate::base::{Checksum, Offload, Pieces, Transmit};
use crate::wire::offload::{finished, on_the_wire};

use super::Settings;

/// How much is kept, and as how many.
#[derive(Debug, Clone, Copy)]
pub(super) struct Keep {
    /// Bytes of each packet in the file.
    most: usize,
    split: bool,
}

/// A packet as it is written.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Kept {
    /// All of it, or its first bytes.
    pub bytes: Vec<u8>,
    /// How long it was.
    pub len: usize,
}

impl Keep {
    pub fn of(settings: &Settings) -> Keep {
        let snap = settings.snap.map(|bytes| bytes as usize);
        Keep {
            most: snap.unwrap_or(usize::MAX),
            split: settings.split,
        }
    }

    /// A copy with a whole checksum: one that the device has yet to complete would look wrong to
    /// whoever reads the file. Of what is to be split it has all.
    pub fn copy(self, head: &[u8], body: Pieces<'_>, offload: Offload) -> Kept {
        let packet = Transmit {
            offload,
            ..Transmit::plain(head, body)
        };
        let most = match self.splits(offload) {
            true => usize::MAX,
            false => self.most,
        };
        Kept {
            bytes: finished(&packet, most),
            len: packet.len(),
        }
    }

    /// The packets that a copy is written as.
    pub fn parts(self, copy: Kept, offload: Offload) -> Vec<Kept> {
        let mut parts = Vec::new();
        if self.splits(offload) {
            let packet = Transmit {
                offload: Offload {
                    checksum: Checksum::Full,
                    ..offload
                },
                ..Transmit::plain(&copy.bytes, Pieces::EMPTY)
            };
            // What cannot be cut stands there as it is.
            let _ = on_the_wire(&packet, |part| {
                parts.push(Kept {
                    bytes: part.to_vec(),
                    len: part.len(),
                });
            });
        }
        if parts.is_empty() {
            parts.push(copy);
        }
        for part in &mut parts {
            part.bytes.truncate(self.most);
        }
        parts
    }

    fn splits(self, offload: Offload) -> bool {
        // A sum that nobody vouches for may be wrong, and those of the parts would be right.
        self.split && offload.gso.is_some() && offload.checksum != Checksum::Full
    }
}
