//! Tokens to tree, or the column of what is wrong.
//!
//! One function a rule of the grammar, top down; `call` has the questions about a whole run. Only
//! brackets let a function call itself, and they are counted, so no text can exhaust the stack.

use super::error::ParseError;
use super::lex::{self, Placed, Token};
use super::number::Number;
use super::tree::{Comparison, Expr, Kind, Operator, Path, Select, Sign, Times};
use super::units::Unit;
use super::vocabulary::Vocabulary;

mod call;

/// What a text turned out to be.
#[derive(Debug, Clone, PartialEq)]
pub enum Parsed {
    Selection(Select),
    Expression(Expr),
}

/// Reads a query.
pub fn parse(text: &str, vocabulary: &Vocabulary) -> Result<Parsed, ParseError> {
    if text.len() > TEXT_MAX {
        let at = text.floor_char_boundary(TEXT_MAX);
        let what = format!("a query has at most {TEXT_MAX} bytes");
        return Err(ParseError::new(text, at, what));
    }
    let mut parser = Parser {
        text,
        tokens: lex::tokens(text),
        next: 0,
        depth: 0,
        at_hand: AtHand::Nothing,
        vocabulary,
    };
    if matches!(parser.peek(), Token::Kind(_)) {
        let select = parser.select()?;
        parser.end_of_selection()?;
        return Ok(Parsed::Selection(select));
    }
    let expr = parser.expr()?;
    parser.end_of_expression()?;
    Ok(Parsed::Expression(expr))
}

/// Whether there is an event whose fields can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AtHand {
    Nothing,
    Event,
}

struct Parser<'t> {
    text: &'t str,
    tokens: Vec<Placed<'t>>,
    next: usize,
    depth: usize,
    at_hand: AtHand,
    vocabulary: &'t Vocabulary,
}

type Parse<T> = Result<T, ParseError>;

impl<'t> Parser<'t> {
    /// `or`, the loosest of all.
    fn expr(&mut self) -> Parse<Expr> {
        self.listed("or", Parser::and, Expr::Or)
    }

    fn and(&mut self) -> Parse<Expr> {
        self.listed("and", Parser::not, Expr::And)
    }

    /// Parts with a word between them; one alone is itself.
    fn listed(
        &mut self,
        word: &str,
        part: fn(&mut Self) -> Parse<Expr>,
        all: fn(Vec<Expr>) -> Expr,
    ) -> Parse<Expr> {
        let first = part(self)?;
        if !self.at_word(word) {
            return Ok(first);
        }
        let mut parts = vec![first];
        while self.accept_word(word) {
            parts.push(part(self)?);
        }
        Ok(all(parts))
    }

    fn not(&mut self) -> Parse<Expr> {
        match self.accept_word("not") {
            true => Ok(Expr::Not(Box::new(self.comparison()?))),
            false => self.comparison(),
        }
    }

    fn comparison(&mut self) -> Parse<Expr> {
        let left = self.sum()?;
        let at = self.at();
        let Some(operator) = self.accept_operator() else {
            return Ok(left);
        };
        let right = self.sum()?;
        self.check_measures(at, &left, &right)?;
        let next = self.at();
        if self.accept_operator().is_some() {
            let error = self.error(next, "one comparison compares two values");
            return Err(error.hint("join two of them with and"));
        }
        Ok(Expr::Compare(Box::new(Comparison {
            left,
            operator,
            right,
        })))
    }

    fn sum(&mut self) -> Parse<Expr> {
        let first = self.product()?;
        let mut terms = vec![(Sign::Plus, first)];
        loop {
            let at = self.at();
            let sign = match self.peek() {
                Token::Mark("+") => Sign::Plus,
                Token::Mark("-") => Sign::Minus,
                _ => break,
            };
            self.skip();
            let term = self.product()?;
            for (_, other) in &terms {
                self.check_measures(at, other, &term)?;
            }
            terms.push((sign, term));
        }
        Ok(match terms.len() {
            1 => terms.remove(0).1,
            _ => Expr::Sum(terms),
        })
    }

    fn product(&mut self) -> Parse<Expr> {
        let first = self.atom()?;
        let mut factors = vec![(Times::Times, first)];
        loop {
            let times = match self.peek() {
                Token::Mark("*") => Times::Times,
                Token::Mark("/") => Times::Over,
                _ => break,
            };
            self.skip();
            factors.push((times, self.atom()?));
        }
        Ok(match factors.len() {
            1 => factors.remove(0).1,
            _ => Expr::Product(factors),
        })
    }

