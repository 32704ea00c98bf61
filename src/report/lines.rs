//! The journey as lines of text.

use std::time::Duration;

use super::journey::{Journey, Packet, Run, Scene, Step};
use super::text::{padded, plain};

/// All of it, a line a step, every packet by the number of its frame.
pub fn lines(journey: &Journey) -> String {
    let mut text = String::new();
    for scene in &journey.scenes {
        for line in of_scene(scene) {
            text.push_str(plain(&line).trim_end());
            text.push('\n');
        }
        text.push('\n');
    }
    text
}

fn of_scene(scene: &Scene) -> Vec<String> {
    let title = match scene.title.as_str() {
        "" => "packets of no connection".to_owned(),
        title => format!("{title}   {} ── {}", scene.ours, scene.theirs),
    };
    let mut lines = vec![title];
    for step in &scene.steps {
        lines.extend(match step {
            Step::Packet(packet) => vec![of_packet(packet)],
            Step::Run(run) => of_run(run),
            Step::State { old, new } => vec![format!("{:BESIDE$}{old} → {new}", "")],
            Step::Timer(timer) => vec![format!("{:BESIDE$}the {timer} timer expired", "")],
        });
    }
    lines
}

fn of_packet(packet: &Packet) -> String {
    let note = packet.odd.map_or(String::new(), |odd| format!("  ({odd})"));
    let what = padded(&format!("{}{note}", packet.what), WHAT);
    let arrow = arrow(packet.out, packet.lost);
    let why = match packet.clause.as_str() {
        "" => packet.why.clone(),
        clause => format!("{}  ({clause})", packet.why),
    };
    format!(
        "{:<12}{}  {arrow} {what}  {why}",
        packet.name(),
        time(packet.at.as_nanos())
    )
}

fn of_run(run: &Run) -> Vec<String> {
    let ways = [(true, run.out), (false, run.back)];
    let ways = ways.into_iter().filter(|(_, load)| load.is_any());
    let lines = ways.enumerate().map(|(at, (out, load))| {
        let name = if at == 0 { run.name() } else { String::new() };
        let time = match at {
            0 => time(run.at.as_nanos()),
            _ => format!("{:TIME$}", ""),
        };
        format!("{name:<12}{time}  {} {}", arrow(out, false), load.words())
    });
    lines.collect()
}

/// Seconds, and after the point milliseconds and microseconds apart.
fn time(nanos: u64) -> String {
    let since = Duration::from_nanos(nanos);
    let micros = since.subsec_micros();
    let time = format!(
        "+{}.{:03} {:03}",
        since.as_secs(),
        micros / 1000,
        micros % 1000
    );
    format!("{time:>TIME$}")
}

fn arrow(out: bool, lost: bool) -> &'static str {
    match (out, lost) {
        (true, false) => "──▶",
        (true, true) => "──✕",
        (false, false) => "◀──",
        (false, true) => "✕──",
    }
}

const TIME: usize = 12;
/// How far to the right stands what is no packet.
const BESIDE: usize = 12 + TIME + 6;
const WHAT: usize = 40;

#[cfg(test)]
mod tests;
