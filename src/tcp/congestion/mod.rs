//! How much may be on its way: one trait, and a controller by name.
//!
//! A controller sees one report an ACK; never a segment, a buffer or a connection. RFC 5681 has
//! the rules that every controller shares: the initial window, what a timeout does, and that
//! one loss episode reduces the window once.

mod reno;

use std::fmt::Debug;
use std::time::Duration;

use crate::base::{Instant, Rate};

pub use reno::Reno;

/// Controls the amount of data on its way. Sizes are bytes.
pub trait CongestionControl: Debug + Send {
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

    /// An ACK has acknowledged something new.
    fn on_ack(&mut self, report: &AckReport);

    /// Something was lost; called once an episode, and once a timeout.
    fn on_congestion(&mut self, now: Instant, what: Congestion);

    /// Nothing was sent for longer than a retransmission timeout: RFC 5681 section 4.1.
    fn on_idle(&mut self);

    /// The segment size has become known, or has changed.
    fn set_mss(&mut self, mss: u32);
}

/// What one ACK taught.
#[derive(Debug, Clone, Copy)]
pub struct AckReport {
    pub now: Instant,
    /// Bytes newly acknowledged.
    pub acked: u32,
    /// Bytes on their way after this ACK.
    pub in_flight: u64,
    /// The round-trip time that this ACK measured, if it did.
    pub rtt: Option<Duration>,
    /// The window was not what held the sender back: it may not grow for it.
    pub app_limited: bool,
    /// A loss episode is going on: the window is recovery's business.
    pub in_recovery: bool,
}

/// What went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Congestion {
    /// Loss found by duplicate acknowledgments: RFC 5681 section 3.2.
    Loss {
        /// FlightSize when it was found.
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
pub enum Algorithm {
    /// RFC 5681.
    #[default]
    Reno,
}

impl Algorithm {
    /// A fresh controller. `initial_window` is in segments of `mss` bytes.
    pub fn start(self, mss: u32, initial_window: u32) -> Box<dyn CongestionControl> {
        match self {
            Algorithm::Reno => Box::new(Reno::new(mss, initial_window)),
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
mod tests;
