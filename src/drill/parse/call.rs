//! System calls: `connect(3, ..., ...) = -1 EINPROGRESS (Operation now in progress)`.

use std::net::IpAddr;

use crate::drill::lex::{Kind, Token};
use crate::drill::syntax::{Call, Expr, ExprKind, Field};

use super::{ParseError, Parsed, Parser, wrong};

impl Parser {
    pub(super) fn call(&mut self) -> Parsed<Call> {
        let end = match self.accept_ellipsis() {
            true => Some(self.time()?),
            false => None,
        };
        let Token { text: name, at, .. } = self.word("the name of a call")?;
        self.expect('(')?;
        let args = self.expressions(')')?;
        self.expect('=')?;
        let result = self.expr()?;
        let mut errno = None;
        if self.kind() == Kind::Word {
            errno = Some(self.take().text);
            self.note()?;
        }
        if self.kind() == Kind::Mark('(') {
            self.note()?;
        }
        Ok(Call {
            end,
            name,
            args,
            result,
            errno,
            at,
        })
    }

    /// Words in parentheses that nobody reads.
    fn note(&mut self) -> Parsed<()> {
        self.expect('(')?;
        self.word("a word of a note")?;
        while self.kind() == Kind::Word {
            self.take();
        }
        self.expect(')')
    }

    /// Expressions with commas between, up to `close`; none, if it comes at once.
    fn expressions(&mut self, close: char) -> Parsed<Vec<Expr>> {
        let mut list = Vec::new();
        if self.accept(close) {
            return Ok(list);
        }
        loop {
            list.push(self.expr()?);
            if !self.accept(',') {
                self.expect(close)?;
                return Ok(list);
            }
        }
    }

    fn expr(&mut self) -> Parsed<Expr> {
        let mut left = self.operand()?;
        while self.accept('|') {
            let right = self.operand()?;
            let at = left.at;
            left = Expr {
                kind: ExprKind::Or(Box::new(left), Box::new(right)),
                at,
            };
        }
        Ok(left)
    }

    fn operand(&mut self) -> Parsed<Expr> {
        let token = self.peek();
        let at = token.at;
        let kind = match token.kind {
            Kind::Ellipsis => {
                self.take();
                ExprKind::Ellipsis
            }
            Kind::Integer => {
                self.take();
                ExprKind::Integer(super::integer_of(&token)?)
            }
            Kind::Hex => {
                self.take();
                let value = u64::from_str_radix(&token.text[2..], 16);
                let value = value.map_err(|_| wrong(&token, "an integer of 64 bits"))?;
                // As C has it: the same 64 bits.
                ExprKind::Integer(value as i64)
            }
            Kind::Text => self.text()?,
            Kind::Word => return self.named(),
            Kind::Mark('[') => {
                self.take();
                ExprKind::List(self.expressions(']')?)
            }
            Kind::Mark('{') => ExprKind::Struct(self.structure()?),
            Kind::Float => return self.fail("an argument; a call takes no fraction"),
            _ => return self.fail("an argument"),
        };
        Ok(Expr { kind, at })
    }

    fn text(&mut self) -> Parsed<ExprKind> {
        let mut bytes = Vec::new();
        while self.kind() == Kind::Text {
            let token = self.take();
            let read = unescape(&token.text);
            bytes.extend(read.ok_or_else(|| {
                wrong(&token, "escapes out of \\\\ \\\" \\f \\n \\r \\t \\v \\xHH")
            })?);
        }
        Ok(match self.accept_ellipsis() {
            true => ExprKind::TextBegins(bytes),
            false => ExprKind::Text(bytes),
        })
    }

    /// What begins with a word: a name, `name=value`, or a function of addresses.
    fn named(&mut self) -> Parsed<Expr> {
        let token = self.take();
        let kind = match self.kind() {
            Kind::Mark('=') => {
                self.take();
                ExprKind::Assign(token.text, Box::new(self.expr()?))
            }
            Kind::Mark('(') => self.function(&token)?,
            _ => ExprKind::Word(token.text),
        };
        Ok(Expr { kind, at: token.at })
    }

