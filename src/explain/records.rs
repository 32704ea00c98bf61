//! What was inferred, in the form in which our own stack tells its events, so that whatever shows
//! a run shows a capture too: the page, `why`, `events`.
//!
//! The opener of a connection stands where our stack stands otherwise. Each record says *inferred*
//! before it says why, and what nobody can know of a sender (its congestion window, its calls) is
//! left out. Of a large capture there are so many records at most: of the first segments, and of
//! those behind them that are out of the ordinary.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::io;

use serde_json::{Map, Value, json};

use crate::base::{Cite, Instant};
use crate::observe::events;
use crate::probe::State;
use crate::runs::{Record, Rule};

use super::commented::Commented;
use super::connection::Connection;
use super::end::End;
use super::file::Frame;
use super::packet::Seen;
use super::shadow::Listener;
use super::told::{Class, Level, Told};

/// Takes down what is told.
#[derive(Debug)]
pub struct Records {
    lines: Vec<u8>,
    capture: Commented,
    /// The time of the first segment.
    begun: Option<u64>,
    id: u64,
    taken: u64,
    left_out: u64,
    /// What was told last of each connection that was told of.
    known: HashMap<u64, Known>,
}

/// What was taken down.
#[derive(Debug)]
pub struct Made {
    /// As `events.jsonl` has it.
    pub events: Vec<u8>,
    /// As `capture.pcapng` has it.
    pub capture: Vec<u8>,
    /// Segments that were taken down.
    pub segments: u64,
    /// Those for which there was no room.
    pub left_out: u64,
}

#[derive(Debug, Default)]
struct Known {
    variables: [i64; 6],
    samples: u64,
}

/// A record that is being made.
struct Draft<'a> {
    name: &'static str,
    of: &'a Connection,
    at: u64,
    cause: Option<u64>,
    data: Value,
    why: Option<Rule>,
}

impl Records {
    /// Nothing yet. `name` is the file's.
    ///
    /// # Errors
    ///
    /// None: memory takes all.
    pub fn new(name: &str) -> io::Result<Records> {
        let header = json!({
            "file_schema": "urn:ietf:params:qlog:file:sequential",
            "serialization_format": "application/jsonl",
            "title": format!("inferred from {name}"),
            "trace": {
                "common_fields": {
                    "time_format": "relative_to_epoch",
                    "reference_time": { "clock_type": "monotonic", "epoch": "unknown" },
                },
                "vantage_point": { "name": HOST, "type": "network" },
                "event_schemas": ["urn:pellucid:events:tcp-0.1"],
            },
        });
        Ok(Records {
            lines: format!("{header}\n").into_bytes(),
            capture: Commented::new(name)?,
            begun: None,
            id: 0,
            taken: 0,
            left_out: 0,
            known: HashMap::new(),
        })
    }

    /// All of it.
    pub fn finish(self) -> Made {
        Made {
            events: self.lines,
            capture: self.capture.finish(),
            segments: self.taken,
            left_out: self.left_out,
        }
    }

    fn put(&mut self, draft: Draft<'_>) -> Option<u64> {
        let Draft {
            name,
            of,
            at,
            cause,
            data,
            why,
        } = draft;
        self.id += 1;
        let begun = *self.begun.get_or_insert(at);
        let record = Record {
            id: Some(self.id),
            time: Instant::from_nanos(at.saturating_sub(begun)),
            name: name.to_owned(),
            tuple: Some(format!("c{}", of.stream)),
            host: HOST.to_owned(),
            cause,
            data: match data {
                Value::Object(fields) => fields,
                _ => Map::new(),
            },
            why,
            state: None,
        };
        // Writing into memory fails for no record of ours.
        let _ = serde_json::to_writer(&mut self.lines, &record);
        self.lines.push(b'\n');
        Some(self.id)
    }

    fn open(&mut self, of: &Connection, at: u64) {
        let [local, remote] = [0, 1].map(|end| of.ends[end].addr.to_string());
        let draft = |name, data| Draft {
            name,
            of,
            at,
            cause: None,
            data,
            why: None,
        };
        let ends = json!({ "local": local, "remote": remote, "new": "closed" });
        self.put(draft("tcp:opened", ends));
        // What held a sender back is not in a capture.
        self.put(draft("tcp:blocked_by_updated", json!({ "by": "nothing" })));
    }

