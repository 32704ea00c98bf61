//! `demo`: everything at once, offline, in seconds.

use std::io::{self, Write, stdout};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::Context;
use clap::ValueEnum;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::demo::journey::Visit;
use crate::demo::{Journey, MSL, Progress, Proof, Running, Seen, Stage, Story, Verdict, listing};
use crate::live;
use crate::live::top::Display;
use crate::namespace::{Link, Mounts};
use crate::net::Clock;
use crate::observe::capture::Settings;
use crate::observe::pcapng::Store;
use crate::replay::Tape;
use crate::report::text::{Style, plain, size, span};
use crate::runs::{
    CAPTURE, EVENTS, Finished, JOURNEY, Phases, REPORT, RICH, RecordError, RunFolder, Summary, TAPE,
};
use crate::tcp;
use crate::world::{self, Plan, Wish, World};

use super::Common;
use super::outlet::{Outlet, Target, Tee};
use super::report::{remake, write_journey};
use super::runs::end_tape;
use super::signals::{Signal, Signals};
use super::station::{TunKind, capture_settings, code_on, offer};
use super::trouble::{Code, Trouble, said};
use super::values::seed;

mod top;

/// Show the stack at work: offline, without root, in seconds
///
/// In a private namespace this stack fetches a page and 10 MiB from the kernel's TCP, uploads 10
/// MiB, closes and waits out TIME-WAIT. Both bodies are checked by SHA-256, every packet is
/// explained, and a folder keeps the capture.
#[derive(Debug, clap::Args)]
pub struct Demo {
    /// Where the folder of the run goes
    #[arg(short, long, value_name = "DIR", default_value = super::runs::PLACE)]
    output: PathBuf,
    /// What our side's chance is drawn from
    #[arg(
        long,
        value_name = "N",
        default_value = "42",
        value_parser = seed,
        allow_negative_numbers = true
    )]
    seed: u64,
    /// How packets travel
    #[arg(long, value_name = "LINK", default_value = "auto")]
    link: DemoLink,
    #[command(flatten)]
    tun: TunKind,
    /// Write to the capture what is sent or received at once as the packets that a wire would carry
    #[arg(long)]
    split: bool,
    /// Write the packets to FILE too, as they come; - is standard output, as in
    /// `--capture - | wireshark -k -i -`
    #[arg(long, value_name = "FILE")]
    capture: Option<PathBuf>,
    /// Write one more capture, with a row for what was told between packets: for Wireshark alone
    #[arg(long)]
    rich: bool,
    /// Lose nothing on purpose: without it the link loses a segment each way
    #[arg(long)]
    clean: bool,
    /// Fail (exit 3) if the machine does not allow this; PELLUCID_REQUIRE does the same
    #[arg(long, value_name = "WHAT")]
    require: Option<Required>,
    /// Watch it as it goes, as with `pellucid top`; afterwards the screen plays it, and q leaves
    #[arg(long, conflicts_with = "json")]
    top: bool,
    /// Print the summary as JSON, and nothing else
    #[arg(long)]
    json: bool,
}

/// How packets travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum DemoLink {
    /// TUN, else veth, else in this process
    Auto,
    /// A TUN interface, with the kernel at its other end
    Tun,
    /// A veth pair and a packet socket, with the kernel at the other end
    Veth,
    /// In this process, with a second stack at the other end
    InProcess,
}

/// What the machine must allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Required {
    /// A private namespace, so the kernel at the other end
    Netns,
    /// A TUN interface in it
    Tun,
    /// A veth pair in it
    Veth,
}

impl Demo {
    /// Runs it.
    pub fn run(self, common: Common) -> anyhow::Result<Code> {
        if self.top {
            top::check()?;
        }
        let along = self.capture.as_deref().map(|path| Target::of(path).open());
        self.show(common, along.transpose()?)
    }

