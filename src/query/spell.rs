//! The tree written out again: blanks in one place only, and no brackets that change nothing.

use std::fmt;

use super::tree::{Call, Comparison, Expr, Kind, Path, Select, Sign, Times, What, Which};

/// How tightly the parts of an expression hold together: the levels of the grammar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Or,
    And,
    Not,
    Compare,
    Sum,
    Product,
    Atom,
}

fn level(expr: &Expr) -> Level {
    match expr {
        Expr::Or(_) => Level::Or,
        Expr::And(_) => Level::And,
        Expr::Not(_) => Level::Not,
        Expr::Compare(_) => Level::Compare,
        Expr::Sum(_) => Level::Sum,
        Expr::Product(_) => Level::Product,
        Expr::Number(..) | Expr::Text(_) | Expr::Null | Expr::Path(_) | Expr::Call(_) => {
            Level::Atom
        }
    }
}

/// An expression where the grammar wants one of a level: with brackets if it is none.
struct At<'e>(Level, &'e Expr);

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match level(self.1) >= self.0 {
            true => self.1.fmt(f),
            false => write!(f, "({})", self.1),
        }
    }
}

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Expr::Or(parts) => joined(f, parts, Level::And, " or "),
            Expr::And(parts) => joined(f, parts, Level::Not, " and "),
            Expr::Not(one) => write!(f, "not {}", At(Level::Compare, one)),
            Expr::Compare(comparison) => comparison.fmt(f),
            Expr::Sum(terms) => {
                let terms = terms.iter().map(|(sign, term)| match sign {
                    Sign::Plus => ("+", term),
                    Sign::Minus => ("-", term),
                });
                chain(f, terms, Level::Product)
            }
            Expr::Product(factors) => {
                let factors = factors.iter().map(|(times, factor)| match times {
                    Times::Times => ("*", factor),
                    Times::Over => ("/", factor),
                });
                chain(f, factors, Level::Atom)
            }
            Expr::Number(number, unit) => write!(f, "{number}{}", unit.name()),
            Expr::Text(text) => write!(f, "'{}'", text.replace('\'', "''")),
            Expr::Null => f.write_str("null"),
            Expr::Path(path) => path.fmt(f),
            Expr::Call(call) => call.fmt(f),
        }
    }
}

fn joined(f: &mut fmt::Formatter<'_>, parts: &[Expr], within: Level, between: &str) -> fmt::Result {
    for (nth, part) in parts.iter().enumerate() {
        f.write_str(if nth > 0 { between } else { "" })?;
        write!(f, "{}", At(within, part))?;
    }
    Ok(())
}

/// Parts with a mark before each but the first.
fn chain<'e>(
    f: &mut fmt::Formatter<'_>,
    parts: impl Iterator<Item = (&'static str, &'e Expr)>,
    within: Level,
) -> fmt::Result {
    for (nth, (mark, part)) in parts.enumerate() {
        if nth > 0 {
            write!(f, " {mark} ")?;
        }
        write!(f, "{}", At(within, part))?;
    }
    Ok(())
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (left, right) = (At(Level::Sum, &self.left), At(Level::Sum, &self.right));
        write!(f, "{left} {} {right}", self.operator.mark())
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.names().join("."))
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for Select {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)?;
        filtered(f, self)
    }
}

fn filtered(f: &mut fmt::Formatter<'_>, select: &Select) -> fmt::Result {
    match &select.filter {
        Some(filter) => write!(f, " where {filter}"),
        None => Ok(()),
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.what {
            What::Count(of) => write!(f, "count({of})"),
            What::Pick {
                which,
                nth,
                of,
                path,
            } => {
                write!(f, "{}({of}", which.name())?;
                if *which == Which::Nth || *nth > 1 {
                    write!(f, ", {nth}")?;
                }
                f.write_str(")")?;
                match path {
                    Some(path) => write!(f, ".{path}"),
                    None => Ok(()),
                }
            }
            What::Fold { how, path, of } => {
                write!(f, "{}({}.{path}", how.name(), of.kind)?;
                filtered(f, of)?;
                f.write_str(")")
            }
            What::Between(from, to) => write!(f, "between({from}, {to})"),
            What::At(number, unit, path) => write!(f, "at({number}{}, {path})", unit.name()),
        }
    }
}

#[cfg(test)]
mod tests;
