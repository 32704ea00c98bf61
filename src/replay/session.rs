//! A walk through a run: forward, back, to a packet or an instant, to where a query first holds.
//!
//! What happened is read in the run's events, what a connection knew then from stacks that do it
//! again. Back is the beginning once more, and forward from there.

use std::path::Path;

use crate::base::Instant;
use crate::query::Selection;
use crate::runs::Record;

use super::player::{Player, ReplayError, Step};
use super::reader::DamagedTape;
use super::variables::{Variable, variables};

/// A run that somebody walks through.
#[derive(Debug)]
pub struct Session {
    player: Player,
    /// All that was told, in order; nothing for a tape that lies alone.
    events: Vec<Record>,
    /// The input that was fed last.
    last: Option<Step>,
    /// The place among the events at which a query held last.
    held_at: Option<usize>,
}

/// Where to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Behind a frame of the capture.
    Frame(u64),
    /// Behind an event.
    Event(u64),
    /// Behind all that happened up to a time of the events.
    Time(Instant),
    /// Behind so many inputs.
    Input(u64),
    /// The end.
    End,
}

/// Why one cannot go there.
#[derive(Debug, thiserror::Error)]
pub enum Lost {
    #[error(transparent)]
    Replay(#[from] ReplayError),
    /// There is no such place.
    #[error("{0}")]
    Nowhere(String),
}

/// A connection, as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// Whose stack it is on.
    pub host: String,
    /// Its two sockets.
    pub pair: String,
    pub variables: Vec<Variable>,
}

impl Session {
    /// The beginning of the tape at `path`, of a run that told `events`.
    ///
    /// # Errors
    ///
    /// [`DamagedTape`], if it cannot be opened or does not begin as a tape.
    pub fn open(path: &Path, events: Vec<Record>) -> Result<Session, DamagedTape> {
        Ok(Session {
            player: Player::open(path)?,
            events,
            last: None,
            held_at: None,
        })
    }

    /// What plays.
    pub fn player(&self) -> &Player {
        &self.player
    }

    /// The input that was fed last; `None` at the beginning.
    pub fn last(&self) -> Option<&Step> {
        self.last.as_ref()
    }

    /// The next input; `false` at the end.
    ///
    /// # Errors
    ///
    /// [`ReplayError`].
    pub fn step(&mut self) -> Result<bool, ReplayError> {
        let step = self.player.step()?;
        let goes_on = step.is_some();
        if goes_on {
            self.last = step;
        }
        Ok(goes_on)
    }

    /// As many inputs back, or to the beginning.
    ///
    /// # Errors
    ///
    /// [`ReplayError`].
    pub fn back(&mut self, count: u64) -> Result<(), ReplayError> {
        let to = self.player.position().saturating_sub(count);
        self.rewind()?;
        while self.player.position() < to && self.step()? {}
        Ok(())
    }

    /// Goes there, forward or back.
    ///
    /// # Errors
    ///
    /// [`Lost`]; for a place that is not there it stands where it stood.
    pub fn go(&mut self, place: Place) -> Result<(), Lost> {
        match place {
            Place::End => {
                while self.step()? {}
                Ok(())
            }
            Place::Input(number) => {
                if number < self.player.position() {
                    self.rewind()?;
                }
                while self.player.position() < number && self.step()? {}
                Ok(())
            }
            Place::Frame(frame) => {
                let found = self.events.iter().find(|one| one.frame() == Some(frame));
                let missing = || Lost::Nowhere(format!("there is no frame {frame}"));
                let (id, host) = found.and_then(named).ok_or_else(missing)?;
                self.go_behind(id, &host)
            }
            Place::Event(id) => {
                let found = self.events.iter().find(|one| one.id == Some(id));
                let missing = || Lost::Nowhere(format!("there is no event e{id} of a stack"));
                let (id, host) = found.and_then(named).ok_or_else(missing)?;
                self.go_behind(id, &host)
            }
            Place::Time(at) => {
                let before = self.events.iter().filter(|one| one.time <= at);
                let found = before.filter_map(named).next_back();
                let missing = || Lost::Nowhere(format!("nothing happened up to +{at} s"));
                let (id, host) = found.ok_or_else(missing)?;
                self.go_behind(id, &host)
            }
        }
    }

    /// Goes on to the next event that `selection` takes; says which. `None`: there is none, and it
    /// stands where it stood.
    ///
    /// # Errors
    ///
    /// [`ReplayError`].
    pub fn go_on_to(&mut self, selection: &Selection) -> Result<Option<Record>, Lost> {
        let first = self.first_ahead();
        let mut ahead = self.events.iter().enumerate().skip(first);
        let Some((place, found)) = ahead.find(|(_, one)| selection.matches(*one)) else {
            return Ok(None);
        };
        let found = found.clone();
        // What a link did happened behind what stacks had told by then.
        let before = self
            .events
            .iter()
            .take(place + 1)
            .filter_map(named)
            .next_back();
        if let Some((id, host)) = before {
            self.go_behind(id, &host)?;
        }
        self.held_at = Some(place);
        Ok(Some(found))
    }

