//! Wireshark as a second home: what it is given, where that lies, and how it is taken back.
//!
//! Captures carry what the stack thought as comments, which any Wireshark shows. A script makes
//! fields of them, a profile shows these as columns, colours and graphs, and a small program lets
//! Wireshark start a run and look at it live. All of it lies in the user's own folders. Read `kit`
//! for what there is, `folders` for where it goes, `manifest` for what uninstalling takes away,
//! `extcap` for what Wireshark asks of a program that captures for it.

pub mod extcap;
mod folders;
mod kit;
mod manifest;

pub use folders::{Folders, lists_us, version};
pub use kit::{Item, PROFILE, Part, kit, state};
pub use manifest::{Left, Placed, Report, install, uninstall};
