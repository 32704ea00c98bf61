//! A whole world as data: what a seed is drawn into, what is shrunk, what is shown when it failed.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use crate::base::Instant;
use crate::sim::app::{App, Service};
use crate::sim::link::{Link, Path};
use crate::sim::world::{Birth, Fault, InFlight, NodeId, Router, Way, World};
use crate::stack::Config;

/// A world, what happens in it, and for how long.
#[derive(Debug, Clone)]
pub struct Plan {
    /// What its chance comes from.
    pub seed: u64,
    /// What hosts' clocks show when it begins.
    pub birth: Instant,
    /// The two hosts. A router is between them if there are two links.
    pub hosts: [HostPlan; 2],
    /// One link, or two in a row.
    pub links: Vec<Link>,
    /// Whether the router between them says what is too big for the next link.
    pub complains: bool,
    /// Who talks to whom.
    pub talks: Vec<Talking>,
    /// What happens to which host, and when.
    pub faults: Vec<(Duration, usize, Fault)>,
    /// Which way of which link becomes another, and when.
    pub changes: Vec<(Duration, usize, Way, Path)>,
    /// When everything becomes well.
    pub heals_after: Duration,
    /// What becomes of what is on its way then.
    pub in_flight: InFlight,
    /// Whether hosts check the sums of packets that nothing has damaged.
    pub checks_sums: bool,
    /// Whether nothing in it can end a conversation but its own script.
    pub must_be_whole: bool,
}

/// A host, and what listens on it: service `n` on port 80 + `n`.
#[derive(Debug, Clone)]
pub struct HostPlan {
    pub config: Config,
    pub services: Vec<Service>,
}

/// A conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Talking {
    /// When it is opened.
    pub at: Duration,
    /// By which host; the other has the service.
    pub from: usize,
    /// To which of its addresses.
    pub address: usize,
    /// To which of its services.
    pub service: usize,
    pub app: App,
    /// If it is there, the other end opens too, so much later, and is this.
    pub meets: Option<(Duration, App)>,
}

impl Plan {
    /// Builds it.
    ///
    /// # Errors
    ///
    /// What of it cannot be built, in words.
    pub fn build(&self) -> Result<Built, String> {
        self.build_with(None)
    }

    /// The same, and somebody is told when its stacks are made.
    ///
    /// # Errors
    ///
    /// What of it cannot be built, in words.
    pub fn build_with(&self, birth: Option<Birth>) -> Result<Built, String> {
        self.try_build(birth).map_err(|error| error.to_string())
    }

    fn try_build(&self, birth: Option<Birth>) -> Result<Built, Box<dyn std::error::Error>> {
        let mut world = World::born_at(self.seed, self.birth);
        if let Some(birth) = birth {
            world.on_birth(birth);
        }
        world.trust_checksums(!self.checks_sums);
        let mut hosts = [NodeId(0); 2];
        for (id, host) in hosts.iter_mut().zip(&self.hosts) {
            *id = world.host(host.config.clone())?;
            for (port, service) in (FIRST_PORT..).zip(&host.services) {
                world.serve(*id, port, *service)?;
            }
        }
        let links = match &self.links[..] {
            [one] => vec![world.link(hosts[0], hosts[1], one)?],
            [near, far] => {
                let mut between = Router::default();
                if self.complains {
                    between.complains_from = ROUTER.to_vec();
                }
                let router = world.router(between);
                vec![
                    world.link(hosts[0], router, near)?,
                    world.link(router, hosts[1], far)?,
                ]
            }
            _ => return Err("there is one link, or there are two".into()),
        };
        for (number, talking) in self.talks.iter().enumerate() {
            self.open(&mut world, hosts, number, talking)?;
        }
        for (at, host, fault) in &self.faults {
            world.fault(self.birth + *at, hosts[*host], *fault);
        }
        for (at, link, way, path) in &self.changes {
            world.change(self.birth + *at, links[*link], *way, path.clone())?;
        }
        Ok(Built { world, hosts })
    }

    fn open(
        &self,
        world: &mut World,
        hosts: [NodeId; 2],
        number: usize,
        talking: &Talking,
    ) -> Result<(), Box<dyn std::error::Error>> {
        let Talking {
            at,
            from,
            address,
            service,
            app,
            meets,
        } = *talking;
        let at = self.birth + at;
        let addresses = [from, 1 - from].map(|host| {
            let addresses = &self.hosts[host].config.addresses;
            addresses[address % addresses.len()].0
        });
        let [own, other] = addresses;
        match meets {
            None => {
                let to = SocketAddr::new(other, FIRST_PORT + service as u16);
                world.open(at, hosts[from], to, app)?;
            }
            Some((later, peer)) => {
                let port = MEETING_PORT + number as u16;
                world.open_both(
                    (at, hosts[from], SocketAddr::new(own, port), app),
                    (
                        at + later,
                        hosts[1 - from],
                        SocketAddr::new(other, port),
                        peer,
                    ),
                )?;
            }
        }
        Ok(())
    }
}

/// A plan's world.
#[derive(Debug)]
pub struct Built {
    pub world: World,
    pub hosts: [NodeId; 2],
}

/// The router's addresses.
const ROUTER: [IpAddr; 2] = [
    IpAddr::V4(Ipv4Addr::new(10, 0, 0, 254)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, 254)),
];
/// Where services listen, from here on.
const FIRST_PORT: u16 = 80;
/// Where those meet who both open, from here on.
const MEETING_PORT: u16 = 7_000;
