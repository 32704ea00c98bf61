//! Records in words: once, for the terminal and for the page.

use serde_json::{Map, Value};

use crate::runs::Record;

/// What an event says that is no packet, without its clause.
pub fn said(record: &Record) -> String {
    let text = record.why.as_ref().map_or("", |why| &why.text);
    let word = |name: &str| record.text(name).unwrap_or_default();
    let number = |name: &str| record.number(name).unwrap_or_default();
    match record.name.as_str() {
        "app:called" => match record.number("bytes") {
            Some(bytes) => format!("the application called {} {bytes} B", word("call")),
            None => format!("the application called {}", word("call")),
        },
        "sim:clock" => "time was told".into(),
        "tcp:opened" => format!("{} > {}", word("local"), word("remote")),
        "tcp:state_updated" => format!("{} → {}", word("old"), word("new")),
        "tcp:loss_detected" => {
            let (seq, len) = (number("seq"), number("len"));
            let last = (seq + len).saturating_sub(1);
            format!("lost {seq}..{last} ({len} B): {}", spaced(word("proof")))
        }
        "tcp:loss_undone" => format!("not lost after all: {}", spaced(word("proof"))),
        "tcp:congestion_state_updated" => {
            let ssthresh = record.number("ssthresh");
            let ssthresh = ssthresh.map_or("∞".into(), |bytes| bytes.to_string());
            let cwnd = number("congestion_window");
            format!("cwnd {cwnd} ssthresh {ssthresh}: {text}")
        }
        "tcp:blocked_by_updated" => format!("no more for now, by {}", spaced(word("by"))),
        name if name.ends_with(":timer_updated") => {
            format!("the {} timer {}", word("timer"), word("event"))
        }
        _ => text.to_owned(),
    }
}

fn spaced(key: &str) -> String {
    key.replace('_', " ")
}

/// `cwnd 35040`, `ssthresh ∞`, `in flight 35040`, `rto 200 ms`, and `established, open`.
pub fn variables(state: &Map<String, Value>) -> [String; 5] {
    let number = |name: &str| match state.get(name) {
        Some(value) => value.to_string(),
        None => "∞".into(),
    };
    let word = |name: &str| state.get(name).and_then(Value::as_str).unwrap_or("?");
    [
        format!("cwnd {}", number("cwnd")),
        format!("ssthresh {}", number("ssthresh")),
        format!("in flight {}", number("inflight")),
        format!("rto {} ms", number("rto")),
        format!("{}, {}", word("st"), word("ca")),
    ]
}

/// `rfc6675.5 (4.3)` as people write it: `RFC 6675 5 (4.3)`.
pub fn clause(rule: &str) -> String {
    match rule.split_once('.') {
        Some(("house", name)) => format!("house {name}"),
        Some((source, section)) => match source.strip_prefix("rfc") {
            Some(number) => format!("RFC {number} {section}"),
            None => format!("{source} {section}"),
        },
        None => rule.to_owned(),
    }
}
