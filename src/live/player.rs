//! A run that is over, played: forwards as time goes, back and on by single events, and on to the
//! first that a query finds.

use crate::query::Selection;
use crate::runs::{Record, vocabulary};
use crate::why::{Log, explain};

use super::course::Course;
use super::message::Row;
use super::model::{Model, Playing, is_of_states};
use super::past::Past;

/// Plays the records of a run.
#[derive(Debug)]
pub struct Player {
    log: Log,
    /// How many of them have happened.
    at: usize,
    now: Past,
    /// What was known before every so many of them: going back begins there.
    marks: Vec<Past>,
    runs: bool,
    /// Where the run's time is, in microseconds.
    clock_us: u64,
    /// What was shown last, in the whole of the run.
    way: Way,
}

/// One connection in the whole of a run.
#[derive(Debug, Default)]
struct Way {
    of: Option<u64>,
    looks: Vec<Look>,
}

/// What there was to see of it after so many records.
#[derive(Debug)]
struct Look {
    after: usize,
    at_us: u64,
    row: Row,
}

impl Way {
    /// Looks at it now and then, and whenever its state is another.
    fn of(number: u64, records: &[Record]) -> Way {
        let name = format!("c{number}");
        let of_it = records.iter().zip(1..);
        let of_it = of_it.filter(|(record, _)| record.tuple.as_deref() == Some(&name));
        let us = |record: &Record| record.time.as_nanos() / 1000;
        let times = of_it.clone().map(|(record, _)| us(record));
        let span = times.clone().max().unwrap_or_default() - times.min().unwrap_or_default();
        let (mut past, mut next) = (Past::default(), 0);
        let mut looks = Vec::new();
        for (record, after) in of_it {
            past.hear(record);
            let at_us = us(record);
            let is_due = at_us >= next || is_of_states(record);
            if let Some(row) = past.row(number).filter(|_| is_due) {
                next = at_us + span / LOOKS;
                looks.push(Look { after, at_us, row });
            }
        }
        let of = Some(number);
        Way { of, looks }
    }

    /// Its course up to there.
    fn until(&self, at: usize) -> Course {
        let mut course = Course::default();
        for look in self.looks.iter().take_while(|look| look.after <= at) {
            course.learn(look.at_us, &look.row);
        }
        course
    }
}

impl Player {
    /// At the end of the run, where most is to be seen.
    pub fn of(records: Vec<Record>) -> Player {
        let mut player = Player {
            log: Log::new(records),
            at: 0,
            now: Past::default(),
            marks: Vec::new(),
            runs: false,
            clock_us: 0,
            way: Way::default(),
        };
        player.go_to(usize::MAX);
        player
    }

    /// Why one of them happened.
    pub fn explain(&self, event: &Record) -> Vec<String> {
        explain(&self.log, event)
    }

    /// Goes, or stops. At the end it begins anew.
    pub fn toggle(&mut self) {
        self.runs = !self.runs;
        if self.runs && self.at == self.log.records().len() {
            self.go_to(0);
        }
    }

    /// So much time has passed; whether anything has happened.
    pub fn pass(&mut self, us: u64) -> bool {
        if !self.runs {
            return false;
        }
        self.clock_us += us;
        let before = self.at;
        while let Some(next) = self.log.records().get(self.at) {
            if next.time.as_nanos() / 1000 > self.clock_us {
                break;
            }
            self.on();
        }
        self.runs = self.at < self.log.records().len();
        self.at != before || !self.runs
    }

    /// Some events on, or back; stops.
    pub fn step(&mut self, by: isize) {
        self.runs = false;
        self.go_to(self.at.saturating_add_signed(by));
    }

    /// Goes to where so many events have happened, or to the end.
    pub fn go_to(&mut self, at: usize) {
        let at = at.min(self.log.records().len());
        if at < self.at {
            let mark = (at / MARK_EVERY).min(self.marks.len().saturating_sub(1));
            self.now = self.marks.get(mark).cloned().unwrap_or_default();
            self.at = mark * MARK_EVERY;
        }
        while self.at < at {
            self.on();
        }
        let last = self
            .at
            .checked_sub(1)
            .and_then(|last| self.log.records().get(last));
        self.clock_us = last.map_or(0, |record| record.time.as_nanos() / 1000);
    }

    fn on(&mut self) {
        if self.at == self.marks.len() * MARK_EVERY {
            self.marks.push(self.now.clone());
        }
        if let Some(record) = self.log.records().get(self.at) {
            self.now.hear(record);
            self.at += 1;
        }
    }

    /// Goes on to the first event that a query finds, and stops behind it.
    ///
    /// # Errors
    ///
    /// The query is not understood, or finds nothing more: which, for people.
    pub fn break_at(&mut self, query: &str) -> Result<(), String> {
        let selection = Selection::parse(query, &vocabulary());
        let mut selection = selection.map_err(|error| error.what().to_owned())?;
        if selection.asks_the_run() {
            selection.settle(self.log.records());
        }
        let ahead = self.log.records().get(self.at..).unwrap_or_default();
        let found = ahead.iter().position(|record| selection.matches(record));
        let Some(found) = found else {
            return Err(format!("nothing more is {query}"));
        };
        self.runs = false;
        self.go_to(self.at + found + 1);
        Ok(())
    }

    /// Shows where it is.
    pub fn show(&mut self, model: &mut Model) {
        model.playing = Some(Playing {
            at: self.at,
            of: self.log.records().len(),
            runs: self.runs,
        });
        model.learn(self.now.snapshot());
        let Some(chosen) = model.chosen else {
            return;
        };
        if self.way.of != Some(chosen) {
            self.way = Way::of(chosen, self.log.records());
        }
        let mut course = self.way.until(self.at);
        if let Some(row) = model.chosen_row() {
            course.learn(model.snapshot.at_us, row);
        }
        model.courses.insert(chosen, course);
        let name = format!("c{chosen}");
        let happened = self.log.records().get(..self.at).unwrap_or_default();
        let of_it = happened.iter().rev();
        let of_it = of_it.filter(|record| record.tuple.as_deref() == Some(&name));
        let last: Vec<&Record> = of_it.take(SHOWN).collect();
        model.events = last.into_iter().rev().cloned().collect();
    }
}

/// Going back repeats at most so many events.
const MARK_EVERY: usize = 2048;
/// So often a connection is looked at for its graphs, besides its changes of state.
const LOOKS: u64 = 250;
/// Events of a connection that are shown.
const SHOWN: usize = 100;

#[cfg(test)]
mod tests;
