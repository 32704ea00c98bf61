//! Why a text is no query: what is wrong, at which column, and what may have been meant.

use std::fmt;

/// Why a text is no query, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseError {
    what: String,
    hint: Option<String>,
    line: usize,
    column: usize,
    shown: String,
    caret: usize,
}

impl ParseError {
    /// Something wrong at a byte of a text.
    pub(super) fn new(text: &str, at: usize, what: impl Into<String>) -> ParseError {
        let before: &str = text.get(..at).unwrap_or(text);
        let begin = before.rfind('\n').map_or(0, |end| end + 1);
        let line: &str = text[begin..].lines().next().unwrap_or_default();
        let column = before[begin..].chars().count();
        let (shown, caret) = window(line, column);
        ParseError {
            what: what.into(),
            hint: None,
            line: before.matches('\n').count() + 1,
            column: column + 1,
            shown,
            caret,
        }
    }

    /// With what may have been meant, or could be done.
    #[must_use]
    pub(super) fn hint(self, hint: impl Into<String>) -> ParseError {
        let hint = Some(hint.into());
        ParseError { hint, ..self }
    }

    /// With a known word that may have been meant.
    #[must_use]
    pub(super) fn did_you_mean(self, nearest: Option<&str>) -> ParseError {
        match nearest {
            Some(nearest) => self.hint(format!("did you mean {nearest}?")),
            None => self,
        }
    }

    /// What is wrong.
    pub fn what(&self) -> &str {
        &self.what
    }

    /// What may have been meant, or could be done, if anybody knows.
    pub fn meant(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// The line of the query, from 1.
    pub fn line(&self) -> usize {
        self.line
    }

    /// The column in that line, in characters from 1.
    pub fn column(&self) -> usize {
        self.column
    }

    /// The line with a caret under the column: two lines. Of a long one, the part around it.
    pub fn pointed(&self) -> String {
        format!("{}\n{:caret$}^", self.shown, "", caret = self.caret)
    }
}

/// Says all of it on three lines: column, what is wrong and what may have been meant; the query;
/// a caret.
impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line > 1 {
            write!(f, "line {}, ", self.line)?;
        }
        write!(f, "column {}: {}", self.column, self.what)?;
        if let Some(hint) = &self.hint {
            write!(f, "; {hint}")?;
        }
        for line in self.pointed().lines() {
            write!(f, "\n  {line}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ParseError {}

/// As much of a line as a screen shows around a column, and where the column is in it. What would
/// not be one column wide is shown as a blank.
fn window(line: &str, column: usize) -> (String, usize) {
    let from = match line.chars().count() > SHOWN_MAX {
        true => column.saturating_sub(SHOWN_MAX / 2),
        false => 0,
    };
    let chars = line.chars().skip(from).take(SHOWN_MAX);
    let blank = |c: char| if c.is_control() { ' ' } else { c };
    (chars.map(blank).collect(), column - from)
}

/// Characters of a query that are shown.
const SHOWN_MAX: usize = 76;

#[cfg(test)]
mod tests;
