//! The tape of a run, and the run once more.
//!
//! A stack has no clock, no chance and no I/O of its own: what it was made with and what it was
//! told, in order, is all that it needs to do the same again, packet for packet, whoever the other
//! end was. `tape` writes that down while it happens, `record` is the form in which it lies in the
//! file, `sum` what tells two runs apart, `reader` reads it again, `player` feeds fresh stacks from
//! it, `session` goes where somebody wants to look, and `variables` shows what a connection knows
//! there.

mod player;
mod reader;
mod record;
mod session;
mod sum;
mod tape;
mod variables;

pub use player::{Divergence, Player, ReplayError, Step};
pub use reader::{DamagedTape, Reader};
pub use record::{Record, Totals};
pub use session::{Change, Lost, Place, Session, Shown};
pub use tape::Tape;
pub use variables::{Variable, changed, variables};

#[cfg(test)]
mod tests;
