//! An application at work on a socket.

use crate::base::Instant;
use crate::stack::{ConnId, OpenError, ReadError, WriteError};

use super::app::{App, Ending, Reading, Talk};
use super::contents::Contents;
use super::line::Line;
use super::script::{Script, Step};

/// How an application's connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It let go as its script says.
    Clean,
    /// It aborted as its script says.
    Aborted,
    /// The stack told it of a failure.
    Failed(crate::stack::Failure),
    /// The stack had deleted the connection, and there was no failure to tell.
    Closed,
    /// It could not even be opened.
    NotOpened(OpenError),
    /// Its host was restarted.
    Crashed,
}

/// What one end of a conversation has done so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Report {
    /// When it was opened, or accepted.
    pub began: Instant,
    /// Bytes written.
    pub written: u64,
    /// Bytes read, all of them the right ones.
    pub read: u64,
    /// When the first byte was read.
    pub first_read: Option<Instant>,
    /// When the last byte was read.
    pub last_read: Option<Instant>,
    /// Whether it has read to the peer's end.
    pub peer_ended: bool,
    /// How it ended, and when; `None` while it goes on.
    pub outcome: Option<(Outcome, Instant)>,
}

impl Report {
    /// Of somebody who has done nothing yet.
    pub fn new(began: Instant) -> Report {
        Report {
            began,
            written: 0,
            read: 0,
            first_read: None,
            last_read: None,
            peer_ended: false,
            outcome: None,
        }
    }

    /// Bits a second that were read between the first byte and the last; `None` if nothing was.
    pub fn goodput(&self) -> Option<f64> {
        let took = self.last_read?.since(self.first_read?).as_secs_f64();
        (took > 0.0).then(|| self.read as f64 * 8.0 / took)
    }
}

/// A byte that should have been another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WrongByte {
    pub at: u64,
}

/// One end of a conversation: an application, and what it calls its connection.
#[derive(Debug)]
pub struct Party<C = ConnId> {
    pub app: App,
    pub conn: Option<C>,
    pub report: Report,
    writes: Contents,
    reads: Contents,
    /// Bytes written beyond the script, so that a connection that only waits shows itself.
    extra: u64,
    /// What it does next, if it follows a script.
    pub(super) script: Script,
    /// Bytes written and read when what it says now began.
    base: (u64, u64),
    /// How many requests were begun.
    asked: u64,
    /// When it may read again, or write again.
    read_again: Option<Instant>,
    write_again: Option<Instant>,
    /// It has thought about its next request.
    has_thought: bool,
    has_shut_down: bool,
    /// It has been told to come to its end.
    is_hurried: bool,
}

impl<C> Party<C> {
    /// `writes` and `reads` are known to the peer the other way round.
    pub fn new(app: App, began: Instant, writes: Contents, reads: Contents) -> Party<C> {
        let mut party = Party {
            app,
            conn: None,
            report: Report::new(began),
            writes,
            reads,
            extra: 0,
            script: Script::default(),
            base: (0, 0),
            asked: 0,
            read_again: None,
            write_again: None,
            has_thought: false,
            has_shut_down: false,
            is_hurried: false,
        };
        party.read_like(app.reading, began);
        party
    }

    /// One that follows a script.
    pub fn following(
        script: Script,
        began: Instant,
        writes: Contents,
        reads: Contents,
    ) -> Party<C> {
        Party {
            script,
            ..Party::new(Script::APP, began, writes, reads)
        }
    }

    /// Whether it has ended.
    pub fn is_over(&self) -> bool {
        self.report.outcome.is_some()
    }

    /// It ends so.
    pub fn end(&mut self, now: Instant, outcome: Outcome) {
        self.report.outcome.get_or_insert((outcome, now));
        self.conn = None;
    }

    /// From here on it reads and writes promptly, begins nothing that needs an answer, says one
    /// more byte if it still may, so that a connection whose peer is gone shows itself, and closes.
    pub fn hurry(&mut self) {
        self.app.reading = Reading::Prompt;
        if let Talk::Pieces { bytes, .. } = self.app.talk {
            self.app.talk = Talk::Bulk { bytes };
        }
        self.read_again = None;
        self.write_again = None;
        self.is_hurried = true;
        if !self.has_shut_down {
            self.extra += 1;
        }
    }

    /// Whether it will write no more, and only reads.
    pub fn has_shut_down(&self) -> bool {
        self.has_shut_down
    }

