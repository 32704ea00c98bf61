//! A bounded queue from whoever watches to the thread that writes.
//!
//! Bounded in entries and in bytes. When it is full the watcher either lets the entry go, counted,
//! so that the way of a packet never waits; or it waits, so that nothing is missing.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// What to do with an entry when the queue is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Overflow {
    /// Let it go and count it: packets never wait for a disk.
    #[default]
    Drop,
    /// Wait for room: nothing is missing, and a slow disk is felt.
    Wait,
}

/// The queue; both ends hold it by reference.
#[derive(Debug)]
pub struct Queue<T> {
    state: Mutex<State<T>>,
    /// Something came, or no more will.
    came: Condvar,
    /// Something went, or nobody takes any more.
    went: Condvar,
    overflow: Overflow,
    most: Bounds,
}

/// How much a queue holds.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// At most so many entries.
    pub entries: usize,
    /// At most so many bytes in all of them; an entry alone may have more.
    pub bytes: usize,
}

#[derive(Debug)]
struct State<T> {
    entries: VecDeque<(T, usize)>,
    bytes: usize,
    dropped: u64,
    /// No more will come.
    closed: bool,
    /// Nobody takes any more.
    abandoned: bool,
}

impl<T> Queue<T> {
    /// An empty queue.
    pub fn new(most: Bounds, overflow: Overflow) -> Queue<T> {
        Queue {
            state: Mutex::new(State {
                entries: VecDeque::new(),
                bytes: 0,
                dropped: 0,
                closed: false,
                abandoned: false,
            }),
            came: Condvar::new(),
            went: Condvar::new(),
            overflow,
            most,
        }
    }

    /// Puts in an entry of `bytes` bytes; says whether it is in.
    pub fn push(&self, entry: T, bytes: usize) -> bool {
        let mut state = self.lock();
        while !state.has_room(bytes, self.most) {
            let gone = self.overflow == Overflow::Drop || state.closed || state.abandoned;
            if gone {
                state.dropped += 1;
                return false;
            }
            state = self
                .went
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        state.entries.push_back((entry, bytes));
        state.bytes += bytes;
        drop(state);
        self.came.notify_one();
        true
    }

    /// Takes all entries, oldest first, or waits until there are some. `None` once the queue is
    /// closed and empty.
    pub fn take(&self) -> Option<VecDeque<(T, usize)>> {
        let mut state = self.lock();
        while state.entries.is_empty() {
            if state.closed {
                return None;
            }
            state = self
                .came
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        state.bytes = 0;
        let taken = std::mem::take(&mut state.entries);
        drop(state);
        self.went.notify_all();
        Some(taken)
    }

    /// No more may come: what is in can still be taken.
    pub fn close(&self) {
        self.lock().closed = true;
        self.came.notify_all();
        self.went.notify_all();
    }

    /// Nobody will take any more: whoever waits for room need not.
    pub fn abandon(&self) {
        self.lock().abandoned = true;
        self.went.notify_all();
    }

    /// How many entries were let go.
    pub fn dropped(&self) -> u64 {
        self.lock().dropped
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> State<T> {
    fn has_room(&self, bytes: usize, most: Bounds) -> bool {
        let fits = self.entries.is_empty() || self.bytes + bytes <= most.bytes;
        fits && self.entries.len() < most.entries && !self.closed && !self.abandoned
    }
}

#[cfg(test)]
mod tests;
