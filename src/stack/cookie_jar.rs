//! The Fast Open cookies that servers have given us, and who has refused: RFC 7413 section 4.1.3.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::time::Duration;

use crate::base::pair::{Endpoint, SocketPair};
use crate::base::{Instant, Mss};
use crate::tcp::FastOpen;
use crate::tcp::open::fast::Lesson;
use crate::wire::cookie::{Cookie, Form};

/// What is known of servers, the latest last. Few are known at a time, so they are looked through.
#[derive(Debug, Default)]
pub(super) struct CookieJar {
    known: VecDeque<Known>,
    refused: VecDeque<Refused>,
    blackhole: Blackhole,
}

/// Something near us that swallows the SYNs of connections that begin in haste: until when all
/// begin without. house!("fast-open-memory")
#[derive(Debug, Default)]
struct Blackhole {
    /// How long, the first time. Zero: nothing is suspected.
    span: Duration,
    /// How often in a row it was suspected.
    times: u32,
    until: Option<Instant>,
}

/// What our SYN may show, if anything, or an empty cookie if it may ask for one; and which segments
/// the peer takes, if that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Advice {
    pub cookie: Option<Cookie>,
    pub mss: Option<Mss>,
}

/// A cookie is a pair of addresses', whatever the ports.
#[derive(Debug)]
struct Known {
    local: IpAddr,
    remote: IpAddr,
    cookie: Option<Cookie>,
    mss: Mss,
    /// How often it was asked for a cookie and gave none.
    declined: u32,
}

/// A refusal is a service's: a port may be served by another program, or guarded by a firewall.
#[derive(Debug)]
struct Refused {
    local: IpAddr,
    remote: Endpoint,
    until: Instant,
}

impl CookieJar {
    /// What the SYN of an active OPEN has to do with Fast Open that is to be like `how`. `None`:
    /// nothing.
    pub fn advise(&self, now: Instant, pair: &SocketPair, how: &FastOpen) -> Option<Advice> {
        let was_refused = |refused: &Refused| refused.is_about(pair) && now < refused.until;
        if self.blackhole.is_near(now) {
            return None;
        }
        if !how.active || (!how.persistent && self.refused.iter().any(was_refused)) {
            return None;
        }
        let known = self.known.iter().find(|known| known.is_about(pair));
        let mss = known.map(|known| match how.whole_syns {
            true => known.mss,
            false => known.mss.min(typical(pair.remote.addr)),
        });
        if how.active_without_cookie {
            return Some(Advice { cookie: None, mss });
        }
        // house!("fast-open-memory"): only the second time.
        let form = match known {
            Some(Known { declined: 1, .. }) if how.persistent => Form::Experimental,
            _ => Form::Assigned,
        };
        let cookie = known.and_then(|known| known.cookie);
        Some(Advice {
            cookie: Some(cookie.unwrap_or(Cookie::REQUEST.in_form(form))),
            mss,
        })
    }

    /// Forgets all about others.
    pub fn forget(&mut self) {
        self.known.clear();
        self.refused.clear();
    }

    /// For how long nothing begins in haste, the first time that segments seem to be swallowed.
    pub fn suspect_for(&mut self, span: Duration) {
        if span != self.blackhole.span {
            self.blackhole = Blackhole {
                span,
                ..Blackhole::default()
            };
        }
    }

    /// A connection that begins in haste gets no answer. Returns whether that is suspicious.
    pub fn on_silence(&mut self, now: Instant) -> bool {
        let Blackhole { span, times, until } = &mut self.blackhole;
        if span.is_zero() {
            return false;
        }
        *until = Some(now + span.saturating_mul(1 << (*times).min(BLACKHOLE_DOUBLINGS)));
        *times = times.saturating_add(1);
        true
    }

    /// Takes to heart how an opening went that was like `how`.
    pub fn learn(&mut self, now: Instant, pair: &SocketPair, lesson: Lesson, how: &FastOpen) {
        self.refused
            .retain(|refused| !refused.is_about(pair) && now < refused.until);
        if matches!(lesson, Lesson::Given(..) | Lesson::Taken(_)) && !self.blackhole.is_near(now) {
            self.blackhole.times = 0;
        }
        let (cookie, mss, declined) = match lesson {
            Lesson::Given(cookie, mss) => (Some(cookie), mss, 0),
            Lesson::Taken(mss) => (None, mss, 0),
            Lesson::Declined(mss) if how.persistent => (None, mss, 1),
            Lesson::Declined(_) | Lesson::Refused => {
                // Another port may take it.
                let refused = Refused {
                    local: pair.local.addr,
                    remote: pair.remote,
                    until: now + REFUSED_FOR,
                };
                push(&mut self.refused, refused);
                return;
            }
        };
        let place = self.known.iter().position(|known| known.is_about(pair));
        let before = place.and_then(|at| self.known.remove(at));
        let known = Known {
            local: pair.local.addr,
            remote: pair.remote.addr,
            cookie: cookie.or(before.as_ref().and_then(|before| before.cookie)),
            mss,
            declined: before.map_or(declined, |before| before.declined.saturating_add(declined)),
        };
        push(&mut self.known, known);
    }
}

impl Blackhole {
    fn is_near(&self, now: Instant) -> bool {
        self.until.is_some_and(|until| now < until)
    }
}

impl Known {
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
const BLACKHOLE_DOUBLINGS: u32 = 6;
const REFUSED_FOR: Duration = Duration::from_secs(3600);

#[cfg(test)]
mod tests;