    /// When it wants to be played again though nothing has happened.
    pub fn wants(&self) -> Option<Instant> {
        let all = [self.read_again, self.write_again, self.script.waits()];
        let all = all.into_iter().flatten();
        all.min().filter(|_| !self.is_over())
    }

    /// Does all that it can at `now`.
    pub fn play(
        &mut self,
        line: &mut impl Line,
        now: Instant,
        scratch: &mut [u8],
    ) -> Result<(), WrongByte> {
        let is_past = |at: &Instant| *at <= now;
        self.read_again.take_if(|at| is_past(at));
        self.has_thought |= self.write_again.take_if(|at| is_past(at)).is_some();
        self.begin_script(line, now);
        // Each round moves bytes that the stack has room for, or is the last.
        while self.conn.is_some() {
            let read = self.read(line, now, scratch)?;
            let written = self.write(line, now);
            let followed = self.follow(line, now);
            self.finish(line, now);
            if !read && !written && !followed {
                self.notice_the_end(line, now);
                break;
            }
        }
        Ok(())
    }

    /// Who never reads is told of the end only in this way.
    fn notice_the_end(&mut self, line: &mut impl Line, now: Instant) {
        if self.app.reading == Reading::Never
            && let Some(outcome) = line.ended()
        {
            self.let_go(line, now, outcome);
        }
    }

    fn read(
        &mut self,
        line: &mut impl Line,
        now: Instant,
        scratch: &mut [u8],
    ) -> Result<bool, WrongByte> {
        if self.report.peer_ended || self.app.reading == Reading::Never {
            return Ok(false);
        }
        if self.read_again.is_some() {
            return Ok(false);
        }
        let most = match self.app.reading {
            Reading::Slow { bytes, .. } => usize::try_from(bytes).unwrap_or(usize::MAX),
            _ => usize::MAX,
        };
        let room = scratch.len().min(most);
        let taken = match line.read(&mut scratch[..room]) {
            Ok(0) => {
                self.report.peer_ended = true;
                return Ok(true);
            }
            Ok(taken) => taken,
            Err(ReadError::WouldBlock) => return Ok(false),
            Err(ReadError::Failed(failure)) => {
                self.let_go(line, now, Outcome::Failed(failure));
                return Ok(false);
            }
            Err(ReadError::Closed) => {
                self.let_go(line, now, Outcome::Closed);
                return Ok(false);
            }
        };
        let wrong = self
            .reads
            .first_difference(self.report.read, &scratch[..taken]);
        if let Some(at) = wrong {
            return Err(WrongByte { at });
        }
        self.report.read += taken as u64;
        self.report.first_read.get_or_insert(now);
        self.report.last_read = Some(now);
        if let Reading::Slow { every, .. } = self.app.reading {
            self.read_again = Some(now + every);
        }
        Ok(true)
    }

    fn write(&mut self, line: &mut impl Line, now: Instant) -> bool {
        if self.has_shut_down || self.conn.is_none() {
            return false;
        }
        let before = self.report.written;
        // Each turn writes at least a byte, up to what the send buffer takes.
        loop {
            let goal = self.goal(now);
            if self.report.written >= goal {
                break;
            }
            let most = usize::try_from(goal - self.report.written).unwrap_or(usize::MAX);
            let piece = self.writes.piece(self.report.written, most);
            match line.write(piece) {
                Ok(taken) => self.report.written += taken as u64,
                Err(WriteError::WouldBlock) => break,
                Err(WriteError::Closed) => {
                    self.let_go(line, now, Outcome::Closed);
                    break;
                }
                Err(WriteError::Failed(failure)) => {
                    self.let_go(line, now, Outcome::Failed(failure));
                    break;
                }
            }
        }
        self.report.written > before
    }

    /// How many bytes should have been written by now.
    fn goal(&mut self, now: Instant) -> u64 {
        let (written, read) = self.since_base();
        let goal = match self.app.talk {
            Talk::Silent => 0,
            Talk::Bulk { bytes } => bytes,
            Talk::Pieces {
                bytes,
                piece,
                every,
            } => {
                // What was begun is written before the next piece may be.
                let begun = written.next_multiple_of(piece).min(bytes);
                if written < begun || self.write_again.is_some() || written >= bytes {
                    begun
                } else {
                    self.write_again = Some(now + every);
                    (begun + piece).min(bytes)
                }
            }
            Talk::Ask {
                times,
                request,
                answer,
                think,
            } => {
                let answered = self.asked == 0 || read >= self.asked * answer;
                let is_said = written >= self.asked * request;
                if answered && is_said && self.asked < times && !self.is_hurried {
                    if self.asked == 0 || self.has_thought || think.is_zero() {
                        self.has_thought = false;
                        self.asked += 1;
                    } else {
                        self.write_again.get_or_insert(now + think);
                    }
                }
                self.asked * request
            }
            Talk::Answer { request, answer } => read / request * answer,
            Talk::Echo => read,
        };
        (self.base.0 + goal).saturating_add(self.extra)
    }

