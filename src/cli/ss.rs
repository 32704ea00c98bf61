//! `ss`: the connections of stacks that run, or of a run, in the form of iproute2's `ss`.

use std::io::{Write, stdout};

use clap::builder::PossibleValuesParser;
use serde_json::json;

use crate::live::past::Past;
use crate::live::ss::{Filter, Form};
use crate::live::{Attached, Snapshot};
use crate::report::text::plain;

use super::Common;
use super::runs::PLACE;
use super::source::{Source, What};
use super::trouble::{Code, said};

/// List the connections of stacks that run, as ss -ti does
///
/// Without a name those of all of your stacks that run (serve, get, shell and so on); with one
/// those of that process, or those of a run as they were at its end. The order and units of the
/// fields are those of iproute2's ss: windows in segments, times in milliseconds.
#[derive(Debug, clap::Args)]
pub struct Ss {
    /// A process that runs a stack, or a run: latest, its number, its name, its folder
    source: Option<String>,
    /// Only sockets that listen; Recv-Q: connections that wait to be accepted, Send-Q: how many may
    #[arg(short, long)]
    listening: bool,
    /// Those that listen too
    #[arg(short, long)]
    all: bool,
    /// Timers too, and a line that says why
    #[arg(short, long)]
    extended: bool,
    /// No line with the names of the columns
    #[arg(short = 'H', long)]
    no_header: bool,
    /// Only sockets in this state; may be repeated
    #[arg(long, value_name = "STATE", value_parser = PossibleValuesParser::new(STATES))]
    state: Vec<String>,
    /// Only sockets with this port at either end; may be repeated
    #[arg(short, long, value_name = "PORT")]
    port: Vec<u16>,
    /// Print all of it as one JSON object
    #[arg(long)]
    json: bool,
    /// Where run folders lie
    #[arg(short, long, value_name = "DIR", default_value = PLACE)]
    output: std::path::PathBuf,
    /// What scripts give to ss: TCP, with its numbers, without names, which is all there is
    #[arg(short = 't', hide = true)]
    tcp: bool,
    #[arg(short = 'i', hide = true)]
    info: bool,
    #[arg(short = 'n', hide = true)]
    numeric: bool,
}

impl Ss {
    /// Lists them.
    pub fn run(self, _common: Common) -> anyhow::Result<Code> {
        let source = Source {
            place: &self.output,
            which: self.source.as_deref(),
        };
        let mut seen = Vec::new();
        for what in source.all()? {
            seen.push(look(what)?);
        }
        let filter = Filter {
            states: self
                .state
                .iter()
                .map(|state| state.replace('-', "_"))
                .collect(),
            ports: self.port.clone(),
        };
        let names_states = !self.state.is_empty();
        for (_, snapshot) in &mut seen {
            let wants_listeners = self.all || self.listening || names_states;
            let wants_others = self.all || !self.listening || names_states;
            snapshot
                .listening
                .retain(|one| wants_listeners && filter.has_listener(one));
            snapshot.rows.retain(|row| wants_others && filter.has(row));
        }
        let mut out = stdout().lock();
        if self.json {
            let stacks: Vec<_> = seen
                .into_iter()
                .map(|(of, snapshot)| json!({ "of": of, "snapshot": snapshot }))
                .collect();
            said(writeln!(out, "{}", json!({ "stacks": stacks })))?;
            return Ok(Code::Done);
        }
        let (mut listening, mut rows) = (Vec::new(), Vec::new());
        for (_, snapshot) in seen {
            listening.extend(snapshot.listening);
            rows.extend(snapshot.rows);
        }
        let form = Form {
            extended: self.extended,
            bare: self.no_header,
        };
        for line in form.lines(&listening, &rows) {
            // A tab stands at the beginning of some lines, and nothing of a peer's.
            let (tab, rest) = line.split_at(usize::from(line.starts_with('\t')));
            said(writeln!(out, "{tab}{}", plain(rest)))?;
        }
        Ok(Code::Done)
    }
}

fn look(what: What) -> anyhow::Result<(serde_json::Value, Snapshot)> {
    match what {
        What::Running(mut attached) => {
            let snapshot = attached.once(ROWS)?;
            Ok((json!(Attached::hello(&attached)), snapshot))
        }
        What::Finished(run) => {
            let mut past = Past::default();
            for record in super::runs::records_of_vantage(&run)? {
                past.hear(&record);
            }
            let name = run.path().file_name().map(|name| name.to_string_lossy());
            Ok((json!({ "run": name }), past.snapshot()))
        }
    }
}

const STATES: [&str; 11] = [
    "listen",
    "syn-sent",
    "syn-received",
    "established",
    "fin-wait-1",
    "fin-wait-2",
    "close-wait",
    "closing",
    "last-ack",
    "time-wait",
    "closed",
];

/// As many as a stack tells of.
const ROWS: usize = 1000;
