//! The parser: tokens in, a [`Script`] out, or the place where it went wrong.
//!
//! Recursive descent by hand: every production of the grammar is a function here, in `packet`,
//! `option`, `icmp` or `call`. No word is reserved; a word means something only where the grammar
//! looks for it. What can be judged of a line alone (ranges of numbers, lengths that must agree) is
//! judged here, as packetdrill does, so a script that it refuses is refused.

mod call;
mod icmp;
mod option;
mod packet;

use std::collections::BTreeMap;

use super::lex::{Kind, Place, Token, tokens};
use super::syntax::{
    Code, Command, Construct, Define, Event, Micros, OptionValue, Script, ScriptOption, What, When,
};

/// Why a script is no script.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{at}: parse error: found {found}, expected {expected}")]
pub struct ParseError {
    pub at: Place,
    pub found: String,
    pub expected: String,
}

/// What parsing depends on besides the text.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    /// Words that are replaced, by name. Those that a script defines itself come before these.
    pub defines: BTreeMap<String, Define>,
    /// Packets are IPv6: ICMP names differ.
    pub v6: bool,
    /// `true`: the BSD dialect; `false`: only what Google's has; `None`: both, noting which.
    pub bsd: Option<bool>,
}

type Parsed<T> = Result<T, ParseError>;

/// Parses a script. Once its options are read, `settle` makes of them what the rest depends on, or
/// refuses one of them.
pub fn parse<S>(
    text: &str,
    settle: impl FnOnce(&[ScriptOption]) -> Result<(S, Surroundings), ParseError>,
) -> Result<(S, Script), ParseError> {
    let mut parser = Parser::new(tokens(text));
    let options = parser.options()?;
    let (settled, around) = settle(&options)?;
    parser.enter(around)?;
    let mut script = parser.rest()?;
    script.options = options;
    Ok((settled, script))
}

struct Parser {
    /// Those not hidden by a condition.
    tokens: Vec<Token>,
    next: usize,
    around: Surroundings,
    bsd: bool,
    unsupported: Vec<Construct>,
}

impl Parser {
    fn new(tokens: Vec<Token>) -> Parser {
        Parser {
            tokens,
            next: 0,
            around: Surroundings::default(),
            bsd: false,
            unsupported: Vec::new(),
        }
    }

    fn options(&mut self) -> Parsed<Vec<ScriptOption>> {
        let mut options = Vec::new();
        while self.kind() == Kind::Option {
            let token = self.take();
            let value = if self.accept('=') {
                Some(self.option_value(&token.text)?)
            } else {
                None
            };
            options.push(ScriptOption {
                name: token.text,
                value,
                at: token.at,
            });
        }
        Ok(options)
    }

    fn option_value(&mut self, name: &str) -> Parsed<OptionValue> {
        // Not replaced: a script may define a word anew.
        let token = self.tokens[self.next].clone();
        match token.kind {
            Kind::Word => {
                self.next += 1;
                if self.accept('=') {
                    return self.define(name, token);
                }
                Ok(OptionValue::Plain(token.text))
            }
            Kind::Integer | Kind::Text => {
                self.next += 1;
                Ok(OptionValue::Plain(token.text))
            }
            Kind::Address => {
                self.next += 1;
                let mut text = token.text;
                if self.accept('/') {
                    text += &format!("/{}", self.integer(0, 128, "a prefix length")?);
                }
                Ok(OptionValue::Plain(text))
            }
            Kind::Float => {
                self.fail("an integer, a word, a string or an address; quote a fraction")
            }
            _ => self.fail("an integer, a word, a string or an address"),
        }
    }

    fn define(&mut self, option: &str, symbol: Token) -> Parsed<OptionValue> {
        if option != "define" {
            return Err(ParseError {
                at: symbol.at,
                found: format!("`{}=`", symbol.text),
                expected: format!("one value of `--{option}`"),
            });
        }
        let token = self.take();
        let value = match token.kind {
            Kind::Integer => Define::Integer(integer_of(&token)?),
            Kind::Word => Define::of(&token.text),
            Kind::Text => Define::Text(token.text),
            Kind::Command => Define::Command(token.text),
            _ => return Err(wrong(&token, "a word, an integer, a string or a command")),
        };
        Ok(OptionValue::Define(symbol.text, value))
    }

