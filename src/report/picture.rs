//! A run as one picture, in SVG: the time-sequence graph of the connection that sent most, and its
//! ladder below.

use std::collections::{HashMap, HashSet};
use std::fmt::Write;

use crate::runs::Record;
use crate::why::Log;

use super::journey::{Journey, Packet, Run, Scene, Step};
use super::losses::{Loss, Losses};
use super::text::{grouped, plain};

/// The whole picture.
pub fn picture(title: &str, log: &Log) -> String {
    let journey = Journey::of(log);
    let graph = Graph::of(log, busiest(log));
    let scene = journey
        .scenes
        .iter()
        .find(|scene| scene.title == graph.tuple);
    let rows = scene.map_or(0, |scene| scene.steps.len().min(ROWS_MOST) + 2);
    let height = GRAPH + ROW * (rows as f64 + 2.0);
    let mut drawing = Drawing(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" \
         viewBox=\"0 0 {WIDTH} {height}\" font-family=\"monospace\" font-size=\"12\">\n\
         <title>{}</title>\n<rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#fff\"/>\n",
        escaped(title)
    ));
    drawing.text(16.0, 22.0, INK, &format!("{title}   {}", graph.tuple));
    graph.draw(&mut drawing);
    if let Some(scene) = scene {
        ladder(scene, &mut drawing);
    }
    drawing.0.push_str("</svg>\n");
    drawing.0
}

/// The tuple that sent most bytes of text; the first of those that sent as many.
fn busiest(log: &Log) -> String {
    let mut sent: HashMap<&str, u64> = HashMap::new();
    let mut best: Option<&str> = None;
    for record in log.records() {
        let (Some(tuple), "tcp:opened" | "tcp:segment_sent") =
            (&record.tuple, record.name.as_str())
        else {
            continue;
        };
        let text = record.number("len").unwrap_or_default();
        *sent.entry(tuple.as_str()).or_default() += text;
        if best.is_none_or(|best| sent[tuple.as_str()] > sent[best]) {
            best = Some(tuple);
        }
    }
    best.unwrap_or_default().to_owned()
}

/// What a time-sequence graph shows: times in nanoseconds, numbers from the first.
#[derive(Debug, Default)]
struct Graph {
    tuple: String,
    segments: Vec<Segment>,
    acked: Vec<(u64, u64)>,
    edge: Vec<(u64, u64)>,
    limit: Vec<(u64, u64)>,
}

#[derive(Debug)]
struct Segment {
    at: u64,
    seq: u64,
    len: u64,
    again: bool,
    lost: bool,
}

impl Graph {
    fn of(log: &Log, tuple: String) -> Graph {
        let records = log.records();
        let losses = Losses::of(log);
        let mut graph = Graph {
            tuple,
            ..Graph::default()
        };
        let mut known = Known::default();
        for record in records {
            if record.tuple.as_deref() == Some(graph.tuple.as_str()) {
                graph.take(record, &losses, &mut known);
            }
        }
        graph
    }

    fn take(&mut self, record: &Record, losses: &Losses, known: &mut Known) {
        let at = record.time.as_nanos();
        let number = |name: &str| record.number(name);
        match (record.name.as_str(), number("seq"), number("len")) {
            ("tcp:segment_sent", Some(seq), Some(len)) if len > 0 => self.segments.push(Segment {
                at,
                seq,
                len,
                again: record.text("retransmit").is_some(),
                lost: losses.fate_of(record) != Loss::None,
            }),
            ("tcp:metrics_updated", ..) => {
                known.una = number("snd_una").or(known.una);
                known.wnd = number("snd_wnd").or(known.wnd);
                known.cwnd = number("congestion_window").or(known.cwnd);
                if let Some(una) = known.una {
                    self.acked.push((at, una));
                    self.edge.extend(known.wnd.map(|wnd| (at, una + wnd)));
                    self.limit.extend(known.cwnd.map(|cwnd| (at, una + cwnd)));
                }
            }
            _ => {}
        }
    }

