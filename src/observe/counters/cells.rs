//! Numbers that one writes and others read.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// A number that one writes: it needs no exchange with other cores to count on.
#[derive(Debug, Default)]
pub struct Cell(AtomicU64);

impl Cell {
    pub fn add(&self, more: u64) {
        self.0
            .store(self.get().wrapping_add(more), Ordering::Relaxed);
    }

    pub fn take_back(&self, less: u64) {
        self.0
            .store(self.get().wrapping_sub(less), Ordering::Relaxed);
    }

    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A cell for each of the few dozen things that may happen, once they have: the reading end.
#[derive(Debug)]
pub struct Page<K>(Mutex<Vec<(K, Arc<Cell>)>>);

impl<K: Copy> Page<K> {
    /// How often each happened.
    pub fn read(&self) -> Vec<(K, u64)> {
        let cells = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        cells
            .iter()
            .map(|(what, cell)| (*what, cell.get()))
            .collect()
    }

    /// A cell for what has not happened before.
    fn open(&self, what: K) -> Arc<Cell> {
        let cell = Arc::<Cell>::default();
        let mut cells = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        cells.push((what, Arc::clone(&cell)));
        cell
    }
}

impl<K> Default for Page<K> {
    fn default() -> Page<K> {
        Page(Mutex::default())
    }
}

/// The writing end of a page. What happens most often comes to stand in front, so that most of the
/// time the first look finds it; a hash would cost more.
#[derive(Debug)]
pub struct Ledger<K>(Vec<(K, Arc<Cell>)>);

impl<K: Copy + Eq> Ledger<K> {
    /// One more of `what`; `page` is the other end.
    pub fn add(&mut self, page: &Page<K>, what: K) {
        let known = self.0.iter().position(|(known, _)| *known == what);
        let place = known.unwrap_or_else(|| {
            self.0.push((what, page.open(what)));
            self.0.len() - 1
        });
        let count = |place: usize| self.0[place].1.get();
        self.0[place].1.add(1);
        if place > 0 && count(place - 1) < count(place) {
            self.0.swap(place - 1, place);
        }
    }
}

impl<K> Default for Ledger<K> {
    fn default() -> Ledger<K> {
        Ledger(Vec::new())
    }
}
