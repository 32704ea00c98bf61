//! How long a listener may wait for a connection's first text before it hands it to its owner.
//!
//! That is counted in timeouts of the SYN,ACK, whose schedule is here: RFC 6298 section 5 (5.5)
//! with the initial timeout of section 2 (2.1). What is done with it is `passive`'s business:
//! house!("defer-accept").

use std::time::Duration;

/// For how many timeouts of the SYN,ACK an ACK without text does not end the handshake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "records", derive(serde::Serialize, serde::Deserialize))]
pub struct Deferral(u8);

impl Deferral {
    /// Every ACK of our SYN ends the handshake.
    pub const NONE: Deferral = Deferral(0);

    /// The shortest that lasts for `span`, if no timeout is longer than `rto_max`; at most 255
    /// timeouts.
    pub fn lasting(span: Duration, rto_max: Duration) -> Deferral {
        let mut deferral = Deferral::NONE;
        while deferral.span(rto_max) < span && deferral.0 < u8::MAX {
            deferral.0 += 1;
        }
        deferral
    }

    /// How long it lasts.
    pub fn span(self, rto_max: Duration) -> Duration {
        (0..self.timeouts())
            .map(|before| syn_ack_timeout(before, rto_max))
            .sum()
    }

    /// The number of timeouts.
    pub fn timeouts(self) -> u32 {
        self.0.into()
    }
}

/// How long a SYN,ACK waits that so many timeouts came before: a second, doubled by each.
pub(super) fn syn_ack_timeout(before: u32, rto_max: Duration) -> Duration {
    // 2^31 seconds are longer than any `rto_max` that makes sense.
    let factor = 1 << before.min(31);
    INITIAL_RTO.saturating_mul(factor).min(rto_max)
}

/// RFC 6298 section 2 (2.1): the timeout before any measurement.
const INITIAL_RTO: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests;
