//! `run`: an experiment from a file, in virtual time, or with the kernel at the other end.

use std::io::{self, Write, stdout};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::demo::listing;
use crate::namespace::{Mounts, doctor::release, enter};
use crate::outside::KernelHost;
use crate::replay::Tape;
use crate::report::text::{Style, plain, size};
use crate::runs::{
    CAPTURE, Checks, Clock, EVENTS, Finished, JOURNEY, REPORT, RunFolder, SCENARIO, SUMMARY,
    Summary, TAPE,
};
use crate::scenario::{Invalid, Played, Progress, Scenario, Verdict, judge};

use super::Common;
use super::report::{remake, write_journey};
use super::runs::{PLACE, end_tape, records};
use super::signals::Signals;
use super::trouble::{Code, Trouble, said};

/// Play an experiment from a file, in virtual time or against the kernel
///
/// Writes a run folder as the demo does: report.html, capture.pcapng, events.jsonl and so on, and
/// the file with every default written out. The same file and seed give the same bytes.
#[derive(Debug, clap::Args)]
pub struct Run {
    /// The scenario: a TOML file, as in examples/scenarios
    file: PathBuf,
    /// Set a value otherwise, as in --set link.up.loss=data:14; may be given again
    #[arg(long, value_name = "PATH=VALUE")]
    set: Vec<String>,
    /// Draw all chance from this
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Who is at the other end: a stack of ours, or the kernel's, in real time
    #[arg(long, value_name = "WHO")]
    peer: Option<Peer>,
    /// Where run folders go
    #[arg(short, long, value_name = "DIR", default_value = PLACE)]
    output: PathBuf,
    /// Print summary.json instead
    #[arg(long)]
    json: bool,
}

/// Who is at the other end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Peer {
    Pellucid,
    Kernel,
}

impl Run {
    /// Plays it.
    pub fn run(self, common: Common) -> anyhow::Result<Code> {
        let mut set = self.set.clone();
        set.extend(self.seed.map(|seed| format!("seed={seed}")));
        let path = plain(&self.file.display().to_string());
        let scenario = Scenario::read(&self.file, &set).map_err(|error| wrong(error, &path))?;
        let scenario = match self.peer {
            None => scenario,
            Some(peer) => {
                let changed = scenario.with_peer(peer == Peer::Kernel);
                changed.map_err(|error| wrong(error, &path))?
            }
        };
        let quiet = common.quiet || self.json;
        let Done {
            folder,
            played,
            verdicts,
            summary,
            files,
        } = match perform(&scenario, &self.output, quiet).map_err(|error| mend(error, &path))? {
            Ok(done) => done,
            Err(code) => return Ok(code),
        };
        let mut out = stdout().lock();
        if self.json {
            said(summary.write(&mut out))?;
        } else if !common.quiet {
            let style = Style(common.color.on_stdout());
            said(tell(
                &mut out, &scenario, &played, &summary, &verdicts, style,
            ))?;
            said(list(&mut out, &folder, &files))?;
        }
        Ok(code(&played, &verdicts))
    }
}

