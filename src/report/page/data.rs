//! What the page shows, in columns: one entry a packet, with strings in a table of their own.

use std::collections::HashMap;

use serde::Serialize;
use serde_json::Value;

use crate::runs::Record;
use crate::why::Log;
use crate::why::words::{clause, said, variables};

use super::column::Column;

/// All that the page's script reads.
#[derive(Debug, Default, Serialize)]
pub struct Data {
    pub title: String,
    pub connections: Vec<Connection>,
    pub packets: Packets,
    pub events: Vec<Inner>,
    /// Everything that columns say in words.
    pub strings: Vec<String>,
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
    pub snd_wnd: Column,
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
    pub protocol: Column,
    /// What it is for, or what became of it.
    pub kind: Column,
    /// How it repeats something.
    pub resent: Column,
    pub rule: Column,
    pub text: Column,
    /// What the connection knew afterwards, in words.
    pub state: Column,
    /// The input that led to it: twice a packet's place, or twice an event's and one.
    pub from: Column,
    /// The packet of ours that it answers.
    pub answers: Column,
    /// Of one that came in: the id of its coming, which is the cause of all that it led to.
    pub came: Column,
}

/// Something else that was told: a call, a timer, a loss, a state.
#[derive(Debug, Serialize)]
pub struct Inner {
    pub id: Option<u64>,
    pub t: u64,
    pub conn: Option<u32>,
    pub cause: Option<u64>,
    pub name: u32,
    /// What it says.
    pub text: u32,
    /// Its clause.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<u32>,
}

impl Data {
    /// All that a log holds.
    pub fn of(title: &str, log: &Log) -> Data {
        let mut gathering = Gathering {
            data: Data {
                title: title.to_owned(),
                ..Data::default()
            },
            ..Gathering::default()
        };
        for record in log.records() {
            gathering.take(log, record);
        }
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
}

impl Gathering {
    fn take(&mut self, log: &Log, record: &Record) {
        match record.name.as_str() {
            "tcp:metrics_updated" if record.id.is_none() => self.measure(record),
            "tcp:metrics_updated" => self.sample(record),
            "ip:packet_received" => {}
            name if name.ends_with("_sent") || name == "icmp:sent" => {
                self.packet(log, record, true)
            }
            name if name.ends_with("disposed") => self.packet(log, record, false),
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

    fn packet(&mut self, log: &Log, record: &Record, out: bool) {
        let place = self.data.packets.id.len();
        let conn = self.connection(record);
        let kind = match out {
            true => record.text("purpose"),
            false => record.text("disposition"),
        };
        let kind = self.word(kind.unwrap_or("?"));
        let flags = self.word(record.text("flags").unwrap_or_default());
        let protocol = self.word(record.text("protocol").unwrap_or("?"));
        let resent = record.text("retransmit").map(|how| self.word(how));
        let why = record.why.as_ref();
        let rule = self.word(&why.map_or(String::new(), |why| clause(&why.rule)));
        let text = self.word(why.map_or("", |why| &why.text));
        let state = record
            .state
            .as_ref()
            .map(|state| variables(state).join(" · "));
        let state = state.map(|state| self.word(&state));
        let (seq, ack) = (record.number("seq"), record.number("ack"));
        let len = record.number("len").unwrap_or_default();
        let place_of = |packet: &Record| self.places.get(&packet.id?).copied();
        let from = log.input(record).filter(|_| out).and_then(place_of);
        let answers = log.answered(record).and_then(place_of);
        if let Some(id) = record.id {
            self.places.insert(id, 2 * place as u64);
        }
        let packets = &mut self.data.packets;
        packets.id.push(record.id.unwrap_or_default());
        packets.frame.push(record.frame());
        packets.t.push(record.time.as_nanos());
        packets.out.push(u64::from(out));
        packets.conn.push(conn.map(u64::from));
        packets
            .bytes
            .push(record.number("bytes").unwrap_or_default());
        packets.seq.push(seq);
        packets.len.push(len);
        packets.ack.push(ack);
        packets.flags.push(u64::from(flags));
        packets.protocol.push(u64::from(protocol));
        packets.kind.push(u64::from(kind));
        packets.resent.push(resent.map(u64::from));
        packets.rule.push(u64::from(rule));
        packets.text.push(u64::from(text));
        packets.state.push(state.map(u64::from));
        packets.from.push(from);
        packets.answers.push(answers.map(|place| place / 2));
        packets.came.push(record.cause.filter(|_| !out));
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
        let why = record.why.as_ref();
        let rule = why.map(|why| self.word(&clause(&why.rule)));
        let text = said(record);
        let (name, text) = (self.word(&record.name), self.word(&text));
        if let Some(id) = record.id {
            self.places
                .insert(id, 2 * self.data.events.len() as u64 + 1);
        }
        self.data.events.push(Inner {
            id: record.id,
            t: record.time.as_nanos(),
            conn: self.connection(record),
            cause: record.cause,
            name,
            text,
            rule,
        });
    }

    /// Variables that changed; all others are as they were.
    fn measure(&mut self, record: &Record) {
        let Some(connection) = self
            .connection(record)
            .and_then(|place| self.data.connections.get_mut(place as usize))
        else {
            return;
        };
        let series = &mut connection.variables;
        // What is not told is as it was; null is told.
        let now = |name: &str, before: &Column| match record.data.get(name) {
            Some(value) => value.as_u64(),
            None => before.last(),
        };
        series.t.push(record.time.as_nanos());
        let next = now("congestion_window", &series.cwnd);
        series.cwnd.push(next);
        let next = now("ssthresh", &series.ssthresh);
        series.ssthresh.push(next);
        let next = now("bytes_in_flight", &series.in_flight);
        series.in_flight.push(next);
        let next = now("snd_una", &series.una);
        series.una.push(next);
        let next = now("snd_wnd", &series.snd_wnd);
        series.snd_wnd.push(next);
        let next = now("rcv_nxt", &series.rcv_nxt);
        series.rcv_nxt.push(next);
        let next = now("rcv_wnd", &series.rcv_wnd);
        series.rcv_wnd.push(next);
    }

    fn sample(&mut self, record: &Record) {
        let Some(connection) = self
            .connection(record)
            .and_then(|place| self.data.connections.get_mut(place as usize))
        else {
            return;
        };
        let number = |name: &str| record.data.get(name).and_then(Value::as_f64);
        let rtt = &mut connection.rtt;
        if let (Some(latest), Some(smoothed), Some(rto)) =
            (number("latest_rtt"), number("smoothed_rtt"), number("rto"))
        {
            rtt.t.push(record.time.as_nanos());
            rtt.latest.push(latest);
            rtt.smoothed.push(smoothed);
            rtt.rto.push(rto);
        }
    }
}

#[cfg(test)]
mod tests;
