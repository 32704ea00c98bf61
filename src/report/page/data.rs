//! What the page shows, in columns: one entry a packet, with strings in a table of their own.

use std::collections::HashMap;

use serde::Serialize;
use serde_json::Value;

use crate::runs::Record;
use crate::why::words::{clause, said};

use crate::report::journey::Journey;
use crate::report::losses::{Loss, Losses};
use crate::report::mermaid::mermaid;

use super::Source;
use super::bytes::{Facts, Kept};
use super::column::Column;
use super::link::Links;

/// All that the page's script reads, but for the bytes of packets.
#[derive(Debug, Default, Serialize)]
pub struct Data {
    pub title: String,
    /// What the run is called by whoever asks for it again.
    pub run: String,
    /// What stands in `summary.json`, if there is one.
    pub summary: Option<Value>,
    /// What stands in `run.toml`, if there is one.
    pub scenario: Option<String>,
    /// The journey as mermaid.
    pub journey: String,
    pub connections: Vec<Connection>,
    pub packets: Packets,
    pub sacks: Sacks,
    pub links: Links,
    pub events: Inner,
    /// Everything that columns say in words.
    pub strings: Vec<String>,
    /// The bytes of packets, one behind the other; `packets.kept` tells how many of each.
    #[serde(skip)]
    pub bytes: Vec<u8>,
}

/// One connection, and its variables over time.
#[derive(Debug, Default, Serialize)]
pub struct Connection {
    /// `c1`.
    pub id: String,
    pub local: String,
    pub remote: String,
    pub variables: Variables,
    pub rtt: Rtt,
    /// What the peer's kernel told of its congestion window, in bytes, if it was asked.
    pub kernel: Kernel,
}

/// Samples of the peer's own variables.
#[derive(Debug, Default, Serialize)]
pub struct Kernel {
    pub t: Column,
    pub cwnd: Column,
}

/// Steps: a value holds from its time until the next. Times are nanoseconds, all else bytes.
#[derive(Debug, Default, Serialize)]
pub struct Variables {
    pub t: Column,
    pub cwnd: Column,
    /// Null while it is infinite.
    pub ssthresh: Column,
    pub in_flight: Column,
    pub una: Column,
    pub nxt: Column,
    pub snd_wnd: Column,
    /// Accepted for sending and not acknowledged.
    pub unacknowledged: Column,
    pub mss: Column,
    /// Null while the peer's initial number is not known.
    pub rcv_nxt: Column,
    pub rcv_wnd: Column,
}

/// Samples, in milliseconds.
#[derive(Debug, Default, Serialize)]
pub struct Rtt {
    pub t: Column,
    pub latest: Vec<f64>,
    pub smoothed: Vec<f64>,
    pub variance: Vec<f64>,
    pub rto: Vec<f64>,
}

/// Packets in the order of their frames. What is a word is a place in the table of strings; what
/// is not there is null.
#[derive(Debug, Default, Serialize)]
pub struct Packets {
    pub id: Column,
    pub frame: Column,
    pub t: Column,
    /// 1 of ours, 0 of the peer's.
    pub out: Column,
    /// A place in the list of connections.
    pub conn: Column,
    pub bytes: Column,
    pub seq: Column,
    pub len: Column,
    pub ack: Column,
    pub flags: Column,
    /// As it stands in the header, not scaled.
    pub window: Column,
    pub protocol: Column,
    /// Which event it is.
    pub name: Column,
    /// What it is for, or what became of it.
    pub kind: Column,
    /// Why it ended so.
    pub reason: Column,
    /// How it repeats something.
    pub resent: Column,
    pub rule: Column,
    pub text: Column,
    pub state: States,
    /// The input that led to it: twice a packet's place, or twice an event's and one.
    pub from: Column,
    /// The packet of ours that it answers.
    pub answers: Column,
    /// Of one that came in: the id of its coming, which is the cause of all that it led to.
    pub came: Column,
    /// What the link did with it, where the link says so.
    pub fate: Column,
    /// The two ECN bits of its IP header, if there is a capture.
    pub ecn: Column,
    /// How many of its bytes the page holds.
    pub kept: Column,
}

