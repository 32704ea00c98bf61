//! A stack at work: on a link of its own or on one that exists, logged, captured and ended in
//! order.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use anyhow::Context;
use rustix::net::netdevice::name_to_index;
use rustix::net::{AddressFamily, SocketFlags, SocketType, socket_with};

use crate::device::{Device, Preference, open_tun};
use crate::live::{self, Offer};
use crate::namespace::{Inside, Link, Mounts, Privilege, Via, doctor, enter};
use crate::net::{Birth, Clock, Down, Network, Options};
use crate::observe::{Capture, CaptureHandle, Interface, Log, Overflow, Section, capture};
use crate::probe::Observer;
use crate::replay::Tape;
use crate::report::text::{grouped, plain, size};
use crate::resolve::Families;
use crate::runs::{RecordError, create_file};
use crate::stack;
use crate::tls::Keys;
use crate::world::{Plan, Wish, private_link};

use super::Common;
use super::outlet::Target;
use super::screen::note;
use super::trouble::{Code, Trouble};
use super::values::Prefix;

/// Which link to stand on, and what to write down.
#[derive(Debug, clap::Args)]
pub struct Where {
    /// Use this TUN interface, which exists, instead of a private namespace; `scripts/tun-up`
    /// makes one
    #[arg(long, value_name = "NAME", conflicts_with = "link")]
    tun: Option<String>,
    /// The stack's address on that interface, as 10.190.0.2/24; once more for IPv6
    #[arg(long, value_name = "ADDRESS/LENGTH", requires = "tun")]
    addr: Vec<Prefix>,
    #[command(flatten)]
    pub private: Private,
}

/// Which link to make in a private namespace, and what to write down.
#[derive(Debug, clap::Args)]
pub struct Private {
    /// How packets travel in the private namespace
    #[arg(long, value_name = "LINK", default_value = "auto")]
    link: KernelLink,
    #[command(flatten)]
    tun: TunKind,
    /// Write every packet to FILE (pcapng), with what the stack thought of it; - is standard output
    #[arg(long, value_name = "FILE")]
    pub capture: Option<PathBuf>,
    /// Write there what is sent or received at once as the packets that a wire would carry
    #[arg(long, requires = "capture")]
    split: bool,
    /// Write the secrets of TLS into the capture too, so that Wireshark shows what is encrypted
    #[arg(long, requires = "capture")]
    keys: bool,
    /// Write all that the stack is told to FILE, its secrets too, for pellucid replay
    #[arg(long, value_name = "FILE")]
    pub tape: Option<PathBuf>,
}

/// What is left to the kernel of a TUN interface.
#[derive(Debug, clap::Args)]
pub struct TunKind {
    /// Let each packet cross a TUN interface as it would cross a wire: leave no checksums and no
    /// segments to the kernel
    #[arg(long)]
    plain: bool,
}

impl TunKind {
    /// Which device that is.
    pub fn preference(&self) -> Preference {
        if self.plain {
            Preference::Plain
        } else {
            Preference::Offload
        }
    }
}

/// A link with the kernel at its other end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum KernelLink {
    /// TUN if it opens, else veth
    Auto,
    /// A TUN interface
    Tun,
    /// A veth pair and a packet socket
    Veth,
}

impl KernelLink {
    fn wish(self) -> Wish {
        match self {
            KernelLink::Auto => Wish::Best,
            KernelLink::Tun => Wish::Only(Link::Tun),
            KernelLink::Veth => Wish::Only(Link::Veth),
        }
    }
}

impl Private {
    /// Enters a private namespace and makes the link there; first of all, while there is no thread.
    pub fn open(&self, mounts: Mounts) -> anyhow::Result<(Place, Inside)> {
        // Inside, this user is another.
        let watched_at = live::place::folder();
        let inside = enter(mounts)?;
        let plan = Plan {
            tun: self.tun.preference(),
            ..Plan::default()
        };
        let link = private_link(&inside, self.link.wish(), &plan)?;
        let place = Place {
            device: link.device,
            addresses: link.addresses,
            said: link.said,
            way_in: Some(inside.privilege()),
            any_address: false,
            watched_at,
        };
        Ok((place, inside))
    }
}

/// A link that was found or made.
pub struct Place {
    device: Box<dyn Device>,
    addresses: Vec<(IpAddr, u8)>,
    /// Which link it is, for people.
    pub said: String,
    /// How its private namespace was entered; `None` if it is the machine's own.
    pub way_in: Option<Privilege>,
    any_address: bool,
    /// The folder of sockets at which the user can attach.
    watched_at: PathBuf,
}

impl Where {
    /// Finds the link or makes it; first of all, while there is no thread.
    pub fn open(&self) -> anyhow::Result<Place> {
        match &self.tun {
            Some(name) => self.attach(name),
            None => Ok(self.private.open(Mounts::Shared)?.0),
        }
    }

