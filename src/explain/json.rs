//! A capture, explained as one JSON object.

use serde_json::{Value, json};

use super::end::Offered;
use super::shadow::{EndSummary, Shadow, Summary, Vantage};
use super::told::{Class, Finding, Resent};

/// The whole: connections, counts, findings. Bytes are bytes, times milliseconds.
pub fn json(shadow: &Shadow, name: &str, is_whole: bool) -> Value {
    let counts = &shadow.counts;
    let mut classes = serde_json::Map::new();
    for (class, count) in &counts.classes {
        let key = match class {
            Class::Resent(how) => format!("retransmission_{}", how.key()),
            class => class.key().to_owned(),
        };
        classes.insert(key, (*count).into());
    }
    json!({
        "file": name,
        "inferred": true,
        "whole": is_whole,
        "packets": counts.frames,
        "segments": counts.segments,
        "other_packets": counts.others,
        "fragments": counts.fragments,
        "unreadable_segments": counts.unreadable,
        "connections_seen": counts.connections,
        "connections_evicted": counts.evicted,
        "violations": counts.violations,
        "doubts": counts.doubts,
        "classes": classes,
        "connections": shadow.summaries.iter().map(connection).collect::<Vec<_>>(),
        "findings": shadow.findings.iter().map(finding).collect::<Vec<_>>(),
        "findings_unlisted": counts.unlisted,
    })
}

fn connection(one: &Summary) -> Value {
    let name = |end: usize| one.ends[end].addr.to_string();
    json!({
        "stream": one.stream,
        "first_frame": one.first.0,
        "last_frame": one.last.0,
        "lasted": millis(one.last.1.saturating_sub(one.first.1)),
        "handshake_seen": one.has_handshake,
        "packets_missing": one.lacks,
        "captured": match one.vantage() {
            Vantage::At(end) => format!("near {}", name(end)),
            Vantage::Both => "near both".into(),
            Vantage::Between => "between".into(),
            Vantage::Unknown => "unknown".into(),
        },
        "closed_first": one.closer.map(name),
        "reset_by": one.reset.map(|(end, _)| name(end)),
        "ends": one.ends.iter().map(end).collect::<Vec<_>>(),
    })
}

fn end(end: &EndSummary) -> Value {
    let kinds = Resent::ALL.iter().zip(end.sums.kinds);
    let kinds = kinds.filter(|(_, count)| *count > 0);
    let kinds: serde_json::Map<_, _> = kinds
        .map(|(how, count)| (how.key().to_owned(), count.into()))
        .collect();
    json!({
        "addr": end.addr.to_string(),
        "state": end.state.name(),
        "offered": end.offered.as_ref().map(offered),
        "packets": end.sums.packets,
        "bytes": end.sums.bytes,
        "retransmissions": end.sums.resent,
        "retransmission_kinds": kinds,
        "bytes_in_flight_max": end.sums.flight_most,
        "smoothed_rtt": (end.samples > 0).then(|| millis(end.smoothed)),
        "rto_estimate": (end.samples > 0).then(|| millis(end.timeout)),
        "rtt_samples": end.samples,
        "away_from_capture": end.away.map(millis),
        "forgotten": end.sums.forgotten,
    })
}

fn offered(offered: &Offered) -> Value {
    json!({
        "mss": offered.mss,
        "wscale": offered.scale,
        "sack": offered.sack,
        "timestamps": offered.timestamps,
    })
}

fn finding(finding: &Finding) -> Value {
    json!({
        "frame": finding.frame,
        "stream": finding.stream,
        "level": finding.level.key(),
        "what": finding.what,
        "clause": finding.cite.to_string(),
        "inferred": finding.text,
    })
}

fn millis(nanos: u64) -> f64 {
    nanos as f64 / 1e6
}