/// A scenario that was played, and recorded.
#[derive(Debug)]
pub struct Done {
    pub folder: RunFolder,
    pub played: Played,
    pub verdicts: Vec<Verdict>,
    pub summary: Summary,
    /// The names and lengths of what was written.
    pub files: Vec<(&'static str, u64)>,
}

/// Plays a scenario and records it in a folder in `place`; or the code of the signal that ended it.
pub fn perform(
    scenario: &Scenario,
    place: &std::path::Path,
    quiet: bool,
) -> anyhow::Result<Result<Done, Code>> {
    // What cannot be built makes no folder.
    scenario.build()?;
    let mut kernel = match scenario.of_kernel() {
        None => None,
        // Before any thread is made, because threads stay where they are.
        Some((_, host)) => Some(KernelHost::open(enter(Mounts::Shared)?, host)?),
    };
    let signals = Signals::listen()?;
    let folder = RunFolder::create(place, &scenario.name)?;
    let resolved = scenario.resolved();
    let mut file = folder.create_file(SCENARIO)?;
    file.write_all(resolved.as_bytes())?;
    let files = (folder.create_file(CAPTURE)?, folder.create_file(EVENTS)?);
    let bar = Bar::new(quiet, scenario.until.0, &signals);
    let tape = Tape::begin(folder.create_file(TAPE)?)?;
    let play = || match &mut kernel {
        None => scenario.play(files.0, files.1, Some(&tape), &bar),
        Some(kernel) => scenario.play_with(kernel, files.0, files.1, Some(&tape), &bar),
    };
    let played = catch_unwind(AssertUnwindSafe(play));
    bar.bar.finish_and_clear();
    // However it went, the tape has an end.
    let taped = end_tape(&folder, &tape);
    let played = played.map_err(|panic| broken(&*panic, &folder))??;
    let taped = taped?;
    if let Some(signal) = signals.came() {
        return Ok(Err(signal.code()));
    }
    conclude(scenario, folder, played, taped, &resolved).map(Ok)
}

/// Judges what was played, and writes what is made of it.
fn conclude(
    scenario: &Scenario,
    folder: RunFolder,
    played: Played,
    taped: u64,
    resolved: &str,
) -> anyhow::Result<Done> {
    let (clock, link) = match scenario.of_kernel() {
        None => (Clock::Virtual, "sim"),
        Some(_) => (Clock::Real, "sim and plain TUN in a private namespace"),
    };
    let run = Finished::of(&folder);
    let verdicts = match scenario.expect.is_empty() {
        true => Vec::new(),
        false => judge(&scenario.expect, &records(&run)?).map_err(|(number, error)| {
            let what = format!("{} at column {}", error.what(), error.column());
            Invalid::value(format!("expect {number}"), what)
        })?,
    };
    let passed = verdicts.iter().filter(|verdict| verdict.outcome.passed);
    let passed = passed.count() as u32;
    let summary = Summary {
        seed: scenario.seed,
        clock,
        link: link.to_owned(),
        lost: played.lost,
        checks: Checks {
            passed,
            failed: verdicts.len() as u32 - passed,
        },
        ..Summary::new(folder.name(), &played.counts, &played.connections)
    };
    let mut numbers = Vec::new();
    summary.write(&mut numbers)?;
    folder.create_file(SUMMARY)?.write_all(&numbers)?;
    let page = std::fs::metadata(remake(&run)?)?.len();
    let files = vec![
        (REPORT, page),
        (CAPTURE, played.captured.bytes),
        (
            EVENTS,
            played.captured.events.map_or(0, |stats| stats.bytes),
        ),
        (SCENARIO, resolved.len() as u64),
        (TAPE, taped),
        (JOURNEY, write_journey(&run)?),
        (SUMMARY, numbers.len() as u64),
    ];
    Ok(Done {
        folder,
        played,
        verdicts,
        summary,
        files,
    })
}

/// How the program ends.
fn code(played: &Played, verdicts: &[Verdict]) -> Code {
    if played.counts.explained() < played.counts.packets() {
        return Code::Broken;
    }
    match verdicts.iter().all(|verdict| verdict.outcome.passed) {
        true => Code::Done,
        false => Code::Failed,
    }
}

fn tell(
    out: &mut impl Write,
    scenario: &Scenario,
    played: &Played,
    summary: &Summary,
    verdicts: &[Verdict],
    style: Style,
) -> io::Result<()> {
    let Scenario { name, about, .. } = scenario;
    writeln!(
        out,
        "{}  ·  {}, seed {}",
        plain(name),
        match scenario.of_kernel() {
            None => "virtual time".to_owned(),
            Some((host, _)) => format!("real time, Linux {} is {}", plain(&release()), plain(host)),
        },
        scenario.seed
    )?;
    if !about.is_empty() {
        writeln!(out, "  {}", plain(about))?;
    }
    for one in &summary.connections {
        let rate = match one.goodput_bps {
            Some(bps) => format!("{:.2} Mbit/s", bps as f64 / 1e6),
            None => "-".to_owned(),
        };
        writeln!(
            out,
            "{:>4}  {} → {}  {}  {}  sent {}  received {}  {rate}  rtx {}  rto {}  cwnd max {}",
            one.id,
            one.local,
            one.remote,
            one.state,
            one.cc,
            size(one.bytes_sent),
            size(one.bytes_received),
            one.rtx,
            one.rto,
            one.cwnd_max,
        )?;
    }
    tell_verdicts(out, verdicts, style)?;
    if !played.is_over {
        let stopped = "stopped with connections that were not over; `until` sets when";
        writeln!(out, "{stopped}")?;
    }
    if scenario.link.values().any(|link| link.loss.is_random()) {
        let hint = "random loss hides what congestion control does: compare with a queue instead";
        writeln!(out, "note  {hint}")?;
    }
    writeln!(
        out,
        "{:.6} s · {} packets · {} lost · {} retransmitted · every packet explained ({}/{})",
        played.took.as_secs_f64(),
        summary.packets,
        summary.lost,
        summary.retransmitted,
        summary.explained,
        summary.packets,
    )
}

fn tell_verdicts(out: &mut impl Write, verdicts: &[Verdict], style: Style) -> io::Result<()> {
    for Verdict { expected, outcome } in verdicts {
        let mark = match outcome.passed {
            true => style.good("✓"),
            false => style.bad("✗"),
        };
        writeln!(
            out,
            "{mark} {}   {}",
            plain(&expected.that),
            plain(&expected.why)
        )?;
        if !outcome.passed {
            for line in outcome.to_string().lines() {
                writeln!(out, "    {}", plain(line))?;
            }
        }
    }
    Ok(())
}

fn list(out: &mut impl Write, folder: &RunFolder, files: &[(&'static str, u64)]) -> io::Result<()> {
    let path = plain(&folder.path().display().to_string());
    let whats = [
        "open in a browser: ladder, graphs, and the why of every packet",
        "open in Wireshark: a comment on every packet",
        "all that stacks and links told, a line an event",
        "the scenario with every default; pellucid run plays it again",
        "all that stacks were told; pellucid replay steps through it",
        "the journey as mermaid",
        "the numbers a program wants",
    ];
    let files: Vec<_> = files
        .iter()
        .zip(whats)
        .map(|((name, len), what)| (*name, *len, what))
        .collect();
    writeln!(out)?;
    for line in listing(&path, &files) {
        writeln!(out, "{line}")?;
    }
    out.flush()
}

/// How far it is, on a terminal; and whether somebody wants it to end.
struct Bar<'a> {
    bar: ProgressBar,
    signals: &'a Signals,
}

impl Bar<'_> {
    fn new(quiet: bool, until: Duration, signals: &Signals) -> Bar<'_> {
        let bar = match quiet {
            true => ProgressBar::hidden(),
            false => ProgressBar::new(until.as_millis() as u64),
        };
        // A test holds the template to the language that it is in.
        let style = ProgressStyle::with_template(PROGRESS);
        let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
        Bar {
            bar: bar.with_style(style),
            signals,
        }
    }
}

