//! `schema`: what the files of a run may hold.

use std::io::{Write, stdout};

use crate::observe::events::schema::json_schema;

use super::Common;
use super::trouble::{Code, said};

/// Print the JSON Schema of a line of events.jsonl
#[derive(Debug, clap::Args)]
pub struct Schema {}

impl Schema {
    /// Prints it.
    pub fn run(self, _: Common) -> anyhow::Result<Code> {
        said(writeln!(stdout(), "{:#}", json_schema()))?;
        Ok(Code::Done)
    }
}
