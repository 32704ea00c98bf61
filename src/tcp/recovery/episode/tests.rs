//! One episode with reports, told in segments of 1000.

use super::*;
use crate::base::SeqNum;
use crate::probe::Spurious;
use crate::tcp::config::Recovering;
use crate::tcp::recovery::Heard;
use crate::wire::options::SackBlock;

const ISS: SeqNum = SeqNum(u32::MAX - 1500);
const MSS: u32 = 1000;

fn at(ms: u64) -> Detection {
    Detection {
        now: Instant::BIRTH + Duration::from_millis(ms),
        mss: MSS,
        srtt: Some(Duration::from_millis(40)),
        because: EventId::FIRST,
        probe: None,
    }
}

/// The timestamp of that time.
fn value(ms: u64) -> u32 {
    u32::try_from(ms).expect("a short story")
}

/// A sender whose segments leave at 0 and whose peer reports.
struct Sender {
    recovery: Recovery,
    una: SeqNum,
}

impl Sender {
    fn with_sent(abilities: Recovering, segments: u32) -> Sender {
        let mut sender = Sender {
            recovery: Recovery::new(ISS, abilities),
            una: ISS,
        };
        sender.recovery.expect_reports();
        sender.send(segments, 0);
        sender
    }

    fn send(&mut self, segments: u32, ms: u64) {
        for _ in 0..segments {
            let start = self.recovery.outstanding.nxt();
            let range = SeqRange { start, len: MSS };
            self.recovery.on_sent(range, at(ms).now);
        }
    }

    /// An ACK for all before segment `una` with a report of segments `from..to`.
    fn hear(&mut self, una: u32, reported: (u32, u32), ms: u64) -> (u32, Verdict) {
        let (_, lost, verdict) = self.hear_echo(una, reported, ms, None);
        (lost, verdict)
    }

    /// The same with an echo of what left at that time.
    fn hear_echo(
        &mut self,
        una: u32,
        (from, to): (u32, u32),
        ms: u64,
        echo: Option<u64>,
    ) -> (Learned, u32, Verdict) {
        self.una = ISS + una * MSS;
        let flight = self.recovery.in_flight();
        let block = SackBlock {
            left: ISS + from * MSS,
            right: ISS + to * MSS,
        };
        self.recovery.on_progress(self.una);
        let learned = self.recovery.hear(&Heard {
            now: at(ms).now,
            ack: self.una,
            una: self.una,
            blocks: &[block],
            echo: echo.map(|ms| (value(ms), at(ms).now)),
            duplicate: true,
        });
        let lost = self.recovery.detect(&at(ms), &mut |_| {}).bytes;
        let verdict = self.recovery.conclude(self.una, &at(ms), flight);
        self.recovery.spread_reduction(&learned, lost, MSS);
        (learned, lost, verdict)
    }

    /// Sends again what is due, with timestamps; the segments' numbers.
    fn resend(&mut self, room: u64, ms: u64) -> Vec<u32> {
        let mut again = Vec::new();
        while let Some(due) = self.recovery.due(MSS, room) {
            again.push(due.range.start.since(ISS) / MSS);
            let left = Some(value(ms));
            self.recovery.on_resent(due.range, at(ms).now, left);
        }
        again
    }
}

// req: RFC6675-5-3, RFC6675-5-4, RFC8985-3.3.2-1
#[test]
fn three_segments_reported_begin_an_episode_and_the_first_lost_goes_at_once() {
    for abilities in [Recovering::default(), Recovering::PLAIN] {
        let mut sender = Sender::with_sent(abilities, 10);
        for to in [2, 3] {
            assert_eq!(sender.hear(0, (1, to), 40), (0, Verdict::Nothing));
        }
        // RFC 6675's rule asks for more than two segments' worth.
        let lost = Verdict::Lost { flight: 8_000 };
        assert_eq!(sender.hear(0, (1, 4), 40), (1_000, lost));
        assert_eq!(sender.recovery.phase_name(), "recovery");
        assert_eq!(sender.resend(0, 40), [0]);
    }
}

#[test]
fn as_many_segments_reported_make_a_loss_as_the_configuration_says() {
    for plain in [Recovering::default(), Recovering::PLAIN] {
        let abilities = Recovering {
            dup_thresh: 5,
            ..plain
        };
        let mut sender = Sender::with_sent(abilities, 10);
        assert_eq!(sender.hear(0, (1, 5), 40), (0, Verdict::Nothing));
        let lost = Verdict::Lost { flight: 6_000 };
        assert_eq!(sender.hear(0, (1, 6), 40), (1_000, lost));
    }
}

