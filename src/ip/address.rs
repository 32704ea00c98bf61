//! Which addresses are ours, and which of them a packet is sent from.
//!
//! Implements RFC 6724 section 5 as far as it applies to a host whose addresses were given to it:
//! rules 1, 2, 5, 6 and 8. For IPv4 it is RFC 1122 section 3.3.4.3. All addresses are candidates,
//! whatever leads to the destination: house!("weak-end-system").

use std::cmp::Reverse;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::base::InterfaceId;

/// Our addresses, in the order in which they were given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addresses {
    own: Vec<Own>,
    /// Packets to whomever are for us.
    any: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Own {
    addr: IpAddr,
    /// In bits; at most the address's own.
    prefix_len: u8,
    interface: InterfaceId,
}

/// Why something cannot be an address of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// RFC 1122 section 3.2.1.3, RFC 4291 sections 2.5.2, 2.5.3 and 2.7: it must never be the
    /// source of what leaves.
    #[error("{0} cannot be the address of a host on a link: it is {1}")]
    NoHost(IpAddr, &'static str),
    /// The prefix is longer than the address.
    #[error("{0}/{1} has too long a prefix: {2} bits at most")]
    LongPrefix(IpAddr, u8, u8),
}

impl Addresses {
    /// These, on the first interface, each with the length of its prefix in bits. Those that
    /// [`Addresses::check`] would refuse are left out.
    pub fn new(list: &[(IpAddr, u8)]) -> Addresses {
        let none = Addresses {
            own: Vec::new(),
            any: false,
        };
        none.and(InterfaceId::FIRST, list)
    }

    /// The same and these, on another interface. An address that is one of ours already is left
    /// out.
    pub fn and(mut self, interface: InterfaceId, list: &[(IpAddr, u8)]) -> Addresses {
        for &(addr, prefix_len) in list {
            if check(addr, prefix_len).is_ok() && !self.is_ours(addr) {
                self.own.push(Own {
                    addr,
                    prefix_len,
                    interface,
                });
            }
        }
        self
    }

    /// The same, and whether packets to every other host are for us too.
    pub fn standing_in(self, any: bool) -> Addresses {
        Addresses { any, ..self }
    }

    /// Whether a host can have all of these.
    ///
    /// # Errors
    ///
    /// The first that it cannot have, and why.
    pub fn check(list: &[(IpAddr, u8)]) -> Result<(), AddressError> {
        let mut list = list.iter();
        list.try_for_each(|&(addr, prefix_len)| check(addr, prefix_len))
    }

    /// Whether `addr` is one of them.
    pub fn is_ours(&self, addr: IpAddr) -> bool {
        self.own.iter().any(|own| own.addr == addr)
    }

    /// Whether we speak for `addr`: what is sent there is for us, and we may answer from it;
    /// house!("any-address").
    pub fn speak_for(&self, addr: IpAddr) -> bool {
        self.is_ours(addr) || self.any && self.is_host(addr)
    }

    /// RFC 9293 section 3.9.1.1 (MUST-46): whether an address can be that of one host on a link.
    /// Loopback addresses must not appear there: RFC 1122 section 3.2.1.3 (g), RFC 4291 section
    /// 2.5.3.
    pub fn is_host(&self, addr: IpAddr) -> bool {
        let nowhere = match addr {
            IpAddr::V4(v4) => self.is_broadcast(v4),
            IpAddr::V6(_) => is_mapped(addr),
        };
        !(nowhere || addr.is_unspecified() || addr.is_multicast() || addr.is_loopback())
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = IpAddr> + '_ {
        self.own.iter().map(|own| own.addr)
    }

    /// Whether a packet to `addr` is for everybody on one of our networks: RFC 1122 section 3.3.6,
    /// the limited broadcast address, our networks' own, and the old forms with 0 for -1.
    pub fn is_broadcast(&self, addr: Ipv4Addr) -> bool {
        if addr.is_broadcast() || addr.is_unspecified() {
            return true;
        }
        self.own.iter().any(|own| match own.addr {
            IpAddr::V4(ours) => is_directed_broadcast(addr, ours, own.prefix_len),
            IpAddr::V6(_) => false,
        })
    }

    /// The address to send from to `dst` by `out`; `None` if we have none of its family, or nobody
    /// can be `dst`.
    pub fn source_for(&self, dst: IpAddr, out: InterfaceId) -> Option<IpAddr> {
        // RFC 4291 section 2.5.2: the unspecified address must not be used as a destination.
        if dst.is_unspecified() {
            return None;
        }
        let same_family = self
            .own
            .iter()
            .filter(|own| own.addr.is_ipv4() == dst.is_ipv4());
        // Of equals, `min_by_key` takes the first given.
        let best = match dst {
            // RFC 1122 section 3.3.4.3 (c): of the interface that the route has; (a): on the
            // destination's network.
            IpAddr::V4(_) => same_family.min_by_key(|own| {
                let common = common_prefix_len(own.addr, dst);
                let on_link = Reverse(if common >= own.prefix_len {
                    common.min(own.prefix_len)
                } else {
                    0
                });
                (own.interface != out, on_link)
            }),
            IpAddr::V6(dst) => same_family.min_by_key(|own| preference(own, dst, out)),
        };
        best.map(|own| own.addr)
    }
}

