//! TLS 1.2 and 1.3 over any stream.
//!
//! rustls speaks the protocol; decided here is whom a client trusts, what a server shows, how long
//! a handshake may take and what its failures are called. Secrets are handed on only where somebody
//! asks for them by name.
//!
//! Read `client` and `server` for the two sides, `agreed` for what a handshake comes to, `error`
//! for what keeps it from that, `files` for certificates and keys on disk, `keys` for secrets that
//! leave.

mod agreed;
mod client;
mod error;
mod files;
mod keys;
mod server;

pub use agreed::Agreed;
pub use client::{Client, Secured, Trust};
pub use error::{Error, Refusal};
pub use keys::Keys;
pub use server::{Opening, Server};

use std::sync::Arc;
use std::time::Duration;

use rustls::crypto::CryptoProvider;

/// The one maker of keys and ciphers: two in one program, and rustls refuses to choose.
fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// How long a handshake may take.
pub const HANDSHAKE_WITHIN: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests;
