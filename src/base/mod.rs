//! The words everybody speaks: time, sequence numbers, bytes, citations, chance.
//!
//! Nothing here knows a protocol's rules; these are the values that the rules are about. Read
//! `seq` first (RFC 9293 section 3.4), then `packet` (the shape in which packets cross floors),
//! then `cite`; the structures (`ring`, `ranges`, `wheel`) can wait until somebody uses them.

pub mod checksum;
pub mod chunk;
pub mod cite;
pub mod keyed;
pub mod packet;
pub mod pair;
pub mod random;
pub mod ranges;
pub mod resting;
pub mod ring;
pub mod seq;
pub mod time;
pub mod units;
pub mod wheel;

pub use bytes::Bytes;
pub use checksum::Sum;
pub use chunk::{Chunk, Memory};
pub use cite::{Cite, Source};
pub use keyed::{FlowState, Key};
pub use packet::{Checksum, InterfaceId, Offload, Offloads, Pieces, Received, Transmit};
pub use random::{Random, Seed};
pub use ranges::{Insert, Ranges};
pub use resting::{Rest, Resting};
pub use ring::Ring;
pub use seq::{SeqNum, SeqRange};
pub use time::{Instant, Span};
pub use units::{Mss, Rate, WindowScale};
pub use wheel::Wheel;
