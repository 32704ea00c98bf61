//! A world made of a scenario.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use crate::sim::{Link, LinkId, NodeId, Outsider, Path, Router, Way, World};
use crate::stack::Config;

use super::act::Begin;
use super::error::Invalid;
use super::file::{Host, Scenario, StackKind, unknown};
use super::link::LinkSpec;

/// A world, and what is called what in it.
#[derive(Debug)]
pub struct Built {
    pub world: World,
    /// The hosts with stacks, the one whose packets are captured first.
    pub hosts: Vec<(String, NodeId)>,
    /// Those without.
    pub outsiders: Vec<(String, NodeId)>,
    /// The ways of each link, both with the name under which events tell of them.
    pub links: Vec<Named>,
}

/// A link, and what its ways are called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    pub id: LinkId,
    /// From the node named first, and back.
    pub ways: [String; 2],
    /// The entries of the file: which of them says what about which way.
    pub entries: Entries,
}

/// Entries of a file, and which ways of a link each is about.
pub type Entries = Vec<(String, Vec<Way>)>;

impl Scenario {
    /// Makes the world.
    ///
    /// # Errors
    ///
    /// A value that does not fit.
    pub fn build(&self) -> Result<Built, Invalid> {
        let mut world = World::new(self.seed);
        let vantage = self.vantage()?.to_owned();
        let (mut hosts, mut outsiders) = (Vec::new(), Vec::new());
        let others = self.host.iter().filter(|(name, _)| **name != vantage);
        let all = self.host.get_key_value(&vantage).into_iter().chain(others);
        for (name, host) in all {
            if host.stack != StackKind::Pellucid {
                let addresses = vec![host.addr];
                let id = world.outsider(match host.stack {
                    StackKind::Kernel => Outsider::door(addresses),
                    _ => Outsider::at(addresses),
                });
                outsiders.push((name.clone(), id));
                continue;
            }
            let config = config(host).map_err(|(at, what)| {
                let at = format!("host.{name}.{at}");
                Invalid::value(at, what)
            })?;
            let id = world.host(config);
            let id = id.map_err(|error| Invalid::value(format!("host.{name}"), error))?;
            hosts.push((name.clone(), id));
        }
        let mut nodes = [hosts.clone(), outsiders.clone()].concat();
        for (name, router) in &self.router {
            if self.host.contains_key(name) {
                let what = "a host has this name already";
                return Err(Invalid::value(format!("router.{name}"), what));
            }
            let complains_from = if router.icmp {
                vec![router.addr]
            } else {
                Vec::new()
            };
            let id = world.router(Router::complaining(complains_from));
            nodes.push((name.clone(), id));
        }
        let links = self.lay(&mut world, &nodes)?;
        Ok(Built {
            world,
            hosts,
            outsiders,
            links,
        })
    }

    /// Whose packets are captured.
    ///
    /// # Errors
    ///
    /// There is no host.
    pub fn vantage(&self) -> Result<&str, Invalid> {
        if let Some(name) = &self.vantage {
            return Ok(name);
        }
        let is_ours = |name: &&str| {
            let host = self.host.get(*name);
            host.is_none_or(|host| host.stack == StackKind::Pellucid)
        };
        let connects = self.acts.iter().find_map(|item| match &item.act {
            Some(act) if matches!(act.begin, Begin::Connect { .. }) => {
                item.host.as_deref().filter(is_ours)
            }
            _ => None,
        });
        let with_stack = || {
            let mut hosts = self.host.iter();
            let found = hosts.find(|(_, host)| host.stack == StackKind::Pellucid);
            found.map(|(name, _)| name.as_str())
        };
        let first = connects.or_else(with_stack);
        first.ok_or_else(|| Invalid::value("host", "there is none with a stack of ours"))
    }

    /// Where a host listens.
    pub(super) fn socket(&self, at: &str, host: &str, port: u16) -> Result<SocketAddr, Invalid> {
        if let Ok(addr) = host.parse::<IpAddr>() {
            return Ok(SocketAddr::new(addr, port));
        }
        self.known_host(at, host)?;
        let addr = self.host.get(host).map(|host| host.addr);
        let addr = addr.ok_or_else(|| Invalid::value(at, "there is no such host"))?;
        Ok(SocketAddr::new(addr, port))
    }

