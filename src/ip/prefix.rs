//! Prefixes of addresses, and what is known by them: the longest that matches decides.
//!
//! RFC 1122 section 3.3.1.1 has the masks of connected networks, section 3.3.1.2 static routes to
//! hosts and to networks.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// All addresses of one family that begin with the same bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "records", derive(serde::Serialize, serde::Deserialize))]
pub struct Prefix {
    /// Without the bits behind the prefix.
    first: IpAddr,
    /// In bits.
    len: u8,
}

impl Prefix {
    /// Every IPv4 address.
    pub const ALL_V4: Prefix = Prefix {
        first: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        len: 0,
    };
    /// Every IPv6 address.
    pub const ALL_V6: Prefix = Prefix {
        first: IpAddr::V6(Ipv6Addr::UNSPECIFIED),
        len: 0,
    };

    /// The addresses that share their first `len` bits with `addr`; `addr` alone if it has no more
    /// than so many.
    pub fn new(addr: IpAddr, len: u8) -> Prefix {
        let len = len.min(bits(addr));
        let first = match addr {
            IpAddr::V4(addr) => {
                let behind = u32::MAX.checked_shr(len.into()).unwrap_or(0);
                Ipv4Addr::from_bits(addr.to_bits() & !behind).into()
            }
            IpAddr::V6(addr) => {
                let behind = u128::MAX.checked_shr(len.into()).unwrap_or(0);
                Ipv6Addr::from_bits(addr.to_bits() & !behind).into()
            }
        };
        Prefix { first, len }
    }

    /// `addr` and no other.
    pub fn host(addr: IpAddr) -> Prefix {
        Prefix::new(addr, bits(addr))
    }

    /// All addresses of the family that `addr` is of.
    pub const fn all_like(addr: IpAddr) -> Prefix {
        match addr {
            IpAddr::V4(_) => Prefix::ALL_V4,
            IpAddr::V6(_) => Prefix::ALL_V6,
        }
    }

    /// Whether `addr` is one of them.
    pub fn contains(&self, addr: IpAddr) -> bool {
        self.len <= bits(addr) && Prefix::new(addr, self.len).first == self.first
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.first, self.len)
    }
}

/// What is known of addresses by their prefixes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrefixMap<T> {
    /// By length, the longest first: looking up takes as many steps as there are lengths.
    by_len: BTreeMap<Reverse<u8>, BTreeMap<IpAddr, T>>,
}

impl<T> PrefixMap<T> {
    /// What is known by the longest prefix of `addr`.
    pub fn get(&self, addr: IpAddr) -> Option<&T> {
        let lengths = self.by_len.iter();
        let mut fitting = lengths.filter(|(Reverse(len), _)| *len <= bits(addr));
        fitting.find_map(|(&Reverse(len), known)| known.get(&Prefix::new(addr, len).first))
    }

    /// What is known by this very prefix.
    pub fn at(&self, prefix: Prefix) -> Option<&T> {
        self.by_len.get(&Reverse(prefix.len))?.get(&prefix.first)
    }

    /// What is known by `prefix` from here on; returns what was.
    pub fn insert(&mut self, prefix: Prefix, known: T) -> Option<T> {
        let of_len = self.by_len.entry(Reverse(prefix.len)).or_default();
        of_len.insert(prefix.first, known)
    }

    /// Forgets what is known by `prefix`; returns what it was.
    pub fn remove(&mut self, prefix: Prefix) -> Option<T> {
        let of_len = self.by_len.get_mut(&Reverse(prefix.len))?;
        let removed = of_len.remove(&prefix.first);
        if of_len.is_empty() {
            self.by_len.remove(&Reverse(prefix.len));
        }
        removed
    }

    /// All that is known.
    pub fn values(&self) -> impl Iterator<Item = &T> {
        self.by_len.values().flat_map(BTreeMap::values)
    }
}

impl<T> Default for PrefixMap<T> {
    fn default() -> PrefixMap<T> {
        PrefixMap {
            by_len: BTreeMap::new(),
        }
    }
}

/// How long an address of this family is, in bits.
const fn bits(addr: IpAddr) -> u8 {
    match addr {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    }
}

#[cfg(test)]
mod tests;
