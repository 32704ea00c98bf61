//! The least round trip of the last minutes: RFC 8985 section 6.2 step 1.

use std::time::Duration;

use crate::base::{Instant, Span};

/// A minimum that forgets: over the current half of the window and the one before it, so that a
/// longer path is believed within minutes.
#[derive(Debug, Clone, Copy, Default)]
pub struct MinRtt {
    halves: Option<Halves>,
}

#[derive(Debug, Clone, Copy)]
struct Halves {
    before: Span,
    current: Span,
    since: Instant,
}

impl MinRtt {
    /// Takes one measurement.
    pub fn sample(&mut self, rtt: Duration, now: Instant) {
        let rtt = Span::from(rtt);
        self.halves = Some(match self.halves {
            Some(halves) if now.since(halves.since) < HALF => Halves {
                current: halves.current.min(rtt),
                ..halves
            },
            Some(halves) if now.since(halves.since) < 2 * HALF => Halves {
                before: halves.current,
                current: rtt,
                since: now,
            },
            _ => Halves {
                before: rtt,
                current: rtt,
                since: now,
            },
        });
    }

    /// The least of all that counts.
    pub fn get(&self) -> Option<Duration> {
        let halves = self.halves?;
        Some(halves.before.min(halves.current).into())
    }
}

/// house!("min-rtt-window"): Linux keeps five minutes.
const HALF: Duration = Duration::from_secs(150);

#[cfg(test)]
mod tests;
