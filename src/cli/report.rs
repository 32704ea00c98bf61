//! `report`: the page of a run, made anew from its records.

use std::io::{Write, stdout};
use std::path::PathBuf;

use crate::report::page;
use crate::report::text::plain;
use crate::runs::{Finished, REPORT, Record};

use super::Common;
use super::runs::{PLACE, unreadable};
use super::trouble::{Code, said};

/// Make report.html of a run anew from its events
#[derive(Debug, clap::Args)]
pub struct Report {
    /// The run: latest, its number, its name, or the path of its folder
    run: String,
    /// Where run folders lie
    #[arg(short, long, value_name = "DIR", default_value = PLACE)]
    output: PathBuf,
}

impl Report {
    /// Makes it.
    pub fn run(self, common: Common) -> anyhow::Result<Code> {
        let run = Finished::find(&self.output, &self.run).map_err(unreadable)?;
        let path = remake(&run)?;
        if !common.quiet {
            said(writeln!(stdout(), "{}", plain(&path.display().to_string())))?;
        }
        Ok(Code::Done)
    }
}

/// Writes the page of a run, in place of one that is there; says where.
pub fn remake(run: &Finished) -> anyhow::Result<PathBuf> {
    let records: Result<Vec<Record>, _> = run.events().map_err(unreadable)?.collect();
    let path = std::fs::canonicalize(run.path())?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let text = page(&format!("pellucid {name}"), records.map_err(unreadable)?)?;
    Ok(run.replace(REPORT, text.as_bytes())?)
}
