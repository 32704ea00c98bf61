//! `events.jsonl`, read again: one record a line, as it was written by `observe::events`.

use std::io::{self, BufRead};

use serde::de::{Deserializer, Error as _};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::base::Instant;

/// An event that was written down.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Missing of what only follows from another event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<u64>,
    /// Since the stack was made.
    #[serde(deserialize_with = "from_millis", serialize_with = "to_millis")]
    pub time: Instant,
    /// `namespace:event`.
    pub name: String,
    /// Whose it is: `c1` is the first connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tuple: Option<String>,
    pub host: String,
    /// The id of the input that led here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<u64>,
    pub data: Map<String, Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<Rule>,
    /// What its connection knew afterwards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<Map<String, Value>>,
}

/// The clause that an event obeys, and in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// `rfc6675.5 (4.3)`, `house.rto-min`.
    pub rule: String,
    pub text: String,
}

impl Record {
    /// The frame of the capture that it is.
    pub fn frame(&self) -> Option<u64> {
        self.data.get("frame")?.as_u64()
    }

    /// A field that holds text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.data.get(name)?.as_str()
    }

    /// A field that holds a number.
    pub fn number(&self, name: &str) -> Option<u64> {
        self.data.get(name)?.as_u64()
    }
}

/// The records of a file, in order; it is read as it is asked for.
#[derive(Debug)]
pub struct Records<R> {
    from: R,
    vantage: String,
    /// The line that was read last, the first being 1.
    line: u64,
    room: Vec<u8>,
}

/// What is wrong with a file of events.
#[derive(Debug, thiserror::Error)]
pub enum Damaged {
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The first line is not the header.
    #[error("line 1 is no header of events: {0}")]
    Header(String),
    /// A line is no event.
    #[error("line {line}, {why}")]
    Line { line: u64, why: String },
    /// The last line has no end: whoever wrote it was stopped.
    #[error("line {0} ends in the middle")]
    Cut(u64),
}

impl<R: BufRead> Records<R> {
    /// Reads the header.
    ///
    /// # Errors
    ///
    /// [`Damaged`].
    pub fn of(from: R) -> Result<Records<R>, Damaged> {
        let mut records = Records {
            from,
            vantage: String::new(),
            line: 0,
            room: Vec::new(),
        };
        let no_header = |why: String| Damaged::Header(why);
        if !records.read()? {
            return Err(no_header("the file is empty".into()));
        }
        let header: Value =
            serde_json::from_slice(&records.room).map_err(|error| no_header(error.to_string()))?;
        let vantage = header.pointer("/trace/vantage_point/name");
        let vantage = vantage.and_then(Value::as_str).unwrap_or_default();
        vantage.clone_into(&mut records.vantage);
        match header.get("file_schema").and_then(Value::as_str) {
            Some(SCHEMA) => Ok(records),
            Some(other) => Err(no_header(format!(
                "its schema is {other:?}, not {SCHEMA:?}"
            ))),
            None => Err(no_header("it has no file_schema".into())),
        }
    }

    /// The host whose packets the capture beside it holds.
    pub fn vantage(&self) -> &str {
        &self.vantage
    }

    /// Reads one line; `false` at the end.
    fn read(&mut self) -> Result<bool, Damaged> {
        self.room.clear();
        let mut most = io::Read::take(&mut self.from, LINE_MOST);
        if most.read_until(b'\n', &mut self.room)? == 0 {
            return Ok(false);
        }
        self.line += 1;
        match self.room.last() {
            Some(b'\n') => Ok(true),
            _ if self.room.len() as u64 == LINE_MOST => Err(Damaged::Line {
                line: self.line,
                why: format!("longer than {LINE_MOST} bytes"),
            }),
            _ => Err(Damaged::Cut(self.line)),
        }
    }
}

impl<R: BufRead> Iterator for Records<R> {
    type Item = Result<Record, Damaged>;

    fn next(&mut self) -> Option<Result<Record, Damaged>> {
        match self.read() {
            Ok(true) => Some(
                serde_json::from_slice(&self.room).map_err(|error| Damaged::Line {
                    line: self.line,
                    why: error.to_string(),
                }),
            ),
            Ok(false) => None,
            Err(error) => Some(Err(error)),
        }
    }
}

/// Milliseconds with up to six digits behind the point, to the nanosecond: never through a float.
fn from_millis<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Instant, D::Error> {
    let raw = <&RawValue>::deserialize(deserializer)?;
    let nanos = nanos(raw.get());
    let nanos = nanos.ok_or_else(|| D::Error::custom(format!("{raw} is no time in ms")))?;
    Ok(Instant::from_nanos(nanos))
}

fn nanos(text: &str) -> Option<u64> {
    let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(rest) || rest.len() > 6 {
        return None;
    }
    let whole = whole.parse::<u64>().ok()?.checked_mul(1_000_000)?;
    let rest = format!("{rest:0<6}").parse::<u64>().ok()?;
    whole.checked_add(rest)
}

fn to_millis<S: Serializer>(time: &Instant, serializer: S) -> Result<S::Ok, S::Error> {
    crate::observe::events::millis(time.as_nanos()).serialize(serializer)
}

const SCHEMA: &str = "urn:ietf:params:qlog:file:sequential";
/// No event of ours comes near it; what does is not ours.
const LINE_MOST: u64 = 1 << 20;

#[cfg(test)]
mod tests;
