//! Numbers: whole millionths, so that a time in milliseconds is exact to the nanosecond.

use std::fmt;
use std::time::Duration;

/// A number, as a whole number of millionths. A time is a number of milliseconds, of which a
/// nanosecond is the millionth; a size is a number of bytes. There is no float in between, so
/// `=` means what it says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Number(i128);

impl Number {
    /// A whole number.
    pub fn whole(number: impl Into<i128>) -> Option<Number> {
        number.into().checked_mul(ONE).and_then(Number::within)
    }

    /// So many millionths; `None` beyond [`Number::MAX`].
    pub fn millionths(millionths: i128) -> Option<Number> {
        Number::within(millionths)
    }

    /// A time, in milliseconds. One beyond all bounds is the greatest number.
    pub fn of_time(time: Duration) -> Number {
        i128::try_from(time.as_nanos())
            .ok()
            .and_then(Number::within)
            .unwrap_or(Number::MAX)
    }

    /// The nearest number to a float; `None` beyond [`Number::MAX`]. A decimal with six digits
    /// behind the point is met exactly up to 2^51 millionths: as a time, 26 days.
    pub fn nearest(float: f64) -> Option<Number> {
        let millionths = (float * ONE as f64).round();
        // The float's own bound is the nearest to ours; comparing floats catches NaN too.
        (millionths.abs() <= Number::MAX.0 as f64)
            .then_some(millionths as i128)
            .and_then(Number::within)
    }

    /// As a whole number that counts or names something; `None` for all others.
    pub fn to_u64(self) -> Option<u64> {
        (self.0 % ONE == 0)
            .then_some(self.0 / ONE)
            .and_then(|whole| u64::try_from(whole).ok())
    }

    /// As a time: so many milliseconds. `None` for numbers below zero.
    pub fn to_time(self) -> Option<Duration> {
        let nanos = u128::try_from(self.0).ok()?;
        let seconds = u64::try_from(nanos / NANOS_PER_SECOND).ok()?;
        let rest = u32::try_from(nanos % NANOS_PER_SECOND).ok()?;
        Some(Duration::new(seconds, rest))
    }

    /// Whether it is 0.
    pub fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The sum, unless it is beyond [`Number::MAX`].
    pub fn plus(self, other: Number) -> Option<Number> {
        self.0.checked_add(other.0).and_then(Number::within)
    }

    /// The difference, unless it is beyond [`Number::MAX`].
    pub fn minus(self, other: Number) -> Option<Number> {
        self.0.checked_sub(other.0).and_then(Number::within)
    }

    /// The product to the nearest millionth, unless it is beyond [`Number::MAX`].
    pub fn times(self, other: Number) -> Option<Number> {
        let product = self.0.checked_mul(other.0)?;
        Number::within(round_div(product, ONE))
    }

    /// The quotient to the nearest millionth; `None` for one by zero.
    pub fn over(self, other: Number) -> Option<Number> {
        let scaled = self.0.checked_mul(ONE)?;
        (other.0 != 0)
            .then(|| round_div(scaled, other.0))
            .and_then(Number::within)
    }

    /// The exact quotient by a whole number, if there is one.
    pub(super) fn exactly_over(self, divisor: i128) -> Option<Number> {
        (divisor != 0 && self.0 % divisor == 0).then(|| Number(self.0 / divisor))
    }

    /// Digits, and perhaps a point with digits behind it.
    ///
    /// # Errors
    ///
    /// What is wrong with it, in words.
    pub(super) fn read(text: &str) -> Result<Number, &'static str> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        if fraction.len() > DIGITS {
            return Err("a number has at most six digits behind the point");
        }
        let parse = |digits: &str| digits.parse::<i128>().ok();
        let whole = parse(whole).and_then(Number::whole);
        // Shorter fractions are filled up with zeros.
        let fraction = parse(&format!("{fraction:0<DIGITS$}"));
        whole
            .zip(fraction)
            .and_then(|(whole, fraction)| Number::within(whole.0 + fraction))
            .ok_or("this number is too large")
    }

    fn within(millionths: i128) -> Option<Number> {
        (millionths.abs() <= Number::MAX.0).then_some(Number(millionths))
    }

    /// The greatest number, and the least below zero: as many bytes as 64 bits can count, and more
    /// than any time.
    pub const MAX: Number = Number(u64::MAX as i128 * ONE);
}

/// To the nearest whole number, halves away from zero.
fn round_div(number: i128, by: i128) -> i128 {
    let (quotient, rest) = (number / by, number % by);
    let up = rest.unsigned_abs() >= by.unsigned_abs() - rest.unsigned_abs();
    match up {
        true if (number < 0) == (by < 0) => quotient + 1,
        true => quotient - 1,
        false => quotient,
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let (whole, rest) = (self.0.unsigned_abs(), self.0.unsigned_abs());
        let (whole, rest) = (whole / ONE.unsigned_abs(), rest % ONE.unsigned_abs());
        let fraction = format!("{rest:0DIGITS$}");
        match fraction.trim_end_matches('0') {
            "" => write!(f, "{sign}{whole}"),
            digits => write!(f, "{sign}{whole}.{digits}"),
        }
    }
}

/// Digits behind the point.
const DIGITS: usize = 6;
/// As many millionths make one.
const ONE: i128 = 1_000_000;
const NANOS_PER_SECOND: u128 = 1_000_000_000;

#[cfg(test)]
mod tests;
