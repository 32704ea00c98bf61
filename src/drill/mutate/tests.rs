use super::*;
use crate::drill::judge::{Request, ours, prepare};

fn prepared(text: &str) -> Prepared {
    prepare(text, &Request::default()).unwrap_or_else(|reason| panic!("{text}: {reason:?}"))
}

const SCRIPT: &str = "0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n\
    +0 bind(3, ..., ...) = 0\n\
    +0 listen(3, 1) = 0\n\
    +0 < S 0:0(0) win 65535 <mss 1000>\n\
    +0 > S. 0:0(0) ack 1 win 65535 <mss 1460>\n\
    +.1 < . 1:1(0) ack 1 win 65535\n\
    +0 accept(3, ..., ...) = 4\n\
    +0 %{ assert tcpi_state == 1 }%\n\
    +0 < P. 1:11(10) ack 1 win 65535\n\
    +0~+.5 > . 1:1(0) ack 11\n\
    +.6 listen(4, 1) = -1 EINVAL (x)\n";

#[test]
fn every_kind_of_change_is_made_and_noticed() {
    let prepared = prepared(SCRIPT);
    let made: Vec<String> = mutants(&prepared).into_iter().map(|m| m.what).collect();
    for what in [
        "the length changed",
        "the ack changed",
        "the window changed",
        "the urgent pointer changed",
        "FIN changed",
        "SYN changed",
        "RST changed",
        "PSH changed",
        "ACK changed",
        "URG changed",
        "ECE changed",
        "CWR changed",
        "AE changed",
        "the option mss 1460 changed",
        "the option mss 1460 left out",
        "an option added",
        "the line deleted",
        "the line doubled",
        "the result changed",
        "the error changed",
        "1 in an assertion changed",
        "the sequence number changed",
    ] {
        assert!(made.iter().any(|made| made == what), "{what}: {made:#?}");
    }
    assert!(made.iter().any(|made| made.starts_with("its time moved")));
    let survey = survey(&prepared, 1, None, &ours);
    assert_eq!(survey.survivors, [""; 0]);
    assert_eq!(survey.tried, made.len());
}

#[test]
fn a_seed_draws_the_same_changes_every_time() {
    let prepared = prepared(SCRIPT);
    let drawn = |seed| survey(&prepared, seed, Some(5), &ours);
    assert_eq!(drawn(1).tried, 5);
    assert_eq!(drawn(1), drawn(1));
}

#[test]
fn a_survivor_is_named() {
    // Nothing comes after it that could show that it was there.
    let prepared = prepared(&SCRIPT.replace("+.6 listen(4, 1) = -1 EINVAL (x)\n", ""));
    let survey = survey(&prepared, 1, None, &ours);
    assert_eq!(survey.survivors, ["10:1: the line deleted"]);
}

#[test]
fn neighbours_change_places() {
    let text = "0 > . 1:2(1) ack 1\n+0 > . 2:3(1) ack 1\n+0 > . 2:3(1) ack 1\n";
    let swaps = |text: &str| {
        let made = mutants(&prepared(text));
        let swapped = made.into_iter().filter(|m| m.what.contains("swapped"));
        swapped.count()
    };
    // Lines that say the same may change places as they like.
    assert_eq!(swaps(text), 1);
}

#[test]
fn a_time_is_moved_beyond_every_tolerance() {
    let prepared = prepared("0 `true`");
    let by = |when: When, span: Option<Micros>| moved(when, span, &prepared);
    // 12.5 % of the time since the event before, which grows with the move.
    let Some(When::After(later)) = by(When::After(1_000_000), Some(1_000_000)) else {
        panic!("not moved");
    };
    assert!((later - 1_000_000) as f64 > 0.125 * later as f64);
    let Some(When::AfterBetween(from, _)) = by(When::AfterBetween(0, 500_000), Some(0)) else {
        panic!("not moved");
    };
    assert!(from > 500_000 + 62_500);
    assert_eq!(by(When::Any, None), None);
}
