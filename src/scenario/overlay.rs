//! Values that are set beside a file: `--set`, and presets.

use toml::{Table, Value};

use super::error::Invalid;
use super::presets::PRESETS;
use crate::query::nearest;

/// Sets a value by its path: `link.up.loss=data:14`. What is TOML by itself, a number, `true`, a
/// table, is that; all else is text.
pub fn set(table: &mut Table, assignment: &str) -> Result<(), Invalid> {
    let wrong = |what: &str| Invalid::value(format!("--set {assignment}"), what);
    let (path, text) = assignment
        .split_once('=')
        .ok_or_else(|| wrong("it is not like link.up.delay=40ms"))?;
    let value = format!("value = {text}").parse::<Table>();
    let value = value.ok().and_then(|mut table| table.remove("value"));
    let value = value.unwrap_or_else(|| Value::String(text.to_owned()));
    let mut keys = path.split('.').map(str::trim);
    let last = keys.next_back().filter(|key| !key.is_empty());
    let last = last.ok_or_else(|| wrong("it names nothing"))?;
    let mut place = table;
    for key in keys {
        let next = place
            .entry(key)
            .or_insert_with(|| Value::Table(Table::new()));
        place = next
            .as_table_mut()
            .ok_or_else(|| wrong(&format!("{key} holds no others")))?;
    }
    place.insert(last.to_owned(), value);
    Ok(())
}

/// Puts a preset under the links, if one is named.
pub fn with_preset(table: &mut Table) -> Result<(), Invalid> {
    let Some(name) = table.get("preset").and_then(Value::as_str) else {
        return Ok(());
    };
    let names = || PRESETS.iter().map(|(name, _)| *name);
    let found = PRESETS.iter().find(|(known, _)| *known == name);
    let (_, text) = found.ok_or_else(|| {
        let meant = nearest(name, names());
        let meant = meant.map_or_else(
            || format!("one of {}", names().collect::<Vec<_>>().join(", ")),
            |meant| format!("did you mean {meant:?}?"),
        );
        Invalid::value("preset", format!("there is no preset {name:?}; {meant}"))
    })?;
    // A test reads all of them.
    let preset: Table = text.parse().unwrap_or_default();
    under(table, preset);
    // What it stands for is written out now.
    table.remove("preset");
    Ok(())
}

/// Puts what is missing.
fn under(table: &mut Table, preset: Table) {
    for (key, value) in preset {
        match (table.get_mut(&key), value) {
            (Some(Value::Table(known)), Value::Table(more)) => under(known, more),
            (Some(_), _) => {}
            (None, value) => {
                table.insert(key, value);
            }
        }
    }
}
