//! Whether the congestion window was what held the sender back: RFC 9438 section 5.8, RFC 7661.
//!
//! A window that is not used says nothing about the network, and may not grow.

use crate::base::SeqNum;

/// The most that was on its way in the current window of data.
#[derive(Debug, Clone, Copy)]
pub struct Fullness {
    most: u64,
    until: SeqNum,
}

impl Fullness {
    /// Before anything is sent.
    pub fn new(iss: SeqNum) -> Fullness {
        Fullness {
            most: 0,
            until: iss,
        }
    }

    /// Something has left, and so much is on its way.
    pub fn on_sent(&mut self, in_flight: u64) {
        self.most = self.most.max(in_flight);
    }

    /// All before `una` is acknowledged: a window of data later, the count begins anew.
    pub fn on_ack(&mut self, una: SeqNum, nxt: SeqNum, in_flight: u64) {
        if una.at_or_after(self.until) {
            self.most = in_flight;
            self.until = nxt;
        }
    }

    /// Whether no whole segment more would have fitted; in slow start, as much as half of the
    /// window will do, since it doubles in a round trip: house!("window-limited").
    pub fn is_limited(&self, cwnd: u64, ssthresh: Option<u64>, mss: u32) -> bool {
        let slow_start = ssthresh.is_none_or(|ssthresh| cwnd < ssthresh);
        self.most + u64::from(mss) > cwnd || (slow_start && 2 * self.most >= cwnd)
    }
}

#[cfg(test)]
mod tests;
