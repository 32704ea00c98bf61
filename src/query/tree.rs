//! A query as a tree, and the order in which its calls can be answered.
//!
//! What the grammar repeats (`a and b and c`, `1 + 2 + 3`) is one node with a list, so a tree is
//! only as deep as its text has brackets, and whoever walks it may do so by calling itself.

use std::time::Duration;

use super::number::Number;
use super::units::{Measure, Unit};

/// An expression.
#[derive(Debug, Clone, PartialEq)]
pub enum Expr {
    Or(Vec<Expr>),
    And(Vec<Expr>),
    Not(Box<Expr>),
    Compare(Box<Comparison>),
    /// Terms with what stands before each; before the first it is a plus.
    Sum(Vec<(Sign, Expr)>),
    /// Factors with what stands before each; before the first it is times.
    Product(Vec<(Times, Expr)>),
    /// As it was written.
    Number(Number, Unit),
    Text(String),
    Null,
    /// A field of the event at hand.
    Path(Path),
    Call(Box<Call>),
}

/// Two values, compared.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    pub left: Expr,
    pub operator: Operator,
    pub right: Expr,
}

/// How two values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    Equal,
    NotEqual,
    Less,
    AtMost,
    Greater,
    AtLeast,
    Contains,
}

impl Operator {
    /// All of them.
    pub const ALL: [Operator; 7] = [
        Operator::Equal,
        Operator::NotEqual,
        Operator::Less,
        Operator::AtMost,
        Operator::Greater,
        Operator::AtLeast,
        Operator::Contains,
    ];

    /// As it is written.
    pub fn mark(self) -> &'static str {
        match self {
            Operator::Equal => "=",
            Operator::NotEqual => "!=",
            Operator::Less => "<",
            Operator::AtMost => "<=",
            Operator::Greater => ">",
            Operator::AtLeast => ">=",
            Operator::Contains => "~",
        }
    }
}

/// Before a term.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    Plus,
    Minus,
}

/// Before a factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Times {
    Times,
    Over,
}

/// Names that lead to a value: `cwnd`, `why.rule`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path {
    names: Vec<String>,
    /// The same with its last name in its other spelling, if it has one.
    other: Option<Vec<String>>,
}

impl Path {
    /// A path by its names.
    pub fn new(names: Vec<String>) -> Path {
        let other = names.last().and_then(|last| other_spelling(last));
        let other = other.map(|other| {
            let mut spelt = names.clone();
            spelt.pop();
            spelt.push(other.to_owned());
            spelt
        });
        Path { names, other }
    }

    /// A path of one name.
    pub fn of(name: &str) -> Path {
        Path::new(vec![name.to_owned()])
    }

    /// The names, as they were written.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// All spellings, as it was written first: `cwnd`, then `congestion_window`.
    pub fn spellings(&self) -> impl Iterator<Item = &[String]> {
        let other = self.other.as_deref();
        std::iter::once(self.names.as_slice()).chain(other)
    }
}

/// `ss` and qlog have two names for some things.
fn other_spelling(name: &str) -> Option<&'static str> {
    SPELLINGS.into_iter().find_map(|(short, long)| match name {
        _ if name == short => Some(long),
        _ if name == long => Some(short),
        _ => None,
    })
}

const SPELLINGS: [(&str, &str); 3] = [
    ("cwnd", "congestion_window"),
    ("inflight", "bytes_in_flight"),
    ("srtt", "smoothed_rtt"),
];

/// Which events: `tcp:segment_sent`, `tcp:*`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kind(String);

impl Kind {
    /// By its name; an event of `*` stands for all.
    pub fn new(name: impl Into<String>) -> Kind {
        Kind(name.into())
    }

    /// As it is written.
    pub fn name(&self) -> &str {
        &self.0
    }

    /// The namespace and its colon, if all events of it are meant.
    pub fn all_of(&self) -> Option<&str> {
        self.0.strip_suffix('*')
    }

    /// Whether an event of that name is one.
    pub fn covers(&self, name: &str) -> bool {
        match self.all_of() {
            Some(prefix) => name.starts_with(prefix),
            None => name == self.0,
        }
    }
}

/// Some of the events of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Select {
    pub kind: Kind,
    pub filter: Option<Expr>,
}

/// A question about a whole run.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// Its place among the answers; what is asked inside it has a lower one.
    pub id: usize,
    pub what: What,
}

/// What is asked.
#[derive(Debug, Clone, PartialEq)]
pub enum What {
    /// How many.
    Count(Select),
    /// One event, or a field of it.
    Pick {
        which: Which,
        /// From 1.
        nth: usize,
        of: Select,
        path: Option<Path>,
    },
    /// One number from a field of many events.
    Fold { how: Fold, path: Path, of: Select },
    /// The time between two events.
    Between(Select, Select),
    /// A field as it was at a time, which is written with a unit.
    At(Number, Unit, Path),
}

/// From which end events are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    First,
    Last,
    /// From the first; it says its number always.
    Nth,
}

impl Which {
    /// All of them.
    pub const ALL: [Which; 3] = [Which::First, Which::Last, Which::Nth];

    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Which::First => "first",
            Which::Last => "last",
            Which::Nth => "nth",
        }
    }
}

/// How many numbers become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fold {
    Max,
    Min,
    Sum,
    Mean,
    P50,
    P95,
}

