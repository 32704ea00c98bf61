//! One connection in detail: its send window, its timers, what limits it, its course, and its last
//! packets with their reasons.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use crate::live::course::{Course, Point};
use crate::live::message::{Known, Row};
use crate::live::model::{Model, ms, short};
use crate::probe::Blocked;
use crate::report::text::plain;
use crate::runs::Record;
use crate::why::words::{clause, said};

use super::{cut, dim};

/// Lines that the details want, with a few of the ladder.
pub const LEAST: u16 = 15;

/// Draws what is known of the chosen connection.
pub fn draw(frame: &mut Frame<'_>, area: Rect, model: &Model) {
    let Some(row) = model.chosen_row() else {
        return;
    };
    let [above, below] = Layout::vertical([Constraint::Length(9), Constraint::Min(0)]).areas(area);
    let Some(known) = row.known.as_deref() else {
        let text = vec![
            rule(&head(row, None), area.width),
            Line::raw(" no control block"),
        ];
        frame.render_widget(Paragraph::new(text), above);
        return;
    };
    let [first, rest] = Layout::vertical([Constraint::Length(1), Constraint::Min(0)]).areas(above);
    frame.render_widget(rule(&head(row, Some(known)), area.width), first);
    let [left, timers, limits] = Layout::horizontal([
        Constraint::Min(30),
        Constraint::Length(19),
        Constraint::Length(10),
    ])
    .spacing(1)
    .areas(rest);
    frame.render_widget(Paragraph::new(sending(model, row, known, left.width)), left);
    frame.render_widget(Paragraph::new(timers_of(row)), timers);
    frame.render_widget(Paragraph::new(limits_of(known)), limits);
    frame.render_widget(Paragraph::new(ladder(model, below)), below);
}

pub(super) fn head(row: &Row, known: Option<&Known>) -> String {
    let mut head = format!("{} · {} → {}", row.id, row.local, row.remote);
    let words = known.map(|known| [&known.congestion_control, &known.phase]);
    for word in words.into_iter().flatten().filter(|word| !word.is_empty()) {
        head += &format!(" · {}", plain(word));
    }
    head
}

/// A line with a name in it.
pub(super) fn rule(name: &str, width: u16) -> Line<'static> {
    let name = cut(name, usize::from(width).saturating_sub(6));
    let rest = usize::from(width).saturating_sub(name.chars().count() + 4);
    Line::styled(format!("── {name} {}", "─".repeat(rest)), dim())
}

fn sending(model: &Model, row: &Row, known: &Known, width: u16) -> Vec<Line<'static>> {
    let (una, nxt) = (
        format!(" una {} ", known.snd_una),
        format!(" nxt {}", known.snd_nxt),
    );
    let room = usize::from(width).saturating_sub(una.len() + nxt.len());
    let mut bar = vec![Span::raw(una)];
    bar.extend(window(known, room));
    bar.push(Span::raw(nxt));
    let course = model.courses.get(&row.id);
    let room = usize::from(width).saturating_sub(14);
    let drawn = |value: fn(&Point) -> u64| {
        let points = course.into_iter().flat_map(Course::points);
        spark(points.map(value), room)
    };
    let latest = known.srtt_us.map_or("-".into(), ms);
    vec![
        Line::from(bar),
        Line::styled(" ✕ lost ▓ reported █ in flight ░ window", dim()),
        Line::raw(format!(
            " cwnd {:>6} {}",
            short(known.cwnd),
            drawn(|point| point.cwnd)
        )),
        Line::raw(format!(
            " rtt  {latest:>6} {}",
            drawn(|point| point.srtt_us.unwrap_or_default())
        )),
        Line::raw(format!(
            " bytes: sent {}, got {}, unsent {}, unread {}",
            short(known.bytes_acked),
            short(known.bytes_received),
            short(known.unsent),
            short(known.unread)
        )),
        Line::raw(format!(
            " MSS {}, ssthresh {}, snd {}, rcv {}",
            known.mss,
            known.ssthresh.map_or("∞".into(), short),
            short(known.snd_wnd.into()),
            short(known.rcv_wnd.into())
        )),
        Line::raw(format!(
            " {} again; least rtt {}, rttvar {}",
            known.resent,
            known.min_rtt_us.map_or("-".into(), ms),
            known.rttvar_us.map_or("-".into(), ms)
        )),
    ]
}

