//! The largest packet that reaches a destination: RFC 1191, RFC 8201, and RFC 4821 section 5.2.
//!
//! Whoever was told that a packet was too big has made sure that it was one of ours (RFC 5927).
//! Here the estimate falls, never below the family's floor and never up again because of such a
//! message, and is forgotten after a time, since only that way a path that has become wider shows.
//! A path that was found to swallow packets and say nothing is `silent`: probes search it from
//! below, and what they find is kept here for all that go there. Sending probes is the transports'
//! business; what follows from all this is told to them by whoever holds it.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use crate::base::Instant;

/// Estimates by destination.
#[derive(Debug, Default)]
pub struct PathMtus {
    known: BTreeMap<IpAddr, Known>,
    /// Destinations by when they are forgotten, and the order in which that was decided.
    by_age: BTreeMap<(Instant, u64), IpAddr>,
    learned: u64,
}

#[derive(Debug, Clone, Copy)]
struct Known {
    path: PathMtu,
    age: (Instant, u64),
}

/// What a path carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PathMtu {
    /// In bytes, IP headers counted.
    pub mtu: u16,
    /// IPv4 alone: the path carries even less, and routers must cut what is sent.
    pub narrower: bool,
    /// RFC 4821 section 7.1's search_high: nothing longer is worth a probe. [`u16::MAX`] where
    /// nothing bounds it but the link.
    pub most: u16,
    /// A packet one byte longer than `most` was lost, or one by which that was concluded.
    pub searched: bool,
    /// Nobody on the path says what is too big: only probes find out.
    pub silent: bool,
}

/// What somebody on the way had to say.
#[derive(Debug, Clone, Copy)]
pub struct TooBig {
    pub dst: IpAddr,
    /// The MTU that the message names; 0 on IPv4 if it names none.
    pub named: u32,
    /// How long the packet was, by its own header.
    pub length: u32,
    /// What is thought of the path where nothing else is known: [`PathMtu::of_link`].
    pub so_far: PathMtu,
}

/// Why a message changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unmoved {
    /// It cannot be true.
    Impossible,
    /// It says nothing new.
    Known,
}

impl PathMtu {
    /// A path of which nothing is known but the link that it begins with.
    pub fn of_link(mtu: u16) -> PathMtu {
        PathMtu {
            mtu,
            narrower: false,
            most: mtu,
            searched: false,
            silent: false,
        }
    }

    /// A path that is to be searched from `mtu` on, up to what the link carries.
    pub fn from_below(mtu: u16) -> PathMtu {
        PathMtu {
            most: u16::MAX,
            silent: true,
            ..PathMtu::of_link(mtu)
        }
    }
}

impl PathMtus {
    /// Learns that a packet of ours was too big, until `age` has passed since `now`.
    ///
    /// # Errors
    ///
    /// Why the estimate stays what it was.
    pub fn learn(
        &mut self,
        now: Instant,
        told: &TooBig,
        age: Duration,
    ) -> Result<PathMtu, Unmoved> {
        let before = self.get(told.dst).unwrap_or(told.so_far);
        // A packet no longer than what its complainer carries was not too big for it.
        if told.named >= told.length {
            return Err(Unmoved::Impossible);
        }
        let (mtu, narrower) = match told.dst {
            // RFC 8201 section 4: less than the minimum link MTU is no path's MTU.
            IpAddr::V6(_) if told.named < FLOOR_V6 => return Err(Unmoved::Impossible),
            IpAddr::V6(_) => (narrow(told.named), false),
            IpAddr::V4(_) => {
                let mtu = match told.named {
                    // RFC 1191 section 5: an old router names none, and may have added a header to
                    // the length that it quotes.
                    0 => plateau_below(told.length.min(before.most.into())),
                    // RFC 1191 section 3: every router carries 68 bytes (RFC 791 section 3.2).
                    1..LEAST_V4 => return Err(Unmoved::Impossible),
                    named => named,
                };
                (narrow(mtu.max(FLOOR_V4)), mtu < FLOOR_V4)
            }
        };
        // RFC 1191 section 3, RFC 8201 section 4: such a message never raises the estimate.
        let lower = mtu < before.mtu || (narrower && !before.narrower);
        let path = if lower && mtu <= told.so_far.mtu {
            PathMtu {
                mtu,
                narrower,
                most: mtu,
                searched: false,
                ..before
            }
        } else if !narrower && (before.mtu..before.most).contains(&mtu) {
            // RFC 4821 section 7.6.2, RFC 8899 section 4.6.2: a probe was too big, and the message
            // says for what.
            PathMtu {
                most: mtu,
                searched: false,
                ..before
            }
        } else {
            return Err(Unmoved::Known);
        };
        self.remember(told.dst, path, now + age);
        Ok(path)
    }

