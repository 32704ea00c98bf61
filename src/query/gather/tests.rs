//! Questions about a run: against plain lists, and at their edges.

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::json;

use crate::query::JsonEvent;
use crate::query::fixtures::{ask, expression, record, value};

#[test]
fn of_nothing_the_count_is_0_and_all_else_null() {
    assert_eq!(value("count(tcp:reset)"), "0");
    for text in [
        "first(tcp:reset)",
        "last(tcp:reset).time",
        "nth(tcp:reset, 1).time",
        "max(tcp:reset.time)",
        "min(tcp:reset.time)",
        "sum(tcp:reset.time)",
        "mean(tcp:reset.time)",
        "p50(tcp:reset.time)",
        "p95(tcp:reset.time)",
        "between(tcp:reset, tcp:*)",
        "between(tcp:*, tcp:reset)",
        "at(10ms, cwnd)",
        // Events without the field, and with texts in it, are nothing too.
        "max(tcp:segment_sent.rto)",
        "sum(tcp:segment_sent.flags)",
    ] {
        assert_eq!(value(text), "null", "{text}");
    }
}

#[test]
fn events_are_counted_from_both_ends() {
    let seq = |which: &str| value(&format!("{which}.frame"));
    assert_eq!(seq("first(tcp:segment_sent)"), "1");
    assert_eq!(seq("first(tcp:segment_sent, 3)"), "5");
    assert_eq!(seq("nth(tcp:segment_sent, 3)"), "5");
    assert_eq!(seq("last(tcp:segment_sent)"), "7");
    assert_eq!(seq("last(tcp:segment_sent, 3)"), "4");
    assert_eq!(seq("last(tcp:segment_sent, 4)"), "1");
    assert_eq!(seq("last(tcp:segment_sent, 5)"), "null");
    assert_eq!(seq("nth(tcp:segment_sent, 5)"), "null");
    assert_eq!(value("first(tcp:segment_sent)"), "true");
}

#[test]
fn a_field_is_asked_of_the_event_that_was_found_and_no_other() {
    // The first segment has no `seq`; the next ones do.
    assert_eq!(value("first(tcp:segment_sent).seq"), "null");
    assert_eq!(value("first(tcp:segment_sent where seq != null).seq"), "1");
}

#[test]
fn between_takes_the_first_of_each_in_the_order_of_the_log() {
    let took = |from: &str, to: &str| value(&format!("between({from}, {to})"));
    let (syn, open) = ("tcp:segment_sent where flags~'S'", "tcp:state_updated");
    assert_eq!(took(syn, open), "80.2");
    // One event may be both.
    assert_eq!(took("tcp:segment_sent", "tcp:*"), "0");
    // What stands before does not count, at the same instant neither.
    assert_eq!(took("tcp:metrics_updated", "tcp:state_updated"), "180.5");
    assert_eq!(took("tcp:loss_detected", "tcp:segment_disposed"), "null");
}

#[test]
fn at_is_the_last_value_up_to_then() {
    assert_eq!(value("at(80.249999ms, cwnd)"), "null");
    assert_eq!(value("at(80.25ms, cwnd)"), "14600");
    assert_eq!(value("at(170ms, cwnd)"), "14600");
    assert_eq!(value("at(171ms, cwnd)"), "2900");
    assert_eq!(value("at(1s, congestion_window)"), "4360");
    // What is said to be unknown is not what was known before.
    assert_eq!(value("at(200ms, ssthresh)"), "2900");
    assert_eq!(value("at(1s, ssthresh)"), "null");
}

