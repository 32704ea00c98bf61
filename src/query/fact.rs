//! Events as queries see them, and lines of `events.jsonl` as such events.

use std::fmt;
use std::sync::LazyLock;
use std::time::Duration;

use serde_json::{Map, Value as Json};

use super::number::Number;
use super::tree::Path;
use super::value::Value;

/// An event that can be asked for its fields.
pub trait Fact {
    /// `namespace:event`.
    fn name(&self) -> &str;

    /// Since the run began. Events are heard in order, so it never goes back.
    fn time(&self) -> Duration;

    /// What it has at a path: in its data, then in its state, then in itself, each under all
    /// [spellings](Path::spellings). `None` if there is no such field; one that is null is a value.
    fn field(&self, path: &Path) -> Option<Value<'_>>;

    /// Its number in the run, if it has one.
    fn id(&self) -> Option<u64>;

    /// The frame of the capture that shows it, if one does.
    fn frame(&self) -> Option<u64> {
        self.field(&FRAME)?.number().and_then(Number::to_u64)
    }
}

static FRAME: LazyLock<Path> = LazyLock::new(|| Path::of("frame"));

/// An event as a JSON object: with `time` in milliseconds, `name`, and what else it has.
#[derive(Debug, Clone, PartialEq)]
pub struct JsonEvent {
    json: Json,
    time: Duration,
}

impl JsonEvent {
    /// An object as an event; `None` if it lacks a name or a time, as the header of a log does.
    pub fn new(json: Json) -> Option<JsonEvent> {
        json.get("name")?.as_str()?;
        let time = Value::of(json.get("time")?).number()?.to_time()?;
        Some(JsonEvent { json, time })
    }

    /// The object.
    pub fn json(&self) -> &Json {
        &self.json
    }
}

impl Fact for JsonEvent {
    fn name(&self) -> &str {
        let name = self.json.get("name").and_then(Json::as_str);
        name.unwrap_or_default()
    }

    fn time(&self) -> Duration {
        self.time
    }

    fn field(&self, path: &Path) -> Option<Value<'_>> {
        let within = PLACES.iter().filter_map(|place| self.json.get(place));
        let mut places = within.chain([&self.json]).filter_map(Json::as_object);
        places.find_map(|place| path.within(place))
    }

    fn id(&self) -> Option<u64> {
        self.json.get("id")?.as_u64()
    }
}

/// Where fields lie, before the event itself.
const PLACES: [&str; 2] = ["data", "state"];

impl Path {
    /// What lies there in an object, in the first spelling in which something does.
    pub fn within<'j>(&self, object: &'j Map<String, Json>) -> Option<Value<'j>> {
        let descend = |names: &[String]| {
            let (first, rest) = names.split_first()?;
            rest.iter()
                .try_fold(object.get(first)?, |json, name| json.get(name))
        };
        self.spellings().find_map(descend).map(Value::of)
    }
}

/// An event that had a part in an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Evidence {
    /// Its place in the run, from 0.
    pub place: usize,
    /// When it was.
    pub time: Duration,
    /// Its number, if it has one.
    pub id: Option<u64>,
    /// The frame of the capture that shows it, if one does.
    pub frame: Option<u64>,
}

impl Evidence {
    /// The event at a place of a run.
    pub(super) fn of(event: &dyn Fact, place: usize) -> Evidence {
        Evidence {
            place,
            time: event.time(),
            id: event.id(),
            frame: event.frame(),
        }
    }
}

/// `frame 212`, else `event 912`, else `839.412 ms`.
impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.frame, self.id) {
            (Some(frame), _) => write!(f, "frame {frame}"),
            (None, Some(id)) => write!(f, "event {id}"),
            (None, None) => write!(f, "{} ms", Number::of_time(self.time)),
        }
    }
}

#[cfg(test)]
mod tests;
