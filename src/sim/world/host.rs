//! A host: a stack, what watches it, and what runs on it.

use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use crate::base::wheel::Entry;
use crate::base::{Instant, Seed};
use crate::sim::app::Service;
use crate::sim::invariants::{Invariants, Rules};
use crate::sim::parcel::Parcel;
use crate::stack::{Config, ConnId, ListenerId, Stack};

use super::conversation::{PartyId, Role};
use super::router::Routes;

#[derive(Debug)]
pub(super) struct Host {
    pub stack: Stack,
    pub watch: Invariants,
    pub entry: Entry,
    pub armed: Option<Instant>,
    /// How far its clock is ahead of the world's.
    pub ahead: Duration,
    /// It does nothing before then.
    pub paused_until: Option<Instant>,
    /// What has come meanwhile.
    pub inbox: VecDeque<Parcel>,
    pub is_touched: bool,
    pub parties: BTreeMap<ConnId, PartyId>,
    pub listening: Vec<Listening>,
    pub routes: Routes,
    /// What its stack was made from.
    pub seed: Seed,
    /// How often it has been settled, for checks that are too dear to make each time.
    pub settled: u64,
    pub restarts: u64,
}

/// A service at work.
#[derive(Debug)]
pub(super) struct Listening {
    pub id: ListenerId,
    pub port: u16,
    pub service: Service,
    /// What each connection that it accepts does.
    pub role: Role,
    /// It accepts nothing before then.
    pub again: Option<Instant>,
    pub entry: Entry,
}

impl Host {
    pub fn new(config: Config, seed: u64, entry: Entry) -> Host {
        let (stack, watch) = watched(config, seed);
        Host {
            stack,
            watch,
            entry,
            armed: None,
            ahead: Duration::ZERO,
            paused_until: None,
            inbox: VecDeque::new(),
            is_touched: false,
            parties: BTreeMap::new(),
            listening: Vec::new(),
            routes: Routes::default(),
            seed: Seed::from_number(seed),
            settled: 0,
            restarts: 0,
        }
    }

    /// Begins anew, with new secrets and nothing open.
    pub fn restart(&mut self, seed: u64) {
        let config = self.stack.config().clone();
        (self.stack, self.watch) = watched(config, seed);
        self.seed = Seed::from_number(seed);
        self.parties.clear();
        self.inbox.clear();
        self.paused_until = None;
        self.restarts += 1;
    }

    /// What its clock shows.
    pub fn local(&self, now: Instant) -> Instant {
        now + self.ahead
    }

    /// When its stack wants to be called, by the world's clock.
    pub fn deadline(&self, now: Instant) -> Option<Instant> {
        if let Some(until) = self.paused_until {
            return Some(until);
        }
        let local = self.stack.poll_timeout()?;
        let nanos = local.since(Instant::BIRTH).saturating_sub(self.ahead);
        Some((Instant::BIRTH + nanos).max(now))
    }

    /// "Any of mine": of IPv6 if it has any, which takes IPv4 too.
    pub fn any_address(&self) -> IpAddr {
        let addresses = &self.stack.config().addresses;
        if addresses.iter().any(|(address, _)| address.is_ipv6()) {
            IpAddr::V6(Ipv6Addr::UNSPECIFIED)
        } else {
            IpAddr::V4(Ipv4Addr::UNSPECIFIED)
        }
    }
}

fn watched(config: Config, seed: u64) -> (Stack, Invariants) {
    let watch = Invariants::new(Rules::of(&config));
    let mut stack = Stack::new(config, Seed::from_number(seed));
    stack.observe(Box::new(watch.clone()));
    (stack, watch)
}