    fn segment(&mut self, of: &Connection, seen: &Seen<'_>, told: &Told) -> Option<u64> {
        let me = usize::from(of.ends[0].addr != seen.src);
        let mut data = json!({
            "frame": seen.frame,
            "bytes": seen.bytes,
            "protocol": "TCP",
            "src": seen.src.to_string(),
            "dst": seen.dst.to_string(),
            "seq": of.ends[me].number(seen.seq),
            "len": seen.len,
            "flags": seen.flags.letters(),
            "window": seen.window,
            "retransmit": match told.class {
                Class::Resent(how) => Some(how.key()),
                _ => None,
            },
        });
        if let Some(ack) = seen.ack {
            data["ack"] = of.ends[1 - me].number(ack).into();
        }
        let why = Some(said(told.cite, told.class.key(), &told.text));
        if me == 0 {
            data["purpose"] = told.class.key().into();
            return self.put(Draft {
                name: "tcp:segment_sent",
                of,
                at: seen.at,
                cause: None,
                data,
                why,
            });
        }
        let came = json!({ "interface": 0, "bytes": seen.bytes });
        let cause = self.put(Draft {
            name: "ip:packet_received",
            of,
            at: seen.at,
            cause: None,
            data: came,
            why: None,
        });
        let (disposition, reason) = match told.class {
            Class::DuplicateAck => ("duplicate", "duplicate_ack"),
            Class::OldAck | Class::Copy | Class::KeepAlive => ("duplicate", told.class.key()),
            Class::OutOfOrder => ("out_of_order", told.class.key()),
            Class::Damaged => ("dropped", "bad_checksum"),
            class => ("accepted", class.key()),
        };
        data["disposition"] = disposition.into();
        data["reason"] = reason.into();
        self.put(Draft {
            name: "tcp:segment_disposed",
            of,
            at: seen.at,
            cause,
            data,
            why,
        });
        cause
    }

    fn states(&mut self, of: &Connection, seen: &Seen<'_>, told: &Told, cause: Option<u64>) {
        for &(end, old, new) in &told.states {
            let at = seen.at;
            if end == 0 {
                let key = |state: State| state.name().to_ascii_lowercase().replace('-', "_");
                let data =
                    json!({ "old": key(old), "new": key(new), "trigger": trigger(old, new) });
                self.put(Draft {
                    name: "tcp:state_updated",
                    of,
                    at,
                    cause,
                    data,
                    why: None,
                });
                continue;
            }
            let text = format!("{}: {} → {}", of.ends[1].addr, old.name(), new.name());
            let why = Some(said(crate::rfc!(9293, "3.3.2"), "state", &text));
            self.put(Draft {
                name: "tcp:noted",
                of,
                at,
                cause,
                data: json!({}),
                why,
            });
        }
    }

    /// What changed of the opener's variables, as far as they can be seen.
    fn variables(&mut self, of: &Connection, at: u64) {
        let (own, peer) = (&of.ends[0], &of.ends[1]);
        let scaled = |end: &End| match end.offers.is_known {
            true => end.offers.window as i64,
            false => 0,
        };
        let now = [
            own.flight(),
            own.una,
            own.nxt,
            scaled(peer),
            peer.una,
            scaled(own),
        ];
        let known = self.known.entry(of.stream).or_default();
        let was = std::mem::replace(&mut known.variables, now);
        let samples = std::mem::replace(&mut known.samples, own.rtt.samples());
        let names = [
            "bytes_in_flight",
            "snd_una",
            "snd_nxt",
            "snd_wnd",
            "rcv_nxt",
            "rcv_wnd",
        ];
        let changed = names
            .iter()
            .zip(now)
            .zip(was)
            .filter(|((_, now), was)| now != was);
        let mut data = Map::new();
        for ((name, now), _) in changed {
            data.insert((*name).to_owned(), now.max(0).into());
        }
        if !data.is_empty() {
            let begun = *self.begun.get_or_insert(at);
            let record = Record {
                id: None,
                time: Instant::from_nanos(at.saturating_sub(begun)),
                name: "tcp:metrics_updated".into(),
                tuple: Some(format!("c{}", of.stream)),
                host: HOST.into(),
                cause: None,
                data,
                why: None,
                state: None,
            };
            let _ = serde_json::to_writer(&mut self.lines, &record);
            self.lines.push(b'\n');
        }
        if samples != own.rtt.samples() {
            let data = json!({
                "latest_rtt": millis(own.rtt.latest()),
                "smoothed_rtt": millis(own.rtt.smoothed()),
                "rtt_variance": millis(own.rtt.variance()),
                "rto": millis(own.rtt.timeout()),
            });
            self.put(Draft {
                name: "tcp:metrics_updated",
                of,
                at,
                cause: None,
                data,
                why: None,
            });
        }
    }
}

