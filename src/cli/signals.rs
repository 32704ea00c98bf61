//! The first signal asks us to end in order, with captures closed; the second ends us at once.

use std::io;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use anyhow::Context;
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::{flag, low_level};
use tokio::io::AsyncReadExt;

use super::trouble::Code;

/// Signals that ask us to end.
#[derive(Debug)]
pub struct Signals {
    which: Arc<AtomicUsize>,
    bell: UnixStream,
}

/// A signal that came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signal(u8);

impl Signal {
    /// By custom 128 and the signal's number: 130, 143.
    pub fn code(self) -> Code {
        Code::Of(128 + self.0)
    }
}

impl Signals {
    /// Listens from here on. Starts no thread.
    pub fn listen() -> anyhow::Result<Signals> {
        Signals::listen_to(&ENDING)
    }

    /// The same for whoever runs a shell: what the keyboard sends is for the shell, and we outlive
    /// it.
    pub fn listen_in_shell() -> anyhow::Result<Signals> {
        for signal in KEYBOARD {
            // A handler, unlike `ignore`, is not handed on to the command.
            flag::register(signal, Arc::default())?;
        }
        Signals::listen_to(&ENDING[1..])
    }

    fn listen_to(signals: &[i32]) -> anyhow::Result<Signals> {
        let which = Arc::new(AtomicUsize::new(0));
        let (bell, rope) = UnixStream::pair().context("cannot make a pair of sockets")?;
        bell.set_nonblocking(true)?;
        for &signal in signals {
            let came = Arc::new(AtomicBool::new(false));
            // In this order: whoever finds the flag set has come second.
            flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(&came))?;
            flag::register(signal, came)?;
            flag::register_usize(signal, Arc::clone(&which), signal as usize)?;
            low_level::pipe::register(signal, rope.try_clone()?)?;
        }
        Ok(Signals { which, bell })
    }

    /// The signal that came, if one did.
    pub fn came(&self) -> Option<Signal> {
        match self.which.load(Ordering::Relaxed) {
            0 => None,
            signal => u8::try_from(signal).ok().map(Signal),
        }
    }

    /// Does `work` on a runtime of its own until it is done or a signal comes: then which. What the
    /// work left running ends with it.
    pub fn interrupt<T>(
        &self,
        work: impl Future<Output = anyhow::Result<T>>,
    ) -> anyhow::Result<Result<T, Signal>> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        runtime.block_on(async {
            tokio::select! {
                done = work => done.map(Ok),
                signal = self.wait() => Ok(Err(signal?)),
            }
        })
    }

    /// Waits for one. To be called inside a tokio runtime with I/O.
    pub async fn wait(&self) -> io::Result<Signal> {
        let mut bell = tokio::net::UnixStream::from_std(self.bell.try_clone()?)?;
        loop {
            if let Some(signal) = self.came() {
                return Ok(signal);
            }
            bell.read_u8().await?;
        }
    }
}

/// What the keyboard sends to everybody in the foreground.
const KEYBOARD: [i32; 2] = [SIGINT, SIGQUIT];

/// What asks us to end: Ctrl-C, `kill`, and a terminal that closes.
const ENDING: [i32; 3] = [SIGINT, SIGTERM, SIGHUP];
