//! A script as tokens, each with its place.
//!
//! Blanks, tabs and newlines separate tokens and mean nothing else; of several readings the longest
//! wins, so `12ab` is a word, `1.2.3.4` an address and `0...0.3` a number, an ellipsis and a
//! number. Nothing is judged here: a character that begins no token becomes a mark, a text that
//! never ends becomes a token that no rule takes.

use std::fmt;

/// Where something stands: line and column, both from 1; columns count characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    pub line: u32,
    pub col: u32,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.col)
    }
}

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `--name`; the text is the name.
    Option,
    /// `.5`, `-0.25`: digits after the point are needed.
    Float,
    /// `-1`, `42`.
    Integer,
    /// `0x1f`.
    Hex,
    /// Letters, digits and underscores.
    Word,
    /// `"..."`; the text is what stands between, escapes as written.
    Text,
    /// Backquotes; the text is what stands between.
    Command,
    /// `%{ ... }%`; the text is what stands between.
    Code,
    /// An IPv4 or IPv6 address.
    Address,
    /// `...`
    Ellipsis,
    /// Any other character.
    Mark(char),
    /// `#ifdef NAME`; the text is the name.
    IfDefined,
    /// `#endif`
    EndIf,
    /// Something that never ends; the text says what.
    Broken,
    /// The end of the script.
    End,
}

/// A token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    pub kind: Kind,
    pub text: String,
    pub at: Place,
}

impl Token {
    /// As it may stand after "found".
    pub fn describe(&self) -> String {
        match self.kind {
            Kind::Option => format!("`--{}`", self.text),
            Kind::Text => format!("the string \"{}\"", self.text),
            Kind::Command => "a command".into(),
            Kind::Code => "a code block".into(),
            Kind::Ellipsis => "`...`".into(),
            Kind::Mark('\r') => "a carriage return".into(),
            Kind::IfDefined => "`#ifdef`".into(),
            Kind::EndIf => "`#endif`".into(),
            Kind::Broken => self.text.clone(),
            Kind::End => "the end of the script".into(),
            Kind::Mark(mark) => format!("`{mark}`"),
            Kind::Float | Kind::Integer | Kind::Hex | Kind::Word | Kind::Address => {
                format!("`{}`", self.text)
            }
        }
    }
}

/// All tokens of a script; the last one is [`Kind::End`].
pub fn tokens(script: &str) -> Vec<Token> {
    let mut lexer = Lexer {
        rest: script,
        at: Place { line: 1, col: 1 },
    };
    if script.starts_with("#!") {
        lexer.skip(line_len(script));
    }
    let mut tokens = Vec::new();
    // Each round takes at least one character.
    while let Some(token) = lexer.next() {
        let end = token.kind == Kind::End;
        tokens.push(token);
        if end {
            break;
        }
    }
    tokens
}

struct Lexer<'s> {
    rest: &'s str,
    at: Place,
}

impl Lexer<'_> {
    fn next(&mut self) -> Option<Token> {
        if let Some(broken) = self.skip_blanks() {
            return Some(broken);
        }
        let at = self.at;
        let Some(first) = self.rest.chars().next() else {
            return Some(token(Kind::End, "", at));
        };
        if let Some((kind, text, len)) = self.enclosed(first) {
            let token = token(kind, &text, at);
            self.skip(len);
            return Some(token);
        }
        let (kind, len) = longest(self.rest);
        let (kind, len) = match len {
            0 => (Kind::Mark(first), first.len_utf8()),
            _ => (kind, len),
        };
        let text = match kind {
            Kind::Option => &self.rest[2..len],
            _ => &self.rest[..len],
        };
        let token = token(kind, text, at);
        self.skip(len);
        Some(token)
    }

    /// Blanks and comments; a comment that never ends is returned.
    fn skip_blanks(&mut self) -> Option<Token> {
        loop {
            let blanks = self.rest.len() - self.rest.trim_start_matches([' ', '\t', '\n']).len();
            self.skip(blanks);
            if self.rest.starts_with("//") {
                self.skip(line_len(self.rest));
            } else if self.rest.starts_with("/*") {
                let Some(end) = self.rest[2..].find("*/") else {
                    let broken = token(Kind::Broken, "a comment that never ends", self.at);
                    self.skip(self.rest.len());
                    return Some(broken);
                };
                self.skip(end + 4);
            } else if blanks == 0 {
                return None;
            }
        }
    }

    /// What stands between two marks, and directives: kind, text, length with both marks.
    fn enclosed(&self, first: char) -> Option<(Kind, String, usize)> {
        let (kind, what) = match first {
            '"' => (Kind::Text, "a string"),
            '`' => (Kind::Command, "a command"),
            '%' if self.rest.starts_with("%{") => (Kind::Code, "a code block"),
            '#' => return self.directive(),
            _ => return None,
        };
        let (open, end, close) = match kind {
            Kind::Code => (2, self.rest[2..].find("}%"), 2),
            _ => (1, closing(&self.rest[1..], first), 1),
        };
        Some(match end {
            Some(end) => {
                let text = self.rest[open..open + end].to_owned();
                (kind, text, open + end + close)
            }
            None => {
                let text = format!("{what} that never ends");
                (Kind::Broken, text, self.rest.len())
            }
        })
    }

    fn directive(&self) -> Option<(Kind, String, usize)> {
        if self.rest.strip_prefix("#endif").is_some_and(ends_word) {
            return Some((Kind::EndIf, String::new(), "#endif".len()));
        }
        let after = self.rest.strip_prefix("#ifdef")?;
        let name = after.trim_start_matches([' ', '\t']);
        let len = run(name, is_word);
        if name.len() == after.len() || len == 0 {
            return None;
        }
        let whole = self.rest.len() - name.len() + len;
        Some((Kind::IfDefined, name[..len].to_owned(), whole))
    }

    fn skip(&mut self, len: usize) {
        let (taken, rest) = self.rest.split_at(len);
        for c in taken.chars() {
            if c == '\n' {
                self.at.line += 1;
                self.at.col = 1;
            } else {
                self.at.col += 1;
            }
        }
        self.rest = rest;
    }
}

