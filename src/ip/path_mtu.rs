//! The largest packet that reaches a destination: RFC 1191 and RFC 8201.
//!
//! Whoever was told that a packet was too big has made sure that it was one of ours (RFC 5927).
//! Here the estimate falls, never below the family's floor and never up again because of such a
//! message, and is forgotten after a time, since only that way a path that has become wider shows.
//! What follows from it is told to the transports by whoever holds this.

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
}

/// What somebody on the way had to say.
#[derive(Debug, Clone, Copy)]
pub struct TooBig {
    pub dst: IpAddr,
    /// The MTU that the message names; 0 on IPv4 if it names none.
    pub named: u32,
    /// How long the packet was, by its own header.
    pub length: u32,
    /// What was taken for the path's MTU so far: the link's, if nothing else is known.
    pub so_far: u16,
}

/// Why a message changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unmoved {
    /// It cannot be true.
    Impossible,
    /// It says nothing new.
    Known,
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
        let before = self.get(told.dst).unwrap_or(PathMtu {
            mtu: told.so_far,
            narrower: false,
        });
        // A packet no longer than what its complainer carries was not too big for it.
        if told.named >= told.length {
            return Err(Unmoved::Impossible);
        }
        let path = match told.dst {
            // RFC 8201 section 4: less than the minimum link MTU is no path's MTU.
            IpAddr::V6(_) if told.named < FLOOR_V6 => return Err(Unmoved::Impossible),
            IpAddr::V6(_) => PathMtu {
                mtu: narrow(told.named),
                narrower: false,
            },
            IpAddr::V4(_) => {
                let mtu = match told.named {
                    // RFC 1191 section 5: an old router names none, and may have added a header to
                    // the length that it quotes.
                    0 => plateau_below(told.length.min(before.mtu.into())),
                    // RFC 1191 section 3: every router carries 68 bytes (RFC 791 section 3.2).
                    1..LEAST_V4 => return Err(Unmoved::Impossible),
                    named => named,
                };
                PathMtu {
                    mtu: narrow(mtu.max(FLOOR_V4)),
                    narrower: mtu < FLOOR_V4,
                }
            }
        };
        // RFC 1191 section 3, RFC 8201 section 4: such a message never raises the estimate.
        let lower = path.mtu < before.mtu || (path.narrower && !before.narrower);
        if !lower || told.so_far < path.mtu {
            return Err(Unmoved::Known);
        }
        self.remember(told.dst, path, now + age);
        Ok(path)
    }

    /// What to try on a path to `dst` that seems to swallow longer packets and says nothing: what
    /// nearly all paths carry (RFC 4821 section 7.7, RFC 8899 section 5.1.2).
    pub fn fallback(dst: IpAddr) -> u16 {
        match dst {
            IpAddr::V4(_) => BASE_V4,
            IpAddr::V6(_) => narrow(FLOOR_V6),
        }
    }

    /// Falls back to `mtu`, if more was thought of the path so far. Returns whether it was.
    pub fn fall_back(&mut self, now: Instant, dst: IpAddr, mtu: u16, age: Duration) -> bool {
        let more = self.get(dst).is_none_or(|path| path.mtu > mtu);
        if more {
            let path = PathMtu {
                mtu,
                narrower: false,
            };
            self.remember(dst, path, now + age);
        }
        more
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

    /// Forgets a destination whose time is over; called until it returns `None`.
    pub fn expire(&mut self, now: Instant) -> Option<IpAddr> {
        self.deadline().filter(|until| *until <= now)?;
        self.forget_oldest()
    }

    fn forget_oldest(&mut self) -> Option<IpAddr> {
        let (_, dst) = self.by_age.pop_first()?;
        self.known.remove(&dst);
        Some(dst)
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
/// RFC 8899 section 5.1.2: BASE_PLPMTU.
const BASE_V4: u16 = 1_200;
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
