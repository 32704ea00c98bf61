//! What `events.jsonl` may hold: every event with its fields, as a table, and as JSON Schema.

use serde_json::{Value, json};

use super::About;
use super::metrics::NAMES;

/// One kind of event.
#[derive(Debug)]
pub struct Kind {
    /// `namespace:event`.
    pub name: &'static str,
    /// How much it matters, in qlog's words.
    pub importance: Importance,
    /// What it says.
    pub about: &'static str,
    /// What stands in `data`, beside what it is.
    pub fields: &'static [&'static [Field]],
}

/// qlog's main schema, section 9.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Importance {
    Core,
    Base,
}

/// A field: its name, its type, and what it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field(pub &'static str, pub Type, pub &'static str);

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    Integer,
    /// May be null too.
    IntegerOrNull,
    /// Milliseconds.
    Millis,
    Text,
    /// May be null too.
    TextOrNull,
}

use Type::{Integer, IntegerOrNull, Millis, Text, TextOrNull};

const FRAME: &[Field] = &[Field(
    "frame",
    Integer,
    "the frame of the capture, as Wireshark counts; missing where there is none",
)];
const PACKET: &[Field] = &[
    Field("bytes", Integer, "length, IP header included"),
    Field("protocol", Text, "what it carries"),
    Field("src", Text, "who sent it, with the port if there is one"),
    Field("dst", Text, "to whom"),
    Field(
        "gso",
        Integer,
        "bytes of text in each of the packets that it stands for",
    ),
    Field(
        "csum",
        Text,
        "partial: the device finishes it; verified: it vouches for it",
    ),
];
const SEGMENT: &[Field] = &[
    Field("seq", Integer, "SEG.SEQ, from the sender's initial one"),
    Field("ack", Integer, "SEG.ACK, from the receiver's initial one"),
    Field("len", Integer, "bytes of text"),
    Field(
        "flags",
        Text,
        "the control bits as tcpdump writes them: S. is SYN,ACK",
    ),
    Field("window", Integer, "SEG.WND, not scaled"),
    Field("mss", Integer, "the option"),
    Field("wscale", Integer, "the option's shift count"),
    Field(
        "isn",
        Integer,
        "of a SYN: SEG.SEQ as it is, the sender's initial one",
    ),
    Field(
        "options",
        Text,
        "of a SYN: which of mss, wscale, sackOK and TS it has",
    ),
    Field("sack_blocks", Integer, "ranges that it reports"),
];
const PURPOSE: &[Field] = &[Field("purpose", Text, "what it is for")];
const RETRANSMIT: &[Field] = &[Field(
    "retransmit",
    TextOrNull,
    "null, or what made it necessary: fast, rto, partial_ack, after_rto, syn, probe",
)];
const DISPOSITION: &[Field] = &[
    Field(
        "disposition",
        Text,
        "accepted, duplicate, out_of_order, out_of_window, challenged, dropped",
    ),
    Field("reason", Text, "why, of a closed list"),
];
const TIMER: &[Field] = &[
    Field(
        "timer",
        Text,
        "rto, tlp, rack, delack, persist, keepalive, user_timeout, time_wait and so on",
    ),
    Field("event", Text, "set, expired, cancelled"),
    Field("delta", Millis, "how long until it expires, when it is set"),
];
const CALL: &[Field] = &[
    Field("call", Text, "open, listen, send, receive, close and so on"),
    Field("bytes", Integer, "how many it was about, where it says so"),
];
const RTT: &[Field] = &[
    Field("latest_rtt", Millis, "the sample"),
    Field("smoothed_rtt", Millis, "SRTT"),
    Field("rtt_variance", Millis, "RTTVAR"),
    Field("rto", Millis, "the retransmission timeout"),
];
/// The order is that of `metrics::NAMES`.
const VARIABLES: &[Field] = &[
    Field("congestion_window", Integer, "cwnd, in bytes"),
    Field("ssthresh", IntegerOrNull, "in bytes; null while infinite"),
    Field(
        "bytes_in_flight",
        Integer,
        "sent and thought to be on the way",
    ),
    Field("snd_una", Integer, "SND.UNA, from ISS"),
    Field("snd_nxt", Integer, "SND.NXT, from ISS"),
    Field("snd_wnd", Integer, "SND.WND, in bytes"),
    Field(
        "rcv_nxt",
        IntegerOrNull,
        "RCV.NXT, from IRS, once that is known",
    ),
    Field("rcv_wnd", Integer, "RCV.WND, in bytes"),
    Field("mss", Integer, "the longest text of a segment"),
    Field("unacknowledged", Integer, "bytes accepted for sending"),
    Field("send_limit", Integer, "how many of those there may be"),
    Field("unread", Integer, "bytes received that nobody has read"),
];
const _: () = assert!(VARIABLES.len() == NAMES.len());
const LENGTHS: &[Field] = &[
    Field("seq", Integer, "the first byte, from ISS"),
    Field("len", Integer, "bytes"),
];
const PROOF: &[Field] = &[Field("proof", Text, "what convinced the sender")];
const STATES: &[Field] = &[
    Field("old", Text, "the state before"),
    Field("new", Text, "the state after: established, time_wait"),
    Field(
        "trigger",
        Text,
        "the label of the arrow in RFC 9293 Figure 5",
    ),
];
const ENDS: &[Field] = &[
    Field("local", Text, "our socket"),
    Field("remote", Text, "the peer's"),
    Field("new", Text, "the state in which it begins"),
];
const ON_LINK: &[Field] = &[
    Field("link", Text, "which way of which link: up, down"),
    Field(
        "packet",
        Integer,
        "the id of the event that sent the packet; missing if none of ours did",
    ),
    Field("bytes", Integer, "the packet's length, IP header included"),
];
const QUEUE: &[Field] = &[
    Field("queue_packets", Integer, "what waits there now, in packets"),
    Field("queue_bytes", Integer, "the same in bytes"),
];

