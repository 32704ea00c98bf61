//! What `top` looks like: a list of connections, one of them in detail, and the keys.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Paragraph};

use crate::report::text::plain;

use super::message::{Listening, Row};
use super::model::{self, Model, Typing, View, ms, short};
use super::ss::state_name;

mod details;
mod graphs;
mod states;
mod why;

/// Below this there is nothing to be seen.
pub const LEAST: (u16, u16) = (60, 12);

/// Draws all of it.
pub fn draw(frame: &mut Frame<'_>, model: &Model) {
    let area = frame.area();
    if area.width < LEAST.0 || area.height < LEAST.1 {
        let text = format!(
            "{}×{} is too small: {}×{} at least",
            area.width, area.height, LEAST.0, LEAST.1
        );
        frame.render_widget(Paragraph::new(text), area);
        return;
    }
    let [head, middle, foot] = Layout::vertical([
        Constraint::Length(2),
        Constraint::Min(1),
        Constraint::Length(1),
    ])
    .areas(area);
    frame.render_widget(Paragraph::new(title(model, head.width)), head);
    match model.view {
        View::Help => help(frame, middle),
        View::Graphs => graphs::draw(frame, middle, model),
        View::States => states::draw(frame, middle, model),
        View::Why => why::draw(frame, middle, model),
        View::Endings => endings(frame, middle, model),
        View::Both => both(frame, middle, model),
    }
    frame.render_widget(Paragraph::new(keys(model, foot.width)), foot);
}

fn both(frame: &mut Frame<'_>, area: Rect, model: &Model) {
    let connections = model.shown().len();
    if connections == 0 {
        frame.render_widget(Paragraph::new(table(model, area)), area);
        return;
    }
    let rows = connections + model.listeners().len().min(LISTENERS);
    // The list takes what it needs and no more than leaves room for the details.
    let most = area.height.saturating_sub(details::LEAST).max(3);
    let wanted = u16::try_from(rows + 1).unwrap_or(u16::MAX);
    let list = wanted.clamp(2, most);
    let [above, below] =
        Layout::vertical([Constraint::Length(list), Constraint::Min(0)]).areas(area);
    frame.render_widget(Paragraph::new(table(model, above)), above);
    details::draw(frame, below, model);
}

/// Who it is, and how it stands in all.
fn title(model: &Model, width: u16) -> Vec<Line<'static>> {
    let seen = &model.snapshot;
    let at = format!(
        "{}.{:03} s",
        seen.at_us / 1_000_000,
        seen.at_us / 1000 % 1000
    );
    let at = match model.playing {
        Some(playing) => {
            let mark = if playing.runs { "▶" } else { "▮▮" };
            format!("{mark} {}/{} · {at}", playing.at, playing.of)
        }
        None => at,
    };
    let left = plain(&model.title);
    let blank = usize::from(width).saturating_sub(left.chars().count() + at.chars().count());
    let first = Line::from(vec![
        Span::styled(left, Style::new().add_modifier(Modifier::BOLD)),
        Span::raw(" ".repeat(blank.max(1))),
        Span::raw(at),
    ]);
    let mut second = format!(
        "{} open, {} half-open, {} in TIME-WAIT",
        seen.open, seen.half_open, seen.time_wait
    );
    if seen.rows.len() < seen.total() {
        second += &format!(", the {} busiest shown", seen.rows.len());
    }
    if let Some(counted) = &seen.counted {
        second += &format!(
            " · in {} out {} packets, {} again",
            short(counted.packets_in),
            short(counted.packets_out),
            short(counted.retransmitted)
        );
        let refused = counted
            .endings
            .iter()
            .filter(|ending| ending.disposition != "accepted");
        let refused: u64 = refused.map(|ending| ending.packets).sum();
        if refused > 0 {
            second += &format!(", {} not accepted", short(refused));
        }
    }
    vec![first, Line::styled(second, dim())]
}

/// The columns: name, width; those at the end go first where there is no room.
const COLUMNS: [(&str, usize); 11] = [
    ("PEER", 21),
    ("STATE", 10),
    ("CWND", 5),
    ("INFL", 5),
    ("RTT/VAR", 10),
    ("RETR", 4),
    ("LIMIT", 6),
    ("SEND/s", 6),
    ("RECV/s", 6),
    ("SSTHR", 5),
    ("RTO", 5),
];

