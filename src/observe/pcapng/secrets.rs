//! Secrets of TLS, so that a reader opens what is encrypted.
//!
//! Readers want a secret before the packets that it opens, and those are written when nobody knows
//! it yet: it is agreed on by them. So room is reserved before, in a block of empty lines, and each
//! secret is written over some of these. The file is whole at any moment, and nothing is held back.

use std::borrow::Cow;
use std::io;

use pcap_file::pcapng::blocks::unknown::UnknownBlock;

use super::{Store, Writer};

/// Room for secrets in the file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reserve {
    /// Where it begins, and how much of it is left, in bytes.
    at: u64,
    left: usize,
}

impl<S: Store> Writer<S> {
    /// Makes room for secrets of handshakes that are still to come.
    ///
    /// # Errors
    ///
    /// What writing says.
    pub fn expect_secrets(&mut self) -> io::Result<()> {
        self.flush()?;
        let at = self.whole + BEFORE_TEXT;
        self.secrets_block(&[b'\n'; RESERVE])?;
        self.flush()?;
        self.reserve = Some(Reserve { at, left: RESERVE });
        Ok(())
    }

    /// Adds a secret, a line as key logs have it, if any are expected. Where the file cannot be
    /// amended, it stands behind the packets so far.
    ///
    /// # Errors
    ///
    /// What writing says.
    pub fn secret(&mut self, line: &str) -> io::Result<()> {
        let Some(reserve) = &mut self.reserve else {
            return Ok(());
        };
        let len = line.len().min(reserve.left);
        match self.store.amend(reserve.at, &line.as_bytes()[..len]) {
            Ok(()) => {
                reserve.at += len as u64;
                reserve.left -= len;
                // A handshake has five lines of at most 200 bytes, and others may be on their way.
                match reserve.left < RESERVE / 2 {
                    true => self.expect_secrets(),
                    false => Ok(()),
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Unsupported => {
                self.secrets_block(line.as_bytes())
            }
            Err(error) => Err(error),
        }
    }

    /// A decryption secrets block: which kind, how long, the text, and what makes it a multiple of
    /// four bytes.
    fn secrets_block(&mut self, text: &[u8]) -> io::Result<()> {
        let mut value = Vec::with_capacity(8 + text.len() + 3);
        value.extend(TLS_KEY_LOG.to_ne_bytes());
        // Of a line, or of a reserve.
        value.extend(u32::try_from(text.len()).unwrap_or(u32::MAX).to_ne_bytes());
        value.extend(text);
        value.resize(value.len().next_multiple_of(4), 0);
        let length = u32::try_from(value.len() + 12).unwrap_or(u32::MAX);
        let block = UnknownBlock {
            type_: DECRYPTION_SECRETS,
            length,
            value: Cow::Owned(value),
        };
        let written = self.blocks.write_pcapng_block(block);
        written.map(|_| ()).map_err(io::Error::other)
    }
}

/// The type of the block, and of what is in it: a key log of TLS.
const DECRYPTION_SECRETS: u32 = 0x0a;
const TLS_KEY_LOG: u32 = 0x544c_534b;

/// What stands in the block before the text: its type and length, then those of the secrets.
const BEFORE_TEXT: u64 = 16;

/// Room for the secrets of some seventy connections.
const RESERVE: usize = 64 * 1024;

#[cfg(test)]
mod tests;
