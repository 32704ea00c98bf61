//! Scripted applications: what one end of a connection writes, how it reads, how it ends.
//!
//! An application is data; `party` plays it. It does what a program over sockets does, and only
//! when it was woken, so a wake-up that the stack forgets leaves it waiting for ever, which is then
//! found. What it writes is known to the other end (`contents`), and every byte read is compared.

use std::time::Duration;

use super::range::{OutOfRange, between};

/// One end of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct App {
    pub talk: Talk,
    pub reading: Reading,
    pub ending: Ending,
    /// Nagle's algorithm is off.
    pub nodelay: bool,
}

/// What it writes. Sizes are bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Talk {
    /// Nothing.
    Silent,
    /// So much, as fast as it is taken.
    Bulk { bytes: u64 },
    /// So much, a piece at a time: one byte, if it likes.
    Pieces {
        bytes: u64,
        piece: u64,
        every: Duration,
    },
    /// Requests, each when the answer to the one before has come and some time has passed.
    Ask {
        times: u64,
        request: u64,
        answer: u64,
        think: Duration,
    },
    /// An answer for every request that has come.
    Answer { request: u64, answer: u64 },
    /// As much as it has read.
    Echo,
}

/// How it reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// Whatever has come, at once.
    Prompt,
    /// At most so many bytes each time, and so often.
    Slow { bytes: u64, every: Duration },
    /// Nothing until so long after its connection was there; then promptly.
    Late { after: Duration },
    /// Nothing, ever.
    Never,
}

/// How it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// When all is written it says so (half of CLOSE), reads on to the peer's end, and lets go.
    Shutdown,
    /// When it has read to the peer's end and written all, it lets go. Two that both do so wait
    /// for each other for ever.
    Follow,
    /// It lets go as soon as all is written, whatever may still come.
    Hasty,
    /// It aborts when so many bytes have been written and read together; if there are never so
    /// many, it is like `Follow`.
    Abort { at: u64 },
    /// It never ends by itself.
    Open,
}

impl App {
    /// Sends so much, then closes its half and waits for the other's end.
    pub fn bulk(bytes: u64) -> App {
        App {
            talk: Talk::Bulk { bytes },
            reading: Reading::Prompt,
            ending: Ending::Shutdown,
            nodelay: false,
        }
    }

    /// Reads to the end, then closes.
    pub fn sink() -> App {
        App {
            talk: Talk::Silent,
            reading: Reading::Prompt,
            ending: Ending::Follow,
            nodelay: false,
        }
    }

    /// Sends back as much as it reads, then closes.
    pub fn echo() -> App {
        App {
            talk: Talk::Echo,
            ..App::sink()
        }
    }

    /// Asks, and waits for each answer.
    pub fn ask(times: u64, request: u64, answer: u64) -> App {
        App {
            talk: Talk::Ask {
                times,
                request,
                answer,
                think: Duration::ZERO,
            },
            ..App::bulk(0)
        }
    }

    /// Answers whoever asks.
    pub fn answer(request: u64, answer: u64) -> App {
        App {
            talk: Talk::Answer { request, answer },
            ..App::sink()
        }
    }

    /// Whether it can be played.
    ///
    /// # Errors
    ///
    /// The first value that is out of its range.
    pub fn check(&self) -> Result<(), OutOfRange> {
        let day = || Duration::ZERO..=Duration::from_secs(86_400);
        match self.talk {
            Talk::Silent | Talk::Bulk { .. } | Talk::Echo => {}
            Talk::Pieces { piece, every, .. } => {
                between("talk.piece", piece, 1..=u64::MAX)?;
                between("talk.every", every, day())?;
            }
            Talk::Ask {
                times,
                request,
                answer,
                think,
            } => {
                between("talk.times", times, 0..=SIZE_MAX)?;
                between("talk.request", request, 1..=SIZE_MAX)?;
                between("talk.answer", answer, 0..=SIZE_MAX)?;
                between("talk.think", think, day())?;
            }
            Talk::Answer { request, answer } => {
                between("talk.request", request, 1..=SIZE_MAX)?;
                between("talk.answer", answer, 0..=SIZE_MAX)?;
            }
        }
        match self.reading {
            Reading::Prompt | Reading::Never => Ok(()),
            Reading::Slow { bytes, every } => {
                between("reading.bytes", bytes, 1..=u64::MAX)?;
                between("reading.every", every, day())
            }
            Reading::Late { after } => between("reading.after", after, day()),
        }
    }
}

/// What a listening application does with the connections that come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Service {
    /// Each of them is this.
    pub app: App,
    /// How many may wait to be accepted.
    pub backlog: usize,
    /// How long after one was accepted the next may be: an application that is overloaded.
    pub accept_every: Duration,
}

impl Service {
    /// Accepts at once, as many as come.
    pub fn of(app: App) -> Service {
        Service {
            app,
            backlog: 1_024,
            accept_every: Duration::ZERO,
        }
    }

    /// Whether it can be played.
    ///
    /// # Errors
    ///
    /// The first value that is out of its range.
    pub fn check(&self) -> Result<(), OutOfRange> {
        between("backlog", self.backlog, 1..=4_096)?;
        let day = Duration::from_secs(86_400);
        between("accept_every", self.accept_every, Duration::ZERO..=day)?;
        self.app.check().map_err(|error| error.within("app"))
    }
}

/// A gigabyte a message and as many messages: their product fits 64 bits.
const SIZE_MAX: u64 = 1 << 30;

#[cfg(test)]
mod tests;
