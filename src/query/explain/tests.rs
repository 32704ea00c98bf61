//! Queries in words.

use super::{NOTES, explain};
use crate::query::Query;
use crate::query::fixtures::vocabulary;

fn said(text: &str) -> String {
    let query = Query::parse(text, &vocabulary()).unwrap_or_else(|error| panic!("{error}"));
    let said = explain(&query);
    let (said, notes) = said.rsplit_once('\n').expect("several lines");
    assert_eq!(notes, NOTES);
    said.to_owned()
}

#[test]
fn a_selection_says_what_it_takes() {
    assert_eq!(said("tcp:reset"), "takes all tcp:reset events");
    assert_eq!(
        said("tcp:* where cwnd < 2*mss and (flags ~ 'S' or not push)"),
        "takes all tcp events where\n  all of these hold:\n    \
         cwnd (congestion_window) is less than 2 times mss\n    any of these holds:\n      \
         flags contains 'S'\n      this does not hold:\n        \
         push is neither null nor 0 nor empty"
    );
    assert_eq!(
        said("tcp:reset where time > first(tcp:loss_detected).time"),
        "takes all tcp:reset events where\n  \
         time is greater than time of the first of all tcp:loss_detected events\n\
         what is asked of the whole run is asked first"
    );
}

#[test]
fn an_expression_says_what_must_hold() {
    let cases = [
        (
            "count(tcp:segment_sent where retransmit='fast') = 1",
            "the number of all tcp:segment_sent events where retransmit is 'fast' is 1",
        ),
        (
            "max(tcp:metrics_updated.congestion_window) <= 4KiB",
            "the greatest congestion_window (cwnd) of all tcp:metrics_updated events \
             is at most 4096 B",
        ),
        (
            "between(tcp:reset, tcp:* where len > 0 or push) < 0.1s",
            "the time from the first of all tcp:reset events to the first of all tcp events \
             where (len is greater than 0 or push is neither null nor 0 nor empty) \
             that is not before it is less than 100 ms",
        ),
        (
            "at(1s, rto) >= 200ms",
            "the last rto that is known at 1000 ms is at least 200 ms",
        ),
        (
            "p95(tcp:*.srtt where len != null and seq != 1) - 2 * (1 + 3) > 0",
            "the 95th percentile of each srtt (smoothed_rtt) of all tcp events where \
             (len is not null and seq is there and is not 1) minus (2 times (1 plus 3)) \
             is greater than 0",
        ),
        (
            "last(tcp:reset, 2) = null",
            "that there is number 2 from the end of all tcp:reset events is null",
        ),
        (
            "count(tcp:* where len <= 2mss) = 0",
            "the number of all tcp events where len is at most 2 times the mss of the event is 0",
        ),
    ];
    for (text, expected) in cases {
        let expected = format!("passes if\n  {expected}\ngoes over the run once");
        assert_eq!(said(text), expected, "{text}");
    }
}

#[test]
fn the_passes_are_counted() {
    let last = |text: &str| said(text).lines().last().map(str::to_owned);
    assert_eq!(last("1 = 1").as_deref(), Some("needs no event"));
    let nested = "count(tcp:* where time < last(tcp:*).time) = 0";
    assert_eq!(last(nested).as_deref(), Some("goes over the run 2 times"));
}
