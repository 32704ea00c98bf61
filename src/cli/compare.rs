//! `compare`: an experiment under several conditions, side by side.

use std::io::{self, IsTerminal, Write, stderr, stdout};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Instant;

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use crate::compare::{Claim, Figures, Sweep, Variant, Watch, claim, figures};
use crate::report::text::{Style, plain};
use crate::scenario::{Invalid, Scenario};
use crate::stack::Algorithm;

use super::Common;
use super::run::wrong;
use super::signals::Signals;
use super::trouble::{Code, Trouble, said};
use super::values::Seeds;

/// Play an experiment under several conditions, and compare
///
/// Every variant is played with every seed, in virtual time and on all cores; a row of the table
/// is a variant. The same line gives the same table. Nothing is recorded: run plays one of them
/// with all that it leaves.
#[derive(Debug, clap::Args)]
pub struct Compare {
    /// The scenario: a TOML file, as in examples/scenarios
    file: PathBuf,
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
    #[arg(long, value_name = "QUERY")]
    expect: Vec<String>,
    /// How many runs to play at a time; as many as there are cores if not said
    #[arg(long, value_name = "N")]
    jobs: Option<NonZeroUsize>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

impl Compare {
    /// Compares.
    pub fn run(self, common: Common) -> anyhow::Result<Code> {
        let path = plain(&self.file.display().to_string());
        let text = std::fs::read_to_string(&self.file).map_err(|source| {
            let path = self.file.clone();
            wrong(
                Invalid::Io { path, source },
                &plain(&self.file.display().to_string()),
            )
        })?;
        let (scenario, sweep) = self.sweep(text, &path)?;
        let signals = Signals::listen()?;
        let began = Instant::now();
        let bar = Bar::new(common.quiet || self.json, sweep.len(), &signals);
        let threads = self
            .jobs
            .or_else(|| std::thread::available_parallelism().ok());
        let played = sweep.play(threads.unwrap_or(NonZeroUsize::MIN), &bar);
        bar.bar.finish_and_clear();
        let outcomes = played.map_err(|error| wrong(error, &path))?;
        if let Some(signal) = signals.came() {
            return Ok(signal.code());
        }
        let rows = figures(&sweep, &outcomes);
        let claims = self.claims(&rows)?;
        let mut out = stdout().lock();
        if self.json {
            let whole = json!({
                "scenario": scenario.name, "seeds": sweep.seeds, "rows": rows,
                "claims": claims.iter().map(|one| json!({
                    "that": one.text, "held": one.held, "values": one.values,
                })).collect::<Vec<_>>(),
            });
            said(writeln!(out, "{whole:#}"))?;
        } else {
            let style = Style(common.color.on_stdout());
            said(tell(&mut out, &scenario, &sweep, &rows, began))?;
            said(tell_claims(&mut out, &claims, style))?;
        }
        Ok(match claims.iter().all(|one| one.held) {
            true => Code::Done,
            false => Code::Failed,
        })
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

fn tell(
    out: &mut impl Write,
    scenario: &Scenario,
    sweep: &Sweep,
    rows: &[Figures],
    began: Instant,
) -> io::Result<()> {
    let (variants, seeds) = (sweep.variants.len(), sweep.seeds.len());
    writeln!(
        out,
        "{}  ·  {} of {}  ·  virtual time, {:.1} s of yours",
        plain(&scenario.name),
        counted(variants, "variant"),
        counted(seeds, "seed"),
        began.elapsed().as_secs_f64(),
    )?;
    let width = rows
        .iter()
        .map(|row| row.name.chars().count())
        .max()
        .unwrap_or(0)
        .max(8);
    writeln!(
        out,
        "{:width$}  {:>26}  {:>24}  {:>9}  {:>5}  {:>8}  {:>5}",
        "", "goodput Mbit/s", "queue ms", "sent", "RTO", "ends", "Jain"
    )?;
    writeln!(
        out,
        "{:width$}  {:>8} {:>17}  {:>8} {:>7} {:>7}  {:>9}  {:>5}  {:>8}  {:>5}",
        "", "mean", "[min max]", "mean", "p95", "max", "again %", "mean", "s", ""
    )?;
    for row in rows {
        writeln!(out, "{}", line(row, width))?;
    }
    if scenario.link.values().any(|link| link.loss.is_random()) {
        writeln!(
            out,
            "note  random loss hides what congestion control does: compare with a queue instead"
        )?;
    }
    Ok(())
}

fn line(row: &Figures, width: usize) -> String {
    let or_none = |value: Option<f64>, digits: usize| {
        value.map_or("-".to_owned(), |value| format!("{value:.digits$}"))
    };
    let mega = |bits: f64| bits / 1e6;
    let goodput = row.goodput;
    let range = goodput.map_or(String::new(), |one| {
        format!("[{:.2} {:.2}]", mega(one.min), mega(one.max))
    });
    let queue = row.queue_ms;
    format!(
        "{:width$}  {:>8} {range:>17}  {:>8} {:>7} {:>7}  {:>9.2}  {:>5.1}  {:>8}  {:>5}",
        plain(&row.name),
        or_none(goodput.map(|one| mega(one.mean)), 2),
        or_none(queue.map(|one| one.mean), 1),
        or_none(queue.map(|one| one.p95), 1),
        or_none(queue.map(|one| one.max), 1),
        row.retrans_percent,
        row.rto,
        or_none(row.completion_s, 3),
        or_none(row.jain, 3),
    )
    .trim_end()
    .to_owned()
}

fn tell_claims(out: &mut impl Write, claims: &[Claim], style: Style) -> io::Result<()> {
    for claim in claims {
        let mark = match claim.held {
            true => style.good("✓"),
            false => style.bad("✗"),
        };
        writeln!(
            out,
            "{mark} {}   {}",
            plain(&claim.text),
            plain(&claim.values.join(", "))
        )?;
    }
    Ok(())
}

fn counted(count: usize, what: &str) -> String {
    match count {
        1 => format!("1 {what}"),
        _ => format!("{count} {what}s"),
    }
}

/// How many runs are over, on a terminal; and whether somebody wants it to end.
struct Bar<'a> {
    bar: ProgressBar,
    signals: &'a Signals,
}

impl Bar<'_> {
    fn new(quiet: bool, runs: usize, signals: &Signals) -> Bar<'_> {
        let bar = match quiet || !stderr().is_terminal() {
            true => ProgressBar::hidden(),
            false => ProgressBar::new(runs as u64),
        };
        // A test holds the template to the language that it is in.
        let style = ProgressStyle::with_template(PROGRESS);
        Bar {
            bar: bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar())),
            signals,
        }
    }
}

impl Watch for Bar<'_> {
    fn reached(&self, runs: usize) -> bool {
        self.bar.set_position(runs as u64);
        self.signals.came().is_none()
    }
}

const PROGRESS: &str = "{pos} of {len} runs, {eta} to go {wide_bar}";