macro_rules! kinds {
    ($($importance:ident $name:literal $about:literal [$($fields:expr),*];)*) => {
        &[$(Kind {
            name: $name,
            importance: Importance::$importance,
            about: $about,
            fields: &[$($fields),*],
        }),*]
    };
}

/// Every kind of event.
pub const KINDS: &[Kind] = kinds![
    Base "ip:packet_received" "a packet came in; what became of it has this as its cause"
        [&[Field("interface", Integer, "which of the stack's, from 0")], PACKET];
    Core "tcp:segment_sent" "a segment left" [FRAME, PACKET, PURPOSE, SEGMENT, RETRANSMIT];
    Base "udp:datagram_sent" "a datagram left" [FRAME, PACKET, PURPOSE];
    Core "icmp:sent" "an ICMP message left" [FRAME, PACKET, PURPOSE];
    Base "ip:packet_sent" "a packet of none of these left, or a fragment"
        [FRAME, PACKET, PURPOSE];
    Core "tcp:segment_disposed" "what became of a segment" [FRAME, PACKET, DISPOSITION, SEGMENT];
    Base "udp:datagram_disposed" "what became of a datagram" [FRAME, PACKET, DISPOSITION];
    Core "icmp:disposed" "what became of an ICMP message" [FRAME, PACKET, DISPOSITION];
    Base "ip:packet_disposed" "what became of another packet" [FRAME, PACKET, DISPOSITION];
    Base "app:called" "the application called" [CALL];
    Base "sim:clock" "time was told, and something came of it" [];
    Base "sim:missing" "events that came faster than they could be written"
        [&[Field("events", Integer, "how many")]];
    Core "tcp:opened" "a connection came to be" [ENDS];
    Core "tcp:state_updated" "an arrow of RFC 9293 Figure 5 was taken" [STATES];
    Base "tcp:metrics_updated" "variables of a connection that have changed"
        [VARIABLES, RTT];
    Base "tcp:timer_updated" "a timer of a connection" [TIMER];
    Core "tcp:loss_detected" "something sent is taken for lost" [LENGTHS, PROOF];
    Core "tcp:loss_undone" "what was taken for lost had not been" [PROOF];
    Base "tcp:congestion_state_updated" "window or threshold changed but by an ordinary ACK"
        [&[VARIABLES[0], VARIABLES[1]]];
    Base "tcp:blocked_by_updated" "nothing more is sent for now, for another reason than before"
        [&[Field("by", Text, "cwnd, rwnd, app, pacing, nagle, silly_window, nothing")]];
    Base "tcp:urgent" "the peer's urgent pointer" [&[Field("offset", Integer, "in the stream")]];
    Base "tcp:noted" "a decision that a clause prescribes" [];
    Base "udp:noted" "the same of a datagram socket" [];
    Base "icmp:noted" "the same of an echo socket" [];
    Base "ip:noted" "the same of the stack as a whole" [];
    Base "udp:timer_updated" "a timer of a datagram socket" [TIMER];
    Base "icmp:timer_updated" "a timer of an echo socket" [TIMER];
    Base "ip:timer_updated" "a timer of the stack as a whole" [TIMER];
    Core "link:enqueued" "a packet waits to be sent" [ON_LINK, QUEUE];
    Core "link:dequeued" "a packet has been sent, to its last bit" [ON_LINK, QUEUE];
    Core "link:delivered" "a packet arrives"
        [ON_LINK, &[Field("received", Integer, "the id of the event that its host tells of it")]];
    Core "link:dropped" "a packet is lost"
        [ON_LINK, &[Field(
            "reason",
            Text,
            "scripted, random, queue_full, aqm, too_big, down",
        )]];
    Core "link:marked_ce" "a packet bears the mark of congestion now" [ON_LINK];
    Core "link:corrupted" "a packet was damaged" [ON_LINK];
    Core "link:duplicated" "a packet comes once more" [ON_LINK];
    Core "link:reordered" "a packet falls back behind others" [ON_LINK];
];

