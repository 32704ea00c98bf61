//! The watching wing: whoever wants to know what the stack does.
//!
//! Everything here hears the same events (`probe::Event`) and can answer nothing, so a run is the
//! same whoever listens. Read `words` for how things are called, `counters` for the simplest
//! observer; `conversations` says which events belong to one connection, `connections` keeps its
//! numbers; `line` makes text of an event, for `log` and `recorder`. A packet goes into a file by
//! way of `capture` (what became of it), `queue` (off its path), `comments` and `pcapng`, and all
//! that was told by the same way into `events`; `frames` knows afterwards which event is which
//! frame.

#[cfg(feature = "records")]
pub mod capture;
#[cfg(feature = "records")]
pub mod comments;
pub mod connections;
pub mod conversations;
pub mod counters;
#[cfg(feature = "records")]
pub mod events;
#[cfg(test)]
pub(crate) mod fixtures;
#[cfg(feature = "records")]
pub mod frames;
pub mod line;
pub mod log;
#[cfg(feature = "records")]
pub mod memory;
pub mod on_link;
pub mod packet;
#[cfg(feature = "records")]
pub mod pcapng;
#[cfg(feature = "records")]
pub mod queue;
pub mod recorder;
pub mod words;

#[cfg(feature = "records")]
pub use capture::{Capture, CaptureHandle, Settings, Stats};
#[cfg(feature = "records")]
pub use comments::Comments;
pub use connections::{ConnectionCounts, Connections};
pub use conversations::{Conversation, ConversationId, Conversations};
pub use counters::{Counters, Counts, Tally};
#[cfg(feature = "records")]
pub use frames::{Frame, Frames, What};
pub use log::Log;
#[cfg(feature = "records")]
pub use memory::Memory;
pub use packet::{Seen, SegmentSeen};
#[cfg(feature = "records")]
pub use pcapng::{Direction, Interface, Section};
#[cfg(feature = "records")]
pub use queue::Overflow;
pub use recorder::Recorder;

#[cfg(feature = "records")]
#[cfg(test)]
mod tests;
