//! `replay`: a run once more, from its tape, and a walk through it.

use std::io::{self, BufRead, IsTerminal, Write, stdin, stdout};
use std::path::{Path, PathBuf};

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use crate::replay::{DamagedTape, Lost, Place, Player, ReplayError, Session};
use crate::report::text::{plain, size};
use crate::runs::{EVENTS, Finished, Record, TAPE};

use super::Common;
use super::runs::{PLACE, records, unreadable};
use super::signals::Signals;
use super::trouble::{Code, Trouble, said};

mod walk;

/// Play a run once more from its tape, or walk through it
///
/// The tape holds all that its stacks were told: fed with it they do the same again, packet for
/// packet, whoever the other end was. Without options all of it is played and compared; the
/// program ends with 4 if anything differs. With --step it reads commands: help tells which.
#[derive(Debug, clap::Args)]
pub struct Replay {
    /// The run: latest, its number, its name, or the path of its folder or of a tape
    run: String,
    /// Go there and show what every connection knows: #212, e912, 0.839, end
    #[arg(long, value_name = "WHERE", conflicts_with = "stop")]
    to: Option<String>,
    /// Go on to the first event that this takes, as in "tcp:loss_detected"
    #[arg(long = "break", value_name = "QUERY")]
    stop: Option<String>,
    /// Walk: read commands from standard input
    #[arg(long)]
    step: bool,
    /// Print one JSON object
    #[arg(long, conflicts_with_all = ["to", "stop", "step"])]
    json: bool,
    /// Where run folders lie
    #[arg(short, long, value_name = "DIR", default_value = PLACE)]
    output: PathBuf,
}

/// Where a tape lies, and the run that it belongs to.
struct Found {
    path: PathBuf,
    run: Option<Finished>,
}

impl Replay {
    /// Plays, or walks.
    pub fn run(self, common: Common) -> anyhow::Result<Code> {
        let found = self.find()?;
        if self.to.is_none() && self.stop.is_none() && !self.step {
            return self.play(&found, common);
        }
        let events = found.events()?;
        let session = Session::open(&found.path, events);
        let session = session.map_err(|error| damaged(&found.path, &error))?;
        let mut walk = walk::Walk::new(session, &found.path);
        let mut out = stdout().lock();
        if let Some(place) = &self.to {
            walk.obey(&format!("to {place}"), &mut out)?;
        }
        if let Some(query) = &self.stop {
            walk.obey(&format!("break {query}"), &mut out)?;
        }
        if !self.step {
            walk.obey("state", &mut out)?;
            return Ok(Code::Done);
        }
        let is_asked = stdin().is_terminal();
        if is_asked && !common.quiet {
            said(writeln!(out, "help tells what may be said; quit ends"))?;
        }
        let mut lines = stdin().lock().lines();
        loop {
            if is_asked {
                said(write!(out, "> ").and_then(|()| out.flush()))?;
            }
            let Some(line) = lines.next().transpose()? else {
                return Ok(Code::Done);
            };
            match walk.obey(&line, &mut out) {
                Ok(walk::Next::GoesOn) => {}
                Ok(walk::Next::Ends) => return Ok(Code::Done),
                // What makes no sense can be said otherwise, if there is somebody to say it.
                Err(error) => match error.downcast::<Trouble>() {
                    Ok(trouble) if is_asked && trouble.code == Code::Usage => {
                        said(writeln!(out, "{trouble}"))?;
                    }
                    Ok(trouble) => return Err(trouble.into()),
                    Err(error) => return Err(error),
                },
            }
        }
    }

    fn find(&self) -> Result<Found, Trouble> {
        let path = PathBuf::from(&self.run);
        if path.is_file() {
            return Ok(Found { path, run: None });
        }
        let run = Finished::find(&self.output, &self.run).map_err(unreadable)?;
        let path = run.path().join(TAPE);
        Ok(Found {
            path,
            run: Some(run),
        })
    }

    fn play(&self, found: &Found, common: Common) -> anyhow::Result<Code> {
        let path = &found.path;
        let fail = |error: &DamagedTape| damaged(path, error);
        let len = std::fs::metadata(path)
            .map_err(|error| fail(&error.into()))?
            .len();
        let mut player = Player::open(path).map_err(|error| fail(&error))?;
        let signals = Signals::listen()?;
        let bar = bar(common.quiet || self.json, len);
        loop {
            match player.step() {
                Ok(Some(_)) => {}
                Ok(None) => break,
                Err(error) => {
                    bar.finish_and_clear();
                    return Err(wrong(error, path).into());
                }
            }
            if player.position().is_multiple_of(LOOK_EVERY) {
                bar.set_position(player.offset());
                if let Some(signal) = signals.came() {
                    return Ok(signal.code());
                }
            }
        }
        bar.finish_and_clear();
        if !player.is_whole() {
            return Err(stopped(path, &player).into());
        }
        let (inputs, packets, events) = player.totals();
        let mut out = stdout().lock();
        if self.json {
            let whole = json!({
                "tape": path.display().to_string(), "bytes": len, "same": true,
                "inputs": inputs, "packets": packets, "events": events,
                "checks": player.checks(),
            });
            said(writeln!(out, "{whole}"))?;
            return Ok(Code::Done);
        }
        let hosts: Vec<_> = player.stacks().map(|(_, host, _)| plain(host)).collect();
        said(writeln!(
            out,
            "{}  ·  {}  ·  {}\n{inputs} inputs, {packets} packets sent, {events} events: all as \
             they were ({} checks)",
            plain(&path.display().to_string()),
            size(len),
            hosts.join(", "),
            player.checks(),
        ))?;
        Ok(Code::Done)
    }
}

