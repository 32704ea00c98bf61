//! Why a packet was sent, or what became of it: from the events that were written down.
//!
//! `chain` finds events by their ids and walks from an effect to its cause; `explain` says it in
//! words, which `words` has for the page too. Nothing is inferred here but that an acknowledgment
//! answers the segment that it covers, and that is said.

pub mod chain;
pub mod explain;
pub mod words;

pub use chain::{Chain, Link, Log};
pub use explain::explain;
