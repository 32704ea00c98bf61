//! What was expected of a run, held against what it told.

use crate::query::{Outcome, ParseError, Query};
use crate::runs::{Record, vocabulary};

use super::file::Expect;

/// How an expectation came out.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    pub expected: Expect,
    pub outcome: Outcome,
}

/// Judges a run by what it told.
///
/// # Errors
///
/// The place of an expectation, from 1, that cannot be understood, and why; or that none is: it
/// takes events, and asks nothing.
pub fn judge(expected: &[Expect], records: &[Record]) -> Result<Vec<Verdict>, (usize, ParseError)> {
    let all = (1..).zip(expected);
    all.map(|(number, expected)| {
        let query = Query::parse(&expected.that, &vocabulary());
        let outcome = match query.map_err(|error| (number, error))? {
            Query::Expression(expression) => expression.evaluate(records),
            // That there is such an event.
            Query::Selection(_) => {
                let counted = format!("count({})", expected.that);
                let query = Query::parse(&counted, &vocabulary());
                match query.map_err(|error| (number, error))? {
                    Query::Expression(expression) => expression.evaluate(records),
                    Query::Selection(_) => unreachable!("a count takes no events"),
                }
            }
        };
        Ok(Verdict {
            expected: expected.clone(),
            outcome,
        })
    })
    .collect()
}