/// What a packet's connection knew afterwards: bytes, words, and times in nanoseconds.
#[derive(Debug, Default, Serialize)]
pub struct States {
    pub st: Column,
    pub cwnd: Column,
    pub ssthresh: Column,
    pub inflight: Column,
    pub rto: Column,
    pub srtt: Column,
    pub ca: Column,
}

/// Ranges that segments report, and the place of each segment among the packets.
#[derive(Debug, Default, Serialize)]
pub struct Sacks {
    pub packet: Column,
    /// From the initial number of whoever receives the report.
    pub start: Column,
    pub end: Column,
}

/// What else was told: calls, timers, losses, states.
#[derive(Debug, Default, Serialize)]
pub struct Inner {
    pub id: Column,
    pub t: Column,
    pub conn: Column,
    pub cause: Column,
    pub name: Column,
    /// What it says.
    pub text: Column,
    /// Its clause.
    pub rule: Column,
    /// Its fields, as JSON.
    pub data: Column,
}

impl Data {
    /// All that a run holds.
    pub fn of(source: &Source<'_>) -> Data {
        let mut gathering = Gathering {
            data: Data {
                title: source.title.to_owned(),
                run: source.run.to_owned(),
                summary: source.summary.clone(),
                scenario: source.scenario.clone(),
                journey: mermaid(&Journey::of(source.log)),
                ..Data::default()
            },
            losses: Losses::of(source.log),
            ..Gathering::default()
        };
        for record in source.log.records() {
            gathering.take(source, record);
        }
        gathering.keep_bytes(source);
        gathering.data
    }
}

#[derive(Default)]
struct Gathering {
    data: Data,
    strings: HashMap<String, u32>,
    tuples: HashMap<String, u32>,
    /// Where each event lies, by its id: as [`Packets::from`] says it.
    places: HashMap<u64, u64>,
    losses: Losses,
}

impl Gathering {
    fn take(&mut self, source: &Source<'_>, record: &Record) {
        match record.name.as_str() {
            "tcp:metrics_updated" if record.id.is_none() => self.measure(record),
            "tcp:metrics_updated" => self.sample(record),
            "peer:tcp_info" => self.ask_kernel(record),
            "ip:packet_received" => {}
            name if name.ends_with("_sent") || name == "icmp:sent" => {
                self.packet(source, record, true)
            }
            name if name.ends_with("disposed") => self.packet(source, record, false),
            name if name.starts_with("link:") => self.link(record),
            _ => self.event(record),
        }
    }

    fn word(&mut self, word: &str) -> u32 {
        if let Some(place) = self.strings.get(word) {
            return *place;
        }
        // Far fewer than 2^32 fit into memory.
        let place = self.data.strings.len() as u32;
        self.data.strings.push(word.to_owned());
        self.strings.insert(word.to_owned(), place);
        place
    }

    fn connection(&self, record: &Record) -> Option<u32> {
        self.tuples.get(record.tuple.as_ref()?).copied()
    }

    fn words(&mut self, word: Option<&str>) -> Option<u64> {
        word.map(|word| u64::from(self.word(word)))
    }

