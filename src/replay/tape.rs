//! A tape that is being written: off the way of packets, by a thread of its own.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Write};
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, JoinHandle};

use serde::Serialize;

use crate::base::{Instant, Seed};
use crate::observe::queue::{Bounds, Overflow, Queue};
use crate::probe::{Observer, Told};
use crate::stack::{Input, Recorder, Stack};

use super::record::{CHECK_EVERY, FORM, Record, between};
use super::sum::Sum;

/// A tape that stacks are recorded on.
#[derive(Debug, Clone)]
pub struct Tape(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    full: Queue<Vec<u8>>,
    writer: Mutex<Option<JoinHandle<io::Result<u64>>>>,
}

#[derive(Debug)]
struct State {
    /// What is not on its way to the file yet.
    buffer: Vec<u8>,
    stacks: Vec<OnTape>,
    /// Nothing is written any more.
    is_over: bool,
}

/// A stack that is recorded.
#[derive(Debug)]
struct OnTape {
    last: Instant,
    inputs: u64,
    sum: Sum,
}

impl Tape {
    /// Begins to write to `file`.
    ///
    /// # Errors
    ///
    /// There is no thread to be had.
    pub fn begin(file: File) -> io::Result<Tape> {
        let first = format!("{FORM} · pellucid {}\n", env!("CARGO_PKG_VERSION"));
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                buffer: first.into_bytes(),
                stacks: Vec::new(),
                is_over: false,
            }),
            full: Queue::new(WAITING, Overflow::Wait),
            writer: Mutex::new(None),
        });
        let writing = Arc::clone(&shared);
        let thread = Builder::new().name("tape".to_owned());
        let writer = thread.spawn(move || {
            let written = write_all(&writing.full, file);
            writing.full.abandon();
            written
        })?;
        *lock(&shared.writer) = Some(writer);
        Ok(Tape(shared))
    }

    /// Records a stack that was just made from `seed`, and has been told nothing. `index` says
    /// which it is of several.
    pub fn record(&self, index: u16, host: &str, seed: Seed, stack: &mut Stack) {
        let mut state = self.0.lock();
        let place = usize::from(index);
        while state.stacks.len() <= place {
            state.stacks.push(OnTape::new());
        }
        state.stacks[place] = OnTape::new();
        state.write(&Record::Born {
            stack: index,
            host: Cow::Borrowed(host),
            config: Cow::Borrowed(stack.config()),
            seed,
        });
        drop(state);
        let hand = Hand {
            stack: index,
            shared: Arc::clone(&self.0),
        };
        stack.observe(Box::new(hand.clone()));
        stack.record(Box::new(hand));
    }

    /// Records the stacks of a network of ours: what [`crate::net::Options`] take.
    pub fn of_network(&self, host: &str) -> impl FnMut(u16, Seed, &mut Stack) + use<> {
        let (tape, host) = (self.clone(), host.to_owned());
        move |index, seed, stack| tape.record(index, &host, seed, stack)
    }

    /// Writes what is left, and says how long the file is. To be called once the stacks are told
    /// nothing more; what they are told afterwards is on no tape.
    ///
    /// # Errors
    ///
    /// Whatever went wrong with the file, at any time.
    pub fn finish(&self) -> io::Result<u64> {
        let mut state = self.0.lock();
        if !mem::replace(&mut state.is_over, true) {
            let totals: Vec<_> = state.stacks.iter().map(OnTape::totals).collect();
            for (stack, totals) in (0..).zip(totals) {
                state.put(&Record::Over { stack, totals });
            }
        }
        let rest = mem::take(&mut state.buffer);
        drop(state);
        let len = rest.len();
        self.0.full.push(rest, len);
        self.0.full.close();
        match lock(&self.0.writer).take() {
            // It does not panic.
            Some(writer) => writer.join().unwrap_or(Ok(0)),
            None => Ok(0),
        }
    }
}

/// What one stack holds.
#[derive(Debug, Clone)]
struct Hand {
    stack: u16,
    shared: Arc<Shared>,
}

impl Recorder for Hand {
    fn input(&mut self, at: Instant, input: &Input<'_>) {
        let mut state = self.shared.lock();
        let Some(of) = state.stacks.get_mut(usize::from(self.stack)) else {
            return;
        };
        let after = between(of.last, at);
        let check = of.check_due();
        of.last = of.last.max(at);
        of.inputs += 1;
        let stack = self.stack;
        if let Some(totals) = check {
            state.write(&Record::Check { stack, totals });
        }
        state.write(&Record::Input {
            stack,
            after,
            input: input.clone(),
        });
        if state.buffer.len() < ENOUGH {
            return;
        }
        let full = mem::replace(&mut state.buffer, Vec::with_capacity(ENOUGH));
        drop(state);
        let len = full.len();
        self.shared.full.push(full, len);
    }
}

impl Observer for Hand {
    fn told(&mut self, told: &Told<'_>) {
        let mut state = self.shared.lock();
        if let Some(of) = state.stacks.get_mut(usize::from(self.stack)) {
            of.sum.add(told);
        }
    }
}

impl OnTape {
    fn new() -> OnTape {
        OnTape {
            last: Instant::BIRTH,
            inputs: 0,
            sum: Sum::new(),
        }
    }

    fn totals(&self) -> super::Totals {
        self.sum.totals(self.inputs)
    }

    fn check_due(&self) -> Option<super::Totals> {
        let due = self.inputs > 0 && self.inputs.is_multiple_of(CHECK_EVERY);
        due.then(|| self.totals())
    }
}

impl State {
    fn write(&mut self, record: &Record<'_>) {
        if !self.is_over {
            self.put(record);
        }
    }

    fn put(&mut self, record: &Record<'_>) {
        append(&mut self.buffer, record);
    }
}

/// Puts a record behind what is there.
fn append(buffer: &mut Vec<u8>, record: &impl Serialize) {
    // All of it has a form: no length is unknown, no map is unordered.
    let Ok(bytes) = postcard::to_stdvec(record) else {
        return;
    };
    let mut len = bytes.len() as u64;
    loop {
        let low = (len & 0x7f) as u8;
        len >>= 7;
        if len == 0 {
            buffer.push(low);
            break;
        }
        buffer.push(low | 0x80);
    }
    buffer.extend_from_slice(&bytes);
}

fn write_all(full: &Queue<Vec<u8>>, mut file: File) -> io::Result<u64> {
    let mut written = 0;
    while let Some(entries) = full.take() {
        for (bytes, _) in entries {
            file.write_all(&bytes)?;
            written += bytes.len() as u64;
        }
    }
    file.flush()?;
    Ok(written)
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What is handed to the writer at once, in bytes.
const ENOUGH: usize = 256 << 10;
/// What waits for a slow disk before everybody does.
const WAITING: Bounds = Bounds {
    entries: 64,
    bytes: 64 << 20,
};
