//! From a name to what it stands for: by a recursive resolver, or by walking down from the root.
//!
//! hickory speaks the protocol (RFC 1034, RFC 1035), caches, retries and walks; decided here is
//! what it runs on, whom it asks and how its failures are told apart. What it does is not hidden:
//! every message that passes our sockets is seen on the way.
//!
//! Read `lookup` for what is asked and answered, `source` for who is asked, `watch` for what passed
//! and `meaning` for what it says, `server` for a resolver that others ask, `race` for which of
//! several addresses is taken; `runtime` is where hickory meets our sockets.

#[cfg(test)]
mod fixtures;
mod flights;
mod lookup;
mod meaning;
mod race;
mod respond;
mod roots;
mod runtime;
mod server;
mod source;
mod stub;
mod watch;

pub use hickory_resolver::proto::rr::{Name, RData, Record, RecordType};

pub use lookup::{Answer, Error, Families, Resolver};
pub use meaning::Meaning;
pub use race::{ATTEMPT_DELAY, race};
pub use roots::ROOTS;
pub use server::{Recursive, Served};
pub use source::{Source, SourceError};
pub use watch::{Exchange, Reply, Transport, Walk, Watch};
