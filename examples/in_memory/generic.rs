//! The wire as a device has it that cuts and joins in software: `pellucid::device::Generic` without
//! the device.

use pellucid::base::{Instant, Offloads};
use pellucid::device::RxBuffer;
use pellucid::stack::Stack;
use pellucid::wire::offload::Cut;

use super::{HEADERS_MAX, Row};

pub struct Generic {
    /// What lies on the wire finishes checksums, so that nobody has to.
    does: Offloads,
    batch: RxBuffer,
    /// Packets on the wire that had text.
    pub segments: u64,
    /// All of them.
    pub carried: u64,
}

impl Generic {
    pub fn new(row: Row) -> Generic {
        Generic {
            does: Offloads {
                checksum: !row.checksums,
                ..Offloads::NONE
            },
            batch: RxBuffer::new(),
            segments: 0,
            carried: 0,
        }
    }

    /// What a stack may send now, as far as the batch has room; whether there was anything.
    pub fn send(&mut self, stack: &mut Stack, now: Instant) -> bool {
        self.batch.clear();
        while self.batch.has_room() {
            let Some(packet) = stack.poll_transmit(now) else {
                break;
            };
            let mut cut = Cut::of(&packet, self.does).expect("a packet of TCP");
            while let Some(segment) = cut.next() {
                // One that stands for many may need more than the room that is left.
                assert!(self.batch.has_room(), "a batch of small packets");
                let room = self.batch.room();
                let mut end = 0;
                for piece in [segment.head, segment.body.0, segment.body.1] {
                    room[end..][..piece.len()].copy_from_slice(piece);
                    end += piece.len();
                }
                self.segments += u64::from(end > HEADERS_MAX);
                self.carried += 1;
                self.batch.keep_as(0..end, segment.offload);
                self.batch.join();
            }
            if self.batch.packets().len() >= BATCH {
                break;
            }
        }
        self.batch.packets().len() > 0
    }

    pub fn receive(&mut self, stack: &mut Stack, now: Instant) {
        for packet in self.batch.packets() {
            stack.receive(now, packet);
        }
    }
}

/// Super-segments at once: with their headers they fill no batch.
const BATCH: usize = 4;
