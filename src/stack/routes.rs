//! What an owner knows of the way to a destination, and how connections there are to behave.
//!
//! A route says by which interface packets leave, how large they may be, what our SYN offers, and
//! with what a connection begins. The one with the longest prefix of a destination decides:
//! RFC 1122 section 3.3.1.1. The networks of our own addresses are routes from the beginning, and
//! whatever is on none of them leaves by the first interface; an owner may set others in their
//! place, or none. All are static (section 3.3.1.2). Paths say for themselves what they carry
//! (`paths`); a route may forbid to listen.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::base::{Instant, InterfaceId, Mss};
use crate::ip::prefix::{Prefix, PrefixMap};
use crate::probe::{Call, Event, Subject};
use crate::tcp;
use crate::tcp::congestion::Algorithm;

use super::error::NoInterface;
use super::{Config, ConnId, Input, Stack, TcpConfig};

/// A way to a destination; what is `None` is as everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "records", derive(serde::Serialize, serde::Deserialize))]
pub struct Route {
    /// Where packets leave.
    pub interface: InterfaceId,
    /// The next router. Nothing is sent to it by name; connections that find another one here take
    /// themselves for other flows: house!("flow-label").
    pub gateway: Option<IpAddr>,
    /// The largest packet, in bytes.
    pub mtu: Option<u16>,
    /// Nobody on the way may lower that.
    pub mtu_locked: bool,
    /// The maximum segment size that our SYN offers: RFC 9293 section 3.7.1.
    pub advertised_mss: Option<Mss>,
    /// The initial window, in segments: RFC 6928 section 2.
    pub initial_window: Option<u32>,
    /// The least retransmission timeout.
    pub rto_min: Option<Duration>,
    pub congestion: Option<Algorithm>,
    /// RFC 9293 section 3.9.2 (MUST-49).
    pub hop_limit: Option<u8>,
}

/// Routes by destination.
#[derive(Debug)]
pub(super) struct Routes {
    to: PrefixMap<Route>,
    /// The interface by which everything leaves, if no packet can leave by another or by none: it
    /// is asked for each.
    only: Option<InterfaceId>,
}

impl Routes {
    /// To the networks of our addresses, and everything else by the first interface.
    pub fn of(config: &Config) -> Routes {
        let mut to = PrefixMap::default();
        for all in [Prefix::ALL_V4, Prefix::ALL_V6] {
            to.insert(all, Route::default());
        }
        for (interface, addresses, _) in config.interfaces() {
            for &(addr, len) in addresses {
                let on_link = Prefix::new(addr, len);
                // Of two interfaces on one network the first has it.
                if to.at(on_link).is_none() {
                    let route = Route {
                        interface,
                        ..Route::default()
                    };
                    to.insert(on_link, route);
                }
            }
        }
        let mut routes = Routes { to, only: None };
        routes.look_at_all();
        routes
    }

    /// The route to `dst`.
    pub fn get(&self, dst: IpAddr) -> Option<&Route> {
        self.to.get(dst)
    }

    /// Where a packet to `dst` leaves; `None`: nowhere.
    pub fn interface(&self, dst: IpAddr) -> Option<InterfaceId> {
        self.way_of(|| Some(dst))
    }

    /// The same, where it costs something to know the destination.
    pub fn way_of(&self, dst: impl FnOnce() -> Option<IpAddr>) -> Option<InterfaceId> {
        self.only
            .or_else(|| self.get(dst()?).map(|route| route.interface))
    }

    fn set(&mut self, prefix: Prefix, route: Option<Route>) {
        match route {
            Some(route) => self.to.insert(prefix, route),
            None => self.to.remove(prefix),
        };
        self.look_at_all();
    }

    fn look_at_all(&mut self) {
        let of_default = |all| self.to.at(all).map(|route| route.interface);
        let [v4, v6] = [Prefix::ALL_V4, Prefix::ALL_V6].map(of_default);
        let mut interfaces = self.to.values().map(|route| Some(route.interface));
        self.only = v4.filter(|_| v4 == v6 && interfaces.all(|one| one == v4));
    }
}

