//! A run that is over, seen as if it went on: its records make the same snapshots that a running
//! stack gives.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};

use serde_json::{Map, Value};

use crate::base::Instant;
use crate::probe::Blocked;
use crate::runs::Record;

use super::message::{Counted, Ending, Known, Row, Snapshot, Timer};

/// What is known at one point of a run.
#[derive(Debug, Default, Clone)]
pub struct Past {
    connections: BTreeMap<u64, Connection>,
    counted: Counted,
    now_us: u64,
}

#[derive(Debug, Clone)]
struct Connection {
    row: Row,
    /// When each timer that runs will expire.
    timers: BTreeMap<String, u64>,
}

impl Past {
    /// One more thing has happened.
    pub fn hear(&mut self, record: &Record) {
        self.now_us = micros(record.time);
        self.count(record);
        let number = record
            .tuple
            .as_deref()
            .and_then(|tuple| tuple.strip_prefix('c'));
        let Some(number) = number.and_then(|number| number.parse().ok()) else {
            return;
        };
        let nobody = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
        let connection = self
            .connections
            .entry(number)
            .or_insert_with(|| Connection {
                row: Row {
                    id: number,
                    local: nobody,
                    remote: nobody,
                    state: "closed".into(),
                    timers: Vec::new(),
                    known: None,
                },
                timers: BTreeMap::new(),
            });
        connection.hear(record, self.now_us);
    }

    /// What there is to see of one connection.
    pub fn row(&self, number: u64) -> Option<Row> {
        let connection = self.connections.get(&number)?;
        Some(connection.at(self.now_us))
    }

    /// What there is to see.
    pub fn snapshot(&self) -> Snapshot {
        let rows: Vec<Row> = self
            .connections
            .values()
            .map(|one| one.at(self.now_us))
            .collect();
        let count = |of: &[&str]| {
            let mut states = rows.iter().map(|row| row.state.as_str());
            states.by_ref().filter(|state| of.contains(state)).count()
        };
        let (half_open, time_wait) = (count(&["syn_received"]), count(&["time_wait"]));
        Snapshot {
            at_us: self.now_us,
            open: rows.len() - half_open - time_wait - count(&["closed"]),
            half_open,
            time_wait,
            listening: Vec::new(),
            rows,
            counted: Some(self.counted.clone()),
        }
    }

    fn count(&mut self, record: &Record) {
        let bytes = record.number("bytes").unwrap_or_default();
        match record.name.as_str() {
            "ip:packet_received" => {
                self.counted.packets_in += 1;
                self.counted.bytes_in += bytes;
            }
            name if is_sent(name) => {
                self.counted.packets_out += 1;
                self.counted.bytes_out += bytes;
                let again = record.text("retransmit").is_some();
                self.counted.retransmitted += u64::from(again);
            }
            _ => {}
        }
        let (Some(disposition), Some(reason)) = (record.text("disposition"), &record.why) else {
            return;
        };
        let endings = &mut self.counted.endings;
        match endings
            .iter_mut()
            .find(|ending| ending.reason == reason.text)
        {
            Some(ending) => ending.packets += 1,
            None => endings.push(Ending {
                disposition: disposition.to_owned(),
                reason: reason.text.clone(),
                packets: 1,
            }),
        }
        endings.sort_by_key(|ending| u64::MAX - ending.packets);
    }
}

/// Whether a packet left.
pub fn is_sent(name: &str) -> bool {
    matches!(
        name,
        "tcp:segment_sent" | "udp:datagram_sent" | "icmp:sent" | "ip:packet_sent"
    )
}

impl Connection {
    fn hear(&mut self, record: &Record, now_us: u64) {
        match record.name.as_str() {
            "tcp:opened" => {
                let socket = |name| record.text(name)?.parse().ok();
                self.row.local = socket("local").unwrap_or(self.row.local);
                self.row.remote = socket("remote").unwrap_or(self.row.remote);
                self.enter(record.text("new"));
            }
            "tcp:state_updated" => self.enter(record.text("new")),
            "tcp:timer_updated" => self.set_timer(record, now_us),
            "tcp:blocked_by_updated" => {
                let by = record.text("by").unwrap_or_default().to_owned();
                self.known().blocked_by = by;
            }
            "tcp:segment_sent" => {
                let known = self.known();
                known.why.clone_from(&record.why);
                known.resent += u32::from(record.text("retransmit").is_some());
            }
            "tcp:metrics_updated" => self.learn(&record.data),
            _ => {}
        }
        if let Some(state) = &record.state {
            self.learn_state(state);
        }
    }

