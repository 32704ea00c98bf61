//! The simulator: hosts, links and applications in virtual time, from one seed.
//!
//! Read `world` first: how a network is built and how it goes on. `link` has the order in which
//! things happen to a packet on its way, `queue`, `pace` and `impair` what those things are, `app`
//! and `script` what applications do. `invariants` watches every stack, here and elsewhere. `swarm`
//! draws whole worlds from seeds.
//!
//! What a world is made of is plain data, and says of a value that is out of its range which it is
//! (`range`), because scenarios are written by people.

pub mod app;
pub mod book;
pub mod contents;
pub mod dice;
pub mod figures;
pub mod forged;
pub mod impair;
pub mod invariants;
pub mod line;
pub mod link;
pub mod pace;
pub mod parcel;
pub mod party;
pub mod queue;
pub mod range;
pub mod reading;
pub mod script;
pub mod swarm;
pub mod trace;
pub mod world;

pub use app::{App, Ending, Reading, Service, Talk};
pub use book::Note;
pub use invariants::{Breach, Invariants, Rules};
pub use link::{Link, Outage, OutageKind, Path, PathStats};
pub use party::{Outcome, Report};
pub use range::OutOfRange;
pub use script::{Script, Step};
pub use world::{
    Birth, Conversation, Fault, FlowId, InFlight, Known, LinkId, NodeId, Outsider, PartyId, Router,
    Tap, Way, World,
};
