//! The Fast Open cookies that servers have given us, and who has refused: RFC 7413 section 4.1.3.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::time::Duration;

use crate::base::pair::{Endpoint, SocketPair};
use crate::base::{Instant, Mss};
use crate::tcp::open::fast::Lesson;
use crate::wire::cookie::Cookie;

/// What is known of servers, the latest last. Few are known at a time, so they are looked through.
#[derive(Debug, Default)]
pub(super) struct CookieJar {
    given: VecDeque<Given>,
    refused: VecDeque<Refused>,
}

/// A cookie is a pair of addresses', whatever the ports.
#[derive(Debug)]
struct Given {
    local: IpAddr,
    remote: IpAddr,
    cookie: Cookie,
    mss: Mss,
}

/// A refusal is a service's: a port may be served by another program, or guarded by a firewall.
#[derive(Debug)]
struct Refused {
    local: IpAddr,
    remote: Endpoint,
    until: Instant,
}

impl CookieJar {
    /// What our SYN may show, and the size of segments that the peer takes; an empty cookie if it
    /// may ask for one. `None`: it should do neither.
    pub fn advise(&self, now: Instant, pair: &SocketPair) -> Option<(Cookie, Mss)> {
        let was_refused = |refused: &Refused| refused.is_about(pair) && now < refused.until;
        if self.refused.iter().any(was_refused) {
            return None;
        }
        let given = self.given.iter().find(|given| given.is_about(pair));
        Some(given.map_or((Cookie::REQUEST, Mss::FLOOR), |given| {
            (given.cookie, given.mss)
        }))
    }

    /// Takes to heart how an opening went.
    pub fn learn(&mut self, now: Instant, pair: &SocketPair, lesson: Lesson) {
        self.refused
            .retain(|refused| !refused.is_about(pair) && now < refused.until);
        let known = self.given.iter().position(|given| given.is_about(pair));
        let before = known.and_then(|at| self.given.remove(at));
        let (cookie, mss) = match (lesson, before) {
            (Lesson::Given(cookie, mss), _) => (cookie, mss),
            (Lesson::Taken(mss), Some(before)) => (before.cookie, mss),
            (Lesson::Taken(_), None) => return,
            (Lesson::Refused, before) => {
                // Another port may take it.
                self.given.extend(before);
                let refused = Refused {
                    local: pair.local.addr,
                    remote: pair.remote,
                    until: now + REFUSED_FOR,
                };
                push(&mut self.refused, refused);
                return;
            }
        };
        let given = Given {
            local: pair.local.addr,
            remote: pair.remote.addr,
            cookie,
            mss: mss.min(typical(pair.remote.addr)),
        };
        push(&mut self.given, given);
    }
}

impl Given {
    fn is_about(&self, pair: &SocketPair) -> bool {
        self.local == pair.local.addr && self.remote == pair.remote.addr
    }
}

impl Refused {
    fn is_about(&self, pair: &SocketPair) -> bool {
        self.local == pair.local.addr && self.remote == pair.remote
    }
}

/// Adds the latest; the oldest makes room.
fn push<T>(to: &mut VecDeque<T>, what: T) {
    if to.len() >= MOST {
        to.pop_front();
    }
    to.push_back(what);
}

/// RFC 7413 section 4.1.3: a larger SYN may be cut in pieces, or confuse who watches.
fn typical(remote: IpAddr) -> Mss {
    match remote {
        IpAddr::V4(_) => Mss::new(1460),
        IpAddr::V6(_) => Mss::new(1440),
    }
}

/// house!("fast-open-memory")
const MOST: usize = 256;
const REFUSED_FOR: Duration = Duration::from_secs(3600);

#[cfg(test)]
mod tests;
