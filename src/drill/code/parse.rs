//! The text of a block as statements. What is Python and not in this part of it has a name, so that
//! a script that needs it is skipped for it.

use super::{Comparison, Expr, Operator, Statement, Value};

/// A block's statements.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Block(pub Vec<Statement>);

/// A construct that is not read, by name: `if`, `a list`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unread(pub String);

/// Reads a block.
pub fn read(text: &str) -> Result<Block, Unread> {
    let mut parser = Parser {
        tokens: tokens(text)?,
        next: 0,
        depth: 0,
    };
    let mut statements = Vec::new();
    while parser.peek() != &Token::End {
        if parser.accept("\n") || parser.accept(";") {
            continue;
        }
        statements.push(parser.statement()?);
        if !matches!(parser.peek(), Token::End) && !parser.at("\n") && !parser.at(";") {
            return Err(parser.unread());
        }
    }
    Ok(Block(statements))
}

impl Block {
    /// All names that are looked up.
    pub fn names(&self) -> Vec<&str> {
        let mut names = Vec::new();
        for statement in &self.0 {
            match statement {
                Statement::Assert(test, message) => {
                    test.names(&mut names);
                    if let Some(message) = message {
                        message.names(&mut names);
                    }
                }
                Statement::Augment(name, _, value) => {
                    names.push(name.as_str());
                    value.names(&mut names);
                }
                Statement::Assign(_, value) | Statement::Expr(value) => value.names(&mut names),
            }
        }
        names
    }
}

impl Expr {
    fn names<'e>(&'e self, names: &mut Vec<&'e str>) {
        match self {
            Expr::Literal(_) => {}
            Expr::Name(name) => names.push(name),
            Expr::Tuple(list) | Expr::Call(_, list) => {
                list.iter().for_each(|expr| expr.names(names));
            }
            Expr::Not(one) | Expr::Unary(_, one) => one.names(names),
            Expr::Binary(_, left, right) | Expr::And(left, right) | Expr::Or(left, right) => {
                left.names(names);
                right.names(names);
            }
            Expr::Compare(first, rest) => {
                first.names(names);
                rest.iter().for_each(|(_, expr)| expr.names(names));
            }
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Name(String),
    Value(Value),
    /// An operator, a newline, or whatever else.
    Mark(String),
    End,
}

fn tokens(text: &str) -> Result<Vec<Token>, Unread> {
    let mut tokens = Vec::new();
    let mut rest = text;
    let mut depth = 0_usize;
    // Each round takes at least one character.
    while let Some(c) = rest.chars().next() {
        let mut len = c.len_utf8();
        match c {
            ' ' | '\t' | '\r' => {}
            '\\' if rest[1..].trim_start_matches(['\r', ' ']).starts_with('\n') => {
                len = rest.find('\n').map_or(rest.len(), |at| at + 1);
            }
            // As the last thing of a block it joins nothing.
            '\\' if rest[1..].trim().is_empty() => len = rest.len(),
            '#' => len = rest.find('\n').unwrap_or(rest.len()),
            '\n' if depth > 0 => {}
            '"' | '\'' => {
                let (value, taken) = string(rest, c)?;
                tokens.push(Token::Value(Value::Text(value)));
                len = taken;
            }
            _ if c.is_ascii_digit() || (c == '.' && is_digit(rest.chars().nth(1))) => {
                len = rest
                    .find(|c: char| !c.is_ascii_alphanumeric() && c != '.' && c != '_')
                    .unwrap_or(rest.len());
                tokens.push(Token::Value(number(&rest[..len])?));
            }
            _ if c.is_alphabetic() || c == '_' => {
                len = rest
                    .find(|c: char| !c.is_alphanumeric() && c != '_')
                    .unwrap_or(rest.len());
                tokens.push(Token::Name(rest[..len].to_owned()));
            }
            _ => {
                let found = MARKS.iter().find(|mark| rest.starts_with(**mark));
                let mark = found.map_or_else(|| c.to_string(), |mark| (*mark).to_owned());
                match mark.as_str() {
                    "(" => depth += 1,
                    ")" => depth = depth.saturating_sub(1),
                    _ => {}
                }
                len = mark.len();
                tokens.push(Token::Mark(mark));
            }
        }
        rest = &rest[len..];
    }
    tokens.push(Token::End);
    Ok(tokens)
}

fn is_digit(c: Option<char>) -> bool {
    c.is_some_and(|c| c.is_ascii_digit())
}

fn number(text: &str) -> Result<Value, Unread> {
    let plain = text.replace('_', "");
    let radix = match plain.get(..2).map(str::to_ascii_lowercase).as_deref() {
        Some("0x") => 16,
        Some("0o") => 8,
        Some("0b") => 2,
        _ => 10,
    };
    if radix != 10 {
        let digits = i128::from_str_radix(&plain[2..], radix);
        return digits.map(Value::Int).map_err(|_| odd(text));
    }
    if let Ok(int) = plain.parse::<i128>() {
        // Python 3 refuses a leading zero; Python 2 read it as octal.
        let octal = plain.len() > 1 && plain.starts_with('0') && int != 0;
        return match octal {
            true => i128::from_str_radix(&plain, 8)
                .map(Value::Int)
                .map_err(|_| odd(text)),
            false => Ok(Value::Int(int)),
        };
    }
    plain.parse().map(Value::Float).map_err(|_| odd(text))
}

fn odd(text: &str) -> Unread {
    Unread(format!("`{text}`"))
}

/// A string at the front of `rest`, and how long it is with its marks.
fn string(rest: &str, mark: char) -> Result<(String, usize), Unread> {
    if rest.starts_with(&mark.to_string().repeat(3)) {
        return Err(Unread("a string of many lines".into()));
    }
    let mut value = String::new();
    let mut chars = rest.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        match c {
            _ if c == mark => return Ok((value, at + 1)),
            '\n' => break,
            '\\' => match chars.next() {
                Some((_, 'n')) => value.push('\n'),
                Some((_, 't')) => value.push('\t'),
                Some((_, '\n')) => {}
                Some((_, kept @ ('\\' | '\'' | '"'))) => value.push(kept),
                Some((_, other)) => value.extend(['\\', other]),
                None => break,
            },
            c => value.push(c),
        }
    }
    Err(Unread("a string that never ends".into()))
}