/// What stands in `state`, by the names of `ss`.
pub const STATE: &[Field] = &[
    Field("st", Text, "the state"),
    Field("cwnd", Integer, "the congestion window, in bytes"),
    Field("ssthresh", Integer, "missing while infinite"),
    Field(
        "inflight",
        Integer,
        "bytes sent and thought to be on the way",
    ),
    Field("srtt", Millis, "missing before the first sample"),
    Field("rto", Millis, "the retransmission timeout"),
    Field("rcv_wnd", Integer, "RCV.WND, in bytes"),
    Field("mss", Integer, "the longest text of a segment"),
    Field("ca", Text, "which part of loss recovery is at work"),
];

impl Kind {
    /// The kind of this name.
    pub fn named(name: &str) -> Option<&'static Kind> {
        KINDS.iter().find(|kind| kind.name == name)
    }

    /// All its fields.
    pub fn all_fields(&self) -> impl Iterator<Item = &'static Field> {
        self.fields.iter().flat_map(|fields| fields.iter())
    }

    fn schema(&self) -> Value {
        let importance = match self.importance {
            Importance::Core => "core",
            Importance::Base => "base",
        };
        json!({
            "type": "object",
            "description": format!("{} ({importance})", self.about),
            "properties": { "name": { "const": self.name }, "data": object(self.all_fields()) },
            "required": ["time", "name", "host", "data"],
        })
    }
}

impl Field {
    fn schema(self) -> Value {
        let Field(_, holds, about) = self;
        let holds = match holds {
            Integer => json!("integer"),
            IntegerOrNull => json!(["integer", "null"]),
            Millis => json!("number"),
            Text => json!("string"),
            TextOrNull => json!(["string", "null"]),
        };
        json!({ "type": holds, "description": about })
    }
}

fn object<'a>(fields: impl Iterator<Item = &'a Field>) -> Value {
    let properties = fields.map(|field| (field.0.to_owned(), field.schema()));
    json!({
        "type": "object",
        "properties": properties.collect::<serde_json::Map<_, _>>(),
        "additionalProperties": false,
    })
}

/// The first line.
pub(super) fn header(about: &About) -> Value {
    json!({
        "file_schema": "urn:ietf:params:qlog:file:sequential",
        "serialization_format": "application/jsonl",
        "title": about.title,
        "trace": {
            "common_fields": {
                "time_format": "relative_to_epoch",
                "reference_time": { "clock_type": "monotonic", "epoch": "unknown" },
            },
            "vantage_point": { "name": about.host, "type": "client" },
            "event_schemas": [URI],
        },
    })
}

/// JSON Schema (draft 2020-12) of a line behind the first.
pub fn json_schema() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": URI,
        "title": "An event of pellucid: a line of events.jsonl behind the first",
        "type": "object",
        "properties": {
            "id": {
                "type": "integer",
                "description": "counts from 1; missing of what only follows from another event",
            },
            "time": { "type": "number", "description": "milliseconds since the stack was made" },
            "name": { "type": "string" },
            "tuple": { "type": "string", "description": "c1: the first connection" },
            "host": { "type": "string" },
            "cause": { "type": "integer", "description": "the id of the input that led here" },
            "data": { "type": "object" },
            "why": {
                "type": "object",
                "properties": {
                    "rule": { "type": "string", "description": "rfc6675.5 (4.3), house.rto-min" },
                    "text": { "type": "string" },
                },
                "required": ["rule", "text"],
            },
            "state": object(STATE.iter()),
        },
        "oneOf": KINDS.iter().map(Kind::schema).collect::<Vec<_>>(),
    })
}

/// The name of what is described here; nothing is to be found under it.
const URI: &str = "urn:pellucid:events:tcp-0.1";

#[cfg(test)]
mod tests;
