//! What a check says of itself.

use crate::query::fixtures::ask;

#[test]
fn both_sides_and_the_frames_are_printed() {
    let outcome = ask("count(tcp:segment_sent where len>0) = 1");
    assert!(!outcome.passed);
    assert_eq!(
        outcome.to_string(),
        "count(tcp:segment_sent where len > 0) = 1 does not hold: 3 = 1\n\
         frame 4, frame 5, frame 7"
    );
    assert_eq!(outcome.claims[0].left.to_string(), "3");
    let right = outcome.claims[0].right.as_ref();
    assert_eq!(right.map(ToString::to_string).as_deref(), Some("1"));
}

#[test]
fn values_have_the_unit_of_either_side() {
    let said = |text: &str| ask(text).claims[0].values.clone();
    assert_eq!(
        said("between(tcp:segment_sent, tcp:state_updated) < 0.1s"),
        "80.2 ms < 100 ms"
    );
    assert_eq!(
        said("max(tcp:metrics_updated.cwnd) <= 14KiB"),
        "14600 B <= 14336 B"
    );
    assert_eq!(
        said("max(tcp:metrics_updated.cwnd) <= 14600"),
        "14600 <= 14600"
    );
    assert_eq!(said("first(tcp:reset).time = 1ms"), "null = 1 ms");
    assert_eq!(
        said("first(tcp:state_updated).host = 'server'"),
        "'client' = 'server'"
    );
}

#[test]
fn every_comparison_is_a_claim() {
    let outcome = ask("count(tcp:reset) = 0 and not (first(tcp:reset) or 1 = 2) and 1 > 2");
    let held: Vec<_> = outcome
        .claims
        .iter()
        .map(|c| (c.text.as_str(), c.held))
        .collect();
    assert_eq!(
        held,
        [
            ("count(tcp:reset) = 0", true),
            ("first(tcp:reset)", false),
            ("1 = 2", false),
            ("1 > 2", false),
        ]
    );
    assert!(!outcome.passed);
    assert_eq!(
        outcome.to_string(),
        "count(tcp:reset) = 0 holds: 0 = 0\nfirst(tcp:reset) does not hold: null\n\
         1 = 2 does not hold: 1 = 2\n1 > 2 does not hold: 1 > 2"
    );
}

#[test]
fn an_event_behind_two_answers_is_named_once() {
    let outcome = ask("max(tcp:segment_sent.len) = min(tcp:segment_sent.seq) + \
                       first(tcp:metrics_updated).mss");
    let named: Vec<_> = outcome.evidence.iter().map(ToString::to_string).collect();
    // The first segment with text is the longest and has the lowest number; metrics have no number.
    assert_eq!(named, ["80.25 ms", "frame 4"]);
}
