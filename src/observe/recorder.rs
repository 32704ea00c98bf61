//! The last events as lines of text, to be shown when something failed.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use crate::probe::{Observer, Told};

use super::line::Lines;

/// An observer that remembers the last events. Clones remember together: one is boxed into the
/// stack, another is asked.
#[derive(Debug, Clone)]
pub struct Recorder(Arc<Mutex<Ring>>);

#[derive(Debug)]
struct Ring {
    lines: Lines,
    last: VecDeque<String>,
    most: usize,
    forgotten: u64,
}

impl Recorder {
    /// Remembers the last `most` events.
    pub fn new(most: usize) -> Recorder {
        Recorder(Arc::new(Mutex::new(Ring {
            lines: Lines::new(),
            last: VecDeque::new(),
            most,
            forgotten: 0,
        })))
    }

    /// What is remembered, oldest first, a line an event; before them, how many are not.
    pub fn dump(&self) -> String {
        let ring = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut dump = String::new();
        if ring.forgotten > 0 {
            dump = format!("... {} events before these\n", ring.forgotten);
        }
        for line in &ring.last {
            dump.push_str(line);
            dump.push('\n');
        }
        dump
    }

    /// Shows what is remembered on standard error if the test fails before this is dropped.
    #[must_use = "it watches only as long as it is kept"]
    pub fn shown_on_failure(&self) -> ShownOnFailure {
        ShownOnFailure(self.clone())
    }
}

impl Observer for Recorder {
    fn told(&mut self, told: &Told<'_>) {
        let mut ring = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let line = format!("{} {}", told.at, ring.lines.line(told));
        ring.last.push_back(line);
        if ring.last.len() > ring.most {
            ring.last.pop_front();
            ring.forgotten += 1;
        }
    }
}

/// See [`Recorder::shown_on_failure`].
#[derive(Debug)]
pub struct ShownOnFailure(Recorder);

impl Drop for ShownOnFailure {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprint!("{}", self.0.dump());
        }
    }
}

#[cfg(test)]
mod tests;
