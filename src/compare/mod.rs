//! The same experiment under several conditions, side by side.
//!
//! A [`Sweep`] is a scenario, what is set otherwise in each of its variants, and the seeds that
//! each is played with. `sweep` plays them on as many threads as there are, and the outcome does
//! not depend on how many; `figures` makes one row of each variant; `judge` holds the rows to what
//! somebody expects of them. `divergence` says where two runs part that were recorded.

mod divergence;
mod figures;
mod judge;
mod sweep;

pub use divergence::{Closeness, Divergence, divergence, is_packet, is_same};
pub use figures::{Figures, Spread, figures};
pub use judge::{Claim, NotUnderstood, claim};
pub use sweep::{Outcome, Sweep, Variant, Watch};
