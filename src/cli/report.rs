//! `report`: the page of a run, made anew from its records.

use std::io::{Write, stdout};
use std::path::PathBuf;

use crate::report::text::plain;
use crate::report::{Source, page};
use crate::runs::{Finished, REPORT};
use crate::why::Log;

use super::Common;
use super::runs::{Which, records};
use super::trouble::{Code, said};

/// Make report.html of a run anew from its events
#[derive(Debug, clap::Args)]
pub struct Report {
    #[command(flatten)]
    which: Which,
}

impl Report {
    /// Makes it.
    pub fn run(self, common: Common) -> anyhow::Result<Code> {
        let run = self.which.find()?;
        let path = remake(&run)?;
        if !common.quiet {
            said(writeln!(stdout(), "{}", plain(&path.display().to_string())))?;
        }
        Ok(Code::Done)
    }
}

/// Writes the page of a run, in place of one that is there; says where.
pub fn remake(run: &Finished) -> anyhow::Result<PathBuf> {
    let log = Log::new(records(run)?);
    let path = std::fs::canonicalize(run.path())?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let text = page(&Source {
        title: &format!("pellucid {name}"),
        run: &name,
        log: &log,
        packets: &run.packets(HEAD),
        summary: run.summary(),
        scenario: run.scenario(),
    })?;
    Ok(run.replace(REPORT, text.as_bytes())?)
}

/// As much of each packet as a page shows: all headers, and how the text begins.
const HEAD: usize = 192;
