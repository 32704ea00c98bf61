//! A run that is over: its folder, found by what people call it, and what lies in it.

use std::fs::File;
use std::io::{self, BufReader, Write};
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::events::{Damaged, Record, Records};
use super::folder::{RecordError, RunFolder, create_file, number_of};
use super::packets::{Packet, packets};

/// The folder of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finished {
    path: PathBuf,
}

/// Why a run cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// There is none that is called so.
    #[error("there is no run {which:?} in {}", place.display())]
    NoRun { which: String, place: PathBuf },
    /// What lies in it is not what it should be.
    #[error("{}: {source}", path.display())]
    File {
        path: PathBuf,
        #[source]
        source: Damaged,
    },
}

impl Finished {
    /// The run that is called `which`: `latest`, a number, a name like `0001-demo` of one in
    /// `place`, or the path of its folder.
    ///
    /// # Errors
    ///
    /// [`Unreadable::NoRun`].
    pub fn find(place: &Path, which: &str) -> Result<Finished, Unreadable> {
        let found = || -> Option<PathBuf> {
            let by_path = PathBuf::from(which);
            if which.contains('/') || which == "." {
                return by_path.is_dir().then_some(by_path);
            }
            let by_name = place.join(which);
            if !which.is_empty() && by_name.is_dir() {
                return Some(by_name);
            }
            if let Ok(number) = which.parse::<u32>() {
                let entries = std::fs::read_dir(place).ok()?;
                let mut names = entries.filter_map(|entry| Some(entry.ok()?.file_name()));
                let name = names.find(|name| number_of(name) == Some(number))?;
                return Some(place.join(name));
            }
            None
        };
        found()
            .map(|path| Finished { path })
            .ok_or_else(|| Unreadable::NoRun {
                which: which.to_owned(),
                place: place.to_owned(),
            })
    }

    /// The run whose folder was just made.
    pub fn of(folder: &RunFolder) -> Finished {
        Finished {
            path: folder.path().to_owned(),
        }
    }

    /// Its folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a file that is made of the others, in place of one that is there: whoever reads sees
    /// the old one or the new one, whole. Says where it is.
    ///
    /// # Errors
    ///
    /// [`RecordError`]; what was there is there still.
    pub fn replace(&self, name: &str, bytes: &[u8]) -> Result<PathBuf, RecordError> {
        let path = self.path.join(name);
        replace(&path, |file| file.write_all(bytes))?;
        Ok(path)
    }

    /// All that the stack told, in order; read as it is asked for.
    ///
    /// # Errors
    ///
    /// [`Unreadable::File`]: there is no such file, or it begins as another.
    pub fn events(&self) -> Result<Events, Unreadable> {
        let path = self.path.join(EVENTS);
        let fail = |source| Unreadable::File {
            path: path.clone(),
            source,
        };
        let file = File::open(&path).map_err(|error| fail(error.into()))?;
        let records = Records::of(BufReader::new(file)).map_err(fail)?;
        Ok(Events { path, records })
    }

    /// The file that they stand in, as it is.
    ///
    /// # Errors
    ///
    /// [`Unreadable::File`]: there is no such file.
    pub fn events_file(&self) -> Result<BufReader<File>, Unreadable> {
        let path = self.path.join(EVENTS);
        let file = File::open(&path).map_err(|error| Unreadable::File {
            path,
            source: error.into(),
        })?;
        Ok(BufReader::new(file))
    }

    /// The first `most` bytes of each packet that was captured; none if there is no capture.
    pub fn packets(&self, most: usize) -> Vec<Packet> {
        let file = File::open(self.path.join(CAPTURE)).ok();
        let read = file.and_then(|file| packets(BufReader::new(file), most).ok());
        read.unwrap_or_default()
    }

    /// What stands in `summary.json`, if it is there and whole.
    pub fn summary(&self) -> Option<Value> {
        serde_json::from_slice(&std::fs::read(self.path.join(SUMMARY)).ok()?).ok()
    }

    /// What stands in `run.toml`, if it is there.
    pub fn scenario(&self) -> Option<String> {
        std::fs::read_to_string(self.path.join(SCENARIO)).ok()
    }
}

/// Writes a file anywhere, in place of one that is there: whoever reads sees the old one or the
/// new one, whole.
///
/// # Errors
///
/// [`RecordError`]; what was there is there still.
pub fn replace(
    path: &Path,
    write: impl FnOnce(&mut File) -> io::Result<()>,
) -> Result<(), RecordError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let beside = path.with_file_name(format!(".{name}-{}", std::process::id()));
    let mut file = create_file(&beside)?;
    let written = write(&mut file).and_then(|()| file.sync_data());
    let moved = written.and_then(|()| std::fs::rename(&beside, path));
    if moved.is_err() {
        // What is left of it is of no use.
        let _ = std::fs::remove_file(&beside);
    }
    moved.map_err(|error| RecordError::new("write", path, error))
}

/// The events of a run.
#[derive(Debug)]
pub struct Events {
    path: PathBuf,
    records: Records<BufReader<File>>,
}

impl Events {
    /// What the host told whose packets were captured, and what links told; not what others did.
    pub fn of_vantage(self) -> impl Iterator<Item = Result<Record, Unreadable>> {
        let vantage = self.records.vantage().to_owned();
        self.filter(move |record| match record {
            Ok(record) => record.host == vantage || record.name.starts_with(LINKS),
            Err(_) => true,
        })
    }
}

impl Iterator for Events {
    type Item = Result<Record, Unreadable>;

    fn next(&mut self) -> Option<Result<Record, Unreadable>> {
        let record = self.records.next()?;
        Some(record.map_err(|source| Unreadable::File {
            path: self.path.clone(),
            source,
        }))
    }
}

/// How the kinds of events begin that links tell.
const LINKS: &str = "link:";
/// What lies in the folder of a run: what the stack told.
pub const EVENTS: &str = "events.jsonl";
/// The page.
pub const REPORT: &str = "report.html";
/// The numbers.
pub const SUMMARY: &str = "summary.json";
/// All that stacks were told, to be told again.
pub const TAPE: &str = "tape.plt";
/// What was asked for, with every default.
pub const SCENARIO: &str = "run.toml";
/// The journey as mermaid.
pub const JOURNEY: &str = "journey.mmd";
/// The packets.
pub const CAPTURE: &str = "capture.pcapng";
/// The packets, with a row for what was told between them.
pub const RICH: &str = "capture.rich.pcapng";

#[cfg(test)]
mod tests;