    /// The same for a stack that answers for any address. What is sent anywhere in a private
    /// namespace goes there; on an interface that exists, routes are its owner's affair.
    pub fn open_for_any(&self) -> anyhow::Result<Place> {
        let place = match &self.tun {
            Some(name) => self.attach(name)?,
            None => {
                let plan = Plan::default();
                let (place, inside) = self.private.open(Mounts::Shared)?;
                let mut links = inside.links()?;
                for (ip, _) in &place.addresses {
                    let via = Via::Gateway(&plan.name, *ip);
                    let everywhere = match ip {
                        IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
                        IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
                    };
                    links.add_route(everywhere, 0, via)?;
                }
                place
            }
        };
        Ok(Place {
            any_address: true,
            ..place
        })
    }

    /// Whether a private namespace will be entered.
    pub fn is_private(&self) -> bool {
        self.tun.is_none()
    }

    /// Of which families the stack will have an address.
    pub fn families(&self) -> Families {
        let ours = self.tun_addresses();
        let is_private = self.is_private();
        Families {
            v4: is_private || ours.iter().any(|(ip, _)| ip.is_ipv4()),
            v6: is_private || ours.iter().any(|(ip, _)| ip.is_ipv6()),
        }
    }

    /// The stack's addresses on an interface that exists.
    fn tun_addresses(&self) -> Vec<(IpAddr, u8)> {
        match self.addr.as_slice() {
            [] => vec![TUN_UP],
            given => given.iter().map(|prefix| (prefix.0, prefix.1)).collect(),
        }
    }

    /// Says at once if the TUN interface that was named does not exist.
    pub fn check(&self) -> anyhow::Result<()> {
        self.tun.as_deref().map_or(Ok(()), exists)
    }

    fn attach(&self, name: &str) -> anyhow::Result<Place> {
        // Opening an interface that does not exist would make one, on the machine's own network.
        exists(name)?;
        let device = open_tun(name, self.private.tun.preference())
            .map_err(|error| not_attached(name, &error))?;
        let addresses = self.tun_addresses();
        let list: Vec<_> = addresses
            .iter()
            .map(|(ip, len)| format!("{ip}/{len}"))
            .collect();
        Ok(Place {
            device,
            addresses,
            said: format!(
                "TUN {name}, which exists; the stack is {}",
                list.join(" and ")
            ),
            way_in: None,
            any_address: false,
            watched_at: live::place::folder(),
        })
    }
}

fn exists(name: &str) -> anyhow::Result<()> {
    let (family, kind) = (AddressFamily::INET, SocketType::DGRAM);
    let asker = socket_with(family, kind, SocketFlags::CLOEXEC, None)?;
    if name_to_index(asker, name).is_ok() {
        return Ok(());
    }
    let what = format!("there is no interface called {name}");
    let why = "--tun takes a TUN interface that exists";
    let now = format!("sudo scripts/tun-up {name}; `ip link` lists what there is");
    Err(Trouble::usage(what, why, now).into())
}

/// What to do about an interface that exists and is not ours to use.
fn not_attached(name: &str, error: &io::Error) -> Trouble {
    let what = error.to_string();
    let device = doctor::tun_device();
    if let Some(fix) = device.fix {
        return Trouble {
            code: Code::Lacking,
            ..Trouble::failed(what, device.detail, fix)
        };
    }
    match error.kind() {
        io::ErrorKind::InvalidInput => Trouble::usage(
            what,
            "--tun takes a TUN interface",
            "`ip tuntap` lists those that exist; sudo scripts/tun-up makes one",
        ),
        io::ErrorKind::ResourceBusy => Trouble::failed(
            what,
            "it serves one program at a time",
            "end that program, or make another interface: sudo scripts/tun-up NAME",
        ),
        _ => Trouble::failed(
            what,
            "it takes an interface that belongs to you",
            format!(
                "sudo scripts/tun-down {name}, then sudo scripts/tun-up {name}, makes it yours"
            ),
        ),
    }
}

impl Place {
    /// The stack's addresses.
    pub fn addresses(&self) -> Vec<IpAddr> {
        self.addresses.iter().map(|(ip, _)| *ip).collect()
    }

