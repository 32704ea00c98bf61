//! One run, one folder: `pellucid-runs/0001-demo`, and `latest` beside it.
//!
//! The number goes up, nothing that exists is ever written over, and what is made can be read by
//! its owner alone: folders have mode 0700, files 0600, whatever the umask says. Files are made
//! with `O_EXCL | O_NOFOLLOW` inside a folder that stays open, so nobody who may write to the
//! place around it can put a link in the way.

use std::ffi::OsStr;
use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, FileType, FlockOperation, Mode, OFlags};
use rustix::io::Errno;

/// The folder of one run; files are made in it by name.
#[derive(Debug)]
pub struct RunFolder {
    dir: OwnedFd,
    path: PathBuf,
    name: String,
    is_latest: bool,
}

impl RunFolder {
    /// Makes the next folder in `place`, which is made too if it is missing: one more than the
    /// highest number there, a hyphen, and `label`. `latest` then points to it.
    ///
    /// In `label` anything but letters, digits and hyphens becomes a hyphen.
    ///
    /// # Errors
    ///
    /// [`RecordError`] if the place cannot be written to, or if something called `latest` is in
    /// the way that is not a link.
    pub fn create(place: &Path, label: &str) -> Result<RunFolder, RecordError> {
        RunFolder::make(place, label, true)
    }

    /// The same of what is no run: `latest` stays where it points.
    ///
    /// # Errors
    ///
    /// As of [`RunFolder::create`].
    pub fn create_beside(place: &Path, label: &str) -> Result<RunFolder, RecordError> {
        RunFolder::make(place, label, false)
    }

    fn make(place: &Path, label: &str, is_run: bool) -> Result<RunFolder, RecordError> {
        let fail = |path: &Path, source: io::Error| RecordError::new("create", path, source);
        let mut builder = DirBuilder::new();
        builder.recursive(true).mode(FOLDER_MODE.bits());
        builder.create(place).map_err(|e| fail(place, e))?;
        let around =
            open_folder(CWD, place.as_os_str(), OFlags::empty()).map_err(|e| fail(place, e))?;

        // Two runs that start together take turns. Where files cannot be locked, `mkdir` still
        // keeps them apart; then they may share a number.
        let _ = rustix::fs::flock(&around, FlockOperation::LockExclusive);
        let latest = place.join(LATEST);
        if taken_by_other_than_link(&around, LATEST) {
            return Err(fail(&latest, Errno::EXIST.into()));
        }
        let label = label.replace(|c: char| !c.is_ascii_alphanumeric(), "-");
        let highest = highest_number(place).map_err(|e| fail(place, e))?;
        for number in (highest + 1..).take(ATTEMPTS) {
            let name = format!("{number:04}-{label}");
            let path = place.join(&name);
            match rustix::fs::mkdirat(&around, &name, FOLDER_MODE) {
                Err(Errno::EXIST) => continue,
                made => made.map_err(|e| fail(&path, e.into()))?,
            }
            let dir = open_folder(&around, OsStr::new(&name), OFlags::NOFOLLOW)
                .map_err(|e| fail(&path, e))?;
            // The umask may have taken bits away; and only the owner of a folder may do this.
            rustix::fs::fchmod(&dir, FOLDER_MODE).map_err(|e| fail(&path, e.into()))?;
            let is_latest = is_run && point_to(&around, &name).is_ok();
            return Ok(RunFolder {
                dir,
                path,
                name,
                is_latest,
            });
        }
        Err(fail(place, Errno::EXIST.into()))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its name: `0001-demo`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether `latest` points to it; not so where the file system has no symbolic links.
    pub fn is_latest(&self) -> bool {
        self.is_latest
    }

    /// Makes a file in it, to be written to.
    ///
    /// # Errors
    ///
    /// [`RecordError`], also if there is a file of that name.
    pub fn create_file(&self, name: &str) -> Result<File, RecordError> {
        create_at(&self.dir, OsStr::new(name))
            .map_err(|e| RecordError::new("create", &self.path.join(name), e))
    }
}

/// Makes a file anywhere, by the same rules as those of a run: private, and never over another.
///
/// # Errors
///
/// [`RecordError`], also if there is a file of that name, or a link.
pub fn create_file(path: &Path) -> Result<File, RecordError> {
    create_at(CWD, path.as_os_str()).map_err(|e| RecordError::new("create", path, e))
}

/// A record that could not be made: which, why, and what to do about it.
#[derive(Debug, thiserror::Error)]
#[error("{}: {}\n  now:  {}", self.what(), self.why(), self.remedy())]
pub struct RecordError {
    doing: &'static str,
    path: PathBuf,
    source: io::Error,
}

impl RecordError {
    /// That `doing` something (a verb) to `path` failed.
    pub fn new(doing: &'static str, path: &Path, source: io::Error) -> RecordError {
        RecordError {
            doing,
            path: path.to_owned(),
            source,
        }
    }

