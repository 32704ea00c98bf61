//! A path for the model to find: one link with a queue, a round trip, and losses; and a sender
//! that has as much to send as the controller lets it, segment by segment.

use std::collections::VecDeque;
use std::time::Duration;

use crate::base::{Instant, Rate, SeqNum};
use crate::tcp::congestion::kit::{BEGINNING, report};
use crate::tcp::congestion::{AckReport, Beginning, Congestion, CongestionControl, RateSample};

use super::Bbr;

pub const MSS: u32 = 1_460;

/// What lies between the two ends.
#[derive(Debug, Clone, Copy)]
pub struct Link {
    pub rate: Rate,
    /// There and back, without the queue.
    pub rtt: Duration,
    /// Bytes that may wait before it.
    pub queue: u64,
    /// One segment in so many is lost; 0: none.
    pub one_in: u64,
}

impl Link {
    pub fn bdp(&self) -> u64 {
        self.rate.bytes_in(self.rtt)
    }
}

/// A segment on its way.
#[derive(Debug, Clone, Copy)]
struct Sent {
    at: Instant,
    back_at: Instant,
    lost: bool,
    delivered: u64,
    delivered_at: Instant,
    first_sent_at: Instant,
    tx_in_flight: u64,
    lost_before: u64,
    app_limited: bool,
}

/// The sender, the link, and the clock.
pub struct Path {
    pub bbr: Bbr,
    pub link: Link,
    pub now: Instant,
    pub delivered: u64,
    pub lost: u64,
    pub in_flight: u64,
    /// The application gives no more than this.
    pub offered: Option<Rate>,
    on_way: VecDeque<Sent>,
    link_free_at: Instant,
    send_at: Instant,
    delivered_at: Instant,
    first_sent_at: Instant,
    srtt: Option<Duration>,
    recovery_until: Option<u64>,
    chance: u64,
}

impl Path {
    pub fn new(link: Link) -> Path {
        let start = Instant::BIRTH + Duration::from_secs(1);
        Path {
            bbr: Bbr::new(Beginning {
                mss: MSS,
                ..BEGINNING
            }),
            link,
            now: start,
            delivered: 0,
            lost: 0,
            in_flight: 0,
            offered: None,
            on_way: VecDeque::new(),
            link_free_at: start,
            send_at: start,
            delivered_at: start,
            first_sent_at: start,
            srtt: None,
            recovery_until: None,
            chance: 88_172_645_463_325_252,
        }
    }

    /// Until so long from now; `see` is shown the path after each ACK.
    pub fn run(&mut self, time: Duration, mut see: impl FnMut(&Path)) {
        let end = self.now + time;
        loop {
            let back_at = self.on_way.front().map(|sent| sent.back_at);
            let may_send = self.in_flight + u64::from(MSS) <= self.bbr.window();
            let send_at = may_send.then(|| self.send_at.max(self.now));
            match (back_at, send_at) {
                (_, Some(at)) if at <= end && back_at.is_none_or(|back_at| at < back_at) => {
                    self.now = at;
                    self.send();
                }
                (Some(at), _) if at <= end => {
                    self.now = at;
                    self.hear();
                    see(self);
                }
                _ => break,
            }
        }
        self.now = end;
    }

    /// Bytes delivered a second while it runs so long.
    pub fn goodput(&mut self, time: Duration) -> Rate {
        let before = self.delivered;
        self.run(time, |_| ());
        Rate::of(self.delivered - before, time)
    }

    /// Bytes that wait before the link.
    pub fn queued(&self) -> u64 {
        self.link.rate.bytes_in(self.link_free_at.since(self.now))
    }

    fn send(&mut self) {
        if self.in_flight == 0 {
            self.first_sent_at = self.now;
            self.delivered_at = self.now;
        }
        let full = self.queued() + u64::from(MSS) > self.link.queue + self.link.bdp() / 100;
        let unlucky = self.link.one_in > 0 && self.draw().is_multiple_of(self.link.one_in);
        let lost = full || unlucky;
        self.link_free_at = self.link_free_at.max(self.now);
        if !full {
            self.link_free_at += self.link.rate.time_for(MSS.into());
        }
        self.in_flight += u64::from(MSS);
        self.on_way.push_back(Sent {
            at: self.now,
            back_at: self.link_free_at + self.link.rtt,
            lost,
            delivered: self.delivered,
            delivered_at: self.delivered_at,
            first_sent_at: self.first_sent_at,
            tx_in_flight: self.in_flight,
            lost_before: self.lost,
            app_limited: self.offered.is_some(),
        });
        let pacing = self.bbr.pacing_rate().expect("BBR paces");
        let rate = self.offered.map_or(pacing, |offered| offered.min(pacing));
        self.send_at = self.now + rate.time_for(MSS.into());
        self.bbr.on_sent(self.now, MSS, self.in_flight);
    }

    fn hear(&mut self) {
        let sent = self.on_way.pop_front().expect("something is on its way");
        let in_flight_before = self.in_flight;
        self.in_flight -= u64::from(MSS);
        if sent.lost {
            self.lost += u64::from(MSS);
            self.bbr.on_lost(self.now, MSS, sent.tx_in_flight);
            if self.recovery_until.is_none() {
                self.recovery_until = Some(self.delivered + self.in_flight);
                let flight = in_flight_before;
                self.bbr
                    .on_congestion(self.now, Congestion::Loss { flight });
            }
            return;
        }
        self.delivered += u64::from(MSS);
        self.delivered_at = self.now;
        let rtt = self.now.since(sent.at);
        let srtt = self.srtt.map_or(rtt, |srtt| srtt * 7 / 8 + rtt / 8);
        self.srtt = Some(srtt);
        if self.recovery_until.is_some_and(|end| self.delivered > end) {
            self.recovery_until = None;
            let flight = self.in_flight;
            self.bbr
                .on_congestion(self.now, Congestion::Over { flight });
        }
        let send_elapsed = sent.at.since(sent.first_sent_at);
        let ack_elapsed = self.now.since(sent.delivered_at);
        self.first_sent_at = sent.at;
        let rate = RateSample {
            delivered: self.delivered - sent.delivered,
            interval: send_elapsed.max(ack_elapsed),
            rtt,
            prior_delivered: sent.delivered,
            total_delivered: self.delivered,
            tx_in_flight: sent.tx_in_flight,
            lost: self.lost - sent.lost_before,
            app_limited: sent.app_limited,
        };
        self.bbr.on_ack(&AckReport {
            now: self.now,
            una: SeqNum(0),
            acked: MSS,
            delivered: MSS,
            in_flight: self.in_flight,
            in_flight_before,
            rtt: Some(rtt),
            srtt: Some(srtt),
            rate: Some(rate),
            window_limited: self.offered.is_none(),
            in_recovery: self.recovery_until.is_some(),
            ..report()
        });
    }

    /// Marsaglia's xorshift: which segments are lost is the same each time.
    fn draw(&mut self) -> u64 {
        self.chance ^= self.chance << 13;
        self.chance ^= self.chance >> 7;
        self.chance ^= self.chance << 17;
        self.chance >> 20
    }
}
