//! The private world: a namespace, a device in it, and addresses on both sides of the device.
//!
//! The ladder of `namespace::Link` is climbed down here, because here alone a namespace and a
//! device meet: TUN if it opens, else a veth pair, else no kernel at all. Whatever is chosen is
//! said in a line for people, with the reason.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::base::Offloads;
use crate::device::veth::refuse_offloads;
use crate::device::{Device, Generic, PipeEnd, Preference, Veth, open_tun, pipe};
use crate::namespace::{Inside, Link, Links, Mounts, Refusal, doctor, enter};

/// Enters a private namespace and makes a link between a stack and its peer there: the first thing
/// in `main`, before any thread exists.
///
/// # Errors
///
/// With [`Wish::Only`], the machine does not allow that link. With [`Wish::Best`], only what no
/// machine refuses: descriptors for the link in memory.
pub fn open(wish: Wish, mounts: Mounts, plan: &Plan) -> Result<World, Refusal> {
    if wish == Wish::Only(Link::InProcess) {
        return in_process(plan, "both ends are pellucid, as asked".to_owned());
    }
    let made = enter(mounts).and_then(|inside| {
        let link = private_link(&inside, wish, plan)?;
        Ok((inside, link))
    });
    match made {
        Ok((inside, link)) => Ok(World {
            link,
            peer: Peer::Kernel(inside),
        }),
        Err(refusal) if wish == Wish::Best => {
            let Refusal { what, why, now, .. } = refusal;
            let said =
                format!("no kernel peer here, both ends are pellucid: {what}: {why} (fix: {now})");
            in_process(plan, said)
        }
        Err(refusal) => Err(refusal),
    }
}

/// Which rung of the ladder is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// The best that the machine allows.
    Best,
    /// This one or none.
    Only(Link),
}

/// Names, addresses and size of the link.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The kernel's interface, at most 9 bytes; our end of a veth pair has `-stack` behind it.
    pub name: String,
    /// The largest packet, in bytes.
    pub mtu: u16,
    /// The kernel's addresses with their prefix lengths, the first one of the link's own.
    pub kernel: Vec<(IpAddr, u8)>,
    /// The stack's, likewise.
    pub stack: Vec<(IpAddr, u8)>,
    /// Which TUN device, if it is one.
    pub tun: Preference,
}

impl Default for Plan {
    fn default() -> Plan {
        let both = |host: u8| {
            let v4 = Ipv4Addr::new(10, 90, 0, host);
            let v6 = Ipv6Addr::new(0xfd90, 0, 0, 0, 0, 0, 0, host.into());
            vec![(v4.into(), 24), (v6.into(), 64)]
        };
        Plan {
            name: "plc0".to_owned(),
            mtu: 1500,
            kernel: both(1),
            stack: both(2),
            tun: Preference::default(),
        }
    }
}

/// A link, and who is at its other end.
#[derive(Debug)]
pub struct World {
    /// The stack's end.
    pub link: PrivateLink,
    /// The other end.
    pub peer: Peer,
}

/// Who is at the other end.
#[derive(Debug)]
pub enum Peer {
    /// The kernel, in this private namespace.
    Kernel(Inside),
    /// Nobody until a second stack is put there.
    Open(PipeEnd),
}

/// A stack's end of a link.
pub struct PrivateLink {
    /// What carries the packets.
    pub device: Box<dyn Device>,
    /// Which rung of the ladder it stands on.
    pub rung: Link,
    /// The stack's addresses with their prefix lengths: those of the plan that the peer can reach.
    pub addresses: Vec<(IpAddr, u8)>,
    /// What was chosen and why, for people.
    pub said: String,
}

impl std::fmt::Debug for PrivateLink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PrivateLink")
            .field("rung", &self.rung)
            .field("said", &self.said)
            .finish_non_exhaustive()
    }
}

/// Makes the link between a stack and the kernel, inside a private namespace.
///
/// # Errors
///
/// The machine does not allow the link that is wanted, or neither.
pub fn private_link(inside: &Inside, wish: Wish, plan: &Plan) -> Result<PrivateLink, Refusal> {
    let mut links = inside.links().map_err(cannot_configure)?;
    match wish {
        Wish::Only(Link::Veth) => by_veth(inside, &mut links, plan, None),
        Wish::Only(Link::Tun) => match open_tun(&plan.name, plan.tun) {
            Ok(tun) => by_tun(&mut links, plan, tun),
            Err(error) => Err(no_tun(error)),
        },
        Wish::Only(Link::InProcess) => Err(Refusal::by_rule(
            "a link in this process has no kernel at its other end",
            "it needs no private namespace",
            "open it with `world::open`",
        )),
        Wish::Best => match open_tun(&plan.name, plan.tun) {
            Ok(tun) => by_tun(&mut links, plan, tun),
            Err(error) => by_veth(inside, &mut links, plan, Some(no_tun(error))),
        },
    }
}

fn by_tun(links: &mut Links, plan: &Plan, device: Box<dyn Device>) -> Result<PrivateLink, Refusal> {
    links
        .set_queue(&plan.name, TUN_QUEUE)
        .map_err(cannot_configure)?;
    let note = configure(links, plan, &plan.name).map_err(cannot_configure)?;
    let kind = match device.capabilities().offloads {
        Offloads::NONE => "plain TUN",
        _ => "TUN",
    };
    Ok(PrivateLink {
        device,
        rung: Link::Tun,
        addresses: note.reachable(&plan.stack),
        said: format!("{kind} in a private namespace{note}"),
    })
}

