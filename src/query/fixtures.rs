//! A short run for tests: a handshake, a loss, its repair, and what both ends say of it.

use serde_json::{Value as Json, json};

use super::fact::JsonEvent;
use super::vocabulary::Vocabulary;
use super::{Expression, Outcome, Selection};

/// What the events of [`run`] speak of, and some more.
pub fn vocabulary() -> Vocabulary {
    let events = [
        "tcp:segment_sent",
        "tcp:segment_disposed",
        "tcp:state_updated",
        "tcp:metrics_updated",
        "tcp:timer_updated",
        "tcp:loss_detected",
        "tcp:reset",
        "ip:packet_received",
        "app:called",
    ];
    let fields = [
        "frame",
        "seq",
        "len",
        "flags",
        "retransmit",
        "of",
        "new",
        "old",
        "disposition",
        "reason",
        "timer",
        "event",
        "call",
        "push",
        "congestion_window",
        "bytes_in_flight",
        "smoothed_rtt",
        "ssthresh",
        "cwnd",
        "inflight",
        "srtt",
        "rto",
        "mss",
        "ca",
        "options.mss",
        "blocks",
    ];
    Vocabulary::new(events, fields)
}

/// A record from an object.
pub fn record(json: Json) -> JsonEvent {
    JsonEvent::new(json).expect("a name and a time")
}

/// What everybody else asks.
pub fn run() -> Vec<JsonEvent> {
    let state = json!({"st": "established", "cwnd": 14600, "inflight": 4380, "mss": 1460});
    let lines = [
        json!({"id": 1, "time": 0, "name": "app:called", "host": "client",
            "data": {"call": "connect"}}),
        json!({"id": 2, "time": 0.05, "name": "tcp:segment_sent", "host": "client", "cause": 1,
            "tuple": "c1", "data": {"frame": 1, "flags": "S", "len": 0, "retransmit": null}}),
        json!({"id": 5, "time": 80.25, "name": "tcp:state_updated", "host": "client",
            "tuple": "c1", "data": {"old": "syn_sent", "new": "established"}}),
        json!({"time": 80.25, "name": "tcp:metrics_updated", "host": "client", "tuple": "c1",
            "data": {"congestion_window": 14600, "smoothed_rtt": 80.2, "mss": 1460}}),
        json!({"id": 7, "time": 90, "name": "tcp:segment_sent", "host": "client", "tuple": "c1",
            "data": {"frame": 4, "flags": "A", "seq": 1, "len": 1460, "retransmit": null},
            "state": state}),
        json!({"id": 9, "time": 90, "name": "tcp:segment_sent", "host": "client", "tuple": "c1",
            "data": {"frame": 5, "flags": "PA", "seq": 1461, "len": 500, "retransmit": null},
            "state": state}),
        json!({"id": 12, "time": 170.5, "name": "tcp:segment_disposed", "host": "client",
            "tuple": "c1", "data": {"frame": 6, "disposition": "dropped", "reason": "paws"}}),
        json!({"id": 13, "time": 171, "name": "tcp:loss_detected", "host": "client",
            "tuple": "c1", "data": {"seq": 1, "len": 1460}}),
        json!({"id": 14, "time": 171, "name": "tcp:segment_sent", "host": "client",
            "tuple": "c1", "cause": 12, "data": {"frame": 7, "flags": "A", "seq": 1,
            "len": 1460, "retransmit": "fast"}, "state": {"cwnd": 2900, "mss": 1460},
            "why": {"rule": "rfc6675.5", "text": "three above it are acknowledged"}}),
        json!({"time": 171, "name": "tcp:metrics_updated", "host": "client", "tuple": "c1",
            "data": {"congestion_window": 2900, "ssthresh": 2900, "mss": 1460}}),
        json!({"id": 20, "time": 260.75, "name": "tcp:state_updated", "host": "server",
            "tuple": "c1", "data": {"old": "fin_wait_2", "new": "time_wait"}}),
        json!({"time": 261, "name": "tcp:metrics_updated", "host": "client", "tuple": "c1",
            "data": {"congestion_window": 4360, "ssthresh": null}}),
    ];
    lines.into_iter().map(record).collect()
}

/// An expression, understood.
pub fn expression(text: &str) -> Expression {
    Expression::parse(text, &vocabulary()).unwrap_or_else(|error| panic!("{error}"))
}

/// A selection, understood.
pub fn selection(text: &str) -> Selection {
    Selection::parse(text, &vocabulary()).unwrap_or_else(|error| panic!("{error}"))
}

/// An expression, asked of [`run`].
pub fn ask(text: &str) -> Outcome {
    expression(text).evaluate(&run())
}

/// The value of an expression without comparisons, of [`run`], in words.
pub fn value(text: &str) -> String {
    match ask(text).claims.as_slice() {
        [claim] => claim.left.to_string(),
        claims => panic!("{text} makes {} claims", claims.len()),
    }
}