    /// Runs it; somebody may read along.
    fn show(self, common: Common, along: Option<Outlet>) -> anyhow::Result<Code> {
        let plan = Plan {
            tun: self.tun.preference(),
            ..Plan::default()
        };
        // Inside, this user is another.
        let watched_at = live::place::folder();
        let world = self.open(&plan)?;
        let signals = Signals::listen()?;
        let folder = RunFolder::create(&self.output, "demo")?;
        let capture_file = Tee {
            file: folder.create_file(CAPTURE)?,
            along,
        };
        let rich_file = self.rich.then(|| folder.create_file(RICH)).transpose()?;
        let rich_file = rich_file.map(|file| Box::new(file) as Box<dyn Store>);
        let events_file = folder.create_file(EVENTS)?;
        let tape = Tape::begin(folder.create_file(TAPE)?)?;
        let (rung, link) = (world.link.rung, world.link.said.clone());
        let clock = Clock::new();
        let stage = Stage {
            world,
            plan,
            seed: self.seed,
            capture: self.capture_settings(&clock),
            clock,
            is_clean: self.clean,
        };
        let running = stage
            .start(capture_file, events_file, rich_file, Some(&tape))
            .context("cannot set the demo up")?;
        let watched = offer(&watched_at, &running.network, "demo", &link);
        let quiet = common.quiet || self.json;
        if !quiet {
            said(stdout().write_all(self.head(&link, running.peer()).as_bytes()))?;
        }
        let (travelled, display) = self.travel_seen(&running, &link, &signals, quiet)?;
        // However it went, the capture is closed in order.
        let code = code_on(&running.network);
        drop(watched);
        let seen = running.end();
        let taped = end_tape(&folder, &tape);
        let visits = match travelled {
            Ok(Ok(visits)) => visits,
            Ok(Err(signal)) => return Ok(signal.code()),
            Err(error) => return Err(lost(&error, &folder, code).into()),
        };
        let run = Run {
            folder,
            taped: taped?,
            seed: self.seed,
            rung,
            proof: Proof::new(&visits, &seen.connections, &seen.counts, &seen.captured),
            visits,
            seen,
        };
        let summary = run.summary();
        let files = run.write(&summary)?;
        if let Some(display) = display {
            top::play(display, &Finished::of(&run.folder), &signals)?;
        }
        if self.json {
            said(summary.write(&mut stdout()))?;
        } else if !quiet {
            let style = Style(common.color.on_stdout());
            said(run.print(style, &files))?;
        }
        Ok(run.code())
    }

    fn capture_settings(&self, clock: &Clock) -> Settings {
        let comment = format!("pellucid demo, seed {}", self.seed);
        Settings {
            frames: FRAMES,
            split: self.split,
            ..capture_settings(clock, &comment)
        }
    }

    /// The best world that the machine allows, if it is good enough.
    fn open(&self, plan: &Plan) -> anyhow::Result<World> {
        let required = match self.require {
            Some(required) => Some(required),
            None => required_by_environment()?,
        };
        let wish = match (self.link, required) {
            (DemoLink::Auto, Some(Required::Tun)) | (DemoLink::Tun, _) => Wish::Only(Link::Tun),
            (DemoLink::Auto, Some(Required::Veth)) | (DemoLink::Veth, _) => Wish::Only(Link::Veth),
            (DemoLink::Auto, _) => Wish::Best,
            (DemoLink::InProcess, _) => Wish::Only(Link::InProcess),
        };
        let world = world::open(wish, Mounts::Shared, plan)?;
        let is_enough = match required {
            None => true,
            Some(Required::Netns) => world.link.rung != Link::InProcess,
            Some(Required::Tun) => world.link.rung == Link::Tun,
            Some(Required::Veth) => world.link.rung == Link::Veth,
        };
        if is_enough {
            return Ok(world);
        }
        let demanded = required.and_then(|required| required.to_possible_value());
        let demanded = demanded.map_or_else(String::new, |value| value.get_name().to_owned());
        Err(Trouble {
            what: format!("--require {demanded} is not met"),
            why: world.link.said,
            now: "`pellucid doctor` tells what would allow more".to_owned(),
            code: Code::Lacking,
        }
        .into())
    }

    /// What stands before the story.
    fn head(&self, link: &str, peer: &str) -> String {
        let (version, seed) = (env!("CARGO_PKG_VERSION"), self.seed);
        let (wait, default) = (span(2 * MSL), span(2 * tcp::Config::default().msl));
        format!(
            "pellucid {version} · offline demo · seed {seed}\n\
             link   {}\n\
             peer   {peer}\n\
             note   our ports and sequence numbers come from the seed: for demos only\n       \
             TIME-WAIT is shortened to {wait}; by default it lasts {default}\n       \
             #n is frame n in {CAPTURE}; times are from the first frame\n\n",
            plain(link),
        )
    }

