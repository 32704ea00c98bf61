//! `explain`: somebody else's capture, and what must have happened.

use std::fs::File;
use std::io::{BufReader, IsTerminal, Write, stderr, stdout};
use std::path::{Path, PathBuf};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::explain::packet::Seen;
use crate::explain::words::{anomalies, connections, overview};
use crate::explain::{CaptureFile, Connection, Damaged, Listener, Shadow, Told, json};
use crate::report::text::{Style, plain};
use crate::runs::replace;

use super::Common;
use super::signals::Signals;
use super::trouble::{Code, Trouble, said};

/// Explain a capture that somebody else made: pcap or pcapng, of Linux, Windows or anyone
///
/// Rebuilds from the packets what both ends must have known, names the kind of each retransmission
/// with the evidence, and marks what breaks a rule. All of that is inferred, and says so.
#[derive(Debug, clap::Args)]
pub struct Explain {
    /// The capture: a file of tcpdump, Wireshark or others
    file: PathBuf,
    /// Only this connection, by the number that Wireshark calls tcp.stream; the first is 0
    #[arg(long, value_name = "N")]
    stream: Option<u64>,
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
        let mut watcher = Watcher {
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
        match read {
            Ok(_) => Ok(Code::Done),
            Err(damage) => Err(damaged(&name, &damage, shadow.counts.frames).into()),
        }
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

/// Shows how far it is.
struct Watcher<'a> {
    bar: ProgressBar,
    signals: &'a Signals,
}

impl Listener for Watcher<'_> {
    fn told(&mut self, _: &Connection, _: &Seen<'_>, _: &Told) {}

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