    fn draw(&self, drawing: &mut Drawing) {
        let (Some(first), Some(last)) = (self.segments.first(), self.segments.last()) else {
            return drawing.text(16.0, 60.0, FAINT, "no text was sent");
        };
        let top = self
            .segments
            .iter()
            .map(|segment| segment.seq + segment.len);
        let scale = Scale {
            from: first.at as f64,
            span: (last.at - first.at).max(1000) as f64,
            high: top.max().unwrap_or(1) as f64 * 1.08,
        };
        drawing.axes(&scale);
        drawing.steps(&scale, &self.edge, EDGE, "");
        drawing.steps(&scale, &self.limit, CWND, " stroke-dasharray=\"6 4\"");
        drawing.steps(&scale, &self.acked, ACKED, "");
        for (again, color, width) in [(false, INK, 1.3), (true, AGAIN, 3.0)] {
            let wanted = self
                .segments
                .iter()
                .filter(|segment| segment.again == again);
            drawing.bars(&scale, wanted, color, width);
        }
        let marked = self
            .segments
            .iter()
            .filter(|segment| segment.again || segment.lost);
        for segment in marked.take(LABELS_MOST) {
            let (x, y) = (scale.x(segment.at), scale.y(segment.seq + segment.len));
            let (color, mark) = if segment.lost {
                (BAD, "✕")
            } else {
                (AGAIN, "R")
            };
            drawing.text(x - 4.0, y - 4.0, color, mark);
        }
        let legend = [
            (INK, "segment"),
            (AGAIN, "R sent again"),
            (BAD, "✕ lost on the link"),
            (ACKED, "acknowledged"),
            (EDGE, "receiver's window"),
            (CWND, "una + cwnd"),
        ];
        let mut x = LEFT;
        for (color, words) in legend {
            drawing.text(x, GRAPH - 6.0, color, words);
            x += 9.0 * words.chars().count() as f64 + 16.0;
        }
    }
}

#[derive(Debug, Default)]
struct Known {
    una: Option<u64>,
    wnd: Option<u64>,
    cwnd: Option<u64>,
}

/// From times and numbers to places in the graph.
#[derive(Debug)]
struct Scale {
    from: f64,
    span: f64,
    high: f64,
}

impl Scale {
    fn x(&self, at: u64) -> f64 {
        LEFT + (at as f64 - self.from).clamp(0.0, self.span) / self.span * (WIDTH - LEFT - 20.0)
    }

    fn y(&self, number: u64) -> f64 {
        BOTTOM - (number as f64 / self.high).clamp(0.0, 1.0) * (BOTTOM - TOP)
    }
}

/// SVG as it grows. Writing into memory cannot fail.
struct Drawing(String);

impl Drawing {
    fn text(&mut self, x: f64, y: f64, color: &str, text: &str) {
        let text = escaped(text);
        let _ = writeln!(
            self.0,
            "<text x=\"{x:.1}\" y=\"{y:.1}\" fill=\"{color}\">{text}</text>"
        );
    }

    fn path(&mut self, d: &str, color: &str, width: f64, more: &str) {
        let _ = writeln!(
            self.0,
            "<path d=\"{d}\" fill=\"none\" stroke=\"{color}\" stroke-width=\"{width}\"{more}/>"
        );
    }

    fn axes(&mut self, scale: &Scale) {
        let frame = format!("M{LEFT} {TOP}V{BOTTOM}H{:.1}", WIDTH - 20.0);
        self.path(&frame, FAINT, 1.0, "");
        let high = grouped(scale.high as u64);
        self.text(LEFT + 4.0, TOP + 10.0, FAINT, &format!("{high} bytes"));
        let end = format!("{:.3} ms", scale.span / 1e6);
        self.text(WIDTH - 120.0, BOTTOM + 16.0, FAINT, &end);
        self.text(LEFT, BOTTOM + 16.0, FAINT, "0 ms");
    }

    /// Values that hold until the next; what falls on the same pixels is drawn once.
    fn steps(&mut self, scale: &Scale, values: &[(u64, u64)], color: &str, more: &str) {
        let mut d = String::new();
        let mut before: Option<(i64, i64)> = None;
        for (at, number) in values {
            let (x, y) = (scale.x(*at), scale.y(*number));
            let pixel = ((x * 2.0) as i64, (y * 2.0) as i64);
            match before {
                None => _ = write!(d, "M{x:.1} {y:.1}"),
                Some(same) if same == pixel => continue,
                Some(_) => _ = write!(d, "H{x:.1}V{y:.1}"),
            }
            before = Some(pixel);
        }
        self.path(&d, color, 1.5, more);
    }

