//! What an owner knows of the way to a destination, and how connections there are to behave.
//!
//! All packets leave through one device, so a route chooses nothing: it says how large packets may
//! be, what our SYN offers, and with what a connection begins. Paths say for themselves what they
//! carry (`paths`); a route may forbid to listen.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::base::{Instant, Mss};
use crate::probe::{Call, Event, Subject};
use crate::tcp;
use crate::tcp::congestion::Algorithm;

use super::{Stack, TcpConfig};

/// A way to a destination; what is `None` is as everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Route {
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

/// Routes by destination, and that to all others.
#[derive(Debug, Default)]
pub(super) struct Routes {
    to: BTreeMap<IpAddr, Route>,
    default: Route,
}

impl Routes {
    /// The route to `dst`.
    pub fn get(&self, dst: IpAddr) -> Route {
        self.to.get(&dst).copied().unwrap_or(self.default)
    }
}

impl Route {
    /// How a connection on it begins.
    fn configure(&self, config: &mut TcpConfig) {
        let Route {
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
}

impl Stack {
    /// What is known of the way to `dst` from here on; `None`: of the way to all that have no route
    /// of their own. Connections that are open follow its sizes; those that are opened later begin
    /// as it says.
    pub fn set_route(&mut self, now: Instant, dst: Option<IpAddr>, route: Route) {
        let now = self.tick(now);
        self.voice
            .input_told(now, Subject::Stack, || Event::Called(Call::Configure));
        let before = match dst {
            Some(dst) => {
                let before = self.routes.get(dst);
                self.routes.to.insert(dst, route);
                before
            }
            None => std::mem::replace(&mut self.routes.default, route),
        };
        let here = |addr: &IpAddr| match dst {
            Some(dst) => *addr == dst,
            None => !self.routes.to.contains_key(addr),
        };
        let users = self.connections.iter().filter(|(_, slot)| {
            let remote = slot.connection.pair().remote.addr;
            here(&remote)
        });
        let users: Vec<_> = users.map(|(id, _)| id).collect();
        for id in users {
            if route.gateway != before.gateway
                && let Some(slot) = self.connections.get_mut(id)
            {
                slot.connection.doubt_path();
            }
            self.follow_mtu(id);
        }
    }

    /// What is known of the way to `dst`.
    pub fn route(&self, dst: IpAddr) -> Route {
        self.routes.get(dst)
    }

    /// How a connection to `dst` begins that would begin as `config` says anywhere else.
    pub(super) fn configured_for(
        &self,
        dst: IpAddr,
        mut config: Arc<tcp::Config>,
    ) -> Arc<tcp::Config> {
        let route = self.routes.get(dst);
        if route != Route::default() {
            route.configure(Arc::make_mut(&mut config));
        }
        config
    }

    /// The largest packet that leaves for `dst`, whatever the path says.
    pub(super) fn link_mtu(&self, dst: IpAddr) -> u16 {
        let route = self.routes.get(dst).mtu;
        route.map_or(self.config.mtu, |mtu| mtu.min(self.config.mtu))
    }

    /// The maximum segment size to offer to `remote`.
    pub(super) fn offered_mss(&self, config: &TcpConfig, remote: IpAddr) -> Mss {
        let link = self.link_mss(config, remote);
        let said = self.routes.get(remote).advertised_mss;
        said.map_or(link, |said| link.min(said))
    }
}