    /// The place of the first event that has not happened yet.
    fn first_ahead(&self) -> usize {
        let is_told = |one: &Record| named(one).is_none_or(|(id, host)| self.has_told(id, &host));
        let told = self.events.iter().take_while(|one| is_told(one)).count();
        // Links tell what they do once the stacks have told why.
        let of_links = self
            .events
            .iter()
            .take(told)
            .rev()
            .take_while(|one| is_of_link(one));
        let first = told - of_links.count();
        self.held_at.map_or(first, |at| first.max(at + 1))
    }

    /// Goes on until a variable of this name changes in any connection; what it was and is. `None`
    /// at the end.
    ///
    /// # Errors
    ///
    /// [`ReplayError`].
    pub fn watch(&mut self, name: &str) -> Result<Option<Change>, ReplayError> {
        let mut before = self.state();
        while self.step()? {
            let after = self.state();
            if let Some(change) = change_of(name, &before, &after) {
                return Ok(Some(change));
            }
            before = after;
        }
        Ok(None)
    }

    /// Every connection of every stack, as it stands.
    pub fn state(&self) -> Vec<Shown> {
        let mut all = Vec::new();
        for (stack, host, now) in self.player.stacks() {
            let mut sights: Vec<_> = stack
                .everyone(CONNECTIONS_MAX)
                .into_iter()
                .filter_map(|whose| stack.sight(now, whose))
                .collect();
            sights.sort_by_key(|sight| sight.number);
            all.extend(sights.iter().map(|sight| Shown {
                host: host.to_owned(),
                pair: format!("{} → {}", sight.pair.local, sight.pair.remote),
                variables: variables(sight, now),
            }));
        }
        all
    }

    /// What the last input led to.
    pub fn effects(&self) -> Vec<&Record> {
        let Some(step) = &self.last else {
            return Vec::new();
        };
        let of_step = |record: &&Record| {
            record.host == step.host && record.id.is_some_and(|id| step.told.contains(&id))
        };
        self.events.iter().filter(of_step).collect()
    }

    fn rewind(&mut self) -> Result<(), ReplayError> {
        (self.last, self.held_at) = (None, None);
        Ok(self.player.rewind()?)
    }

    fn go_behind(&mut self, id: u64, host: &str) -> Result<(), Lost> {
        if self.has_told(id, host) {
            self.rewind()?;
        }
        while !self.has_told(id, host) {
            if !self.step()? {
                let what = format!("the tape ends before e{id} of {host}");
                return Err(Lost::Nowhere(what));
            }
        }
        Ok(())
    }

    /// Whether a stack has told an event by now.
    fn has_told(&self, id: u64, host: &str) -> bool {
        let mut stacks = self.player.stacks();
        stacks.any(|(stack, of, _)| of == host && stack.next_event().0.get() > id)
    }
}

/// A variable that changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub host: String,
    pub pair: String,
    pub name: String,
    /// `None` for one that was not there.
    pub before: Option<String>,
    pub after: Option<String>,
}

/// The first change from one state to the next of a variable of this name, or of any.
fn change_of(name: &str, before: &[Shown], after: &[Shown]) -> Option<Change> {
    let value = |all: &[Shown], of: &Shown| {
        let same = all
            .iter()
            .find(|one| one.pair == of.pair && one.host == of.host)?;
        let found = same.variables.iter().find(|one| is_called(one, name))?;
        Some(found.value.clone())
    };
    before.iter().chain(after).find_map(|of| {
        let (then, now) = (value(before, of), value(after, of));
        (then != now).then(|| Change {
            host: of.host.clone(),
            pair: of.pair.clone(),
            name: name.to_owned(),
            before: then,
            after: now,
        })
    })
}

/// Names are the RFCs', however they are written.
fn is_called(variable: &Variable, name: &str) -> bool {
    variable.name.eq_ignore_ascii_case(name)
}

/// An event of a stack, by its number and whose it is; links have no stack.
fn named(record: &Record) -> Option<(u64, String)> {
    let id = record.id.filter(|_| !is_of_link(record))?;
    Some((id, record.host.clone()))
}

fn is_of_link(record: &Record) -> bool {
    record.name.starts_with("link:")
}

/// More are not shown.
const CONNECTIONS_MAX: usize = 1_000;
