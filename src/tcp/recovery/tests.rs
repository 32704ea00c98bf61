//! One sender's bookkeeping, told in segments: what is on its way, what is due, what is timed.

use std::time::Duration;

use proptest::prelude::*;

use crate::base::{Instant, SeqNum, SeqRange};
use crate::probe::{EventId, Resent, Why};
use crate::rfc;

use super::{Detection, Expired, Heard, Phase, Recovery, Verdict};
use crate::tcp::config::Recovering;

/// One segment, in bytes.
pub const MSS: u32 = 1000;
/// Just below the seam of the sequence space, so that every story here crosses it.
const ISS: SeqNum = SeqNum(u32::MAX - 1500);
const BECAUSE: EventId = EventId::FIRST;
const WHY: &Why = &Why {
    by: rfc!(9293, "3.8.6.1"),
    text: "a test says so",
};

pub const AT: Detection = Detection {
    now: Instant::BIRTH,
    mss: MSS,
    srtt: None,
    because: BECAUSE,
    probe: None,
};

/// The SYN has left.
fn with_syn() -> Recovery {
    let mut recovery = Recovery::new(ISS, Recovering::PLAIN);
    recovery.on_sent(SeqRange { start: ISS, len: 1 }, Instant::BIRTH);
    recovery
}

/// An acknowledgment of something new, that says nothing else.
pub fn heard(una: SeqNum) -> Heard<'static> {
    Heard {
        now: Instant::BIRTH,
        ack: una,
        una,
        blocks: &[],
        echo: None,
        duplicate: false,
    }
}

/// The variables that `Recovery` is told, kept as a connection keeps them. Segments and bytes are
/// counted from 0, the first byte after the SYN.
#[derive(Clone)]
pub struct Sender {
    pub recovery: Recovery,
    pub una: SeqNum,
    pub nxt: SeqNum,
}

impl Sender {
    /// After the handshake, with so many segments sent.
    pub fn with_sent(segments: u32) -> Sender {
        let mut sender = Sender {
            recovery: with_syn(),
            una: ISS,
            nxt: ISS + 1,
        };
        sender.acknowledge(0);
        timed(&mut sender.recovery, 0, Instant::BIRTH);
        sender.send(segments);
        sender
    }

    /// New segments leave.
    pub fn send(&mut self, segments: u32) {
        for _ in 0..segments {
            self.send_bytes(MSS);
        }
    }

    /// One segment of that size leaves.
    pub fn send_bytes(&mut self, len: u32) {
        let range = SeqRange {
            start: self.nxt,
            len,
        };
        self.nxt = range.end();
        self.recovery.on_sent(range, Instant::BIRTH);
    }

    /// The sequence number of a byte.
    pub fn at(byte: u32) -> SeqNum {
        ISS + 1 + byte
    }

    /// All before this byte is acknowledged, as something new.
    pub fn acknowledge(&mut self, byte: u32) -> Verdict {
        let acked = Sender::at(byte).since(self.una);
        self.una = Sender::at(byte);
        self.recovery.on_progress(self.una);
        let learned = self.recovery.hear(&heard(self.una));
        self.recovery
            .on_ack_in_loss(self.una, &learned, false, false);
        self.recovery
            .on_new_ack(self.una, self.nxt, acked, MSS, BECAUSE)
    }

    /// That something is lost, and all that is outstanding on its way but so many bytes.
    pub fn lost_but(&self, limited: u32) -> Verdict {
        Verdict::Lost {
            flight: self.nxt.since(self.una) - limited,
        }
    }

    /// So many duplicates come; the verdict of the last.
    pub fn duplicates(&mut self, count: u32) -> Verdict {
        let mut verdict = Verdict::Nothing;
        for _ in 0..count {
            verdict = self.recovery.on_duplicate(self.una, self.nxt, MSS, BECAUSE);
        }
        verdict
    }

    pub fn time_out(&mut self) {
        let expired = Expired {
            una: self.una,
            nxt: self.nxt,
            syn: false,
        };
        self.recovery.on_timeout(&expired, &AT, &mut |_| {});
    }

    pub fn in_flight(&self) -> u32 {
        self.recovery.in_flight()
    }

    /// What is due: the byte it begins with, its length and how it was found.
    pub fn due(&self, room: u64) -> Option<(u32, u32, Resent)> {
        let due = self.recovery.due(MSS, room)?;
        Some((due.range.start.since(Sender::at(0)), due.range.len, due.how))
    }

