//! How a connection comes to be: RFC 9293 sections 3.5 and 3.10.1.
//!
//! `active` is OPEN and SYN-SENT, `passive` is LISTEN and half-open connections, `negotiate` is
//! what two SYNs agree on, `isn` the number that all begins with.

pub mod active;
pub mod isn;
pub mod negotiate;
pub mod passive;
