//! What is counted, told and believed.

use super::*;
use crate::tcp::kit::at;

const MS: Duration = Duration::from_millis(1);

/// Where the peer has shown the option.
fn shown(telling: Telling) -> Bytes {
    let mut bytes = Bytes::new(telling);
    bytes.on_option(Some(ByteCounts::new(1, 0, 1)));
    bytes
}

/// The counters as they would be told: of ECT(0), CE and ECT(1).
fn counters(bytes: &Bytes) -> [u32; 3] {
    let option = bytes.option();
    [option.ect0(), option.ce(), option.ect1()].map(|field| field.expect("all three"))
}

const ALL: [Telling; 4] = [
    Telling::Never,
    Telling::Sparingly { beacons: 3 },
    Telling::Fully,
    Telling::Stubbornly,
];

// req: RFC9768-3.2.1-1
#[test]
fn bytes_are_counted_by_how_they_came() {
    let mut bytes = shown(Telling::Fully);
    assert_eq!(counters(&bytes), [1, 0, 1]);
    bytes.count(Codepoint::Ect0, 10);
    bytes.count(Codepoint::Ce, 100);
    bytes.count(Codepoint::Ect1, 1000);
    bytes.count(Codepoint::NotEct, 10_000);
    assert_eq!(counters(&bytes), [11, 100, 1001]);
    bytes.count(Codepoint::Ect0, (1 << 24) - 12);
    assert_eq!(counters(&bytes)[0], (1 << 24) - 1);
    bytes.count(Codepoint::Ect0, 3);
    assert_eq!(counters(&bytes)[0], 2, "the last 24 bits");
}

#[test]
fn what_the_peer_has_not_shown_is_not_sent_to_it() {
    for telling in ALL {
        let mut bytes = Bytes::new(telling);
        bytes.count(Codepoint::Ce, 10);
        bytes.on_option(None);
        assert!(!bytes.is_due(), "{telling:?}");
        bytes.on_option(Some(ByteCounts::new(1, 0, 1)));
        assert_eq!(bytes.is_due(), telling != Telling::Never, "{telling:?}");
    }
}

// req: RFC9768-3.2.3.2.1-1, RFC9768-3.2.3.3-2
#[test]
fn a_sparing_side_tells_of_marks_and_of_another_counter() {
    let mut bytes = shown(Telling::Sparingly { beacons: 3 });
    let mut sent = |codepoint: Option<Codepoint>, len: u32| {
        if let Some(codepoint) = codepoint {
            bytes.count(codepoint, len);
        }
        let is_due = bytes.is_due();
        bytes.on_told(at(1));
        is_due
    };
    // The first ACK and the first text.
    assert!(sent(None, 0) && sent(None, 0) && !sent(None, 0));
    let (ect0, ce) = (Some(Codepoint::Ect0), Some(Codepoint::Ce));
    assert!(sent(ect0, 10), "the first of its kind");
    assert!(!sent(ect0, 10) && !sent(None, 0));
    assert!(sent(ce, 10) && sent(ce, 10) && !sent(ce, 0));
    assert!(sent(ect0, 10) && !sent(ect0, 10));
    // Before half of its numbers have gone by.
    assert!(!sent(ect0, (1 << 22) - 11) && sent(ect0, 1) && !sent(ect0, 1));
}

// req: RFC9768-3.2.3.3-2
#[test]
fn a_sparing_side_tells_so_many_times_a_round_trip() {
    let mut bytes = shown(Telling::Sparingly { beacons: 3 });
    while bytes.is_due() {
        bytes.on_told(at(100));
    }
    bytes.on_time(at(119), 60 * MS);
    assert!(!bytes.is_due());
    bytes.on_time(at(120), 60 * MS);
    assert!(bytes.is_due());
}

#[test]
fn only_what_is_newer_is_heard() {
    let mut bytes = shown(Telling::Fully);
    let mut hear = |ce: u32| bytes.hear(Some(ByteCounts::new(1, ce, 1)));
    assert_eq!(hear(0), Some(0));
    assert_eq!(hear(700), Some(700));
    assert_eq!(hear(699), None);
    assert_eq!(hear(700 + (1 << 23) - 1), Some((1 << 23) - 1));
    // Round the end of the numbers.
    assert_eq!(hear(100), Some((1 << 24) + 100 - (700 + (1 << 23) - 1)));
    assert_eq!(bytes.hear(None), None);
}

// req: RFC9768-3.2.1-1
#[test]
fn what_begins_at_zero_was_written_by_somebody_else() {
    for zeroed in [ByteCounts::new(0, 0, 1), ByteCounts::new(1, 0, 0)] {
        let mut bytes = Bytes::new(Telling::Fully);
        bytes.on_option(Some(zeroed));
        let later = Some(ByteCounts::new(1, 500, 1));
        bytes.on_option(later);
        assert_eq!(bytes.hear(later), None);
    }
}

// req: RFC9768-3.2.3.2.2-1
#[test]
fn what_seems_to_be_dropped_is_sent_no_more_but_by_the_stubborn() {
    for telling in ALL {
        let stops = telling != Telling::Never && telling != Telling::Stubbornly;
        let mut bytes = shown(telling);
        assert_eq!(bytes.on_first_text_lost(), stops, "{telling:?}");
        assert_eq!(bytes.is_due(), telling == Telling::Stubbornly);
        let mut bytes = shown(telling);
        assert!(!bytes.on_text_again());
        bytes.on_new_text();
        assert!(!bytes.on_text_again());
        assert_eq!(bytes.on_text_again(), stops, "{telling:?}");
        assert_eq!(bytes.is_due(), telling == Telling::Stubbornly);
        assert!(!bytes.on_text_again(), "told once");
    }
}