    /// Travels; with --top on the screen, which is given back if it is still wanted.
    fn travel_seen(
        &self,
        running: &Running,
        link: &str,
        signals: &Signals,
        quiet: bool,
    ) -> anyhow::Result<(Travelled, Option<Display>)> {
        let bar = bar(quiet || self.top);
        let travel = || self.travel(running, signals, &bar);
        if !self.top {
            return Ok((travel(), None));
        }
        top::show(&running.network, link, travel, || bar.appear(quiet))
    }

    /// Goes there and back, unless a signal comes first.
    fn travel(&self, running: &Running, signals: &Signals, bar: &Bar) -> Travelled {
        let journey = Journey {
            network: &running.network,
            seed: self.seed,
            progress: bar,
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let visits = runtime.block_on(async {
            let all = async {
                let mut visits = Vec::new();
                for (remote, number) in running.remotes.iter().zip(0..) {
                    visits.push(match number {
                        0 => journey.long(*remote).await?,
                        _ => journey.short(*remote).await?,
                    });
                }
                anyhow::Ok(visits)
            };
            tokio::select! {
                visits = all => visits.map(Ok),
                signal = signals.wait() => Ok(Err(signal?)),
            }
        });
        let Ok(Ok(visits)) = visits else {
            bar.0.finish_and_clear();
            return visits;
        };
        bar.reached("time-wait", 0);
        let until = Instant::now() + 2 * MSL + PATIENCE;
        while !running.network.wait_closed(SLICE) && Instant::now() < until {
            if let Some(signal) = signals.came() {
                return Ok(Err(signal));
            }
        }
        bar.0.finish_and_clear();
        Ok(Ok(visits))
    }
}

/// What was seen on the way, or the signal that ended it.
type Travelled = anyhow::Result<Result<Vec<Visit>, Signal>>;

/// What `PELLUCID_REQUIRE` demands; of several things, the last.
fn required_by_environment() -> anyhow::Result<Option<Required>> {
    let Ok(demanded) = std::env::var(REQUIRE) else {
        return Ok(None);
    };
    let mut required = None;
    // Tests demand tools, too; the demonstration needs none.
    let is_ours = |word: &&str| !word.is_empty() && *word != "tools";
    for word in demanded.split(',').filter(is_ours) {
        required = Some(Required::from_str(word, false).map_err(|_| {
            let what = format!("{REQUIRE}={demanded} makes no sense");
            let why = format!("{word} is none of netns, tun, veth");
            Trouble::usage(
                what,
                why,
                format!("unset {REQUIRE}, or demand one of these"),
            )
        })?);
    }
    Ok(required)
}

fn lost(error: &anyhow::Error, folder: &RunFolder, code: Code) -> Trouble {
    let capture = folder.path().join(CAPTURE);
    let now = format!("see how far it got: wireshark {}", capture.display());
    Trouble {
        code,
        ..Trouble::failed("the demo did not come through", error.to_string(), now)
    }
}

/// A demonstration that is over.
struct Run {
    folder: RunFolder,
    seed: u64,
    rung: Link,
    visits: Vec<Visit>,
    seen: Seen,
    proof: Proof,
    /// How long the tape is, in bytes.
    taped: u64,
}

impl Run {
    fn code(&self) -> Code {
        match self.proof.verdict() {
            Verdict::Good => Code::Done,
            Verdict::Failed => Code::Failed,
            Verdict::Unexplained => Code::Broken,
        }
    }

    fn story(&self, style: Style) -> Story<'_> {
        Story {
            visits: &self.visits,
            frames: &self.seen.frames,
            unrecorded: self.seen.unrecorded.clone(),
            conversations: &self.seen.conversations,
            connections: &self.seen.connections,
            time_wait: 2 * MSL,
            lost: &self.seen.lost,
            proof: &self.proof,
            style,
        }
    }

    fn summary(&self) -> Summary {
        let Seen {
            counts,
            connections,
            ..
        } = &self.seen;
        let link = match self.rung {
            Link::Tun => "tun",
            Link::Veth => "veth",
            Link::InProcess => "pipe",
        };
        Summary {
            seed: self.seed,
            link: link.to_owned(),
            lost: self.seen.lost.len() as u64,
            phases_ms: Phases(self.visits.iter().flat_map(phases).collect()),
            checks: self.proof.tally(),
            ..Summary::new(self.folder.name(), counts, connections)
        }
    }

