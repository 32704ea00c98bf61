//! Every variant with every seed, played on all cores.

use std::num::NonZeroUsize;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use crate::scenario::{Invalid, Measured, Progress, Scenario};

/// What is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sweep {
    /// The text of the scenario.
    pub text: String,
    pub variants: Vec<Variant>,
    pub seeds: Vec<u64>,
}

/// One of the conditions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variant {
    /// What it is called: `cubic`, `link.up.delay=40ms`.
    pub name: String,
    /// What is set otherwise, as for `--set`.
    pub set: Vec<String>,
}

/// One run of a sweep.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// Which of the variants, from 0.
    pub variant: usize,
    pub seed: u64,
    pub measured: Measured,
}

/// Whoever wants to know how far it is, and may stop it. It is asked by several threads.
pub trait Watch: Sync {
    /// So many runs are over. Whether to go on.
    fn reached(&self, runs: usize) -> bool;
}

impl Sweep {
    /// How many runs it has.
    pub fn len(&self) -> usize {
        self.variants.len() * self.seeds.len()
    }

    /// Whether there is nothing to play.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The scenario of a variant with a seed.
    ///
    /// # Errors
    ///
    /// [`Invalid`]: what is set does not fit.
    pub fn scenario(&self, variant: usize, seed: u64) -> Result<Scenario, Invalid> {
        let mut set = self.variants[variant].set.clone();
        set.push(format!("seed={seed}"));
        Scenario::parse(&self.text, &set)
    }

    /// Plays all of it on so many threads; the runs, variant by variant. Fewer if it was stopped.
    ///
    /// # Errors
    ///
    /// What one of the runs could not be played for; all are looked at before any is played.
    pub fn play(&self, threads: NonZeroUsize, watch: &dyn Watch) -> Result<Vec<Outcome>, Invalid> {
        for variant in 0..self.variants.len() {
            self.scenario(variant, 0)?.build()?;
        }
        let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let found = Mutex::new(Vec::new());
        thread::scope(|scope| {
            for _ in 0..threads.get().min(self.len()) {
                scope.spawn(|| {
                    loop {
                        let index = next.fetch_add(1, Ordering::Relaxed);
                        if index >= self.len() {
                            return;
                        }
                        let run = self.run(index, &Stopping(&done, watch));
                        lock(&found).push((index, run));
                        if !watch.reached(done.fetch_add(1, Ordering::Relaxed) + 1) {
                            next.store(self.len(), Ordering::Relaxed);
                        }
                    }
                });
            }
        });
        let mut found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
        found.sort_by_key(|(index, _)| *index);
        found.into_iter().map(|(_, run)| run).collect()
    }

    /// Plays one run, by its number from 0.
    fn run(&self, index: usize, progress: &dyn Progress) -> Result<Outcome, Invalid> {
        let (variant, of_seed) = (index / self.seeds.len(), index % self.seeds.len());
        let seed = self.seeds[of_seed];
        Ok(Outcome {
            variant,
            seed,
            measured: self.scenario(variant, seed)?.measure(progress)?,
        })
    }
}

/// Lets a run go on as long as the sweep does.
struct Stopping<'a>(&'a AtomicUsize, &'a dyn Watch);

impl Progress for Stopping<'_> {
    fn reached(&self, _: Duration) -> bool {
        self.1.reached(self.0.load(Ordering::Relaxed))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
