//! What recovery knows only while something goes wrong: which part of an episode goes on, what is
//! due for it, and how much is not on its way any more.

use crate::base::{Instant, Rest};
use crate::probe::{EventId, Why};

use super::{Due, Phase};

/// What there is to know only while something is lost, or asked about: most connections are without
/// it most of the time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// Which part of an episode is going on.
    pub phase: Phase,
    /// Duplicate acknowledgments in a row (RFC 5681 section 2).
    pub duplicates: u32,
    /// Bytes that duplicate acknowledgments without reports say have left the network: RFC 5681
    /// section 3.2 inflates cwnd by them, here they count as not in flight. Below zero when partial
    /// acknowledgments have deflated the window by more (RFC 6582 section 3.2 step 3).
    pub departed: i64,
    /// Bytes of new text that limited transmit has sent since the first duplicate.
    pub limited: u32,
    /// A segment to send once more at once, whatever the window says.
    pub urgent: Option<Due>,
    /// RFC 8985 section 7.3: a new segment is due as a probe, whatever the window says.
    pub probe: Option<EventId>,
    /// The input that last made anything known to be lost, and the rule by which.
    pub found: Option<(EventId, &'static Why)>,
    /// When RACK wants to look again.
    pub look_at: Option<Instant>,
    /// Timeouts in a row without anything new acknowledged.
    pub timeouts: u32,
}

impl Trouble {
    /// There is none.
    pub const NONE: Trouble = Trouble {
        phase: Phase::Open,
        duplicates: 0,
        departed: 0,
        limited: 0,
        urgent: None,
        probe: None,
        found: None,
        look_at: None,
        timeouts: 0,
    };

    /// Less what is known to have left the network.
    pub fn less_departed(&self, in_flight: u32) -> u32 {
        let in_flight = i64::from(in_flight) - self.departed;
        u32::try_from(in_flight.max(0)).unwrap_or(u32::MAX)
    }

    pub fn depart(&mut self, bytes: u32, outstanding: u32) {
        self.departed = (self.departed + i64::from(bytes)).min(i64::from(outstanding));
    }
}

impl Default for Trouble {
    fn default() -> Trouble {
        Trouble::NONE
    }
}

impl Rest for Trouble {
    const AT_REST: &'static Trouble = &Trouble::NONE;
}