// req: RFC8985-6.2-6
#[test]
fn one_segment_reported_makes_rack_look_again_a_quarter_of_a_round_trip_later() {
    let mut sender = Sender::with_sent(Recovering::default(), 10);
    assert_eq!(sender.hear(0, (1, 2), 40), (0, Verdict::Nothing));
    assert_eq!(sender.recovery.look_at(), Some(at(50).now));
    assert_eq!(sender.recovery.detect(&at(50), &mut |_| {}).bytes, 1_000);
}

// req: RFC6675-5-5
#[test]
fn the_episode_is_over_when_all_that_was_outstanding_is_acknowledged() {
    let mut sender = Sender::with_sent(Recovering::default(), 10);
    sender.hear(0, (1, 4), 40);
    sender.resend(0, 40);
    sender.send(2, 41);
    assert_eq!(sender.hear(9, (10, 11), 80).1, Verdict::Nothing);
    assert_eq!(sender.hear(10, (11, 12), 81).1, Verdict::Over);
    // Marks above stay.
    assert_eq!(sender.recovery.outstanding.sacked(), MSS);
}

// req: RFC8985-6.2-5
#[test]
fn a_copy_that_is_lost_too_goes_again_once_something_later_arrives() {
    let mut sender = Sender::with_sent(Recovering::default(), 10);
    sender.hear(0, (1, 4), 40);
    assert_eq!(sender.resend(0, 40), [0]);
    sender.send(1, 41);
    // What was sent after the copy arrives, and the copy does not.
    assert_eq!(sender.hear(0, (1, 10), 79), (0, Verdict::Nothing));
    assert_eq!(sender.hear(0, (1, 11), 81).0, 1_000);
    assert_eq!(sender.resend(1_000, 81), [0]);
    // RFC 6675 alone never takes it for lost again.
    let mut sender = Sender::with_sent(Recovering::PLAIN, 10);
    sender.hear(0, (1, 4), 40);
    sender.resend(0, 40);
    sender.send(1, 41);
    assert_eq!(sender.hear(0, (1, 11), 81).0, 0);
}

// req: RFC8985-9.2-1
#[test]
fn beside_rack_no_count_of_reports_finds_losses() {
    // What was sent after all that has arrived is not lost, however much is reported above it.
    let mut sender = Sender::with_sent(Recovering::default(), 10);
    let first = SeqRange {
        start: ISS,
        len: MSS,
    };
    sender.recovery.on_resent(first, at(10).now, None);
    assert_eq!(sender.hear(0, (1, 10), 40).0, 0);
}

#[test]
fn an_episode_that_was_for_nothing_leaves_nothing_behind() {
    let mut sender = Sender::with_sent(Recovering::default(), 10);
    sender.hear(0, (4, 7), 40);
    assert_eq!(sender.recovery.in_flight(), 3_000);
    sender.recovery.undo(sender.una);
    assert_eq!(sender.recovery.phase_name(), "disorder");
    assert_eq!(sender.recovery.in_flight(), 7_000);
    assert!(sender.resend(u64::MAX, 41).is_empty());
}

// req: RFC3522-3.2-4
#[test]
fn an_echo_of_what_the_last_episode_sent_again_proves_nothing() {
    let mut sender = Sender::with_sent(Recovering::default(), 10);
    // Segments 0 and 5 are lost, later 12 and 14.
    sender.hear(0, (1, 5), 40);
    assert_eq!(sender.resend(0, 40), [0]);
    sender.send(4, 41);
    sender.hear(0, (6, 10), 42);
    assert_eq!(sender.resend(u64::MAX, 60), [5]);
    sender.send(4, 62);
    sender.hear(5, (6, 12), 81);
    // The first episode finds 12 to be lost, but does not last until that is acknowledged.
    assert_eq!(sender.hear(5, (13, 14), 81).0, 1_000);
    assert_eq!(sender.resend(u64::MAX, 81), [12]);
    assert_eq!(sender.hear(12, (13, 14), 100).1, Verdict::Over);
    // The second begins with 14, and 12 is its oldest.
    assert_eq!(sender.hear(12, (15, 18), 102).0, 1_000);
    assert_eq!(sender.resend(u64::MAX, 102), [14]);
    let (learned, ..) = sender.hear_echo(14, (15, 18), 121, Some(81));
    assert_eq!(learned.spurious, None);
}

// req: RFC3522-3.2-3
#[test]
fn an_echo_of_the_oldest_before_it_went_again_proves_an_episode_to_have_been_for_nothing() {
    let mut sender = Sender::with_sent(Recovering::default(), 10);
    sender.hear(0, (1, 4), 40);
    assert_eq!(sender.resend(0, 40), [0]);
    let (learned, ..) = sender.hear_echo(4, (5, 6), 41, Some(0));
    assert_eq!(learned.spurious, Some(Spurious::Timestamp));
}