    /// The options are read: conditions are decided, and words are replaced from here on.
    fn enter(&mut self, around: Surroundings) -> Parsed<()> {
        let mut shown = Vec::new();
        let mut open: Option<(Place, bool)> = None;
        for token in self.tokens.drain(self.next..) {
            match (token.kind, open) {
                (Kind::IfDefined, None) if around.bsd != Some(false) => {
                    self.bsd = true;
                    open = Some((token.at, around.defines.contains_key(&token.text)));
                }
                (Kind::IfDefined, Some(_)) => {
                    return Err(wrong(&token, "`#endif`: conditions do not nest"));
                }
                (Kind::EndIf, Some(_)) => open = None,
                (Kind::EndIf, None) => return Err(wrong(&token, "`#ifdef` before it")),
                (Kind::End, Some(_)) => return Err(wrong(&token, "`#endif`")),
                (Kind::End, None) | (_, Some((_, true)) | None) => shown.push(token),
                (_, Some((_, false))) => {}
            }
        }
        self.tokens = shown;
        self.next = 0;
        self.around = around;
        Ok(())
    }

    fn rest(mut self) -> Parsed<Script> {
        let init = self.accept_command();
        let mut events = Vec::new();
        while !matches!(self.kind(), Kind::End | Kind::Command) {
            events.push(self.event()?);
        }
        if events.is_empty() {
            return self.fail("the time of an event");
        }
        let cleanup = self.accept_command();
        if self.kind() != Kind::End {
            return self.fail("the end of the script after its last command");
        }
        Ok(Script {
            options: Vec::new(),
            init,
            events,
            cleanup,
            bsd: self.bsd,
            unsupported: self.unsupported,
        })
    }

    fn accept_command(&mut self) -> Option<Command> {
        (self.kind() == Kind::Command).then(|| {
            let Token { text, at, .. } = self.take();
            Command { text, at }
        })
    }

    fn event(&mut self) -> Parsed<Event> {
        let at = self.place();
        let when = self.when()?;
        let what = match self.kind() {
            Kind::Mark('<' | '>') => What::Packet(self.packet()?),
            Kind::Command => {
                let Token { text, at, .. } = self.take();
                What::Command(Command { text, at })
            }
            Kind::Code => {
                let Token { text, at, .. } = self.take();
                What::Code(Code { text, at })
            }
            Kind::Word | Kind::Ellipsis => What::Call(self.call()?),
            _ => return self.fail("a packet, a call, a command or a code block"),
        };
        self.check_when(when, &what, at)?;
        Ok(Event { when, what, at })
    }

    fn when(&mut self) -> Parsed<When> {
        if self.accept('*') {
            return Ok(When::Any);
        }
        let at = self.place();
        let relative = self.accept('+');
        let start = self.time()?;
        if !self.accept('~') {
            return Ok(if relative {
                When::After(start)
            } else {
                When::At(start)
            });
        }
        if relative {
            self.expect('+')?;
        }
        let end = self.time()?;
        if end < start {
            return Err(ParseError {
                at,
                found: "a range that ends before it begins".into(),
                expected: "its later end last".into(),
            });
        }
        Ok(if relative {
            When::AfterBetween(start, end)
        } else {
            When::Between(start, end)
        })
    }

    /// Whether what happens may happen whenever, or at any time of a range.
    fn check_when(&self, when: When, what: &What, at: Place) -> Parsed<()> {
        use super::syntax::Direction;
        let outbound = matches!(what, What::Packet(p) if p.direction == Direction::Out);
        let found = match when {
            When::Any => "`*`",
            When::Between(..) | When::AfterBetween(..) => "a range of times",
            When::At(_) | When::After(_) => return Ok(()),
        };
        if outbound {
            return Ok(());
        }
        Err(ParseError {
            at,
            found: found.into(),
            expected: "one time: only an outbound packet may have more".into(),
        })
    }

