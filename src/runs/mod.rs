//! The records of a run: the folder they lie in, and the numbers a program wants.
//!
//! Records are private to whoever ran (a capture shows what was said) and never overwrite
//! anything. `folder` makes places and files, `summary` says what stands in `summary.json`; what
//! is written into the other files belongs to `observe` and `report`. `finished` finds a run that
//! is over, `events` reads what its stack told, `packets` what was captured, and `facts` lets
//! queries ask for it.

pub mod events;
pub mod facts;
pub mod finished;
pub mod folder;
pub mod packets;
pub mod summary;

pub use events::{Damaged, Record, Records, Rule};
pub use facts::vocabulary;
pub use finished::{
    CAPTURE, EVENTS, Finished, JOURNEY, REPORT, RICH, SCENARIO, SUMMARY, TAPE, Unreadable, replace,
};
pub use folder::{RecordError, RunFolder, create_file};
pub use packets::Packet;
pub use summary::{Checks, Clock, ConnectionSummary, Phases, Summary};
