//! How a connection comes to be: RFC 9293 sections 3.5 and 3.10.1.
//!
//! `active` is OPEN and SYN-SENT, `passive` is LISTEN and half-open connections, `negotiate` is
//! what two SYNs agree on, `isn` the number that all begins with, `defer` how long a listener may
//! wait for text. `fast` is what RFC 7413 adds: text before the handshake is over.
//! `syn_cookie` is the handshake that a server does not remember.

pub mod active;
pub mod defer;
pub mod fast;
pub mod isn;
pub mod negotiate;
pub mod passive;
pub mod syn_cookie;
