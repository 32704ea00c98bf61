//! The order of calls, and what expressions measure.

use super::{Expr, Kind, calls, number};
use crate::query::fixtures::vocabulary;
use crate::query::parse::{Parsed, parse};
use crate::query::units::Measure;

fn tree(text: &str) -> Expr {
    match parse(text, &vocabulary()).unwrap_or_else(|error| panic!("{error}")) {
        Parsed::Expression(expr) => expr,
        Parsed::Selection(_) => panic!("{text} is a selection"),
    }
}

#[test]
fn what_is_asked_inside_is_answered_before() {
    let inner = "first(tcp:reset).time";
    let middle = format!("min(tcp:*.time where time > {inner})");
    let mut expr = tree(&format!(
        "count(tcp:*) = count(tcp:* where time < {middle})"
    ));
    assert_eq!(number(&mut expr), [0, 0, 1, 2]);
    let mut found = Vec::new();
    calls(&expr, &mut found);
    let texts: Vec<String> = found.iter().map(|call| call.to_string()).collect();
    let outer = format!("count(tcp:* where time < {middle})");
    assert_eq!(texts, ["count(tcp:*)", inner, &middle, &outer]);
    assert!(found.iter().map(|call| call.id).eq(0..4));
}

#[test]
fn both_sides_of_between_may_ask() {
    let asked = "between(tcp:* where time > count(tcp:*), tcp:* where time > count(ip:*))";
    let mut expr = tree(asked);
    assert_eq!(number(&mut expr), [0, 0, 1]);
}

#[test]
fn times_stay_times_until_they_meet_a_field() {
    let measure = |text: &str| tree(&format!("last(tcp:* where ({text}) = 0) = 0"));
    let of = |text: &str| match measure(text) {
        Expr::Compare(two) => match two.left {
            Expr::Call(call) => match call.what.filters().first() {
                Some(Expr::Compare(two)) => two.left.measure(),
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    };
    for time in [
        "1s",
        "time",
        "2 * 3ms",
        "3ms / 2",
        "cwnd + 3ms",
        "between(tcp:*, tcp:*)",
    ] {
        assert_eq!(of(time), Measure::Time, "{time}");
    }
    for time in ["first(tcp:*).time", "max(tcp:*.time)", "at(1s, time)"] {
        assert_eq!(of(time), Measure::Time, "{time}");
    }
    for size in ["1KiB", "2mss", "10B - 3"] {
        assert_eq!(of(size), Measure::Size, "{size}");
    }
    for unknown in [
        "1",
        "cwnd",
        "2ms * 2ms",
        "2ms / 2ms",
        "2 / 2ms",
        "cwnd * 2ms",
        "count(tcp:*)",
    ] {
        assert_eq!(of(unknown), Measure::Unknown, "{unknown}");
    }
}

#[test]
fn a_star_stands_for_all_events_of_its_namespace() {
    let all = Kind::new("tcp:*");
    assert!(all.covers("tcp:reset"));
    assert!(!all.covers("tcpx:reset"));
    assert!(!all.covers("ip:reset"));
    assert!(!Kind::new("tcp:reset").covers("tcp:resets"));
}
