//! The journey as mermaid draws it: a `sequenceDiagram` for each connection.
//!
//! GitHub draws none of more than 50,000 characters, so each is kept below that; what is left out
//! is counted.

use std::fmt::Write;

use super::journey::{ARROWS_MOST, Journey, Packet, Run, Scene, Step};
use super::text::plain;

/// `journey.mmd`: all diagrams, a blank line between them.
pub fn mermaid(journey: &Journey) -> String {
    let diagrams: Vec<String> = journey.scenes.iter().map(diagram).collect();
    diagrams.join("\n")
}

/// The diagram of one connection.
pub fn diagram(scene: &Scene) -> String {
    let mut drawing = Drawing::begin(scene);
    drawing.band(OPENING);
    for (at, step) in scene.steps.iter().enumerate() {
        if drawing.is_full() {
            let left = scene.steps.len() - at;
            drawing.line(&format!("Note over C,S: {left} more steps are left out"));
            break;
        }
        match step {
            Step::Packet(packet) => drawing.packet(packet),
            Step::Run(run) => drawing.run(run),
            Step::State { old, new } => {
                drawing.line(&format!("Note over C: {}", escaped(new)));
                if new == "ESTABLISHED" {
                    drawing.band(TALKING);
                } else if old == "ESTABLISHED" {
                    drawing.band(CLOSING);
                }
            }
            Step::Timer(timer) => {
                drawing.line(&format!(
                    "Note over C: the {} timer expired",
                    escaped(timer)
                ));
            }
        }
    }
    drawing.end()
}

struct Drawing {
    text: String,
    arrows: usize,
    /// Where in the text the band that is open begins, and where its first line would stand.
    band: Option<(usize, usize)>,
}

impl Drawing {
    fn begin(scene: &Scene) -> Drawing {
        let mut drawing = Drawing {
            text: "sequenceDiagram\n".to_owned(),
            arrows: 0,
            band: None,
        };
        let title = match scene.title.as_str() {
            "" => "packets of no connection",
            title => title,
        };
        drawing.line(&format!(
            "participant C as {} {}",
            escaped(title),
            escaped(&scene.ours)
        ));
        drawing.line(&format!("participant S as {}", escaped(&scene.theirs)));
        drawing
    }

    fn is_full(&self) -> bool {
        self.arrows + 2 > ARROWS_MOST || self.text.len() > LENGTH_MOST
    }

    fn line(&mut self, line: &str) {
        // Writing into memory.
        let _ = writeln!(self.text, "    {line}");
    }

    /// Ends the band that is open, if any, and begins another. One without a line is none.
    fn band(&mut self, color: &str) {
        self.close();
        let before = self.text.len();
        self.line(&format!("rect {color}"));
        self.band = Some((before, self.text.len()));
    }

    fn close(&mut self) {
        match self.band.take() {
            Some((before, behind)) if self.text.len() == behind => self.text.truncate(before),
            Some(_) => self.line("end"),
            None => {}
        }
    }

    fn packet(&mut self, packet: &Packet) {
        let arrow = match (packet.out, packet.lost) {
            (true, false) => "C->>S",
            (true, true) => "C-xS",
            (false, false) => "S->>C",
            (false, true) => "S-xC",
        };
        let note = packet.odd.map_or(String::new(), |odd| format!(" ({odd})"));
        let text = format!("{} {}{note}", packet.name(), packet.what);
        self.line(&format!("{arrow}: {}", escaped(text.trim_start())));
        self.arrows += 1;
    }

    fn run(&mut self, run: &Run) {
        for (arrow, load) in [("C->>S", run.out), ("S->>C", run.back)] {
            if load.is_any() {
                let text = format!("{} ({})", load.words(), run.name());
                self.line(&format!(
                    "{arrow}: {}",
                    escaped(text.trim_end_matches(" ()"))
                ));
                self.arrows += 1;
            }
        }
    }

    fn end(mut self) -> String {
        self.close();
        self.text
    }
}

/// Text for a line of mermaid: whatever it could take for a mark of its own is written as the
/// number of the character.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in plain(text).chars() {
        let is_safe = letter.is_ascii_alphanumeric() || " .,:-+/()=_[]".contains(letter);
        if is_safe || !letter.is_ascii() {
            out.push(letter);
        } else {
            // Writing into memory.
            let _ = write!(out, "#{};", u32::from(letter));
        }
    }
    out
}

const OPENING: &str = "rgba(0, 96, 160, 0.10)";
const TALKING: &str = "rgba(0, 105, 79, 0.10)";
const CLOSING: &str = "rgba(138, 101, 0, 0.12)";
/// Below 45,000 characters with one line more.
const LENGTH_MOST: usize = 44_000;

#[cfg(test)]
mod tests;
