//! What single rooms cost: `cargo bench --bench rooms [FILTER]`.
//!
//! Times are the machine's and of the moment; compare rows of one run. What must not become slower
//! is counted in instructions by `scripts/cost` and, where it is a number of calls or allocations,
//! by tests.

mod buffers;
mod checksum;
mod recovery;
mod tables;
mod wire;

fn main() {
    divan::main();
}

/// Bytes of all values in no simple order.
fn noise(len: usize) -> Vec<u8> {
    (0..len as u32)
        .map(|i| (i.wrapping_mul(0x9e37_79b1) >> 23) as u8)
        .collect()
}
