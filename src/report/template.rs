//! One HTML file that needs no other and asks nobody for anything: a skeleton with places, a
//! style, a script, and data that the script unpacks.
//!
//! A strict content policy allows just this style and this script, by their hashes, and nothing
//! from anywhere else; text of a run gets into the page as text alone.

use std::io::{self, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::DeflateEncoder;
use sha2::{Digest, Sha256};

/// What all pages of a kind share.
#[derive(Debug, Clone, Copy)]
pub struct Template {
    /// HTML with places: `{{title}}`, `{{policy}}`, `{{style}}`, `{{script}}`, and one for each
    /// piece of data.
    pub skeleton: &'static str,
    pub style: &'static str,
    pub script: &'static str,
}

impl Template {
    /// The whole file. Data is named by its place in the skeleton.
    ///
    /// # Errors
    ///
    /// None but those of writing into memory, which has no case.
    pub fn fill(self, title: &str, data: &[(&str, &[u8])]) -> io::Result<String> {
        let packed: io::Result<Vec<(&str, String)>> = data
            .iter()
            .map(|(place, bytes)| Ok((*place, deflated(bytes)?)))
            .collect();
        let packed = packed?;
        let data: usize = packed.iter().map(|(_, text)| text.len()).sum();
        let fixed = self.skeleton.len() + self.style.len() + self.script.len();
        let mut page = String::with_capacity(fixed + data);
        let mut rest = self.skeleton;
        while let Some((before, behind)) = rest.split_once("{{") {
            let (name, behind) = behind.split_once("}}").unwrap_or((behind, ""));
            page.push_str(before);
            match name {
                "title" => page.push_str(&escaped(title)),
                "policy" => page.push_str(&self.policy()),
                "style" => page.push_str(self.style),
                "script" => page.push_str(self.script),
                name => {
                    let found = packed.iter().find(|(place, _)| *place == name);
                    page.push_str(found.map_or("", |(_, text)| text));
                }
            }
            rest = behind;
        }
        page.push_str(rest);
        Ok(page)
    }

    fn policy(self) -> String {
        let (script, style) = (hash(self.script), hash(self.style));
        format!(
            "default-src 'none'; script-src '{script}'; style-src '{style}'; img-src data:; \
             base-uri 'none'; form-action 'none'"
        )
    }
}

/// As the script unpacks it: deflated (RFC 1951), as text without a letter that could end the
/// element that it stands in.
fn deflated(bytes: &[u8]) -> io::Result<String> {
    let mut deflated = DeflateEncoder::new(Vec::new(), Compression::default());
    deflated.write_all(bytes)?;
    Ok(STANDARD.encode(deflated.finish()?))
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

#[cfg(test)]
mod tests;