impl Found {
    /// What the run told; nothing for a tape that lies alone.
    fn events(&self) -> Result<Vec<Record>, Trouble> {
        match &self.run {
            Some(run) if run.path().join(EVENTS).exists() => records(run),
            _ => Ok(Vec::new()),
        }
    }
}

fn bar(quiet: bool, len: u64) -> ProgressBar {
    let bar = match quiet {
        true => ProgressBar::hidden(),
        false => ProgressBar::new(len),
    };
    // A test holds the template to the language that it is in.
    let style = ProgressStyle::with_template(PROGRESS);
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

const PROGRESS: &str = "{elapsed}, {bytes} of {total_bytes} {wide_bar}";
/// A look at the clock and at signals costs more than an input.
const LOOK_EVERY: u64 = 1_024;

/// A tape that cannot be read, in three lines.
fn damaged(path: &Path, error: &DamagedTape) -> Trouble {
    let now = match error {
        DamagedTape::Io(error) if error.kind() == io::ErrorKind::NotFound => {
            "demo, run and lab leave a tape in their folder; serve and others with --tape FILE"
        }
        DamagedTape::Io(_) => "make it readable, or take another run",
        DamagedTape::Cut { .. } => {
            "take another run; what made this one was stopped or ran out of \
                                    room"
        }
        _ => "take another run: this file is no tape, or was changed",
    };
    Trouble::failed(
        format!("cannot replay {}", path.display()),
        error.to_string(),
        now,
    )
}

/// A tape whose end is missing: all that is there was the same.
fn stopped(path: &Path, player: &Player) -> Trouble {
    Trouble::failed(
        format!("{} has no end", path.display()),
        format!(
            "what made it was stopped; {} inputs and {} checks up to there were the same",
            player.position(),
            player.checks(),
        ),
        "walk through what there is: --step",
    )
}

/// Why a run cannot be played further.
fn wrong(error: ReplayError, path: &Path) -> Trouble {
    match error {
        ReplayError::Damaged(error) => damaged(path, &error),
        ReplayError::Unborn(_) => Trouble::failed(
            format!("cannot replay {}", path.display()),
            error.to_string(),
            "take another run: this tape was changed",
        ),
        ReplayError::Broken { .. } => Trouble {
            code: Code::Broken,
            ..Trouble::failed(
                format!("{}: the stack breaks a promise of its own", path.display()),
                error.to_string(),
                "if nobody has changed the tape, please report it with the tape: it shows it again",
            )
        },
        ReplayError::Diverged(ref divergence) => Trouble {
            code: Code::Broken,
            ..Trouble::failed(
                format!("{} does not replay", path.display()),
                error.to_string(),
                format!(
                    "if this pellucid made it, please report it with the tape; else play it with \
                     the one that did: head -1 names it. Walk there: --to 'input {}'",
                    divergence.same_until
                ),
            )
        },
    }
}

/// The same of a place that is not there.
fn lost(error: Lost, path: &Path) -> Trouble {
    match error {
        Lost::Replay(error) => wrong(error, path),
        Lost::Nowhere(why) => Trouble::usage(
            "cannot go there",
            why,
            "say #212 for a frame, e912 for an event, 0.839 for a time in seconds, end, or input 7",
        ),
    }
}

/// Where somebody wants to go.
fn place(text: &str) -> Result<Place, Trouble> {
    let text = text.trim();
    let seconds = text
        .strip_prefix('+')
        .unwrap_or(text)
        .trim_end_matches('s')
        .trim_end();
    let place = match text.split_once(' ') {
        Some(("input", number)) => number.parse().ok().map(Place::Input),
        _ if text == "end" => Some(Place::End),
        _ => match (text.strip_prefix('#'), text.strip_prefix('e')) {
            (Some(frame), _) => frame.parse().ok().map(Place::Frame),
            (_, Some(id)) => id.parse().ok().map(Place::Event),
            _ => walk::instant(seconds).map(Place::Time),
        },
    };
    place.ok_or_else(|| {
        lost(
            Lost::Nowhere(format!("{text:?} is no place")),
            Path::new(""),
        )
    })
}
