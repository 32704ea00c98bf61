//! Nagle's algorithm and the sender's silly window cure, by the letter of RFC 9293.

use super::{
    ALL_OF_IT, FULL_SEGMENT, HALF_WINDOW, HELD, LAST, NODELAY, NONE_SHORT, OVERRIDE,
    OVERRIDE_TIMEOUT, SLIVER, Situation, may_send,
};

/// An open window of which nothing is used.
fn idle(d: u32) -> Situation {
    Situation {
        d,
        u: 10_000,
        mss: 1000,
        max_wnd: 10_000,
        outstanding: false,
        nodelay: false,
        none_short: false,
        last: false,
        held: false,
        slivers: false,
        overridden: false,
    }
}

fn busy(d: u32) -> Situation {
    Situation {
        outstanding: true,
        ..idle(d)
    }
}

// req: SHLD-7, RFC9293-3.7.4-1, MAY-16
#[test]
fn a_short_segment_waits_while_something_is_unacknowledged() {
    assert_eq!(may_send(busy(1)), None);
    assert_eq!(may_send(busy(999)), None);
    assert_eq!(may_send(idle(1)), Some(ALL_OF_IT));
}

// req: SHLD-28
#[test]
fn a_full_segment_never_waits() {
    assert_eq!(may_send(busy(1000)), Some(FULL_SEGMENT));
    assert_eq!(may_send(idle(5000)), Some(FULL_SEGMENT));
}

// req: MUST-17
#[test]
fn with_the_algorithm_off_a_short_segment_goes() {
    let nodelay = Situation {
        nodelay: true,
        ..busy(1)
    };
    assert_eq!(may_send(nodelay), Some(NODELAY));
}

/// What the cure is for: without it each byte of window is used at once.
#[test]
fn without_the_cure_every_sliver_of_a_window_is_used() {
    let sliver = Situation {
        u: 1,
        slivers: true,
        ..idle(5_000)
    };
    assert_eq!(may_send(sliver), Some(SLIVER));
    let cured = Situation {
        slivers: false,
        ..sliver
    };
    assert_eq!(may_send(cured), None);
    // Nagle's algorithm is another matter.
    let outstanding = Situation {
        outstanding: true,
        ..sliver
    };
    assert_eq!(may_send(outstanding), None);
}

#[test]
fn a_short_segment_may_go_after_full_ones_if_only_short_ones_count() {
    let none_short = Situation {
        none_short: true,
        ..busy(1)
    };
    assert_eq!(may_send(none_short), Some(NONE_SHORT));
    // The silly window cure stays: it must be all that waits.
    let window = Situation { u: 5, ..none_short };
    let more = Situation { d: 10, ..window };
    assert_eq!(may_send(more), None);
}

#[test]
fn after_close_the_last_short_segment_goes() {
    let last = Situation {
        last: true,
        ..busy(1)
    };
    assert_eq!(may_send(last), Some(LAST));
}

// req: MUST-38
#[test]
fn little_room_in_a_window_is_not_used() {
    let silly = Situation {
        u: 10,
        ..idle(5000)
    };
    assert_eq!(may_send(silly), None);
    // Turning Nagle's algorithm off does not turn the cure off.
    let nodelay = Situation {
        nodelay: true,
        ..silly
    };
    assert_eq!(may_send(nodelay), None);
    let overridden = Situation {
        held: false,
        overridden: true,
        ..silly
    };
    assert_eq!(may_send(overridden), Some(OVERRIDE));
}

#[test]
fn half_of_the_largest_window_is_room_enough() {
    let small_peer = |u| Situation {
        u,
        max_wnd: 101,
        ..idle(5000)
    };
    assert_eq!(may_send(small_peer(51)), Some(HALF_WINDOW));
    // Half of 101 is more than 50.
    assert_eq!(may_send(small_peer(50)), None);
}

#[test]
fn without_text_or_without_room_there_is_nothing_to_send() {
    for outstanding in [false, true] {
        let nothing = Situation {
            outstanding,
            nodelay: true,
            held: false,
            overridden: true,
            ..idle(0)
        };
        assert_eq!(may_send(nothing), None);
        let closed = Situation { u: 0, ..nothing };
        assert_eq!(may_send(Situation { d: 5000, ..closed }), None);
    }
}

// req: RFC9293-3.8.6.2.1-1
#[test]
fn the_override_timeout_is_between_a_tenth_of_a_second_and_one() {
    assert!((100..=1000).contains(&OVERRIDE_TIMEOUT.as_millis()));
}

/// RFC 9293 section 3.8.6.2.1, each line as it stands there, with all text counted as pushed, and
/// Nagle's bracket left out after CLOSE, house!("nagle-and-fin"), and where only short segments
/// count, house!("nagle-by-short").
fn by_the_letter(s: &Situation) -> bool {
    let nagle = !s.outstanding || s.nodelay || s.last || s.none_short;
    let (d, u) = (u64::from(s.d), u64::from(s.u));
    let min = d.min(u);
    let rules = [
        min >= u64::from(s.mss),
        nagle && d <= u,
        nagle && 2 * min >= u64::from(s.max_wnd),
        s.overridden,
    ];
    min > 0 && rules.contains(&true)
}

// req: MUST-17, MUST-38, SHLD-7, RFC9293-3.7.4-1, RFC9293-3.8.6.2.1-1
#[test]
fn every_small_situation_is_decided_by_the_four_conditions() {
    for bits in 0..32 {
        for d in 0..12 {
            for u in 0..12 {
                for mss in 1..8 {
                    for max_wnd in 0..12 {
                        let s = Situation {
                            d,
                            u,
                            mss,
                            max_wnd,
                            outstanding: bits & 1 != 0,
                            nodelay: bits & 2 != 0,
                            none_short: bits & 16 != 0,
                            last: bits & 4 != 0,
                            held: false,
                            slivers: false,
                            overridden: bits & 8 != 0,
                        };
                        assert_eq!(may_send(s).is_some(), by_the_letter(&s), "{s:?}");
                    }
                }
            }
        }
    }
}

#[test]
fn a_short_segment_that_is_held_waits_for_a_full_one_or_the_timeout() {
    for (outstanding, nodelay, none_short) in [
        (false, false, false),
        (true, true, false),
        (true, false, true),
    ] {
        let short = Situation {
            held: true,
            outstanding,
            nodelay,
            none_short,
            ..idle(999)
        };
        assert_eq!(may_send(short), None);
        let full = Situation { d: 1_000, ..short };
        assert_eq!(may_send(full), Some(FULL_SEGMENT));
        let over = Situation {
            overridden: true,
            ..short
        };
        assert_eq!(may_send(over), Some(HELD));
    }
}