impl Listener for Records {
    fn frame(&mut self, frame: &Frame<'_>, packet: Option<&[u8]>) {
        self.capture.frame(frame, packet);
    }

    fn told(&mut self, of: &Connection, seen: &Seen<'_>, told: &Told) {
        let most = match told.findings.is_empty() {
            true => SEGMENTS_MOST,
            false => 2 * SEGMENTS_MOST,
        };
        if self.taken >= most {
            self.left_out += 1;
            return;
        }
        self.taken += 1;
        if let Entry::Vacant(vacant) = self.known.entry(of.stream) {
            vacant.insert(Known::default());
            self.open(of, seen.at);
        }
        let cause = self.segment(of, seen, told);
        self.states(of, seen, told, cause);
        let is_openers = of.ends[0].addr == seen.src;
        self.capture.said(is_openers, self.id, comments(told));
        let own = [
            Class::OutOfOrder,
            Class::Copy,
            Class::KeepAlive,
            Class::WindowProbe,
        ];
        for finding in &told.findings {
            let is_class = matches!(told.class, Class::Resent(_)) || own.contains(&told.class);
            if is_class && finding.level == Level::Note && finding.text == told.text {
                continue;
            }
            let what = match finding.level {
                Level::Note => finding.what.to_owned(),
                level => format!("{} {}", level.key(), finding.what),
            };
            let why = Some(said(finding.cite, &what, &finding.text));
            self.put(Draft {
                name: "tcp:noted",
                of,
                at: seen.at,
                cause,
                data: json!({}),
                why,
            });
        }
        self.variables(of, seen.at);
    }
}

/// What is out of the ordinary about a segment.
fn comments(told: &Told) -> Vec<String> {
    let mut comments = Vec::new();
    if !told.text.is_empty() {
        let why = said(told.cite, told.class.key(), &told.text);
        comments.push(format!("{} ({})", why.text, told.cite));
    }
    let others = told
        .findings
        .iter()
        .filter(|finding| finding.text != told.text);
    comments.extend(others.map(|finding| {
        let why = said(finding.cite, finding.what, &finding.text);
        format!("{} ({})", why.text, finding.cite)
    }));
    comments
}

fn said(cite: Cite, what: &str, text: &str) -> Rule {
    let what = what.replace('_', " ");
    let colon = if text.is_empty() { "" } else { ": " };
    Rule {
        rule: events::rule(cite),
        text: format!("inferred: {what}{colon}{text}"),
    }
}

/// The label of an arrow in RFC 9293 figure 5, as our stack tells it.
fn trigger(old: State, new: State) -> &'static str {
    match (old, new) {
        (State::Closed | State::Listen, State::SynSent) => "active_open",
        (State::Closed, State::Listen) => "passive_open",
        (_, State::SynReceived) => "syn_received",
        (State::SynReceived, State::Established) => "syn_acked",
        (State::SynSent, State::Established) => "syn_ack_received",
        (_, State::FinWait1 | State::LastAck) => "fin_sent",
        (State::Established, State::CloseWait) | (State::FinWait1, State::Closing) => {
            "fin_received"
        }
        (State::FinWait2, State::TimeWait) => "fin_received",
        (_, State::FinWait2 | State::TimeWait) | (State::LastAck, State::Closed) => "fin_acked",
        (_, State::Closed) => "reset_received",
        _ => "seen",
    }
}

fn millis(nanos: u64) -> f64 {
    nanos as f64 / 1e6
}

/// Whose events these are called.
const HOST: &str = "inferred";
const SEGMENTS_MOST: u64 = 20_000;

#[cfg(all(test, feature = "scenarios"))]
mod tests;