    fn packet(&mut self, source: &Source<'_>, record: &Record, out: bool) {
        let place = self.data.packets.id.len();
        let conn = self.connection(record);
        let kind = match out {
            true => record.text("purpose"),
            false => record.text("disposition"),
        };
        let kind = self.words(Some(kind.unwrap_or("?")));
        let reason = self.words(record.text("reason"));
        let name = self.words(Some(&record.name));
        let flags = self.words(Some(record.text("flags").unwrap_or_default()));
        let protocol = self.words(Some(record.text("protocol").unwrap_or("?")));
        let resent = self.words(record.text("retransmit"));
        let why = record.why.as_ref();
        let rule = self.words(Some(&why.map_or(String::new(), |why| clause(&why.rule))));
        let text = self.words(Some(why.map_or("", |why| &why.text)));
        self.state(record);
        let place_of = |packet: &Record| self.places.get(&packet.id?).copied();
        let from = source.log.input(record).filter(|_| out).and_then(place_of);
        let answers = source.log.answered(record).and_then(place_of);
        if let Some(id) = record.id {
            self.places.insert(id, 2 * place as u64);
        }
        let number = |name: &str| record.number(name);
        let packets = &mut self.data.packets;
        packets.id.push(record.id.unwrap_or_default());
        packets.frame.push(record.frame());
        packets.t.push(record.time.as_nanos());
        packets.out.push(u64::from(out));
        packets.conn.push(conn.map(u64::from));
        packets.bytes.push(number("bytes").unwrap_or_default());
        packets.seq.push(number("seq"));
        packets.len.push(number("len").unwrap_or_default());
        packets.ack.push(number("ack"));
        packets.flags.push(flags);
        packets.window.push(number("window"));
        packets.protocol.push(protocol);
        packets.name.push(name);
        packets.kind.push(kind);
        packets.reason.push(reason);
        packets.resent.push(resent);
        packets.rule.push(rule);
        packets.text.push(text);
        packets.from.push(from);
        packets.answers.push(answers.map(|place| place / 2));
        packets.came.push(record.cause.filter(|_| !out));
        packets.fate.push(None);
        self.look_at_bytes(source, record, place);
    }

    fn state(&mut self, record: &Record) {
        let state = record.state.as_ref();
        let word = |name: &str| state?.get(name)?.as_str();
        let number = |name: &str| state?.get(name)?.as_u64();
        let nanos = |name: &str| Some((state?.get(name)?.as_f64()? * 1e6).round() as u64);
        let (st, ca) = (self.words(word("st")), self.words(word("ca")));
        let states = &mut self.data.packets.state;
        states.st.push(st);
        states.cwnd.push(number("cwnd"));
        states.ssthresh.push(number("ssthresh"));
        states.inflight.push(number("inflight"));
        states.rto.push(nanos("rto"));
        states.srtt.push(nanos("srtt"));
        states.ca.push(ca);
    }

    /// What events do not tell of a packet and its bytes do.
    fn look_at_bytes(&mut self, source: &Source<'_>, record: &Record, place: usize) {
        let bytes = source.bytes_of(record.frame());
        let facts = Facts::of(bytes.map_or(&[], |packet| &packet.head));
        self.data.packets.ecn.push(facts.ecn.map(u64::from));
        let Some(ack) = record.number("ack") else {
            return;
        };
        for (start, end) in facts.ranges_from(ack) {
            self.data.sacks.packet.push(place as u64);
            self.data.sacks.start.push(start);
            self.data.sacks.end.push(end);
        }
    }

    /// What a link did. Of a packet that it lost on its way to us there is nothing else to see.
    fn link(&mut self, record: &Record) {
        let id = record.number("packet");
        let place = id.and_then(|id| self.places.get(&id).copied());
        let place = place.filter(|place| place.is_multiple_of(2));
        let place = place.map(|place| (place / 2) as usize);
        let len = place.and_then(|place| self.data.packets.len.values()[place]);
        let loss = id.map_or(Loss::None, |id| self.losses.fate(id, len));
        let reason = record.text("reason").unwrap_or("?");
        let fate = match (record.name.as_str(), loss) {
            ("link:dropped", Loss::Part) => format!("dropped in part: {reason}"),
            ("link:dropped", _) => format!("dropped: {reason}"),
            // What else was cut of it came through.
            ("link:delivered", Loss::Part) => return,
            ("link:delivered", _) => "delivered".to_owned(),
            ("link:queue_updated", _) => return self.data.links.take(record),
            ("link:enqueued" | "link:dequeued", _) => return,
            _ => return self.event(record),
        };
        let fate = u64::from(self.word(&fate));
        if let Some(place) = place {
            // Of copies the last says it.
            self.data.packets.fate.set(place, fate);
        }
        if record.name == "link:dropped" {
            self.event(record);
        }
    }

