//! What the samples say of the path: its bandwidth, its round trip, its rounds, and in what lumps
//! its acknowledgments come.

use std::time::Duration;

use crate::base::{Instant, Rate};
use crate::tcp::congestion::{AckReport, RateSample};

use super::Bbr;

/// Round trips, counted by what has been delivered: a round ends when something arrives that left
/// after it began.
#[derive(Debug, Clone, Copy, Default)]
pub struct Rounds {
    /// How many there were.
    pub count: u64,
    /// The ACK at hand is the first of a round.
    pub just_began: bool,
    /// BBR.next_round_delivered.
    end: u64,
}

impl Rounds {
    pub fn on_sample(&mut self, sample: &RateSample) {
        self.just_began = sample.prior_delivered >= self.end;
        if self.just_began {
            self.restart(sample.total_delivered);
            self.count += 1;
        }
    }

    /// The round at hand ends when something arrives that leaves from now on.
    pub fn restart(&mut self, delivered: u64) {
        self.end = delivered;
    }
}

/// The highest rate delivered in this cycle of ProbeBw and the one before: one of them at least
/// has probed for more.
#[derive(Debug, Clone, Copy)]
pub struct MaxBandwidth {
    now: Rate,
    before: Rate,
}

impl Default for MaxBandwidth {
    fn default() -> MaxBandwidth {
        MaxBandwidth {
            now: Rate(0),
            before: Rate(0),
        }
    }
}

impl MaxBandwidth {
    pub fn get(&self) -> Rate {
        self.now.max(self.before)
    }

    /// A sample that the application held down counts only if it is higher even so.
    pub fn on_sample(&mut self, sample: &RateSample) {
        let rate = rate_of(sample);
        if rate >= self.get() || !sample.app_limited {
            self.now = self.now.max(rate);
        }
    }

    /// A cycle is over.
    pub fn advance(&mut self) {
        // A cycle without one sample forgets nothing.
        if self.now > Rate(0) {
            self.before = self.now;
            self.now = Rate(0);
        }
    }
}

/// The rate that a sample tells.
pub fn rate_of(sample: &RateSample) -> Rate {
    Rate::of(sample.delivered, sample.interval)
}

/// The least round trip of the last ten seconds, and that of the last five, which tells when to
/// look for it on purpose.
#[derive(Debug, Clone, Copy, Default)]
pub struct MinRtt {
    /// BBR.min_rtt and when it was measured.
    least: Option<(Duration, Instant)>,
    /// BBR.probe_rtt_min_delay and its stamp.
    recent: Option<(Duration, Instant)>,
}

impl MinRtt {
    pub fn get(&self) -> Option<Duration> {
        self.least.map(|(rtt, _)| rtt)
    }

    /// A measurement. Whether the recent one had expired: it is time to probe.
    pub fn on_rtt(&mut self, now: Instant, rtt: Option<Duration>) -> bool {
        let is_old =
            |known: Option<(Duration, Instant)>, age| known.is_some_and(|(_, at)| now > at + age);
        let expired = is_old(self.recent, PROBE_RTT_INTERVAL);
        if let Some(rtt) = rtt
            && (expired || self.recent.is_none_or(|(recent, _)| rtt < recent))
        {
            self.recent = Some((rtt, now));
        }
        let lower = match (self.recent, self.least) {
            (Some((recent, _)), Some((least, _))) => recent < least,
            (recent, _) => recent.is_some(),
        };
        if lower || is_old(self.least, MIN_RTT_FILTER) {
            self.least = self.recent;
        }
        expired
    }

    /// The path was empty a while: what was measured then is good for another interval.
    pub fn renew(&mut self, now: Instant) {
        if let Some((_, at)) = &mut self.recent {
            *at = now;
        }
    }
}

/// How much more comes in one lump of acknowledgments than the bandwidth explains: the window must
/// bridge the gaps between lumps.
#[derive(Debug, Clone, Copy, Default)]
pub struct Aggregation {
    began: Option<Instant>,
    delivered: u64,
    /// The most of these rounds, and of those before.
    most: [u64; 2],
    rounds_end: u64,
}

impl Aggregation {
    pub fn extra(&self) -> u64 {
        self.most[0].max(self.most[1])
    }

    /// A pause begins another lump.
    pub fn restart(&mut self, now: Instant) {
        self.began = Some(now);
        self.delivered = 0;
    }
}

impl Bbr {
    /// What this ACK brought beyond what the bandwidth explains since the lump began.
    pub fn count_aggregation(&mut self, report: &AckReport) {
        let rate = self.bandwidth();
        let lump = &mut self.aggregation;
        let began = *lump.began.get_or_insert(report.now);
        let mut expected = rate.bytes_in(report.now.since(began));
        if lump.delivered <= expected {
            lump.restart(report.now);
            expected = 0;
        }
        lump.delivered += u64::from(report.delivered);
        let extra = (lump.delivered - expected).min(self.cwnd);
        if self.rounds.count >= lump.rounds_end {
            lump.most = [0, lump.most[0]];
            // In Startup what was seen a round ago is of another rate.
            let rounds = if self.full_pipe.reached {
                AGGREGATION_ROUNDS
            } else {
                1
            };
            lump.rounds_end = self.rounds.count + rounds;
        }
        lump.most[0] = lump.most[0].max(extra);
    }
}

/// draft-ietf-ccwg-bbr section 5.3.4: how long a measurement of the round trip is good for, and
/// how long before the sender looks for another.
const MIN_RTT_FILTER: Duration = Duration::from_secs(10);
const PROBE_RTT_INTERVAL: Duration = Duration::from_secs(5);
/// Half of the ten rounds for which the largest lump is remembered.
const AGGREGATION_ROUNDS: u64 = 5;
