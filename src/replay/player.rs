//! Fresh stacks, fed from a tape, and held to what it says they did.

use std::any::Any;
use std::fmt;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::base::Instant;
use crate::probe::{Observer, Told};
use crate::stack::{Input, Stack};

use super::reader::{DamagedTape, Reader};
use super::record::{Record, Totals};
use super::sum::Sum;

/// Stacks that do again what is on a tape.
#[derive(Debug)]
pub struct Player {
    path: PathBuf,
    reader: Reader,
    stacks: Vec<Option<Playing>>,
    /// How many inputs were fed, to all of them.
    position: u64,
    /// How many checks held.
    checks: u64,
}

/// One of them.
#[derive(Debug)]
struct Playing {
    stack: Stack,
    host: String,
    now: Instant,
    inputs: u64,
    sum: Arc<Mutex<Sum>>,
    /// The inputs at its last check.
    checked: u64,
    is_over: bool,
}

/// What was fed.
#[derive(Debug, Clone)]
pub struct Step {
    /// Whose stack.
    pub host: String,
    /// The numbers of the events that were told then.
    pub told: Range<u64>,
    /// By the stack's clock.
    pub at: Instant,
    /// What it was told, in words.
    pub what: String,
}

/// Why a tape cannot be played further.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    #[error(transparent)]
    Damaged(#[from] DamagedTape),
    /// Something is told to a stack that was never made.
    #[error("stack {0} is told something before it is made")]
    Unborn(u16),
    /// The stack does something else than it did.
    #[error("{0}")]
    Diverged(Box<Divergence>),
    /// The stack broke a promise of its own.
    #[error("input {input}: {what}")]
    Broken { input: u64, what: String },
}

/// Where a stack does something else than it did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Divergence {
    pub host: String,
    /// The input up to which all was the same.
    pub same_until: u64,
    /// What the tape says it had done.
    pub then: Totals,
    /// What it has done.
    pub now: Totals,
    /// Its clock.
    pub at: Instant,
}

impl fmt::Display for Divergence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Divergence {
            host,
            same_until,
            then,
            now,
            ..
        } = self;
        write!(
            f,
            "{host} does something else between inputs {same_until} and {}: then {} packets and \
             {} events, now {} and {}",
            then.inputs, then.packets, then.events, now.packets, now.events
        )
    }
}

impl Player {
    /// The beginning of the tape at `path`.
    ///
    /// # Errors
    ///
    /// [`DamagedTape`], if it cannot be opened or does not begin as a tape.
    pub fn open(path: &Path) -> Result<Player, DamagedTape> {
        Ok(Player {
            path: path.to_owned(),
            reader: Reader::open(path)?,
            stacks: Vec::new(),
            position: 0,
            checks: 0,
        })
    }

    /// Goes back to the beginning.
    ///
    /// # Errors
    ///
    /// As for [`Player::open`].
    pub fn rewind(&mut self) -> Result<(), DamagedTape> {
        *self = Player::open(&self.path)?;
        Ok(())
    }

    /// Feeds the next input; `None` behind the last.
    ///
    /// # Errors
    ///
    /// [`ReplayError`]; where it stands then is the last that was the same.
    pub fn step(&mut self) -> Result<Option<Step>, ReplayError> {
        loop {
            let Some(record) = self.reader.next_record()? else {
                return Ok(None);
            };
            let index = record.stack();
            let place = usize::from(index);
            match record {
                Record::Born {
                    host, config, seed, ..
                } => {
                    let stack = Stack::new(config.into_owned(), seed);
                    while self.stacks.len() <= place {
                        self.stacks.push(None);
                    }
                    self.stacks[place] = Some(Playing::new(stack, host.into_owned()));
                }
                Record::Check { totals, .. } => {
                    let playing = born(&mut self.stacks, index)?;
                    playing.compare(&totals)?;
                    self.checks += 1;
                }
                Record::Over { totals, .. } => {
                    // One that was never made has done nothing.
                    if let Some(Some(playing)) = self.stacks.get_mut(place) {
                        playing.compare(&totals)?;
                        playing.is_over = true;
                        self.checks += 1;
                    }
                }
                Record::Input { after, input, .. } => {
                    let playing = born(&mut self.stacks, index)?;
                    let at = playing.now + std::time::Duration::from_nanos(after);
                    playing.now = at;
                    playing.inputs += 1;
                    let first = playing.stack.next_event().0.get();
                    let feed = AssertUnwindSafe(|| playing.stack.feed(at, &input));
                    if let Err(panic) = catch_unwind(feed) {
                        let (input, what) = (self.position + 1, words_of(&*panic));
                        return Err(ReplayError::Broken { input, what });
                    }
                    self.position += 1;
                    let next = playing.stack.next_event().0.get();
                    return Ok(Some(Step {
                        host: playing.host.clone(),
                        told: first..next,
                        at,
                        what: in_words(&input),
                    }));
                }
            }
        }
    }

