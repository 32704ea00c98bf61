//! Worlds drawn from seeds: faults for a while, then everything becomes well, then everything must
//! come to its end.
//!
//! A seed is drawn into a [`Plan`], which is data (`draw`); the plan is run and judged (`judge`):
//!
//! 1. Faults, for as long as the seed says. All invariants are on, every byte read is compared.
//! 2. Everything heals.
//! 3. Within [`FINISH`] each conversation is over: whole, or with an error that the faults explain.
//! 4. A while later no stack remembers anything.
//!
//! A plan that fails is made smaller while it still fails (`shrink`), and run once more with
//! everybody watching (`evidence`).

mod aim;
mod draw;
mod evidence;
mod judge;
mod narrow;
mod plan;
mod shrink;
mod talk;
mod weather;

pub use draw::draw;
pub use evidence::leave_evidence;
pub use judge::{FINISH, Failure, Ran, run, run_from_birth};
pub use plan::{HostPlan, Plan, Talking};
pub use shrink::shrink;

/// What a swarm of seeds came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// Worlds that were run.
    pub networks: u64,
    /// Packets put on links.
    pub packets: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Simulated time, in nanoseconds.
    pub simulated_nanos: u128,
    /// Conversations that were whole.
    pub whole: u64,
    /// Conversations that ended otherwise, as their faults or scripts explain.
    pub broken_off: u64,
    /// Worlds that failed.
    pub failures: u64,
    /// All traces as one number, whatever the order in which they were run.
    pub trace: u64,
}

impl Totals {
    /// One more world.
    pub fn add(&mut self, seed: u64, ran: &Result<Ran, Failure>) {
        self.networks += 1;
        match ran {
            Ok(ran) => {
                self.packets += ran.trace.packets();
                self.bytes += ran.trace.bytes();
                self.simulated_nanos += ran.simulated.as_nanos();
                self.whole += ran.whole;
                self.broken_off += ran.broken_off;
                // Seeds keep equal worlds apart, and a sum does not know an order.
                let of_seed = ran.trace.hash() ^ seed.rotate_left(32);
                self.trace = self.trace.wrapping_add(of_seed);
            }
            Err(_) => self.failures += 1,
        }
    }

    /// Those of another part of the swarm.
    pub fn join(&mut self, other: &Totals) {
        let Totals {
            networks,
            packets,
            bytes,
            simulated_nanos,
            whole,
            broken_off,
            failures,
            trace,
        } = other;
        self.networks += networks;
        self.packets += packets;
        self.bytes += bytes;
        self.simulated_nanos += simulated_nanos;
        self.whole += whole;
        self.broken_off += broken_off;
        self.failures += failures;
        self.trace = self.trace.wrapping_add(*trace);
    }
}

impl std::fmt::Display for Totals {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let seconds = self.simulated_nanos / 1_000_000_000;
        write!(
            f,
            "{} networks, {} packets, {} MB, {seconds} simulated seconds; \
             {} conversations whole, {} broken off; {} failures; trace {:016x}",
            self.networks,
            self.packets,
            self.bytes / 1_000_000,
            self.whole,
            self.broken_off,
            self.failures,
            self.trace,
        )
    }
}

#[cfg(test)]
mod tests;