    /// Bytes written and read since what it says now began.
    fn since_base(&self) -> (u64, u64) {
        let (written, read) = self.base;
        (self.report.written - written, self.report.read - read)
    }

    /// What it does when all that it does now is done.
    pub fn add(&mut self, steps: &[Step]) {
        self.script.extend(steps.iter().copied());
    }

    /// It talks with somebody outside: these are the bytes of both.
    pub(super) fn talk_outside(&mut self, writes: Contents, reads: Contents) {
        (self.writes, self.reads) = (writes, reads);
    }

    /// From here on it says this.
    pub(super) fn begin(&mut self, talk: Talk) {
        self.app.talk = talk;
        self.base = (self.report.written, self.report.read);
        self.asked = 0;
        self.has_thought = false;
        self.write_again = None;
    }

    /// From here on it reads like this.
    pub(super) fn read_like(&mut self, reading: Reading, now: Instant) {
        self.app.reading = reading;
        self.read_again = match reading {
            Reading::Late { after } => Some(now + after),
            Reading::Prompt | Reading::Slow { .. } | Reading::Never => None,
        };
    }

    /// It will write no more.
    pub(super) fn shut_down(&mut self) {
        self.has_shut_down = true;
    }

    /// Whether all that it says now is written, and answered if it is to be.
    pub(super) fn has_said_its_say(&mut self, now: Instant) -> bool {
        let goal = self.goal(now);
        self.has_shut_down || self.report.written >= goal && self.has_said_all(goal)
    }

    /// Whether `goal` is all that its script will ever have it write.
    fn has_said_all(&self, goal: u64) -> bool {
        let goal = goal - self.base.0;
        let (_, read) = self.since_base();
        match self.app.talk {
            Talk::Ask { .. } | Talk::Answer { .. } | Talk::Echo if self.is_hurried => true,
            Talk::Silent => true,
            Talk::Bulk { bytes } | Talk::Pieces { bytes, .. } => goal >= bytes,
            Talk::Ask {
                times,
                request,
                answer,
                ..
            } => goal >= times * request && read >= times * answer,
            Talk::Answer { .. } | Talk::Echo => self.report.peer_ended,
        }
    }

    /// Ends if its script is at its end.
    fn finish(&mut self, line: &mut impl Line, now: Instant) {
        if self.conn.is_none() {
            return;
        }
        let moved = self.report.written + self.report.read;
        if let Ending::Abort { at } = self.app.ending
            && moved >= at
        {
            line.abort();
            return self.end(now, Outcome::Aborted);
        }
        let goal = self.goal(now);
        let has_said_all = self.report.written >= goal && self.has_said_all(goal);
        if !has_said_all && !self.has_shut_down {
            return;
        }
        // RFC 9293 section 3.10.4: CLOSE in SYN-SENT deletes the connection and what it has to
        // say. A program connects first.
        if line.is_opening() {
            return;
        }
        match self.app.ending {
            Ending::Open if !self.is_hurried => {}
            Ending::Hasty => {
                line.close();
                self.end(now, Outcome::Clean);
            }
            Ending::Follow | Ending::Abort { .. } if !self.is_hurried => {
                if self.report.peer_ended {
                    line.close();
                    self.end(now, Outcome::Clean);
                }
            }
            Ending::Shutdown | Ending::Follow | Ending::Abort { .. } | Ending::Open => {
                if !self.has_shut_down {
                    self.has_shut_down = true;
                    line.shutdown();
                }
                if self.report.peer_ended || self.app.reading == Reading::Never {
                    line.close();
                    self.end(now, Outcome::Clean);
                }
            }
        }
    }

    fn let_go(&mut self, line: &mut impl Line, now: Instant, outcome: Outcome) {
        line.close();
        self.end(now, outcome);
    }
}
