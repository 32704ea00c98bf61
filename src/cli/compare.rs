//! `compare`: an experiment under several conditions, side by side.

mod table;

use std::io::{BufWriter, IsTerminal, Write, stderr, stdout};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Instant;

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use crate::compare::page::{self, OVERLAY, Parted};
use crate::compare::{
    COMPARISON, Claim, Figures, NotWhole, Part, Shard, Sweep, Variant, Watch, claim, figures,
    parting,
};
use crate::report::text::{Style, counted, plain};
use crate::runs::RunFolder;
use crate::scenario::{Invalid, Scenario};
use crate::stack::Algorithm;

use self::table::{tell, tell_claims, tell_partings};
use super::Common;
use super::diff::said_of;
use super::run::wrong;
use super::runs::PLACE;
use super::signals::Signals;
use super::trouble::{Code, Trouble, said};
use super::values::{Seeds, ShardOf};

/// Play an experiment under several conditions, and compare
///
/// Every variant is played with every seed, in virtual time and on all cores; a row of the table
/// is a variant. The same line gives the same table. compare.html draws all runs over each other,
/// and says where each variant parts from the first. Packets are not recorded: run plays one of
/// them with all that it leaves. --shard plays a share, and --merge puts shares together.
#[derive(Debug, clap::Args)]
pub struct Compare {
    /// The scenario: a TOML file, as in examples/scenarios; with --merge, each share: a
    /// compare.json, or its folder
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Congestion controls of all hosts, a variant each, as in reno,cubic,bbr
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    cc: Vec<String>,
    /// Values of one place, a variant each, as in --vary link.up.delay=10ms,40ms; may be given
    /// again, for every combination
    #[arg(long, value_name = "PATH=VALUES")]
    vary: Vec<String>,
    /// Set a value otherwise in all variants, as for run; may be given again
    #[arg(long, value_name = "PATH=VALUE")]
    set: Vec<String>,
    /// Draw all chance from each of these, as in 1..10 or 3,7,9
    #[arg(long, value_name = "SEEDS")]
    seeds: Option<Seeds>,
    /// What has to hold of the rows, as in 'cubic.goodput > reno.goodput*0.95'; the program ends
    /// with 1 if it does not. May be given again
    #[arg(long, value_name = "QUERY", conflicts_with = "shard")]
    expect: Vec<String>,
    /// How many runs to play at a time; as many as there are cores if not said
    #[arg(long, value_name = "N")]
    jobs: Option<NonZeroUsize>,
    /// Play only every Nth run, from the Ith on, and keep their figures for --merge
    #[arg(long, value_name = "I/N")]
    shard: Option<ShardOf>,
    /// Put shares together that were played before, wherever that was
    #[arg(long, conflicts_with_all = ["cc", "vary", "set", "seeds", "shard"])]
    merge: bool,
    /// Where the folder goes
    #[arg(short, long, value_name = "DIR", default_value = PLACE)]
    output: PathBuf,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

impl Compare {
    /// Compares.
    pub fn run(self, common: Common) -> anyhow::Result<Code> {
        let (signals, began) = (Signals::listen()?, Instant::now());
        let quiet = common.quiet || self.json;
        let part = match self.merge {
            true => self.merged()?,
            false => self.played(quiet, &signals)?,
        };
        if let Some(signal) = signals.came() {
            return Ok(signal.code());
        }
        if part.shard != Shard::WHOLE {
            return self.share(&part, quiet);
        }
        let rows = figures(&part.sweep, &part.runs);
        let claims = self.claims(&rows)?;
        let partings = partings(&part.sweep, quiet, &signals).map_err(|e| wrong(e, &part.name))?;
        if let Some(signal) = signals.came() {
            return Ok(signal.code());
        }
        let note = note(&part).map_err(|error| wrong(error, &part.name))?;
        let overlay = page::page(&part, &rows, &claims, &partings, note)?;
        let folder = RunFolder::create_beside(&self.output, "compare")?;
        part.write(&mut BufWriter::new(folder.create_file(COMPARISON)?))?;
        folder.create_file(OVERLAY)?.write_all(overlay.as_bytes())?;
        let mut out = stdout().lock();
        if self.json {
            let whole = json!({
                "scenario": part.name, "seeds": part.sweep.seeds, "rows": rows,
                "claims": claims.iter().map(|one| json!({
                    "that": one.text, "held": one.held, "values": one.values,
                })).collect::<Vec<_>>(),
                "partings": partings, "folder": folder.path(),
            });
            said(writeln!(out, "{whole:#}"))?;
        } else if !common.quiet {
            let style = Style(common.color.on_stdout());
            said(tell(&mut out, &part, &rows, began))?;
            if let Some(note) = note {
                said(writeln!(out, "note  {note}"))?;
            }
            said(tell_partings(&mut out, &part.sweep, &partings))?;
            said(tell_claims(&mut out, &claims, style))?;
            let path = plain(&folder.path().display().to_string());
            let runs = counted(part.runs.len(), "run");
            said(writeln!(
                out,
                "wrote {path}/{OVERLAY}  ({runs} over each other)"
            ))?;
        }
        Ok(match claims.iter().all(|one| one.held) {
            true => Code::Done,
            false => Code::Failed,
        })
    }

