//! Time as the core knows it: nanoseconds since the birth of whoever keeps the clock.
//!
//! The core never asks what time it is; every call is told. `std::time::Instant` cannot be made
//! from a number, so it would allow neither a simulator nor a replay: this one can.

use std::fmt;
use std::num::NonZeroU64;
use std::ops::{Add, AddAssign};
use std::time::Duration;

/// A point in time, in nanoseconds since birth. `Option<Instant>` takes 8 bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "records", derive(serde::Serialize, serde::Deserialize))]
pub struct Instant(NonZeroU64);

impl Instant {
    /// The beginning of time, 0 ns.
    pub const BIRTH: Instant = Instant(NonZeroU64::MIN);

    /// The instant `nanos` nanoseconds after birth; the last representable one if that is later.
    pub const fn from_nanos(nanos: u64) -> Instant {
        // Stored plus one, so that zero stays free for `None`.
        match NonZeroU64::new(nanos.saturating_add(1)) {
            Some(stored) => Instant(stored),
            None => Instant::BIRTH,
        }
    }

    /// Nanoseconds since birth.
    pub const fn as_nanos(self) -> u64 {
        self.0.get() - 1
    }

    /// Whole milliseconds since birth.
    pub const fn as_millis(self) -> u64 {
        self.as_nanos() / 1_000_000
    }

    /// How long after `earlier` this is; zero if it is not after it.
    pub const fn since(self, earlier: Instant) -> Duration {
        Duration::from_nanos(self.as_nanos().saturating_sub(earlier.as_nanos()))
    }
}

impl Add<Duration> for Instant {
    type Output = Instant;

    /// Saturates: a deadline beyond 584 years is never.
    fn add(self, rhs: Duration) -> Instant {
        let nanos = u64::try_from(rhs.as_nanos()).unwrap_or(u64::MAX);
        Instant::from_nanos(self.as_nanos().saturating_add(nanos))
    }
}

impl AddAssign<Duration> for Instant {
    fn add_assign(&mut self, rhs: Duration) {
        *self = *self + rhs;
    }
}

impl fmt::Debug for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Seconds with nanoseconds, as in `0.839412000`.
impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = self.as_nanos();
        write!(f, "{}.{:09}", nanos / NANOS_PER_SEC, nanos % NANOS_PER_SEC)
    }
}

/// A length of time, in nanoseconds: half of what a `Duration` takes, and so does `Option<Span>`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(NonZeroU64);

impl Span {
    /// No time.
    pub const ZERO: Span = Span(NonZeroU64::MIN);

    /// So many nanoseconds; the longest that there is, 584 years, if that is more.
    pub const fn from_nanos(nanos: u64) -> Span {
        // Stored plus one, so that zero stays free for `None`.
        match NonZeroU64::new(nanos.saturating_add(1)) {
            Some(stored) => Span(stored),
            None => Span::ZERO,
        }
    }

    /// In nanoseconds.
    pub const fn as_nanos(self) -> u64 {
        self.0.get() - 1
    }
}

impl From<Duration> for Span {
    /// The longest that there is if that is longer.
    fn from(time: Duration) -> Span {
        Span::from_nanos(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX))
    }
}

impl From<Span> for Duration {
    fn from(span: Span) -> Duration {
        Duration::from_nanos(span.as_nanos())
    }
}

/// As the `Duration` prints.
impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&Duration::from(*self), f)
    }
}

const NANOS_PER_SEC: u64 = 1_000_000_000;

#[cfg(test)]
mod tests;
