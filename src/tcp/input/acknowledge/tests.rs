//! Which debt is due at once, which waits, and what pays it.

use std::num::NonZeroU64;
use std::time::Duration;

use crate::base::Instant;
use crate::probe::{EventId, Purpose};
use crate::rfc;
use crate::tcp::Config;

use super::{Acknowledge, FIN, OUT_OF_ORDER};

const MSS: u32 = 1000;
const DELAY: Duration = Duration::from_millis(40);

fn input(number: u64) -> EventId {
    EventId(NonZeroU64::new(number).expect("inputs count from 1"))
}

/// Text comes, as input 1; when the acknowledgment is due if it may wait.
fn text(acks: &mut Acknowledge, len: u32) -> Option<Instant> {
    acks.on_text(len, MSS, input(1), Instant::BIRTH, DELAY)
}

// req: SHLD-18, MUST-40, RFC5681-4.2-1, RFC5681-4.2-2
#[test]
fn the_first_segment_waits_and_not_for_half_a_second() {
    let mut acks = Acknowledge::default();
    assert!(!acks.is_owed());
    assert_eq!(text(&mut acks, MSS), Some(Instant::BIRTH + DELAY));
    assert!(acks.is_owed());
    assert!(acks.due().is_none());
    assert!(Config::default().delayed_ack < Duration::from_millis(500));
}

// req: SHLD-19, RFC5681-4.2-1
#[test]
fn every_second_full_sized_segment_is_acknowledged_at_once() {
    let mut acks = Acknowledge::default();
    for _ in 0..3 {
        assert!(text(&mut acks, MSS).is_some());
        assert_eq!(text(&mut acks, MSS), None);
        let owed = acks.due().expect("due at once");
        assert_eq!((owed.purpose, owed.because), (Purpose::Ack, input(1)));
        assert_eq!(owed.why.by, rfc!(5681, "4.2"));
        acks.on_sent();
        assert!(!acks.is_owed());
    }
}

// req: SHLD-19
#[test]
fn full_sized_segments_are_counted_in_bytes() {
    // The device may have merged several into one.
    let mut acks = Acknowledge::default();
    assert_eq!(text(&mut acks, 2 * MSS), None);
    assert!(acks.due().is_some());
    // And many small ones make up two.
    let mut acks = Acknowledge::default();
    for byte in 1..2 * MSS {
        // The timer that the first set still runs.
        assert_eq!(text(&mut acks, 1).is_some(), byte == 1);
        assert!(acks.due().is_none(), "after {byte} bytes");
    }
    assert_eq!(text(&mut acks, 1), None);
    assert!(acks.due().is_some());
}

// req: MUST-40, RFC5681-4.2-2
#[test]
fn when_the_delay_is_over_it_is_due() {
    let mut acks = Acknowledge::default();
    text(&mut acks, 1);
    acks.on_delay_over(input(9));
    let owed = acks.due().expect("due");
    assert_eq!(owed.because, input(9));
    assert_eq!(owed.purpose, Purpose::Ack);
}

#[test]
fn a_delay_that_is_over_after_the_debt_was_paid_makes_nothing_due() {
    let mut acks = Acknowledge::default();
    text(&mut acks, 1);
    acks.on_sent();
    acks.on_delay_over(input(9));
    assert!(!acks.is_owed());
}

#[test]
fn the_first_reason_to_answer_at_once_is_the_one_that_is_told() {
    let mut acks = Acknowledge::default();
    text(&mut acks, 1);
    acks.owe(input(2), OUT_OF_ORDER);
    acks.owe(input(3), FIN);
    let owed = acks.due().expect("due at once");
    assert_eq!((owed.because, owed.why), (input(2), OUT_OF_ORDER));
}

// req: RFC5681-4.2-3
#[test]
fn one_segment_pays_every_debt() {
    let mut acks = Acknowledge::default();
    text(&mut acks, MSS);
    acks.owe(input(2), OUT_OF_ORDER);
    acks.owe(input(3), FIN);
    acks.on_sent();
    assert!(!acks.is_owed());
    // The count begins anew too.
    assert!(text(&mut acks, MSS).is_some());
    assert!(acks.due().is_none());
}

#[test]
fn a_challenge_pays_for_text_as_well() {
    let mut acks = Acknowledge::default();
    acks.owe(input(2), FIN);
    let reset = &crate::probe::Why {
        by: rfc!(5961, "3.2"),
        text: "a reset",
    };
    acks.owe_challenge(input(3), reset);
    let owed = acks.due().expect("due at once");
    assert_eq!(
        (owed.because, owed.purpose),
        (input(3), Purpose::ChallengeAck)
    );
    acks.on_sent();
    assert!(!acks.is_owed());
}

#[test]
fn no_count_of_bytes_overflows() {
    let mut acks = Acknowledge::default();
    for _ in 0..3 {
        assert_eq!(text(&mut acks, u32::MAX), None);
    }
    assert!(acks.due().is_some());
}

#[test]
fn each_duplicate_acknowledgment_is_told_with_an_input_of_its_own() {
    let mut acks = Acknowledge::default();
    acks.owe_duplicate(input(3));
    acks.owe_duplicate(input(4));
    assert_eq!(acks.due().expect("due at once").because, input(3));
    acks.on_sent();
    assert_eq!(acks.due().expect("due at once").because, input(4));
    acks.on_sent();
    assert!(!acks.is_owed());
}

#[test]
fn the_first_few_need_not_wait_until_something_answers_them() {
    let at = |millis| Instant::BIRTH + Duration::from_millis(millis);
    let mut acks = Acknowledge::default();
    assert!(acks.is_early(2, at(0)));
    assert!(acks.is_early(2, at(1)));
    assert!(!acks.is_early(2, at(2)));
    let mut slow = Acknowledge::default();
    assert!(slow.is_early(9, at(0)));
    // Too late to have taken the acknowledgment along.
    slow.on_answer(at(40), DELAY);
    assert!(slow.is_early(9, at(50)));
    slow.on_answer(at(89), DELAY);
    assert!(!slow.is_early(9, at(90)));
    let mut none = Acknowledge::default();
    assert!(!none.is_early(0, at(0)));
    // Nothing was heard that ours could answer.
    let mut first = Acknowledge::default();
    first.on_answer(at(0), DELAY);
    assert!(first.is_early(1, at(1)));
}
