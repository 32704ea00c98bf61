//! Events as a `.sqlog`: qlog's JSON text sequence, for tools that read qlog.

use std::io::{self, BufRead, Write};

/// Writes the lines of `events.jsonl` as a JSON text sequence: before each a record separator,
/// behind each the line feed that is there (RFC 7464). The header says which form it
/// is; all else is as it was.
///
/// # Errors
///
/// What reading and writing say.
pub fn sequence(from: impl BufRead, mut to: impl Write) -> io::Result<()> {
    for (number, line) in from.split(b'\n').enumerate() {
        let line = line?;
        to.write_all(&[SEPARATOR])?;
        match number {
            0 => to.write_all(&header(&line))?,
            _ => to.write_all(&line)?,
        }
        to.write_all(b"\n")?;
    }
    Ok(())
}

/// The header of lines as that of a sequence; one that is none of ours stays as it is.
fn header(line: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(line);
    text.replacen(OF_LINES, OF_SEQUENCES, 1).into_bytes()
}

const SEPARATOR: u8 = 0x1e;
const OF_LINES: &str = r#""serialization_format":"application/jsonl""#;
/// The media type that qlog's main schema gives to such files.
const OF_SEQUENCES: &str = r#""serialization_format":"application/qlog+json-seq""#;

#[cfg(test)]
mod tests;
