//! The watching wing: whoever wants to know what the stack does.
//!
//! Everything here hears the same events (`probe::Event`) and can answer nothing, so a run is the
//! same whoever listens. Read `words` for how things are called, `counters` for the simplest
//! observer; `conversations` says which events belong to one connection, `connections` keeps its
//! numbers.

pub mod connections;
pub mod conversations;
pub mod counters;
#[cfg(test)]
pub(crate) mod fixtures;
#[cfg(feature = "records")]
pub mod pcapng;
pub mod words;

pub use connections::{ConnectionCounts, Connections};
pub use conversations::{Conversation, ConversationId, Conversations};
pub use counters::{Counters, Counts, Tally};
