//! `why`: one packet of a run, explained.

use std::io::{Write, stdout};

use serde_json::json;

use crate::report::text::plain;
use crate::why::{Log, explain};

use super::Common;
use super::runs::Which;
use super::trouble::{Code, Trouble, said};

/// Explain one packet of a run: why it was sent, or what became of it
///
/// Prints the clause that it obeys, what its connection knew before and after, and what led to it,
/// back to the call or the timer that began it.
#[derive(Debug, clap::Args)]
pub struct Why {
    #[command(flatten)]
    which: Which,
    /// The packet: 212 or #212, the frame's number in capture.pcapng; or e912, an event's id
    packet: String,
    /// Print the packet's event and the events that led to it as JSON
    #[arg(long)]
    json: bool,
}

/// What a packet is called by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Name {
    Frame(u64),
    Event(u64),
}

impl Why {
    /// Explains it.
    pub fn run(self, _: Common) -> anyhow::Result<Code> {
        let name = self.name()?;
        let log = Log::new(self.which.records()?);
        let found = match name {
            Name::Frame(frame) => log.frame(frame),
            Name::Event(id) => log.event(id),
        };
        let packet = found.ok_or_else(|| self.missing(name, &log))?;
        let mut out = stdout().lock();
        if self.json {
            let chain = log.chain(packet);
            let links = chain.links.iter().map(|link| {
                json!({ "input": link.input, "decided": link.decided, "answers": link.answers })
            });
            let whole = json!({
                "packet": packet,
                "answers": chain.answers,
                "causes": links.collect::<Vec<_>>(),
            });
            said(writeln!(out, "{whole:#}"))?;
            return Ok(Code::Done);
        }
        for line in explain(&log, packet) {
            said(writeln!(out, "{}", plain(&line)))?;
        }
        Ok(Code::Done)
    }

    fn name(&self) -> Result<Name, Trouble> {
        let digits = self.packet.strip_prefix('#').unwrap_or(&self.packet);
        let name = match digits.strip_prefix('e') {
            Some(id) => id.parse().map(Name::Event),
            None => digits.parse().map(Name::Frame),
        };
        name.map_err(|_| {
            Trouble::usage(
                format!("{:?} is no packet", self.packet),
                "a packet is a frame's number, or e and an event's",
                "say 212 or '#212' for the frame that Wireshark shows so, or e912",
            )
        })
    }

    fn missing(&self, name: Name, log: &Log) -> Trouble {
        let what = match name {
            Name::Frame(frame) => format!("run {} has no frame {frame}", self.which.run),
            Name::Event(id) => format!("run {} has no event {id}", self.which.run),
        };
        let why = match log.last_frame() {
            Some(last) => format!("its frames go from 1 to {last}"),
            None => "it has no frames".into(),
        };
        Trouble::failed(what, why, "choose one that its capture shows")
    }
}
