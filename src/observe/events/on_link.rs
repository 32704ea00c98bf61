//! What is said of what happens on links.

use serde_json::{Map, Value, json};

use crate::observe::on_link::{Happened, OnLink};

/// What its event is called.
pub fn name(on: &OnLink) -> &'static str {
    match on.what {
        Happened::Enqueued(_) => "link:enqueued",
        Happened::Dequeued(_) => "link:dequeued",
        Happened::Delivered(_) => "link:delivered",
        Happened::Dropped(_) => "link:dropped",
        Happened::Marked => "link:marked_ce",
        Happened::Corrupted => "link:corrupted",
        Happened::Duplicated => "link:duplicated",
        Happened::Reordered => "link:reordered",
    }
}

/// What its event says.
pub fn data(on: &OnLink) -> Map<String, Value> {
    let mut data = Map::new();
    let mut put = |name: &str, value: Value| data.insert(name.to_owned(), value);
    put("link", json!(on.link));
    if let Some(packet) = on.packet {
        put("packet", json!(packet.0.get()));
    }
    put("bytes", json!(on.bytes));
    match on.what {
        Happened::Enqueued(queued) | Happened::Dequeued(queued) => {
            put("queue_packets", json!(queued.packets));
            put("queue_bytes", json!(queued.bytes));
        }
        Happened::Delivered(Some(id)) => {
            put("received", json!(id.0.get()));
        }
        Happened::Dropped(reason) => {
            put("reason", json!(reason));
        }
        Happened::Delivered(None)
        | Happened::Marked
        | Happened::Corrupted
        | Happened::Duplicated
        | Happened::Reordered => {}
    }
    data
}
