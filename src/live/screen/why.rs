//! One event of a connection, explained: the same words as those of `pellucid why`.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Modifier;
use ratatui::text::Line;
use ratatui::widgets::Paragraph;

use crate::live::model::{Asked, Model};
use crate::report::text::plain;
use crate::runs::Record;

use super::cut;
use super::details::{head, rule, step};

/// Draws the last events, the one that is asked about among them, and why it happened.
pub fn draw(frame: &mut Frame<'_>, area: Rect, model: &Model) {
    let (Some(row), Some(asked)) = (model.chosen_row(), &model.asked) else {
        frame.render_widget(Paragraph::new("it is gone: [Esc] leads back"), area);
        return;
    };
    let [above, below] =
        Layout::vertical([Constraint::Percentage(35), Constraint::Min(0)]).areas(area);
    let width = usize::from(area.width);
    let mut lines = vec![rule(&head(row, row.known.as_deref()), area.width)];
    lines.extend(around(model, asked, width, usize::from(above.height) - 1));
    frame.render_widget(Paragraph::new(lines), above);
    let mut lines = vec![rule("why", area.width)];
    let said = asked.lines.iter().skip(asked.scrolled);
    lines.extend(said.map(|line| Line::raw(cut(&plain(line), width))));
    frame.render_widget(Paragraph::new(lines), below);
}

/// The events around the one that is asked about.
fn around(model: &Model, asked: &Asked, width: usize, room: usize) -> Vec<Line<'static>> {
    let told = model.told();
    let at = told.iter().position(|one| **one == asked.event);
    // Where it has gone by, the oldest of the rest are shown.
    let last = at.unwrap_or_default() + room / 2 + 1;
    let first = last.min(told.len()).saturating_sub(room);
    let shown = told.iter().enumerate().skip(first).take(room);
    let line = |(place, record): (usize, &&Record)| {
        let line = step(record, width);
        match Some(place) == at {
            true => line.patch_style(Modifier::REVERSED),
            false => line,
        }
    };
    shown.map(line).collect()
}
