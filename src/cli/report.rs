//! `report`: a run as a page, a picture or a text, made anew from its records.

use std::io::{self, Write, stdout};
use std::path::PathBuf;

use crate::report::lines::lines;
use crate::report::markdown::markdown;
use crate::report::mermaid::mermaid;
use crate::report::picture::picture;
use crate::report::qlog::sequence;
use crate::report::text::plain;
use crate::report::{Journey, Source, page};
use crate::runs::{Finished, JOURNEY, REPORT, replace};
use crate::why::Log;

use super::Common;
use super::runs::{Which, records_of_vantage, unreadable};
use super::trouble::{Code, Trouble, said};

/// Make report.html of a run anew from its events, or show the run in another form
#[derive(Debug, clap::Args)]
pub struct Report {
    #[command(flatten)]
    which: Which,
    /// In which form
    #[arg(short, long, default_value = "html")]
    format: Format,
    /// Where to: a file, which is replaced in one step, or - for standard output, which is where
    /// all but html go unless told otherwise; html goes to report.html in the run's folder
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
}

/// In which form a run is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// One page for a browser
    Html,
    /// Markdown that GitHub draws as it is
    Md,
    /// The journey as mermaid, a diagram for each connection
    Mermaid,
    /// The time-sequence graph and the ladder as a picture
    Svg,
    /// The ladder as text
    Txt,
    /// The events as qlog's JSON text sequence
    Qlog,
}

impl Report {
    /// Makes it.
    pub fn run(self, common: Common) -> anyhow::Result<Code> {
        let run = self.which.find()?;
        match (&self.to, self.format) {
            (None, Format::Html) => {
                let path = remake(&run)?;
                if !common.quiet {
                    said(writeln!(stdout(), "{}", plain(&path.display().to_string())))?;
                }
            }
            (None, format) => said(Made::of(&run, format)?.write(&mut stdout().lock()))?,
            (Some(path), format) if path.as_os_str() == "-" => {
                said(Made::of(&run, format)?.write(&mut stdout().lock()))?;
            }
            (Some(path), format) => {
                let made = Made::of(&run, format)?;
                replace(path, |file| made.write(file))?;
            }
        }
        Ok(Code::Done)
    }
}

/// What is to be written.
enum Made {
    Text(String),
    /// Passed on line by line.
    Events(io::BufReader<std::fs::File>),
}

impl Made {
    fn of(run: &Finished, format: Format) -> anyhow::Result<Made> {
        let name = name_of(run)?;
        let title = format!("pellucid {name}");
        let log = || Ok::<_, Trouble>(Log::new(records_of_vantage(run)?));
        Ok(Made::Text(match format {
            Format::Qlog => return Ok(Made::Events(run.events_file().map_err(unreadable)?)),
            Format::Html => page(&source(run, &log()?, &title, &name))?,
            Format::Md => markdown(&source(run, &log()?, &title, &name)),
            Format::Mermaid => mermaid(&Journey::of(&log()?)),
            Format::Svg => picture(&title, &log()?),
            Format::Txt => lines(&Journey::of(&log()?)),
        }))
    }

    fn write(self, to: &mut impl Write) -> io::Result<()> {
        match self {
            Made::Text(text) => to.write_all(text.as_bytes()),
            Made::Events(lines) => sequence(lines, to),
        }
    }
}

/// Writes the page of a run, in place of one that is there; says where.
pub fn remake(run: &Finished) -> anyhow::Result<PathBuf> {
    let mut text = Vec::new();
    Made::of(run, Format::Html)?.write(&mut text)?;
    Ok(run.replace(REPORT, &text)?)
}

/// Writes the journey of a run as mermaid; how long it is.
pub fn write_journey(run: &Finished) -> anyhow::Result<u64> {
    let text = mermaid(&Journey::of(&Log::new(records_of_vantage(run)?)));
    run.replace(JOURNEY, text.as_bytes())?;
    Ok(text.len() as u64)
}

fn name_of(run: &Finished) -> io::Result<String> {
    let path = std::fs::canonicalize(run.path())?;
    let name = path.file_name().unwrap_or_default();
    Ok(name.to_string_lossy().into_owned())
}

fn source<'a>(run: &Finished, log: &'a Log, title: &'a str, name: &'a str) -> Source<'a> {
    Source {
        title,
        run: name,
        log,
        packets: run.packets(HEAD),
        summary: run.summary(),
        scenario: run.scenario(),
    }
}

/// As much of each packet as a page shows: all headers, and how the text begins.
const HEAD: usize = 192;