fn check(addr: IpAddr, prefix_len: u8) -> Result<(), AddressError> {
    let bits = if addr.is_ipv4() { 32 } else { 128 };
    if prefix_len > bits {
        return Err(AddressError::LongPrefix(addr, prefix_len, bits));
    }
    let what = if addr.is_unspecified() {
        "the unspecified address"
    } else if addr.is_loopback() {
        "a loopback address"
    } else if addr.is_multicast() {
        "a multicast address"
    } else if is_broadcast(addr, prefix_len) {
        "a broadcast address"
    } else if is_mapped(addr) {
        "an IPv4 address written as IPv6"
    } else {
        return Ok(());
    };
    Err(AddressError::NoHost(addr, what))
}

fn is_broadcast(addr: IpAddr, prefix_len: u8) -> bool {
    match addr {
        IpAddr::V4(addr) => addr.is_broadcast() || is_directed_broadcast(addr, addr, prefix_len),
        IpAddr::V6(_) => false,
    }
}

/// RFC 4291 section 2.5.5.2: an IPv4 address written as IPv6 has its place inside a program.
fn is_mapped(addr: IpAddr) -> bool {
    matches!(addr, IpAddr::V6(addr) if addr.to_ipv4_mapped().is_some())
}

/// RFC 6724 section 5: less is better; each place decides only between equals in those before it.
/// There are no deprecated, home or temporary addresses here, and none that a router gave: rules
/// 3, 4, 5.5 and 7 always tie.
fn preference(
    own: &Own,
    dst: Ipv6Addr,
    out: InterfaceId,
) -> (bool, ScopeRank, bool, bool, Reverse<u8>) {
    let IpAddr::V6(src) = own.addr else {
        let last = ScopeRank::TooNarrow(Reverse(0));
        return (true, last, true, true, Reverse(0));
    };
    (
        // Rule 1: prefer same address.
        src != dst,
        // Rule 2: prefer appropriate scope.
        ScopeRank::of(scope(src), scope(dst)),
        // Rule 5: prefer outgoing interface.
        own.interface != out,
        // Rule 6: prefer matching label.
        label(src) != label(dst),
        // Rule 8: use longest matching prefix.
        Reverse(common_prefix_len(own.addr, dst.into()).min(own.prefix_len)),
    )
}

/// RFC 6724 section 5, rule 2: of scopes that reach the destination's the smallest; of those that
/// do not, the largest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum ScopeRank {
    Reaches(u8),
    TooNarrow(Reverse<u8>),
}

impl ScopeRank {
    fn of(src: u8, dst: u8) -> ScopeRank {
        if src < dst {
            ScopeRank::TooNarrow(Reverse(src))
        } else {
            ScopeRank::Reaches(src)
        }
    }
}

/// RFC 6724 sections 3.1 and 3.4: unicast scopes as the multicast scopes that they map to.
fn scope(addr: Ipv6Addr) -> u8 {
    match addr.segments() {
        [first, ..] if addr.is_multicast() => (first & 0xf) as u8,
        _ if addr.is_loopback() || addr.is_unicast_link_local() => SCOPE_LINK_LOCAL,
        [0xfec0..=0xfeff, ..] => SCOPE_SITE_LOCAL,
        _ => SCOPE_GLOBAL,
    }
}

/// RFC 6724 section 2.1: the default policy table's labels, longer prefixes first.
fn label(addr: Ipv6Addr) -> u8 {
    match addr.segments() {
        [0, 0, 0, 0, 0, 0, 0, 1] => 0,
        [0, 0, 0, 0, 0, 0xffff, ..] => 4,
        [0, 0, 0, 0, 0, 0, ..] => 3,
        [0x2001, 0, ..] => 5,
        [0x2002, ..] => 2,
        [0x3ffe, ..] => 12,
        [0xfec0..=0xfeff, ..] => 11,
        [0xfc00..=0xfdff, ..] => 13,
        _ => 1,
    }
}

/// Who holds an address, named by one: on IPv6 whoever has an address may have all of its prefix of
/// 64 bits, and the first of them stands for all.
pub(super) fn holder(addr: IpAddr) -> IpAddr {
    match addr {
        IpAddr::V4(_) => addr,
        IpAddr::V6(addr) => Ipv6Addr::from_bits(addr.to_bits() & !u128::from(u64::MAX)).into(),
    }
}

/// How many leading bits two addresses of one family share.
fn common_prefix_len(a: IpAddr, b: IpAddr) -> u8 {
    let bits = match (a, b) {
        (IpAddr::V4(a), IpAddr::V4(b)) => (a.to_bits() ^ b.to_bits()).leading_zeros(),
        (IpAddr::V6(a), IpAddr::V6(b)) => (a.to_bits() ^ b.to_bits()).leading_zeros(),
        _ => 0,
    };
    // At most 128.
    bits as u8
}

/// Whether `addr` is the first or last of the network that `ours` with its prefix is on. Networks
/// of one or two addresses have no broadcast address.
fn is_directed_broadcast(addr: Ipv4Addr, ours: Ipv4Addr, prefix_len: u8) -> bool {
    let host_bits = u32::MAX.checked_shr(prefix_len.into()).unwrap_or(0);
    let host = addr.to_bits() & host_bits;
    let same_network = (addr.to_bits() ^ ours.to_bits()) & !host_bits == 0;
    host_bits > 1 && same_network && (host == 0 || host == host_bits)
}

// RFC 4291 section 2.7.
const SCOPE_LINK_LOCAL: u8 = 0x2;
const SCOPE_SITE_LOCAL: u8 = 0x5;
const SCOPE_GLOBAL: u8 = 0xe;

#[cfg(test)]
mod tests;
