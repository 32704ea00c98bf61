//! One integration binary: every further one would cost a link.
//!
//! `tidy` holds the tree to its own habits, `requirements` holds the tests to the ledger of what
//! the RFCs ask, `rfc_map` keeps the map of their sections, `no_alloc` counts what the way of a
//! packet allocates, `calls` how often a device is called, `oracle` has the stack talk to smoltcp,
//! `malformed` lies to it, `drills` runs packet scripts, `swarm` lets it live in simulated networks
//! full of faults, `goodput` measures there what connections get, `replay` has stacks do again what
//! they did, `cli` runs the program.

mod calls;
#[cfg(feature = "cli")]
mod cli;
mod drills;
mod goodput;
mod malformed;
mod no_alloc;
mod oracle;
#[cfg(feature = "cli")]
mod readme;
#[cfg(feature = "records")]
mod replay;
mod requirements;
mod rfc_map;
mod source;
mod swarm;
mod tidy;

/// How many of what is drawn at random to try: `few`, or for a soak `PELLUCID_SOAK` times as many.
fn times(few: usize) -> usize {
    let soak = std::env::var("PELLUCID_SOAK");
    few * soak.map_or(1, |times| times.parse().expect("PELLUCID_SOAK is a number"))
}

/// Fails with all of `complaints` about a list that must be complete.
fn complete(what: &str, complaints: &[String]) {
    let list = complaints.join("\n  ");
    assert!(complaints.is_empty(), "{what}:\n  {list}\n");
}