#[test]
fn the_events_behind_an_answer_are_named() {
    let frames = |text: &str| {
        let evidence = ask(text).evidence;
        evidence
            .iter()
            .map(|e| e.frame.unwrap_or(0))
            .collect::<Vec<_>>()
    };
    assert_eq!(frames("count(tcp:segment_sent)"), [1, 4, 5, 7]);
    assert_eq!(frames("max(tcp:segment_sent.len)"), [4]);
    assert_eq!(frames("min(tcp:segment_sent.len)"), [1]);
    assert_eq!(frames("sum(tcp:segment_sent.seq)"), [4, 5, 7]);
    assert_eq!(frames("p50(tcp:segment_sent.len)"), [5]);
    assert_eq!(frames("last(tcp:segment_sent, 2)"), [5]);
    assert_eq!(
        frames("between(tcp:segment_sent, tcp:segment_disposed)"),
        [1, 6]
    );
    assert_eq!(frames("at(100ms, inflight)"), [5]);
    // What a question found is not what it looked at.
    assert_eq!(frames("count(tcp:reset)"), [0; 0]);
}

#[test]
fn of_many_events_the_first_are_named_and_the_others_counted() {
    let run: Vec<JsonEvent> = (0..20)
        .map(|n| record(json!({"time": n, "name": "tcp:reset", "id": n})))
        .collect();
    let outcome = expression("count(tcp:reset) = 0").evaluate(&run);
    assert_eq!(outcome.evidence.len(), 16);
    assert_eq!(outcome.evidence[15].id, Some(15));
    assert_eq!(outcome.more, 4);
}

#[test]
fn a_sum_out_of_bounds_is_null() {
    let run = vec![record(json!({"time": 0, "name": "tcp:reset", "data": {"len": u64::MAX}})); 2];
    let of = |text: &str| expression(text).evaluate(&run).claims[0].left.to_string();
    assert_eq!(of("sum(tcp:reset.len)"), "null");
    assert_eq!(of("mean(tcp:reset.len)"), "null");
    assert_eq!(of("max(tcp:reset.len)"), "18446744073709551615");
}

/// A run of events with a length each.
fn lengths(lengths: &[i64]) -> Vec<JsonEvent> {
    let events = lengths.iter().zip(0u32..);
    let event =
        |(len, time)| record(json!({"time": time, "name": "tcp:reset", "data": {"len": len}}));
    events.map(event).collect()
}

/// The least value of which at least so many of a hundred values are not greater.
fn percentile(values: &[i64], hundredths: usize) -> i64 {
    let enough = |one: &&i64| {
        let covered = values.iter().filter(|other| other <= one).count();
        covered * 100 >= hundredths * values.len()
    };
    *values.iter().filter(enough).min().expect("not empty")
}

proptest! {
    #[test]
    fn folds_agree_with_plain_lists(values in vec(-50i64..50, 1..60)) {
        let run = lengths(&values);
        let of = |name: &str| {
            let outcome = expression(&format!("{name}(tcp:reset.len)")).evaluate(&run);
            outcome.claims[0].left.to_string()
        };
        let total: i64 = values.iter().sum();
        prop_assert_eq!(of("max"), values.iter().max().expect("some").to_string());
        prop_assert_eq!(of("min"), values.iter().min().expect("some").to_string());
        prop_assert_eq!(of("sum"), total.to_string());
        prop_assert_eq!(of("p50"), percentile(&values, 50).to_string());
        prop_assert_eq!(of("p95"), percentile(&values, 95).to_string());
        let mean: f64 = of("mean").parse().expect("a number");
        prop_assert!((mean - total as f64 / values.len() as f64).abs() < 1e-6);
    }

    #[test]
    fn picks_agree_with_plain_lists(values in vec(0i64..9, 0..12), nth in 1usize..6) {
        let run = lengths(&values);
        let of = |which: &str| {
            let text = format!("{which}(tcp:reset where len > 3, {nth}).len");
            expression(&text).evaluate(&run).claims[0].left.to_string()
        };
        let large: Vec<i64> = values.iter().copied().filter(|len| *len > 3).collect();
        let said = |found: Option<&i64>| found.map_or("null".to_owned(), i64::to_string);
        prop_assert_eq!(of("first"), said(large.get(nth - 1)));
        prop_assert_eq!(of("nth"), said(large.get(nth - 1)));
        prop_assert_eq!(of("last"), said(large.iter().rev().nth(nth - 1)));
    }
}
