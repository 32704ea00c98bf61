//! Sees to one who watches: takes what he asks, and says it as fast as he reads, and no faster than
//! ten times a second.
//!
//! What he does not read is not made: a snapshot is taken when the one before has been written.
//! Only events may wait, and so many that it does no harm; the rest are counted.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use crate::net::{Network, Observing};
use crate::observe::Conversation;
use crate::observe::events::lone;

use super::ear::Ear;
use super::message::{Command, Message};
use super::survey::Survey;
use super::tally::Tally;

/// Sees to one who watches.
#[derive(Debug)]
pub struct Attendant {
    stream: UnixStream,
    network: Network,
    survey: Survey,
    /// Bytes of a command that has not ended.
    unread: Vec<u8>,
    nonsense: u32,
    watch: Option<Watch>,
    followed: Option<Followed>,
    /// When something is to be said next.
    due: Option<Instant>,
}

/// Snapshots that were asked for.
#[derive(Debug)]
struct Watch {
    every: Duration,
    most: usize,
    counts: Option<(Tally, Observing)>,
}

/// A connection whose events were asked for.
#[derive(Debug)]
struct Followed {
    number: u64,
    conversation: Conversation,
    ear: Ear,
    _observing: Observing,
}

impl Attendant {
    /// For whoever is at the other end of `stream`.
    pub fn new(stream: UnixStream, network: Network) -> Attendant {
        Attendant {
            stream,
            survey: Survey::of(network.clone()),
            network,
            unread: Vec::new(),
            nonsense: 0,
            watch: None,
            followed: None,
            due: None,
        }
    }

    /// Serves until he goes.
    ///
    /// # Errors
    ///
    /// What reading and writing say; the network is down; he asked for nonsense again and again.
    pub fn attend(mut self, hello: &Message) -> io::Result<()> {
        self.say(hello)?;
        loop {
            if self.wait()? && !self.hear()? {
                return Ok(());
            }
            if self.due.is_some_and(|due| due <= Instant::now()) {
                self.tell()?;
            }
        }
    }

