//! `lab`: lessons that people run, and that hold the stack to what it teaches.

mod told;

use std::io::{IsTerminal, Write, stderr, stdin, stdout};
use std::path::{Path, PathBuf};

use crate::lab::{
    Choice, Damage, LAB, Lesson, NAMES, Prediction, Record, Shown, answer, lesson, look_through,
    play, text,
};
use crate::query::nearest;
use crate::report::text::Style;
use crate::runs::Finished;
use crate::scenario::Verdict;

use super::Common;
use super::run::{Done, mend, perform};
use super::runs::{PLACE, Which, records};
use super::trouble::{Code, Trouble, said};

use told::Told;

/// Lessons: predict, play in virtual time, see why
///
/// A lesson asks what will happen, plays it, checks it, and leaves a run folder whose page shows
/// why. The seed changes what each learner sees. A wrong prediction is no failure; a check that
/// fails is one.
#[derive(Debug, clap::Args)]
pub struct Lab {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// What lessons there are
    List,
    /// What a lesson is about: what happens, why, and what to look for
    Show(Named),
    /// Predict, play, check
    Run(Run),
    /// Play a folder again that was handed in, and compare everything
    Check(Which),
    /// What is right, and how the run shows it
    Answer(Named),
}

#[derive(Debug, clap::Args)]
struct Named {
    /// The lesson
    name: String,
    /// What the lesson's chance is drawn from
    #[arg(long, value_name = "N", default_value_t = SEED)]
    seed: u64,
}

#[derive(Debug, clap::Args)]
struct Run {
    /// The lesson
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    name: Option<String>,
    /// Every lesson, without questions
    #[arg(long)]
    all: bool,
    /// Check only: leave no folder
    #[arg(long)]
    check: bool,
    /// What the lesson's chance is drawn from
    #[arg(long, value_name = "N", default_value_t = SEED)]
    seed: u64,
    /// Your answer, where nobody can be asked
    #[arg(long, value_name = "CHOICE", conflicts_with_all = ["all", "check"])]
    predict: Option<String>,
    /// Set a value otherwise: checks then fail nothing; may be given again
    #[arg(long, value_name = "PATH=VALUE", conflicts_with_all = ["all", "check"])]
    set: Vec<String>,
    /// Where run folders go
    #[arg(short, long, value_name = "DIR", default_value = PLACE)]
    output: PathBuf,
}

impl Lab {
    /// Does it.
    pub fn run(self, common: Common) -> anyhow::Result<Code> {
        match self.verb {
            Verb::List => list(),
            Verb::Show(Named { name, seed }) => {
                let lesson = find(&name, seed)?;
                said(told::lesson(&mut stdout().lock(), &lesson, text(&name)))?;
                Ok(Code::Done)
            }
            Verb::Run(run) => run.run(common),
            Verb::Check(which) => check(&which.find()?, common),
            Verb::Answer(Named { name, seed }) => {
                let lesson = find(&name, seed)?;
                let run = play(&lesson, &lesson.variant[lesson.asked_of()], &[])?;
                let answer = answer(&lesson.question, &run.records)?;
                let style = Style(common.color.on_stdout());
                let mut out = stdout().lock();
                said(told::question(&mut out, &lesson))?;
                said(told::answer(&mut out, &lesson, answer.as_ref(), style))?;
                Ok(match answer {
                    Some(_) => Code::Done,
                    None => Code::Failed,
                })
            }
        }
    }
}

impl Run {
    fn run(self, common: Common) -> anyhow::Result<Code> {
        let names: Vec<&str> = match &self.name {
            Some(name) => vec![name],
            None => NAMES.to_vec(),
        };
        let mut code = Code::Done;
        for name in names {
            let lesson = find(name, self.seed)?;
            let one = match self.check {
                true => self.only_check(&lesson, common)?,
                false => self.learn(&lesson, common)?,
            };
            match one {
                Code::Done => {}
                Code::Of(_) => return Ok(one),
                worse => code = worse,
            }
        }
        Ok(code)
    }