impl Progress for Bar<'_> {
    fn reached(&self, age: Duration) -> bool {
        self.bar.set_position(age.as_millis() as u64);
        self.bar.set_message(format!("{:.3} s", age.as_secs_f64()));
        self.signals.came().is_none()
    }
}

const PROGRESS: &str = "{elapsed} of yours, {msg} of theirs {wide_bar}";

/// What is wrong with a scenario, in three lines.
pub(super) fn wrong(error: Invalid, path: &str) -> Trouble {
    let what = format!("{path} cannot be played");
    let see = "compare it with a file of examples/scenarios, or with a run.toml";
    match error {
        Invalid::Io { source, .. } => Trouble::usage(
            format!("cannot read {path}"),
            source.to_string(),
            "name a scenario, as in examples/scenarios",
        ),
        Invalid::Record(source) => Trouble::failed(
            format!("cannot record {path}"),
            source.to_string(),
            "make room where run folders go, or choose another place: -o DIR",
        ),
        Invalid::Text {
            what: why,
            at,
            meant,
        } => {
            let place = at.map(|(line, column)| format!("line {line}, column {column}: "));
            let now = match meant {
                Some(meant) => format!("did you mean {meant}?"),
                None => see.to_owned(),
            };
            Trouble::usage(what, format!("{}{why}", place.unwrap_or_default()), now)
        }
        Invalid::Value { .. } => Trouble::usage(what, error.to_string(), see),
    }
}

/// The same of whatever went wrong on the way.
pub(super) fn mend(error: anyhow::Error, path: &str) -> anyhow::Error {
    match error.downcast::<Invalid>() {
        Ok(invalid) => wrong(invalid, path).into(),
        Err(error) => error,
    }
}

/// A promise that the stack broke.
fn broken(panic: &(dyn std::any::Any + Send), folder: &RunFolder) -> Trouble {
    let said = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied());
    Trouble {
        code: Code::Broken,
        ..Trouble::failed(
            "the stack broke a promise of its own",
            said.and_then(|said| said.lines().next())
                .unwrap_or("nothing more is known"),
            format!(
                "please report it with {}/{SCENARIO}, which plays it again",
                folder.path().display()
            ),
        )
    }
}

#[cfg(test)]
mod tests;
