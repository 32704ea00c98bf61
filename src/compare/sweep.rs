//! Every variant with every seed, played on all cores.

use std::num::NonZeroUsize;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::scenario::{Invalid, Progress, Scenario};

use super::run::Run;

/// What is compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sweep {
    /// The text of the scenario.
    pub text: String,
    pub variants: Vec<Variant>,
    pub seeds: Vec<u64>,
}

/// One of the conditions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Variant {
    /// What it is called: `cubic`, `link.up.delay=40ms`.
    pub name: String,
    /// What is set otherwise, as for `--set`.
    pub set: Vec<String>,
}

/// A share of a sweep's runs: every so-manieth, so that shares are alike whatever differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shard {
    /// From 1.
    pub index: usize,
    pub of: NonZeroUsize,
}

impl Shard {
    /// All of it.
    pub const WHOLE: Shard = Shard {
        index: 1,
        of: NonZeroUsize::MIN,
    };

    /// Whether a run belongs to it, by its number from 0.
    pub fn has(self, run: usize) -> bool {
        run % self.of == self.index - 1
    }
}

/// Whoever wants to know how far it is, and may stop it. It is asked by several threads.
pub trait Watch: Sync {
    /// So many runs are over.
    fn reached(&self, runs: usize);

    /// Whether it shall end.
    fn is_stopped(&self) -> bool;
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

    /// How many of these a share has.
    pub fn len_of(&self, shard: Shard) -> usize {
        (0..self.len()).filter(|run| shard.has(*run)).count()
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

    /// Plays a share of it on so many threads; the runs, variant by variant. Fewer if it was
    /// stopped.
    ///
    /// # Errors
    ///
    /// What one of the runs could not be played for; all variants are looked at before any is
    /// played.
    pub fn play(
        &self,
        shard: Shard,
        threads: NonZeroUsize,
        watch: &dyn Watch,
    ) -> Result<Vec<Run>, Invalid> {
        for variant in 0..self.variants.len() {
            self.scenario(variant, 0)?.build()?;
        }
        let own: Vec<usize> = (0..self.len()).filter(|run| shard.has(*run)).collect();
        let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let found = Mutex::new(Vec::new());
        thread::scope(|scope| {
            for _ in 0..threads.get().min(own.len()) {
                scope.spawn(|| {
                    while let Some(index) = own.get(next.fetch_add(1, Ordering::Relaxed)).copied() {
                        let run = self.run(index, &Stopping(watch));
                        lock(&found).push((index, run));
                        watch.reached(done.fetch_add(1, Ordering::Relaxed) + 1);
                        if watch.is_stopped() {
                            next.store(own.len(), Ordering::Relaxed);
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
    fn run(&self, index: usize, progress: &dyn Progress) -> Result<Run, Invalid> {
        let (variant, of_seed) = (index / self.seeds.len(), index % self.seeds.len());
        let seed = self.seeds[of_seed];
        let measured = self.scenario(variant, seed)?.measure(progress)?;
        Ok(Run::of(variant, seed, measured))
    }
}

/// Lets a run go on as long as the sweep does.
struct Stopping<'a>(&'a dyn Watch);

impl Progress for Stopping<'_> {
    fn reached(&self, _: Duration) -> bool {
        !self.0.is_stopped()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
