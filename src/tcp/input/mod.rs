//! What came in and is not read yet: parts that keep bytes, holes and owed acknowledgments.
//!
//! `reassembly` knows which bytes are there, `receive_buffer` keeps them until they are read,
//! `right_size` says how many it may keep, and `acknowledge` decides when the peer is told.

pub mod acknowledge;
pub mod reassembly;
pub mod receive_buffer;
pub mod right_size;

pub use acknowledge::Acknowledge;
pub use reassembly::Reassembly;
pub use receive_buffer::ReceiveBuffer;
pub use right_size::RightSize;
