//! A walk through a run by commands, a line each.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::base::Instant;
use crate::cli::events::line;
use crate::cli::trouble::{Trouble, said};
use crate::query::Selection;
use crate::replay::{Place, Session, Shown, changed};
use crate::report::text::plain;
use crate::runs::vocabulary;

use super::{lost, place, wrong};

/// Somebody on the way.
pub struct Walk {
    session: Session,
    path: PathBuf,
    /// What `go` goes on to.
    stop: Option<Selection>,
}

/// Whether there is more to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    GoesOn,
    Ends,
}

impl Walk {
    pub fn new(session: Session, path: &Path) -> Walk {
        Walk {
            session,
            path: path.to_owned(),
            stop: None,
        }
    }

    /// Does what a line says, and shows what came of it.
    pub fn obey(&mut self, text: &str, out: &mut impl Write) -> anyhow::Result<Next> {
        let text = text.trim();
        let (command, rest) = text.split_once(' ').unwrap_or((text, ""));
        match command {
            "" => {}
            "step" | "s" => self.step(count(rest)?, out)?,
            "back" | "b" => {
                let back = self.session.back(count(rest)?);
                back.map_err(|error| wrong(error, &self.path))?;
                self.here(out)?;
            }
            "to" => {
                self.go(place(rest)?)?;
                self.here(out)?;
            }
            "break" => {
                self.stop = Some(selection(rest)?);
                self.go_on(out)?;
            }
            "go" | "g" => self.go_on(out)?,
            "watch" => self.watch(rest, out)?,
            "state" => self.state(rest, out)?,
            "diff" => self.diff(rest, out)?,
            "where" => self.here(out)?,
            "help" | "?" => said(writeln!(out, "{HELP}"))?,
            "quit" | "q" => return Ok(Next::Ends),
            _ => {
                let what = format!("{command:?} is no command");
                let why = "commands are step, back, to, break, go, watch, state, diff, where, \
                           help and quit";
                return Err(Trouble::usage(what, why, "help tells what each does").into());
            }
        }
        Ok(Next::GoesOn)
    }

    fn go(&mut self, place: Place) -> Result<(), Trouble> {
        self.session
            .go(place)
            .map_err(|error| lost(error, &self.path))
    }

    fn step(&mut self, count: u64, out: &mut impl Write) -> anyhow::Result<()> {
        for _ in 0..count {
            let goes_on = self.session.step();
            if !goes_on.map_err(|error| wrong(error, &self.path))? {
                return said(writeln!(out, "the end"));
            }
        }
        self.here(out)
    }

    fn go_on(&mut self, out: &mut impl Write) -> anyhow::Result<()> {
        let Some(stop) = &self.stop else {
            let why = "no query says where to stop";
            let now = "say one: break tcp:loss_detected";
            return Err(Trouble::usage("cannot go on", why, now).into());
        };
        let found = self.session.go_on_to(stop);
        match found.map_err(|error| lost(error, &self.path))? {
            Some(found) => {
                self.here(out)?;
                match self.session.effects().contains(&&found) {
                    true => Ok(()),
                    false => said(writeln!(out, "  {}", plain(&line(&found)))),
                }
            }
            None => said(writeln!(out, "nothing ahead is like that")),
        }
    }

    fn watch(&mut self, name: &str, out: &mut impl Write) -> anyhow::Result<()> {
        let known = self.session.state();
        let mut all = known.iter().flat_map(|one| &one.variables);
        if !known.is_empty() && !all.any(|one| one.name.eq_ignore_ascii_case(name)) {
            let why = format!("no connection has {name:?} now");
            let now = "state shows what there is, as in watch cwnd";
            return Err(Trouble::usage("cannot watch that", why, now).into());
        }
        let change = self.session.watch(name);
        let Some(change) = change.map_err(|error| wrong(error, &self.path))? else {
            return said(writeln!(out, "the end: it does not change any more"));
        };
        self.here(out)?;
        let gone = || "-".to_owned();
        said(writeln!(
            out,
            "  {}  {}  {} {} → {}",
            plain(&change.host),
            change.pair,
            change.name,
            change.before.unwrap_or_else(gone),
            change.after.unwrap_or_else(gone),
        ))
    }