    fn lay(&self, world: &mut World, nodes: &[(String, NodeId)]) -> Result<Vec<Named>, Invalid> {
        let mut links: Vec<(Ends, Entries)> = Vec::new();
        for (name, spec) in &self.link {
            let at = format!("link.{name}");
            let (ends, ways) = self.ends(&at, name, spec)?;
            for end in &ends.0 {
                if !nodes.iter().any(|(known, _)| known == end) {
                    let names: Vec<String> = nodes.iter().map(|(name, _)| name.clone()).collect();
                    return Err(unknown(&at, "host or router", end, names.iter()));
                }
            }
            let entry = (name.clone(), ways);
            // The other way of one that is known already.
            let turned = Ends([ends.0[1].clone(), ends.0[0].clone()]);
            if let Some((_, entries)) = links.iter_mut().find(|(known, _)| *known == ends) {
                entries.push(entry);
            } else if let Some((_, entries)) = links.iter_mut().find(|(known, _)| *known == turned)
            {
                let ways = entry.1.iter().map(|way| opposite(*way)).collect();
                entries.push((entry.0, ways));
            } else {
                links.push((ends, vec![entry]));
            }
        }
        if links.is_empty() {
            links.push((self.two("link")?, Vec::new()));
        }
        let mut named = Vec::new();
        for (ends, entries) in links {
            named.push(self.lay_one(world, nodes, &ends, entries)?);
        }
        Ok(named)
    }

    fn lay_one(
        &self,
        world: &mut World,
        nodes: &[(String, NodeId)],
        ends: &Ends,
        entries: Entries,
    ) -> Result<Named, Invalid> {
        let [from, to] = &ends.0;
        let mut paths = [Path::default(), Path::default()];
        let mut ways = [format!("{from} to {to}"), format!("{to} to {from}")];
        for (name, of) in &entries {
            let path = self.link.get(name).map(LinkSpec::path).transpose();
            let path = path.map_err(|what| Invalid::value(format!("link.{name}"), what))?;
            for way in of {
                let index = usize::from(*way == Way::Back);
                paths[index] = path.clone().unwrap_or_default();
                if of.len() == 1 {
                    ways[index].clone_from(name);
                }
            }
        }
        let [forward, back] = paths;
        let node = |name: &String| nodes.iter().find(|(known, _)| known == name);
        let ends = node(from).zip(node(to));
        let ((_, a), (_, b)) = ends.ok_or_else(|| Invalid::value("link", "it leads nowhere"))?;
        let id = world.link(*a, *b, &Link { forward, back });
        Ok(Named {
            id: id.map_err(|error| Invalid::value("link", error))?,
            ways,
            entries,
        })
    }

    /// Which nodes a link joins, and which ways of it an entry is about.
    fn ends(&self, at: &str, name: &str, spec: &LinkSpec) -> Result<(Ends, Vec<Way>), Invalid> {
        let both = vec![Way::Forward, Way::Back];
        match (&spec.between, &spec.from, &spec.to) {
            (Some([a, b]), None, None) => Ok((Ends([a.clone(), b.clone()]), both)),
            (None, Some(a), Some(b)) => Ok((Ends([a.clone(), b.clone()]), vec![Way::Forward])),
            (None, None, None) => match name {
                "up" => Ok((self.two(at)?, vec![Way::Forward])),
                "down" => Ok((self.two(at)?, vec![Way::Back])),
                _ => Err(Invalid::value(
                    at,
                    "it says between = [\"a\", \"b\"], or from and to, or is called up or down",
                )),
            },
            _ => Err(Invalid::value(at, "it says between, or from and to")),
        }
    }

    /// The two hosts that there are, the one whose packets are captured first.
    fn two(&self, at: &str) -> Result<Ends, Invalid> {
        let vantage = self.vantage()?;
        let mut others = self.host.keys().filter(|name| *name != vantage);
        match (others.next(), others.next()) {
            (Some(other), None) => Ok(Ends([vantage.to_owned(), other.clone()])),
            _ => Err(Invalid::value(
                at,
                "there are more than two hosts: it says between, or from and to",
            )),
        }
    }
}

/// The names of both ends.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Ends([String; 2]);

fn opposite(way: Way) -> Way {
    match way {
        Way::Forward => Way::Back,
        Way::Back => Way::Forward,
    }
}

/// The stack of a host.
fn config(host: &Host) -> Result<Config, (String, String)> {
    let tcp = host.tcp.config();
    let tcp = tcp.map_err(|(knob, what)| (format!("tcp.{knob}"), what))?;
    let mtu = u16::try_from(host.mtu.0);
    let mtu = mtu.map_err(|_| ("mtu".to_owned(), format!("{} is too much", host.mtu)))?;
    Ok(Config {
        mtu,
        tcp: Arc::new(tcp),
        ..Config::new(vec![(host.addr, host.prefix)])
    })
}