    fn function(&mut self, name: &Token) -> Parsed<ExprKind> {
        self.expect('(')?;
        let kind = match name.text.as_str() {
            "inet_addr" | "inet6_addr" => {
                let token = self.peek();
                let parsed = token.text.parse::<IpAddr>().ok();
                let v6 = name.text == "inet6_addr";
                match parsed.filter(|addr| addr.is_ipv6() == v6) {
                    Some(addr) if token.kind == Kind::Text => {
                        self.take();
                        ExprKind::Address(addr)
                    }
                    _ => return self.fail("an address in quotes"),
                }
            }
            "htons" => ExprKind::Network(self.unsigned(16, "a port")?),
            "htonl" => {
                let value = ExprKind::Network(self.decimal_or_hex(u32::MAX.into(), "a number")?);
                self.bsd = true;
                value
            }
            _ => return Err(wrong(name, "inet_addr, inet6_addr or htons before `(`")),
        };
        self.expect(')')?;
        Ok(kind)
    }

    fn structure(&mut self) -> Parsed<Vec<Field>> {
        self.expect('{')?;
        if self.kind() == Kind::Mark('(') {
            return self.labels();
        }
        let second = self.second().map(|token| token.kind);
        if self.is_word("flags")
            && matches!(second, Some(Kind::Integer | Kind::Hex | Kind::Mark('[')))
        {
            let at = self.place();
            self.gre()?;
            self.expect('}')?;
            self.unsupported("struct:gre", at);
            return Ok(Vec::new());
        }
        let first = self.peek();
        let shape = shape_of(&first);
        let mut fields: Vec<Field> = Vec::new();
        loop {
            let token = self.peek();
            if let Some(shape) = shape
                && !fits(shape, fields.len(), &token)
            {
                return Err(wrong(&token, &wanted(shape, fields.len())));
            }
            fields.push(self.field()?);
            if !self.accept(',') {
                break;
            }
        }
        let least = shape.map_or(0, |shape| {
            shape.iter().filter(|f| !f.ends_with('?')).count()
        });
        if fields.len() < least {
            return self.fail(&wanted(shape.unwrap_or_default(), fields.len()));
        }
        self.expect('}')?;
        if first.text == "msg_name" {
            self.check_message_header(&first, &fields)?;
        }
        self.note_dialect(&first, &fields);
        Ok(fields)
    }

    /// `{msg_name(...)=..., msg_iov(n)=[...], msg_flags=0 [, msg_control=[...]]}`; the BSD dialect
    /// has other orders, and lengths.
    fn check_message_header(&mut self, first: &Token, fields: &[Field]) -> Parsed<()> {
        let names = fields.iter().map(|field| field.name.as_deref());
        let names: Vec<&str> = names.map(Option::unwrap_or_default).collect();
        let ordered = ["msg_name", "msg_iov", "msg_flags", "msg_control"];
        if names.len() >= 3 && ordered.starts_with(&names) {
            let of_google = |field: &Field| field.arg.is_some() == (field.value_is_counted());
            self.bsd |= !fields.iter().all(of_google);
            return Ok(());
        }
        if let Some(unknown) = names.iter().find(|name| !MESSAGE_HEADER.contains(name)) {
            let expected = "msg_name, msg_iov, msg_flags and perhaps msg_control".into();
            return Err(ParseError {
                at: first.at,
                found: format!("`{unknown}` in a message header"),
                expected,
            });
        }
        self.enter_bsd("this form of a message header")
    }

    fn labels(&mut self) -> Parsed<Vec<Field>> {
        let at = self.place();
        while self.kind() == Kind::Mark('(') {
            self.mpls_label()?;
        }
        self.expect('}')?;
        self.unsupported("struct:mpls", at);
        Ok(Vec::new())
    }

    /// `name=value`, `name(arg)=value`, or only a value.
    fn field(&mut self) -> Parsed<Field> {
        let after = self.second().map(|token| token.kind);
        if self.kind() != Kind::Word || !matches!(after, Some(Kind::Mark('=' | '('))) {
            let value = self.expr()?;
            return Ok(Field {
                name: None,
                arg: None,
                value,
            });
        }
        let token = self.take();
        let mut arg = None;
        if self.kind() == Kind::Mark('(') {
            if FUNCTIONS.contains(&token.text.as_str()) {
                let kind = self.function(&token)?;
                let value = Expr { kind, at: token.at };
                return Ok(Field {
                    name: None,
                    arg: None,
                    value,
                });
            }
            self.take();
            arg = Some(self.expr()?);
            self.expect(')')?;
        }
        self.expect('=')?;
        let value = self.expr()?;
        Ok(Field {
            name: Some(token.text),
            arg,
            value,
        })
    }

