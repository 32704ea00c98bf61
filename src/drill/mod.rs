//! Packet scripts: timed lines of packets and calls, run against the stack in virtual time.
//!
//! A script in packetdrill's language says which calls an application makes, which packets arrive,
//! and which must leave, and when. It is at once a test, a record of a bug and a way to ask what
//! the stack does. It runs in one process, without a device, on a clock that only the runner moves:
//! an hour of retransmissions takes no time, and the same script gives the same report.
//!
//! # Reading order
//!
//! 1. What a script says: `lex`, `parse`, `syntax`; `spell` writes it out again. Names of numbers
//!    are in `symbols`, options and presets in `settings`.
//! 2. What its lines mean: `flow` counts as scripts do, `craft` makes inbound packets, `live`,
//!    `merge` and `compare` judge outbound ones; `shell` and `command` read commands, `code`
//!    evaluates assertions.
//! 3. What it runs against: `backend` is all that the runner knows of a stack; `ours` is ours,
//!    `profile` what settings make of it.
//! 4. The run: `run`, under the `guard`s that look for what packetdrill cannot see.
//! 5. What is said of it: `judge` from text to report, `relax`, `outcome`; `suite` for many,
//!    `report` and `json` for readers; `mutate` asks whether the judge judges.

pub mod backend;
pub mod code;
pub mod command;
pub mod compare;
pub mod constants;
pub mod cookie;
pub mod craft;
pub mod flow;
pub mod guard;
#[cfg(feature = "records")]
pub mod json;
pub mod judge;
pub mod lex;
pub mod live;
pub mod merge;
pub mod mutate;
pub mod nstat;
pub mod ours;
pub mod outcome;
pub mod parse;
pub mod pattern;
pub mod profile;
pub mod relax;
pub mod report;
pub mod run;
pub mod settings;
pub mod shell;
pub mod spell;
pub mod suite;
pub mod symbols;
pub mod syntax;
pub mod tally;
pub mod tier;

#[cfg(test)]
mod kit;
