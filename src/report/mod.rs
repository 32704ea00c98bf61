//! Pictures of a run, drawn from its records: pure functions from records to text.
//!
//! `ladder` draws the messages of one connection. Whatever it shows names the frame of the capture
//! that it was taken from.

pub mod ladder;

pub use ladder::Ladder;
