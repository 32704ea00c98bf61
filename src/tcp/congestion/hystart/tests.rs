//! RFC 9406's rounds, told as round trips in milliseconds, and the pace that they lead to.

use std::time::Duration;

use crate::base::SeqNum;
use crate::tcp::congestion::kit::{BEGINNING, MSS, report, segments};
use crate::tcp::congestion::{AckReport, Beginning, Congestion, CongestionControl, Cubic, Reno};

use super::{HyStart, Pace};

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// A sender whose every round is ten segments.
struct Rounds {
    hystart: HyStart,
    una: SeqNum,
}

impl Rounds {
    fn new() -> Rounds {
        Rounds {
            hystart: HyStart::new(),
            una: SeqNum(u32::MAX - 5 * SEGMENT),
        }
    }

    /// One ACK; ten segments are always on their way.
    fn ack(&mut self, rtt: Option<Duration>) -> Pace {
        self.una += SEGMENT;
        self.hystart.on_ack(&AckReport {
            una: self.una,
            nxt: self.una + 10 * SEGMENT,
            rtt,
            ..report()
        });
        self.hystart.pace()
    }

    /// One round of which each ACK measures `rtt`: the pace after it.
    fn round(&mut self, rtt: Duration) -> Pace {
        for _ in 0..9 {
            self.ack(Some(rtt));
        }
        self.ack(Some(rtt))
    }
}

const SEGMENT: u32 = 100;

/// The first ACK opens the first round: its end lies ten segments on.
fn begun(rtt: Duration) -> Rounds {
    let mut rounds = Rounds::new();
    rounds.ack(Some(rtt));
    assert_eq!(rounds.round(rtt), Pace::Standard);
    rounds
}

// req: RFC9406-4.2-1, RFC9406-4.2-3, RFC9406-4.3-1
#[test]
fn the_round_trip_must_grow_by_an_eighth_between_4_and_16_ms() {
    // RttThresh = max(4 ms, min(last / 8, 16 ms))
    for (last, threshold) in [(8, 4), (32, 4), (40, 5), (80, 10), (128, 16), (400, 16)] {
        let mut rounds = begun(ms(last));
        let below = ms(last + threshold) - Duration::from_micros(1);
        assert_eq!(rounds.round(below), Pace::Standard, "{last}");
        let mut rounds = begun(ms(last));
        let grown = rounds.round(ms(last + threshold));
        assert_eq!(grown, Pace::Conservative, "{last}");
    }
}

// req: RFC9406-4.2-3
#[test]
fn it_takes_eight_samples_and_all_of_them() {
    let mut rounds = begun(ms(40));
    for _ in 0..7 {
        assert_eq!(rounds.ack(Some(ms(100))), Pace::Standard);
    }
    assert_eq!(rounds.ack(Some(ms(100))), Pace::Conservative);
    // ACKs that measure nothing are not counted.
    let mut rounds = begun(ms(40));
    for _ in 0..2 {
        rounds.ack(None);
    }
    for _ in 0..7 {
        assert_eq!(rounds.ack(Some(ms(100))), Pace::Standard);
    }
    // One fast one among them is the round's minimum.
    let mut rounds = begun(ms(40));
    rounds.ack(Some(ms(44)));
    for _ in 0..8 {
        assert_eq!(rounds.ack(Some(ms(100))), Pace::Standard);
    }
}

// req: RFC9406-4.2-1
#[test]
fn a_round_ends_where_sending_stood_when_it_began() {
    let mut rounds = begun(ms(40));
    // The next end lies ten segments on: with the tenth ACK the samples begin anew, so five slow
    // ones on either side of it are too few.
    for _ in 0..5 {
        rounds.ack(Some(ms(40)));
    }
    for _ in 0..12 {
        assert_eq!(rounds.ack(Some(ms(100))), Pace::Standard);
    }
    assert_eq!(rounds.ack(Some(ms(100))), Pace::Conservative);
}

// req: RFC9406-4.2-5
#[test]
fn a_round_trip_that_comes_down_again_resumes_slow_start() {
    let mut rounds = begun(ms(40));
    assert_eq!(rounds.round(ms(60)), Pace::Conservative);
    assert_eq!(rounds.round(ms(60)), Pace::Conservative);
    assert_eq!(rounds.round(ms(59)), Pace::Standard);
    // And it may be left once more.
    assert_eq!(rounds.round(ms(80)), Pace::Conservative);
}

