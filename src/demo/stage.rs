//! Sets the demonstration up, and takes it down: the link, both ends, and who watches.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use crate::base::Seed;
use crate::device::Device;
use crate::net::{Birth, Clock, Network, Options};
use crate::observe::capture::{Files, Links, Settings, Stats};
use crate::observe::events::About;
use crate::observe::on_link::OnLink;
use crate::observe::{
    Capture, CaptureHandle, ConnectionCounts, Connections, Conversation, Counters, Counts, Frame,
    Log, pcapng,
};
use crate::probe::Observer;
use crate::replay::Tape;
use crate::stack;
use crate::tcp;
use crate::world::{Peer, Plan, World};

use super::lossy::{Lossy, LostSegments, Sent};
use super::servers::{PORT, Server};
use super::site::{BODY_LEN, Site};

/// What the demonstration is made with.
#[derive(Debug)]
pub struct Stage {
    /// The link, and who is at its other end.
    pub world: World,
    /// What the world was made by.
    pub plan: Plan,
    /// What our side's chance and all bodies are drawn from.
    pub seed: u64,
    /// How to capture, but for the interface.
    pub capture: Settings,
    /// The time that the capture's settings speak of.
    pub clock: Clock,
    /// The link loses nothing; otherwise it loses a segment each way, on purpose.
    pub is_clean: bool,
}

impl Stage {
    /// Starts both ends.
    ///
    /// # Errors
    ///
    /// Those of sockets, of threads, and of writing the capture's beginning.
    pub fn start(
        self,
        capture_to: impl pcapng::Store + 'static,
        events_to: impl pcapng::Store + 'static,
        rich_to: Option<Box<dyn pcapng::Store>>,
        tape: Option<&Tape>,
    ) -> io::Result<Running> {
        let Stage {
            world: World { link, peer },
            plan,
            seed,
            capture,
            clock,
            is_clean,
        } = self;
        let reachable = reachable(&plan, &link.addresses);
        let server = start_server(peer, plan.kernel, &reachable, seed)?;
        let settings = Settings {
            interfaces: vec![pcapng::Interface {
                name: link.device.capabilities().name,
                description: link.said,
            }],
            ..capture
        };
        let about = About::alone("pellucid demo", "client");
        let files = Files {
            rich: rich_to.map(|store| (store, about.clone())),
            events: Some((Box::new(events_to), about)),
            ..Files::new(capture_to)
        };
        let (observer, captured) = Capture::start_files(files, settings)?;
        let (counters, connections) = (Counters::default(), Connections::new(CONNECTIONS_MAX));
        let sent = Sent::default();
        let (device, lost) = match is_clean {
            true => (link.device, LostSegments::default()),
            false => lossy(link.device, captured.links(), sent.clone(), clock),
        };
        let mut observers: Vec<Box<dyn Observer + Send>> = vec![
            Box::new(sent),
            Box::new(observer),
            Box::new(counters.clone()),
            Box::new(connections.clone()),
        ];
        if log::max_level() > log::LevelFilter::Warn {
            observers.push(Box::new(Log::new()));
        }
        let mut config = stack::Config::new(link.addresses);
        config.tcp = tcp_config();
        let options = Options {
            observers,
            seed: Some(Seed::from_number(seed)),
            birth: Some(born(tape)),
            clock,
            ..Options::default()
        };
        Ok(Running {
            network: Network::start(device, config, options)?,
            remotes: reachable
                .into_iter()
                .map(|ip| SocketAddr::new(ip, PORT))
                .collect(),
            server,
            counters,
            connections,
            captured,
            lost,
        })
    }
}

/// A device that loses a segment each way, and what it has lost.
fn lossy(
    device: Box<dyn Device>,
    links: Links,
    sent: Sent,
    clock: Clock,
) -> (Box<dyn Device>, LostSegments) {
    let lossy = Lossy::new(device, links, sent, clock);
    let lost = lossy.lost();
    (Box::new(lossy), lost)
}

/// The other end's addresses of the families that we have.
fn reachable(plan: &Plan, ours: &[(IpAddr, u8)]) -> Vec<IpAddr> {
    let theirs = plan.kernel.iter().map(|(ip, _)| *ip);
    let is_ours = |ip: &IpAddr| ours.iter().any(|(own, _)| own.is_ipv4() == ip.is_ipv4());
    theirs.filter(is_ours).collect()
}