struct Parser {
    tokens: Vec<Token>,
    next: usize,
    /// How deep expressions are nested: each level is a call of ours.
    depth: usize,
}

type Parsed<T> = Result<T, Unread>;

impl Parser {
    fn statement(&mut self) -> Parsed<Statement> {
        if let Token::Name(name) = self.peek() {
            let name = name.clone();
            if name == "assert" {
                self.next += 1;
                let test = self.expr()?;
                let message = match self.accept(",") {
                    true => Some(self.expr()?),
                    false => None,
                };
                return Ok(Statement::Assert(test, message));
            }
            if KEYWORDS.contains(&name.as_str()) {
                return Err(Unread(format!("`{name}`")));
            }
            if let Some(Token::Mark(mark)) = self.tokens.get(self.next + 1) {
                let operator = match mark.as_str() {
                    "=" => None,
                    "+=" => Some(Operator::Add),
                    "-=" => Some(Operator::Subtract),
                    "*=" => Some(Operator::Multiply),
                    _ => return self.bare(),
                };
                self.next += 2;
                let value = self.list()?;
                return Ok(match operator {
                    None => Statement::Assign(name, value),
                    Some(operator) => Statement::Augment(name, operator, value),
                });
            }
        }
        self.bare()
    }

    fn bare(&mut self) -> Parsed<Statement> {
        self.list().map(Statement::Expr)
    }

    /// Expressions with commas between are a tuple.
    fn list(&mut self) -> Parsed<Expr> {
        let first = self.expr()?;
        if !self.at(",") {
            return Ok(first);
        }
        let mut list = vec![first];
        while self.accept(",") {
            if matches!(self.peek(), Token::End) || self.at(")") || self.at("\n") || self.at(";") {
                break;
            }
            list.push(self.expr()?);
        }
        Ok(Expr::Tuple(list))
    }

