//! What `top` knows: the last snapshot, how it came to be, and what is being looked at.

use std::collections::{BTreeMap, VecDeque};

use crate::report::text::plain;
use crate::runs::Record;

use super::course::Course;
use super::message::{Known, Listening, Row, Snapshot};
use super::ss::{Filter, state_name};

/// All that the screen shows.
#[derive(Debug, Default)]
pub struct Model {
    /// Who it is, for the first line.
    pub title: String,
    pub snapshot: Snapshot,
    /// What became of each connection, by its number.
    pub courses: BTreeMap<u64, Course>,
    /// The connection that the cursor is on.
    pub chosen: Option<u64>,
    /// Its last events, the newest last.
    pub events: VecDeque<Record>,
    pub missed: u64,
    /// The event that somebody asks why about.
    pub asked: Option<Asked>,
    pub view: View,
    /// What is typed, and what it is for.
    pub typing: Option<(Typing, String)>,
    /// What was typed last as a filter.
    pub filter: String,
    /// A line for the reader: what went wrong, or what to do.
    pub note: String,
    /// `None`: a stack that runs; else how far a run is played.
    pub playing: Option<Playing>,
    /// The first row that fits the screen.
    pub scrolled: usize,
}

/// What fills the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum View {
    /// The list, and below it the chosen connection.
    #[default]
    Both,
    /// The course of the chosen connection.
    Graphs,
    /// The states that it was in.
    States,
    /// Why one of its last events happened.
    Why,
    /// What became of packets.
    Endings,
    Help,
}

/// An event, explained.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    pub event: Record,
    pub lines: Vec<String>,
    /// How many of these are above the screen.
    pub scrolled: usize,
}

/// What is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Typing {
    Filter,
    Break,
}

/// How far a run is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Playing {
    pub at: usize,
    pub of: usize,
    pub runs: bool,
}

impl Model {
    /// A snapshot has come.
    pub fn learn(&mut self, snapshot: Snapshot) {
        if snapshot.at_us < self.snapshot.at_us {
            // A run is played from an earlier place.
            self.courses.clear();
        }
        for row in &snapshot.rows {
            let course = self.courses.entry(row.id).or_default();
            course.learn(snapshot.at_us, row);
        }
        let rows = &snapshot.rows;
        self.courses
            .retain(|id, _| rows.iter().any(|row| row.id == *id));
        self.snapshot = snapshot;
        if self.chosen_row().is_none() {
            self.choose(self.shown().first().map(|row| row.id));
        }
    }

    /// Something happened to a connection.
    pub fn hear(&mut self, of: u64, record: Record) {
        if self.chosen == Some(of) {
            let state = is_of_states(&record).then(|| record.text("new")).flatten();
            if let (Some(state), Some(course)) = (state, self.courses.get_mut(&of)) {
                course.enter(record.time.as_nanos() / 1000, state);
            }
            self.events.push_back(record);
            if self.events.len() > EVENTS_MAX {
                self.events.pop_front();
            }
        }
    }

    /// The rows that the filter lets through, the busiest first.
    pub fn shown(&self) -> Vec<&Row> {
        let wanted = self.filter.as_str();
        let rows = self.snapshot.rows.iter();
        rows.filter(|row| matches(wanted, row)).collect()
    }

    /// The listeners that the filter lets through.
    pub fn listeners(&self) -> Vec<&Listening> {
        let all = self.snapshot.listening.iter();
        all.filter(|one| listener_matches(&self.filter, one))
            .collect()
    }

    /// The row of the chosen connection.
    pub fn chosen_row(&self) -> Option<&Row> {
        let chosen = self.chosen?;
        self.shown().into_iter().find(|row| row.id == chosen)
    }

    /// Looks at another connection.
    pub fn choose(&mut self, id: Option<u64>) {
        if self.chosen != id {
            self.chosen = id;
            self.events.clear();
            self.missed = 0;
            self.asked = None;
        }
    }

