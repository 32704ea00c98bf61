//! What queries may ask of records: every field that the schema of `events.jsonl` names.

use std::time::Duration;

use crate::observe::events::schema::{Field, KINDS, Kind, STATE};
use crate::query::{Fact, Number, Path, Value, Vocabulary};

use super::events::{Record, Rule};

/// The events and fields that stand in logs.
pub fn vocabulary() -> Vocabulary {
    let fields = KINDS.iter().flat_map(Kind::all_fields).chain(STATE);
    Vocabulary::new(
        KINDS.iter().map(|kind| kind.name),
        fields.map(|Field(name, ..)| *name),
    )
}

impl Fact for Record {
    fn name(&self) -> &str {
        &self.name
    }

    fn time(&self) -> Duration {
        Duration::from_nanos(self.time.as_nanos())
    }

    fn field(&self, path: &Path) -> Option<Value<'_>> {
        let found = path.within(&self.data);
        let found = found.or_else(|| path.within(self.state.as_ref()?));
        found.or_else(|| self.own(path))
    }

    fn id(&self) -> Option<u64> {
        self.id
    }
}

impl Record {
    /// What is neither in its data nor in its state; of what has parts, whether it is there.
    fn own(&self, path: &Path) -> Option<Value<'_>> {
        let (first, rest) = path.names().split_first()?;
        let text = |text: &Option<String>| text.clone().map(Value::text);
        match (first.as_str(), rest) {
            ("data", []) => Some(Value::Bool(true)),
            ("state", []) => self.state.as_ref().map(|_| Value::Bool(true)),
            ("why", []) => self.why.as_ref().map(|_| Value::Bool(true)),
            ("data", _) => Path::new(rest.to_vec()).within(&self.data),
            ("state", _) => Path::new(rest.to_vec()).within(self.state.as_ref()?),
            ("why", _) => self.why.as_ref()?.own(rest),
            ("id", []) => self.id.map(Value::whole),
            ("time", []) => Some(Value::Number(Number::of_time(Fact::time(self)))),
            ("name", []) => Some(Value::text(self.name.as_str())),
            ("tuple", []) => text(&self.tuple),
            ("host", []) => Some(Value::text(self.host.as_str())),
            ("cause", []) => self.cause.map(Value::whole),
            _ => None,
        }
    }
}

impl Rule {
    /// The clause, or its words.
    fn own(&self, rest: &[String]) -> Option<Value<'_>> {
        match rest {
            [name] if name == "rule" => Some(Value::text(self.rule.as_str())),
            [name] if name == "text" => Some(Value::text(self.text.as_str())),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
