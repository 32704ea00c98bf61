//! Pictures of a run, drawn from its records: pure functions from records to text.
//!
//! `ladder` draws the messages of one connection, `page` makes one file of a whole run, for a
//! browser. Whatever they show names the frame of the capture that it was taken from. `text` has
//! what all text for people shares.

pub mod ladder;
pub mod page;
pub mod text;

pub use ladder::{Ladder, Rung};
pub use page::{Source, page};