// req: RFC9406-4.2-6
#[test]
fn five_rounds_of_it_end_slow_start_and_the_partial_one_counts() {
    let mut rounds = begun(ms(40));
    for _ in 0..8 {
        rounds.ack(Some(ms(60)));
    }
    assert_eq!(rounds.hystart.pace(), Pace::Conservative);
    // The rest of this round, and three more.
    for _ in 0..2 + 3 * 10 {
        assert_eq!(rounds.ack(Some(ms(60))), Pace::Conservative);
    }
    for _ in 0..9 {
        assert_eq!(rounds.ack(Some(ms(60))), Pace::Conservative);
    }
    assert_eq!(rounds.ack(Some(ms(60))), Pace::Over);
}

/// A controller in its first slow start whose round trip has just grown.
fn conservative<C: CongestionControl>(mut control: C) -> (C, SeqNum) {
    let mut una = SeqNum(0);
    for (acks, rtt) in [(11, ms(40)), (8, ms(60))] {
        for _ in 0..acks {
            una += MSS;
            control.on_ack(&AckReport {
                una,
                nxt: una + 10 * MSS,
                rtt: Some(rtt),
                ..report()
            });
        }
    }
    (control, una)
}

const WITH_HYSTART: Beginning = Beginning {
    hystart: true,
    ..BEGINNING
};

fn each() -> [(Box<dyn CongestionControl>, SeqNum); 2] {
    let (reno, una) = conservative(Reno::new(WITH_HYSTART));
    let (cubic, _) = conservative(Cubic::new(WITH_HYSTART));
    [(Box::new(reno), una), (Box::new(cubic), una)]
}

// req: RFC9406-4.2-4, RFC9406-4.3-2
#[test]
fn conservative_slow_start_grows_by_a_quarter() {
    for (mut control, una) in each() {
        let before = control.window();
        assert_eq!(before, segments(10 + 19));
        control.on_ack(&AckReport {
            una: una + MSS,
            nxt: una + 11 * MSS,
            rtt: Some(ms(60)),
            ..report()
        });
        assert_eq!(control.window(), before + u64::from(MSS) / 4);
    }
}

// req: RFC9406-4.2-6, RFC9438-4.10-2, RFC9438-4.10-3
#[test]
fn its_end_is_the_threshold_and_congestion_avoidance_follows() {
    for (mut control, mut una) in each() {
        while control.threshold().is_none() {
            una += MSS;
            control.on_ack(&AckReport {
                una,
                nxt: una + 10 * MSS,
                rtt: Some(ms(60)),
                ..report()
            });
        }
        let window = control.window();
        assert_eq!(control.threshold(), Some(window));
        // Congestion avoidance adds one segment for a window, at most, where slow start, even the
        // conservative one, would add a quarter.
        for _ in 0..window / u64::from(MSS) {
            control.on_ack(&report());
        }
        assert!(control.window() <= window + u64::from(MSS));
    }
}

// req: RFC9406-4.2-7
#[test]
fn a_loss_or_a_mark_ends_it_at_the_window_that_remains() {
    let flight = segments(20);
    for what in [Congestion::Loss { flight }, Congestion::Ecn { flight }] {
        for (mut control, _) in each() {
            control.on_congestion(crate::base::Instant::BIRTH, what);
            assert_eq!(control.threshold(), Some(control.window()));
        }
    }
}

// req: RFC9406-4.3-3
#[test]
fn later_slow_starts_do_without() {
    for (mut control, mut una) in each() {
        let again = false;
        control.on_congestion(
            crate::base::Instant::BIRTH,
            Congestion::Timeout {
                flight: segments(200),
                again,
            },
        );
        // A round trip that grows all the time, and the window by a segment an ACK.
        for acks in 1..60 {
            una += MSS;
            control.on_ack(&AckReport {
                una,
                nxt: una + 10 * MSS,
                rtt: Some(ms(60 + 5 * acks)),
                ..report()
            });
            assert_eq!(control.window(), segments(1 + acks));
        }
    }
}
