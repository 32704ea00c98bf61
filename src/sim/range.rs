//! Values that a simulation may be made with: one that may not says its key, itself, and its range.

use std::fmt::Debug;
use std::ops::RangeInclusive;

/// A value that no simulation can be made with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {value} is out of range: {range}")]
pub struct OutOfRange {
    /// Which value, as a path: `forward.queue.limit`.
    pub key: String,
    /// What it is.
    pub value: String,
    /// What it may be.
    pub range: String,
}

impl OutOfRange {
    /// A value and what it may be, in words.
    pub fn new(key: &str, value: impl Debug, range: &str) -> OutOfRange {
        OutOfRange {
            key: key.to_owned(),
            value: format!("{value:?}"),
            range: range.to_owned(),
        }
    }

    /// The same, seen from what holds the thing that the key is of.
    #[must_use]
    pub fn within(self, outer: &str) -> OutOfRange {
        OutOfRange {
            key: format!("{outer}.{}", self.key),
            ..self
        }
    }
}

/// Checks a number or a duration against both its ends.
pub(super) fn between<T: PartialOrd + Debug>(
    key: &str,
    value: T,
    range: RangeInclusive<T>,
) -> Result<(), OutOfRange> {
    if range.contains(&value) {
        return Ok(());
    }
    let words = format!("{:?} to {:?}", range.start(), range.end());
    Err(OutOfRange::new(key, value, &words))
}

/// Checks a probability.
pub(super) fn chance(key: &str, value: f64) -> Result<(), OutOfRange> {
    between(key, value, 0.0..=1.0)
}

#[cfg(test)]
mod tests;
