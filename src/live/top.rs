//! `top` at work: keys and snapshots come in, and the screen is drawn at most ten times a second.

use std::fmt;
use std::io::{self, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use crate::runs::Record;
use crate::why::{Log, explain};

use super::client::Attached;
use super::message::{Command, Hello, Message};
use super::model::{Asked, Model, Typing, View};
use super::player::Player;
use super::screen::draw;

/// Where what is shown comes from.
#[derive(Debug)]
pub enum Feed {
    Running(Line),
    Finished(Box<Player>),
}

/// The line to a stack that runs.
#[derive(Debug)]
pub struct Line {
    asking: UnixStream,
    said: Receiver<Message>,
}

impl Line {
    /// Asks for snapshots, with counts, of so many connections; somebody else reads the answers.
    ///
    /// # Errors
    ///
    /// It is gone, or the system gives no thread.
    pub fn to(mut attached: Attached, counts: bool) -> io::Result<(Hello, Line)> {
        attached.ask(&Command::Watch {
            every_ms: 200,
            most: ROWS,
            counts,
        })?;
        let (hello, asking, mut reader) = attached.split()?;
        // What is not taken is not read, and then not sent.
        let (say, said) = sync_channel(WAITING);
        let read = move || {
            while let Ok(Some(message)) = reader.read() {
                if say.send(message).is_err() {
                    return;
                }
            }
        };
        thread::Builder::new()
            .name("live reader".into())
            .spawn(read)?;
        Ok((hello, Line { asking, said }))
    }

    /// The next message, if one comes in time; `None` at the end.
    pub fn next(&self, patience: Duration) -> Option<Option<Message>> {
        match self.said.recv_timeout(patience) {
            Ok(message) => Some(Some(message)),
            Err(RecvTimeoutError::Timeout) => Some(None),
            Err(RecvTimeoutError::Disconnected) => None,
        }
    }

    fn follow(&mut self, connection: Option<u64>) -> io::Result<()> {
        let mut line = serde_json::to_vec(&Command::Follow { connection })?;
        line.push(b'\n');
        self.asking.write_all(&line)
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        // It ends the reader; if the other side has ended it, so much the better.
        let _ = self.asking.shutdown(Shutdown::Both);
    }
}

/// What is shown, and how.
#[derive(Debug)]
pub struct Shown {
    pub feed: Feed,
    /// Who it is, for the first line.
    pub title: String,
    /// A word to the reader, until he presses a key; may be empty.
    pub note: String,
    pub report: Box<dyn Report>,
}

/// Somebody who can write a report of what is shown.
pub trait Report: fmt::Debug {
    /// Writes it; what was done.
    ///
    /// # Errors
    ///
    /// Why not, for people.
    fn write(&self) -> Result<String, String>;
}

/// There is none, for this reason.
#[derive(Debug, Clone, Copy)]
pub struct NoReport(pub &'static str);

impl Report for NoReport {
    fn write(&self) -> Result<String, String> {
        Err(self.0.to_owned())
    }
}

/// How showing ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Left {
    /// Somebody pressed a key that leaves.
    ByKey,
    /// What was shown is over.
    Over,
}

/// The terminal, ours until this is dropped: then it is as it was before.
#[derive(Debug)]
pub struct Display(DefaultTerminal);

impl Display {
    /// Takes the terminal.
    ///
    /// # Errors
    ///
    /// What the terminal says.
    pub fn open() -> io::Result<Display> {
        ratatui::try_init().map(Display)
    }

    /// Shows it until somebody leaves, or `is_over`.
    ///
    /// # Errors
    ///
    /// What the terminal says.
    pub fn show(&mut self, shown: Shown, is_over: impl Fn() -> bool) -> io::Result<Left> {
        let mut top = Top {
            model: Model {
                title: shown.title,
                note: shown.note,
                ..Model::default()
            },
            feed: shown.feed,
            report: shown.report,
            followed: None,
            is_gone: false,
        };
        top.run(&mut self.0, is_over)
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        ratatui::restore();
    }
}

#[derive(Debug)]
struct Top {
    model: Model,
    feed: Feed,
    report: Box<dyn Report>,
    /// Whose events were asked for.
    followed: Option<u64>,
    /// The stack has ended.
    is_gone: bool,
}

impl Top {
    fn run(
        &mut self,
        terminal: &mut DefaultTerminal,
        is_over: impl Fn() -> bool,
    ) -> io::Result<Left> {
        let (mut drawn, mut passed) = (None, Instant::now());
        let mut is_stale = true;
        while !is_over() {
            let is_time = drawn.is_none_or(|at: Instant| at.elapsed() >= DRAW_EVERY);
            if is_stale && is_time {
                terminal.draw(|frame| draw(frame, &self.model))?;
                drawn = Some(Instant::now());
                is_stale = false;
            }
            if event::poll(LOOK_EVERY)? {
                match event::read()? {
                    Event::Key(key) if key.kind == KeyEventKind::Press && self.press(key) => {
                        return Ok(Left::ByKey);
                    }
                    _ => {}
                }
                is_stale = true;
            }
            let us = passed.elapsed().as_micros();
            passed = Instant::now();
            is_stale |= self.take_news(u64::try_from(us).unwrap_or(u64::MAX));
        }
        Ok(Left::Over)
    }

    /// Takes what has come; whether there is anything to draw.
    fn take_news(&mut self, us: u64) -> bool {
        let line = match &mut self.feed {
            Feed::Finished(player) => {
                let is_new = player.pass(us) || self.model.playing.is_none();
                if is_new {
                    player.show(&mut self.model);
                }
                return is_new;
            }
            Feed::Running(line) => line,
        };
        if self.is_gone {
            return false;
        }
        let mut is_new = false;
        for _ in 0..WAITING {
            match line.next(Duration::ZERO) {
                Some(Some(message)) => {
                    take(&mut self.model, message);
                    is_new = true;
                }
                Some(None) => break,
                None => {
                    self.is_gone = true;
                    "the stack has ended; [q] leaves".clone_into(&mut self.model.note);
                    return true;
                }
            }
        }
        if self.model.chosen != self.followed {
            self.followed = self.model.chosen;
            // If it is gone, that is seen above.
            let _ = line.follow(self.followed);
        }
        is_new
    }

    /// A key was pressed; whether that means to leave.
    fn press(&mut self, key: KeyEvent) -> bool {
        let is_control = key.modifiers.contains(KeyModifiers::CONTROL);
        if is_control && matches!(key.code, KeyCode::Char('c' | 'd')) {
            return true;
        }
        if self.model.typing.is_some() {
            self.type_on(key.code);
            return false;
        }
        if !self.is_gone {
            self.model.note.clear();
        }
        if self.model.view == View::Why && self.ask_on(key.code) {
            return false;
        }
        match key.code {
            KeyCode::Char('q') => return true,
            KeyCode::Enter => self.ask(0),
            KeyCode::Down | KeyCode::Char('j') => self.model.step(1),
            KeyCode::Up | KeyCode::Char('k') => self.model.step(-1),
            KeyCode::PageDown => self.model.step(10),
            KeyCode::PageUp => self.model.step(-10),
            KeyCode::Char('f' | '/') => {
                self.model.typing = Some((Typing::Filter, self.model.filter.clone()));
            }
            KeyCode::Char('g') => self.turn_to(View::Graphs),
            KeyCode::Char('s') => self.turn_to(View::States),
            KeyCode::Char('w') => {
                let (Ok(note) | Err(note)) = self.report.write();
                self.model.note = note;
            }
            KeyCode::Char('d') => self.turn_to(View::Endings),
            KeyCode::Char('?' | 'h') => self.turn_to(View::Help),
            KeyCode::Esc => {
                self.model.view = View::Both;
                self.model.filter.clear();
            }
            code => self.play(code),
        }
        if let Feed::Finished(player) = &mut self.feed {
            player.show(&mut self.model);
        }
        false
    }

    /// Asks why about the event so many lines further.
    fn ask(&mut self, by: isize) {
        let Some(event) = self.model.further(by).cloned() else {
            "nothing has been told of it yet".clone_into(&mut self.model.note);
            return;
        };
        let lines = match &self.feed {
            Feed::Finished(player) => player.explain(&event),
            Feed::Running(_) => explain_of(&self.model, &event),
        };
        self.model.view = View::Why;
        self.model.asked = Some(Asked {
            event,
            lines,
            scrolled: 0,
        });
    }

    /// A key was pressed where an event is explained; whether it means something there.
    fn ask_on(&mut self, code: KeyCode) -> bool {
        match code {
            KeyCode::Down | KeyCode::Char('j') => self.ask(1),
            KeyCode::Up | KeyCode::Char('k') => self.ask(-1),
            KeyCode::PageDown => self.scroll(5),
            KeyCode::PageUp => self.scroll(-5),
            KeyCode::Enter | KeyCode::Backspace | KeyCode::Esc => {
                self.model.view = View::Both;
                self.model.asked = None;
            }
            _ => return false,
        }
        true
    }

    fn scroll(&mut self, by: isize) {
        if let Some(asked) = &mut self.model.asked {
            let last = asked.lines.len().saturating_sub(1);
            asked.scrolled = asked.scrolled.saturating_add_signed(by).min(last);
        }
    }

    /// To a page, or back from it.
    fn turn_to(&mut self, view: View) {
        self.model.view = match self.model.view == view {
            true => View::Both,
            false => view,
        };
    }

    fn play(&mut self, code: KeyCode) {
        let Feed::Finished(player) = &mut self.feed else {
            if !self.is_gone && is_of_player(code) {
                GOES_ON.clone_into(&mut self.model.note);
            }
            return;
        };
        match code {
            KeyCode::Char(' ' | 'p') => player.toggle(),
            KeyCode::Right | KeyCode::Char('n') => player.step(1),
            KeyCode::Left | KeyCode::Char('b') => player.step(-1),
            KeyCode::Home => player.step(isize::MIN),
            KeyCode::End => player.step(isize::MAX),
            KeyCode::Char('B') => self.model.typing = Some((Typing::Break, String::new())),
            _ => {}
        }
    }

    fn type_on(&mut self, code: KeyCode) {
        let Some((typing, text)) = &mut self.model.typing else {
            return;
        };
        match code {
            KeyCode::Char(c) if text.len() < TYPED_MAX => text.push(c),
            KeyCode::Backspace => {
                text.pop();
            }
            KeyCode::Esc => self.model.typing = None,
            KeyCode::Enter => {
                let (typing, text) = (*typing, std::mem::take(text));
                self.model.typing = None;
                self.enter(typing, text);
            }
            _ => {}
        }
    }

    fn enter(&mut self, typing: Typing, text: String) {
        match (typing, &mut self.feed) {
            (Typing::Filter, _) => self.model.filter = text,
            (Typing::Break, Feed::Finished(player)) => {
                if let Err(why) = player.break_at(&text) {
                    self.model.note = why;
                }
                player.show(&mut self.model);
            }
            (Typing::Break, Feed::Running(_)) => {}
        }
        if self.model.chosen_row().is_none() {
            let first = self.model.shown().first().map(|row| row.id);
            self.model.choose(first);
        }
    }
}

/// Explains an event of a stack that runs: no more is known than came since somebody looks.
fn explain_of(model: &Model, event: &Record) -> Vec<String> {
    let log = Log::new(model.events.iter().cloned());
    let mut lines = explain(&log, event);
    if let Some(first) = model.events.front() {
        lines.push(String::new());
        let since = first.time;
        let heard = model.events.len();
        lines.push(format!(
            "Known are {heard} events of this connection, from +{since} s on; a run that is over \
             has all."
        ));
    }
    lines
}

fn take(model: &mut Model, message: Message) {
    match message {
        Message::Snapshot(snapshot) => model.learn(*snapshot),
        Message::Event(told) => model.hear(told.of, told.record),
        Message::Missed { of, events } if model.chosen == Some(of) => model.missed += events,
        Message::Trouble { what } => model.note = what,
        Message::Missed { .. } | Message::Hello(_) => {}
    }
}

/// Whether it means something where a run is played.
fn is_of_player(code: KeyCode) -> bool {
    matches!(
        code,
        KeyCode::Char(' ' | 'p' | 'n' | 'b' | 'B')
            | KeyCode::Right
            | KeyCode::Left
            | KeyCode::Home
            | KeyCode::End
    )
}

/// Why nothing is stepped through.
const GOES_ON: &str = "a stack that runs goes on by itself; a run that is over plays: top latest";
/// Redraws are at least so far apart.
const DRAW_EVERY: Duration = Duration::from_millis(100);
/// How long a key is waited for before it is looked whether anything else has come.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// Connections that a stack is asked for.
const ROWS: usize = 200;
/// Messages that wait to be shown.
const WAITING: usize = 2048;
/// The longest text that can be typed.
const TYPED_MAX: usize = 200;

#[cfg(test)]
mod tests;