    fn known(&mut self) -> &mut Known {
        // As long as nothing else is told.
        let beginning = || {
            Box::new(Known {
                blocked_by: Blocked::Nothing.key().to_owned(),
                ..Known::default()
            })
        };
        self.row.known.get_or_insert_with(beginning)
    }

    fn enter(&mut self, state: Option<&str>) {
        if let Some(state) = state {
            state.clone_into(&mut self.row.state);
        }
    }

    fn set_timer(&mut self, record: &Record, now_us: u64) {
        let Some(timer) = record.text("timer") else {
            return;
        };
        match record.text("event") {
            Some("set") => {
                let delta = us(record.data.get("delta")).unwrap_or_default();
                self.timers.insert(timer.to_owned(), now_us + delta);
            }
            _ => {
                self.timers.remove(timer);
            }
        }
    }

    /// By the names of `ss`.
    fn learn_state(&mut self, state: &Map<String, Value>) {
        if let Some(Value::String(name)) = state.get("st") {
            // A deleted control block speaks no more.
            if self.row.state != "closed" {
                name.clone_into(&mut self.row.state);
            }
        }
        let number = |name: &str| state.get(name).and_then(Value::as_u64);
        let phase = state.get("ca").and_then(Value::as_str);
        let known = self.known();
        known.cwnd = number("cwnd").unwrap_or(known.cwnd);
        known.ssthresh = number("ssthresh");
        known.in_flight = number("inflight").unwrap_or(known.in_flight);
        known.srtt_us = us(state.get("srtt")).or(known.srtt_us);
        known.rto_us = us(state.get("rto")).unwrap_or(known.rto_us);
        known.rcv_wnd = low(number("rcv_wnd")).unwrap_or(known.rcv_wnd);
        known.mss = low(number("mss")).unwrap_or(known.mss);
        if let Some(phase) = phase {
            phase.clone_into(&mut known.phase);
        }
    }

    /// By the names of qlog.
    fn learn(&mut self, data: &Map<String, Value>) {
        let number = |name: &str| data.get(name).and_then(Value::as_u64);
        let known = self.known();
        known.snd_una = low(number("snd_una")).unwrap_or(known.snd_una);
        known.snd_nxt = low(number("snd_nxt")).unwrap_or(known.snd_nxt);
        known.snd_wnd = low(number("snd_wnd")).unwrap_or(known.snd_wnd);
        known.rcv_nxt = low(number("rcv_nxt")).unwrap_or(known.rcv_nxt);
        known.unread = number("unread").unwrap_or(known.unread);
        known.srtt_us = us(data.get("smoothed_rtt")).or(known.srtt_us);
        known.rttvar_us = us(data.get("rtt_variance")).or(known.rttvar_us);
        if let Some(all) = number("unacknowledged") {
            let outstanding = known.snd_nxt.wrapping_sub(known.snd_una);
            known.unsent = all.saturating_sub(outstanding.into());
        }
        // The SYN takes the number before the first byte; of 2^32 bytes and more the low part is
        // known.
        known.bytes_acked = known.snd_una.saturating_sub(1).into();
        known.bytes_received = known.rcv_nxt.saturating_sub(1).into();
    }

    fn at(&self, now_us: u64) -> Row {
        let timers = self.timers.iter().map(|(timer, at)| Timer {
            timer: timer.clone(),
            left_us: at.saturating_sub(now_us),
        });
        Row {
            timers: timers.collect(),
            ..self.row.clone()
        }
    }
}

/// Of milliseconds with a fraction.
fn us(value: Option<&Value>) -> Option<u64> {
    let ms = value?.as_f64()?;
    // A time of a run: no more than some days, and never negative.
    Some((ms * 1000.0).round() as u64)
}

/// Sequence numbers and windows have 32 bits.
fn low(number: Option<u64>) -> Option<u32> {
    number.map(|number| number as u32)
}

fn micros(time: Instant) -> u64 {
    time.as_nanos() / 1000
}

#[cfg(test)]
mod tests;
