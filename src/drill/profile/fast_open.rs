//! Fast Open's keys: who may use it, and what cookies are made with.

use std::time::Duration;

use crate::stack::{CookieKeys, FastOpen};

use super::super::backend::Configured;
use super::super::settings::DEFAULT_KEY;
use super::Profile;

/// net.ipv4.tcp_fastopen and tcp_fastopen_key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FastOpenPolicy {
    bits: u32,
    keys: CookieKeys,
    /// How long nobody opens fast once that seems to fall into a black hole.
    pub blackhole: Duration,
    /// Those who open as Linux does take no refusal for the last word, and fill their SYNs.
    as_linux: bool,
}

impl FastOpenPolicy {
    /// Sockets that ask for it may have it; on Linux as the usual suites have it, every listener
    /// asks. FreeBSD allows none.
    pub fn new(profile: Profile) -> FastOpenPolicy {
        FastOpenPolicy {
            bits: match profile {
                Profile::Rfc => ACTIVE | PASSIVE,
                Profile::Linux => ACTIVE | PASSIVE | ALL_LISTENERS,
                Profile::Bsd => 0,
            },
            keys: CookieKeys {
                current: DEFAULT_KEY,
                former: None,
            },
            blackhole: Duration::ZERO,
            as_linux: profile == Profile::Linux,
        }
    }

    /// Those that cookies are made with, and were made with before.
    pub fn keys(&self) -> CookieKeys {
        self.keys
    }

    /// Whether a socket may send text with its SYN.
    pub fn is_active(&self) -> bool {
        self.bits & ACTIVE != 0
    }

    /// Whether every listener takes text with a SYN, asked or not.
    pub fn is_for_all(&self) -> bool {
        self.bits & (PASSIVE | ALL_LISTENERS) == PASSIVE | ALL_LISTENERS
    }

    /// What a socket that wants so many pending connections gets.
    pub fn of_socket(&self, pending: Option<u32>) -> FastOpen {
        let allowed = pending.filter(|_| self.bits & PASSIVE != 0);
        FastOpen {
            active: self.is_active(),
            active_without_cookie: self.bits & ACTIVE_WITHOUT_COOKIE != 0,
            persistent: self.as_linux,
            whole_syns: self.as_linux,
            pending: allowed.unwrap_or(0),
            without_cookie: self.bits & PASSIVE_WITHOUT_COOKIE != 0,
            keys: None,
        }
    }

    /// Sets who may use it.
    pub fn set_bits(&mut self, value: &str) -> Configured {
        let number = match value.strip_prefix("0x") {
            Some(digits) => u32::from_str_radix(digits, 16),
            None => value.parse(),
        };
        match number {
            Err(_) => Configured::Refused,
            Ok(bits) => {
                self.bits = bits;
                Configured::Done
            }
        }
    }

    /// Sets one key, or two with a comma: four words with hyphens each.
    pub fn set_keys(&mut self, value: &str) -> Configured {
        let mut keys = value.split(',').map(key);
        match (keys.next(), keys.next(), keys.next()) {
            (Some(Some(current)), None, _) => {
                self.keys = CookieKeys {
                    current,
                    former: None,
                };
            }
            (Some(Some(current)), Some(former @ Some(_)), None) => {
                self.keys = CookieKeys { current, former };
            }
            _ => return Configured::Refused,
        }
        Configured::Done
    }
}

/// As its words stand in memory, the least byte first.
fn key(text: &str) -> Option<[u8; 16]> {
    let mut words = text.split('-');
    let mut key = [0; 16];
    for place in key.chunks_exact_mut(4) {
        let word = u32::from_str_radix(words.next()?, 16).ok()?;
        place.copy_from_slice(&word.to_le_bytes());
    }
    words.next().is_none().then_some(key)
}

const ACTIVE: u32 = 0x1;
const PASSIVE: u32 = 0x2;
const ACTIVE_WITHOUT_COOKIE: u32 = 0x4;
const PASSIVE_WITHOUT_COOKIE: u32 = 0x200;
const ALL_LISTENERS: u32 = 0x400;

#[cfg(test)]
mod tests;
