//! Arguments of calls as values.

use super::super::outcome::{Reason, ReasonKind, Stop};
use super::super::symbols;
use super::super::syntax::{Call, Expr, ExprKind, Field, Place};

/// The arguments of one call.
#[derive(Debug, Clone, Copy)]
pub struct Arguments<'c> {
    pub call: &'c Call,
}

impl<'c> Arguments<'c> {
    /// Those of a call that must have from `least` to `most`.
    pub fn of(call: &'c Call, least: usize, most: usize) -> Result<Arguments<'c>, Stop> {
        let arguments = Arguments { call };
        if (least..=most).contains(&call.args.len()) {
            return Ok(arguments);
        }
        let wanted = match least == most {
            true => format!("{least}"),
            false => format!("{least} to {most}"),
        };
        let text = format!("{} takes {wanted} arguments", call.name);
        Err(arguments.wrong(call.at, &text))
    }

    pub fn wrong(&self, at: Place, text: &str) -> Stop {
        Reason::plain(ReasonKind::Script, at, text).into()
    }

    fn nth(&self, nth: usize) -> Result<&'c Expr, Stop> {
        let missing = || {
            let text = format!("{} lacks an argument", self.call.name);
            self.wrong(self.call.at, &text)
        };
        self.call.args.get(nth).ok_or_else(missing)
    }

    /// The expression itself.
    pub fn expr(&self, nth: usize) -> Result<&'c Expr, Stop> {
        self.nth(nth)
    }

    /// A number, a name, or several with `|`.
    pub fn number(&self, nth: usize) -> Result<i64, Stop> {
        number(self.nth(nth)?)
    }

    /// Whether an argument is `...`.
    pub fn is_ellipsis(&self, nth: usize) -> bool {
        let arg = self.call.args.get(nth);
        arg.is_some_and(|arg| arg.kind == ExprKind::Ellipsis)
    }

    /// A buffer: `...`, or a null pointer (`true`).
    pub fn is_null(&self, nth: usize) -> Result<bool, Stop> {
        let expr = self.nth(nth)?;
        match &expr.kind {
            ExprKind::Ellipsis => Ok(false),
            _ if number(expr) == Ok(0) => Ok(true),
            _ => Err(self.wrong(expr.at, "a buffer is `...` or NULL")),
        }
    }

    /// A count of bytes, of 32 bits.
    pub fn count(&self, nth: usize) -> Result<usize, Stop> {
        let expr = self.nth(nth)?;
        let number = number(expr)?;
        match u32::try_from(number) {
            Ok(count) => Ok(count as usize),
            Err(_) => Err(self.wrong(expr.at, "a count is a number of 32 bits")),
        }
    }

    /// A list.
    pub fn list(&self, nth: usize) -> Result<&'c [Expr], Stop> {
        let expr = self.nth(nth)?;
        match &expr.kind {
            ExprKind::List(list) => Ok(list),
            _ => Err(self.wrong(expr.at, "a list in brackets is needed here")),
        }
    }
}

/// The value of an expression that is a number, a name, or several with `|`.
pub fn number(expr: &Expr) -> Result<i64, Stop> {
    match &expr.kind {
        ExprKind::Integer(number) | ExprKind::Network(number) => Ok(*number),
        ExprKind::Word(name) => {
            symbols::number(name).ok_or_else(|| Stop::Skip(format!("symbol:{name}")))
        }
        ExprKind::Or(left, right) => Ok(number(left)? | number(right)?),
        _ => {
            let text = "a number or a name is needed here";
            Err(Reason::plain(ReasonKind::Script, expr.at, text).into())
        }
    }
}

/// The fields of a structure.
pub fn fields(expr: &Expr) -> Option<&[Field]> {
    match &expr.kind {
        ExprKind::Struct(fields) => Some(fields),
        _ => None,
    }
}

/// A field of a structure by its name.
pub fn field<'e>(fields: &'e [Field], name: &str) -> Option<&'e Expr> {
    let mut found = fields.iter().filter(|f| f.name.as_deref() == Some(name));
    found.next().map(|field| &field.value)
}

/// All names that an expression looks up.
pub fn names(expr: &Expr) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = vec![expr];
    while let Some(expr) = rest.pop() {
        match &expr.kind {
            ExprKind::Word(name) => found.push(name.as_str()),
            ExprKind::Or(left, right) => rest.extend([&**left, &**right]),
            ExprKind::Assign(_, value) => rest.push(value),
            ExprKind::List(list) => rest.extend(list),
            ExprKind::Struct(fields) => {
                for field in fields {
                    rest.push(&field.value);
                    rest.extend(&field.arg);
                }
            }
            ExprKind::Ellipsis
            | ExprKind::Integer(_)
            | ExprKind::Text(_)
            | ExprKind::TextBegins(_)
            | ExprKind::Address(_)
            | ExprKind::Network(_) => {}
        }
    }
    found
}
