//! How values of JSON compare.

use std::cmp::Ordering;

use serde_json::{Value as Json, json};

use super::Value;

fn compare(one: &Json, other: &Json) -> Option<Ordering> {
    Value::of(one).compare(&Value::of(other))
}

#[test]
fn numbers_are_compared_as_what_was_written() {
    assert_eq!(compare(&json!(0.1), &json!(0.1)), Some(Ordering::Equal));
    assert_eq!(compare(&json!(3), &json!(3.0)), Some(Ordering::Equal));
    assert_eq!(compare(&json!(-1), &json!(0.5)), Some(Ordering::Less));
    assert_eq!(
        compare(&json!(u64::MAX), &json!(u64::MAX - 1)),
        Some(Ordering::Greater)
    );
    assert_eq!(Value::of(&json!(839.412)).to_string(), "839.412");
    assert_eq!(Value::of(&json!(1e300)), Value::Null);
}

#[test]
fn large_numbers_stand_there_as_texts() {
    // 2^53 and one more: as floats they would be the same.
    let (one, more) = (json!("9007199254740992"), json!("9007199254740993"));
    assert_eq!(compare(&one, &more), Some(Ordering::Less));
    assert_eq!(
        compare(&one, &json!(9_007_199_254_740_992_u64)),
        Some(Ordering::Equal)
    );
    // By its letters it would be less than 9007199254740993.
    assert_eq!(
        compare(&json!("10007199254740993"), &more),
        Some(Ordering::Greater)
    );
    assert_eq!(
        compare(&json!("-9007199254740993"), &json!(0)),
        Some(Ordering::Less)
    );
    // These are texts: too small, or no number.
    for text in [
        "42",
        "9007199254740991",
        "09007199254740993",
        "9007199254740993 ",
        "",
    ] {
        assert_eq!(compare(&json!(text), &json!(42)), None, "{text}");
    }
}

#[test]
fn other_kinds_have_an_order_of_their_own_or_none() {
    assert_eq!(compare(&json!("abc"), &json!("abd")), Some(Ordering::Less));
    assert_eq!(compare(&json!(false), &json!(true)), Some(Ordering::Less));
    assert_eq!(
        compare(&json!([1, 2]), &json!([1, 2])),
        Some(Ordering::Equal)
    );
    assert_eq!(compare(&json!([1]), &json!([2])), None);
    assert_eq!(compare(&json!("1"), &json!(1)), None);
    assert_eq!(compare(&json!(true), &json!(1)), None);
    assert_eq!(compare(&json!(null), &json!(null)), None);
}

#[test]
fn texts_contain_texts_and_lists_values() {
    let contains = |one: &Json, other: &Json| Value::of(one).contains(&Value::of(other));
    assert!(contains(&json!("SA"), &json!("S")));
    assert!(!contains(&json!("A"), &json!("S")));
    assert!(contains(&json!("anything"), &json!("")));
    assert!(contains(&json!([1, "x"]), &json!(1)));
    assert!(contains(&json!([1, "x"]), &json!("x")));
    assert!(!contains(&json!([1, "x"]), &json!(2)));
    // A number has no digits to look in, an object no order of its values.
    assert!(!contains(&json!(212), &json!(2)));
    assert!(!contains(&json!({"a": 1}), &json!("a")));
}

#[test]
fn alone_nothing_and_none_do_not_hold() {
    for no in [json!(null), json!(false), json!(0), json!(0.0), json!("")] {
        assert!(!Value::of(&no).holds(), "{no}");
    }
    for yes in [
        json!(true),
        json!(-1),
        json!(0.000001),
        json!("no"),
        json!([]),
    ] {
        assert!(Value::of(&yes).holds(), "{yes}");
    }
}

#[test]
fn what_a_peer_wrote_cannot_speak_to_a_terminal() {
    let name = json!("a\u{1b}[31mé\n");
    assert_eq!(Value::of(&name).to_string(), r"'a\u{1b}[31mé\n'");
    assert_eq!(Value::of(&json!(["\u{9b}"])).to_string(), r#"["\u{9b}"]"#);
}
