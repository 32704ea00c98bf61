//! What the tests of the controllers share: a report to fill in, and a sender without a network.

use std::time::Duration;

use crate::base::{Instant, SeqNum};

use super::{AckReport, Beginning, Congestion, CongestionControl};

/// Small enough to reckon with.
pub const MSS: u32 = 1000;

/// So many segments, in bytes.
pub const fn segments(count: u64) -> u64 {
    count * MSS as u64
}

/// Ten segments at first, no pacing, slow start as RFC 5681 has it.
pub const BEGINNING: Beginning = Beginning {
    mss: MSS,
    initial_segments: 10,
    hystart: false,
    paced: false,
    seed: 1,
};

/// One segment acknowledged, by a sender whom only the window holds back.
pub fn report() -> AckReport {
    AckReport {
        now: Instant::BIRTH,
        una: SeqNum(0),
        nxt: SeqNum(0),
        acked: MSS,
        delivered: MSS,
        lost: 0,
        in_flight: 0,
        in_flight_before: 0,
        rtt: None,
        srtt: None,
        min_rtt: None,
        rate: None,
        window_limited: true,
        in_recovery: false,
        ce: 0,
    }
}

/// A sender that always has more to send, and its clock.
#[derive(Debug)]
pub struct Flow {
    pub control: Box<dyn CongestionControl>,
    pub now: Instant,
    pub srtt: Option<Duration>,
}

impl Flow {
    pub fn new(control: impl CongestionControl + 'static) -> Flow {
        Flow::of(Box::new(control))
    }

    pub fn of(control: Box<dyn CongestionControl>) -> Flow {
        Flow {
            control,
            now: Instant::BIRTH,
            srtt: None,
        }
    }

    pub fn acknowledge(&mut self, acked: u32) {
        let (now, srtt) = (self.now, self.srtt);
        self.control.on_ack(&AckReport {
            now,
            srtt,
            acked,
            ..report()
        });
    }

    pub fn meets(&mut self, what: Congestion) {
        self.control.on_congestion(self.now, what);
    }

    pub fn loses(&mut self, flight: u64) {
        self.meets(Congestion::Loss { flight });
    }

    pub fn times_out(&mut self, flight: u64) {
        let again = false;
        self.meets(Congestion::Timeout { flight, again });
    }

    /// A round trip passes in which the whole window is acknowledged, segment by segment.
    pub fn round_trip(&mut self, rtt: Duration) {
        self.srtt = Some(rtt);
        let acks = self.window() / u64::from(MSS);
        for _ in 0..acks {
            self.now += rtt / acks as u32;
            self.acknowledge(MSS);
        }
    }

    pub fn waits(&mut self, time: Duration) {
        self.now += time;
    }

    pub fn window(&self) -> u64 {
        self.control.window()
    }

    pub fn threshold(&self) -> Option<u64> {
        self.control.threshold()
    }
}