    fn event(&mut self, record: &Record) {
        if let (Some(tuple), "tcp:opened") = (&record.tuple, record.name.as_str()) {
            let text = |name| record.text(name).unwrap_or_default().to_owned();
            self.tuples
                .insert(tuple.clone(), self.data.connections.len() as u32);
            self.data.connections.push(Connection {
                id: tuple.clone(),
                local: text("local"),
                remote: text("remote"),
                ..Connection::default()
            });
        }
        let rule = record.why.as_ref().map(|why| clause(&why.rule));
        let rule = self.words(rule.as_deref());
        let (name, text) = (self.word(&record.name), self.word(&said(record)));
        let data = serde_json::to_string(&record.data).unwrap_or_default();
        let data = self.word(&data);
        let conn = self.connection(record).map(u64::from);
        let events = &mut self.data.events;
        if let Some(id) = record.id {
            self.places.insert(id, 2 * events.t.len() as u64 + 1);
        }
        events.id.push(record.id);
        events.t.push(record.time.as_nanos());
        events.conn.push(conn);
        events.cause.push(record.cause);
        events.name.push(u64::from(name));
        events.text.push(u64::from(text));
        events.rule.push(rule);
        events.data.push(u64::from(data));
    }

    fn of_connection(&mut self, record: &Record) -> Option<&mut Connection> {
        let place = self.connection(record)?;
        self.data.connections.get_mut(place as usize)
    }

    fn ask_kernel(&mut self, record: &Record) {
        let cwnd = record.number("congestion_window");
        if let (Some(connection), Some(cwnd)) = (self.of_connection(record), cwnd) {
            connection.kernel.t.push(record.time.as_nanos());
            connection.kernel.cwnd.push(cwnd);
        }
    }

    /// Variables that changed; all others are as they were.
    fn measure(&mut self, record: &Record) {
        let Some(connection) = self.of_connection(record) else {
            return;
        };
        let series = &mut connection.variables;
        series.t.push(record.time.as_nanos());
        for (name, column) in [
            ("congestion_window", &mut series.cwnd),
            ("ssthresh", &mut series.ssthresh),
            ("bytes_in_flight", &mut series.in_flight),
            ("snd_una", &mut series.una),
            ("snd_nxt", &mut series.nxt),
            ("snd_wnd", &mut series.snd_wnd),
            ("unacknowledged", &mut series.unacknowledged),
            ("mss", &mut series.mss),
            ("rcv_nxt", &mut series.rcv_nxt),
            ("rcv_wnd", &mut series.rcv_wnd),
        ] {
            // What is not told is as it was; null is told.
            let now = match record.data.get(name) {
                Some(value) => value.as_u64(),
                None => column.last(),
            };
            column.push(now);
        }
    }

    fn sample(&mut self, record: &Record) {
        let Some(connection) = self.of_connection(record) else {
            return;
        };
        let number = |name: &str| record.data.get(name).and_then(Value::as_f64);
        let rtt = &mut connection.rtt;
        if let (Some(latest), Some(smoothed), Some(variance), Some(rto)) = (
            number("latest_rtt"),
            number("smoothed_rtt"),
            number("rtt_variance"),
            number("rto"),
        ) {
            rtt.t.push(record.time.as_nanos());
            rtt.latest.push(latest);
            rtt.smoothed.push(smoothed);
            rtt.variance.push(variance);
            rtt.rto.push(rto);
        }
    }

    /// The bytes of all packets; where there are too many, of what is out of the ordinary and of
    /// its neighbours.
    fn keep_bytes(&mut self, source: &Source<'_>) {
        let packets = &mut self.data.packets;
        let count = packets.id.len();
        let is_odd = |at: usize| {
            let word = |column: &Column| {
                let place = column.values()[at]?;
                self.data.strings.get(place as usize)
            };
            packets.resent.values()[at].is_some()
                || word(&packets.fate).is_some_and(|fate| fate != "delivered")
                || packets.out.values()[at] == Some(0)
                    && word(&packets.kind).is_some_and(|kind| kind != "accepted")
        };
        let kept = Kept::choose(count, is_odd);
        for at in 0..count {
            let packet = source.bytes_of(packets.frame.values()[at]);
            let head = match packet {
                Some(packet) if kept.has(at) => packet.head.as_slice(),
                _ => &[],
            };
            packets.kept.push(head.len() as u64);
            self.data.bytes.extend_from_slice(head);
        }
    }
}

#[cfg(test)]
mod tests;
