//! The Fast Open cookies that we hand out: RFC 7413 section 4.1.2.
//!
//! A cookie is SipHash-2-4 over the client's address and ours, so that we need not remember any,
//! and Linux servers that share our key make the same ones. The key changes with time, and a cookie
//! of the key before is still good; so every cookie expires, and nobody is cut off at once.

use std::net::IpAddr;
use std::time::Duration;

use crate::base::Instant;
use crate::base::keyed::Key;
use crate::tcp::CookieKeys;
use crate::wire::cookie::Cookie;

/// The keys.
#[derive(Debug)]
pub(super) struct Cookies {
    /// What the keys of all times come from.
    secret: Key,
    /// Keys that somebody has given us, which stay until they give others.
    given: Option<CookieKeys>,
}

/// What a cookie is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Worth {
    /// It is what we would hand out now.
    Valid,
    /// It is what we handed out before the key changed: good for once more.
    Former,
    /// It is not ours, not this client's, or too old.
    Nothing,
}

impl Cookies {
    pub fn new(secret: [u8; 16]) -> Cookies {
        Cookies {
            secret: Key::new(secret),
            given: None,
        }
    }

    /// Takes keys in place of ours.
    pub fn give(&mut self, keys: CookieKeys) {
        self.given = Some(keys);
    }

    /// GetCookie of RFC 7413 section 4.1.2, for a listener with these keys of its own, if any.
    pub fn make(
        &self,
        now: Instant,
        own: Option<CookieKeys>,
        client: IpAddr,
        server: IpAddr,
    ) -> Cookie {
        let key = match own.or(self.given) {
            Some(given) => Key::new(given.current),
            None => self.key_of(period(now)),
        };
        Cookie::from(number(&key, client, server))
    }

    /// IsCookieValid of RFC 7413 section 4.1.2, for the same.
    pub fn judge(
        &self,
        now: Instant,
        own: Option<CookieKeys>,
        cookie: Cookie,
        client: IpAddr,
        server: IpAddr,
    ) -> Worth {
        let Ok(bytes) = <[u8; 8]>::try_from(cookie.as_slice()) else {
            return Worth::Nothing;
        };
        // As numbers: how long that takes does not depend on how many bytes were guessed.
        let shown = u64::from_le_bytes(bytes);
        let is_of = |key: &Key| number(key, client, server) == shown;
        let (current, former) = match own.or(self.given) {
            Some(given) => (
                is_of(&Key::new(given.current)),
                given.former.is_some_and(|former| is_of(&Key::new(former))),
            ),
            None => {
                let period = period(now);
                let before = period.checked_sub(1).map(|before| self.key_of(before));
                (
                    is_of(&self.key_of(period)),
                    before.is_some_and(|key| is_of(&key)),
                )
            }
        };
        match (current, former) {
            (true, _) => Worth::Valid,
            (false, true) => Worth::Former,
            (false, false) => Worth::Nothing,
        }
    }

    fn key_of(&self, period: u64) -> Key {
        // Two numbers that nothing else is made of.
        let half = |which: u64| self.secret.hash(&(2 * period + which).to_le_bytes());
        let both = u128::from(half(0)) << 64 | u128::from(half(1));
        Key::new(both.to_le_bytes())
    }
}

/// SipHash-2-4 over source and destination address, as the SYN has them.
fn number(key: &Key, client: IpAddr, server: IpAddr) -> u64 {
    let mut block = [0; 32];
    let mut len = 0;
    for addr in [client, server] {
        match addr {
            IpAddr::V4(v4) => {
                block[len..len + 4].copy_from_slice(&v4.octets());
                len += 4;
            }
            IpAddr::V6(v6) => {
                block[len..len + 16].copy_from_slice(&v6.octets());
                len += 16;
            }
        }
    }
    key.hash(&block[..len])
}

fn period(now: Instant) -> u64 {
    now.as_nanos() / KEY_LIFE.as_nanos() as u64
}

/// house!("fast-open-keys")
const KEY_LIFE: Duration = Duration::from_secs(6 * 3600);

#[cfg(test)]
mod tests;
