//! Standard output, given to a capture: for `tshark -r -`, and for Wireshark while it runs.
//!
//! Everything else that would stand there goes to standard error from then on, also what a command
//! says that we start: a capture with a line of text in it is none.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, IsTerminal, Write, stdout};
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::thread::Builder;

use anyhow::Context;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::fcntl_dupfd_cloexec;
use rustix::process::{Signal, getpid, kill_process};
use rustix::stdio::dup2_stdout;

use crate::observe::pcapng::Store;
use crate::report::text::plain;
use crate::runs::{RecordError, create_file};

use super::trouble::Trouble;

/// Where somebody wants a capture: a file of its own or a pipe that has a name, or standard output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    File(PathBuf),
    StandardOutput,
}

impl Target {
    /// What `--capture` was given.
    pub fn of(path: &Path) -> Target {
        match path.as_os_str() == "-" {
            true => Target::StandardOutput,
            false => Target::File(path.to_owned()),
        }
    }

    /// Opens it. To be called while there is no thread.
    pub fn open(&self) -> anyhow::Result<Outlet> {
        Ok(match self {
            Target::File(path) if is_pipe(path) => {
                let fifo = OpenOptions::new().write(true).open(path);
                let fail = |error| RecordError::new("write to", path, error);
                Outlet::to_reader(fifo.map_err(fail)?)
            }
            Target::File(path) => Outlet {
                to: create_file(path)?,
                is_pipe: false,
                is_read: true,
            },
            Target::StandardOutput => Outlet::to_reader(take_stdout()?),
        })
    }

    /// What people call it.
    pub fn said(&self) -> String {
        match self {
            Target::File(path) => plain(&path.display().to_string()),
            Target::StandardOutput => "standard output".into(),
        }
    }
}

/// Whether somebody has made a pipe of this name, to read from.
fn is_pipe(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|there| there.file_type().is_fifo())
}

/// The file behind standard output, which becomes another name of standard error.
fn take_stdout() -> anyhow::Result<File> {
    if stdout().is_terminal() {
        let now = "pipe it: --capture - | wireshark -k -i -; or name a file";
        let what = "no capture on a terminal";
        return Err(Trouble::usage(what, "it is not text", now).into());
    }
    let taken = fcntl_dupfd_cloexec(stdout(), FIRST).context("cannot keep standard output")?;
    dup2_stdout(io::stderr()).context("cannot send text to standard error")?;
    Ok(File::from(taken))
}

/// Where a capture flows.
#[derive(Debug)]
pub struct Outlet {
    to: File,
    is_pipe: bool,
    is_read: bool,
}

impl Outlet {
    /// Into a pipe, of which nothing can be taken back.
    pub fn to_reader(to: File) -> Outlet {
        Outlet {
            to,
            is_pipe: true,
            is_read: true,
        }
    }

    /// Lets us end as by a hang-up, in order and in silence, when the reader of a pipe is gone:
    /// then nobody is left for whom to capture. Starts a thread: where nothing happens, nothing is
    /// written that could fail.
    pub fn hang_up_with_reader(self) -> anyhow::Result<Outlet> {
        let pipe = self.to.try_clone()?;
        let watch = move || {
            let mut pipe = [PollFd::new(&pipe, PollFlags::empty())];
            // Only what is wrong with it is waited for. If waiting fails, writing will, too.
            if poll(&mut pipe, None).is_ok() {
                let _ = kill_process(getpid(), Signal::HUP);
            }
        };
        let thread = Builder::new().name("pellucid-reader".into());
        thread.spawn(watch).context("cannot start a thread")?;
        Ok(self)
    }
}

impl Write for Outlet {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !self.is_read {
            return Ok(bytes.len());
        }
        match self.to.write(bytes) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                self.is_read = false;
                Ok(bytes.len())
            }
            written => written,
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Store for Outlet {
    fn cut(&mut self, len: u64) -> io::Result<()> {
        match self.is_pipe {
            true => Err(ErrorKind::Unsupported.into()),
            false => self.to.cut(len),
        }
    }

    fn amend(&mut self, at: u64, bytes: &[u8]) -> io::Result<()> {
        match self.is_pipe {
            true => Err(ErrorKind::Unsupported.into()),
            false => self.to.amend(at, bytes),
        }
    }
}

/// A file, and beside it somebody who may read along.
#[derive(Debug)]
pub struct Tee {
    /// What is kept.
    pub file: File,
    /// What is read along; none any more once it takes no more.
    pub along: Option<Outlet>,
}

impl Write for Tee {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        if let Some(along) = &mut self.along
            && let Err(error) = along.write_all(&bytes[..written])
        {
            log::warn!("nothing more is copied, everything else goes on: {error}");
            self.along = None;
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Store for Tee {
    fn cut(&mut self, len: u64) -> io::Result<()> {
        // What was read along cannot be taken back.
        self.along = None;
        self.file.cut(len)
    }

    fn amend(&mut self, at: u64, bytes: &[u8]) -> io::Result<()> {
        self.file.amend(at, bytes)
    }
}

/// Behind standard error.
const FIRST: i32 = 3;