    /// What nearly all paths to such a destination carry, RFC 8899 section 5.1.2's BASE_PLPMTU, if
    /// `base` is what is taken for it on IPv4.
    pub fn base(dst: IpAddr, base: u16) -> u16 {
        match dst {
            IpAddr::V4(_) => base.max(narrow(FLOOR_V4)),
            IpAddr::V6(_) => base.max(narrow(FLOOR_V6)),
        }
    }

    /// What to try on a path to `dst`, of which `so_far` was thought, that seems to swallow longer
    /// packets and says nothing; `None` if there is nothing left to try.
    ///
    /// RFC 4821 section 7.7: the base, and half of it with each further timeout. The lower bound of
    /// IPv4 is house!("path-mtu-floor"): what is longer than the path carries, routers may cut.
    pub fn below(dst: IpAddr, so_far: PathMtu, base: u16) -> Option<PathMtu> {
        let floor = match dst {
            IpAddr::V4(_) => narrow(FLOOR_V4),
            IpAddr::V6(_) => narrow(FLOOR_V6),
        };
        let base = PathMtus::base(dst, base);
        let mtu = match so_far.mtu > base {
            true => base,
            false => (so_far.mtu / 2).max(floor),
        };
        let cut = dst.is_ipv4() && so_far.mtu == floor;
        let lower = mtu < so_far.mtu || (cut && !so_far.narrower);
        // What probes have found to be lost stays lost.
        let most = if so_far.silent { so_far.most } else { u16::MAX };
        lower.then_some(PathMtu {
            mtu,
            narrower: cut,
            most: most.max(mtu),
            searched: so_far.silent && so_far.searched,
            silent: true,
        })
    }

    /// Keeps what was found out of the path to `dst`.
    pub fn set(&mut self, now: Instant, dst: IpAddr, path: PathMtu, age: Duration) {
        self.remember(dst, path, now + age);
    }

    fn remember(&mut self, dst: IpAddr, path: PathMtu, until: Instant) {
        let age = (until, self.learned);
        self.learned = self.learned.saturating_add(1);
        if let Some(old) = self.known.insert(dst, Known { path, age }) {
            self.by_age.remove(&old.age);
        }
        self.by_age.insert(age, dst);
        if self.known.len() > KNOWN_MAX {
            self.forget_oldest();
        }
    }

    /// What is known of the path to `dst`.
    pub fn get(&self, dst: IpAddr) -> Option<PathMtu> {
        self.known.get(&dst).map(|known| known.path)
    }

    /// When [`PathMtus::expire`] has something to do.
    pub fn deadline(&self) -> Option<Instant> {
        let ((until, _), _) = self.by_age.first_key_value()?;
        Some(*until)
    }

    /// Forgets a destination whose time is over, and says what was known of it; called until it
    /// returns `None`.
    pub fn expire(&mut self, now: Instant) -> Option<(IpAddr, PathMtu)> {
        self.deadline().filter(|until| *until <= now)?;
        self.forget_oldest()
    }

    fn forget_oldest(&mut self) -> Option<(IpAddr, PathMtu)> {
        let (_, dst) = self.by_age.pop_first()?;
        let known = self.known.remove(&dst)?;
        Some((dst, known.path))
    }

    /// How many paths are known.
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }
}

/// RFC 1191 section 7, table 7-1: the next lower of what links were found to carry.
fn plateau_below(length: u32) -> u32 {
    let lower = PLATEAUS.into_iter().find(|plateau| *plateau < length);
    lower.unwrap_or(LEAST_V4)
}

/// An MTU that is below the length of a packet, or a floor.
fn narrow(mtu: u32) -> u16 {
    u16::try_from(mtu).unwrap_or(u16::MAX)
}

/// house!("path-mtu-floor").
const FLOOR_V4: u32 = 552;
/// RFC 791 section 3.2.
const LEAST_V4: u32 = 68;
/// RFC 8200 section 5.
const FLOOR_V6: u32 = 1_280;
/// RFC 1191 section 7, table 7-1.
const PLATEAUS: [u32; 11] = [
    65_535, 32_000, 17_914, 8_166, 4_352, 2_002, 1_492, 1_006, 508, 296, 68,
];
/// Each takes less than a hundred bytes. house!("path-mtu-floor").
const KNOWN_MAX: usize = 1_024;

#[cfg(test)]
mod tests;
