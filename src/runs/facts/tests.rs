//! Records as queries see them, and the examples of the language by the words of real logs.

use serde_json::{Value as Json, json};

use super::vocabulary;
use crate::query::{Expression, Fact, JsonEvent, Path, Query, Selection};
use crate::runs::Record;

fn line() -> Json {
    json!({"id": 912, "time": 839.412, "name": "tcp:segment_sent", "tuple": "c1",
        "host": "client", "cause": 909,
        "data": {"frame": 212, "seq": 20441, "len": 1460, "flags": "A", "retransmit": "fast",
            "rto": null, "id": 1},
        "why": {"rule": "rfc6675.5", "text": "taken as lost"},
        "state": {"st": "established", "cwnd": 17520, "inflight": 33580, "rto": 200, "mss": 1460}})
}

fn record(line: &Json) -> Record {
    serde_json::from_str(&line.to_string()).expect("a record")
}

fn path(text: &str) -> Path {
    Path::new(text.split('.').map(str::to_owned).collect())
}

#[test]
fn a_record_answers_as_its_line_does() {
    let mut bare = line();
    for absent in ["id", "tuple", "cause", "why", "state"] {
        bare.as_object_mut().expect("an object").remove(absent);
    }
    for line in [line(), bare] {
        let (typed, plain) = (
            record(&line),
            JsonEvent::new(line.clone()).expect("an event"),
        );
        for name in [
            "seq",
            "rto",
            "retransmit",
            "cwnd",
            "congestion_window",
            "bytes_in_flight",
            "srtt",
            "state.rto",
            "data.rto",
            "state.congestion_window",
            "data.cwnd",
            "id",
            "time",
            "name",
            "tuple",
            "host",
            "cause",
            "why.rule",
            "why.text",
            "why.code",
            "host.x",
            "time.x",
            "frame",
            "st",
        ] {
            assert_eq!(
                typed.field(&path(name)),
                plain.field(&path(name)),
                "{name} of {line}"
            );
        }
        assert_eq!(Fact::name(&typed), plain.name());
        assert_eq!(Fact::time(&typed), plain.time());
        assert_eq!(typed.id(), plain.id());
        assert_eq!(Fact::frame(&typed), plain.frame());
        // Of what has parts it is only asked whether it is there.
        for whole in ["data", "state", "why"] {
            let there = |event: &dyn Fact| event.field(&path(whole)).map(|whole| whole.holds());
            assert_eq!(there(&typed), there(&plain), "{whole}");
        }
    }
}

#[test]
fn a_field_does_not_stand_for_the_number_of_the_event() {
    assert_eq!(Fact::id(&record(&line())), Some(912));
}

#[test]
fn the_examples_speak_of_what_logs_have() {
    for claim in [
        "count(tcp:segment_sent where retransmit='fast') = 1",
        "max(tcp:metrics_updated.cwnd) <= 43800",
        "first(tcp:state_updated where new='time_wait').host = 'server'",
        "between(tcp:segment_sent where flags~'S', tcp:state_updated where new='established') \
         < 100ms",
        "count(tcp:timer_updated where timer='rto' and event='expired') = 0",
    ] {
        let read = Expression::parse(claim, &vocabulary());
        assert!(read.is_ok(), "{}", read.expect_err("an error"));
    }
    for taken in [
        "tcp:segment_disposed where disposition='dropped'",
        "tcp:metrics_updated where cwnd < 2*mss",
    ] {
        let read = Selection::parse(taken, &vocabulary());
        assert!(read.is_ok(), "{}", read.expect_err("an error"));
    }
    let error = Query::parse("tcp:segment_sent where retransmits", &vocabulary());
    let error = error.expect_err("no such field");
    assert_eq!(error.meant(), Some("did you mean retransmit?"));
}

#[test]
fn records_are_asked_like_any_events() {
    let run = [record(&line())];
    let claim =
        "first(tcp:segment_sent where retransmit = 'fast' and cwnd = 12mss).time = 839412us";
    let claim = Expression::parse(claim, &vocabulary()).expect("a claim");
    let outcome = claim.evaluate(&run);
    assert!(outcome.passed, "{outcome}");
    assert_eq!(outcome.evidence[0].frame, Some(212));
}
