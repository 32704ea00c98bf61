//! Loss by time, told in milliseconds and segments of 1000.

use super::*;
use crate::base::SeqRange;
use crate::tcp::recovery::scoreboard::Scoreboard;

const ISS: SeqNum = SeqNum(u32::MAX - 1500);
const MS: Duration = Duration::from_millis(1);

fn at(ms: u64) -> Instant {
    Instant::BIRTH + Duration::from_millis(ms)
}

/// A piece that arrives: the segment of that number, sent at that time.
fn piece(number: u32, sent_ms: u64, resent: bool) -> Arrived {
    let mut board = Scoreboard::new(ISS);
    let start = number * 1000;
    if start > 0 {
        board.on_sent(start, start, at(0), Default::default());
    }
    board.on_sent(1000, 1000, at(sent_ms), Default::default());
    let range = SeqRange {
        start: ISS + start,
        len: 1000,
    };
    if resent {
        board.on_resent(range, at(sent_ms), Default::default());
    }
    let mut last = None;
    board.acknowledge(ISS + start + 1000, &mut |arrived| last = Some(arrived));
    let arrived = last.expect("all is acknowledged");
    assert_eq!(arrived.sent.sent_at, at(sent_ms));
    Arrived { range, ..arrived }
}

/// A segment that has not arrived.
fn sent(number: u32, sent_ms: u64) -> Sent {
    piece(number, sent_ms, false).sent
}

fn ambiguity(now_ms: u64) -> Ambiguity {
    Ambiguity {
        now: at(now_ms),
        echoed: None,
        min_rtt: Some(40 * MS),
    }
}

/// The segments of those numbers, all sent at 0, arrive at 40 ms.
fn heard(numbers: &[u32]) -> Rack {
    let mut rack = Rack::new(ISS);
    for &number in numbers {
        rack.on_arrived(&piece(number, 0, false), &ambiguity(40));
    }
    rack.on_ack(at(40));
    rack
}

fn situation() -> Situation {
    Situation {
        in_recovery: false,
        enough_reported: false,
        min_rtt: 40 * MS,
        srtt: 60 * MS,
    }
}

// req: RFC8985-6.2-5
#[test]
fn what_was_sent_before_something_that_arrived_is_lost_a_window_later() {
    let rack = heard(&[3]);
    let window = 10 * MS;
    // Sent at the same instant: the sequence number decides.
    assert_eq!(
        rack.judge(&sent(1, 0), window, at(49)),
        Judgment::Wait(at(50))
    );
    assert_eq!(rack.judge(&sent(1, 0), window, at(50)), Judgment::Lost);
    assert_eq!(rack.judge(&sent(4, 0), window, at(99)), Judgment::TooEarly);
    assert_eq!(rack.judge(&sent(4, 1), window, at(99)), Judgment::TooEarly);
    assert_eq!(
        Rack::new(ISS).judge(&sent(1, 0), window, at(99)),
        Judgment::TooEarly
    );
}

// req: RFC8985-6.2-2
#[test]
fn an_ack_that_may_mean_an_earlier_copy_says_nothing_of_time() {
    let judged = |ambiguity: Ambiguity| {
        let mut rack = Rack::new(ISS);
        rack.on_arrived(&piece(3, 10, true), &ambiguity);
        rack.on_ack(ambiguity.now);
        rack.judge(&sent(1, 0), Duration::ZERO, at(500))
    };
    // Sooner than any round trip, or with the echo of an earlier copy.
    assert_eq!(judged(ambiguity(49)), Judgment::TooEarly);
    let echoed = Some(at(9));
    assert_eq!(
        judged(Ambiguity {
            echoed,
            ..ambiguity(60)
        }),
        Judgment::TooEarly
    );
    assert_eq!(judged(ambiguity(50)), Judgment::Lost);
}

// req: RFC8985-3.3.2-1, RFC8985-6.2-4
#[test]
fn without_reordering_nothing_is_waited_for_once_enough_is_reported() {
    let rack = heard(&[1, 2, 3]);
    let ask = |in_recovery, enough_reported| {
        rack.window(&Situation {
            in_recovery,
            enough_reported,
            ..situation()
        })
    };
    assert_eq!(ask(false, false), 10 * MS);
    assert_eq!(ask(true, false), Duration::ZERO);
    assert_eq!(ask(false, true), Duration::ZERO);
}

// req: RFC8985-6.2-3
#[test]
fn an_original_that_arrives_late_shows_reordering() {
    let patient = |rack: Rack| {
        let situation = Situation {
            in_recovery: true,
            ..situation()
        };
        rack.window(&situation) == 10 * MS
    };
    assert!(!patient(heard(&[1, 2, 3])));
    assert!(patient(heard(&[3, 1])));
    // One that went again shows nothing.
    let mut rack = heard(&[3]);
    rack.on_arrived(&piece(1, 20, true), &ambiguity(99));
    assert!(!patient(rack));
}

// req: RFC8985-3.3.2-2, RFC8985-4-3, RFC8985-6.2-4
#[test]
fn the_window_grows_with_each_round_that_hears_of_a_duplicate_up_to_srtt() {
    let mut rack = heard(&[3, 1]);
    let mut nxt = ISS + 10_000;
    for window in [20, 30, 40, 50, 60, 60] {
        rack.on_dsack(nxt);
        // Once a round.
        rack.on_dsack(nxt);
        assert_eq!(rack.window(&situation()), window * MS);
        rack.on_progress(nxt - 1);
        rack.on_dsack(nxt);
        assert_eq!(rack.window(&situation()), window * MS);
        rack.on_progress(nxt);
        nxt += 10_000;
    }
}

// req: RFC8985-6.2-4
#[test]
fn sixteen_recoveries_without_a_duplicate_make_the_window_small_again() {
    let mut rack = heard(&[3, 1]);
    rack.on_dsack(ISS + 10_000);
    for _ in 0..15 {
        rack.on_recovery_over();
        assert_eq!(rack.window(&situation()), 20 * MS);
    }
    rack.on_recovery_over();
    assert_eq!(rack.window(&situation()), 10 * MS);
}

// req: RFC8985-6.3-1
#[test]
fn at_a_timeout_only_what_is_old_enough_is_overdue() {
    let rack = heard(&[3]);
    let window = 10 * MS;
    assert!(rack.is_overdue(&sent(5, 100), window, at(150)));
    assert!(!rack.is_overdue(&sent(5, 101), window, at(150)));
}
