//! `ip route`: what a script knows of the way to a destination, as the stack takes it.

use crate::base::{InterfaceId, Mss};
use crate::stack::{self, Prefix};

use super::super::command::Route;
use super::Ours;
use super::option::algorithm;

impl Ours {
    /// A route as it is from here on. What it does not name is as everywhere: `ip route change`
    /// keeps nothing.
    ///
    /// # Errors
    ///
    /// The attribute that the stack has nothing for.
    pub(super) fn do_route(&mut self, route: &Route) -> Result<(), &'static str> {
        let Route {
            destination,
            gateway,
            advmss,
            mtu,
            locked,
            initcwnd,
            rto_min,
            ref congctl,
            hoplimit,
        } = *route;
        let congestion = match congctl {
            Some(name) => Some(algorithm(name.as_bytes()).ok_or("congctl")?),
            None => None,
        };
        let taken = stack::Route {
            interface: InterfaceId::FIRST,
            gateway,
            // A device's own packets are no longer than that.
            mtu: mtu.map(|mtu| u16::try_from(mtu).unwrap_or(u16::MAX)),
            mtu_locked: locked,
            advertised_mss: advmss.map(Mss::new),
            initial_window: initcwnd,
            rto_min,
            congestion,
            hop_limit: hoplimit,
        };
        let own = self.stack.config().addresses.first();
        let all = own.map_or(Prefix::ALL_V4, |(own, _)| Prefix::all_like(*own));
        self.route_by(destination.unwrap_or(all), taken);
        Ok(())
    }
}
