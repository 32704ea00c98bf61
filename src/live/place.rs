//! Where stacks that run can be found: a folder of the user's own, and in it a socket each, named
//! by the process.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use rustix::process::geteuid;

/// The folder of the user who asks. To be asked before a private namespace is entered, in which
/// everybody is root.
pub fn folder() -> PathBuf {
    let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    match runtime.filter(|path| path.is_absolute() && path.is_dir()) {
        Some(path) => path.join("pellucid"),
        None => PathBuf::from(format!("/tmp/pellucid-{}", geteuid().as_raw())),
    }
}

/// Makes the folder, if need be, and makes sure that nobody else can reach into it.
///
/// # Errors
///
/// It cannot be made; `PermissionDenied` for one that is somebody else's, or open to others.
pub fn prepare(folder: &Path) -> io::Result<()> {
    match DirBuilder::new().mode(0o700).create(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => check(folder),
    }
}

/// A folder that others may write to may hold a socket of theirs under our name.
fn check(folder: &Path) -> io::Result<()> {
    let found = fs::symlink_metadata(folder)?;
    let is_ours = found.is_dir() && found.uid() == geteuid().as_raw() && found.mode() & 0o077 == 0;
    if is_ours {
        return Ok(());
    }
    let text = format!("{} is not a folder of this user alone", folder.display());
    Err(io::Error::new(io::ErrorKind::PermissionDenied, text))
}

/// The socket of a process.
pub fn socket(folder: &Path, process: u32) -> PathBuf {
    folder.join(format!("{process}{SUFFIX}"))
}

/// The processes that answer, with a connection to each, in the order of their numbers. What is
/// left of others is removed.
///
/// # Errors
///
/// The folder cannot be read, or is not ours alone. One that is missing is no error.
pub fn running(folder: &Path) -> io::Result<Vec<(u32, UnixStream)>> {
    match check(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        checked => checked?,
    }
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name();
        let process = name.to_str().and_then(|name| name.strip_suffix(SUFFIX));
        let Some(process) = process.and_then(|number| number.parse().ok()) else {
            continue;
        };
        if let Some(stream) = reach(&folder.join(&name)) {
            found.push((process, stream));
        }
    }
    found.sort_by_key(|(process, _)| *process);
    Ok(found)
}

/// Connects; a socket that nobody listens at is removed.
pub fn reach(path: &Path) -> Option<UnixStream> {
    match UnixStream::connect(path) {
        Ok(stream) => Some(stream),
        Err(error) => {
            if error.kind() == io::ErrorKind::ConnectionRefused {
                // Somebody else may have been quicker.
                let _ = fs::remove_file(path);
            }
            None
        }
    }
}

/// What the names of sockets end in.
const SUFFIX: &str = ".sock";

#[cfg(test)]
pub(super) mod tests;