    /// Structures of the BSD dialect, and those that are skipped.
    fn note_dialect(&mut self, first: &Token, fields: &[Field]) {
        let has = |name: &str| fields.iter().any(|f| f.name.as_deref() == Some(name));
        let counted = fields
            .iter()
            .any(|f| f.name.as_deref() == Some("msg_control") && f.arg.is_some());
        if counted || has("cmsg_len") || has("iov_base") {
            self.bsd = true;
        }
        let known = match fields.first().and_then(|field| field.name.as_deref()) {
            None => true,
            Some(name) => {
                let free = name == "msg_name" || name.starts_with("TCP_");
                free || shape_of(first).is_some()
            }
        };
        if !known {
            self.unsupported(format!("struct:{}", first.text), first.at);
        }
    }
}

impl Field {
    /// Whether Google's dialect writes the field with a count in parentheses.
    fn value_is_counted(&self) -> bool {
        matches!(self.name.as_deref(), Some("msg_name" | "msg_iov"))
    }
}

/// What a structure of this shape has at a place.
fn wanted(shape: &[&str], at: usize) -> String {
    match shape.get(at) {
        Some(names) => names.trim_end_matches('?').replace('|', " or "),
        None => "`}`".into(),
    }
}

/// The fields of a structure that begins with this one; a name that ends in `?` may be absent,
/// and `a|b` is one of the two. `None`: any fields.
fn shape_of(first: &Token) -> Option<&'static [&'static str]> {
    if first.kind == Kind::Ellipsis {
        return Some(&["...", "an integer"]);
    }
    SHAPES
        .iter()
        .find(|shape| first.kind == Kind::Word && shape[0] == first.text)
        .copied()
}

fn fits(shape: &[&str], at: usize, token: &Token) -> bool {
    let Some(wanted) = shape.get(at) else {
        return false;
    };
    match *wanted {
        "..." => token.kind == Kind::Ellipsis,
        "an integer" => token.kind == Kind::Integer,
        names => {
            let mut names = names.trim_end_matches('?').split('|');
            token.kind == Kind::Word && names.any(|name| name == token.text)
        }
    }
}

/// A string's bytes. `None`: an escape that is none.
fn unescape(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        if c != '\\' {
            bytes.extend(c.encode_utf8(&mut [0; 4]).bytes());
            continue;
        }
        bytes.push(match rest.next()? {
            '\\' => b'\\',
            '"' => b'"',
            'f' => 0x0c,
            'n' => b'\n',
            'r' => b'\r',
            't' => b'\t',
            'v' => 0x0b,
            'x' => {
                let digits: String = rest.by_ref().take(2).collect();
                u8::from_str_radix(&digits, 16)
                    .ok()
                    .filter(|_| digits.len() == 2)?
            }
            _ => return None,
        });
    }
    Some(bytes)
}

const FUNCTIONS: [&str; 4] = ["inet_addr", "inet6_addr", "htons", "htonl"];

const MESSAGE_HEADER: [&str; 7] = [
    "msg_name",
    "msg_namelen",
    "msg_iov",
    "msg_iovlen",
    "msg_control",
    "msg_controllen",
    "msg_flags",
];

/// The structures whose fields come in one order.
const SHAPES: &[&[&str]] = &[
    &["sa_family", "sin_port", "sin_addr"],
    &["cmsg_level", "cmsg_type", "cmsg_data"],
    &["cmsg_len", "cmsg_level", "cmsg_type", "cmsg_data"],
    &["iov_base", "iov_len"],
    &["scm_sec", "scm_nsec"],
    &[
        "ee_errno",
        "ee_origin",
        "ee_type",
        "ee_code",
        "ee_info",
        "ee_data",
    ],
    &["fd", "events", "revents?"],
    &["events", "fd|ptr|u32|u64"],
    &["onoff", "linger"],
];

#[cfg(test)]
mod tests;