    /// Sends again all that is due within a congestion window; the bytes they begin with.
    pub fn resend_due(&mut self, cwnd: u64) -> Vec<u32> {
        let mut sent = Vec::new();
        loop {
            let room = cwnd.saturating_sub(u64::from(self.in_flight()));
            let Some(due) = self.recovery.due(MSS, room) else {
                return sent;
            };
            sent.push(due.range.start.since(Sender::at(0)));
            self.recovery.on_resent(due.range, Instant::BIRTH, None);
        }
    }

    /// Sends whatever a congestion window allows, old before new; how many new segments.
    pub fn fill(&mut self, cwnd: u64) -> u32 {
        self.resend_due(cwnd);
        let mut new = 0;
        while !self.recovery.is_waiting() && u64::from(self.in_flight() + MSS) <= cwnd {
            self.send(1);
            new += 1;
            assert!(new < 1000, "no end of new segments");
        }
        new
    }
}

#[test]
fn what_is_sent_and_not_acknowledged_is_on_its_way() {
    let mut sender = Sender::with_sent(3);
    assert_eq!(sender.recovery.phase_name(), "open");
    assert_eq!(sender.in_flight(), 3 * MSS);
    assert_eq!(sender.acknowledge(MSS), Verdict::Nothing);
    assert_eq!(sender.in_flight(), 2 * MSS);
    assert_eq!(sender.due(u64::MAX), None);
    assert!(!sender.recovery.is_waiting());
}

// req: RFC6298-3-2
#[test]
fn one_round_trip_is_timed_and_then_the_next() {
    let at = |ms| Instant::BIRTH + Duration::from_millis(ms);
    let range = |byte| SeqRange {
        start: Sender::at(byte),
        len: MSS,
    };
    let mut recovery = Sender::with_sent(0).recovery;
    recovery.on_sent(range(0), at(10));
    // A second segment leaves while the first is timed: its time is not noted.
    recovery.on_sent(range(MSS), at(20));
    assert_eq!(timed(&mut recovery, MSS - 1, at(40)), None);
    let took = Duration::from_millis(40);
    assert_eq!(timed(&mut recovery, MSS, at(50)), Some(took));
    assert_eq!(timed(&mut recovery, 2 * MSS, at(60)), None);
    recovery.on_sent(range(2 * MSS), at(70));
    let took = Duration::from_millis(5);
    assert_eq!(timed(&mut recovery, 4 * MSS, at(75)), Some(took));
}

// req: MUST-18, RFC6298-3-1, RFC8961-4-3
#[test]
fn nothing_is_timed_once_anything_was_sent_again() {
    let mut sender = Sender::with_sent(5);
    sender.duplicates(3);
    assert_eq!(sender.resend_due(0), [0]);
    let later = Instant::BIRTH + Duration::from_secs(1);
    assert_eq!(timed(&mut sender.recovery, 5 * MSS, later), None);
    let mut sender = Sender::with_sent(5);
    sender.recovery.resend(sender.nxt, BECAUSE, WHY);
    assert_eq!(timed(&mut sender.recovery, 5 * MSS, later), None);
}

// req: RFC7323-4.2-1
#[test]
fn an_echo_counts_where_nothing_is_timed_and_the_last_measurement_is_a_round_trip_old() {
    let at = |ms| Instant::BIRTH + Duration::from_millis(ms);
    let measure = |recovery: &mut Recovery, acked, ms| {
        let echo = Some(Duration::from_millis(33));
        let srtt = Duration::from_millis(40);
        recovery.take_rtt(Sender::at(acked), at(ms), srtt, || echo)
    };
    let echoed = Some(Duration::from_millis(33));
    let mut recovery = Sender::with_sent(1).recovery;
    // The segment is timed, and its acknowledgment is on its way.
    assert_eq!(measure(&mut recovery, 0, 10), None);
    let timed = Some(Duration::from_millis(45));
    assert_eq!(measure(&mut recovery, MSS, 45), timed);
    for (ms, taken) in [
        (84, None),
        (85, echoed),
        (86, None),
        (124, None),
        (125, echoed),
    ] {
        assert_eq!(measure(&mut recovery, MSS, ms), taken, "at {ms} ms");
    }
}

/// The round trip that the acknowledgment of all before `acked` ends, without an echo.
fn timed(recovery: &mut Recovery, acked: u32, now: Instant) -> Option<Duration> {
    recovery.take_rtt(Sender::at(acked), now, Duration::ZERO, || None)
}

