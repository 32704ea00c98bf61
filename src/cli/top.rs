//! `top`: a stack that runs, or a run that is over, on the screen.

use std::io::{IsTerminal, Write, stdin, stdout};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;

use crate::live::changes::Changes;
use crate::live::past::Past;
use crate::live::player::Player;
use crate::live::top::{Display, Feed, Line, NoReport, Report, Shown};
use crate::live::{Attached, Hello, Message};
use crate::report::text::plain;
use crate::runs::Finished;

use super::Common;
use super::report::remake;
use super::runs::{PLACE, records, records_of_vantage};
use super::signals::Signals;
use super::source::{Source, What};
use super::trouble::{Code, Trouble, said};

/// Watch a stack that runs, or play a run that is over
///
/// Connections with what limits each of them, and the last packets of one, with why; its graphs (g)
/// and states (s). A run plays with space, steps with b and n, goes on to the first event that a
/// query finds with B, and writes its report with w. ? names all keys. Without a terminal, or with
/// --plain, a line for each change.
#[derive(Debug, clap::Args)]
pub struct Top {
    /// A process that runs a stack, or a run: latest, its number, its name, its folder
    source: Option<String>,
    /// A line for each change, and nothing else
    #[arg(long)]
    plain: bool,
    /// Where run folders lie
    #[arg(short, long, value_name = "DIR", default_value = PLACE)]
    output: PathBuf,
}

impl Top {
    /// Shows it until somebody leaves.
    pub fn run(self, _common: Common) -> anyhow::Result<Code> {
        let source = Source {
            place: &self.output,
            which: self.source.as_deref(),
        };
        let what = source.one()?;
        let is_plain = self.plain || !is_on_terminal();
        let signals = Signals::listen()?;
        match (what, is_plain) {
            (What::Running(attached), true) => {
                let (_, line) = Line::to(*attached, false)?;
                tell(&line, &signals)
            }
            (What::Running(attached), false) => show(live(*attached)?, &signals),
            (What::Finished(run), true) => tell_run(&run),
            (What::Finished(run), false) => show(played(&run)?, &signals),
        }
    }
}

fn show(shown: Shown, signals: &Signals) -> anyhow::Result<Code> {
    let ended =
        Display::open().and_then(|mut display| display.show(shown, || signals.came().is_some()));
    ended.context(NO_SCREEN)?;
    Ok(signals.came().map_or(Code::Done, |signal| signal.code()))
}

/// Whether there is a screen to be drawn on, and keys.
pub fn is_on_terminal() -> bool {
    stdout().is_terminal() && stdin().is_terminal()
}

/// A stack that runs, to be shown.
pub fn live(attached: Attached) -> std::io::Result<Shown> {
    let (hello, line) = Line::to(attached, true)?;
    Ok(Shown {
        feed: Feed::Running(line),
        title: title(&hello),
        note: String::new(),
        report: Box::new(NoReport(NO_REPORT)),
    })
}

/// A run that is over, to be played.
pub fn played(run: &Finished) -> anyhow::Result<Shown> {
    let player = Player::of(records_of_vantage(run)?);
    let name = run.path().file_name().map(|name| name.to_string_lossy());
    Ok(Shown {
        feed: Feed::Finished(Box::new(player)),
        title: format!("pellucid {}", plain(&name.unwrap_or_default())),
        note: String::new(),
        report: Box::new(OfRun(run.clone())),
    })
}

/// The report in the folder of a run.
#[derive(Debug)]
struct OfRun(Finished);

impl Report for OfRun {
    fn write(&self) -> Result<String, String> {
        match remake(&self.0) {
            Ok(path) => Ok(format!("{} is written", path.display())),
            Err(error) => Err(Trouble::of(error).why),
        }
    }
}

fn title(hello: &Hello) -> String {
    let Hello {
        verb,
        process,
        link,
        ..
    } = hello;
    plain(&format!("pellucid {verb} · process {process} · {link}"))
}

/// Changes as they come, until the stack ends or a signal comes.
fn tell(line: &Line, signals: &Signals) -> anyhow::Result<Code> {
    let mut changes = Changes::default();
    let mut out = stdout().lock();
    while let Some(message) = line.next(PATIENCE) {
        if let Some(signal) = signals.came() {
            return Ok(signal.code());
        }
        if let Some(Message::Snapshot(snapshot)) = message {
            for line in changes.since_last(&snapshot) {
                said(writeln!(out, "{line}"))?;
            }
        }
    }
    Ok(Code::Done)
}

/// All changes of a run.
fn tell_run(run: &Finished) -> anyhow::Result<Code> {
    let (mut past, mut changes) = (Past::default(), Changes::default());
    let mut out = stdout().lock();
    for record in records(run)? {
        past.hear(&record);
        for line in changes.since_last(&past.snapshot()) {
            said(writeln!(out, "{line}"))?;
        }
    }
    Ok(Code::Done)
}

/// What the terminal's own word explains.
pub const NO_SCREEN: &str = "cannot use this terminal";
/// Why a stack that runs has no report.
const NO_REPORT: &str =
    "no report: it runs and has no run folder; one that is over has: top latest";
/// How often one looks for signals.
const PATIENCE: Duration = Duration::from_millis(100);