    /// Waits for a command, or until something is to be said; whether there is something to read.
    fn wait(&self) -> io::Result<bool> {
        let left = self
            .due
            .map(|due| due.saturating_duration_since(Instant::now()));
        // A duration of ours is no longer than an hour.
        let left = left.and_then(|left| Timespec::try_from(left).ok());
        let mut fds = [PollFd::new(&self.stream, PollFlags::IN)];
        match poll(&mut fds, left.as_ref()) {
            Ok(ready) => Ok(ready > 0),
            Err(Errno::INTR) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Reads what is there; `false` if he is gone.
    fn hear(&mut self) -> io::Result<bool> {
        let mut room = [0; COMMAND_MAX];
        let len = self.stream.read(&mut room)?;
        self.unread.extend(room.get(..len).unwrap_or_default());
        while let Some(end) = self.unread.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.unread.drain(..=end).collect();
            match serde_json::from_slice(&line) {
                Ok(command) => self.obey(command)?,
                Err(error) => self.say_nonsense(&error.to_string())?,
            }
        }
        if self.unread.len() >= COMMAND_MAX {
            self.unread.clear();
            self.say_nonsense("a command without an end")?;
        }
        Ok(len > 0)
    }

    fn say_nonsense(&mut self, why: &str) -> io::Result<()> {
        self.nonsense += 1;
        let what = format!("not understood: {why}");
        self.say(&Message::Trouble { what })?;
        match self.nonsense {
            NONSENSE_MAX.. => Err(io::ErrorKind::InvalidData.into()),
            _ => Ok(()),
        }
    }

    fn obey(&mut self, command: Command) -> io::Result<()> {
        match command {
            Command::Once { most } => {
                let snapshot = self.survey.take(most.min(ROWS_MAX))?;
                self.say(&Message::Snapshot(Box::new(snapshot)))
            }
            Command::Watch {
                every_ms,
                most,
                counts,
            } => {
                let every = Duration::from_millis(every_ms).clamp(EVERY_MIN, EVERY_MAX);
                let kept = self.watch.take().and_then(|watch| watch.counts);
                let counts = match (counts, kept) {
                    (false, _) => None,
                    (true, Some(kept)) => Some(kept),
                    (true, None) => Some(self.count()?),
                };
                let most = most.min(ROWS_MAX);
                self.watch = Some(Watch {
                    every,
                    most,
                    counts,
                });
                self.due = Some(Instant::now());
                Ok(())
            }
            Command::Follow { connection } => self.follow(connection),
        }
    }

    fn count(&self) -> io::Result<(Tally, Observing)> {
        let mut tally = Tally::since(self.network.clock().now());
        let observing = self.network.observe(|_| Box::new(tally.counter()))?;
        Ok((tally, observing))
    }

    fn follow(&mut self, connection: Option<u64>) -> io::Result<()> {
        self.followed = None;
        let Some(number) = connection else {
            return Ok(());
        };
        let Some(sight) = self.survey.again(number)? else {
            let what = format!("there is no connection {number}");
            return self.say(&Message::Trouble { what });
        };
        let initial = sight.known.map(|known| known.variables);
        let initial = initial.map(|known| (known.iss, known.irs));
        let (local, remote) = (sight.pair.local.into(), sight.pair.remote.into());
        let ear = Ear::default();
        ear.follow(Some(self.network.stack_of(number)));
        let observing = self.network.observe(|index| Box::new(ear.at(index)))?;
        self.followed = Some(Followed {
            number,
            conversation: Conversation::midway(local, remote, initial),
            ear,
            _observing: observing,
        });
        self.due.get_or_insert_with(Instant::now);
        Ok(())
    }

    /// Says what is due.
    fn tell(&mut self) -> io::Result<()> {
        let began = Instant::now();
        self.tell_events()?;
        let mut every = EVERY_MIN;
        if let Some(watch) = &self.watch {
            every = watch.every;
            let mut snapshot = self.survey.take(watch.most)?;
            snapshot.counted = watch.counts.as_ref().map(|(tally, _)| tally.counted());
            // Where looking takes long, it is done seldom.
            every = every.max(began.elapsed() * SHARE);
            self.say(&Message::Snapshot(Box::new(snapshot)))?;
        }
        let goes_on = self.watch.is_some() || self.followed.is_some();
        self.due = goes_on.then(|| began + every);
        Ok(())
    }

    fn tell_events(&mut self) -> io::Result<()> {
        let Some(followed) = &self.followed else {
            return Ok(());
        };
        let (number, known) = (followed.number, followed.conversation);
        let (events, missed) = followed.ear.take();
        let tuple = format!("c{number}");
        let mut lines = Vec::new();
        for heard in &events {
            let record = lone(heard, Some(&known), &tuple, "here");
            writeln!(lines, r#"{{"event":{{"of":{number},"record":{record}}}}}"#)?;
        }
        self.stream.write_all(&lines)?;
        match missed {
            0 => Ok(()),
            events => self.say(&Message::Missed { of: number, events }),
        }
    }

    fn say(&mut self, message: &Message) -> io::Result<()> {
        let mut line = serde_json::to_vec(message)?;
        line.push(b'\n');
        self.stream.write_all(&line)
    }
}

/// The longest command, in bytes.
const COMMAND_MAX: usize = 4096;
/// How often one may ask for what nobody understands.
const NONSENSE_MAX: u32 = 16;
/// Rows in a snapshot, whatever is asked for.
pub const ROWS_MAX: usize = 1000;
/// Ten times a second is as fast as anybody reads.
const EVERY_MIN: Duration = Duration::from_millis(100);
const EVERY_MAX: Duration = Duration::from_secs(60);
/// Looking takes one part in so many of the time, at most.
const SHARE: u32 = 20;
