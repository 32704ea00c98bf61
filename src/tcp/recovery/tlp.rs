//! The tail loss probe: RFC 8985 section 7.
//!
//! When an acknowledgment is overdue, one segment goes out and its answer shows what was lost, long
//! before the retransmission timer would expire and empty the window.

use std::time::Duration;

use crate::base::SeqNum;

/// TLP's variables: RFC 8985 section 5.3.
#[derive(Debug, Clone, Copy)]
pub struct Tlp {
    /// TLP.end_seq and TLP.is_retrans, while a probe is not answered.
    out: Option<(SeqNum, Content)>,
    /// A round trip was measured since the last probe.
    measured: bool,
}

/// What a probe carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    New,
    /// The last segment once more.
    Again,
}

/// What an ACK says of a probe: RFC 8985 section 7.4.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    Nothing,
    /// The probe has repaired what it was a copy of: one segment was lost.
    Repaired,
}

/// An ACK, as far as a probe's fate depends on it.
#[derive(Debug, Clone, Copy)]
pub struct Heard {
    pub ack: SeqNum,
    /// It has a D-SACK that ends where the probe does.
    pub dsack_end: Option<SeqNum>,
    /// A duplicate without any SACK option.
    pub bare_duplicate: bool,
}

impl Tlp {
    /// No probe is out.
    pub fn new() -> Tlp {
        Tlp {
            out: None,
            // "since the last loss probe transmission or the start of the connection": the
            // handshake's own measurement counts.
            measured: false,
        }
    }

    /// Section 7.2, TLP_calc_PTO: how long after something was sent or acknowledged a probe goes.
    pub fn timeout(srtt: Option<Duration>, one_segment: bool, max_ack_delay: Duration) -> Duration {
        let Some(srtt) = srtt else {
            return PTO_INITIAL;
        };
        let delay = if one_segment {
            max_ack_delay
        } else {
            Duration::ZERO
        };
        2 * srtt + delay + PTO_MARGIN
    }

    /// A round trip was measured.
    pub fn on_measured(&mut self) {
        self.measured = true;
    }

    /// Section 7.3's two conditions: no probe is in flight, and the last has not kept a round trip
    /// from being measured.
    pub fn may_probe(&self) -> bool {
        self.out.is_none() && self.measured
    }

    /// A probe has left; `nxt` is SND.NXT after it.
    pub fn on_probe(&mut self, nxt: SeqNum, content: Content) {
        self.out = Some((nxt, content));
        self.measured = false;
    }

    /// Section 7.1: fast recovery or recovery after a timeout begins.
    pub fn reset(&mut self) {
        self.out = None;
    }

    /// Section 7.4.2, TLP_process_ack.
    pub fn on_ack(&mut self, heard: &Heard) -> Answer {
        let Some((end, content)) = self.out.filter(|(end, _)| heard.ack.at_or_after(*end)) else {
            return Answer::Nothing;
        };
        let both_arrived = heard.dsack_end == Some(end) || heard.bare_duplicate;
        if content == Content::New || both_arrived {
            self.out = None;
        } else if heard.ack.after(end) {
            self.out = None;
            return Answer::Repaired;
        }
        Answer::Nothing
    }
}

/// RFC 8985 section 7.2: without a measured round trip, a second.
const PTO_INITIAL: Duration = Duration::from_secs(1);
/// house!("tail-loss-probe"): Linux's two ticks, so that no probe overtakes an answer that the
/// peer's scheduler holds up.
const PTO_MARGIN: Duration = Duration::from_millis(2);

#[cfg(test)]
mod tests;
