//! Interfaces, addresses and routes of a private namespace, by netlink.
//!
//! One request, one answer, in order; nothing is asked that the kernel answers at length. The
//! netlink crates change their interfaces with each minor version, so they are named here alone.

use std::fmt;
use std::io;
use std::net::IpAddr;

use netlink_packet_core::{
    NLM_F_ACK, NLM_F_CREATE, NLM_F_EXCL, NLM_F_REQUEST, NetlinkHeader, NetlinkMessage,
    NetlinkPayload,
};
use netlink_packet_route::address::{
    AddressAttribute, AddressHeader, AddressHeaderFlags, AddressMessage,
};
use netlink_packet_route::link::{
    AfSpecInet6, AfSpecUnspec, In6AddrGenMode, InfoData, InfoKind, InfoVeth, LinkAttribute,
    LinkFlags, LinkInfo, LinkMessage,
};
use netlink_packet_route::route::{
    RouteAttribute, RouteHeader, RouteMessage, RouteProtocol, RouteScope, RouteType,
};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};
use netlink_sys::protocols::NETLINK_ROUTE;
use netlink_sys::{Socket, SocketAddr};
use rustix::net::netdevice::name_to_index;
use rustix::net::{SocketFlags, SocketType, socket_with};

/// A conversation with the kernel about the links of one network namespace. Interfaces are named;
/// an error says which was meant, and [`io::Error::kind`] is the kernel's.
pub struct Links {
    socket: Socket,
    sequence: u32,
}

/// Where a route leads.
#[derive(Debug, Clone, Copy)]
pub enum Via<'a> {
    /// To hosts that are on the interface's link themselves.
    Link(&'a str),
    /// To a gateway on the interface's link.
    Gateway(&'a str, IpAddr),
}

impl fmt::Display for Via<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Via::Link(name) => write!(f, "dev {name}"),
            Via::Gateway(name, gateway) => write!(f, "via {gateway} dev {name}"),
        }
    }
}

impl Links {
    /// In the namespace of the calling thread: for `enter` alone, which knows that it is private.
    pub(super) fn open() -> io::Result<Links> {
        let mut socket = Socket::new(NETLINK_ROUTE)?;
        socket.bind_auto()?;
        Ok(Links {
            socket,
            sequence: 0,
        })
    }

    /// The interface's number.
    ///
    /// # Errors
    ///
    /// There is no interface of that name.
    pub fn index(&self, name: &str) -> io::Result<u32> {
        let (family, kind) = (rustix::net::AddressFamily::INET, SocketType::DGRAM);
        let asker = socket_with(family, kind, SocketFlags::CLOEXEC, None)?;
        name_to_index(asker, name)
            .map_err(|errno| explain(errno.into(), || format!("find interface {name}")))
    }

    /// Brings an interface up; one that is up stays so.
    ///
    /// # Errors
    ///
    /// There is no such interface, or no right to change it.
    pub fn set_up(&mut self, name: &str) -> io::Result<()> {
        self.set_flags(name, LinkFlags::Up, LinkFlags::Up)
            .map_err(|error| explain(error, || format!("bring {name} up")))
    }

    /// Takes an interface down; its routes go.
    ///
    /// # Errors
    ///
    /// As for [`Links::set_up`].
    pub fn set_down(&mut self, name: &str) -> io::Result<()> {
        self.set_flags(name, LinkFlags::empty(), LinkFlags::Up)
            .map_err(|error| explain(error, || format!("take {name} down")))
    }

    /// Sets the largest packet that an interface carries, in bytes.
    ///
    /// # Errors
    ///
    /// There is no such interface, or it cannot carry that much.
    pub fn set_mtu(&mut self, name: &str, mtu: u16) -> io::Result<()> {
        self.change(name, LinkAttribute::Mtu(mtu.into()))
            .map_err(|error| explain(error, || format!("set the MTU of {name} to {mtu}")))
    }

    /// Keeps the kernel from talking on this interface before anybody asked: it gives itself no
    /// link-local address, and without one it solicits no router. For an interface that is down.
    ///
    /// # Errors
    ///
    /// There is no such interface. A kernel without IPv6 is no error.
    pub fn silence(&mut self, name: &str) -> io::Result<()> {
        let by_hand = AfSpecInet6::AddrGenMode(In6AddrGenMode::None);
        let spec = AfSpecUnspec::Inet6(vec![by_hand]);
        match self.change(name, LinkAttribute::AfSpecUnspec(vec![spec])) {
            Err(error) if error.kind() == io::ErrorKind::Unsupported => Ok(()),
            changed => changed,
        }
        .map_err(|error| explain(error, || format!("silence {name}")))
    }

    /// Gives an interface an address, usable at once: IPv6 does not ask for duplicates first. One
    /// that it has stays.
    ///
    /// # Errors
    ///
    /// There is no such interface, or `prefix_len` is too long.
    pub fn add_address(&mut self, name: &str, ip: IpAddr, prefix_len: u8) -> io::Result<()> {
        let mut message = AddressMessage::default();
        message.header = AddressHeader {
            family: family(ip),
            prefix_len,
            flags: AddressHeaderFlags::Nodad,
            index: self.index(name)?,
            ..AddressHeader::default()
        };
        message.attributes = vec![AddressAttribute::Local(ip), AddressAttribute::Address(ip)];
        self.create(RouteNetlinkMessage::NewAddress(message))
            .or_else(unless_there)
            .map_err(|error| explain(error, || format!("give {ip}/{prefix_len} to {name}")))
    }

