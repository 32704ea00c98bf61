//! Changes of calls and assertions.

use crate::drill::symbols;
use crate::drill::syntax::{Call, Expr, ExprKind};

/// The call with its result, its error, or what it returns otherwise changed.
pub(super) fn changed(call: &Call) -> Vec<(String, Call)> {
    let mut list = Vec::new();
    let makes = matches!(call.name.as_str(), "socket" | "accept");
    if let ExprKind::Integer(result) = call.result.kind
        && !(makes && result >= 0)
    {
        let mut other = call.clone();
        other.result.kind = ExprKind::Integer(result + 1);
        list.push(("the result changed".into(), other));
    }
    if let Some(errno) = &call.errno {
        let number = symbols::errno(errno).unwrap_or(0);
        let other_name = symbols::errno_name(number + 1).unwrap_or("EPERM");
        let mut other = call.clone();
        other.errno = Some(other_name.to_owned());
        list.push(("the error changed".into(), other));
    }
    match call.name.as_str() {
        "poll" => {
            let mut other = call.clone();
            if other.args.first_mut().is_some_and(change_revents) {
                list.push(("revents changed".into(), other));
            }
        }
        "getsockopt" => {
            let mut other = call.clone();
            if let Some(value) = other.args.get_mut(3)
                && change_value(value)
            {
                list.push(("the value changed".into(), other));
            }
        }
        "ioctl" => {
            let mut other = call.clone();
            if let Some(value) = other.args.get_mut(2)
                && change_value(value)
            {
                list.push(("the number changed".into(), other));
            }
        }
        _ => {}
    }
    if let Some(end) = call.end {
        let mut other = call.clone();
        // Beyond any share of itself that a tolerance is.
        other.end = Some(end * 2 + 100_000);
        list.push(("its end moved".into(), other));
    }
    list
}

/// Changes the first structure's `revents`, or gives it some.
fn change_revents(expr: &mut Expr) -> bool {
    let ExprKind::List(entries) = &mut expr.kind else {
        return false;
    };
    let Some(ExprKind::Struct(fields)) = entries.first_mut().map(|entry| &mut entry.kind) else {
        return false;
    };
    const POLLPRI: i64 = 2;
    match fields
        .iter_mut()
        .find(|field| field.name.as_deref() == Some("revents"))
    {
        Some(field) => {
            let old = field.value.clone();
            let at = old.at;
            let more = Expr {
                kind: ExprKind::Integer(POLLPRI),
                at,
            };
            field.value.kind = ExprKind::Or(Box::new(old), Box::new(more));
            true
        }
        None => false,
    }
}

/// Changes the first number of a list, or of a structure.
fn change_value(expr: &mut Expr) -> bool {
    match &mut expr.kind {
        ExprKind::Integer(number) => {
            *number ^= 1;
            true
        }
        ExprKind::List(list) => list.first_mut().is_some_and(change_value),
        ExprKind::Struct(fields) => fields
            .first_mut()
            .is_some_and(|field| change_value(&mut field.value)),
        _ => false,
    }
}

/// The text of a block with one number changed that something must equal.
pub(super) fn changed_asserts(text: &str) -> Vec<(String, String)> {
    let mut list = Vec::new();
    let mut from = 0;
    while let Some(at) = text[from..].find("==") {
        let after = from + at + 2;
        from = after;
        let rest = &text[after..];
        let blanks = rest.len() - rest.trim_start_matches(' ').len();
        let digits = rest[blanks..]
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(rest.len() - blanks);
        let number = &rest[blanks..blanks + digits];
        let next = rest[blanks + digits..].chars().next();
        let whole = next.is_none_or(|c| !c.is_ascii_alphanumeric() && c != '.' && c != '_');
        if let (Ok(value), true) = (number.parse::<u64>(), whole) {
            let mut changed = text.to_owned();
            let start = after + blanks;
            changed.replace_range(start..start + digits, &(value + 1).to_string());
            list.push((format!("{value} in an assertion changed"), changed));
        }
    }
    list
}

#[cfg(test)]
mod tests;
