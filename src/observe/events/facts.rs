//! What is said of each event: its name, its fields, the clause, and what the connection knew.

use serde_json::{Map, Value, json};

use crate::base::{Cite, SeqNum};
use crate::observe::conversations::Conversation;
use crate::observe::packet::{Seen, SegmentSeen};
use crate::observe::words;
use crate::probe::{Ending, Event, Purpose, Subject, TimerKind};
use crate::wire::{icmp, tcp, udp};

use super::heard::Heard;
use super::keys;
use super::metrics::{from, in_ms, state_block};

/// A line without who, when and which.
#[derive(Debug)]
pub struct Facts {
    pub name: &'static str,
    pub data: Map<String, Value>,
    pub why: Option<(Cite, &'static str)>,
    pub state: Option<Map<String, Value>>,
}

impl Facts {
    /// Those of an event of a conversation, in a frame.
    pub fn of(heard: &Heard, known: Option<&Conversation>, frame: Option<u64>) -> Facts {
        let mut data = Fields(Map::new());
        let why = cited(&heard.event);
        let name = match heard.event {
            Event::PacketIn { interface, .. } => {
                data.put("interface", interface.0);
                data.packet(heard);
                "ip:packet_received"
            }
            Event::PacketOut { purpose, .. } => {
                data.put_some("frame", frame);
                data.sent(heard, purpose, known);
                by_protocol(heard.seen, &SENT)
            }
            Event::Accepted { .. } | Event::Discarded { .. } | Event::Dropped { .. } => {
                data.put_some("frame", frame);
                data.disposed(heard, known);
                by_protocol(heard.seen, &DISPOSED)
            }
            Event::Called(call) => {
                let (call, bytes) = keys::call(call);
                data.put("call", call);
                data.put_some("bytes", bytes);
                "app:called"
            }
            Event::Ticked => "sim:clock",
            Event::Noted { .. } => by_subject(heard.on, &NOTED),
            Event::TimerSet { kind, at } => {
                data.put("delta", in_ms(at.since(heard.at)));
                data.timer(kind, "set", heard.on)
            }
            Event::TimerExpired { kind } => data.timer(kind, "expired", heard.on),
            Event::TimerCancelled { kind } => data.timer(kind, "cancelled", heard.on),
            ref event => data.inside(event, known),
        };
        Facts {
            name,
            data: data.0,
            why,
            state: heard.variables().as_ref().map(state_block),
        }
    }
}

/// The clause that it obeys, and in words.
fn cited(event: &Event<'_>) -> Option<(Cite, &'static str)> {
    match *event {
        Event::PacketOut { why, .. } => Some((why.by, why.text)),
        Event::Noted { by, text } | Event::CongestionChanged { by, text, .. } => Some((by, text)),
        ref event => words::ending(event).map(|(ending, by)| (by, words::reason(ending))),
    }
}

struct Fields(Map<String, Value>);

impl Fields {
    fn put(&mut self, name: &str, value: impl Into<Value>) {
        self.0.insert(name.into(), value.into());
    }

    fn put_some(&mut self, name: &str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.put(name, value);
        }
    }

    /// What crossed an interface.
    fn packet(&mut self, heard: &Heard) {
        self.put("bytes", heard.len);
        if let Some(seen) = heard.seen {
            self.put("protocol", seen.protocol_name());
            let (src, dst) = match seen.sockets() {
                Some((src, dst)) => (src.to_string(), dst.to_string()),
                None => (seen.src.to_string(), seen.dst.to_string()),
            };
            self.put("src", src);
            self.put("dst", dst);
        }
        if let Event::PacketIn { offload, .. } | Event::PacketOut { offload, .. } = heard.event {
            self.put_some("gso", offload.gso);
            self.put_some("csum", words::checksum(offload.checksum));
        }
    }

