//! What happened to packets on one way of a link, for whoever wants to know.

use crate::base::Instant;
use crate::observe::on_link::{Happened, Queued};
use crate::probe::EventId;

use super::parcel::Parcel;
use super::queue::Load;

/// One thing that happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Note {
    pub at: Instant,
    /// The event that sent the packet; `None` if no stack did.
    pub packet: Option<EventId>,
    /// The packet's length in bytes.
    pub bytes: usize,
    pub what: Happened,
}

/// What happened since it was read last; nothing is written down unless somebody reads it.
#[derive(Debug, Default)]
pub(super) struct Book {
    is_open: bool,
    notes: Vec<Note>,
}

impl Book {
    /// From here on everything is written down.
    pub fn open(&mut self) {
        self.is_open = true;
    }

    pub fn note(&mut self, at: Instant, parcel: &Parcel, what: Happened) {
        self.note_of(at, parcel.sent_as, parcel.len(), what);
    }

    /// The same of a packet that is somewhere else by now.
    pub fn note_of(&mut self, at: Instant, packet: Option<EventId>, bytes: usize, what: Happened) {
        if self.is_open {
            self.notes.push(Note {
                at,
                packet,
                bytes,
                what,
            });
        }
    }

    /// How many notes there are.
    pub fn len(&self) -> usize {
        self.notes.len()
    }

    /// Whether the notes behind the first `known` tell that this packet is lost.
    pub fn tells_loss_of(&self, packet: Option<EventId>, known: usize) -> bool {
        let mut since = self.notes.iter().skip(known);
        since.any(|note| note.packet == packet && matches!(note.what, Happened::Dropped(_)))
    }

    /// What was written down since.
    pub fn read(&mut self) -> Vec<Note> {
        std::mem::take(&mut self.notes)
    }
}

impl From<Load> for Queued {
    fn from(Load { packets, bytes }: Load) -> Queued {
        Queued { packets, bytes }
    }
}
