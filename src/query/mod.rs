//! The query language: one for searching a log, for what scenarios expect, for the checks of labs
//! and for breakpoints.
//!
//! ```text
//! expr  = and { "or" and } ;  and = not { "and" not } ;  not = [ "not" ] cmp
//! cmp   = sum [ ( "=" | "!=" | "<" | "<=" | ">" | ">=" | "~" ) sum ]        ~ is "contains"
//! sum   = prod { ( "+" | "-" ) prod } ;  prod = atom { ( "*" | "/" ) atom }
//! atom  = number [ unit ] | 'string' | null | path | call | "(" expr ")"
//! call  = "count" "(" sel ")"
//!       | ( "first" | "last" | "nth" ) "(" sel [ "," number ] ")" [ "." path ]
//!       | ( "max" | "min" | "sum" | "mean" | "p50" | "p95" )
//!         "(" kind "." path [ "where" expr ] ")"
//!       | "between" "(" sel "," sel ")"           time from the first event to the second
//!       | "at" "(" number unit "," path ")"       value of a field at an instant
//! sel   = kind [ "where" expr ]                   kind = namespace ":" event, or namespace ":*"
//! path  = name { "." name }                       in data, then state, then the event itself
//! ```
//!
//! A text that begins with a kind is a [`Selection`] and takes events one by one; all others are
//! [`Expression`]s and are asked of a whole run. A quote inside a string is written twice.
//!
//! **Numbers.** Fields hold plain numbers: times in milliseconds, sizes in bytes. A unit turns the
//! number before it into one of these (`2s` is 2000, `1KiB` is 1024), so a number without a unit is
//! in milliseconds or bytes itself. Numbers are whole millionths ([`Number`]): a time is exact to
//! the nanosecond, and no float is compared with another. `2mss` is twice the `mss` of the event at
//! hand; there is one only behind `where`. A time and a size are not compared or added: that is an
//! error, as far as units and `between` show it.
//!
//! **Null.** A field that is not there is null. `count` of nothing is 0, all else of nothing is
//! null, and so are a sum with a null, a division by zero and what is beyond [`Number::MAX`]. A
//! comparison with null is false, `!=` too, except where `null` itself is written: `x = null` and
//! its opposite `x != null`. `not` turns what is false into true, whatever made it false. Values of
//! different kinds are unequal and have no order. A value that stands alone holds unless it is
//! null, false, 0 or an empty text.
//!
//! **Questions.** `first(…, 2)` is the second, as `nth(…, 2)` is; `last(…, 2)` the last but one.
//! Without a path they are true if there is such an event, else null. `max` and its like pass over
//! events without the field and values that are no numbers; `p50` and `p95` are nearest ranks.
//! `between` is the time from the first event of the one kind to the first of the other that does
//! not stand before it in the log; one event may be both. `at` is the last value at that instant or
//! before. A question inside a `where` is answered before the one that it is in, in a pass of its
//! own over the run.
//!
//! Read `lex`, `tree`, `parse`, then `judge` for one event and `gather` for many.

use std::fmt;

mod error;
mod explain;
mod fact;
#[cfg(test)]
mod fixtures;
mod gather;
mod judge;
mod lex;
mod number;
mod outcome;
mod parse;
mod rounds;
mod spell;
mod suggest;
mod tree;
mod units;
mod value;
mod vocabulary;

pub use error::ParseError;
pub use explain::explain;
pub use fact::{Evidence, Fact, JsonEvent};
pub use number::Number;
pub use outcome::{Claim, Outcome};
pub use suggest::nearest;
pub use tree::Path;
pub use value::Value;
pub use vocabulary::{EVENT_FIELDS, Vocabulary};

use parse::Parsed;
use rounds::Rounds;
use tree::{Call, Expr, Select};

/// A query that was understood. As text it is what was meant, in one way of writing it.
#[derive(Debug, Clone, PartialEq)]
pub enum Query {
    /// Takes some of the events: `tcp:segment_disposed where disposition='dropped'`.
    Selection(Selection),
    /// Holds of a run, or not: `count(tcp:reset) = 0`.
    Expression(Expression),
}

impl Query {
    /// Reads a query that may name what a vocabulary has.
    ///
    /// # Errors
    ///
    /// What is wrong with the text and where, with what may have been meant.
    pub fn parse(text: &str, vocabulary: &Vocabulary) -> Result<Query, ParseError> {
        Ok(match parse::parse(text, vocabulary)? {
            Parsed::Selection(select) => Query::Selection(Selection::new(select)),
            Parsed::Expression(root) => Query::Expression(Expression::new(root)),
        })
    }
}

impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Query::Selection(selection) => selection.fmt(f),
            Query::Expression(expression) => expression.fmt(f),
        }
    }
}

