//! A file that is kept in memory, where no folder is wanted, or not yet.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use super::pcapng::Store;

/// Bytes that several hold.
#[derive(Debug, Clone, Default)]
pub struct Memory(Arc<Mutex<Vec<u8>>>);

impl Memory {
    /// What was written, which it is rid of then.
    pub fn take(&self) -> Vec<u8> {
        let mut bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *bytes)
    }
}

impl Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Store for Memory {
    fn cut(&mut self, len: u64) -> io::Result<()> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.truncate(usize::try_from(len).unwrap_or(usize::MAX));
        Ok(())
    }
}