impl Fold {
    /// All of them.
    pub const ALL: [Fold; 6] = [
        Fold::Max,
        Fold::Min,
        Fold::Sum,
        Fold::Mean,
        Fold::P50,
        Fold::P95,
    ];

    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Fold::Max => "max",
            Fold::Min => "min",
            Fold::Sum => "sum",
            Fold::Mean => "mean",
            Fold::P50 => "p50",
            Fold::P95 => "p95",
        }
    }
}

impl What {
    /// What its selections ask of each event.
    fn filters(&self) -> Vec<&Expr> {
        let selects = match self {
            What::Count(of) | What::Pick { of, .. } | What::Fold { of, .. } => vec![of],
            What::Between(from, to) => vec![from, to],
            What::At(..) => Vec::new(),
        };
        let filters = selects.into_iter().map(|select| select.filter.as_ref());
        filters.flatten().collect()
    }

    fn filters_mut(&mut self) -> Vec<&mut Expr> {
        let selects = match self {
            What::Count(of) | What::Pick { of, .. } | What::Fold { of, .. } => vec![of],
            What::Between(from, to) => vec![from, to],
            What::At(..) => Vec::new(),
        };
        let filters = selects.into_iter().map(|select| select.filter.as_mut());
        filters.flatten().collect()
    }

    /// The instant of `at`; `None` for all others.
    pub fn instant(&self) -> Option<Duration> {
        match self {
            What::At(number, unit, _) => unit.scale(*number)?.to_time(),
            _ => None,
        }
    }
}

impl Expr {
    /// What it is made of, without what calls ask of events.
    pub fn parts(&self) -> Vec<&Expr> {
        match self {
            Expr::Or(parts) | Expr::And(parts) => parts.iter().collect(),
            Expr::Not(one) => vec![one],
            Expr::Compare(two) => vec![&two.left, &two.right],
            Expr::Sum(terms) => terms.iter().map(|(_, term)| term).collect(),
            Expr::Product(factors) => factors.iter().map(|(_, factor)| factor).collect(),
            Expr::Number(..) | Expr::Text(_) | Expr::Null | Expr::Path(_) | Expr::Call(_) => {
                Vec::new()
            }
        }
    }

    fn parts_mut(&mut self) -> Vec<&mut Expr> {
        match self {
            Expr::Or(parts) | Expr::And(parts) => parts.iter_mut().collect(),
            Expr::Not(one) => vec![one],
            Expr::Compare(two) => vec![&mut two.left, &mut two.right],
            Expr::Sum(terms) => terms.iter_mut().map(|(_, term)| term).collect(),
            Expr::Product(factors) => factors.iter_mut().map(|(_, factor)| factor).collect(),
            Expr::Number(..) | Expr::Text(_) | Expr::Null | Expr::Path(_) | Expr::Call(_) => {
                Vec::new()
            }
        }
    }

    /// What it measures.
    pub fn measure(&self) -> Measure {
        match self {
            Expr::Number(_, unit) => unit.measure(),
            Expr::Path(path) => of_path(path),
            Expr::Call(call) => match &call.what {
                What::Between(..) => Measure::Time,
                What::Pick { path, .. } => path.as_ref().map_or(Measure::Unknown, of_path),
                What::Fold { path, .. } | What::At(_, _, path) => of_path(path),
                What::Count(_) => Measure::Unknown,
            },
            Expr::Sum(terms) => terms
                .iter()
                .map(|(_, term)| term.measure())
                .find(|measure| *measure != Measure::Unknown)
                .unwrap_or(Measure::Unknown),
            Expr::Product(factors) => of_product(factors),
            _ => Measure::Unknown,
        }
    }
}

/// Of all fields only the time of an event says by its name what it measures.
fn of_path(path: &Path) -> Measure {
    match path.names() {
        [name] if name == "time" => Measure::Time,
        _ => Measure::Unknown,
    }
}

/// A multiple of a time is a time; what a field does to it, nobody knows.
fn of_product(factors: &[(Times, Expr)]) -> Measure {
    let mut measure = Measure::Unknown;
    for (times, factor) in factors {
        let plain = matches!(factor, Expr::Number(_, Unit::None));
        match (times, factor.measure()) {
            (_, Measure::Unknown) if plain => {}
            (Times::Times, known) if measure == Measure::Unknown && known != measure => {
                measure = known;
            }
            _ => return Measure::Unknown,
        }
    }
    measure
}

/// Gives each call its place, those inside others first. Answers in which round over the run each
/// can be answered, by its place: one whose filters ask for answers, in a later round than they.
pub fn number(expr: &mut Expr) -> Vec<usize> {
    let mut rounds = Vec::new();
    number_into(expr, &mut rounds);
    rounds
}

/// Answers how many rounds it takes until all that is asked in it is answered.
fn number_into(expr: &mut Expr, rounds: &mut Vec<usize>) -> usize {
    let mut needed = 0;
    for part in expr.parts_mut() {
        needed = needed.max(number_into(part, rounds));
    }
    let Expr::Call(call) = expr else {
        return needed;
    };
    for filter in call.what.filters_mut() {
        needed = needed.max(number_into(filter, rounds));
    }
    call.id = rounds.len();
    rounds.push(needed);
    needed + 1
}

/// The calls of an expression by their places.
pub fn calls<'e>(expr: &'e Expr, into: &mut Vec<&'e Call>) {
    for part in expr.parts() {
        calls(part, into);
    }
    if let Expr::Call(call) = expr {
        for filter in call.what.filters() {
            calls(filter, into);
        }
        into.push(call);
    }
}

#[cfg(test)]
mod tests;