    /// Which file or folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What was tried, and on what.
    pub fn what(&self) -> String {
        format!("cannot {} {}", self.doing, self.path.display())
    }

    /// Why it did not work.
    pub fn why(&self) -> String {
        let is_link = || self.path.is_symlink();
        match self.source.kind() {
            io::ErrorKind::AlreadyExists if is_link() => "it is a symbolic link".into(),
            io::ErrorKind::AlreadyExists => "it exists already".into(),
            _ => self.source.to_string(),
        }
    }

    /// What to do now.
    pub fn remedy(&self) -> &'static str {
        match self.source.kind() {
            io::ErrorKind::AlreadyExists => {
                "choose another name, or move it away: a record is never written over another"
            }
            io::ErrorKind::NotFound => "make the folder that it shall stand in first",
            io::ErrorKind::NotADirectory => "choose a folder: part of this path is a file",
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                "choose a place that you may write to"
            }
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                "make room, or choose a place on another disk"
            }
            _ => "choose another place",
        }
    }
}

fn open_folder(around: impl AsFd, name: &OsStr, more: OFlags) -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC | more;
    Ok(rustix::fs::openat(around, name, flags, Mode::empty())?)
}

fn create_at(folder: impl AsFd, name: &OsStr) -> io::Result<File> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = rustix::fs::openat(folder, name, flags, FILE_MODE)?;
    // The umask may have taken bits away.
    rustix::fs::fchmod(&file, FILE_MODE)?;
    Ok(File::from(file))
}

fn taken_by_other_than_link(around: &OwnedFd, name: &str) -> bool {
    rustix::fs::statat(around, name, AtFlags::SYMLINK_NOFOLLOW)
        .is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) != FileType::Symlink)
}

/// Moves `latest` in one step, so that it always points somewhere.
fn point_to(around: &OwnedFd, name: &str) -> io::Result<()> {
    let beside = format!(".{LATEST}-{name}");
    rustix::fs::symlinkat(name, around, &beside)?;
    Ok(rustix::fs::renameat(around, &beside, around, LATEST)?)
}

fn highest_number(place: &Path) -> io::Result<u32> {
    let mut highest = 0;
    for entry in fs::read_dir(place)? {
        highest = highest.max(number_of(&entry?.file_name()).unwrap_or(0));
    }
    Ok(highest)
}

/// The number that a folder's name begins with; names with other beginnings are none of ours.
pub(super) fn number_of(name: &OsStr) -> Option<u32> {
    let (digits, _) = name.to_str()?.split_once('-')?;
    let of_ours = (4..=DIGITS_MAX).contains(&digits.len());
    let all_digits = digits.bytes().all(|b| b.is_ascii_digit());
    (of_ours && all_digits).then(|| digits.parse().ok())?
}

const LATEST: &str = "latest";
const FOLDER_MODE: Mode = Mode::RWXU;
const FILE_MODE: Mode = Mode::RUSR.union(Mode::WUSR);
/// So that one more always fits a `u32`.
const DIGITS_MAX: usize = 9;
/// How many numbers are tried if others make folders at the same time.
const ATTEMPTS: usize = 100;

#[cfg(test)]
mod tests;
