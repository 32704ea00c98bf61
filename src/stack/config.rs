//! What a stack is made with: its addresses, its limits, and what its connections begin with.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::base::{InterfaceId, Mss, Offloads};
use crate::ip::address::{AddressError, Addresses};
use crate::ip::icmp::ErrorRules;
use crate::tcp;

use super::share::Share;

/// What a stack is made with.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "records", derive(serde::Serialize, serde::Deserialize))]
pub struct Config {
    /// The addresses of the first interface, each with the length of its prefix in bits.
    pub addresses: Vec<(IpAddr, u8)>,
    /// Packets to every other host are for us too, and what we send may come from any address: what
    /// a transparent proxy or the end of a tunnel needs. Listeners and datagram sockets at the
    /// unspecified address hear all of them. What `addresses` hold stays ours: nobody else sends
    /// from there.
    pub any_address: bool,
    /// The largest packet that the first interface carries, in bytes.
    pub mtu: u16,
    /// What the first interface's device takes over.
    pub offloads: Offloads,
    /// Interfaces beside the first, in their order. Each takes what is sent to its own networks,
    /// and the first all that is sent elsewhere, unless routes are set.
    pub further: Vec<Interface>,
    /// How long a path's MTU that was learned is taken to hold: RFC 8201 section 4 wants five
    /// minutes at least and recommends ten. [`Duration::MAX`] is for ever.
    pub path_mtu_age: Duration,
    /// RFC 9293 section 3.9.2 (MUST-49): the TTL or hop limit of segments.
    pub hop_limit: u8,
    /// Which ICMP errors leave, and how many.
    pub icmp_errors: ErrorRules,
    /// How connections behave unless told otherwise.
    pub tcp: Arc<tcp::Config>,
    pub limits: Limits,
    /// Which of several stacks with the same addresses and the same seed it is.
    pub share: Share,
}

/// An interface beside the first.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "records", derive(serde::Serialize, serde::Deserialize))]
pub struct Interface {
    /// Its addresses, each with the length of its prefix in bits.
    pub addresses: Vec<(IpAddr, u8)>,
    /// The largest packet that it carries, in bytes.
    pub mtu: u16,
    /// What its device takes over.
    pub offloads: Offloads,
}

/// What an interface's device does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "records", derive(serde::Serialize, serde::Deserialize))]
pub struct Link {
    /// The largest packet that it carries, in bytes.
    pub mtu: u16,
    /// What it takes over.
    pub offloads: Offloads,
}

/// Why no stack can be made with a configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    #[error(transparent)]
    Address(#[from] AddressError),
    /// One address names one place.
    #[error("{0} is given twice")]
    TwiceOurs(IpAddr),
    /// RFC 791 section 3.2: every link carries 68 bytes.
    #[error("{0} carries packets of {1} bytes: at least {MTU_MIN} are needed")]
    NarrowInterface(InterfaceId, u16),
    #[error("{0} interfaces are too many: {most} at most", most = InterfaceId::MOST)]
    TooManyInterfaces(usize),
}

/// How much of everything there may be. At each limit something is refused and counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "records", derive(serde::Serialize, serde::Deserialize))]
pub struct Limits {
    /// Connections with a control block.
    pub connections: usize,
    /// Datagram sockets.
    pub udp_sockets: usize,
    /// Echo sockets.
    pub echo_sockets: usize,
    /// Half-open connections, of all listeners together.
    pub half_open: usize,
    /// Records of connections in TIME-WAIT; at the limit the oldest is forgotten.
    pub time_wait: usize,
}

impl Config {
    /// With these addresses on a device that carries packets of 1500 bytes.
    pub fn new(addresses: Vec<(IpAddr, u8)>) -> Config {
        Config {
            addresses,
            any_address: false,
            mtu: 1500,
            offloads: Offloads::NONE,
            further: Vec::new(),
            path_mtu_age: Duration::from_secs(600),
            hop_limit: crate::ip::transmit::HOP_LIMIT,
            icmp_errors: ErrorRules::default(),
            tcp: Arc::new(tcp::Config::default()),
            limits: Limits::default(),
            share: Share::ALL,
        }
    }

