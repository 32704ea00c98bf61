//! What somebody expects of rows: `cubic.goodput > reno.goodput*0.95`, in the language of queries.

use serde_json::{Value, json};

use crate::query::{JsonEvent, Selection, Vocabulary};

use super::figures::Figures;

/// Something that was expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// As it was said.
    pub text: String,
    pub held: bool,
    /// What it speaks of, and what that is: `cubic.goodput = 18.2 Mbit/s`.
    pub values: Vec<String>,
}

/// What is wrong with an expectation, at which column.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("column {column}: {what}")]
pub struct NotUnderstood {
    pub column: usize,
    pub what: String,
    /// What may have been meant.
    pub meant: Option<String>,
}

/// Whether `text` holds of these rows.
///
/// # Errors
///
/// [`NotUnderstood`].
pub fn claim(text: &str, rows: &[Figures]) -> Result<Claim, NotUnderstood> {
    let table: Vec<(String, Value)> = rows.iter().flat_map(fields).collect();
    let names = table.iter().map(|(name, _)| name.clone());
    let vocabulary = Vocabulary::new([KIND], names);
    let head = format!("{KIND} where ");
    let whole = format!("{head}{text}");
    let selection = Selection::parse(&whole, &vocabulary).map_err(|error| NotUnderstood {
        column: error.column().saturating_sub(head.len()),
        what: error.what().to_owned(),
        meant: error.meant().map(str::to_owned),
    })?;
    let mut data = json!({});
    for (path, value) in &table {
        put(&mut data, path, value.clone());
    }
    let event = json!({ "time": 0, "name": KIND, "data": data });
    let held = JsonEvent::new(event).is_some_and(|event| selection.matches(&event));
    let spoken = table.iter().filter(|(name, _)| names_it(text, name));
    Ok(Claim {
        text: text.to_owned(),
        held,
        values: spoken
            .map(|(name, value)| format!("{name} = {value}"))
            .collect(),
    })
}

/// Every figure of a row by its path.
fn fields(row: &Figures) -> Vec<(String, Value)> {
    let of_goodput = row.goodput.map(|goodput| goodput.mean);
    let queue = row.queue_ms;
    let all = [
        ("goodput", json!(of_goodput)),
        ("queue", json!(queue.map(|queue| queue.mean))),
        ("queue_p95", json!(queue.map(|queue| queue.p95))),
        ("queue_max", json!(queue.map(|queue| queue.max))),
        ("retrans", json!(row.retrans_percent)),
        ("rto", json!(row.rto)),
        ("completion", json!(row.completion_s)),
        ("jain", json!(row.jain)),
    ];
    let name = spoken_as(&row.name);
    all.into_iter()
        .map(|(field, value)| (format!("{name}.{field}"), value))
        .collect()
}

/// The name of a variant as a query may write it: letters, digits and underscores.
pub fn spoken_as(name: &str) -> String {
    name.replace(|c: char| !c.is_ascii_alphanumeric(), "_")
}

fn put(data: &mut Value, path: &str, value: Value) {
    if let Some((row, field)) = path.split_once('.') {
        data[row][field] = value;
    }
}

/// Whether a claim speaks of a figure.
fn names_it(text: &str, name: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
    text.split(|c: char| !is_part(c)).any(|word| word == name)
}

/// All rows together are one event.
const KIND: &str = "compare:rows";

#[cfg(test)]
mod tests;