fn token(kind: Kind, text: &str, at: Place) -> Token {
    Token {
        kind,
        text: text.to_owned(),
        at,
    }
}

/// The longest of all readings of what comes next, and of equal ones the first; length 0: none.
fn longest(rest: &str) -> (Kind, usize) {
    let option = match rest.strip_prefix("--").map(|name| run(name, is_word)) {
        Some(len) if len > 0 => len + 2,
        _ => 0,
    };
    let readings = [
        (Kind::Option, option),
        (Kind::Ellipsis, if rest.starts_with("...") { 3 } else { 0 }),
        (Kind::Address, address_len(rest)),
        (Kind::Float, float_len(rest)),
        (Kind::Integer, integer_len(rest)),
        (Kind::Hex, hex_len(rest)),
        (Kind::Word, run(rest, is_word)),
    ];
    let mut best = (Kind::End, 0);
    for reading in readings {
        if reading.1 > best.1 {
            best = reading;
        }
    }
    best
}

fn float_len(rest: &str) -> usize {
    let sign = usize::from(rest.starts_with('-'));
    let whole = sign + run(&rest[sign..], is_digit);
    match rest[whole..].strip_prefix('.').map(|f| run(f, is_digit)) {
        Some(fraction) if fraction > 0 => whole + 1 + fraction,
        _ => 0,
    }
}

fn integer_len(rest: &str) -> usize {
    let sign = usize::from(rest.starts_with('-'));
    match run(&rest[sign..], is_digit) {
        0 => 0,
        digits => sign + digits,
    }
}

fn hex_len(rest: &str) -> usize {
    let digits = rest.strip_prefix("0x");
    match digits.map(|digits| run(digits, |c| c.is_ascii_hexdigit())) {
        Some(len) if len > 0 => len + 2,
        _ => 0,
    }
}

/// The longest prefix that is an address. Two numbers with one colon between are none: an IPv6
/// address has `::` or seven colons.
fn address_len(rest: &str) -> usize {
    let most = run(rest, |c| c.is_ascii_hexdigit() || c == ':' || c == '.');
    let candidate = &rest[..most.min(ADDRESS_MAX)];
    let is_address = |text: &str| match text.contains(':') {
        true => text.parse::<std::net::Ipv6Addr>().is_ok(),
        false => is_dotted(text),
    };
    if !candidate.contains("::") && candidate.matches([':', '.']).count() < 3 {
        return 0;
    }
    let lengths = (1..=candidate.len()).rev();
    lengths
        .into_iter()
        .find(|len| is_address(&candidate[..*len]))
        .unwrap_or(0)
}

/// Four numbers with points between; whether they fit a byte is judged where they are used.
fn is_dotted(text: &str) -> bool {
    let mut parts = 0;
    let all = text.split('.').all(|part| {
        parts += 1;
        !part.is_empty() && part.chars().all(is_digit)
    });
    all && parts == 4
}

/// Where the mark stands that closes a string or a command; a backslash keeps the next character
/// from closing it.
fn closing(text: &str, mark: char) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == mark => return Some(at),
            _ => {}
        }
    }
    None
}

fn line_len(text: &str) -> usize {
    text.find('\n').unwrap_or(text.len())
}

fn run(text: &str, belongs: impl Fn(char) -> bool) -> usize {
    text.find(|c| !belongs(c)).unwrap_or(text.len())
}

fn ends_word(rest: &str) -> bool {
    !rest.starts_with(is_word)
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

fn is_digit(c: char) -> bool {
    c.is_ascii_digit()
}

/// The longest address in text: eight groups, the last two of them dotted.
const ADDRESS_MAX: usize = 45;

#[cfg(test)]
mod tests;