    /// How many inputs were fed.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// How many times what was done was compared, and was the same.
    pub fn checks(&self) -> u64 {
        self.checks
    }

    /// How much of the tape was read, in bytes.
    pub fn offset(&self) -> u64 {
        self.reader.offset()
    }

    /// Each stack, whose it is and what its clock shows.
    pub fn stacks(&self) -> impl Iterator<Item = (&Stack, &str, Instant)> {
        let there = self.stacks.iter().flatten();
        there.map(|playing| (&playing.stack, playing.host.as_str(), playing.now))
    }

    /// What all stacks together have done.
    pub fn totals(&self) -> (u64, u64, u64) {
        let totals = self.stacks.iter().flatten().map(Playing::totals);
        totals.fold((0, 0, 0), |(inputs, packets, events), one| {
            (
                inputs + one.inputs,
                packets + one.packets,
                events + one.events,
            )
        })
    }

    /// Whether the tape says of every stack how it ended: otherwise whoever wrote it was stopped.
    pub fn is_whole(&self) -> bool {
        self.stacks.iter().flatten().all(|playing| playing.is_over)
    }
}

fn born(stacks: &mut [Option<Playing>], index: u16) -> Result<&mut Playing, ReplayError> {
    let playing = stacks.get_mut(usize::from(index)).and_then(Option::as_mut);
    playing.ok_or(ReplayError::Unborn(index))
}

impl Playing {
    fn new(mut stack: Stack, host: String) -> Playing {
        let sum = Arc::new(Mutex::new(Sum::new()));
        stack.observe(Box::new(Summing(Arc::clone(&sum))));
        Playing {
            stack,
            host,
            now: Instant::BIRTH,
            inputs: 0,
            sum,
            checked: 0,
            is_over: false,
        }
    }

    fn totals(&self) -> Totals {
        let sum = self.sum.lock().unwrap_or_else(PoisonError::into_inner);
        sum.totals(self.inputs)
    }

    fn compare(&mut self, then: &Totals) -> Result<(), ReplayError> {
        let now = self.totals();
        if now == *then {
            self.checked = now.inputs;
            return Ok(());
        }
        Err(ReplayError::Diverged(Box::new(Divergence {
            host: self.host.clone(),
            same_until: self.checked,
            then: *then,
            now,
            at: self.now,
        })))
    }
}

#[derive(Debug)]
struct Summing(Arc<Mutex<Sum>>);

impl Observer for Summing {
    fn told(&mut self, told: &Told<'_>) {
        let mut sum = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sum.add(told);
    }
}

/// An input as people would say it; of text only how long it is.
fn in_words(input: &Input<'_>) -> String {
    match input {
        Input::Receive { bytes, .. } => format!("a packet of {} bytes comes", bytes.len()),
        Input::Transmit => "packets are asked for".to_owned(),
        Input::Timeout => "time is told: something is due".to_owned(),
        Input::On(_, asked) => format!("the application calls {}", name_of(asked)),
        other => format!("the owner calls {}", name_of(other)),
    }
}

/// What a panic says, on its first line.
fn words_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    let line = text.and_then(|text| text.lines().next());
    line.unwrap_or("nothing more is known").to_owned()
}

/// The name of an enum's variant.
fn name_of(value: &impl fmt::Debug) -> String {
    let text = format!("{value:?}");
    let end = text.find(|c: char| !c.is_ascii_alphanumeric());
    text[..end.unwrap_or(text.len())].to_owned()
}
