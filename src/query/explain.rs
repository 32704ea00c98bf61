//! How a query was understood, in words.

use super::tree::{
    Call, Comparison, Expr, Fold, Kind, Operator, Path, Select, Sign, Times, What, Which,
};
use super::units::Unit;
use super::{Expression, Query, Selection};

/// How a query was understood: what it asks, a line for each part of it that can hold by itself,
/// and how its fields and numbers are read.
pub fn explain(query: &Query) -> String {
    let mut lines = match query {
        Query::Selection(selection) => of_selection(selection),
        Query::Expression(expression) => of_expression(expression),
    };
    lines.push(NOTES.to_owned());
    lines.join("\n")
}

fn of_selection(selection: &Selection) -> Vec<String> {
    let select = selection.select();
    let mut lines = vec![format!("takes {}", kind(&select.kind))];
    if let Some(filter) = &select.filter {
        lines[0].push_str(" where");
        parts(filter, 1, &mut lines);
    }
    if selection.asks_the_run() {
        lines.push("what is asked of the whole run is asked first".to_owned());
    }
    lines
}

fn of_expression(expression: &Expression) -> Vec<String> {
    let mut lines = vec!["passes if".to_owned()];
    parts(expression.root(), 1, &mut lines);
    lines.push(match expression.passes() {
        0 => "needs no event".to_owned(),
        1 => "goes over the run once".to_owned(),
        passes => format!("goes over the run {passes} times"),
    });
    lines
}

/// A line for each comparison; what joins them stands above.
fn parts(expr: &Expr, depth: usize, lines: &mut Vec<String>) {
    let indent = "  ".repeat(depth);
    let (heading, inner) = match expr {
        Expr::Or(inner) => ("any of these holds:", inner.iter().collect()),
        Expr::And(inner) => ("all of these hold:", inner.iter().collect()),
        Expr::Not(inner) => ("this does not hold:", vec![&**inner]),
        one => {
            lines.push(format!("{indent}{}", condition(one)));
            return;
        }
    };
    lines.push(format!("{indent}{heading}"));
    inner
        .into_iter()
        .for_each(|part| parts(part, depth + 1, lines));
}

/// Something that holds or not, on one line.
fn condition(expr: &Expr) -> String {
    match expr {
        Expr::Or(parts) => listed(parts, " or "),
        Expr::And(parts) => listed(parts, " and "),
        Expr::Not(one) => format!("not {}", bracketed(one)),
        Expr::Compare(comparison) => compared(comparison),
        alone => format!("{} is neither null nor 0 nor empty", value(alone)),
    }
}

fn listed(parts: &[Expr], between: &str) -> String {
    parts
        .iter()
        .map(bracketed)
        .collect::<Vec<_>>()
        .join(between)
}

fn bracketed(expr: &Expr) -> String {
    match expr {
        Expr::Or(_) | Expr::And(_) => format!("({})", condition(expr)),
        one => condition(one),
    }
}

fn compared(comparison: &Comparison) -> String {
    let Comparison {
        left,
        operator,
        right,
    } = comparison;
    let words = match operator {
        Operator::Equal => "is",
        Operator::NotEqual => "is there and is not",
        Operator::Less => "is less than",
        Operator::AtMost => "is at most",
        Operator::Greater => "is greater than",
        Operator::AtLeast => "is at least",
        Operator::Contains => "contains",
    };
    match (operator, left, right) {
        (Operator::NotEqual, Expr::Null, one) | (Operator::NotEqual, one, Expr::Null) => {
            format!("{} is not null", value(one))
        }
        _ => format!("{} {words} {}", value(left), value(right)),
    }
}

fn value(expr: &Expr) -> String {
    match expr {
        Expr::Or(_) | Expr::And(_) | Expr::Not(_) | Expr::Compare(_) => {
            format!("whether ({})", condition(expr))
        }
        Expr::Sum(terms) => chain(terms, |sign| match sign {
            Sign::Plus => "plus",
            Sign::Minus => "minus",
        }),
        Expr::Product(factors) => chain(factors, |times| match times {
            Times::Times => "times",
            Times::Over => "divided by",
        }),
        Expr::Number(number, Unit::Mss) => format!("{number} times the mss of the event"),
        Expr::Number(number, unit) => {
            let scaled = unit.scale(*number).unwrap_or(*number);
            format!("{scaled}{}", unit.measure().suffix())
        }
        Expr::Text(_) | Expr::Null => expr.to_string(),
        Expr::Path(path) => field(path),
        Expr::Call(call) => question(call),
    }
}

fn chain<M>(parts: &[(M, Expr)], word: fn(&M) -> &'static str) -> String {
    let mut words = String::new();
    for (nth, (mark, part)) in parts.iter().enumerate() {
        if nth > 0 {
            words.push_str(&format!(" {} ", word(mark)));
        }
        match part {
            Expr::Sum(_) | Expr::Product(_) => words.push_str(&format!("({})", value(part))),
            one => words.push_str(&value(one)),
        }
    }
    words
}

/// `cwnd (congestion_window)`: with its other spelling.
fn field(path: &Path) -> String {
    match path.spellings().nth(1) {
        Some(other) => format!("{path} ({})", other.join(".")),
        None => path.to_string(),
    }
}

fn question(call: &Call) -> String {
    match &call.what {
        What::Count(of) => format!("the number of {}", selected(of)),
        What::Pick {
            which,
            nth,
            of,
            path,
        } => {
            let which = match (which, nth) {
                (Which::First | Which::Nth, 1) => "the first".to_owned(),
                (Which::First | Which::Nth, nth) => format!("number {nth}"),
                (Which::Last, 1) => "the last".to_owned(),
                (Which::Last, nth) => format!("number {nth} from the end"),
            };
            let event = format!("{which} of {}", selected(of));
            match path {
                Some(path) => format!("{} of {event}", field(path)),
                None => format!("that there is {event}"),
            }
        }
        What::Fold { how, path, of } => {
            let how = match how {
                Fold::Max => "the greatest",
                Fold::Min => "the least",
                Fold::Sum => "the sum of each",
                Fold::Mean => "the mean of each",
                Fold::P50 => "the median of each",
                Fold::P95 => "the 95th percentile of each",
            };
            format!("{how} {} of {}", field(path), selected(of))
        }
        What::Between(from, to) => format!(
            "the time from the first of {} to the first of {} that is not before it",
            selected(from),
            selected(to)
        ),
        What::At(number, unit, path) => {
            let instant = value(&Expr::Number(*number, *unit));
            format!("the last {} that is known at {instant}", field(path))
        }
    }
}

fn selected(select: &Select) -> String {
    match &select.filter {
        Some(filter) => format!("{} where {}", kind(&select.kind), bracketed(filter)),
        None => kind(&select.kind),
    }
}

fn kind(kind: &Kind) -> String {
    match kind.all_of() {
        Some(prefix) => format!("all {} events", prefix.trim_end_matches(':')),
        None => format!("all {kind} events"),
    }
}

/// What every query has in common.
const NOTES: &str = "fields are looked for in data, then in state, then in the event itself; \
                     times are in ms, sizes in bytes";

#[cfg(test)]
mod tests;
