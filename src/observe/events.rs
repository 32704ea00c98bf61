//! All that a stack told, as JSON lines: `events.jsonl`.
//!
//! The form is that of qlog's main schema (draft-ietf-quic-qlog-main-schema): a header with the
//! vantage point and the namespaces, then one event a line. There is no qlog of TCP, so the events
//! are ours; `schema` lists every one with its fields. Times are milliseconds since the stack was
//! made, printed from whole nanoseconds; sequence numbers are counted from the initial ones, so the
//! first byte of text is 1, as in Wireshark.
//!
//! Several hosts may speak in one file, and links: what both ends of a connection tell bears the
//! same name, and what happens to a packet on a link names the event that sent it.
//!
//! Read `schema` for what a file may hold, `facts` for what is said of each event, `on_link` for
//! what links tell, then this file.

use std::io;

use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use crate::base::{Cite, Instant, Source};
use crate::probe::Subject;

use super::conversations::{Conversation, ConversationId, Conversations};
use super::frames::Frames;
use super::on_link::OnLink;
use super::pcapng::Store;

mod facts;
mod heard;
mod keys;
mod metrics;
mod names;
mod on_link;
pub mod schema;

pub use heard::Heard;
pub use keys::{state as state_key, timer as timer_key};

use facts::Facts;
use metrics::Metrics;
use names::Names;

/// What a file says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// What ran: `pellucid demo`.
    pub title: String,
    /// Whose packets the capture beside it holds: `client`.
    pub host: String,
    /// The other hosts whose events are heard too, if their stacks are ours.
    pub others: Vec<String>,
}

impl About {
    /// Of one host.
    pub fn alone(title: &str, host: &str) -> About {
        About {
            title: title.to_owned(),
            host: host.to_owned(),
            others: Vec::new(),
        }
    }
}

/// Which of the hosts of a file speaks: 0 is the one whose packets are captured.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct HostIndex(pub usize);

/// Writes events as lines. It must hear all of each stack in order, so that it knows who speaks.
pub struct Lines<S> {
    sheet: Sheet<S>,
    speakers: Vec<Speaker>,
    names: Names,
}

/// One host's part: what it takes to say whose an event is, and what has changed.
struct Speaker {
    host: String,
    conversations: Conversations,
    metrics: Vec<Metrics>,
    /// A tick is a line only if something came of it.
    tick: Option<Heard>,
}

/// The file, and what is to be written next.
struct Sheet<S> {
    to: S,
    /// Whole lines that are not written yet.
    waiting: Vec<u8>,
    latest: Instant,
    stats: Stats,
}

/// What stands in a file so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stats {
    /// Lines behind the header.
    pub lines: u64,
    /// All of it.
    pub bytes: u64,
}

impl<S: Store> Lines<S> {
    /// Writes the header.
    ///
    /// # Errors
    ///
    /// What writing says.
    pub fn begin(to: S, about: About) -> io::Result<Lines<S>> {
        let header = schema::header(&about);
        let hosts = std::iter::once(about.host).chain(about.others);
        let mut lines = Lines {
            sheet: Sheet {
                to,
                waiting: Vec::new(),
                latest: Instant::BIRTH,
                stats: Stats::default(),
            },
            speakers: hosts.map(Speaker::new).collect(),
            names: Names::default(),
        };
        lines.sheet.append(&header)?;
        lines.sheet.stats.lines = 0;
        lines.sheet.flush()?;
        Ok(lines)
    }

    /// Hears an event of a host; `frames` knows which frame it is, if it is one. `missing` events
    /// before it found no room.
    ///
    /// # Errors
    ///
    /// What writing says.
    pub fn hear(
        &mut self,
        of: HostIndex,
        heard: Heard,
        frames: &Frames,
        missing: u64,
    ) -> io::Result<()> {
        let Some(speaker) = self.speakers.get_mut(of.0) else {
            return Ok(());
        };
        let sheet = &mut self.sheet;
        if missing > 0 {
            speaker.say_missing(sheet, heard.at, missing)?;
        }
        let conversation = speaker.conversations.hear(&heard.told());
        if heard.is_tick() {
            speaker.tick = Some(heard);
            return Ok(());
        }
        if let Some(tick) = speaker.tick.take_if(|tick| heard.cause == Some(tick.id)) {
            speaker.say(sheet, &tick, None, None, None)?;
        } else if heard.cause.is_none() {
            speaker.tick = None;
        }
        let frame = (of == HostIndex::default()).then(|| frames.frame_of(heard.of_frame()));
        let name = conversation.and_then(|id| self.names.name(of, id, &speaker.conversations));
        speaker.say(sheet, &heard, conversation, name, frame.flatten())?;
        speaker.measure(sheet, &heard, conversation, name)?;
        sheet.settle()
    }

