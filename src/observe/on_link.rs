//! What happens to packets between hosts, where the links are ours.

use crate::base::Instant;
use crate::probe::EventId;

/// Something that happened on one way of a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnLink {
    pub id: EventId,
    pub at: Instant,
    /// What the way is called.
    pub link: String,
    /// The event that sent the packet; `None` if no stack of ours did.
    pub packet: Option<EventId>,
    /// The packet's length in bytes, IP header included.
    pub bytes: usize,
    pub what: Happened,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Happened {
    /// It waits to be sent.
    Enqueued(Queued),
    /// It has been sent: its last bit has left.
    Dequeued(Queued),
    /// It arrives; the event that its host tells next has this number.
    Delivered(Option<EventId>),
    /// It is lost.
    Dropped(&'static str),
    /// It bears the mark of congestion now.
    Marked,
    /// It was damaged.
    Corrupted,
    /// It comes once more.
    Duplicated,
    /// It fell back behind others.
    Reordered,
}

/// What waits on a way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Queued {
    pub packets: u64,
    pub bytes: u64,
}
