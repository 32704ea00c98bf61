//! Values with their units, as people write them: `40ms`, `10Mbit`, `64KiB`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// A time: `250us`, `40ms`, `1.5s`, `2min`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Time(pub Duration);

/// So many bits a second: `56kbit`, `10Mbit`, `1Gbit`; or as fast as it comes: `unlimited`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BitRate(pub Option<u64>);

/// So many bytes: `1460B`, `64KiB`, `1MiB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Size(pub u64);

/// A number and the word behind it, in units of the word that is worth least.
fn measured(text: &str, units: &[(&str, u128)], example: &str) -> Result<u64, String> {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.');
    let (number, unit) = text.split_at(end.unwrap_or(text.len()));
    let names = || units.iter().map(|(name, _)| *name).collect::<Vec<_>>();
    let wanted = || format!("{text:?} is not like {example}");
    let unit = unit.trim();
    if number.is_empty() {
        return Err(wanted());
    }
    let found = units.iter().find(|(name, _)| *name == unit);
    let (_, worth) = found.ok_or_else(|| match unit {
        "" => format!("{text:?} has no unit: one of {}", names().join(", ")),
        _ => format!("{unit:?} is none of {}", names().join(", ")),
    })?;
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    if part.contains('.') || part.len() > DIGITS_MAX {
        return Err(wanted());
    }
    let digits = format!("{whole}{part}");
    let number: u128 = digits.parse().map_err(|_| wanted())?;
    let scale = 10_u128.pow(part.len() as u32);
    let value = number.checked_mul(*worth).ok_or_else(wanted)?;
    if value % scale != 0 {
        return Err(format!("{text:?} is no whole number of {}", units[0].0));
    }
    u64::try_from(value / scale).map_err(|_| format!("{text:?} is too much"))
}

/// In the largest unit that needs no fraction.
fn shown(value: u64, units: &[(&str, u128)]) -> String {
    let fits = |worth: u128| u128::from(value).is_multiple_of(worth);
    let mut fitting = units.iter().rev().filter(|(_, worth)| fits(*worth));
    match fitting.next() {
        Some((name, worth)) if value > 0 => format!("{}{name}", u128::from(value) / worth),
        _ => format!("0{}", units.last().map_or("", |(name, _)| name)),
    }
}

const TIMES: &[(&str, u128)] = &[
    ("ns", 1),
    ("us", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("min", 60_000_000_000),
];
const RATES: &[(&str, u128)] = &[
    ("bit", 1),
    ("kbit", 1_000),
    ("Mbit", 1_000_000),
    ("Gbit", 1_000_000_000),
];
const SIZES: &[(&str, u128)] = &[
    ("B", 1),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
];
/// Digits behind the point that anybody needs.
const DIGITS_MAX: usize = 9;
const UNLIMITED: &str = "unlimited";

impl FromStr for Time {
    type Err = String;

    fn from_str(text: &str) -> Result<Time, String> {
        let nanos = measured(text, TIMES, "40ms or 1.5s")?;
        Ok(Time(Duration::from_nanos(nanos)))
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = u64::try_from(self.0.as_nanos()).unwrap_or(u64::MAX);
        // A minute and a half is 90 seconds to people.
        let units = &TIMES[..TIMES.len() - 1];
        f.write_str(&shown(nanos, units))
    }
}

impl FromStr for BitRate {
    type Err = String;

    fn from_str(text: &str) -> Result<BitRate, String> {
        if text.trim() == UNLIMITED {
            return Ok(BitRate(None));
        }
        measured(text, RATES, "10Mbit or unlimited").map(|rate| BitRate(Some(rate)))
    }
}

impl fmt::Display for BitRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(rate) => f.write_str(&shown(rate, RATES)),
            None => f.write_str(UNLIMITED),
        }
    }
}

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Size, String> {
        measured(text, SIZES, "64KiB or 1460B").map(Size)
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&shown(self.0, SIZES))
    }
}

/// In files such a value is the text that it is read from.
macro_rules! as_text {
    ($($name:ident)*) => {$(
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<$name, D::Error> {
                let text = <String as serde::Deserialize>::deserialize(from)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(self)
            }
        }
    )*};
}
pub(super) use as_text;

as_text!(Time BitRate Size);

#[cfg(test)]
mod tests;
