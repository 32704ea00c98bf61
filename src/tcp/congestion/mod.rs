//! How much may be on its way: one trait, and a controller by name.
//!
//! A controller sees one report an ACK; never a segment, a buffer or a connection. RFC 5681 has
//! the rules that every controller shares: the initial window, what a timeout does, and that
//! one loss episode reduces the window once. `window` has what those do alike that learn from
//! loss (`reno`, `cubic`), `hystart` how they leave slow start before it overshoots, `idle` what a
//! window is worth that was not used; `bbr` builds a model of the path instead.

mod bbr;
mod cubic;
mod hystart;
mod idle;
mod reno;
mod window;

use std::fmt::Debug;
use std::time::Duration;

use crate::base::{Instant, Rate, SeqNum};

pub use bbr::Bbr;
pub use cubic::Cubic;
pub use reno::Reno;

/// Controls the amount of data on its way. Sizes are bytes.
pub trait CongestionControl: Debug + Send + Sync {
    /// The name by which it is chosen and shown.
    fn name(&self) -> &'static str;

    /// cwnd.
    fn window(&self) -> u64;

    /// ssthresh; `None` while it is arbitrarily high (RFC 5681 section 3.1).
    fn threshold(&self) -> Option<u64>;

    /// How fast to send; `None`: as acknowledgments come.
    fn pacing_rate(&self) -> Option<Rate> {
        None
    }

    /// An ACK has told of something that arrived: cumulatively, or by a report.
    fn on_ack(&mut self, report: &AckReport);

    /// The window must be reduced, or may be set anew; called once an episode, and once a timeout.
    fn on_congestion(&mut self, now: Instant, what: Congestion);

    /// A segment with so many bytes of text has left; `in_flight` counts it.
    fn on_sent(&mut self, _now: Instant, _bytes: u32, _in_flight: u64) {}

    /// So many bytes are taken for lost, of a segment that left with `tx_in_flight` bytes on their
    /// way, its own among them.
    fn on_lost(&mut self, _now: Instant, _lost: u32, _tx_in_flight: u64) {}

    /// The last reduction was for nothing, and those before it that nothing has confirmed: the
    /// state before them comes back (RFC 4015 section 3, RFC 9438 section 4.9.2).
    fn undo(&mut self, now: Instant);

    /// Nothing was sent for `idle`, which is longer than the retransmission timeout `rto`: RFC 5681
    /// section 4.1.
    fn on_idle(&mut self, now: Instant, idle: Duration, rto: Duration);

    /// Nothing is on its way, and nothing will be before [`CongestionControl::on_idle`]: what that
    /// makes of no use need not be kept.
    fn on_rest(&mut self) {}

    /// The segment size has become known, or has changed.
    fn set_mss(&mut self, mss: u32);

    /// Whether it bounds what goes out during recovery itself, so that nobody else has to.
    fn reduces_itself(&self) -> bool {
        false
    }
}

/// What one ACK taught. Sizes are bytes.
#[derive(Debug, Clone, Copy)]
pub struct AckReport {
    pub now: Instant,
    /// SND.UNA after this ACK: rounds are counted with it.
    pub una: SeqNum,
    /// SND.NXT.
    pub nxt: SeqNum,
    /// Newly acknowledged, cumulatively.
    pub acked: u32,
    /// Newly known to have arrived, cumulatively or by SACK: each byte once.
    pub delivered: u32,
    /// Newly taken for lost because of this ACK.
    pub lost: u32,
    /// On its way after this ACK.
    pub in_flight: u64,
    /// On its way before it.
    pub in_flight_before: u64,
    /// The round trip that this ACK itself measured, if it did.
    pub rtt: Option<Duration>,
    /// RFC 6298's smoothed round-trip time.
    pub srtt: Option<Duration>,
    /// The least round trip of the last minutes.
    pub min_rtt: Option<Duration>,
    /// How fast the network delivered, as far as this ACK tells.
    pub rate: Option<RateSample>,
    /// cwnd was what held the sender back: else it may not grow (RFC 9438 section 5.8).
    pub window_limited: bool,
    /// A loss episode is going on: the window is recovery's business.
    pub in_recovery: bool,
    /// Reported as marked by the network: RFC 3168.
    pub ce: u32,
}

/// One delivery-rate sample: what was delivered between two moments, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateSample {
    /// Bytes delivered in the interval.
    pub delivered: u64,
    pub interval: Duration,
    /// The round trip of the segment that the sample hangs on.
    pub rtt: Duration,
    /// Bytes delivered in all when that segment left.
    pub prior_delivered: u64,
    /// Bytes delivered in all now.
    pub total_delivered: u64,
    /// Bytes on their way when that segment left, it among them.
    pub tx_in_flight: u64,
    /// Bytes lost since it left.
    pub lost: u64,
    /// The application, not the network, set the pace in the interval.
    pub app_limited: bool,
}

/// What went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Congestion {
    /// Loss found by acknowledgments: RFC 5681 section 3.2.
    Loss {
        /// FlightSize when it was found.
        flight: u64,
    },
    /// The receiver reports a mark: RFC 3168 section 6.1.2.
    Ecn {
        /// FlightSize when the report came.
        flight: u64,
    },
    /// The retransmission timer: RFC 5681 section 3.1.
    Timeout {
        /// FlightSize when it expired.
        flight: u64,
        /// The segment had been sent again by this timer before: ssthresh stays.
        again: bool,
    },
    /// The SYN was lost more than once: RFC 6928 section 2.
    SynLost,
    /// The episode that `Loss` began is over: RFC 6582 section 3.2 step 3.
    Over {
        /// FlightSize when it ended.
        flight: u64,
    },
}

/// The controllers there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "records", derive(serde::Serialize, serde::Deserialize))]
pub enum Algorithm {
    /// RFC 5681.
    Reno,
    /// RFC 9438.
    #[default]
    Cubic,
    /// draft-ietf-ccwg-bbr.
    Bbr,
}

/// What a controller begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Beginning {
    /// Eff.snd.MSS, in bytes.
    pub mss: u32,
    /// RFC 6928 section 2: the initial window, in segments.
    pub initial_segments: u32,
    /// Leave the first slow start by RFC 9406.
    pub hystart: bool,
    /// Whether segments leave by pacing, or as acknowledgments come.
    pub paced: bool,
    /// What chance is drawn from, where a controller wants any: not to be in step with others.
    pub seed: u64,
}

impl Algorithm {
    /// All of them.
    pub const ALL: [Algorithm; 3] = [Algorithm::Reno, Algorithm::Cubic, Algorithm::Bbr];

    /// A fresh controller.
    pub fn start(self, with: Beginning) -> Box<dyn CongestionControl> {
        match self {
            Algorithm::Reno => Box::new(Reno::new(with)),
            Algorithm::Cubic => Box::new(Cubic::new(with)),
            Algorithm::Bbr => Box::new(Bbr::new(with)),
        }
    }
}

/// RFC 6928 section 2: min (10*MSS, max (2*MSS, 14600)), for whatever number of segments the
/// configuration has in place of 10.
pub fn initial_window(mss: u32, segments: u32) -> u64 {
    let mss = u64::from(mss);
    let segments = u64::from(segments);
    (segments * mss).min((2 * mss).max(segments * 1460))
}

#[cfg(test)]
mod kit;
#[cfg(test)]
mod tests;