    /// Plays it in memory: what fails is said.
    fn only_check(&self, lesson: &Lesson, common: Common) -> anyhow::Result<Code> {
        let mut out = stdout().lock();
        let mut checked = Vec::new();
        let mut is_answered = false;
        for (place, variant) in lesson.variant.iter().enumerate() {
            let run = play(lesson, variant, &[])?;
            checked.extend(run.verdicts);
            if place == lesson.asked_of() {
                is_answered = answer(&lesson.question, &run.records)?.is_some();
            }
        }
        let style = Style(common.color.on_stdout());
        if !common.quiet {
            said(told::checked(
                &mut out,
                lesson,
                &checked,
                is_answered,
                style,
            ))?;
        }
        Ok(code(&checked, is_answered))
    }

    /// Asks, plays, records, tells.
    fn learn(&self, lesson: &Lesson, common: Common) -> anyhow::Result<Code> {
        let predicted = self.predicted(lesson, common.quiet)?;
        let mut done: Vec<Done> = Vec::new();
        for variant in &lesson.variant {
            let place = done.first().map_or(&*self.output, |one| one.folder.path());
            let place = place.to_owned();
            let played = lesson
                .scenario(variant, &self.set)
                .map_err(anyhow::Error::from)
                .and_then(|scenario| perform(&scenario, &place, common.quiet));
            match played.map_err(|error| mend(error, &lesson.name))? {
                Ok(one) => done.push(one),
                Err(code) => return Ok(code),
            }
        }
        let asked = Finished::of(&done[lesson.asked_of()].folder);
        let answer = answer(&lesson.question, &records(&asked)?)?;
        let right = answer.as_ref().map(|answer| answer.choice.key.clone());
        let both = lesson.variant.iter().zip(&done);
        let checks = both.flat_map(|(variant, one)| {
            let verdicts = one.verdicts.iter();
            verdicts.map(|verdict| Shown::of(&variant.name, verdict))
        });
        let record = Record {
            lesson: lesson.name.clone(),
            seed: lesson.seed,
            drawn: lesson.drawn().clone(),
            set: self.set.clone(),
            answer: right.clone(),
            prediction: predicted.map(|choice| Prediction {
                choice: choice.key.clone(),
                right: Some(&choice.key) == right.as_ref(),
            }),
            checks: checks.collect(),
        };
        let folder = &done[0].folder;
        let mut file = folder.create_file(LAB)?;
        record
            .write(&mut file)
            .map_err(|error| unwritten(folder.path(), &error))?;
        if !common.quiet {
            let told = Told {
                lesson,
                done: &done,
                predicted,
                answer: answer.as_ref(),
                is_set: !self.set.is_empty(),
            };
            let style = Style(common.color.on_stdout());
            said(told.tell(&mut stdout().lock(), style))?;
        }
        // Where values are set otherwise, what fails is what was to be found out.
        Ok(match self.set.is_empty() {
            true => code(done.iter().flat_map(|one| &one.verdicts), answer.is_some()),
            false => Code::Done,
        })
    }

    /// What the learner says will happen; nothing where nobody can be asked.
    fn predicted<'l>(&self, lesson: &'l Lesson, quiet: bool) -> anyhow::Result<Option<&'l Choice>> {
        if let Some(predicted) = &self.predict {
            return match chosen(lesson, predicted) {
                Some(choice) => Ok(Some(choice)),
                None => Err(no_choice(lesson, predicted).into()),
            };
        }
        if self.all || quiet || !(stdin().is_terminal() && stderr().is_terminal()) {
            return Ok(None);
        }
        let mut err = stderr().lock();
        said(told::question(&mut err, lesson))?;
        loop {
            said(write!(err, "  > ").and_then(|()| err.flush()))?;
            let mut line = String::new();
            let len = stdin().read_line(&mut line).unwrap_or_default();
            match (chosen(lesson, line.trim()), len, line.trim()) {
                (Some(choice), ..) => return Ok(Some(choice)),
                (None, 0, _) | (None, _, "") => return Ok(None),
                _ => {}
            }
        }
    }
}

