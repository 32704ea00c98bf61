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
use sha2::{Digest, Sha256};

use crate::why::Log;

mod column;
mod data;

pub use data::Data;

/// The whole file, of the events of a run.
///
/// # Errors
///
/// None but those of writing into memory, which has no case.
pub fn page(title: &str, log: &Log) -> io::Result<String> {
    let data = packed(&Data::of(title, log))?;
    let mut page = String::with_capacity(SKELETON.len() + STYLE.len() + SCRIPT.len() + data.len());
    let mut rest = SKELETON;
    while let Some((before, behind)) = rest.split_once("{{") {
        let (name, behind) = behind.split_once("}}").unwrap_or((behind, ""));
        page.push_str(before);
        match name {
            "title" => page.push_str(&escaped(title)),
            "policy" => page.push_str(&policy()),
            "style" => page.push_str(STYLE),
            "script" => page.push_str(SCRIPT),
            "data" => page.push_str(&data),
            _ => {}
        }
        rest = behind;
    }
    page.push_str(rest);
    Ok(page)
}

/// The data as the script unpacks it: JSON, deflated (RFC 1951), as text without a letter that
/// could end the element that it stands in.
fn packed(data: &Data) -> io::Result<String> {
    let mut deflated = DeflateEncoder::new(Vec::new(), Compression::default());
    serde_json::to_writer(&mut deflated, data)?;
    deflated.flush()?;
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
const SCRIPT: &str = include_str!("page/script.js");

#[cfg(test)]
mod tests;
