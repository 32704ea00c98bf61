//! A query as tokens, each with its place.
//!
//! Blanks separate tokens and mean nothing else. Nothing is judged here: a character that begins
//! no token becomes a token that no rule takes.

/// What a token is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Token<'t> {
    /// `42`, `0.5`: no sign, no unit.
    Number(&'t str),
    /// What stands between single quotes; two of them are one.
    Text(String),
    /// Letters, digits and low lines.
    Word(&'t str),
    /// `tcp:segment_sent`, `tcp:*`: a word, a colon, and what follows without a blank.
    Kind(&'t str),
    /// One of [`MARKS`].
    Mark(&'static str),
    /// A text whose closing quote is missing.
    Unclosed,
    /// A character, or two, that mean nothing here.
    Strange(&'t str),
    /// The end of the query.
    End,
}

impl Token<'_> {
    /// As it may stand behind "found".
    pub fn describe(&self) -> String {
        match self {
            Token::Number(text) | Token::Word(text) | Token::Kind(text) => (*text).to_owned(),
            Token::Text(_) => "a text".to_owned(),
            Token::Mark(mark) => (*mark).to_owned(),
            Token::Strange(text) => text.escape_debug().to_string(),
            Token::Unclosed => "a text without its closing quote".to_owned(),
            Token::End => "the end".to_owned(),
        }
    }
}

/// A token, and the byte at which it begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed<'t> {
    pub token: Token<'t>,
    pub at: usize,
    /// The byte behind it.
    pub end: usize,
}

/// All tokens of a query; the last one is [`Token::End`].
pub fn tokens(text: &str) -> Vec<Placed<'_>> {
    let mut tokens = Vec::new();
    let mut at = 0;
    // Each round takes at least one character.
    loop {
        at += text[at..].len() - text[at..].trim_start().len();
        let (token, len) = first(&text[at..]);
        let end = at + len;
        let last = token == Token::End;
        tokens.push(Placed { token, at, end });
        if last {
            return tokens;
        }
        at = end;
    }
}

/// The token that a text begins with, and its length.
fn first(rest: &str) -> (Token<'_>, usize) {
    let Some(c) = rest.chars().next() else {
        return (Token::End, 0);
    };
    if c.is_ascii_digit() {
        let len = number_len(rest);
        return (Token::Number(&rest[..len]), len);
    }
    if is_word(c) {
        return word(rest);
    }
    if c == '\'' {
        return quoted(rest);
    }
    // What other languages write for what this one has too.
    if let Some(strange) = STRANGE.iter().find(|strange| rest.starts_with(**strange)) {
        return (Token::Strange(&rest[..strange.len()]), strange.len());
    }
    match MARKS.iter().find(|mark| rest.starts_with(**mark)) {
        Some(mark) => (Token::Mark(mark), mark.len()),
        None => (Token::Strange(&rest[..c.len_utf8()]), c.len_utf8()),
    }
}

/// Digits, and a point if digits follow it.
fn number_len(rest: &str) -> usize {
    let whole = run(rest, |c| c.is_ascii_digit());
    match rest[whole..].strip_prefix('.') {
        Some(fraction) if fraction.starts_with(|c: char| c.is_ascii_digit()) => {
            whole + 1 + run(fraction, |c| c.is_ascii_digit())
        }
        _ => whole,
    }
}

/// A word, or the name of an event.
fn word(rest: &str) -> (Token<'_>, usize) {
    let len = run(rest, is_word);
    let Some(event) = rest[len..].strip_prefix(':') else {
        return (Token::Word(&rest[..len]), len);
    };
    let event = match event.starts_with('*') {
        true => 1,
        false => run(event, is_word),
    };
    let len = len + 1 + event;
    (Token::Kind(&rest[..len]), len)
}

/// A text between quotes.
fn quoted(rest: &str) -> (Token<'_>, usize) {
    let mut text = String::new();
    let mut at = 1;
    while let Some(part) = rest[at..].find('\'') {
        text.push_str(&rest[at..at + part]);
        at += part + 1;
        if !rest[at..].starts_with('\'') {
            return (Token::Text(text), at);
        }
        text.push('\'');
        at += 1;
    }
    (Token::Unclosed, rest.len())
}

fn run(text: &str, belongs: impl Fn(char) -> bool) -> usize {
    text.find(|c| !belongs(c)).unwrap_or(text.len())
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// Longer ones first, so that `<=` is not `<` and `=`.
const MARKS: [&str; 15] = [
    "!=", "<=", ">=", "=", "<", ">", "~", "+", "-", "*", "/", "(", ")", ",", ".",
];

/// What would otherwise be read as marks, one by one.
const STRANGE: [&str; 5] = ["==", "<>", "&&", "||", "!~"];

#[cfg(test)]
mod tests;
