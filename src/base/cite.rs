//! Citations as values: the clause that a decision obeys.
//!
//! The same value reaches the capture's comment, the counters and the map of RFC sections, so a
//! citation can be tested: `tests/it/tidy.rs` looks each section up in the RFC's list.

use std::fmt;

/// A clause: where it is written, and the section there. Numbered rules inside a section follow
/// it in parentheses, as in `5 (5.5)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Cite {
    /// The document.
    pub source: Source,
    /// The section, in the document's own numbering; a house rule's name.
    pub section: &'static str,
}

/// Where a clause is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Source {
    /// An RFC, by number.
    Rfc(u16),
    /// An Internet-Draft, by name without its version.
    Draft(&'static str),
    /// `docs/choices.md`: what no standard settles.
    House,
}

impl fmt::Display for Cite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.source {
            Source::Rfc(number) => write!(f, "RFC {number} {}", self.section),
            Source::Draft(name) => write!(f, "{name} {}", self.section),
            Source::House => write!(f, "house {}", self.section),
        }
    }
}

/// A section of an RFC: `rfc!(5961, "3.2")`.
#[macro_export]
macro_rules! rfc {
    ($number:literal, $section:literal) => {
        $crate::base::Cite {
            source: $crate::base::Source::Rfc($number),
            section: $section,
        }
    };
}

/// A section of a draft: `draft!("draft-ietf-ccwg-bbr", "5.3.1")`.
#[macro_export]
macro_rules! draft {
    ($name:literal, $section:literal) => {
        $crate::base::Cite {
            source: $crate::base::Source::Draft($name),
            section: $section,
        }
    };
}

/// A choice of the house, explained under its name in `docs/choices.md`: `house!("rto-min")`.
#[macro_export]
macro_rules! house {
    ($name:literal) => {
        $crate::base::Cite {
            source: $crate::base::Source::House,
            section: $name,
        }
    };
}

#[cfg(test)]
mod tests;