    /// Puts a stack there and starts it, captures what `private` says, and lets whoever the user is
    /// watch it by the name of `verb`.
    pub fn start(self, verb: &str, private: &Private, common: Common) -> anyhow::Result<Station> {
        let clock = Clock::new();
        let mut observers: Vec<Box<dyn Observer + Send>> = Vec::new();
        if log::max_level() > log::LevelFilter::Warn {
            observers.push(Box::new(Log::new()));
        }
        let mut capture = None;
        if let Some(path) = &private.capture {
            let target = Target::of(path);
            let file = target.open()?.hang_up_with_reader()?;
            let settings = capture::Settings {
                interfaces: vec![Interface {
                    name: self.device.capabilities().name,
                    description: self.said.clone(),
                }],
                split: private.split,
                secrets: private.keys,
                ..capture_settings(&clock, "")
            };
            let started = Capture::start(file, settings);
            let (observer, handle) =
                started.with_context(|| format!("cannot write to {}", target.said()))?;
            observers.push(Box::new(observer));
            capture = Some((target, handle));
        }
        let config = stack::Config {
            any_address: self.any_address,
            ..stack::Config::new(self.addresses)
        };
        let mut tape = None;
        if let Some(path) = &private.tape {
            let begun = Tape::begin(create_file(path)?);
            let begun = begun.map_err(|error| RecordError::new("write", path, error))?;
            tape = Some((path.clone(), begun));
        }
        let options = Options {
            observers,
            birth: tape
                .as_ref()
                .map(|(_, tape)| Box::new(tape.of_network(verb)) as Birth),
            clock,
            ..Options::default()
        };
        let network = Network::start(self.device, config, options)
            .context("cannot start the stack on this link")?;
        Ok(Station {
            watched: offer(&self.watched_at, &network, verb, &self.said),
            network,
            capture,
            tape,
            quiet: common.quiet,
        })
    }
}

/// A stack at work.
pub struct Station {
    /// It ends before the network does.
    watched: Option<Offer>,
    /// What its sockets need.
    pub network: Network,
    capture: Option<(Target, CaptureHandle)>,
    tape: Option<(PathBuf, Tape)>,
    quiet: bool,
}

impl Station {
    /// What takes the secrets of TLS, if they are to be in the capture.
    pub fn keys(&self, private: &Private) -> Option<Keys> {
        let (_, handle) = self.capture.as_ref().filter(|_| private.keys)?;
        Some(Keys::new(handle.secrets()))
    }

    /// Lets what is on its way arrive, resets what is left, stops the stack, closes the capture,
    /// and says what is in it.
    pub fn end(mut self, patience: Duration) -> anyhow::Result<()> {
        self.network.drain(patience);
        self.network.abort();
        drop(self.watched.take());
        let taped = self
            .tape
            .take()
            .map(|(path, tape)| self.end_tape(&path, &tape));
        if let Some((target, handle)) = self.capture.take() {
            self.tell(&target, &handle.finish())?;
        }
        taped.unwrap_or(Ok(()))
    }

    fn end_tape(&self, path: &Path, tape: &Tape) -> anyhow::Result<()> {
        let written = tape.finish();
        let len = written.map_err(|error| RecordError::new("write", path, error))?;
        if !self.quiet {
            let shown = plain(&path.display().to_string());
            note(&format!("taped {}, in {shown}", size(len)));
        }
        Ok(())
    }

    fn tell(&self, target: &Target, stats: &capture::Stats) -> anyhow::Result<()> {
        let shown = target.said();
        if let Some(why) = &stats.stopped {
            let what = format!("the capture stopped after {} packets", stats.packets);
            let now = format!("{shown} is whole up to there; make room and run it again");
            return Err(Trouble::failed(what, why, now).into());
        }
        // Whoever reads standard output has seen what came.
        if !self.quiet && *target != Target::StandardOutput {
            let (packets, bytes) = (grouped(stats.packets), size(stats.bytes));
            note(&format!("captured {packets} packets, {bytes}, in {shown}"));
        }
        Ok(())
    }
}

/// Lets this user watch a stack. Without it the stack is what it is: a line for whoever asks is all
/// that is lost.
pub fn offer(folder: &Path, network: &Network, verb: &str, link: &str) -> Option<Offer> {
    let made = Offer::make(folder, network.clone(), verb, link);
    made.inspect_err(|error| log::info!("nobody can watch this with ss or top: {error}"))
        .ok()
}

/// How the program ends if something failed on this network: a panic in it is a bug of ours.
pub fn code_on(network: &Network) -> Code {
    match network.failure() {
        Some(Down::Panicked(_)) => Code::Broken,
        _ => Code::Failed,
    }
}

/// Settings of a capture that holds every packet: a slow disk is felt rather than a packet lost.
pub fn capture_settings(clock: &Clock, comment: &str) -> capture::Settings {
    let since_1970 = clock.date_of_birth().duration_since(UNIX_EPOCH);
    // Only a calendar set before 1970 has no answer, and one after 2554 too large a one.
    let epoch = since_1970.map_or(0, |time| u64::try_from(time.as_nanos()).unwrap_or(0));
    capture::Settings {
        epoch,
        section: Section::here(comment),
        overflow: Overflow::Wait,
        ..capture::Settings::default()
    }
}

/// What `scripts/tun-up` without arguments leaves to the stack.
const TUN_UP: (IpAddr, u8) = (IpAddr::V4(std::net::Ipv4Addr::new(10, 190, 0, 2)), 24);