    /// Those of its last events that are worth a line, the newest last.
    pub fn told(&self) -> Vec<&Record> {
        let events = self.events.iter();
        events.filter(|record| is_worth(record)).collect()
    }

    /// The event so many lines below the one that is asked about, or the last if there is none.
    pub fn further(&self, by: isize) -> Option<&Record> {
        let told = self.told();
        let last = told.len().saturating_sub(1);
        let asked = self.asked.as_ref();
        let at = asked.and_then(|asked| told.iter().position(|one| **one == asked.event));
        let at = match at {
            Some(at) => at.saturating_add_signed(by).min(last),
            // It has gone by.
            None if asked.is_some() && by < 0 => 0,
            None => last,
        };
        told.get(at).copied()
    }

    /// Moves the cursor by so many rows.
    pub fn step(&mut self, by: isize) {
        let ids: Vec<u64> = self.shown().iter().map(|row| row.id).collect();
        let at = ids.iter().position(|id| Some(*id) == self.chosen);
        let next = at.unwrap_or_default().saturating_add_signed(by);
        self.choose(ids.get(next.min(ids.len().saturating_sub(1))).copied());
    }
}

/// Whether it tells what state a connection has entered.
pub fn is_of_states(record: &Record) -> bool {
    matches!(record.name.as_str(), "tcp:opened" | "tcp:state_updated")
}

/// Whether a row has all the words that were typed: a state, a port as `:80`, or a part of a
/// socket.
pub fn matches(wanted: &str, row: &Row) -> bool {
    wanted.split_whitespace().all(|word| {
        let port = word.strip_prefix(':').and_then(|port| port.parse().ok());
        if let Some(port) = port {
            let ports = vec![port];
            let filter = Filter {
                ports,
                ..Filter::default()
            };
            return filter.has(row);
        }
        let word = word.to_ascii_lowercase();
        row.state.replace('_', "-").contains(&word)
            || state_name(&row.state).to_ascii_lowercase().contains(&word)
            || row.local.to_string().contains(&word)
            || row.remote.to_string().contains(&word)
    })
}

/// The same for a listener.
fn listener_matches(wanted: &str, one: &Listening) -> bool {
    let port = format!(":{}", one.local.port());
    wanted.split_whitespace().all(|word| {
        let word = word.to_ascii_lowercase();
        "listen".contains(&word) || port == word || one.at().contains(&word)
    })
}

/// `17.5k`: a number in five characters.
pub fn short(number: u64) -> String {
    let mut value = number as f64;
    if number < 10_000 {
        return number.to_string();
    }
    for unit in ["k", "M", "G", "T", "P", "E"] {
        value /= 1000.0;
        if value < 999.5 {
            let digits = usize::from(value < 99.95);
            return format!("{value:.digits$}{unit}");
        }
    }
    // No more than 18 of the last.
    format!("{value:.0}")
}

/// Milliseconds in five characters: `0.21`, `81.2`, `1204`.
pub fn ms(us: u64) -> String {
    let ms = us as f64 / 1000.0;
    match us {
        ..10_000 => format!("{ms:.2}"),
        10_000..1_000_000 => format!("{ms:.1}"),
        _ => format!("{ms:.0}"),
    }
}

/// Why a connection spoke last, in words that do no harm.
pub fn why(known: &Known) -> String {
    known
        .why
        .as_ref()
        .map_or(String::new(), |why| plain(&why.text))
}

/// Whether it says more than what stands above the events already.
fn is_worth(record: &Record) -> bool {
    match record.name.as_str() {
        "tcp:timer_updated" => record.text("event") == Some("expired"),
        "tcp:metrics_updated" | "app:called" | "tcp:blocked_by_updated" => false,
        "ip:packet_received" | "sim:clock" => false,
        _ => true,
    }
}

/// As many as make the lines of a tall screen.
const EVENTS_MAX: usize = 1000;

#[cfg(test)]
mod tests;
