//! The course of one connection as graphs: congestion window, round trip and rates over time.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Style};
use ratatui::symbols::Marker;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Axis, Chart, Dataset, GraphType, Paragraph};

use crate::live::course::Course;
use crate::live::model::{Model, ms, short};

use super::details::{head, rule};
use super::dim;

/// Draws those of the chosen connection.
pub fn draw(frame: &mut Frame<'_>, area: Rect, model: &Model) {
    let Some(row) = model.chosen_row() else {
        let text = "no connection: there are graphs as soon as one is chosen";
        frame.render_widget(Paragraph::new(text), area);
        return;
    };
    let [first, rest] = Layout::vertical([Constraint::Length(1), Constraint::Min(0)]).areas(area);
    frame.render_widget(rule(&head(row, row.known.as_deref()), area.width), first);
    let course = model.courses.get(&row.id);
    let Some(course) = course.filter(|course| course.points().len() > 0) else {
        frame.render_widget(Paragraph::new(" nothing was measured"), rest);
        return;
    };
    let areas: [Rect; 3] = Layout::vertical([Constraint::Fill(1); 3]).areas(rest);
    for (graph, area) in graphs(course).iter().zip(areas) {
        graph.draw(frame, area);
    }
}

/// Values in the order of their times, in seconds.
type Values = Vec<(f64, f64)>;

/// Lines over time in one frame.
struct Graph {
    name: &'static str,
    /// Values in words.
    spelled: fn(u64) -> String,
    /// When it begins and ends, in seconds: the same for all, so that one is below the other.
    times: [f64; 2],
    lines: Vec<(&'static str, Color, Values)>,
}

fn graphs(course: &Course) -> [Graph; 3] {
    let points = course.points();
    let first = points.clone().map(|point| seconds(point.at_us)).next();
    let last = points.clone().map(|point| seconds(point.at_us)).last();
    let first = first.unwrap_or_default();
    // Where there is one point, there is room for it.
    let times = [first, last.unwrap_or_default().max(first + 0.001)];
    let cwnd = points.clone().map(|point| (point.at_us, point.cwnd));
    let rtt = points.filter_map(|point| Some((point.at_us, point.srtt_us?)));
    let rates = course.rates_over_time();
    let sent = rates.iter().map(|(us, (sent, _))| (*us, sent / 8));
    let got = rates.iter().map(|(us, (_, got))| (*us, got / 8));
    let graph = |name, spelled, lines| Graph {
        name,
        spelled,
        times,
        lines,
    };
    [
        graph("cwnd, bytes", short, vec![("now", Color::Cyan, held(cwnd))]),
        graph("rtt, ms", ms, vec![("now", Color::Cyan, held(rtt))]),
        graph(
            "rate, bytes a second",
            short,
            vec![
                ("sent", Color::Cyan, reached(sent)),
                ("received", Color::Green, reached(got)),
            ],
        ),
    ]
}

/// Values that hold until the next.
fn held(values: impl Iterator<Item = (u64, u64)>) -> Values {
    let mut steps = Values::new();
    for (us, value) in values {
        let before = steps.last().map(|(_, before)| (seconds(us), *before));
        steps.extend(before);
        steps.push((seconds(us), value as f64));
    }
    steps
}

/// Values of the time since the one before.
fn reached(values: impl Iterator<Item = (u64, u64)>) -> Values {
    let (mut steps, mut since) = (Vec::new(), None);
    for (us, value) in values {
        let now = seconds(us);
        if let Some(since) = since.replace(now) {
            steps.extend([(since, value as f64), (now, value as f64)]);
        }
    }
    steps
}

fn seconds(us: u64) -> f64 {
    us as f64 / 1e6
}

impl Graph {
    fn draw(&self, frame: &mut Frame<'_>, area: Rect) {
        let [above, below] =
            Layout::vertical([Constraint::Length(1), Constraint::Min(0)]).areas(area);
        let all = self.lines.iter().flat_map(|(.., points)| points);
        let highest = all.fold(0.0_f64, |most, (_, value)| most.max(*value));
        frame.render_widget(self.head(highest), above);
        let datasets = self.lines.iter().map(|(_, color, points)| {
            Dataset::default()
                .marker(Marker::Braille)
                .graph_type(GraphType::Line)
                .style(Style::new().fg(*color))
                .data(points)
        });
        let times = self.times.map(|time| format!("+{time:.3} s"));
        let values = ["0".to_owned(), (self.spelled)(highest as u64)];
        // As wide in all three, too.
        let values = values.map(|value| format!("{value:>5}"));
        let time = Axis::default().bounds(self.times).labels(times);
        let value = Axis::default()
            .bounds([0.0, highest.max(1.0)])
            .labels(values);
        let chart = Chart::new(datasets.collect())
            .x_axis(time.style(dim()))
            .y_axis(value.style(dim()));
        frame.render_widget(chart, below);
    }

    /// What it is, and the newest values.
    fn head(&self, highest: f64) -> Line<'static> {
        let most = (self.spelled)(highest as u64);
        let mut spans = vec![Span::raw(format!(" {}: at most {most}", self.name))];
        for (name, color, points) in &self.lines {
            let newest = points
                .last()
                .map(|(_, value)| (self.spelled)(*value as u64));
            let text = format!("  ● {name} {}", newest.unwrap_or_else(|| "-".into()));
            spans.push(Span::styled(text, Style::new().fg(*color)));
        }
        Line::from(spans)
    }
}
