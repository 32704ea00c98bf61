//! The same experiment under several conditions, side by side.
//!
//! A [`Sweep`] is a scenario, what is set otherwise in each of its variants, and the seeds that
//! each is played with. `sweep` plays them, or a share of them, on as many threads as there are,
//! and a [`Run`] does not depend on who played it; `part` keeps runs in a file and puts shares
//! together. `figures` makes one row of each variant, `judge` holds the rows to what somebody
//! expects of them, and `page` draws them over each other. `divergence` says where two runs part
//! that were recorded, `parting` where two variants do.

mod divergence;
mod figures;
mod judge;
pub mod page;
mod part;
mod parting;
mod run;
mod sweep;

pub use divergence::{Closeness, Divergence, divergence, is_packet, is_same};
pub use figures::{Figures, Spread, figures};
pub use judge::{Claim, NotUnderstood, claim};
pub use part::{COMPARISON, NotWhole, Part};
pub use parting::parting;
pub use run::{Run, Waits};
pub use sweep::{Shard, Sweep, Variant, Watch};
