//! What the page shows, in columns: one entry a packet, with strings in a table of their own.

use std::collections::HashMap;

use serde::Serialize;
use serde_json::Value;

use crate::runs::Record;

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
    /// Takes the events of a run in order.
    pub fn of(title: &str, records: impl IntoIterator<Item = Record>) -> Data {
        let mut gathering = Gathering {
            data: Data {
                title: title.to_owned(),
                ..Data::default()
            },
            ..Gathering::default()
        };
        for record in records {
            gathering.take(&record);
        }
        gathering.data
    }
}

#[derive(Default)]
struct Gathering {
    data: Data,
    strings: HashMap<String, u32>,
    tuples: HashMap<String, u32>,
    /// Inputs that are no packets, by id: their places among the events.
    inner: HashMap<u64, usize>,
    /// Packets that came in, by the id of their coming: their places, once they ended.
    came: HashMap<u64, u32>,
    /// By connection and number behind the last: the packet of ours that went last with it.
    covers: HashMap<(u32, u64), u32>,
}

impl Gathering {
    fn take(&mut self, record: &Record) {
        match record.name.as_str() {
            "tcp:metrics_updated" if record.id.is_none() => self.measure(record),
            "tcp:metrics_updated" => self.sample(record),
            "ip:packet_received" => {}
            name if name.ends_with("_sent") || name == "icmp:sent" => self.packet(record, true),
            name if name.ends_with("disposed") => self.packet(record, false),
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

    fn packet(&mut self, record: &Record, out: bool) {
        let place = self.data.packets.id.len() as u32;
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
        let rule = self.word(why.map_or("", |why| &why.rule));
        let text = self.word(why.map_or("", |why| &why.text));
        let state = record.state.as_ref().map(in_words);
        let state = state.map(|state| self.word(&state));
        let (seq, ack) = (record.number("seq"), record.number("ack"));
        let len = record.number("len").unwrap_or_default();
        let (mut from, mut answers) = (None, None);
        if out {
            from = record.cause.and_then(|cause| self.input(cause));
            let controls = record.text("flags").unwrap_or_default();
            let controls = controls.chars().filter(|letter| "SF".contains(*letter));
            let length = len + controls.count() as u64;
            if let (Some(conn), Some(seq), 1..) = (conn, seq, length) {
                self.covers.insert((conn, seq + length), place);
            }
        } else {
            if let Some(cause) = record.cause {
                self.came.insert(cause, place);
            }
            if let (Some(conn), Some(ack)) = (conn, ack) {
                answers = self.covers.get(&(conn, ack)).copied();
            }
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
        packets.answers.push(answers.map(u64::from));
        packets.came.push(record.cause.filter(|_| !out));
    }

    /// Where an input lies: see [`Packets::from`].
    fn input(&self, cause: u64) -> Option<u64> {
        let packet = self.came.get(&cause).map(|place| 2 * u64::from(*place));
        packet.or_else(|| self.inner.get(&cause).map(|place| 2 * *place as u64 + 1))
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
        let rule = why.map(|why| self.word(&why.rule));
        let text = said(record);
        let (name, text) = (self.word(&record.name), self.word(&text));
        if let Some(id) = record.id {
            self.inner.insert(id, self.data.events.len());
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

/// `cwnd 35040 · in flight 0 · established, open`.
fn in_words(state: &serde_json::Map<String, Value>) -> String {
    let number = |name: &str| match state.get(name) {
        Some(value) => value.to_string(),
        None => "∞".into(),
    };
    let word = |name: &str| state.get(name).and_then(Value::as_str).unwrap_or("?");
    format!(
        "cwnd {} · ssthresh {} · in flight {} · rto {} ms · {}, {}",
        number("cwnd"),
        number("ssthresh"),
        number("inflight"),
        number("rto"),
        word("st"),
        word("ca"),
    )
}

/// The fields of an event that is no packet, in words.
fn said(record: &Record) -> String {
    let why = record.why.as_ref().map_or("", |why| &why.text);
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
            let proof = word("proof").replace('_', " ");
            format!("lost {seq}..{}: {proof}", (seq + len).saturating_sub(1))
        }
        "tcp:loss_undone" => format!("not lost after all: {}", word("proof").replace('_', " ")),
        "tcp:congestion_state_updated" => {
            let ssthresh = record.number("ssthresh");
            let ssthresh = ssthresh.map_or("∞".into(), |bytes| bytes.to_string());
            format!(
                "cwnd {} ssthresh {ssthresh}: {why}",
                number("congestion_window")
            )
        }
        name if name.ends_with(":timer_updated") => {
            format!("{} timer {}", word("timer"), word("event"))
        }
        _ => why.to_owned(),
    }
}

#[cfg(test)]
mod tests;
