//! `explain`: somebody else's capture, and what must have happened.

use std::fs::File;
use std::io::{BufReader, IsTerminal, Write, stderr, stdout};
use std::path::{Path, PathBuf};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::explain::file::Frame;
use crate::explain::packet::Seen;
use crate::explain::words::{anomalies, connections, overview};
use crate::explain::{
    CaptureFile, Connection, Damaged, Listener, Made, Records, Shadow, Told, json,
};
use crate::report::text::{Style, grouped, plain};
use crate::runs::{CAPTURE, EVENTS, Finished, RunFolder, SUMMARY, replace};

use super::Common;
use super::report::remake;
use super::runs::PLACE;
use super::signals::Signals;
use super::trouble::{Code, Trouble, said};

/// Explain a capture that somebody else made: pcap or pcapng, of Linux, Windows or anyone
///
/// Rebuilds from the packets what both ends must have known, names the kind of each retransmission
/// with the evidence, and marks what breaks a rule. All of that is inferred, and says so. Leaves a
/// folder as a run does: report.html, events.jsonl, and capture.pcapng with comments.
#[derive(Debug, clap::Args)]
pub struct Explain {
    /// The capture: a file of tcpdump, Wireshark or others
    file: PathBuf,
    /// Only this connection, by the number that Wireshark calls tcp.stream; the first is 0
    #[arg(long, value_name = "N")]
    stream: Option<u64>,
    /// Where the folder goes; without it none is made if --json or --to is given
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
    /// Print one JSON object instead
    #[arg(long)]
    json: bool,
    /// Write that to a file, which is replaced in one step
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
}

impl Explain {
    /// Explains it.
    pub fn run(self, common: Common) -> anyhow::Result<Code> {
        let name = plain(&self.file.display().to_string());
        let fail = |why: String| {
            let now = "name a capture that can be read: pcap or pcapng";
            Trouble::failed(format!("cannot read {name}"), why, now)
        };
        let file = File::open(&self.file).map_err(|error| fail(error.to_string()))?;
        let about = file.metadata().map_err(|error| fail(error.to_string()))?;
        if about.is_dir() {
            return Err(fail("it is a folder".into()).into());
        }
        let signals = Signals::listen()?;
        let mut shadow = Shadow::new(self.stream);
        let place = match &self.output {
            None if self.json || self.to.is_some() => None,
            None => Some(Path::new(PLACE)),
            Some(place) => Some(place.as_path()),
        };
        let records = place.map(|_| Records::new(&name)).transpose()?;
        let mut watcher = Watcher {
            records,
            bar: bar(common.quiet || self.json, about.len()),
            signals: &signals,
        };
        let read = CaptureFile::new(BufReader::with_capacity(ROOM, file))
            .and_then(|mut file| shadow.read(&mut file, &mut watcher));
        watcher.bar.finish_and_clear();
        if let (Ok(false), Some(signal)) = (&read, signals.came()) {
            return Ok(signal.code());
        }
        // What was read before the damage is told; a file is left of whole captures only.
        let is_whole = read.is_ok();
        if is_whole || shadow.counts.frames > 0 {
            self.tell(&shadow, is_whole, common)?;
        }
        if let (true, Some(place), Some(records)) = (is_whole, place, watcher.records) {
            self.leave(&shadow, place, records.finish(), common.quiet)?;
        }
        match read {
            Ok(_) => Ok(Code::Done),
            Err(damage) => Err(damaged(&name, &damage, shadow.counts.frames).into()),
        }
    }

