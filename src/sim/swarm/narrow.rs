//! Links that are narrow, or become so, and routers that say nothing of it: the path's MTU has to
//! be found out. RFC 4821 section 7.
//!
//! Drawn from dice of its own, so that all else of a seed's world stays what it is.

use std::sync::Arc;

use crate::sim::dice::Dice;
use crate::sim::link::Path;
use crate::sim::world::Way;
use crate::tcp::PathProbing;

use super::Plan;

/// Makes one way of a plan narrow, perhaps; no narrower than `least`.
pub(super) fn narrow(plan: &mut Plan, least: u16) {
    let dice = &mut Dice::new(plan.seed, NARROW);
    for host in &mut plan.hosts {
        if dice.happens(0.3) {
            let tcp = Arc::make_mut(&mut host.config.tcp);
            tcp.path_probing = dice.one_of(&[PathProbing::Off, PathProbing::Always]);
        }
    }
    if !dice.happens(0.25) {
        return;
    }
    plan.complains = dice.happens(0.5);
    let index = dice.below(plan.links.len() as u64) as usize;
    let way = dice.one_of(&[Way::Forward, Way::Back]);
    let mtu = dice.from_to(least.into(), MTU_MAX) as u16;
    let link = &mut plan.links[index];
    let path = match way {
        Way::Forward => &mut link.forward,
        Way::Back => &mut link.back,
    };
    if dice.happens(0.5) {
        path.mtu = path.mtu.min(mtu);
    } else {
        let path = Path {
            mtu: path.mtu.min(mtu),
            ..path.clone()
        };
        let at = dice.within(plan.heals_after);
        plan.changes.push((at, index, way, path));
    }
}

const MTU_MAX: u64 = 9_000;
/// What dice are for that make worlds narrow.
const NARROW: u64 = 9 << 32;