fn by_veth(
    inside: &Inside,
    links: &mut Links,
    plan: &Plan,
    instead_of: Option<Refusal>,
) -> Result<PrivateLink, Refusal> {
    // What two processors send over a pair, each hands on by itself, and the later may come first.
    // This lets one processor do it for all interfaces made from here on. Linux before 6.3 cannot,
    // and what comes in disorder is only slower.
    let _ = inside.set_sysctl("core/rps_default_mask", "1");
    let (device, addresses, note) = make_veth(links, plan).map_err(no_veth)?;
    let reason = match instead_of {
        None => "as asked".to_owned(),
        Some(Refusal { why, now, .. }) => format!("instead of TUN: {why} (fix: {now})"),
    };
    let device: Box<dyn Device> = match plan.tun {
        Preference::Offload => Box::new(Generic::new(Box::new(device))),
        Preference::Plain => Box::new(device),
    };
    Ok(PrivateLink {
        device,
        rung: Link::Veth,
        addresses,
        said: format!("veth in a private namespace{note}, {reason}"),
    })
}

/// A device, the addresses it answers for, and what of the plan is missing.
type Made = (Veth, Vec<(IpAddr, u8)>, Note);

fn make_veth(links: &mut Links, plan: &Plan) -> io::Result<Made> {
    let [(theirs, _), ..] = plan.kernel[..] else {
        let text = "the plan has no address for the kernel";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
    };
    let ours = format!("{}-stack", plan.name);
    links.add_veth(&plan.name, &ours)?;
    refuse_offloads(&plan.name)?;
    links.silence(&ours)?;
    links.set_mtu(&ours, plan.mtu)?;
    links.set_up(&ours)?;
    let note = configure(links, plan, &plan.name)?;
    links.wait_until_running(&ours)?;
    links.wait_until_running(&plan.name)?;
    if note.without_ipv6.is_none() {
        // Linux asks for a neighbour from the address that the packet has, if it is one of the
        // interface; else, as for packets of a server on `lo`, only from a link-local one.
        links.add_address(&plan.name, LINK_LOCAL.into(), 64)?;
    }
    let addresses = note.reachable(&plan.stack);
    let ips: Vec<IpAddr> = addresses.iter().map(|(ip, _)| *ip).collect();
    Ok((Veth::open(&ours, &ips, theirs)?, addresses, note))
}

/// What of a plan could not be had.
struct Note {
    without_ipv6: Option<io::Error>,
}

impl Note {
    fn reachable(&self, addresses: &[(IpAddr, u8)]) -> Vec<(IpAddr, u8)> {
        let is_reachable = |ip: IpAddr| ip.is_ipv4() || self.without_ipv6.is_none();
        let all = addresses.iter().copied();
        all.filter(|(ip, _)| is_reachable(*ip)).collect()
    }
}

impl std::fmt::Display for Note {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.without_ipv6 {
            Some(error) => write!(f, ", without IPv6 ({error})"),
            None => Ok(()),
        }
    }
}

/// Gives the kernel's interface its size and addresses. A machine where IPv6 is switched off is
/// still good for IPv4.
fn configure(links: &mut Links, plan: &Plan, name: &str) -> io::Result<Note> {
    let mut note = Note { without_ipv6: None };
    links.silence(name)?;
    links.set_mtu(name, plan.mtu)?;
    links.set_up(name)?;
    for &(ip, prefix_len) in &plan.kernel {
        match links.add_address(name, ip, prefix_len) {
            Err(error) if ip.is_ipv6() => note.without_ipv6 = Some(error),
            added => added?,
        }
    }
    Ok(note)
}

fn in_process(plan: &Plan, said: String) -> Result<World, Refusal> {
    let (near, far) = pipe(plan.mtu).map_err(|error| {
        let why = "this process may open no more files";
        Refusal::by_system(
            "cannot make a link in memory",
            error,
            why,
            "raise `ulimit -n`",
        )
    })?;
    Ok(World {
        link: PrivateLink {
            device: Box::new(near),
            rung: Link::InProcess,
            addresses: plan.stack.clone(),
            said,
        },
        peer: Peer::Open(far),
    })
}

fn no_tun(error: io::Error) -> Refusal {
    let device = doctor::tun_device();
    match device.fix {
        Some(fix) => Refusal::by_system("cannot open the TUN device", error, &device.detail, &fix),
        None => {
            let why = "the device opens, but gives no interface to this namespace";
            let now = "`pellucid doctor` tells what works here";
            Refusal::by_system("cannot make a TUN interface", error, why, now)
        }
    }
}

fn no_veth(error: io::Error) -> Refusal {
    let why = "it needs the veth driver and packet sockets of the kernel";
    let now = "sudo modprobe veth af_packet; `pellucid doctor` tells what works here";
    Refusal::by_system("cannot make a veth pair", error, why, now)
}

fn cannot_configure(error: io::Error) -> Refusal {
    let why = "the interface was made, but the kernel refused to configure it";
    let now = "`pellucid doctor` tells what works here";
    Refusal::by_system("cannot configure the private link", error, why, now)
}

/// The kernel's on a veth pair: it gives itself none.
const LINK_LOCAL: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1);

/// How many packets may wait on a TUN interface: at 1500 bytes almost three of the windows that
/// our receivers offer, so that a burst for a busy program is not lost at its own door. Linux's
/// default, 500, is less than one.
const TUN_QUEUE: u32 = 2048;
