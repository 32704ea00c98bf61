//! `report.html`: one file that needs no other and asks nobody for anything.
//!
//! [`Template`] puts it together; what is drawn is here: the data of a run, and the script that
//! reads it.

use std::io;

use serde_json::Value;

use crate::runs::packets::Packet;
use crate::why::Log;

use super::template::Template;

mod bytes;
mod column;
mod data;
mod link;

pub use data::Data;

/// What a page is made of.
#[derive(Debug)]
pub struct Source<'a> {
    pub title: &'a str,
    /// What the run is called by whoever asks for it again.
    pub run: &'a str,
    pub log: &'a Log,
    /// The capture, by the number of the frame less one; empty if there is none.
    pub packets: Vec<Packet>,
    /// What stands in `summary.json`.
    pub summary: Option<Value>,
    /// What stands in `run.toml`.
    pub scenario: Option<String>,
}

impl<'a> Source<'a> {
    /// A page of events alone.
    pub fn of(title: &'a str, log: &'a Log) -> Source<'a> {
        Source {
            title,
            run: "latest",
            log,
            packets: Vec::new(),
            summary: None,
            scenario: None,
        }
    }

    /// The packet of a frame.
    fn bytes_of(&self, frame: Option<u64>) -> Option<&Packet> {
        let place = usize::try_from(frame?.checked_sub(1)?).ok()?;
        self.packets.get(place)
    }
}

/// The whole file.
///
/// # Errors
///
/// None but those of writing into memory, which has no case.
pub fn page(source: &Source<'_>) -> io::Result<String> {
    let data = Data::of(source);
    let json = serde_json::to_vec(&data)?;
    TEMPLATE.fill(source.title, &[("data", &json), ("bytes", &data.bytes)])
}

const TEMPLATE: Template = Template {
    skeleton: include_str!("page/page.html"),
    style: include_str!("page/style.css"),
    script: SCRIPT,
};
/// One topic a file; they share one scope, and the first awaits the data.
const SCRIPT: &str = concat!(
    include_str!("page/script/begin.js"),
    include_str!("page/script/data.js"),
    include_str!("page/script/words.js"),
    include_str!("page/script/plot.js"),
    include_str!("page/script/ladder.js"),
    include_str!("page/script/graphs.js"),
    include_str!("page/script/states.js"),
    include_str!("page/script/why.js"),
    include_str!("page/script/packet.js"),
    include_str!("page/script/query.js"),
    include_str!("page/script/tables.js"),
    include_str!("page/script/waterfall.js"),
    include_str!("page/script/keys.js"),
);

#[cfg(test)]
mod tests;
