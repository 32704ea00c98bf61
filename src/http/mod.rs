//! HTTP/1.1 over our sockets: one request and its answer, and a server with its files.
//!
//! hyper speaks the protocol (RFC 9110, RFC 9112) and tower-http knows files; decided here is what
//! they run on, how much of everything there may be and how long anybody waits. Both sides take
//! any byte stream, so that they are tested over pipes and serve the kernel's sockets as well.
//!
//! Read `client` for what a request is, `server` for the accept loop, `files` for what it serves,
//! `sockets` for where on our stack it listens, `url` for what a URL says; `body` and `pace` are
//! what all lean on.

pub mod body;
pub mod client;
pub mod files;
mod pace;
pub mod server;
mod sockets;
pub mod url;

pub use body::Body;
pub use files::Files;
pub use server::{Ends, Handler, Listener, serve};
pub use sockets::{SecuredListener, Sockets};

/// How many header fields a message may have, trailers too. Browsers and servers stay below 50.
const HEADERS_MAX: usize = 100;

/// How long a message's head may be, in bytes: four times what common servers take.
const HEAD_MAX: usize = 32 * 1024;

/// The most that a connection reads ahead, or holds before it is sent, in bytes.
const BUFFER_MAX: usize = 64 * 1024;