    /// Seconds, as microseconds.
    fn time(&mut self) -> Parsed<Micros> {
        const WANTED: &str = "a time in seconds, not below 0";
        let token = self.peek();
        if !matches!(token.kind, Kind::Float | Kind::Integer) {
            return self.fail(WANTED);
        }
        let micros = micros(&token.text).ok_or_else(|| wrong(&token, WANTED))?;
        self.next += 1;
        Ok(micros)
    }
}

/// `12.5` as microseconds; digits beyond the sixth are dropped. `None`: negative, or beyond a
/// thousand years.
fn micros(text: &str) -> Option<Micros> {
    if text.starts_with('-') {
        return None;
    }
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let whole: i64 = match whole {
        "" => 0,
        digits => digits.parse().ok().filter(|s| *s <= SECONDS_MAX)?,
    };
    let digits: String = fraction.chars().chain("000000".chars()).take(6).collect();
    Some(whole * 1_000_000 + digits.parse::<i64>().ok()?)
}

impl Define {
    /// What an unquoted value on a command line, or a word of a script, stands for: what C's
    /// `strtol` takes whole in any base is an integer; quotes and backquotes say what they say.
    pub fn of(value: &str) -> Define {
        let inside = |mark: char| {
            let rest = value.strip_prefix(mark)?;
            rest.strip_suffix(mark).map(str::to_owned)
        };
        if let Some(text) = inside('"') {
            return Define::Text(text);
        }
        if let Some(command) = inside('`') {
            return Define::Command(command);
        }
        match strtol(value) {
            Some(number) => Define::Integer(number),
            None => Define::Word(value.to_owned()),
        }
    }

    fn token(&self, at: Place) -> Token {
        let (kind, text) = match self {
            Define::Integer(number) => (Kind::Integer, number.to_string()),
            Define::Text(text) => (Kind::Text, text.clone()),
            Define::Command(text) => (Kind::Command, text.clone()),
            Define::Word(text) => (Kind::Word, text.clone()),
        };
        Token { kind, text, at }
    }
}

/// C's `strtol` with base 0, if it takes all of the text.
fn strtol(text: &str) -> Option<i64> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let hex = digits
        .strip_prefix("0x")
        .or_else(|| digits.strip_prefix("0X"));
    let (digits, base) = match hex {
        Some(digits) => (digits, 16),
        None if digits.len() > 1 && digits.starts_with('0') => (digits, 8),
        None => (digits, 10),
    };
    if digits.is_empty() || !digits.chars().all(|c| c.is_digit(base)) {
        return None;
    }
    i64::from_str_radix(digits, base).ok().map(|n| sign * n)
}

/// The cursor.
impl Parser {
    /// The next token, a defined word replaced.
    fn peek(&self) -> Token {
        let token = &self.tokens[self.next];
        match self.around.defines.get(&token.text) {
            Some(define) if token.kind == Kind::Word => define.token(token.at),
            _ => token.clone(),
        }
    }

    /// The one after it, as it stands.
    fn second(&self) -> Option<&Token> {
        self.tokens.get(self.next + 1)
    }

    fn kind(&self) -> Kind {
        self.peek().kind
    }

    fn place(&self) -> Place {
        self.tokens[self.next].at
    }

    /// The end is never passed.
    fn take(&mut self) -> Token {
        let token = self.peek();
        if token.kind != Kind::End {
            self.next += 1;
        }
        token
    }

    fn accept(&mut self, mark: char) -> bool {
        let here = self.kind() == Kind::Mark(mark);
        self.next += usize::from(here);
        here
    }

    fn expect(&mut self, mark: char) -> Parsed<()> {
        if self.accept(mark) {
            return Ok(());
        }
        self.fail(&format!("`{mark}`"))
    }

    fn is_word(&self, word: &str) -> bool {
        let token = self.peek();
        token.kind == Kind::Word && token.text == word
    }

