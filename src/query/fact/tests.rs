//! Where fields of a record are found.

use std::time::Duration;

use serde_json::json;

use super::{Evidence, Fact, JsonEvent};
use crate::query::fixtures::record;
use crate::query::tree::Path;

fn found(record: &JsonEvent, path: &str) -> Option<String> {
    let path = Path::new(path.split('.').map(str::to_owned).collect());
    record.field(&path).map(|value| value.to_string())
}

#[test]
fn data_comes_before_state_and_state_before_the_event() {
    let record = record(
        json!({"name": "a:b", "time": 1, "id": 3, "x": "event", "y": "event",
        "data": {"x": "data", "time": 7}, "state": {"x": "state", "y": "state", "z": "state"}}),
    );
    assert_eq!(found(&record, "x").as_deref(), Some("'data'"));
    assert_eq!(found(&record, "y").as_deref(), Some("'state'"));
    assert_eq!(found(&record, "id").as_deref(), Some("3"));
    // Its place can be said.
    assert_eq!(found(&record, "state.x").as_deref(), Some("'state'"));
    assert_eq!(found(&record, "data.z"), None);
    // A field of that name does not change when the event was.
    assert_eq!(found(&record, "time").as_deref(), Some("7"));
    assert_eq!(record.time(), Duration::from_millis(1));
}

#[test]
fn both_spellings_are_tried_in_one_place_before_the_next() {
    let both = record(json!({"name": "a:b", "time": 0,
        "data": {"congestion_window": 1}, "state": {"cwnd": 2, "inflight": 3}}));
    assert_eq!(found(&both, "cwnd").as_deref(), Some("1"));
    assert_eq!(found(&both, "congestion_window").as_deref(), Some("1"));
    assert_eq!(found(&both, "bytes_in_flight").as_deref(), Some("3"));
    assert_eq!(found(&both, "data.cwnd").as_deref(), Some("1"));
    assert_eq!(
        found(&both, "state.congestion_window").as_deref(),
        Some("2")
    );
    assert_eq!(found(&both, "srtt"), None);
}

#[test]
fn a_field_that_is_null_is_there() {
    let record = record(json!({"name": "a:b", "time": 0,
        "data": {"x": null}, "state": {"x": 1}}));
    assert_eq!(found(&record, "x").as_deref(), Some("null"));
    assert_eq!(found(&record, "y"), None);
}

#[test]
fn names_lead_into_objects_and_nowhere_else() {
    let record = record(
        json!({"name": "a:b", "time": 0, "why": {"rule": "rfc6675.5"},
        "data": {"x": 1, "list": [{"x": 2}]}}),
    );
    assert_eq!(found(&record, "why.rule").as_deref(), Some("'rfc6675.5'"));
    assert_eq!(found(&record, "x.y"), None);
    assert_eq!(found(&record, "list.x"), None);
    assert_eq!(found(&record, "list").as_deref(), Some(r#"[{"x":2}]"#));
}

#[test]
fn a_header_is_no_event() {
    assert_eq!(
        JsonEvent::new(json!({"file_schema": "urn:x", "time": 1})),
        None
    );
    assert_eq!(JsonEvent::new(json!({"name": "a:b"})), None);
    assert_eq!(JsonEvent::new(json!({"name": "a:b", "time": -1})), None);
    assert_eq!(JsonEvent::new(json!({"name": "a:b", "time": "soon"})), None);
    assert_eq!(JsonEvent::new(json!({"name": 7, "time": 1})), None);
    assert_eq!(JsonEvent::new(json!([])), None);
}

#[test]
fn times_are_exact() {
    let line = r#"{"name":"a:b","time":3600839.412007}"#;
    let record = record(serde_json::from_str(line).expect("JSON"));
    assert_eq!(record.time(), Duration::from_nanos(3_600_839_412_007));
}

#[test]
fn evidence_names_the_frame_else_the_event_else_the_time() {
    let named = |json| Evidence::of(&record(json), 0).to_string();
    let line = json!({"name": "a:b", "time": 0.5, "id": 7, "data": {"frame": 212}});
    assert_eq!(named(line), "frame 212");
    assert_eq!(
        named(json!({"name": "a:b", "time": 0.5, "id": 7})),
        "event 7"
    );
    assert_eq!(named(json!({"name": "a:b", "time": 0.5})), "0.5 ms");
}
