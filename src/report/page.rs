//! `report.html`: one file that needs no other and asks nobody for anything.
//!
//! The page is a skeleton, a style, a script and the data of a run. A strict content policy allows
//! just this style and this script, by their hashes, and nothing from anywhere else; text of a run
//! gets into the page as text alone.

use std::io::{self, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::DeflateEncoder;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::runs::packets::Packet;
use crate::why::Log;

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
    let mut json = DeflateEncoder::new(Vec::new(), Compression::default());
    serde_json::to_writer(&mut json, &data)?;
    let bytes = deflated(&data.bytes)?;
    let json = STANDARD.encode(json.finish()?);
    let mut page = String::with_capacity(SKELETON.len() + STYLE.len() + SCRIPT.len() + json.len());
    let mut rest = SKELETON;
    while let Some((before, behind)) = rest.split_once("{{") {
        let (name, behind) = behind.split_once("}}").unwrap_or((behind, ""));
        page.push_str(before);
        match name {
            "title" => page.push_str(&escaped(source.title)),
            "policy" => page.push_str(&policy()),
            "style" => page.push_str(STYLE),
            "script" => page.push_str(SCRIPT),
            "data" => page.push_str(&json),
            "bytes" => page.push_str(&bytes),
            _ => {}
        }
        rest = behind;
    }
    page.push_str(rest);
    Ok(page)
}

/// As the script unpacks it: deflated (RFC 1951), as text without a letter that could end the
/// element that it stands in.
fn deflated(bytes: &[u8]) -> io::Result<String> {
    let mut deflated = DeflateEncoder::new(Vec::new(), Compression::default());
    deflated.write_all(bytes)?;
    Ok(STANDARD.encode(deflated.finish()?))
}

fn policy() -> String {
    let (script, style) = (hash(SCRIPT), hash(STYLE));
    format!(
        "default-src 'none'; script-src '{script}'; style-src '{style}'; img-src data:; \
         base-uri 'none'; form-action 'none'"
    )
}

fn hash(text: &str) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(text)))
}

/// Text for an element or an attribute.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            plain => out.push(plain),
        }
    }
    out
}

const SKELETON: &str = include_str!("page/page.html");
const STYLE: &str = include_str!("page/style.css");
/// One topic a file; they share one scope, and the first awaits the data.
const SCRIPT: &str = concat!(
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
