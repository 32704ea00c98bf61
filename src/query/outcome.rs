//! How a check came out: whether it passed, both sides of each comparison, and the events behind
//! them.

use std::fmt;

use super::fact::Evidence;
use super::gather::Involved;
use super::judge::{Known, holds, value_of};
use super::rounds::Rounds;
use super::tree::Expr;
use super::units::Measure;
use super::value::Value;

/// How a check came out.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// Whether it holds.
    pub passed: bool,
    /// What it rests on: its comparisons, or values that stand alone.
    pub claims: Vec<Claim>,
    /// The events behind its values, in the order of the run, each once.
    pub evidence: Vec<Evidence>,
    /// How many events more there are behind them.
    pub more: u64,
}

/// A part of a check that is true or false by itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Claim {
    /// As it was written: `count(tcp:reset) = 0`.
    pub text: String,
    /// With values in the place of what was asked: `3 = 0`.
    pub values: String,
    /// The value on the left, or alone.
    pub left: Value<'static>,
    /// The value on the right, if it compares two.
    pub right: Option<Value<'static>>,
    /// Whether it holds.
    pub held: bool,
}

impl Outcome {
    /// Judges by all that a run has answered.
    pub(super) fn of(root: &Expr, rounds: &Rounds<'_>) -> Outcome {
        let known = Known {
            event: None,
            answers: rounds.answers(),
        };
        let mut claims = Vec::new();
        claims_of(root, known, &mut claims);
        let involved = rounds.involved().iter();
        let mut evidence: Vec<Evidence> = involved.flat_map(|i| i.events.clone()).collect();
        evidence.sort_unstable();
        evidence.dedup();
        Outcome {
            passed: holds(root, known),
            claims,
            evidence,
            more: rounds
                .involved()
                .iter()
                .map(|Involved { more, .. }| more)
                .sum(),
        }
    }
}

/// The comparisons of a check, through all `and`, `or` and `not`.
fn claims_of(expr: &Expr, known: Known<'_>, into: &mut Vec<Claim>) {
    match expr {
        Expr::Or(parts) | Expr::And(parts) => {
            parts.iter().for_each(|part| claims_of(part, known, into));
        }
        Expr::Not(one) => claims_of(one, known, into),
        Expr::Compare(two) => {
            let measures = two.left.measure().with(two.right.measure());
            let measure = measures.unwrap_or(Measure::Unknown);
            let left = value_of(&two.left, known).into_owned();
            let right = value_of(&two.right, known).into_owned();
            let mark = two.operator.mark();
            into.push(Claim {
                text: expr.to_string(),
                values: format!(
                    "{} {mark} {}",
                    words(&left, measure),
                    words(&right, measure)
                ),
                left,
                right: Some(right),
                held: holds(expr, known),
            });
        }
        alone => {
            let left = value_of(alone, known).into_owned();
            into.push(Claim {
                text: expr.to_string(),
                values: words(&left, alone.measure()),
                left,
                right: None,
                held: holds(alone, known),
            });
        }
    }
}

/// A value with what it measures.
fn words(value: &Value<'_>, measure: Measure) -> String {
    match value {
        Value::Number(number) => format!("{number}{}", measure.suffix()),
        other => other.to_string(),
    }
}

/// `max(tcp:metrics_updated.cwnd) <= 10B does not hold: 43800 B <= 10 B`.
impl fmt::Display for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = if self.held { "holds" } else { "does not hold" };
        write!(f, "{} {verdict}: {}", self.text, self.values)
    }
}

/// A line for each claim, and one for the events behind them, if there are any.
impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (nth, claim) in self.claims.iter().enumerate() {
            f.write_str(if nth > 0 { "\n" } else { "" })?;
            claim.fmt(f)?;
        }
        if self.evidence.is_empty() {
            return Ok(());
        }
        let named = self.evidence.iter().map(Evidence::to_string);
        write!(f, "\n{}", named.collect::<Vec<_>>().join(", "))?;
        match self.more {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

#[cfg(test)]
mod tests;
