//! Who talks to whom: an address with a port, and the pair of them that names a connection.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

/// A socket in the words of RFC 9293 section 4: an address and a port. 20 bytes, where std's
/// `SocketAddr` takes 32.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Endpoint {
    pub addr: IpAddr,
    pub port: u16,
}

impl Endpoint {
    /// Every local socket, for whoever takes what comes to any: nobody has port 0 for himself.
    pub const EVERYWHERE: Endpoint = Endpoint {
        addr: IpAddr::V6(Ipv6Addr::UNSPECIFIED),
        port: 0,
    };
}

impl From<SocketAddr> for Endpoint {
    fn from(socket: SocketAddr) -> Endpoint {
        Endpoint {
            addr: socket.ip(),
            port: socket.port(),
        }
    }
}

impl From<Endpoint> for SocketAddr {
    fn from(endpoint: Endpoint) -> SocketAddr {
        SocketAddr::new(endpoint.addr, endpoint.port)
    }
}

/// `10.90.0.2:80` or `[fd90::2]:80`.
impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        SocketAddr::from(*self).fmt(f)
    }
}

/// RFC 9293 section 3.4: the pair of sockets that names a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SocketPair {
    pub local: Endpoint,
    pub remote: Endpoint,
}

impl SocketPair {
    /// How many bytes [`SocketPair::bytes`] gives.
    pub const LEN: usize = 36;

    /// The pair as one block of bytes, for keyed hashes. No two pairs share theirs.
    pub fn bytes(&self) -> [u8; SocketPair::LEN] {
        let mut block = [0; SocketPair::LEN];
        for (chunk, endpoint) in block.chunks_exact_mut(18).zip([self.local, self.remote]) {
            let (addr, port) = chunk.split_at_mut(16);
            addr.copy_from_slice(&octets(endpoint.addr));
            port.copy_from_slice(&endpoint.port.to_be_bytes());
        }
        block
    }
}

/// An address of either family as so many bytes, an IPv4 address in its IPv4-mapped form.
pub fn octets(addr: IpAddr) -> [u8; 16] {
    match addr {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().octets(),
        IpAddr::V6(v6) => v6.octets(),
    }
}

/// As one block: each packet that comes in is looked up by this.
impl Hash for SocketPair {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write(&self.bytes());
    }
}

/// `10.90.0.2:40000 > 203.0.113.10:443`.
impl fmt::Display for SocketPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} > {}", self.local, self.remote)
    }
}

const _: () = assert!(size_of::<SocketPair>() == 40);

#[cfg(test)]
mod tests;