/// Numbers the events of our stack beside those of the link, and has it recorded.
fn born(tape: Option<&Tape>) -> Birth {
    let mut recorded = tape.map(|tape| tape.of_network("client"));
    Box::new(move |index, seed, stack| {
        if let Some(recorded) = &mut recorded {
            recorded(index, seed, stack);
        }
        stack.number_events(0, 2);
    })
}

/// The other end, with these addresses, of which those in `reachable` are of use.
fn start_server(
    peer: Peer,
    addresses: Vec<(IpAddr, u8)>,
    reachable: &[IpAddr],
    seed: u64,
) -> io::Result<Server> {
    let site = Site::new(seed);
    match peer {
        Peer::Kernel(inside) => {
            for (name, value) in PATIENT_KERNEL {
                // One that cannot be told is no reason to fail.
                let _ = inside.set_sysctl(name, value);
            }
            Server::of_kernel(reachable, site)
        }
        Peer::Open(far) => {
            let its_own = Seed::from_number(seed.wrapping_add(1));
            let mut config = stack::Config::new(addresses);
            config.tcp = tcp_config();
            Server::of_ours(Box::new(far), config, its_own, site)
        }
    }
}

/// How our connections behave here.
fn tcp_config() -> Arc<tcp::Config> {
    Arc::new(tcp::Config {
        msl: MSL,
        receive_buffer: ROOM,
        rto_min: RTO_MIN,
        ..tcp::Config::default()
    })
}

/// Both ends at work.
#[derive(Debug)]
pub struct Running {
    /// Our end.
    pub network: Network,
    /// Where the other end serves: IPv4 first, IPv6 if there is any.
    pub remotes: Vec<SocketAddr>,
    server: Server,
    counters: Counters,
    connections: Connections,
    captured: CaptureHandle,
    lost: LostSegments,
}

impl Running {
    /// What the other end is, for people.
    pub fn peer(&self) -> &str {
        &self.server.said
    }

    /// Takes it down, and says what was seen.
    pub fn end(self) -> Seen {
        let Running {
            network,
            remotes: _,
            server,
            counters,
            connections,
            captured,
            lost,
        } = self;
        network.stop();
        drop(server);
        let frames = captured.frames();
        Seen {
            captured: captured.finish(),
            frames: frames.all(),
            unrecorded: frames.unrecorded(),
            conversations: frames.conversations(),
            connections: connections.connections(),
            counts: counters.counts(),
            lost: lost.lock().unwrap_or_else(PoisonError::into_inner).clone(),
        }
    }
}

/// What was seen of a demonstration.
#[derive(Debug)]
pub struct Seen {
    /// How capturing went.
    pub captured: Stats,
    /// All frames, in order.
    pub frames: Vec<Frame>,
    /// Frame numbers of which no record was kept.
    pub unrecorded: Option<RangeInclusive<u64>>,
    /// Whose they are.
    pub conversations: Vec<Conversation>,
    /// The numbers of the connections.
    pub connections: Vec<ConnectionCounts>,
    /// The numbers of everything.
    pub counts: Counts,
    /// What the link lost on purpose.
    pub lost: Vec<OnLink>,
}

/// The demonstration has two connections.
const CONNECTIONS_MAX: u32 = 16;

/// Room for a whole body and its head: however busy the machine is, a window that closes is not
/// part of this story. In bytes.
const ROOM: u32 = 16 << 20;
const _: () = assert!(ROOM as u64 > BODY_LEN + (1 << 20));

/// RFC 6298 section 2 (2.4) says so. Whoever waits less takes a busy machine for a loss.
const RTO_MIN: Duration = Duration::from_secs(1);

/// The same for Linux: room (it counts what holds the bytes, too, and offers half of it), no probe
/// after two round trips without an acknowledgment, and the least timeout, which can be told since
/// 6.11.
const PATIENT_KERNEL: [(&str, &str); 3] = [
    ("ipv4/tcp_rmem", "4096 33554432 33554432"),
    ("ipv4/tcp_early_retrans", "0"),
    ("ipv4/tcp_rto_min_us", "1000000"),
];

/// The maximum segment lifetime in the demonstration: nobody wants to wait a minute for
/// TIME-WAIT, and both ends are on this machine.
pub const MSL: Duration = Duration::from_millis(500);
