//! Interfaces, addresses and routes of a private namespace, by netlink.
//!
//! One request, one answer, in order; nothing is asked that the kernel answers at length. The
//! netlink crates change their interfaces with each minor version, so they are named here alone.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use netlink_packet_core::{
    ErrorBuffer, NLM_F_ACK, NLM_F_CREATE, NLM_F_EXCL, NLM_F_REQUEST, NLMSG_ERROR, NetlinkBuffer,
    NetlinkHeader, NetlinkMessage, NetlinkPayload,
};
use netlink_packet_route::address::{
    AddressAttribute, AddressHeader, AddressHeaderFlags, AddressMessage,
};
use netlink_packet_route::link::{
    AfSpecInet6, AfSpecUnspec, In6AddrGenMode, InfoData, InfoKind, InfoVeth, LinkAttribute,
    LinkFlags, LinkHeader, LinkInfo, LinkMessage,
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

    /// Returns when an interface that is up carries packets. Between both ends of a veth pair the
    /// kernel notices in the background that there is a wire, and until then loses what is sent.
    ///
    /// # Errors
    ///
    /// There is no such interface, or no wire.
    pub fn wait_until_running(&mut self, name: &str) -> io::Result<()> {
        for _ in 0..LOOKS_MAX {
            let flags = self.ask(RouteNetlinkMessage::GetLink(named(name)), 0);
            let flags = flags
                .and_then(|answer| LinkHeader::parse(&answer.payload).map_err(not_understood))
                .map_err(|error| explain(error, || format!("wait for {name}")))?
                .flags;
            if flags.contains(LinkFlags::Up | LinkFlags::Running) {
                return Ok(());
            }
            std::thread::sleep(LOOK_EVERY);
        }
        let text = format!("{name} carries no packets; are both its ends up?");
        Err(io::Error::new(io::ErrorKind::TimedOut, text))
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

    /// Sets how many packets may wait on an interface for whoever reads them; what comes while so
    /// many wait is lost.
    ///
    /// # Errors
    ///
    /// There is no such interface.
    pub fn set_queue(&mut self, name: &str, packets: u32) -> io::Result<()> {
        self.change(name, LinkAttribute::TxQueueLen(packets))
            .map_err(|error| explain(error, || format!("let {packets} packets wait on {name}")))
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

    /// Gives an interface that is up an address, and returns when packets for it are taken. IPv6
    /// does not ask for duplicates first. An address that it has stays.
    ///
    /// # Errors
    ///
    /// There is no such interface, it is down, or `prefix_len` is too long.
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
            .and_then(|()| self.wait_until_local(ip))
            .map_err(|error| explain(error, || format!("give {ip}/{prefix_len} to {name}")))
    }

    /// The kernel tells itself in the background that an IPv6 address is its own: until then it
    /// drops what comes for it.
    fn wait_until_local(&mut self, ip: IpAddr) -> io::Result<()> {
        for _ in 0..LOOKS_MAX {
            if ip.is_ipv4() || self.is_local(ip)? {
                return Ok(());
            }
            std::thread::sleep(LOOK_EVERY);
        }
        let text = "the kernel does not take packets for it; is the interface up?";
        Err(io::Error::new(io::ErrorKind::TimedOut, text))
    }

    fn is_local(&mut self, ip: IpAddr) -> io::Result<bool> {
        let mut message = RouteMessage::default();
        message.header.address_family = family(ip);
        message.header.destination_prefix_length = if ip.is_ipv4() { 32 } else { 128 };
        message.attributes = vec![RouteAttribute::Destination(ip.into())];
        match self.ask(RouteNetlinkMessage::GetRoute(message), 0) {
            Ok(answer) => {
                let route = RouteHeader::parse(&answer.payload).map_err(not_understood)?;
                Ok(route.kind == RouteType::Local)
            }
            Err(error) if error.kind() == io::ErrorKind::NetworkUnreachable => Ok(false),
            Err(error) => Err(error),
        }
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

    /// Makes an interface the only way out: silent, up, with this size and address, and everybody
    /// else behind it.
    ///
    /// # Errors
    ///
    /// What the kernel says.
    pub fn stand(
        &mut self,
        name: &str,
        mtu: u16,
        (ip, prefix_len): (IpAddr, u8),
    ) -> io::Result<()> {
        self.silence(name)?;
        self.set_mtu(name, mtu)?;
        self.set_up(name)?;
        self.add_address(name, ip, prefix_len)?;
        let all: IpAddr = match ip {
            IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
            IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
        };
        self.add_route(all, 0, Via::Link(name))
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

    /// Has the kernel do something.
    fn request(&mut self, message: RouteNetlinkMessage, flags: u16) -> io::Result<()> {
        match self.ask(message, NLM_F_ACK | flags)?.kind {
            NLMSG_ERROR => Ok(()),
            _ => Err(not_understood("no acknowledgement")),
        }
    }

    /// Sends one request and takes its answer, which the kernel has ready when `send` returns.
    fn ask(&mut self, message: RouteNetlinkMessage, flags: u16) -> io::Result<Answer> {
        self.sequence = self.sequence.wrapping_add(1);
        let mut header = NetlinkHeader::default();
        header.flags = NLM_F_REQUEST | flags;
        header.sequence_number = self.sequence;
        let mut request = NetlinkMessage::new(header, NetlinkPayload::InnerMessage(message));
        request.finalize();
        let mut bytes = vec![0; request.buffer_len()];
        request.serialize(&mut bytes);
        self.socket.send_to(&bytes, &SocketAddr::new(0, 0), 0)?;

        let mut answer = Vec::with_capacity(ANSWER_MAX);
        self.socket.recv_from(&mut answer, 0)?;
        let answer = NetlinkBuffer::new_checked(&answer).map_err(not_understood)?;
        if answer.sequence_number() != self.sequence {
            return Err(not_understood("it is for another request"));
        }
        if answer.message_type() == NLMSG_ERROR {
            let verdict = ErrorBuffer::new_checked(answer.payload()).map_err(not_understood)?;
            if let Some(code) = verdict.code() {
                return Err(io::Error::from_raw_os_error(code.get().wrapping_neg()));
            }
        }
        Ok(Answer {
            kind: answer.message_type(),
            payload: answer.payload().to_vec(),
        })
    }
}

/// A message from the kernel that is no refusal. Of its payload only the header is ever read,
/// which does not grow from one kernel to the next.
struct Answer {
    kind: u16,
    payload: Vec<u8>,
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

fn not_understood(why: impl fmt::Display) -> io::Error {
    let text = format!("the kernel's answer is not understood: {why}");
    io::Error::new(io::ErrorKind::InvalidData, text)
}

/// An answer is an error number with at most a copy of the request, or one route or link: these
/// take two or three thousand bytes with all their statistics.
const ANSWER_MAX: usize = 1 << 15;
/// What the kernel does in the background usually takes it less than a millisecond; a machine
/// that is busy, a thousand times as long.
const LOOKS_MAX: u32 = 2000;
const LOOK_EVERY: Duration = Duration::from_millis(1);