    fn atom(&mut self) -> Parse<Expr> {
        let at = self.at();
        match self.peek().clone() {
            Token::Number(_) => self.number(Sign::Plus),
            Token::Mark("-") if matches!(self.peek_next(), Token::Number(_)) => {
                self.skip();
                self.number(Sign::Minus)
            }
            Token::Text(text) => {
                self.skip();
                Ok(Expr::Text(text))
            }
            Token::Mark("(") => {
                self.deeper()?;
                self.skip();
                let inner = self.expr()?;
                self.close()?;
                self.depth -= 1;
                Ok(inner)
            }
            Token::Word("null") => {
                self.skip();
                Ok(Expr::Null)
            }
            Token::Word(name) if *self.peek_next() == Token::Mark("(") => self.call(name),
            Token::Word(name) if !RESERVED.contains(&name) => {
                let path = self.path()?;
                match self.at_hand {
                    AtHand::Event => Ok(Expr::Path(path)),
                    AtHand::Nothing => Err(self.of_no_event(at, &path)),
                }
            }
            Token::Kind(kind) => {
                let error = self.error(at, format!("{kind} is a kind of event and no value"));
                Err(error.hint(format!("to count such events write count({kind})")))
            }
            _ => Err(self.unexpected("a value")),
        }
    }

    /// A number with its unit, if it has one.
    fn number(&mut self, sign: Sign) -> Parse<Expr> {
        let (number, unit) = self.amount(sign)?;
        Ok(Expr::Number(number, unit))
    }

    fn amount(&mut self, sign: Sign) -> Parse<(Number, Unit)> {
        let at = self.at();
        let Token::Number(digits) = *self.peek() else {
            return Err(self.unexpected("a number"));
        };
        let number = Number::read(digits).map_err(|what| self.error(at, what))?;
        let number = match sign {
            Sign::Plus => Some(number),
            Sign::Minus => Number::default().minus(number),
        };
        self.skip();
        let unit = self.unit()?;
        if unit == Unit::Mss && self.at_hand == AtHand::Nothing {
            let error = self.error(at, "mss is a field of an event, and here is none");
            return Err(error.hint("it can stand behind where"));
        }
        let scaled = number.filter(|number| unit.scale(*number).is_some());
        let number = scaled.ok_or_else(|| match unit {
            Unit::Micros => self.error(at, "a time is a whole number of nanoseconds"),
            _ => self.error(at, "this number is too large"),
        })?;
        Ok((number, unit))
    }

    fn unit(&mut self) -> Parse<Unit> {
        let at = self.at();
        let Token::Word(name) = *self.peek() else {
            return Ok(Unit::None);
        };
        if RESERVED.contains(&name) {
            return Ok(Unit::None);
        }
        let Some(unit) = Unit::named(name) else {
            let known = || Unit::NAMED.into_iter().map(Unit::name);
            let same = known().find(|unit| unit.eq_ignore_ascii_case(name));
            let error = self.error(at, format!("unknown unit {name}"));
            return Err(match same {
                Some(_) => error.did_you_mean(same),
                None => error.hint(format!("there are {}", list(known()))),
            });
        };
        self.skip();
        Ok(unit)
    }

    /// A kind, and perhaps what events of it must be like.
    fn select(&mut self) -> Parse<Select> {
        let kind = self.kind()?;
        let filter = self.filter()?;
        Ok(Select { kind, filter })
    }

    fn filter(&mut self) -> Parse<Option<Expr>> {
        if !self.accept_word("where") {
            return Ok(None);
        }
        let outer = std::mem::replace(&mut self.at_hand, AtHand::Event);
        let filter = self.expr()?;
        self.at_hand = outer;
        Ok(Some(filter))
    }

    fn kind(&mut self) -> Parse<Kind> {
        let at = self.at();
        match *self.peek() {
            Token::Kind(name) => {
                let kind = Kind::new(name);
                if !self.vocabulary.knows_kind(&kind) {
                    return Err(self.unknown_kind(at, &kind));
                }
                self.skip();
                Ok(kind)
            }
            Token::Word(name) if !RESERVED.contains(&name) => {
                let error = self.error(at, format!("{name} lacks its namespace"));
                Err(error.did_you_mean(self.vocabulary.nearest_event(name)))
            }
            _ => Err(self.unexpected("a kind of event")),
        }
    }

    fn unknown_kind(&self, at: usize, kind: &Kind) -> ParseError {
        if let Some(prefix) = kind.all_of() {
            let name = prefix.trim_end_matches(':');
            let error = self.error(at, format!("unknown namespace {name}"));
            return error.did_you_mean(self.vocabulary.nearest_namespace(name));
        }
        let error = self.error(at, format!("unknown event {kind}"));
        error.did_you_mean(self.vocabulary.nearest_event(kind.name()))
    }

    /// Names with points between them.
    fn path(&mut self) -> Parse<Path> {
        let at = self.at();
        let mut names = vec![self.name()?];
        while self.accept_mark(".") {
            names.push(self.name()?);
        }
        let path = Path::new(names);
        if !self.vocabulary.knows_path(&path) {
            let error = self.error(at, format!("unknown field {path}"));
            let name = path.to_string();
            let field = self.vocabulary.nearest_field(&name);
            let nearest = field.or_else(|| self.vocabulary.nearest_event(&name));
            return Err(error.did_you_mean(nearest));
        }
        Ok(path)
    }