    fn accept_word(&mut self, word: &str) -> bool {
        let here = self.is_word(word);
        self.next += usize::from(here);
        here
    }

    fn expect_word(&mut self, word: &str) -> Parsed<()> {
        if self.accept_word(word) {
            return Ok(());
        }
        self.fail(&format!("`{word}`"))
    }

    fn word(&mut self, expected: &str) -> Parsed<Token> {
        if self.kind() == Kind::Word {
            return Ok(self.take());
        }
        self.fail(expected)
    }

    fn accept_ellipsis(&mut self) -> bool {
        let here = self.kind() == Kind::Ellipsis;
        self.next += usize::from(here);
        here
    }

    /// A decimal integer from `least` to `most`.
    fn integer(&mut self, least: i64, most: i64, what: &str) -> Parsed<i64> {
        let token = self.peek();
        let number = match token.kind {
            Kind::Integer => integer_of(&token).ok(),
            _ => return self.fail(what),
        };
        match number {
            Some(number) if (least..=most).contains(&number) => {
                self.next += 1;
                Ok(number)
            }
            _ => self.fail(&format!("{what} from {least} to {most}")),
        }
    }

    /// A decimal integer of 8, 16 or 32 bits.
    fn unsigned<T: TryFrom<i64>>(&mut self, bits: u32, what: &str) -> Parsed<T> {
        let number = self.integer(0, (1 << bits) - 1, what)?;
        // In range by the line above.
        T::try_from(number).map_err(|_| self.error(what))
    }

    /// A decimal or hexadecimal integer.
    fn decimal_or_hex(&mut self, most: i64, what: &str) -> Parsed<i64> {
        if self.kind() == Kind::Hex {
            return self.hex(most, what);
        }
        self.integer(0, most, what)
    }

    fn hex(&mut self, most: i64, what: &str) -> Parsed<i64> {
        let token = self.peek();
        if token.kind != Kind::Hex {
            return self.fail(&format!("{what} as 0x and hexadecimal digits"));
        }
        match i64::from_str_radix(&token.text[2..], 16) {
            Ok(number) if number <= most => {
                self.next += 1;
                Ok(number)
            }
            _ => self.fail(&format!("{what} of at most {most:#x}")),
        }
    }

    fn error(&self, expected: &str) -> ParseError {
        wrong(&self.peek(), expected)
    }

    fn fail<T>(&self, expected: &str) -> Parsed<T> {
        Err(self.error(expected))
    }

    /// Something that only the BSD dialect has stands at the next token.
    fn enter_bsd(&mut self, what: &str) -> Parsed<()> {
        if self.around.bsd == Some(false) {
            return self.fail(&format!("no {what}: only the BSD dialect has it"));
        }
        self.bsd = true;
        Ok(())
    }

    /// Something parses that nothing here can run.
    fn unsupported(&mut self, name: impl Into<String>, at: Place) {
        self.unsupported.push(Construct {
            name: name.into(),
            at,
        });
    }

    /// Skips what stands between marks that match, the opening one being next.
    fn skip_enclosed(&mut self, open: char, close: char) -> Parsed<()> {
        self.expect(open)?;
        let mut depth = 1;
        while depth > 0 {
            match self.take().kind {
                Kind::End => return self.fail(&format!("`{close}`")),
                Kind::Mark(mark) if mark == open => depth += 1,
                Kind::Mark(mark) if mark == close => depth -= 1,
                _ => {}
            }
        }
        Ok(())
    }
}

fn wrong(token: &Token, expected: &str) -> ParseError {
    ParseError {
        at: token.at,
        found: token.describe(),
        expected: expected.into(),
    }
}

fn integer_of(token: &Token) -> Parsed<i64> {
    token
        .text
        .parse()
        .map_err(|_| wrong(token, "an integer of 64 bits"))
}

/// A thousand years.
const SECONDS_MAX: i64 = 1000 * 365 * 86_400;

#[cfg(test)]
mod tests;