    /// Whether a stack can be made with it as it stands. [`super::Stack::new`] leaves out what is
    /// refused here.
    ///
    /// # Errors
    ///
    /// The first thing that cannot be, and why.
    pub fn check(&self) -> Result<(), ConfigError> {
        let count = 1 + self.further.len();
        if count > InterfaceId::MOST {
            return Err(ConfigError::TooManyInterfaces(count));
        }
        let mut seen = BTreeSet::new();
        for (id, addresses, mtu) in self.interfaces() {
            Addresses::check(addresses)?;
            let mut addrs = addresses.iter().map(|(addr, _)| *addr);
            if let Some(twice) = addrs.find(|addr| !seen.insert(*addr)) {
                return Err(ConfigError::TwiceOurs(twice));
            }
            if mtu < MTU_MIN {
                return Err(ConfigError::NarrowInterface(id, mtu));
            }
        }
        Ok(())
    }

    /// Every interface with its addresses and its MTU, in their order.
    pub fn interfaces(&self) -> impl Iterator<Item = (InterfaceId, &[(IpAddr, u8)], u16)> {
        let first = (&self.addresses[..], self.mtu);
        let further = self.further.iter();
        let further = further.map(|interface| (&interface.addresses[..], interface.mtu));
        let interfaces = InterfaceId::all().zip(std::iter::once(first).chain(further));
        interfaces.map(|(id, (addresses, mtu))| (id, addresses, mtu))
    }

    /// What the device of an interface does; `None` if there is no such interface.
    pub fn link(&self, interface: InterfaceId) -> Option<Link> {
        let (mtu, offloads) = match usize::from(interface.0).checked_sub(1) {
            None => (self.mtu, self.offloads),
            Some(at) => {
                let interface = self.further.get(at)?;
                (interface.mtu, interface.offloads)
            }
        };
        Some(Link { mtu, offloads })
    }

    /// The device of an interface does this. Nothing changes if there is no such interface.
    pub fn set_link(&mut self, interface: InterfaceId, link: Link) {
        let (mtu, offloads) = match usize::from(interface.0).checked_sub(1) {
            None => (&mut self.mtu, &mut self.offloads),
            Some(at) => match self.further.get_mut(at) {
                Some(interface) => (&mut interface.mtu, &mut interface.offloads),
                None => return,
            },
        };
        (*mtu, *offloads) = (link.mtu, link.offloads);
    }

    /// RFC 9293 section 3.7.1 (MUST-67, SHLD-6): the MSS to offer on the first interface is the
    /// largest packet less the fixed headers of IP and TCP.
    pub fn mss(&self, remote: IpAddr) -> Mss {
        self.mss_for(self.mtu, remote)
    }

    /// The same for another largest packet.
    pub(super) fn mss_for(&self, mtu: u16, remote: IpAddr) -> Mss {
        Mss::new(mtu.saturating_sub(headers(remote)))
    }

    /// RFC 4821 section 5.1: how long the packets are that such segments travel in.
    pub(super) fn mtu_for(&self, mss: Mss, remote: IpAddr) -> u16 {
        mss.get().saturating_add(headers(remote))
    }
}

/// The fixed headers of IP and TCP.
fn headers(remote: IpAddr) -> u16 {
    match remote {
        IpAddr::V4(_) => 20 + 20,
        IpAddr::V6(_) => 40 + 20,
    }
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            connections: 16_384,
            udp_sockets: 4_096,
            echo_sockets: 256,
            half_open: 1_024,
            time_wait: 16_384,
        }
    }
}

/// RFC 791 section 3.2: "every internet module must be able to forward a datagram of 68 octets
/// without further fragmentation".
const MTU_MIN: u16 = 68;