    /// Writes the folder, which is made only now that there is all that goes into it.
    fn leave(&self, shadow: &Shadow, place: &Path, made: Made, quiet: bool) -> anyhow::Result<()> {
        let name = self.file.file_name().unwrap_or_default().to_string_lossy();
        let stem = self.file.file_stem().unwrap_or_default().to_string_lossy();
        let label: String = format!("inferred-{stem}")
            .chars()
            .take(LABEL_MOST)
            .collect();
        let folder = RunFolder::create(place, &label)?;
        for (name, bytes) in [
            (EVENTS, &made.events),
            (CAPTURE, &made.capture),
            (SUMMARY, &summary(shadow, &name)),
        ] {
            folder.create_file(name)?.write_all(bytes)?;
        }
        let page = remake(&Finished::of(&folder))?;
        if quiet || self.json || self.to.is_some() {
            return Ok(());
        }
        let page = plain(&page.display().to_string());
        let mut out = stdout().lock();
        said(writeln!(out, "\nreport: {page}"))?;
        if made.left_out > 0 {
            let (in_it, left_out) = (grouped(made.segments), grouped(made.left_out));
            said(writeln!(
                out,
                "  it has {in_it} segments, the first and what is out of the ordinary behind them, \
                 and not {left_out} others; --stream N makes one of a single connection"
            ))?;
        }
        Ok(())
    }

    fn tell(&self, shadow: &Shadow, is_whole: bool, common: Common) -> anyhow::Result<()> {
        let name = self.file.file_name().unwrap_or_default().to_string_lossy();
        let text = |style: Style| match self.json {
            true => format!("{:#}\n", json(shadow, &name, is_whole)),
            false => text(shadow, &name, common.verbose > 0, style),
        };
        if let Some(path) = &self.to {
            if is_whole {
                write(path, &text(Style(false)))?;
            }
            return Ok(());
        }
        let style = Style(common.color.on_stdout());
        said(stdout().lock().write_all(text(style).as_bytes()))
    }
}

/// Numbers, and that nobody told them.
fn summary(shadow: &Shadow, name: &str) -> Vec<u8> {
    let mut summary = json(shadow, name, true);
    if let Some(fields) = summary.as_object_mut() {
        // What was found stands in the events.
        fields.remove("findings");
    }
    format!("{summary:#}\n").into_bytes()
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    if path.as_os_str() == "-" {
        return said(stdout().lock().write_all(text.as_bytes()));
    }
    Ok(replace(path, |file| file.write_all(text.as_bytes()))?)
}

/// The whole story, as lines.
fn text(shadow: &Shadow, name: &str, all: bool, style: Style) -> String {
    let most = if all { usize::MAX } else { LINES_MOST };
    let mut lines = overview(shadow, name, style);
    lines.extend(connections(shadow, most, style));
    lines.extend(anomalies(shadow, most, style));
    lines.iter().map(|line| format!("{line}\n")).collect()
}

fn damaged(name: &str, damage: &Damaged, frames: u64) -> Trouble {
    let before = match frames {
        0 => "nothing before it can be told".to_owned(),
        1 => "the packet before it counts".to_owned(),
        _ => format!("the {frames} packets before it count"),
    };
    let (what, now) = match damage {
        Damaged::Io { .. } => (format!("cannot read {name} to its end"), "try it once more"),
        Damaged::Form { .. } => (
            format!("{name} is damaged"),
            "capture again, or let `editcap` or `pcapfix` save what can be saved",
        ),
    };
    Trouble::failed(what, damage.to_string(), format!("{before}; {now}"))
}

/// Takes down what is told, and shows how far it is.
struct Watcher<'a> {
    records: Option<Records>,
    bar: ProgressBar,
    signals: &'a Signals,
}

impl Listener for Watcher<'_> {
    fn frame(&mut self, frame: &Frame<'_>, packet: Option<&[u8]>) {
        if let Some(records) = &mut self.records {
            records.frame(frame, packet);
        }
    }

    fn told(&mut self, of: &Connection, seen: &Seen<'_>, told: &Told) {
        if let Some(records) = &mut self.records {
            records.told(of, seen, told);
        }
    }

    fn reached(&mut self, place: u64) -> bool {
        self.bar.set_position(place);
        self.signals.came().is_none()
    }
}

fn bar(quiet: bool, bytes: u64) -> ProgressBar {
    if quiet || !stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("  {bar:40} {bytes}/{total_bytes}, {eta} left");
    let bar = ProgressBar::new(bytes);
    if let Ok(style) = style {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

const ROOM: usize = 1 << 20;
const LINES_MOST: usize = 40;
/// Characters of a folder's name.
const LABEL_MOST: usize = 48;
