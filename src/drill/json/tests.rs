use super::*;
use crate::drill::judge::{Request, judge};

fn report(script: &str) -> Report {
    judge("a.pkt", script, &Request::default())
}

#[test]
fn a_report_has_all_its_fields() {
    let value = of(&report(
        "0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n0.5 `true`",
    ));
    let fields: Vec<&str> = value
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    let expected = [
        "advice",
        "clean",
        "events",
        "file",
        "lacks",
        "nonfatal",
        "preset",
        "profile",
        "reason",
        "reference",
        "relaxed",
        "result",
        "skip",
        "tail",
        "tier",
        "virtual_us",
    ];
    assert_eq!(fields, expected);
    assert_eq!(value["result"], "pass");
    assert_eq!(value["reason"], Value::Null);
    assert_eq!(
        (&value["profile"], &value["tier"]),
        (&json!("rfc"), &json!("T0"))
    );
    assert_eq!(
        (&value["events"], &value["virtual_us"]),
        (&json!(2), &json!(500_000))
    );
    assert_eq!(
        (&value["reference"], &value["clean"]),
        (&json!(true), &json!(true))
    );
}

#[test]
fn a_reason_says_where_and_what() {
    let value = of(&report(
        "0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n\n  +0 close(3) = 1",
    ));
    let reason = &value["reason"];
    assert_eq!(reason["kind"], "call");
    assert_eq!((&reason["line"], &reason["col"]), (&json!(3), &json!(6)));
    assert_eq!(
        (&reason["expected"], &reason["actual"]),
        (&json!("1"), &json!("0"))
    );
    let skipped = of(&report("0 epoll_create(1) = 3"));
    assert_eq!(skipped["skip"], json!(["call:epoll_create"]));
    let unread = of(&report("0 socket("));
    assert_eq!(unread["reason"]["kind"], "parse");
}

#[test]
fn totals_are_an_object_of_their_own() {
    let totals = Totals::of(&[report("0 epoll_create(1) = 3")]);
    let value = of_totals(&totals);
    assert_eq!((&value["total"], &value["skip"]), (&json!(1), &json!(1)));
    assert_eq!(value["skipped"], json!({ "call:epoll_create": 1 }));
}
