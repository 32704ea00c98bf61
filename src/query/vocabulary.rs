//! What a log may speak of: the names of its events and of their fields.

use std::collections::BTreeSet;

use super::suggest::nearest;
use super::tree::{Kind, Path};

/// The events and fields that queries may name. Everything else is taken for a slip of the pen,
/// because a query that asks for what cannot be there would never fail.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Vocabulary {
    events: BTreeSet<String>,
    fields: BTreeSet<String>,
}

impl Vocabulary {
    /// Events are `namespace:event`. Fields are those of `data` and `state`, with points between
    /// the names of one that lies deeper; what every event has ([`EVENT_FIELDS`]) is known.
    pub fn new<E, F>(events: E, fields: F) -> Vocabulary
    where
        E: IntoIterator<Item: Into<String>>,
        F: IntoIterator<Item: Into<String>>,
    {
        Vocabulary {
            events: events.into_iter().map(Into::into).collect(),
            fields: fields.into_iter().map(Into::into).collect(),
        }
    }

    /// Whether there are such events.
    pub(super) fn knows_kind(&self, kind: &Kind) -> bool {
        self.events.iter().any(|event| kind.covers(event))
    }

    /// Whether events have such a field, in either spelling. It may say where it lies.
    pub(super) fn knows_path(&self, path: &Path) -> bool {
        path.spellings().any(|names| {
            let whole = names.join(".");
            let within = PLACES.iter().find_map(|place| whole.strip_prefix(place));
            EVENT_FIELDS.contains(&whole.as_str())
                || self.fields.contains(&whole)
                || within.is_some_and(|field| self.fields.contains(field))
        })
    }

    /// The event that is most like a name: all of it, or the part behind the colon.
    pub(super) fn nearest_event(&self, name: &str) -> Option<&str> {
        let event = name.split_once(':').map_or(name, |(_, event)| event);
        let own = |known: &str| known.split_once(':').map(|(_, own)| own.to_owned());
        let same = |known: &&String| own(known).is_some_and(|own| own == event);
        let known = || self.events.iter().map(String::as_str);
        if let Some(near) = nearest(name, known()) {
            return Some(near);
        }
        if let Some(elsewhere) = self.events.iter().find(same) {
            return Some(elsewhere);
        }
        let names: Vec<String> = known().filter_map(own).collect();
        let near = nearest(event, names.iter().map(String::as_str))?;
        known().find(|known| own(known).is_some_and(|own| own == near))
    }

    /// The namespace that is most like one.
    pub(super) fn nearest_namespace(&self, name: &str) -> Option<&str> {
        let namespaces = self.events.iter().filter_map(|event| event.split_once(':'));
        nearest(name, namespaces.map(|(namespace, _)| namespace))
    }

    /// The field that is most like a name.
    pub(super) fn nearest_field(&self, name: &str) -> Option<&str> {
        let fields = self.fields.iter().map(String::as_str);
        nearest(name, fields.chain(EVENT_FIELDS))
    }
}

/// What stands in every event beside `data` and `state`, or may.
pub const EVENT_FIELDS: [&str; 13] = [
    "id", "time", "name", "tuple", "group_id", "host", "cause", "why", "why.rule", "why.text",
    "why.code", "data", "state",
];

/// Where fields lie.
const PLACES: [&str; 2] = ["data.", "state."];

#[cfg(test)]
mod tests;