    fn expr(&mut self) -> Parsed<Expr> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(Unread("an expression nested so deep".into()));
        }
        let expr = self.or();
        self.depth -= 1;
        expr
    }

    fn or(&mut self) -> Parsed<Expr> {
        let mut left = self.and()?;
        while self.accept_name("or") {
            left = Expr::Or(Box::new(left), Box::new(self.and()?));
        }
        Ok(left)
    }

    fn and(&mut self) -> Parsed<Expr> {
        let mut left = self.not()?;
        while self.accept_name("and") {
            left = Expr::And(Box::new(left), Box::new(self.not()?));
        }
        Ok(left)
    }

    fn not(&mut self) -> Parsed<Expr> {
        let mut count = 0;
        while self.accept_name("not") {
            count += 1;
        }
        let mut expr = self.comparison()?;
        for _ in 0..count {
            expr = Expr::Not(Box::new(expr));
        }
        Ok(expr)
    }

    fn comparison(&mut self) -> Parsed<Expr> {
        let first = self.binary(0)?;
        let mut rest = Vec::new();
        while let Token::Mark(mark) = self.peek() {
            let comparison = match mark.as_str() {
                "<" => Comparison::Less,
                "<=" => Comparison::LessOrEqual,
                ">" => Comparison::Greater,
                ">=" => Comparison::GreaterOrEqual,
                "==" => Comparison::Equal,
                "!=" => Comparison::NotEqual,
                _ => break,
            };
            self.next += 1;
            rest.push((comparison, self.binary(0)?));
        }
        Ok(match rest.is_empty() {
            true => first,
            false => Expr::Compare(Box::new(first), rest),
        })
    }

    /// The operators from a level of [`LEVELS`] on, each binding to the left.
    fn binary(&mut self, level: usize) -> Parsed<Expr> {
        let Some(operators) = LEVELS.get(level) else {
            return self.unary();
        };
        let mut left = self.binary(level + 1)?;
        while let Token::Mark(mark) = self.peek() {
            let Some((_, operator)) = operators.iter().find(|(known, _)| known == mark) else {
                break;
            };
            self.next += 1;
            let right = self.binary(level + 1)?;
            left = Expr::Binary(*operator, Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    fn unary(&mut self) -> Parsed<Expr> {
        let mut signs = Vec::new();
        while let Token::Mark(mark) = self.peek() {
            match mark.as_str() {
                "-" => signs.push('-'),
                "~" => signs.push('~'),
                "+" => signs.push('+'),
                _ => break,
            }
            self.next += 1;
        }
        let mut expr = self.atom()?;
        for sign in signs.into_iter().rev() {
            expr = Expr::Unary(sign, Box::new(expr));
        }
        Ok(expr)
    }

    fn atom(&mut self) -> Parsed<Expr> {
        let token = self.peek().clone();
        let expr = match token {
            Token::Value(Value::Text(mut text)) => {
                self.next += 1;
                // Strings that stand side by side are one.
                while let Token::Value(Value::Text(more)) = self.peek() {
                    text += more;
                    self.next += 1;
                }
                Expr::Literal(Value::Text(text))
            }
            Token::Value(value) => {
                self.next += 1;
                Expr::Literal(value)
            }
            Token::Name(name) => self.named(name)?,
            Token::Mark(mark) if mark == "(" => {
                self.next += 1;
                if self.accept(")") {
                    Expr::Tuple(Vec::new())
                } else {
                    let inside = self.list()?;
                    self.expect(")")?;
                    inside
                }
            }
            Token::Mark(_) | Token::End => return Err(self.unread()),
        };
        if self.at("[") || self.at(".") || self.at("**") {
            return Err(self.unread());
        }
        Ok(expr)
    }

    fn named(&mut self, name: String) -> Parsed<Expr> {
        let literal = match name.as_str() {
            "True" => Some(Value::Bool(true)),
            "False" => Some(Value::Bool(false)),
            "None" => Some(Value::None),
            word if KEYWORDS.contains(&word) => return Err(Unread(format!("`{word}`"))),
            _ => None,
        };
        self.next += 1;
        if let Some(value) = literal {
            return Ok(Expr::Literal(value));
        }
        if !self.accept("(") {
            return Ok(Expr::Name(name));
        }
        if !FUNCTIONS.contains(&name.as_str()) {
            return Err(Unread(format!("`{name}()`")));
        }
        let mut args = Vec::new();
        while !self.accept(")") {
            args.push(self.expr()?);
            if !self.accept(",") {
                self.expect(")")?;
                break;
            }
        }
        Ok(Expr::Call(name, args))
    }

    fn peek(&self) -> &Token {
        self.tokens.get(self.next).unwrap_or(&Token::End)
    }

    fn at(&self, mark: &str) -> bool {
        matches!(self.peek(), Token::Mark(found) if found == mark)
    }

    fn accept(&mut self, mark: &str) -> bool {
        let here = self.at(mark);
        self.next += usize::from(here);
        here
    }

    fn accept_name(&mut self, name: &str) -> bool {
        let here = matches!(self.peek(), Token::Name(found) if found == name);
        self.next += usize::from(here);
        here
    }

    fn expect(&mut self, mark: &str) -> Parsed<()> {
        match self.accept(mark) {
            true => Ok(()),
            false => Err(self.unread()),
        }
    }

    fn unread(&self) -> Unread {
        Unread(match self.peek() {
            Token::Name(name) => format!("`{name}`"),
            Token::Value(value) => format!("`{value}`"),
            Token::Mark(mark) if mark == "[" => "a list or an index".into(),
            Token::Mark(mark) if mark == "\n" => "a line that ends early".into(),
            Token::Mark(mark) => format!("`{mark}`"),
            Token::End => "a block that ends early".into(),
        })
    }
}

/// Operators from the loosest to the tightest.
const LEVELS: &[&[(&str, Operator)]] = &[
    &[("|", Operator::Or)],
    &[("^", Operator::Xor)],
    &[("&", Operator::And)],
    &[("<<", Operator::ShiftLeft), (">>", Operator::ShiftRight)],
    &[("+", Operator::Add), ("-", Operator::Subtract)],
    &[
        ("*", Operator::Multiply),
        ("/", Operator::Divide),
        ("//", Operator::FloorDivide),
        ("%", Operator::Remainder),
    ],
];

/// Longer ones first.
const MARKS: [&str; 22] = [
    "**=", "//=", "<<=", ">>=", "**", "//", "<<", ">>", "<=", ">=", "==", "!=", "+=", "-=", "*=",
    "/=", "%=", "&=", "|=", "^=", "->", ":=",
];

/// What is Python's and not read here.
const KEYWORDS: [&str; 32] = [
    "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del", "elif",
    "else", "except", "exec", "finally", "for", "from", "global", "if", "import", "in", "is",
    "lambda", "nonlocal", "not", "or", "pass", "raise", "return", "try", "while", "with",
];

/// The functions that there are.
const FUNCTIONS: [&str; 7] = ["abs", "len", "min", "max", "int", "str", "print"];

const DEPTH_MAX: usize = 64;
