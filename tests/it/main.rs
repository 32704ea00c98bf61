//! One integration binary: every further one would cost a link.
//!
//! `tidy` holds the tree to its own habits, `requirements` holds the tests to the ledger of what
//! the RFCs ask, `no_alloc` counts what the way of a packet allocates, `oracle` has the stack talk
//! to smoltcp.

mod no_alloc;
mod oracle;
mod requirements;
mod source;
mod tidy;

/// Whether the whole stack is there. As long as it is not, what compares the tree with a complete
/// list (every file in the codemap, every paragraph of `docs/choices.md` in use, every priority 1
/// requirement cited or waived) prints what is missing and does not fail.
const STACK_STANDS: bool = false;

/// Fails with all of `complaints`; while the stack is being built, prints them.
fn complete(what: &str, complaints: &[String]) {
    if complaints.is_empty() {
        return;
    }
    let list = complaints.join("\n  ");
    if STACK_STANDS {
        panic!("{what}:\n  {list}\n");
    }
    println!("{what}: {} so far\n  {list}", complaints.len());
}