    /// Something happened to a packet on a link.
    ///
    /// # Errors
    ///
    /// What writing says.
    pub fn link(&mut self, what: &OnLink) -> io::Result<()> {
        let time = self.sheet.time(what.at);
        let line = Line {
            id: Some(what.id.0.get()),
            cause: what.packet.map(|packet| packet.0.get()),
            data: on_link::data(what),
            why: None,
            ..Line::new(&what.link, time, on_link::name(what))
        };
        self.sheet.append(&line)?;
        self.sheet.settle()
    }

    /// Takes the lines that wait, so that they are not written.
    pub(super) fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.sheet.waiting)
    }

    /// What stands there so far, and what waits.
    pub fn stats(&self) -> Stats {
        self.sheet.stats
    }

    /// Writes what waits.
    ///
    /// # Errors
    ///
    /// What writing says; then the file ends where it ended before, and nothing waits.
    pub fn flush(&mut self) -> io::Result<()> {
        self.sheet.flush()
    }
}

impl Speaker {
    fn new(host: String) -> Speaker {
        Speaker {
            host,
            conversations: Conversations::new(CONVERSATIONS_MAX),
            metrics: Vec::new(),
            tick: None,
        }
    }

    fn say<S: Store>(
        &self,
        sheet: &mut Sheet<S>,
        heard: &Heard,
        conversation: Option<ConversationId>,
        name: Option<u64>,
        frame: Option<u64>,
    ) -> io::Result<()> {
        let known = conversation.and_then(|id| self.conversations.get(id));
        let Facts {
            name: kind,
            data,
            why,
            state,
        } = Facts::of(heard, known, frame);
        let time = sheet.time(heard.at);
        sheet.append(&Line {
            id: Some(heard.id.0.get()),
            tuple: tuple(name, heard.on),
            cause: heard.cause.map(|cause| cause.0.get()),
            data,
            why: why.map(|(by, text)| Why {
                rule: rule(by),
                text,
            }),
            state,
            ..Line::new(&self.host, time, kind)
        })
    }

    /// What changed of a connection's variables by an event: a fact of its own, without a number.
    fn measure<S: Store>(
        &mut self,
        sheet: &mut Sheet<S>,
        heard: &Heard,
        conversation: Option<ConversationId>,
        name: Option<u64>,
    ) -> io::Result<()> {
        let (Some(id), Some(variables)) = (conversation, heard.variables()) else {
            return Ok(());
        };
        let index = id.0 as usize;
        if self.metrics.len() <= index {
            self.metrics.resize(index + 1, Metrics::default());
        }
        let known = self.conversations.get(id);
        let (iss, irs) = known.map_or((None, None), |known| (known.iss, known.irs));
        let Some(last) = self.metrics.get_mut(index) else {
            return Ok(());
        };
        let data = last.changed(Metrics::of(&variables, iss, irs));
        if data.is_empty() {
            return Ok(());
        }
        let time = sheet.time(heard.at);
        sheet.append(&Line {
            tuple: tuple(name, heard.on),
            cause: Some(heard.id.0.get()),
            data,
            // All of them, so that one that changed can be held against one that did not.
            state: Some(metrics::state_block(&variables)),
            ..Line::new(&self.host, time, "tcp:metrics_updated")
        })
    }

    fn say_missing<S: Store>(
        &self,
        sheet: &mut Sheet<S>,
        at: Instant,
        events: u64,
    ) -> io::Result<()> {
        let mut data = Map::new();
        data.insert("events".into(), json!(events));
        let time = sheet.time(at);
        sheet.append(&Line {
            data,
            ..Line::new(&self.host, time, "sim:missing")
        })
    }
}

impl<S: Store> Sheet<S> {
    /// Threads that share a stack read the clock before they wait for it, so one may bring an
    /// earlier time than the one before; in the file time does not go back.
    fn time(&mut self, at: Instant) -> Box<RawValue> {
        self.latest = self.latest.max(at);
        millis(self.latest.as_nanos())
    }

