//! Units: what a number is multiplied by where one stands behind it.

use super::number::Number;

/// What stands behind a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Nothing: milliseconds, bytes, or a count.
    None,
    Micros,
    Millis,
    Seconds,
    Bytes,
    KiB,
    MiB,
    /// As many bytes as a segment of the event at hand may have.
    Mss,
}

impl Unit {
    /// All that can be written.
    pub const NAMED: [Unit; 7] = [
        Unit::Micros,
        Unit::Millis,
        Unit::Seconds,
        Unit::Bytes,
        Unit::KiB,
        Unit::MiB,
        Unit::Mss,
    ];

    /// The unit of that name.
    pub fn named(name: &str) -> Option<Unit> {
        Unit::NAMED.into_iter().find(|unit| unit.name() == name)
    }

    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Unit::None => "",
            Unit::Micros => "us",
            Unit::Millis => "ms",
            Unit::Seconds => "s",
            Unit::Bytes => "B",
            Unit::KiB => "KiB",
            Unit::MiB => "MiB",
            Unit::Mss => "mss",
        }
    }

    /// What it measures.
    pub fn measure(self) -> Measure {
        match self {
            Unit::None => Measure::Unknown,
            Unit::Micros | Unit::Millis | Unit::Seconds => Measure::Time,
            Unit::Bytes | Unit::KiB | Unit::MiB | Unit::Mss => Measure::Size,
        }
    }

    /// So much of it in milliseconds, or in bytes; `None` if that is not a whole number of
    /// millionths, or too large. An MSS is left to whoever has an event at hand.
    pub fn scale(self, number: Number) -> Option<Number> {
        let times = |factor: i128| number.times(Number::whole(factor)?);
        match self {
            Unit::None | Unit::Millis | Unit::Bytes | Unit::Mss => Some(number),
            Unit::Micros => number.exactly_over(1000),
            Unit::Seconds => times(1000),
            Unit::KiB => times(1024),
            Unit::MiB => times(1024 * 1024),
        }
    }
}

/// What a value measures, as far as its text tells: a field's name does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// Anything: a count, a text, a field.
    Unknown,
    /// Milliseconds.
    Time,
    /// Bytes.
    Size,
}

impl Measure {
    /// What both measure; `None` if one is a time and the other a size.
    pub fn with(self, other: Measure) -> Option<Measure> {
        match (self, other) {
            (Measure::Unknown, known) | (known, Measure::Unknown) => Some(known),
            (one, same) if one == same => Some(one),
            _ => None,
        }
    }

    /// Behind a number that is shown.
    pub fn suffix(self) -> &'static str {
        match self {
            Measure::Unknown => "",
            Measure::Time => " ms",
            Measure::Size => " B",
        }
    }
}

#[cfg(test)]
mod tests;