    /// Writes what stands beside the capture; the names and lengths of all files.
    fn write(&self, summary: &Summary) -> anyhow::Result<Vec<Written>> {
        let mut ladder = self.story(Style(false)).lines().join("\n");
        ladder.push('\n');
        let mut numbers = Vec::new();
        summary.write(&mut numbers)?;
        for (name, bytes) in [(LADDER, ladder.as_bytes()), (SUMMARY, numbers.as_slice())] {
            let mut file = self.folder.create_file(name)?;
            file.write_all(bytes).map_err(|error| {
                RecordError::new("write", &self.folder.path().join(name), error)
            })?;
        }
        let events = self.seen.captured.events;
        let finished = Finished::of(&self.folder);
        let page_len = std::fs::metadata(remake(&finished)?)?.len();
        let journey_len = write_journey(&finished)?;
        let captured = &self.seen.captured;
        let page = "open in a browser: ladder, graphs, and the why of every packet";
        let capture = "open in Wireshark: a comment on every packet";
        let mut files = vec![(REPORT, page_len, page), (CAPTURE, captured.bytes, capture)];
        let rich = "the same with a row for all that was told between packets";
        files.extend(captured.rich.map(|bytes| (RICH, bytes, rich)));
        let events = events.map_or(0, |stats| stats.bytes);
        let drawn = "the same for mermaid, which GitHub draws";
        files.extend([
            (EVENTS, events, "all that the stack told, a line an event"),
            (
                TAPE,
                self.taped,
                "all that the stack was told; pellucid replay steps through it",
            ),
            (LADDER, ladder.len() as u64, "the story above"),
            (JOURNEY, journey_len, drawn),
            (SUMMARY, numbers.len() as u64, "the numbers a program wants"),
        ]);
        Ok(files)
    }

    fn print(&self, style: Style, files: &[Written]) -> io::Result<()> {
        let mut out = stdout().lock();
        for line in self.story(style).lines() {
            writeln!(out, "{line}")?;
        }
        let path = plain(&self.folder.path().display().to_string());
        writeln!(out)?;
        for line in listing(&path, files) {
            writeln!(out, "{line}")?;
        }
        let program = std::env::args().next();
        let program = plain(program.as_deref().unwrap_or("pellucid"));
        writeln!(out, "\nnext   wireshark {path}/{CAPTURE}")?;
        writeln!(out, "       {program} shell -- curl http://10.90.0.2/")?;
        out.flush()
    }
}

/// How long each step took, by name; a second visit's names say so.
fn phases(visit: &Visit) -> Vec<(String, Duration)> {
    let begins = visit.steps.iter().map(|step| step.began);
    let ends = begins.clone().skip(1).chain([visit.ended]);
    let spans = begins.zip(ends).map(|(began, ended)| ended.since(began));
    let family = if visit.remote.is_ipv6() { "ipv6_" } else { "" };
    let names = visit
        .steps
        .iter()
        .map(|step| format!("{family}{}", step.what.name()));
    names.zip(spans).collect()
}

/// How far it is, on a terminal.
#[derive(Debug)]
struct Bar(ProgressBar);

impl Progress for Bar {
    fn reached(&self, phase: &str, bytes: u64) {
        self.0.set_message(match bytes {
            0 => phase.to_owned(),
            _ => format!("{phase} {}", size(bytes)),
        });
    }
}

impl Bar {
    /// It was hidden, and is to be seen from here on.
    fn appear(&self, quiet: bool) {
        if !quiet {
            self.0.set_draw_target(ProgressDrawTarget::stderr());
        }
    }
}

fn bar(quiet: bool) -> Bar {
    // A test holds the template to the language that it is in.
    let style = ProgressStyle::with_template(PROGRESS);
    let style = style.unwrap_or_else(|_| ProgressStyle::default_spinner());
    let bar = match quiet {
        true => ProgressBar::hidden(),
        false => ProgressBar::no_length(),
    };
    Bar(bar.with_style(style))
}

const PROGRESS: &str = "{msg}";

/// A file of a run: its name, its length, and what it is for.
type Written = (&'static str, u64, &'static str);

/// What stands in the folder of a run.
const LADDER: &str = "ladder.txt";
const SUMMARY: &str = "summary.json";

/// What may demand of the machine like `--require`, for whole test runs.
const REQUIRE: &str = "PELLUCID_REQUIRE";

/// Records of so many frames: the demonstration has a third of it.
const FRAMES: usize = 1 << 17;

/// How long TIME-WAIT may last beyond its time.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often, while waiting, one looks for signals.
const SLICE: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests;
