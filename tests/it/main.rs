//! One integration binary: every further one would cost a link.
//!
//! `tidy` holds the tree to its own habits, `requirements` holds the tests to the ledger of what
//! the RFCs ask, `no_alloc` counts what the way of a packet allocates, `oracle` has the stack talk
//! to smoltcp, `cli` runs the program.

#[cfg(feature = "cli")]
mod cli;
mod no_alloc;
mod oracle;
mod requirements;
mod source;
mod tidy;

/// Fails with all of `complaints` about a list that must be complete.
fn complete(what: &str, complaints: &[String]) {
    let list = complaints.join("\n  ");
    assert!(complaints.is_empty(), "{what}:\n  {list}\n");
}