    /// Adds a route to all addresses that share their first `prefix_len` bits with `ip`; 0 bits
    /// are the default route. One that is there stays.
    ///
    /// # Errors
    ///
    /// The interface is missing or down, the gateway is not on its link, or `ip` has bits beyond
    /// `prefix_len`.
    pub fn add_route(&mut self, ip: IpAddr, prefix_len: u8, via: Via<'_>) -> io::Result<()> {
        let (name, scope) = match via {
            Via::Link(name) => (name, RouteScope::Link),
            Via::Gateway(name, _) => (name, RouteScope::Universe),
        };
        let mut message = RouteMessage::default();
        message.header = RouteHeader {
            address_family: family(ip),
            destination_prefix_length: prefix_len,
            table: RouteHeader::RT_TABLE_MAIN,
            protocol: RouteProtocol::Static,
            scope,
            kind: RouteType::Unicast,
            ..RouteHeader::default()
        };
        message.attributes = vec![
            RouteAttribute::Destination(ip.into()),
            RouteAttribute::Oif(self.index(name)?),
        ];
        if let Via::Gateway(_, gateway) = via {
            message
                .attributes
                .push(RouteAttribute::Gateway(gateway.into()));
        }
        self.create(RouteNetlinkMessage::NewRoute(message))
            .or_else(unless_there)
            .map_err(|error| explain(error, || format!("route {ip}/{prefix_len} {via}")))
    }

    /// Makes two Ethernet interfaces joined by a wire.
    ///
    /// # Errors
    ///
    /// One of the names is taken, or the kernel has no veth driver.
    pub fn add_veth(&mut self, name: &str, peer: &str) -> io::Result<()> {
        let other_end = InfoData::Veth(InfoVeth::Peer(named(peer)));
        let mut message = named(name);
        message.attributes.push(LinkAttribute::LinkInfo(vec![
            LinkInfo::Kind(InfoKind::Veth),
            LinkInfo::Data(other_end),
        ]));
        self.create(RouteNetlinkMessage::NewLink(message))
            .map_err(|error| explain(error, || format!("make the veth pair {name}, {peer}")))
    }

    /// Deletes an interface; with one end of a veth pair goes the other.
    ///
    /// # Errors
    ///
    /// There is no such interface, or it cannot be deleted, as `lo`.
    pub fn delete(&mut self, name: &str) -> io::Result<()> {
        self.request(RouteNetlinkMessage::DelLink(named(name)), 0)
            .map_err(|error| explain(error, || format!("delete {name}")))
    }

    fn set_flags(&mut self, name: &str, flags: LinkFlags, mask: LinkFlags) -> io::Result<()> {
        let mut message = named(name);
        message.header.flags = flags;
        message.header.change_mask = mask;
        self.request(RouteNetlinkMessage::SetLink(message), 0)
    }

    fn change(&mut self, name: &str, attribute: LinkAttribute) -> io::Result<()> {
        let mut message = named(name);
        message.attributes.push(attribute);
        self.request(RouteNetlinkMessage::SetLink(message), 0)
    }

    fn create(&mut self, message: RouteNetlinkMessage) -> io::Result<()> {
        self.request(message, NLM_F_CREATE | NLM_F_EXCL)
    }

    /// Sends one request and waits for its answer, which the kernel has ready when `send` returns.
    fn request(&mut self, message: RouteNetlinkMessage, flags: u16) -> io::Result<()> {
        self.sequence = self.sequence.wrapping_add(1);
        let mut header = NetlinkHeader::default();
        header.flags = NLM_F_REQUEST | NLM_F_ACK | flags;
        header.sequence_number = self.sequence;
        let mut request = NetlinkMessage::new(header, NetlinkPayload::InnerMessage(message));
        request.finalize();
        let mut bytes = vec![0; request.buffer_len()];
        request.serialize(&mut bytes);
        self.socket.send_to(&bytes, &SocketAddr::new(0, 0), 0)?;

        let mut answer = Vec::with_capacity(ANSWER_MAX);
        self.socket.recv_from(&mut answer, 0)?;
        let answer = NetlinkMessage::<RouteNetlinkMessage>::deserialize(&answer)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.to_string()))?;
        match answer.payload {
            _ if answer.header.sequence_number != self.sequence => Err(out_of_turn()),
            NetlinkPayload::Error(error) if error.code.is_some() => Err(error.to_io()),
            NetlinkPayload::Error(_) => Ok(()),
            _ => Err(out_of_turn()),
        }
    }
}

impl fmt::Debug for Links {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Links").finish_non_exhaustive()
    }
}

/// A message about the interface of that name.
fn named(name: &str) -> LinkMessage {
    let mut message = LinkMessage::default();
    message.attributes = vec![LinkAttribute::IfName(name.to_owned())];
    message
}

fn family(ip: IpAddr) -> AddressFamily {
    match ip {
        IpAddr::V4(_) => AddressFamily::Inet,
        IpAddr::V6(_) => AddressFamily::Inet6,
    }
}

fn unless_there(error: io::Error) -> io::Result<()> {
    match error.kind() {
        io::ErrorKind::AlreadyExists => Ok(()),
        _ => Err(error),
    }
}

fn explain(error: io::Error, what: impl FnOnce() -> String) -> io::Error {
    io::Error::new(error.kind(), format!("cannot {}: {error}", what()))
}

fn out_of_turn() -> io::Error {
    let text = "the kernel answered another request than the one that was sent";
    io::Error::new(io::ErrorKind::InvalidData, text)
}

/// An answer is an error number and at most a copy of the request, which is shorter than this.
const ANSWER_MAX: usize = 4096;
