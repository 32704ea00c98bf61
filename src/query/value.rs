//! Values: what fields hold and expressions come to, and how two of them compare.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;

use serde_json::Value as Json;

use super::number::Number;

/// What a field holds, or an expression comes to.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    /// Nothing: a field that is not there, an aggregate of nothing, a sum with either in it.
    Null,
    Bool(bool),
    Number(Number),
    Text(Cow<'a, str>),
    /// A list or an object.
    Json(Cow<'a, Json>),
}

impl<'a> Value<'a> {
    /// A field of a record. A number that is beyond [`Number::MAX`] is null.
    pub fn of(json: &'a Json) -> Value<'a> {
        match json {
            Json::Null => Value::Null,
            Json::Bool(yes) => Value::Bool(*yes),
            Json::Number(number) => number_of(number).map_or(Value::Null, Value::Number),
            Json::String(text) => Value::Text(Cow::Borrowed(text)),
            Json::Array(_) | Json::Object(_) => Value::Json(Cow::Borrowed(json)),
        }
    }

    /// A whole number.
    pub fn whole(number: u64) -> Value<'static> {
        Number::whole(number).map_or(Value::Null, Value::Number)
    }

    /// A text.
    pub fn text(text: impl Into<Cow<'a, str>>) -> Value<'a> {
        Value::Text(text.into())
    }

    /// The same, borrowing nothing.
    pub fn into_owned(self) -> Value<'static> {
        match self {
            Value::Null => Value::Null,
            Value::Bool(yes) => Value::Bool(yes),
            Value::Number(number) => Value::Number(number),
            Value::Text(text) => Value::Text(Cow::Owned(text.into_owned())),
            Value::Json(json) => Value::Json(Cow::Owned(json.into_owned())),
        }
    }

    /// The number that it is. Records hold whole numbers from 2^53 on as texts, because many
    /// readers of JSON would round them: such a text is a number too.
    pub fn number(&self) -> Option<Number> {
        match self {
            Value::Number(number) => Some(*number),
            Value::Text(text) => large(text),
            Value::Null | Value::Bool(_) | Value::Json(_) => None,
        }
    }

    /// Whether it holds where it stands alone, as in `where retransmit`: neither null nor false,
    /// nor 0, nor an empty text.
    pub fn holds(&self) -> bool {
        match self {
            Value::Null => false,
            Value::Bool(yes) => *yes,
            Value::Number(number) => !number.is_zero(),
            Value::Text(text) => !text.is_empty(),
            Value::Json(_) => true,
        }
    }

    /// Which of two is greater: numbers by size, texts by their letters, false before true. Values
    /// of different kinds have no order; lists and objects are at most equal.
    pub fn compare(&self, other: &Value<'_>) -> Option<Ordering> {
        if let (Some(one), Some(other)) = (self.number(), other.number()) {
            return Some(one.cmp(&other));
        }
        match (self, other) {
            (Value::Text(one), Value::Text(other)) => Some(one.cmp(other)),
            (Value::Bool(one), Value::Bool(other)) => Some(one.cmp(other)),
            (Value::Json(one), Value::Json(other)) if one == other => Some(Ordering::Equal),
            _ => None,
        }
    }

    /// Whether a text has the other in it, or a list has the other among its values.
    pub fn contains(&self, other: &Value<'_>) -> bool {
        match (self, other) {
            (Value::Text(text), Value::Text(part)) => text.contains(part.as_ref()),
            (Value::Json(json), _) => json.as_array().is_some_and(|list| {
                let mut list = list.iter().map(Value::of);
                list.any(|one| one.compare(other) == Some(Ordering::Equal))
            }),
            _ => false,
        }
    }
}

impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Null => f.write_str("null"),
            Value::Bool(yes) => write!(f, "{yes}"),
            Value::Number(number) => write!(f, "{number}"),
            // Peers have a say in texts, and what they say may end up on a terminal.
            Value::Text(text) => write!(f, "'{}'", escaped(text)),
            Value::Json(json) => f.write_str(&escaped(&json.to_string())),
        }
    }
}

/// With control characters spelled out.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c.is_control() {
            true => out.extend(c.escape_default()),
            false => out.push(c),
        }
    }
    out
}

fn number_of(number: &serde_json::Number) -> Option<Number> {
    if let Some(whole) = number.as_u64() {
        return Number::whole(whole);
    }
    if let Some(whole) = number.as_i64() {
        return Number::whole(whole);
    }
    number.as_f64().and_then(Number::nearest)
}

/// The number of a text that is one because it is large.
fn large(text: &str) -> Option<Number> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.len() < LARGE_DIGITS || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let number = text.parse::<i128>().ok()?;
    let large = number.unsigned_abs() >= LARGE && !digits.starts_with('0');
    large.then_some(number).and_then(Number::whole)
}

/// From here on records hold whole numbers as texts: 2^53.
const LARGE: u128 = 1 << 53;
/// Its digits.
const LARGE_DIGITS: usize = 16;

#[cfg(test)]
mod tests;
