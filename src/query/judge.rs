//! What an expression comes to, for an event at hand and with what is known of the run.
//!
//! Null is no value. Arithmetic with it is null. A comparison with it is false, `!=` too; only
//! where `null` itself is written behind or before `=` or `!=` is it asked for. `not` turns what is
//! false so into true, as anything false: `not (cwnd > 10)` holds where there is no `cwnd`.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::sync::LazyLock;

use super::fact::Fact;
use super::number::Number;
use super::tree::{Comparison, Expr, Operator, Path, Select, Sign, Times};
use super::units::Unit;
use super::value::Value;

/// What an expression is judged by.
#[derive(Clone, Copy)]
pub struct Known<'k> {
    /// The event whose fields are meant.
    pub event: Option<&'k dyn Fact>,
    /// What calls were answered, by their places; one that is missing is null.
    pub answers: &'k [Value<'static>],
}

/// Whether a selection takes an event.
pub fn takes(select: &Select, event: &dyn Fact, answers: &[Value<'static>]) -> bool {
    let known = Known {
        event: Some(event),
        answers,
    };
    let filter = select.filter.as_ref();
    select.kind.covers(event.name()) && filter.is_none_or(|filter| holds(filter, known))
}

/// Whether an expression holds.
pub fn holds(expr: &Expr, known: Known<'_>) -> bool {
    match expr {
        Expr::Or(parts) => parts.iter().any(|part| holds(part, known)),
        Expr::And(parts) => parts.iter().all(|part| holds(part, known)),
        Expr::Not(one) => !holds(one, known),
        Expr::Compare(comparison) => compares(comparison, known),
        value => value_of(value, known).holds(),
    }
}

/// The value of an expression.
pub fn value_of<'k>(expr: &'k Expr, known: Known<'k>) -> Value<'k> {
    match expr {
        Expr::Or(_) | Expr::And(_) | Expr::Not(_) | Expr::Compare(_) => {
            Value::Bool(holds(expr, known))
        }
        Expr::Sum(terms) => folded(
            terms,
            Number::default(),
            known,
            |sum, sign, term| match sign {
                Sign::Plus => sum.plus(term),
                Sign::Minus => sum.minus(term),
            },
        ),
        Expr::Product(factors) => {
            let one = Number::whole(1).unwrap_or_default();
            folded(factors, one, known, |product, times, factor| match times {
                Times::Times => product.times(factor),
                Times::Over => product.over(factor),
            })
        }
        Expr::Number(number, Unit::Mss) => {
            let mss = field(&MSS, known).number();
            let bytes = mss.and_then(|mss| number.times(mss));
            bytes.map_or(Value::Null, Value::Number)
        }
        Expr::Number(number, unit) => unit.scale(*number).map_or(Value::Null, Value::Number),
        Expr::Text(text) => Value::Text(Cow::Borrowed(text)),
        Expr::Null => Value::Null,
        Expr::Path(path) => field(path, known),
        Expr::Call(call) => {
            let answer = known.answers.get(call.id);
            answer.map_or(Value::Null, borrowed)
        }
    }
}

/// Goes through marked parts; the first that is no number, or takes a result out of all bounds,
/// makes it null.
fn folded<M: Copy>(
    parts: &[(M, Expr)],
    start: Number,
    known: Known<'_>,
    step: impl Fn(Number, M, Number) -> Option<Number>,
) -> Value<'static> {
    let result = parts.iter().try_fold(start, |so_far, (mark, part)| {
        step(so_far, *mark, value_of(part, known).number()?)
    });
    result.map_or(Value::Null, Value::Number)
}

fn field<'k>(path: &Path, known: Known<'k>) -> Value<'k> {
    let found = known.event.and_then(|event| event.field(path));
    found.unwrap_or(Value::Null)
}

fn borrowed<'k>(value: &'k Value<'static>) -> Value<'k> {
    match value {
        Value::Null => Value::Null,
        Value::Bool(yes) => Value::Bool(*yes),
        Value::Number(number) => Value::Number(*number),
        Value::Text(text) => Value::Text(Cow::Borrowed(text)),
        Value::Json(json) => Value::Json(Cow::Borrowed(json)),
    }
}

fn compares(comparison: &Comparison, known: Known<'_>) -> bool {
    let Comparison {
        left,
        operator,
        right,
    } = comparison;
    let (left_value, right_value) = (value_of(left, known), value_of(right, known));
    if *left == Expr::Null || *right == Expr::Null {
        // Both are null if the one that was written meets another.
        let both = left_value == right_value;
        return match operator {
            Operator::Equal => both,
            Operator::NotEqual => !both,
            _ => false,
        };
    }
    is(&left_value, *operator, &right_value)
}

/// Whether two values compare so.
fn is(left: &Value<'_>, operator: Operator, right: &Value<'_>) -> bool {
    if *left == Value::Null || *right == Value::Null {
        return false;
    }
    let order = left.compare(right);
    match operator {
        Operator::Equal => order == Some(Ordering::Equal),
        Operator::NotEqual => order != Some(Ordering::Equal),
        Operator::Less => order.is_some_and(Ordering::is_lt),
        Operator::AtMost => order.is_some_and(Ordering::is_le),
        Operator::Greater => order.is_some_and(Ordering::is_gt),
        Operator::AtLeast => order.is_some_and(Ordering::is_ge),
        Operator::Contains => left.contains(right),
    }
}

/// What a unit of MSS stands for.
static MSS: LazyLock<Path> = LazyLock::new(|| Path::of("mss"));

#[cfg(test)]
mod tests;