    /// The scenario's runs, or a share of them.
    fn played(&self, quiet: bool, signals: &Signals) -> anyhow::Result<Part> {
        let [file] = &self.files[..] else {
            return Err(Trouble::usage(
                format!("there are {} scenarios to compare", self.files.len()),
                "variants are of one scenario; only with --merge there are several files",
                "name one, and say with --cc, --vary or --set what differs",
            )
            .into());
        };
        let path = plain(&file.display().to_string());
        let text = std::fs::read_to_string(file).map_err(|source| {
            let place = file.clone();
            wrong(
                Invalid::Io {
                    path: place,
                    source,
                },
                &path,
            )
        })?;
        let (scenario, sweep) = self.sweep(text, &path)?;
        let shard = self.shard.map_or(Shard::WHOLE, |shard| shard.0);
        let bar = Bar::new(quiet, sweep.len_of(shard), PROGRESS, signals);
        let cores = std::thread::available_parallelism();
        let threads = self
            .jobs
            .or_else(|| cores.ok())
            .unwrap_or(NonZeroUsize::MIN);
        let played = sweep.play(shard, threads, &bar);
        bar.bar.finish_and_clear();
        let runs = played.map_err(|error| wrong(error, &path))?;
        Ok(Part::new(&scenario.name, sweep, shard, runs))
    }

    /// Shares, put together.
    fn merged(&self) -> anyhow::Result<Part> {
        let read = |path: &PathBuf| Ok((path.clone(), Part::read(path)?));
        let parts: Result<Vec<_>, NotWhole> = self.files.iter().map(read).collect();
        let merged = parts.and_then(Part::merge);
        Ok(merged.map_err(|error| unfit(&error))?)
    }

    /// Keeps the figures of a share.
    fn share(&self, part: &Part, quiet: bool) -> anyhow::Result<Code> {
        let folder = RunFolder::create_beside(&self.output, "compare")?;
        part.write(&mut BufWriter::new(folder.create_file(COMPARISON)?))?;
        let path = plain(&folder.path().display().to_string());
        let mut out = stdout().lock();
        if self.json {
            let whole = json!({ "folder": folder.path(), "runs": part.runs.len() });
            said(writeln!(out, "{whole:#}"))?;
        } else if !quiet {
            said(writeln!(
                out,
                "wrote {path}/{COMPARISON}  (shard {} of {}: {} of {} runs)\n\
                 when all are there: pellucid compare --merge FOLDER…",
                part.shard.index,
                part.shard.of,
                part.runs.len(),
                part.sweep.len(),
            ))?;
        }
        Ok(Code::Done)
    }

    /// The scenario as it is set for all, and what is played of it.
    fn sweep(&self, text: String, path: &str) -> anyhow::Result<(Scenario, Sweep)> {
        let scenario = Scenario::parse(&text, &self.set).map_err(|error| wrong(error, path))?;
        let hosts: Vec<&String> = scenario.host.keys().collect();
        let mut variants = vec![Variant {
            name: String::new(),
            set: self.set.clone(),
        }];
        if !self.cc.is_empty() {
            let each = self.cc.iter().map(|cc| {
                known_control(cc)?;
                let set = hosts.iter().map(|host| format!("host.{host}.tcp.cc={cc}"));
                Ok((cc.clone(), set.collect()))
            });
            let each: Result<Vec<_>, Trouble> = each.collect();
            variants = times(&variants, &each?);
        }
        for vary in &self.vary {
            let Some((place, values)) = vary.split_once('=') else {
                return Err(Trouble::usage(
                    format!("--vary {vary} makes no sense"),
                    "it names a place and its values",
                    "say it as link.up.delay=10ms,40ms",
                )
                .into());
            };
            let each: Vec<(String, Vec<String>)> = values
                .split(',')
                .map(|value| format!("{place}={value}"))
                .map(|set| (set.clone(), vec![set]))
                .collect();
            variants = times(&variants, &each);
        }
        for variant in variants
            .iter_mut()
            .filter(|variant| variant.name.is_empty())
        {
            variant.name = "as it is".to_owned();
        }
        let seeds = self
            .seeds
            .clone()
            .map_or(vec![scenario.seed], |seeds| seeds.0);
        let sweep = Sweep {
            text,
            variants,
            seeds,
        };
        Ok((scenario, sweep))
    }