    fn name(&mut self) -> Parse<String> {
        match *self.peek() {
            Token::Word(name) => {
                self.skip();
                Ok(name.to_owned())
            }
            _ => Err(self.unexpected("the name of a field")),
        }
    }

    /// Everything must have been read.
    fn end_of_selection(&self) -> Parse<()> {
        match self.peek() {
            Token::End => Ok(()),
            Token::Mark(mark) if operator(mark).is_some() => {
                let error = self.error(self.at(), "events cannot be compared");
                Err(error.hint("to count them write count(…)"))
            }
            _ => Err(self.unexpected("where, and, or, or the end")),
        }
    }

    fn end_of_expression(&self) -> Parse<()> {
        match self.peek() {
            Token::End => Ok(()),
            _ => Err(self.unexpected("a comparison, and, or, or the end")),
        }
    }

    /// A time and a size have nothing in common.
    fn check_measures(&self, at: usize, one: &Expr, other: &Expr) -> Parse<()> {
        match one.measure().with(other.measure()) {
            Some(_) => Ok(()),
            None => Err(self.error(at, "one side is a time, the other a size")),
        }
    }

    fn deeper(&mut self) -> Parse<()> {
        self.depth += 1;
        match self.depth > DEPTH_MAX {
            true => {
                let what = format!("at most {DEPTH_MAX} brackets may be open");
                Err(self.error(self.at(), what))
            }
            false => Ok(()),
        }
    }

    fn close(&mut self) -> Parse<()> {
        match self.accept_mark(")") {
            true => Ok(()),
            false => Err(self.unexpected(")")),
        }
    }

    fn of_no_event(&self, at: usize, path: &Path) -> ParseError {
        let error = self.error(
            at,
            format!("{path} is a field of an event, and here is none"),
        );
        error.hint(format!("say of which one, as in last(tcp:*).{path}"))
    }

    fn unexpected(&self, wanted: &str) -> ParseError {
        let found = self.peek();
        let what = format!("expected {wanted}, found {}", found.describe());
        let error = self.error(self.at(), what);
        match found {
            Token::Strange("==") => error.hint("equal is written ="),
            Token::Strange("<>" | "!") => error.hint("unequal is written !=, and no is not"),
            Token::Strange("&&" | "&") => error.hint("write and"),
            Token::Strange("||" | "|") => error.hint("write or"),
            Token::Strange("\"") => error.hint("texts stand between single quotes"),
            _ => error,
        }
    }

    fn error(&self, at: usize, what: impl Into<String>) -> ParseError {
        ParseError::new(self.text, at, what)
    }

    fn accept_operator(&mut self) -> Option<Operator> {
        let Token::Mark(mark) = self.peek() else {
            return None;
        };
        let operator = operator(mark)?;
        self.skip();
        Some(operator)
    }

    fn accept_mark(&mut self, mark: &str) -> bool {
        let there = matches!(self.peek(), Token::Mark(found) if *found == mark);
        self.skip_if(there)
    }

    fn accept_word(&mut self, word: &str) -> bool {
        let there = self.at_word(word);
        self.skip_if(there)
    }

    fn at_word(&self, word: &str) -> bool {
        *self.peek() == Token::Word(word)
    }

    fn skip_if(&mut self, there: bool) -> bool {
        if there {
            self.skip();
        }
        there
    }

    /// The last token is the end, and stays.
    fn skip(&mut self) {
        self.next = (self.next + 1).min(self.tokens.len() - 1);
    }

    fn peek(&self) -> &Token<'t> {
        &self.tokens[self.next].token
    }

    fn peek_next(&self) -> &Token<'t> {
        let next = (self.next + 1).min(self.tokens.len() - 1);
        &self.tokens[next].token
    }

    /// Where the next token begins.
    fn at(&self) -> usize {
        self.tokens[self.next].at
    }
}

fn operator(mark: &str) -> Option<Operator> {
    Operator::ALL
        .into_iter()
        .find(|operator| operator.mark() == mark)
}

/// `a, b, c`.
fn list<'n>(names: impl Iterator<Item = &'n str>) -> String {
    names.collect::<Vec<_>>().join(", ")
}

/// Words that are no fields.
const RESERVED: [&str; 5] = ["or", "and", "not", "where", "null"];
/// Longer than any page of checks, and short enough that all a query can ask for is little.
const TEXT_MAX: usize = 4096;
/// Deeper than anybody reads; in a debug build it takes up to a mebibyte of stack.
const DEPTH_MAX: usize = 32;

#[cfg(test)]
mod tests;
