//! The examples of the language's design, and what they mean of a run.

use super::Query;
use super::fixtures::{ask, run, selection, vocabulary};

fn passes(text: &str) -> bool {
    ask(text).passed
}

#[test]
fn so_many_events_are_like_this() {
    assert!(passes(
        "count(tcp:segment_sent where retransmit='fast') = 1"
    ));
    assert!(!passes(
        "count(tcp:segment_sent where retransmit='rto') = 1"
    ));
    let rto = "count(tcp:timer_updated where timer='rto' and event='expired') = 0";
    assert!(passes(rto));
}

#[test]
fn a_metric_never_exceeds_a_bound() {
    assert!(passes("max(tcp:metrics_updated.cwnd) <= 43800"));
    assert!(passes("max(tcp:metrics_updated.cwnd) = 14600"));
    assert!(!passes("max(tcp:metrics_updated.cwnd) <= 14599"));
}

#[test]
fn an_event_is_of_one_end() {
    assert!(passes(
        "first(tcp:state_updated where new='time_wait').host = 'server'"
    ));
    assert!(!passes(
        "first(tcp:state_updated where new='established').host = 'server'"
    ));
    // Of an event that never was, nothing is true.
    assert!(!passes(
        "first(tcp:state_updated where new='closed').host = 'server'"
    ));
    assert!(!passes(
        "first(tcp:state_updated where new='closed').host != 'server'"
    ));
}

#[test]
fn one_event_follows_another_in_time() {
    let text = "between(tcp:segment_sent where flags~'S', \
                tcp:state_updated where new='established') < 100ms";
    assert!(passes(text));
    // From 0.05 ms to 80.25 ms.
    assert!(passes(&text.replace("< 100ms", "= 80.2ms")));
    assert!(!passes(&text.replace("< 100ms", "< 80200us")));
}

#[test]
fn a_bare_selection_lists_events() {
    let dropped = selection("tcp:segment_disposed where disposition='dropped'");
    let run = run();
    let taken: Vec<_> = run.iter().filter(|event| dropped.matches(*event)).collect();
    assert_eq!(taken.len(), 1);
    assert_eq!(taken[0].json()["data"]["frame"], 6);
}

#[test]
fn a_breakpoint_stops_at_its_first_match() {
    let small = selection("tcp:metrics_updated where cwnd < 2*mss");
    let run = run();
    let first = run.iter().position(|event| small.matches(event));
    // 2900 is less than 2920; of the 4360 later no `mss` is known.
    assert_eq!(first, Some(9));
    assert_eq!(run.iter().filter(|event| small.matches(*event)).count(), 1);
}

#[test]
fn a_query_is_written_out_as_it_was_understood() {
    let written = |text: &str| match Query::parse(text, &vocabulary()) {
        Ok(query) => query.to_string(),
        Err(error) => panic!("{error}"),
    };
    assert_eq!(
        written("tcp:reset  where(len=0)"),
        "tcp:reset where len = 0"
    );
    assert_eq!(written("count( tcp:reset )=0"), "count(tcp:reset) = 0");
}
