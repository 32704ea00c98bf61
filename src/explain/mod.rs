//! Somebody else's capture, explained: a shadow of both ends' state, made of packets alone.
//!
//! Nothing here knows what a sender decided; it is inferred from what the sender can have known and
//! from the time that had passed, and whoever shows it says so. `file` reads the capture as a
//! stream, `link` and `packet` find the segment in a frame, `shadow` keeps the connections within
//! bounds, `connection` takes a segment, `resend` tells kinds of retransmission apart, `rules` has
//! what can be seen broken, `told` what is said, `words` and `json` say it, and
//! `records` takes it down as if it were a run. Read `told`, then
//! `connection`, then `resend`.

mod commented;
pub mod connection;
pub mod end;
pub mod file;
mod json;
pub mod link;
pub mod packet;
mod records;
pub mod resend;
mod rtt;
mod rules;
pub mod shadow;
pub mod told;
pub mod words;

pub use connection::Connection;
pub use file::{CaptureFile, Damaged};
pub use json::json;
pub use records::{Made, Records};
pub use shadow::{Counts, Listener, Shadow, Summary, Vantage};
pub use told::{Class, Finding, Level, Resent, Reset, Told};

#[cfg(all(test, feature = "scenarios"))]
pub(in crate::explain) mod tests;