    fn claims(&self, rows: &[Figures]) -> Result<Vec<Claim>, Trouble> {
        let all = self.expect.iter().map(|text| {
            claim(text, rows).map_err(|error| {
                let now = error.meant.clone().unwrap_or_else(|| {
                    "figures are goodput, queue, queue_p95, queue_max, retrans, rto, completion \
                     and jain, as in cubic.goodput"
                        .to_owned()
                });
                let what = format!("--expect is not understood: {}", error.what);
                Trouble::usage(what, format!("at column {} of {text}", error.column), now)
            })
        });
        all.collect()
    }
}

/// Every variant with every one of these.
fn times(variants: &[Variant], each: &[(String, Vec<String>)]) -> Vec<Variant> {
    let with = |variant: &Variant, (name, set): &(String, Vec<String>)| Variant {
        name: format!("{} {name}", variant.name).trim().to_owned(),
        set: [&variant.set[..], set].concat(),
    };
    let all = variants
        .iter()
        .flat_map(|variant| each.iter().map(move |one| with(variant, one)));
    all.collect()
}

fn known_control(name: &str) -> Result<(), Trouble> {
    let known: Vec<String> = Algorithm::ALL
        .iter()
        .map(|one| format!("{one:?}"))
        .collect();
    let known: Vec<String> = known.iter().map(|one| one.to_ascii_lowercase()).collect();
    if known.iter().any(|one| one == name) {
        return Ok(());
    }
    let near = crate::query::nearest(name, known.iter().map(String::as_str));
    Err(Trouble::usage(
        format!("there is no congestion control {name:?}"),
        format!("there are {}", known.join(", ")),
        near.map_or("take some of these".to_owned(), |near| {
            format!("did you mean {near}?")
        }),
    ))
}

/// Where each variant parts from the first, with the first of the seeds.
fn partings(sweep: &Sweep, quiet: bool, signals: &Signals) -> Result<Vec<Parted>, Invalid> {
    let Some(seed) = sweep.seeds.first().copied() else {
        return Ok(Vec::new());
    };
    let others = 1..sweep.variants.len();
    let bar = Bar::new(quiet, others.len(), PARTING, signals);
    let found = others.map(|variant| {
        let (one, other) = (sweep.scenario(0, seed)?, sweep.scenario(variant, seed)?);
        let found = parting(&one, &other, &bar)?;
        bar.bar.inc(1);
        let names = [0, variant].map(|place| sweep.variants[place].name.clone());
        let (at, said) = match found {
            None => (None, vec!["the same to the end".to_owned()]),
            Some(found) => {
                let then = found.left.iter().chain(&found.right).map(|one| one.time);
                (then.min(), said_of(&found, &names))
            }
        };
        Ok(Parted {
            variant,
            at: at.map(|at| at.as_nanos()),
            said,
        })
    });
    let found = found.collect();
    bar.bar.finish_and_clear();
    found
}

/// What has to be said of all figures.
fn note(part: &Part) -> Result<Option<&'static str>, Invalid> {
    let seed = part.sweep.seeds.first().copied().unwrap_or_default();
    for variant in 0..part.sweep.variants.len() {
        let scenario = part.sweep.scenario(variant, seed)?;
        if scenario.link.values().any(|link| link.loss.is_random()) {
            return Ok(Some(
                "random loss hides what congestion control does: compare with a queue instead",
            ));
        }
    }
    Ok(None)
}

fn unfit(error: &NotWhole) -> Trouble {
    let now = match error {
        NotWhole::Io { .. } => "name the folder that compare --shard has written",
        NotWhole::Format { .. } => "play that share again: compare --shard",
        NotWhole::Other { .. } => {
            "merge shares of one line only: all but --shard has to be the same"
        }
        NotWhole::Contradicts { .. } => "play all shares with one version of the program",
        NotWhole::Missing { .. } => "play the shards that are missing, and name all of them",
    };
    Trouble::failed(
        "these are not one comparison",
        plain(&error.to_string()),
        now,
    )
}

/// How much is over, on a terminal; and whether somebody wants it to end.
struct Bar<'a> {
    bar: ProgressBar,
    signals: &'a Signals,
}

impl Bar<'_> {
    fn new<'a>(quiet: bool, all: usize, template: &str, signals: &'a Signals) -> Bar<'a> {
        let bar = match quiet || !stderr().is_terminal() {
            true => ProgressBar::hidden(),
            false => ProgressBar::new(all as u64),
        };
        // A test holds the templates to the language that they are in.
        let style = ProgressStyle::with_template(template);
        Bar {
            bar: bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar())),
            signals,
        }
    }
}

impl Watch for Bar<'_> {
    fn reached(&self, runs: usize) {
        self.bar.set_position(runs as u64);
    }

    fn is_stopped(&self) -> bool {
        self.signals.came().is_some()
    }
}

const PROGRESS: &str = "{pos} of {len} runs, {eta} to go {wide_bar}";
const PARTING: &str = "where {pos} of {len} variants part {wide_bar}";