fn table(model: &Model, area: Rect) -> Vec<Line<'static>> {
    let width = usize::from(area.width);
    let is_roomy = width >= 120;
    let mut columns = 0;
    let mut used = 6 + if is_roomy { 22 } else { 0 };
    for (_, wide) in COLUMNS {
        if used + wide > width {
            break;
        }
        used += wide + 1;
        columns += 1;
    }
    let head: Vec<String> = COLUMNS.iter().map(|(name, _)| (*name).to_owned()).collect();
    let head = line_of(
        "   ID",
        "LOCAL",
        &head,
        columns,
        is_roomy,
        "WHY LAST",
        width.saturating_sub(used),
    );
    let mut lines = vec![Line::styled(
        head,
        Style::new().add_modifier(Modifier::BOLD),
    )];
    let shown = model.shown();
    let room = usize::from(area.height).saturating_sub(1).max(1);
    let listeners = listeners(model, is_roomy, room);
    let room = room.saturating_sub(listeners.len()).max(1);
    lines.extend(listeners);
    let at = shown.iter().position(|row| Some(row.id) == model.chosen);
    let first = at.unwrap_or_default().saturating_sub(room - 1);
    for row in shown.iter().skip(first).take(room) {
        let is_chosen = Some(row.id) == model.chosen;
        let mark = if is_chosen { "▸" } else { " " };
        let cells = cells(model, row);
        let last = row.known.as_deref().map_or(String::new(), model::why);
        let id = format!("{mark}{:>4}", row.id);
        let text = line_of(
            &id,
            &row.local.to_string(),
            &cells,
            columns,
            is_roomy,
            &last,
            width.saturating_sub(used),
        );
        lines.push(Line::styled(text, style_of(row, is_chosen)));
    }
    if shown.is_empty() && lines.len() == 1 {
        let none = match model.filter.as_str() {
            "" => "no connection".to_owned(),
            filter => format!("no connection is {}", plain(filter)),
        };
        lines.push(Line::styled(none, dim()));
    }
    lines
}

/// Who listens: some, where there are connections too.
fn listeners(model: &Model, is_roomy: bool, room: usize) -> Vec<Line<'static>> {
    let all = model.listeners();
    let most = match model.shown().is_empty() {
        true => room,
        false => LISTENERS.min(room.saturating_sub(1)),
    };
    let line = |one: &&Listening| {
        let at = one.at();
        let columns = match is_roomy {
            true => format!("{at:21} {:21}", "*"),
            false => format!("{at:21}"),
        };
        let Listening {
            waiting,
            half_open,
            backlog,
            ..
        } = one;
        let style = match waiting >= backlog || half_open >= backlog {
            true => Style::new().fg(Color::Yellow),
            false => dim(),
        };
        let state = state_name("listen");
        let waits = format!("{waiting}/{backlog} wait, {half_open}/{backlog} half-open");
        Line::styled(format!("      {columns} {state:10} {waits}"), style)
    };
    let mut lines: Vec<_> = all.iter().take(most).map(line).collect();
    if let (more @ 1.., Some(last)) = (all.len().saturating_sub(most), lines.last_mut()) {
        let text = format!("      and {} more that listen", more + 1);
        *last = Line::styled(text, dim());
    }
    lines
}

fn line_of(
    id: &str,
    local: &str,
    cells: &[String],
    columns: usize,
    is_roomy: bool,
    last: &str,
    left: usize,
) -> String {
    let mut text = format!("{id:5} ");
    if is_roomy {
        text += &format!("{:21} ", cut(local, 21));
    }
    for (cell, (name, wide)) in cells.iter().zip(COLUMNS).take(columns) {
        let cell = cut(cell, wide);
        text += &match name {
            "PEER" | "STATE" | "LIMIT" => format!("{cell:wide$} "),
            _ => format!("{cell:>wide$} "),
        };
    }
    if left > 12 {
        text += &cut(last, left);
    }
    text
}

fn cells(model: &Model, row: &Row) -> Vec<String> {
    let left = row.timers.iter().find(|timer| timer.timer == "time_wait");
    let state = match left {
        Some(timer) => format!("TIME-W {}s", timer.left_us.div_ceil(1_000_000)),
        None => state_name(&row.state).to_owned(),
    };
    let mut cells = vec![row.remote.to_string(), state];
    if let Some(known) = &row.known {
        let rates = model.courses.get(&row.id).map(super::course::Course::rates);
        let (send, receive) = rates.unwrap_or_default();
        let var = known
            .rttvar_us
            .map_or(String::new(), |us| format!("/{}", ms(us)));
        cells.extend([
            short(known.cwnd),
            short(known.in_flight),
            known
                .srtt_us
                .map_or("-".into(), |us| format!("{}{var}", ms(us))),
            known.resent.to_string(),
            known
                .blocked_by
                .replace("silly_window", "silly")
                .replace("nothing", "-"),
            short(send / 8),
            short(receive / 8),
            known.ssthresh.map_or("∞".into(), short),
            ms(known.rto_us),
        ]);
    }
    cells
}

