//! Pictures of a run, drawn from its records: pure functions from records to text.
//!
//! `ladder` draws the messages of one connection. Whatever it shows names the frame of the capture
//! that it was taken from. `text` has what all text for people shares.

pub mod ladder;
pub mod text;

pub use ladder::{Ladder, Rung};