    fn timer(&mut self, kind: TimerKind, event: &str, on: Subject) -> &'static str {
        self.put("timer", keys::timer(kind));
        self.put("event", event);
        by_subject(on, &TIMER)
    }

    fn sent(&mut self, heard: &Heard, purpose: Purpose, known: Option<&Conversation>) {
        self.packet(heard);
        self.put("purpose", keys::purpose(purpose));
        if let Some(segment) = heard.seen.and_then(|seen| seen.segment) {
            let numbers = known.map_or((None, None), |known| (known.iss, known.irs));
            self.segment(&segment, numbers);
            let how = match purpose {
                Purpose::Retransmission(how) => json!(words::resent(how)),
                _ => Value::Null,
            };
            self.put("retransmit", how);
        }
    }

    fn disposed(&mut self, heard: &Heard, known: Option<&Conversation>) {
        self.packet(heard);
        if let Some((ending, _)) = words::ending(&heard.event) {
            self.put("disposition", words::disposition(ending));
            self.put(
                "reason",
                match ending {
                    Ending::Accepted(what) => keys::key(&what),
                    Ending::Discarded(why) => keys::key(&why),
                    Ending::Dropped(why) => keys::key(&why),
                },
            );
        }
        if let Some(segment) = heard.seen.and_then(|seen| seen.segment) {
            let numbers = known.map_or((None, None), |known| (known.irs, known.iss));
            self.segment(&segment, numbers);
        }
    }

    /// Numbers count from the sender's initial one, and the receiver's, as far as they are known.
    fn segment(
        &mut self,
        segment: &SegmentSeen,
        (sender, receiver): (Option<SeqNum>, Option<SeqNum>),
    ) {
        self.put("seq", from(segment.seq, sender));
        self.put_some("ack", segment.ack.map(|ack| from(ack, receiver)));
        self.put("len", segment.text);
        self.put("flags", segment.flags.letters());
        self.put("window", segment.window);
        self.put_some("mss", segment.mss);
        self.put_some("wscale", segment.window_scale);
        if segment.flags.has(tcp::Flags::SYN) {
            self.put("isn", segment.seq.0);
            let offers = [
                (segment.mss.is_some(), "mss"),
                (segment.window_scale.is_some(), "wscale"),
                (segment.sack_permitted, "sackOK"),
                (segment.timestamps, "TS"),
            ];
            let names = offers.iter().filter(|(there, _)| *there);
            let names: Vec<&str> = names.map(|(_, name)| *name).collect();
            self.put("options", names.join(","));
        }
        if segment.sack_blocks > 0 {
            self.put("sack_blocks", segment.sack_blocks);
        }
    }

    /// What went on inside a connection.
    fn inside(&mut self, event: &Event<'_>, known: Option<&Conversation>) -> &'static str {
        match *event {
            Event::Opened {
                local,
                remote,
                state,
            } => {
                self.put("local", local.to_string());
                self.put("remote", remote.to_string());
                self.put("new", keys::state(state));
                "tcp:opened"
            }
            Event::StateChanged { from, to, on } => {
                self.put("old", keys::state(from));
                self.put("new", keys::state(to));
                self.put("trigger", keys::key(&on));
                "tcp:state_updated"
            }
            Event::RttSampled {
                rtt,
                srtt,
                rttvar,
                rto,
            } => {
                self.put("latest_rtt", in_ms(rtt));
                self.put("smoothed_rtt", in_ms(srtt));
                self.put("rtt_variance", in_ms(rttvar));
                self.put("rto", in_ms(rto));
                "tcp:metrics_updated"
            }
            Event::Lost { range, by } => {
                let iss = known.and_then(|known| known.iss);
                self.put("seq", from(range.start, iss));
                self.put("len", range.len);
                self.put("proof", keys::key(&by));
                "tcp:loss_detected"
            }
            Event::Undone { by } => {
                self.put("proof", keys::key(&by));
                "tcp:loss_undone"
            }
            Event::CongestionChanged { cwnd, ssthresh, .. } => {
                self.put("congestion_window", cwnd);
                self.put_some("ssthresh", ssthresh);
                "tcp:congestion_state_updated"
            }
            Event::BlockedBy { by } => {
                self.put("by", by.key());
                "tcp:blocked_by_updated"
            }
            Event::Urgent { offset } => {
                self.put("offset", offset);
                "tcp:urgent"
            }
            // All others are named before.
            _ => "sim:clock",
        }
    }
}

/// Names by what a packet carries: TCP, UDP, ICMP, and anything else.
type Names = [&'static str; 4];

const SENT: Names = [
    "tcp:segment_sent",
    "udp:datagram_sent",
    "icmp:sent",
    "ip:packet_sent",
];
const DISPOSED: Names = [
    "tcp:segment_disposed",
    "udp:datagram_disposed",
    "icmp:disposed",
    "ip:packet_disposed",
];
const NOTED: Names = ["tcp:noted", "udp:noted", "icmp:noted", "ip:noted"];
const TIMER: Names = [
    "tcp:timer_updated",
    "udp:timer_updated",
    "icmp:timer_updated",
    "ip:timer_updated",
];

fn by_protocol(seen: Option<Seen>, [tcp, udp, icmp, other]: &Names) -> &'static str {
    match seen.map(|seen| (seen.protocol, seen.ports)) {
        Some((tcp::PROTOCOL, Some(_))) => tcp,
        Some((udp::PROTOCOL, Some(_))) => udp,
        Some((icmp::PROTOCOL_V4 | icmp::PROTOCOL_V6, _)) => icmp,
        _ => other,
    }
}

fn by_subject(on: Subject, [tcp, udp, icmp, other]: &Names) -> &'static str {
    match on {
        Subject::Connection(_) | Subject::Listener(_) => tcp,
        Subject::Datagrams(_) => udp,
        Subject::Echo(_) => icmp,
        Subject::Stack => other,
    }
}
