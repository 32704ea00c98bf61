//! A small run for the tests of whatever writes one down.

use crate::runs::Records;
use crate::why::Log;

/// A handshake, five segments, a timeout, and the acknowledgment of all.
pub fn log() -> Log {
    log_with("")
}

/// The same with one event more.
pub fn log_with(more: &str) -> Log {
    let text = format!("{RUN}{more}\n");
    let text = text.trim_end().to_owned() + "\n";
    let records = Records::of(text.as_bytes()).expect("a header");
    Log::new(records.map(|record| record.expect("a record")))
}

/// What an unfriendly peer may bring into a text: marks of HTML, of mermaid, of markdown, and
/// letters that do something.
pub const HOSTILE: &str = "<script>a;#b%%{c}|`d`\u{1b}[31m\n\u{202e}&\"'";

const RUN: &str = include_str!("fixtures/run.jsonl");
