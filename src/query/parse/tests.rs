//! What is wrong with a text, to the column; and that no text can do harm.

use crate::query::fixtures::vocabulary;
use crate::query::{Expression, Query, Selection};

/// What an error says, with its column: the first line of it.
fn wrong(text: &str) -> String {
    match Query::parse(text, &vocabulary()) {
        Ok(query) => panic!("{text} was taken for {query}"),
        Err(error) => error
            .to_string()
            .lines()
            .next()
            .unwrap_or_default()
            .to_owned(),
    }
}

#[test]
fn an_unknown_name_is_shown_with_the_nearest_one() {
    let text = "count(tcp:segment_snt where retransmit='fast') = 1";
    let error = Query::parse(text, &vocabulary()).expect_err("no such event");
    assert_eq!(
        error.to_string(),
        "column 7: unknown event tcp:segment_snt; did you mean tcp:segment_sent?\n  \
           count(tcp:segment_snt where retransmit='fast') = 1\n        ^"
    );
    let cases = [
        (
            "tcp:segment_sent where retransmitt = 'rto'",
            "column 24: unknown field retransmitt; did you mean retransmit?",
        ),
        (
            "count(segment_sent) = 1",
            "column 7: segment_sent lacks its namespace; did you mean tcp:segment_sent?",
        ),
        (
            "segment_snt where len = 0",
            "column 1: unknown field segment_snt; did you mean tcp:segment_sent?",
        ),
        (
            "tpc:* where len = 0",
            "column 1: unknown namespace tpc; did you mean tcp?",
        ),
        (
            "count(weather:rain) = 0",
            "column 7: unknown event weather:rain",
        ),
        (
            "max(tcp:*.why.rul) = 0",
            "column 11: unknown field why.rul; did you mean why.rule?",
        ),
        (
            "maxx(tcp:*.len) = 0",
            "column 1: unknown question maxx; did you mean max?",
        ),
        (
            "average(tcp:*.len) = 0",
            "column 1: unknown question average; there are count, between, at, first, last, nth, \
             max, min, sum, mean, p50, p95",
        ),
        (
            "count(tcp:*) < 5kib",
            "column 17: unknown unit kib; did you mean KiB?",
        ),
        (
            "count(tcp:*) < 5m",
            "column 17: unknown unit m; there are us, ms, s, B, KiB, MiB, mss",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(wrong(text), expected, "{text}");
    }
}

#[test]
fn what_is_missing_or_too_much_is_named_where_it_is() {
    let cases = [
        ("", "column 1: expected a value, found the end"),
        ("1 =", "column 4: expected a value, found the end"),
        ("(1 = 2", "column 7: expected ), found the end"),
        (
            "1 = 2)",
            "column 6: expected a comparison, and, or, or the end, found )",
        ),
        ("count(tcp:reset", "column 16: expected ), found the end"),
        ("count()", "column 7: expected a kind of event, found )"),
        ("count", "column 1: unknown field count"),
        ("not not 1 = 2", "column 5: expected a value, found not"),
        (
            "nth(tcp:reset)",
            "column 14: expected a comma and a number, found )",
        ),
        (
            "max(tcp:reset)",
            "column 14: expected a point and a field, found ); \
                            as in max(tcp:reset.time)",
        ),
        (
            "between(tcp:reset)",
            "column 18: expected a comma and what ends the time, found )",
        ),
        (
            "at(1s cwnd)",
            "column 7: expected a comma and a field, found cwnd",
        ),
        (
            "at(1s, )",
            "column 8: expected the name of a field, found )",
        ),
        (
            "'abc = 1",
            "column 1: expected a value, found a text without its closing quote",
        ),
        (
            "tcp:reset where",
            "column 16: expected a value, found the end",
        ),
        (
            "tcp:reset cwnd = 1",
            "column 11: expected where, and, or, or the end, found cwnd",
        ),
        (
            "first(tcp:reset). = 1",
            "column 19: expected the name of a field, found =",
        ),
        (
            "1 < 2 < 3",
            "column 7: one comparison compares two values; join two of them with and",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(wrong(text), expected, "{text}");
    }
}

#[test]
fn what_other_languages_write_is_translated() {
    let found = "expected a comparison, and, or, or the end, found";
    let cases = [
        (
            "1 == 1",
            format!("column 3: {found} ==; equal is written ="),
        ),
        (
            "1 <> 1",
            format!("column 3: {found} <>; unequal is written !=, and no is not"),
        ),
        ("1 = 1 && 2 = 2", format!("column 7: {found} &&; write and")),
        ("1 = 1 || 2 = 2", format!("column 7: {found} ||; write or")),
    ];
    for (text, expected) in cases {
        assert_eq!(wrong(text), expected, "{text}");
    }
    assert_eq!(
        wrong("tcp:* where flags ~ \"S\""),
        "column 21: expected a value, found \\\"; texts stand between single quotes"
    );
}

#[test]
fn what_cannot_be_meant_is_refused() {
    let cases = [
        (
            "cwnd < 5",
            "column 1: cwnd is a field of an event, and here is none; \
             say of which one, as in last(tcp:*).cwnd",
        ),
        (
            "count(tcp:* where len = 0) = len",
            "column 30: len is a field of an event, and here is none; \
             say of which one, as in last(tcp:*).len",
        ),
        (
            "max(tcp:metrics_updated.cwnd) < 10mss",
            "column 33: mss is a field of an event, and here is none; it can stand behind where",
        ),
        (
            "tcp:reset = 1",
            "column 11: events cannot be compared; to count them write count(…)",
        ),
        (
            "1 = tcp:reset",
            "column 5: tcp:reset is a kind of event and no value; \
             to count such events write count(tcp:reset)",
        ),
        (
            "between(tcp:*, tcp:reset) < 10KiB",
            "column 27: one side is a time, the other a size",
        ),
        (
            "1 + 2ms - 3B = 0",
            "column 9: one side is a time, the other a size",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(wrong(text), expected, "{text}");
    }
}

#[test]
fn numbers_are_in_their_bounds_and_have_the_unit_that_is_wanted() {
    let cases = [
        (
            "nth(tcp:*, 0) = null",
            "column 12: events are counted from 1 to 10000",
        ),
        (
            "last(tcp:*, 10001) = null",
            "column 13: events are counted from 1 to 10000",
        ),
        (
            "first(tcp:*, 1.5) = null",
            "column 14: events are counted from 1 to 10000",
        ),
        (
            "first(tcp:*, 2ms) = null",
            "column 14: events are counted from 1 to 10000",
        ),
        (
            "at(5, cwnd) = 1",
            "column 4: an instant is a time with its unit, as in 839.4ms",
        ),
        (
            "at(5KiB, cwnd) = 1",
            "column 4: an instant is a time with its unit, as in 839.4ms",
        ),
        (
            "1 = 0.1234567",
            "column 5: a number has at most six digits behind the point",
        ),
        (
            "1 = 0.0001us",
            "column 5: a time is a whole number of nanoseconds",
        ),
        (
            "1 = 18446744073709551616",
            "column 5: this number is too large",
        ),
        (
            "1 = 18446744073709551615MiB",
            "column 5: this number is too large",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(wrong(text), expected, "{text}");
    }
}

#[test]
fn a_selection_where_a_claim_is_wanted_is_an_error_and_the_reverse() {
    let error = Expression::parse(" tcp:reset", &vocabulary()).expect_err("a selection");
    assert_eq!(
        error.to_string(),
        "column 2: this takes events and claims nothing; ask how many, as in count(…) = 0\n   \
           tcp:reset\n   ^"
    );
    let error = Selection::parse("1 = 1", &vocabulary()).expect_err("an expression");
    assert_eq!(error.what(), "this takes no events");
}

#[test]
fn words_of_the_language_are_fields_where_no_bracket_follows() {
    let known = crate::query::Vocabulary::new(["x:y"], ["count", "first", "ms"]);
    let text = "x:y where count = first + ms";
    let query = Selection::parse(text, &known).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(query.to_string(), text);
}

#[test]
fn a_text_that_is_too_long_is_not_read() {
    let deep = "(".repeat(1_000_000);
    assert_eq!(wrong(&deep), "column 4097: a query has at most 4096 bytes");
    assert_eq!(
        wrong(&"1+".repeat(500_000)),
        "column 4097: a query has at most 4096 bytes"
    );
    // The bound may fall into a character.
    assert_eq!(
        wrong(&format!("x{}", "é".repeat(4000))),
        "column 2049: a query has at most 4096 bytes"
    );
}

#[test]
fn brackets_may_be_open_only_so_deep() {
    assert_eq!(
        wrong(&"(".repeat(4096)),
        "column 33: at most 32 brackets may be open"
    );
    let asked = "count(tcp:* where ".repeat(200);
    let at = "count(tcp:* where ".len() * 32 + 1;
    assert_eq!(
        wrong(&asked),
        format!("column {at}: at most 32 brackets may be open")
    );
    // Brackets that are closed again do not count.
    for closed in ["(1 = 1)", "count(tcp:*)"] {
        let many = format!("{}1 = 1", format!("{closed} and ").repeat(100));
        assert!(Query::parse(&many, &vocabulary()).is_ok(), "{closed}");
    }
}

#[test]
fn the_deepest_query_needs_little_stack() {
    let done = std::thread::Builder::new().stack_size(STACK).spawn(|| {
        let open = "count(tcp:reset where ".repeat(32);
        let text = format!("{open}cwnd = 1{}", ")".repeat(32));
        let query = Query::parse(&text, &vocabulary()).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(query.to_string(), text);
        let Query::Expression(expression) = query else {
            panic!("a selection");
        };
        assert_eq!(expression.passes(), 32);
        let outcome = expression.evaluate(&crate::query::fixtures::run());
        assert!(!outcome.passed);
    });
    done.expect("a thread").join().expect("no panic");
}

/// Half of what a thread of ours has.
const STACK: usize = 1 << 20;
