//! The states of RFC 9293, figure 5, and which of them one connection has been in.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Wrap};

use crate::live::course::Stay;
use crate::live::model::Model;
use crate::report::text::plain;

use super::details::{head, rule};
use super::dim;

/// Draws the machine, and below it the way through it.
pub fn draw(frame: &mut Frame<'_>, area: Rect, model: &Model) {
    let Some(row) = model.chosen_row() else {
        let text = "no connection: there are states as soon as one is chosen";
        frame.render_widget(Paragraph::new(text), area);
        return;
    };
    let course = model.courses.get(&row.id);
    let been = course.map_or(&[][..], |course| course.states());
    let mut lines = vec![rule(&head(row, row.known.as_deref()), area.width)];
    lines.extend(MACHINE.lines().map(|line| with_marks(line, been)));
    lines.push(Line::styled(LEGEND, dim()));
    lines.push(Line::raw(way(been)));
    let text = Paragraph::new(lines).wrap(Wrap { trim: false });
    frame.render_widget(text, area);
}

/// A line of the machine with a mark before each state.
fn with_marks(line: &str, been: &[Stay]) -> Line<'static> {
    let mut spans = Vec::new();
    let mut rest = line;
    while let Some((before, after)) = rest.split_once(MARK) {
        let len = after.find(' ').unwrap_or(after.len());
        let (name, behind) = after.split_at(len);
        let is = |stay: &Stay| name_of(&stay.state) == name;
        let (mark, style) = match been {
            [.., last] if is(last) => ("● ", Style::new().fg(Color::Cyan).add_modifier(BOLD)),
            been if been.iter().any(is) => ("✓ ", Style::new().fg(Color::Green)),
            _ => (MARK, dim()),
        };
        spans.push(Span::styled(before.to_owned(), dim()));
        spans.push(Span::styled(format!("{mark}{name}"), style));
        rest = behind;
    }
    spans.push(Span::styled(rest.to_owned(), dim()));
    Line::from(spans)
}

/// `+0.001 SYN-SENT → +0.002 ESTABLISHED`.
fn way(been: &[Stay]) -> String {
    let stays = been.iter().map(|stay| {
        let us = stay.at_us;
        let (s, ms) = (us / 1_000_000, us / 1000 % 1000);
        // A time and its state stay in one line.
        format!("+{s}.{ms:03}\u{a0}{}", name_of(&stay.state))
    });
    let stays: Vec<String> = stays.collect();
    format!(" {}", stays.join(" → "))
}

/// The state as the RFC spells it.
fn name_of(key: &str) -> String {
    plain(&key.replace('_', "-").to_uppercase())
}

const BOLD: Modifier = Modifier::BOLD;
const MARK: &str = "○ ";
const LEGEND: &str =
    " ● is here  ✓ was here  ○ was not seen here · event: what is sent · RST: left out";

/// What happens is written before the colon, what is sent for it behind.
const MACHINE: &str = "
                          ○ CLOSED ─────────────────┐
             passive OPEN │                         │ active OPEN: SYN
                          ○ LISTEN ── SEND: SYN ──▸ ○ SYN-SENT
             SYN: SYN,ACK │                         │    │
             ○ SYN-RECEIVED ◂───── SYN: SYN,ACK ────┘    │ SYN,ACK: ACK
             │            │                              │
  CLOSE: FIN │            └─ ACK of SYN ▸ ○ ESTABLISHED ◂┘
             │                 CLOSE: FIN │           │ FIN: ACK
             └▸ ○ FIN-WAIT-1 ◂────────────┘           └▸ ○ CLOSE-WAIT
     ACK of FIN │       │ FIN: ACK                       │ CLOSE: FIN
       ○ FIN-WAIT-2     ○ CLOSING                        ○ LAST-ACK
       FIN: ACK │       │ ACK of FIN                     │ ACK of FIN
                ○ TIME-WAIT ────────── 2 MSL ──────────▸ ○ CLOSED
";