/// What of the window is lost, reported, on its way, and free, in proportion.
fn window(known: &Known, room: usize) -> Vec<Span<'static>> {
    let outstanding = u64::from(known.snd_nxt.wrapping_sub(known.snd_una));
    let allowed = known.cwnd.min(known.snd_wnd.into());
    let all = outstanding.max(known.cwnd).max(1);
    let (lost, reported) = (u64::from(known.lost), u64::from(known.reported));
    // Rounded at the edges, so that the parts come to the whole.
    let place = |bytes: u64| (u128::from(bytes.min(all)) * room as u128 / u128::from(all)) as usize;
    let edges = [
        (place(lost), "✕", Color::Red),
        (place(lost + reported), "▓", Color::Green),
        (place(outstanding), "█", Color::Blue),
        (place(allowed), "░", Color::DarkGray),
        // What the peer does not let be used of it.
        (room, " ", Color::Reset),
    ];
    let mut at = 0;
    let mut spans = Vec::new();
    for (edge, glyph, color) in edges {
        let len = edge.saturating_sub(at);
        at = at.max(edge);
        spans.push(Span::styled(glyph.repeat(len), Style::new().fg(color)));
    }
    spans
}

/// A course in one line, the newest at the right end of what fits.
fn spark(values: impl Iterator<Item = u64>, room: usize) -> String {
    let values: Vec<u64> = values.collect();
    let shown = values
        .get(values.len().saturating_sub(room)..)
        .unwrap_or_default();
    let most = shown.iter().copied().max().unwrap_or_default().max(1);
    let glyphs: Vec<char> = "▁▂▃▄▅▆▇█".chars().collect();
    let glyph = |value: &u64| {
        let step = (u128::from(*value) * 7).div_ceil(u128::from(most)) as usize;
        glyphs.get(step).copied().unwrap_or(' ')
    };
    shown.iter().map(glyph).collect()
}

fn timers_of(row: &Row) -> Vec<Line<'static>> {
    let mut lines = vec![Line::styled(
        "timers",
        Style::new().add_modifier(Modifier::BOLD),
    )];
    for timer in &row.timers {
        let left = match timer.left_us {
            us @ 10_000_000.. => format!("{} s", us / 1_000_000),
            us => format!("{} ms", us / 1000),
        };
        lines.push(Line::raw(format!(
            "{:11}{left:>8}",
            cut(&plain(&timer.timer), 11)
        )));
    }
    if row.timers.is_empty() {
        lines.push(Line::styled("none runs", dim()));
    }
    lines
}

fn limits_of(known: &Known) -> Vec<Line<'static>> {
    let mut lines = vec![Line::styled(
        "limited by",
        Style::new().add_modifier(Modifier::BOLD),
    )];
    for by in Blocked::ALL {
        let name = by.key().replace("silly_window", "silly");
        lines.push(match by.key() == known.blocked_by {
            true => Line::styled(format!("● {name}"), Style::new().fg(Color::Cyan)),
            false => Line::styled(format!("○ {name}"), dim()),
        });
    }
    lines
}

/// The last packets and what else happened, the newest last.
fn ladder(model: &Model, area: Rect) -> Vec<Line<'static>> {
    let width = usize::from(area.width);
    let mut title = "last packets, and why".to_owned();
    if model.missed > 0 {
        title += &format!(" ({} events came too fast)", model.missed);
    }
    let mut lines = vec![rule(&title, area.width)];
    let told = model.told();
    let room = usize::from(area.height).saturating_sub(1);
    for record in told
        .get(told.len().saturating_sub(room)..)
        .unwrap_or_default()
    {
        lines.push(step(record, width));
    }
    lines
}

/// One of them.
pub(super) fn step(record: &Record, width: usize) -> Line<'static> {
    let us = record.time.as_nanos() / 1000;
    let time = format!("{:>5}.{:03}", us / 1_000_000, us / 1000 % 1000);
    let (arrow, what, style) = match record.name.as_str() {
        "tcp:segment_sent" => ("──▶", segment(record), Style::new()),
        "tcp:segment_disposed" => ("◀──", segment(record), Style::new()),
        _ => (" · ", said(record), Style::new().fg(Color::Yellow)),
    };
    let style = match record.text("retransmit") {
        Some(_) => style.fg(Color::Red),
        None => style,
    };
    let is_packet = arrow != " · ";
    let why = record.why.as_ref().filter(|_| is_packet);
    let why = why.map_or(String::new(), |why| {
        format!(" {}: {}", clause(&why.rule), why.text)
    });
    let text = format!("{time} {arrow} {:32}{why}", plain(&what));
    Line::styled(cut(&plain(&text), width), style)
}

/// `seq 20441 len 1460 again: fast`.
fn segment(record: &Record) -> String {
    let number = |name: &str| record.number(name).unwrap_or_default();
    let flags = record.text("flags").unwrap_or_default();
    let mut text = match number("len") {
        0 => format!("{flags} ack {}", number("ack")),
        len => format!("seq {} len {len}", number("seq")),
    };
    if number("sack_blocks") > 0 {
        text += &format!(" +{} SACK", number("sack_blocks"));
    }
    if let Some(how) = record.text("retransmit") {
        text += &format!(" again: {how}");
    }
    text
}
