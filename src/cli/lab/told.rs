//! How lessons are told.

use std::io::{self, Write};

use crate::cli::run::Done;
use crate::lab::{Answer, Choice, Finding, Lesson, Record};
use crate::query::Outcome;
use crate::report::text::{Style, plain};
use crate::runs::REPORT;
use crate::scenario::Verdict;

/// A lesson that was played.
pub struct Told<'a> {
    pub lesson: &'a Lesson,
    /// Its variants, in order.
    pub done: &'a [Done],
    pub predicted: Option<&'a Choice>,
    pub answer: Option<&'a Answer<'a>>,
    /// Whether values were set otherwise.
    pub is_set: bool,
}

impl Told<'_> {
    /// All of it.
    pub fn tell(&self, out: &mut impl Write, style: Style) -> io::Result<()> {
        let Told { lesson, done, .. } = self;
        head(out, lesson)?;
        writeln!(out, "  ask      {}", lesson.question.ask)?;
        for (variant, one) in lesson.variant.iter().zip(*done) {
            let took = one.played.took.as_secs_f64();
            let (name, about) = (&variant.name, &variant.about);
            writeln!(out, "  run      {name}: {about} ({took:.3} s of theirs)")?;
        }
        if let Some(predicted) = self.predicted {
            let is_right = self.answer.is_some_and(|answer| answer.choice == predicted);
            let mark = mark(is_right, style);
            writeln!(out, "{mark} you      {}", predicted.text)?;
        }
        answer(out, lesson, self.answer, style)?;
        if self.is_set {
            writeln!(
                out,
                "  set      otherwise than the lesson: what fails is your finding"
            )?;
        }
        for (variant, one) in lesson.variant.iter().zip(*done) {
            for verdict in &one.verdicts {
                check(out, &variant.name, verdict, style)?;
            }
        }
        for one in &lesson.tries {
            writeln!(out, "  try      --set {}   {}", one.set, one.ask)?;
        }
        for one in *done {
            let path = one.folder.path().join(REPORT);
            writeln!(out, "  report   {}", plain(&path.display().to_string()))?;
        }
        out.flush()
    }
}

/// Its title.
fn head(out: &mut impl Write, lesson: &Lesson) -> io::Result<()> {
    writeln!(
        out,
        "{}  ·  {}   seed {}   {}   ~{} min",
        lesson.name,
        lesson.title,
        lesson.seed,
        lesson.clauses.join(", "),
        lesson.minutes,
    )
}

/// What it is about.
pub fn lesson(out: &mut impl Write, lesson: &Lesson, text: &str) -> io::Result<()> {
    head(out, lesson)?;
    writeln!(out, "\n{}", text.trim_end())?;
    writeln!(out)?;
    question(out, lesson)?;
    for one in &lesson.variant {
        writeln!(out, "  variant  {}: {}", one.name, one.about)?;
    }
    for one in &lesson.tries {
        writeln!(out, "  try      --set {}   {}", one.set, one.ask)?;
    }
    Ok(())
}

/// What is asked, and what may be answered.
pub fn question(out: &mut impl Write, lesson: &Lesson) -> io::Result<()> {
    writeln!(out, "  predict  {}", lesson.question.ask)?;
    for choice in &lesson.question.choice {
        writeln!(out, "           {:<8} {}", choice.key, choice.text)?;
    }
    Ok(())
}

/// What is right, and what shows it.
pub fn answer(
    out: &mut impl Write,
    lesson: &Lesson,
    answer: Option<&Answer<'_>>,
    style: Style,
) -> io::Result<()> {
    let Some(Answer { choice, outcome }) = answer else {
        return writeln!(
            out,
            "{} stack    none of the choices holds",
            mark(false, style)
        );
    };
    let variant = &lesson.variant[lesson.asked_of()].name;
    writeln!(
        out,
        "{} stack    {}: {}",
        mark(true, style),
        choice.key,
        choice.text
    )?;
    evidence(out, variant, outcome)
}

/// What an outcome rests on.
fn evidence(out: &mut impl Write, variant: &str, outcome: &Outcome) -> io::Result<()> {
    for line in outcome.to_string().lines() {
        writeln!(out, "           {variant}: {}", plain(line))?;
    }
    Ok(())
}

fn check(out: &mut impl Write, variant: &str, verdict: &Verdict, style: Style) -> io::Result<()> {
    let passed = verdict.outcome.passed;
    let (why, that) = (&verdict.expected.why, &verdict.expected.that);
    writeln!(out, "{} check    {variant}: {why}", mark(passed, style))?;
    writeln!(out, "           {that}")?;
    match passed {
        true => Ok(()),
        false => evidence(out, variant, &verdict.outcome),
    }
}

/// A lesson that was only checked: a line, and more for what failed.
pub fn checked(
    out: &mut impl Write,
    lesson: &Lesson,
    verdicts: &[Verdict],
    is_answered: bool,
    style: Style,
) -> io::Result<()> {
    let held = verdicts.iter().filter(|one| one.outcome.passed).count();
    let passed = is_answered && held == verdicts.len();
    let (name, all) = (&lesson.name, verdicts.len());
    writeln!(
        out,
        "{} {name:<16}  {held}/{all} checks",
        mark(passed, style)
    )?;
    if !is_answered {
        writeln!(out, "           none of the choices holds")?;
    }
    for verdict in verdicts.iter().filter(|one| !one.outcome.passed) {
        check(out, name, verdict, style)?;
    }
    Ok(())
}

/// What came of a folder that was handed in.
pub fn findings(
    out: &mut impl Write,
    record: &Record,
    findings: &[Finding],
    style: Style,
) -> io::Result<()> {
    writeln!(
        out,
        "{}  ·  handed in   seed {}",
        plain(&record.lesson),
        record.seed
    )?;
    for Finding { what, held } in findings {
        writeln!(out, "{} {}", mark(*held, style), plain(what))?;
    }
    let said = record.prediction.as_ref();
    let said = said.map_or("nothing was predicted".to_owned(), |said| {
        let right = if said.right { "right" } else { "wrong" };
        format!("predicted {}, which was {right}", said.choice)
    });
    writeln!(out, "  {}", plain(&said))?;
    for one in record.checks.iter().filter(|one| !one.passed) {
        let (variant, that) = (plain(&one.variant), plain(&one.that));
        writeln!(out, "{} check    {variant}: {that}", mark(false, style))?;
    }
    Ok(())
}

fn mark(is_good: bool, style: Style) -> String {
    match is_good {
        true => style.good("✓").to_string(),
        false => style.bad("✗").to_string(),
    }
}
