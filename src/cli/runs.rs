//! What verbs that look at a run have in common.

use std::path::PathBuf;

use crate::replay::Tape;
use crate::runs::{Finished, Record, RecordError, RunFolder, TAPE, Unreadable};

use super::trouble::Trouble;

/// Which run.
#[derive(Debug, clap::Args)]
pub struct Which {
    /// The run: latest, its number, its name, or the path of its folder
    pub run: String,
    /// Where run folders lie
    #[arg(short, long, value_name = "DIR", default_value = PLACE)]
    output: PathBuf,
}

impl Which {
    /// Finds it.
    pub fn find(&self) -> Result<Finished, Trouble> {
        Finished::find(&self.output, &self.run).map_err(unreadable)
    }

    /// All that it told.
    pub fn records(&self) -> Result<Vec<Record>, Trouble> {
        records(&self.find()?)
    }
}

/// All that a run told.
pub fn records(run: &Finished) -> Result<Vec<Record>, Trouble> {
    let records: Result<Vec<Record>, _> = run.events().map_err(unreadable)?.collect();
    records.map_err(unreadable)
}

/// What the host of a run told whose packets were captured, and what links did.
pub fn records_of_vantage(run: &Finished) -> Result<Vec<Record>, Trouble> {
    let events = run.events().map_err(unreadable)?;
    let records: Result<Vec<Record>, _> = events.of_vantage().collect();
    records.map_err(unreadable)
}

/// Ends a tape in the folder of a run; how long it is, in bytes.
pub fn end_tape(folder: &RunFolder, tape: &Tape) -> Result<u64, RecordError> {
    let path = folder.path().join(TAPE);
    let written = tape.finish();
    written.map_err(|error| RecordError::new("write", &path, error))
}

/// Where run folders lie unless somebody says otherwise.
pub const PLACE: &str = "pellucid-runs";

/// A run that cannot be read, in three lines.
pub fn unreadable(error: Unreadable) -> Trouble {
    match error {
        Unreadable::NoRun { which, place } => Trouble::failed(
            format!("there is no run {which:?}"),
            format!("nothing of that name or number lies in {}", place.display()),
            "make one: pellucid demo; or say where they lie: -o DIR",
        ),
        Unreadable::File { path, source } => Trouble::failed(
            format!("cannot read {}", path.display()),
            source.to_string(),
            "take another run; what was recorded before the fault can still be read by hand",
        ),
    }
}
