//! Applications that do one thing after another, as somebody at a keyboard would.
//!
//! A script may grow while it is played: what is added is done when all before it is.

use std::collections::VecDeque;
use std::time::Duration;

use crate::base::Instant;

use super::app::{App, Ending, Reading, Talk};
use super::line::Line;
use super::party::{Outcome, Party};
use super::range::{OutOfRange, between};

/// One thing that an application does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// It says something, until that is written, or what it asked for is answered.
    Talk(Talk),
    /// It waits until it has read so many bytes more than the step before waited for.
    Receive { bytes: u64 },
    /// It waits until it has read to the peer's end.
    ReceiveAll,
    /// From here on it reads so.
    Read(Reading),
    /// It waits for so long.
    Wait(Duration),
    /// Nagle's algorithm is off, or on.
    NoDelay(bool),
    /// It says that it will write no more, and reads on.
    Shutdown,
    /// It lets go: RFC 9293 section 3.10.4.
    Close,
    /// It aborts: RFC 9293 section 3.10.5.
    Abort,
}

/// What is left to do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Script {
    steps: VecDeque<Step>,
    has_begun: bool,
    /// Bytes that steps have waited for.
    received: u64,
    /// Until when a step waits.
    waits: Option<Instant>,
}

impl Step {
    /// Whether it can be done.
    ///
    /// # Errors
    ///
    /// The first value that is out of its range.
    pub fn check(&self) -> Result<(), OutOfRange> {
        let day = Duration::from_secs(86_400);
        match *self {
            Step::Talk(talk) => App {
                talk,
                ..App::sink()
            }
            .check(),
            Step::Read(reading) => App {
                reading,
                ..App::sink()
            }
            .check(),
            Step::Wait(time) => between("wait", time, Duration::ZERO..=day),
            _ => Ok(()),
        }
    }
}

impl FromIterator<Step> for Script {
    fn from_iter<I: IntoIterator<Item = Step>>(steps: I) -> Script {
        Script {
            steps: steps.into_iter().collect(),
            ..Script::default()
        }
    }
}

impl Extend<Step> for Script {
    fn extend<I: IntoIterator<Item = Step>>(&mut self, steps: I) {
        self.steps.extend(steps);
    }
}

impl Script {
    /// What an application is that follows a script: silent until it says otherwise, and it never
    /// ends by itself.
    pub const APP: App = App {
        talk: Talk::Silent,
        reading: Reading::Prompt,
        ending: Ending::Open,
        nodelay: false,
    };

    /// Until when a step waits.
    pub(super) fn waits(&self) -> Option<Instant> {
        self.waits
    }
}

impl<C> Party<C> {
    /// Takes the steps that can be taken now; whether there were any.
    pub(super) fn follow(&mut self, line: &mut impl Line, now: Instant) -> bool {
        let before = self.script.steps.len();
        while self.conn.is_some()
            && self.has_said_its_say(now)
            && let Some(step) = self.script.steps.front().copied()
            && self.take(step, line, now)
        {
            self.script.steps.pop_front();
        }
        self.script.steps.len() < before
    }

    /// Begins to say the first of what it is to say, before it reads anything: what has come
    /// already is part of what it answers.
    pub(super) fn begin_script(&mut self, line: &mut impl Line, now: Instant) {
        if std::mem::replace(&mut self.script.has_begun, true) || self.conn.is_none() {
            return;
        }
        while let Some(step) = self.script.steps.front().copied()
            && matches!(step, Step::Talk(_) | Step::Read(_) | Step::NoDelay(_))
            && self.take(step, line, now)
        {
            self.script.steps.pop_front();
            if matches!(step, Step::Talk(_)) {
                break;
            }
        }
    }

    /// Takes a step, unless it is too early for it.
    fn take(&mut self, step: Step, line: &mut impl Line, now: Instant) -> bool {
        let report = self.report;
        match step {
            Step::Talk(talk) => self.begin(talk),
            Step::Receive { bytes } => {
                if report.read < self.script.received + bytes && !report.peer_ended {
                    return false;
                }
                self.script.received += bytes;
            }
            Step::ReceiveAll => return report.peer_ended,
            Step::Read(reading) => self.read_like(reading, now),
            Step::Wait(time) => {
                let until = *self.script.waits.get_or_insert(now + time);
                if now < until {
                    return false;
                }
                self.script.waits = None;
            }
            Step::NoDelay(on) => line.set_nodelay(on),
            // RFC 9293 section 3.10.4: CLOSE in SYN-SENT deletes the connection and what it has
            // to say. A program connects first.
            Step::Shutdown | Step::Close if line.is_opening() => return false,
            Step::Shutdown => {
                self.shut_down();
                line.shutdown();
            }
            Step::Close => {
                line.close();
                self.end(now, Outcome::Clean);
            }
            Step::Abort => {
                line.abort();
                self.end(now, Outcome::Aborted);
            }
        }
        true
    }
}

#[cfg(test)]
mod tests;