    /// One more line of those that wait.
    fn append(&mut self, line: &impl Serialize) -> io::Result<()> {
        let before = self.waiting.len();
        serde_json::to_writer(&mut self.waiting, line)?;
        self.waiting.push(b'\n');
        self.stats.bytes += (self.waiting.len() - before) as u64;
        self.stats.lines += 1;
        Ok(())
    }

    /// Writes what waits if it is much.
    fn settle(&mut self) -> io::Result<()> {
        if self.waiting.len() < WAITING_MOST {
            return Ok(());
        }
        self.flush()
    }

    /// See [`Lines::flush`].
    fn flush(&mut self) -> io::Result<()> {
        let waiting = std::mem::take(&mut self.waiting);
        let written = self.to.write_all(&waiting).and_then(|()| self.to.flush());
        if written.is_err() {
            let lines = waiting.iter().filter(|byte| **byte == b'\n').count();
            self.stats.bytes -= waiting.len() as u64;
            self.stats.lines -= lines as u64;
            // What cannot be cut keeps half a line, and its readers say so.
            let _ = self.to.cut(self.stats.bytes);
        }
        written
    }
}

/// One event of a conversation as a line without its end, for whoever hears only a part of what a
/// stack tells: `tuple` says whose it is.
pub fn lone(heard: &Heard, known: Option<&Conversation>, tuple: &str, host: &str) -> String {
    let Facts {
        name,
        data,
        why,
        state,
    } = Facts::of(heard, known, None);
    let line = Line {
        id: Some(heard.id.0.get()),
        tuple: Some(tuple.to_owned()),
        cause: heard.cause.map(|cause| cause.0.get()),
        data,
        why: why.map(|(by, text)| Why {
            rule: rule(by),
            text,
        }),
        state,
        ..Line::new(host, millis(heard.at.as_nanos()), name)
    };
    // Maps by names, numbers and text: all of it has a form in JSON.
    serde_json::to_string(&line).unwrap_or_default()
}

impl<S> std::fmt::Debug for Lines<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Lines({:?})", self.sheet.stats)
    }
}

/// A line, in the order in which its parts are written.
#[derive(Debug, Serialize)]
struct Line<'a> {
    /// Only what the stack told has a number; what follows from it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<u64>,
    time: Box<RawValue>,
    name: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    tuple: Option<String>,
    host: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<u64>,
    data: Map<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<Why>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<Map<String, Value>>,
}

impl<'a> Line<'a> {
    /// One that says no more than whose it is, when, and what.
    fn new(host: &'a str, time: Box<RawValue>, name: &'static str) -> Line<'a> {
        Line {
            id: None,
            time,
            name,
            tuple: None,
            host,
            cause: None,
            data: Map::new(),
            why: None,
            state: None,
        }
    }
}

#[derive(Debug, Serialize)]
struct Why {
    rule: String,
    text: &'static str,
}

/// Whose an event is: `c1` is the first conversation, `u4` the datagram socket with that number.
fn tuple(connection: Option<u64>, on: Subject) -> Option<String> {
    match (connection, on) {
        (Some(number), _) => Some(format!("c{number}")),
        (None, Subject::Datagrams(number)) => Some(format!("u{number}")),
        (None, Subject::Echo(number)) => Some(format!("e{number}")),
        (None, Subject::Listener(number)) => Some(format!("l{number}")),
        (None, Subject::Connection(_) | Subject::Stack) => None,
    }
}

/// A clause as a key: `rfc6675.5 (4.3)`, `house.rto-min`.
pub fn rule(by: Cite) -> String {
    match by.source {
        Source::Rfc(number) => format!("rfc{number}.{}", by.section),
        Source::Draft(name) => format!("{name}.{}", by.section),
        Source::House => format!("house.{}", by.section),
    }
}

/// Nanoseconds as a number of milliseconds, to the last digit: never through a float.
pub(crate) fn millis(nanos: u64) -> Box<RawValue> {
    let (whole, rest) = (nanos / 1_000_000, nanos % 1_000_000);
    let mut text = format!("{whole}.{rest:06}");
    let len = text.trim_end_matches('0').trim_end_matches('.').len();
    text.truncate(len);
    // Digits and a point are a number.
    RawValue::from_string(text).unwrap_or_default()
}

/// Bytes that wait until whoever writes has time to hand them on.
const WAITING_MOST: usize = 256 << 10;
/// As many as a capture's ladders know.
const CONVERSATIONS_MAX: u32 = 4096;

#[cfg(test)]
mod tests;