/// The choice whose key is this, or alone begins so.
fn chosen<'l>(lesson: &'l Lesson, word: &str) -> Option<&'l Choice> {
    let choices = || lesson.question.choice.iter();
    if let Some(choice) = choices().find(|choice| choice.key == word) {
        return Some(choice);
    }
    let mut begun = choices().filter(|choice| !word.is_empty() && choice.key.starts_with(word));
    match (begun.next(), begun.next()) {
        (Some(choice), None) => Some(choice),
        _ => None,
    }
}

fn no_choice(lesson: &Lesson, word: &str) -> Trouble {
    let keys: Vec<&str> = lesson
        .question
        .choice
        .iter()
        .map(|c| c.key.as_str())
        .collect();
    Trouble::usage(
        format!("invalid value '{word}' for '--predict <CHOICE>'"),
        format!("it takes one of {}", keys.join(", ")),
        format!("`pellucid lab show {}` has the question", lesson.name),
    )
}

fn find(name: &str, seed: u64) -> anyhow::Result<Lesson> {
    match lesson(name, seed) {
        Some(Ok(lesson)) => Ok(lesson),
        Some(Err(what)) => Err(Trouble::failed(
            format!("the lesson {name} is damaged"),
            what,
            "please report it",
        )
        .into()),
        None => {
            let now = match nearest(name, NAMES.iter().copied()) {
                Some(meant) => format!("did you mean {meant}?"),
                None => "`pellucid lab list` names them all".to_owned(),
            };
            let why = format!("there are {}", NAMES.join(", "));
            Err(Trouble::usage(format!("there is no lesson '{name}'"), why, now).into())
        }
    }
}

fn list() -> anyhow::Result<Code> {
    let mut out = stdout().lock();
    for name in NAMES {
        let lesson = find(name, SEED)?;
        said(writeln!(
            out,
            "{name:<16}  ~{} min  {}",
            lesson.minutes, lesson.shows
        ))?;
    }
    Ok(Code::Done)
}

/// A check that fails is a failure, and so is a question that the run does not answer.
fn code<'v>(verdicts: impl IntoIterator<Item = &'v Verdict>, is_answered: bool) -> Code {
    let mut verdicts = verdicts.into_iter();
    match is_answered && verdicts.all(|verdict| verdict.outcome.passed) {
        true => Code::Done,
        false => Code::Failed,
    }
}

/// Holds a folder against its lesson.
fn check(run: &Finished, common: Common) -> anyhow::Result<Code> {
    let (record, findings) = look_through(run.path()).map_err(damaged)?;
    let all = findings.iter().all(|finding| finding.held);
    if !common.quiet {
        let style = Style(common.color.on_stdout());
        let mut out = stdout().lock();
        said(told::findings(&mut out, &record, &findings, style))?;
    }
    let failed = record.set.is_empty() && record.checks.iter().any(|one| !one.passed);
    Ok(match all && !failed {
        true => Code::Done,
        false => Code::Failed,
    })
}

fn damaged(damage: Damage) -> Trouble {
    let now = "hand in the whole folder, as `pellucid lab run` left it";
    match damage {
        Damage::File { path, source } => Trouble::failed(
            format!("cannot read {}", path.display()),
            source.to_string(),
            now,
        ),
        Damage::Record { what } => Trouble::failed(format!("{LAB} says nothing"), what, now),
        Damage::Set(error) => {
            let what = format!("{LAB} sets what cannot be set");
            Trouble::failed(what, error.to_string(), now)
        }
    }
}

fn unwritten(folder: &Path, error: &std::io::Error) -> Trouble {
    Trouble::failed(
        format!("cannot write {}", folder.join(LAB).display()),
        error.to_string(),
        "make room where run folders go, or choose another place: -o DIR",
    )
}

/// What a lesson is played with unless somebody says otherwise.
const SEED: u64 = 42;

#[cfg(test)]
mod tests;