impl Route {
    /// How a connection on it begins.
    fn configure(&self, config: &mut TcpConfig) {
        let Route {
            interface: _,
            gateway: _,
            mtu: _,
            mtu_locked: _,
            advertised_mss: _,
            initial_window,
            rto_min,
            congestion,
            hop_limit,
        } = *self;
        config.initial_window = initial_window.unwrap_or(config.initial_window);
        config.rto_min = rto_min.unwrap_or(config.rto_min);
        config.congestion = congestion.unwrap_or(config.congestion);
        config.hop_limit = hop_limit.or(config.hop_limit);
    }

    /// Whether it says with what connections begin.
    fn configures(&self) -> bool {
        self.initial_window.is_some()
            || self.rto_min.is_some()
            || self.congestion.is_some()
            || self.hop_limit.is_some()
    }
}

impl Stack {
    /// What is known from here on of the way to all that have no longer prefix with a route.
    /// Connections that are open leave by its interface and follow its sizes; those that are opened
    /// later begin as it says. The networks of our own addresses have routes that say no more than
    /// their interface, until others are set.
    ///
    /// # Errors
    ///
    /// There is no such interface.
    pub fn set_route(
        &mut self,
        now: Instant,
        prefix: Prefix,
        route: Route,
    ) -> Result<(), NoInterface> {
        if self.config.link(route.interface).is_none() {
            return Err(NoInterface(route.interface));
        }
        self.change_route(now, prefix, Some(route));
        Ok(())
    }

    /// Forgets the route to `prefix`: shorter ones count. What none leads to is unreachable.
    pub fn remove_route(&mut self, now: Instant, prefix: Prefix) {
        self.change_route(now, prefix, None);
    }

    fn change_route(&mut self, now: Instant, prefix: Prefix, route: Option<Route>) {
        let now = self.begin(now, || Input::Route(prefix, route));
        self.voice
            .input_told(now, Subject::Stack, || Event::Called(Call::Configure));
        let remotes = self
            .connections
            .iter()
            .map(|(id, slot)| (id, slot.connection.pair().remote.addr));
        let there = remotes.filter(|(_, remote)| prefix.contains(*remote));
        let before = there.map(|(id, remote)| (id, self.route(remote)));
        let before: Vec<(ConnId, Option<Route>)> = before.collect();
        self.routes.set(prefix, route);
        for (id, before) in before {
            self.follow_route(id, before);
        }
    }

    /// The route of a connection may be another.
    fn follow_route(&mut self, id: ConnId, before: Option<Route>) {
        let Some(slot) = self.connections.get_mut(id) else {
            return;
        };
        // Without one nothing leaves: whatever it was, it may come back.
        let Some(after) = self.routes.get(slot.connection.pair().remote.addr) else {
            return;
        };
        let hop = |route: &Route| (route.interface, route.gateway);
        if before.as_ref().map(hop) != Some(hop(after)) {
            slot.connection.doubt_path();
        }
        self.follow_mtu(id);
    }

    /// What is known of the way to `dst`; `None`: there is none.
    pub fn route(&self, dst: IpAddr) -> Option<Route> {
        self.routes.get(dst).copied()
    }

    /// How a connection to `dst` begins that would begin as `config` says anywhere else.
    pub(super) fn configured_for(
        &self,
        dst: IpAddr,
        mut config: Arc<tcp::Config>,
    ) -> Arc<tcp::Config> {
        if let Some(route) = self.routes.get(dst).filter(|route| route.configures()) {
            route.configure(Arc::make_mut(&mut config));
        }
        config
    }

    /// The largest packet that leaves for `dst`, whatever the path says. To where no route leads,
    /// none does: what stands for it is the first interface's.
    pub(super) fn link_mtu(&self, dst: IpAddr) -> u16 {
        let route = self.routes.get(dst).copied().unwrap_or_default();
        let link = self.config.link(route.interface);
        let most = link.map_or(self.config.mtu, |link| link.mtu);
        route.mtu.map_or(most, |mtu| mtu.min(most))
    }

    /// Whether nobody on the way to `dst` may say what it carries.
    pub(super) fn is_mtu_locked(&self, dst: IpAddr) -> bool {
        self.routes.get(dst).is_some_and(|route| route.mtu_locked)
    }

    /// The maximum segment size to offer to `remote`.
    pub(super) fn offered_mss(&self, config: &TcpConfig, remote: IpAddr) -> Mss {
        let link = self.link_mss(config, remote);
        let said = self
            .routes
            .get(remote)
            .and_then(|route| route.advertised_mss);
        said.map_or(link, |said| link.min(said))
    }
}
