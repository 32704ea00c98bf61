//! What was written where, so that exactly that can be taken away again.
//!
//! A file that is not as we left it is its user's: it is neither written over nor removed.

use std::fs;
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::runs::RecordError;

use super::kit::Item;

/// What became of a file that was to be installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placed {
    /// It is there now.
    Written,
    /// One of ours was there, of another version.
    Renewed,
    /// It was there.
    There,
    /// Another one is there, which is not ours: it stays.
    Kept,
}

/// What became of a file that was to be removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Left {
    /// It is gone now.
    Removed,
    /// It was gone.
    Gone,
    /// It is not as we left it: it stays.
    Kept,
}

/// Each file, and what became of it.
pub type Report<T> = Vec<(PathBuf, T)>;

/// What we have written.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Manifest {
    files: Vec<Entry>,
    /// Folders that were not there before, the outermost first.
    folders: Vec<PathBuf>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    path: PathBuf,
    sha256: String,
}

impl Manifest {
    /// What was written down; nothing if there is no such file, or one that makes no sense.
    fn read(path: &Path) -> Option<Manifest> {
        serde_json::from_slice(&fs::read(path).ok()?).ok()
    }

    fn sum_of(&self, path: &Path) -> Option<&str> {
        let entry = self.files.iter().find(|entry| entry.path == path)?;
        Some(&entry.sha256)
    }

    fn remember(&mut self, path: &Path, sha256: String) {
        self.files.retain(|entry| entry.path != path);
        let path = path.to_owned();
        self.files.push(Entry { path, sha256 });
    }
}

/// Writes the files, and what was written into `manifest`.
///
/// # Errors
///
/// [`RecordError`] of the first file that cannot be written; what was written before is in the
/// manifest.
pub fn install(kit: &[Item], manifest: &Path) -> Result<Report<Placed>, RecordError> {
    let mut known = Manifest::read(manifest).unwrap_or_default();
    let mut report = Vec::new();
    for item in kit {
        let placed = place(item, &mut known);
        // Whatever went wrong: what is there must be known.
        write_down(manifest, &mut known)?;
        let fail = |error| RecordError::new("write", &item.path, error);
        report.push((item.path.clone(), placed.map_err(fail)?));
    }
    Ok(report)
}

fn place(item: &Item, known: &mut Manifest) -> io::Result<Placed> {
    let (path, wanted) = (&item.path, sum(item.text.as_bytes()));
    let placed = match fs::read(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Placed::Written,
        Err(error) => return Err(error),
        Ok(there) if sum(&there) == wanted => Placed::There,
        Ok(there) if known.sum_of(path) == Some(&sum(&there)) => Placed::Renewed,
        Ok(_) => return Ok(Placed::Kept),
    };
    if placed != Placed::There {
        if let Some(folder) = path.parent() {
            make_folder(folder, &mut known.folders)?;
        }
        let mode = if item.part.is_program() { 0o755 } else { 0o644 };
        replace(path, item.text.as_bytes(), mode)?;
    }
    known.remember(path, wanted);
    Ok(placed)
}

/// Makes a folder and those around it that are missing, and says which it made.
fn make_folder(folder: &Path, made: &mut Vec<PathBuf>) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    if let Some(around) = folder.parent() {
        make_folder(around, made)?;
    }
    fs::create_dir(folder)?;
    made.push(folder.to_owned());
    Ok(())
}

/// Puts a file in its place in one step.
fn replace(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".new-{}", std::process::id()));
    let beside = PathBuf::from(beside);
    let mut options = fs::OpenOptions::new();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(&beside)?;
    let written = file
        .write_all(bytes)
        // The umask may have taken bits away that a program needs.
        .and_then(|()| file.set_permissions(fs::Permissions::from_mode(mode)))
        .and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        let _ = fs::remove_file(&beside);
    }
    written
}

fn write_down(path: &Path, known: &mut Manifest) -> Result<(), RecordError> {
    let fail = |error| RecordError::new("write", path, error);
    if let Some(folder) = path.parent() {
        make_folder(folder, &mut known.folders).map_err(fail)?;
    }
    let text = serde_json::to_vec_pretty(known).map_err(|error| fail(error.into()))?;
    replace(path, &text, 0o600).map_err(fail)
}

/// Removes what `manifest` says was written, and the folders that were made for it. `None`: nothing
/// was installed.
///
/// # Errors
///
/// [`RecordError`] of the first file that cannot be removed; it and those behind it are in the
/// manifest still.
pub fn uninstall(manifest: &Path) -> Result<Option<Report<Left>>, RecordError> {
    let Some(mut known) = Manifest::read(manifest) else {
        return Ok(None);
    };
    let mut report = Vec::new();
    while let Some(entry) = known.files.first() {
        let path = entry.path.clone();
        let left = match fs::read(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Left::Gone),
            Err(error) => Err(error),
            Ok(there) if sum(&there) == entry.sha256 => {
                fs::remove_file(&path).map(|()| Left::Removed)
            }
            Ok(_) => Ok(Left::Kept),
        };
        let left = match left {
            Ok(left) => left,
            Err(error) => {
                write_down(manifest, &mut known)?;
                return Err(RecordError::new("remove", &path, error));
            }
        };
        report.push((path, left));
        known.files.remove(0);
    }
    fs::remove_file(manifest).map_err(|error| RecordError::new("remove", manifest, error))?;
    for folder in known.folders.iter().rev() {
        // One that is not empty has something of somebody else's.
        let _ = fs::remove_dir(folder);
    }
    Ok(Some(report))
}

/// In hexadecimal.
fn sum(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests;