fn style_of(row: &Row, is_chosen: bool) -> Style {
    let style = match row.known.as_deref() {
        Some(known) if matches!(known.phase.as_str(), "recovery" | "loss") => {
            Style::new().fg(Color::Yellow)
        }
        None => dim(),
        _ if row.state == "closed" => dim(),
        _ => Style::new(),
    };
    match is_chosen {
        true => style.add_modifier(Modifier::REVERSED),
        false => style,
    }
}

/// What became of packets, by reason.
fn endings(frame: &mut Frame<'_>, area: Rect, model: &Model) {
    let Some(counted) = &model.snapshot.counted else {
        frame.render_widget(Paragraph::new("nothing was counted"), area);
        return;
    };
    let since = counted.since_us / 1_000_000;
    let head = format!("What became of packets that came in, counted since +{since} s");
    let mut lines = vec![Line::styled(
        head,
        Style::new().add_modifier(Modifier::BOLD),
    )];
    for ending in &counted.endings {
        let style = match ending.disposition.as_str() {
            "accepted" => Style::new(),
            "dropped" | "out_of_window" => Style::new().fg(Color::Red),
            _ => Style::new().fg(Color::Yellow),
        };
        let text = format!(
            "{:>10}  {:13}  {}",
            ending.packets,
            plain(&ending.disposition),
            plain(&ending.reason)
        );
        lines.push(Line::styled(text, style));
    }
    frame.render_widget(Paragraph::new(lines), area);
}

fn help(frame: &mut Frame<'_>, area: Rect) {
    frame.render_widget(Clear, area);
    frame.render_widget(Paragraph::new(HELP), area);
}

/// What can be pressed, as much of it as there is room for, or what is to be said instead.
fn keys(model: &Model, width: u16) -> Line<'static> {
    if let Some((typing, text)) = &model.typing {
        let what = match typing {
            Typing::Filter => "filter (state, :port, part of a socket)",
            Typing::Break => "stop where",
        };
        return Line::raw(format!("{what}: {}▏", plain(text)));
    }
    if !model.note.is_empty() {
        return Line::styled(plain(&model.note), Style::new().fg(Color::Yellow));
    }
    if model.view == View::Why {
        let keys = "[q] quit  [↑↓] another event  [PgUp PgDn] scroll  [enter] back";
        return Line::styled(keys, dim());
    }
    let of_a_run: &[_] = match model.playing {
        Some(_) => &["[space] play", "[b][n] step", "[B] break"],
        None => &[],
    };
    let mut keys = "[q] quit".to_owned();
    for key in KEYS.iter().take(1).chain(of_a_run).chain(&KEYS[1..]) {
        if keys.chars().count() + 2 + key.chars().count() > width.into() {
            break;
        }
        keys += &format!("  {key}");
    }
    Line::styled(keys, dim())
}

/// As much of a text as fits, with a mark where it was cut.
pub fn cut(text: &str, wide: usize) -> String {
    if text.chars().count() <= wide {
        return text.to_owned();
    }
    let kept: String = text.chars().take(wide.saturating_sub(1)).collect();
    format!("{kept}…")
}

fn dim() -> Style {
    Style::new().fg(Color::DarkGray)
}

/// Lines for those who listen, where there are connections too.
const LISTENERS: usize = 3;

/// What works everywhere, what matters most first.
const KEYS: [&str; 8] = [
    "[?] help",
    "[↑↓] conn",
    "[enter] why",
    "[g] graphs",
    "[s] states",
    "[w] report",
    "[f] filter",
    "[d] dispositions",
];

const HELP: &str = "
 ↑ ↓ j k    another connection      PgUp PgDn  ten further
 f or /     show only some: a state, :80, a part of an address
 Enter      why its last packet went or ended as it did: ↑ ↓ lead to
            others, Enter or Backspace back
 g          graphs of it: congestion window, round trip, rates
 s          the states of TCP, and which it was in
 d          what became of packets, by reason
 Esc        the list, and all of it, again
 w          write report.html of a run that is over
 ? or h     this page               q          leave

 A run that is over plays:
 space p    go, or stop             ← → b n    one event back or on
 Home End   beginning, end          B          on to what a query finds,
                                               as tcp:loss_detected

 CWND, INFL and SSTHR are bytes, RTT and RTO milliseconds, rates bytes
 a second. LIMIT says what holds the sender back: its congestion window
 (cwnd), the peer's window (rwnd), its application (app), pacing, nagle,
 or a window too small to be worth a segment (silly).";

#[cfg(test)]
mod tests;
