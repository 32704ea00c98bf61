//! Experiments as files: hosts, links, what applications do, and what is expected of it all.
//!
//! A scenario is TOML that people write; resolved, with every default written out, it is the
//! `run.toml` of its run, and the same scenario and seed give the same bytes every time. Unknown
//! keys are errors, and so are numbers without units.
//!
//! Read `file` for what may stand there, `act` for what applications can be told to do, `build` for
//! how a world is made of it, then `play`.

mod act;
mod build;
mod curve;
mod error;
mod file;
mod follow;
mod forge;
mod judge;
mod link;
mod measure;
mod outside;
mod overlay;
mod play;
mod presets;
mod tcp;
mod units;

pub use act::{Act, Begin, When};
pub use build::Built;
pub use curve::Curve;
pub use error::Invalid;
pub use file::{Expect, Host, Kernel, Scenario, StackKind};
pub use judge::{Verdict, judge};
pub use measure::{Measured, Quantity, Traced};
pub use outside::Outside;
pub use play::{Played, Progress};
pub use presets::PRESETS;
