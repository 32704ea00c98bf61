//! What lies on a tape: a first line, and records behind it.
//!
//! The first line is text and ends with a newline: the form, the program, its version. Each record
//! is its length in bytes as a varint (seven bits a byte, the lowest first) and then as many bytes,
//! in postcard's encoding of [`Record`]. Times are in nanoseconds since the stack was made. Records
//! of several stacks lie in the order in which things happened to all of them.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::base::{Instant, Seed};
use crate::stack::{Config, Input};

/// One record.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Record<'a> {
    /// A stack was made; the first record of each. One of the same number is another, which takes
    /// the place of the former: a host that began anew.
    Born {
        stack: u16,
        /// Whose it is.
        host: Cow<'a, str>,
        config: Cow<'a, Config>,
        seed: Seed,
    },
    /// It was told something.
    Input {
        stack: u16,
        /// Since its last input.
        after: u64,
        #[serde(borrow)]
        input: Input<'a>,
    },
    /// What it has done by now.
    Check { stack: u16, totals: Totals },
    /// So it ended: nothing was told after this.
    Over { stack: u16, totals: Totals },
}

/// What a stack was told and what it did, from its beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Totals {
    pub inputs: u64,
    /// Packets that left.
    pub packets: u64,
    /// Events told, and with them all that was decided.
    pub events: u64,
    /// The hash of all of them in order.
    pub hash: [u8; 16],
}

/// What the first line of every tape begins with.
pub(super) const FORM: &str = "pellucid tape 1";
/// The longest record, in bytes: what a device hands over at once, or a whole send buffer, and
/// more than that.
pub(super) const LONGEST: u64 = 64 << 20;
/// After so many inputs of a stack there is a check.
pub(super) const CHECK_EVERY: u64 = 64;

impl Record<'_> {
    /// Whose it is.
    pub fn stack(&self) -> u16 {
        match self {
            Record::Born { stack, .. }
            | Record::Input { stack, .. }
            | Record::Check { stack, .. }
            | Record::Over { stack, .. } => *stack,
        }
    }
}

/// The nanoseconds from one to the other.
pub(super) fn between(last: Instant, at: Instant) -> u64 {
    u64::try_from(at.since(last).as_nanos()).unwrap_or(u64::MAX)
}
