//! Pictures of a run, drawn from its records: pure functions from records to text.
//!
//! `ladder` draws the messages of one connection, `page` makes one file of a whole run, for a
//! browser, by `template`. `journey` shortens a run to the steps that say it; `mermaid`,
//! `markdown`, `picture` and `lines` write these down, `qlog` hands events on. Each spells out
//! what its reader could take for a mark: text of a run may come from anybody. Whatever they show
//! names the frame of the capture that it was taken from. `losses` knows what links dropped, `text`
//! has what all text for people shares.

#[cfg(test)]
mod fixtures;
pub mod journey;
pub mod ladder;
pub mod lines;
pub mod losses;
pub mod markdown;
pub mod mermaid;
pub mod page;
pub mod picture;
pub mod qlog;
pub mod template;
pub mod text;

pub use journey::Journey;
pub use ladder::{Ladder, Rung};
pub use page::{Source, page};
