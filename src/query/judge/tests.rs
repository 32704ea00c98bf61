//! One event and one expression: what holds.

use serde_json::json;

use crate::query::fixtures::{record, selection};
use crate::query::{JsonEvent, Selection};

fn event() -> JsonEvent {
    record(
        json!({"id": 7, "time": 90, "name": "tcp:segment_sent", "host": "client",
        "data": {"frame": 4, "flags": "SA", "len": 1460, "retransmit": null, "push": true,
            "seq": "9007199254740993", "blocks": [1, 2]},
        "state": {"cwnd": 14600, "mss": 1460}}),
    )
}

fn holds(filter: &str) -> bool {
    taken(&selection(&format!("tcp:segment_sent where {filter}")))
}

fn taken(selection: &Selection) -> bool {
    selection.matches(&event())
}

#[test]
fn a_comparison_with_null_is_false_unless_null_is_written() {
    // `rto` is not there, `retransmit` is null.
    for null in [
        "rto",
        "retransmit",
        "rto + 1",
        "1 / 0",
        "flags * 2",
        "(null)",
    ] {
        for operator in ["=", "<", "<=", ">", ">=", "~"] {
            assert!(
                !holds(&format!("1 {operator} {null} + 0")),
                "1 {operator} {null}"
            );
            assert!(
                !holds(&format!("{null} + 0 {operator} 1")),
                "{null} {operator} 1"
            );
        }
        // Neither side is written as null, so nothing is known of either.
        assert!(!holds(&format!("1 != {null} + 0")), "{null}");
        assert!(!holds(&format!("{null} + 0 = rto")), "{null}");
        assert!(holds(&format!("{null} = null")), "{null}");
        assert!(holds(&format!("null = {null}")), "{null}");
        assert!(!holds(&format!("{null} != null")), "{null}");
    }
    assert!(!holds("len = null"));
    assert!(holds("len != null"));
    for operator in ["<", "<=", ">", ">=", "~"] {
        assert!(!holds(&format!("retransmit {operator} null")), "{operator}");
    }
}

#[test]
fn not_turns_false_into_true_whatever_made_it_false() {
    assert!(holds("not rto < 5"));
    assert!(holds("not rto >= 5"));
    assert!(holds("not (rto < 5 or rto >= 5)"));
    assert!(!holds("not rto = null"));
}

#[test]
fn or_and_and_bind_as_usual() {
    assert!(holds("1 = 1 or 1 = 2 and 1 = 2"));
    assert!(!holds("(1 = 1 or 1 = 2) and 1 = 2"));
    assert!(holds("not 1 = 2 and 1 = 1"));
    assert!(!holds("not (1 = 2 or 1 = 1)"));
}

#[test]
fn arithmetic_is_exact_and_goes_from_the_left() {
    for equal in [
        "1 + 2 * 3 = 7",
        "7 - 3 - 2 = 2",
        "12 / 3 / 2 = 2",
        "12 / 3 * 2 = 8",
        "0.1 + 0.2 = 0.3",
        "-5 + 3 = -2",
        "1s - 1us = 999.999ms",
        "2KiB = 2048",
        "100ms = 100",
        "1 / 3 = 0.333333",
    ] {
        assert!(holds(equal), "{equal}");
    }
}

#[test]
fn an_mss_is_that_of_the_event() {
    assert!(holds("2mss = 2920"));
    assert!(holds("2*mss = 2920"));
    assert!(holds("cwnd = 10 mss"));
    assert!(holds("len <= 1mss"));
    let without = record(json!({"time": 1, "name": "tcp:reset", "data": {"len": 1}}));
    assert!(!selection("tcp:reset where len <= 1mss").matches(&without));
    assert!(selection("tcp:reset where 1mss = null").matches(&without));
}

#[test]
fn kinds_of_values_do_not_mix() {
    assert!(!holds("len = '1460'"));
    assert!(holds("len != '1460'"));
    assert!(!holds("len < 'x' or len >= 'x'"));
    assert!(holds("seq > 9007199254740992 and seq = 9007199254740993"));
    assert!(holds("seq - 9007199254740992 = 1"));
    assert!(holds("flags ~ 'S' and not flags ~ 'F'"));
    assert!(holds("blocks ~ 2 and not blocks ~ 3"));
    assert!(holds("(len = 1460) = (mss = 1460)"));
}

#[test]
fn a_value_may_stand_alone() {
    assert!(holds("push and len and flags"));
    assert!(!holds("retransmit or rto or 0 or ''"));
    assert!(holds("not retransmit"));
}

#[test]
fn a_selection_is_first_of_all_a_kind() {
    assert!(taken(&selection("tcp:segment_sent")));
    assert!(taken(&selection("tcp:*")));
    assert!(!taken(&selection("ip:*")));
    assert!(!taken(&selection("tcp:reset where len = 1460")));
    assert!(taken(&selection(
        "tcp:* where name = 'tcp:segment_sent' and time = 90ms"
    )));
}
