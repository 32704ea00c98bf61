//! A private network, made without touching the machine's own.
//!
//! [`enter()`] moves the whole process into network namespaces of its own, where it is root and
//! where nothing is but `lo`. Its result, [`Inside`], is the only way to [`Links`], so no code here
//! can change an interface, an address or a route of the machine. When the process ends, the
//! kernel takes all of it away.
//!
//! Read `enter`, then `links`; `doctor` tells what the machine allows and what would allow
//! more; `sockopt` has socket options as bytes.

use std::io;

pub mod doctor;
mod enter;
mod links;
pub mod sockopt;

pub use enter::{Inside, Mounts, Privilege, enter};
pub use links::{Links, Via};

/// How packets travel between the stack and its peer, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    /// A TUN interface: the kernel is the peer, and IP packets cross.
    Tun,
    /// A veth pair and a packet socket: the kernel is the peer, and Ethernet frames cross.
    Veth,
    /// No kernel: both ends are stacks of this process.
    InProcess,
}

/// What the machine did not allow, in the three lines that the command line prints.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct Refusal {
    /// What was tried, and what the system said.
    pub what: String,
    /// Why it said so.
    pub why: String,
    /// What to do now.
    pub now: String,
    #[source]
    source: Option<io::Error>,
}

impl Refusal {
    /// A refusal by the system: `what` gets what the system said behind it.
    pub fn by_system(what: &str, source: io::Error, why: &str, now: &str) -> Refusal {
        Refusal {
            what: format!("{what} ({source})"),
            why: why.to_owned(),
            now: now.to_owned(),
            source: Some(source),
        }
    }

    /// A refusal of ours, before the system was asked.
    pub fn by_rule(what: &str, why: &str, now: &str) -> Refusal {
        Refusal {
            what: what.to_owned(),
            why: why.to_owned(),
            now: now.to_owned(),
            source: None,
        }
    }
}
