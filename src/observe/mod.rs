//! The watching wing: whoever wants to know what the stack does.
//!
//! Everything here hears the same events (`probe::Event`) and can answer nothing, so a run is the
//! same whoever listens. Read `words` for how things are called, `counters` for the simplest
//! observer; `conversations` says which events belong to one connection, `connections` keeps its
//! numbers; `line` makes text of an event, for `log` and `recorder`.

pub mod connections;
pub mod conversations;
pub mod counters;
#[cfg(test)]
pub(crate) mod fixtures;
pub mod line;
pub mod log;
pub mod packet;
#[cfg(feature = "records")]
pub mod pcapng;
pub mod recorder;
pub mod words;

pub use connections::{ConnectionCounts, Connections};
pub use conversations::{Conversation, ConversationId, Conversations};
pub use counters::{Counters, Counts, Tally};
pub use log::Log;
pub use packet::{Seen, SegmentSeen};
pub use recorder::Recorder;
