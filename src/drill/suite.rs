//! Many scripts: found, run side by side, counted.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::judge::Report;
use super::outcome::Verdict;

/// The scripts that paths name: files as they are, folders searched for `*.pkt`, in byte order.
pub fn find(paths: &[PathBuf]) -> io::Result<Vec<PathBuf>> {
    let mut scripts = Vec::new();
    for path in paths {
        if !path.is_dir() {
            fs::metadata(path)?;
            scripts.push(path.clone());
            continue;
        }
        let mut found = Vec::new();
        let mut folders = vec![path.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder)? {
                let entry = entry?;
                let path = entry.path();
                // A link to a folder may lead in a circle.
                if entry.file_type()?.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|extension| extension == "pkt") {
                    found.push(path);
                }
            }
        }
        found.sort_by(|a, b| a.as_os_str().as_bytes().cmp(b.as_os_str().as_bytes()));
        scripts.extend(found);
    }
    Ok(scripts)
}

/// A script's text; bytes that are no UTF-8 are replaced.
pub fn read(path: &Path) -> io::Result<String> {
    let bytes = fs::read(path)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Does something with each of `items`, on so many threads; results in the order of the items.
pub fn each<T: Sync, R: Send>(items: &[T], jobs: usize, work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<(usize, R)>> = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..jobs.clamp(1, items.len().max(1)) {
            scope.spawn(|| {
                loop {
                    let nth = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(nth) else {
                        return;
                    };
                    let result = work(item);
                    if let Ok(mut done) = done.lock() {
                        done.push((nth, result));
                    }
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_default();
    done.sort_by_key(|(nth, _)| *nth);
    done.into_iter().map(|(_, result)| result).collect()
}

/// What came of a whole suite. The denominator is always all of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Totals {
    pub total: usize,
    pub pass: usize,
    pub fail: usize,
    pub skip: usize,
    /// Passed under packetdrill's own rules.
    pub reference: usize,
    /// And without a violation of a guard, or anything forgiven.
    pub clean: usize,
    /// Failed, and passed with relaxations: by the names of those that were needed.
    pub relaxed: BTreeMap<String, usize>,
    /// Scripts by what they were skipped for.
    pub skipped: BTreeMap<String, usize>,
    /// Failures by kind.
    pub failed: BTreeMap<String, usize>,
}

impl Totals {
    /// Of these reports.
    pub fn of(reports: &[Report]) -> Totals {
        let mut totals = Totals {
            total: reports.len(),
            ..Totals::default()
        };
        for report in reports {
            let run = &report.run;
            match run.verdict {
                Verdict::Pass => totals.pass += 1,
                Verdict::Fail => totals.fail += 1,
                Verdict::Skip => totals.skip += 1,
            }
            totals.reference += usize::from(run.reference);
            totals.clean += usize::from(run.clean);
            if let Some(names) = &report.relaxed {
                *totals.relaxed.entry(names.join(", ")).or_default() += 1;
            }
            for name in &run.skip {
                *totals.skipped.entry(name.clone()).or_default() += 1;
            }
            if let (Verdict::Fail, Some(reason)) = (run.verdict, &run.reason) {
                *totals.failed.entry(reason.kind.word()).or_default() += 1;
            }
        }
        totals
    }
}

#[cfg(test)]
mod tests;
