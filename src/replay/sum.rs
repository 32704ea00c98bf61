//! What a stack has done, in one number: the same for two runs if and only if all their packets
//! and events are, as far as a hash can tell.

use std::hash::Hasher;

use siphasher::sip128::{Hasher128, SipHasher13};

use crate::base::Instant;
use crate::probe::{Event, Told};

use super::record::Totals;

/// The hash of all that was told so far, and how much that was.
#[derive(Debug, Clone)]
pub(super) struct Sum {
    hasher: SipHasher13,
    packets: u64,
    events: u64,
}

impl Sum {
    pub fn new() -> Sum {
        Sum {
            hasher: SipHasher13::new(),
            packets: 0,
            events: 0,
        }
    }

    /// Counts an event in: its number, its cause and its time, and every byte of a packet that
    /// leaves or came, so that a tape that was changed is seen as well. Numbers are given to all
    /// events in order, so that one more or fewer is seen.
    pub fn add(&mut self, told: &Told<'_>) {
        self.events += 1;
        self.hasher.write_u64(told.id.0.get());
        self.hasher.write_u64(told.cause.map_or(0, |id| id.0.get()));
        let age = told.at.since(Instant::BIRTH).as_nanos() as u64;
        self.hasher.write_u64(age);
        match told.event {
            Event::PacketOut {
                interface,
                head,
                body,
                ..
            } => {
                self.packets += 1;
                self.add_packet(interface.0, [head, body.0, body.1]);
            }
            Event::PacketIn {
                interface, bytes, ..
            } => self.add_packet(interface.0, [bytes, &[], &[]]),
            _ => {}
        }
    }

    fn add_packet(&mut self, interface: u8, parts: [&[u8]; 3]) {
        self.hasher.write_u8(interface);
        let len: usize = parts.iter().map(|part| part.len()).sum();
        self.hasher.write_u64(len as u64);
        for part in parts {
            self.hasher.write(part);
        }
    }

    pub fn totals(&self, inputs: u64) -> Totals {
        Totals {
            inputs,
            packets: self.packets,
            events: self.events,
            hash: self.hasher.finish128().as_u128().to_le_bytes(),
        }
    }
}
