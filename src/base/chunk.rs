//! Bytes that several may hold at once: what came in with a large packet, from the device's buffer
//! to the application without a copy.

use std::fmt;
use std::ops::{Deref, Range};
use std::sync::Arc;

/// Memory that is shared once it is filled. Whoever fills it again must be the only one to hold it:
/// [`Arc::get_mut`].
pub type Memory = Arc<Vec<u8>>;

/// A range of shared memory. As long as it is held, all of the memory is.
#[derive(Clone)]
pub struct Chunk {
    memory: Memory,
    range: Range<usize>,
}

impl Chunk {
    /// The bytes `range` of `memory`; `None` if it has fewer.
    pub fn new(memory: &Memory, range: Range<usize>) -> Option<Chunk> {
        memory.get(range.clone())?;
        Some(Chunk {
            memory: Arc::clone(memory),
            range,
        })
    }

    /// Holds on to `part`, which was borrowed from `memory`; `None` if it lies elsewhere.
    pub fn of(memory: &Memory, part: &[u8]) -> Option<Chunk> {
        let start = part.as_ptr().addr().checked_sub(memory.as_ptr().addr())?;
        Chunk::new(memory, start..start.checked_add(part.len())?)
    }

    /// Lets go of the first `count` bytes, or of all if there are fewer.
    pub fn advance(&mut self, count: usize) {
        self.range.start = self.range.start.saturating_add(count).min(self.range.end);
    }

    /// How much memory it holds, in bytes.
    pub fn held(&self) -> usize {
        self.memory.capacity()
    }
}

impl Deref for Chunk {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.memory.get(self.range.clone()).unwrap_or_default()
    }
}

impl AsRef<[u8]> for Chunk {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

/// What it holds is the application's: it prints its measures.
impl fmt::Debug for Chunk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chunk")
            .field("len", &self.range.len())
            .field("held", &self.held())
            .finish()
    }
}

#[cfg(test)]
mod tests;