/// Takes some of the events.
#[derive(Debug, Clone, PartialEq)]
pub struct Selection {
    /// The calls in its filter are numbered.
    select: Select,
    rounds: Vec<usize>,
    answers: Vec<Value<'static>>,
}

impl Selection {
    fn new(mut select: Select) -> Selection {
        let rounds = select.filter.as_mut().map(tree::number);
        Selection {
            select,
            rounds: rounds.unwrap_or_default(),
            answers: Vec::new(),
        }
    }

    /// Reads a query where only a selection will do.
    ///
    /// # Errors
    ///
    /// As [`Query::parse`], and if it is an expression.
    pub fn parse(text: &str, vocabulary: &Vocabulary) -> Result<Selection, ParseError> {
        match Query::parse(text, vocabulary)? {
            Query::Selection(selection) => Ok(selection),
            Query::Expression(_) => {
                let error = ParseError::new(text, first(text), "this takes no events");
                Err(error.hint("begin with a kind of event, as in tcp:* where …"))
            }
        }
    }

    /// Whether it takes an event. Questions about the whole run have the answers of
    /// [`settle`](Selection::settle), and are null before.
    pub fn matches(&self, event: &dyn Fact) -> bool {
        judge::takes(&self.select, event, &self.answers)
    }

    /// Whether its filter has questions about the whole run, as in `time > first(tcp:reset).time`.
    pub fn asks_the_run(&self) -> bool {
        !self.rounds.is_empty()
    }

    /// Answers its questions about the whole run by this one.
    pub fn settle<'f, F, R>(&mut self, run: R)
    where
        F: Fact + 'f,
        R: IntoIterator<Item = &'f F> + Clone,
    {
        let mut rounds = Rounds::new(self.calls(), &self.rounds);
        rounds.hear_all(&run);
        self.answers = rounds.answers().to_vec();
    }

    fn calls(&self) -> Vec<&Call> {
        let mut calls = Vec::new();
        if let Some(filter) = &self.select.filter {
            tree::calls(filter, &mut calls);
        }
        calls
    }

    fn select(&self) -> &Select {
        &self.select
    }
}

impl fmt::Display for Selection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.select.fmt(f)
    }
}

/// Holds of a run, or not.
#[derive(Debug, Clone, PartialEq)]
pub struct Expression {
    /// Its calls are numbered.
    root: Expr,
    rounds: Vec<usize>,
}

impl Expression {
    fn new(mut root: Expr) -> Expression {
        let rounds = tree::number(&mut root);
        Expression { root, rounds }
    }

    /// Reads a query where only an expression will do.
    ///
    /// # Errors
    ///
    /// As [`Query::parse`], and if it is a selection.
    pub fn parse(text: &str, vocabulary: &Vocabulary) -> Result<Expression, ParseError> {
        match Query::parse(text, vocabulary)? {
            Query::Expression(expression) => Ok(expression),
            Query::Selection(_) => {
                let error =
                    ParseError::new(text, first(text), "this takes events and claims nothing");
                Err(error.hint("ask how many, as in count(…) = 0"))
            }
        }
    }

    /// Asks it of a run.
    pub fn evaluate<'f, F, R>(&self, run: R) -> Outcome
    where
        F: Fact + 'f,
        R: IntoIterator<Item = &'f F> + Clone,
    {
        let mut evaluation = self.begin();
        evaluation.rounds.hear_all(&run);
        evaluation.outcome()
    }

    /// Asks it of a run that is heard event by event, [`passes`](Expression::passes) times.
    pub fn begin(&self) -> Evaluation<'_> {
        let mut calls = Vec::new();
        tree::calls(&self.root, &mut calls);
        Evaluation {
            root: &self.root,
            rounds: Rounds::new(calls, &self.rounds),
        }
    }

    /// How often the run must be heard.
    pub fn passes(&self) -> usize {
        self.rounds.iter().max().map_or(0, |last| last + 1)
    }

    fn root(&self) -> &Expr {
        &self.root
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.root.fmt(f)
    }
}

/// An expression that is asked of a run.
#[derive(Debug)]
pub struct Evaluation<'q> {
    root: &'q Expr,
    rounds: Rounds<'q>,
}

impl Evaluation<'_> {
    /// Whether the run must be heard, again if it was before.
    pub fn needs_pass(&self) -> bool {
        self.rounds.are_left()
    }

    /// Hears the next event.
    pub fn hear(&mut self, event: &dyn Fact) {
        self.rounds.hear(event);
    }

    /// The run is over.
    pub fn end_pass(&mut self) {
        self.rounds.end_pass();
    }

    /// How it came out. What no pass has answered is null.
    pub fn outcome(&self) -> Outcome {
        Outcome::of(self.root, &self.rounds)
    }
}

/// The byte at which a text begins behind its blanks.
fn first(text: &str) -> usize {
    text.len() - text.trim_start().len()
}

#[cfg(test)]
mod tests;
