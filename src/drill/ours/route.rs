//! `ip route`: what a script knows of the way to a destination, as the stack takes it.

use crate::base::Mss;
use crate::stack;

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
        self.stack.set_route(self.now, destination, taken);
        Ok(())
    }
}
