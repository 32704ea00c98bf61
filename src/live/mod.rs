//! A stack seen from outside while it runs, and a run that is over seen as if it went on.
//!
//! Whatever runs a stack offers a socket ([`Offer`]) that belongs to the user alone; whoever
//! attaches gets snapshots of all connections and the events of one. While nobody is attached the
//! stack does not know that anybody could be: no observer, no timer, no lock.
//!
//! Read `message` for what is said, `place` for where, `server` and `attendant` for the stack's
//! side, `survey`, `tally` and `ear` for what these look at, and `client` for the other side.
//! There `ss` and `changes` print, and `top` shows: `model` is what it knows, `course` what it
//! knows of one connection over time, `screen` what that looks like. `past` makes the same
//! snapshots of a run's records, and `player` plays them.

mod attendant;
pub mod changes;
pub mod client;
pub mod course;
mod ear;
#[cfg(test)]
mod fixtures;
pub mod message;
pub mod model;
pub mod past;
pub mod place;
pub mod player;
pub mod screen;
mod server;
pub mod ss;
mod survey;
mod tally;
pub mod top;

pub use client::Attached;
pub use message::{Command, Hello, Known, Message, Row, Snapshot};
pub use server::{Offer, watch};
