//! `compare.json`: a sweep, and as many of its runs as somebody has played.
//!
//! A share that was played elsewhere is put together with the others by its file. Every run is
//! the same wherever it was played, so it does not matter who played which, nor how often.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::run::Run;
use super::sweep::{Shard, Sweep};

/// The name of the file in its folder.
pub const COMPARISON: &str = "compare.json";

/// What stands in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    format: Format,
    /// What the scenario is called.
    pub name: String,
    pub sweep: Sweep,
    pub shard: Shard,
    /// By variant, then by seed as they stand in the sweep.
    pub runs: Vec<Run>,
}

/// Which version of the format it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Format {
    #[serde(rename = "pellucid-compare-1")]
    First,
}

/// Why files are not one whole.
#[derive(Debug, thiserror::Error)]
pub enum NotWhole {
    /// A file cannot be read.
    #[error("{0}: {1}", path.display(), source)]
    Io { path: PathBuf, source: io::Error },
    /// It is something else, or damaged.
    #[error("{0}: {1}", path.display(), source)]
    Format {
        path: PathBuf,
        source: serde_json::Error,
    },
    /// They were not asked the same.
    #[error("{0} is of another comparison than {1}: {what}", one.display(), first.display())]
    Other {
        one: PathBuf,
        first: PathBuf,
        /// What differs.
        what: &'static str,
    },
    /// They say different things of one run: one was played by another version.
    #[error("{0} says otherwise of {variant} with seed {seed}", one.display())]
    Contradicts {
        one: PathBuf,
        variant: String,
        seed: u64,
    },
    /// Some are missing.
    #[error("{missing} of {all} runs are missing, the first {variant} with seed {seed}")]
    Missing {
        missing: usize,
        all: usize,
        variant: String,
        seed: u64,
    },
}

impl Part {
    /// The runs of a share.
    pub fn new(name: &str, sweep: Sweep, shard: Shard, runs: Vec<Run>) -> Part {
        Part {
            format: Format::First,
            name: name.to_owned(),
            sweep,
            shard,
            runs,
        }
    }

    /// Reads one from its file, or from the folder that it is in.
    ///
    /// # Errors
    ///
    /// [`NotWhole`]: what is wrong with the file, and where.
    pub fn read(path: &Path) -> Result<Part, NotWhole> {
        let path = match path.is_dir() {
            true => path.join(COMPARISON),
            false => path.to_owned(),
        };
        let text = match std::fs::read(&path) {
            Ok(text) => text,
            Err(source) => return Err(NotWhole::Io { path, source }),
        };
        Part::parse(&text).map_err(|source| NotWhole::Format { path, source })
    }

    fn parse(text: &[u8]) -> Result<Part, serde_json::Error> {
        let part: Part = serde_json::from_slice(text)?;
        let is_of = |run: &Run| {
            run.variant < part.sweep.variants.len() && part.sweep.seeds.contains(&run.seed)
        };
        match part.runs.iter().all(is_of) {
            true => Ok(part),
            false => Err(serde::de::Error::custom(
                "a run of no variant or seed that it names",
            )),
        }
    }

    /// Writes it as one line of JSON.
    ///
    /// # Errors
    ///
    /// Those of the writer.
    pub fn write(&self, out: &mut impl Write) -> io::Result<()> {
        serde_json::to_writer(&mut *out, self)?;
        writeln!(out)
    }

    /// Several as one that lacks nothing.
    ///
    /// # Errors
    ///
    /// [`NotWhole`]: why they are not. There must be at least one.
    pub fn merge(parts: Vec<(PathBuf, Part)>) -> Result<Part, NotWhole> {
        let mut all: BTreeMap<(usize, u64), Run> = BTreeMap::new();
        let mut whole: Option<(PathBuf, Part)> = None;
        for (path, part) in parts {
            let (first, Part { name, sweep, .. }) = whole.get_or_insert_with(|| {
                (
                    path.clone(),
                    Part {
                        runs: Vec::new(),
                        ..part.clone()
                    },
                )
            });
            if let Some(what) = difference((name, sweep), (&part.name, &part.sweep)) {
                let first = first.clone();
                return Err(NotWhole::Other {
                    one: path,
                    first,
                    what,
                });
            }
            for run in part.runs {
                let (variant, seed) = (run.variant, run.seed);
                let known = all.entry((variant, seed)).or_insert_with(|| run.clone());
                if *known != run {
                    let variant = part.sweep.variants[variant].name.clone();
                    return Err(NotWhole::Contradicts {
                        one: path,
                        variant,
                        seed,
                    });
                }
            }
        }
        let Some((_, whole)) = whole else {
            let source = io::ErrorKind::NotFound.into();
            let path = PathBuf::from(COMPARISON);
            return Err(NotWhole::Io { path, source });
        };
        whole.filled(all)
    }

    fn filled(self, mut all: BTreeMap<(usize, u64), Run>) -> Result<Part, NotWhole> {
        let (mut runs, mut missing) = (Vec::new(), Vec::new());
        for (place, variant) in self.sweep.variants.iter().enumerate() {
            for seed in &self.sweep.seeds {
                match all.remove(&(place, *seed)) {
                    Some(run) => runs.push(run),
                    None => missing.push((variant.name.clone(), *seed)),
                }
            }
        }
        let count = missing.len();
        match missing.into_iter().next() {
            None => Ok(Part {
                shard: Shard::WHOLE,
                runs,
                ..self
            }),
            Some((variant, seed)) => Err(NotWhole::Missing {
                missing: count,
                all: self.sweep.len(),
                variant,
                seed,
            }),
        }
    }
}

/// In what two sweeps differ.
fn difference(one: (&String, &Sweep), other: (&String, &Sweep)) -> Option<&'static str> {
    let ((name, sweep), (other_name, other)) = (one, other);
    if name != other_name || sweep.text != other.text {
        Some("the scenario")
    } else if sweep.variants != other.variants {
        Some("the variants")
    } else if sweep.seeds != other.seeds {
        Some("the seeds")
    } else {
        None
    }
}

#[cfg(test)]
mod tests;