#[test]
fn after_a_probed_window_opens_all_goes_again_within_the_window() {
    let mut sender = Sender::with_sent(3);
    sender.recovery.resend(sender.nxt, BECAUSE, WHY);
    assert_eq!(sender.in_flight(), 0);
    assert!(sender.recovery.is_waiting());
    assert_eq!(sender.due(u64::from(MSS) - 1), None);
    assert_eq!(
        sender.due(u64::from(MSS)),
        Some((0, MSS, Resent::AfterTimeout))
    );
    assert_eq!(sender.resend_due(2 * u64::from(MSS)), [0, MSS]);
    assert_eq!(sender.in_flight(), 2 * MSS);
    assert_eq!(sender.recovery.phase_name(), "loss");
    assert_eq!(sender.acknowledge(3 * MSS), Verdict::Nothing);
    assert_eq!(sender.recovery.phase_name(), "open");
}

#[test]
fn crossing_syns_make_ours_due_once_more() {
    let mut recovery = Recovery::new(ISS, Recovering::PLAIN);
    let syn = SeqRange { start: ISS, len: 1 };
    recovery.on_sent(syn, Instant::BIRTH);
    recovery.syn_ack_due(ISS, BECAUSE, super::PROBE);
    let due = recovery.due(1, 0).expect("due whatever the window");
    assert_eq!((due.range, due.how), (syn, Resent::Syn));
    recovery.on_resent(syn, Instant::BIRTH, None);
    assert!(!recovery.is_waiting());
    // Or the peer's answer to the first was on its way.
    recovery.syn_ack_due(ISS, BECAUSE, super::PROBE);
    recovery.on_progress(ISS + 1);
    assert!(!recovery.is_waiting());
}

#[test]
fn a_window_probe_leaves_what_goes_again_where_it_is() {
    let byte = |at| SeqRange {
        start: Sender::at(at),
        len: 1,
    };
    let mut sender = Sender::with_sent(3);
    sender.time_out();
    assert_eq!(sender.resend_due(2 * u64::from(MSS)), [0, MSS]);
    // The window has closed: one byte is probed with, the oldest.
    sender.recovery.on_resent(byte(0), Instant::BIRTH, None);
    assert_eq!(sender.in_flight(), 2 * MSS);
    assert_eq!(
        sender.due(u64::MAX),
        Some((2 * MSS, MSS, Resent::AfterTimeout))
    );
    sender.resend_due(u64::MAX);
    sender.send_bytes(1);
    assert_eq!(sender.in_flight(), 3 * MSS + 1);
    assert_eq!(sender.due(u64::MAX), None);
}

/// One step of a sender's life.
#[derive(Debug, Clone)]
enum Step {
    Send,
    Resend,
    Duplicate,
    Acknowledge(u32),
    TimeOut,
    Reopen,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => Just(Step::Send),
        3 => Just(Step::Resend),
        6 => Just(Step::Duplicate),
        4 => (1..5 * MSS).prop_map(Step::Acknowledge),
        1 => Just(Step::TimeOut),
        1 => Just(Step::Reopen),
    ];
    prop::collection::vec(step, 0..120)
}

impl Sender {
    fn take(&mut self, step: &Step) {
        let outstanding = self.nxt.since(self.una);
        match step {
            Step::Send => self.send(1),
            Step::Resend => {
                if let Some(due) = self.recovery.due(MSS, u64::from(MSS)) {
                    self.recovery.on_resent(due.range, Instant::BIRTH, None);
                }
            }
            Step::Duplicate if outstanding > 0 => {
                self.duplicates(1);
            }
            Step::Acknowledge(bytes) if outstanding > 0 => {
                let una = self.una + (*bytes).min(outstanding);
                self.acknowledge(una.since(Sender::at(0)));
            }
            Step::TimeOut if outstanding > 0 => self.time_out(),
            Step::Reopen if outstanding > 0 => {
                self.recovery.resend(self.nxt, BECAUSE, WHY);
            }
            _ => {}
        }
    }
}

proptest! {
    /// Whatever the peer acknowledges, nothing is due that was acknowledged or never sent, and
    /// with nothing outstanding nothing is due and nothing counts as on its way.
    #[test]
    fn what_is_due_was_sent_and_is_not_acknowledged(steps in steps()) {
        let mut sender = Sender::with_sent(4);
        for step in &steps {
            sender.take(step);
            if let Some(due) = sender.recovery.due(MSS, u64::MAX) {
                prop_assert!(due.range.start.at_or_after(sender.una), "{step:?}");
                prop_assert!(due.range.end().at_or_before(sender.nxt), "{step:?}");
                prop_assert!((1..=MSS).contains(&due.range.len), "{step:?}");
            }
            if let Phase::Loss { until, .. } = sender.recovery.trouble.phase {
                prop_assert!(sender.una.before(until) && until.at_or_before(sender.nxt));
            }
            if sender.una == sender.nxt {
                prop_assert_eq!(sender.in_flight(), 0);
                prop_assert!(!sender.recovery.is_waiting());
            }
        }
    }
}