    fn state(&self, which: &str, out: &mut impl Write) -> anyhow::Result<()> {
        let all = self.session.state();
        let asked = all.iter().filter(|one| title(one).contains(which.trim()));
        let mut shown = 0;
        for one in asked {
            shown += 1;
            said(writeln!(out, "{}", title(one)))?;
            for variable in &one.variables {
                said(writeln!(out, "  {:<20} {}", variable.name, variable.value))?;
            }
        }
        match shown {
            0 => said(writeln!(out, "no connection is open here")),
            _ => Ok(()),
        }
    }

    /// What of each connection is otherwise at one place than at another.
    fn diff(&mut self, text: &str, out: &mut impl Write) -> anyhow::Result<()> {
        let Some((from, to)) = text.trim().split_once(' ') else {
            let now = "as in diff #211 #212";
            return Err(Trouble::usage("diff takes two places", "one is missing", now).into());
        };
        let (from, to) = (place(from)?, place(to)?);
        self.go(from)?;
        let before = self.session.state();
        self.go(to)?;
        self.here(out)?;
        for after in self.session.state() {
            let then = before.iter().find(|one| title(one) == title(&after));
            let then = then.map_or(&[][..], |one| &one.variables);
            let changes = changed(then, &after.variables);
            if changes.is_empty() {
                continue;
            }
            said(writeln!(out, "{}", title(&after)))?;
            for (was, is) in changes {
                let was = was.unwrap_or_else(|| "-".to_owned());
                said(writeln!(out, "  {:<20} {was} → {}", is.name, is.value))?;
            }
        }
        Ok(())
    }

    /// Where it stands, and what happened last.
    fn here(&self, out: &mut impl Write) -> anyhow::Result<()> {
        let Some(step) = self.session.last() else {
            return said(writeln!(out, "the beginning"));
        };
        said(writeln!(
            out,
            "input {}  +{} s  {}: {}",
            self.session.player().position(),
            step.at,
            plain(&step.host),
            step.what,
        ))?;
        for record in self.session.effects() {
            said(writeln!(out, "  {}", plain(&line(record))))?;
        }
        Ok(())
    }
}

/// Whose connection it is, and between which sockets.
fn title(shown: &Shown) -> String {
    format!("{}  {}", plain(&shown.host), shown.pair)
}

fn count(text: &str) -> Result<u64, Trouble> {
    if text.is_empty() {
        return Ok(1);
    }
    text.trim().parse().map_err(|_| {
        let what = format!("{text:?} is no number");
        Trouble::usage(what, "a number of inputs is wanted", "as in step 10")
    })
}

fn selection(text: &str) -> Result<Selection, Trouble> {
    Selection::parse(text, &vocabulary()).map_err(|error| {
        let what = format!("the query is not understood: {}", error.what());
        let why = format!("at column {} of {text}", error.column());
        let meant = error.meant().map(str::to_owned);
        let now = meant.unwrap_or_else(|| "name a kind of event, as in tcp:loss_detected".into());
        Trouble::usage(what, why, now)
    })
}

/// A time in seconds, to the nanosecond.
pub fn instant(seconds: &str) -> Option<Instant> {
    let (whole, rest) = seconds.split_once('.').unwrap_or((seconds, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(rest) || rest.len() > 9 {
        return None;
    }
    let nanos: u32 = format!("{rest:0<9}").parse().ok()?;
    Some(Instant::BIRTH + Duration::new(whole.parse().ok()?, nanos))
}

const HELP: &str = "\
step [N]        the next input, or N
back [N]        the input before
to WHERE        #212 a frame, e912 an event, 0.839 a time in seconds, input 7, end
break QUERY     on to the first event that it takes, as in: break tcp:loss_detected
go              on to the next of those
watch NAME      on to where a variable changes, as in: watch cwnd
state [TEXT]    what every connection knows, or those whose sockets or host have TEXT
diff A B        what changed from one place to another, as in: diff #211 #212
where           where this is
quit            the end";
