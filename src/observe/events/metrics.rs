//! A connection's variables as qlog names them, and what of them has changed.

use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::base::SeqNum;
use crate::probe::Snapshot;

/// The variables that a line may tell. Sizes are bytes, sequence numbers relative.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Metrics([Option<u64>; NAMES.len()]);

/// In the order of [`Metrics::of`].
pub const NAMES: [&str; 12] = [
    "congestion_window",
    "ssthresh",
    "bytes_in_flight",
    "snd_una",
    "snd_nxt",
    "snd_wnd",
    "rcv_nxt",
    "rcv_wnd",
    "mss",
    "unacknowledged",
    "send_limit",
    "unread",
];

impl Metrics {
    /// Those of a connection; numbers count from the initial ones, where these are known.
    pub fn of(known: &Snapshot, iss: Option<SeqNum>, irs: Option<SeqNum>) -> Metrics {
        Metrics([
            Some(known.cwnd),
            known.ssthresh,
            Some(known.in_flight),
            Some(from(known.snd_una, iss)),
            Some(from(known.snd_nxt, iss)),
            Some(known.snd_wnd.into()),
            irs.map(|irs| from(known.rcv_nxt, Some(irs))),
            Some(known.rcv_wnd.into()),
            Some(known.mss.into()),
            Some(known.unacknowledged as u64),
            Some(known.send_limit as u64),
            Some(known.unread as u64),
        ])
    }

    /// Becomes `new`; the values that differ, by name. What is not known any more is null.
    pub fn changed(&mut self, new: Metrics) -> Map<String, Value> {
        let pairs = NAMES.iter().zip(self.0.iter().zip(&new.0));
        let changed = pairs.filter(|(_, (old, new))| old != new);
        let map = changed.map(|(name, (_, new))| ((*name).into(), json!(new)));
        let map = map.collect();
        *self = new;
        map
    }
}

/// What a line says of a connection beside its own facts: by the names of `ss`.
pub fn state_block(known: &Snapshot) -> Map<String, Value> {
    let mut map = Map::new();
    map.insert("st".into(), json!(super::keys::state(known.state)));
    map.insert("cwnd".into(), json!(known.cwnd));
    if let Some(ssthresh) = known.ssthresh {
        map.insert("ssthresh".into(), json!(ssthresh));
    }
    map.insert("inflight".into(), json!(known.in_flight));
    if let Some(srtt) = known.srtt {
        map.insert("srtt".into(), in_ms(srtt));
    }
    map.insert("rto".into(), in_ms(known.rto));
    map.insert("rcv_wnd".into(), json!(known.rcv_wnd));
    map.insert("mss".into(), json!(known.mss));
    map.insert("ca".into(), json!(known.phase));
    map
}

/// How far a sequence number lies from the initial one.
pub fn from(number: SeqNum, initial: Option<SeqNum>) -> u64 {
    number.since(initial.unwrap_or(SeqNum(0))).into()
}

/// Milliseconds; a duration of the protocol has fewer digits than a float keeps.
pub fn in_ms(time: Duration) -> Value {
    let nanos = time.as_nanos();
    match nanos % 1_000_000 {
        0 => json!(time.as_millis() as u64),
        _ => json!(nanos as f64 / 1e6),
    }
}
