//! `getsockopt` and `setsockopt`.

use super::super::backend::Reply;
use super::super::outcome::Stop;
use super::super::syntax::{Call, Expr, ExprKind};
use super::argument::{Arguments, field, fields, number};
use super::operation::{Finished, Operation};
use super::world::World;

impl World {
    /// `setsockopt(fd, LEVEL, NAME, VAL, len)`
    pub fn setsockopt(&mut self, call: &Call) -> Result<Operation, Stop> {
        let args = Arguments::of(call, 5, 5)?;
        let handle = self.handle(args)?;
        let (level, name) = (args.number(1)?, args.number(2)?);
        let mut value = bytes(args, args.expr(3)?)?;
        // As written, so that a wrong length can be tried.
        value.resize(args.count(4)?.min(VALUE_MAX), 0);
        let reply = self.backend.set_option(handle, level, name, &value);
        Finished::of(reply).map(Operation::Ended)
    }

    /// `getsockopt(fd, LEVEL, NAME, VAL, [len])`
    pub fn getsockopt(&mut self, call: &Call) -> Result<Operation, Stop> {
        let args = Arguments::of(call, 5, 5)?;
        let handle = self.handle(args)?;
        let (level, name) = (args.number(1)?, args.number(2)?);
        let len = match args.list(4)? {
            [len] => number(len)?,
            _ => return Err(args.wrong(call.at, "the length is one number in brackets")),
        };
        let expected = bytes(args, args.expr(3)?)?;
        let room = usize::try_from(len).unwrap_or(0).min(VALUE_MAX);
        let (reply, found) = self.backend.option(handle, level, name, room);
        let mut finished = match reply {
            Reply::Done(_) => Finished::with(0),
            other => return Finished::of(other).map(Operation::Ended),
        };
        if found.len() as i64 != len {
            let what = "the length of the value".to_owned();
            let lengths = (what, len.to_string(), found.len().to_string());
            finished.differences.push(lengths);
        } else if !is_value(&expected, &found, args.expr(3)?) {
            let what = "the value".to_owned();
            finished
                .differences
                .push((what, shown(&expected), shown(&found)));
        }
        Ok(Operation::Ended(finished))
    }
}

/// Whether a value is the expected one; a name in a longer field ends at a zero.
fn is_value(expected: &[u8], found: &[u8], expr: &Expr) -> bool {
    let named = matches!(expr.kind, ExprKind::Text(_)) && expected.len() < found.len();
    match found.strip_prefix(expected).filter(|_| named) {
        Some(rest) => rest.iter().all(|byte| *byte == 0),
        None => expected.starts_with(found),
    }
}

/// A value's bytes: `[int]`, a string, `{onoff=, linger=}`.
fn bytes(args: Arguments<'_>, expr: &Expr) -> Result<Vec<u8>, Stop> {
    // As C has them: the lower 32 bits.
    let int = |value: i64| (value as i32).to_le_bytes();
    match &expr.kind {
        ExprKind::List(list) => {
            let mut bytes = Vec::new();
            for item in list {
                bytes.extend(int(number(item)?));
            }
            Ok(bytes)
        }
        ExprKind::Text(bytes) => Ok(bytes.clone()),
        ExprKind::Struct(_) => {
            let list = fields(expr).unwrap_or_default();
            match (field(list, "onoff"), field(list, "linger")) {
                (Some(on), Some(span)) => {
                    let parts = [int(number(on)?), int(number(span)?)];
                    Ok(parts.concat())
                }
                _ => Err(Stop::Skip("struct in a socket option".into())),
            }
        }
        _ => Err(args.wrong(expr.at, "a value is [number], a string or a structure")),
    }
}

fn shown(bytes: &[u8]) -> String {
    match bytes {
        [a, b, c, d] => i32::from_le_bytes([*a, *b, *c, *d]).to_string(),
        bytes => format!("\"{}\"", bytes.escape_ascii()),
    }
}

/// No option's value is longer.
const VALUE_MAX: usize = 4096;