    fn bars<'s>(
        &mut self,
        scale: &Scale,
        segments: impl Iterator<Item = &'s Segment>,
        color: &str,
        width: f64,
    ) {
        let (mut d, mut drawn) = (String::new(), HashSet::new());
        for segment in segments {
            let x = scale.x(segment.at);
            let (low, high) = (scale.y(segment.seq), scale.y(segment.seq + segment.len));
            if drawn.insert(((x * 2.0) as i64, (high * 2.0) as i64)) {
                let _ = write!(d, "M{x:.1} {low:.1}V{:.1}", high.min(low - 1.0));
            }
        }
        if !d.is_empty() {
            self.path(&d, color, width, "");
        }
    }
}

fn ladder(scene: &Scene, drawing: &mut Drawing) {
    let top = GRAPH + ROW;
    let rows = scene.steps.len().min(ROWS_MOST) as f64 + 1.0;
    drawing.text(OURS - 120.0, top, INK, &scene.ours);
    drawing.text(THEIRS - 40.0, top, INK, &scene.theirs);
    for x in [OURS, THEIRS] {
        let line = format!("M{x} {:.1}V{:.1}", top + 6.0, top + ROW * rows);
        drawing.path(&line, "#bbb", 2.0, "");
    }
    for (row, step) in scene.steps.iter().take(ROWS_MOST).enumerate() {
        let y = top + ROW * (row as f64 + 1.0);
        match step {
            Step::Packet(packet) => rung(packet, y, drawing),
            Step::Run(run) => runs(run, y, drawing),
            Step::State { new, .. } => drawing.text(OURS + 8.0, y, ACKED, new),
            Step::Timer(timer) => {
                drawing.text(OURS + 8.0, y, BAD, &format!("the {timer} timer expired"));
            }
        }
    }
    let left = scene.steps.len().saturating_sub(ROWS_MOST);
    if left > 0 {
        let words = format!("{left} more steps are left out");
        drawing.text(16.0, top + ROW * rows, FAINT, &words);
    }
}

fn rung(packet: &Packet, y: f64, drawing: &mut Drawing) {
    let color = match (packet.lost, packet.odd) {
        (true, _) => BAD,
        (false, Some(_)) => AGAIN,
        (false, None) => INK,
    };
    drawing.text(16.0, y, FAINT, &packet.name());
    arrow(packet.out, packet.lost, y, color, drawing);
    let note = packet.odd.map_or(String::new(), |odd| format!("  {odd}"));
    drawing.text(THEIRS + 12.0, y, color, &format!("{}{note}", packet.what));
}

fn runs(run: &Run, y: f64, drawing: &mut Drawing) {
    drawing.text(16.0, y, FAINT, &run.name());
    let mut words = Vec::new();
    for (out, load) in [(true, run.out), (false, run.back)] {
        if load.is_any() {
            arrow(out, false, y - if out { 3.0 } else { 0.0 }, ACKED, drawing);
            words.push(format!("{} {}", if out { "→" } else { "←" }, load.words()));
        }
    }
    drawing.text(THEIRS + 12.0, y, FAINT, &words.join("   "));
}

fn arrow(out: bool, lost: bool, y: f64, color: &str, drawing: &mut Drawing) {
    let (from, to, way) = if out {
        (OURS, THEIRS, 1.0)
    } else {
        (THEIRS, OURS, -1.0)
    };
    let middle = (from + to) / 2.0;
    let (end, y) = (if lost { middle } else { to }, y - 4.0);
    let mut d = format!("M{from} {y:.1}H{end:.1}");
    match lost {
        true => _ = write!(d, "m-4 -4l8 8m0 -8l-8 8"),
        false => {
            _ = write!(
                d,
                "l{:.0} -4m{:.0} 4l{:.0} 4",
                -7.0 * way,
                7.0 * way,
                -7.0 * way
            )
        }
    }
    drawing.path(&d, color, 1.4, "");
}

/// Text for an element of XML. Control characters are spelled out before: XML 1.0 has no place for
/// most of them.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in plain(text).chars() {
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

const WIDTH: f64 = 1000.0;
const LEFT: f64 = 20.0;
const TOP: f64 = 34.0;
const BOTTOM: f64 = 330.0;
/// The height of the graph, with its title and its legend.
const GRAPH: f64 = 372.0;
const ROW: f64 = 20.0;
const OURS: f64 = 240.0;
const THEIRS: f64 = 440.0;
const ROWS_MOST: usize = 300;
const LABELS_MOST: usize = 200;

const INK: &str = "#16191d";
const FAINT: &str = "#59616b";
const AGAIN: &str = "#b03a00";
const ACKED: &str = "#00694f";
const EDGE: &str = "#8a6500";
const CWND: &str = "#0060a0";
const BAD: &str = "#b00020";

#[cfg(test)]
mod tests;
