//! The demonstration: a page, a download and an upload between our stack and the kernel's, and the
//! proof that every packet of it is explained.
//!
//! Nothing here needs the internet or changes the machine: both ends stand in a private namespace,
//! and where the machine allows none, in this process. `lossy` is the link between them, which
//! loses a segment each way on purpose. Read `stage` for how it is set up and taken
//! down, `site` for what is served, `servers` for the other end, `journey` for what our end does,
//! `proof` for what is checked, `story` for how it is told.

mod echo;
pub mod journey;
mod lossy;
mod proof;
mod servers;
mod site;
mod stage;
mod story;

pub use echo::echo;
pub use journey::{Journey, Progress};
pub use proof::{Check, Proof, Verdict};
pub use site::Site;
pub use stage::{MSL, Running, Seen, Stage};
pub use story::{Story, listing};
