//! pellucid: a TCP/IP stack you can see through.
//!
//! The modules in reading order, from the words everybody speaks to the programs that people run.
//! Each may use only those above it; `docs/architecture.md` has the whole table.

#![deny(unsafe_code)]
#![warn(clippy::undocumented_unsafe_blocks, missing_debug_implementations)]

#[cfg(feature = "cli")]
pub mod against;
pub mod base;
#[cfg(feature = "cli")]
pub mod cli;
#[cfg(feature = "scenarios")]
pub mod compare;
#[cfg(feature = "cli")]
pub mod demo;
pub mod device;
pub mod drill;
#[cfg(feature = "records")]
pub mod explain;
#[cfg(feature = "http")]
pub mod http;
pub mod ip;
#[cfg(feature = "scenarios")]
pub mod lab;
#[cfg(feature = "cli")]
pub mod live;
#[cfg(feature = "cli")]
pub mod namespace;
pub mod net;
pub mod observe;
#[cfg(feature = "cli")]
pub mod outside;
pub mod probe;
#[cfg(feature = "records")]
pub mod query;
#[cfg(feature = "records")]
pub mod replay;
#[cfg(feature = "records")]
pub mod report;
#[cfg(feature = "resolve")]
pub mod resolve;
#[cfg(feature = "records")]
pub mod runs;
#[cfg(feature = "scenarios")]
pub mod scenario;
pub mod sim;
pub mod stack;
pub mod tcp;
#[cfg(feature = "tls")]
pub mod tls;
#[cfg(feature = "records")]
pub mod why;
pub mod wire;
#[cfg(feature = "cli")]
pub mod wireshark;
#[cfg(feature = "cli")]
pub mod world;
